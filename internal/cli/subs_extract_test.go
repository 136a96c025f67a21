package cli

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
)

func TestExtractionPlan(t *testing.T) {
	text := func(lang string, change func(*ffmpeg.TextTrack)) ffmpeg.TextTrack {
		track := ffmpeg.TextTrack{Codec: "subrip", Format: "srt", Language: lang}
		if change != nil {
			change(&track)
		}
		return track
	}
	tracks := []ffmpeg.TextTrack{
		text("en", nil), text("en", nil), text("en", func(t *ffmpeg.TextTrack) { t.Format = "vtt" }), text("pt-BR", func(t *ffmpeg.TextTrack) { t.Forced = true }),
		text("ru", func(t *ffmpeg.TextTrack) { t.SDH = true }), text("", nil), {Codec: "eia_608", Captions: true}, {Codec: "hdmv_pgs_subtitle", Picture: true, Language: "ru", Title: "Signs"}, {Codec: "ttml"},
	}
	o := extractOptions{film: "films/a.b.mkv"}
	jobs, found, err := o.plan(tracks)
	var paths, rules []string
	for _, j := range jobs {
		paths = append(paths, strings.TrimPrefix(j.path, "films/"))
	}
	for _, f := range found {
		rules = append(rules, f.Severity.String()+" "+f.Rule)
	}
	if got, want := strings.Join(paths, " "), "a.b.en.srt a.b.en.2.srt a.b.en.3.vtt a.b.pt-BR.forced.srt a.b.ru.sdh.srt a.b.srt"; got != want || err != nil {
		t.Errorf("%s, want %s (%v)", got, want, err)
	}
	if got, want := strings.Join(rules, ", "), "warn track-captions, warn track-picture, warn track-unread"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !strings.Contains(found[1].Text, `track 8 (hdmv_pgs_subtitle, Russian, "Signs")`) {
		t.Error(found[1].Text)
	}
	o.track, o.folder = 7, "out"
	if _, found, _ := o.plan(tracks); len(found) != 1 || !report.Blocks(found) {
		t.Errorf("what is asked for and cannot be had is an error: %v", found)
	}
	o.track = 5
	if jobs, _, _ := o.plan(tracks); len(jobs) != 1 || jobs[0].path != "out/a.b.ru.sdh.srt" {
		t.Errorf("%v", jobs)
	}
}

// TestExtractionWritesOverNothing: what is there already stays unless --force is given, and what is no plain file stays all the same.
func TestExtractionWritesOverNothing(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	if err := errors.Join(os.WriteFile(path("film.en.srt"), nil, 0o644), os.Mkdir(path("film.ru.srt"), 0o755), os.Symlink("film.en.srt", path("film.ky.srt"))); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name  string
		force bool
		want  string // "" is that it may be written
		code  int
	}{
		{"film.de.srt", false, "", exitFine},
		{"film.en.srt", false, "is there already; move it away, or add --force to replace it", exitFailed},
		{"film.en.srt", true, "", exitFine},
		{"film.ru.srt", true, "is there already, and no plain file", exitFailed},
		{"film.ky.srt", true, "is there already, and no plain file", exitFailed},
	} {
		err := extractOptions{folder: dir, force: c.force}.checkFiles([]extraction{{path: path(c.name)}})
		if exitCode(t.Context(), err) != c.code || err != nil && (c.want == "" || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s, force %v: %v", c.name, c.force, err)
		}
	}
	if err := (extractOptions{folder: path("film.en.srt")}).checkFiles(nil); exitCode(t.Context(), err) != exitUsage {
		t.Errorf("a file in place of the folder: %v", err)
	}
	if err := (extractOptions{folder: path("new/folder")}).checkFiles(nil); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(path("new/folder")); err != nil || !info.IsDir() {
		t.Errorf("the folder was not made: %v", err)
	}
}
