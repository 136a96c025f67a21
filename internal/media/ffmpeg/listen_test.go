package ffmpeg

import (
	"io"
	"math"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

func TestDialogue(t *testing.T) {
	tracks := []media.Audio{{Index: 1, Language: "ru"}, {Index: 2, Language: "pt-BR"}, {Index: 3}, {Index: 4, Language: "en"}}
	for _, c := range []struct {
		lang string
		want int
	}{{"", 1}, {"en", 4}, {"en-GB", 4}, {"pt", 2}, {"ru-RU", 1}, {"ky", 1}, {"no language", 1}} {
		if got, ok := Dialogue(tracks, c.lang); !ok || got.Index != c.want {
			t.Errorf("%q: stream %d, %v; want %d", c.lang, got.Index, ok, c.want)
		}
	}
	if _, ok := Dialogue(nil, "en"); ok {
		t.Error("a film without sound has a dialogue")
	}
}

func TestParseCuts(t *testing.T) {
	for _, c := range []struct {
		said string
		want []time.Duration
	}{
		{"frame:0    pts:25      pts_time:1\nlavfi.scene_score=0.9\nframe:1    pts:60      pts_time:2.4\nlavfi.scene_score=0.5\n", []time.Duration{time.Second, 2400 * time.Millisecond}},
		{"frame:0 pts:NOPTS pts_time:NOPTS\nframe:1 pts:-4 pts_time:-0.16\nframe:2 pts:9 pts_time:nan\n", nil},
		{"frame:0 pts:50 pts_time:2\nframe:1 pts:25 pts_time:1\n", []time.Duration{2 * time.Second}},
		{"", nil},
	} {
		if got, err := parseCuts(strings.NewReader(c.said)); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%q: got %v, %v; want %v", c.said, got, err, c.want)
		}
	}
}

// TestListenAndCuts looks at a film of three shots whose second sound track beeps from 1 to 1.5 s.
func TestListenAndCuts(t *testing.T) {
	t.Parallel()
	tools := tools(t)
	film := filepath.Join(t.TempDir(), "it's 100%d: a film.mkv")
	out, err := exec.Command(tools.FFmpeg, "-v", "error", "-f", "lavfi", "-i", "color=red:s=320x180:r=25:d=1.2[a];color=white:s=320x180:r=25:d=1[b];testsrc2=s=320x180:r=25:d=1.8[c];[a][b][c]concat=n=3",
		"-f", "lavfi", "-i", "anullsrc=d=4", "-f", "lavfi", "-i", "sine=1000:d=0.5,adelay=1000,apad=whole_dur=4",
		"-map", "0", "-map", "1", "-map", "2", "-metadata:s:a:0", "language=rus", "-metadata:s:a:1", "language=eng", "-c:a", "flac", "-t", "4", fileURL(film)).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cuts, err := tools.Cuts(t.Context(), film, media.Video{}, nil)
	if want := []time.Duration{1200 * time.Millisecond, 2200 * time.Millisecond}; err != nil || !slices.Equal(cuts, want) {
		t.Errorf("cuts at %v, %v; want %v", cuts, err, want)
	}
	tracks, finding, err := tools.SoundTracks(t.Context(), film)
	if err != nil || finding != nil || len(tracks) != 2 {
		t.Fatalf("tracks %v, %v, %v", tracks, finding, err)
	}
	track, _ := Dialogue(tracks, "en")
	var pcm []byte
	read := func(r io.Reader) (err error) { pcm, err = io.ReadAll(r); return err }
	if err := tools.Listen(t.Context(), film, track, read, nil); err != nil {
		t.Fatal(err)
	}
	first, last := -1, -1
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(uint16(pcm[i]) | uint16(pcm[i+1])<<8); math.Abs(float64(v)) > 500 {
			if first < 0 {
				first = i / 2
			}
			last = i / 2
		}
	}
	if math.Abs(float64(first)-SpeechRate) > 20 || math.Abs(float64(last)-1.5*SpeechRate) > 20 || len(pcm)/2 < 4*SpeechRate-100 {
		t.Errorf("the beep is heard from sample %d to %d of %d; it is from 16000 to 24000 of 64000", first, last, len(pcm)/2)
	}
}

func TestSoundTracksRefuse(t *testing.T) {
	t.Parallel()
	tools := tools(t)
	for name, want := range map[string]string{"nothing.mp4": "film-missing", "listen_test.go": "film-text", "testdata": "film-directory"} {
		if _, finding, err := tools.SoundTracks(t.Context(), name); err != nil || finding == nil || finding.Rule != want {
			t.Errorf("%s: %v, %v; want %s", name, finding, err, want)
		}
	}
}
