package audit

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

const mpd = "r/1/manifest.mpd"

// dashSample is the good presentation with a manifest over the same segments.
func dashSample(t testing.TB) files {
	t.Helper()
	rungs, s := encoded()
	s.blocks = s.blocks[:len(s.blocks)-1] // so that it ends within a frame of the picture
	f := maps.Clone(build(rungs, &s, vtt))
	var m dash.Manifest
	pictures := dash.Set{Type: "video", Roles: []string{dash.Main}, Aligned: true, StartWithSAP: 1}
	for _, name := range []string{"320x180", "160x90"} {
		r := listed(t, f, name, "r/1/"+name+".m3u8")
		r.MIME, r.FrameRate, r.SAR = "video/mp4", media.Rational{Num: 30000, Den: 1001}, "1:1"
		pictures.Representations = append(pictures.Representations, r)
		m.Duration = r.Time(r.End())
	}
	sound := listed(t, f, "a", voice)
	sound.MIME = "audio/mp4"
	f["o/s/track.vtt"] = []byte("WEBVTT\n\n00:00:01.000 --> 00:00:03.000 line:80%\nHello\n")
	m.Sets = []dash.Set{pictures,
		{Type: "audio", Language: "en", Label: "English", Roles: []string{dash.Main}, Aligned: true, StartWithSAP: 1, Representations: []dash.Representation{sound}},
		{Type: "text", Language: "en", Label: "English", Roles: []string{dash.Caption}, Accessibility: dash.Caption,
			Representations: []dash.Representation{{ID: "s", MIME: "text/vtt", Bandwidth: 100, File: "../../o/s/track.vtt"}}}}
	m.Finish()
	f[mpd] = m.Bytes()
	return f
}

// listed is a representation with the segments of a media playlist, as they are.
func listed(t testing.TB, f files, id, playlist string) dash.Representation {
	t.Helper()
	list, findings := hls.ParseMedia(playlist, f[playlist], nil)
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	init, err := mp4.ParseInit(f[resolve(playlist, list.Segments[0].Map.URI)])
	if err != nil {
		t.Fatal(err)
	}
	r := dash.Representation{ID: id, Width: init.Width, Height: init.Height, Channels: init.Channels, SampleRate: init.SampleRate, Init: list.Segments[0].Map.URI,
		Timescale: uint64(init.Timescale), Codecs: hls.VideoCodec(init.Codec, init.Config)}
	if !init.Video() {
		r.Codecs = hls.AudioCodec(init.Config)
	}
	var parts []hls.Part
	for _, s := range list.Segments {
		b := f[resolve(playlist, s.URI)]
		fragments, err := mp4.ParseSegment(init, b)
		if err != nil {
			t.Fatal(err)
		}
		start, d := r.End(), uint64(0)
		for _, fragment := range fragments {
			d += fragment.Duration()
		}
		r.Segments = append(r.Segments, dash.Segment{URI: s.URI, Start: start, Duration: d})
		parts = append(parts, hls.Part{Size: int64(len(b)), Duration: s.Duration})
	}
	r.Bandwidth = hls.Measure(parts, 6).Peak
	return r
}

// objects are what a release's manifest would list.
func (f files) objects() *Manifest {
	m := &Manifest{ID: "1"}
	for _, uri := range slices.Sorted(maps.Keys(f)) {
		m.Objects = append(m.Objects, Object{URI: uri})
	}
	return m
}

// beside judges the manifest with the playlists, as verify does, and alone without them: then each segment is read for it.
func (f files) beside(m *Manifest) []report.Finding {
	findings, _, err := Run(context.Background(), plain(f.fetch), Options{Master: master, Trusted: true, Manifest: m})
	if err != nil {
		panic(err)
	}
	return proved(findings)
}

func (f files) alone(m *Manifest) []report.Finding {
	a := newAuditor(context.Background(), plain(f.fetch), Options{Master: master, Trusted: true, Manifest: m})
	a.dash(*m)
	return proved(a.findings)
}

