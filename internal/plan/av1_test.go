package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

// newer is what samples of the given sizes cost in AV1, at rate factors 32 and 40: rates in kb/s at SSIM 0.98, which is at 32.
func newer(sizes string, rates ...float64) *media.Quality {
	q := &media.Quality{Metric: media.SSIM, Samples: 3, Seconds: 2}
	for i, size := range strings.Fields(sizes) {
		c := media.Curve{Points: []media.Point{at(32, 0.98, rates[i]), at(40, 0.97, rates[i]*0.65)}}
		if _, err := fmt.Sscanf(size, "%dx%d", &c.Width, &c.Height); err != nil {
			panic(err)
		}
		q.Rungs = append(q.Rungs, c)
	}
	return q
}

const allSizes = "416x234 640x360 768x432 960x540 1280x720 1920x1080"

// modern is a request whose H.264 was measured: "film of its own" in TestQuality.
func modern(t *testing.T) Request {
	r := request(t, "modern")
	r.Quality = measuredOf("150 360 700 1300 2500 5000", nil)
	return r
}

func TestAV1(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*Request)
		want   string // "short side:rate factor" of each rung, with - where the plan does without
	}{
		{"half of the bits", func(r *Request) { r.AV1 = newer(allSizes, 60, 150, 300, 600, 1000, 2000) }, "234:32 360:32 432:32 540:32 720:32 1080:32"},
		{"grain: the share allows no more", func(r *Request) { r.AV1 = newer(allSizes, 60, 150, 300, 600, 1000, 6500) }, "234:32 360:32 432:32 540:32 720:32 1080:42"},
		{"nothing is saved", func(r *Request) { r.AV1 = newer(allSizes, 100, 250, 500, 1000, 1900, 3800) }, "-"},
		{"no samples", func(r *Request) {}, "234:32 360:32 432:32 540:32 720:32 1080:32"},
		{"samples that failed", func(r *Request) { r.AV1 = &media.Quality{Failed: "its data is damaged"} }, "234:32 360:32 432:32 540:32 720:32 1080:32"},
		{"sizes that H.264 does without", func(r *Request) {
			r.Quality = measuredOf("40 60 75 95 140 260", nil)
			r.AV1 = newer("416x234 640x360 960x540 1280x720 1920x1080", 10, 15, 20, 50, 90)
		}, "234:32 360:32 540:32 720:32 1080:32"},
		{"a pipeline that does not ask", func(r *Request) { r.Pipeline.Video.AV1 = nil }, ""},
		{"a tiny film", func(r *Request) {
			r.Film.Video[0].Width, r.Film.Video[0].Height, r.Quality = 100, 60, nil
		}, "+"},
	} {
		r := modern(t)
		c.change(&r)
		p := Compute(r)
		var chunk ChunkParams
		p.Steps[0].Decode(&chunk)
		var got []string
		for _, rung := range chunk.Rungs {
			if rung.Codec == "" {
				if len(got) > 0 {
					t.Errorf("%s: H.264 stands behind AV1", c.what)
				}
				continue
			}
			got = append(got, fmt.Sprintf("%d:%g", rung.Height, rung.CRF))
			i := slices.IndexFunc(chunk.Rungs, func(o Rung) bool { return o.Name+"-av1" == rung.Name })
			if i < 0 || chunk.Rungs[i].Width != rung.Width || chunk.Rungs[i].Codec != "" || rung.Codec != media.AV1 || rung.Max != 0 || rung.Buffer != 0 {
				t.Errorf("%s: %+v", c.what, rung)
			}
		}
		said := 0
		for _, reason := range p.Reasons {
			if strings.HasSuffix(reason.Subject, " AV1") && reason.Taken {
				said++
			}
			if reason.Subject == "AV1" {
				got = append(got, map[bool]string{true: "+", false: "-"}[reason.Taken])
			}
		}
		want := strings.ReplaceAll(c.want, "+", "-") // a tiny film has no AV1 at all
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %q, want %q", c.what, s, want)
		}
		if rungs := strings.Count(c.want, ":"); said != rungs || (chunk.AV1 == 8) != (rungs > 0) {
			t.Errorf("%s: the plan tells of %d rungs, has %d, and preset %d", c.what, said, rungs, chunk.AV1)
		}
		for _, s := range p.Steps { // what is made of renditions is made of H.264
			if s.Kind == MP4 && strings.Contains(string(s.Params), "av1") || s.Kind == Pictures && strings.Contains(string(s.Params), "av1") {
				t.Errorf("%s: %s", c.what, s.Params)
			}
		}
	}
}

// TestAV1LeavesH264Alone: its digests aside, H.264 is planned as without AV1.
func TestAV1LeavesH264Alone(t *testing.T) {
	r := modern(t)
	r.AV1 = newer(allSizes, 60, 150, 300, 600, 1000, 2000)
	var with, without ChunkParams
	Compute(r).Steps[0].Decode(&with)
	r.Pipeline.Video.AV1 = nil
	Compute(r).Steps[0].Decode(&without)
	if len(with.Rungs) != 2*len(without.Rungs) || !slices.Equal(with.Rungs[:len(without.Rungs)], without.Rungs) {
		t.Errorf("%+v\n%+v", with.Rungs, without.Rungs)
	}
	r.Pipeline = readPipeline(t, "documentary")
	var documentary ChunkParams
	Compute(r).Steps[0].Decode(&documentary)
	if !slices.Equal(documentary.Rungs, without.Rungs) || documentary.Preset != with.Preset {
		t.Error("documentary and modern differ in more than AV1")
	}
}

// TestLookAtAV1 looks at the sizes that H.264 has, from their own rate factor on, in steps that show a slope.
func TestLookAtAV1(t *testing.T) {
	r := modern(t)
	r.Quality = measuredOf("40 60 75 95 140 260", nil)
	look, ok := LookAtAV1(r, media.SSIM)
	if !ok || len(look.Rungs) != 5 || look.Codec != media.AV1 || look.AV1 != 8 || look.Preset != "" || look.Target != 0.98 || len(look.Starts) != 3 {
		t.Fatalf("%v, %+v", ok, look)
	}
	if first := look.Next(make([]media.Curve, 5)); !slices.Equal(first, []float64{32, 32, 32, 32, 32}) {
		t.Errorf("the first look is at %v", first)
	}
	if top := look.Rungs[4]; top.Max != 4_200_000 || top.Width != 1920 {
		t.Errorf("%+v", top) // 70 % of 6000 kb/s
	}
	curves := make([]media.Curve, 5)
	for i, p := range []media.Point{at(32, 0.98, 50), at(32, 0.979, 50), at(32, 0.999, 50), at(32, 0.90, 50), at(32, 0.98, 9000)} {
		curves[i].Points = []media.Point{p}
	}
	if second := look.Next(curves); !slices.Equal(second, []float64{38, 26, 52, 17, 48}) {
		t.Errorf("the second look is at %v", second)
	}
	for what, change := range map[string]func(*Request){
		"documentary does not ask": func(r *Request) { r.Pipeline = readPipeline(t, "documentary") },
		"no picture":               func(r *Request) { r.Film.Video = nil },
		"3 s":                      func(r *Request) { r.Film.Video[0].End, r.Film.Audio, r.Quality = 3*time.Second, nil, nil },
		"too small":                func(r *Request) { r.Film.Video[0].Height, r.Quality = 60, nil },
	} {
		r := modern(t)
		change(&r)
		if look, ok := LookAtAV1(r, media.SSIM); ok {
			t.Errorf("%s: %+v", what, look)
		}
	}
}
