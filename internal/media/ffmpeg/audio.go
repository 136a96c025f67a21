package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// SampleRate is the rate of every rendition of the sound.
const SampleRate = 48000

// Priming is how many samples of run-up (AAC's encoder delay) precede the sound in what EncodeAudio gives: exactly
// its first ADTS frame. Dropping that frame leaves sample 0 of the sound at time 0; measured with clicks, to the sample.
const Priming = 1024

// Loudness is what was measured of a sound track (ITU-R BS.1770, EBU R 128), after the downmix to stereo; to a tenth.
type Loudness struct {
	I      float64 `json:"i"`      // integrated, LUFS
	TP     float64 `json:"tp"`     // true peak, dBTP
	Silent bool    `json:"silent"` // nothing is louder than the gate of -70 LUFS; the figures mean nothing
}

// MeasureLoudness decodes a sound track once, as EncodeAudio does; of spec, Film, Stream, Right, Duration, Tolerant and Reading count.
// progress may be nil. loudnorm measures, too, and takes three times the time: it also makes a sound that nobody hears. On films of seconds it was up to
// 0.4 LU from what BS.1770 gives, where ebur128 is not.
func (t Tools) MeasureLoudness(ctx context.Context, spec AudioSpec, progress func(Progress), log string) (Loudness, error) {
	var said messages
	job := Job{Args: append([]string{"-loglevel", "level+info"}, spec.measureArgs()...), Progress: progress, Log: log, Tolerant: spec.Tolerant, messages: func(m messages) { said = m }}
	if err := t.Run(ctx, job); err != nil {
		return Loudness{}, err
	}
	return parseLoudness(strings.Join(said.tail, "\n"))
}

func (s AudioSpec) measureArgs() []string {
	f := s.stereo()
	f.add("ebur128", "peak", "true", "framelog", "verbose")
	return arguments(1, f.Output("pipe:", ff.KwArgs{"format": "null", "vn": "", "sn": "", "dn": ""}))
}

var truePeak = regexp.MustCompile(`(?m)^\s*Peak:\s+(-?[0-9.]+|-inf) dBFS$`)

// parseLoudness reads what ebur128 says at its end.
func parseLoudness(text string) (Loudness, error) {
	i, tp := ebur128.FindStringSubmatch(text), truePeak.FindStringSubmatch(text)
	if i == nil || tp == nil {
		return Loudness{}, errors.New("ffmpeg did not tell the loudness")
	}
	var l Loudness
	var err error
	if l.I, err = strconv.ParseFloat(i[1], 64); err == nil {
		l.TP, err = strconv.ParseFloat(tp[1], 64)
	}
	if err != nil {
		return Loudness{}, fmt.Errorf("ffmpeg tells the loudness in an unknown way: %w", err)
	}
	if math.IsInf(l.TP, 0) || l.I <= -70 {
		return Loudness{Silent: true}, nil // infinities have no JSON either
	}
	return l, nil
}

// AudioSpec is one rendition of a sound track: stereo AAC-LC at SampleRate.
type AudioSpec struct {
	Film     string
	Stream   int            // index in the container
	Right    *int           // index of the track of one channel that is the right one to Stream's left; nil where Stream is a whole
	Duration media.Rational // seconds; the sound is padded with silence or cut to exactly this
	BitRate  int64          // bit/s
	Measured *Loudness      // nil leaves the loudness as it is
	Loudness float64        // LUFS to reach
	TruePeak float64        // dBTP not to pass
	Tolerant bool           // go on over damaged sound
	media.Reading
}

// EncodeAudio encodes a sound track; read takes it as ADTS, whose first frame is Priming. Time 0 is the
// container's start, as for EncodeLadder: a track that begins later is led by silence.
func (t Tools) EncodeAudio(ctx context.Context, spec AudioSpec, read func(io.Reader) error, progress func(Progress), log string) error {
	return t.Run(ctx, Job{Args: spec.args(), Read: []func(io.Reader) error{read}, Progress: progress, Log: log, Tolerant: spec.Tolerant})
}

