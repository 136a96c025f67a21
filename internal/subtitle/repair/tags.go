package repair

import (
	"slices"
	"strings"

	"filmpress/internal/subtitle"
)

// vttNesting puts closing tags into the order of their opening ones, the last first, and takes out those that close
// nothing; a reader ignores both (WebVTT 6.5). Tags that are to end later are opened again.
func vttNesting(w *work) int {
	return w.eachTagged(func(c subtitle.Cue) string {
		var out strings.Builder
		var open []string // start tags
		var again []string
		for p := range c.Pieces() {
			text := c.Raw[p.From:p.To]
			name, end, known := vttTag(text)
			if !p.Tag || p.Open || !known {
				if strings.TrimSpace(text) != "" || p.Tag {
					open, again = reopen(&out, open, again)
				}
				out.WriteString(text)
				continue
			}
			if !end {
				open, again = reopen(&out, open, again)
				out.WriteString(text)
				if name != "rt" || len(open) > 0 && nameOf(open[len(open)-1]) == "ruby" {
					open = append(open, text)
				}
				continue
			}
			if at := slices.IndexFunc(again, func(t string) bool { return nameOf(t) == name }); at >= 0 {
				again = slices.Delete(again, at, at+1) // it was closed with an outer one
				continue
			}
			at := lastIndex(open, name)
			if at < 0 {
				continue
			}
			inner := open[at+1:]
			if !(name == "ruby" && len(inner) == 1 && nameOf(inner[0]) == "rt") {
				for _, t := range slices.Backward(inner) {
					out.WriteString("</" + nameOf(t) + ">")
				}
				again = append(slices.Clone(inner), again...)
			}
			out.WriteString(text)
			open = open[:at]
		}
		return out.String()
	})
}

// reopen writes the start tags that were closed only because an outer tag ended.
func reopen(out *strings.Builder, open, again []string) (_, none []string) {
	for _, t := range again {
		out.WriteString(t)
	}
	return append(open, again...), nil
}

func lastIndex(open []string, name string) int {
	for i, t := range slices.Backward(open) {
		if nameOf(t) == name {
			return i
		}
	}
	return -1
}

// vttTag is the name of a tag, and whether it ends what it names; known is false for tags that WebVTT has not.
func vttTag(tag string) (name string, end, known bool) {
	if !strings.HasPrefix(tag, "<") || !strings.HasSuffix(tag, ">") {
		return "", false, false
	}
	body, end := strings.CutPrefix(tag[1:len(tag)-1], "/")
	if !end {
		if at := strings.IndexAny(body, "\t\n\f ."); at >= 0 {
			body = body[:at]
		}
	}
	return body, end, slices.Contains([]string{"c", "i", "b", "u", "ruby", "rt", "v", "lang"}, body)
}

func nameOf(tag string) string { name, _, _ := vttTag(tag); return name }

// vttUnclosed closes at the end of a cue what is open there. A voice may stay open (WebVTT 4.2.2).
func vttUnclosed(w *work) int {
	return w.eachTagged(func(c subtitle.Cue) string {
		var open []string
		for p := range c.Pieces() {
			text := c.Raw[p.From:p.To]
			name, end, known := vttTag(text)
			switch {
			case p.Open:
				return c.Raw // everything behind it is part of it
			case !p.Tag || !known || name == "rt" && !end && (len(open) == 0 || open[len(open)-1] != "ruby"):
			case !end:
				open = append(open, name)
			case len(open) > 0 && open[len(open)-1] == name:
				open = open[:len(open)-1]
			case len(open) > 1 && name == "ruby" && open[len(open)-1] == "rt":
				open = open[:len(open)-2]
			}
		}
		raw := c.Raw
		for i, name := range slices.Backward(open) {
			if !slices.ContainsFunc(open[:i+1], func(n string) bool { return n != "v" }) {
				break
			}
			raw += "</" + name + ">"
		}
		return raw
	})
}

// srtTags closes at the end of an SRT cue what is open there, and takes out what closes nothing.
func srtTags(w *work) int {
	return w.eachTagged(func(c subtitle.Cue) string {
		var out strings.Builder
		open := []string{}
		for p := range c.Pieces() {
			text := c.Raw[p.From:p.To]
			name, end := srtTag(text)
			switch {
			case !p.Tag || name == "":
			case !end:
				open = append(open, name)
			default:
				at := lastKind(open, name)
				if at < 0 {
					continue
				}
				open = slices.Delete(open, at, at+1)
			}
			out.WriteString(text)
		}
		for _, name := range slices.Backward(open) {
			out.WriteString("</" + name + ">")
		}
		return out.String()
	})
}

// lastKind is the last open tag that means the same.
func lastKind(open []string, name string) int {
	for i, n := range slices.Backward(open) {
		if kind(n) == kind(name) {
			return i
		}
	}
	return -1
}

func kind(name string) string {
	switch name = strings.ToLower(name); name {
	case "em":
		return "i"
	case "strong":
		return "b"
	}
	return name
}

// srtTag is the name of a tag that is closed by another, in the case it is written in; "" for all others.
func srtTag(tag string) (name string, end bool) {
	if !strings.HasPrefix(tag, "<") || strings.HasSuffix(tag, "/>") {
		return "", false
	}
	body, end := strings.CutPrefix(strings.TrimSuffix(tag[1:], ">"), "/")
	name, _, _ = strings.Cut(body, " ")
	if !slices.Contains([]string{"i", "b", "u", "s", "font", "em", "strong"}, strings.ToLower(name)) {
		return "", false
	}
	return name, end
}

// eachTagged changes the tags of every cue that has any. A cue whose words would be others by it stays as it is.
func (w *work) eachTagged(change func(subtitle.Cue) string) int {
	n := 0
	for _, b := range w.cues() {
		if b.cue.TextOnTimingLine() || !strings.Contains(b.raw(), "<") {
			continue
		}
		c := b.text()
		is := c
		if is.Raw = change(c); is.Raw == c.Raw || is.Plain() != c.Plain() || subtitle.Blank(is.Raw) {
			continue
		}
		w.setRaw(b, is.Raw)
		n++
	}
	return n
}
