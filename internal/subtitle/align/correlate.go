package align

import (
	"math"
	"time"

	"gonum.org/v1/gonum/dsp/fourier"
)

// How much one cue can agree with the reference: each second of it that is spoken counts 1, and so does each second of the
// pause beside it that is not; its beginning counts where speech begins there, too, and its end a little.
const (
	startWeight = 1.2                    // seconds
	endWeight   = 0.4                    // seconds; subtitles stay longer than the speech
	besides     = 150                    // steps of a pause that count as a cue's own, at each side
	longestCue  = 1000                   // steps; a title that stands for a minute says nothing about speech
	longestTail = 50                     // steps before a cue's end that say nothing: people leave it there to be read
	near        = 15                     // steps in which two beginnings are the same, less and less
	fullPause   = 400 * time.Millisecond // before a beginning that counts fully
)

// signals are the reference in steps of 10 ms. Outside of it everything is 0.
type signals struct {
	spoken []float64 // +1 or -1, without its mean
	sum    []float64 // of spoken before each step; one longer
	starts []float64 // 0 to 1: how near a beginning is, without its mean
	ends   []float64
	mean   float64 // of +1 and -1

	// The same with room on both sides for every cue at every shift, so that the search need not look whether it is
	// outside: it adds them up a hundred million times. Time 0 is at zero.
	zero                          int
	wideSum, wideStarts, wideEnds []float64
}

// widen makes room for cues up to a time and for shifts up to a reach, in steps.
func (s *signals) widen(last, reach int) {
	s.zero = besides + reach
	n := s.zero + max(len(s.spoken), last+besides) + reach + 1
	wide := func(of []float64, after float64) []float64 {
		out := make([]float64, n)
		k := s.zero + copy(out[s.zero:], of)
		for ; k < n; k++ {
			out[k] = after
		}
		return out
	}
	s.wideSum, s.wideStarts, s.wideEnds = wide(s.sum, s.sum[len(s.sum)-1]), wide(s.starts, 0), wide(s.ends, 0)
}

func steps(d time.Duration) int { return int((d + tick/2) / tick) }

func newSignals(ref []Span, length time.Duration, track bool) *signals {
	n := steps(length) + 1
	s := &signals{spoken: make([]float64, n), sum: make([]float64, n+1), starts: make([]float64, n), ends: make([]float64, n)}
	for i := range s.spoken {
		s.spoken[i] = -1
	}
	last := -fullPause
	for i, r := range ref {
		for k := steps(r.Start); k < min(steps(r.End), n); k++ {
			s.spoken[k] = 1
		}
		before, after := 1.0, 1.0
		if !track {
			before = pauseWeight(r.Start - last)
			if i+1 < len(ref) {
				after = pauseWeight(ref[i+1].Start - r.End)
			}
		}
		peak(s.starts, steps(r.Start), before)
		peak(s.ends, steps(r.End), after)
		last = r.End
	}
	s.mean = centre(s.spoken)
	centre(s.starts)
	centre(s.ends)
	for i, v := range s.spoken {
		s.sum[i+1] = s.sum[i] + v
	}
	return s
}

func pauseWeight(pause time.Duration) float64 {
	return 0.3 + 0.7*float64(min(pause, fullPause))/float64(fullPause)
}

// peak puts a hill on a signal.
func peak(s []float64, at int, height float64) {
	for k := max(0, at-near); k < min(len(s), at+near+1); k++ {
		s[k] = max(s[k], height*(1-math.Abs(float64(k-at))/(near+1)))
	}
}

// centre takes the mean away, and gives it.
func centre(s []float64) float64 {
	mean := 0.0
	for _, v := range s {
		mean += v
	}
	mean /= float64(len(s))
	for i := range s {
		s[i] -= mean
	}
	return mean
}

// rated knows how well each cue fits at each shift.
type rated struct {
	*signals
	cues  []ratedCue
	reach int // shifts go from -reach to +reach steps
}

// ratedCue is a stretched cue in steps: the pause before, the cue without its tail, the tail, the pause after.
type ratedCue struct{ before, start, tail, end, after int }

