package step

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// TestVeryQuietSoundIsTold: who publishes a track that cannot be brought to the loudness of the others hears of it.
func TestVeryQuietSoundIsTold(t *testing.T) {
	t.Parallel()
	tools, err := ffmpeg.Find(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	for level, want := range map[string]string{"0.004": "encoding the sound, ru: it is very quiet, -", "0.5": ""} {
		dir := t.TempDir()
		film, out := filepath.Join(dir, "film.mkv"), filepath.Join(dir, "out")
		cmd := exec.Command(tools.FFmpeg, "-v", "error", "-f", "lavfi", "-i", "anoisesrc=a="+level+":c=pink:d=2:seed=7", "-c:a", "pcm_s24le", film)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, said)
		}
		if err := os.Mkdir(out, 0o755); err != nil {
			t.Fatal(err)
		}
		params, err := json.Marshal(plan.AudioParams{Duration: media.Rational{Num: 2, Den: 1}, Segment: media.Rational{Num: 6, Den: 1}, Opening: 3, Bitrate: 96000, Loudness: -16, TruePeak: -1.5})
		if err != nil {
			t.Fatal(err)
		}
		note := ""
		w := &Worker{Tools: tools, LogDir: dir}
		err = w.Do(t.Context(), plan.Step{ID: "audio-0", Kind: plan.Audio, About: "encoding the sound, ru", Params: params}, map[string]string{"film": film}, out, func(e report.Event) {
			if e.Kind == report.Note {
				note += e.Text
			}
		})
		if err != nil || !strings.HasPrefix(note, want) || (note == "") != (want == "") {
			t.Errorf("%s: %q, %v", level, note, err)
		}
	}
}
