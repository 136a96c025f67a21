package subtitle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"
)

// spec is a second reader, written from the specification's steps one after another, a character at a time, with no
// eye to speed, places or findings. The fuzz tests below hold our reader to it.
type spec struct {
	in      []rune
	pos     int
	seenCue bool
	regions []specRegion
	cues    []string
}

type specRegion struct {
	id       string
	settings string // what the words of the block set, the last of each
}

// specFile runs the WebVTT parser algorithm (6.1). ok is false where the file is refused.
func specFile(data []byte) (cues []string, ok bool) {
	text := specDecode(data)
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.NewReplacer("\x00", "\ufffd", "\r\n", "\n", "\r", "\n").Replace(text)
	s := &spec{in: []rune(text)}
	if len(s.in) < 6 || string(s.in[:6]) != "WEBVTT" {
		return nil, false
	}
	if s.pos = 6; s.pos < len(s.in) && !strings.ContainsRune(" \t\n", s.in[s.pos]) {
		return nil, false
	}
	s.collect(func(r rune) bool { return r != '\n' })
	if s.pos >= len(s.in) {
		return nil, true
	}
	s.pos++
	if s.pos >= len(s.in) {
		return nil, true
	}
	if s.in[s.pos] != '\n' {
		s.block(true)
	} else {
		s.pos++
	}
	s.collect(func(r rune) bool { return r == '\n' })
	for s.pos < len(s.in) {
		s.block(false)
		s.collect(func(r rune) bool { return r == '\n' })
	}
	return s.cues, true
}

// specDecode is UTF-8 decode (Encoding Standard 8.1.1), a byte at a time.
func specDecode(data []byte) string {
	var out []rune
	var char rune
	needed, seen, lower, upper := 0, 0, byte(0x80), byte(0xbf)
	for i := 0; i < len(data); i++ {
		b := data[i]
		if needed == 0 {
			switch {
			case b < 0x80:
				out = append(out, rune(b))
			case 0xc2 <= b && b <= 0xdf:
				needed, char = 1, rune(b&0x1f)
			case 0xe0 <= b && b <= 0xef:
				needed, char = 2, rune(b&0xf)
				if b == 0xe0 {
					lower = 0xa0
				} else if b == 0xed {
					upper = 0x9f
				}
			case 0xf0 <= b && b <= 0xf4:
				needed, char = 3, rune(b&0x7)
				if b == 0xf0 {
					lower = 0x90
				} else if b == 0xf4 {
					upper = 0x8f
				}
			default:
				out = append(out, 0xfffd)
			}
			continue
		}
		if b < lower || b > upper {
			needed, seen, lower, upper = 0, 0, 0x80, 0xbf
			out = append(out, 0xfffd)
			i-- // the byte is read again
			continue
		}
		lower, upper = 0x80, 0xbf
		char = char<<6 | rune(b&0x3f)
		if seen++; seen == needed {
			out = append(out, char)
			needed, seen = 0, 0
		}
	}
	if needed > 0 {
		out = append(out, 0xfffd)
	}
	return string(out)
}

func (s *spec) collect(f func(rune) bool) string {
	from := s.pos
	for s.pos < len(s.in) && f(s.in[s.pos]) {
		s.pos++
	}
	return string(s.in[from:s.pos])
}

// block collects a WebVTT block (6.2).
func (s *spec) block(inHeader bool) {
	lines, previous, buffer := 0, s.pos, ""
	seenEOF, seenArrow := false, false
	var cue *specCue
	style, region := false, false
loop:
	for !seenEOF {
		line := s.collect(func(r rune) bool { return r != '\n' })
		lines++
		if s.pos >= len(s.in) {
			seenEOF = true
		} else {
			s.pos++
		}
		switch {
		case strings.Contains(line, "-->"):
			if inHeader || !(lines == 1 || lines == 2 && !seenArrow) {
				s.pos = previous
				break loop
			}
			seenArrow, previous = true, s.pos
			c := &specCue{id: buffer, settings: map[string]string{}}
			if c.timings(line, s.regions) {
				cue, buffer, s.seenCue = c, "", true
			} else {
				cue = nil
			}
		case line == "":
			break loop
		default:
			if !inHeader && lines == 2 {
				if rest, ok := strings.CutPrefix(buffer, "STYLE"); ok && !s.seenCue && strings.Trim(rest, " \t\f") == "" {
					style, buffer = true, ""
				} else if rest, ok := strings.CutPrefix(buffer, "REGION"); ok && !s.seenCue && strings.Trim(rest, " \t\f") == "" {
					region, buffer = true, ""
				}
			}
			if buffer != "" {
				buffer += "\n"
			}
			buffer += line
			previous = s.pos
		}
	}
	switch {
	case cue != nil:
		s.cues = append(s.cues, cue.String(buffer))
	case style:
	case region:
		s.regions = append(s.regions, specRegionOf(buffer))
	}
}

