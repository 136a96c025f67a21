package serve

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/theme"
	"filmpress/internal/watch"
)

// Sources are the files of which a film's page is made.
type Sources struct {
	Film  string   // its path; what lies beside it under its name belongs to it, and so does each picture
	Subs  []string // LANG=PATH
	Theme string   // the folder; "" and "none" are no files
}

// EachChange calls do now, and whenever one of the files has changed and is at rest, until ctx ends. It looks every so often, and not while do
// works.
func (s Sources) EachChange(ctx context.Context, every time.Duration, do func()) {
	before, done := "", ""
	for ctx.Err() == nil {
		now := s.state()
		if now == before && now != done { // it changed, and is at rest
			done = now
			do()
		}
		before = now
		if (release.Timer{}).Pause(ctx, every) != nil {
			return
		}
	}
}

// state tells the state of the film, of the files beside it, and of the theme, by size and time: whether bytes changed, the digests of a publish decide.
func (s Sources) state() string {
	paths := []string{s.Film}
	stem := strings.TrimSuffix(filepath.Base(s.Film), filepath.Ext(s.Film))
	if entries, err := os.ReadDir(filepath.Dir(s.Film)); err == nil {
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), stem+".") || watch.IsPicture(e.Name()) { // one of the pictures can be its poster
				paths = append(paths, filepath.Join(filepath.Dir(s.Film), e.Name()))
			}
		}
	}
	for _, arg := range s.Subs {
		_, path, _ := strings.Cut(arg, "=")
		paths = append(paths, path)
	}
	if s.Theme != "" && s.Theme != "none" {
		for _, name := range theme.Names {
			paths = append(paths, filepath.Join(s.Theme, name))
		}
	}
	slices.Sort(paths)
	var b strings.Builder
	for _, path := range slices.Compact(paths) {
		if info, err := os.Stat(path); err == nil {
			fmt.Fprintf(&b, "%s %d %d\n", path, info.Size(), info.ModTime().UnixNano())
		} else if !errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(&b, "%s %v\n", path, err)
		}
	}
	return b.String()
}
