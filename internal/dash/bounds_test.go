package dash

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// TestLongAddresses: a manifest of a few bytes, or of a megabyte, does not stand for gigabytes of addresses. It is told once.
func TestLongAddresses(t *testing.T) {
	mpd := func(base, set string) string {
		return `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" mediaPresentationDuration="PT1000000S" minBufferTime="PT1S"><BaseURL>` + base + `</BaseURL><Period><AdaptationSet mimeType="video/mp4">` +
			set + `</AdaptationSet></Period></MPD>`
	}
	template := func(media string) string {
		return `<SegmentTemplate timescale="1" duration="1" initialization="i" media="` + media + `"/><Representation id="a" bandwidth="1"/>`
	}
	long := strings.Repeat("a", 900<<10)
	for what, c := range map[string]struct {
		text, rule string
		segments   int
	}{
		"a long template":       {mpd("", template(long)), "ref-long", 0},
		"a long base":           {mpd(long+"/", template("$Number$")), "ref-long", 0},
		"a template that grows": {mpd("", template(strings.Repeat("$Time%099d$", 600))), "ref-long", 0},
		"an id that grows":      {mpd("", strings.Replace(template("$RepresentationID$"), `id="a"`, `id="`+long+`"`, 1)), "ref-long", 0},
		"a million of 8 kB":     {mpd("", template(long[:8000]+"$Number$")), "ref-long", 0},
		"a list of long ones": {mpd("", `<SegmentList timescale="1" duration="1"><Initialization sourceURL="i"/>`+strings.Repeat(`<SegmentURL media="`+long[:9<<10]+`"/>`, 9)+
			`</SegmentList><Representation id="a" bandwidth="1"/>`), "ref-long", 0},
		"too many":     {mpd("", template("$Number$")+strings.Repeat("<Representation/>", 2000)), "ref-many", 0},
		"as a film is": {strings.Replace(mpd("../o/", template("v/$Number%05d$.m4s")), "PT1000000S", "PT100S", 1), "", 100},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		m, findings := Read("manifest.mpd", []byte(c.text))
		runtime.ReadMemStats(&after)
		var rules []string
		for _, f := range findings {
			rules = append(rules, f.Rule)
		}
		if got := strings.Join(rules, " "); got != c.rule {
			t.Errorf("%s: %s", what, fmt.Sprintf("%.300v", findings))
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 700 {
			t.Errorf("%s: %d MB", what, mb)
		}
		n := 0
		for _, s := range m.Sets {
			for _, r := range s.Representations {
				n += len(r.Segments)
			}
		}
		if n != c.segments {
			t.Errorf("%s: %d segments", what, n)
		}
	}
}
