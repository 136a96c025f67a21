package subtitle

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Align is an alignment keyword of WebVTT: of a cue's text, its line or its position.
type Align uint8

const (
	AlignStart Align = iota
	AlignCenter
	AlignEnd
	AlignLeft
	AlignRight
	AlignAuto
	AlignLineLeft
	AlignLineRight
)

var alignWords = [...]string{"start", "center", "end", "left", "right", "auto", "line-left", "line-right"}

// String is the keyword: "start", "line-left".
func (a Align) String() string { return alignWords[a] }

// MarshalText writes the keyword.
func (a Align) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// Vertical is a writing direction: horizontal, "rl" (growing left) or "lr" (growing right).
type Vertical uint8

const (
	Horizontal Vertical = iota
	VerticalRL
	VerticalLR
)

// String is "", "rl" or "lr".
func (v Vertical) String() string { return [...]string{"", "rl", "lr"}[v] }

// MarshalText writes String.
func (v Vertical) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// Offset is a number or auto, which is its zero value.
type Offset struct {
	Set bool
	N   float64
}

// MarshalJSON writes the number, or "auto".
func (o Offset) MarshalJSON() ([]byte, error) {
	if !o.Set {
		return []byte(`"auto"`), nil
	}
	return json.Marshal(o.N)
}

// Settings is where and how a cue is shown (WebVTT 3.1, 6.4). Use DefaultSettings, not the zero value.
type Settings struct {
	Vertical      Vertical `json:"vertical"`
	Line          Offset   `json:"line"` // a line number where SnapToLines, else per cent of the picture
	LineAlign     Align    `json:"lineAlign"`
	SnapToLines   bool     `json:"snapToLines"`
	Position      Offset   `json:"position"` // per cent
	PositionAlign Align    `json:"positionAlign"`
	Size          float64  `json:"size"` // per cent
	Align         Align    `json:"align"`
	Region        *Region  `json:"region"`
}

// DefaultSettings is what a cue has that says nothing.
func DefaultSettings() Settings {
	return Settings{SnapToLines: true, PositionAlign: AlignAuto, Size: 100, Align: AlignCenter}
}

// word is a part of a line between ASCII whitespace, with its byte offset.
type word struct {
	text string
	at   int
}

// words splits on ASCII whitespace.
func words(s string) []word {
	var ws []word
	for i := 0; i < len(s); {
		for i < len(s) && isSpace(s[i]) {
			i++
		}
		from := i
		for i < len(s) && !isSpace(s[i]) {
			i++
		}
		if from < i {
			ws = append(ws, word{s[from:i], from})
		}
	}
	return ws
}

// pair splits "name:value"; ok is false where the colon is missing, first or last.
func (w word) pair() (name, value string, ok bool) {
	name, value, ok = strings.Cut(w.text, ":")
	return name, value, ok && name != "" && value != ""
}

// parseSettings runs "parse the WebVTT cue settings" (WebVTT 6.4). regions are by identifier, the last of each name;
// complain is told of each word that has no
// effect, or a doubtful one: its rule, the word and what is wrong.
func parseSettings(input string, regions map[string]*Region, complain func(rule string, w word, text string)) Settings {
	s := DefaultSettings()
	seen := map[string]bool{}
	for _, w := range words(input) {
		name, value, ok := w.pair()
		if !ok {
			complain("vtt-setting-unknown", w, "a cue setting is written name:value, without spaces")
			continue
		}
		set, known := settingParsers[name]
		if !known {
			complain("vtt-setting-unknown", w, "no cue setting is called "+strconv.Quote(name))
			continue
		}
		if seen[name] {
			complain("vtt-setting-dup", w, "the setting "+name+" is given twice")
		}
		seen[name] = true
		if name == "region" {
			if s.Region = regions[value]; s.Region == nil {
				complain("vtt-region-unknown", w, "no region above is called "+strconv.Quote(value))
			}
			continue
		}
		if !set(&s, value) {
			complain("vtt-setting-value", w, strconv.Quote(value)+" is no value for "+name)
		}
	}
	return s
}

