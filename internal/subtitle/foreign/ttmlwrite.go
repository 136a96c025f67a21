package foreign

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"filmpress/internal/subtitle"
)

// writeTTML writes the track as a document of the IMSC 1.1 text profile (https://www.w3.org/TR/ttml-imsc1.1/). Times are
// exact to the millisecond. Each place that a cue has becomes a region.
func writeTTML(t *subtitle.Track) []byte {
	w := ttmlWriter{agents: map[string]string{}, ids: map[string]bool{}}
	var body strings.Builder
	for i := range t.Cues {
		w.cue(&body, &t.Cues[i])
	}
	var b strings.Builder
	lang := t.Language // an empty one is allowed, and means that it is not known
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<tt xmlns="http://www.w3.org/ns/ttml" xmlns:ttp="http://www.w3.org/ns/ttml#parameter" xmlns:tts="http://www.w3.org/ns/ttml#styling" xmlns:ttm="http://www.w3.org/ns/ttml#metadata"
    ttp:contentProfiles="http://www.w3.org/ns/ttml/profile/imsc1.1/text" ttp:timeBase="media" xml:lang="` + xmlText(lang) + `">
  <head>
`)
	if len(w.names) > 0 {
		b.WriteString("    <metadata>\n")
		for _, name := range w.names {
			fmt.Fprintf(&b, "      <ttm:agent xml:id=%q type=\"person\"><ttm:name type=\"full\">%s</ttm:name></ttm:agent>\n", w.agents[name], xmlText(name))
		}
		b.WriteString("    </metadata>\n")
	}
	b.WriteString(`    <styling>
      <style xml:id="text" tts:color="white" tts:fontFamily="proportionalSansSerif" tts:fontSize="100%" tts:lineHeight="125%"/>
    </styling>
    <layout>
`)
	for i, region := range w.regions {
		fmt.Fprintf(&b, "      <region xml:id=\"place%d\" %s/>\n", i+1, region)
	}
	b.WriteString("    </layout>\n  </head>\n  <body style=\"text\">\n    <div>\n")
	b.WriteString(body.String())
	b.WriteString("    </div>\n  </body>\n</tt>\n")
	return []byte(b.String())
}

type ttmlWriter struct {
	regions []string // their attributes
	agents  map[string]string
	names   []string // of agents, in the order of their appearance
	ids     map[string]bool
}

func (w *ttmlWriter) cue(b *strings.Builder, c *subtitle.Cue) {
	region := ttmlRegion(c.Settings())
	at := slices.Index(w.regions, region)
	if at < 0 {
		at = len(w.regions)
		w.regions = append(w.regions, region)
	}
	fmt.Fprintf(b, "      <p begin=%q end=%q region=\"place%d\"", subtitle.FormatTime(c.Start, '.'), subtitle.FormatTime(c.End, '.'), at+1)
	if c.Markup == subtitle.WebVTT && isID(c.ID) && !w.ids[c.ID] {
		w.ids[c.ID] = true
		fmt.Fprintf(b, " xml:id=%q", c.ID)
	}
	tree := c.Tree()
	if voice := firstVoice(tree); voice != "" {
		fmt.Fprintf(b, " ttm:agent=%q", w.agent(voice))
	}
	b.WriteString(">")
	for _, n := range tree.Children {
		ttmlNode(b, n)
	}
	b.WriteString("</p>\n")
}

// reservedID are the identifiers of our own elements.
var reservedID = regexp.MustCompile(`^(text|(place|speaker)[0-9]+)$`)

var ncName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9._-]*$`)

// isID says whether an identifier can be an xml:id beside our own.
func isID(id string) bool { return ncName.MatchString(id) && !reservedID.MatchString(id) }

func firstVoice(tree *subtitle.Node) string {
	voice := ""
	tree.Walk(func(n *subtitle.Node) {
		if n.Kind == subtitle.Voice && voice == "" {
			voice = n.Value
		}
	})
	return voice
}

func (w *ttmlWriter) agent(name string) string {
	if id, ok := w.agents[name]; ok {
		return id
	}
	w.names = append(w.names, name)
	w.agents[name] = "speaker" + strconv.Itoa(len(w.names))
	return w.agents[name]
}

