package watch

import (
	"html/template"
	"strings"
)

// Theme is the look that a team gives its pages; package theme reads one and sees to it that it is safe. The zero value is our own look.
type Theme struct {
	CSS    string `json:"css,omitempty"`    // follows the page's own style sheet
	Logo   string `json:"logo,omitempty"`   // a data: URI, so that it costs no request
	Footer string `json:"footer,omitempty"` // Markdown
}

// FooterHTML is the footer as it stands in pages; what Markdown lets through is harmless.
func (t Theme) FooterHTML() template.HTML {
	a, _ := ParseArticle("footer.md", []byte(t.Footer))
	return a.HTML
}

func (v view) ThemeCSS() template.CSS { return template.CSS(v.Theme.CSS) }
func (v view) Logo() template.URL     { return template.URL(v.Theme.Logo) }

// themed lets a page use its theme's style sheet, which lies in it.
func themed(policy, own string, t Theme) string {
	if t.CSS == "" {
		return policy
	}
	return strings.Replace(policy, cspHash(own), cspHash(own)+" "+cspHash(t.CSS), 1)
}
