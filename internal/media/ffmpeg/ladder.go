package ffmpeg

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// Ladder is the picture of a film in several sizes, all made from one decode.
type Ladder struct {
	Film     string         // path
	Stream   int            // index in the container
	Source   media.Video    // the stream's facts
	Rate     media.Rational // frames a second of every rung
	First    int64          // the first frame, counted at Rate from the container's start; 0 is the film's beginning
	Frames   int64          // of every rung, exactly; the last picture is held where the film has fewer
	GOP      int            // frames from one IDR to the next
	Preset   string         // x264's
	AV1      int            // SVT-AV1's preset, for rungs of that codec
	Tune     string         // x264's; "" is none
	Rungs    []Rung         // from large to small: each is scaled from the one before, unless that has its size
	Tolerant bool           // go on over damaged pictures
	// Damage is told, at the end of a tolerant run, how often the decoder complained and what it said first. It may be nil.
	Damage func(complaints int, first string)
	// Changed is told, at the end of a run, that pictures had another size or form than the first and were brought to that. It may be nil.
	Changed func()
	NoSeek  bool // decode from the film's beginning, whatever First is: slow, for films that cannot be sought in
	Fields  bool // of an interlaced film every field becomes a frame: Rate is twice the film's; else two become one
}

// Rung is one size in one codec.
type Rung struct {
	Width, Height int     // even; of AV1 at least 64
	CRF           float64 // of AV1 a whole number
	MaxRate       int64   // bit/s of the VBV; 0 is no VBV. AV1 has none
	BufSize       int64   // bits of the VBV
	Codec         string  // media.AV1; "" is H.264
}

// EncodeLadder encodes every rung; read[i] takes rung i as fragmented MP4, one fragment a GOP, times in ticks of
// Timescale(Rate), the first frame shown at 0. What comes is ffmpeg's own: its boxes carry its marks. Frames
// start where the container starts, not where the picture does, so that sound and picture stay in time; a
// picture that begins later is led by its first frame. Encoded in pieces (First), a film has the same frames as in one:
// which picture a frame shows follows from its number alone.
func (t Tools) EncodeLadder(ctx context.Context, l Ladder, read []func(io.Reader) error, progress func(Progress), log string) error {
	job := Job{Args: l.args(), Read: read, Progress: progress, Log: log, Tolerant: l.Tolerant, Stall: l.patience(t.Stall)}
	job.messages = func(m messages) {
		if m.count > 0 && l.Tolerant && l.Damage != nil {
			l.Damage(m.count, m.sentence())
		}
		if m.changed && l.Changed != nil {
			l.Changed()
		}
	}
	return t.Run(ctx, job)
}

// patience is how long an encode may show no progress; usual is that of other runs. SVT-AV1 holds 60 frames or more before it
// gives the first, and meanwhile reads nothing: on a busy machine that takes longer than anything that x264 does.
func (l Ladder) patience(usual time.Duration) time.Duration {
	if !slices.ContainsFunc(l.Rungs, func(r Rung) bool { return r.Codec == media.AV1 }) {
		return usual
	}
	return 3 * cmp.Or(usual, time.Minute)
}

func (l Ladder) args() []string {
	var outputs []*ff.Stream
	l.pictures(l.input(), func(i int, picture *ff.Stream) {
		outputs = append(outputs, picture.Output(Pipe(i), l.codec(l.Rungs[i])))
	})
	return arguments(1, outputs...)
}

// input is the film, read from where decoding begins. See ofOneSize for reinit_filter. A decoder has a thread beside the encoders' and no more:
// cores are filled by chunks, and each of a decoder's threads holds some pictures. What it makes of a damaged picture is the same on all machines then.
func (l Ladder) input() *ff.Stream {
	return input(l.Film, with(ff.KwArgs{"reinit_filter": "0", "threads": "2"}, l.seek()))
}

// pictures makes the graph up to what the encoders get, and gives each rung's pictures to use.
func (l Ladder) pictures(film *ff.Stream, use func(i int, picture *ff.Stream)) {
	c := colorOf(l.Source)
	f := &filters{stream(film, l.Stream)}
	f.ofOneSize(l.Source)
	f.deinterlace(l.Source, l.Fields)
	f.upright(l.Source)
	if l.Source.Frames == 1 { // fps drops a picture that ends before half a frame's time
		f.add("tpad", "stop_mode", "clone", "stop_duration", ftoa(2/l.Rate.Float()))
	}
	f.constantRate(l)
	f.overBlack(c)
	f.resize(c, l.Rungs[0].Width, l.Rungs[0].Height)
	f.toSDR(c)
	for i, r := range l.Rungs {
		if i > 0 && (r.Width != l.Rungs[i-1].Width || r.Height != l.Rungs[i-1].Height) {
			f.add("scale", "w", itoa(r.Width), "h", itoa(r.Height), "flags", scaler)
			f.add("setsar", "sar", "1") // the sizes are rounded to even, which scale would make up for
		}
		out := f.Stream
		if i < len(l.Rungs)-1 {
			both := f.Split()
			out, f.Stream = both.Get("0"), both.Get("1")
		}
		use(i, out)
	}
}

