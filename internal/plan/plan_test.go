package plan

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/icc"
	"filmpress/internal/pipeline"
	"filmpress/internal/report"
	"filmpress/pipelines"
)

var update = flag.Bool("update", false, "write the golden files anew")

func readPipeline(t *testing.T, name string) pipeline.Pipeline {
	t.Helper()
	data, err := pipelines.FS.ReadFile(name + ".yml")
	if err != nil {
		t.Fatal(err)
	}
	p, fs := pipeline.Read(name, name+".yml", data)
	if len(fs) > 0 {
		t.Fatal(fs)
	}
	return p
}

var names = map[string]string{"ru": "Русский", "en": "English", "ky": "Кыргызча"}

// request is a plain film: 90 s of 1080p at 25 frames a second, in Russian.
func request(t *testing.T, name string) Request {
	return Request{
		Film: media.Source{Digest: "f1", Size: 1 << 20, Format: "mov", Duration: 90 * time.Second,
			Video: []media.Video{{Codec: "h264", Width: 1920, Height: 1080, SAR: media.Rational{Num: 1, Den: 1}, Frames: 2250,
				Rate: media.Rational{Num: 25, Den: 1}, Nominal: media.Rational{Num: 25, Den: 1}, End: 90 * time.Second, PixFmt: "yuv420p", Bits: 8}},
			Audio: []media.Audio{{Index: 1, Codec: "aac", Channels: 2, Rate: 48000, Language: "ru", Default: true, End: 90 * time.Second}}},
		Name: "film.mp4", Title: "The Lake", Slug: "the-lake", Language: "ru", NameOf: func(tag string) string { return names[tag] },
		Pipeline: readPipeline(t, name), Tool: "ffmpeg 5.1.9", Bundle: "b1", Page: "p1",
		Tracks: []Track{{Digest: "t2", File: "film.ru.srt", Ext: ".srt", Language: "ru"}, {Digest: "t1", File: "film.en.srt", Ext: ".srt", Language: "en"}},
	}
}

