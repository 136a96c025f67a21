package subtitle

import (
	"strings"
	"testing"
)

// TestCodes reads the codes of ASS in SRT cues: where a cue stands may be told anywhere in a block, and what is not kept is said.
func TestCodes(t *testing.T) {
	for _, c := range []struct{ text, settings, payload, found string }{
		{`{\an8}Sign`, "line:0", "Sign", ""},
		{`{\i1\an8}Sign{\i0}`, "line:0", "<i>Sign</i>", ""},
		{`{\b1\i1\an8}Sign`, "line:0", "<b><i>Sign</i></b>", ""},
		{`{\i1}{\an9}Sign`, "line:0 position:100% align:right", "<i>Sign</i>", ""},
		{`{\an8 \i1}Sign`, "line:0", "<i>Sign</i>", ""},
		{`{\an8\an2}Sign`, "line:0", "Sign", ""}, // the first counts
		{`{\a6}Sign`, "line:0", "Sign", ""},
		{`{\a5}Sign`, "line:0 position:0% align:left", "Sign", ""},
		{`{\a10}Sign`, "line:50%,center", "Sign", ""},
		{`{\a11}Sign`, "line:50%,center position:100% align:right", "Sign", ""},
		{`{\a2}Sign`, "", "Sign", ""},
		{`{\a4}Sign`, "line:0 position:0% align:left", "Sign", ""},
		{`{\a12}Sign`, "", "Sign", "warn srt-tag"},
		{`{\an0}Sign`, "", "Sign", "warn srt-tag"},
		{`{\an10}Sign`, "", "Sign", "warn srt-tag"},
		{`{\b700}Sign`, "", "Sign", "warn srt-tag"},
		{`{\bord0}Sign`, "", "Sign", "warn srt-tag"},
		{`{\an8\fs20}Sign`, "line:0", "Sign", "warn srt-tag"},
		{`{\i1}Sign{\i} and more`, "", "<i>Sign</i> and more", ""},
		{`{\an8Sign`, "", `{\an8Sign`, ""}, // no block
		{`an8 \an8`, "", `an8 \an8`, ""},
	} {
		track, found := Read("f.srt", []byte("1\n00:00:01,000 --> 00:00:03,000\n"+c.text+"\n"), Options{})
		if len(track.Cues) != 1 {
			t.Fatalf("%s: %d cues", c.text, len(track.Cues))
		}
		cue := track.Cues[0]
		if got := cue.Settings().String(); got != c.settings {
			t.Errorf("%s: stands at %q, want %q", c.text, got, c.settings)
		}
		if got := cue.Payload(WebVTT); got != c.payload {
			t.Errorf("%s: %q, want %q", c.text, got, c.payload)
		}
		if tally(found) != c.found {
			t.Errorf("%s: %v", c.text, found)
		}
	}
}

// TestEscapes reads the escapes of ASS that converters leave in SRT files, and leaves paths alone.
func TestEscapes(t *testing.T) {
	for _, c := range []struct{ text, plain, found string }{
		{`Come in.\NSit down.`, "Come in.\nSit down.", "warn srt-escape"},
		{`Come in.\nSit down.`, "Come in.\nSit down.", "warn srt-escape"},
		{`Come\hin.`, "Come\u00a0in.", "warn srt-escape"},
		{`<i>Come in.</i>\N<i>Sit down.</i>`, "Come in.\nSit down.", "warn srt-escape"},
		{`Заходи.\NСядь.`, "Заходи.\nСядь.", "warn srt-escape"},
		{`- Yes.\N- No.\NWhy?`, "- Yes.\n- No.\nWhy?", "warn srt-escape"},
		{`It lies in C:\new\home.`, `It lies in C:\new\home.`, ""},
		{`\\nas\home`, `\\nas\home`, ""},
		{`home\film\new`, `home\film\new`, ""},
		{`a \ b`, `a \ b`, ""},
		{`a\`, `a\`, ""},
		{"\\\u2060Nobody", "\\\u2060Nobody", ""},
	} {
		track, found := Read("f.srt", []byte("1\n00:00:01,000 --> 00:00:03,000\n"+c.text+"\n"), Options{})
		if got := track.Cues[0].Plain(); got != c.plain || tally(found) != c.found {
			t.Errorf("%s: %q, %v", c.text, got, found)
		}
		if got := string(track.Cues[0].AppendPlain(nil)); got != c.plain {
			t.Errorf("%s: %q without a tree", c.text, got)
		}
		vtt, found := ReadWebVTT("f.vtt", track.WebVTT(), Options{})
		if got := vtt.Cues[0].Plain(); got != c.plain || len(found) > 0 {
			t.Errorf("%s in WebVTT: %q, %v", c.text, got, found)
		}
		again, _ := Read("f.srt", vtt.SRT(), Options{})
		if got := strings.ReplaceAll(again.Cues[0].Plain(), wordJoiner, ""); got != strings.ReplaceAll(c.plain, wordJoiner, "") {
			t.Errorf("%s there and back: %q", c.text, got)
		}
	}
}

// TestOddLines reads numbers and arrows as word processors and pages leave them.
func TestOddLines(t *testing.T) {
	const one, two, three = "00:00:01,000 --> 00:00:03,000\n", "00:00:04,000 --> 00:00:06,000\n", "00:00:07,000 --> 00:00:09,000\n"
	page := strings.NewReplacer("-->", "--&gt;")
	for _, c := range []struct{ name, file, texts, found string }{
		{"numbers of a list", "1.\n" + one + "A\n\n2)\n" + two + "B\n3.\n" + three + "C\n", "A|B|C", "warn srt-blank-missing, warn srt-index"},
		{"a sentence that ends with a number", "1\n" + one + "In the year\n1984.\n\n" + two + "B\n", "In the year\n1984.|B", "warn srt-index"},
		{"two files in one, without blank lines", "1\n" + one + "A\n2\n" + two + "B\n1\n" + one + "C\n2\n" + two + "D\n3\n" + three + "E\n", "A|B\n1|C|D|E", "warn srt-blank-missing x4, warn srt-index"},
		{"years under each other", "1\n" + one + "In\n1984\n" + two + "In\n1985\n" + three + "C\n", "In\n1984|In\n1985|C", "warn srt-blank-missing x2, warn srt-index"},
		{"a page's source", "1\n" + page.Replace(one) + "A\n\n2\n" + page.Replace(two) + "B --&gt; C\n", "A|B --> C", "warn srt-entity, warn srt-timestamp x2"},
		{"a page's source, broken", "1\n" + one + "A\n\n2\n00:00:04,000 --&gt; soon\nB\n", "A", "error srt-timestamp"},
	} {
		track, found := Read("f.srt", []byte(c.file), Options{})
		var texts []string
		for _, cue := range track.Cues {
			texts = append(texts, cue.Plain())
		}
		if got := strings.Join(texts, "|"); got != c.texts || tally(found) != c.found {
			t.Errorf("%s: %q, %s; want %q, %s", c.name, got, tally(found), c.texts, c.found)
		}
	}
}
