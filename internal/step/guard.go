package step

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"filmpress/internal/privacy"
	"filmpress/internal/report"
)

// guard holds every file of a result against the allow-list of package privacy, before anyone is told of it: an
// upload may begin the moment a file is told to be ready.
type guard struct {
	ctx  context.Context
	out  string
	sink report.Sink

	mu      sync.Mutex
	checked map[string]bool
	err     error
}

// watch passes events on; a file that holds more than it may is not told of.
func (g *guard) watch(e report.Event) {
	if e.Kind == report.FileReady && g.check(e.Path) != nil {
		return
	}
	g.sink(e)
}

// finish checks the files that were not told of, and says what was found in all.
func (g *guard) finish() error {
	err := filepath.WalkDir(g.out, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(g.out, path)
		if err != nil || rel == FactsName {
			return err
		}
		return g.check(filepath.ToSlash(rel))
	})
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	return err
}

func (g *guard) check(path string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.checked[path] || g.err != nil {
		return g.err
	}
	g.checked[path] = true
	g.err = inspect(g.ctx, filepath.Join(g.out, filepath.FromSlash(path)), path)
	return g.err
}

// inspect refuses a file that holds what must not be published.
func inspect(ctx context.Context, full, name string) error {
	f, err := os.Open(full)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	findings, err := privacy.Check(ctx, name, f, info.Size())
	for _, found := range findings {
		if found.Severity == report.Error {
			return fmt.Errorf("%s holds what must not be published: %s; nothing of it was sent", name, found.Text)
		}
	}
	return err
}
