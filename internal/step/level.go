package step

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"filmpress/internal/hls"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/media/mp4"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// The peak of a rendition may be at most 200 % of its average (HLS authoring specification, 1.30). A constant rate
// factor with a cap does not see to that: one wild minute in a calm film may cost five times the average. Only the
// segments that stand out are encoded once more, from their own finished pictures; so the frames are the same by
// construction and the cost is theirs alone.
const (
	peakShare  = 1.96 // of the average of picture and sound together: what a segment may cost, with room for rounding
	aim        = 0.93 // of that: what the second encoding aims at, and once more of that each further time
	low        = 0.85 // of that: what it is reckoned to come to at worst
	levelTurns = 5    // how often a segment is encoded again until it keeps under the ceiling
)

// PeaksFacts are the facts of a peaks result.
type PeaksFacts struct {
	Ceilings []float64 `json:"ceilings"` // of each rung, from small to large: the most that a segment may cost, in bytes a tick
	Longest  []uint64  `json:"longest"`  // of each rung: the longest segment, in ticks
}

// peaks finds out how much a segment of each rung may cost, from the sizes of all.
func (w *Worker) peaks(_ context.Context, j job) error {
	var p plan.PeaksParams
	j.step.Decode(&p)
	var facts PeaksFacts
	var whole VideoFacts
	var sound hls.Rates
	for _, in := range j.step.Inputs {
		if slices.Contains(p.Sounds, in.Name) {
			var track AudioFacts
			if err := readFacts(j.in[in.Name], &track); err != nil {
				return err
			}
			sound = sound.Max(track.Rendition.rates(target(p.Segment), spans(track.Rendition)))
			continue
		}
		var chunk VideoFacts
		if err := readFacts(j.in[in.Name], &chunk); err != nil {
			return err
		}
		if err := whole.append(chunk); err != nil {
			return err
		}
	}
	for _, r := range whole.Renditions {
		longest := uint64(0)
		for _, s := range r.Segments {
			longest = max(longest, s.Duration)
		}
		facts.Ceilings = append(facts.Ceilings, ceiling(r.Segments, peakShare, float64(sound.Peak)/8/float64(r.Timescale), float64(sound.Average)/8/float64(r.Timescale)))
		facts.Longest = append(facts.Longest, longest)
	}
	return writeFacts(j.out, facts)
}

// ceiling is the largest rate (bytes a tick) that no segment may pass, given that all above it are brought down
// below it, and that every variant also has sound, with a peak and an average: the fixed point of
// c + peak = share x (average(rate, or low x c where the rate is above c) + average), though not below the picture's own average, which
// no sound can ask for.
func ceiling(segments []Segment, share, peak, average float64) float64 {
	c := math.Inf(1)
	for range 64 {
		var bytes, ticks float64
		for _, s := range segments {
			d := float64(s.Duration)
			if float64(s.Size) > c*d {
				bytes += low * c * d
			} else {
				bytes += float64(s.Size)
			}
			ticks += d
		}
		next := max(share*(bytes/ticks+average)-peak, bytes/ticks)
		if next >= c*0.9999 {
			return next
		}
		c = next
	}
	return c
}

// level brings the segments of one chunk that pass the ceiling under it. Its facts tell of the whole chunk: most
// segments are still the chunk's own.
func (w *Worker) level(ctx context.Context, j job) error {
	var p plan.LevelParams
	j.step.Decode(&p)
	var chunk VideoFacts
	var peaks PeaksFacts
	if err := errors.Join(readFacts(j.in[p.Chunk], &chunk), readFacts(j.in["peaks"], &peaks)); err != nil {
		return err
	}
	for i := range chunk.Renditions {
		r := &chunk.Renditions[i]
		r.Of = p.Chunk
		for k := range r.Segments {
			r.Segments[k].Of = p.Chunk
		}
		l := leveller{job: j, rendition: r, ceiling: peaks.Ceilings[i], longest: peaks.Longest[i], rung: p.Rungs[i], recode: w.recoder(j, p.Encoding, p.Rungs[i])}
		if err := l.level(ctx); err != nil {
			return err
		}
	}
	return writeFacts(j.out, chunk)
}

