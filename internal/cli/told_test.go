package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/config"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/theme"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
	"filmpress/internal/verify"
)

// quiet is an app whose story is kept.
func quiet() (*app, *bytes.Buffer) {
	var story bytes.Buffer
	return &app{err: &story, ui: ui.New(ui.Options{Out: &story, Now: time.Now})}, &story
}

// What a failure carries is told wherever a command goes on after it: in a batch, and in serve --watch.
func TestTell(t *testing.T) {
	unsound := &verify.UnsoundError{Findings: []report.Finding{{Pos: report.Pos{File: "m.m3u8"}, Severity: report.Error, Rule: "hls-1.1", Text: "a segment is not there"}}}
	for _, c := range []struct {
		err         error
		story, text string
	}{
		{unsound, "m.m3u8: error: a segment is not there (hls-1.1)", ""},
		{fmt.Errorf("publishing: %w", findingsError{[]report.Finding{{Pos: report.Pos{File: "a.srt"}, Severity: report.Error, Text: "no"}}}), "a.srt: error: no", "stopped by the error above"},
		{settingsError{[]report.Finding{{Pos: report.Pos{File: "c.yml"}, Severity: report.Error, Text: "no"}}}, "c.yml: error: no", "stopped by the error above"},
		{&ffmpeg.ErrMissing{Program: "ffmpeg"}, "", "Install it (Debian, Ubuntu: apt install ffmpeg)"},
		{&ffmpeg.ErrLacks{}, "", "install one that has it"},
	} {
		a, story := quiet()
		if got := a.tell(c.err); !strings.Contains(got, c.text) || !strings.Contains(story.String(), c.story) {
			t.Errorf("%v: %q, %q", c.err, got, story)
		}
		a, story = quiet()
		a.tellUnpublished(c.err)
		if !strings.Contains(story.String(), c.story) || !strings.Contains(story.String(), c.text) || !strings.Contains(story.String(), "the pages stay as they are until it is mended") {
			t.Errorf("while watching, %v: %q", c.err, story)
		}
	}
}

// How to look at what was published is told by all but the command that shows it already.
func TestToldNext(t *testing.T) {
	for to, want := range map[string]string{"library": "to watch it: filmpress serve library\n", "s3://films": "whether viewers can read it: filmpress doctor s3://films\n"} {
		for _, served := range []bool{false, true} {
			if served && to != "library" {
				continue
			}
			a, story := quiet()
			a.out, a.config.To = io.Discard, to
			if err := a.showResult(published{Page: "/library/film/index.html", Slug: "film"}, release.Result{}, publishOptions{served: served}); err != nil || strings.Contains(story.String(), want) == served {
				t.Errorf("%s, served %v: %q, %v", to, served, story, err)
			}
		}
	}
}

// A film of a batch is told with its mend, and each of its events with its name.
func TestBatchTold(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("FILMPRESS_KEPT", "kept")
	if err := os.WriteFile("list.yml", []byte("films:\n  - {film: one.mp4}\n  - {film: two.mp4}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := say(t, []string{"publish", "--batch", "list.yml", "--json", "--log-format", "json", "--max-parallel", "2", "--ffmpeg", "./none", "--language", "en"})
	var all []outcome
	if err := json.Unmarshal([]byte(got.out), &all); err != nil || got.code != exitTool || len(all) != 2 || !strings.Contains(all[1].Error, "apt install ffmpeg") {
		t.Fatalf("%+v, %v", got, err)
	}
	films := map[string]int{}
	for line := range strings.Lines(got.err) {
		var event struct{ Film, Event string }
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		films[event.Film]++
	}
	if films["one.mp4"] == 0 || films["two.mp4"] == 0 || films[""] != 1 { // the last is about all of them
		t.Errorf("events by film: %v, of %s", films, got.err)
	}
}

// An address at which nothing can listen has its reason, and another one to try.
func TestUnheard(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.OpError{Op: "listen", Net: "tcp", Err: os.NewSyscallError("bind", syscall.EACCES)}, "cannot listen at :80: ports below 1024 are for root alone; choose another address, as in --addr 127.0.0.1:8080"},
		{&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRINUSE)}, ":80 is in use by another program; choose another address, as in --addr 127.0.0.1:8081"},
		{&net.OpError{Op: "listen", Err: os.NewSyscallError("bind", syscall.EADDRNOTAVAIL)}, "cannot listen at :80: this machine has no such address; choose"},
		{&net.OpError{Op: "listen", Err: &net.DNSError{Err: "no such host", Name: "foo"}}, "cannot listen at :80: there is no host of that name; choose"},
	} {
		if got := unheard(":80", c.err).Error(); !strings.HasPrefix(got, c.want) {
			t.Errorf("%v: %q, want %q", c.err, got, c.want)
		}
	}
}

