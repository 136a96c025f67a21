package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
)

// SampleSpec says which samples of a film are encoded and compared with the film. Of the Ladder, Frames is the length
// of one sample, and First and the rungs' CRF are not read. Rungs have no VBV: its buffer takes longer to fill than a
// sample lasts.
type SampleSpec struct {
	Ladder
	Metric  string             // media.SSIM or media.VMAF
	Starts  []int64            // the first frame of each
	Scratch string             // a folder that is there, for what is encoded; Measure leaves files in it
	AtOnce  int                // how many samples are looked at side by side; 0 is 1. What comes out is the same
	Looked  func(look, at int) // may be nil; told of each sample before it is looked at
}

// errSample says that a sample came out otherwise than it was asked for, though ffmpeg was content.
var errSample = errors.New("the film could not be decoded there")

// Measure looks at the samples once for each list of rate factors that next gives, until it gives nil. next gets what
// was measured so far; curves and lists are in the order of the rungs. The first look is at all samples. Later ones are
// at every other, which shows how cost and loss change with the rate factor, and takes half the time.
//
// A sample is encoded with all rungs in one process, as a chunk is. Another compares it with the film, which it decodes
// and scales once more: pictures without loss would fill the disk and take longer. A sample that cannot be encoded is
// left out; where none can, Quality.Failed says why. The error is for the machine and for ctx.
func (t Tools) Measure(ctx context.Context, s SampleSpec, next func([]media.Curve) []float64) (media.Quality, error) {
	q := media.Quality{Metric: s.Metric, Seconds: float64(s.Frames) / s.Rate.Float()}
	for _, r := range s.Rungs {
		q.Rungs = append(q.Rungs, media.Curve{Width: r.Width, Height: r.Height, Gain: 1})
	}
	var first []sampleSeen
	for look := 0; ; look++ {
		factors := next(q.Rungs)
		if factors == nil {
			return q, nil
		}
		seen, why, err := t.look(ctx, &s, look, factors)
		if err != nil {
			return media.Quality{}, err
		}
		if why != "" {
			return media.Quality{Metric: s.Metric, Failed: why}, nil
		}
		if look == 0 {
			first, q.Samples = seen, len(seen)
		}
		for i := range q.Rungs {
			q.Rungs[i].Points = append(q.Rungs[i].Points, s.point(factors[i], first, seen, i))
			if look == 0 && i < len(q.Rungs)-1 {
				q.Rungs[i].Gain = largestGain(seen, i)
			}
		}
	}
}

// look encodes and compares the samples of one look. The first strikes those from s that cannot be encoded; why is told
// where that is all of them, or one that a former look could encode: the points would not belong together.
func (t Tools) look(ctx context.Context, s *SampleSpec, look int, factors []float64) (seen []sampleSeen, why string, err error) {
	step := 1
	if look > 0 {
		step = 2
	}
	all := make([]sampleSeen, len(s.Starts))
	wrong := make([]error, len(s.Starts))
	group, going := errgroup.WithContext(ctx)
	group.SetLimit(max(1, s.AtOnce))
	for i := 0; i < len(s.Starts) && going.Err() == nil; i += step {
		if s.Looked != nil {
			s.Looked(look, i)
		}
		group.Go(func() error {
			all[i], wrong[i] = t.sample(going, s.at(s.Starts[i], factors), look == 0)
			if wrong[i] != nil && (look > 0 || !bad(wrong[i])) {
				return wrong[i]
			}
			return nil
		})
	}
	switch err := group.Wait(); {
	case ctx.Err() != nil:
		return nil, "", ctx.Err()
	case bad(err):
		return nil, err.Error(), nil
	case err != nil:
		return nil, "", err
	}
	var good []int64
	for i := 0; i < len(s.Starts); i += step {
		if wrong[i] != nil {
			why = wrong[i].Error()
			continue
		}
		seen, good = append(seen, all[i]), append(good, s.Starts[i])
	}
	if look == 0 {
		s.Starts = good
	}
	if len(seen) > 0 {
		why = ""
	}
	return seen, why, nil
}

// at is one sample at its rate factors.
func (s SampleSpec) at(start int64, factors []float64) SampleSpec {
	rungs := make([]Rung, len(s.Rungs))
	for i, r := range s.Rungs {
		rungs[i] = Rung{Width: r.Width, Height: r.Height, CRF: factors[i], Codec: r.Codec}
	}
	s.First, s.Rungs = start, rungs
	return s
}

// sampleSeen is what one sample gave, by rung.
type sampleSeen struct {
	rates  []float64 // bit/s
	scores []float64
	gains  []float64 // all but the smallest rung's; nil where they were not asked for
}