// recoder encodes one segment again: init section and segment in, fragmented MP4 with the same frames out. Of H.264 its
// rate is at most max bit/s; of AV1 it follows from the rate factor alone.
type recoder func(ctx context.Context, joined []byte, max int64, factor float64) ([]byte, error)

// recoder encodes single segments of a rung again.
func (w *Worker) recoder(j job, e plan.Encoding, rung plan.Rung) recoder {
	return func(ctx context.Context, joined []byte, max int64, factor float64) ([]byte, error) {
		dir, remove, err := j.scratch()
		if err != nil {
			return nil, err
		}
		defer remove()
		path := filepath.Join(dir, "segment.mp4")
		if err := os.WriteFile(path, joined, 0o644); err != nil {
			return nil, err
		}
		return w.Tools.Recode(ctx, path, ffmpeg.RecodeSpec{Codec: rung.Codec, Rate: e.Rate, CRF: factor, MaxRate: max, BufSize: max, GOP: e.GOP,
			Preset: e.Preset, AV1: e.AV1}, w.log(j, "level-"+rung.Name))
	}
}

// leveller brings down the segments of one rendition of one chunk.
type leveller struct {
	job
	rendition *Rendition
	ceiling   float64 // bytes a tick
	longest   uint64  // ticks
	rung      plan.Rung
	recode    recoder
}

// high says whether segment i passes the ceiling. A short last segment is no peak (RFC 8216bis, 4.4.6.2); those that a film opens with
// are, together with their neighbours.
func (l *leveller) high(i int) bool {
	s := l.rendition.Segments[i]
	ends := i == len(l.rendition.Segments)-1 && s.Duration*2 < l.longest
	return l.over(s) && !ends
}

func (l *leveller) over(s Segment) bool { return float64(s.Size) > l.ceiling*float64(s.Duration) }

func (l *leveller) level(ctx context.Context) error {
	var high []int
	for i := range l.rendition.Segments {
		if l.high(i) {
			high = append(high, i)
		}
	}
	if len(high) == 0 {
		return nil
	}
	init, err := os.ReadFile(l.path(l.rendition.Of, l.rendition.Init()))
	if err != nil {
		return err
	}
	track, err := mp4.ParseInit(init)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(l.out, l.rendition.Name), 0o755); err != nil {
		return err
	}
	for _, i := range high {
		s := &l.rendition.Segments[i]
		if err := l.lower(ctx, s, track, init); err != nil {
			return fmt.Errorf("levelling %s: %w", s.URI, err)
		}
	}
	return nil
}

// lower replaces a segment by a version that keeps under the ceiling, or by the smallest that the encoder can make;
// what passes the ceiling all the same is named when the release is checked.
func (l *leveller) lower(ctx context.Context, s *Segment, track mp4.Track, init []byte) error {
	data, err := os.ReadFile(l.path(s.Of, s.URI))
	if err != nil {
		return err
	}
	before, err := mp4.ParseSegment(track, data)
	if err != nil {
		return err
	}
	joined := append(slices.Clone(init), data...)
	again := func(max int64, factor float64) (Segment, []byte, error) {
		recoded, err := l.recode(ctx, joined, max, factor)
		if err != nil {
			return Segment{}, nil, err
		}
		after, err := refit(track, before, recoded)
		if err != nil {
			return Segment{}, nil, err
		}
		next := Segment{URI: s.URI}
		data := next.encode(after)
		return next, data, nil
	}
	search := l.byRate
	if isAV1(l.rung.Codec) {
		search = l.byFactor
	}
	best, smaller, err := search(*s, again)
	if err != nil || smaller == nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(l.out, filepath.FromSlash(best.URI)), smaller, 0o644); err != nil {
		return err
	}
	best.Of = l.step.ID
	*s = best
	l.sink(report.Event{Kind: report.FileReady, Path: best.URI})
	return nil
}

