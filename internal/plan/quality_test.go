package plan

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

func at(crf, score, kbps float64) media.Point {
	return media.Point{CRF: crf, Score: score, Rate: kbps * 1000}
}

func TestLineOf(t *testing.T) {
	for _, c := range []struct {
		what   string
		metric string
		points []media.Point
		crf    float64 // at which
		loss   float64 // is expected
		kbps   float64
	}{
		{"a measured point is met", media.SSIM, []media.Point{at(22, 0.98, 2000), at(26, 0.96, 1200)}, 22, 0.02, 2000},
		{"the other one too", media.SSIM, []media.Point{at(22, 0.98, 2000), at(26, 0.96, 1200)}, 26, 0.04, 1200},
		{"between them in the logarithm", media.SSIM, []media.Point{at(22, 0.99, 4000), at(26, 0.96, 1000)}, 24, 0.02, 2000},
		{"beyond them the line goes on", media.SSIM, []media.Point{at(22, 0.98, 2000), at(26, 0.96, 1000)}, 30, 0.08, 500},
		{"their order does not matter", media.SSIM, []media.Point{at(26, 0.96, 1000), at(22, 0.98, 2000)}, 30, 0.08, 500},
		{"one point gets the typical slope", media.SSIM, []media.Point{at(22, 0.98, 2000)}, 26, 0.02 * math.Exp(4*x264.lossStep), 2000 * math.Exp(4*x264.rateStep)},
		{"two of one rate factor count as one", media.SSIM, []media.Point{at(22, 0.98, 2000), at(22, 0.98, 2000)}, 22, 0.02, 2000},
		{"black: perfect whatever the factor", media.SSIM, []media.Point{at(22, 1, 10), at(30, 1, 10)}, 26, leastLoss, 10},
		{"noise: better where it should be worse", media.SSIM, []media.Point{at(22, 0.97, 2000), at(24, 0.98, 1500)}, 23, math.Sqrt(0.03 * 0.02), math.Sqrt(2000 * 1500)},
		{"nothing at all", media.SSIM, []media.Point{at(22, 1, 0)}, 22, leastLoss, 0.001},
		{"VMAF counts to a hundred", media.VMAF, []media.Point{at(22, 95, 2000), at(26, 90, 1000)}, 26, 0.1, 1000},
	} {
		f := x264.line(c.metric, c.points)
		if l, r := f.loss(c.crf), f.rate(c.crf)/1000; math.Abs(l/c.loss-1) > 1e-9 || math.Abs(r/c.kbps-1) > 1e-9 {
			t.Errorf("%s: loss %g and %g kb/s at %g, want %g and %g", c.what, l, r, c.crf, c.loss, c.kbps)
		}
		if f.l1 <= 0 || f.r1 >= 0 {
			t.Errorf("%s: a larger factor must lose more and cost less: %+v", c.what, f)
		}
		if back := f.forLoss(f.loss(31)); math.Abs(back-31) > 1e-9 {
			t.Errorf("%s: forLoss is not loss turned around: %g", c.what, back)
		}
		if back := f.forRate(f.rate(31)); math.Abs(back-31) > 1e-9 {
			t.Errorf("%s: forRate is not rate turned around: %g", c.what, back)
		}
	}
}

func TestChoose(t *testing.T) {
	two := func(a, b media.Point) []media.Point { return []media.Point{a, b} }
	for _, c := range []struct {
		what   string
		points []media.Point
		max    float64 // kb/s
		want   string
	}{
		{"between two points", two(at(22, 0.99, 4000), at(26, 0.96, 2000)), 9000, "24.0 0.980 2828 kb/s"},
		{"on a point", two(at(22, 0.98, 2000), at(26, 0.96, 1200)), 9000, "22.0 0.980 2000 kb/s"},
		{"the cap is nearer", two(at(22, 0.98, 2000), at(26, 0.96, 1000)), 1111.111, "26.0 0.960 1000 kb/s by rate"},
		{"grain: the cap allows little", two(at(22, 0.95, 20000), at(30, 0.90, 8000)), 6000, "33.4 0.866 5420 kb/s by rate"},
		{"the target is not reached at the finest", two(at(22, 0.90, 300), at(26, 0.88, 200)), 9000, "16.0 0.924 551 kb/s by low"},
		{"a still picture is good at any factor", two(at(22, 0.9999, 60), at(30, 0.9998, 40)), 9000, "30.0 1.000 40 kb/s by high"},
		{"black", two(at(22, 1, 8), at(30, 1, 8)), 145, "30.0 1.000 7 kb/s by high"},
		{"noise turns the line round", two(at(22, 0.97, 2000), at(24, 0.98, 1500)), 9000, "16.2 0.980 4606 kb/s"},
		{"hopeless: not even the coarsest fits", two(at(22, 0.9, 90000), at(30, 0.9, 90000)), 145, "51.0 0.788 33109 kb/s by rate"},
	} {
		got := x264.choose(x264.line(media.SSIM, c.points), 0.02, 22, int64(c.max*1000))
		words := map[bound]string{none: "", byRate: " by rate", byLow: " by low", byHigh: " by high"}[got.bound]
		if s := fmt.Sprintf("%.1f %.3f %d kb/s", got.crf, 1-got.loss, kilobits(got.rate)) + words; s != c.want {
			t.Errorf("%s: got %s, want %s", c.what, s, c.want)
		}
	}
}

