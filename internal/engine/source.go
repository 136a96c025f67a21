package engine

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"

	"filmpress/internal/filestamp"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Source is a file that steps read and that none of them made. It was judged once; what steps read must be the same bytes.
type Source struct {
	Path  string          // where the user has it
	Data  []byte          // its bytes as they were judged; nil where they are too many to hold: then they are those at Path, as long as Stamp holds
	Stamp filestamp.Stamp // of the file at Path; where there is no Data
}

// ChangedError is a source that is not what it was when it was judged.
type ChangedError struct{ Path string }

func (e *ChangedError) Error() string {
	return fmt.Sprintf("%s changed after it was looked at, so what would be published is not what was judged; run the command again", e.Path)
}

// plainExt is an ending that tells ffmpeg of a format and nobody of a person.
var plainExt = regexp.MustCompile(`^\.[a-z0-9]{1,5}$`)

// sourceName is what a source is called where it is copied to.
var sourceName = regexp.MustCompile(`^source(\.[a-z0-9]{1,5})?$`)

// Name is how a copy of the source is called: its own name may be a person's.
func (s Source) Name() string {
	if ext := strings.ToLower(filepath.Ext(s.Path)); plainExt.MatchString(ext) {
		return "source" + ext
	}
	return "source"
}

// IsSourceName says whether a copy of a source can be called so.
func IsSourceName(name string) bool { return sourceName.MatchString(name) }

// Unchanged is nil while the source is what was judged, else *ChangedError.
func (s Source) Unchanged() error {
	if s.Data != nil {
		return nil
	}
	if now, err := filestamp.At(s.Path); err != nil || now != s.Stamp {
		return &ChangedError{s.Path}
	}
	return nil
}

// Copy writes the bytes that were judged into a folder that is made for it, and gives the file's path. It is for sources with Data.
func (s Source) Copy(dir string) (string, error) {
	path := filepath.Join(dir, s.Name())
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	return path, os.WriteFile(path, s.Data, 0o400)
}

// Steady is a worker whose steps fail where a source that they read is not, or does not stay, what was judged: of such a step nothing is told, and nothing
// is kept. sources are by digest.
func Steady(w Worker, sources map[string]Source) Worker { return &steady{w, sources} }

type steady struct {
	Worker
	sources map[string]Source
}

func (w *steady) Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error {
	same := func() error {
		for _, input := range s.Inputs {
			if input.Step == "" {
				if err := w.sources[input.Source].Unchanged(); err != nil {
					return err
				}
			}
		}
		return nil
	}
	if err := same(); err != nil {
		return err
	}
	var changed atomic.Bool
	err := w.Worker.Do(ctx, s, in, out, func(e report.Event) {
		// An upload may begin the moment a file is told to be ready: what it was made from was read before now.
		if e.Kind == report.FileReady && (changed.Load() || same() != nil) {
			changed.Store(true)
			return
		}
		sink(e)
	})
	return cmp.Or(same(), err) // what a step complains of while its film changes is the change's fault
}

// Only passes on what the worker knows; see Partial.
func (w *steady) Only(s plan.Step) (string, bool) { return Only(w.Worker, s) }

// Partial is a Worker that tells of which steps read but one file of other steps' results, and which file. Steps of other Workers read all.
type Partial interface {
	Only(s plan.Step) (file string, ok bool)
}

// Only asks a worker that may be Partial.
func Only(w Worker, s plan.Step) (file string, ok bool) {
	if p, is := w.(Partial); is {
		return p.Only(s)
	}
	return "", false
}

// Same reads a result through and says whether its bytes are those of its record. With only, that file alone is read.
func (r Result) Same(only string) (bool, error) {
	for _, f := range r.Files {
		if only != "" && f.Path != only {
			continue
		}
		sum, err := sha256Of(filepath.Join(r.Dir, filepath.FromSlash(f.Path)))
		switch {
		case os.IsNotExist(err) || err == nil && sum != f.SHA256:
			return false, nil
		case err != nil:
			return false, err
		}
	}
	return true, nil
}

func sha256Of(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
