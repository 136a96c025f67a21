package ffmpeg

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// TestRefused: what is no film ends in one sentence with a rule, and never in an error of ours.
func TestRefused(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	good := film(t, "good.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=4", "-f", "lavfi", "-i", "sine=d=4", "-c:v", "libx264", "-preset", "ultrafast", "-g", "10", "-c:a", "aac")
	var kinds [5][]byte
	for i, path := range append(films(t, []string{"-i", good}, made{"fast.mp4", []string{"-c", "copy", "-movflags", "+faststart"}},
		made{"frag.mp4", []string{"-c", "copy", "-movflags", "+frag_keyframe+empty_moov"}}, made{"film.mkv", []string{"-c", "copy"}},
		made{"film.avi", []string{"-c:v", "mpeg4", "-c:a", "mp3"}}), good) {
		var err error
		if kinds[i], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	faststart, fragmented, matroska, avi, whole := kinds[0], kinds[1], kinds[2], kinds[3], kinds[4]
	flipped := bytes.Clone(faststart)
	for i := bytes.LastIndex(flipped, []byte("mdat")) + 40; i < len(flipped)*3/4; i += 7 {
		flipped[i] ^= 0x5a
	}
	for name, c := range map[string]struct {
		data []byte
		rule string
	}{
		"empty.mp4":      {[]byte{}, "film-empty"},
		"text.mp4":       {[]byte("Dear editor,\nthe film follows.\n"), "film-text"},
		"cyrillic.mp4":   {[]byte(strings.Repeat("Уважаемый редактор, ", 300)), "film-text"},
		"noise.mp4":      {bytes.Repeat([]byte{0x8f, 0x13, 0xff, 0x00, 0x42}, 9999), "film-not-media"},
		"zeros.mp4":      {make([]byte, 70000), "film-not-media"},
		"moov-lost.mp4":  {whole[:len(whole)/2], "film-truncated"},
		"cut-fast.mp4":   {faststart[:len(faststart)*3/5], "film-truncated"},
		"cut-frag.mp4":   {fragmented[:len(fragmented)*3/5], "film-truncated"},
		"cut.mkv":        {matroska[:len(matroska)*3/5], "film-truncated"},
		"cut.avi":        {avi[:len(avi)*3/5], "film-truncated"},
		"flipped.mp4":    {flipped, "film-undecodable"},
		"list.mp4":       {[]byte("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/passwd\n"), "film-playlist"},
		"bom.mp4":        {[]byte("\xef\xbb\xbf\r\n#EXTM3U\n"), "film-playlist"},
		"dash.mp4":       {[]byte("<?xml version=\"1.0\"?>\n<MPD/>"), "film-playlist"},
		"concat.avi":     {[]byte("ffconcat version 1.0\nfile '" + good + "'\n"), "film-playlist"},
		"sdp.mp4":        {[]byte("v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"), "film-playlist"},
		"png.mp4":        {raw(t, "-f", "lavfi", "-i", "testsrc=s=64x64", "-frames:v", "1", "-c:v", "png", "-f", "image2pipe", "-"), "film-not-media"},
		"huge.mkv":       {raw(t, "-f", "lavfi", "-i", "color=s=16400x16:r=5:d=0.4", "-c:v", "mjpeg", "-f", "matroska", "-"), "film-size"},
		"good-again.mp4": {whole, ""},
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, c.data, 0o644); err != nil {
			t.Fatal(err)
		}
		refuses(t, path, c.rule)
	}
	sound := film(t, "film.wav", "-f", "lavfi", "-i", "sine=d=1")
	if f := refuses(t, sound, "film-no-picture"); f.Text != "film.wav has sound but no picture" {
		t.Error(f.Text)
	}
	refuses(t, dir, "film-directory")
	refuses(t, filepath.Join(dir, "nowhere.mp4"), "film-missing")
	refuses(t, "/dev/null", "film-not-a-file")
	if os.Getuid() != 0 {
		os.Chmod(good, 0)
		refuses(t, good, "film-unreadable")
	}
}

func refuses(t *testing.T, path, rule string) (worst report.Finding) {
	t.Helper()
	_, findings, err := tools(t).Probe(context.Background(), path, report.Discard)
	if err != nil {
		t.Errorf("%s: %v", path, err)
	}
	got := ""
	for _, f := range findings {
		if f.Severity == report.Error {
			got, worst = got+f.Rule, f
		}
	}
	if got != rule {
		t.Errorf("%s is refused by %q, want %q: %v", filepath.Base(path), got, rule, findings)
	}
	if rule != "" && (worst.Pos.File != path || worst.Hint == "") {
		t.Errorf("%+v", worst)
	}
	return worst
}

