package theme

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"filmpress/internal/report"
)

const svgSpace = "http://www.w3.org/2000/svg"

// drawn are the elements of SVG that draw and do nothing else. What is not among them is left out with all that is in it: title and desc, too, in which
// editors write who made the drawing.
var drawn = []string{"svg", "g", "defs", "symbol", "use", "path", "rect", "circle", "ellipse", "line", "polyline", "polygon", "text", "tspan",
	"linearGradient", "radialGradient", "stop", "clipPath", "mask", "pattern", "marker"}

// cleanSVG gives a drawing without its editor's notes, which name people and files: ids, too, are names of layers, and become a, b, c. What runs or
// loads is refused, not dropped: whoever put it there should know that it would be missing.
func cleanSVG(name string, data []byte) (string, []report.Finding) {
	text := string(data)
	refuse := func(at int64, what, hint string) (string, []report.Finding) {
		return "", []report.Finding{finding(name, text, int(at), "theme-logo", what, hint)}
	}
	var out bytes.Buffer
	ids := renamed{}
	d := xml.NewDecoder(bytes.NewReader(data))
	depth := 0
	for {
		at := d.InputOffset()
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return refuse(at, "the logo cannot be read as SVG: "+strings.TrimPrefix(err.Error(), "XML syntax error on "), "export it again, as plain SVG")
		}
		switch t := token.(type) {
		case xml.StartElement:
			switch {
			case strings.EqualFold(t.Name.Local, "script") || strings.EqualFold(t.Name.Local, "foreignObject"):
				return refuse(at, "the logo holds a "+t.Name.Local+", which could run in pages", "export it as plain SVG, or give logo.png")
			case depth == 0 && (t.Name.Local != "svg" || t.Name.Space != svgSpace && t.Name.Space != ""):
				return refuse(at, "this is no SVG: it begins with <"+t.Name.Local+">", "give a drawing, or logo.png")
			case t.Name.Space != svgSpace && t.Name.Space != "" || !slices.Contains(drawn, t.Name.Local):
				if err := d.Skip(); err != nil {
					return refuse(at, "the logo is not whole", "export it again, as plain SVG")
				}
				continue
			}
			if depth++; depth > 100 {
				return refuse(at, "the logo is nested too deeply", "export it again, as plain SVG")
			}
			out.WriteString("<" + t.Name.Local)
			if depth == 1 {
				out.WriteString(` xmlns="` + svgSpace + `"`)
			}
			for _, a := range t.Attr {
				kept, bad := attribute(a)
				if bad != "" {
					return refuse(at, bad, "export it as plain SVG, or give logo.png")
				}
				if kept != "" {
					fmt.Fprintf(&out, ` %s="`, kept)
					xml.EscapeText(&out, []byte(ids.in(kept, a.Value)))
					out.WriteByte('"')
				}
			}
			out.WriteByte('>')
		case xml.EndElement:
			depth--
			out.WriteString("</" + t.Name.Local + ">")
		case xml.CharData:
			if depth > 0 {
				xml.EscapeText(&out, bytes.TrimSpace(t))
			}
		case xml.Directive:
			if bytes.Contains(bytes.ToUpper(t), []byte("ENTITY")) {
				return refuse(at, "the logo defines entities", "export it as plain SVG")
			}
		}
	}
	if out.Len() == 0 {
		return refuse(0, "the logo is empty", "give a drawing, or logo.png")
	}
	return out.String(), nil
}

// attribute is the name under which an attribute is kept, "" where it is left out, and why it is refused.
func attribute(a xml.Attr) (kept, bad string) {
	name, value := a.Name.Local, strings.ToLower(strings.Join(strings.Fields(a.Value), ""))
	switch {
	case strings.HasPrefix(strings.ToLower(name), "on"):
		return "", "the logo holds " + name + "=, which could run in pages"
	case strings.EqualFold(name, "href"):
		if !strings.HasPrefix(value, "#") {
			return "", fmt.Sprintf("the logo refers to %.60s", a.Value)
		}
		return "href", ""
	case a.Name.Space != "" || name == "xmlns" || name == "class" || strings.HasPrefix(name, "data-") || strings.HasPrefix(name, "aria-"):
		return "", ""
	case strings.Contains(value, "\\") || strings.Contains(strings.ReplaceAll(value, "url(#", ""), "url(") || strings.Contains(value, "javascript:") || strings.Contains(value, "@import"):
		return "", fmt.Sprintf("the logo's %s=%q refers to another place", name, a.Value)
	}
	return name, ""
}

// renamed are the ids of a drawing with their new names, in the order in which they or what refers to them stand in it.
type renamed map[string]string

var reference = regexp.MustCompile(`(?i)(url\(\s*#)([^)]*?)(\s*\))`)

// in is an attribute's value with the new names in it.
func (r renamed) in(attribute, value string) string {
	switch attribute {
	case "id":
		return r.of(value)
	case "href":
		return "#" + r.of(strings.TrimPrefix(strings.TrimSpace(value), "#"))
	}
	return reference.ReplaceAllStringFunc(value, func(found string) string {
		part := reference.FindStringSubmatch(found)
		return part[1] + r.of(part[2]) + part[3]
	})
}

func (r renamed) of(id string) string {
	if plain, err := url.PathUnescape(id); err == nil {
		id = plain // a reference may be written as in an address
	}
	if r[id] == "" {
		for n := len(r); ; n = n/26 - 1 {
			r[id] = string(rune('a'+n%26)) + r[id]
			if n < 26 {
				break
			}
		}
	}
	return r[id]
}
