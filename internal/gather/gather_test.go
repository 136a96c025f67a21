package gather

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/engine"
	"filmpress/internal/engine/local"
	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// filmFolder is a folder with a film and what lies beside it; files are by their names.
func filmFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const oneCue = "1\n00:00:01,000 --> 00:00:03,000\nThis is our house.\n"

// believing is a prober that believes what it is told of a film, whatever that holds, and does something meanwhile.
func believing(s media.Source, meanwhile func()) Prober {
	return func(context.Context, string, report.Sink) (media.Source, []report.Finding, error) {
		meanwhile()
		return s, nil, nil
	}
}

// TestGatherHolds: what was read to be judged is what will be published, whatever is written over it afterwards.
func TestGatherHolds(t *testing.T) {
	dir := filmFolder(t, map[string]string{"film.mp4": "film", "film.md": "# Film\n\nJudged.\n", "film.en.srt": oneCue})
	path := func(name string) string { return filepath.Join(dir, name) }
	film := media.Source{Digest: "f", Duration: 5 * time.Second}
	flags := Wishes{Pipeline: "documentary"}
	g, err := Read(t.Context(), path("film.mp4"), nil, flags, ffmpeg.Tools{}, believing(film, func() {}), report.Discard)
	if err != nil || len(g.Request.Tracks) != 1 {
		t.Fatal(err, g.Findings)
	}
	for name, text := range map[string]string{"film.md": "# Film\n\nA name.\n", "film.en.srt": oneCue + "\n2\n00:00:04,000 --> 00:00:05,000\nA name.\n", "film.mp4": "face"} {
		if err := os.WriteFile(path(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got := string(g.Sources[g.Request.Article].Data); got != "# Film\n\nJudged.\n" {
		t.Errorf("the article is %q", got)
	}
	if got := string(g.Sources[g.Request.Tracks[0].Digest].Data); got != oneCue {
		t.Errorf("the subtitles are %q", got)
	}
	if changed, ok := errors.AsType[*engine.ChangedError](g.Sources["f"].Unchanged()); !ok || changed.Path != path("film.mp4") {
		t.Error("the film counts as unchanged")
	}

	// The plan of what was judged, carried out now: its steps fail, and nothing is kept as theirs.
	kept, err := local.OpenKept(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := plan.Plan{Steps: []plan.Step{{ID: "package", Digest: "d", Inputs: []plan.Input{{Name: "film", Source: "f", Digest: "f"}}}}}
	_, err = local.Run(t.Context(), p, g.Sources, maker{}, kept, report.Discard)
	if _, ok := errors.AsType[*engine.ChangedError](err); !ok {
		t.Errorf("the steps: %v", err)
	}
	if _, ok := kept.Look("d"); ok {
		t.Error("what was not judged is kept")
	}

	_, err = Read(t.Context(), path("film.mp4"), nil, flags, ffmpeg.Tools{}, believing(film, func() {
		if err := os.WriteFile(path("film.mp4"), []byte("yet another"), 0o644); err != nil {
			t.Fatal(err)
		}
	}), report.Discard)
	if _, ok := errors.AsType[*engine.ChangedError](err); !ok {
		t.Errorf("a film that changes while it is looked at: %v", err)
	}
}

// maker makes something of each step.
type maker struct{}

func (maker) Do(_ context.Context, _ plan.Step, _ map[string]string, out string, _ report.Sink) error {
	return os.WriteFile(filepath.Join(out, "f"), []byte("x"), 0o600)
}

// TestLinksLeadNowhere: what lies beside a film as a link to somewhere else is not published; who names a link means it.
func TestLinksLeadNowhere(t *testing.T) {
	outside := filmFolder(t, map[string]string{"credentials": "[default]\naws_secret_access_key = marker\n", "en.srt": oneCue})
	for _, c := range []struct {
		name, to string
		wrong    string // "" where it may be
	}{
		{"film.md", filepath.Join(outside, "credentials"), "film.md is a link that leads out of its folder"},
		{"film.md", "../" + filepath.Base(outside) + "/credentials", "film.md is a link that leads out of its folder"},
		{"film.en.srt", filepath.Join(outside, "en.srt"), "film.en.srt is a link that leads out of its folder"},
		{"film.md", "notes.txt", ""},
		{"film.en.srt", "cues.txt", ""},
		{"film.md", "gone.md", ""}, // as if it were not there
	} {
		dir := filmFolder(t, map[string]string{"film.mp4": "film", "notes.txt": "# Film\n", "cues.txt": oneCue})
		if err := os.Symlink(c.to, filepath.Join(dir, c.name)); err != nil {
			t.Fatal(err)
		}
		g, err := Read(t.Context(), filepath.Join(dir, "film.mp4"), nil, Wishes{Pipeline: "documentary", Language: "en"}, ffmpeg.Tools{}, believing(media.Source{Digest: "f"}, func() {}), report.Discard)
		told := slices.ContainsFunc(g.Findings, func(f report.Finding) bool {
			return f.Severity == report.Error && (c.wrong == "" || strings.Contains(f.Text, c.wrong))
		})
		if err != nil || told != (c.wrong != "") {
			t.Errorf("%s -> %s: %v, %+v", c.name, c.to, err, g.Findings)
		}
		for _, s := range g.Sources {
			if strings.Contains(string(s.Data), "marker") {
				t.Errorf("%s -> %s: it was read", c.name, c.to)
			}
		}
	}

	dir := filmFolder(t, map[string]string{"film.mp4": "film"})
	link := filepath.Join(dir, "mine.en.srt")
	if err := os.Symlink(filepath.Join(outside, "en.srt"), link); err != nil {
		t.Fatal(err)
	}
	g, err := Read(t.Context(), filepath.Join(dir, "film.mp4"), []string{link}, Wishes{Pipeline: "documentary"}, ffmpeg.Tools{}, believing(media.Source{Digest: "f"}, func() {}), report.Discard)
	if err != nil || len(g.Request.Tracks) != 1 {
		t.Errorf("a link that was named: %v %v", err, g.Findings)
	}
}

// TestFactsAreOfTheseBytes: a film that is written over in place is looked at again, even if its size and its time stay.
func TestFactsAreOfTheseBytes(t *testing.T) {
	dir := filmFolder(t, map[string]string{"film.mov": "the face"})
	film, then := filepath.Join(dir, "film.mov"), time.Now().Add(-time.Hour)
	settle := func() string {
		t.Helper()
		if err := os.Chtimes(film, then, then); err != nil {
			t.Fatal(err)
		}
		if got := factsFile(dir, film, ffmpeg.Tools{}); got != "" {
			t.Errorf("what changed a moment ago is remembered as %s", got)
		}
		time.Sleep(100 * time.Millisecond) // until the change is settled
		return factsFile(dir, film, ffmpeg.Tools{})
	}
	before := settle()
	if before == "" {
		t.Fatal("nothing is remembered")
	}
	if got := factsFile(dir, film, ffmpeg.Tools{}); got != before {
		t.Errorf("the same film is not known again: %s, %s", before, got)
	}
	f, err := os.OpenFile(film, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("the blot"); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if after := settle(); after == "" || after == before {
		t.Errorf("the same facts are taken: %s", after)
	}
}

// TestNamesThatNobodyGave: that a film's file lends it its title is told; that of a pipeline's file is not published.
func TestNamesThatNobodyGave(t *testing.T) {
	own, err := os.ReadFile("../../pipelines/draft.yml")
	if err != nil {
		t.Fatal(err)
	}
	dir := filmFolder(t, map[string]string{"interview_aizada.mp4": "film", "for-aizada.yml": string(own)})
	look := func(flags Wishes) Film {
		t.Helper()
		g, err := Read(t.Context(), filepath.Join(dir, "interview_aizada.mp4"), nil, flags, ffmpeg.Tools{}, believing(media.Source{Digest: "f"}, func() {}), report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	told := func(g Film) bool {
		return slices.ContainsFunc(g.Findings, func(f report.Finding) bool {
			return f.Rule == "film-title" && f.Severity == report.Warn && strings.Contains(f.Text, `"interview aizada"`)
		})
	}
	if g := look(Wishes{Pipeline: filepath.Join(dir, "for-aizada.yml")}); !told(g) || g.Request.Pipeline.Name != "own" {
		t.Errorf("%v, pipeline %q", g.Findings, g.Request.Pipeline.Name)
	}
	if g := look(Wishes{Pipeline: "draft", Title: "The Lake"}); told(g) || g.Request.Slug != "the-lake" || g.Request.Pipeline.Name != "draft" {
		t.Errorf("%v, %q", g.Findings, g.Request.Slug)
	}
	if err := os.WriteFile(filepath.Join(dir, "interview_aizada.md"), []byte("---\ntitle: The Lake\nchapters: none\n---\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if g := look(Wishes{Pipeline: "draft"}); told(g) || !g.Request.NoChapters {
		t.Errorf("%v, chapters left out: %v", g.Findings, g.Request.NoChapters)
	}
}

// TestShortCharset: an encoding that was guessed, with the help of the file's language, is what the step is told: by itself it would guess otherwise.
func TestShortCharset(t *testing.T) {
	text := "1\n00:00:01,000 --> 00:00:04,000\n\xce\xe7\xe5\xf0\xee\n" // "Озеро" in windows-1251
	dir := filmFolder(t, map[string]string{"film.mp4": "film", "film.ru.srt": text, "film.en.srt": oneCue})
	g, err := Read(t.Context(), filepath.Join(dir, "film.mp4"), nil, Wishes{Pipeline: "documentary", Language: "en"}, ffmpeg.Tools{}, believing(media.Source{Digest: "f"}, func() {}), report.Discard)
	if err != nil || len(g.Request.Tracks) != 2 {
		t.Fatalf("%+v, %v, %+v", g.Request.Tracks, err, g.Findings)
	}
	for _, track := range g.Request.Tracks {
		want := map[string]string{"en": "", "ru": "windows-1251"}[track.Language]
		if track.Charset != want {
			t.Errorf("%s: %q, want %q", track.Language, track.Charset, want)
		}
		if read, found := subtitle.Read("track.srt", g.Sources[track.Digest].Data, subtitle.Options{Charset: track.Charset}); report.Blocks(found) || track.Language == "ru" && !strings.Contains(string(read.SRT()), "Озеро") {
			t.Errorf("%s: %s, %+v", track.Language, read.SRT(), found)
		}
	}
}
