package audit

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// anew writes the last segment of a rendition as if it were encoded by itself: with an init section and a timescale of its own, and the
// decode time base, in the new timescale, for the first fragment; below 0 is the one that follows.
func anew(f files, name string, base int64) {
	old, err := mp4.ParseInit(f["o/"+name+"/init.mp4"])
	if err != nil {
		panic(err)
	}
	init := old
	init.Timescale *= 2
	segment := "o/" + name + "/2.m4s"
	fragments, err := mp4.ParseSegment(old, f[segment])
	if err != nil {
		panic(err)
	}
	var out []byte
	for _, info := range fragments {
		g := info.Fragment
		g.Samples = slices.Clone(g.Samples)
		for i := range g.Samples {
			g.Samples[i].Duration *= 2
			g.Samples[i].Offset *= 2
		}
		g.Time *= 2
		if base >= 0 {
			g.Time = uint64(base) + 2*(info.Time-fragments[0].Time)
		}
		out = mp4.AppendFragment(out, g)
	}
	f[segment], f["o/"+name+"/init2.mp4"] = out, init.InitSection()
}

// tagged puts lines above every EXTINF of the first that names a segment in a playlist.
func tagged(path, segment, lines string) func(files) {
	return func(f files) {
		list := strings.Split(string(f[path]), "\n")
		at := slices.IndexFunc(list, func(l string) bool { return strings.HasSuffix(l, segment) })
		for at > 0 && !strings.HasPrefix(list[at], "#EXTINF") {
			at--
		}
		if at <= 0 {
			panic(path + " does not name " + segment)
		}
		f[path] = []byte(strings.Join(slices.Insert(list, at, strings.Split(lines, "\n")...), "\n"))
	}
}

// spliced is the good presentation with a last segment that is another encoding, as a film with an advertisement has it.
func spliced(t *testing.T, base int64, tags string) files {
	t.Helper()
	f := sample(t)
	for _, name := range []string{"320x180", "160x90", "a"} {
		anew(f, name, base)
		lists := []string{name + ".m3u8", name + "-i.m3u8"}
		if name == "a" {
			lists = lists[:1]
		}
		for _, list := range lists {
			tagged("r/1/"+list, "/2.m4s", tags+"#EXT-X-MAP:URI=\"../../o/"+name+"/init2.mp4\"")(f)
		}
	}
	return f
}

// severities are the rules that were broken, each with its highest level.
func severities(findings []report.Finding) string {
	worst := map[string]report.Severity{}
	for _, f := range proved(findings) {
		worst[f.Rule] = max(worst[f.Rule], f.Severity)
	}
	var out []string
	for _, rule := range slices.Sorted(maps.Keys(worst)) {
		out = append(out, fmt.Sprint(worst[rule], " ", rule))
	}
	return strings.Join(out, ", ")
}

const anewTags = "#EXT-X-DISCONTINUITY\n"

// TestSeveralRuns: discontinuities and further init sections are allowed, and what is behind them is looked at with its own.
func TestSeveralRuns(t *testing.T) {
	const one = "warn hls-7.1, info not-checked" // the latter of the subtitles
	for _, c := range []struct {
		name, want string
		base       int64
		tags       string
		change     func(files)
	}{
		{"a clock of its own", one, 0, anewTags, all()},
		{"another clock of its own", one, 12345, anewTags, all()},
		{"the clock goes on", "warn hls-7.1", -1, "", all()},
		{"the clock goes on behind the tag", "warn hls-7.1", -1, anewTags, all()},
		{"a clock of its own, and no tag", "error hls-7.3, warn hls-7.1", 0, "", all()},
		{"a declared duration is wrong", "error hls-8.1, " + one, 0, anewTags, swap(big, "EXTINF:4.004000", "EXTINF:4.104000")},
		{"a rung ends early", "error hls-8.3, warn hls-8.22, " + one, 0, anewTags, func(f files) {
			f[small] = f[small][:bytes.LastIndex(f[small], []byte("#EXT-X-DISC"))]
			f[small] = append(f[small], "#EXT-X-ENDLIST\n"...)
		}},
		{"the second codec is not declared", "error hls-9.1, " + one, 0, anewTags, poke("o/160x90/init2.mp4", "avcC", 1, "\x4d")},
		{"the second init section is missing", "error hls-missing, " + one, 0, anewTags, func(f files) { delete(f, "o/a/init2.mp4") }},
		{"the second init section is none", "error hls-8.20, " + one, 0, anewTags, func(f files) { f["o/a/init2.mp4"] = []byte("no moov at all") }},
		{"the second init section is of another kind", "error hls-7.1, info not-checked", 0, anewTags, func(f files) { f["o/a/init2.mp4"] = f["o/160x90/init2.mp4"] }},
		{"the segment is read with the first", "error hls-7.7, error hls-8.1", 0, anewTags, func(f files) { f["o/160x90/init2.mp4"] = f["o/160x90/init.mp4"] }},
	} {
		f := spliced(t, c.base, c.tags)
		c.change(f)
		findings := f.audit()
		got := severities(findings)
		ok := true
		for _, want := range strings.Split(c.want, ", ") {
			ok = ok && strings.Contains(got, want)
		}
		if clean := !strings.Contains(c.want, "error"); !ok || clean && got != c.want {
			t.Errorf("%s: got %s, want %s: %v", c.name, got, c.want, findings)
		}
		told := map[string]int{}
		for _, x := range findings {
			if x.Rule == "hls-7.1" && x.Severity == report.Warn {
				if told[x.Pos.File]++; told[x.Pos.File] > 1 {
					t.Errorf("%s: told twice of %s", c.name, x.Pos.File)
				}
			}
		}
	}
}

