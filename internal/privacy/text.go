package privacy

import (
	"bytes"
	"regexp"
	"strings"

	"filmpress/internal/report"
)

// marks are what tools and machines leave behind, in text and in bytes. A tool's name alone is not one: a film
// may speak of x264.
var marks = regexp.MustCompile(`Lav[fc]\d+\.\d|Lavc libx?264|x264 - core \d|creation_time|com\.apple\.quicktime\.|` +
	`\bfile:///|(?:^|[\s"'=(>,;])(?:/home/[^/\s]+/|/root/|/tmp/|/Users/[^/\s]+/|[A-Za-z]:\\(?:Users|Documents and Settings)\\)`)

// text looks for marks, line by line.
func (c *check) text(severity report.Severity) {
	b, ok := c.whole()
	if !ok {
		return
	}
	c.lines(b, severity)
}

func (c *check) lines(b []byte, severity report.Severity) {
	n, at := 0, int64(0)
	for line := range bytes.Lines(b) {
		if n++; c.ended() {
			return
		}
		if m := marks.FindIndex(line); m != nil && len(c.findings) < maxFindings {
			c.find(at+int64(m[0]), "privacy-mark", "the text holds %q", strings.TrimSpace(string(line[m[0]:m[1]])))
			f := &c.findings[len(c.findings)-1]
			f.Severity, f.Pos.Line = severity, n
			if severity == report.Warn {
				f.Hint = "if it is meant to be read, all is well; else take it out of the film's text"
			}
		}
		at += int64(len(line))
	}
}

// data are texts that the program composes itself.
func (c *check) data() { c.text(report.Error) }

// prose is text that people wrote: they may well speak of a path.
func (c *check) prose() { c.text(report.Warn) }

var generator = regexp.MustCompile(`(?i)<meta[^>]+name=["']?(?:generator|author|creator)\b`)

func (c *check) page() {
	b, ok := c.whole()
	if !ok {
		return
	}
	if m := generator.FindIndex(b); m != nil {
		c.find(int64(m[0]), "privacy-text", "the page names its author or generator in %q", b[m[0]:m[1]])
	}
	if i := bytes.Index(b, []byte("<!--")); i >= 0 {
		c.find(int64(i), "privacy-text", "the page holds a comment")
	}
	c.lines(b, report.Warn)
}