// encoder makes a segment again: at most max bit/s where the codec heeds that, else at the rate factor.
type encoder func(max int64, factor float64) (Segment, []byte, error)

// byRate asks for a lower rate in each turn, and takes the first version that keeps under the ceiling. There are no bytes where
// none is smaller.
func (l *leveller) byRate(s Segment, again encoder) (best Segment, smaller []byte, err error) {
	best = s
	for turn := 0; turn < levelTurns && l.over(best); turn++ {
		target := l.ceiling * math.Pow(aim, float64(turn+1))
		next, data, err := again(int64(target*float64(l.rendition.Timescale)*8), l.rung.CRF)
		if err != nil {
			return best, nil, err
		}
		if next.Size < best.Size {
			best, smaller = next, data
		}
	}
	return best, smaller, nil
}

// byFactor looks for the rate factor at which a segment comes to less than the ceiling and not to much less, since AV1 knows
// no highest rate.
func (l *leveller) byFactor(s Segment, again encoder) (best Segment, smaller []byte, err error) {
	best = s
	over, bytes, under := l.rung.CRF, s.Size, math.Inf(1) // a factor that costs too much, and how much; one that does not
	for range levelTurns {
		factor := min(coarser(over, float64(bytes), aim*l.ceiling*float64(s.Duration)), mostOfAV1)
		if factor >= under {
			factor = math.Floor((over + under) / 2)
		}
		if factor <= over {
			break
		}
		next, data, err := again(0, factor)
		if err != nil {
			return best, nil, err
		}
		switch high := l.over(next); {
		case high && l.over(best) && next.Size < best.Size, !high && (l.over(best) || next.Size > best.Size):
			best, smaller = next, data
		}
		if l.over(next) {
			over, bytes = factor, next.Size
			continue
		}
		if under = factor; float64(next.Size) >= low*l.ceiling*float64(s.Duration) {
			break
		}
	}
	return best, smaller, nil
}

// refit reads the recoded fragments and gives them the numbers and times of those they replace. They must be the
// same frames: as many, as long, decoded by the same init section.
func refit(track mp4.Track, before []mp4.FragmentInfo, recoded []byte) ([]mp4.Fragment, error) {
	after, err := readFragments(track, recoded)
	if err != nil {
		return nil, err
	}
	if len(after) == 0 || len(after) != len(before) {
		return nil, fmt.Errorf("%d groups of pictures became %d", len(before), len(after))
	}
	shift := after[0].Samples[0].Offset - before[0].Samples[0].Offset
	for k := range after {
		if len(after[k].Samples) != len(before[k].Samples) || after[k].Duration() != before[k].Duration() || !after[k].Samples[0].Sync {
			return nil, fmt.Errorf("group of pictures %d came back with other frames", k)
		}
		after[k].Shift(shift)
		after[k].Sequence, after[k].Time = before[k].Sequence, before[k].Time
	}
	return after, nil
}

// readFragments reads a whole fragmented MP4 that must fit the track: the same codec configuration, so that the
// published init section decodes it.
func readFragments(track mp4.Track, data []byte) ([]mp4.Fragment, error) {
	r := mp4.NewReader(bytes.NewReader(data))
	t, err := r.Init()
	if err != nil {
		return nil, err
	}
	strange := errors.New("it came back with other decoder settings")
	if t.Codec != entryOfAV1 && !bytes.Equal(t.Config, track.Config) || t.Timescale != track.Timescale || t.Codec != track.Codec {
		return nil, strange
	}
	var out []mp4.Fragment
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if t.Codec == entryOfAV1 { // its settings are those of its pictures
			config, err := tidy(&f)
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(config, track.Config) {
				return nil, strange
			}
		}
		out = append(out, f)
	}
}