// ofOneSize brings pictures that have another size or format than the first to that, because the filters behind it cannot
// change theirs; others pass it untouched. Without reinit_filter=0 ffmpeg would set up the graph anew where the size
// changes, and it would begin to count its frames again.
func (f *filters) ofOneSize(v media.Video) {
	f.add("scale", "w", itoa(v.Width), "h", itoa(v.Height), "interl", "-1")
	f.add("format", "pix_fmts", v.PixFmt)
}

// deinterlace makes whole frames of fields: as their looks tell, else of those that are marked.
func (f *filters) deinterlace(v media.Video, fields bool) {
	if !v.Interlaced() {
		return
	}
	mode := "send_frame"
	if fields {
		mode = "send_field"
	}
	switch v.Scan {
	case media.ScanUpperFirst:
		f.add("bwdif", "mode", mode, "parity", "tff", "deint", "all")
	case media.ScanLowerFirst:
		f.add("bwdif", "mode", mode, "parity", "bff", "deint", "all")
	default:
		f.add("bwdif", "mode", mode, "parity", "auto", "deint", "interlaced")
	}
}

// upright turns and mirrors a picture as its camera asked for.
func (f *filters) upright(v media.Video) {
	switch v.Rotation {
	case 90:
		f.add("transpose", "dir", "clock")
	case 180:
		f.add("hflip")
		f.add("vflip")
	case 270:
		f.add("transpose", "dir", "cclock")
	}
	if v.Mirrored {
		f.add("hflip")
	}
}

// lead is how long before its first frame a piece begins to be decoded. Deinterlacing looks back, an open group of
// pictures begins with some that cannot be decoded, and containers without an index are sought in by guessing.
const lead = 2 * time.Second

// seek are the input options of a piece. Times stay those of the whole film. Nothing is thrown
// away between the keyframe that is found and the time that was asked for: a picture may be shown for minutes.
func (l Ladder) seek() ff.KwArgs {
	options := reading(l.Source.Reading)
	if l.First > 0 && l.Source.Offset == 0 {
		options["copyts"], options["start_at_zero"] = "", ""
	}
	if !l.fromStart() {
		options["ss"], options["noaccurate_seek"] = seconds(l.begins()-lead), ""
	}
	return options
}

// begins is when the first frame is shown.
func (l Ladder) begins() time.Duration {
	return min(time.Duration(float64(l.First)/l.Rate.Float()*float64(time.Second)), l.Source.End)
}

// fromStart says whether a piece is decoded from the film's beginning. One near the first picture is, because ffmpeg seeks an eighth of a
// second before -ss: before an AVI's first picture, that finds one without its keyframe.
func (l Ladder) fromStart() bool {
	return l.First == 0 || l.NoSeek || l.begins() < l.Source.Start+2*lead
}

// constantRate makes the ladder's frames at a constant rate, counted from the container's start; at most held copies of
// the last one fill up what is missing. The film's first picture stands for what is before it, and so does, of a damaged film, the first of a
// piece that can be decoded; else the lack of pictures after a seek is to be noticed.
func (f *filters) constantRate(l Ladder) {
	f.even(l.Source)
	switch {
	case l.fromStart():
		f.add("fps", "fps", l.Rate.String(), "start_time", "0")
	case l.Tolerant:
		f.add("fps", "fps", l.Rate.String(), "start_time", ftoa(float64(l.First)/l.Rate.Float()))
	default:
		f.add("fps", "fps", l.Rate.String())
	}
	if held := l.held(); held > 0 {
		f.add("tpad", "stop_mode", "clone", "stop", itoa(held))
	}
	if l.First == 0 {
		f.add("trim", "end_frame", itoa(l.Frames))
		return
	}
	f.add("trim", "start_pts", itoa(l.First), "end_pts", itoa(l.First+l.Frames)) // behind fps a time is the frame's number
	f.add("setpts", "expr", "PTS-STARTPTS")
}