// TestVBV: a segment that starts with a full buffer and is fed at the highest rate stays under the peak that is allowed.
func TestVBV(t *testing.T) {
	for _, c := range []struct{ rate, most, max, buffer float64 }{ // kb/s, kb
		{2000, 6000, 3331, 3332},  // 1.9 x 2096 - 96 = 3886 of which 6/7
		{4000, 6000, 6000, 10118}, // the ladder's own cap is nearer, and leaves room for a larger buffer
		{130, 145, 145, 290},      // two seconds are enough
		{20, 145, 106, 110},
	} {
		r := request(t, "documentary")
		k := &computer{Request: r}
		k.video()
		max, buffer := k.vbv(c.rate*1000, int64(c.most*1000))
		if float64(max) != c.max*1000 || float64(buffer) != c.buffer*1000 {
			t.Errorf("an average of %g kb/s under %g: %d and %d, want %g and %g", c.rate, c.most, max/1000, buffer/1000, c.max, c.buffer)
		}
		if peak := (float64(max)*6 + float64(buffer)) / 6; peak+96e3 > 1.96*(c.rate*1000+96e3) {
			t.Errorf("a segment of %.0f kb/s would have to be levelled", peak/1000)
		}
	}
}

// measuredOf makes what was measured of a 1080p film: the rungs' rates in kb/s at rate factors 22 and 26, and gains.
func measuredOf(rates string, change func([]media.Curve)) *media.Quality {
	q := &media.Quality{Metric: media.SSIM, Samples: 4, Seconds: 2}
	for word := range strings.FieldsSeq(rates) {
		var kbps float64
		fmt.Sscan(word, &kbps)
		q.Rungs = append(q.Rungs, media.Curve{Points: []media.Point{at(22, 0.984, kbps), at(26, 0.976, kbps/1.6)}, Gain: 0.05})
	}
	if change != nil {
		change(q.Rungs)
	}
	return q
}