// TestGolden holds whole plans: a change of a digest here is a change of what every user's kept results are worth.
func TestGolden(t *testing.T) {
	for name, change := range map[string]func(*Request){
		"documentary": func(r *Request) {},
		"archive":     func(r *Request) { r.Article = "a1" },
		"documentary-measured": func(r *Request) {
			r.Quality = measuredOf("900 900 950 1500 2500 5000", func(r []media.Curve) { r[5].Gain = 0.001 })
		},
		"modern-measured": func(r *Request) {
			r.Quality = measuredOf("900 900 950 1500 2500 5000", func(r []media.Curve) { r[5].Gain = 0.001 })
			r.AV1 = newer("416x234 640x360 768x432 960x540 1280x720", 90, 150, 300, 600, 1000)
		},
		"draft-portrait-ntsc-silent": func(r *Request) {
			v := &r.Film.Video[0]
			v.Rotation, v.Rate, v.Variable = 90, media.Rational{Num: 30000, Den: 1001}, true
			r.Film.Audio, r.Tracks, r.Bundle = nil, nil, ""
		},
		"documentary-many-tracks": func(r *Request) {
			r.Film.Audio = append(r.Film.Audio, media.Audio{Index: 2, Track: 1, Language: "en", End: 93 * time.Second},
				media.Audio{Index: 3, Track: 2}, media.Audio{Index: 4, Track: 3, Language: "ru"})
			r.Film.Text = []media.Text{{Index: 5, Codec: "subrip", Language: "de"}, {Index: 6, Codec: "hdmv_pgs_subtitle", Bitmap: true}}
			r.Film.Video = append(r.Film.Video, media.Video{Index: 7})
			r.Tracks = append(r.Tracks, Track{Digest: "t3", File: "film.en.sdh.vtt", Ext: ".vtt", Language: "en", Kind: "sdh"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			pipe, _, _ := strings.Cut(name, "-")
			r := request(t, pipe)
			change(&r)
			got, err := json.MarshalIndent(Compute(r), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(got)+"\n" != string(want) {
				t.Errorf("the plan is not %s (go test ./internal/plan -update, then read the difference): %v", golden, err)
			}
		})
	}
}

// digests gives each step's digest by its ID.
func digests(p Plan) map[string]string {
	d := map[string]string{}
	for _, s := range p.Steps {
		d[s.ID] = s.Digest
	}
	return d
}

func poster(digest string, width, height int) *media.Picture {
	return &media.Picture{Digest: digest, Video: media.Video{Codec: "mjpeg", Width: width, Height: height, PixFmt: "yuvj420p"}}
}

// TestPosterFile: the picture is an input, and who gives one that is too small or has another shape is told.
func TestPosterFile(t *testing.T) {
	for _, c := range []struct {
		width, height, turn int
		want                string
	}{{1920, 1080, 0, ""}, {3840, 2160, 0, ""}, {1080, 1920, 90, ""}, {1900, 1080, 0, ""}, {640, 360, 0, ""}, {630, 354, 0, "poster-small"}, {1080, 1920, 0, "poster-shape"}, {300, 300, 0, "poster-shape poster-small"}} {
		r := request(t, "documentary")
		r.Poster.File, r.Poster.Name = poster("one", c.width, c.height), "poster.jpg"
		r.Poster.File.Rotation = c.turn
		p := Compute(r)
		var found []string
		for _, f := range p.Findings {
			if strings.HasPrefix(f.Rule, "poster") {
				found = append(found, f.Rule)
				if f.Severity != report.Warn || f.Pos.File != "poster.jpg" || f.Hint == "" {
					t.Errorf("%+v", f)
				}
			}
		}
		slices.Sort(found)
		if got := strings.Join(found, " "); got != c.want {
			t.Errorf("%+v: %q", c, got)
		}
		s := p.Steps[slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == "pictures" })]
		var params PicturesParams
		s.Decode(&params)
		if !slices.Contains(s.Inputs, source("poster", "one")) || params.File == nil || params.File.Width != 1280 || params.File.Height != 720 || params.Poster != "v4" {
			t.Errorf("%+v %+v", s.Inputs, params.File)
		}
	}
	r := request(t, "documentary")
	r.Poster.File = poster("one", 1920, 1080)
	plain := digests(Compute(r))["pictures"]
	r.Poster.File.Gamut = &icc.Gamut{Gamma: 2.2}
	if converted := digests(Compute(r))["pictures"]; converted == plain {
		t.Error("a poster in other colours is the same")
	}
	r.Poster.File.Gamut, r.Poster.File.NoGamut = nil, true
	if p := Compute(r); !slices.ContainsFunc(p.Findings, func(f report.Finding) bool { return f.Rule == "poster-colors" && f.Hint != "" }) {
		t.Errorf("%+v", p.Findings)
	}
	for _, c := range []struct{ width, height, wide, tall int }{{3840, 2160, 1280, 720}, {1080, 1920, 720, 1280}, {640, 360, 640, 360}, {1440, 1080, 960, 720}} {
		r := request(t, "documentary")
		r.Film.Video[0].Width, r.Film.Video[0].Height = c.width, c.height
		r.Poster.File = poster("one", 1920, 1080)
		p := Compute(r)
		var params PicturesParams
		p.Steps[slices.IndexFunc(p.Steps, func(s Step) bool { return s.ID == "pictures" })].Decode(&params)
		if params.File.Width != c.wide || params.File.Height != c.tall {
			t.Errorf("a film of %dx%d has a poster of %dx%d", c.width, c.height, params.File.Width, params.File.Height)
		}
	}
	one, two := request(t, "documentary"), request(t, "documentary")
	one.Poster.File, two.Poster.File = poster("one", 1920, 1080), poster("two", 1920, 1080)
	if digests(Compute(one))["pictures"] == digests(Compute(two))["pictures"] {
		t.Error("another picture gives the same poster")
	}
}

