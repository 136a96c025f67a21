package foreign

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"filmpress/internal/subtitle"
)

// stlRows is how many rows the picture of our files has, as in teletext.
const stlRows = 23

// stlDate stands where the specification wants the dates of creation and revision. A true one would make another file of the same
// subtitles every day; blanks are refused by readers that want a date.
const stlDate = "000101"

// writeSTL writes the track as an EBU STL file for open subtitles. A text that is too long for one block goes on in the next.
func writeSTL(t *subtitle.Track, o WriteOptions, lost *losses) []byte {
	rate := int64(25)
	if o.FrameRate > 0 {
		rate = int64(o.FrameRate + 0.5)
	}
	table := stlTableFor(t)
	var body []byte
	longest := 40
	number := 0
	for i := range t.Cues {
		c := &t.Cues[i]
		w := stlWriter{table: table, missing: map[rune]bool{}}
		w.node(c.Tree(), stlLook{})
		w.turn(stlLook{})
		for line := range bytes.SplitSeq(w.b, []byte{0x8a}) {
			longest = max(longest, min(len(line), 99))
		}
		if len(w.missing) > 0 {
			lost.add(i, "char", fmt.Sprintf("the table %s of EBU STL has no %s; plain characters stand in their place", table.name, quotedRunes(w.missing)))
		}
		body = append(body, stlBlocks(number, c, w.b, rate)...)
		number++
	}
	general := stlHeader(t, table, rate, len(body)/stlBlock, number, longest)
	return append(general, body...)
}

func quotedRunes(set map[rune]bool) string {
	var out []string
	for _, r := range slices.Sorted(maps.Keys(set)) {
		out = append(out, string(r))
	}
	if len(out) > 10 {
		out = append(out[:10], "…")
	}
	return strings.Join(out, " ")
}

// stlTableFor is the table that lacks the fewest characters of the track; of equals, the first.
func stlTableFor(t *subtitle.Track) stlCharset {
	count := map[rune]int{}
	for i := range t.Cues {
		for _, r := range t.Cues[i].Plain() {
			count[r]++
		}
	}
	best, least := stlCharsets["00"], -1
	for _, code := range slices.Sorted(maps.Keys(stlCharsets)) {
		missing := 0
		for r, n := range count {
			if _, ok := stlCharsets[code].encode(r); !ok && r != '\n' {
				missing += n
			}
		}
		if least < 0 || missing < least {
			best, least = stlCharsets[code], missing
		}
	}
	return best
}

func stlHeader(t *subtitle.Track, table stlCharset, rate int64, blocks, cues, longest int) []byte {
	b := bytes.Repeat([]byte{' '}, stlGeneral)
	put := func(at int, s string) { copy(b[at:], s) }
	put(0, "850") // CPN: the code page of this header, which is ASCII
	put(3, fmt.Sprintf("STL%02d.01", rate))
	put(11, "0") // DSC: open subtitles
	put(12, table.code)
	put(14, stlLanguage(t.Language))
	put(16, asciiOnly(t.Name, 32)) // OPT
	put(224, stlDate+stlDate+"00") // CD, RD, RN
	put(238, fmt.Sprintf("%05d%05d001", min(blocks, 99999), min(cues, 99999)))
	put(251, fmt.Sprintf("%02d%02d1", longest, stlRows))
	put(256, "00000000")
	first := "00000000"
	if len(t.Cues) > 0 {
		c := stlCode(stlFrame(t.Cues[0].Start, rate), rate)
		first = fmt.Sprintf("%02d%02d%02d%02d", c[0], c[1], c[2], c[3])
	}
	put(264, first)
	put(272, "11") // TND, DSN: one disk, and this is it
	return b
}

// stlLanguage is the code of a language, "00" where there is none.
func stlLanguage(tag string) string {
	lang, err := language.Parse(tag)
	if err != nil {
		return "00"
	}
	base, _ := lang.Base()
	for _, code := range slices.Sorted(maps.Keys(stlLanguages)) {
		if stlLanguages[code] == base.String() {
			return code
		}
	}
	return "00"
}

func asciiOnly(s string, most int) string {
	if at := strings.LastIndexByte(s, '/'); at >= 0 {
		s = s[at+1:]
	}
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, s)
	return s[:min(len(s), most)]
}

func stlCode(frame, rate int64) [4]byte {
	s := frame / rate
	return [4]byte{byte(s / 3600), byte(s / 60 % 60), byte(s % 60), byte(frame % rate)}
}

// stlBlocks are the blocks of one cue.
func stlBlocks(number int, c *subtitle.Cue, text []byte, rate int64) []byte {
	an, _ := c.Settings().Keypad()
	in := stlFrame(c.Start, rate)
	out := max(stlFrame(c.End, rate), in+1)
	lines := bytes.Count(text, []byte{0x8a}) + 1
	row := []int{max(stlRows-lines, 1), (stlRows - lines) / 2, 1}[(an-1)/3]
	start, end := stlCode(in, rate), stlCode(out, rate)
	var all []byte
	const field = stlBlock - 16
	for part := 0; ; part++ {
		chunk := text[:min(len(text), field)]
		text = text[len(chunk):]
		extension := byte(0xff)
		if len(text) > 0 {
			extension = byte(min(part, 0xef))
		}
		b := bytes.Repeat([]byte{0x8f}, stlBlock)
		copy(b, []byte{0, byte(number), byte(number >> 8), extension, 0})
		copy(b[5:], start[:])
		copy(b[9:], end[:])
		b[13], b[14], b[15] = byte(max(row, 1)), []byte{1, 2, 3}[(an-1)%3], 0
		copy(b[16:], chunk)
		all = append(all, b...)
		if len(text) == 0 {
			return all
		}
	}
}

type stlLook struct{ italic, underline bool }

// stlWriter writes the text of one cue.
type stlWriter struct {
	table   stlCharset
	b       []byte
	look    stlLook
	missing map[rune]bool
}

func (w *stlWriter) turn(l stlLook) {
	if l.italic != w.look.italic {
		w.b = append(w.b, map[bool]byte{true: 0x80, false: 0x81}[l.italic])
	}
	if l.underline != w.look.underline {
		w.b = append(w.b, map[bool]byte{true: 0x82, false: 0x83}[l.underline])
	}
	w.look = l
}

func (w *stlWriter) node(n *subtitle.Node, l stlLook) {
	switch n.Kind {
	case subtitle.TextNode:
		w.turn(l)
		for _, r := range n.Value {
			w.char(r)
		}
		return
	case subtitle.Italic:
		l.italic = true
	case subtitle.Underline:
		l.underline = true
	}
	for _, c := range n.Children {
		w.node(c, l)
	}
}

func (w *stlWriter) char(r rune) {
	if r == '\n' {
		w.b = append(w.b, 0x8a)
		return
	}
	if code, ok := w.table.encode(r); ok {
		w.b = append(w.b, code...)
		return
	}
	instead, known := stlInstead[r]
	if !known {
		instead = "?"
	}
	if r > ' ' && r != utf8.RuneError && strings.TrimSpace(instead) != "" {
		w.missing[r] = true
	}
	for _, c := range instead {
		if code, ok := w.table.encode(c); ok {
			w.b = append(w.b, code...)
		}
	}
}
