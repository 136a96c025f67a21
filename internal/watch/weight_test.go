package watch

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// gzipped serves text the way a release is stored.
func gzipped(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, ext := range []string{".html", ".js", ".css", ".m3u8", ".vtt"} {
			if strings.HasSuffix(r.URL.Path, ext) {
				w.Header().Set("Content-Encoding", "gzip")
				z := gzip.NewWriter(w)
				defer z.Close()
				r.Header.Del("Range")
				h.ServeHTTP(&gzipWriter{w, z}, r)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}

type gzipWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w *gzipWriter) WriteHeader(code int) {
	w.Header().Del("Content-Length")
	w.ResponseWriter.WriteHeader(code)
}
func (w *gzipWriter) Write(p []byte) (int, error) { return w.z.Write(p) }

func packed(t *testing.T, data []byte) int {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Len()
}

// talk is made-up speech that gzip finds about as hard as a people's: words are as often as in Zipf's law, of letters of their own.
func talk(seed uint64, letters string, minutes int) (lines []Line) {
	dice := rand.New(rand.NewPCG(seed, 1))
	words := make([]string, 4000)
	for i := range words {
		for range 2 + dice.IntN(5) + dice.IntN(4) {
			abc := []rune(letters)
			words[i] += string(abc[min(dice.IntN(len(abc)), dice.IntN(len(abc)))])
		}
	}
	often := rand.NewZipf(dice, 1.1, 3, uint64(len(words)-1))
	for n := range minutes * 12 {
		var text []string
		for range 8 {
			text = append(text, words[often.Uint64()])
		}
		at := time.Duration(n)*5*time.Second + time.Duration(dice.IntN(1000))*time.Millisecond
		lines = append(lines, Line{at, at + 3*time.Second + time.Duration(dice.IntN(1000))*time.Millisecond, "", strings.Join(text, " ")})
	}
	return lines
}

// TestWeight: what a viewer loads before the player, as it is sent, stays below 60 kB however long a film is and however many languages it has. What
// must be left out for that are transcripts in other languages than the page's, and each is there as a text file.
func TestWeight(t *testing.T) {
	const latin, cyrillic = "etaoinshrdlcumwfgypbvk", "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэ"
	for _, c := range []struct {
		minutes, languages int
		page               string
		spoken             string
	}{{20, 2, "en", "l0 l1"}, {20, 4, "en", "l0 l1 l2 l3"}, {90, 1, "en", "l0"}, {90, 2, "l1", "l1"}, {90, 4, "l2", "l2"}, {90, 4, "l3", "l3"}, {180, 1, "en", "l0"}} {
		p := samplePage()
		p.Assets, p.Film.Language, p.Tracks = sampleAssets(), c.page, nil
		for i := range c.languages {
			letters := latin
			if i%2 == 1 {
				letters = cyrillic
			}
			name := fmt.Sprint("l", i)
			p.Tracks = append(p.Tracks, Track{Language: name, Name: name, Kind: "subtitles", VTT: name + ".vtt", TXT: name + ".txt", Lines: talk(uint64(i), letters, c.minutes)})
		}
		page := render(t, p)
		var spoken []string
		for _, s := range (view{Page: p}).Spoken() {
			spoken = append(spoken, s.Language)
		}
		sent := packed(t, page)
		t.Logf("%d minutes, %d languages: %d bytes, %d as sent, with the transcripts of %v", c.minutes, c.languages, len(page), sent, spoken)
		if strings.Join(spoken, " ") != c.spoken {
			t.Errorf("%d minutes, %d languages: the transcripts of %v, want %s", c.minutes, c.languages, spoken, c.spoken)
		}
		if sent > 60_000 && c.minutes <= 90 {
			t.Errorf("%d minutes, %d languages: the page has %d bytes as it is sent, 60 kB are allowed", c.minutes, c.languages, sent)
		}
		for _, track := range p.Tracks {
			if !strings.Contains(string(page), `href="`+track.TXT+`"`) {
				t.Errorf("%d minutes, %d languages: %s is not there as a text file", c.minutes, c.languages, track.Name)
			}
		}
	}
}