// TestDigestsCoverWhatChangesTheBytes and nothing else: which steps are done anew after a change.
func TestDigestsCoverWhatChangesTheBytes(t *testing.T) {
	const all = "audio-0 mp4 package pictures player subtitle-en subtitle-ru video"
	for _, c := range []struct {
		what   string
		change func(*Request)
		want   string // the steps whose digest changes
	}{
		{"nothing", func(r *Request) {}, ""},
		{"the film's name", func(r *Request) { r.Name = "other.mov" }, ""},
		{"the order of the tracks", func(r *Request) { r.Tracks[0], r.Tracks[1] = r.Tracks[1], r.Tracks[0] }, ""},
		{"a subtitle file's name", func(r *Request) { r.Tracks[1].File = "x.srt" }, ""},
		{"a cue", func(r *Request) { r.Tracks[1].Digest = "new" }, "package subtitle-en"},
		{"the article", func(r *Request) { r.Article = "new" }, "package"},
		{"the title", func(r *Request) { r.Title = "new" }, "package"},
		{"the page's code", func(r *Request) { r.Page = "new" }, "package"},
		{"the player", func(r *Request) { r.Bundle = "new" }, "package player"},
		{"ffmpeg", func(r *Request) { r.Tool = "ffmpeg 7" }, "audio-0 mp4 package pictures video"},
		{"the film", func(r *Request) { r.Film.Digest = "new" }, "audio-0 mp4 package pictures video"},
		{"quality", func(r *Request) { r.Pipeline.Video.CRF++ }, "mp4 package pictures video"},
		{"what samples cost", func(r *Request) { r.Quality = measuredOf("150 360 700 1300 2500 5000", nil) }, "mp4 package pictures video"},
		{"loudness", func(r *Request) { r.Pipeline.Audio.Loudness = -23 }, "audio-0 mp4 package pictures video"},
		{"the poster's moment", func(r *Request) { at := 5 * time.Second; r.Poster.At = &at }, "package pictures"},
		{"a poster's file", func(r *Request) { r.Poster.File = poster("one", 1920, 1080) }, "package pictures"},
		{"the poster's size", func(r *Request) { r.Pipeline.Pictures.Width = 100 }, "package pictures"},
		{"the pipeline's name", func(r *Request) { r.Pipeline.Name = "mine" }, ""},
		{"the frame rate", func(r *Request) { r.Film.Video[0].Rate.Num = 24 }, "audio-0 mp4 package pictures video"},
		{"an NTSC frame rate", func(r *Request) { r.Film.Video[0].Rate = media.Rational{Num: 24000, Den: 1001} }, strings.Replace(all, "player ", "", 1)},
	} {
		before := digests(Compute(request(t, "documentary")))
		r := request(t, "documentary")
		c.change(&r)
		after := digests(Compute(r))
		var changed []string
		for id := range strings.FieldsSeq(all) {
			if before[id] != after[id] {
				changed = append(changed, id)
			}
		}
		if got := strings.Join(changed, " "); got != c.want {
			t.Errorf("%s changes %q, want %q", c.what, got, c.want)
		}
	}
}

