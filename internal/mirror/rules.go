package mirror

import (
	"fmt"
	"mime"
	"path"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/strictyaml"
)

// Rules say what stands beside an object's bytes, by its name. The zero value is the built-in table: types by store.TypeOf; "no-cache" for
// playlists, pages and all else whose bytes change under one name; a year for what filmpress publishes under names that never change.
type Rules struct{ list []rule }

// rule is one entry of a rules file. What it leaves empty stays as it was.
type rule struct {
	match       Pattern
	typ         string
	cache       *string // "" takes the header away
	disposition *string
	gzip        *bool
}

// rulesFile is the shape of a rules file.
type rulesFile struct {
	Rules []struct {
		Match       matchText  `yaml:"match"`
		Type        typeText   `yaml:"type"`
		Cache       *fieldText `yaml:"cache"`
		Disposition *fieldText `yaml:"disposition"`
		Gzip        *bool      `yaml:"gzip"`
	} `yaml:"rules"`
}

type matchText struct {
	Pattern
	set bool
}

func (m *matchText) UnmarshalText(b []byte) (err error) {
	m.Pattern, err = ParsePattern(string(b))
	m.set = true
	return err
}

type typeText string

func (t *typeText) UnmarshalText(b []byte) error {
	if _, _, err := mime.ParseMediaType(string(b)); err != nil || !strings.Contains(string(b), "/") || !headerText(string(b)) {
		return fmt.Errorf("%q is no type; write one such as video/mp4", b)
	}
	*t = typeText(b)
	return nil
}

// fieldText is the value of a header.
type fieldText string

func (f *fieldText) UnmarshalText(b []byte) error {
	if !headerText(string(b)) {
		return fmt.Errorf("%q cannot stand in a header; write printable ASCII", b)
	}
	*f = fieldText(b)
	return nil
}

// headerText tells whether a text can be a header's value (RFC 9110 section 5.5, without what many servers mangle).
func headerText(s string) bool {
	return len(s) < 1000 && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' })
}

// ParseRules reads a rules file: YAML, strictly. A rule holds for the names that its pattern stands for; where several do, the later one wins, field
// by field.
//
//	rules:
//	  - match: "*.m4s"
//	    cache: public, max-age=86400
//	  - match: downloads/**
//	    disposition: attachment
//	    type: application/octet-stream
//	  - match: "*.vtt"
//	    gzip: true
func ParseRules(name string, data []byte) (Rules, []report.Finding) {
	var f rulesFile
	findings := strictyaml.Decode(name, data, 1, &f)
	var rules Rules
	for i, r := range f.Rules {
		if !r.Match.set && len(findings) == 0 {
			findings = append(findings, report.Finding{Pos: report.Pos{File: name}, Severity: report.Error, Rule: "rules-match",
				Text: fmt.Sprintf("rule %d does not say for which names it is", i+1), Hint: `add a line such as match: "*.m4s"`})
		}
		rules.list = append(rules.list, rule{r.Match.Pattern, string(r.Type), (*string)(r.Cache), (*string)(r.Disposition), r.Gzip})
	}
	if len(findings) > 0 {
		return Rules{}, findings
	}
	return rules, nil
}

// Meta is what an object of that name is stored with where it comes from a folder, which keeps no headers.
func (r Rules) Meta(name string) store.Meta {
	return r.over(name, store.Meta{Type: store.TypeOf(name), CacheControl: cacheOf(name)})
}

// Over is what an object of that name is stored with where it comes from a bucket: what stood beside it, and the rules over it.
func (r Rules) Over(name string, was store.Meta) store.Meta {
	was.MD5 = ""
	return r.over(name, was)
}

func (r Rules) over(name string, m store.Meta) store.Meta {
	for _, rule := range r.list {
		if !rule.match.Match(name) {
			continue
		}
		if rule.typ != "" {
			m.Type = rule.typ
		}
		if rule.cache != nil {
			m.CacheControl = *rule.cache
		}
		if rule.disposition != nil {
			m.Disposition = *rule.disposition
		}
		if rule.gzip != nil {
			m.Gzip = *rule.gzip
		}
	}
	return m
}

// cacheOf is the built-in table of Cache-Control. Segments of unknown origin get none: who encodes anew may use their names again.
func cacheOf(name string) string {
	switch {
	case immutable(name):
		return store.Immutable
	case rankOf(name) > media:
		return store.Revalidate
	}
	switch strings.ToLower(path.Ext(name)) {
	case ".json", ".webmanifest":
		return store.Revalidate
	}
	return ""
}
