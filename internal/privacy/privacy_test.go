package privacy

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

func ffmpeg(t *testing.T, args ...string) {
	t.Helper()
	if out, err := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "warning", "-y"}, args...)...).CombinedOutput(); err != nil || len(out) > 0 {
		t.Fatalf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func rules(findings []report.Finding) string {
	var list []string
	for _, f := range findings {
		if len(list) == 0 || list[len(list)-1] != f.Rule {
			list = append(list, f.Rule)
		}
	}
	return strings.Join(list, " ")
}

func checkBytes(name string, b []byte) []report.Finding {
	findings, err := Check(context.Background(), name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		panic(err)
	}
	return findings
}

var plain = []string{"-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-bsf:v", "filter_units=remove_types=6"}

// movie makes two seconds of film with everything that may leak planted in it.
func movie(t *testing.T, args ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f.mp4")
	ffmpeg(t, append(append([]string{"-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264", "-c:a", "aac",
		"-pix_fmt", "yuv420p", "-metadata", "title=Secret", "-metadata", "location=+59.9+030.3/", "-metadata", "creation_time=2020-01-02T03:04:05Z",
		"-metadata:s:v", "handler_name=Canon EOS", "-movflags", "+faststart"}, args...), name)...)
	return name
}

func TestProgressiveMovie(t *testing.T) {
	name := movie(t)
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got := rules(checkBytes("f.mp4", raw)); !strings.Contains(got, "privacy-box") || !strings.Contains(got, "privacy-name") || !strings.Contains(got, "privacy-nal") {
		t.Errorf("a film with everything planted: %q", got)
	}
	clean := movie(t, plain...)
	frames := func(name string) string {
		out, err := exec.Command("ffmpeg", "-v", "warning", "-i", name, "-f", "framemd5", "-").CombinedOutput()
		if err != nil {
			t.Fatal(string(out))
		}
		return string(out)
	}
	before := frames(clean)
	f, err := os.OpenFile(clean, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, _ := f.Stat()
	if findings, err := Check(t.Context(), "f.mp4", f, info.Size()); err != nil || rules(findings) == "" {
		t.Error("ffmpeg's own file passes: the test proves nothing")
	}
	if err := CleanMP4(f, info.Size()); err != nil {
		t.Fatal(err)
	}
	if findings, err := Check(t.Context(), "f.mp4", f, info.Size()); err != nil || len(findings) > 0 {
		t.Error(findings)
	}
	after, _ := os.ReadFile(clean)
	if int64(len(after)) != info.Size() {
		t.Errorf("%d bytes, were %d", len(after), info.Size())
	}
	for _, mark := range []string{"Lav", "x264", "Secret", "Canon", "+59.9", "VideoHandler", "udta"} {
		if bytes.Contains(after, []byte(mark)) {
			t.Errorf("%q survived", mark)
		}
	}
	if frames(clean) != before {
		t.Error("the film decodes differently")
	}
	for what, spoil := range map[string]func([]byte) []byte{
		"privacy-unreadable": func(b []byte) []byte { return b[:len(b)-1] },
		"privacy-box":        func(b []byte) []byte { return append(b, "\x00\x00\x00\x0cmdathide"...) },
		"privacy-mark":       func(b []byte) []byte { copy(b[len(b)-20:], "Lavc59.37"); return b },
	} {
		if got := rules(checkBytes("f.mp4", spoil(bytes.Clone(after)))); !strings.Contains(got, what) {
			t.Errorf("%q, want %s", got, what)
		}
	}
	if err := CleanMP4(readOnly{bytes.NewReader(after[:100])}, 100); !errors.Is(err, mp4.ErrMalformed) {
		t.Errorf("a cut file: %v", err)
	}
}

type readOnly struct{ io.ReaderAt }

func (readOnly) WriteAt([]byte, int64) (int, error) { return 0, errors.New("read only") }

// sample makes a segment of one sample, as our encoder's output is.
func sample(data string) []byte {
	return mp4.AppendFragment(nil, mp4.Fragment{Sequence: 1, Samples: []mp4.Sample{{Duration: 1, Size: uint32(len(data)), Sync: true}}, Data: []byte(data)})
}

const (
	slice = "\x00\x00\x00\x03\x65ab"
	sei   = "\x00\x00\x00\x05\x06abcd"
)

// A sequence header of SVT-AV1, and the beginning of a keyframe.
const (
	sequence = "\x0a\x0e\x00\x00\x00\x0c\xc4\xff\x67\x3e\xfe\x64\x04\x04\x04\x90"
	frame    = "\x32\x03\x10\x00\x00"
)

func av1Init() []byte {
	return mp4.Track{Timescale: 25, Codec: "av01", Width: 640, Height: 360, Color: &mp4.BT709, Config: []byte("\x81\x01\x0d\x00" + sequence)}.InitSection()
}

func initSection() []byte {
	return mp4.Track{Timescale: 25, Codec: "avc1", Width: 2, Height: 2, Color: &mp4.BT709,
		Config: []byte{1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 2, 0x67, 0x64, 1, 0, 1, 0x68}}.InitSection()
}

func replaced(b []byte, old, with string) []byte {
	return bytes.Replace(b, []byte(old), []byte(with), 1)
}

// poke overwrites bytes at a place after the first occurrence of a box's type.
func poke(b []byte, box string, at int, with string) []byte {
	copy(b[bytes.Index(b, []byte(box))+4+at:], with)
	return b
}

func TestCheck(t *testing.T) {
	jpeg := func(parts ...string) []byte {
		return []byte("\xff\xd8" + strings.Join(parts, "") + "\xff\xda\x00\x03x" + "scan\xff\x00data\xff\xd0more" + "\xff\xd9")
	}
	const jfif = "\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"init.mp4", initSection(), ""},
		{"sound.mp4", mp4.AudioConfig{SampleRate: 48000, Channels: 2, ASC: []byte{0x11, 0x90}}.Track().InitSection(), ""},
		{"udta.mp4", replaced(initSection(), "trex", "udta"), "privacy-box"},
		{"meta.mp4", replaced(initSection(), "pasp", "meta"), "privacy-box"},
		{"uuid.mp4", append(initSection(), "\x00\x00\x00\x0cuuidabcd"...), "privacy-box"},
		{"hidden.mp4", append(initSection(), "\x00\x00\x00\x0cmdatabcd"...), "privacy-box"},
		{"free.mp4", append(initSection(), "\x00\x00\x00\x0cfreeabcd"...), "privacy-name"},
		{"empty-free.mp4", append(initSection(), "\x00\x00\x00\x0cfree\x00\x00\x00\x00"...), ""},
		{"time.mp4", poke(initSection(), "mvhd", 4, "\xd0"), "privacy-name"},
		{"track-time.mp4", poke(initSection(), "tkhd", 8, "\xd0"), "privacy-name"},
		{"handler.mp4", poke(initSection(), "hdlr", 24, "V"), "privacy-name"},
		{"compressor.mp4", poke(initSection(), "avc1", 42, "\x04Lavc"), "privacy-name"},
		{"icc.mp4", replaced(initSection(), "nclx", "prof"), "privacy-box"},
		{"sei-in-avcC.mp4", poke(initSection(), "avcC", 8, "\x06"), "privacy-nal"},
		{"text.mp4", []byte("this is a text and no film"), "privacy-unreadable"},
		{"empty.mp4", nil, "privacy-unreadable"},
		{"v.m4s", sample(slice + slice), ""},
		{"two.m4s", append(sample(slice), sample(slice)...), ""},
		{"sei.m4s", sample(sei + slice), "privacy-nal"},
		{"sound.m4s", sample("\x21\x10\x04\x60\x8c\x1c"), ""},
		{"signed.m4s", sample("\xde\x04\x00Lavc59.37.100\x00\x02"), "privacy-mark"},
		{"four-letters-by-chance.m4s", sample("\xde\x04\x00Lavc\x81\x00"), ""},
		{"av1.mp4", av1Init(), ""},
		{"av1-compressor.mp4", poke(av1Init(), "av01\x00\x00\x00\x00\x00\x00", 42, "\x04Lavc"), "privacy-name"},
		{"av1-metadata.mp4", replaced(av1Init(), "\x0a\x0e\x00\x00\x00\x0c", "\x2a\x0e\x00\x00\x00\x0c"), "privacy-nal"},
		{"av1-hidden.mp4", replaced(av1Init(), "\x04\x04\x04\x90", "\x04\x04\x04\x91"), "privacy-unreadable"},
		{"av1.m4s", sample(sequence + frame), ""},
		{"av1-delimited.m4s", sample("\x12\x00" + sequence + frame), ""},
		{"av1-t35.m4s", sample(sequence + "\x2a\x08\x04\xb5\x00Anna\x80" + frame), "privacy-nal"},
		{"av1-padding.m4s", sample(sequence + frame + "\x7a\x04Anna"), "privacy-nal"},
		{"av1-reserved.m4s", sample(sequence + frame + "\x4a\x04Anna"), "privacy-nal"},
		{"av1-full-delimiter.m4s", sample(sequence + frame + "\x12\x04Anna"), "privacy-nal"},
		{"av1-behind-the-header.m4s", sample(sequence[:1] + "\x12" + sequence[2:] + "Anna" + frame), "privacy-unreadable"},
		{"av1-cut.m4s", sample(sequence + "\x32\x7f\x10"), "privacy-unreadable"},
		{"av1-signed.m4s", sample(sequence + "\x32\x14\x10SVT-AV1 v1.4.1 here"), "privacy-mark"},
		{"emsg.m4s", append(sample(slice), "\x00\x00\x00\x0cemsgabcd"...), "privacy-box"},
		{"longer-mdat.m4s", append(poke(sample(slice), "mdat", -5, "\x13"), "hide"...), "privacy-box"},
		{"cut.m4s", sample(slice)[:70], "privacy-unreadable"},
		{"p.jpg", jpeg(jfif), ""},
		{"p.jpeg", jpeg("\xff\xdb\x00\x03q\xff\xc0\x00\x03f\xff\xc4\x00\x03h"), ""},
		{"comment.jpg", jpeg(jfif, "\xff\xfe\x00\x10Lavc59.37.100\x00"), "privacy-jpeg"},
		{"exif.jpg", jpeg("\xff\xe1\x00\x08Exif\x00\x00"), "privacy-jpeg"},
		{"thumbnail.jpg", jpeg("\xff\xe0\x00\x13JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x01\x01rgb"), "privacy-jpeg"},
		{"trailer.jpg", append(jpeg(), "GPS"...), "privacy-jpeg"},
		{"cut.jpg", jpeg()[:12], "privacy-unreadable"},
		{"not.jpg", []byte("\x89PNG"), "privacy-unreadable"},
		{"p.png", []byte("\x89PNG"), "privacy-type"},
		{"film.mov", nil, "privacy-type"},
		{"noextension", nil, "privacy-type"},
		{"m.m3u8", []byte("#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\nseg.m4s\n"), ""},
		{"m.m3u8", []byte("#EXTM3U\n/home/anna/film/seg.m4s\n"), "privacy-mark"},
		{"r.json", []byte(`{"source":"/Users/anna/Desktop/film.mov"}`), "privacy-mark"},
		{"r.json", []byte(`{"source":"C:\Users\anna\film.mov"}`), "privacy-mark"},
		{"r.json", []byte(`{"url":"https://example.org/home/anna/"}`), ""},
		{"r.json", []byte(`{"tags":{"creation_time":"2020"}}`), "privacy-mark"},
		{"r.json", []byte(`{"encoder":"Lavf59.27.100"}`), "privacy-mark"},
		{"s.vtt", []byte("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00.000 --> 00:01.000\nNOTE that x264 is a codec\n"), ""},
		{"s.vtt", []byte("WEBVTT\n\nNOTE translated by Anna\n\n00:00.000 --> 00:01.000\nHi\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT - by Anna\n\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\nREGION\nid:a width:40%\nviewportanchor:10%,90%\n\nSTYLE\n::cue { color: white }\n\n1\n00:01.000 --> 00:02.000 region:a line:0\n<v.x Anna>Hi</v> <c.y>&lt;3</c> <00:00:01.500><lang ky>a</lang>\n"), ""},
		{"s.vtt", []byte("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nsheet-0.jpg#xywh=0,0,160,90\n"), ""},
		{"s.vtt", []byte("WEBVTT\n\nREGION\nid:a\ntranslator: Anna\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\nSTYLE\n::cue { color: white } /* in Osh */\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\nANNA_take3\n00:01.000 --> 00:02.000\nHi\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\nHi\n\nstray words\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n7\nstray words\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000 by:anna\nHi\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<i Anna>Hi</i>\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<anna>Hi\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\nHi <anna\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\n\n00:01.000 --> 00:02.000\n<lang Anna in Osh>Hi</lang>\n"), "privacy-text"},
		{"s.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<font color=\"#ff0000\">a</font> <i>b</i> {x} < 3\n"), ""},
		{"s.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\n{\\anna osh}Hi\n"), "privacy-text"},
		{"s.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\n<font face=\"Anna\">Hi</font>\n"), "privacy-text"},
		{"s.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\n<i anna>Hi</i>\n"), "privacy-text"},
		{"s.vtt", []byte("WEBVTT\nAuthor: Anna\n\n"), "privacy-text"},
		{"i.html", []byte("<p>It speaks of x264 and of /home/ itself.</p>"), ""},
		{"i.html", []byte(`<meta name="generator" content="x">`), "privacy-text"},
		{"i.html", []byte("<!-- by Anna -->"), "privacy-text"},
		{"hls.js", []byte("anything /home/x/ the bundle holds"), ""},
	} {
		if got := rules(checkBytes(c.name, c.in)); got != c.want {
			t.Errorf("%s: %q, want %q: %v", c.name, got, c.want, checkBytes(c.name, c.in))
		}
	}
}

