package mirror

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Pattern stands for names. A pattern without a slash is held against the last part of a name, at any depth ("*.m3u8"); one with a slash against the
// whole name, from the top ("films/*/poster.jpg"). * and ? stay within a part, ** crosses slashes, [a-z] is one character of several, {a,b} is
// either, and \ takes the next character as it is. What a pattern stands for, all below it is meant too, so "private" leaves a folder out.
type Pattern struct {
	text   string
	whole  bool   // held against the whole name
	folder string // what it matches as a folder, for "private/**" and "private/"
}

// most bounds a pattern, so that no pattern takes seconds to be held against a name.
const mostPattern = 1000

// ParsePattern reads a pattern. The error says what is wrong with it.
func ParsePattern(text string) (Pattern, error) {
	p := strings.TrimPrefix(text, "/")
	whole := strings.Contains(strings.TrimSuffix(p, "/"), "/") || strings.HasPrefix(text, "/")
	p = strings.TrimSuffix(p, "/")
	switch {
	case p == "":
		return Pattern{}, fmt.Errorf("%q stands for nothing; write a pattern such as *.m3u8 or private/**", text)
	case len(text) > mostPattern || strings.Count(text, "{") > 4 || strings.Count(text, "**") > 6:
		return Pattern{}, fmt.Errorf("the pattern %.40q is too complicated; write several", text)
	case !doublestar.ValidatePattern(p):
		return Pattern{}, fmt.Errorf("the pattern %q is not complete: a [, a { or a \\ has no end", text)
	}
	return Pattern{text: p, whole: whole, folder: strings.TrimSuffix(p, "/**")}, nil
}

// Match tells whether the pattern stands for a name, or for a folder that the name is in.
func (p Pattern) Match(name string) bool {
	for {
		if p.is(name) {
			return true
		}
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return false
		}
		name = name[:i]
	}
}

// below tells whether the pattern stands for everything in a folder, so that nobody need look into it.
func (p Pattern) below(folder string) bool {
	return p.Match(folder) || p.whole && p.folder != p.text && doublestar.MatchUnvalidated(p.folder, folder)
}

func (p Pattern) is(name string) bool {
	if !p.whole {
		name = name[strings.LastIndexByte(name, '/')+1:]
	}
	return doublestar.MatchUnvalidated(p.text, name)
}

// Filter says which names take part. What is left out is neither copied nor deleted, on both sides.
type Filter struct {
	Include []Pattern // none means everything
	Exclude []Pattern // wins over Include
	// NoHidden leaves out what editors and systems leave beside files, some of which holds its user's name: see Hidden. That it did is told.
	NoHidden bool
}

// Hidden tells whether a name, or a folder on the way to it, begins with a dot or ends with one of the marks of editors: .DS_Store, .git,
// .~lock.film.md#, film.md~, ~$film.docx. What .well-known holds is for everybody (RFC 8615).
func Hidden(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if strings.HasPrefix(part, ".") && part != ".well-known" || strings.HasPrefix(part, "~$") || strings.HasSuffix(part, "~") || part == "Thumbs.db" || part == "desktop.ini" {
			return true
		}
	}
	return false
}

// Takes tells whether a name takes part.
func (f Filter) Takes(name string) bool {
	return !(f.NoHidden && Hidden(name)) && !matches(f.Exclude, name) && (len(f.Include) == 0 || matches(f.Include, name))
}

// skips tells whether nothing in a folder takes part.
func (f Filter) skips(folder string) bool {
	if f.NoHidden && Hidden(folder) {
		return true
	}
	for _, p := range f.Exclude {
		if p.below(folder) {
			return true
		}
	}
	return false
}

func (f Filter) all() bool { return len(f.Include) == 0 && len(f.Exclude) == 0 }

func matches(patterns []Pattern, name string) bool {
	for _, p := range patterns {
		if p.Match(name) {
			return true
		}
	}
	return false
}
