package subtitle

import (
	"strings"
	"testing"
)

// A browser refuses these, so there must be no cue, whatever Read makes of them for the sake of repair.
func TestExactRefuses(t *testing.T) {
	const cue = "\n\n00:01.000 --> 00:02.000\nlost\n"
	for _, in := range []string{
		"", "\n", " ", "\ufeff", "W", "WEBVT" + cue, "webvtt" + cue, " WEBVTT" + cue, "\nWEBVTT" + cue,
		"WEBVTT:" + cue, "WEBVTTX" + cue, "WEBVTT\f" + cue, "WEBVTT\v" + cue, "WEBVTT\u00a0" + cue, "WEBVTT\u2003" + cue, "WEBVTT\x00" + cue,
		"\ufeff\ufeffWEBVTT" + cue, "\ufffeWEBVTT" + cue, "WEBVTT\ufeff" + cue,
		"1\n00:00:01,000 --> 00:00:02,000\nan SRT file\n", "00:01.000 --> 00:02.000\nno signature\n", "REGION\nid:a" + cue,
		"\xff\xfeW\x00E\x00B\x00V\x00T\x00T\x00\n\x00", "\xfe\xff\x00W\x00E\x00B\x00V\x00T\x00T\x00\n", "W\x00E\x00B\x00V\x00T\x00T\x00\n\x00",
		"\x00\x00\x00\x18ftypmp42", "<?xml version='1.0'?><tt/>", "[Script Info]\n",
	} {
		track, found := ReadWebVTT("a.vtt", []byte(in), Options{})
		if !track.Refused || track.Format != WebVTT || len(track.Cues) != 0 || len(found) != 1 || found[0].Rule != "vtt-signature" {
			t.Errorf("%q: refused %v, %d cues, found %q", in, track.Refused, len(track.Cues), brief(found))
		}
	}
}

func TestExact(t *testing.T) {
	for _, c := range []struct{ in, cues string }{
		// the signature line, and what may stand behind it (6.1)
		{"WEBVTT", ""}, {"WEBVTT ", ""}, {"WEBVTT\t", ""}, {"WEBVTT\r", ""}, {"\ufeffWEBVTT\r\n", ""},
		{"WEBVTT " + t12 + "\na", ""},
		{"WEBVTT\n" + t12 + "\na", "|1000|2000||a"},
		{"WEBVTT\n \n" + t12 + "\na", "|1000|2000||a"},
		{"WEBVTT\nx --> y\n\n" + t12 + "\na", "|1000|2000||a"},
		// bytes: UTF-8 whatever they look like, one U+FFFD for each start of a character that breaks off
		{"WEBVTT\n\n" + t12 + "\n\xcc\xfb", "|1000|2000||\ufffd\ufffd"},
		{"WEBVTT\n\n" + t12 + "\na\xe2\x82z\xf0\x9f\x98\n", "|1000|2000||a\ufffdz\ufffd"},
		{"WEBVTT\n\n" + t12 + "\n\xc0\xafa\xed\xa0\x80a\xf4\x90\x80\x80", "|1000|2000||\ufffd\ufffda\ufffd\ufffd\ufffda\ufffd\ufffd\ufffd\ufffd"},
		{"WEBVTT\n\n\xff\n" + t12 + "\na\x00b", "\ufffd|1000|2000||a\ufffdb"},
		{"WEBVTT\n\n00:01.000\x00--> 00:02.000\nlost", ""},
		{"WEBVTT\n\n" + t12 + "\x00align:end\na", "|1000|2000||a"},
		{"WEBVTT\n\n" + t12 + "\x00 align:end\na", "|1000|2000|align:end|a"},
		// line ends of every kind in one file
		{"WEBVTT\r\ra\r" + t12 + "\rx\n\nb\n" + t12 + "\r\ny\n\rc\r" + t12 + "\nz", "a|1000|2000||x ~ b|1000|2000||y ~ c|1000|2000||z"},
		// blocks (6.2)
		{"WEBVTT\n\n-->\n" + t12 + "\na", "|1000|2000||a"},
		{"WEBVTT\n\nx-->\n" + t12 + "\na\n---->\n" + t34 + "\nb", "|1000|2000||a ~ |3000|4000||b"},
		{"WEBVTT\n\nid\nx --> y\n" + t12 + "\na", "|1000|2000||a"},
		{"WEBVTT\n\nNOTE\n" + t12 + "\na", "NOTE|1000|2000||a"},
		{"WEBVTT\n\nNOTE " + t12 + "\na", ""},
		{"WEBVTT\n\n" + t12 + "\nNOTE a\nb", "|1000|2000||NOTE a\nb"},
		{"WEBVTT\n\n" + t12 + "\nSTYLE\nREGION", "|1000|2000||STYLE\nREGION"},
		{"WEBVTT\n\nx\nSTYLE\ny\n\n" + t12 + "\na", "|1000|2000||a"},
		{"WEBVTT\n\nx\nREGION\nid:r\n\n" + t12 + " region:r\na", "|1000|2000||a"},
		{"WEBVTT\n\nREGION\n\n" + t12 + " region:r\na", "|1000|2000||a"},
		{"WEBVTT\n\nREGION \t\nid:r\n" + t12 + " region:r\na", "|1000|2000|region:r|a"},
		{"WEBVTT\n\nREGION\nREGION\nid:r\n\n" + t12 + " region:r\na", "|1000|2000|region:r|a"},
		{"WEBVTT\n\nREGION\n-->\nid:r\n\n" + t12 + " region:r\na", "|1000|2000||a"},
		{"WEBVTT\n\n-->\nREGION\nid:r\n\n" + t12 + " region:r\na", "|1000|2000||a"},
		{"WEBVTT\n\nREGION\nid:r-->\n\n" + t12 + " region:r-->\na", "|1000|2000||a"},
		{"WEBVTT\n\n" + t12 + "\na\n\nREGION\nid:r\n\n" + t34 + " region:r\nb", "|1000|2000||a ~ |3000|4000||b"},
		{"WEBVTT\n\nREGION\nid:r lines:1\n\nREGION\nid:r lines:2\n\n" + t12 + " region:r\na", "|1000|2000|region:r|a"},
		// timings (6.3, 6.4)
		{"WEBVTT\n\n\f00:01.000\t-->\f00:02.000\f\na", "|1000|2000||a"},
		{"WEBVTT\n\n\v00:01.000 --> 00:02.000\nlost", ""},
		{"WEBVTT\n\n00:01.000-->00:02.000align:end\na", "|1000|2000|align:end|a"},
		{"WEBVTT\n\n00:01.000 --> 00:02.0000\nlost", ""},
		{"WEBVTT\n\n00:01.000 -->", ""},
		{"WEBVTT\n\n-00:01.000 --> 00:02.000\nlost", ""},
		{"WEBVTT\n\n0:00:01.000 --> 60:00:02.000\na", "|1000|216002000||a"},
		{"WEBVTT\n\n00:02.000 --> 00:01.000\na", "|2000|1000||a"},
		{"WEBVTT\n\n \n" + t12 + "\n \n\n", " |1000|2000|| "},
	} {
		track, found := ReadWebVTT("a.vtt", []byte(c.in), Options{})
		if got := cueLines(track); got != c.cues || track.Refused {
			t.Errorf("%q\n cues %q (refused %v)\n want %q", c.in, got, track.Refused, c.cues)
		}
		checkPlaces(t, []byte(c.in), found)
	}
}

