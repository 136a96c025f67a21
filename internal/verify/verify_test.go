package verify_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/missing"
	"filmpress/internal/report"
	"filmpress/internal/verify"
	"filmpress/internal/watch"
)

// broken are the broken rules, each once, sorted.
func broken(findings []report.Finding) string {
	seen := map[string]bool{}
	for _, f := range findings {
		seen[f.Rule] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(seen)), " ")
}

func deep(t *testing.T) verify.Options {
	tools, err := ffmpeg.Find(t.Context(), "", "")
	if err != nil {
		missing.Tool(t, "%v", err)
	}
	return verify.Options{Tools: &tools, Scratch: t.TempDir()}
}

func TestOurReleaseIsSound(t *testing.T) {
	s := newSite(t)
	same := newSite(t)
	same.honest()
	plain := newSite(t) // as releases were before there was DASH
	delete(plain.files, "the-lake/manifest.mpd")
	plain.without("manifest.mpd")
	for name, findings := range map[string][]report.Finding{
		"folder": s.inFolder(verify.Options{}), "folder, ahead": s.inFolder(verify.Options{Ahead: 4}), "folder, deep": s.inFolder(deep(t)),
		"web": s.onWeb(verify.Options{Ahead: 4}), "web, deep": s.onWeb(deep(t)), "listed anew": same.inFolder(verify.Options{}), "without DASH": plain.inFolder(verify.Options{}),
	} {
		for _, f := range findings {
			t.Errorf("%s: %v", name, f)
		}
	}
}

// dash edits the DASH manifest and its entrance alike.
func (s *site) dash(old, with string) {
	for _, name := range []string{"the-lake/manifest.mpd", s.page("manifest.mpd")} {
		s.edit(name, old, with)
	}
	s.honest()
}

const otherID = "0123456789abcdef0123"

// uuid is a box that no player needs.
var uuid = append(binary.BigEndian.AppendUint32(nil, 32), append([]byte("uuid"), make([]byte, 24)...)...)

// slices of H.264 begin with one of these bytes: a picture others need (nal_ref_idc 2 or 3), and one that none needs.
const reference, disposable = 0x41, 0x01

// slice gives where the last sample's NAL unit of a type stands in a segment, by its header.
func slice(t testing.TB, b []byte, headers ...byte) int {
	t.Helper()
	at, last := bytes.Index(b, []byte("mdat"))+4, -1
	for at+5 <= len(b) {
		size := int(binary.BigEndian.Uint32(b[at:]))
		if size <= 0 || at+4+size > len(b) {
			break
		}
		if slices.Contains(headers, b[at+4]) {
			last = at + 4
		}
		at += 4 + size
	}
	if last < 0 {
		t.Fatalf("no NAL unit of type %x", headers)
	}
	return last
}

