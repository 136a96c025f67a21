package prose

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"filmpress/internal/subtitle"
)

// read makes a track of cues "start-end text", in seconds; ~ is a line break.
func read(t *testing.T, cues string) subtitle.Track {
	t.Helper()
	b := "WEBVTT\n\n"
	for cue := range strings.SplitSeq(cues, " | ") {
		if cue == "" {
			continue
		}
		times, text, _ := strings.Cut(cue, " ")
		var start, end float64
		if _, err := fmt.Sscanf(times, "%f-%f", &start, &end); err != nil {
			t.Fatalf("%q: %v", cue, err)
		}
		at := func(s float64) string { return subtitle.FormatTime(time.Duration(s*1000+0.5)*time.Millisecond, '.') }
		b += fmt.Sprintf("%s --> %s\n%s\n\n", at(start), at(end), strings.ReplaceAll(text, "~", "\n"))
	}
	track, _ := subtitle.Read("f.vtt", []byte(b), subtitle.Options{})
	return track
}

func told(ps []Paragraph) string {
	var out []string
	for _, p := range ps {
		s := fmt.Sprintf("%g-%g ", p.Start.Seconds(), p.End.Seconds())
		if p.Speaker != "" {
			s += p.Speaker + ": "
		}
		out = append(out, s+p.Text)
	}
	return strings.Join(out, " | ")
}

