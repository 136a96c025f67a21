package library

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/store"
)

// The rules. Their IDs are stable.
const (
	BrokenRule  = "library-broken"
	MissingRule = "library-missing"
	StaleRule   = "library-stale"
)

// remake is the mend of all of them.
const remake = "filmpress library TARGET tells what a new list would change, and --yes writes it"

func find(severity report.Severity, rule, name, text string) report.Finding {
	return report.Finding{Pos: report.Pos{File: name}, Severity: severity, Rule: rule, Text: text, Hint: remake}
}

func missing() report.Finding {
	return find(report.Info, MissingRule, site.FilmsName, "the place has no list of its films yet; the next publish writes it")
}

// stale tells of the films that the list does not show as they are; none is no finding.
func stale(slugs []string) []report.Finding {
	if len(slugs) == 0 {
		return nil
	}
	slices.Sort(slugs)
	names := strings.Join(slugs[:min(len(slugs), 5)], ", ")
	if len(slugs) > 5 {
		names += fmt.Sprintf(" and %d more", len(slugs)-5)
	}
	return []report.Finding{find(report.Warn, StaleRule, site.FilmsName, "the list is not as the films are: "+names)}
}

// Check tells where the list is not as the pointers are. current are the releases by slug that are published; a place with neither a list nor
// films has nothing to tell. It reads the list alone.
func Check(ctx context.Context, st store.Store, current map[string]string) ([]report.Finding, error) {
	now, err := read(ctx, st)
	if errors.Is(err, ErrBroken) {
		return []report.Finding{find(report.Error, BrokenRule, site.FilmsName, err.Error())}, nil
	}
	if err != nil {
		return nil, err
	}
	if now.bytes == nil {
		if len(current) == 0 {
			return nil, nil
		}
		return []report.Finding{missing()}, nil
	}
	var slugs []string
	for slug, id := range current {
		if f, ok := now.lib.Find(slug); !ok || f.Release != id {
			slugs = append(slugs, slug)
		}
	}
	for _, f := range now.lib.Films {
		if current[f.Slug] == "" {
			slugs = append(slugs, f.Slug)
		}
	}
	return stale(slugs), nil
}

// Verify holds the list to all pointers and manifests, and the page, the feed and the sitemap to the list, byte by byte. Where the list tells
// no address, fallback is taken for the library's, and what was made for another one is told as Info only.
func Verify(ctx context.Context, st store.Store, fallback string) ([]report.Finding, error) {
	k := &keeper{st: st, opt: Options{Fallback: fallback}}
	c, err := k.rebuild(ctx, true)
	if err != nil {
		return nil, err
	}
	out := k.res.Findings
	switch {
	case c.Broken != "":
		return append(out, find(report.Error, BrokenRule, site.FilmsName, c.Broken)), nil
	case k.now.bytes == nil:
		return append(out, missing()), nil
	}
	if found := stale(slices.Concat(c.Added, c.Removed, c.Changed)); found != nil { // the rest follows from the list
		return append(out, found...), nil
	}
	for _, name := range c.Stale {
		f := find(report.Warn, StaleRule, name, "it is not what the list of films makes: it was changed, or an older filmpress made it")
		if k.now.lib.Site.URL == "" && name != site.FilmsName {
			f.Severity, f.Text = report.Info, f.Text+", or it was made under another address of this place"
		}
		out = append(out, f)
	}
	return out, nil
}
