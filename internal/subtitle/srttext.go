package subtitle

import (
	"html"
	"iter"
	"strings"
)

// srtTags are the tags that players of SRT files read, and some of web pages, whose kind Class means that only the
// text in them is kept. Everything else in angle brackets is text.
var srtTags = map[string]NodeKind{"i": Italic, "b": Bold, "u": Underline, "s": Strike, "font": Font, "em": Italic, "strong": Bold,
	"a": Class, "span": Class, "p": Class, "div": Class, "c": Class, "br": Class}

// maxSRTDepth is how deeply SRT tags may be nested; deeper ones are ignored. Small, because closing an outer tag
// opens the inner ones again.
const maxSRTDepth = 8

// srtPiece is a part of an SRT payload: text, a tag, or an override block in braces ({\an8}).
type srtPiece struct {
	text     string // of text: its entities and escapes decoded; of a tag: its body without < >; of an override: without { }
	tag      bool
	override bool
	from, to int
}

// srtPieces cuts a payload. A < or { that begins nothing known is text.
func srtPieces(s string) iter.Seq[srtPiece] {
	return func(yield func(srtPiece) bool) {
		from := 0
		for i := 0; i < len(s); {
			n := 0
			switch s[i] {
			case '<':
				n = srtTagLen(s[i:])
			case '{':
				n = srtOverrideLen(s[i:])
			}
			if n == 0 {
				i++
				continue
			}
			if from < i && !yield(srtPiece{text: srtDecode(s[from:i]), from: from, to: i}) ||
				!yield(srtPiece{text: s[i+1 : i+n-1], tag: s[i] == '<', override: s[i] == '{', from: i, to: i + n}) {
				return
			}
			i += n
			from = i
		}
		if from < len(s) {
			yield(srtPiece{text: srtDecode(s[from:]), from: from, to: len(s)})
		}
	}
}

// srtTagLen is the length of the known tag that s begins with, or 0.
func srtTagLen(s string) int {
	n := 1
	if n < len(s) && s[n] == '/' {
		n++
	}
	from := n
	for n < len(s) && n-from < 8 && isAlnum(s[n]) {
		n++
	}
	_, known := srtTags[strings.ToLower(s[from:n])]
	if !known {
		return 0
	}
	if n < len(s) && s[n] == ' ' {
		end := strings.IndexAny(s[n:], "><\n")
		if end < 0 || s[n+end] != '>' {
			return 0
		}
		return n + end + 1
	}
	if strings.HasPrefix(s[n:], "/>") {
		n++
	}
	if n < len(s) && s[n] == '>' {
		return n + 1
	}
	return 0
}

