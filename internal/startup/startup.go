// Package startup puts off the first collection of garbage, which otherwise falls into the start of the program: tables of all the
// packages take as much memory as calls for one, 4 MB, and none of it is garbage. Go initializes packages in the order of their
// paths where their imports allow that, so this one, which imports next to nothing, comes before most.
package startup

import (
	"os"
	"runtime"
	"runtime/debug"
)

// usual is how much garbage Go lets grow by itself (package runtime, GOGC); patient is that until the first collection, at 16 MB.
const (
	usual   = 100
	patient = 400
)

func init() {
	if os.Getenv("GOGC") != "" {
		return // the user knows better
	}
	debug.SetGCPercent(patient)
	// Nothing holds this, so the first collection finds it.
	runtime.AddCleanup(new([64]byte), func(usual int) { debug.SetGCPercent(usual) }, usual)
}
