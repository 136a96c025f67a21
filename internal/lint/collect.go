package lint

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"filmpress/internal/report"
)

// Collected is what the arguments of a command line stand for.
type Collected struct {
	Files    []string         // sorted, each once, with / between folders
	Findings []report.Finding // on paths
	Unread   bool             // a path could not be read or is not there
}

// Collect finds the files that arguments name. A file is taken as it is, whatever its extension. A folder is searched for
// .srt and .vtt files, in hidden folders and files not. What is no file and has * ? [ or { in it is a pattern, in which **
// stands for any number of folders. So a file that is called "[1].srt" can be named.
func Collect(args []string) Collected {
	c := collector{taken: map[string]bool{}}
	for _, arg := range args {
		c.argument(arg)
	}
	slices.Sort(c.Files)
	report.Sort(c.Findings)
	return c.Collected
}

type collector struct {
	Collected
	taken map[string]bool
	met   int // files that were taken, some of them more than once
}

func (c *collector) argument(arg string) {
	name := filepath.ToSlash(arg)
	info, err := os.Stat(arg)
	switch {
	case err == nil && info.IsDir():
		before := c.met
		c.walk(newWalk(name, nil))
		if c.met == before {
			c.complain(report.Finding{Pos: report.Pos{File: name}, Severity: report.Warn, Rule: "folder-no-subtitles",
				Text: "there is no .srt or .vtt file in this folder", Hint: "name the folder with the subtitle files"})
		}
	case err == nil:
		c.take(name)
	case strings.ContainsAny(name, "*?[{") && wellFormed(name) && !errors.Is(err, fs.ErrPermission):
		c.pattern(name)
	default:
		c.unreadable(name, err)
	}
}

// take adds a file once. A name that a CI service could take for one of its commands begins with its folder.
func (c *collector) take(name string) {
	c.met++
	name = path.Clean(name)
	if strings.HasPrefix(name, ":") || strings.HasPrefix(name, "#") {
		name = "./" + name
	}
	if !c.taken[name] {
		c.taken[name] = true
		c.Files = append(c.Files, name)
	}
}

func (c *collector) complain(f report.Finding) { c.Findings = append(c.Findings, f) }

func (c *collector) unreadable(name string, err error) {
	f := Unreadable(name, err)
	if info, lerr := os.Lstat(name); lerr == nil && info.Mode()&fs.ModeSymlink != 0 && errors.Is(err, fs.ErrNotExist) {
		f.Text, f.Hint = "this link leads to nothing", "remove the link, or mend what it leads to"
	}
	c.complain(f)
	c.Unread = true
}

// pattern takes what matches.
func (c *collector) pattern(pattern string) {
	base, rest := doublestar.SplitPattern(path.Clean(pattern))
	w := newWalk(base, &glob{pattern: rest, depth: strings.Count(rest, "/"), named: strings.Contains(path.Base(rest), ".")})
	before := c.met
	c.walk(w)
	if c.met == before {
		f := Unreadable(pattern, fs.ErrNotExist)
		f.Text, f.Hint = "no file matches this pattern", "check the pattern; ** stands for any number of folders"
		c.complain(f)
		c.Unread = true
	}
}

// glob is what a walk looks for; nil is every subtitle file.
type glob struct {
	pattern string
	depth   int  // how many / are in the pattern
	named   bool // the last part names an extension, so that its files are taken whatever they are
}

// walk is one folder on the way.
type walk struct {
	dir     string          // as it is told
	real    string          // without links
	rel     string          // from where the pattern begins; "" there
	glob    *glob           // nil below a folder that matched
	visited map[string]bool // real folders, so that a link to a folder above does not lead round in circles
}

func newWalk(dir string, g *glob) walk {
	return walk{dir, realPath(dir), "", g, map[string]bool{}}
}

// realPath is a path without links; the path itself where that cannot be found out.
func realPath(name string) string {
	if abs, err := filepath.Abs(name); err == nil {
		name = abs
	}
	if real, err := filepath.EvalSymlinks(name); err == nil {
		return real
	}
	return name
}

func (c *collector) walk(w walk) {
	if w.visited[w.real] {
		return
	}
	w.visited[w.real] = true
	entries, err := os.ReadDir(w.dir)
	if err != nil {
		c.unreadable(w.dir, err)
	}
	for _, e := range entries { // in the order of names
		if !strings.HasPrefix(e.Name(), ".") || w.glob != nil && strings.HasPrefix(w.glob.pattern, ".") {
			c.entry(w, e)
		}
	}
}

// entry looks at one entry of a folder.
func (c *collector) entry(w walk, e fs.DirEntry) {
	next := walk{path.Join(w.dir, e.Name()), filepath.Join(w.real, e.Name()), path.Join(w.rel, e.Name()), w.glob, w.visited}
	matches := w.glob == nil || doublestar.MatchUnvalidated(w.glob.pattern, next.rel)
	isDir := e.IsDir()
	if e.Type()&fs.ModeSymlink != 0 {
		info, err := os.Stat(next.dir)
		if err != nil {
			if matches && subtitleFile(e.Name()) {
				c.unreadable(next.dir, err)
			}
			return
		}
		if isDir = info.IsDir(); isDir {
			next.real = realPath(next.dir)
		}
	}
	switch {
	case isDir && matches:
		next.glob = nil
		c.walk(next)
	case isDir && (strings.Contains(w.glob.pattern, "**") || strings.Count(next.rel, "/") < w.glob.depth):
		c.walk(next)
	case !isDir && matches && (subtitleFile(e.Name()) || w.glob != nil && w.glob.named):
		c.take(next.dir)
	}
}
