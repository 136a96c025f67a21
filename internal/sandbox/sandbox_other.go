//go:build !linux

package sandbox

import (
	"fmt"
	"io"
)

// On says that there is no sandbox here.
func On() (network bool, why string) {
	return false, "there is one on Linux only"
}

// become is never asked for.
func become(_ []string, stderr io.Writer) int {
	fmt.Fprintln(stderr, "[error] there is no sandbox on this system")
	return 126
}