func TestParagraphs(t *testing.T) {
	sentence := strings.Repeat("word ", 150) + "end."
	for _, c := range []struct{ name, in, want string }{
		{"nothing", "", ""},
		{"no text", "1-2 ", ""},
		{"lines and cues are joined", "1-2 We came~here | 2.5-4 in winter.", "1-4 We came here in winter."},
		{"a pause", "1-2 One. | 4-5 Two.", "1-2 One. | 4-5 Two."},
		{"hardly a pause", "1-2 One. | 3.9-5 Two.", "1-5 One. Two."},
		{"in the order of the times", "4.5-5 b | 3-4 a", "3-5 a b"},
		{"tags and entities", "1-2 <i>a</i> &amp; <c.x>b</c>", "1-2 a & b"},
		{"voices", "1-2 <v Anna>Come in. | 2-3 <v Anna>Sit. | 3-4 <v Boris>No. | 4-5 Music", "1-3 Anna: Come in. Sit. | 3-4 Boris: No. | 4-5 Music"},
		{"two voices in a cue", "1-2 <v Anna>Hello</v>~<v Boris>Good day</v>", "1-2 Anna: Hello | 1-2 Boris: Good day"},
		{"a voice within a line", "1-2 <v Anna>Hello</v> <v Boris>Yes", "1-2 Anna: Hello | 1-2 Boris: Yes"},
		{"a dialogue", "1-2 What then? | 2-3 - Will you come?~- No.~Never. | 3-4 She left.", "1-2 What then? | 2-3 Will you come? | 2-3 No. Never. | 3-4 She left."},
		{"one dash is no dialogue", "1-2 He came | 2-3 - late, as ever.", "1-3 He came - late, as ever."},
		{"a dash alone", "1-2 -~-", "1-2 - -"},
		{"a rolling caption", "1-2 we came | 2-2.01 we came | 2.01-4 we came~in winter | 4-5 in winter~by train", "1-5 we came in winter by train"},
		{"the same said twice", "1-2 No. | 3-4 No.", "1-4 No. No."},
		{"a long paragraph ends with its sentence", "1-2 " + sentence + " | 2-3 Next", "1-2 " + sentence + " | 2-3 Next"},
		{"but not within it", "1-2 " + strings.Repeat("word ", 150) + "and | 2-3 next", "1-3 " + strings.Repeat("word ", 150) + "and next"},
		{"Japanese has no spaces", "1-2 これは~湖です。 | 2-3 とても Café | 3-4 きれい", "1-4 これは湖です。とても Café きれい"},
		{"what cannot be seen", "1-2 \u200b | 2-3 a\x1b[31mb\u0085c", "2-3 a [31mb c"},
	} {
		if got := told(Paragraphs(read(t, c.in), Pause)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestYouTube(t *testing.T) {
	data, err := os.ReadFile("../../../testdata/subtitles/youtube.vtt")
	if err != nil {
		t.Fatal(err)
	}
	track, _ := subtitle.Read("youtube.vtt", data, subtitle.Options{})
	if got, want := told(Paragraphs(track, Pause)), "0.16-4.5 we came here at the end"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWrite(t *testing.T) {
	ps := Paragraphs(read(t, "1-2 <v Anna B.>1 &lt; 2 & *so* | 62-63 - no~- 3. \"yes\""), Pause)
	for _, c := range []struct {
		write func([]Paragraph, Options) string
		o     Options
		want  string
	}{
		{Text, Options{}, "Anna B.: 1 < 2 & *so*\n\nno\n\n3. \"yes\"\n"},
		{Text, Options{Title: "T", Times: true}, "T\n\n[00:00:01] Anna B.: 1 < 2 & *so*\n\n[00:01:02] no\n\n[00:01:02] 3. \"yes\"\n"},
		{Markdown, Options{}, "**Anna B.:** 1 \\< 2 \\& \\*so\\*\n\nno\n\n3\\. \"yes\"\n"},
		{Markdown, Options{Title: "T_T", Times: true}, "# T\\_T\n\n*00:00:01* **Anna B.:** 1 \\< 2 \\& \\*so\\*\n\n*00:01:02* no\n\n*00:01:02* 3. \"yes\"\n"},
	} {
		if got := c.write(ps, c.o); got != c.want {
			t.Errorf("%+v\n got %q\nwant %q", c.o, got, c.want)
		}
	}
	page := HTML(ps, Options{Title: "<T>", Language: "ar", Times: true})
	for _, want := range []string{`<html lang="ar">`, "<title>&lt;T&gt;</title>", `<h1 dir="auto">&lt;T&gt;</h1>`,
		`<p dir="auto"><time datetime="PT1S">00:00:01</time> <b><bdi>Anna B.</bdi>:</b> 1 &lt; 2 &amp; *so*</p>`,
		`<p dir="auto"><time datetime="PT62S">00:01:02</time> 3. &#34;yes&#34;</p>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page has no %s:\n%s", want, page)
		}
	}
	if page := HTML(nil, Options{}); strings.Contains(page, "lang=") || !strings.Contains(page, "<title>Transcript</title>") {
		t.Errorf("an empty page: %s", page)
	}
}

var tags = regexp.MustCompile(`</?(p|strong)>`)

// shownBy is what a reader sees of Markdown that has nothing but paragraphs and the speaker's bold in it.
func shownBy(t *testing.T, markdown string) string {
	t.Helper()
	var out bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM, extension.DefinitionList, extension.Footnote)).Convert([]byte(markdown), &out); err != nil {
		t.Fatal(err)
	}
	text := tags.ReplaceAllString(out.String(), "")
	if strings.Contains(text, "<") {
		t.Fatalf("%q became %s", markdown, out.String())
	}
	return strings.TrimSuffix(html.UnescapeString(text), "\n")
}

func checkMarkdown(t *testing.T, text string) {
	t.Helper()
	text = oneLine(strings.ToValidUTF8(text, ""))
	if !visible(text) || strings.Contains(text, "\u00a0") || strings.ContainsAny(text, "\ufeff\u2028\u2029") {
		return
	}
	if got := shownBy(t, Markdown([]Paragraph{{Text: text}}, Options{})); got != text {
		t.Errorf("%q is shown as %q", text, got)
	}
	if got, want := shownBy(t, Markdown([]Paragraph{{Text: text, Speaker: text}}, Options{})), text+": "+text; got != want {
		t.Errorf("%q is shown as %q", want, got)
	}
}

var hostile = []string{"*a* _b_ `c`", "# a", "- a", "+ a", "1. a", "1) a", "> a", "---", "===", "***", "~~a~~", "[a](b)", "![a](b)", "<b>a</b>", "&lt;", "&copy;", `\*a`, `a\`,
	"| a | b |", "http://a.org", "www.a.org", "a@b.org", "```", "    a", "a  ", ": a", "[^1]: a", "[a]: b", "<!-- a", "$a$", "~~~", "_", "*", "1234567890. a", "-", "1.", "=", "ftp://a.b", "HTTP://a.org", "WWW.a.org", "xmpp:a@b.c", "mailto:a"}

func TestMarkdownIsText(t *testing.T) {
	for _, s := range hostile {
		checkMarkdown(t, s)
	}
}

// FuzzMarkdown writes anything as Markdown, and expects to read it again as it was.
func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkMarkdown(t, s) })
}

// FuzzParagraphs reads anything; no word that a track says may be missing from its paragraphs, and they are in order.
func FuzzParagraphs(f *testing.F) {
	f.Add("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Anna>- a\n- b\n\n00:02.000 --> 00:03.000\n- b\nc\n", true)
	f.Add("1\n00:00:01,000 --> 00:00:02,000\n<i>a</i>\n", false)
	f.Fuzz(func(t *testing.T, in string, vtt bool) {
		track, _ := subtitle.Read(map[bool]string{true: "f.vtt", false: "f.srt"}[vtt], []byte(in), subtitle.Options{})
		ps := Paragraphs(track, Pause)
		all := map[string]bool{}
		for i, p := range ps {
			if i > 0 && p.Start < ps[i-1].Start || !visible(p.Text) || strings.Contains(p.Text, "\n") {
				t.Fatalf("%+v", p)
			}
			for w := range strings.FieldsSeq(p.Text) {
				all[w] = true
			}
		}
		for i := range track.Cues {
			for _, l := range spoken(track.Cues[i].Tree()) {
				if !has(all, l.text) && !has(all, dash(l.text)) {
					t.Fatalf("%q is lost in %s", l.text, told(ps))
				}
			}
		}
		HTML(ps, Options{Times: true})
		Markdown(ps, Options{Times: true})
	})
}

// has says whether all words of a line are there, but those that stand without spaces.
func has(all map[string]bool, text string) bool {
	for w := range strings.FieldsSeq(text) {
		if !all[w] && !spaceless(firstRune(w)) && !spaceless(lastRune(w)) {
			return false
		}
	}
	return true
}