// TestOurFilmsAreOneRun: a release of ours has neither discontinuities nor gaps.
func TestOurFilmsAreOneRun(t *testing.T) {
	for rule, f := range map[string]files{"hls-7.1": spliced(t, 0, anewTags), "hls-gap": gapped(t), "rfc-4.3.4.1": sample(t)} {
		attr("#EXT-X-MEDIA:TYPE=AUDIO", "CHANNELS", "")(f)
		found := false
		findings, _, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Manifest: &Manifest{}})
		for _, x := range proved(findings) {
			found = found || x.Rule == rule && x.Severity == report.Error
		}
		if err != nil || !found {
			t.Errorf("%s is no error: %v, %v", rule, err, findings)
		}
	}
}

// TestDecodeRuns: each run is decoded with its own init section.
func TestDecodeRuns(t *testing.T) {
	f := spliced(t, 0, anewTags)
	asked := 0
	decode := func(_ context.Context, path string) (Decoded, error) {
		asked++
		b, err := os.ReadFile(path)
		if err != nil || bytes.Count(b, []byte("moov")) != 1 {
			t.Errorf("%s: %d init sections (%v)", path, bytes.Count(b, []byte("moov")), err)
		}
		init, err := mp4.ParseInit(b)
		want := int64(frames * 3 / 4) // two segments of three groups
		if init.Timescale == 60000 {
			want = frames / 4
		}
		return Decoded{Frames: want, Loudness: -16}, err
	}
	findings, _, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Decode: decode, Scratch: t.TempDir()})
	if got := severities(findings); err != nil || asked != 6 || got != "warn hls-7.1, info not-checked" {
		t.Errorf("%d decoded, %v: %s, %v", asked, err, got, findings)
	}
}

// gapped is the good presentation in which one segment of a rung, and its pictures, are said to be missing, and are.
func gapped(t *testing.T) files {
	f := sample(t)
	delete(f, "o/160x90/1.m4s")
	for _, list := range []string{small, "r/1/160x90-i.m3u8"} {
		var out []string
		for _, line := range strings.Split(string(f[list]), "\n") {
			if out = append(out, line); strings.HasSuffix(line, "/1.m4s") {
				at := len(out) - 1
				for !strings.HasPrefix(out[at], "#EXTINF") {
					at--
				}
				out = slices.Insert(out, at, "#EXT-X-GAP")
			}
		}
		f[list] = []byte(strings.Join(out, "\n"))
	}
	return f
}

