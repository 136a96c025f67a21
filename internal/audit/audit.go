// Package audit judges a whole HLS presentation by its files alone, ours or anyone's: it starts at the
// multivariant playlist, reads every playlist, init section and segment behind it, and holds what they declare
// against what they are. Of a release of ours it also knows the manifest, the page and the entrances. Rule ids name
// their source: "hls-1.26" is the HLS Authoring Specification for Apple Devices, "rfc-4.3.3.1" is RFC 8216;
// Catalogue has them all. What the specifications demand is an error, what they advise a warning, what could not be looked at
// is said.
package audit

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/report"
)

// Options are what to check, and how far.
type Options struct {
	Master   string    // address of the multivariant playlist: a URL, or a slash-separated name that the Source knows
	Manifest *Manifest // what a release of ours says of itself; nil is a stranger's
	Trusted  bool      // bytes and metadata of each file were checked a moment ago, only their interplay is to be judged
	Ahead    int       // files that are fetched before they are needed, as long as they are short (ahead.go); 0 is none
	Decode   Decode    // decodes each rendition whole; nil is not to
	Scratch  string    // folder for Decode's input, one rendition at a time
	Progress func(done, total time.Duration)
}

// Decode decodes a file: an init section and its segments, or MPEG-TS.
type Decode func(ctx context.Context, path string) (Decoded, error)

// Decoded is what came out of a decoder.
type Decoded struct {
	Frames   int64   // pictures; 0 for sound
	Loudness float64 // integrated, in LUFS; 0 where nothing is heard, or nobody measured
}

// Summary is what was looked at.
type Summary struct {
	Files    int
	Bytes    int64 // plain
	Pictures int   // sizes of the picture
	Sounds   int
	Texts    int
	Length   time.Duration // of the film
}

// Run checks one presentation. The findings are sorted; each one's Pos.File is the address of the file that is wrong.
// It fails where the place cannot be reached at all, with what was found until then; so it does with a *report.Bug.
func Run(ctx context.Context, src Source, o Options) ([]report.Finding, Summary, error) {
	a := newAuditor(ctx, src, o)
	if bug := report.Caught(a.all); bug != nil {
		a.stop = bug
	}
	if a.stop == nil {
		a.stop = ctx.Err()
	}
	report.Sort(a.findings)
	return a.findings, a.sum, a.stop
}

// all judges everything.
func (a *auditor) all() error {
	if f, ok := a.get(playlistFile, a.opt.Master, 0, a.opt.Master); ok {
		a.presentation(a.opt.Master, f.Data)
	}
	if a.opt.Manifest != nil && a.stop == nil {
		a.manifest(*a.opt.Manifest)
	}
	a.strangersPrivacy()
	a.tellMore()
	return nil
}

// Fetch gives the plain bytes behind an address, which is the master's own or one resolved against it.
type Fetch func(ctx context.Context, uri string) ([]byte, error)

// Release checks a presentation of which nothing is known but a way to its bytes. A context that ends shows as files
// that cannot be fetched.
func Release(ctx context.Context, fetch Fetch, master string) []report.Finding {
	findings, _, err := Run(ctx, plain(fetch), Options{Master: master, Trusted: true})
	if bug, is := errors.AsType[*report.Bug](err); is {
		panic(bug) // ours, as where it came from
	}
	if err != nil {
		findings = append(findings, report.Finding{Pos: report.Pos{File: master}, Severity: report.Error, Rule: "hls-missing", Text: fmt.Sprintf("it was not read to its end: %v", err)})
	}
	return findings
}

type auditor struct {
	ctx      context.Context
	src      Source
	opt      Options
	findings []report.Finding
	tracks   map[string]*track  // media playlists by address, each measured once
	files    map[string][]group // the groups of pictures that lie in each video file
	met      map[string]meeting // the files read so far
	objects  map[string]Object  // what the manifest says, by address
	bad      map[string]bool    // segments that could not be read, which is told
	gone     map[string]bool    // files that could not be fetched, which is told
	sources  map[string][]byte  // whole tracks of subtitles, which HLS and DASH are both held against
	master   hls.Master
	dashed   dash.Manifest
	stop     error // the place cannot be reached: no more is read

	done, total time.Duration // of all renditions' playlists
	sum         Summary

	private     map[string]report.Finding // of a stranger's files, the first by rule
	privateMore map[string]int

	budget budget
}

func newAuditor(ctx context.Context, src Source, o Options) *auditor {
	a := &auditor{ctx: ctx, src: src, opt: o, tracks: map[string]*track{}, files: map[string][]group{}, met: map[string]meeting{},
		objects: map[string]Object{}, bad: map[string]bool{}, gone: map[string]bool{}, sources: map[string][]byte{}, private: map[string]report.Finding{}, privateMore: map[string]int{}}
	if o.Manifest != nil {
		for _, obj := range o.Manifest.Objects {
			a.objects[obj.URI] = obj
		}
	}
	return a
}

// presentation judges what lies behind the first playlist.
func (a *auditor) presentation(uri string, b []byte) {
	if !hls.IsMaster(b) && strings.Contains(string(b), "#EXTINF") {
		a.lone(uri)
		return
	}
	m, findings := hls.ParseMaster(uri, b)
	a.add(findings)
	a.master = m
	if a.filled(uri, m.Version, m.Use) {
		a.judgeMaster(uri, m)
	}
}

// lone judges a media playlist that stands alone, as the simplest tools write it.
func (a *auditor) lone(uri string) {
	a.warn(uri, 0, "hls-master", "this is a media playlist, and no multivariant playlist names it: its rates, codecs and languages are declared nowhere")
	if t := a.video(uri, uri, 0); t != nil {
		a.sum.Pictures, a.sum.Length = 1, t.list.Duration()
	}
}

// find adds a finding about a file; line 0 is the file as a whole.
func (a *auditor) find(severity report.Severity, uri string, line int, rule, format string, args ...any) {
	a.tell(report.Finding{Pos: report.Pos{File: uri, Line: line}, Severity: severity, Rule: rule, Text: fmt.Sprintf(format, args...), Hint: mend(rule)})
}

// add takes findings of another package, and gives them the catalogue's mends where they have none.
func (a *auditor) add(findings []report.Finding) {
	for _, f := range findings {
		if f.Hint == "" {
			f.Hint = mend(f.Rule)
		}
		a.tell(f)
	}
}

func (a *auditor) fail(uri string, line int, rule, format string, args ...any) {
	a.find(report.Error, uri, line, rule, format, args...)
}

func (a *auditor) warn(uri string, line int, rule, format string, args ...any) {
	a.find(report.Warn, uri, line, rule, format, args...)
}

// unchecked says what was not looked at, and why.
func (a *auditor) unchecked(uri string, line int, format string, args ...any) {
	a.find(report.Info, uri, line, "not-checked", format, args...)
}

// resolve gives the address that a reference in the file at base means.
func resolve(base, ref string) string {
	u, err := url.Parse(ref)
	if err != nil {
		return ref
	}
	if b, err := url.Parse(base); err == nil && b.Scheme != "" {
		return b.ResolveReference(u).String()
	}
	if u.Scheme != "" || u.Host != "" || strings.HasPrefix(u.Path, "/") {
		return ref
	}
	return path.Join(path.Dir(base), u.Path)
}

// seconds shows a duration in a message.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// step tells of a segment that was read.
func (a *auditor) step(d time.Duration) {
	if a.done += d; a.opt.Progress != nil {
		a.opt.Progress(a.done, max(a.total, a.done))
	}
}
