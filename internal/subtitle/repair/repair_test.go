package repair

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// srt and vtt make a file of cues. A cue without times is shown for three seconds, and the next begins a second later.
func srt(cues ...string) string {
	var b strings.Builder
	for i, c := range cues {
		fmt.Fprintf(&b, "%d\n%s\n\n", i+1, timed(c, i, ","))
	}
	return b.String()
}

func vtt(cues ...string) string {
	var b strings.Builder
	b.WriteString("WEBVTT\n\n")
	for i, c := range cues {
		b.WriteString(timed(c, i, ".") + "\n\n")
	}
	return b.String()
}

func timed(c string, i int, sep string) string {
	if strings.Contains(c, "->") {
		return c
	}
	return fmt.Sprintf("00:00:%02d%s000 --> 00:00:%02d%s000\n%s", 1+4*i, sep, 4+4*i, sep, c)
}

// times is a timing line from hundredths of a second.
func times(from, to int, sep string) string {
	return fmt.Sprintf("00:00:%02d%s%02d0 --> 00:00:%02d%s%02d0", from/100, sep, from%100, to/100, sep, to%100)
}

func TestFix(t *testing.T) {
	long := strings.Repeat("Это наш дом. Здесь жила моя бабушка.\n", 2)
	long = strings.TrimSuffix(long, "\n")
	english := strings.Repeat("We came here at the end of winter. ", 10)
	for _, c := range []struct {
		about, name, in, want string
		changes, left         string // rules, as "vtt-entity x2"; left without infos
	}{
		{"a clean file", "f.srt", srt("Come in.", "This is our house."), srt("Come in.", "This is our house."), "", ""},
		{"a clean file", "f.vtt", vtt("Come in.", "<v Anna>This is &amp;</v>"), vtt("Come in.", "<v Anna>This is &amp;</v>"), "", ""},

		{"a mark before SRT", "f.srt", "\ufeff" + srt("a"), srt("a"), "enc-bom", ""},
		{"a mark before WebVTT may be", "f.vtt", "\ufeff" + vtt("a"), "\ufeff" + vtt("a"), "", ""},
		{"two marks", "f.vtt", "\ufeff\ufeff" + vtt("a"), "\ufeff" + vtt("a"), "enc-bom", ""},

		{"no signature", "f.vtt", "00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n", "vtt-signature", ""},
		{"small letters", "f.vtt", "WebVTT - a title\n\n00:01.000 --> 00:02.000\na\n", "WEBVTT - a title\n\n00:01.000 --> 00:02.000\na\n", "vtt-signature", ""},
		{"a sign behind it", "f.vtt", "WEBVTT: x\nKind: captions\n\n00:01.000 --> 00:02.000\na\n", "WEBVTT : x\nKind: captions\n\n00:01.000 --> 00:02.000\na\n", "vtt-signature", ""},
		{"blank lines above it", "f.vtt", "\n\nWEBVTT\n\n00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n", "vtt-signature", ""},
		{"blank line above, none under it", "f.vtt", "\nwebvtt\n00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n", "vtt-signature", ""},
		{"no blank line under the header", "f.vtt", "WEBVTT\n00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n", "vtt-header-blank", ""},
		{"nor above an identifier", "f.vtt", "WEBVTT\n1\n00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n", "vtt-header-blank", ""},

		{"a comma", "f.vtt", "WEBVTT\n\n1\n00:00:01,000 --> 00:00:02,000 line:0\na\n", "WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000 line:0\na\n", "vtt-timestamp", ""},
		{"short milliseconds, a short arrow", "f.vtt", "WEBVTT\n\n0:01.5 -> 0:02.25\na\n", "WEBVTT\n\n00:00:01.500 --> 00:00:02.250\na\n", "vtt-timestamp", ""},
		{"no times that can be known", "f.vtt", "WEBVTT\n\n00:01.000 --> \na\n\n00:03.000 --> 00:04.000\nb\n", "WEBVTT\n\n00:01.000 --> \na\n\n00:03.000 --> 00:04.000\nb\n", "", "vtt-timestamp"},
		{"a cue in a comment", "f.vtt", "WEBVTT\n\nNOTE\n00:00:01,000 --> 00:00:02,000\na\n\n00:03.000 --> 00:04.000\nb\n", "WEBVTT\n\nNOTE\n00:00:01,000 --> 00:00:02,000\na\n\n00:03.000 --> 00:04.000\nb\n", "", "vtt-timestamp"},
		{"no blank lines", "f.vtt", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n2\n00:03.000 --> 00:04.000\nb\n", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n\n2\n00:03.000 --> 00:04.000\nb\n", "vtt-arrow-in-text", ""},
		{"a number that is text", "f.vtt", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n7\n00:03.000 --> 00:04.000\nb\n", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n7\n\n00:03.000 --> 00:04.000\nb\n", "vtt-arrow-in-text", ""},
		{"an arrow in text", "f.vtt", vtt("00:01.000 --> 00:02.000\nLook --> there,\nand --> here"), vtt("00:01.000 --> 00:02.000\nLook --&gt; there,\nand --&gt; here"), "vtt-arrow-in-text", ""},
		{"a number alone", "f.vtt", "WEBVTT\n\n1\n\n00:01.000 --> 00:02.000\na\n", "WEBVTT\n\n1\n00:01.000 --> 00:02.000\na\n", "vtt-id-blank", ""},
		{"an old word", "f.vtt", vtt("00:01.000 --> 00:02.000 align:middle line:0\na"), vtt("00:01.000 --> 00:02.000 align:center line:0\na"), "vtt-setting-value", ""},
		{"a setting twice", "f.vtt", vtt("00:01.000 --> 00:02.000 line:0  line:90%\na"), vtt("00:01.000 --> 00:02.000  line:90%\na"), "vtt-setting-dup", ""},
		{"a setting twice, then without effect", "f.vtt", vtt("00:01.000 --> 00:02.000 line:0 line:top\na"), vtt("00:01.000 --> 00:02.000 line:0 line:top\na"), "", "vtt-setting-dup vtt-setting-value"},
		{"text outside stays", "f.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n\nlost\n\n00:03.000 --> 00:04.000\n<i>b\n", "WEBVTT\n\n00:01.000 --> 00:02.000\na\n\nlost\n\n00:03.000 --> 00:04.000\n<i>b</i>\n", "vtt-tag-unclosed", "vtt-text-outside"},

		{"many forms", "f.srt", srt("0:0:1.5 -> 0:0:4\na", "00:00:05,000 --> 00:00:08,000 X1:1 X2:2\nb", "00:00:09,000-->00:00:12,000 Hello\nc", "00:13,000 --> 00:16,000 line:0\nd"),
			srt("00:00:01,500 --> 00:00:04,000\na", "00:00:05,000 --> 00:00:08,000\nb", "00:00:09,000 --> 00:00:12,000\nHello\nc", "00:00:13,000 --> 00:00:16,000\n{\\an8}d"), "srt-timestamp x4", ""},
		{"a place that SRT has no word for", "f.srt", srt("00:00:01.000 --> 00:00:04.000 line:30%\na"), srt("00:00:01,000 --> 00:00:04,000 line:30%\na"), "srt-timestamp", "srt-timestamp"},
		{"no blank lines", "f.srt", "1\n00:00:01,000 --> 00:00:02,000\na\n2\n00:00:03,000 --> 00:00:04,000\nb\n", "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n", "srt-blank-missing", ""},
		{"blank lines in a cue", "f.srt", srt("00:00:01,000 --> 00:00:02,000\n\na\n \nb"), srt("00:00:01,000 --> 00:00:02,000\na\nb"), "srt-blank-in-cue", ""},
		{"numbers", "f.srt", "00:00:01,000 --> 00:00:02,000\na\n\n7\n00:00:03,000 --> 00:00:04,000\nb\n", "1\n00:00:01,000 --> 00:00:02,000\na\n\n2\n00:00:03,000 --> 00:00:04,000\nb\n", "srt-index x2", ""},
		{"numbers wait for lost cues", "f.srt", "9\n00:00:01,000 --> 00:00:02,000\na\n\n10\n00:00:03,000 -->\nb\n", "9\n00:00:01,000 --> 00:00:02,000\na\n\n10\n00:00:03,000 -->\nb\n", "", "srt-index srt-timestamp"},
		{"text above the first cue stays", "f.srt", "by Anna\n\n2\n00:00:01,000 --> 00:00:02,000\na\n", "by Anna\n\n1\n00:00:01,000 --> 00:00:02,000\na\n", "srt-index", "srt-text-outside"},

		{"control characters", "f.srt", srt(english, "Co\x01me\x0bin. It\u0092s\x00 us."), srt(english, "Come in. It’s us."), "chr-control x4", ""},
		{"invisible characters", "f.srt", srt("Co\u200bme in\u2060side. می\u200cخواهم 👩\u200d🌾"), srt("Come inside. می\u200cخواهم 👩\u200d🌾"), "chr-zero-width x2", ""},
		{"an invisible character that keeps a tag from being one", "f.srt", srt("<\u2060i> Co\u200bme"), srt("<\u2060i> Come"), "chr-zero-width", ""},
		{"a mark inside", "f.srt", srt("\ufeffCome in."), srt("Come in."), "enc-bom", ""},
		{"letters of another script", "f.srt", srt(long, "Mы пpишли. <i>Cнег</i>, iPhone, XXв"), srt(long, "Мы пришли. <i>Снег</i>, iPhone, XXв"), "chr-homoglyph x3", "chr-homoglyph"},
		{"a Latin word", "f.srt", srt("This is our hоuse."), srt("This is our house."), "chr-homoglyph", ""},
		{"a name with an ending", "f.srt", srt(long, "с iPhoneа"), srt(long, "с iPhoneа"), "", ""},
		{"an i in Russian is another slip", "f.ru.srt", srt(long, "прiвет"), srt(long, "прiвет"), "", "chr-homoglyph"},
		{"dots", "f.srt", srt("Well... yes. No.... <i>Oh...</i> What?.."), srt("Well… yes. No.... <i>Oh…</i> What?.."), "chr-ellipsis x2", ""},
		{"wrongly decoded", "f.srt", srt("Ð¡Ð½ÐµÐ³ Ð»ÐµÐ¶Ð°Ð».", "РџСЂРёРІРµС‚, РјРёСЂ"), srt("Снег лежал.", "Привет, мир"), "chr-mojibake x4", ""},
		{"wrongly decoded, a sign a line", "f.srt", srt("Le cafÃ© est fermÃ©.", "DÃ©jÃ\u00a0 ?", "L’Ã©tÃ©"), srt("Le café est fermé.", "Déjà ?", "L’Ã©tÃ©"), "chr-mojibake x3", ""},

		{"bare signs", "f.vtt", vtt("AT&T &copy &amp; R&D", "a < b & c", "<> and < b > c", "<i>x</i"), vtt("AT&amp;T © &amp; R&amp;D", "a &lt; b &amp; c", "&lt;> and &lt; b > c", "<i>x</i>"), "vtt-entity x5", ""},
		{"a tag without its end", "f.vtt", vtt("a <i more", "AT&T"), vtt("a <i more", "AT&amp;T"), "vtt-entity", "vtt-entity"},
		{"tags crossed", "f.vtt", vtt("<b><i>x</b></i> y", "<b>a<i>b</b>c</i>d", "a</u>b"), vtt("<b><i>x</i></b> y", "<b>a<i>b</i></b><i>c</i>d", "ab"), "vtt-tag-nesting x3", ""},
		{"tags left open", "f.vtt", vtt("<i>a\nb", "<c.x.y><b>a</b>", "<v Anna>a", "<ruby>a<rt>b", "<i><v Anna>a"), vtt("<i>a\nb</i>", "<c.x.y><b>a</b></c>", "<v Anna>a", "<ruby>a<rt>b</rt></ruby>", "<i><v Anna>a</v></i>"), "vtt-tag-unclosed x4", ""},
		{"tags of SRT", "f.srt", srt("<I>a", "b</i>", "<em>c</i>", "<font color=\"red\">d", "<b><i>e</b></i>", "<3 & <"), srt("<I>a</I>", "b", "<em>c</i>", "<font color=\"red\">d</font>", "<b><i>e</b></i>", "<3 & <"), "srt-tag x3", ""},

		{"empty cues", "f.srt", srt("a", "", "b"), "1\n00:00:01,000 --> 00:00:04,000\na\n\n2\n00:00:09,000 --> 00:00:12,000\nb\n\n", "cue-empty", ""},
		{"nothing but empty cues", "f.srt", srt("", ""), srt("", ""), "", "cue-empty x2"},
		{"a cue twice", "f.srt", srt("a", "00:00:01,000 --> 00:00:04,000\na", "b"), "1\n00:00:01,000 --> 00:00:04,000\na\n\n2\n00:00:09,000 --> 00:00:12,000\nb\n\n", "cue-duplicate", ""},
		{"a cue twice, with a name", "f.vtt", vtt("a", "intro\n00:00:01.000 --> 00:00:04.000\na"), vtt("a", "intro\n00:00:01.000 --> 00:00:04.000\na"), "", "cue-duplicate"},
		{"out of order", "f.srt", "1\n00:00:05,000 --> 00:00:07,000\nb\n\n2\n00:00:01,000 --> 00:00:03,000\na\n", "1\n00:00:01,000 --> 00:00:03,000\na\n\n2\n00:00:05,000 --> 00:00:07,000\nb\n", "srt-order", ""},
		{"out of order, with what belongs to the cues", "f.vtt", "WEBVTT\n\nSTYLE\n::cue {}\n\n00:05.000 --> 00:07.000\nb\n\nunder b\n\nNOTE above a\n\nx\n00:01.000 --> 00:03.000 line:0\na",
			"WEBVTT\n\nSTYLE\n::cue {}\n\nNOTE above a\n\nx\n00:01.000 --> 00:03.000 line:0\na\n\n00:05.000 --> 00:07.000\nb\n\nunder b\n", "vtt-order", "vtt-text-outside"},
		{"an overlap", "f.srt", srt(times(100, 500, ",")+"\na", times(450, 800, ",")+"\nb"), srt(times(100, 450, ",")+"\na", times(450, 800, ",")+"\nb"), "cue-overlap", ""},
		{"an overlap in minutes", "f.vtt", vtt("00:01.000 --> 00:05.000 align:left\na", "00:04.000 --> 00:08.000 align:left\nb"), vtt("00:01.000 --> 00:04.000 align:left\na", "00:04.000 --> 00:08.000 align:left\nb"), "cue-overlap", ""},
		{"overlaps that need a person", "f.srt", srt(times(100, 900, ",")+"\na", times(200, 400, ",")+"\nb", times(1000, 1400, ",")+"\nc", times(1050, 1500, ",")+"\nd"),
			srt(times(100, 900, ",")+"\na", times(200, 400, ",")+"\nb", times(1000, 1400, ",")+"\nc", times(1050, 1500, ",")+"\nd"), "", "cue-overlap x2"},
		{"one above the other, in a block of two codes", "f.srt", srt(times(100, 500, ",")+"\n{\\i1\\an8}a{\\i0}", times(450, 800, ",")+"\nb"), srt(times(100, 500, ",")+"\n{\\i1\\an8}a{\\i0}", times(450, 800, ",")+"\nb"), "", ""},
		{"escapes of ASS", "f.srt", srt(`Come in.\NThis is our house.`, `<i>Sit\hdown.</i>\n<i>Here.</i>`, `C:\new\home`), srt("Come in.\nThis is our house.", "<i>Sit\u00a0down.</i>\n<i>Here.</i>", `C:\new\home`), "srt-escape x2", ""},
		{"escapes of ASS at the ends, and twice", "f.srt", srt(`\NCome in.\N\NThis is our house.\N`), srt("Come in.\nThis is our house."), "srt-escape", ""},
		{"one above the other", "f.srt", srt(times(100, 500, ",")+"\n{\\an8}a", times(450, 800, ",")+"\nb"), srt(times(100, 500, ",")+"\n{\\an8}a", times(450, 800, ",")+"\nb"), "", ""},
		{"a small gap", "f.srt", srt("00:00:01,000 --> 00:00:04,980\na", "00:00:05,000 --> 00:00:08,000\nb"), srt("00:00:01,000 --> 00:00:04,916\na", "00:00:05,000 --> 00:00:08,000\nb"), "cue-min-gap", ""},
		{"a gap that would be closed", "f.srt", srt("00:00:01,000 --> 00:00:04,700\na", "00:00:05,000 --> 00:00:08,000\nb"), srt("00:00:01,000 --> 00:00:04,700\na", "00:00:05,000 --> 00:00:08,000\nb"), "", ""},
	} {
		r := Fix(c.name, []byte(c.in), Options{Read: subtitle.Options{Language: languageOf(c.name)}})
		if string(r.Out) != c.want || said(r.Changes) != c.changes || tally(r.Left) != c.left {
			t.Errorf("%s (%s):\ngot  %q\nwant %q\ndid %q, want %q; left %q, want %q", c.about, c.name, r.Out, c.want, said(r.Changes), c.changes, tally(r.Left), c.left)
		}
	}
}

// languageOf is what a test file's name says.
func languageOf(name string) string {
	if parts := strings.Split(name, "."); len(parts) == 3 {
		return parts[1]
	}
	return ""
}

func said(changes []Change) string {
	var out []string
	for _, c := range changes {
		out = append(out, counted(c.Rule, c.Count))
	}
	return strings.Join(out, " ")
}

// tally is the rules that are left, but for what is said of readability and as information.
func tally(found []report.Finding) string {
	n := map[string]int{}
	var order []string
	for _, f := range found {
		rule, _ := rules.Lookup(f.Rule)
		if f.Severity == report.Info || rule.Group == "Readability" && f.Rule != "cue-min-gap" {
			continue
		}
		if n[f.Rule]++; n[f.Rule] == 1 {
			order = append(order, f.Rule)
		}
	}
	for i, id := range order {
		order[i] = counted(id, n[id])
	}
	return strings.Join(order, " ")
}

func counted(rule string, n int) string {
	if n == 1 {
		return rule
	}
	return fmt.Sprintf("%s x%d", rule, n)
}
