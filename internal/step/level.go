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

	"filmpress/internal/media/mp4"
)

// The peak of a rendition may be at most 200 % of its average (HLS authoring specification, 1.30). A constant rate
// factor with a cap does not see to that: one wild minute in a calm film may cost five times the average. Only the
// segments that stand out are encoded once more, from their own finished pictures; so the frames are the same by
// construction and the cost is theirs alone.
const (
	peakShare  = 1.96 // of the average of picture and sound together: what a segment may cost, with room for rounding
	aim        = 0.93 // of that: what the second encoding aims at
	levelTurns = 5    // each turn lowers the average a little, and so what the next may cost
)

// recoder encodes one segment again: init section and segment in, fragmented MP4 with the same frames out, its
// rate at most max bit/s.
type recoder func(ctx context.Context, joined []byte, max int64) ([]byte, error)

// ceiling is the largest rate (bytes a tick) that no segment may pass, given that all above it are brought down
// to it, and that every variant also has sound of a constant rate: the fixed point of
// c + sound = share x (average(min(rate, c)) + sound).
func ceiling(segments []Segment, share, sound float64) float64 {
	c := math.Inf(1)
	for range 64 {
		var bytes, ticks float64
		for _, s := range segments {
			bytes += min(float64(s.Size), c*float64(s.Duration))
			ticks += float64(s.Duration)
		}
		next := share*(bytes/ticks+sound) - sound
		if next >= c*0.9999 {
			return next
		}
		c = next
	}
	return c
}

// level brings the segments that pass the ceiling under it. A segment's new version has a new name, because the
// first may have been uploaded already, and names are for ever.
func (w *renditionWriter) level(ctx context.Context, recode recoder) error {
	longest := uint64(0)
	for _, s := range w.out.Segments {
		longest = max(longest, s.Duration)
	}
	sound := float64(w.params.Sound) / 8 / float64(w.out.Timescale)
	for turn := range levelTurns {
		c := ceiling(w.out.Segments, peakShare, sound)
		clean := true
		for i, s := range w.out.Segments {
			rate := float64(s.Size) / float64(s.Duration)
			if rate <= c || s.Duration*2 < longest { // a short last segment is no peak (RFC 8216bis, 4.4.6.2)
				continue
			}
			clean = false
			target := c * math.Pow(aim, float64(turn+1))
			if err := w.recodeSegment(ctx, i, turn, int64(target*float64(w.out.Timescale)*8), recode); err != nil {
				return fmt.Errorf("levelling segment %d of rung %s: %w", i, w.out.Name, err)
			}
		}
		if clean {
			return nil
		}
	}
	return nil // what x264 cannot make smaller stays as it is; the release check names it
}

// recodeSegment replaces segment i by a version of at most max bit/s, if that is smaller.
func (w *renditionWriter) recodeSegment(ctx context.Context, i, turn int, max int64, recode recoder) error {
	old := w.out.Segments[i]
	data, err := os.ReadFile(filepath.Join(w.dir, filepath.FromSlash(old.URI)))
	if err != nil {
		return err
	}
	before, err := mp4.ParseSegment(w.track, data)
	if err != nil {
		return err
	}
	recoded, err := recode(ctx, append(w.track.InitSection(), data...), max)
	if err != nil {
		return err
	}
	after, err := w.refit(before, recoded)
	if err != nil {
		return err
	}
	s := Segment{URI: fmt.Sprintf("%s/%05d-%d.m4s", w.out.Name, i, turn+2)}
	smaller := w.encode(&s, after)
	if s.Size >= old.Size {
		return nil
	}
	if err := w.write(s.URI, smaller); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(w.dir, filepath.FromSlash(old.URI))); err != nil {
		return err
	}
	w.out.Segments[i] = s
	if !slices.Contains(w.held, i) {
		w.held = append(w.held, i)
	}
	return nil
}

// refit reads the recoded fragments and gives them the numbers and times of those they replace. They must be the
// same frames: as many, as long, decoded by the same init section.
func (w *renditionWriter) refit(before []mp4.FragmentInfo, recoded []byte) ([]mp4.Fragment, error) {
	after, err := readFragments(w.track, recoded)
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
	if !bytes.Equal(t.Config, track.Config) || t.Timescale != track.Timescale {
		return nil, errors.New("it came back with other decoder settings")
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
		out = append(out, f)
	}
}
