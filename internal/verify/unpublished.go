package verify

import (
	"context"
	"fmt"

	"filmpress/internal/audit"
	"filmpress/internal/origin"
	"filmpress/internal/release"
	"filmpress/internal/report"
)

// Unpublished judges a release from the files on this machine, before anyone sees it: the same bytes that were sent, for
// nothing but their reading. Metadata and digests were checked when each file was made and when it was sent, so only
// their interplay is judged.
func Unpublished(ctx context.Context, set release.Set, id string, sink report.Sink) (Result, error) {
	base := set.Slug + "/"
	place := base + "r/" + id + "/"
	entrances, err := set.Entrances(id)
	if err != nil {
		return Result{}, err
	}
	files := origin.Files{}
	m := &audit.Manifest{Base: base, ID: id}
	add := func(at string, list []release.File) {
		for _, f := range list {
			files[at+f.Path] = origin.Local{Size: f.Size, Open: f.Open}
			m.Objects = append(m.Objects, audit.Object{URI: at + f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	add(base, set.Media)
	add(base, set.Tracks)
	add(place, set.Pages)
	add(base, entrances)
	for _, e := range entrances {
		m.Entrances = append(m.Entrances, base+e.Path)
	}
	findings, summary, err := audit.Run(ctx, files, audit.Options{Master: place + "master.m3u8", Manifest: m, Trusted: true, Progress: progress(sink)})
	return Result{Name: set.Slug, Findings: findings, Summary: summary}, err
}

// UnsoundError is a release that was not made visible, because it breaks rules. It is our own fault, or the disk's.
type UnsoundError struct{ Findings []report.Finding }

func (e *UnsoundError) Error() string {
	faults := "1 fault"
	if n := len(e.Findings); n > 1 {
		faults = fmt.Sprintf("%d faults", n)
	}
	return fmt.Sprintf("the new release is not sound (%s, above), so nothing was switched and viewers see what they saw before; "+
		"this is a fault of filmpress or of its settings: please report it, or publish with --skip-verify if you know better", faults)
}

// promises are rules that Apple only advises and every release of ours keeps: one that is broken is a fault of filmpress. Of the others a
// pipeline may break some on purpose, by a long group of pictures for one.
var promises = map[string]bool{"hls-1.30": true, "hls-1.33": true, "hls-5.11": true, "hls-8.22": true}

// Sound is an *UnsoundError where a result has errors, or breaks a promise.
func (r Result) Sound() error {
	var bad []report.Finding
	for _, f := range r.Findings {
		if f.Severity == report.Error || promises[f.Rule] {
			bad = append(bad, f)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	return &UnsoundError{bad}
}
