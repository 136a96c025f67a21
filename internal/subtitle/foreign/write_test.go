package foreign

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// stlFile is an EBU STL file of these blocks.
func stlFile(table string, blocks ...[]byte) []byte {
	b := bytes.Repeat([]byte{' '}, stlGeneral)
	copy(b, "850STL25.010"+table+"56")
	copy(b[238:], fmt.Sprintf("%05d%05d001", len(blocks), len(blocks)))
	copy(b[251:], "4023110000000")
	for _, x := range blocks {
		b = append(b, x...)
	}
	return b
}

// tti is a block that begins at second 36000 + at: number, extension, comment flag, row, alignment.
func tti(number, extension, comment, row, align, at int, text string) []byte {
	b := bytes.Repeat([]byte{0x8f}, stlBlock)
	copy(b, []byte{0, byte(number), 0, byte(extension), 0, 10, 0, byte(at), 5, 10, 0, byte(at + 1), 10, byte(row), byte(align), byte(comment)})
	copy(b[16:], text)
	return b
}

func TestSTL(t *testing.T) {
	for name, c := range map[string]struct {
		in          []byte
		cues, found string
	}{
		"plain":    {stlFile("00", tti(1, 255, 0, 20, 2, 1, "One\x8atwo")), "1.200-2.400|One/two\n", "stl-start"},
		"looks":    {stlFile("00", tti(1, 255, 0, 20, 2, 1, "\x80it\x81 \x82un\x83 x")), "1.200-2.400|<i>it</i> <u>un</u> x\n", "stl-start"},
		"colors":   {stlFile("00", tti(1, 255, 0, 20, 2, 1, "\x0d\x0b\x0b\x03yellow\x07white\x0a\x0a\x8a\x8a\x0dagain")), "1.200-2.400|<c.yellow>yellow</c> white/again\n", "stl-start"},
		"latin":    {stlFile("00", tti(1, 255, 0, 20, 2, 1, "\xc8a\xc2e \xcbc \xe1 \xa9x\xb9 \xa4")), "1.200-2.400|äé ç Æ ‘x’ $\n", "stl-start"},
		"cyrillic": {stlFile("01", tti(1, 255, 0, 20, 2, 1, "\xbf\xe0\xd8\xd2\xd5\xe2")), "1.200-2.400|Привет\n", "stl-start"},
		"table":    {stlFile("09", tti(1, 255, 0, 20, 2, 1, "a")), "1.200-2.400|a\n", "stl-charset!, stl-start"},
		"places":   {stlFile("00", tti(1, 255, 0, 1, 2, 1, "a"), tti(2, 255, 0, 11, 1, 2, "b"), tti(3, 255, 0, 21, 3, 3, "c")), "1.200-2.400 line:0|a\n2.200-3.400 line:50%,center position:0% align:left|b\n3.200-4.400 position:100% align:right|c\n", "stl-start"},
		"goes on":  {stlFile("00", tti(1, 0, 0, 20, 2, 1, strings.Repeat("a", 112)), tti(1, 255, 0, 20, 2, 1, "b")), "1.200-2.400|" + strings.Repeat("a", 112) + "b\n", "stl-start"},
		"missing":  {stlFile("00", tti(1, 0, 0, 20, 2, 1, "a")), "1.200-2.400|a\n", "stl-start, stl-truncated!"},
		"comment":  {stlFile("00", tti(1, 255, 0, 20, 2, 1, "a"), tti(2, 255, 1, 20, 2, 2, "note"), tti(3, 254, 0, 20, 2, 2, "data")), "1.200-2.400|a\n", "stl-comment, stl-start"},
		"cut":      {stlFile("00", tti(1, 255, 0, 20, 2, 1, "a"), tti(2, 255, 0, 20, 2, 2, "b"))[:stlGeneral+200], "1.200-2.400|a\n", "stl-count!, stl-start, stl-truncated!"},
		"short":    {stlFile("00")[:500], "", "stl-truncated!"},
		"none":     {stlFile("00"), "", "file-no-cues!"},
		"blank":    {stlFile("00", tti(1, 255, 0, 20, 2, 1, " "), tti(2, 255, 0, 20, 2, 2, "b")), "2.200-3.400|b\n", "cue-empty, stl-start"},
		"no rate":  {bytes.Replace(stlFile("00", tti(1, 255, 0, 20, 2, 1, "a")), []byte("STL25"), []byte("STL00"), 1), "1.200-2.400|a\n", "stl-rate, stl-start"},
		"wrong":    {stlFile("00", tti(1, 255, 0, 20, 2, 1, "a\xd8b")), "1.200-2.400|a\uFFFDb\n", "chr-replacement!, stl-start"},
	} {
		t.Run(name, func(t *testing.T) {
			track, found := Read("a.stl", c.in, Options{})
			if got := cuesOf(track); got != c.cues {
				t.Errorf("got\n%swant\n%s", got, c.cues)
			}
			if got := rulesOf(found); got != c.found {
				t.Errorf("findings %q, want %q", got, c.found)
			}
		})
	}
}

