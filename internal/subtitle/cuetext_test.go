package subtitle

import (
	"strings"
	"testing"
	"time"
)

// tree is a dump as one line: a level is two spaces, a node ends at /.
func tree(n *Node) string {
	return strings.ReplaceAll(strings.TrimPrefix(strings.TrimPrefix(n.Dump(), "#document-fragment"), "\n"), "\n", " / ")
}

func TestCueText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", `| "plain"`},
		{"", ``},
		{"a\nb", `| "a` + " / " + `b"`},
		{"<", ``},
		{"<<", ``},
		{"<.", ``},
		{"</", ``},
		{"< x>y", `| "y"`},
		{"<c.", `| <span>`},
		{"<c></>x", `| <span> / |   "x"`},
		{"<c></\nc>x", `| <span> / |   "x"`},
		{"a<c.d.e..f g>b</c>c", `| "a" / | <span> / |   class="d e f" / |   "b" / | "c"`},
		{"<i>a<b>b</i>c</b>d</i>e", `| <i> / |   "a" / |   <b> / |     "b" / |     "c" / |   "d" / | "e"`},
		{"<I>a", `| "a"`},
		{"<ruby>a<rt>b</ruby>c", `| <ruby> / |   "a" / |   <rt> / |     "b" / | "c"`},
		{"<ruby>a<rt>b</rt>c<rt>d</rt></ruby>e", `| <ruby> / |   "a" / |   <rt> / |     "b" / |   "c" / |   <rt> / |     "d" / | "e"`},
		{"<ruby>a<rt><b>b</rt></ruby>c", `| <ruby> / |   "a" / |   <rt> / |     <b> / |       "b" / |       "c"`},
		{"<rt>a", `| "a"`},
		{"<v>a", `| <span> / |   title="" / |   "a"`},
		{"<v  a \t b&amp;&gt; >c", `| <span> / |   title="a b&>" / |   "c"`},
		{"<v\nAnna>c", `| <span> / |   title="Anna" / |   "c"`},
		{"<v.loud Anna>c", `| <span> / |   class="loud" / |   title="Anna" / |   "c"`},
		{"<lang en-GB>a<lang>b</lang>c</lang>d", `| <span> / |   lang="en-GB" / |   "a" / |   <span> / |     lang="" / |     "b" / |   "c" / | "d"`},
		{"a<00:00:01.000>b<01:00:02.500>c", `| "a" / | <?timestamp 00:00:01.000> / | "b" / | <?timestamp 01:00:02.500> / | "c"`},
		{"a<00:01.5>b<00:00:01.000x>c", `| "a" / | "b" / | "c"`},
		{"<foo>a</foo>", `| "a"`},
		{"&", `| "&"`},
		{"&amp", `| "&"`},
		{"&amp;&AMP;&lt;&gt;&quot;", `| "&&<>""`},
		{"a&lrm;b&nbsp;c", "| \"a\u200eb\u00a0c\""},
		{"&copy;&copyx &notit; &notin;", `| "©©x ¬it; ∉"`},
		{"&#32;&#x20;&#;&#x;&1;&;", `| "  &#;&#x;&1;&;"`},
		{"&#4294967361;&#x100000041;&#0;&#xD800;&#128;", "| \"\ufffd\ufffd\ufffd\ufffd€\""},
		{"&#0000000000000000000065;", `| "A"`},
		{"&<c", `| "&" / | <span>`},
		{"a > b", `| "a > b"`},
		{"<.a>b", `| "b"`},
		{"< c>b</ c>d", `| "b" / | "d"`},
		{"<c\n.d>b", `| <span> / |   "b"`},
		{"<c.a\tb.c>d", `| <span> / |   class="a" / |   "d"`},
		{"<c.&amp;>b", `| <span> / |   class="&amp;" / |   "b"`},
		{"<c>a</c >b</c.d>c", `| <span> / |   "a" / |   "b" / |   "c"`},
		{"<v a<b>c", `| <span> / |   title="a<b" / |   "c"`},
		{"<v&#32;a>c", `| "c"`},
		{"<v &#32;a &#9; b>c", `| <span> / |   title="a b" / |   "c"`},
		{"<v &notit; &>c", `| <span> / |   title="¬it; &" / |   "c"`},
		{"<b><rt>a", `| <b> / |   "a"`},
		{"<ruby><rt>a<rt>b", `| <ruby> / |   <rt> / |     "a" / |     "b"`},
		{"<ruby></rt>a</ruby>b", `| <ruby> / |   "a" / | "b"`},
		{"a</c>b", `| "a" / | "b"`},
		{"<1>a<00:00>b< 00:01.000>c<00:01.000 >d", `| "a" / | "b" / | "c" / | "d"`},
		{"<123:00:00.000>a<00:00.000", `| <?timestamp 123:00:00.000> / | "a" / | <?timestamp 00:00:00.000>`},
		{"&CounterClockwiseContourIntegral;&nsubE;&not;&notx", "| \"∳\u2ac5\u0338¬¬x\""},
	} {
		if got := tree(ParseCueText(c.in)); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

func TestCueTextDepth(t *testing.T) {
	const n = 50_000
	root := ParseCueText(strings.Repeat("<i>", n) + "deep" + strings.Repeat("</i>", n) + "after")
	depth := 0
	for at := root; len(at.Children) > 0 && at.Children[0].Kind == Italic; at = at.Children[0] {
		depth++
	}
	last := root.Children[len(root.Children)-1]
	if depth != maxDepth || last.Value != "after" || root.Plain() != "deepafter" {
		t.Errorf("depth %d, then %q; plain %q", depth, last.Value, root.Plain())
	}
}

func TestSRTText(t *testing.T) {
	for _, c := range []struct{ in, tree, vtt string }{
		{"<i>a</i> <B>b</B> <U>u</u>", `| <i> / |   "a" / | " " / | <b> / |   "b" / | " " / | <u> / |   "u"`, "<i>a</i> <b>b</b> <u>u</u>"},
		{"<i>a\nb", `| <i> / |   "a` + " / " + `b"`, "<i>a\nb</i>"},
		{"<b><i>a</b>b</i>c", `| <b> / |   <i> / |     "a" / | <i> / |   "b" / | "c"`, "<b><i>a</i></b><i>b</i>c"},
		{"a</i>b", `| "a" / | "b"`, "ab"},
		{"<3 & a < b --> c {x}", `| "<3 & a < b --> c {x}"`, "&lt;3 &amp; a &lt; b --&gt; c {x}"},
		{"<video> <i", `| "<video> <i"`, "&lt;video> &lt;i"},
		{"&lt;i&gt; R&D &bogus; &amp;amp;", `| "<i> R&D &bogus; &amp;"`, "&lt;i> R&amp;D &amp;bogus; &amp;amp;"},
		{`{\an8}{\i1}a{\i0}b{\fs20}`, `| <i> / |   "a" / | "b"`, "<i>a</i>b"},
		{`{\i1`, `| "{\i1"`, `{\i1`},
		{`<font color="#ffff00">a</font><font color=lime>b</font><font color="#123456" size=3>c</font><font face="x">d</font>`,
			`| <span> / |   "a" / | <span> / |   "b" / | <span> / |   "c" / | <span> / |   "d"`, "<c.yellow>a</c><c.lime>b</c>cd"},
		{"<s>a</s><em>b</em>", `| <s> / |   "a" / | <i> / |   "b"`, "a<i>b</i>"},
		{`<a href="https://x.org">a</a><br/>b<BR>c`, `| <span> / |   "a" / | "` + " / " + `" / | "b" / | "` + " / " + `" / | "c"`, "a\nb\nc"},
	} {
		cue := Cue{Raw: c.in, Markup: SRT}
		if got := tree(cue.Tree()); got != c.tree {
			t.Errorf("%q\n got %s\nwant %s", c.in, got, c.tree)
		}
		if got := cue.vttPayload(); got != c.vtt {
			t.Errorf("%q\n  as WebVTT %q\n       want %q", c.in, got, c.vtt)
		}
	}
}

func TestTimestamp(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"00:00.000":           0,
		"59:59.999":           59*time.Minute + 59999*time.Millisecond,
		"00:00:01.000":        time.Second,
		"100:00:00.000":       100 * time.Hour,
		"1:00:00.000":         time.Hour,
		"60:00:00.000":        60 * time.Hour,
		"99999999:00:00.000":  maxHours * time.Hour,
		"60:00.000":           -1,
		"00:60.000":           -1,
		"00:60:00.000":        -1,
		"0:00.000":            -1,
		"00:00":               -1,
		"00:00.00":            -1,
		"00:00.0000":          -1,
		"00:00,000":           -1,
		"":                    -1,
		"x":                   -1,
		"00:00:00:00.000":     -1,
		"\u0661\u0662:00.000": -1,
	} {
		p := scan{s: in}
		got, why := p.timestamp()
		if why != "" {
			got = -1
		}
		if got != want {
			t.Errorf("%q: %v (%s), want %v", in, got, why, want)
		}
	}
}
