package report

import (
	"fmt"
	"runtime/debug"
)

// Bug is a panic of ours, caught in the goroutine where it happened. It travels as an error to the command, which
// tells the user one sentence and keeps the rest in a file; uncaught, a panic outside the main goroutine would end
// the program with a stack trace and leave ffmpeg running.
type Bug struct {
	Value any    // what was panicked with
	Stack []byte // where
}

func (b *Bug) Error() string { return fmt.Sprint(b.Value) }

// Caught runs f and gives its error, or a *Bug where it panicked. Every goroutine of ours that runs more than a few
// lines runs them through this.
func Caught(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Bug{v, debug.Stack()}
		}
	}()
	return f()
}
