package step

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// renditionWriter cuts what ffmpeg writes for one rung into our own init section and segments. ffmpeg's boxes
// are read for their samples only: it cannot leave its marks, and decode times are ours.
type renditionWriter struct {
	dir    string // the result's folder
	params plan.ChunkParams
	sink   report.Sink
	track  mp4.Track
	out    Rendition
	shift  int32  // of every composition offset, so that the first picture is shown at 0
	time   uint64 // decode time of the next fragment
	seq    uint32
}

func newRenditionWriter(dir string, rung plan.Rung, p plan.ChunkParams, sink report.Sink) (*renditionWriter, error) {
	w := &renditionWriter{dir: dir, params: p, sink: sink, out: Rendition{Name: rung.Name, Width: rung.Width, Height: rung.Height}}
	return w, os.Mkdir(filepath.Join(dir, rung.Name), 0o755)
}

// read takes the whole of one rung's stream.
func (w *renditionWriter) read(r io.Reader) error {
	frames := mp4.NewReader(r)
	track, err := frames.Init()
	if err != nil {
		return err
	}
	w.track = track
	var pending []mp4.Fragment
	for {
		f, err := frames.Next()
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		full := len(pending)*w.params.GOP >= w.length(len(w.out.Segments))
		if len(pending) > 0 && (full || err != nil) {
			if err := w.segment(pending); err != nil {
				return err
			}
			pending = pending[:0]
		}
		if err != nil {
			return w.verify()
		}
		if err := w.place(&f); err != nil {
			return err
		}
		pending = append(pending, f)
	}
}

// init writes the init section, as soon as the first group of pictures is there.
func (w *renditionWriter) init() error {
	track := w.track
	if track.Width != w.out.Width || track.Height != w.out.Height {
		return fmt.Errorf("rung %s: %dx%d was encoded, not %dx%d", w.out.Name, track.Width, track.Height, w.out.Width, w.out.Height)
	}
	track.Color = &mp4.BT709
	if w.out.Codecs = hls.VideoCodec(track.Codec, track.Config); w.out.Codecs == "" {
		return fmt.Errorf("rung %s: the encoder does not say how to decode what it made", w.out.Name)
	}
	w.out.Timescale = track.Timescale
	if err := w.write(w.out.Init(), track.InitSection()); err != nil {
		return err
	}
	if w.params.First == 0 { // those of later chunks are the same, and are not published
		w.sink(report.Event{Kind: report.FileReady, Path: w.out.Init()})
	}
	return nil
}

// place gives a fragment its number and times.
func (w *renditionWriter) place(f *mp4.Fragment) error {
	if len(f.Samples) == 0 || !f.Samples[0].Sync {
		return fmt.Errorf("rung %s: the group of pictures at %.3f s has no keyframe", w.out.Name, w.out.Seconds(w.time))
	}
	if err := w.configure(f); err != nil {
		return err
	}
	if w.seq == 0 {
		w.shift = f.Samples[0].Offset
		w.seq = uint32(w.params.First / int64(w.params.GOP))
		w.time = uint64(w.params.First) * uint64(f.Samples[0].Duration)
	}
	f.Shift(w.shift)
	w.seq++
	f.Sequence, f.Time = w.seq, w.time
	w.time += f.Duration()
	return nil
}

// configure takes the settings of AV1 from the pictures themselves, and writes the init section with the first of them.
func (w *renditionWriter) configure(f *mp4.Fragment) error {
	if w.track.Codec == entryOfAV1 {
		config, err := tidy(f)
		if err != nil {
			return fmt.Errorf("rung %s, at %.3f s: %w", w.out.Name, w.out.Seconds(w.time), err)
		}
		if w.seq > 0 && !bytes.Equal(config, w.track.Config) {
			return fmt.Errorf("rung %s, at %.3f s: the encoder changed its settings midway", w.out.Name, w.out.Seconds(w.time))
		}
		w.track.Config = config
	}
	if w.seq > 0 {
		return nil
	}
	return w.init()
}

// before is how many segments the film has before this chunk.
func (w *renditionWriter) before() int {
	if w.params.First == 0 {
		return 0
	}
	return int(w.params.First)/w.params.Segment - 1 + w.params.Opening
}

// length is how many frames segment i of the chunk has, unless the film ends in it.
func (w *renditionWriter) length(i int) int {
	frame := func(n int) int64 {
		at := plan.SegmentStart(n, w.params.Opening)
		return int64(w.params.Segment) * at.Num / at.Den
	}
	n := w.before() + i
	return int(frame(n+1) - frame(n))
}

// segment writes one media segment, a moof and mdat for each group of pictures: an I-frame's byte range must hold
// its moof (hls authoring specification, 6.10).
func (w *renditionWriter) segment(fragments []mp4.Fragment) error {
	s := Segment{URI: fmt.Sprintf("%s/%05d.m4s", w.out.Name, w.before()+len(w.out.Segments))}
	data := s.encode(fragments)
	if err := w.write(s.URI, data); err != nil {
		return err
	}
	w.out.Segments = append(w.out.Segments, s)
	if w.calm() {
		w.sink(report.Event{Kind: report.FileReady, Path: s.URI})
	}
	return nil
}

// encode fills in what a segment's fragments tell and gives its bytes.
func (s *Segment) encode(fragments []mp4.Fragment) []byte {
	var data []byte
	s.Duration, s.Frames, s.Keys = 0, 0, nil
	for _, f := range fragments {
		start := int64(len(data))
		data = mp4.AppendFragment(data, f)
		first := int64(len(data)-len(f.Data)) + int64(f.Samples[0].Size)
		s.Keys = append(s.Keys, Key{Offset: start, Size: first - start, Duration: f.Duration()})
		s.Duration += f.Duration()
		s.Frames += len(f.Samples)
	}
	s.Size = int64(len(data))
	return data
}

func (w *renditionWriter) write(uri string, data []byte) error {
	return os.WriteFile(filepath.Join(w.dir, filepath.FromSlash(uri)), data, 0o644)
}

// calm says whether the newest segment is sure enough to stay as it is: one that stands out from those before it may
// have to be levelled once the average is known, and is not uploaded before.
func (w *renditionWriter) calm() bool {
	var bytes int64
	for _, s := range w.out.Segments {
		bytes += s.Size
	}
	s := w.out.Segments[len(w.out.Segments)-1]
	return float64(s.Size)/float64(s.Duration) <= 1.6*float64(bytes)/float64(w.out.Ticks())
}

// verify holds what was written against what was planned; ffmpeg's exit code alone proves nothing.
func (w *renditionWriter) verify() error {
	if got := int64(w.out.Frames()); got != w.params.Frames {
		return fmt.Errorf("rung %s has %d frames, not %d: %w", w.out.Name, got, w.params.Frames, errUnfinished)
	}
	for i, s := range w.out.Segments {
		last := i == len(w.out.Segments)-1
		if want := w.length(i); !last && s.Frames != want || last && s.Frames > want {
			return fmt.Errorf("rung %s: segment %d has %d frames, not %d", w.out.Name, w.before()+i, s.Frames, want)
		}
	}
	return nil
}
