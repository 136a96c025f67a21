package ui

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// clock is a clock that the test moves.
type clock struct{ now time.Time }

func (c *clock) Now() time.Time { return c.now }

// play tells a whole publish to a UI: two steps, one kept, a warning on the way, an upload.
func play(u *UI, c *clock) {
	wait := func(d time.Duration) { c.now = c.now.Add(d) }
	u.Begin(plan.Plan{Steps: []plan.Step{
		{ID: "video", Kind: plan.Chunk, About: "encoding 4 rungs"},
		{ID: "subtitle-en", Kind: plan.Subtitle, About: "preparing the subtitles en"},
		{ID: "package", Kind: plan.Package, About: "writing the page"},
	}}, time.Minute)
	u.Sink(report.Event{Kind: report.StepDone, Step: "subtitle-en", Kept: true})
	u.Sink(report.Event{Kind: report.StepStarted, Step: "video", Text: "encoding 4 rungs"})
	for ms := int64(0); ms <= 60000; ms += 1500 {
		u.Sink(report.Event{Kind: report.StepProgress, Step: "video", Done: ms, Total: 60000, Speed: 3})
		wait(500 * time.Millisecond)
		if ms == 30000 {
			u.Sink(report.Event{Kind: report.Found, Finding: &report.Finding{
				Pos: report.Pos{File: "film.en.srt", Line: 3, Col: 14}, Severity: report.Warn, Rule: "cue-empty",
				Text: "the cue has no text", Hint: "take it out", Source: "00:00:01,000 -->"}})
		}
	}
	u.Sink(report.Event{Kind: report.StepDone, Step: "video"})
	u.Sink(report.Event{Kind: report.StepStarted, Step: "package", Text: "writing the page"})
	wait(time.Second)
	u.Sink(report.Event{Kind: report.StepDone, Step: "package"})
	u.Sink(report.Event{Kind: report.Uploading, Done: 4_200_000, Total: 120_000_000})
	wait(61 * time.Second)
	u.Sink(report.Event{Kind: report.Uploading, Done: 99_000_000, Total: 120_000_000})
	u.Note("published")
	u.Failed("the bucket refused\x1b[2J")
	u.Close()
}

func TestStories(t *testing.T) {
	for _, c := range []struct {
		name    string
		options Options
	}{
		{"plain", Options{Style: Plain}},
		{"bar", Options{Style: Bar, Unicode: true}},
		{"ascii", Options{Style: Bar, Color: true}},
		{"json", Options{Style: JSON}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out bytes.Buffer
			clock := &clock{time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
			o := c.options
			o.Out, o.Now, o.Width = &out, clock.Now, func() int { return 80 }
			play(New(o), clock)
			golden(t, c.name, visible(out.String()))
		})
	}
}

// visible writes what steers the terminal as text, and each drawing of the bar in a line of its own.
func visible(s string) string {
	s = strings.ReplaceAll(s, "\r", "<CR>")
	s = strings.ReplaceAll(s, "\x1b[K", "<ERASE>\n")
	return strings.ReplaceAll(s, "\x1b", "<ESC>")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("differs from %s (go test ./internal/ui -update writes it anew); got:\n%s", path, got)
	}
}

// However narrow the terminal, a line never reaches its last column, where terminals break.
func TestLineFits(t *testing.T) {
	clock := &clock{time.Unix(1000, 0)}
	u := New(Options{Out: &bytes.Buffer{}, Style: Bar, Unicode: true, Now: clock.Now, Width: func() int { return 80 }})
	u.Begin(plan.Plan{Steps: []plan.Step{{ID: "video", Kind: plan.Chunk, About: strings.Repeat("я", 300)}}}, time.Hour)
	u.Sink(report.Event{Kind: report.StepStarted, Step: "video"})
	clock.now = clock.now.Add(time.Minute)
	u.Sink(report.Event{Kind: report.StepProgress, Step: "video", Done: 600000, Speed: 12.34})
	for columns := 10; columns < 300; columns++ {
		if n := utf8.RuneCountInString(u.line(columns)); n > columns {
			t.Errorf("%d columns: the line has %d: %s", columns, n, u.line(columns))
		}
	}
}

func TestBarIsNotDrawnTooOften(t *testing.T) {
	var out bytes.Buffer
	clock := &clock{time.Unix(1000, 0)}
	u := New(Options{Out: &out, Style: Bar, Now: clock.Now, Width: func() int { return 80 }})
	for i := range 1000 {
		u.Sink(report.Event{Kind: report.StepProgress, Step: "video", Done: int64(i), Total: 1000})
		clock.now = clock.now.Add(time.Millisecond)
	}
	if n := strings.Count(out.String(), "\r"); n != 10 {
		t.Errorf("drawn %d times in a second, want 10", n)
	}
}

