package watch

import (
	"html/template"
	"slices"
	"strings"
	"unicode"
)

// clean takes characters out of every text that are not to be read, and could change how the rest of the page reads: controls,
// and the marks that override or embed a direction (Unicode UAX #9), of which a forgotten end turns all that follows around. The
// page gives each text its direction by dir=. Single marks of a direction (U+200E, U+200F, U+061C) stay: Arabic and Hebrew need them.
func (p Page) clean() Page {
	f := &p.Film
	for _, s := range []*string{&f.Title, &f.Slug, &f.Description, &f.Date, &f.Licence, &f.Notice} {
		*s = readable(*s)
	}
	f.ArticleHTML = template.HTML(readable(string(f.ArticleHTML)))
	f.Credits = slices.Clone(f.Credits)
	for i, c := range f.Credits {
		f.Credits[i] = Credit{readable(c.Role), readable(c.Name)}
	}
	f.Links = slices.Clone(f.Links)
	for i, l := range f.Links {
		f.Links[i] = Link{readable(l.Title), readable(l.URL)}
	}
	p.Tracks = slices.Clone(p.Tracks)
	for i := range p.Tracks {
		t := &p.Tracks[i]
		t.Name, t.Lines = readable(t.Name), slices.Clone(t.Lines)
		for j := range t.Lines {
			t.Lines[j].Speaker, t.Lines[j].Text = readable(t.Lines[j].Speaker), readable(t.Lines[j].Text)
		}
	}
	p.Audio = slices.Clone(p.Audio)
	for i := range p.Audio {
		p.Audio[i].Name = readable(p.Audio[i].Name)
	}
	p.Downloads = slices.Clone(p.Downloads)
	for i := range p.Downloads {
		p.Downloads[i].Label = readable(p.Downloads[i].Label)
	}
	p.Chapters = slices.Clone(p.Chapters)
	for i := range p.Chapters {
		p.Chapters[i].Title = readable(p.Chapters[i].Title)
	}
	return p
}

func readable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\t':
			return r
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069, unicode.IsControl(r):
			return -1
		case r == 0x2028, r == 0x2029:
			return '\n'
		}
		return r
	}, s)
}
