package subtitle

import "strings"

// maxDepth is how deeply tags may be nested; deeper ones are ignored. The specification sets no limit, but a
// tree without one could exhaust the stack of whoever walks it.
const maxDepth = 100

// kindsByTag are the start tags that the specification knows.
var kindsByTag = map[string]NodeKind{"c": Class, "i": Italic, "b": Bold, "u": Underline, "ruby": Ruby, "rt": RubyText, "v": Voice, "lang": Lang}

// ParseCueText runs the WebVTT cue text parsing rules (WebVTT 6.5) on a cue's payload.
func ParseCueText(payload string) *Node {
	p := textParser{open: []*Node{{Kind: Root}}}
	if !strings.ContainsAny(payload, "<&") {
		p.text(payload)
		return p.open[0]
	}
	t := tokenizer{in: payload}
	for t.i < len(t.in) {
		p.token(t.next())
	}
	return p.open[0]
}

// textParser builds the tree. The last of open is the current node.
type textParser struct {
	open []*Node
	deep int // start tags ignored because of maxDepth
}

func (p *textParser) current() *Node { return p.open[len(p.open)-1] }

func (p *textParser) text(s string) {
	if s != "" {
		p.current().Children = append(p.current().Children, &Node{Kind: TextNode, Value: s})
	}
}

func (p *textParser) token(t token) {
	switch t.kind {
	case textToken:
		p.text(t.value)
	case startTag:
		p.start(t)
	case endTag:
		p.end(t.value)
	case timestampTag:
		if d, ok := t.time(); ok {
			p.current().Children = append(p.current().Children, &Node{Kind: Timestamp, Time: d})
		}
	}
}

func (p *textParser) start(t token) {
	kind, known := kindsByTag[t.value]
	if !known || kind == RubyText && p.current().Kind != Ruby {
		return
	}
	if len(p.open) > maxDepth {
		p.deep++
		return
	}
	n := &Node{Kind: kind}
	for _, c := range t.classes {
		if c != "" {
			n.Classes = append(n.Classes, c)
		}
	}
	if kind == Voice || kind == Lang {
		n.Value = t.annotation
	}
	p.current().Children = append(p.current().Children, n)
	p.open = append(p.open, n)
}

// end closes the current node where the tag is its own; </ruby> also closes an open <rt>.
func (p *textParser) end(name string) {
	switch at := p.current().Kind; {
	case p.deep > 0:
		p.deep--
	case at != Root && tagNames[at] == name:
		p.open = p.open[:len(p.open)-1]
	case at == RubyText && name == "ruby":
		p.open = p.open[:len(p.open)-2]
	}
}
