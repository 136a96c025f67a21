package dash

import (
	"bytes"
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// film is a small manifest with everything that is written.
func film() Manifest {
	segments := func(dir string, durations ...uint64) (list []Segment) {
		var at uint64
		for i, d := range durations {
			list = append(list, Segment{URI: fmt.Sprintf("o/%s/%05d.m4s", dir, i), Start: at, Duration: d})
			at += d
		}
		return list
	}
	rung := func(id string, w, h int, rate int64) Representation {
		return Representation{ID: id, MIME: "video/mp4", Codecs: "avc1.64001f", Width: w, Height: h, FrameRate: media.Rational{Num: 30000, Den: 1001}, SAR: "1:1",
			Bandwidth: rate, Init: "o/c0/" + id + "/init.mp4", Timescale: 30000, Segments: segments("c0/"+id, 180180, 180180, 120120)}
	}
	text := func(id, lang, label, role, access string) Set {
		return Set{Type: "text", Language: lang, Label: label, Roles: []string{role}, Accessibility: access,
			Representations: []Representation{{ID: id, MIME: "text/vtt", Bandwidth: 120, File: "o/" + id + "/track.vtt"}}}
	}
	m := Manifest{Duration: 16016 * time.Millisecond, Sets: []Set{
		text("subtitle-en", "en", `Tom & "Jerry" <1>`, Subtitle, ""), text("subtitle-ru", "ru", "русский", ForcedSubtitle, ""), text("subtitle-de", "de", "Deutsch (SDH)", Caption, Caption),
		{Type: "video", Roles: []string{Main}, Aligned: true, StartWithSAP: 1, Representations: []Representation{rung("v0", 416, 234, 145000), rung("v1", 1280, 720, 3000000)}},
		{Type: "audio", Language: "en", Label: "English", Roles: []string{Main}, Aligned: true, StartWithSAP: 1, Representations: []Representation{{ID: "audio-0", MIME: "audio/mp4",
			Codecs: "mp4a.40.2", SampleRate: 48000, Channels: 2, Bandwidth: 96000, Init: "o/a/init.mp4", Timescale: 48000, Segments: segments("a", 288768, 288768, 191488)}}},
	}}
	m.Finish()
	return m
}

func TestWriting(t *testing.T) {
	got := film().Bytes()
	golden := filepath.Join("testdata", "film.mpd")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the manifest differs from %s:\n%s", golden, got)
	}
	if m := film(); m.MinBuffer != 6016*time.Millisecond || m.Sets[0].Type != "video" || m.Sets[1].Type != "audio" {
		t.Errorf("a buffer of %s, and first the sets %s and %s", m.MinBuffer, m.Sets[0].Type, m.Sets[1].Type)
	}
}

