package release_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// step is a step's work folder with the files of film()'s media.
func step(t *testing.T) string {
	work := filepath.Join(t.TempDir(), "work")
	for name, b := range map[string]string{"init.mp4": "init", "00001.m4s": "segment one", "00002.m4s": "segment two"} {
		if err := os.MkdirAll(work, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(work, name), []byte(b), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return work
}

func ready(dir, path string) report.Event {
	return report.Event{Kind: report.FileReady, Digest: "aa", Dir: dir, Path: path}
}

// recorder keeps events.
type recorder struct {
	mu     sync.Mutex
	events []report.Event
}

func (r *recorder) sink(e report.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, e)
}

func TestStream(t *testing.T) {
	st, work, seen := folder(t), step(t), &recorder{}
	s := release.NewStream(t.Context(), st, "our film", seen.sink)
	s.Sink(ready(work, "init.mp4"))
	s.Sink(ready(work, "00001.m4s"))
	s.Sink(ready(work, "never/written.m4s"))
	known, err := s.Close()
	if again, e := s.Close(); err != nil || e != nil || len(again) != len(known) {
		t.Errorf("Close: %v, and again: %v", err, e)
	}
	want := file("o/aa/00001.m4s", "segment one")
	if got := known["o/aa/00001.m4s"]; len(known) != 2 || got != (release.Sent{Size: want.Size, SHA256: want.SHA256, MD5: want.MD5}) {
		t.Errorf("known: %+v", known)
	}
	if len(seen.events) != 2 || seen.events[0].Kind != report.Uploaded {
		t.Errorf("events: %+v", seen.events)
	}
	r, err := release.Publish(t.Context(), st, film("v1"), release.Options{Stream: s}, report.Discard)
	if err != nil || r.Uploaded != 11 || r.Present != 0 || r.UploadedBytes == 0 {
		t.Errorf("%+v, %v", r, err)
	}
	leadsTo(t, st, "our film", r.Release)

	// What is there is not sent twice.
	s = release.NewStream(t.Context(), st, "our film", report.Discard)
	s.Sink(ready(work, "init.mp4"))
	s.Sink(ready(work, "00002.m4s"))
	r, err = release.Publish(t.Context(), st, film("v1"), release.Options{Stream: s}, report.Discard)
	if known, _ := s.Close(); err != nil || r.Uploaded != 0 || len(known) != 2 {
		t.Errorf("%+v, %v; known: %+v", r, err, known)
	}
}

// TestStreamRename: the engine renames a finished step's folder, sometimes before the stream comes to its files.
func TestStreamRename(t *testing.T) {
	for _, early := range []bool{true, false} {
		st, work := folder(t), step(t)
		s := release.NewStream(t.Context(), st, "our film", report.Discard)
		kept := filepath.Join(t.TempDir(), "aa")
		s.Sink(ready(work, "init.mp4"))
		if err := os.Rename(work, kept); err != nil {
			t.Fatal(err)
		}
		done := report.Event{Kind: report.StepDone, Digest: "aa", Dir: kept}
		if early {
			s.Sink(done)
		}
		s.Sink(ready(work, "00001.m4s"))
		s.Sink(ready(work, "00002.m4s"))
		if !early {
			s.Sink(done)
		}
		if known, err := s.Close(); err != nil || len(known) != 3 {
			t.Errorf("early %v: %+v, %v", early, known, err)
		}
	}
}

// TestStreamFails: the stream ends at its first error, says so once, and Publish sends the rest.
func TestStreamFails(t *testing.T) {
	st, work, seen := folder(t), step(t), &recorder{}
	refused := &storetest.Watched{Store: st, Before: func(_ int, op, _ string) error {
		if op == "put" {
			return store.ErrRefused
		}
		return nil
	}}
	s := release.NewStream(t.Context(), refused, "our film", seen.sink)
	for _, name := range []string{"init.mp4", "00001.m4s", "00002.m4s"} {
		s.Sink(ready(work, name))
	}
	if known, err := s.Close(); !errors.Is(err, store.ErrRefused) || len(known) != 0 {
		t.Errorf("%+v, %v", known, err)
	}
	if len(seen.events) != 1 || seen.events[0].Kind != report.Note || !strings.Contains(seen.events[0].Text, "the store refused") {
		t.Errorf("events: %+v", seen.events)
	}
	r, err := release.Publish(t.Context(), st, film("v1"), release.Options{Stream: s}, report.Discard)
	if err != nil || r.Uploaded != 11 {
		t.Errorf("%+v, %v", r, err)
	}
	leadsTo(t, st, "our film", r.Release)
}

// TestStreamOtherBytes: the stream never overwrites; Publish names what differs.
func TestStreamOtherBytes(t *testing.T) {
	st, work := folder(t), step(t)
	publish(t, st, film("v1"))
	if err := os.WriteFile(filepath.Join(work, "00001.m4s"), []byte("another encoder's"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := release.NewStream(t.Context(), st, "our film", report.Discard)
	s.Sink(ready(work, "00001.m4s"))
	if _, err := s.Close(); !errors.Is(err, release.ErrDiffers) {
		t.Errorf("got %v", err)
	}
	if b, err := content(t.Context(), st, "our film/o/aa/00001.m4s"); string(b) != "segment one" {
		t.Errorf("it holds %q, %v", b, err)
	}
}

func TestStreamEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	seen := &recorder{}
	s := release.NewStream(ctx, folder(t), "our film", seen.sink)
	cancel()
	if _, err := s.Close(); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if len(seen.events) != 0 {
		t.Errorf("an interrupt is not worth a word: %+v", seen.events)
	}
}

// TestStreamDisposition: a streamed file is called as one that Publish sends.
func TestStreamDisposition(t *testing.T) {
	st := storetest.Memory()
	s := release.NewStream(t.Context(), st, "our film", report.Discard)
	s.Disposition = func(digest, path string) string { return "inline; filename=" + digest + "-" + path }
	s.Sink(ready(step(t), "init.mp4"))
	if _, err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if obj, err := st.Stat(t.Context(), "our film/o/aa/init.mp4"); err != nil || obj.Disposition != "inline; filename=aa-init.mp4" {
		t.Errorf("%+v, %v", obj, err)
	}
}
