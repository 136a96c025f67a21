package serve

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestSources: what belongs to the film shows, and other films do not.
func TestSources(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	film := filepath.Join(dir, "film.mp4")
	write("film.mp4", "x")
	look := func() string {
		return Sources{Film: film, Subs: []string{"en=" + filepath.Join(dir, "far.srt")}, Theme: filepath.Join(dir, "theme")}.state()
	}
	before := look()
	write("other.mp4", "x")
	write("other.en.srt", "x")
	if look() != before {
		t.Error("another film's files count")
	}
	for _, name := range []string{"film.md", "poster.PNG", "film.en.srt", "far.srt", "theme/theme.css"} {
		before = look()
		write(name, "new")
		if look() == before {
			t.Errorf("%s does not count", name)
		}
	}
}

// TestEachChange: it is done once at the beginning, and once for each change.
func TestEachChange(t *testing.T) {
	film := filepath.Join(t.TempDir(), "film.mp4")
	write := func(path string) {
		t.Helper()
		if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(film)
	ctx, stop := context.WithCancel(t.Context())
	calls := make(chan struct{}, 10)
	var work sync.WaitGroup
	defer work.Wait()
	defer stop()
	work.Go(func() {
		Sources{Film: film}.EachChange(ctx, 5*time.Millisecond, func() { calls <- struct{}{} })
	})
	for _, name := range []string{"", "film.md", "film.en.srt"} {
		if name != "" {
			write(filepath.Join(filepath.Dir(film), name))
		}
		select {
		case <-calls:
		case <-time.After(10 * time.Second):
			t.Fatalf("%q: nothing was done", name)
		}
		select {
		case <-calls:
			t.Errorf("%q: it was done twice", name)
		case <-time.After(60 * time.Millisecond):
		}
	}
}