// What is written is read back as it was.
func TestReadingBack(t *testing.T) {
	want := film()
	got, findings := Read("film.mpd", want.Bytes())
	if len(findings) > 0 {
		t.Error(findings)
	}
	want.Type, want.Profiles = "static", Profile
	for i := range got.Sets {
		if got.Sets[i].Line == 0 || got.Sets[i].Representations[0].Line <= got.Sets[i].Line {
			t.Errorf("set %d was read at line %d, its first representation at line %d", i, got.Sets[i].Line, got.Sets[i].Representations[0].Line)
		}
		got.Sets[i].Line = 0
		for j := range got.Sets[i].Representations {
			got.Sets[i].Representations[j].Line = 0
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestBase(t *testing.T) {
	m := film()
	m.Base = "../../"
	got, _ := Read("r/1/film.mpd", m.Bytes())
	for _, s := range got.Sets {
		for _, r := range s.Representations {
			for _, uri := range append([]string{r.Init + r.File}, func() (u []string) {
				for _, s := range r.Segments {
					u = append(u, s.URI)
				}
				return u
			}()...) {
				if !strings.HasPrefix(uri, "../../o/") {
					t.Errorf("%s of %s", uri, r.ID)
				}
			}
		}
	}
}

func TestDurations(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		want string
	}{
		{0, "PT0S"}, {-1, "PT0S"}, {1, "PT0.000000001S"}, {16016 * time.Millisecond, "PT16.016S"}, {time.Minute, "PT1M0S"}, {3*time.Hour + 50*time.Second, "PT3H50S"},
		{25*time.Hour + 2*time.Minute + 3100*time.Millisecond, "PT25H2M3.1S"},
	} {
		if got := duration(c.d); got != c.want {
			t.Errorf("%s is written %s, want %s", c.d, got, c.want)
		}
		var r reader
		if back := r.time("d", c.want); back != max(c.d, 0) || len(r.findings) > 0 {
			t.Errorf("%s is read as %s, %v", c.want, back, r.findings)
		}
	}
	for written, want := range map[string]time.Duration{"P0Y0M0DT0H3M30.000S": 210 * time.Second, "P0Y0M1D": 24 * time.Hour, "P0M0DT1S": time.Second} { // as Bitmovin's packager writes them
		var r reader
		if got := r.time("d", written); got != want || len(r.findings) > 0 {
			t.Errorf("%s is read as %s, %v", written, got, r.findings)
		}
	}
	for _, bad := range []string{"16 s", "PT", "P", "P1Y", "P1M", "P0Y1M1D", "P0YT", "PT-1S", "PT1,5S", "1", "PT99999999999999S"} {
		var r reader
		if r.time("d", bad); len(r.findings) != 1 || r.findings[0].Rule != "dash-xml" {
			t.Errorf("%q: %v", bad, r.findings)
		}
	}
}

func mpd(period string) string {
	return `<MPD xmlns="` + namespace + `" type="static" mediaPresentationDuration="PT10S" minBufferTime="PT2S"><BaseURL>m/</BaseURL><Period>` + period + `</Period></MPD>`
}

// TestAddresses reads the forms of others.
func TestAddresses(t *testing.T) {
	const head, tail = `<AdaptationSet mimeType="video/mp4">`, `<Representation id="a" bandwidth="5"/></AdaptationSet>`
	for _, c := range []struct{ name, xml, want string }{
		{"number and duration", head + `<SegmentTemplate timescale="10" duration="40" startNumber="0" media="$RepresentationID$/$Number%03d$.m4s" initialization="$Bandwidth$$$.mp4"/>` + tail,
			"m/5$.mp4 0+40:m/a/000.m4s 40+40:m/a/001.m4s 80+20:m/a/002.m4s"},
		{"time and repeats", head + `<SegmentTemplate timescale="10" media="$Time$.m4s"><SegmentTimeline><S t="5" d="20" r="1"/><S d="30" r="-1"/></SegmentTimeline></SegmentTemplate>` + tail,
			" 5+20:m/5.m4s 25+20:m/25.m4s 45+30:m/45.m4s 75+30:m/75.m4s"},
		{"list with a duration", head + `<SegmentList timescale="10" duration="60"><Initialization sourceURL="i"/><SegmentURL media="x"/><SegmentURL media="/y"/></SegmentList>` + tail,
			"m/i 0+60:m/x 60+40:/y"},
		{"inherited", `<SegmentList timescale="10"><Initialization sourceURL="i"/></SegmentList><AdaptationSet><SegmentList><SegmentTimeline><S d="5"/></SegmentTimeline></SegmentList>` +
			`<Representation id="a" mimeType="video/mp4"><BaseURL>https://h.example/b/</BaseURL><SegmentList><SegmentURL media="../x"/></SegmentList></Representation></AdaptationSet>`,
			"https://h.example/b/i 0+5:https://h.example/x"},
		{"one file", head + `<Representation id="a"><BaseURL>a.mp4</BaseURL><SegmentBase indexRange="0-9"/></Representation></AdaptationSet>`, "unread"},
		{"byte ranges", head + `<SegmentList duration="10"><SegmentURL media="x" mediaRange="0-9"/></SegmentList>` + tail, "unread"},
		{"too many", head + `<SegmentTemplate timescale="1" media="$Number$"><SegmentTimeline><S d="0" r="99999999999"/></SegmentTimeline></SegmentTemplate>` + tail, "unread"},
		{"endless", head + `<SegmentTemplate timescale="18446744073709551615" duration="1" media="$Number$"/>` + tail, "unread"},
	} {
		m, findings := Read("m.mpd", []byte(mpd(c.xml)))
		if len(findings) > 0 || len(m.Sets) != 1 || len(m.Sets[0].Representations) != 1 {
			t.Errorf("%s: %v, %+v", c.name, findings, m)
			continue
		}
		r := m.Sets[0].Representations[0]
		got := r.Init
		for _, s := range r.Segments {
			got += fmt.Sprintf(" %d+%d:%s", s.Start, s.Duration, s.URI)
		}
		if r.Unread != "" {
			got = "unread"
		}
		if got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
		if m.Sets[0].Type != "video" {
			t.Errorf("%s: the type is %q", c.name, m.Sets[0].Type)
		}
	}
}

func TestFaultsOfTheManifest(t *testing.T) {
	good := mpd("")
	for _, c := range []struct{ name, xml, rule string }{
		{"empty", "", "dash-xml"},
		{"not XML", "#EXTM3U\n", "dash-xml"},
		{"cut", good[:len(good)-9], "dash-xml"},
		{"another root", "<html></html>", "dash-xml"},
		{"two roots", good + good, "dash-xml"},
		{"no namespace", strings.ReplaceAll(good, namespace, ""), "dash-xml"},
		{"no period", strings.ReplaceAll(good, "<Period></Period>", ""), "dash-xml"},
		{"two periods", strings.ReplaceAll(good, "<Period></Period>", "<Period/><Period/>"), "not-checked"},
		{"a duration that is none", strings.ReplaceAll(good, "PT10S", "10"), "dash-xml"},
		{"a width that is none", mpd(`<AdaptationSet width="wide"/>`), "dash-xml"},
		{"an entity", `<!DOCTYPE x [<!ENTITY a "b">]>` + mpd("&a;"), "dash-xml"},
		{"fewer durations than segments", mpd(`<AdaptationSet><Representation id="a"><SegmentList><SegmentTimeline><S d="1"/></SegmentTimeline><SegmentURL media="x"/><SegmentURL media="y"/></SegmentList></Representation></AdaptationSet>`), "dash-timeline"},
	} {
		_, findings := Read("m.mpd", []byte(c.xml))
		if len(findings) != 1 || findings[0].Rule != c.rule || findings[0].Pos.File != "m.mpd" || findings[0].Severity == report.Error && findings[0].Hint == "" {
			t.Errorf("%s: %v", c.name, findings)
		}
	}
}

// TestLengthOfAPeriod: of several periods the first is read, and lasts until the next begins.
func TestLengthOfAPeriod(t *testing.T) {
	for _, c := range []struct {
		periods string
		want    time.Duration
	}{
		{"<Period/>", 10 * time.Second},
		{`<Period duration="PT4S"/>`, 4 * time.Second},
		{`<Period duration="PT4S"/><Period/>`, 4 * time.Second},
		{`<Period start="PT1S"/><Period start="PT4S"/>`, 3 * time.Second},
		{`<Period/><Period/>`, 0},
	} {
		m, _ := Read("m.mpd", []byte(strings.ReplaceAll(mpd(""), "<Period></Period>", c.periods)))
		if got := m.Length(); got != c.want {
			t.Errorf("%s lasts %s, want %s", c.periods, got, c.want)
		}
	}
}

// TestSize holds the comment on the package to the truth: three hours in five rungs and a sound are small once they are gzipped, as
// every manifest is published.
func TestSize(t *testing.T) {
	m := film()
	for id := range 6 {
		r := &m.Sets[0].Representations[0]
		if id > 0 {
			m.Sets[0].Representations = append(m.Sets[0].Representations, *r)
			r = &m.Sets[0].Representations[len(m.Sets[0].Representations)-1]
		}
		r.Segments = nil
		for i := range uint64(1800) {
			digest := fmt.Sprintf("%x", (i/10+1)*0x9e3779b97f4a7c15) + fmt.Sprintf("%x", (i/10+7)*0xbf58476d1ce4e5b9) // like that of a chunk
			r.Segments = append(r.Segments, Segment{URI: fmt.Sprintf("o/%s/v%d/%05d.m4s", digest, id, i), Start: i * 180180, Duration: 180180})
		}
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	plain, err := z.Write(m.Bytes())
	if err != nil || z.Close() != nil {
		t.Fatal("gzip fails in memory")
	}
	t.Logf("%d bytes, gzipped %d", plain, b.Len())
	if b.Len() > 70_000 {
		t.Errorf("a manifest of three hours is %d bytes, gzipped %d", plain, b.Len())
	}
}

func FuzzRead(f *testing.F) {
	f.Add(film().Bytes())
	f.Add([]byte(mpd(`<AdaptationSet><SegmentTemplate timescale="10" duration="40" media="$Number%03d$"/><Representation/></AdaptationSet>`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, findings := Read("f.mpd", b)
		if len(findings) == 0 && m.Type == "" {
			t.Error("nothing was read, and nothing said")
		}
		m.Finish()
		if again, _ := Read("f.mpd", m.Bytes()); len(again.Sets) != len(m.Sets) {
			t.Errorf("%d sets are written and %d read back", len(m.Sets), len(again.Sets))
		}
	})
}