// ttmlNode writes a node of a cue's text.
func ttmlNode(b *strings.Builder, n *subtitle.Node) {
	attributes := ""
	switch n.Kind {
	case subtitle.TextNode:
		b.WriteString(strings.ReplaceAll(xmlText(n.Value), "\n", "<br/>"))
		return
	case subtitle.Timestamp:
		return
	case subtitle.Italic:
		attributes = ` tts:fontStyle="italic"`
	case subtitle.Bold:
		attributes = ` tts:fontWeight="bold"`
	case subtitle.Underline:
		attributes = ` tts:textDecoration="underline"`
	case subtitle.Strike:
		attributes = ` tts:textDecoration="lineThrough"`
	case subtitle.Ruby:
		attributes = ` tts:ruby="container"`
	case subtitle.RubyText:
		attributes = ` tts:ruby="text"`
	case subtitle.Lang:
		attributes = ` xml:lang="` + xmlText(n.Value) + `"`
	}
	letters, ground, hasLetters, hasGround := nodeColors(n)
	if hasLetters {
		attributes += ` tts:color="#` + letters.hex() + `"`
	}
	if hasGround {
		attributes += ` tts:backgroundColor="#` + ground.hex() + `"`
	}
	if attributes != "" {
		b.WriteString("<span" + attributes + ">")
	}
	for _, c := range n.Children {
		if n.Kind == subtitle.Ruby && c.Kind == subtitle.TextNode {
			b.WriteString(`<span tts:ruby="base">`)
			ttmlNode(b, c)
			b.WriteString("</span>")
			continue
		}
		ttmlNode(b, c)
	}
	if attributes != "" {
		b.WriteString("</span>")
	}
}

// ttmlRegion is the attributes of the region for a place. Cues at the edges keep the safe distance of a tenth.
func ttmlRegion(s subtitle.Settings) string {
	align := map[subtitle.Align]string{subtitle.AlignStart: "start", subtitle.AlignEnd: "end", subtitle.AlignLeft: "left", subtitle.AlignRight: "right"}[s.Align]
	if align == "" {
		align = "center"
	}
	if s.Vertical != subtitle.Horizontal {
		mode := map[subtitle.Vertical]string{subtitle.VerticalRL: "tbrl", subtitle.VerticalLR: "tblr"}[s.Vertical]
		return fmt.Sprintf(`tts:origin="10%% 10%%" tts:extent="80%% 80%%" tts:writingMode="%s" tts:textAlign="%s"`, mode, align)
	}
	an, exact := s.Keypad()
	if exact || s.SnapToLines || !s.Line.Set || s.Region != nil {
		display := []string{"after", "center", "before"}[(an-1)/3]
		if exact && (an-1)%3 != 1 { // at the very side
			return fmt.Sprintf(`tts:origin="0%% 10%%" tts:extent="100%% 80%%" tts:displayAlign="%s" tts:textAlign="%s"`, display, align)
		}
		return fmt.Sprintf(`tts:origin="10%% 10%%" tts:extent="80%% 80%%" tts:displayAlign="%s" tts:textAlign="%s"`, display, align)
	}
	x, w := ttmlColumn(s)
	y, h, display := s.Line.N, 100-s.Line.N, "before"
	switch s.LineAlign {
	case subtitle.AlignEnd:
		y, h, display = 0, s.Line.N, "after"
	case subtitle.AlignCenter:
		h = 2 * min(s.Line.N, 100-s.Line.N)
		y, display = s.Line.N-h/2, "center"
	}
	return fmt.Sprintf(`tts:origin="%s%% %s%%" tts:extent="%s%% %s%%" tts:displayAlign="%s" tts:textAlign="%s"`, decimal(x), decimal(y), decimal(w), decimal(h), display, align)
}

// anchorOf is where on the picture's width a cue is placed, in per cent, and which part of its box lies there: 0 its left
// edge, 50 its middle, 100 its right edge (WebVTT 7.2, steps 3 to 5).
func anchorOf(s subtitle.Settings) (at, anchor float64) {
	at = 50
	switch s.Align {
	case subtitle.AlignLeft, subtitle.AlignStart:
		at = 0
	case subtitle.AlignRight, subtitle.AlignEnd:
		at = 100
	}
	anchor = at
	if s.Position.Set {
		at = s.Position.N
	}
	switch s.PositionAlign {
	case subtitle.AlignLineLeft:
		anchor = 0
	case subtitle.AlignCenter:
		anchor = 50
	case subtitle.AlignLineRight:
		anchor = 100
	}
	return at, anchor
}

// ttmlColumn is where a cue box begins and how wide it is, in per cent (WebVTT 7.2, steps 3 to 9).
func ttmlColumn(s subtitle.Settings) (x, w float64) {
	at, anchor := anchorOf(s)
	switch anchor {
	case 0:
		w = min(s.Size, 100-at)
		return at, w
	case 100:
		w = min(s.Size, at)
		return at - w, w
	}
	w = min(s.Size, 2*min(at, 100-at))
	return at - w/2, w
}

// xmlText is text as XML takes it. What XML cannot hold becomes U+FFFD.
func xmlText(s string) string {
	var b strings.Builder
	if err := xml.EscapeText(&b, []byte(s)); err != nil {
		panic(err) // a Builder takes everything
	}
	return strings.ReplaceAll(b.String(), "&#xA;", "\n")
}