func TestSCC(t *testing.T) {
	scc := func(lines ...string) string { return "Scenarist_SCC V1.0\n\n" + strings.Join(lines, "\n\n") + "\n" }
	for name, c := range map[string]struct{ in, cues, found string }{
		// RCL ENM, row 15 indent 12, "Hi.", EOC; EDM two seconds later.
		"pop-on":    {scc("00:00:00:00\t9420 9420 94ae 94ae 9476 9476 c8e9 ae80 942f 942f", "00:00:02:00\t942c 942c"), "0.267-2.002|Hi.\n", ""},
		"italics":   {scc("00:00:00:00\t9420 9420 947a 91ae c8e9 9120 a180 942f", "00:00:02:00\t942c"), "0.234-2.002 position:62.5%,line-left align:left|<i>Hi</i> !\n", ""},
		"two rows":  {scc("00:00:00:00\t9420 1370 c8e9 9470 c8ef 942f", "00:00:02:00\t942c"), "0.167-2.002 position:10%,line-left align:left|Hi/Ho\n", ""},
		"top":       {scc("00:00:00:00\t9420 9176 c8e9 942f", "00:00:02:00\t942c"), "0.100-2.002 line:0|Hi\n", ""},
		"special":   {scc("00:00:00:00\t9420 9476 9137 9137 20c1 9220 6880 942f", "00:00:02:00\t942c"), "0.234-2.002|♪ Áh\n", ""},
		"drop":      {scc("00:01:00;02\t9420 9476 c8e9 942f", "00:02:00;02\t942c"), "60.160-120.053|Hi\n", ""},
		"roll-up":   {scc("00:00:01:00\t9425 9425 94ad 94ad 9476 c8e9", "00:00:02:00\t9425 9425 94ad 94ad 9476 c8ef", "00:00:03:00\t942c"), "1.168-2.069|Hi\n2.169-3.003|Ho\n", ""},
		"paint-on":  {scc("00:00:01:00\t9429 9429 9476 c8e9", "00:00:03:00\t942c"), "1.101-3.003|Hi\n", ""},
		"two":       {scc("00:00:00:00\t9420 9476 c8e9 942f", "00:00:02:00\t9420 94ae 9476 c8ef 942f", "00:00:03:00\t942c"), "0.100-2.135|Hi\n2.135-3.003|Ho\n", ""},
		"no end":    {scc("00:00:00:00\t9420 9476 c8e9 942f"), "0.100-5.072|Hi\n", "3:1 scc-end"},
		"unshown":   {scc("00:00:00:00\t9420 9476 c8e9 94ae 9476 c8ef 942f", "00:00:02:00\t942c"), "0.200-2.002|Ho\n", "3:1 scc-unshown"},
		"channel 2": {scc("00:00:00:00\t9420 9476 c8e9 942f 1c20 c8ef 1c2f", "00:00:02:00\t942c"), "0.100-2.002|Hi\n", "scc-channel"},
		"bad word":  {scc("00:00:00:00\t9420 9476 xx c8e9 942f", "00:00:02:00\t942c"), "0.133-2.002|Hi\n", "3:23 scc-line!"},
		"bad line":  {scc("what is this", "00:00:00:00\t9420 9476 c8e9 942f", "00:00:02:00\t942c"), "0.100-2.002|Hi\n", "3:1 scc-line!"},
		"nothing":   {scc(), "", "file-no-cues!"},
	} {
		t.Run(name, func(t *testing.T) {
			track, found := Read("a.scc", []byte(c.in), Options{})
			if got := cuesOf(track); got != c.cues {
				t.Errorf("got\n%swant\n%s", got, c.cues)
			}
			if got := rulesOf(found); got != c.found {
				t.Errorf("findings %q, want %q", got, c.found)
			}
		})
	}
}