func TestBlanksOfAnAddress(t *testing.T) {
	if parts := blanks("url ", []byte("\x00\x00\x00\x00http://x")); len(parts) != 1 || zero(parts[0]) {
		t.Error("media outside of the file passes")
	}
}

// TestProseOnlyWarns: an article may well print a path.
func TestProseOnlyWarns(t *testing.T) {
	findings := checkBytes("i.html", []byte("<p>\n<code>cd /home/anna/films</code>"))
	if len(findings) != 1 || findings[0].Severity != report.Warn || findings[0].Pos.Line != 2 {
		t.Error(findings)
	}
}

func TestStripJPEG(t *testing.T) {
	name := filepath.Join(t.TempDir(), "p.jpg")
	ffmpeg(t, "-f", "lavfi", "-i", "testsrc2=s=160x90", "-frames:v", "1", "-pix_fmt", "yuvj444p", "-v", "error", "-metadata", "comment=Secret", "-update", "1", name)
	raw, _ := os.ReadFile(name)
	planted := append(append([]byte("\xff\xd8\xff\xe1\x00\x0eExif\x00\x00Secret"), raw[2:]...), "Secret"...)
	if got := rules(checkBytes("p.jpg", planted)); got != "privacy-jpeg" {
		t.Fatalf("%q", got)
	}
	out, err := StripJPEG(planted)
	if err != nil || len(checkBytes("p.jpg", out)) > 0 || bytes.Contains(out, []byte("Lavc")) || bytes.Contains(out, []byte("Secret")) {
		t.Errorf("%v %v", err, checkBytes("p.jpg", out))
	}
	pixels := func(b []byte) string {
		cmd := exec.Command("ffmpeg", "-v", "warning", "-f", "image2pipe", "-c:v", "mjpeg", "-i", "-", "-f", "md5", "-")
		cmd.Stdin = bytes.NewReader(b)
		sum, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatal(string(sum))
		}
		return string(sum)
	}
	if a, b := pixels(raw), pixels(out); a != b || !strings.HasPrefix(a, "MD5=") {
		t.Errorf("%s, %s", a, b)
	}
	if _, err := StripJPEG([]byte("GIF89a")); !errors.Is(err, ErrJPEG) {
		t.Error(err)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(0, initSection())
	f.Add(1, sample(slice+sei))
	f.Add(1, sample(sequence+frame+"\x2a\x08\x04\xb5\x00Anna\x80"))
	f.Add(0, av1Init())
	f.Add(2, []byte("\xff\xd8\xff\xfe\x00\x03c\xff\xda\x00\x03xscan\xff\xd9"))
	f.Add(3, []byte("WEBVTT\n\nNOTE x\n"))
	f.Add(4, []byte("#EXTM3U\n/home/a/b"))
	f.Add(5, []byte("<!--"))
	names := []string{"a.mp4", "a.m4s", "a.jpg", "a.vtt", "a.m3u8", "a.html"}
	f.Fuzz(func(t *testing.T, kind int, b []byte) {
		name := names[uint(kind)%uint(len(names))]
		if len(checkBytes(name, b)) > maxFindings {
			t.Error("too many findings")
		}
		if out, err := StripJPEG(b); err == nil {
			if findings := checkBytes("a.jpg", out); len(findings) > 0 {
				t.Fatal(findings)
			}
		}
		mended := memory(bytes.Clone(b))
		if CleanMP4(mended, int64(len(mended))) == nil {
			for _, f := range checkBytes("a.mp4", mended) {
				if f.Rule == "privacy-name" {
					t.Fatal(f)
				}
			}
		}
	})
}

type memory []byte

func (m memory) ReadAt(p []byte, at int64) (int, error)  { return bytes.NewReader(m).ReadAt(p, at) }
func (m memory) WriteAt(p []byte, at int64) (int, error) { return copy(m[at:], p), nil }