func TestQuality(t *testing.T) {
	for _, c := range []struct {
		what, rates string
		change      func([]media.Curve)
		want        string // the rungs' heights, a dropped one with a minus, and the rates that are expected
	}{
		{"a film of its own", "150 360 700 1300 2500 5000", nil, "234:116 360:278 432:541 540:1004 720:1931 1080:3861"},
		{"a calm film needs few", "40 60 75 95 140 260", nil, "234:31 360:46 -432 540:73 720:108 1080:201"},
		{"a still film: the smallest stays all the same", "30 31 32 33 34 35", nil, "234:23 -360 -432 -540 -720 1080:27"},
		{"only the smallest is capped", "900 950 970 1500 3000 6000", nil, "234:131 360:330 432:658 540:1158 720:2317 1080:4633"},
		{"enlarged from 720p", "150 360 700 1300 2500 5000", func(r []media.Curve) { r[5].Gain = 0.0005 }, "234:116 360:278 432:541 540:1004 720:1931 -1080"},
		{"enlarged from 540p", "150 360 700 1300 2500 5000", func(r []media.Curve) { r[5].Gain, r[4].Gain = 0.0005, 0.001 }, "234:116 360:278 432:541 540:1004 -720 -1080"},
		{"soft: not all of it together is nothing", "150 360 700 1300 2500 5000", func(r []media.Curve) { r[5].Gain, r[4].Gain, r[3].Gain = 0.0015, 0.0015, 0.0015 }, "234:116 360:278 432:541 -540 720:1931 -1080"},
		{"black, all of it", "5 5 5 5 5 5", func(r []media.Curve) {
			for i := range r {
				r[i].Gain = 0
			}
		}, "234:4 -360 -432 -540 -720 -1080"},
	} {
		r := request(t, "documentary")
		r.Quality = measuredOf(c.rates, c.change)
		p := Compute(r)
		var got []string
		for _, reason := range p.Reasons[:6] {
			var w, h, kbps int64
			height := strings.TrimSuffix(reason.Subject, "p")
			if _, err := fmt.Sscanf(reason.Why, "%dx%d, about %d kb/s", &w, &h, &kbps); reason.Taken != (err == nil) {
				t.Errorf("%s: %+v", c.what, reason)
			}
			if reason.Taken {
				got = append(got, fmt.Sprintf("%s:%d", height, kbps))
			} else {
				got = append(got, "-"+height)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: got %s, want %s", c.what, s, c.want)
		}
		k := &computer{Request: r, plan: Plan{}}
		k.video()
		k.quality()
		for i, rung := range k.rungs {
			if rung.Name != fmt.Sprintf("v%d", i) || rung.CRF < 10 || rung.Buffer > 2*rung.Max {
				t.Errorf("%s: %+v", c.what, rung)
			}
		}
	}
}

// TestWithoutMeasures: the pipeline's own rate factor serves where nothing could be measured, and the plan says so.
func TestWithoutMeasures(t *testing.T) {
	for _, c := range []struct {
		what    string
		quality *media.Quality
		pipe    string
		want    string // the reason that is given; "" for none
	}{
		{"too short", nil, "documentary", "the film is shorter than 4 s, too short to be sampled; rate factor 22, as the pipeline says"},
		{"broken", &media.Quality{Failed: "its data is damaged"}, "documentary", "no sample could be encoded (its data is damaged); rate factor 22, as the pipeline says"},
		{"not asked for", nil, "draft", ""},
	} {
		r := request(t, c.pipe)
		r.Quality = c.quality
		got := ""
		for _, reason := range Compute(r).Reasons {
			if reason.Subject == "quality" {
				got = reason.Why
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
		k := &computer{Request: r}
		k.video()
		before := len(k.rungs)
		k.quality()
		for _, rung := range k.rungs {
			if rung.CRF != float64(r.Pipeline.Video.CRF) || rung.Buffer != 2*rung.Max || len(k.rungs) != before {
				t.Errorf("%s: %+v", c.what, rung)
			}
		}
	}
}

func TestLookAt(t *testing.T) {
	for _, c := range []struct {
		what   string
		change func(*Request)
		want   string // frames of a sample, then where the samples begin, in seconds; "" for no look
	}{
		{"90 s", func(r *Request) {}, "50: 14 44 74"},
		{"draft does not ask", func(r *Request) { r.Pipeline = readPipeline(t, "draft") }, ""},
		{"no picture", func(r *Request) { r.Film.Video = nil }, ""},
		{"3.9 s", func(r *Request) { r.Film.Video[0].End, r.Film.Audio = 3900*time.Millisecond, nil }, ""},
		{"4 s", func(r *Request) { r.Film.Video[0].End, r.Film.Audio = 4*time.Second, nil }, "50: 0 2"},
		{"10 s", func(r *Request) { r.Film.Video[0].End, r.Film.Audio = 10*time.Second, nil }, "50: 0 6"},
		{"a picture of 1 s under sound of 90 s", func(r *Request) { r.Film.Video[0].End = time.Second }, ""},
		{"a picture of 5 s under sound of 90 s", func(r *Request) { r.Film.Video[0].End = 5 * time.Second }, "50: 0 2"},
		{"half an hour", func(r *Request) { r.Film.Video[0].End = 30 * time.Minute }, "50: 110 336 560 786 1010 1236 1460 1686"},
		{"groups of 1 s", func(r *Request) { r.Pipeline.GOP = 1 }, "50: 14 44 74"},
		{"groups of 3 s", func(r *Request) { r.Pipeline.GOP = 3 }, "75: 12 42 72"},
	} {
		r := request(t, "documentary")
		c.change(&r)
		look, ok := LookAt(r, media.SSIM)
		got := ""
		if ok {
			got = fmt.Sprintf("%d:", look.Frames)
			for i, start := range look.Starts {
				got += fmt.Sprintf(" %g", float64(start)/25)
				if start%int64(look.GOP) != 0 || i > 0 && start < look.Starts[i-1]+look.Frames {
					t.Errorf("%s: sample %d begins at frame %d", c.what, i, start)
				}
			}
			if len(look.Rungs) != 6 || look.Rungs[0].CRF != 22 || look.Target != 0.98 || look.Film != "f1" {
				t.Errorf("%s: %+v", c.what, look)
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, got, c.want)
		}
	}
}

// TestNext: the first look is the pipeline's, the second where the first leads to; far enough apart to show a slope.
func TestNext(t *testing.T) {
	look, _ := LookAt(request(t, "documentary"), media.SSIM)
	for _, c := range []struct {
		what  string
		point media.Point
		want  float64
	}{
		{"far too good", at(22, 0.995, 1000), 30},
		{"on it", at(22, 0.98, 1000), 24},
		{"a little too bad", at(22, 0.979, 1000), 20},
		{"too bad", at(22, 0.96, 1000), 16.2},
		{"too dear", at(22, 0.98, 20000), 33.9},
	} {
		curves := make([]media.Curve, 6)
		for i := range curves {
			curves[i].Points = []media.Point{at(22, 0.98, 100)}
		}
		curves[5].Points = []media.Point{c.point}
		if got := look.Next(curves); len(got) != 6 || math.Abs(got[5]-c.want) > 0.05 {
			t.Errorf("%s: %v, want %g", c.what, got, c.want)
		}
	}
	if first := look.Next(make([]media.Curve, 6)); len(first) != 6 || first[3] != 22 {
		t.Errorf("the first look is at %v", first)
	}
	twice := make([]media.Curve, 6)
	for i := range twice {
		twice[i].Points = make([]media.Point, 2)
	}
	if third := look.Next(twice); third != nil {
		t.Errorf("there is a third look: %v", third)
	}
}
