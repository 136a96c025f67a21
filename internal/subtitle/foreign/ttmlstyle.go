package foreign

import (
	"maps"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// ttmlStyle is style attributes by their local names.
type ttmlStyle map[string]string

// ttmlStyleDef is a <style> with the names of those that it builds upon.
type ttmlStyleDef struct {
	own      ttmlStyle
	refs     []string
	resolved ttmlStyle
	busy     bool // its references are being followed: a circle ends here
}

// ttmlKept are the style attributes that are looked at (TTML2 10.2).
var ttmlKept = map[string]bool{"color": true, "backgroundColor": true, "fontStyle": true, "fontWeight": true, "textDecoration": true, "textAlign": true,
	"displayAlign": true, "origin": true, "extent": true, "position": true, "writingMode": true, "display": true, "visibility": true, "ruby": true,
	"fontFamily": true, "fontSize": true, "textOutline": true, "opacity": true, "direction": true}

// ttmlOwn are the attributes that elements inside do not take over.
var ttmlOwn = []string{"origin", "extent", "position", "displayAlign", "ruby"}

func styleAttributes(a map[string]string) ttmlStyle {
	s := ttmlStyle{}
	for name, value := range a {
		if ttmlKept[name] {
			s[name] = value
		}
	}
	return s
}

// define keeps what <style> and <region> say.
func (r *ttmlReader) define(e, up *ttmlElement, a map[string]string) {
	switch {
	case e.name == "style" && up.name == "region" && up.id != "":
		maps.Copy(r.regions[up.id], r.referenced(strings.Fields(a["style"])))
		maps.Copy(r.regions[up.id], styleAttributes(a))
	case e.name == "style" && e.id != "":
		r.styles[e.id] = &ttmlStyleDef{own: styleAttributes(a), refs: strings.Fields(a["style"])}
	case e.name == "region" && e.id != "":
		s := r.referenced(strings.Fields(a["style"]))
		maps.Copy(s, styleAttributes(a))
		r.regions[e.id] = s
	}
}

// referenced is what the named styles say together, a later one over an earlier one. Unknown names say nothing.
func (r *ttmlReader) referenced(names []string) ttmlStyle {
	all := ttmlStyle{}
	for _, name := range names {
		def := r.styles[name]
		if def == nil || def.busy {
			continue
		}
		if def.resolved == nil {
			def.busy = true
			def.resolved = r.referenced(def.refs)
			maps.Copy(def.resolved, def.own)
			def.busy = false
		}
		maps.Copy(all, def.resolved)
	}
	return all
}

// computed is the style of an element: what it takes over, what its styles say, what it says itself.
func (r *ttmlReader) computed(up ttmlStyle, a map[string]string, name string) ttmlStyle {
	html := map[string][2]string{"i": {"fontStyle", "italic"}, "em": {"fontStyle", "italic"}, "b": {"fontWeight", "bold"}, "strong": {"fontWeight", "bold"},
		"u": {"textDecoration", "underline"}}[name] // not TTML, and found
	own := styleAttributes(a)
	if len(own) == 0 && a["style"] == "" && html[0] == "" && !hasAny(up, ttmlOwn) {
		return up
	}
	s := ttmlStyle{}
	maps.Copy(s, up)
	for _, n := range ttmlOwn {
		delete(s, n)
	}
	hidden := up["display"] == "none"
	maps.Copy(s, r.referenced(strings.Fields(a["style"])))
	if html[0] != "" {
		s[html[0]] = html[1]
	}
	maps.Copy(s, own)
	if hidden { // nothing inside can be shown
		s["display"] = "none"
	}
	return s
}

func hasAny(s ttmlStyle, names []string) bool {
	for _, n := range names {
		if s[n] != "" {
			return true
		}
	}
	return false
}

// over is a style with what it does not say taken from the region.
func (s ttmlStyle) over(region ttmlStyle, name string) string {
	if v := s[name]; v != "" {
		return v
	}
	return region[name]
}

// ttmlDefaults are the looks that most paragraphs have; they are the film's, and a player's setting.
type ttmlDefaults struct{ color, ground, rest string }

func (s ttmlStyle) rest(region ttmlStyle) string {
	return strings.Join([]string{s.over(region, "fontFamily"), s.over(region, "fontSize"), s.over(region, "textOutline"), s.over(region, "opacity")}, ",")
}

func (s ttmlStyle) colorKey(region ttmlStyle, name string) string {
	v := s.over(region, name)
	if c, ok := rgbOf(v); ok {
		if strings.HasPrefix(v, "#") && len(v) == 9 && v[7:] == "00" { // quite transparent
			return ""
		}
		return c.hex()
	}
	return ""
}

// lookOf is the look of a run, and what is lost of it by kind.
func (p *ttmlParagraph) lookOf(run ttmlRun, d ttmlDefaults, lost map[string]string) look {
	s := run.style
	l := look{lang: run.lang}
	l.italic = strings.HasSuffix(strings.ToLower(s.over(p.region, "fontStyle")), "blique") || s.over(p.region, "fontStyle") == "italic"
	l.bold = s.over(p.region, "fontWeight") == "bold"
	for word := range strings.FieldsSeq(s.over(p.region, "textDecoration")) {
		l.underline = l.underline || word == "underline"
		if word == "lineThrough" {
			lost["strike"] = "WebVTT has no struck-out text; the text is kept"
		}
	}
	if key := s.colorKey(p.region, "color"); key != d.color && key != "" {
		if l.color = subtitle.ColorClass(key); l.color == "" {
			lost["color"] = "the colour #" + key + " is none of the eight that WebVTT has a name for; the text is kept"
		}
	}
	if key := s.colorKey(p.region, "backgroundColor"); key != d.ground && key != "" {
		if l.ground = subtitle.ColorClass(key); l.ground == "" {
			lost["background"] = "the colour #" + key + " behind the text is none of the eight that WebVTT has a name for; the text is kept"
		}
	}
	if s.rest(p.region) != d.rest {
		lost["font"] = "this text has a font, a size or an outline of its own; only the text is kept"
	}
	switch s["ruby"] {
	case "container", "base", "baseContainer":
		l.ruby = 1
	case "text", "textContainer":
		l.ruby = 2
	}
	return l
}

// complainLost says what was lost of a paragraph.
func (r *ttmlReader) complainLost(p *ttmlParagraph, lost map[string]string) {
	for _, kind := range sortedKeys(lost) {
		r.complain(report.Warn, "lossy-"+kind, p.offset, lost[kind], "")
	}
}
