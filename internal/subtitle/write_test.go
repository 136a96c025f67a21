package subtitle

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/report"
)

// TestCleanFilesComeBackAsTheyWere holds for every odd file on which there is no finding.
func TestCleanFilesComeBackAsTheyWere(t *testing.T) {
	invisible := []string{"lone-nul.srt", "lone-nul.vtt", "mixed-line-ends.srt", "mixed-line-ends.vtt", "trailing-spaces.srt"} // what nobody sees is not kept
	n := 0
	for _, c := range oddities {
		data := readOdd(t, c.file)
		track, found := Read(c.file, data, Options{})
		if len(found) > 0 || slices.Contains(invisible, c.file) {
			continue
		}
		n++
		again := track.SRT()
		if track.Format == WebVTT {
			again = track.WebVTT()
		}
		if !bytes.Equal(again, data) {
			t.Errorf("%s came back as\n%q\nfrom\n%q", c.file, again, data)
		}
	}
	if n < 15 {
		t.Errorf("only %d clean files", n)
	}
}

func TestWebVTTOfSRT(t *testing.T) {
	in := "1\n00:00:01,001 --> 00:00:02,999\n<i>a</i> & <b>b\n\n2\n100:00:00,000 --> 100:00:01,000\n{\\an8}top\n{\\an9}\n\n3\n00:00:05,000 --> 00:00:06,000\n{\\an4}left\n\n"
	want := "WEBVTT\n\n00:00:01.001 --> 00:00:02.999\n<i>a</i> &amp; <b>b</b>\n\n100:00:00.000 --> 100:00:01.000 line:0\ntop\n\n" +
		"00:00:05.000 --> 00:00:06.000 line:50%,center position:0% align:left\nleft\n"
	track, _ := Read("x.srt", []byte(in), Options{})
	if got := string(track.WebVTT()); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestSRTOfWebVTT(t *testing.T) {
	in := "WEBVTT - a title\n\nNOTE x\n\nSTYLE\n::cue{}\n\nfirst\n00:01.000 --> 00:02.000 line:0\n<v Anna>a <c.x>b</c></v> &lt;i> &amp;amp;\n\n" +
		"2\n00:03.000 --> 00:04.000 line:50%,center position:0% align:left\n<i>a</i>\n&nbsp;b\n\n00:05.000 --> 00:06.000 size:50%\n<ruby>k<rt>r</rt></ruby><00:05.500>{\\an8}\n"
	want := "1\n00:00:01,000 --> 00:00:02,000\n{\\an8}a b <\u2060i> &\u2060amp;\n\n2\n00:00:03,000 --> 00:00:04,000\n{\\an4}<i>a</i>\n\u00a0b\n\n" +
		"3\n00:00:05,000 --> 00:00:06,000\nkr{\u2060\\an8}\n"
	track, found := Read("x.vtt", []byte(in), Options{})
	if len(found) > 0 {
		t.Error(found)
	}
	if got := string(track.SRT()); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	lost := "lossy-header, lossy-note, lossy-style, lossy-class, lossy-id, lossy-voice, lossy-position, lossy-ruby, lossy-timestamp"
	var got []string
	for _, f := range track.LossyAs(SRT) {
		got = append(got, f.Rule)
	}
	if strings.Join(got, ", ") != lost {
		t.Errorf("lost %v\nwant %s", got, lost)
	}
	if l := track.LossyAs(WebVTT); l != nil {
		t.Errorf("WebVTT as WebVTT loses %v", l)
	}
	back, _ := Read("x.srt", track.SRT(), Options{})
	for i, c := range back.Cues {
		if plain := strings.ReplaceAll(c.Plain(), "\u2060", ""); plain != track.Cues[i].Plain() || c.Settings().alignment() != track.Cues[i].Settings().alignment() {
			t.Errorf("cue %d came back as %q", i, plain)
		}
	}
}

func TestLossyAsWebVTT(t *testing.T) {
	track, _ := Read("x.srt", []byte("1\n00:00:01,000 --> 00:00:02,000\n<s>a</s> <font color=pink>b</font> <font color=red>c</font>\n"), Options{})
	if got := brief(track.LossyAs(WebVTT)); got != "warn 2:1 lossy-color, warn 2:1 lossy-strike" {
		t.Error(got)
	}
}

func TestChangedCuesAreWrittenAnew(t *testing.T) {
	track, _ := Read("x.vtt", []byte("WEBVTT\n\n00:01.000  -->  00:02.000\talign:left\na\n"), Options{})
	track.Cues[0].Start += 500 * time.Millisecond
	if got, want := string(track.WebVTT()), "WEBVTT\n\n00:00:01.500 --> 00:00:02.000 align:left\na\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// said is everything that has to survive a conversion: times and plain text of every cue.
func said(cues []Cue) string {
	var b strings.Builder
	for _, c := range cues {
		fmt.Fprintf(&b, "%d %d %q\n", c.Start.Milliseconds(), c.End.Milliseconds(), blankless(c.Plain()))
	}
	return b.String()
}

// TestTimesAndTextSurvive makes SRT files of anything that may stand in one, and follows their cues into WebVTT, into
// segments, and back.
func TestTimesAndTextSurvive(t *testing.T) {
	pieces := []string{"a", "слово", "<i>", "</i>", "<b>", "</b>", "<", ">", "&", "&lt;", "-->", "{\\an8}", "\n", " ", "12", "中文", "♪", "<v x>", "--", "\u00a0", "&amp;", ";"}
	rnd := rand.New(rand.NewSource(1))
	for range 300 {
		var in strings.Builder
		at := 0
		for i := range 1 + rnd.Intn(12) {
			at += rnd.Intn(9000)
			end := at + 1 + rnd.Intn(15000)
			text := "x"
			for range rnd.Intn(8) {
				text += pieces[rnd.Intn(len(pieces))]
			}
			fmt.Fprintf(&in, "%d\n%s --> %s\n%s\n\n", i+1, FormatTime(time.Duration(at)*time.Millisecond, ','), FormatTime(time.Duration(end)*time.Millisecond, ','), text)
		}
		track, found := Read("x.srt", []byte(in.String()), Options{})
		if worst, _ := report.Worst(found); worst == report.Error {
			t.Fatalf("%v\n%s", found, in.String())
		}
		whole, found := Read("x.vtt", track.WebVTT(), Options{})
		for _, f := range found {
			if f.Rule != "vtt-order" {
				t.Errorf("our WebVTT is not clean: %v\n%s", f, track.WebVTT())
			}
		}
		if said(whole.Cues) != said(track.Cues) {
			t.Fatalf("WebVTT says\n%s\nSRT said\n%s", said(whole.Cues), said(track.Cues))
		}
		total := time.Duration(10+rnd.Intn(90)) * time.Second
		if got := said(together(t, track, 6*time.Second, total)); got != said(track.Cues) {
			t.Fatalf("the segments say\n%s\nthe track said\n%s", got, said(track.Cues))
		}
	}
}

// together reads segments the way a player does: each cue once, by its times and text.
func together(t *testing.T, track Track, length, total time.Duration) []Cue {
	t.Helper()
	segments := track.Segments(length, total)
	var end time.Duration
	var cues []Cue
	seen := map[string]int{}
	wanted := map[string]int{}
	for _, c := range track.Cues {
		wanted[said([]Cue{c})]++
	}
	for _, s := range segments {
		if s.Start != end {
			t.Fatalf("a segment starts at %v, the last ended at %v", s.Start, end)
		}
		end = s.Start + s.Duration
		if !bytes.HasPrefix(s.Data, []byte("WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n")) {
			t.Fatalf("a segment begins with %.60q", s.Data)
		}
		part, found := Read("s.vtt", s.Data, Options{})
		for _, f := range found {
			if f.Severity == report.Error && f.Rule != "file-no-cues" {
				t.Fatalf("segment at %v: %v\n%s", s.Start, f, s.Data)
			}
		}
		for _, c := range part.Cues {
			if c.End <= s.Start || c.Start >= end && end != total {
				t.Fatalf("cue %v --> %v does not belong to %v to %v", c.Start, c.End, s.Start, end)
			}
			if key := said([]Cue{c}); seen[key] < wanted[key] {
				seen[key]++
				cues = append(cues, c)
			}
		}
	}
	if end != total {
		t.Fatalf("the segments end at %v, the film at %v", end, total)
	}
	return cues
}

func TestSegments(t *testing.T) {
	in := "WEBVTT\nKind: captions\n\nSTYLE\n::cue{}\n\nREGION\nid:r\n\nNOTE x\n\none\n00:01.000 --> 00:02.000 region:r\na\n\n" +
		"00:05.000 --> 00:06.000\nto the border\n\ntwo\n00:05.500 --> 00:13.000\nover two borders\n\ntwo\n00:20.000 --> 00:21.000\nafter the end\n"
	track, _ := Read("x.vtt", []byte(in), Options{})
	head := "WEBVTT\n" + timestampMap + "\n\nSTYLE\n::cue{}\n\nREGION\nid:r\n"
	want := []string{
		head + "\none\n00:01.000 --> 00:02.000 region:r\na\n\n00:05.000 --> 00:06.000\nto the border\n\n00:05.500 --> 00:13.000\nover two borders\n",
		head + "\n00:05.500 --> 00:13.000\nover two borders\n",
		head + "\n00:05.500 --> 00:13.000\nover two borders\n\n00:20.000 --> 00:21.000\nafter the end\n",
	}
	got := track.Segments(6*time.Second, 15*time.Second)
	if len(got) != 3 || got[2].Start != 12*time.Second || got[2].Duration != 3*time.Second {
		t.Fatalf("%d segments: %+v", len(got), got)
	}
	for i := range want {
		if string(got[i].Data) != want[i] {
			t.Errorf("segment %d\n got %q\nwant %q", i, got[i].Data, want[i])
		}
	}
	for _, c := range []struct {
		length, total time.Duration
		want          int
	}{{6, 12, 2}, {6, 13, 3}, {6, 5, 1}, {6, 0, 1}, {0, 15, 1}} {
		if n := len(track.Segments(c.length*time.Second, c.total*time.Second)); n != c.want {
			t.Errorf("%v in %v: %d segments, want %d", c.total, c.length, n, c.want)
		}
	}
}

// TestSegmentsDoNotExplode: cues that all last the whole film would be repeated in every segment.
func TestSegmentsDoNotExplode(t *testing.T) {
	var track Track
	for range 1000 {
		track.Cues = append(track.Cues, Cue{End: 10 * time.Hour, Raw: "a", Markup: WebVTT})
	}
	s := track.Segments(6*time.Second, 10*time.Hour)
	if len(s) != 1 || s[0].Duration != 10*time.Hour || bytes.Count(s[0].Data, []byte("-->")) != 1000 {
		t.Errorf("%d segments", len(s))
	}
}

func TestSidecar(t *testing.T) {
	for name, want := range map[string]string{
		"film.en.srt":           "en||true",
		"film.ru.vtt":           "ru||true",
		"film.EN.SRT":           "en||true",
		"film.en.sdh.srt":       "en|sdh|true",
		"film.en.SDH.vtt":       "en|sdh|true",
		"film.pt-br.forced.srt": "pt-BR|forced|true",
		"film.zh-hant.srt":      "zh-Hant|" + "|true",
		"film.en_US.srt":        "en-US||true",
		"film.eng.srt":          "en||true",
		"film.ky.srt":           "ky||true",
		"film.hi.srt":           "hi||true",
		"film.en.hi.srt":        "en|sdh|true",
		"film.forced.srt":       "|forced|true",
		"film.srt":              "||true",
		"film.und.srt":          "||false",
		"film.director.srt":     "||false",
		"film.en.final.srt":     "||false",
		"film.a.en.sdh.srt":     "||false",
		"film2.en.srt":          "||false",
		"film-en.srt":           "||false",
		"other.en.srt":          "||false",
		"film.en.txt":           "||false",
		"film.mp4":              "||false",
		"film..srt":             "||false",
	} {
		s, ok := ParseSidecar("film", name)
		if got := fmt.Sprintf("%s|%s|%v", s.Language, s.Kind, ok); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
	if s, ok := ParseSidecar("мой.фильм 2", "мой.фильм 2.ru.srt"); !ok || s.Language != "ru" {
		t.Errorf("a stem with dots: %+v %v", s, ok)
	}
}

func TestParseName(t *testing.T) {
	for name, want := range map[string]string{"film.en.sdh.srt": "en|sdh", "my.long.film.pt-br.vtt": "pt-BR|", "film.srt": "|", "film.sdh.srt": "|sdh",
		"film.ru.cc.VTT": "ru|sdh", "film.hi.srt": "hi|", "film.final.srt": "|", "ru.srt": "|", "srt": "|", "": "|", "film.en.ass": "|"} {
		if s := ParseName(name); s.Language+"|"+string(s.Kind) != want {
			t.Errorf("%q: %+v, want %s", name, s, want)
		}
	}
}

func TestNativeName(t *testing.T) {
	for tag, want := range map[string]string{"ru": "русский", "ky": "кыргызча", "hu": "magyar", "en": "English", "de": "Deutsch", "zh": "中文",
		"pt-BR": "português", "uk": "українська", "fr": "français", "und": "", "": "", "not a tag": "", "tlh": "tlh"} {
		if got := NativeName(tag); got != want {
			t.Errorf("%s: %q, want %q", tag, got, want)
		}
	}
}

func TestTranscript(t *testing.T) {
	track, _ := Read("voices.vtt", readOdd(t, "voices.vtt"), Options{})
	var got []string
	for _, l := range track.Transcript() {
		got = append(got, fmt.Sprintf("%v %s: %s", l.Start, l.Speaker, l.Text))
	}
	if want := "1s Anna: Hello & welcome; 1s Boris: Thank you; 5s Anna: Come in"; strings.Join(got, "; ") != want {
		t.Errorf("%s\nwant %s", strings.Join(got, "; "), want)
	}
	track, _ = Read("tags.srt", readOdd(t, "tags.srt"), Options{})
	for _, l := range track.Transcript() {
		if strings.ContainsAny(l.Text, "\n\\") || strings.Contains(l.Text, "<i>") {
			t.Errorf("not plain: %q", l.Text)
		}
	}
}

func TestReadIsDeterministic(t *testing.T) {
	files, _ := filepath.Glob(filepath.Join(oddFiles, "*.*t*"))
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		a, fa := Read(f, data, Options{})
		b, fb := Read(f, data, Options{})
		if brief(fa) != brief(fb) || fmt.Sprint(a.Segments(6*time.Second, time.Minute)) != fmt.Sprint(b.Segments(6*time.Second, time.Minute)) {
			t.Errorf("%s is not read the same twice", f)
		}
	}
}
