package subtitle

import (
	"strings"
	"time"
)

// NodeKind is a kind of WebVTT node object (WebVTT 6.5), or of what only SRT has.
type NodeKind uint8

const (
	Root NodeKind = iota
	TextNode
	Timestamp
	Class
	Italic
	Bold
	Underline
	Ruby
	RubyText
	Voice
	Lang
	Font   // SRT only: Value is the colour as written
	Strike // SRT only
)

// tagNames are the tags of the kinds; the SRT ones never reach a WebVTT file.
var tagNames = [...]string{Class: "c", Italic: "i", Bold: "b", Underline: "u", Ruby: "ruby", RubyText: "rt",
	Voice: "v", Lang: "lang", Font: "font", Strike: "s"}

// Node is a cue's text as a tree.
type Node struct {
	Kind     NodeKind
	Value    string        // the text of a TextNode, the name of a Voice, the tag of a Lang, the colour of a Font
	Time     time.Duration // of a Timestamp
	Classes  []string
	Children []*Node
}

// Walk calls f for every node in the text's order, a node before its children.
func (n *Node) Walk(f func(*Node)) {
	f(n)
	for _, c := range n.Children {
		c.Walk(f)
	}
}

// Plain is the text without anything else.
func (n *Node) Plain() string {
	if len(n.Children) == 1 && n.Children[0].Kind == TextNode {
		return n.Children[0].Value
	}
	var b strings.Builder
	n.Walk(func(c *Node) {
		if c.Kind == TextNode {
			b.WriteString(c.Value)
		}
	})
	return b.String()
}

// domNames are the HTML elements of the DOM construction rules (WebVTT 6.6).
var domNames = [...]string{Class: "span", Italic: "i", Bold: "b", Underline: "u", Ruby: "ruby", RubyText: "rt",
	Voice: "span", Lang: "span", Font: "span", Strike: "s"}

// Dump writes the tree's DOM the way HTML test suites do: "#document-fragment", then a line a node.
func (n *Node) Dump() string {
	var b strings.Builder
	b.WriteString("#document-fragment")
	for _, c := range n.Children {
		c.dump(&b, "\n| ")
	}
	return b.String()
}

func (n *Node) dump(b *strings.Builder, indent string) {
	b.WriteString(indent)
	switch n.Kind {
	case TextNode:
		b.WriteString(`"` + n.Value + `"`)
		return
	case Timestamp:
		b.WriteString("<?timestamp " + FormatTime(n.Time, '.') + ">")
		return
	}
	b.WriteString("<" + domNames[n.Kind] + ">")
	indent += "  "
	if len(n.Classes) > 0 {
		b.WriteString(indent + `class="` + strings.Join(n.Classes, " ") + `"`)
	}
	switch n.Kind {
	case Lang:
		b.WriteString(indent + `lang="` + n.Value + `"`)
	case Voice:
		b.WriteString(indent + `title="` + n.Value + `"`)
	}
	for _, c := range n.Children {
		c.dump(b, indent)
	}
}
