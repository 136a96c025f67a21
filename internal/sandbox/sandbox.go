// Package sandbox starts a program that may open only the files it was given, and no connection. Films come from
// strangers' cameras and mail boxes; a decoder's bug, or a container that names other files, must not reach the rest of
// the disk or the network.
//
// The program is not started itself: this very executable is, as Word, restricts itself (Landlock, limits) and then
// becomes the program. So it needs no helper on the disk and no right of root's.
package sandbox

import (
	"errors"
	"os"
	"slices"
	"strings"
)

// word is the first argument that makes this executable another program.
const word = "sandboxed"

// ready says that this executable's main began with Enter.
var ready bool

// Enter has to be the first thing that main does. Where this process was started to become another program, it becomes
// it, and Enter does not return. In an executable that does not call it there is no sandbox: started again, it would do
// its own work again.
func Enter() {
	ready = true
	if len(os.Args) > 1 && os.Args[1] == word {
		os.Exit(become(os.Args[2:], os.Stderr))
	}
}

// Policy is what a program may do.
type Policy struct {
	Read  []string // absolute paths of files that it may read
	Write []string // absolute paths of folders that it may write in
}

// self is this executable, wherever it lies and even if it was replaced meanwhile.
const self = "/proc/self/exe"

// Command gives what has to be started instead of program with its args, where On says that there is a sandbox. args[0]
// is the program's name, as in a process's own list.
func Command(p Policy, program string, args []string) (path string, argv []string) {
	argv = []string{"filmpress", word}
	for _, f := range p.Read {
		argv = append(argv, "r:"+f)
	}
	for _, d := range p.Write {
		argv = append(argv, "w:"+d)
	}
	return self, append(append(argv, "--", program), args[1:]...)
}

// parse reads what Command wrote behind word.
func parse(argv []string) (p Policy, program []string, err error) {
	end := slices.Index(argv, "--")
	if end < 0 || end+1 == len(argv) {
		return p, nil, errors.New("this word is for the program itself, not for its users")
	}
	for _, a := range argv[:end] {
		switch {
		case strings.HasPrefix(a, "r:"):
			p.Read = append(p.Read, a[2:])
		case strings.HasPrefix(a, "w:"):
			p.Write = append(p.Write, a[2:])
		}
	}
	return p, argv[end+1:], nil
}
