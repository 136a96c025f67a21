package foreign

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// cuesOf writes cues in short: "1.000-2.000 line:0|text", one a line.
func cuesOf(t subtitle.Track) string {
	var b strings.Builder
	for _, c := range t.Cues {
		s := c.Settings().String()
		if s != "" {
			s = " " + s
		}
		fmt.Fprintf(&b, "%.3f-%.3f%s|%s\n", c.Start.Seconds(), c.End.Seconds(), s, strings.ReplaceAll(c.Raw, "\n", "/"))
	}
	return b.String()
}

// rulesOf writes findings in short: "line:col severity rule", sorted, with a count where one comes again.
func rulesOf(found []report.Finding) string {
	var out []string
	for _, f := range found {
		s := f.Rule
		if f.Pos.Line > 0 {
			s = fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Col, f.Rule)
		}
		if f.Severity == report.Error {
			s += "!"
		}
		out = append(out, s)
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// assFile is a script of these dialogue texts, a cue a second; a text that begins with "Dialogue:", "Style:" or "[" is a line of its own.
func assFile(lines ...string) string {
	var b strings.Builder
	b.WriteString("[Script Info]\nPlayResX: 200\nPlayResY: 100\n[V4+ Styles]\nFormat: Name, Fontname, Fontsize, PrimaryColour, Bold, Italic, Alignment\nStyle: Default,Arial,20,&H00FFFFFF,0,0,2\nStyle: Sign,Times,30,&H000000FF,-1,0,8\n" +
		"[Events]\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "Dialogue:") || strings.HasPrefix(l, "Comment:") {
			b.WriteString(l + "\n")
			continue
		}
		fmt.Fprintf(&b, "Dialogue: 0,0:00:%02d.00,0:00:%02d.50,Default,,0,0,0,,%s\n", i+1, i+1, l)
	}
	return b.String()
}

