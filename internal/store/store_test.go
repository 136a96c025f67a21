package store_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"mime"
	"strings"
	"testing"
	"unicode/utf8"

	"filmpress/internal/store"
)

func TestTypeOf(t *testing.T) {
	for name, want := range map[string]string{
		"master.m3u8":    "application/vnd.apple.mpegurl",
		"v0/00001.m4s":   "video/iso.segment",
		"v0/init.mp4":    "video/mp4",
		"00001.ts":       "video/mp2t",
		"en/00001.vtt":   "text/vtt; charset=utf-8",
		"film.en.srt":    "application/x-subrip",
		"film.mpd":       "application/dash+xml",
		"film.ttml":      "application/ttml+xml",
		"manifest.json":  "application/json",
		"INDEX.HTML":     "text/html; charset=utf-8",
		"player.js":      "text/javascript; charset=utf-8",
		"player.css":     "text/css; charset=utf-8",
		"poster.jpg":     "image/jpeg",
		"poster.webp":    "image/webp",
		"poster.avif":    "image/avif",
		"article.md":     "text/markdown; charset=utf-8",
		"transcript.txt": "text/plain; charset=utf-8",
		"feed.xml":       "application/xml",
		"unknown.xyz":    "application/octet-stream",
		"html":           "application/octet-stream",
		"a.html/b":       "application/octet-stream",
	} {
		got := store.TypeOf(name)
		if got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
		if _, _, err := mime.ParseMediaType(got); err != nil {
			t.Errorf("%s: %v", got, err)
		}
		text := strings.Contains("master.m3u8 en/00001.vtt film.en.srt film.mpd film.ttml manifest.json INDEX.HTML player.js player.css article.md transcript.txt feed.xml", name)
		if store.Compressible(got) != text {
			t.Errorf("%s: Compressible is %v", got, !text)
		}
	}
}

// FuzzCheckName: what is accepted stays inside a folder, can stand in XML, and is not too long.
func FuzzCheckName(f *testing.F) {
	for _, name := range []string{"a/b.m4s", "../a", "a//b", "a\x00", "фильм", "\xff", "a\\..\\b", strings.Repeat("x", 256), "\uFFFE", "a\u0085"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		err := store.CheckName(name)
		if err != nil {
			if !errors.Is(err, store.ErrName) || strings.ContainsAny(err.Error(), "\n\x00\x1b") {
				t.Errorf("%q: %v", name, err)
			}
			return
		}
		if !fs.ValidPath(name) || name == "." || !utf8.ValidString(name) || len(name) > 1024 || strings.ContainsAny(name, "\x00\r\n\x1b") {
			t.Errorf("%q is accepted", name)
		}
	})
}

// FuzzGzip: packing is undone by unpacking, and gives the same bytes each time.
func FuzzGzip(f *testing.F) {
	f.Add([]byte("#EXTM3U\n"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, plain []byte) {
		packed := store.Gzip(plain)
		if !bytes.Equal(packed, store.Gzip(plain)) {
			t.Error("it gives other bytes the second time")
		}
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%q became %q, %v", plain, got, err)
		}
	})
}
