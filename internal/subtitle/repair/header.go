package repair

import (
	"strings"

	"filmpress/internal/subtitle"
)

// invisible is what may stand unseen before a signature.
const invisible = " \t\u00a0\u200b\u200e\u200f\ufeff\u2060"

// signature gives the file its first line WEBVTT (WebVTT 4.1), from whatever was meant to be it.
func signature(w *work) int {
	if !w.track.Refused || len(w.blocks) == 0 {
		return 0
	}
	first := w.blocks[0]
	switch {
	case first.kind == header:
		first.lines[0].Text = signed(first.lines[0].Text)
	case first.kind == cueOf && len(first.id) > 0 && meant(first.id[0].Text): // no blank line under it
		sign := first.id[0]
		sign.Text = signed(sign.Text)
		w.blocks = append([]*block{{kind: header, lines: []line{sign}}}, w.blocks...)
		first.id, first.above = nil, []line{w.new("")}
	case first.kind != cueOf && meant(first.lines[0].Text): // blank lines above it
		first.kind, first.above = header, nil
		first.lines[0].Text = signed(first.lines[0].Text)
	default:
		if len(first.above) == 0 {
			first.above = []line{w.new("")}
		}
		w.blocks = append([]*block{{kind: header, lines: []line{w.new("WEBVTT")}}}, w.blocks...)
	}
	return 1
}

// meant says whether a line was meant to be the signature.
func meant(text string) bool {
	return strings.HasPrefix(strings.ToUpper(strings.TrimLeft(text, invisible)), "WEBVTT")
}

// signed makes a line the signature, with what stands on it behind it.
func signed(text string) string {
	rest := strings.TrimLeft(text, invisible)
	if meant(rest) {
		rest = rest[len("WEBVTT"):]
	}
	if rest == "" || rest[0] == ' ' || rest[0] == '\t' {
		return "WEBVTT" + rest
	}
	return "WEBVTT " + rest
}

// headerBlank puts a blank line under the header. A number at its end is the first cue's identifier.
func headerBlank(w *work) int {
	if len(w.blocks) < 2 || w.blocks[0].kind != header || len(w.blocks[1].above) > 0 {
		return 0
	}
	head, next := w.blocks[0], w.blocks[1]
	if n := len(head.lines) - 1; n > 0 && next.kind == cueOf && len(next.id) == 0 && digits(head.lines[n].Text) {
		next.id = []line{head.lines[n]}
		head.lines = head.lines[:n]
	}
	next.above = []line{w.new("")}
	return 1
}

func digits(text string) bool { return text != "" && strings.Trim(text, "0123456789") == "" }

// lost says whether a line was meant to be a timing line, but cannot be read as one.
func lost(text string) bool {
	if _, ok := subtitle.ReadTiming(text); ok {
		return false
	}
	return strings.Contains(text, "-->") && clock.MatchString(text)
}
