package lint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// tree makes files in a folder of its own, which becomes the working folder. A name that ends in / is a folder, one with
// -> a link.
func tree(t *testing.T, names ...string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for _, name := range names {
		if link, to, ok := strings.Cut(name, " -> "); ok {
			check(t, os.MkdirAll(filepath.Dir(link), 0o755))
			check(t, os.Symlink(to, link))
			continue
		}
		if strings.HasSuffix(name, "/") {
			check(t, os.MkdirAll(name, 0o755))
			continue
		}
		write(t, name, good)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	check(t, os.MkdirAll(filepath.Dir(name), 0o755))
	check(t, os.WriteFile(name, []byte(text), 0o644))
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

const (
	good = "1\n00:00:01,000 --> 00:00:04,000\nSnow on the lake.\n"
	bad  = "1\n00:00:04,000 --> 00:00:01,000\nSnow on the lake.\n"
)

func joined(fs []report.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, f.String())
	}
	return strings.Join(out, "; ")
}

// run judges files, and gives the findings with the files' names.
func run(t *testing.T, over Choice, names ...string) (results []Result, wrong []report.Finding) {
	t.Helper()
	s, err := NewSettings(over, os.ReadFile)
	check(t, err)
	wrong = s.Prepare(names)
	check(t, Run(t.Context(), names, s, Options{Read: os.ReadFile}, func(r Result) error {
		results = append(results, r)
		return nil
	}))
	return results, wrong
}

// TestRunOrder: the first file takes longest, and still comes first; not more than a window of files are read ahead.
func TestRunOrder(t *testing.T) {
	tree(t)
	var names []string
	for i := range 500 {
		names = append(names, fmt.Sprintf("%03d.srt", i))
	}
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	var ahead, most atomic.Int64
	read := func(name string) ([]byte, error) {
		if n := ahead.Add(1); n > most.Load() {
			most.Store(n)
		}
		if name == "000.srt" {
			time.Sleep(50 * time.Millisecond)
		}
		return []byte(good), nil
	}
	var got []string
	check(t, Run(t.Context(), names, s, Options{Read: read}, func(r Result) error {
		ahead.Add(-1)
		got = append(got, r.Name)
		return nil
	}))
	if !slices.Equal(got, names) {
		t.Errorf("%q", got)
	}
	if most.Load() > 100 {
		t.Errorf("%d files were held at once", most.Load())
	}
}

func TestRunStops(t *testing.T) {
	tree(t)
	names := slices.Repeat([]string{"a.srt"}, 1000)
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	full := errors.New("disk full")
	reads := atomic.Int64{}
	read := func(string) ([]byte, error) { reads.Add(1); return []byte(good), nil }
	if err := Run(t.Context(), names, s, Options{Read: read}, func(Result) error { return full }); !errors.Is(err, full) {
		t.Errorf("the writer's error is lost: %v", err)
	}
	if reads.Load() > 200 {
		t.Errorf("%d files were read after the end", reads.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = Run(ctx, names, s, Options{Read: read}, func(Result) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("interrupted: %v", err)
	}
	_, isBug := errors.AsType[*report.Bug](Run(t.Context(), names, s, Options{Read: func(string) ([]byte, error) { panic("oh") }}, func(Result) error { return nil }))
	if !isBug {
		t.Error("a bug in a worker does not come back as one")
	}
}

// TestUnread: a file that cannot be read is told of, and the others are judged.
func TestUnread(t *testing.T) {
	tree(t, "a.srt", "dir/")
	write(t, "c.srt", bad)
	got, _ := run(t, Choice{}, "a.srt", "b.srt", "c.srt")
	if len(got) != 3 || got[0].Unread || len(got[0].Findings) > 0 || !got[1].Unread || got[1].Findings[0].Rule != "file-unreadable" || got[2].Findings[0].Rule != "cue-end-after-start" {
		t.Errorf("%+v", got)
	}
	for _, c := range []struct {
		err  error
		want string
	}{
		{&fs.PathError{Op: "open", Path: "x", Err: fs.ErrPermission}, "this user has no right to read it"},
		{&fs.PathError{Op: "read", Path: "x", Err: errors.New("input/output error")}, "it cannot be read: input/output error"},
		{errors.New("x is not a plain file"), "x is not a plain file"},
	} {
		if f := Unreadable("x", c.err); f.Text != c.want || f.Hint == "" {
			t.Errorf("%v: %+v", c.err, f)
		}
	}
}

// TestFindingsOwnTheirText: a finding keeps nothing of its file in memory.
func TestFindingsOwnTheirText(t *testing.T) {
	tree(t)
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	data := []byte(bad + "\n2\n00:00:07,000 -> 00:00:09,000\nMore <b>snow.\n")
	var found []report.Finding
	check(t, Run(t.Context(), []string{"a.srt"}, s, Options{Read: func(string) ([]byte, error) { return data, nil }}, func(r Result) error {
		found = r.Findings
		return nil
	}))
	before := fmt.Sprint(found)
	for i := range data {
		data[i] = '#'
	}
	if len(found) < 2 || fmt.Sprint(found) != before || strings.Contains(before, "#") {
		t.Errorf("the findings changed with the file: %v", found)
	}
}

// TestAgainst: a track is held against the other one, and that one not against itself.
func TestAgainst(t *testing.T) {
	tree(t, "a.en.srt")
	text := "1\n00:00:01,000 --> 00:00:04,000\nThe snow lies on the lake until May.\n"
	write(t, "a.en.srt", text)
	write(t, "a.ru.srt", text)
	other, _ := subtitle.Read("./a.en.srt", []byte(text), subtitle.Options{Language: "en"})
	s, err := NewSettings(Choice{}, os.ReadFile)
	check(t, err)
	got := map[string]string{}
	check(t, Run(t.Context(), []string{"a.en.srt", "a.ru.srt"}, s, Options{Read: os.ReadFile, Against: &other}, func(r Result) error {
		got[r.Name] = joined(r.Findings)
		return nil
	}))
	if got["a.en.srt"] != "" || !strings.Contains(got["a.ru.srt"], "(pair-untranslated)") {
		t.Errorf("%q", got)
	}
}

func BenchmarkRun(b *testing.B) {
	s, err := NewSettings(Choice{}, os.ReadFile)
	if err != nil {
		b.Fatal(err)
	}
	names := slices.Repeat([]string{"film.en.srt"}, 1000)
	data := []byte(strings.Repeat(good+"\n", 20))
	for b.Loop() {
		if err := Run(b.Context(), names, s, Options{Read: func(string) ([]byte, error) { return data, nil }}, func(Result) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}
