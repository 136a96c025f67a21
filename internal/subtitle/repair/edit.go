package repair

import (
	"slices"
	"strings"

	"filmpress/internal/subtitle"
)

// prose is a cue's text without its tags, and where each part of it stands in the cue's payload. Character
// references are not decoded.
type prose struct {
	text   string
	pieces []subtitle.Piece
}

func proseOf(c subtitle.Cue) prose {
	var p prose
	var b strings.Builder
	for piece := range c.Pieces() {
		if !piece.Tag {
			p.pieces = append(p.pieces, piece)
			b.WriteString(c.Raw[piece.From:piece.To])
		}
	}
	p.text = b.String()
	return p
}

// edit replaces the bytes [from, to) of a prose by a text.
type edit struct {
	from, to int
	text     string
}

// apply makes edits, which are in order, in the payload. One that spans a tag is left out.
func (p prose) apply(raw string, edits []edit) (out string, done int) {
	var b strings.Builder
	at, begin := 0, 0 // in raw; of the piece in the prose
	for _, piece := range p.pieces {
		end := begin + piece.To - piece.From
		for len(edits) > 0 && edits[0].from < end {
			e := edits[0]
			edits = edits[1:]
			if e.from < begin || e.to > end {
				continue
			}
			b.WriteString(raw[at : piece.From+e.from-begin])
			b.WriteString(e.text)
			at = piece.From + e.to - begin
			done++
		}
		begin = end
	}
	b.WriteString(raw[at:])
	return b.String(), done
}

// eachProse edits the text of every cue, and counts the edits. A cue that would say something else by it, as where an
// invisible character keeps text from being read as a tag, stays as it is.
func (w *work) eachProse(find func(text string) []edit) int {
	n := 0
	for _, b := range w.cues() {
		if len(b.lines) == 0 {
			continue
		}
		c := b.text()
		p := proseOf(c)
		edits := find(p.text)
		if len(edits) == 0 {
			continue
		}
		raw, done := p.apply(c.Raw, edits)
		is := c
		is.Raw = raw
		if done == 0 || skeleton(is.Plain()) != skeleton(c.Plain()) || proseTags(is) != proseTags(c) {
			continue
		}
		w.setRaw(b, raw)
		n += done
	}
	return n
}

// proseTags is how many tags a payload has.
func proseTags(c subtitle.Cue) int {
	n := 0
	for p := range c.Pieces() {
		if p.Tag {
			n++
		}
	}
	return n
}

// eachRune gives an edit for every character that replace gives another text for.
func eachRune(text string, replace func(r rune, before, after string) (string, bool)) []edit {
	var edits []edit
	for i, r := range text {
		n := len(string(r))
		if r == '\uFFFD' {
			continue
		}
		if with, ok := replace(r, text[:i], text[i+n:]); ok {
			edits = append(edits, edit{i, i + n, with})
		}
	}
	return slices.Clip(edits)
}