// settingParsers sets one setting each and reports whether the value was taken.
var settingParsers = map[string]func(s *Settings, value string) bool{
	"region":   nil, // needs the regions: see parseSettings
	"vertical": setVertical,
	"line":     setLine,
	"position": setPosition,
	"size":     setSize,
	"align":    setAlign,
}

func setVertical(s *Settings, value string) bool {
	switch value {
	case "rl":
		s.Vertical = VerticalRL
	case "lr":
		s.Vertical = VerticalLR
	}
	if s.Vertical != Horizontal {
		s.Region = nil
	}
	return value == "rl" || value == "lr"
}

func setLine(s *Settings, value string) bool {
	at, align, aligned := strings.Cut(value, ",")
	n, ok := number(at)
	percent := strings.HasSuffix(at, "%")
	if percent {
		n, ok = percentage(at)
	}
	if !ok {
		return false
	}
	if aligned && !keyword(&s.LineAlign, align, AlignStart, AlignCenter, AlignEnd) {
		return false
	}
	s.Line, s.SnapToLines, s.Region = Offset{true, n}, !percent, nil
	return true
}

func setPosition(s *Settings, value string) bool {
	at, align, aligned := strings.Cut(value, ",")
	n, ok := percentage(at)
	if !ok || aligned && !keyword(&s.PositionAlign, align, AlignLineLeft, AlignCenter, AlignLineRight) {
		return false
	}
	s.Position = Offset{true, n}
	return true
}

func setSize(s *Settings, value string) bool {
	n, ok := percentage(value)
	if !ok {
		return false
	}
	if s.Size = n; n != 100 {
		s.Region = nil
	}
	return true
}

func setAlign(s *Settings, value string) bool {
	return keyword(&s.Align, value, AlignStart, AlignCenter, AlignEnd, AlignLeft, AlignRight)
}

// keyword sets a to the one of the allowed keywords that value is.
func keyword(a *Align, value string, allowed ...Align) bool {
	for _, k := range allowed {
		if k.String() == value {
			*a = k
			return true
		}
	}
	return false
}

// percentage runs "parse a percentage string" (WebVTT 6.2): digits, perhaps with a fraction, and %, 0 to 100.
func percentage(s string) (float64, bool) {
	s, ok := strings.CutSuffix(s, "%")
	if !ok || strings.HasPrefix(s, "-") {
		return 0, false
	}
	n, ok := number(s)
	return n, ok && n <= 100
}

// number reads -?digits(.digits)?; infinities fail, as in HTML's rules for floating-point values.
func number(s string) (float64, bool) {
	p := scan{s: s}
	p.eat('-')
	if n, _ := p.digits(); n == 0 {
		return 0, false
	}
	if p.eat('.') {
		if n, _ := p.digits(); n == 0 {
			return 0, false
		}
	}
	n, err := strconv.ParseFloat(s, 64)
	if n == 0 {
		n = 0 // not -0
	}
	return n, p.i == len(s) && err == nil
}

// String writes the settings that are not the default, in the order of the specification, without a leading space.
func (s Settings) String() string {
	var out []string
	add := func(yes bool, text string) {
		if yes {
			out = append(out, text)
		}
	}
	d := DefaultSettings()
	add(s.Vertical != d.Vertical, "vertical:"+s.Vertical.String())
	if s.Line.Set {
		add(true, "line:"+formatNumber(s.Line.N)+unless(s.SnapToLines, "%")+unless(s.LineAlign == d.LineAlign, ","+s.LineAlign.String()))
	}
	if s.Position.Set {
		add(true, "position:"+formatNumber(s.Position.N)+"%"+unless(s.PositionAlign == d.PositionAlign, ","+s.PositionAlign.String()))
	}
	add(s.Size != d.Size, "size:"+formatNumber(s.Size)+"%")
	add(s.Align != d.Align, "align:"+s.Align.String())
	if s.Region != nil {
		add(true, "region:"+s.Region.ID)
	}
	return strings.Join(out, " ")
}

func unless(not bool, s string) string {
	if not {
		return ""
	}
	return s
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