// TestWrite says for one cue what each format makes of it when it is read again, and what is lost.
func TestWrite(t *testing.T) {
	for name, c := range map[string]struct {
		vtt  string // settings|payload
		want map[subtitle.Format]string
		lost map[subtitle.Format]string
	}{
		"plain": {"|Привет, мир", nil, nil},
		"looks": {"|<i>a</i> <b>b</b> <u>c</u>", map[subtitle.Format]string{subtitle.STL: "|<i>a</i> b <u>c</u>"}, map[subtitle.Format]string{subtitle.STL: "bold"}},
		"color": {"|<c.red>a</c> plain text", map[subtitle.Format]string{subtitle.STL: "|a plain text"}, map[subtitle.Format]string{subtitle.STL: "color"}},
		"ground": {"|<c.bg_blue>a</c> plain text", map[subtitle.Format]string{subtitle.STL: "|a plain text", subtitle.ASS: "|a plain text"},
			map[subtitle.Format]string{subtitle.STL: "background", subtitle.ASS: "background"}},
		"class": {"|<c.loud>a</c>", map[subtitle.Format]string{subtitle.STL: "|a", subtitle.ASS: "|a", subtitle.TTML: "|a"},
			map[subtitle.Format]string{subtitle.STL: "class", subtitle.ASS: "class", subtitle.TTML: "class"}},
		"voice":  {"|<v Ann Lee>a", map[subtitle.Format]string{subtitle.STL: "|a"}, map[subtitle.Format]string{subtitle.STL: "voice"}},
		"voices": {"|<v Ann>a</v>\n<v Bo>b</v>", map[subtitle.Format]string{subtitle.STL: "|a\nb", subtitle.ASS: "|<v Ann>a\nb", subtitle.TTML: "|<v Ann>a\nb"}, map[subtitle.Format]string{subtitle.STL: "voice", subtitle.ASS: "voice", subtitle.TTML: "voice"}},
		"ruby":   {"|<ruby>a<rt>b</rt></ruby>", map[subtitle.Format]string{subtitle.STL: "|ab", subtitle.ASS: "|ab"}, map[subtitle.Format]string{subtitle.STL: "ruby", subtitle.ASS: "ruby"}},
		"lang":   {"|a <lang en>b</lang>", map[subtitle.Format]string{subtitle.STL: "|a b", subtitle.ASS: "|a b"}, map[subtitle.Format]string{subtitle.STL: "lang", subtitle.ASS: "lang"}},
		"inside": {"|a <00:00:01.500>b", map[subtitle.Format]string{subtitle.STL: "|a b", subtitle.ASS: "|a b", subtitle.TTML: "|a b"},
			map[subtitle.Format]string{subtitle.STL: "timestamp", subtitle.ASS: "timestamp", subtitle.TTML: "timestamp"}},
		"top":    {"line:0|a", nil, nil},
		"corner": {"line:0 position:0% align:left|a", map[subtitle.Format]string{subtitle.TTML: "line:10% position:0%,line-left align:left|a"}, nil},
		"per cent": {"line:30% position:20%,line-left align:left|a", map[subtitle.Format]string{subtitle.STL: "line:0 position:0% align:left|a",
			subtitle.TTML: "line:30% position:20%,line-left size:80% align:left|a"}, map[subtitle.Format]string{subtitle.STL: "position"}},
		"row":      {"line:3|a", map[subtitle.Format]string{subtitle.STL: "line:0|a", subtitle.ASS: "line:0|a", subtitle.TTML: "line:0|a"}, map[subtitle.Format]string{subtitle.STL: "position", subtitle.ASS: "position", subtitle.TTML: "position"}},
		"vertical": {"vertical:rl|a", map[subtitle.Format]string{subtitle.STL: "|a", subtitle.ASS: "|a"}, map[subtitle.Format]string{subtitle.STL: "position", subtitle.ASS: "position"}},
		"marks":    {"|a { b } \\N &lt;i&gt; &amp; --&gt;", map[subtitle.Format]string{subtitle.ASS: "|a { b } \\\u2060N &lt;i&gt; &amp; --&gt;"}, nil},
		"print":    {"|Да — «нет»…", map[subtitle.Format]string{subtitle.STL: "|Да - \"нет\"..."}, map[subtitle.Format]string{subtitle.STL: "char"}},
		"letters":  {"|Þetta åäö čšž", nil, nil},
		"greek":    {"|Καλημέρα", nil, nil},
		"chinese":  {"|漢", map[subtitle.Format]string{subtitle.STL: "|?"}, map[subtitle.Format]string{subtitle.STL: "char"}},
		"long":     {"|" + strings.Repeat("слово ", 60) + "конец", nil, nil},
	} {
		settings, payload, _ := strings.Cut(c.vtt, "|")
		in := "WEBVTT\n\n00:01.000 --> 00:02.400 " + settings + "\n" + payload + "\n"
		track, found := subtitle.Read("a.vtt", []byte(in), subtitle.Options{})
		if len(found) > 0 || len(track.Cues) != 1 {
			t.Fatalf("%s: the test itself is wrong: %v", name, found)
		}
		for _, f := range []subtitle.Format{subtitle.ASS, subtitle.TTML, subtitle.STL} {
			want := c.want[f]
			if want == "" {
				want = c.vtt
			}
			out, lost := Write(track, f, WriteOptions{})
			again, found := Read("b."+f.String(), out, Options{})
			if worst, any := report.Worst(found); any && worst > report.Info {
				t.Errorf("%s as %s: what was written is not clean: %v", name, f, found)
			}
			if len(again.Cues) != 1 {
				t.Errorf("%s as %s: %d cues", name, f, len(again.Cues))
				continue
			}
			cue := again.Cues[0]
			if cue.Start != time.Second || cue.End != 2400*time.Millisecond {
				t.Errorf("%s as %s: %v to %v", name, f, cue.Start, cue.End)
			}
			if got := cue.Settings().String() + "|" + cue.Raw; got != want {
				t.Errorf("%s as %s: %q, want %q", name, f, got, want)
			}
			var kinds []string
			for _, l := range lost {
				kinds = append(kinds, strings.TrimPrefix(l.Rule, "lossy-"))
			}
			if got := strings.Join(kinds, " "); got != c.lost[f] {
				t.Errorf("%s as %s: lost %q, want %q", name, f, got, c.lost[f])
			}
		}
	}
}

