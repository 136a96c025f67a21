package step

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// TestStalledStepIsTriedOnceMore: an ffmpeg that hangs is ended and started again, on an empty folder; a second one
// that hangs is an error.
func TestStalledStepIsTriedOnceMore(t *testing.T) {
	dir := t.TempDir()
	hanging := filepath.Join(dir, "ffmpeg")
	if err := os.WriteFile(hanging, []byte("#!/bin/sh\necho run >> "+dir+"/runs\nexec sleep 60\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	params, err := json.Marshal(plan.ChunkParams{
		Encoding: plan.Encoding{Rate: media.Rational{Num: 25, Den: 1}, GOP: 50, Segment: 150, Opening: 3, Preset: "ultrafast", Rungs: []plan.Rung{{Name: "v0", Width: 160, Height: 90, Max: 1e5}}},
		Frames:   100, Source: media.Video{Width: 160, Height: 90, End: 4 * time.Second},
	})
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	var notes []string
	var kinds []report.Kind
	w := &Worker{Tools: ffmpeg.Tools{FFmpeg: hanging, Stall: time.Second}, LogDir: dir}
	err = w.Do(t.Context(), plan.Step{ID: "chunk-000", Kind: plan.Chunk, About: "encoding the picture", Params: params, Digest: "0123456789"},
		map[string]string{"film": filepath.Join(dir, "film.mp4")}, out, func(e report.Event) {
			kinds = append(kinds, e.Kind)
			if e.Kind == report.Note {
				notes = append(notes, e.Text)
			}
		})
	if stalled := (*ffmpeg.ErrStalled)(nil); !errors.As(err, &stalled) {
		t.Errorf("%v", err)
	}
	if runs, err := os.ReadFile(filepath.Join(dir, "runs")); err != nil || strings.Count(string(runs), "run") != 2 {
		t.Errorf("ffmpeg ran %q times, %v", runs, err)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "made no progress") || !strings.Contains(notes[0], "once more") {
		t.Errorf("%q", notes)
	}
	if len(kinds) == 0 || slices.Index(kinds, report.StepStarted) != 0 || slices.Contains(kinds[1:], report.StepStarted) {
		t.Errorf("told %q; a step is begun once, and first", kinds)
	}
}

// TestSubtitlesTellNothingElse: of the files of a subtitle step, which are all published, none has a word that viewers do not see.
func TestSubtitlesTellNothingElse(t *testing.T) {
	const vtt = "\ufeffWEBVTT\n\nREGION\nid:marker\ntranslator: marker\n\nSTYLE\n::cue { color: white } /* marker */\n\nmarker_take3\n00:01.000 --> 00:03.000 region:marker\n<i marker>This is our house.</i>\n"
	const srt = "1\n00:00:01,000 --> 00:00:03,000\n{\\marker}<font face=\"marker\">This is our house.</font>\n"
	for name, text := range map[string]string{"track.vtt": vtt, "track.srt": srt} {
		dir := t.TempDir()
		path, out := filepath.Join(dir, "source"), filepath.Join(dir, "out")
		params, err := json.Marshal(plan.SubtitleParams{Name: name, Segment: 2 * time.Second, Duration: 5 * time.Second})
		if err := errors.Join(err, os.Mkdir(out, 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
		w := &Worker{}
		if err := w.Do(t.Context(), plan.Step{ID: "subtitle-en", Kind: plan.Subtitle, Params: params}, map[string]string{"track": path}, out, report.Discard); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		files := 0
		err = filepath.WalkDir(out, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			files++
			b, err := os.ReadFile(path)
			if strings.Contains(string(b), "marker") || filepath.Base(path) != FactsName && !strings.Contains(string(b), "house") && filepath.Base(path) != "00002.vtt" {
				t.Errorf("%s: %s holds\n%s", name, filepath.Base(path), b)
			}
			return err
		})
		if err != nil || files != 7 {
			t.Errorf("%s: %d files, %v", name, files, err)
		}
	}
}