func (s AudioSpec) args() []string {
	samples := int64(math.Round(s.Duration.Float() * SampleRate))
	f := s.stereo()
	f.level(s)
	f.add("apad", "whole_len", itoa(samples))
	f.add("atrim", "end_sample", itoa(samples))
	return arguments(1, f.Output(Pipe(0), with(clean(), ff.KwArgs{
		"vn": "", "c:a": "aac", "profile:a": "aac_low", "b:a": itoa(s.BitRate), "ar": itoa(SampleRate), "ac": "2", "flags:a": "+bitexact", "format": "adts",
	})))
}

// stereo gives two channels at SampleRate without gaps, from time 0 on. Surround is mixed down as ITU-R BS.775
// says (centre and surround at -3 dB, no LFE), which is ffmpeg's own matrix.
func (s AudioSpec) stereo() *filters {
	in := input(s.Film, with(reading(s.Reading), ff.KwArgs{"reinit_filter": "0"})) // a graph that were set up anew would begin at 0 again
	if s.Right == nil {
		f := &filters{stream(in, s.Stream)}
		f.pair(s.Reading)
		f.evenly("stereo")
		return f
	}
	left, right := &filters{stream(in, s.Stream)}, &filters{stream(in, *s.Right)}
	left.evenly("mono")
	right.evenly("mono")
	left.add("apad") // join ends with the shorter one
	right.add("apad")
	f := &filters{ff.Filter([]*ff.Stream{left.Stream, right.Stream}, "join", nil, ff.KwArgs{"inputs": "2", "channel_layout": "stereo"})}
	f.add("atrim", "end", ftoa(s.Duration.Float()))
	return f
}

// pair takes the first two channels of a sound whose channels nobody can place, as masters with many discrete ones have their stereo there.
func (f *filters) pair(r media.Reading) {
	if r.Pair {
		f.add("pan", "args", "stereo|c0=c0|c1=c1")
	}
}

// gap is the lack or excess of sound, in seconds, from which silence fills it or it is cut. Smaller ones are left: the times of
// some files tremble by 25 ms (WMV) though their sound is whole. Larger ones would put it a frame out of time.
const gap = "0.035"

func (f *filters) evenly(layout string) {
	f.add("aresample", "osr", itoa(SampleRate), "ochl", layout, "osf", "fltp", "async", "1", "min_hard_comp", gap, "first_pts", "0")
}

// oversampling is where the limiter works: at four times the rate a sample peak is a true peak, to a few
// hundredths of a decibel.
const oversampling = 4 * SampleRate

// limiterMargin is left below the true peak wanted, because AAC does not keep peaks: on music at 96 kb/s it was
// measured to raise them by 1.4 dB.
const limiterMargin = 1.5

// mostGain bounds what a track is raised by, in dB: a track that is all but silent is hiss, or three words in it, and would be brought up with all its noise.
const mostGain = 20

// Gain is what brings the track from Measured to Loudness, in dB. short says that mostGain does not do, and the track stays quieter.
func (s AudioSpec) Gain() (dB float64, short bool) {
	if s.Measured == nil || s.Measured.Silent {
		return 0, false
	}
	wanted := s.Loudness - s.Measured.I
	return min(wanted, mostGain), wanted > mostGain
}

// level brings the track to the wanted loudness by one gain over the whole film, so that its dynamics stay as they
// were mixed, and limits only the peaks that would then be too high. loudnorm's second pass is not used: where
// the peaks forbid a plain gain it rides the level all through the film.
func (f *filters) level(s AudioSpec) {
	if s.Measured == nil || s.Measured.Silent {
		return
	}
	gain, _ := s.Gain()
	f.add("volume", "volume", strconv.FormatFloat(gain, 'f', 2, 64)+"dB", "precision", "float")
	ceiling := s.TruePeak - limiterMargin
	if s.Measured.TP+gain <= ceiling {
		return
	}
	f.add("aresample", "osr", itoa(oversampling))
	f.add("alimiter", "limit", strconv.FormatFloat(math.Pow(10, ceiling/20), 'f', 6, 64), "attack", "5", "release", "50", "level", "0", "latency", "1")
	f.add("aresample", "osr", itoa(SampleRate), "osf", "fltp")
}
