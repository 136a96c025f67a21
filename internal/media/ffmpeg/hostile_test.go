package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/report"
)

// contents are the bytes of small films of two seconds.
func contents(t testing.TB, list ...made) (out [][]byte) {
	t.Helper()
	for _, path := range films(t, []string{"-f", "lavfi", "-i", "testsrc2=s=64x36:r=20:d=2"}, list...) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, data)
	}
	return out
}

var quickH264 = []string{"-c:v", "libx264", "-preset", "ultrafast"}

// TestHugePictures: pictures of billions of pixels, declared by a container or by the pictures themselves, are refused in one
// sentence, before anything takes the memory for them.
func TestHugePictures(t *testing.T) {
	both := contents(t, made{"film.avi", []string{"-c:v", "mjpeg"}}, made{"film.mp4", quickH264})
	avi, mp4 := both[0], both[1]
	declared := bytes.Clone(avi) // BITMAPINFOHEADER: size, width, height
	at := bytes.Index(declared, []byte("strf")) + 12
	binary.LittleEndian.PutUint32(declared[at:], 60000)
	binary.LittleEndian.PutUint32(declared[at+4:], 60000)
	real := bytes.Clone(declared)
	for i := 0; i+9 < len(real); i++ { // every frame header (SOF0): length, precision, height, width
		if real[i] == 0xff && real[i+1] == 0xc0 && real[i+2] == 0 {
			binary.BigEndian.PutUint16(real[i+5:], 60000)
			binary.BigEndian.PutUint16(real[i+7:], 60000)
		}
	}
	entry := bytes.Index(mp4, []byte("avc1")) // the file type names it, too
	entry += 4 + bytes.Index(mp4[entry+4:], []byte("avc1"))
	binary.BigEndian.PutUint16(mp4[entry+4+24:], 60000)
	binary.BigEndian.PutUint16(mp4[entry+4+26:], 60000)
	for name, c := range map[string]struct {
		data []byte
		want string // the rule
	}{
		"declared.avi": {declared, ""}, // the pictures know better
		"entry.mp4":    {mp4, ""},
		"real.avi":     {real, "film-size"},
		"wide.mkv":     {raw(t, "-f", "lavfi", "-i", "color=s=9000x8000", "-frames:v", "1", "-c:v", "mjpeg", "-f", "matroska", "-"), "film-size"},
	} {
		path := save(t, name, c.data)
		_, findings, err := tools(t).Inspect(context.Background(), path, report.Discard)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		rules := ""
		for _, f := range findings {
			if f.Severity == report.Error {
				rules += f.Rule
				t.Logf("%s: %s", name, f.Text)
			}
		}
		if rules != c.want {
			t.Errorf("%s is refused by %q, want %q", name, rules, c.want)
		}
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		t.Fatal(err)
	}
	if mb := used.Maxrss >> 10; mb > 1500 {
		t.Errorf("a process took %d MB", mb)
	}
}

// TestLyingDurations: what a header says of a film's length counts for nothing where it is too short, and is damage where it is
// too long.
func TestLyingDurations(t *testing.T) {
	t.Parallel()
	all := contents(t, made{"film.mkv", quickH264}, made{"film.mp4", quickH264}, made{"film.flv", []string{"-c:v", "flv"}})
	matroska, mp4, flv := all[0], all[1], all[2]
	declare := func(seconds float64) []byte {
		data := bytes.Clone(matroska)
		at := bytes.Index(data, []byte{0x44, 0x89, 0x88}) // Duration, a float of 8 bytes, in milliseconds
		binary.BigEndian.PutUint64(data[at+3:], math.Float64bits(1000*seconds))
		return data
	}
	header := bytes.Clone(mp4)
	binary.BigEndian.PutUint32(header[bytes.Index(header, []byte("mvhd"))+4+16:], 0x7fffffff)
	at := bytes.Index(flv, []byte("duration")) + 9
	binary.BigEndian.PutUint64(flv[at:], math.Float64bits(-5))
	for name, c := range map[string]struct {
		data []byte
		rule string
	}{
		"short.mkv":    {declare(0.1), ""},
		"nothing.mkv":  {declare(0), ""},
		"negative.mkv": {declare(-3), ""},
		"nan.mkv":      {declare(math.NaN()), ""},
		"endless.mkv":  {declare(math.Inf(1)), ""},
		"long.mkv":     {declare(7200), "film-truncated"},
		"header.mp4":   {header, ""},
		"negative.flv": {flv, ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := save(t, name, c.data)
			source, findings, err := tools(t).Inspect(context.Background(), path, report.Discard)
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, f := range findings {
				got += f.Rule
			}
			if got != c.rule {
				t.Errorf("%q, want %q", got, c.rule)
			}
			if d := source.Duration - 2*time.Second; c.rule == "" && (d < -50*time.Millisecond || d > 50*time.Millisecond) {
				t.Errorf("it lasts %v", source.Duration)
			}
		})
	}
}

