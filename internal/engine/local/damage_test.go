package local

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

func TestRunRedoesWhatIsDamaged(t *testing.T) {
	for name, damage := range map[string]func(dir string) error{
		"cut file":      func(dir string) error { return os.Truncate(filepath.Join(dir, "da", "sub", "text"), 1) },
		"missing file":  func(dir string) error { return os.Remove(filepath.Join(dir, "da", "sub", "text")) },
		"no record":     func(dir string) error { return os.Remove(filepath.Join(dir, "da.json")) },
		"broken record": func(dir string) error { return os.WriteFile(filepath.Join(dir, "da.json"), []byte("[{"), 0o644) },
		"record outside": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "da.json"), []byte(`[{"path":"../dc.json","size":1}]`), 0o644)
		},
		"link for a file": func(dir string) error {
			p := filepath.Join(dir, "da", "sub", "text")
			return errors.Join(os.Rename(p, p+"2"), os.Symlink(p+"2", p))
		},
	} {
		t.Run(name, func(t *testing.T) {
			kept, sources := setUp(t)
			w := &joiner{}
			if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
				t.Fatal(err)
			}
			if err := damage(kept.Dir()); err != nil {
				t.Fatal(err)
			}
			w.did = nil
			got, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
			if err != nil || strings.Join(w.did, "") != "a" || textOf(t, got["a"]) != "a(F)" {
				t.Errorf("redone: %v, %v", w.did, err)
			}
		})
	}
}

// TestSourcesAreThoseThatWereJudged: what is changed after it was looked at is not read, and nothing of it is kept under the digest of what was.
func TestSourcesAreThoseThatWereJudged(t *testing.T) {
	change := func(t *testing.T, path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	refused := func(t *testing.T, kept *Kept, err error, film string) {
		t.Helper()
		if changed, ok := errors.AsType[*engine.ChangedError](err); !ok || changed.Path != film {
			t.Errorf("got %v", err)
		}
		for _, digest := range []string{"da", "db", "dc"} {
			if _, ok := kept.Look(digest); ok {
				t.Errorf("%s is kept", digest)
			}
		}
	}
	t.Run("a small file", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		sources["f"] = engine.Source{Path: path, Data: []byte("judged")}
		change(t, path, "a name")
		got, err := Run(t.Context(), chain(), sources, &joiner{}, kept, report.Discard)
		if err != nil || textOf(t, got["c"]) != "c(a(judged))(b(judged))" {
			t.Errorf("%v", err)
		}
	})
	t.Run("a film, before", func(t *testing.T) {
		kept, sources := setUp(t)
		change(t, sources["f"].Path, "N")
		w := &joiner{}
		_, err := Run(t.Context(), chain(), sources, w, kept, report.Discard)
		refused(t, kept, err, sources["f"].Path)
		if len(w.did) > 0 {
			t.Errorf("did %v", w.did)
		}
	})
	t.Run("a film, with its time set back", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a tick of the file system's clock
		change(t, path, "N")
		if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), chain(), sources, &joiner{}, kept, report.Discard)
		refused(t, kept, err, path)
	})
	t.Run("a film, while a step reads it", func(t *testing.T) {
		kept, sources := setUp(t)
		path := sources["f"].Path
		time.Sleep(20 * time.Millisecond)
		one := plan.Plan{Steps: chain().Steps[:1]}
		var told []report.Kind
		_, err := Run(t.Context(), one, sources, &joiner{}, kept, func(e report.Event) {
			if e.Kind == report.StepStarted {
				change(t, path, "N")
			}
			told = append(told, e.Kind)
		})
		refused(t, kept, err, path)
		if slices.Contains(told, report.FileReady) || slices.Contains(told, report.StepDone) {
			t.Errorf("of what was made of it was told: %v", told)
		}
	})
}

// TestDamageIsNotJoined: what a disk lost of a kept result does not go into what is made of it, nor stay in what was.
func TestDamageIsNotJoined(t *testing.T) {
	kept, sources := setUp(t)
	w := &joiner{}
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
		t.Fatal(err)
	}
	rot := filepath.Join(kept.Dir(), "da", "sub", "text")
	if err := errors.Join(kept.Drop("dc"), os.WriteFile(rot, []byte("x(F)"), 0o644)); err != nil { // as long as before
		t.Fatal(err)
	}
	w.did = nil
	var notes []string
	got, err := Run(t.Context(), chain(), sources, w, kept, func(e report.Event) {
		if e.Kind == report.Note {
			notes = append(notes, e.Text)
		}
	})
	if err != nil || textOf(t, got["c"]) != "c(a(F))(b(F))" || strings.Join(w.did, "") != "ac" || len(notes) != 1 {
		t.Errorf("%v, did %v, told %v", err, w.did, notes)
	}
	if err := kept.DropWith(chain(), "db"); err != nil {
		t.Fatal(err)
	}
	for digest, want := range map[string]bool{"da": true, "db": false, "dc": false} {
		if _, ok := kept.Look(digest); ok != want {
			t.Errorf("%s: kept is %v", digest, ok)
		}
	}
}

// partial reads one file alone of other results, and so it does not matter what else is in them.
type partial struct{ joiner }

func (p *partial) Only(s plan.Step) (string, bool) { return "sub/text", s.ID == "c" }

func TestOnlyWhatIsReadMustBeWhole(t *testing.T) {
	kept, sources := setUp(t)
	w := &partial{}
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil {
		t.Fatal(err)
	}
	r, _ := kept.Look("da")
	r.Files = append(r.Files, engine.File{Path: "more", Size: 4, SHA256: "not this"})
	raw, err := json.Marshal(r.Files)
	if err := errors.Join(err, kept.Drop("dc"), os.WriteFile(filepath.Join(r.Dir, "more"), []byte("more"), 0o644), os.WriteFile(filepath.Join(kept.Dir(), "da.json"), raw, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.did = nil
	if _, err := Run(t.Context(), chain(), sources, w, kept, report.Discard); err != nil || strings.Join(w.did, "") != "c" {
		t.Errorf("%v, did %v", err, w.did)
	}
}