// TestTimes says what rounding and the ends of a clock do.
func TestTimes(t *testing.T) {
	track, _ := subtitle.Read("a.srt", []byte("1\n00:00:01,004 --> 00:00:01,006\na\n\n2\n00:00:01,006 --> 00:00:02,019\nb\n\n3\n23:59:59,990 --> 24:00:01,000\nc\n\n4\n25:00:00,000 --> 25:00:01,000\nd\n"), subtitle.Options{})
	for f, want := range map[subtitle.Format]string{
		subtitle.ASS: "1.000-1.010|a\n1.010-2.020|b\n86399.990-86401.000|c\n90000.000-90001.000|d\n",
		subtitle.STL: "1.000-1.040|a\n1.000-2.000|b\n", // 24 hours are its end
		subtitle.SRT: "1.004-1.006|a\n1.006-2.019|b\n86399.990-86401.000|c\n90000.000-90001.000|d\n",
	} {
		out, lost := Write(track, f, WriteOptions{})
		again, _ := Read("b."+f.String(), out, Options{})
		if got := cuesOf(again); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got\n%swant\n%s", f, got, want)
		}
		if n := len(again.Cues) + strings.Count(fmt.Sprint(lost), "is left out (lossy-time)"); n != 4 {
			t.Errorf("%s: %d of 4 cues are there or named: %v", f, n, lost)
		}
	}
	track.Retime(func(d time.Duration) time.Duration { return d - 1010*time.Millisecond })
	out, lost := Write(track, subtitle.WebVTT, WriteOptions{})
	if rulesOf(lost) != "2:1 lossy-time, 6:1 lossy-time" || !strings.HasPrefix(string(out), "WEBVTT\n\n00:00:00.000 --> 00:00:01.009\nb\n") {
		t.Errorf("%v\n%s", lost, out)
	}
}
