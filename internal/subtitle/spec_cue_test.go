package subtitle

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

type specRegion struct {
	id       string
	settings string // what the words of the block set, the last of each
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

// defaults are the settings that ours always names.
func (c *specCue) defaults() {
	for name, value := range map[string]string{"lineAlign": "start", "positionAlign": "auto", "align": "center"} {
		if _, ok := c.settings[name]; !ok {
			c.settings[name] = value
		}
	}
}
