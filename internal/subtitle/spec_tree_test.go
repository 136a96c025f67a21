package subtitle

import (
	"fmt"
	"strconv"
	"strings"
)

// specTree runs the cue text parsing rules (6.4) with the tokenizer's states, and gives the dump. Character references
// are decoded by the reader's own function, which has its tests in TestCueText.
func specTree(input string) string {
	type node struct {
		kind, value string
		classes     []string
		children    []*node
		parent      *node
	}
	root := &node{kind: "root"}
	current := root
	attach := func(n *node) *node {
		n.parent = current
		current.children = append(current.children, n)
		return n
	}
	in, pos := []rune(input), 0
	end := func() bool { return pos >= len(in) }
	for !end() {
		if in[pos] != '<' {
			var text strings.Builder
			for !end() && in[pos] != '<' {
				text.WriteRune(in[pos])
				pos++
			}
			attach(&node{kind: "text", value: unescape(text.String())})
			continue
		}
		pos++
		state, result, buffer, classes := "tag", "", "", []string(nil)
		var token string
		for token == "" {
			c := rune(-1)
			if !end() {
				c = in[pos]
			}
			space := c == ' ' || c == '\t' || c == '\f'
			closes := c == '>' || c == -1
			switch state {
			case "tag":
				switch {
				case space || c == '\n':
					state = "annotation"
				case c == '.':
					state = "class"
				case c == '/':
					state = "end"
				case '0' <= c && c <= '9':
					result, state = string(c), "timestamp"
				case closes:
					token = "start"
				default:
					result, state = string(c), "start"
				}
			case "start":
				switch {
				case space:
					state = "annotation"
				case c == '\n':
					buffer, state = "\n", "annotation"
				case c == '.':
					state = "class"
				case closes:
					token = "start"
				default:
					result += string(c)
				}
			case "class":
				switch {
				case space:
					classes, buffer, state = append(classes, buffer), "", "annotation"
				case c == '\n':
					classes, buffer, state = append(classes, buffer), "\n", "annotation"
				case c == '.':
					classes, buffer = append(classes, buffer), ""
				case closes:
					classes, buffer, token = append(classes, buffer), "", "start"
				default:
					buffer += string(c)
				}
			case "annotation":
				if closes {
					buffer, token = strings.Join(specSpaces(unescape(buffer)), " "), "start"
				} else {
					buffer += string(c)
				}
			case "end":
				if closes {
					token = "end"
				} else {
					result += string(c)
				}
			case "timestamp":
				if closes {
					token = "timestamp"
				} else {
					result += string(c)
				}
			}
			pos++
		}
		switch {
		case token == "timestamp":
			p := &spec{in: []rune(result)}
			if ms, ok := p.timestamp(); ok && p.pos == len(p.in) {
				attach(&node{kind: "time", value: ms})
			}
		case token == "start" && (strings.Contains(" c i b u ruby v lang ", " "+result+" ") && result != "" || result == "rt" && current.kind == "ruby"):
			n := &node{kind: result, value: buffer}
			for _, c := range classes {
				if c != "" {
					n.classes = append(n.classes, c)
				}
			}
			current = attach(n)
		case token == "end" && current != root && current.kind == result:
			current = current.parent
		case token == "end" && current.kind == "rt" && result == "ruby":
			current = current.parent.parent
		}
	}
	var b strings.Builder
	b.WriteString("#document-fragment")
	var dump func(n *node, indent string)
	dump = func(n *node, indent string) {
		for _, c := range n.children {
			line := "\n| " + indent
			switch c.kind {
			case "text":
				b.WriteString(line + `"` + c.value + `"`)
				continue
			case "time":
				ms, _ := strconv.ParseInt(c.value, 10, 64)
				fmt.Fprintf(&b, "%s<?timestamp %02d:%02d:%02d.%03d>", line, ms/3600000, ms/60000%60, ms/1000%60, ms%1000)
				continue
			case "c", "v", "lang":
				b.WriteString(line + "<span>")
			default:
				b.WriteString(line + "<" + c.kind + ">")
			}
			if len(c.classes) > 0 {
				b.WriteString(line + `  class="` + strings.Join(c.classes, " ") + `"`)
			}
			if name := map[string]string{"v": "title", "lang": "lang"}[c.kind]; name != "" {
				b.WriteString(line + "  " + name + `="` + c.value + `"`)
			}
			dump(c, indent+"  ")
		}
	}
	dump(root, "")
	return b.String()
}