func TestLadder(t *testing.T) {
	for _, c := range []struct {
		width, height int
		want          string
	}{
		{1920, 1080, "416x234 640x360 768x432 960x540 1280x720 1920x1080"},
		{3840, 2160, "416x234 640x360 768x432 960x540 1280x720 1920x1080"},
		{1080, 1920, "234x416 360x640 432x768 540x960 720x1280 1080x1920"},
		{1920, 800, "416x174 640x266 768x320 960x400 1280x534 1920x800"},
		{1280, 720, "416x234 640x360 768x432 960x540 1280x720"},
		{1300, 730, "416x234 640x360 768x432 960x540 1280x718"},
		{768, 576, "312x234 480x360 576x432 720x540"},
		{854, 480, "416x234 640x360 768x432"},
		{900, 506, "416x234 640x360 768x432 900x506"},
		{642, 642, "234x234 360x360 432x432 540x540 642x642"},
		{176, 144, "176x144"},
		{161, 121, "162x122"},
		{1, 1, "2x2"},
	} {
		rungs, reasons := ladder(c.width, c.height, readPipeline(t, "documentary").Video.Ladder)
		var got []string
		for _, r := range rungs {
			got = append(got, fmt.Sprintf("%dx%d", r.Width, r.Height))
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%dx%d: got %s, want %s", c.width, c.height, s, c.want)
		}
		if len(reasons) != 6 {
			t.Errorf("%dx%d: %d reasons for 6 boxes", c.width, c.height, len(reasons))
		}
		for i, r := range rungs {
			if i > 0 && r.Max <= rungs[i-1].Max {
				t.Errorf("%dx%d: rung %d may cost no more than the one below", c.width, c.height, i)
			}
		}
	}
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*Request)
		want   string
	}{
		{"two files for one track", func(r *Request) { r.Tracks[0].Language = "en" }, "error subtitle-twice"},
		{"sound without a language", func(r *Request) { r.Film.Audio[0].Language, r.Language = "", "" }, "warn audio-language"},
		{"long sound", func(r *Request) { r.Film.Audio[0].End = 99 * time.Second }, "warn film-sound-longer"},
		{"no picture", func(r *Request) { r.Film.Video = nil }, "error film-no-picture"},
		{"all well", func(r *Request) {}, ""},
	} {
		r := request(t, "draft")
		c.change(&r)
		got := ""
		for _, f := range Compute(r).Findings {
			got += f.Severity.String() + " " + f.Rule
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

// TestChapters: they come to the page in order, each once, with a title, and none behind the end.
func TestChapters(t *testing.T) {
	r := request(t, "documentary")
	at := func(s int, title string) media.Chapter {
		return media.Chapter{Start: time.Duration(s) * time.Second, End: time.Duration(s+1) * time.Second, Title: title}
	}
	r.Film.Chapters = []media.Chapter{at(0, "Лёд"), at(40, "b"), at(20, ""), at(40, "again"), at(89, "last"), at(90, "behind"), at(4000, "far behind")}
	p := Compute(r)
	var got PackageParams
	if err := json.Unmarshal(p.Steps[len(p.Steps)-1].Params, &got); err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, c := range got.Chapters {
		list = append(list, fmt.Sprintf("%d=%s", int(c.Start.Seconds()), c.Title))
	}
	if s := strings.Join(list, " "); s != "0=Лёд 20=2 40=b 89=last" {
		t.Error(s)
	}
	told := func(p Plan) string {
		for _, r := range p.Reasons {
			if r.Subject == Chapters {
				return fmt.Sprint(r.Taken, " ", r.Why)
			}
		}
		return ""
	}
	if got := told(p); got != "true 4, as the film has them; viewers read \"Лёд\", \"b\", \"last\"; `chapters: none` in film.md leaves them out" {
		t.Error(got)
	}
	r.NoChapters = true
	p = Compute(r)
	if last := string(p.Steps[len(p.Steps)-1].Params); strings.Contains(last, "Лёд") || told(p) != "false film.md says none, so the 4 of the film stay out of the page" {
		t.Error(last, told(p))
	}
}

func TestSlug(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"The Lake", "the-lake"}, {"Озеро Иссык-Куль", "ozero-issyk-kul"}, {"Кыргыз жери: ңөү", "kyrgyz-zheri-ngou"}, {"Élan d'été", "elan-dete"},
		{"  --- ", "film"}, {"100%d:film's", "100-d-films"}, {"../../etc", "etc"}, {"数", "film"}, {"-i", "i"}, {"Йод", "yod"},
		{strings.Repeat("word ", 30), "word-word-word-word-word-word-word-word-word-word-word-word"},
	} {
		if got := Slug(c.in); got != c.want {
			t.Errorf("Slug(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func TestOutputRate(t *testing.T) {
	for _, c := range []struct {
		in     string
		fields bool
		want   string
	}{
		{"24000/1001", false, "24000/1001"},
		{"60", false, "60"},
		{"100", false, "50"},
		{"120000/1001", false, "60000/1001"},
		{"240", false, "60"},
		{"15/2", false, "15/2"},
		{"25", true, "50"},
		{"30000/1001", true, "60000/1001"},
		{"30", true, "60"},
	} {
		if got := outputRate(media.Video{Rate: rational(t, c.in)}, c.fields); got != rational(t, c.want) {
			t.Errorf("outputRate(%s, %v) = %v, want %s", c.in, c.fields, got, c.want)
		}
	}
}

func rational(t *testing.T, s string) (r media.Rational) {
	t.Helper()
	if n, err := fmt.Sscanf(s, "%d/%d", &r.Num, &r.Den); n != 2 || err != nil {
		r.Den = 1
		if _, err := fmt.Sscanf(s, "%d", &r.Num); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// TestInterlaced: what an interlaced film becomes follows from its looks, its rate and the pipeline, and the plan says why.
func TestInterlaced(t *testing.T) {
	for _, c := range []struct {
		pipeline, rate, declared, looks string
		want                            string // the rate
		frames                          int64  // of ten seconds
		why                             string
	}{
		{"documentary", "25", "tt", media.ScanUpperFirst, "50", 500, "every field becomes a frame, so that motion stays as smooth as it was shot"},
		{"documentary", "30000/1001", "bb", media.ScanLowerFirst, "60000/1001", 599, "every field becomes a frame, so that motion stays as smooth as it was shot"},
		{"archive", "25", "tt", "", "50", 500, "every field becomes a frame, so that motion stays as smooth as it was shot"},
		{"draft", "25", "tt", media.ScanUpperFirst, "25", 250, "two fields become one frame"},
		{"documentary", "25", "tt", media.ScanProgressive, "25", 250, "the film declares fields, but its pictures are whole frames"},
		{"documentary", "25", "progressive", media.ScanUpperFirst, "50", 500, "every field becomes a frame, so that motion stays as smooth as it was shot; the film does not declare fields, but its pictures show them"},
		{"documentary", "50", "tt", "", "50", 500, "two fields become one frame"}, // it cannot be doubled
		{"documentary", "25", "", media.ScanProgressive, "25", 250, ""},
	} {
		r := request(t, c.pipeline)
		v := &r.Film.Video[0]
		v.Rate, v.FieldOrder, v.Scan, v.End, r.Film.Audio = rational(t, c.rate), c.declared, c.looks, 10*time.Second, nil
		p := Compute(r)
		var chunk ChunkParams
		if err := json.Unmarshal(p.Steps[0].Params, &chunk); err != nil {
			t.Fatal(err)
		}
		why := ""
		for _, reason := range p.Reasons {
			if reason.Subject == "deinterlacing" {
				why = reason.Why
			}
		}
		if chunk.Rate != rational(t, c.want) || chunk.Frames != c.frames || why != c.why || chunk.Fields != (chunk.Rate.Float() > 31 && c.rate != "50") {
			t.Errorf("%+v: %v, %d frames, fields %v, %q", c, chunk.Rate, chunk.Frames, chunk.Fields, why)
		}
	}
}

// TestParts: what is told of the parts is what the film is cut into; those of a film of few minutes are shorter than the pipeline's.
func TestParts(t *testing.T) {
	for film, want := range map[time.Duration]string{
		200 * time.Millisecond: "1 of about 1 s", 20 * time.Second: "1 of about 20 s", 90 * time.Second: "3 of about 30 s", 5 * time.Minute: "8 of about 38 s",
		8 * time.Minute: "8 of about 60 s", 3 * time.Hour: "180 of about 60 s",
	} {
		r := request(t, "documentary")
		v := &r.Film.Video[0]
		v.End, v.Frames, r.Film.Duration, r.Film.Audio = film, int64(film.Seconds()*25), film, nil
		p := Compute(r)
		chunks, why := 0, ""
		for _, s := range p.Steps {
			if s.Kind == Chunk {
				chunks++
			}
		}
		for _, reason := range p.Reasons {
			if reason.Subject == "parts" {
				why = reason.Why
			}
		}
		if why != want+", each kept when it is done" || !strings.HasPrefix(want, fmt.Sprint(chunks)+" ") {
			t.Errorf("a film of %v is cut into %d, and told is %q, want %q", film, chunks, why, want)
		}
	}
}