func TestGaps(t *testing.T) {
	without := func(rules string, findings []report.Finding) string { // rates that were declared for the whole
		return severities(slices.DeleteFunc(findings, func(f report.Finding) bool { return strings.Contains(rules, f.Rule) }))
	}
	const rates = "hls-1.26 hls-1.27"
	for _, ahead := range []int{0, 2} {
		f := gapped(t)
		findings, _, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Ahead: ahead})
		if got := without(rates, findings); err != nil || got != "warn hls-gap" {
			t.Errorf("%s: %v, %v", got, err, findings)
		}
	}
	f := gapped(t)
	swap("o/160x90/2.m4s", "mdat", "free")(f)
	if got := without(rates, f.audit()); !strings.Contains(got, "error hls-7.1") {
		t.Errorf("what is behind a gap is not read: %s", got)
	}
	f = sample(t)
	swap(voice, "#EXTINF", "#EXT-X-GAP\n#EXTINF")(f)
	swap(text, "#EXTINF", "#EXT-X-GAP\n#EXTINF")(f)
	if got := without(rates, f.audit()); got != "warn hls-gap" {
		t.Errorf("nothing but gaps: %s", got)
	}
	rungs, _ := encoded()
	f = build(rungs, nil, vtt)
	swap(text, "#EXTINF:16.016000", "#EXT-X-GAP\n#EXTINF:6.006000,\ngone.vtt\n#EXTINF:10.010000")(f)
	swap("o/s/en.vtt", "00:00:01.000 --> 00:00:03", "00:00:07.000 --> 00:00:08")(f)
	if got := without(rates, f.audit()); got != "warn hls-gap" {
		t.Errorf("subtitles: %s", got)
	}
}

// TestVariables follows playlists whose addresses are put together, and none whose are not known.
func TestVariables(t *testing.T) {
	defined := func(t *testing.T) files {
		f := sample(t)
		all(swap(master, "#EXT-X-VERSION:7", "#EXT-X-VERSION:8\n#EXT-X-DEFINE:NAME=\"p\",VALUE=\"320x180\"\n#EXT-X-DEFINE:NAME=\"o\",VALUE=\"../../o\""),
			swap(master, "320x180.m3u8", "{$p}.m3u8"), swap(master, `URI="320x180-i.m3u8"`, `URI="{$p}-i.m3u8"`),
			swap(big, "../../o/320x180", "{$o}/{$q}"), swap(big, "#EXT-X-VERSION:7", "#EXT-X-VERSION:8\n#EXT-X-DEFINE:IMPORT=\"o\"\n#EXT-X-DEFINE:NAME=\"q\",VALUE=\"320x180\""))(f)
		return f
	}
	for _, c := range []struct {
		name, want string
		change     func(files)
	}{
		{"all is defined", "", all()},
		{"a version that has no variables", "error rfc-7", swap(master, "VERSION:8", "VERSION:7")},
		{"nothing is defined", "error m3u8-define", swap(master, `NAME="p"`, `NAME="x"`)},
		{"nothing to import", "error m3u8-define", swap(master, `NAME="o"`, `NAME="x"`)},
		{"a parameter that a file has not", "info not-checked", all(swap(master, `NAME="p",VALUE="320x180"`, `QUERYPARAM="p"`), swap(master, "VERSION:8", "VERSION:11"))},
	} {
		f := defined(t)
		c.change(f)
		if findings := f.audit(); severities(findings) != c.want {
			t.Errorf("%s: %s, want %s: %v", c.name, severities(findings), c.want, findings)
		}
	}
}

// TestManyHeads: a playlist that names an init section for each of very many segments is not followed for ever.
func TestManyHeads(t *testing.T) {
	f := sample(t)
	list := hls.Media{Version: 7, Target: 6, Type: "VOD", Independent: true, End: true}
	for i := range maxSegments {
		list.Segments = append(list.Segments, hls.Segment{URI: "../../o/320x180/0.m4s", Duration: 6006 * time.Millisecond, Discontinuity: true, Map: &hls.Map{URI: fmt.Sprintf("../../o/320x180/init.mp4?%d", i)}})
	}
	f[big] = list.Bytes()
	fetched := 0
	fetch := func(ctx context.Context, uri string) ([]byte, error) {
		fetched++
		uri, _, _ = strings.Cut(uri, "?")
		return f.fetch(ctx, strings.TrimPrefix(uri, "https://example.org/"))
	}
	findings := Release(t.Context(), fetch, "https://example.org/"+master)
	if got := severities(findings); !strings.Contains(got, "error ref-many") || fetched > 3000 {
		t.Errorf("%d files, %s", fetched, got)
	}
}

// TestFilmWithoutClock: where the film's clock is not known, as of MPEG-TS, a map to another one is no fault.
func TestFilmWithoutClock(t *testing.T) {
	for want, film := range map[string]*track{"": nil, "hls-5.3": {}} {
		f := sample(t)
		swap("o/s/en.vtt", "MPEGTS:0", "MPEGTS:900000")(f)
		a := newAuditor(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true})
		a.text(text, master, 0, film)
		if broken(a.findings) != want {
			t.Errorf("%v: %v", film != nil, a.findings)
		}
	}
}
