package audit

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/report"
)

// generous is a place that gives for any address what a function makes of it.
type generous func(uri string) []byte

func (g generous) Read(_ context.Context, r Request) (File, error) {
	b := g(r.URI)
	if int64(len(b)) > r.Limit {
		return File{}, &LongError{Limit: r.Limit}
	}
	return File{Data: b, Size: int64(len(b))}, nil
}

func (g generous) Open(context.Context, string) (io.ReadCloser, error) { return nil, io.EOF }
func (g generous) Stat(context.Context, string) (File, error)          { return File{}, io.EOF }

// costs runs the audit, and gives the findings and the MB that were held at the worst moment a source was asked.
func costs(t *testing.T, g generous) ([]report.Finding, uint64) {
	t.Helper()
	var most uint64
	n := 0
	watched := generous(func(uri string) []byte {
		b := g(uri)
		if n++; n%8 == 0 {
			var m runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc>>20)
		}
		return b
	})
	findings, _, err := Run(t.Context(), watched, Options{Master: "m.m3u8"})
	if err != nil {
		t.Fatal(err)
	}
	return proved(findings), most
}

// masterOf names one playlist of subtitles, or many.
func masterOf(lists ...string) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n")
	for i, list := range lists {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"s\",NAME=\"%d\",LANGUAGE=\"en\",AUTOSELECT=YES,FORCED=%s,URI=\"%s\"\n", i, map[bool]string{true: "YES", false: "NO"}[i == 0 && len(lists) == 2], list)
	}
	b.WriteString("#EXT-X-STREAM-INF:BANDWIDTH=1,AVERAGE-BANDWIDTH=1,CODECS=\"avc1.64001f\",SUBTITLES=\"s\",CLOSED-CAPTIONS=NONE\nv.m3u8\n")
	return []byte(b.String())
}

func listOf(n int, duration string, name func(int) string) []byte {
	var b strings.Builder
	b.WriteString("#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:VOD\n")
	for i := range n {
		fmt.Fprintf(&b, "#EXTINF:%s,\n%s\n", duration, name(i))
	}
	b.WriteString("#EXT-X-ENDLIST\n")
	return []byte(b.String())
}

// TestCuesAreBounded: a stranger's subtitles of millions of cues, each of which breaks a rule, cost neither gigabytes nor a million findings.
func TestCuesAreBounded(t *testing.T) {
	cue := "10:00.000 --> 10:00.000\n\n"
	full := "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n"
	for what, c := range map[string]struct {
		segment string
		told    string
	}{
		"many cues":        {full + strings.Repeat(cue, 40_000), "more than 100000 cues"},
		"long segments":    {full + strings.Repeat(cue, 400_000), "a segment has 9 MB"},
		"many empty lines": {full + strings.Repeat("\n", maxText), "a segment has 4 MB"},
	} {
		findings, mb := costs(t, func(uri string) []byte {
			switch {
			case uri == "m.m3u8":
				return masterOf("s.m3u8")
			case uri == "s.m3u8":
				return listOf(8, "6.0", func(i int) string { return fmt.Sprint(i, ".vtt") })
			case strings.HasSuffix(uri, ".vtt"):
				return []byte(c.segment)
			}
			return nil
		})
		if len(findings) > 5000 || mb > 300 || !told(findings, "not-checked", c.told) {
			t.Errorf("%s: %d findings, %d MB held; %.500v", what, len(findings), mb, findings[:min(len(findings), 5)])
		}
	}
}

func told(findings []report.Finding, rule, text string) bool {
	return slices.ContainsFunc(findings, func(f report.Finding) bool { return f.Rule == rule && strings.Contains(f.Text, text) })
}

// TestPlaylistsAreBounded: hundreds of playlists of many megabytes are not all remembered.
func TestPlaylistsAreBounded(t *testing.T) {
	var lists []string
	for i := range 4 {
		lists = append(lists, fmt.Sprint("s", i, ".m3u8"))
	}
	const n = 90_000
	long := listOf(n, "6.0", func(int) string { return "a" })
	a := newAuditor(t.Context(), generous(func(string) []byte { return long }), Options{})
	m, _ := hls.ParseMaster("m.m3u8", masterOf(lists...))
	a.budget.held = maxHeld - 60<<20 // by twenty others before these
	a.extent("m.m3u8", m)
	kept := 0
	for _, track := range a.tracks {
		if track != nil {
			kept++
		}
	}
	if kept != 2 || !told(proved(a.findings), "ref-many", "512 MB") {
		t.Errorf("%d playlists of %d are remembered; %.500v", kept, len(lists), a.findings)
	}
}