func TestGoodManifest(t *testing.T) {
	f := dashSample(t)
	for _, finding := range append(f.beside(f.objects()), f.alone(f.objects())...) {
		t.Error(finding)
	}
}

// TestSegmentsAreReadOnce: what the playlists led to is not read again for the manifest.
func TestSegmentsAreReadOnce(t *testing.T) {
	f := dashSample(t)
	reads := map[string]int{}
	fetch := func(ctx context.Context, uri string) ([]byte, error) {
		reads[uri]++
		return f.fetch(ctx, uri)
	}
	without := f.objects()
	without.Objects = slices.DeleteFunc(without.Objects, func(o Object) bool { return o.URI == mpd })
	count := func(m *Manifest) map[string]int {
		clear(reads)
		if _, _, err := Run(t.Context(), plain(fetch), Options{Master: master, Trusted: true, Manifest: m}); err != nil {
			t.Fatal(err)
		}
		return maps.Clone(reads)
	}
	want := count(without)
	want[mpd]++
	if got := count(f.objects()); !maps.Equal(got, want) {
		t.Errorf("read %v, want %v", got, want)
	}
}

// TestDASHEntrance: the manifest below the film's folder must lead where the release's does.
func TestDASHEntrance(t *testing.T) {
	for _, c := range []struct {
		rules  string
		change func(files)
	}{
		{"", func(files) {}},
		{"release-entrance", swap("manifest.mpd", "o/320x180/1.m4s", "o/320x180/0.m4s")},
		{"release-entrance", swap("manifest.mpd", `lang="en"`, `lang="de"`)},
		{"dash-xml", swap("manifest.mpd", "</MPD>", "")},
		{"release-missing", func(f files) { delete(f, "manifest.mpd") }},
	} {
		f := dashSample(t)
		f["manifest.mpd"] = bytes.ReplaceAll(f[mpd], []byte("../../"), nil)
		m := f.objects()
		m.Entrances = []string{"manifest.mpd"}
		c.change(f)
		if findings := f.beside(m); broken(findings) != c.rules {
			t.Errorf("%q: %v", c.rules, findings)
		}
	}
}

// once replaces the first match of a pattern in the manifest.
func once(pattern, with string) func(files) {
	return func(f files) {
		re := regexp.MustCompile(pattern)
		at := re.FindIndex(f[mpd])
		if at == nil {
			panic("the manifest has no " + pattern + ":\n" + string(f[mpd]))
		}
		f[mpd] = append(append(bytes.Clone(f[mpd][:at[0]]), with...), f[mpd][at[1]:]...)
	}
}

