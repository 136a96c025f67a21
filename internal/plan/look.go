package plan

import (
	"math"
	"time"

	"filmpress/internal/media"
)

// shortest is the film below which sampling would be encoding it twice.
const shortest = 4 * time.Second

// Look is what has to be measured of a film before its plan can be computed. It is JSON, so that what was measured can
// be found again: it holds all that the measures depend on, besides ffmpeg itself.
type Look struct {
	Film     string      `json:"film"` // digest
	Source   media.Video `json:"source"`
	Encoding             // the rungs' CRF is the first look's
	Codec    string      `json:"codec,omitempty"` // of all rungs: media.AV1; "" is H.264
	Metric   string      `json:"metric"`
	Target   float64     `json:"target"`
	Starts   []int64     `json:"starts"` // the first frame of each sample
	Frames   int64       `json:"frames"` // of each sample
}

// LookAt tells what has to be measured of a request's H.264; ok is false where nothing has. metric is one that ffmpeg has.
func LookAt(r Request, metric string) (look Look, ok bool) {
	if !r.pictured() || r.Pipeline.Video.Quality == nil {
		return Look{}, false
	}
	c := &computer{Request: r}
	c.video()
	for i := range c.rungs {
		c.rungs[i].CRF = float64(r.Pipeline.Video.CRF)
	}
	return c.look(metric, c.rungs)
}

// LookAtAV1 does the same for its AV1, of the sizes that are worth it. What was measured of H.264 must be in the request.
func LookAtAV1(r Request, metric string) (look Look, ok bool) {
	if !r.pictured() || r.Pipeline.Video.Quality == nil || r.Pipeline.Video.AV1 == nil {
		return Look{}, false
	}
	c := &computer{Request: r}
	c.video()
	c.quality()
	rungs := c.second()
	for i := range rungs {
		rungs[i].Name, rungs[i].Max = "", rungs[i].most // the name may change with what is dropped; the cap is for Next
	}
	if look, ok = c.look(metric, rungs); !ok || len(rungs) == 0 {
		return Look{}, false
	}
	look.Preset, look.Codec = "", media.AV1
	return look, true
}

// look tells what has to be measured of rungs.
func (c *computer) look(metric string, rungs []Rung) (look Look, ok bool) {
	r := c.Request
	c.encoding.Rungs = rungs
	v := r.Film.Video[0]
	gop := int64(c.encoding.GOP)
	each := gop * int64(math.Ceil(2/float64(r.Pipeline.GOP)))
	have := min(c.frames, int64(v.End.Seconds()*c.rate.Float())) // where the sound runs on, a still picture stands
	if c.length() < shortest || have < each {
		return Look{}, false
	}
	look = Look{Film: r.Film.Digest, Source: v, Encoding: c.encoding, Metric: metric, Target: target(r.Pipeline.Video, metric), Frames: each}
	n := samples(c.length())
	for i := range n {
		middle := have * int64(2*i+1) / int64(2*n)
		start := min(max(0, middle-each/2)/gop*gop, (have-each)/gop*gop)
		if len(look.Starts) == 0 || start >= look.Starts[len(look.Starts)-1]+each {
			look.Starts = append(look.Starts, start)
		}
	}
	return look, true
}

// samples is how many samples a film of a length gets: 2 of ten seconds, 3 of a minute, 4 of five, 9 of an hour and more.
// Scenes differ more, the longer a film is; what the samples cost of the whole falls from half of it to a hundredth.
func samples(length time.Duration) int {
	return min(9, 1+int(math.Ceil(math.Sqrt(length.Seconds()/45))))
}

// Next gives the rate factors of the next look, by rung, from what was measured so far; nil after the second look, which
// is made where the first leads one to expect the target.
func (l Look) Next(measured []media.Curve) []float64 {
	s := scaleOf(l.Codec)
	factors := make([]float64, len(l.Rungs))
	for i, r := range l.Rungs {
		points := measured[i].Points
		switch len(points) {
		case 0:
			factors[i] = r.CRF
		case 1:
			at := s.choose(s.line(l.Metric, points), loss(l.Metric, l.Target), r.CRF, r.Max).crf
			switch {
			case at >= r.CRF:
				factors[i] = max(at, r.CRF+s.apart)
			default:
				factors[i] = min(at, r.CRF-s.apart)
			}
		default:
			return nil
		}
	}
	return factors
}