func newRated(cues []Span, r Ratio, s *signals, reach time.Duration) *rated {
	out := &rated{signals: s, reach: steps(reach), cues: make([]ratedCue, len(cues))}
	scale := func(d time.Duration) int { return int(math.Round(float64(d) * r.Float() / float64(tick))) }
	for i, c := range cues {
		q := ratedCue{start: scale(c.Start), end: max(scale(c.End), scale(c.Start)+1)}
		q.end = min(q.end, q.start+longestCue)
		q.before, q.after = q.start-besides, q.end+besides
		q.tail = q.end - min(longestTail, (q.end-q.start)/4)
		if i > 0 {
			middle := (out.cues[i-1].end + q.start + 1) / 2
			out.cues[i-1].after = max(min(out.cues[i-1].after, middle), out.cues[i-1].end)
			q.before = min(max(q.before, middle), q.start)
		}
		out.cues[i] = q
	}
	return out
}

// of is how well cue i fits at a shift, in seconds of agreement.
func (r *rated) of(i, shift int) float64 {
	q, at := &r.cues[i], r.zero+shift
	sum := r.wideSum
	start, tail, end := sum[at+q.start], sum[at+q.tail], sum[at+q.end]
	inside := tail - start
	outside := start - sum[at+q.before] + sum[at+q.after] - end
	return (inside-outside)/100 + startWeight*r.wideStarts[at+q.start] + endWeight*r.wideEnds[at+q.end]
}

// spectra are the reference's signals after FFT: they are the same for every ratio.
type spectra struct {
	fft                  *fourier.FFT
	spoken, starts, ends []complex128
	cue                  []float64    // room for a track's signal
	of                   []complex128 // and its spectrum
}

// spectra has room for cues up to a time and for shifts up to a reach, in steps.
func (s *signals) spectra(last, reach int) *spectra {
	n := 1
	for n < max(len(s.spoken), last+2*besides)+2*reach+besides {
		n *= 2
	}
	x := &spectra{fft: fourier.NewFFT(n), cue: make([]float64, n), of: make([]complex128, n/2+1)}
	for _, p := range []struct {
		signal []float64
		into   *[]complex128
	}{{s.spoken, &x.spoken}, {s.starts, &x.starts}, {s.ends, &x.ends}} {
		clear(x.cue)
		copy(x.cue, p.signal)
		*p.into = x.fft.Coefficients(nil, x.cue)
	}
	return x
}

// whole is the sum of `of` over all cues for each shift, from -reach on: a cross-correlation, by way of FFT.
func (r *rated) whole(x *spectra) []float64 {
	n := len(x.cue)
	sum := make([]complex128, len(x.of))
	correlate := func(ref []complex128, weight float64, mark func(fill func(from, to int, v float64))) {
		clear(x.cue)
		mark(func(from, to int, v float64) { // times are moved by besides, so that the pause before a cue at 0 has its place
			for k := from; k < to; k++ {
				x.cue[k+besides] += v
			}
		})
		x.fft.Coefficients(x.of, x.cue)
		for i, c := range ref {
			sum[i] += complex(weight/float64(n), 0) * c * complex(real(x.of[i]), -imag(x.of[i]))
		}
	}
	correlate(x.spoken, 0.01, func(fill func(from, to int, v float64)) {
		for _, q := range r.cues {
			fill(q.before, q.start, -1)
			fill(q.start, q.tail, 1)
			fill(q.end, q.after, -1)
		}
	})
	correlate(x.starts, startWeight, func(fill func(from, to int, v float64)) {
		for _, q := range r.cues {
			fill(q.start, q.start+1, 1)
		}
	})
	correlate(x.ends, endWeight, func(fill func(from, to int, v float64)) {
		for _, q := range r.cues {
			fill(q.end, q.end+1, 1)
		}
	})
	all := x.fft.Sequence(x.cue, sum)
	out := make([]float64, 2*r.reach+1)
	for i := range out {
		out[i] = all[((i-r.reach-besides)%n+n)%n]
	}
	return out
}