// TestEachFaultOfTheManifestIsFound tells one lie at a time, and wants to be told at the file that is wrong. Faults of files
// that the playlists name are told with these; the manifest alone finds them too.
func TestEachFaultOfTheManifestIsFound(t *testing.T) {
	for _, c := range []struct {
		name, rule, file string
		change           func(files)
	}{
		{"no manifest", "release-missing", mpd, func(f files) { delete(f, mpd) }},
		{"cut", "dash-xml", mpd, func(f files) { f[mpd] = f[mpd][:len(f[mpd])-20] }},
		{"no sets", "dash-xml", mpd, once(`(?s)<AdaptationSet.*</AdaptationSet>`, "")},
		{"live", "dash-static", mpd, once(`type="static"`, `type="dynamic"`)},
		{"no profile", "dash-profile", mpd, once(`profiles="[^"]*"`, "")},
		{"no duration", "dash-duration", mpd, once(`mediaPresentationDuration="[^"]*"`, "")},
		{"a longer film", "dash-duration", mpd, once(`PT16.016S`, "PT16.1S")},
		{"no buffer", "dash-buffer", mpd, once(`minBufferTime="[^"]*"`, "")},
		{"one id twice", "dash-representation", mpd, once(`id="160x90"`, `id="320x180"`)},
		{"no id", "dash-representation", mpd, once(`id="160x90"`, "")},
		{"no bandwidth", "dash-bandwidth", mpd, once(`bandwidth="\d+"`, "")},
		{"too small a bandwidth", "dash-bandwidth", mpd, once(`bandwidth="\d+"`, `bandwidth="1000"`)},
		{"too large a bandwidth", "dash-bandwidth", mpd, once(`bandwidth="\d+"`, `bandwidth="90000000"`)},
		{"no type", "dash-representation", mpd, once(`mimeType="video/mp4"`, "")},
		{"an empty set", "dash-representation", mpd, once(`(?s)<Representation id="a".*?</Representation>`, "")},
		{"no init section", "dash-representation", mpd, once(`<Initialization[^>]*>`, "")},
		{"another codec", "dash-codecs", mpd, once(`codecs="avc1\.[0-9a-f]*"`, `codecs="avc1.640028"`)},
		{"another sound", "dash-codecs", mpd, once(`codecs="mp4a.40.2"`, `codecs="mp4a.40.5"`)},
		{"another width", "dash-picture", mpd, once(`width="320"`, `width="322"`)},
		{"another rate of pictures", "dash-picture", mpd, once(`frameRate="30000/1001"`, `frameRate="30"`)},
		{"more channels", "dash-sound", mpd, once(`(channel_configuration:2011" value)="2"`, `channel_configuration:2011" value="6"`)},
		{"another sample rate", "dash-sound", mpd, once(`audioSamplingRate="48000"`, `audioSamplingRate="44100"`)},
		{"no language", "dash-language", mpd, once(`lang="en"`, "")},
		{"two tracks alike", "dash-language", mpd, func(f files) {
			set := regexp.MustCompile(`(?s) <AdaptationSet id="2".*?</AdaptationSet>\n`).Find(f[mpd])
			once(` </Period>`, string(bytes.Replace(set, []byte(`id="s"`), []byte(`id="s2"`), 1))+" </Period>")(f)
		}},
		{"a segment less on the store", "dash-missing", mpd, func(f files) { delete(f, "o/320x180/1.m4s") }},
		{"no init section on the store", "dash-missing", mpd, func(f files) { delete(f, "o/a/init.mp4") }},
		{"no track on the store", "dash-missing", mpd, func(f files) { delete(f, "o/s/track.vtt") }},
		{"a segment that is a page", "dash-segment", "o/160x90/1.m4s", func(f files) { f["o/160x90/1.m4s"] = []byte("<html>not found</html>") }},
		{"a segment cut short", "dash-segment", "o/160x90/1.m4s", func(f files) { f["o/160x90/1.m4s"] = f["o/160x90/1.m4s"][:2000] }},
		{"an init section that is none", "dash-segment", "o/a/init.mp4", func(f files) { f["o/a/init.mp4"] = []byte("no moov at all") }},
		{"a later segment", "dash-timeline", "o/320x180/1.m4s", poke("o/320x180/1.m4s", "tfdt", 4, string(binary.BigEndian.AppendUint64(nil, 190000)))},
		{"two segments exchanged", "dash-timeline", "o/320x180/2.m4s", all(once(`320x180/1\.m4s`, "320x180/x.m4s"), once(`320x180/2\.m4s`, "320x180/1.m4s"), once(`320x180/x\.m4s`, "320x180/2.m4s"),
			swap(big, "320x180/1.m4s", "320x180/x.m4s"), swap(big, "320x180/2.m4s", "320x180/1.m4s"), swap(big, "320x180/x.m4s", "320x180/2.m4s"))},
		{"a longer segment in the timeline", "dash-timeline", mpd, once(`d="180180"`, `d="182182"`)},
		{"a later start in the timeline", "dash-timeline", mpd, once(`t="0"`, `t="3003"`)},
		{"a duration less", "dash-timeline", mpd, once(`<S d="[^"]*"/>`, "")},
		{"unlike segments", "dash-alignment", mpd, func(f files) {
			f["o/160x90/1.m4s"] = append(bytes.Clone(f["o/160x90/1.m4s"]), f["o/160x90/2.m4s"]...)
			once(`(?s)(<Representation id="160x90".*?)<S d="180180"/>\s*<S d="120120"/>`, "@@")(f)
			head := regexp.MustCompile(`(?s)<Representation id="160x90".*?<S d="180180"/>`).Find(dashSample(t)[mpd])
			once("@@", strings.TrimSuffix(string(head), `<S d="180180"/>`)+`<S d="300300"/>`)(f)
			once(`<SegmentURL media="[^"]*160x90/2.m4s"/>`, "")(f)
		}},
		{"a track that is none", "dash-text", "o/s/track.vtt", swap("o/s/track.vtt", "WEBVTT", "1")},
		{"a track without cues", "dash-text", "o/s/track.vtt", swap("o/s/track.vtt", "-->", "to")},
		{"a cue after the end", "dash-text", "o/s/track.vtt", swap("o/s/track.vtt", "00:00:0", "00:01:0")},
		{"a rung less than HLS", "dash-hls", mpd, once(`(?s)<Representation id="160x90".*?</Representation>`, "")},
		{"a rung more than HLS", "dash-hls", mpd, func(f files) {
			lines := strings.Split(string(f[master]), "\n")
			for i, l := range lines {
				if strings.HasPrefix(l, "#EXT-X-STREAM-INF") && lines[i+1] == "160x90.m3u8" {
					lines[i], lines[i+1] = "", ""
				}
			}
			f[master] = []byte(strings.Join(lines, "\n"))
		}},
		{"a segment of another name than in HLS", "dash-hls", mpd, func(f files) {
			f["o/320x180/new.m4s"] = f["o/320x180/1.m4s"]
			swap(big, "320x180/1.m4s", "320x180/new.m4s")(f)
		}},
		{"a segment less in HLS", "dash-hls", mpd, remove(small, "#EXTINF:4.004000,\n../../o/160x90/2.m4s\n")},
		{"another language than HLS", "dash-hls", mpd, once(`lang="en"`, `lang="de"`)},
		{"captions that HLS calls plain", "dash-hls", mpd, once(`<Role schemeIdUri="urn:mpeg:dash:role:2011" value="caption"/>`, "")},
		{"no HLS", "hls-missing", master, func(f files) { delete(f, master) }},
		{"no playlist", "hls-missing", master, func(f files) { delete(f, small) }},
		{"one file a rendition", "not-checked", mpd, once(`(?s)<SegmentList.*?</SegmentList>`, "<SegmentBase/>")},
		{"another codec than is known", "not-checked", mpd, swap("o/320x180/init.mp4", "avc1", "hvc1")},
	} {
		f := dashSample(t)
		m := f.objects()
		c.change(f)
		ways := map[string]func(*Manifest) []report.Finding{"beside HLS": f.beside, "alone": f.alone}
		switch {
		case c.rule == "dash-hls" || c.rule == "hls-missing":
			delete(ways, "alone")
		case c.rule == "dash-missing" && !strings.HasPrefix(c.name, "no track") || strings.HasSuffix(c.file, ".m4s") || strings.HasSuffix(c.file, ".mp4"):
			delete(ways, "beside HLS")
		}
		for way, check := range ways {
			findings := check(m)
			if !slices.ContainsFunc(findings, func(x report.Finding) bool {
				return x.Rule == c.rule && x.Pos.File == c.file && (x.Hint != "" || c.rule == "not-checked")
			}) {
				t.Errorf("%s, %s: %s at %s was not found, but %v", c.name, way, c.rule, c.file, findings)
			}
		}
	}
}

// Sound is not cut where the picture is, nor as exactly: that is no fault.
func TestSoundWithinAFrame(t *testing.T) {
	f := dashSample(t)
	m, _ := dash.Read(mpd, f[mpd])
	sound := m.Sets[1].Representations[0]
	if off := (sound.Time(sound.End()) - m.Duration).Abs(); off == 0 || off > 22*time.Millisecond {
		t.Errorf("the sample's sound ends %s from its picture's end; the test needs a difference below a frame", off)
	}
}

func FuzzDASH(f *testing.F) {
	good := dashSample(f)
	m := good.objects()
	f.Add(good[mpd])
	f.Fuzz(func(t *testing.T, b []byte) {
		bad := maps.Clone(good)
		bad[mpd] = b
		bad.beside(m)
	})
}
