package subtitle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const told = `WEBVTT - Kind: Marker-header

NOTE Marker-note

REGION
id:marker-region lines:2
translator: Marker-setting
viewportanchor:10%,90%

REGION
id:marker-unused

STYLE
::cue { color: white } /* Marker-comment */
::cue(.marker-class), ::cue(v[voice="Anna"]) { color: #ff0; background: url(marker.png) }
::cue(v[voice="Marker-nobody"]) { color: lime }
::cue(.marker-dead) { font-family: "Marker font" }
::cue(#marker-id) { color: red }

MARKER_take3
00:01.000 --> 00:03.000 region:marker-region align:start
<i Marker.annotation>This is</i> <c.marker-class.yellow.marker-free>our</c> <marker-tag>house.</marker-tag>

2
00:04.000 --> 00:05.000
<v.marker-free Anna Ab>Yes &lt;3 &amp; no</v> <lang Marker>so</lang> <lang ky>ооба</lang> <00:00:04.500><ruby>a<rt>b</rt></ruby>&#13;&#13;--&gt;
`

// TestBare: of a WebVTT file viewers get what they see, and how; nothing else of it is left.
func TestBare(t *testing.T) {
	track, _ := Read("film.vtt", []byte(told), Options{})
	bare := track.Bare(WebVTT)
	var all []string
	for _, s := range bare.Segments(2*time.Second, 6*time.Second) {
		all = append(all, string(s.Data))
	}
	srt := track.Bare(SRT)
	for _, text := range append(all, string(bare.WebVTT()), string(srt.SRT())) {
		if strings.Contains(strings.ToLower(text), "marker") {
			t.Errorf("hidden words are left:\n%s", text)
		}
	}
	want := `WEBVTT

REGION
id:r1
width:100%
lines:2
regionanchor:0%,100%
viewportanchor:10%,90%

STYLE
::cue { color: white }
::cue(.s1) { color: #ff0 }

00:00:01.000 --> 00:00:03.000 align:start region:r1
<i>This is</i> <c.s1.yellow>our</c> house.

00:00:04.000 --> 00:00:05.000
<v Anna Ab>Yes &lt;3 &amp; no</v> so <lang ky>ооба</lang> <00:00:04.500><ruby>a<rt>b</rt></ruby>
--&gt;
`
	if got := string(bare.WebVTT()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := string(srt.SRT()); !strings.Contains(got, "<i>This is</i> <font color=\"#ffff00\">our</font> house.") || !strings.Contains(got, "Yes <3 & no so ооба ab") {
		t.Errorf("got\n%s", got)
	}
}

// TestBareSRT: the codes that players know stay, with what they are for.
func TestBareSRT(t *testing.T) {
	const in = "1\r\n00:00:01,000 --> 00:00:03,000  X1:1 marker\r\n{\\an8}{\\marker osh 0555}<font color=\"#ff8800\" face=\"/home/marker\">Text</font> <s>old</s> <span class=\"marker\">x</span>\r\n\r\n" +
		"2\r\n00:00:04,000 --> 00:00:05,000\r\n<b>a < b</b> <font color=\"marker\">c</font>\r\n"
	track, _ := Read("film.srt", []byte(in), Options{})
	srt, vtt := string(track.Bare(SRT).SRT()), string(track.Bare(WebVTT).WebVTT())
	if strings.Contains(srt+vtt, "marker") {
		t.Errorf("hidden words are left:\n%s\n%s", srt, vtt)
	}
	want := "1\r\n00:00:01,000 --> 00:00:03,000\r\n{\\an8}<font color=\"#ff8800\">Text</font> <s>old</s> x\r\n\r\n2\r\n00:00:04,000 --> 00:00:05,000\r\n<b>a < b</b> c\r\n"
	if srt != want {
		t.Errorf("got %q\nwant %q", srt, want)
	}
	if !strings.Contains(vtt, " line:0\nText old x\n") || !strings.Contains(vtt, "<b>a &lt; b</b> c\n") {
		t.Errorf("got\n%s", vtt)
	}
}

// TestBareKeepsTheWords: whatever the file, viewers read the same words at the same times, and a second writing changes nothing.
func TestBareKeepsTheWords(t *testing.T) {
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) == 0 {
		t.Skip("no files")
	}
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		track, _ := Read(path, data, Options{})
		for _, f := range []Format{WebVTT, SRT} {
			bare := track.Bare(f)
			for i, c := range track.Cues {
				now := bare.Cues[i]
				if plainWords(now.Plain()) != plainWords(c.Plain()) || now.Start != c.Start || now.End != c.End {
					t.Errorf("%s, cue %d as %s: %q became %q", path, i, f, c.Plain(), now.Plain())
				}
			}
			write := Track.WebVTT
			if f == SRT {
				write = Track.SRT
			}
			if once, twice := string(write(bare)), string(write(bare.Bare(f))); once != twice {
				t.Errorf("%s as %s: written again it is another:\n%q\n%q", path, f, once, twice)
			}
		}
	}
}

// plainWords is a text without how it is laid out, and without what keeps text from being read as markup.
func plainWords(s string) string {
	return strings.Join(strings.Fields(strings.ReplaceAll(s, wordJoiner, "")), " ")
}