// TestAddressesAreBounded: an address that the server of a stranger takes, however long it is, is not multiplied by the segments behind it.
func TestAddressesAreBounded(t *testing.T) {
	for what, c := range map[string]struct {
		uri, segment string
	}{
		"a megabyte":                    {"s" + strings.Repeat("a", 1<<20), "a"},
		"as long as may be, many times": {strings.Repeat("s", maxAddress-10) + "/s", "a"},
		"a long segment":                {"s.m3u8", strings.Repeat("a", maxAddress+1)},
	} {
		n := 90_000
		if len(c.segment) > 1 {
			n = 100
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		findings, _ := costs(t, func(uri string) []byte {
			switch {
			case uri == "m.m3u8":
				return masterOf(c.uri)
			case uri == c.uri:
				return listOf(n, "6.0", func(int) string { return c.segment })
			}
			return nil
		})
		runtime.ReadMemStats(&after)
		count := 0
		for _, f := range findings {
			if f.Rule == "ref-long" {
				count++
			}
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; count != 1 || mb > 200 {
			t.Errorf("%s: %d findings of ref-long, %d MB asked for", what, count, mb)
		}
	}
}

// TestFindingsAreBounded: the first ones by a rule about a file are told, and how many more there are, with the worst severity among them.
func TestFindingsAreBounded(t *testing.T) {
	a := newAuditor(t.Context(), nil, Options{Master: "m.m3u8"})
	for range 5000 {
		a.fail("a.vtt", 1, "rfc-3.5", "a cue")
		a.warn("b.vtt", 1, "rfc-3.5", "a cue")
	}
	for i := range 2 * maxFindings {
		a.fail(fmt.Sprint(i, ".vtt"), 1, "hls-5.3", "not WebVTT")
	}
	a.warn("c.vtt", 1, "hls-9.1", "another")
	a.tellMore()
	if n := len(a.findings); n > maxFindings+10 {
		t.Errorf("%d findings", n)
	}
	var more []string
	for _, f := range a.findings {
		if strings.HasPrefix(f.Text, "and ") {
			more = append(more, fmt.Sprint(f.Pos.File, " ", f.Rule, " ", f.Severity, " ", f.Text))
		}
	}
	slices.Sort(more)
	want := []string{"a.vtt rfc-3.5 error and 4000 more like this in this file", "b.vtt rfc-3.5 warn and 4000 more like this in this file",
		fmt.Sprintf("m.m3u8 hls-5.3 error and %d more like this in all files", maxFindings+2000), "m.m3u8 hls-9.1 warn and 1 more like this in all files"}
	if !slices.Equal(more, want) {
		t.Errorf("%q", more)
	}
}

// TestForcedAreBounded: cues of two renditions are held against each other as far as that ends.
func TestForcedAreBounded(t *testing.T) {
	a := newAuditor(t.Context(), nil, Options{})
	m := masterOf("f.m3u8", "r.m3u8")
	all := slices.Repeat([]cue{{0, time.Hour, strings.Repeat("a", 100), 1}}, maxCues)
	forced := slices.Repeat([]cue{{0, time.Hour, "b", 1}}, maxCues)
	a.tracks["f.m3u8"], a.tracks["r.m3u8"] = &track{uri: "f.m3u8", cues: forced}, &track{uri: "r.m3u8", cues: all}
	list, _ := hls.ParseMaster("m.m3u8", m)
	a.forced("m.m3u8", list)
	if !told(proved(a.findings), "not-checked", "too many") {
		t.Errorf("%v", a.findings)
	}
}

// TestCuesOfTheTrack: each cue is looked for in the segments during which it is shown, which are found without asking all of them.
func TestCuesOfTheTrack(t *testing.T) {
	var segments []textSegment
	for i := range 10 {
		from := time.Duration(i) * time.Second
		segments = append(segments, textSegment{fmt.Sprint(i), from, from + time.Second, nil})
	}
	c := cue{2500 * time.Millisecond, 4500 * time.Millisecond, "hello", 1}
	for i := range segments {
		if i >= 2 && i <= 4 {
			segments[i].cues = []cue{c}
		}
	}
	if s, missing := newHeld(segments).absent(c); missing {
		t.Errorf("missing in %+v", s)
	}
	segments[3].cues = nil
	if s, missing := newHeld(segments).absent(c); !missing || s.uri != "3" {
		t.Errorf("%+v, %v", s, missing)
	}
	for _, c := range []cue{{2 * time.Second, 3 * time.Second, "x", 1}, {9900 * time.Millisecond, time.Hour, "x", 1}, {time.Second, time.Second, "x", 1}} {
		s, missing := newHeld(segments).absent(c)
		if want := c.to > c.from; missing != want {
			t.Errorf("%+v: %+v, %v", c, s, missing)
		}
	}
}