// faults are single changes to a sound release, each with exactly what must be found.
var faults = []struct {
	rules string
	fault func(s *site)
}{
	// Bytes and the manifest.
	{"release-hash", func(s *site) {
		s.change(s.find("v0/00001.m4s"), func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	}},
	{"release-hash", func(s *site) { s.edit(s.find("track.srt"), "freezes", "freezed") }},
	{"release-size", func(s *site) { s.edit(s.find("track.srt"), "freezes", "froze") }},
	{"release-missing", func(s *site) { delete(s.files, s.find("track.srt")) }},
	{"release-missing", func(s *site) { delete(s.files, s.find("film.mp4")) }},
	{"release-missing", func(s *site) { delete(s.files, s.find("poster.jpg")) }},
	{"release-missing", func(s *site) { delete(s.files, "the-lake/index.html") }},
	{"release-missing", func(s *site) { delete(s.files, "the-lake/master.m3u8") }},
	{"hls-missing", func(s *site) { delete(s.files, s.find("v0/00001.m4s")) }},
	{"hls-missing", func(s *site) { delete(s.files, s.find("a/init.mp4")) }},
	{"hls-missing", func(s *site) { delete(s.files, s.find("s/00001.vtt")) }},
	{"release-unlisted", func(s *site) { s.without("v0/00001.m4s") }},
	{"release-unlisted", func(s *site) { s.without("v0-iframes.m3u8") }},
	{"release-manifest", func(s *site) { s.edit("the-lake/release.json", `"sequence":1`, `"sequence":-1`) }},
	{"release-manifest", func(s *site) { s.edit(s.page("manifest.json"), "The Lake", "The Lane") }},
	{"release-manifest", func(s *site) { delete(s.files, s.page("manifest.json")) }},
	{"release-entrance", func(s *site) { s.edit("the-lake/index.html", s.id, otherID) }},
	{"release-entrance", func(s *site) { s.edit("the-lake/master.m3u8", "FRAME-RATE=25.000", "FRAME-RATE=24.000") }},
	{"release-entrance", func(s *site) { s.edit("the-lake/master.m3u8", "r/"+s.id+"/v0.m3u8", "r/"+s.id+"/v1.m3u8") }},
	{"release-previous", func(s *site) {
		s.edit("the-lake/release.json", `"sequence":1`, `"previous":"`+otherID+`","sequence":2`)
	}},

	// The page.
	{"page-reference", func(s *site) { s.without("poster.jpg") }},
	{"page-reference", func(s *site) { s.without("track.srt") }},
	{"page-reference", func(s *site) { s.edit("the-lake/index.html", "poster.jpg", "p0ster.jpg") }},
	{"page-reference", func(s *site) { s.edit(s.find("storyboard.vtt"), "sheet-0.jpg", "sheet-7.jpg"); s.honest() }},
	{"page-storyboard", func(s *site) {
		s.edit(s.find("storyboard.vtt"), "00:00:00.000 -->", "00:00:11.000 -->")
		s.honest()
	}},
	{"page-integrity", func(s *site) { s.spoilPlayer(func(p watch.Player) watch.File { return p.JS }) }},
	{"page-integrity", func(s *site) { s.spoilPlayer(func(p watch.Player) watch.File { return p.HLS }) }},

	// Subtitles against their track.
	{"subs-source", func(s *site) { s.edit(s.find("s/00000.vtt"), "freezes", "freezed"); s.honest() }},
	{"subs-source", func(s *site) { s.edit(s.find("s/00000.vtt"), "00:00:01.000 -->", "00:00:01.100 -->"); s.honest() }},
	{"subs-source", func(s *site) {
		s.change(s.find("s/00000.vtt"), func(b []byte) []byte { return b[:bytes.Index(b, []byte("00:00:05.000"))] })
		s.honest()
	}},
	{"subs-source", func(s *site) {
		s.change(s.find("s/00001.vtt"), func(b []byte) []byte { return b[:bytes.Index(b, []byte("00:00:05.000"))] })
		s.honest()
	}},
	{"subs-source", func(s *site) {
		s.change(s.find("s/00000.vtt"), func(b []byte) []byte { return append(b, b[bytes.Index(b, []byte("00:00:01.000")):]...) })
		s.honest()
	}},
	{"subs-source", func(s *site) { s.edit(s.find("track.vtt"), "The end", "The fin"); s.honest() }},

	// In step.
	{"dash-timeline hls-8.7", func(s *site) { // all of the sound 100 ms late
		for _, n := range []string{"00000", "00001", "00002", "00003", "00004"} {
			s.change(s.find("a/"+n+".m4s"), func(b []byte) []byte {
				at := bytes.Index(b, []byte("tfdt")) + 8
				binary.BigEndian.PutUint64(b[at:], binary.BigEndian.Uint64(b[at:])+4800)
				return b
			})
		}
		s.honest()
	}},
	{"hls-11.4", func(s *site) {
		m := s.manifest()
		m.Summary = []byte(`{"title":"The story of 00000"}`)
		s.list(m)
	}},

	// Metadata.
	{"privacy-box", func(s *site) {
		s.change(s.find("v0/00002.m4s"), func(b []byte) []byte { return append(b, uuid...) })
		s.honest()
	}},
	{"privacy-name", func(s *site) {
		s.change(s.find("v0/init.mp4"), func(b []byte) []byte { b[bytes.Index(b, []byte("mdhd"))+11] = 7; return b })
		s.honest()
	}},
	{"privacy-mark", func(s *site) {
		s.change(s.find("v0/00002.m4s"), func(b []byte) []byte { copy(b[len(b)-20:], "Lavc59.37.100"); return b })
		s.honest()
	}},
	{"privacy-mark", func(s *site) { s.change(s.page("v0.m3u8"), appended("# /home/mary/film.mov\n")); s.honest() }},
	{"privacy-nal", func(s *site) {
		name := s.find("v0/00002.m4s")
		s.change(name, func(b []byte) []byte { b[slice(s.t, b, reference, 0x61, disposable)] = 6; return b })
		s.honest()
	}},
	{"privacy-jpeg", func(s *site) {
		exif := []byte("\xff\xe1\x00\x08Exif\x00\x00")
		s.change(s.find("poster.jpg"), func(b []byte) []byte { return slices.Concat(b[:2], exif, b[2:]) })
		s.honest()
	}},
	{"privacy-text", func(s *site) {
		s.edit(s.find("track.vtt"), "WEBVTT\n", "WEBVTT\n\nNOTE by Mary\n")
		s.honest()
	}},
	{"privacy-type", func(s *site) { s.with("o/"+strings.Repeat("0", 32)+"/film.prproj", "secret") }},
	{"privacy-unreadable", func(s *site) {
		s.change(s.find("film.mp4"), func(b []byte) []byte { return b[:len(b)-100] })
		s.honest()
	}},

	// Where references lead.
	{"dash-hls ref-host", func(s *site) { s.lead("https://cdn.example/00001.m4s") }},
	{"dash-hls ref-scheme", func(s *site) { s.lead("file:/etc/passwd") }},
	{"dash-hls ref-outside", func(s *site) { s.lead("../../../../../secret.m4s") }},
	{"dash-hls ref-outside", func(s *site) { s.lead("/etc/passwd") }},
	{"ref-many", func(s *site) {
		s.edit(s.page("v0.m3u8"), "#EXT-X-ENDLIST\n", strings.Repeat("#EXTINF:1,\na\n", 100_000)+"#EXT-X-ENDLIST\n")
		s.honest()
	}},
	{"hls-6.10", func(s *site) { // two groups of pictures in one range
		name := s.page("v0-iframes.m3u8")
		s.change(name, func(b []byte) []byte {
			return bytes.Replace(b, []byte("#EXT-X-BYTERANGE:"), []byte("#EXT-X-BYTERANGE:9"), 1)
		})
		s.honest()
	}},

	// DASH beside it.
	{"dash-xml", func(s *site) { s.dash("</Period>", "") }},
	{"dash-static", func(s *site) { s.dash(`type="static"`, `type="dynamic"`) }},
	{"dash-duration", func(s *site) { s.dash(`mediaPresentationDuration="PT`, `mediaPresentationDuration="PT1M`) }},
	{"dash-duration dash-xml", func(s *site) { s.dash(`mediaPresentationDuration="PT`, `mediaPresentationDuration="`) }},
	{"dash-hls", func(s *site) { s.dash(`lang="en"`, `lang="de"`) }},
	{"release-missing", func(s *site) { delete(s.files, s.page("manifest.mpd")) }},
	{"release-missing", func(s *site) { delete(s.files, "the-lake/manifest.mpd") }},
	{"release-entrance", func(s *site) { s.edit("the-lake/manifest.mpd", "00001.m4s", "00000.m4s") }},
}

func appended(text string) func([]byte) []byte {
	return func(b []byte) []byte { return append(b, text...) }
}

// lead makes the picture's second segment lie elsewhere.
func (s *site) lead(to string) {
	s.change(s.page("v0.m3u8"), func(b []byte) []byte {
		lines := strings.Split(string(b), "\n")
		for i, l := range lines {
			if strings.HasSuffix(l, "/00001.m4s") || strings.HasSuffix(l, "/00001-2.m4s") {
				lines[i] = to
			}
		}
		return []byte(strings.Join(lines, "\n"))
	})
	s.honest()
}

func TestEachFaultOfAReleaseIsFound(t *testing.T) {
	newSite(t)
	for i, c := range faults {
		t.Run(fmt.Sprintf("%02d %s", i, c.rules), func(t *testing.T) {
			s := newSite(t)
			s.t = t
			c.fault(s)
			findings := s.inFolder(verify.Options{Ahead: 2})
			if got := broken(findings); got != c.rules {
				t.Errorf("got %q from %v", got, findings)
			}
		})
	}
}

func TestEachFaultOfAServerIsFound(t *testing.T) {
	newSite(t)
	for i, c := range []struct {
		rules string
		fault func(s *site)
	}{
		{"hls-10.4", func(s *site) { s.serve(s.page("master.m3u8"), "Content-Type", "text/plain") }},
		{"hls-10.4", func(s *site) { s.serve(".m4s", "Content-Type", "text/html") }},
		{"hls-10.4", func(s *site) { s.serve(".vtt", "Content-Type", "application/octet-stream") }},
		{"hls-10.4", func(s *site) { s.serve(s.find("v0/init.mp4"), "Content-Type", "binary/octet-stream") }},
		{"hls-10.4", func(s *site) { s.serve(".jpg", "Content-Type", "application/octet-stream") }},
		{"hls-10.1", func(s *site) { s.serve(".m3u8", "Content-Encoding", "") }},
		{"http-encoding", func(s *site) { s.serve(s.find("v0/00001.m4s"), "Content-Encoding", "gzip") }},
		{"http-range", func(s *site) { s.ignore = true }},
		{"http-range", func(s *site) {
			s.answers[s.find("v0/00000.m4s")] = func(w http.ResponseWriter, r *http.Request) {
				name := strings.TrimPrefix(r.URL.Path, "/")
				s.common(w, name)
				if r.Header.Get("Range") != "" {
					w.Header().Set("Content-Range", "bytes 100-199/100000")
					w.WriteHeader(http.StatusPartialContent)
					w.Write(s.files[name][100:200])
					return
				}
				w.Write(s.files[name])
			}
		}},
		{"http-cors", func(s *site) { s.serve(".m4s", "Access-Control-Allow-Origin", "") }},
		{"http-cors", func(s *site) { s.serve(".m3u8", "Access-Control-Allow-Origin", "https://elsewhere.example") }},
		{"http-expose", func(s *site) { s.serve(".m4s", "Access-Control-Expose-Headers", "ETag") }},
		{"http-cache-immutable", func(s *site) { s.serve(".m4s", "Cache-Control", "no-cache") }},
		{"http-cache-immutable", func(s *site) { s.serve(".m4s", "Cache-Control", "") }},
		{"http-cache-immutable", func(s *site) { s.serve(s.find("poster.jpg"), "Cache-Control", "max-age=600") }},
		{"http-cache-stale", func(s *site) {
			s.serve("the-lake/release.json", "Cache-Control", "public, max-age=31536000, immutable")
		}},
		{"http-cache-stale", func(s *site) { s.serve("the-lake/index.html", "Cache-Control", "max-age=3600") }},
		{"http-cache-stale", func(s *site) { s.serve("the-lake/master.m3u8", "Cache-Control", "") }},
		{"hls-missing", func(s *site) {
			s.answers[s.find("v0/00001.m4s")] = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusBadGateway) }
		}},
		{"ref-host", func(s *site) {
			s.answers[s.find("v0/00001.m4s")] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, "http://127.0.0.2:1/secret", http.StatusFound)
			}
		}},
		{"hls-missing", func(s *site) {
			s.answers[s.find("v0/00001.m4s")] = func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, r.URL.Path, http.StatusFound)
			}
		}},
		{"dash-hls ref-host", func(s *site) { s.lead("http://127.0.0.2:1/00001.m4s") }},
		{"dash-hls ref-scheme", func(s *site) { s.lead("file:/etc/passwd") }},
		{"dash-hls ref-scheme", func(s *site) { s.lead("data:video/mp4;base64,AAAA") }},
	} {
		t.Run(fmt.Sprintf("%02d %s", i, c.rules), func(t *testing.T) {
			s := newSite(t)
			c.fault(s)
			findings := s.onWeb(verify.Options{Ahead: 2})
			if got := broken(findings); got != c.rules {
				t.Errorf("got %q from %v", got, findings)
			}
		})
	}
}