// TestNames: whatever a film is called, it is opened as what it is, by ffprobe and by ffmpeg.
func TestNames(t *testing.T) {
	source, err := os.ReadFile(film(t, "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	t.Chdir(dir)
	names := []string{"-i.mp4", "100%d:film's.mp4", "фильм.mp4", "http:", "concat:a|b", "a\nb.mp4", "[0:v];nullsink", "...", "file:x", "\xff\xfe.mp4", strings.Repeat("я", 125) + ".mp4"}
	if campaign {
		names = append(names, "-y", "a:b", "pipe:0", "data:,x", "async:x", "\"quoted\" `name` $HOME.mp4", " ", "a\\b.mp4")
	}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), source, 0o644); err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		s, findings, err := tools(t).Probe(context.Background(), name, report.Discard)
		if err != nil || len(findings) > 0 || len(s.Video) != 1 {
			t.Errorf("%q: %v, %v", name, findings, err)
			continue
		}
		if sum := sha256.Sum256(source); s.Digest != hex.EncodeToString(sum[:]) || s.Size != int64(len(source)) {
			t.Errorf("%q: digest %s", name, s.Digest)
		}
	}
}

// TestDisguise: a playlist in a film's clothes opens nothing else, even where no first look is taken at it.
func TestDisguise(t *testing.T) {
	t.Parallel()
	other := film(t, "other.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=0.4", "-c:v", "libx264")
	dir := t.TempDir()
	for name, text := range map[string]string{
		"hls.mp4":    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n" + other + "\n#EXT-X-ENDLIST\n",
		"concat.mp4": "ffconcat version 1.0\nfile '" + other + "'\n",
		"hls.avi":    "#EXTM3U\n#EXTINF:9,\nfile:" + other + "\n#EXT-X-ENDLIST\n",
		"sdp.mp4":    "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
		"dash.mp4":   "<?xml version=\"1.0\"?><MPD type=\"static\" mediaPresentationDuration=\"PT1S\" profiles=\"urn:mpeg:dash:profile:isoff-main:2011\"><Period><AdaptationSet><Representation id=\"0\" mimeType=\"video/mp4\"><BaseURL>" + other + "</BaseURL></Representation></AdaptationSet></Period></MPD>",
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, why, err := tools(t).header(context.Background(), path); err != nil || why == "" {
			t.Errorf("%s: ffprobe opened it (%v)", name, err)
		}
		if frames, why, err := tools(t).decodes(context.Background(), path, media.Video{}, 0, true); err != nil || why == "" || frames > 0 {
			t.Errorf("%s: ffmpeg decoded %d frames (%v)", name, frames, err)
		}
	}
}

// TestManyStreams: a file of more than 64 streams is refused before they cost anything.
func TestManyStreams(t *testing.T) {
	t.Parallel()
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=16x16:r=5:d=0.4", "-f", "lavfi", "-i", "sine=d=0.4:r=8000", "-map", "0"}
	for range 65 {
		args = append(args, "-map", "1")
	}
	refuses(t, film(t, "many.mkv", append(args, "-c:v", "mpeg4", "-c:a", "pcm_u8")...), "film-streams")
}

// TestProbeStops: Ctrl-C ends a probe at once, and its error is ctx's.
func TestProbeStops(t *testing.T) {
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-c:v", "mpeg4")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, _, err := tools(t).Probe(ctx, path, report.Discard); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	slow := Tools{FFmpeg: tools(t).FFmpeg, FFprobe: script(t, "exec sleep 30").FFprobe}
	ctx, cancel = context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	if _, _, err := slow.Probe(ctx, path, report.Discard); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

func TestDigest(t *testing.T) {
	data := bytes.Repeat([]byte("film"), 700_000)
	var last int64
	got, err := Digest(context.Background(), save(t, "film", data), func(done, total int64) {
		if done < last || total != int64(len(data)) {
			t.Errorf("%d of %d", done, total)
		}
		last = done
	})
	if sum := sha256.Sum256(data); err != nil || got != hex.EncodeToString(sum[:]) || last != int64(len(data)) {
		t.Errorf("%s, %d, %v", got, last, err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Digest(ctx, save(t, "film", data), nil); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestDiskFull: a disk that is full where the segments go, or where the log goes, is said as such or borne.
func TestDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=4", "-c:v", "libx264", "-preset", "ultrafast")
	source := probe(t, path)
	l := Ladder{Film: path, Source: source.Video[0], Rate: ten, Frames: 40, GOP: 20, Preset: "ultrafast", Rungs: small(320, 180)}
	write := func(r io.Reader) error { _, err := io.Copy(full, r); return err }
	err = tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{write}, nil, "")
	if err == nil || !strings.Contains(fmt.Sprint(err), "no space left") {
		t.Errorf("%v", err)
	}
	if err := tools(t).EncodeLadder(context.Background(), l, []func(io.Reader) error{discard}, nil, "/dev/full"); err != nil {
		t.Errorf("a log that cannot be written ended the encode: %v", err)
	}
}
