// Package audit judges a whole HLS presentation by its files alone, ours or anyone's: it starts at the
// multivariant playlist, reads every playlist, init section and segment behind it, and holds what they declare
// against what they are. Rule ids name their source: "hls-1.26" is the HLS Authoring Specification for Apple
// Devices, "rfc-4.3.3.1" is RFC 8216. What the specifications demand is an error, what they advise a warning.
package audit

import (
	"context"
	"fmt"
	"net/url"
	"path"
	"strings"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/report"
)

// Fetch gives the plain bytes behind an address, which is the master's own or one resolved against it.
type Fetch func(ctx context.Context, uri string) ([]byte, error)

// Release checks the presentation whose multivariant playlist lies at master: a URL, or a slash-separated path that
// fetch understands. One segment is in memory at a time. Each finding's Pos.File is the address of the file that is
// wrong; they are sorted. A context that ends shows as files that cannot be fetched.
func Release(ctx context.Context, fetch Fetch, master string) []report.Finding {
	a := &auditor{ctx: ctx, fetch: fetch, tracks: map[string]*track{}, files: map[string][]group{}}
	if b, ok := a.get(master, 0, master); ok {
		m, findings := hls.ParseMaster(master, b)
		a.findings = append(a.findings, findings...)
		a.master(master, m)
	}
	report.Sort(a.findings)
	return a.findings
}

type auditor struct {
	ctx      context.Context
	fetch    Fetch
	findings []report.Finding
	tracks   map[string]*track  // media playlists by address, each measured once
	files    map[string][]group // the groups of pictures that lie in each video file
	lastURI  string             // the file fetched last, since many byte ranges lie in one file
	last     []byte
}

// find adds a finding about a file; line 0 is the file as a whole.
func (a *auditor) find(severity report.Severity, uri string, line int, rule, format string, args ...any) {
	a.findings = append(a.findings, report.Finding{Pos: report.Pos{File: uri, Line: line}, Severity: severity, Rule: rule,
		Text: fmt.Sprintf(format, args...), Hint: hints[rule]})
}

func (a *auditor) fail(uri string, line int, rule, format string, args ...any) {
	a.find(report.Error, uri, line, rule, format, args...)
}

func (a *auditor) warn(uri string, line int, rule, format string, args ...any) {
	a.find(report.Warn, uri, line, rule, format, args...)
}

// get fetches a file; from and line are where it is named.
func (a *auditor) get(from string, line int, uri string) ([]byte, bool) {
	if uri == a.lastURI && a.last != nil {
		return a.last, true
	}
	b, err := a.fetch(a.ctx, uri)
	if err != nil {
		a.fail(from, line, "hls-missing", "%s cannot be fetched: %v", uri, err)
		return nil, false
	}
	a.lastURI, a.last = uri, b
	return b, true
}

// part fetches a file, or the byte range of it that a playlist names.
func (a *auditor) part(from string, line int, uri string, r hls.ByteRange) ([]byte, bool) {
	b, ok := a.get(from, line, uri)
	if !ok || r.Length == 0 {
		return b, ok
	}
	if r.Offset+r.Length > int64(len(b)) {
		a.fail(from, line, "rfc-4.3.2.2", "the byte range %s lies outside of %s, which has %d bytes", r, uri, len(b))
		return nil, false
	}
	return b[r.Offset : r.Offset+r.Length], true
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
	if u.Scheme != "" || strings.HasPrefix(u.Path, "/") {
		return ref
	}
	return path.Join(path.Dir(base), u.Path)
}

// seconds shows a duration in a message.
func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

// hints are the mends of the rules whose text does not already say it.
var hints = map[string]string{
	"hls-1.10":          "use the sample entry avc1, with the parameter sets in the init section",
	"hls-1.13":          "encode with a fixed group of pictures of 2 s and no scene-cut keyframes",
	"hls-1.30":          "cap the encoder with maxrate and bufsize",
	"hls-5.3":           "begin every WebVTT segment with X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000",
	"hls-5.5":           "let the subtitle playlist run to the end of the film, with empty segments where nobody speaks",
	"hls-7.3":           "write each fragment's decode time as the sum of all durations before it",
	"hls-8.10":          `name the language by its BCP 47 tag, "und" where it is not known`,
	"hls-9.13":          "measure the segments: the largest sum over all playable combinations of renditions",
	"hls-captions-none": "add CLOSED-CAPTIONS=NONE to every EXT-X-STREAM-INF",
}