// A target's disk that is too full to begin with ends as one that fills up later does.
func TestFullTarget(t *testing.T) {
	err := fullError{errors.New("the disk of library has only 1 MB free")}
	if code := exitCode(t.Context(), err); code != exitStore || !errors.Is(err, store.ErrFull) || userfile.Sentence(err) != "the disk of library has only 1 MB free" {
		t.Errorf("got %d, %q", code, userfile.Sentence(err))
	}
}

// A settings file's public address is that of the target beside it, and of no other.
func TestPublicAddress(t *testing.T) {
	for target, told := range map[string]bool{"s3://b/2026": false, "s3://b/2026/": false, "s3://b/2027": true, "library": false} {
		a, story := quiet()
		a.config = config.Config{S3: config.S3{PublicURL: "https://f.example.net/2026", PublicFor: "s3://b/2026"}}
		a.tellPublic(target)
		if got := strings.Contains(story.String(), "addresses of films are wrong unless --public-url tells its own"); got != told {
			t.Errorf("%s: %q", target, story)
		}
	}
}

// - is standard input wherever a subtitle file is read.
func TestStdin(t *testing.T) {
	t.Chdir(t.TempDir())
	const text = "1\n00:00:01,000 --> 00:00:02,000\nHello.\n\n"
	for _, c := range []struct{ line, out, err string }{
		{"subs convert - out.vtt", "", "out.vtt: 1 cue, WebVTT from SRT"},
		{"subs convert - - --to vtt", "WEBVTT\n\n", ""},
		{"subs cues -", "stdin: ", ""},
		{"subs transcript -", "Hello.", ""},
		{"subs transcript - -o out.txt", "", "out.txt: 1 paragraph"},
		{"subs merge - out.vtt -o both.vtt", "", "both.vtt: 2 cues"},
		{"subs fix -", "", "stdin: nothing to mend"},
		{"subs fix - -o mended.srt", "", "stdin: nothing to mend, written to mended.srt as it is"},
		{"subs diff - mended.srt", "", ""},
		{"subs check - --language en", "", "1 file checked"},
	} {
		var out, story bytes.Buffer
		code := Main(t.Context(), strings.Fields(c.line), strings.NewReader(text), &out, &story)
		if code != 0 || !strings.Contains(out.String(), c.out) || !strings.Contains(story.String(), c.err) {
			t.Errorf("%s: %d %q %q", c.line, code, &out, &story)
		}
	}
	var out, story bytes.Buffer
	if code := Main(t.Context(), []string{"subs", "fix", "-", "--in-place"}, strings.NewReader(text), &out, &story); code != exitUsage {
		t.Errorf("--in-place: %d %q", code, &story)
	}
	if got, err := os.ReadFile("mended.srt"); err != nil || string(got) != text {
		t.Errorf("got %q, %v", got, err)
	}
}

// A step of a workflow gets the form that GitHub shows on lines, from every command that has forms.
func TestFindingsFormat(t *testing.T) {
	t.Setenv("GITHUB_ACTIONS", "true")
	for _, c := range []struct{ given, output, want string }{{"", "", "github"}, {"", "out.txt", "text"}, {"json", "", "json"}} {
		if got, err := findingsFormat(c.given, c.output); got != c.want || err != nil {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	dir := filepath.Join(t.TempDir(), "empty.m3u8")
	if err := os.WriteFile(dir, []byte("no playlist"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := say(t, []string{"verify", dir}); got.code != exitFindings || !strings.HasPrefix(got.out, "::warning file=") {
		t.Errorf("verify: %+v", got)
	}
}

// TestThemeLinksLeadNowhere: what lies in a theme as a link to somewhere else is not published.
func TestThemeLinksLeadNowhere(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "credentials")
	if err := os.WriteFile(outside, []byte("[default]\naws_secret_access_key = marker\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{theme.FooterName, theme.CSSName} {
		look := t.TempDir()
		if err := os.Symlink(outside, filepath.Join(look, name)); err != nil {
			t.Fatal(err)
		}
		a := &app{}
		a.config.Theme = look
		if _, _, err := a.theme(); err == nil || !strings.Contains(err.Error(), name+" is a link that leads out of its folder") {
			t.Errorf("theme/%s: %v", name, err)
		}
	}
}