// even moves pictures that are shown for two fields and three in turn to even places, of which none would else be sure of its own: fps may
// lose each other one.
func (f *filters) even(v media.Video) {
	if v.Grid == 0 || v.Interlaced() {
		return
	}
	away := v.Grid.Seconds() * v.Rate.Float()
	f.add("setpts", "expr", fmt.Sprintf("round(T*%d/%d-(%.4f))*%d/%d/TB", v.Rate.Num, v.Rate.Den, away-math.Round(away), v.Rate.Den, v.Rate.Num))
}

// held is how many times the last picture may be repeated: where the sound runs on, and one second more for
// containers that are not exact. A film that cannot be decoded to its end gives too few frames, and the reader
// notices; without this bound its last good picture would silently stand for the rest.
func (l Ladder) held() int64 {
	if l.Tolerant {
		return l.Frames
	}
	have := int64(math.Floor(l.Source.End.Seconds() * l.Rate.Float()))
	more := int64(math.Ceil(l.Rate.Float())) + 1
	if end := l.First + l.Frames; end+more > have {
		return max(0, end-have) + more
	}
	return 0
}

// codec are the output options of one rung.
func (l Ladder) codec(r Rung) ff.KwArgs {
	e := encoding{Rate: l.Rate, GOP: l.GOP, CRF: r.CRF, MaxRate: r.MaxRate, BufSize: r.BufSize, Preset: l.Preset, Tune: l.Tune, AV1: l.AV1}
	if r.Codec == media.AV1 {
		return svtav1(e)
	}
	return x264(e)
}

// encoding is what an encoder is told.
type encoding struct {
	Rate             media.Rational
	GOP              int
	CRF              float64
	MaxRate, BufSize int64
	Preset, Tune     string // x264's
	Level            string // "" lets x264 take the smallest that does
	AV1              int    // SVT-AV1's preset
}

// lookahead holds the slower presets to the 30 frames that "fast" looks ahead. Their 40 and more cost 150 MB a process at
// 1080p and bring no quality that could be measured (docs/benchmarks.md).
func lookahead(preset string) string {
	if slices.Contains([]string{"medium", "slow", "slower", "veryslow", "placebo"}, preset) {
		return ":rc-lookahead=30"
	}
	return ""
}

// svtav1 gives the options of one output in AV1. A keyframe stands every GOP and nowhere else, and closes what is before it.
// MaxRate is left out: with it, SVT-AV1 1.4 gives other bytes in each run. Without it they are the same, and with any
// threads (lp); one leaves the cores to other chunks, as x264's do. The level follows from size and rate.
func svtav1(e encoding) ff.KwArgs {
	return with(shared(e), ff.KwArgs{"c:v": "libsvtav1", "preset": itoa(e.AV1), "crf": ftoa(e.CRF), "g": itoa(e.GOP), "svtav1-params": "lp=1"})
}

// shared are the options that outputs of all codecs share.
func shared(e encoding) ff.KwArgs {
	return with(clean(), ff.KwArgs{
		"an": "", "pix_fmt": "yuv420p", "flags:v": "+bitexact", "colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709", "color_range": "tv",
		"video_track_timescale": itoa(Timescale(e.Rate)), "format": "mp4", "movflags": "+frag_keyframe+empty_moov+default_base_moof+skip_trailer",
	})
}

// x264 gives the options of one output. Every GOP is closed, begins with an IDR and has the same length in every
// rung; "stitchable" keeps the parameter sets the same for whatever rate, so that segments of different runs
// share one init section. filter_units drops all SEI, in which x264 writes its settings.
//
// Under a rate cap only one thread gives the same bytes at every run (docs/benchmarks.md).
func x264(e encoding) ff.KwArgs {
	options := with(shared(e), ff.KwArgs{
		"c:v": "libx264", "profile:v": "high", "preset": e.Preset, "crf": ftoa(e.CRF), "g": itoa(e.GOP), "keyint_min": itoa(e.GOP),
		"x264-params": "scenecut=0:open-gop=0:stitchable=1" + lookahead(e.Preset), "threads": "1", "bsf:v": "filter_units=remove_types=6",
	})
	if e.MaxRate > 0 {
		options["maxrate"], options["bufsize"] = itoa(e.MaxRate), itoa(e.BufSize)
	}
	if e.Tune != "" {
		options["tune"] = e.Tune
	}
	if e.Level != "" {
		options["level"] = e.Level
	}
	return options
}