// The last of two regions of one name counts, with its own settings and not the first one's.
func TestExactRegionOfOneName(t *testing.T) {
	in := "WEBVTT\n\nREGION\nid:r lines:1 width:10%\n\nREGION\nid:r lines:2\n\n" + t12 + " region:r\na\n"
	track, _ := ReadWebVTT("a.vtt", []byte(in), Options{})
	if r := track.Cues[0].Settings().Region; r == nil || r.Lines != 2 || r.Width != 100 {
		t.Errorf("region %+v", r)
	}
}

func TestExactCaps(t *testing.T) {
	for in, rule := range map[string]string{
		"WEBVTT\n\n" + strings.Repeat("a", MaxLine+1):    "line-too-long",
		"WEBVTT\n\n" + strings.Repeat("a\n", MaxBytes/2): "file-too-large",
	} {
		track, found := ReadWebVTT("a.vtt", []byte(in), Options{})
		if track.Format != 0 || len(found) != 1 || found[0].Rule != rule {
			t.Errorf("format %q, found %q, want %s", track.Format, brief(found), rule)
		}
	}
	if track, found := ReadWebVTT("a.vtt", []byte("WEBVTT"), Options{Charset: "klingon"}); track.Format != 0 || brief(found) != "error 0:0 enc-unknown" {
		t.Errorf("an unknown encoding: format %q, found %q", track.Format, brief(found))
	}
}

func TestExactCharset(t *testing.T) {
	data := []byte("WEBVTT\n\n" + t12 + "\n\xcc\xfb")
	track, found := ReadWebVTT("a.vtt", data, Options{Charset: "cp1251"})
	if cueLines(track) != "|1000|2000||Мы" || track.Charset != "windows-1251" || len(found) != 0 {
		t.Errorf("%q in %s, found %q", cueLines(track), track.Charset, brief(found))
	}
	if _, found = ReadWebVTT("a.vtt", data, Options{}); brief(found) != "error 4:1 enc-not-utf8" {
		t.Errorf("found %q", brief(found))
	}
}

func TestIsWebVTT(t *testing.T) {
	for in, want := range map[string]bool{
		"a.vtt|": true, "A.VTT|1": true, "a.srt|WEBVTT\n": true, "a.txt|\ufeffWEBVTT": true, "a|WEBVTTx": false, "a.srt|1": false, "vtt|": false,
	} {
		name, data, _ := strings.Cut(in, "|")
		if got := IsWebVTT(name, []byte(data)); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}