// point is a rung's point in a look. Where it is not of all samples, what was seen of the others in the first look tells
// how theirs would be: the same samples' change is that of all.
func (s SampleSpec) point(crf float64, first, seen []sampleSeen, rung int) media.Point {
	rate, score := mean(seen, rung)
	if len(seen) < len(first) {
		perfect := 1.0
		if s.Metric == media.VMAF {
			perfect = 100
		}
		var same []sampleSeen
		for i := 0; i < len(first); i += 2 {
			same = append(same, first[i])
		}
		rateOfAll, scoreOfAll := mean(first, rung)
		rateThen, scoreThen := mean(same, rung)
		rate *= rateOfAll / rateThen
		if lost := perfect - scoreThen; lost > 0 {
			score = perfect - (perfect-score)*(perfect-scoreOfAll)/lost
		}
	}
	return media.Point{CRF: crf, Rate: rate, Score: score}
}

func mean(seen []sampleSeen, rung int) (rate, score float64) {
	for _, s := range seen {
		rate += s.rates[rung] / float64(len(seen))
		score += s.scores[rung] / float64(len(seen))
	}
	return rate, score
}

func largestGain(seen []sampleSeen, rung int) (most float64) {
	for _, s := range seen {
		most = max(most, s.gains[rung])
	}
	return most
}

// fromStart is how far from the film's beginning a sample may lie to be reached by decoding all that is before it.
const fromStart = 3 * time.Minute

// bad says that a sample cannot be had, as far as can be seen for a reason that lies in the film.
func bad(err error) bool {
	var exit *ExitError
	return errors.As(err, &exit) || errors.Is(err, errSample)
}

// sample looks at one sample. Some films cannot be sought in: their keyframes are none (cameras that refresh the picture
// column by column). Near their beginning that costs little.
func (t Tools) sample(ctx context.Context, s SampleSpec, gains bool) (sampleSeen, error) {
	seen, err := t.encodeAndCompare(ctx, s, gains)
	if s.First > 0 && bad(err) && float64(s.First)/s.Rate.Float() < fromStart.Seconds() {
		s.NoSeek = true
		return t.encodeAndCompare(ctx, s, gains)
	}
	return seen, err
}

// encodeAndCompare encodes one sample with all rungs and compares each with the film.
func (t Tools) encodeAndCompare(ctx context.Context, s SampleSpec, gains bool) (out sampleSeen, err error) {
	read := make([]func(io.Reader) error, len(s.Rungs))
	out.rates = make([]float64, len(s.Rungs))
	for i := range s.Rungs {
		read[i] = func(r io.Reader) (err error) {
			out.rates[i], err = s.keep(r, s.file(i))
			return err
		}
	}
	if err := t.EncodeLadder(ctx, s.Ladder, read, nil, ""); err != nil {
		return out, err
	}
	scores := make([]scoreReader, len(s.Rungs))
	read = read[:0]
	for i := range scores {
		scores[i].metric = s.Metric
		read = append(read, scores[i].read)
	}
	lost := make([]scoreReader, len(s.Rungs)-1)
	if gains {
		for i := range lost {
			read = append(read, lost[i].read)
		}
	}
	if err := t.Run(ctx, Job{Args: s.compareArgs(gains), Read: read}); err != nil {
		return out, err
	}
	for i := range scores {
		if scores[i].frames != s.Frames {
			return out, fmt.Errorf("%w: %d of %d frames were compared", errSample, scores[i].frames, s.Frames)
		}
		out.scores = append(out.scores, scores[i].mean())
	}
	for i := range lost {
		if gains {
			out.gains = append(out.gains, 1-lost[i].mean())
		}
	}
	return out, nil
}

func (s SampleSpec) file(rung int) string {
	return filepath.Join(s.Scratch, fmt.Sprintf("sample-%d-%d.mp4", s.First, rung))
}

// keep writes one rung's stream to a file, and gives the bit/s that it will have as our own segments.
func (s SampleSpec) keep(r io.Reader, path string) (float64, error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	in := mp4.NewReader(io.TeeReader(r, f))
	if _, err := in.Init(); err != nil {
		return 0, err
	}
	var bytes, frames int64
	for {
		part, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		frames += int64(len(part.Samples))
		bytes += int64(len(mp4.AppendFragment(nil, part)))
	}
	if frames != s.Frames {
		return 0, fmt.Errorf("%w: %d of %d frames came", errSample, frames, s.Frames)
	}
	return float64(bytes) * 8 * s.Rate.Float() / float64(frames), f.Close()
}
