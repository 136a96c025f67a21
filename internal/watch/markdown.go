package watch

import (
	"bytes"
	"html/template"
	"net/url"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"filmpress/internal/report"
)

// commonMark renders no raw HTML: tidy takes it out, because goldmark without WithUnsafe leaves a comment in its place.
var commonMark = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Table, extension.Strikethrough, extension.Footnote),
		goldmark.WithParserOptions(parser.WithAutoHeadingID()),
	)
})

// markdown renders an article that begins on line firstLine of its file. takeTitle lifts a leading level-1
// heading out of it.
func markdown(name string, src []byte, firstLine int, takeTitle bool) (title string, html template.HTML, findings []report.Finding) {
	doc := commonMark().Parser().Parse(text.NewReader(src))
	t := tidier{name: name, src: src, firstLine: firstLine}
	if h, ok := doc.FirstChild().(*ast.Heading); ok && takeTitle && h.Level == 1 {
		title = plain(h, src)
		doc.RemoveChild(doc, h)
	}
	t.tidy(doc)
	var out bytes.Buffer
	if err := commonMark().Renderer().Render(&out, src, doc); err != nil {
		panic("rendering into memory failed: " + err.Error())
	}
	return title, template.HTML(out.String()), t.findings
}

// tidier makes a parsed article fit for the page and notes what it had to leave out.
type tidier struct {
	name      string
	src       []byte
	firstLine int
	findings  []report.Finding
	above     []int // levels of the headings that the last one stands below, as they were written
}

// level is a heading's level on the page, whose own title is the only one of level 1: no level is skipped, whatever the author began with.
func (t *tidier) level(written int) int {
	for len(t.above) > 0 && t.above[len(t.above)-1] >= written {
		t.above = t.above[:len(t.above)-1]
	}
	t.above = append(t.above, written)
	return min(1+len(t.above), 6)
}

func (t *tidier) tidy(doc ast.Node) {
	var dead []ast.Node // to be replaced by the text inside them
	var html []ast.Node // to be taken out
	walk(doc, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Heading:
			n.Level = t.level(n.Level)
		case *ast.Link:
			if u, err := url.Parse(string(n.Destination)); err != nil || !safeScheme(u) {
				t.deadLink(n)
				dead = append(dead, n)
			} else if u.Scheme != "" {
				n.SetAttributeString("rel", []byte("noopener noreferrer"))
			}
		case *ast.AutoLink:
			if u, err := url.Parse(string(n.URL(t.src))); err != nil || !safeScheme(u) && n.AutoLinkType != ast.AutoLinkEmail {
				t.deadLink(n)
				dead = append(dead, n)
			}
		case *ast.Image:
			t.warn(n, "article-image", "pictures in the article are not published; its description is shown instead", "leave the picture out")
			dead = append(dead, n)
		case *ast.RawHTML, *ast.HTMLBlock:
			html = append(html, n)
			if at := t.offset(n); at < 0 || !bytes.HasPrefix(t.src[at:], []byte("</")) { // its beginning was named already
				t.warn(n, "article-html", "HTML in the article is left out", "write it in Markdown")
			}
		}
	})
	for _, n := range dead {
		n.Parent().ReplaceChild(n.Parent(), n, ast.NewString([]byte(plain(n, t.src))))
	}
	for _, n := range html {
		n.Parent().RemoveChild(n.Parent(), n)
	}
}

func (t *tidier) deadLink(n ast.Node) {
	t.warn(n, "article-link", "this link leads nowhere and was made plain text", "write a whole address that begins with https://")
}

// walk visits every node; visit must not change the tree's shape.
func walk(n ast.Node, visit func(ast.Node)) {
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			visit(n)
		}
		return ast.WalkContinue, nil
	})
}

// plain is the text inside a node without its marks.
func plain(n ast.Node, src []byte) string {
	var b strings.Builder
	walk(n, func(n ast.Node) {
		switch n := n.(type) {
		case *ast.Text:
			b.Write(n.Value(src))
			if n.SoftLineBreak() || n.HardLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.AutoLink:
			b.Write(n.Label(src))
		}
	})
	return strings.TrimSpace(b.String())
}

func (t *tidier) warn(n ast.Node, rule, text, hint string) {
	f := report.Finding{Pos: report.Pos{File: t.name}, Severity: report.Warn, Rule: rule, Text: text, Hint: hint}
	if at := t.offset(n); at >= 0 {
		begin := bytes.LastIndexByte(t.src[:at], '\n') + 1
		f.Pos.Line = t.firstLine + bytes.Count(t.src[:at], []byte("\n"))
		f.Pos.Col = utf8.RuneCount(t.src[begin:at]) + 1
		line, _, _ := bytes.Cut(t.src[begin:], []byte("\n"))
		f.Source = string(bytes.TrimRight(line, "\r"))
	}
	t.findings = append(t.findings, f)
}

// offset finds where a node begins in the source: inline nodes carry no place of their own, so a link's or a
// picture's is that of the first text inside it, else that of its block. -1 where there is none.
func (t *tidier) offset(n ast.Node) int {
	if raw, ok := n.(*ast.RawHTML); ok && raw.Segments.Len() > 0 {
		return raw.Segments.At(0).Start
	}
	at := -1
	walk(n, func(n ast.Node) {
		if txt, ok := n.(*ast.Text); ok && at < 0 {
			at = txt.Segment.Start
		}
	})
	for ; at < 0 && n != nil; n = n.Parent() {
		if n.Type() == ast.TypeBlock && n.Lines() != nil && n.Lines().Len() > 0 {
			at = n.Lines().At(0).Start
		}
	}
	return at
}