// common sets the headers that every answer has.
func (s *site) common(w http.ResponseWriter, name string) {
	w.Header().Set("Content-Type", "video/iso.segment")
	w.Header().Set("Access-Control-Allow-Origin", "*")
	w.Header().Set("Access-Control-Expose-Headers", "Content-Length, Content-Range")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
}

// TestDecodingFindsMore tells damage that only a decoder sees.
func TestDecodingFindsMore(t *testing.T) {
	o := deep(t)
	for i, c := range []struct {
		rules string
		fault func(s *site)
	}{
		{"deep-decode", func(s *site) {
			s.change(s.find("v0/00003.m4s"), func(b []byte) []byte {
				at := slice(s.t, b, reference, 0x61)
				end := at + int(binary.BigEndian.Uint32(b[at-4:]))
				for i := at + 20; i < end; i++ {
					b[i] = byte(i*i*31 + 7)
				}
				return b
			})
		}},
		{"deep-decode", func(s *site) {
			s.change(s.find("a/00003.m4s"), func(b []byte) []byte {
				for i := len(b) - 3000; i < len(b); i++ {
					b[i] = 0xff
				}
				return b
			})
		}},
		{"deep-decode", func(s *site) { // the last picture of a group is nothing but filling
			s.change(s.find("v0/00003.m4s"), func(b []byte) []byte {
				at := slice(s.t, b, reference, 0x61)
				end := at + int(binary.BigEndian.Uint32(b[at-4:]))
				for i := at + 1; i < end; i++ {
					b[i] = 0xff
				}
				b[at], b[end-1] = 12, 0x80
				return b
			})
		}},
	} {
		s := newSite(t)
		c.fault(s)
		s.honest()
		if got := broken(s.inFolder(verify.Options{})); got != "" {
			t.Errorf("%s: without decoding %q", c.rules, got)
		}
		findings := s.inFolder(o)
		if got := broken(findings); got != c.rules {
			t.Errorf("%d, %s: got %q from %v", i, c.rules, got, findings)
		}
	}
}