// srtOverrideLen is the length of the override block that s begins with, or 0.
func srtOverrideLen(s string) int {
	if !strings.HasPrefix(s, `{\`) {
		return 0
	}
	end := strings.IndexAny(s[1:], "{}<\n") + 1
	if end == 0 || s[end] != '}' {
		return 0
	}
	return end + 1
}

// srtMarks are the characters that begin anything but plain text in a payload.
const srtMarks = "<&{\\"

// srtDecode is what a piece of text shows.
func srtDecode(s string) string { return EscapesSRT(srtUnescape(s)) }

// EscapesSRT writes the escapes of ASS, which simple converters leave in SRT files, as what they stand for: \N and \n break the line, \h is a
// space that does not. A backslash in a word that may be a path (C:\new\film) is left alone.
func EscapesSRT(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		end := strings.IndexAny(s, " \t\n")
		if end < 0 {
			end = len(s)
		}
		if word := s[:end]; escaped(word) {
			b.WriteString(escapesSRT.Replace(word))
		} else {
			b.WriteString(word)
		}
		if end < len(s) {
			b.WriteByte(s[end])
			end++
		}
		s = s[end:]
	}
	return b.String()
}

var escapesSRT = strings.NewReplacer(`\N`, "\n", `\n`, "\n", `\h`, "\u00a0")

// escaped says whether all backslashes of a word begin escapes. In a path at least one stands behind a drive, another backslash or a dot,
// or before another letter.
func escaped(word string) bool {
	found := false
	for i := 0; i < len(word); i++ {
		if word[i] != '\\' {
			continue
		}
		if i+1 == len(word) || !strings.ContainsRune("Nnh", rune(word[i+1])) || i == 2 && word[1] == ':' && isAlnum(word[0]) {
			return false
		}
		found = true
		i++
	}
	return found
}

// srtUnescape decodes whole character references (&lt; &amp; &#39;). SRT has none, but exports of web players do;
// an & that begins none stays.
func srtUnescape(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		if n := srtReferenceLen(s[i:]); n > 0 {
			b.WriteString(html.UnescapeString(s[i : i+n]))
			i += n
			continue
		}
		b.WriteByte(s[i])
		i++
	}
	return b.String()
}

// srtReferenceLen is the length of the reference at the start of s, or 0.
func srtReferenceLen(s string) int {
	if s[0] != '&' {
		return 0
	}
	n := referenceLen(s[:min(len(s), 12)])
	if s[n-1] != ';' || html.UnescapeString(s[:n]) == s[:n] {
		return 0
	}
	return n
}

// parseSRTText reads SRT markup as a tree. Tags that overlap are nested: <b><i></b></i> closes i and b.
func parseSRTText(payload string) *Node {
	p := textParser{open: []*Node{{Kind: Root}}}
	if !strings.ContainsAny(payload, srtMarks) {
		p.text(payload)
		return p.open[0]
	}
	for piece := range srtPieces(payload) {
		switch {
		case piece.tag && piece.text[0] == '/':
			p.closeSRT(srtTags[strings.ToLower(strings.TrimSpace(piece.text[1:]))])
		case piece.tag:
			if isBreak(piece.text) {
				p.text("\n")
				continue
			}
			name, attributes, _ := strings.Cut(strings.TrimSuffix(piece.text, "/"), " ")
			p.openSRT(&Node{Kind: srtTags[strings.ToLower(name)], Value: fontColor(attributes)})
		case piece.override:
			p.override(piece.text)
		default:
			p.text(piece.text)
		}
	}
	return p.open[0]
}

func (p *textParser) openSRT(n *Node) {
	if len(p.open) > maxSRTDepth {
		return
	}
	p.current().Children = append(p.current().Children, n)
	p.open = append(p.open, n)
}

// closeSRT closes the nearest open node of the kind, and opens again those that stood inside it.
func (p *textParser) closeSRT(kind NodeKind) {
	at := len(p.open) - 1
	for at > 0 && p.open[at].Kind != kind {
		at--
	}
	if at == 0 {
		return
	}
	inside := p.open[at+1:]
	p.open = p.open[:at]
	for _, n := range inside {
		p.openSRT(&Node{Kind: n.Kind, Value: n.Value})
	}
}

// override reads the ASS codes that SRT files carry: \i1 \i0 \b1 \b0 \u1 \u0 \s1 \s0, and \i alone for \i0. \an and \a are settings of the cue.
func (p *textParser) override(codes string) {
	for code := range blockCodes(codes) {
		switch kind, on, ok := styleCode(code); {
		case ok && on:
			p.openSRT(&Node{Kind: kind})
		case ok:
			p.closeSRT(kind)
		}
	}
}

// blockCodes are the codes of an override block, without their backslashes.
func blockCodes(block string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for code := range strings.SplitSeq(block, `\`) {
			if code = strings.TrimSpace(code); code != "" && !yield(code) {
				return
			}
		}
	}
}

var styleCodes = map[byte]NodeKind{'i': Italic, 'b': Bold, 'u': Underline, 's': Strike}

// styleCode reads a code that begins or ends a style.
func styleCode(code string) (kind NodeKind, on, ok bool) {
	if len(code) > 2 {
		return 0, false, false
	}
	kind, ok = styleCodes[code[0]]
	return kind, code[1:] == "1", ok && strings.Trim(code[1:], "01") == ""
}

// PlaceCode reads a code that says where the cue stands, as a place on the numeric keypad: \an8, or SSA's \a6; 0 where it is none.
func PlaceCode(code string) int {
	if n, ok := strings.CutPrefix(code, "an"); ok && len(n) == 1 && '1' <= n[0] && n[0] <= '9' {
		return int(n[0] - '0')
	}
	n, ok := strings.CutPrefix(code, "a")
	if !ok {
		return 0
	}
	return map[string]int{"1": 1, "2": 2, "3": 3, "5": 7, "6": 8, "7": 9, "9": 4, "10": 5, "11": 6, "4": 7, "8": 7}[n] // 4 and 8 are none, and libass takes them for 5
}

// fontColor is the value of the color attribute in a tag's attributes, "" where there is none.
func fontColor(attributes string) string {
	lower := strings.ToLower(attributes)
	at := strings.Index(lower, "color=")
	if at < 0 || len(lower) != len(attributes) {
		return ""
	}
	value := strings.TrimSpace(attributes[at+len("color="):])
	if value != "" && (value[0] == '"' || value[0] == '\'') {
		value, _, _ = strings.Cut(value[1:], value[:1])
	} else {
		value, _, _ = strings.Cut(value, " ")
	}
	return strings.TrimSpace(value)
}

// alignment is the numeric-keypad position of the first code in an SRT payload that gives one, 0 where there is none.
func alignment(payload string) int {
	if !strings.Contains(payload, `\a`) {
		return 0
	}
	for p := range srtPieces(payload) {
		if !p.override {
			continue
		}
		for code := range blockCodes(p.text) {
			if an := PlaceCode(code); an > 0 {
				return an
			}
		}
	}
	return 0
}

// Placed says whether a code in an SRT payload tells where the cue stands.
func Placed(payload string) bool { return alignment(payload) > 0 }

// settings of the keypad positions: 1 2 3 at the bottom, 4 5 6 in the middle, 7 8 9 at the top.
func alignedSettings(an int) Settings {
	s := DefaultSettings()
	switch {
	case an >= 7:
		s.Line = Offset{true, 0}
	case an >= 4:
		s.Line, s.SnapToLines, s.LineAlign = Offset{true, 50}, false, AlignCenter
	}
	switch an {
	case 1, 4, 7:
		s.Position, s.Align = Offset{true, 0}, AlignLeft
	case 3, 6, 9:
		s.Position, s.Align = Offset{true, 100}, AlignRight
	}
	return s
}
