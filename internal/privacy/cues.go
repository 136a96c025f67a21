package privacy

import (
	"bytes"
	"regexp"
	"strings"
)

// What cues say is the film's. Everything beside it is read by no viewer, and names whoever wrote it, or was filmed, as soon as somebody used it for a
// note. So it is an error where it is not on the lists below.
var (
	vttTiming   = regexp.MustCompile(`^(?:\d{2,}:)?\d\d:\d\d\.\d{3}[ \t]+-->[ \t]+(?:\d{2,}:)?\d\d:\d\d\.\d{3}((?:[ \t]+(?:vertical|line|position|size|align|region):[\w%.,-]+)*)[ \t]*$`)
	vttTag      = regexp.MustCompile(`^(?:/?(?:c|i|b|u|ruby|rt|v|lang)|(?:c|i|b|u|ruby|rt)(?:\.[^\s.<>]+)*|v(?:\.[^\s.<>]+)*[ \t][^<>]*|lang(?:\.[^\s.<>]+)*[ \t][A-Za-z0-9-]+|(?:\d{2,}:)?\d\d:\d\d\.\d{3})$`)
	vttRegion   = regexp.MustCompile(`^(?:id:[\w-]+|width:[\d.]+%|lines:\d+|(?:region|viewport)anchor:[\d.]+%,[\d.]+%|scroll:up)$`)
	vttNumber   = regexp.MustCompile(`^\d{1,9}$`)
	srtOverride = regexp.MustCompile(`\{\\[^{}\n]*\}`)
	srtKnown    = regexp.MustCompile(`^\{\\(?:an[1-9]|[ibus][01])(?:\\(?:an[1-9]|[ibus][01]))*\}$`)
	srtTag      = regexp.MustCompile(`(?i)<(?:i|b|u|s|font|em|strong|a|span|p|div|c|br) [^<>\n]*>`)
	srtFont     = regexp.MustCompile(`(?i)^<font color="?#?\w{1,20}"?>$`)
)

// vtt allows the signature, the timestamp map, styles without comments, settings of regions, and cues: their times, settings, tags and text. An identifier
// may be a number.
func (c *check) vtt() {
	b, ok := c.whole()
	if !ok {
		return
	}
	first, at := true, int64(0)
	const (
		between = iota // blocks
		header
		style
		region
		identified // the line below an identifier
		cue
	)
	state := header
	for line := range bytes.Lines(b) {
		if c.ended() {
			return
		}
		text := strings.TrimRight(string(line), "\r\n")
		arrow := strings.Contains(text, "-->")
		switch {
		case first:
			if text != "WEBVTT" {
				c.find(at, "privacy-text", "the first line is %q, not just WEBVTT", text)
			}
		case text == "":
			state = between
		case state == header && !arrow:
			if !strings.HasPrefix(text, "X-TIMESTAMP-MAP=") {
				c.find(at, "privacy-text", "the header holds %q", text)
			}
		case arrow:
			state = cue
			if !vttTiming.MatchString(text) {
				c.find(at, "privacy-text", "this line of times holds more than times and settings: %q", text)
			}
		case state == between && text == "STYLE":
			state = style
		case state == between && text == "REGION":
			state = region
		case state == between && vttNumber.MatchString(text):
			state = identified
		case state == between && (text == "NOTE" || strings.HasPrefix(text, "NOTE ") || strings.HasPrefix(text, "NOTE\t")):
			c.find(at, "privacy-text", "the subtitles hold a note")
			state = identified
		case state == between:
			c.find(at, "privacy-text", "the subtitles hold a name of a cue, or text that is not shown: %q", text)
			state = identified
		case state == identified:
			c.find(at, "privacy-text", "the subtitles hold text that is not shown: %q", text)
		case state == style:
			if strings.Contains(text, "/*") {
				c.find(at, "privacy-text", "a style holds a comment: %q", text)
			}
		case state == region:
			for _, word := range strings.Fields(text) {
				if !vttRegion.MatchString(word) {
					c.find(at, "privacy-text", "a region holds %q, which is no setting", word)
				}
			}
		default:
			c.vttText(at, text)
		}
		first, at = false, at+int64(len(line))
	}
}

// vttText allows the tags that players know, with words only where these are shown or name a language. A < that begins no whole tag is looked at as far as
// its line goes: a player takes the rest of the cue for a tag's.
func (c *check) vttText(at int64, text string) {
	for {
		_, after, found := strings.Cut(text, "<")
		if !found {
			return
		}
		tag, rest, closed := strings.Cut(after, ">")
		if !closed || !vttTag.MatchString(tag) {
			c.find(at, "privacy-text", "the subtitles hold a tag with words that are not shown: %q", "<"+tag)
		}
		text = rest
	}
}

// srt allows text, and the codes that players know.
func (c *check) srt() {
	b, ok := c.whole()
	if !ok {
		return
	}
	for _, looks := range []struct{ any, known *regexp.Regexp }{{srtOverride, srtKnown}, {srtTag, srtFont}} {
		at := 0
		for line := range bytes.Lines(b) { // no code goes over its end
			if c.ended() {
				return
			}
			for _, m := range looks.any.FindAllIndex(line, -1) {
				if found := line[m[0]:m[1]]; !looks.known.Match(found) {
					c.find(int64(at+m[0]), "privacy-text", "the subtitles hold a code with words that are not shown: %q", found)
				}
			}
			at += len(line)
		}
	}
	c.prose()
}
