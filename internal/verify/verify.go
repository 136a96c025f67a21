// Package verify finds the presentations that lie at a target, a folder, a bucket or an address, and has package
// audit judge each: ours with their manifests, pages and entrances, a stranger's by its playlists alone.
package verify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filmpress/internal/audit"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Place is a target that was opened.
type Place struct {
	Source audit.Source
	Films  []Film
	Shelf  store.Store             // of a library: where the list of all Films lies; nil is none
	Show   func(uri string) string // an address as the user knows it
	Blind  []string                // what cannot be looked at there
}

// Film is one presentation at a target.
type Film struct {
	Base   string // address of a film's folder of ours, with a slash at its end; "" is a stranger's
	Master string // of a stranger: the address of its first playlist
	Slug   string // "" is not known
}

// Name is the address by which the film is told of.
func (f Film) Name() string {
	if f.Base != "" {
		return strings.TrimSuffix(f.Base, "/")
	}
	return f.Master
}

// Options are how far to check.
type Options struct {
	Tools   *ffmpeg.Tools // decodes everything; nil is not to
	Scratch string        // folder for what is decoded
	Ahead   int
	Sink    report.Sink
}

// Result is what was found about one film.
type Result struct {
	Name     string
	Findings []report.Finding
	Summary  audit.Summary
}

// Run checks one film. It fails where the place cannot be reached, or the check itself cannot be done.
func (p Place) Run(ctx context.Context, f Film, o Options) (Result, error) {
	a := audit.Options{Master: f.Master, Ahead: o.Ahead, Scratch: o.Scratch, Progress: progress(o.Sink)}
	if o.Tools != nil {
		a.Decode = func(ctx context.Context, path string) (audit.Decoded, error) { return decode(ctx, *o.Tools, path) }
	}
	var findings []report.Finding
	if f.Base != "" {
		var err error
		if a.Master, a.Manifest, findings, err = p.own(ctx, f); err != nil {
			return Result{}, err
		}
	}
	found, summary, err := audit.Run(ctx, p.Source, a)
	findings = append(findings, found...)
	for i := range findings {
		findings[i].Pos.File = p.Show(findings[i].Pos.File)
		findings[i].Text, findings[i].Source = withoutSecrets(findings[i].Text), withoutSecrets(findings[i].Source)
	}
	report.Sort(findings)
	return Result{p.Show(f.Name()), findings, summary}, err
}

// decode decodes one rendition. What ffmpeg says of it is one sentence; that it cannot be run at all is another matter.
func decode(ctx context.Context, tools ffmpeg.Tools, path string) (audit.Decoded, error) {
	out, err := tools.DecodeWhole(ctx, path, "")
	if exit, ok := errors.AsType[*ffmpeg.ExitError](err); ok && exit.Why != "" {
		err = errors.New(strings.ReplaceAll(exit.Why, path, "it"))
	}
	return audit.Decoded{Frames: out.Frames, Loudness: out.Loudness}, err
}

// every is how often progress is told: an event costs more than a small segment.
const every = 100 * time.Millisecond

func progress(sink report.Sink) func(done, total time.Duration) {
	if sink == nil {
		return nil
	}
	var last time.Time
	return func(done, total time.Duration) {
		if now := time.Now(); now.Sub(last) >= every || done >= total {
			last = now
			sink(report.Event{Kind: report.StepProgress, Step: Step, Text: "verifying", Done: done.Milliseconds(), Total: total.Milliseconds()})
		}
	}
}

// Step is the name under which progress is told.
const Step = "verify"

// own reads what a release of ours says of itself. Where that cannot be read, it is told, and the entrance is judged as a
// stranger's.
func (p Place) own(ctx context.Context, f Film) (master string, m *audit.Manifest, findings []report.Finding, err error) {
	broken := func(uri string, err error) []report.Finding {
		rule, _ := audit.Lookup("release-manifest")
		return []report.Finding{{Pos: report.Pos{File: uri}, Severity: report.Error, Rule: rule.ID, Text: err.Error(), Hint: rule.Mend}}
	}
	entrance := f.Base + "master.m3u8"
	b, err := p.read(ctx, f.Base+release.PointerName)
	if fatal(ctx, err) {
		return "", nil, nil, err
	}
	var pointer release.Pointer
	if err == nil {
		pointer, err = release.ParsePointer(b)
	}
	if err != nil {
		return entrance, nil, broken(f.Base+release.PointerName, fmt.Errorf("the pointer to the current release cannot be read: %w", err)), nil
	}
	place := f.Base + "r/" + pointer.Release + "/"
	b, err = p.read(ctx, place+release.ManifestName)
	if fatal(ctx, err) {
		return "", nil, nil, err
	}
	var manifest release.Manifest
	if err == nil {
		manifest, err = release.ParseManifest(b, f.Slug, pointer.Release)
	}
	if err != nil {
		return entrance, nil, broken(place+release.ManifestName, fmt.Errorf("the manifest of release %s cannot be read: %w", pointer.Release, err)), nil
	}
	return place + "master.m3u8", Expect(f.Base, pointer, manifest), nil, nil
}

func fatal(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, store.ErrUnreachable) || errors.Is(err, store.ErrRefused)
}

// maxManifest is as in package release.
const maxManifest = 256 << 20

func (p Place) read(ctx context.Context, uri string) ([]byte, error) {
	f, err := p.Source.Read(ctx, audit.Request{URI: uri, Limit: maxManifest})
	return f.Data, err
}

// Expect is what a manifest and its pointer promise, for the audit of the release below base.
func Expect(base string, pointer release.Pointer, m release.Manifest) *audit.Manifest {
	place := base + "r/" + pointer.Release + "/"
	out := &audit.Manifest{Base: base, ID: pointer.Release, Previous: pointer.Previous, Entrances: []string{base + "master.m3u8", base + "index.html"}}
	var about struct{ Title string }
	if json.Unmarshal(m.Summary, &about) == nil {
		out.Title = about.Title
	}
	for _, group := range []struct {
		at      string
		entries []release.Entry
	}{{base, m.Media}, {place, m.Pages}} {
		for _, e := range group.entries {
			out.Objects = append(out.Objects, audit.Object{URI: group.at + e.Path, Size: e.Size, SHA256: e.SHA256, Type: e.Type, CacheControl: e.CacheControl})
		}
	}
	for _, name := range release.Entrances[2:4] { // whether there is an oembed.json depends on whether the page's address is known
		if slices.ContainsFunc(m.Pages, func(e release.Entry) bool { return e.Path == name }) {
			out.Entrances = append(out.Entrances, base+name)
		}
	}
	for _, name := range append([]string{base + release.PointerName}, out.Entrances...) {
		out.Objects = append(out.Objects, audit.Object{URI: name, Size: -1, Type: store.TypeOf(name), CacheControl: store.Revalidate})
	}
	out.Objects = append(out.Objects, audit.Object{URI: place + release.ManifestName, Size: -1, Type: store.TypeOf(release.ManifestName), CacheControl: store.Immutable})
	return out
}