// specSpaces splits on ASCII whitespace.
func specSpaces(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) })
}

var (
	specPercent = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?%$`)
	specNumber  = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	specDigits  = regexp.MustCompile(`^[0-9]+$`)
)

// specPercentage parses a percentage string (6.2).
func specPercentage(s string) (float64, bool) {
	if !specPercent.MatchString(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s[:len(s)-1], 64)
	return n, err == nil && n >= 0 && n <= 100
}

// specRegionOf collects WebVTT region settings (6.2).
func specRegionOf(input string) specRegion {
	id, width, lines, scroll := "", 100.0, 3.0, ""
	anchors := map[string][2]float64{"regionanchor": {0, 100}, "viewportanchor": {0, 100}}
	for _, word := range specSpaces(input) {
		name, value, ok := strings.Cut(word, ":")
		if !ok || name == "" || value == "" {
			continue
		}
		switch name {
		case "id":
			id = value
		case "width":
			if n, ok := specPercentage(value); ok {
				width = n
			}
		case "lines":
			if specDigits.MatchString(value) {
				lines, _ = strconv.ParseFloat(value, 64)
			}
		case "regionanchor", "viewportanchor":
			x, y, ok := strings.Cut(value, ",")
			nx, okx := specPercentage(x)
			ny, oky := specPercentage(y)
			if ok && okx && oky {
				anchors[name] = [2]float64{nx, ny}
			}
		case "scroll":
			if value == "up" {
				scroll = "up"
			}
		}
	}
	return specRegion{id, fmt.Sprint(id, width, lines, anchors["regionanchor"], anchors["viewportanchor"], scroll)}
}

type specCue struct {
	id         string
	start, end string
	settings   map[string]string
}

func (c *specCue) String(text string) string {
	c.defaults()
	return fmt.Sprintf("%q %s %s %v %q", c.id, c.start, c.end, c.settings, text)
}

// timings collects WebVTT cue timings and settings (6.3).
func (c *specCue) timings(line string, regions []specRegion) bool {
	p := &spec{in: []rune(line)}
	space := func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) }
	var ok bool
	p.collect(space)
	if c.start, ok = p.timestamp(); !ok {
		return false
	}
	p.collect(space)
	for range 2 {
		if p.pos >= len(p.in) || p.in[p.pos] != '-' {
			return false
		}
		p.pos++
	}
	if p.pos >= len(p.in) || p.in[p.pos] != '>' {
		return false
	}
	p.pos++
	p.collect(space)
	if c.end, ok = p.timestamp(); !ok {
		return false
	}
	c.parseSettings(string(p.in[p.pos:]), regions)
	return true
}

// timestamp collects a WebVTT timestamp (6.3); it comes out in milliseconds.
func (s *spec) timestamp() (string, bool) {
	digits := func() string { return s.collect(func(r rune) bool { return '0' <= r && r <= '9' }) }
	char := func(r rune) bool {
		if s.pos < len(s.in) && s.in[s.pos] == r {
			s.pos++
			return true
		}
		return false
	}
	number := func(s string) int64 { n, _ := strconv.ParseInt(s, 10, 64); return n } // saturates
	one := digits()
	if one == "" {
		return "", false
	}
	hours := len(one) != 2 || number(one) > 59
	if !char(':') {
		return "", false
	}
	two := digits()
	if len(two) != 2 {
		return "", false
	}
	three := ""
	if hours || s.pos < len(s.in) && s.in[s.pos] == ':' {
		if !char(':') {
			return "", false
		}
		if three = digits(); len(three) != 2 {
			return "", false
		}
	} else {
		one, two, three = "0", one, two
	}
	if !char('.') {
		return "", false
	}
	four := digits()
	if len(four) != 3 || number(two) > 59 || number(three) > 59 {
		return "", false
	}
	return fmt.Sprint(((min(number(one), maxHours)*60+number(two))*60+number(three))*1000 + number(four)), true
}

// parseSettings parses the WebVTT cue settings (6.3).
func (c *specCue) parseSettings(input string, regions []specRegion) {
	set := c.settings
	for _, setting := range specSpaces(input) {
		name, value, ok := strings.Cut(setting, ":")
		if !ok || name == "" || value == "" {
			continue
		}
		first, second, two := strings.Cut(value, ",")
		switch name {
		case "region":
			delete(set, "region")
			for _, r := range regions {
				if r.id == value {
					set["region"] = r.settings
				}
			}
		case "vertical":
			if value == "rl" || value == "lr" {
				set["vertical"] = value
			}
			if set["vertical"] != "" {
				delete(set, "region")
			}
		case "line":
			n, ok := 0.0, false
			if strings.HasSuffix(first, "%") {
				n, ok = specPercentage(first)
			} else if specNumber.MatchString(first) {
				f, err := strconv.ParseFloat(first, 64)
				n, ok = f, err == nil
			}
			if !ok || two && second != "start" && second != "center" && second != "end" {
				continue
			}
			if two {
				set["lineAlign"] = second
			}
			set["line"] = fmt.Sprint(n+0, !strings.HasSuffix(first, "%"))
			delete(set, "region")
		case "position":
			n, ok := specPercentage(first)
			if !ok || two && second != "line-left" && second != "center" && second != "line-right" {
				continue
			}
			if two {
				set["positionAlign"] = second
			}
			set["position"] = fmt.Sprint(n)
		case "size":
			if n, ok := specPercentage(value); ok {
				if set["size"] = fmt.Sprint(n); n != 100 {
					delete(set, "region")
				} else {
					delete(set, "size")
				}
			}
		case "align":
			switch value {
			case "start", "center", "end", "left", "right":
				set["align"] = value
			}
		}
	}
}

// ours is what our reader says, in the words of the other one.
func ours(t Track) []string {
	var out []string
	for i := range t.Cues {
		c, s := &t.Cues[i], t.Cues[i].Settings()
		set := map[string]string{}
		if s.Vertical != Horizontal {
			set["vertical"] = s.Vertical.String()
		}
		if s.Line.Set {
			set["line"] = fmt.Sprint(s.Line.N, s.SnapToLines)
		}
		if s.Position.Set {
			set["position"] = fmt.Sprint(s.Position.N)
		}
		if s.Size != 100 {
			set["size"] = fmt.Sprint(s.Size)
		}
		for name, a := range map[string]Align{"lineAlign": s.LineAlign, "positionAlign": s.PositionAlign, "align": s.Align} {
			set[name] = a.String()
		}
		if r := s.Region; r != nil {
			set["region"] = fmt.Sprint(r.ID, r.Width, r.Lines, [2]float64{r.RegionAnchorX, r.RegionAnchorY}, [2]float64{r.ViewportAnchorX, r.ViewportAnchorY}, r.Scroll)
		}
		cue := specCue{c.ID, fmt.Sprint(c.Start.Milliseconds()), fmt.Sprint(c.End.Milliseconds()), set}
		out = append(out, cue.String(c.Raw))
	}
	return out
}

// defaults are the settings that ours always names.
func (c *specCue) defaults() {
	for name, value := range map[string]string{"lineAlign": "start", "positionAlign": "auto", "align": "center"} {
		if _, ok := c.settings[name]; !ok {
			c.settings[name] = value
		}
	}
}

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

// FuzzSpec holds our reader to the specification: the same cues from any bytes, and the same trees of their texts.
func FuzzSpec(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(oddFiles, "*.vtt"))
	if err != nil || len(files) < 30 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4096 {
			f.Add(data)
		}
	}
	for _, s := range []string{"WEBVTT\n-->\n\nx\n" + t12 + " line:1%,end region:r size:100% vertical:lr\na", "WEBVTT\n\nREGION\nid:r regionanchor:1%,2%\n\n" + t12 + " region:r\n<v.a.b c&amp;d>e<rt>f</v>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkSpec(t, data) })
}

// checkSpec reads a file with both readers, and gives the number of its cues.
func checkSpec(t *testing.T, data []byte) int {
	t.Helper()
	track, found := ReadWebVTT("f.vtt", data, Options{})
	if track.Format == 0 {
		return 0 // over the caps
	}
	checkPlaces(t, data, found)
	want, ok := specFile(data)
	if got := ours(track); ok == track.Refused || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%q\n got %q, refused %v\nwant %q, refused %v", data, got, track.Refused, want, !ok)
	}
	for _, c := range track.Cues {
		if got, want := c.Tree().Dump(), specTree(c.Raw); strings.Count(c.Raw, "<") < maxDepth && got != want {
			t.Fatalf("%q\n got %s\nwant %s", c.Raw, got, want)
		}
	}
	// What Read makes of a file that players read is the same: what is checked and mended is what viewers get.
	if tolerant, _ := Read("f.vtt", data, Options{}); ok && utf8.Valid(data) && strings.Join(ours(tolerant), "\n") != strings.Join(want, "\n") {
		t.Fatalf("%q is read tolerantly as %q, want %q", data, ours(tolerant), want)
	}
	return len(track.Cues)
}

// specPieces are what files are put together from at random: everything that the algorithms look at.
var specPieces = []string{
	"\n", "\n", "\n", "\n\n", "\n\n", "\r\n", "\r", "\n\r", " ", "\t", "\f", "\v", "\x00", "\ufeff", "\u00a0", "\xff", "\xe2\x82", "é", "x",
	"STYLE", "REGION", "NOTE", "STYLE\n", "\n\nREGION\n", "REGION \t\n", "WEBVTT", "-->", "->", "--", "\n\n" + t12 + "\n", "\n\n" + t34 + " ", t12, "id",
	"00:01.000", "00:00:02.000", "1:00:00.000", "00:61.000", "60:00.000", "00:00:60.000", "999999999999999999999:00:00.000", "00:01.00", "00:01.0000", "00:01,000",
	"0", "9", ":", ".", ",", "%", "-", "region:r", "region:", "id:r", "id:", "id:q ", "region:q ", "lines:", "lines:2 ", "width:40% ", "regionanchor:", "viewportanchor:1%,2% ",
	"scroll:up ", " vertical:rl ", " vertical:lr", " line:", " line:1 ", " line:-1.5,end ", " line:100%,start", " position:", " position:10%,line-left ", " size:", " size:50% ", " size:100%",
	" align:", " align:start ", "end", "left", "center", "<", ">", "</", "<c", "<c.a.b>", "<i>", "</i>", "<b ", "<ruby>", "<rt>", "</rt>", "</ruby>", "<v Anna>", "<v", "<lang en>",
	"</lang>", "</c>", "<00:01.500>", "<1:00:00.000", "&", "&amp;", "&amp", "&lt;", "&#65;", "&#x", "&notit;", ";",
}

// TestSpec puts files together at random, the same ones each time, and holds our reader to the specification.
func TestSpec(t *testing.T) {
	const files = 5_000
	random := rand.New(rand.NewPCG(2026, 11))
	read := 0
	for range files {
		var b strings.Builder
		b.WriteString([]string{"WEBVTT\n\n", "WEBVTT\n", "WEBVTT", "\ufeffWEBVTT x\n\n", "WEBVTT\n\n" + t12 + "\n", "WEBVTT\n\nREGION\nid:r\n\n" + t12 + " "}[random.IntN(6)])
		for range random.IntN(40) {
			b.WriteString(specPieces[random.IntN(len(specPieces))])
		}
		data := []byte(b.String())
		read += checkSpec(t, data)
		if t.Failed() {
			return
		}
	}
	if read < files/2 {
		t.Errorf("only %d cues in %d files: the files are no test", read, files)
	}
}
