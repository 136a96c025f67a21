package step

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/media/mp4"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// audioWriter cuts ADTS frames into segments that begin where the picture's do, to within one frame.
type audioWriter struct {
	dir    string
	params plan.AudioParams
	sink   report.Sink
	out    Rendition
	frames [][]byte // of the segment in the making
	taken  int64    // frames written so far
	config mp4.AudioConfig
}

func newAudioWriter(dir string, p plan.AudioParams, sink report.Sink) (*audioWriter, error) {
	w := &audioWriter{dir: dir, params: p, sink: sink, out: Rendition{Name: "a"}}
	return w, os.Mkdir(filepath.Join(dir, w.out.Name), 0o755)
}

// read takes the whole stream. The first frame is the encoder's run-up of 1024 samples before the sound begins; it
// is dropped, so that the sound lies where it did without an edit list, which not every player heeds.
func (w *audioWriter) read(r io.Reader) error {
	frames := mp4.NewADTSReader(r)
	if _, err := frames.Next(); err != nil {
		if errors.Is(err, io.EOF) {
			return errors.New("the sound track decodes to nothing")
		}
		return err
	}
	w.config = frames.Config()
	track := w.config.Track()
	w.out.Timescale, w.out.Channels, w.out.Codecs = track.Timescale, w.config.Channels, hls.AudioCodec(w.config.ASC)
	if err := w.write(w.out.Init(), track.InitSection()); err != nil {
		return err
	}
	w.sink(report.Event{Kind: report.FileReady, Path: w.out.Init()})
	for w.taken+int64(len(w.frames)) < w.wanted() {
		f, err := frames.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		w.frames = append(w.frames, append([]byte(nil), f...)) // the reader's buffer is its own
		if w.taken+int64(len(w.frames)) >= w.boundary(len(w.out.Segments)+1) {
			if err := w.segment(); err != nil {
				return err
			}
		}
	}
	if len(w.frames) > 0 {
		if err := w.segment(); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, r); err != nil { // a frame or two past the picture's end
		return err
	}
	return w.verify()
}

// wanted is how many frames cover the picture.
func (w *audioWriter) wanted() int64 {
	d := w.params.Duration
	return (d.Num*int64(w.config.SampleRate) + d.Den*mp4.SamplesPerFrame - 1) / (d.Den * mp4.SamplesPerFrame)
}

// boundary is the number of frames before segment n: those that begin nearest to the picture's own boundary. The
// last segment takes the rest, so that sound and picture have equally many.
func (w *audioWriter) boundary(n int) int64 {
	s, d, start := w.params.Segment, w.params.Duration, plan.SegmentStart(n, w.params.Opening)
	num, den := start.Num*s.Num, start.Den*s.Den // seconds
	if num*d.Den >= d.Num*den {
		return w.wanted()
	}
	unit := den * mp4.SamplesPerFrame
	return min((num*int64(w.config.SampleRate)+unit/2)/unit, w.wanted()-1)
}

func (w *audioWriter) segment() error {
	f := mp4.Fragment{Sequence: uint32(len(w.out.Segments) + 1), Time: uint64(w.taken) * mp4.SamplesPerFrame}
	for _, frame := range w.frames {
		f.Samples = append(f.Samples, mp4.Sample{Duration: mp4.SamplesPerFrame, Size: uint32(len(frame)), Sync: true})
		f.Data = append(f.Data, frame...)
	}
	s := Segment{URI: fmt.Sprintf("%s/%05d.m4s", w.out.Name, len(w.out.Segments)), Duration: f.Duration(), Frames: len(w.frames)}
	data := mp4.AppendFragment(nil, f)
	s.Size = int64(len(data))
	w.taken += int64(len(w.frames))
	w.frames = w.frames[:0]
	if err := w.write(s.URI, data); err != nil {
		return err
	}
	w.out.Segments = append(w.out.Segments, s)
	w.sink(report.Event{Kind: report.FileReady, Path: s.URI})
	return nil
}

func (w *audioWriter) write(uri string, data []byte) error {
	return os.WriteFile(filepath.Join(w.dir, filepath.FromSlash(uri)), data, 0o644)
}

func (w *audioWriter) verify() error {
	if w.taken < w.wanted() {
		return fmt.Errorf("the sound ends after %.2f s of %.2f: the track could not be decoded to its end",
			w.out.Seconds(uint64(w.taken)*mp4.SamplesPerFrame), w.params.Duration.Float())
	}
	return nil
}

// audio measures the loudness of one track and encodes it.
func (w *Worker) audio(ctx context.Context, j job) error {
	var p plan.AudioParams
	j.step.Decode(&p)
	out, err := newAudioWriter(j.out, p, j.sink)
	if err != nil {
		return err
	}
	if err := w.encodeAudio(ctx, j, p, out.read); err != nil {
		return err
	}
	return writeFacts(j.out, AudioFacts{Rendition: out.out})
}

// encodeAudio brings the track to the wanted loudness, measured over the whole film first: one gain for all of it,
// so that its dynamics stay as they were mixed. A track that would need more than is sensible is told.
func (w *Worker) encodeAudio(ctx context.Context, j job, p plan.AudioParams, read func(io.Reader) error) error {
	spec := ffmpeg.AudioSpec{
		Film: j.in["film"], Stream: p.Stream, Right: p.Right, Duration: p.Duration, BitRate: p.Bitrate, Loudness: p.Loudness, TruePeak: p.TruePeak, Tolerant: p.Tolerant,
		Reading: p.Reading,
	}
	measured, err := w.Tools.MeasureLoudness(ctx, spec, nil, w.log(j, "loudness"))
	if err != nil {
		return damage(err, p.Tolerant)
	}
	spec.Measured = &measured
	if gain, short := spec.Gain(); short {
		j.sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("%s: it is very quiet, %.0f LUFS, and is raised by %.0f dB and no more, which makes it %.0f LUFS and not %g: its noise is raised with it",
			j.step.About, measured.I, gain, measured.I+gain, p.Loudness)})
	}
	err = w.Tools.EncodeAudio(ctx, spec, read, j.progress(time.Duration(p.Duration.Float()*float64(time.Second))), w.log(j, "audio"))
	return damage(err, p.Tolerant)
}
