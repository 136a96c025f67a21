package step

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// TestOnlyABadSeekIsTriedFromTheBeginning: a chunk that lacks pictures is decoded once more, from the film's beginning. What
// would be met there again is told at once: of a film of three hours, the second try costs an hour.
func TestOnlyABadSeekIsTriedFromTheBeginning(t *testing.T) {
	real, err := exec.LookPath("ffmpeg")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	film := filepath.Join(dir, "film.mp4")
	if out, err := exec.Command(real, "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=10", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", film).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	params, err := json.Marshal(plan.ChunkParams{
		Encoding: plan.Encoding{Rate: media.Rational{Num: 25, Den: 1}, GOP: 50, Segment: 150, Opening: 3, Preset: "ultrafast", Rungs: []plan.Rung{{Name: "v0", Width: 160, Height: 90, CRF: 30, Max: 1e6, Buffer: 1e6}}},
		First:    150, Frames: 100, Source: media.Video{Width: 160, Height: 90, PixFmt: "yuv420p", Rate: media.Rational{Num: 25, Den: 1}, End: 10 * time.Second, Frames: 250},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, before string // before the real ffmpeg is started, in the shell; ffmpeg's arguments are $@
		film         string
		runs         int
		check        func(error) bool
	}{
		{"well", "", film, 1, func(err error) bool { return err == nil }},
		{"sought too far", `for a; do shift; if test "$last" = -ss; then a=8; fi; last=$a; set -- "$@" "$a"; done`, film, 2, func(err error) bool { return err == nil }},
		{"sought behind the end", `for a; do shift; if test "$last" = -ss; then a=99; fi; last=$a; set -- "$@" "$a"; done`, film, 2, func(err error) bool { return err == nil }},
		{"damaged", "echo '[h264 @ 0x1] [error] Invalid NAL unit size' >&2; exit 1", film, 2, func(err error) bool { return err != nil && strings.Contains(err.Error(), "--tolerant") }},
		{"disk full", "ln -s /dev/full OUT/v0/00003.m4s", film, 1, func(err error) bool { return errors.Is(err, syscall.ENOSPC) }},
		{"quota", "echo '[error] Disk quota exceeded' >&2; exit 1", film, 1, func(err error) bool { return err != nil && strings.Contains(err.Error(), "quota") }},
		{"no film", "", filepath.Join(dir, "gone.mp4"), 1, func(err error) bool { return err != nil && strings.Contains(err.Error(), "a file is missing") }},
		{"killed", "kill -9 $$", film, 1, func(err error) bool { return err != nil && strings.Contains(err.Error(), "memory is short") }},
		{"terminated", "exit 255", film, 1, func(err error) bool { return err != nil }},
	} {
		t.Run(c.name, func(t *testing.T) {
			work := t.TempDir()
			out, runs, fake := filepath.Join(work, "out"), filepath.Join(work, "runs"), filepath.Join(work, "ffmpeg")
			script := "#!/bin/sh\ncase \"$*\" in *framecrc*) exec " + real + " \"$@\";; esac\necho run >> " + runs + "\n" + strings.ReplaceAll(c.before, "OUT", out) + "\nexec " + real + " \"$@\"\n"
			if err := errors.Join(os.Mkdir(out, 0o755), os.WriteFile(fake, []byte(script), 0o755)); err != nil {
				t.Fatal(err)
			}
			var told []report.Kind
			w := &Worker{Tools: ffmpeg.Tools{FFmpeg: fake}, LogDir: work}
			err := w.Do(t.Context(), plan.Step{ID: "chunk-001", Kind: plan.Chunk, Params: params, Digest: "0123456789"}, map[string]string{"film": c.film}, out, func(e report.Event) { told = append(told, e.Kind) })
			if !c.check(err) {
				t.Errorf("%v", err)
			}
			ran, _ := os.ReadFile(runs)
			if n := strings.Count(string(ran), "run"); n != c.runs || slices.Contains(told, report.StepRetried) != (n > 1) {
				t.Errorf("ffmpeg ran %d times, not %d; told %q", n, c.runs, told)
			}
		})
	}
}
