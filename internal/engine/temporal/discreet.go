package temporal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// What a worker tells the server lies there for weeks, for all who may look at its namespace. So it holds no paths: they begin with a person's name,
// and may end with another's. The worker's own output has them.

// here stands for a path of the worker's machine.
const here = "a file of that worker's"

// discreet is what the server is told of an error. private is a folder of which nothing is told.
func discreet(err error, private string) string {
	text := err.Error()
	hide := func(path string) {
		if filepath.IsAbs(path) && path != "/" {
			text = strings.ReplaceAll(text, path, here)
		}
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok { // the only one that is known to its end, whatever is in its name
		hide(at.Path)
	}
	if at, ok := errors.AsType[*os.LinkError](err); ok {
		hide(at.Old)
		hide(at.New)
	}
	return withoutPaths(text, private)
}

// absolute is a path from the root on, up to what cannot be part of one without quotes. What stands behind "//" is an address.
var absolute = regexp.MustCompile(`(^|[\s"'(\[=:,;])~?(?:/[^/\s"'():;,\]]+)+/?`)

// withoutPaths is a text in which no path of this machine is left.
func withoutPaths(text, private string) string {
	folders := []string{private, os.TempDir()}
	if abs, err := filepath.Abs(private); err == nil {
		folders = append(folders, abs)
	}
	if home, err := os.UserHomeDir(); err == nil {
		folders = append(folders, home)
	}
	for _, folder := range folders {
		if folder = filepath.Clean(folder); filepath.IsAbs(folder) && folder != "/" {
			text = withoutFolder(text, folder)
		}
	}
	return absolute.ReplaceAllString(text, "${1}"+here)
}

// withoutFolder takes out a folder, whatever characters are in its name, with the path below it up to the first that names of ours do not have.
func withoutFolder(text, folder string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, folder)
		if !found {
			b.WriteString(before)
			return b.String()
		}
		b.WriteString(strings.TrimSuffix(before, "file:") + here)
		text = ""
		if end := strings.IndexAny(after, " \t\n\"'();,:"); end >= 0 {
			text = after[end:]
		}
	}
}