func TestASS(t *testing.T) {
	for name, c := range map[string]struct{ in, cues, found string }{
		"plain":      {assFile(`One, two`), "1.000-1.500|One, two\n", ""},
		"breaks":     {assFile(`One\Ntwo\nthree\hfour`), "1.000-1.500|One/two three\u00a0four\n", ""},
		"blank line": {assFile(`One\N\Ntwo\N`), "1.000-1.500|One/two\n", ""},
		"looks":      {assFile(`{\i1}a{\i0} {\b1}b{\b} {\u1\i1}c`), "1.000-1.500|<i>a</i> <b>b</b> <i><u>c</u></i>\n", ""},
		"reset":      {assFile(`{\i1\b700}a{\r}b`), "1.000-1.500|<b><i>a</i></b>b\n", ""},
		"color":      {assFile(`{\c&H0000FF&}red{\c} {\1c&H00FF00&}lime`), "1.000-1.500|<c.red>red</c> <c.lime>lime</c>\n", ""},
		"odd color":  {assFile(`{\c&H123456&}a`), "1.000-1.500|a\n", "10:51 lossy-color"},
		"escapes":    {assFile(`a < b & c > d \{e\}`), "1.000-1.500|a &lt; b &amp; c &gt; d {e}\n", ""},
		"open brace": {assFile(`a {b`, `{c}d`), "1.000-1.500|a {b\n2.000-2.500|d\n", ""},
		"places":     {assFile(`{\an8}a`, `{\a6}b`, `{\an1}{\an9}c`), "1.000-1.500 line:0|a\n2.000-2.500 line:0|b\n3.000-3.500 position:0% align:left|c\n", ""},
		"no place":   {assFile(`{\a4}a`, `{\a8}b`, `{\a5}c`), "1.000-1.500 line:0 position:0% align:left|a\n2.000-2.500 line:0 position:0% align:left|b\n3.000-3.500 line:0 position:0% align:left|c\n", ""},
		"pos":        {assFile(`{\an7\pos(50,25)}a`, `{\pos(100,90)}b`), "1.000-1.500 line:25% position:25%,line-left align:left|a\n2.000-2.500 line:90%,end position:50%,center|b\n", ""},
		"outside":    {assFile(`{\pos(300,-5)}a`), "1.000-1.500 line:0%,end position:100%,center|a\n", "10:51 lossy-position"},
		"effects":    {assFile(`{\move(1,2,3,4)\fad(100,200)\t(\c&HFF&\fs30)}a`, `{\fnArial\fs20}b{\k20}c`), "1.000-1.500 line:2%,end position:0.5%,center|a\n2.000-2.500|bc\n", "10:51 lossy-effect, 11:51 lossy-font, 11:51 lossy-karaoke"},
		"drawing":    {assFile(`{\p1}m 0 0 l 1 1{\p0}`, `{\p1}m 0 0{\p0}text`, `last`), "2.000-2.500|text\n3.000-3.500|last\n", "10:51 lossy-drawing, 11:51 lossy-drawing"},
		"strike":     {assFile(`{\s1}a`), "1.000-1.500|a\n", "10:51 lossy-strike"},
		"voice":      {assFile("Dialogue: 0,0:00:01.00,0:00:02.00,Default,Ann <x>,0,0,0,,a"), "1.000-2.000|<v Ann &lt;x&gt;>a\n", ""},
		"style":      {assFile("a", "b", "Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,,c"), "1.000-1.500|a\n2.000-2.500|b\n3.000-4.000 line:0|<c.red><b>c</b></c>\n", "7:1 lossy-style"},
		"one style":  {assFile("Dialogue: 0,0:00:03.00,0:00:04.00,Sign,,0,0,0,,c"), "3.000-4.000 line:0|c\n", ""},
		"unsorted":   {assFile("Dialogue: 0,0:00:03.00,0:00:04.00,,,0,0,0,,c", "Dialogue: 0,0:00:01.00,0:00:02.00,,,0,0,0,,a"), "1.000-2.000|a\n3.000-4.000|c\n", ""},
		"comments":   {assFile("a", "Comment: 0,0:00:03.00,0:00:04.00,,,0,0,0,,c"), "1.000-1.500|a\n", "ass-comment"},
		"bad time":   {assFile("Dialogue: 0,0:00:0x.00,0:00:04.00,,,0,0,0,,lost", "b"), "2.000-2.500|b\n", "10:13 ass-time!"},
		"few fields": {assFile("Dialogue: 0,0:00:03.00,lost", "b"), "2.000-2.500|b\n", "10:1 ass-dialogue!"},
		"backwards":  {assFile("Dialogue: 0,0:00:03.00,0:00:02.00,,,0,0,0,,never", "b"), "2.000-2.500|b\n", "10:1 cue-end-after-start"},
		"empty":      {assFile("{\\i1}", "b"), "2.000-2.500|b\n", "10:51 cue-empty"},
		"margins":    {assFile("Dialogue: 0,0:00:01.00,0:00:02.00,,,0,0,50,Scroll up;1;2,b"), "1.000-2.000|b\n", "10:58 lossy-effect, 10:58 lossy-position"},
		"odd times":  {assFile("Dialogue: 0,0:00:1.5,00:00:02,340,,,0,0,0,,b", "Dialogue: 0,0:00:1.5,1:00:02.345,,,0,0,0,,b"), "1.500-3602.345|b\n", "10:22 ass-time!"},
		"ssa": {"[Script Info]\r\nScriptType: v4.00\r\n[V4 Styles]\r\nFormat: Name, PrimaryColour, Alignment\r\nStyle: A,16777215,2\r\nStyle: Top,16777215,6\r\n[Events]\r\nFormat: Marked, Start, End, Style, Name, Text\r\n" +
			"Dialogue: Marked=0,0:00:01.00,0:00:02.00,*Top,,hi\r\nDialogue: Marked=0,0:00:02.00,0:00:03.00,A,,ho\r\n", "1.000-2.000 line:0|hi\n2.000-3.000|ho\n", ""},
		"no header": {"[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,a\n", "1.000-2.000|a\n", ""},
		"nothing":   {"[Script Info]\n[Events]\n", "", "file-no-cues!"},
		"cp1251":    {string(cp1251(assFile(`Мы жили у озера, много лет.`, `И никуда отсюда не уедем, никогда.`, `Что ты говоришь? Это неправда.`))), "1.000-1.500|Мы жили у озера, много лет.\n2.000-2.500|И никуда", "10:51 enc-not-utf8"},
	} {
		t.Run(name, func(t *testing.T) {
			track, found := Read("a.ass", []byte(c.in), Options{})
			got := cuesOf(track)
			if name == "cp1251" { // the names of the cases say enough of the rest
				got = got[:min(len(got), len(c.cues))]
			}
			if got != c.cues {
				t.Errorf("got\n%swant\n%s", got, c.cues)
			}
			if got := rulesOf(found); got != c.found {
				t.Errorf("findings %q, want %q", got, c.found)
			}
		})
	}
}

