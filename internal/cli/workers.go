package cli

import (
	"cmp"
	"runtime"
	"strconv"

	"filmpress/internal/machine"
	"filmpress/internal/plan"
)

// workers is how many parts of the film are encoded at once.
func (a *app) workers(p plan.Plan) int { return a.atOnce(machine.Largest(p)) }

// atOnce is how many encodes of ladders with a largest rung of so many pixels go side by side.
func (a *app) atOnce(pixels int) int {
	if n, err := strconv.Atoi(a.config.Workers); err == nil {
		return n
	}
	return machine.Workers(runtime.GOMAXPROCS(0), cmp.Or(a.memory, machine.FreeMemory()), pixels)
}
