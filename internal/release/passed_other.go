//go:build !linux

package release

import "time"

var began = time.Now()

// passed is the time since the program began. It stands still while the machine sleeps, where the time of day goes on.
func passed() time.Duration { return time.Since(began) }
