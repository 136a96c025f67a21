package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const threeCues = "1\n00:00:00,500 --> 00:00:01,000\n<i>One</i>\n\n2\n00:00:01,000 --> 00:00:01,750\nДва\nстроки\n\n3\n00:00:02,040 --> 00:00:02,333\nThree & more\n\n"

// TestTexts makes a film with a track of each kind, under a hostile name, and takes them out again.
func TestTexts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	srt := filepath.Join(dir, "in.srt")
	if err := os.WriteFile(srt, []byte(threeCues), 0o644); err != nil {
		t.Fatal(err)
	}
	kinds := []struct{ name, codecs, want string }{
		{"-i 100%d:film's [0].mkv", "srt ass webvtt", "subrip srt en, ass ass ru forced, webvtt vtt  sdh"},
		{"film.mp4", "mov_text mov_text", "mov_text srt en, mov_text srt ru forced"},
	}
	var list []made
	for _, c := range kinds {
		args := []string{"-map", "0:v", "-metadata:s:s:0", "language=eng", "-metadata:s:s:1", "language=rus", "-disposition:s:1", "forced", "-disposition:s:2", "hearing_impaired"}
		for i, codec := range strings.Fields(c.codecs) {
			args = append(args, "-map", "1:s", fmt.Sprintf("-c:s:%d", i), codec)
		}
		list = append(list, made{c.name, args})
	}
	paths := films(t, []string{"-f", "lavfi", "-i", "color=s=64x64:r=10:d=3", "-i", srt}, list...)
	for i, c := range kinds {
		name, film, tools := c.name, paths[i], tools(t)
		tracks, why, err := tools.TextTracks(context.Background(), film)
		if err != nil || why != "" {
			t.Fatal(err, why)
		}
		var got []string
		for _, track := range tracks {
			words := track.Codec + " " + track.Format + " " + track.Language
			if track.Forced {
				words += " forced"
			}
			if track.SDH {
				words += " sdh"
			}
			got = append(got, words)
			text, complaint, err := tools.Text(context.Background(), film, track, 1<<20, nil)
			if err != nil || complaint != "" {
				t.Fatal(err, complaint)
			}
			for _, part := range []string{"One", "Два", "строки", "Three"} {
				if !strings.Contains(string(text), part) {
					t.Errorf("%s %s lacks %q:\n%s", name, track.Codec, part, text)
				}
			}
			if track.Codec == "subrip" && string(text) != threeCues {
				t.Errorf("what was copied differs: %q", text)
			}
		}
		if all := strings.Join(got, ", "); all != c.want {
			t.Errorf("%s: %s, want %s", name, all, c.want)
		}
		if _, _, err := tools.Text(context.Background(), film, tracks[0], 10, nil); err == nil {
			t.Error("a track over the bound was taken")
		}
	}
}

// TestTextsOfBraces hears of what ffmpeg drops from the text of an MP4.
func TestTextsOfBraces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	vtt, film := filepath.Join(dir, "in.vtt"), filepath.Join(dir, "film.mp4")
	if err := os.WriteFile(vtt, []byte("WEBVTT\n\n00:00.500 --> 00:01.000\na {b} c\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=s=64x64:r=10:d=2", "-i", vtt, "-c:s", "mov_text", film).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	tracks, _, err := tools(t).TextTracks(context.Background(), film)
	if err != nil || len(tracks) != 1 {
		t.Fatal(tracks, err)
	}
	if _, complaint, err := tools(t).Text(context.Background(), film, tracks[0], 1<<20, nil); err != nil || !strings.Contains(complaint, "braces") {
		t.Errorf("%q %v", complaint, err)
	}
}

// TestTextsOfPictures names what is no text.
func TestTextsOfPictures(t *testing.T) {
	t.Parallel()
	dir := clips(t)
	for name, want := range map[string]TextTrack{
		"androidx+media/sample_with_pgs_subtitles.mkv": {Codec: "hdmv_pgs_subtitle", Picture: true, Language: "en"},
		"androidx+media/sample_with_vobsub.mkv":        {Codec: "dvd_subtitle", Picture: true, Language: "en"},
	} {
		tracks, why, err := tools(t).TextTracks(context.Background(), filepath.Join(dir, name))
		if err != nil || why != "" || len(tracks) != 1 {
			t.Errorf("%s: %v %s %v", name, tracks, why, err)
			continue
		}
		if tracks[0].Index = 0; tracks[0] != want {
			t.Errorf("%s: %+v, want %+v", name, tracks[0], want)
		}
	}
	if _, why, err := tools(t).TextTracks(context.Background(), filepath.Join(dir, "streamio+streamio-ffmpeg/empty.flv")); why == "" || err != nil {
		t.Errorf("a broken film: %q %v", why, err)
	}
}
