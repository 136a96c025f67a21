package prose

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"time"
)

// Options are how paragraphs are written.
type Options struct {
	Title    string // of the page or the document; "" is none
	Language string // BCP 47; "" is not known
	Times    bool   // begin each paragraph with its time
}

// clock is a time as hh:mm:ss.
func clock(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

// Text writes plain text: a line a paragraph, a blank line between two.
func Text(ps []Paragraph, o Options) string {
	var b strings.Builder
	if o.Title != "" {
		b.WriteString(o.Title + "\n\n")
	}
	for i, p := range ps {
		if i > 0 {
			b.WriteString("\n")
		}
		if o.Times {
			b.WriteString("[" + clock(p.Start) + "] ")
		}
		if p.Speaker != "" {
			b.WriteString(p.Speaker + ": ")
		}
		b.WriteString(p.Text + "\n")
	}
	return b.String()
}

// Markdown writes CommonMark. Whatever stands in the film's text is text there, too.
func Markdown(ps []Paragraph, o Options) string {
	var b strings.Builder
	if o.Title != "" {
		b.WriteString("# " + escapeMarkdown(o.Title) + "\n\n")
	}
	for i, p := range ps {
		if i > 0 {
			b.WriteString("\n")
		}
		if o.Times {
			b.WriteString("*" + clock(p.Start) + "* ")
		}
		text := escapeMarkdown(p.Text)
		if p.Speaker != "" {
			b.WriteString("**" + escapeMarkdown(p.Speaker) + ":** ")
		} else if !o.Times {
			text = escapeBeginning(text)
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}

// markdownMarks are the characters that mean something within a line of CommonMark or of GitHub's dialect.
var markdownMarks = strings.NewReplacer(`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", `\<`, ">", `\>`, "&", `\&`, "#", `\#`,
	"|", `\|`, "~", `\~`, "$", `\$`, "!", `\!`, "@", `\@`, "://", `\://`, "www.", `www\.`)

func escapeMarkdown(s string) string { return markdownMarks.Replace(s) }

// beginnings are what makes a list, a line or a heading of a paragraph where it begins with it.
var beginnings = regexp.MustCompile(`^([-+=:]|\d{1,9}[.)])`)

func escapeBeginning(s string) string {
	at := beginnings.FindStringIndex(s)
	if at == nil {
		return s
	}
	return s[:at[1]-1] + `\` + s[at[1]-1:]
}

// HTML writes a page of its own, without scripts or anything from elsewhere. Every paragraph takes its direction
// from its own letters, so that Arabic and Hebrew stand as they should beside a speaker's Latin name.
func HTML(ps []Paragraph, o Options) string {
	var b strings.Builder
	lang := ""
	if o.Language != "" {
		lang = ` lang="` + html.EscapeString(o.Language) + `"`
	}
	title := o.Title
	if title == "" {
		title = "Transcript"
	}
	fmt.Fprintf(&b, "<!DOCTYPE html>\n<html%s>\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width\">\n<title>%s</title>\n</head>\n<body>\n<h1 dir=\"auto\">%s</h1>\n",
		lang, html.EscapeString(title), html.EscapeString(title))
	for _, p := range ps {
		b.WriteString(`<p dir="auto">`)
		if o.Times {
			fmt.Fprintf(&b, `<time datetime="PT%dS">%s</time> `, int64(max(p.Start, 0)/time.Second), clock(p.Start))
		}
		if p.Speaker != "" {
			fmt.Fprintf(&b, "<b><bdi>%s</bdi>:</b> ", html.EscapeString(p.Speaker))
		}
		b.WriteString(html.EscapeString(p.Text) + "</p>\n")
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}
