package userfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unicode"

	"filmpress/internal/store/dir"
)

// Shown is a path as the user would write it: relative where the file lies below the working folder.
func Shown(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// Quote is a path, or another argument, as a shell takes it. What would steer a terminal is written out, which bash, zsh and newer shells read back.
func Quote(s string) string {
	if strings.ContainsFunc(s, steers) {
		return "$'" + escaped(s) + "'"
	}
	if s != "" && !strings.ContainsAny(s, " \t'\"\\$`&|;<>()[]*?!#~{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// steers tells of characters that do something to a terminal in place of showing, as ui.Clean knows them.
func steers(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }

func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '\n':
			b.WriteString(`\n`)
		case steers(r) && r < 0x80:
			fmt.Fprintf(&b, `\x%02x`, r)
		case steers(r):
			fmt.Fprintf(&b, `\U%08x`, r)
		case r == '\\' || r == '\'':
			b.WriteRune('\\')
			fallthrough
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// WithoutHyphen is a file's name that no command takes for a flag.
func WithoutHyphen(name string) string {
	if strings.HasPrefix(name, "-") && name != "-" {
		return "./" + name
	}
	return name
}

// Sentence puts the system's errors about files into words, and keeps what was said before them. Other errors are sentences already.
func Sentence(err error) string {
	told, path := error(nil), ""
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		told, path = e, e.Path
	} else if e, ok := errors.AsType[*os.LinkError](err); ok {
		told, path = e, e.New
	}
	words := ""
	switch {
	case told == nil:
		return err.Error()
	case errors.Is(told, fs.ErrNotExist):
		words = "there is no such file or folder"
	case errors.Is(told, fs.ErrPermission):
		words = "this user has no right to " + verbOf(told) + " it"
	case errors.Is(told, syscall.ENOSPC):
		words = "the disk is full; free some space and run the same command again"
	case errors.Is(told, syscall.EMFILE):
		words = "too many files are open; raise the limit of open files (ulimit -n)"
	default:
		words = dir.Words(told)
	}
	if words == "" {
		return err.Error()
	}
	before, last := strings.CutSuffix(err.Error(), told.Error())
	if !last { // what is told behind it would be torn from its sentence
		before = ""
	}
	return before + path + ": " + words
}

// verbOf is what was to be done with a file, in place of the system call's name.
func verbOf(err error) string {
	op := ""
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		op = e.Op
	}
	if strings.HasSuffix(op, "stat") || strings.HasSuffix(op, "statat") {
		return "look at"
	}
	switch strings.TrimSuffix(op, "at") { // os.Root's calls end in at
	case "open", "read", "readdirent", "readdir", "opendir":
		return "open"
	case "mkdir", "mkdirtemp", "createtemp":
		return "make"
	case "write", "rename", "":
		return "write"
	case "remove", "unlink", "RemoveAll":
		return "remove"
	}
	return "use"
}