func cp1251(s string) []byte {
	var b []byte
	for _, r := range s {
		switch {
		case r < 0x80:
			b = append(b, byte(r))
		case r >= 'А' && r <= 'я':
			b = append(b, byte(r-'А'+0xc0))
		}
	}
	return b
}

func ttmlFile(body string) string {
	return `<?xml version="1.0"?><tt xmlns="http://www.w3.org/ns/ttml" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" ttp:frameRate="25" ttp:tickRate="100" xml:lang="ru">` + body + "</tt>"
}

func TestTTML(t *testing.T) {
	body := func(s string) string { return ttmlFile("<body><div>" + s + "</div></body>") }
	head := func(head, s string) string {
		return ttmlFile("<head>" + head + "</head><body><div>" + s + "</div></body>")
	}
	deep := strings.Repeat("<div>", 300) + `<p begin="1s" end="2s">x</p>`
	for name, c := range map[string]struct{ in, cues, found string }{
		"plain":    {body(`<p begin="1s" end="2.5s">a  b` + "\n  " + `c<br/> d </p>`), "1.000-2.500|a b c/d\n", ""},
		"dur":      {body(`<p begin="1s" dur="2s">a</p>`), "1.000-3.000|a\n", ""},
		"clocks":   {body(`<p begin="00:00:01.250" end="00:00:02:12">a</p><p begin="75f" end="400t">b</p><p begin="0.1m" end="7000ms">c</p>`), "1.250-2.480|a\n3.000-4.000|b\n6.000-7.000|c\n", ""},
		"parents":  {ttmlFile(`<body begin="10s"><div begin="1s" end="5s"><p begin="1s">a</p><p begin="2s" end="9s">b</p></div></body>`), "12.000-15.000|a\n13.000-15.000|b\n", ""},
		"sequence": {ttmlFile(`<body><div timeContainer="seq"><p dur="1s">a</p><p begin="1s" dur="2s">b</p></div></body>`), "0.000-1.000|a\n2.000-4.000|b\n", ""},
		"no end":   {body(`<p begin="1s">a</p><p begin="3s">b</p>`), "1.000-3.000|a\n3.000-8.000|b\n", "1:217 ttml-end, 1:236 ttml-end"},
		"nested":   {body(`<p begin="1s" end="2s"><span tts:fontStyle="italic">a <span tts:fontWeight="bold">b <span tts:textDecoration="underline">c</span></span></span> d</p>`), "1.000-2.000|<i>a </i><b><i>b <u>c</u></i></b> d\n", ""},
		"timed":    {body(`<p begin="1s" end="4s">a <span begin="1s">b</span> <span begin="2s">c</span></p>`), "1.000-2.000|a\n2.000-3.000|a b\n3.000-4.000|a b c\n", ""},
		"styles": {head(`<styling><style xml:id="s1" tts:fontStyle="italic"/><style xml:id="s2" style="s1 loop" tts:color="#FF0000"/><style xml:id="loop" style="s2"/></styling>`,
			`<p begin="1s" end="2s">longer plain text<span style="s2">x</span></p>`), "1.000-2.000|longer plain text<c.red><i>x</i></c>\n", ""},
		"region": {head(`<layout><region xml:id="r"><style tts:origin="20% 10%"/><style tts:extent="40% 20%"/><style tts:textAlign="left"/></region><region xml:id="b" tts:origin="10% 80%" tts:extent="80% 10%" tts:displayAlign="after" tts:textAlign="center"/></layout>`,
			`<p begin="1s" end="2s" region="r">x</p><p begin="2s" end="3s" region="b">y</p>`), "1.000-2.000 line:10% position:20%,line-left size:40% align:left|x\n2.000-3.000|y\n", ""},
		"top":        {head(`<layout><region xml:id="t" tts:displayAlign="before"/></layout>`, `<p begin="1s" end="2s" region="t">x</p>`), "1.000-2.000 line:0|x\n", ""},
		"vertical":   {body(`<p begin="1s" end="2s" tts:writingMode="tbrl">x</p>`), "1.000-2.000 vertical:rl|x\n", ""},
		"ruby":       {body(`<p begin="1s" end="2s"><span tts:ruby="container"><span tts:ruby="base">漢</span><span tts:ruby="text">kan</span></span></p>`), "1.000-2.000|<ruby>漢<rt>kan</rt></ruby>\n", ""},
		"lang":       {body(`<p begin="1s" end="2s">a <span xml:lang="en">b</span></p>`), "1.000-2.000|a <lang en>b</lang>\n", ""},
		"agent":      {head(`<metadata><ttm:agent xml:id="a1"><ttm:name>Ann</ttm:name></ttm:agent></metadata>`, `<p begin="1s" end="2s" ttm:agent="a1">x</p>`), "1.000-2.000|<v Ann>x\n", ""},
		"entities":   {body(`<p begin="1s" end="2s">&lt;a&gt; &amp; &nbsp;b &other;</p>`), "1.000-2.000|&lt;a&gt; &amp; \u00a0b &amp;other;\n", ""},
		"bomb":       {`<?xml version="1.0"?><!DOCTYPE tt [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]><tt><body><p begin="1s" end="2s">&b;</p></body></tt>`, "1.000-2.000|&amp;b;\n", ""},
		"preserve":   {body(`<p begin="1s" end="2s" xml:space="preserve">a` + "\n" + `b</p>`), "1.000-2.000|a/b\n", ""},
		"metadata":   {head(`<metadata><ttm:title>no</ttm:title></metadata>`, `<p begin="1s" end="2s"><metadata><ttm:desc>no</ttm:desc></metadata>yes</p>`), "1.000-2.000|yes\n", ""},
		"empty":      {body(`<p begin="1s" end="2s"> <br/></p><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", ""},
		"bad time":   {body(`<p begin="soon" end="2s">lost</p><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 ttml-time!"},
		"no time":    {body(`<p>lost</p><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 ttml-time!"},
		"backwards":  {body(`<p begin="3s" end="2s">never</p><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 cue-end-after-start"},
		"hidden":     {body(`<p begin="1s" end="2s" tts:display="none">never</p><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 ttml-hidden"},
		"picture":    {body(`<p begin="1s" end="2s" smpte:backgroundImage="#i"/><p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 ttml-picture!"},
		"stray":      {body(`outside<p begin="2s" end="3s">a</p>`), "2.000-3.000|a\n", "1:217 ttml-stray"},
		"font":       {body(`<p begin="1s" end="2s">long enough</p><p begin="2s" end="3s" tts:fontSize="200%">a</p>`), "1.000-2.000|long enough\n2.000-3.000|a\n", "1:255 lossy-font"},
		"cut":        {strings.TrimSuffix(body(`<p begin="1s" end="2s">a</p><p begin="2s" end="3s">b`), "</p></div></body></tt>")[:240], "1.000-2.000|a\n", "1:241 ttml-syntax!"},
		"broken":     {body(`<p begin="1s" end="2s">a</p><p <begin="2s">lost</p>`), "1.000-2.000|a\n", "1:248 ttml-syntax!, ttml-count!"},
		"crossed":    {body(`<p begin="1s" end="2s"><b>a<i>b</b>c</i></p>`), "1.000-2.000|<b>a<i>b</i></b>c\n", ""},
		"deep":       {body(deep), "", "1:1202 ttml-nesting!, ttml-count!"},
		"smpte":      {`<tt ttp:timeBase="smpte" ttp:frameRate="30" ttp:frameRateMultiplier="1000 1001" ttp:dropMode="dropNTSC"><body><p begin="00:01:00:02" end="01:00:00:00">a</p></body></tt>`, "60.060-3599.996|a\n", ""},
		"control":    {body("<p begin=\"1s\" end=\"2s\">a\x02b</p>"), "1.000-2.000|a b\n", ""},
		"latin":      {strings.Replace(body("<p begin=\"1s\" end=\"2s\">d\xe9j\xe0</p>"), `version="1.0"`, `version="1.0" encoding="ISO-8859-1"`, 1), "1.000-2.000|déjà\n", ""},
		"counted id": {body(`<p xml:id="p1" begin="1s" end="2s">a</p><p xml:id="intro" begin="1s" end="2s">a</p>`), "1.000-2.000|a\n1.000-2.000|a\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			track, found := Read("a.ttml", []byte(c.in), Options{})
			if got := cuesOf(track); got != c.cues {
				t.Errorf("got\n%swant\n%s", got, c.cues)
			}
			if got := rulesOf(found); got != c.found {
				t.Errorf("findings %q, want %q", got, c.found)
			}
		})
	}
}
