package subtitle

import (
	"strings"
	"time"

	"filmpress/internal/report"
)

// checkTimes judges a cue's times and whether it has a text.
func (s *source) checkTimes(c Cue) {
	at := int(c.line) - 1
	if c.End <= c.Start {
		s.complain(report.Error, "cue-end-after-start", at, 0, len(c.timing), "this cue does not end after it starts, so it is never shown",
			"correct the times")
	}
}

// judgeText judges a WebVTT payload that begins on line first: what a viewer would not see as it was meant.
func (s *source) judgeText(c Cue, first int) {
	if blank(c.Raw) {
		s.complain(report.Warn, "cue-empty", int(c.line)-1, 0, len(c.timing), "this cue has no text", "write its text under it, or take it out")
		return
	}
	if !strings.ContainsAny(c.Raw, "<&") {
		return
	}
	j := textJudge{source: s, cue: c, line: first, latest: c.Start, open: s.tags[:0]}
	t := tokenizer{in: c.Raw}
	for t.i < len(t.in) {
		j.token(t.next())
	}
	s.tags = j.open[:0]
	j.line, j.begin = first, 0 // from the top again
	for _, tag := range j.open {
		if tag.name != "v" { // a voice may be left open when it holds the whole cue (WebVTT 4.2.2)
			j.complain(report.Warn, "vtt-tag-unclosed", tag.token, "<"+tag.name+"> is not closed", "write </"+tag.name+"> where it ends")
		}
	}
}

// textJudge follows the tags of one payload.
type textJudge struct {
	*source
	cue    Cue
	line   int // the line that byte begin of the payload begins
	begin  int
	open   []openTag
	latest time.Duration // of the timestamps so far
}

type openTag struct {
	name string
	token
}

// complain adds a finding on a token.
func (j *textJudge) complain(sev report.Severity, rule string, t token, text, hint string) {
	line, begin := j.line, j.begin
	for {
		end := strings.IndexByte(j.cue.Raw[begin:t.from], '\n')
		if end < 0 {
			break
		}
		line, begin = line+1, begin+end+1
	}
	j.line, j.begin = line, begin
	j.source.complain(sev, rule, line, t.from-begin, t.to-begin, text, hint)
}

func (j *textJudge) token(t token) {
	const escape = "if it is text, write &lt; for <"
	switch {
	case t.kind == textToken:
		j.entities(t)
	case t.open:
		j.complain(report.Error, "vtt-entity", t, "everything from this < on is not shown, since no > ends it", "write &lt; for <, or close the tag with >")
	case t.kind == timestampTag:
		j.timestamp(t)
	case t.kind == endTag:
		j.end(t)
	case t.value == "":
		j.complain(report.Error, "vtt-entity", t, "the text between this < and > is not shown", escape)
	case !isTag(t.value):
		j.complain(report.Warn, "vtt-tag-unknown", t, "WebVTT has no tag <"+t.value+">; it is not shown", escape)
	case t.value == "rt" && (len(j.open) == 0 || j.open[len(j.open)-1].name != "ruby"):
		j.complain(report.Warn, "vtt-tag-nesting", t, "<rt> stands outside <ruby> and is ignored", "put it inside <ruby>")
	case len(j.open) >= maxDepth:
		j.complain(report.Warn, "vtt-tag-nesting", t, "tags are nested too deeply; this one is ignored", "take some out")
	default:
		j.open = append(j.open, openTag{t.value, t})
	}
}

func isTag(name string) bool { _, ok := kindsByTag[name]; return ok }

func (j *textJudge) end(t token) {
	n := len(j.open)
	switch {
	case n > 0 && j.open[n-1].name == t.value:
		j.open = j.open[:n-1]
	case n > 1 && t.value == "ruby" && j.open[n-1].name == "rt":
		j.open = j.open[:n-2]
	case !isTag(t.value):
		j.complain(report.Warn, "vtt-tag-unknown", t, "WebVTT has no tag </"+t.value+">; it is not shown", "if it is text, write &lt; for <")
	default:
		j.complain(report.Warn, "vtt-tag-nesting", t, "</"+t.value+"> closes nothing here and is ignored", "close the tags in the order they were opened, the last first")
	}
}

