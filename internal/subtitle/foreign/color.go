package foreign

import (
	"strconv"
	"strings"

	"filmpress/internal/subtitle"
)

// rgb is a colour without its opacity: 0xrrggbb.
type rgb uint32

// namedColors are the colours of TTML (TTML2 8.3.9) and of HTML's font tag, as SRT files name them.
var namedColors = map[string]rgb{
	"black": 0, "silver": 0xc0c0c0, "gray": 0x808080, "grey": 0x808080, "white": 0xffffff, "maroon": 0x800000, "red": 0xff0000, "purple": 0x800080,
	"fuchsia": 0xff00ff, "magenta": 0xff00ff, "green": 0x008000, "lime": 0x00ff00, "olive": 0x808000, "yellow": 0xffff00, "navy": 0x000080,
	"blue": 0x0000ff, "teal": 0x008080, "aqua": 0x00ffff, "cyan": 0x00ffff, "orange": 0xffa500,
}

// rgbOf reads "red", "#ff0000", "#ff0000ff", "#f00", "ff0000", "rgb(255,0,0)" and "rgba(255,0,0,255)". ok is false for what is no colour.
func rgbOf(s string) (c rgb, ok bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	if c, ok = namedColors[s]; ok {
		return c, true
	}
	if inside, isRGB := strings.CutPrefix(strings.TrimPrefix(s, "rgba"), "rgb"); isRGB || inside != s {
		return rgbList(strings.Trim(inside, "() "))
	}
	hex := strings.TrimPrefix(s, "#")
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	if len(hex) == 8 {
		hex = hex[:6] // the last two are opacity
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	return rgb(n), err == nil && len(hex) == 6
}

// rgbList reads "255, 0, 0" with or without a fourth number.
func rgbList(s string) (c rgb, ok bool) {
	parts := strings.Split(s, ",")
	if len(parts) != 3 && len(parts) != 4 {
		return 0, false
	}
	for _, p := range parts[:3] {
		n, err := strconv.ParseUint(strings.TrimSpace(p), 10, 8)
		if err != nil {
			return 0, false
		}
		c = c<<8 | rgb(n)
	}
	return c, true
}

// class is the WebVTT class of a colour, "" where WebVTT has none.
func (c rgb) class() string { return subtitle.ColorClass(c.hex()) }

// hex is rrggbb.
func (c rgb) hex() string {
	s := strconv.FormatUint(uint64(c&0xffffff), 16)
	return strings.Repeat("0", 6-len(s)) + s
}

// nodeColors are the colours of a node of a cue's text: of its letters and behind them, as rgb; has says which are there.
func nodeColors(n *subtitle.Node) (letters, ground rgb, hasLetters, hasGround bool) {
	if n.Kind == subtitle.Font {
		letters, hasLetters = rgbOf(n.Value)
	}
	for _, class := range n.Classes {
		if name, is := strings.CutPrefix(class, "bg_"); is && subtitle.ColorClass(name) == name && name != "" {
			ground, hasGround = namedColors[name], true
		} else if class != "" && subtitle.ColorClass(class) == class {
			letters, hasLetters = namedColors[class], true
		}
	}
	return letters, ground, hasLetters, hasGround
}