// The share never goes back, and what was kept does not count as work.
func TestShare(t *testing.T) {
	u := New(Options{Out: &bytes.Buffer{}, Now: time.Now})
	u.Begin(plan.Plan{Steps: []plan.Step{{ID: "a", Kind: plan.Audio}, {ID: "b", Kind: plan.Audio}, {ID: "c", Kind: plan.Audio}}}, time.Minute)
	for _, c := range []struct {
		event report.Event
		want  float64
	}{
		{report.Event{Kind: report.StepDone, Step: "a", Kept: true}, 0},
		{report.Event{Kind: report.StepProgress, Step: "b", Done: 30000}, 0.25},
		{report.Event{Kind: report.StepProgress, Step: "b", Done: 10000}, 0.25},
		{report.Event{Kind: report.StepProgress, Step: "new", Done: 0, Total: 1}, 0.25},
		{report.Event{Kind: report.StepProgress, Step: "b", Done: 999999}, 6.0 / 13},
		{report.Event{Kind: report.StepDone, Step: "c", Kept: true}, 6.0 / 7},
	} {
		u.Sink(c.event)
		if got := u.progress.whole(); got != c.want {
			t.Errorf("after %+v: %v, want %v", c.event, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"film.mp4", "film.mp4"},
		{"фильм “é” 映画.mp4", "фильм “é” 映画.mp4"},
		{"a\x1b[2Jb", `a\x1b[2Jb`},
		{"a\nb\tc\rd", `a\nb\tc\x0dd`},
		{"a\u009b31mb", `a\u009b31mb`},
		{"film\u202e4pm.exe", `film\u202e4pm.exe`},
		{"a\u2028b\u2066c\u200eb\ufeff", `a\u2028b\u2066c\u200eb\ufeff`},
		{"نمی\u200cخواهم", "نمی\u200cخواهم"},
		{"a\xffb", `a\xffb`},
		{"a\ufffdb", "a\ufffdb"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// A finding from a hostile file cannot steer the terminal, in any of its parts and in any style.
func TestHostileFinding(t *testing.T) {
	evil := "x\x1b]0;owned\x07\u009b2J\u202ey"
	f := report.Finding{Pos: report.Pos{File: evil, Line: 1, Col: 3}, Severity: report.Error, Rule: evil, Text: evil + "\n" + evil, Hint: evil, Source: evil}
	for _, style := range []Style{Plain, Bar} {
		var out bytes.Buffer
		u := New(Options{Out: &out, Style: style, Now: time.Now, Width: func() int { return 80 }})
		u.Findings([]report.Finding{f})
		u.Note(evil)
		u.Failed(evil)
		u.Sink(report.Event{Kind: report.StepStarted, Step: evil, Text: evil})
		u.Sink(report.Event{Kind: report.StepProgress, Step: evil, Text: evil, Total: 1})
		story := strings.ReplaceAll(strings.ReplaceAll(out.String(), "\r", ""), "\x1b[K", "")
		if strings.ContainsAny(story, "\x1b\x07\u009b\u202e") {
			t.Errorf("style %d lets through: %q", style, story)
		}
	}
}

func TestJSONLines(t *testing.T) {
	var out bytes.Buffer
	clock := &clock{time.Unix(1000, 0)}
	u := New(Options{Out: &out, Style: JSON, Now: clock.Now})
	play(u, clock)
	for line := range strings.Lines(out.String()) {
		var event struct {
			Time  time.Time
			Event string
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Event == "" || event.Time.IsZero() {
			t.Errorf("%q: %v", line, err)
		}
	}
}

func TestConcurrentEvents(t *testing.T) {
	u := New(Options{Out: &bytes.Buffer{}, Style: Bar, Now: time.Now, Width: func() int { return 80 }})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for i := range 200 {
				u.Sink(report.Event{Kind: report.StepProgress, Step: "video", Done: int64(i), Total: 200})
				u.Note("x")
			}
		})
	}
	all.Wait()
}

func TestDetect(t *testing.T) {
	env := func(pairs ...string) func(string) string {
		return func(name string) string {
			for _, p := range pairs {
				if k, v, _ := strings.Cut(p, "="); k == name {
					return v
				}
			}
			return ""
		}
	}
	if o := Detect(&bytes.Buffer{}, "auto", env("LANG=ru_RU.UTF-8")); o.Style != Plain || o.Color || !o.Unicode {
		t.Errorf("a buffer: got %+v", o)
	}
	if o := Detect(&bytes.Buffer{}, "json", env("LANG=C", "LC_ALL=C.utf8")); o.Style != JSON || !o.Unicode {
		t.Errorf("json: got %+v", o)
	}
	if o := Detect(&bytes.Buffer{}, "plain", env("LC_ALL=C", "LANG=en_US.UTF-8")); o.Unicode {
		t.Errorf("LC_ALL=C: got %+v", o)
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Clock(7 * time.Second), "0:07"}, {Clock(72 * time.Second), "1:12"}, {Clock(2*time.Hour + 3*time.Minute + 4*time.Second), "2:03:04"},
		{Bytes(980), "980 B"}, {Bytes(12345), "12 kB"}, {Bytes(999_999), "1.0 MB"}, {Bytes(1_400_000_000), "1.4 GB"}, {Bytes(9_999_000), "10 MB"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