func (j *textJudge) timestamp(t token) {
	at, ok := t.time()
	switch {
	case !ok:
		j.complain(report.Error, "vtt-inline-timestamp", t, "this is no timestamp, and it is not shown as text", "write <00:01:02.345>, or &lt; for <")
	case at <= j.latest || at >= j.cue.End:
		j.complain(report.Warn, "vtt-inline-timestamp", t, "timestamps inside a cue lie within its times, each after the last", "correct the timestamp")
	default:
		j.latest = at
	}
}

// entities finds an & that begins no character reference, once a token.
func (j *textJudge) entities(t token) {
	raw := j.cue.Raw[t.from:t.to]
	for at := strings.IndexByte(raw, '&'); at >= 0; {
		n := referenceLen(raw[at:])
		if ref := raw[at : at+n]; reference(ref) == ref || ref[n-1] != ';' {
			j.complain(report.Warn, "vtt-entity", token{from: t.from + at, to: t.from + at + n}, "& begins no character reference here", "write &amp; for &")
			return
		}
		next := strings.IndexByte(raw[at+n:], '&')
		if next < 0 {
			return
		}
		at += n + next
	}
}

// judgeSRT judges an SRT cue.
func (s *source) judgeSRT(c Cue) {
	at := int(c.line) - 1
	s.checkTimes(c)
	if c.Raw == "" {
		s.complain(report.Warn, "cue-empty", at, 0, len(s.line(at)), "this cue has no text", "write its text under it, or take it out")
		return
	}
	if !strings.ContainsAny(c.Raw, srtMarks) {
		return
	}
	open := map[NodeKind]int{}
	complain := func(rule string, p srtPiece, text, hint string) {
		line, b := s.place(&c, p.from)
		s.complain(report.Warn, rule, line, b, b+p.to-p.from, text, hint)
	}
	for p := range srtPieces(c.Raw) {
		switch {
		case p.tag && p.text[0] == '/':
			kind := srtTags[strings.ToLower(strings.TrimSpace(p.text[1:]))]
			if open[kind]--; open[kind] < 0 {
				complain("srt-tag", p, "<"+p.text+"> closes nothing in this cue", "take it out, or open the tag where it should begin")
				return
			}
		case p.tag:
			name, _, _ := strings.Cut(strings.TrimSuffix(p.text, "/"), " ")
			kind := srtTags[strings.ToLower(name)]
			open[kind]++
			if kind == Class {
				complain("srt-tag", p, "SRT has no tag <"+name+">; only its text is kept", "take the tag out")
				return
			}
		case p.override:
			if code := strangeCode(p.text); code != "" {
				complain("srt-tag", p, "the code {\\"+code+"} is for one player only and is not kept", "take it out")
				return
			}
		case EscapesSRT(c.Raw[p.from:p.to]) != c.Raw[p.from:p.to]:
			complain("srt-escape", p, `SRT has no escapes such as \N; they were read as line breaks and spaces`, "break the line where \\N stands")
			return
		case p.text != c.Raw[p.from:p.to]:
			complain("srt-entity", p, "SRT has no entities such as &lt;; they were read as the characters they stand for", "write the characters themselves")
			return
		}
	}
	for kind := range NodeKind(len(tagNames)) {
		if open[kind] > 0 {
			complain("srt-tag", srtPiece{}, "<"+tagNames[kind]+"> is not closed in this cue; it ends with the cue", "write </"+tagNames[kind]+"> where it ends")
			return
		}
	}
}

// strangeCode is the first code of an override block that is not kept, without its backslash; "" where all are.
func strangeCode(block string) string {
	for code := range blockCodes(block) {
		if _, _, style := styleCode(code); !style && PlaceCode(code) == 0 {
			return code
		}
	}
	return ""
}