// TestCoverArt: pictures that are no film's are none, first or last, alone in the file or not.
func TestCoverArt(t *testing.T) {
	t.Parallel()
	parts := films(t, []string{"-f", "lavfi", "-i", "testsrc=s=300x300", "-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1"},
		made{"cover.jpg", []string{"-map", "0", "-frames:v", "1"}}, made{"moving.mp4", append([]string{"-map", "1", "-map", "2", "-c:a", "aac"}, quickH264...)})
	cover, moving := parts[0], parts[1]
	art := []string{"-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "attached_pic"}
	paths := films(t, []string{"-i", cover, "-i", moving},
		made{"first.mp4", art},
		made{"last.mp4", []string{"-map", "1", "-map", "0", "-c", "copy", "-disposition:v:1", "attached_pic"}},
		made{"first.mkv", art},
		made{"plain.mkv", []string{"-map", "0", "-map", "1", "-c", "copy", "-disposition:v:0", "0"}}, // not marked as what it is
		made{"sound.m4a", []string{"-map", "0", "-map", "1:a", "-c", "copy", "-disposition:v:0", "attached_pic", "-f", "mp4"}})
	for _, path := range paths[:4] {
		source := probe(t, path)
		if v := source.Video[0]; v.Width != 64 || v.Frames != 10 || source.Audio == nil {
			t.Errorf("%s: the film is %dx%d, %d frames", filepath.Base(path), v.Width, v.Height, v.Frames)
		}
	}
	_, findings, err := tools(t).Inspect(context.Background(), paths[4], report.Discard)
	if err != nil || len(findings) != 1 || findings[0].Rule != "film-no-picture" {
		t.Errorf("%v, %v", findings, err)
	}
}

// TestScrambled: a recording whose packets are scrambled is known as such.
func TestScrambled(t *testing.T) {
	t.Parallel()
	data := contents(t, made{"film.ts", quickH264})[0]
	for at := 0; at+188 <= len(data); at += 188 {
		if pid := int(data[at+1]&0x1f)<<8 | int(data[at+2]); pid == 256 {
			data[at+3] |= 0x80 // scrambled with the even key
			for i := at + 12; i < at+188; i++ {
				data[i] ^= byte(i * 31)
			}
		}
	}
	refuses(t, save(t, "film.ts", data), "film-encrypted")
}

// TestOddTitles: what a container says of its chapters comes out as lines.
func TestOddTitles(t *testing.T) {
	t.Parallel()
	list := ";FFMETADATA1\n"
	titles := []string{"Лёд и вода", "<b>bold</b> & \"quoted\"", "two\\\nlines", strings.Repeat("long ", 100), "", "\xff\xfe bytes", "\U0001F9CA"}
	for _, title := range titles {
		list += "[CHAPTER]\nTIMEBASE=1/1000\nSTART=" + itoa(100*strings.Count(list, "CHAPTER")) + "\nEND=" + itoa(100*strings.Count(list, "CHAPTER")+100) + "\ntitle=" + title + "\n"
	}
	chapters := filepath.Join(t.TempDir(), "chapters.txt")
	if err := os.WriteFile(chapters, []byte(list), 0o644); err != nil {
		t.Fatal(err)
	}
	args := append([]string{"-map", "0", "-map_metadata", "1"}, quickH264...)
	for _, path := range films(t, []string{"-f", "lavfi", "-i", "testsrc2=s=64x36:r=10:d=2", "-i", chapters}, made{"film.mkv", args}, made{"film.mp4", args}) {
		name, source := filepath.Base(path), probe(t, path)
		if len(source.Chapters) != len(titles) || source.Chapters[0].Title != titles[0] || source.Chapters[1].Title != titles[1] || source.Chapters[6].Title != titles[6] {
			t.Fatalf("%s: %q", name, source.Chapters)
		}
		for _, c := range source.Chapters {
			if strings.ContainsAny(c.Title, "\n\r\x00") || len([]rune(c.Title)) > 200 {
				t.Errorf("%s: %q", name, c.Title)
			}
		}
	}
}
