package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"

	ff "github.com/u2takey/ffmpeg-go"
)

// errNoPicture says that ffmpeg was content and gave nothing.
var errNoPicture = errors.New("ffmpeg gave no picture")

// StillSpec is one picture taken from a finished rendition.
type StillSpec struct {
	Path     string        // of the rendition: init section and segments in one file
	At       time.Duration // show the picture of this moment, from the first one of Path; negative chooses one
	Duration time.Duration // of the film, for choosing
	Quality  int           // mjpeg's q, 2 (best) to 31; 0 is 3
}

// The choice of a poster looks at keyframes of the film's first third, so that the end is not given away; at no
// more than candidates of them, because the filter holds them all in memory; and, unless there is nothing else, at none
// that is darker than dark (mean luma, of 16 to 235) or flatter than flat (entropy of the luma's histogram, of 0 to 1): a fade
// from black or white, and a title on an empty ground, say nothing of a film.
const (
	candidates = 40
	dark       = 32
	flat       = "0.35"
)

// firstOf goes the ways one behind the other until one leads to a picture.
func (t Tools) firstOf(ctx context.Context, ways []func(pipe int) *ff.Stream, log string) ([]byte, error) {
	for _, way := range ways {
		picture, err := t.still(ctx, arguments(1, way(0)), log)
		if !errors.Is(err, errNoPicture) {
			return picture, err
		}
	}
	return nil, errNoPicture
}

func (t Tools) still(ctx context.Context, args []string, log string) (picture []byte, err error) {
	if err := t.Run(ctx, Job{Args: args, Read: []func(io.Reader) error{only(&picture)}, Log: log}); err != nil {
		return nil, err
	}
	if picture == nil {
		return nil, errNoPicture
	}
	return picture, nil
}

// ways are how a picture is looked for, the best one first. Each writes to the pipe that it is given.
func (s StillSpec) ways() []func(pipe int) *ff.Stream {
	if s.At >= 0 {
		return []func(int) *ff.Stream{s.at}
	}
	var all []func(int) *ff.Stream
	for _, skip := range []emptiness{darkOrFlat, onlyDark, nothing} {
		all = append(all, func(pipe int) *ff.Stream { return s.chosen(skip, pipe) })
	}
	return append(all, s.at)
}

func (s StillSpec) at(pipe int) *ff.Stream {
	f := &filters{stream(input(s.Path, ff.KwArgs{"ss": seconds(max(0, s.At))}), 0)}
	f.jpegColor()
	return f.Output(Pipe(pipe), jpeg(s.Quality, 1))
}

// emptiness is what a choice passes over.
type emptiness int

const (
	nothing emptiness = iota
	onlyDark
	darkOrFlat
)

func (s StillSpec) chosen(skip emptiness, pipe int) *ff.Stream {
	part := max(s.Duration/3, time.Second)
	f := &filters{stream(input(s.Path, ff.KwArgs{"skip_frame": "nokey", "t": seconds(part)}), 0)}
	f.add("select", "expr", fmt.Sprintf("isnan(prev_selected_t)+gte(t-prev_selected_t,%s)", seconds(part/candidates)))
	if skip >= onlyDark {
		f.add("signalstats")
		f.add("metadata", "mode", "select", "key", "lavfi.signalstats.YAVG", "value", itoa(dark), "function", "greater")
	}
	if skip == darkOrFlat {
		f.add("entropy")
		f.add("metadata", "mode", "select", "key", "lavfi.entropy.normalized_entropy.normal.Y", "value", flat, "function", "greater")
	}
	f.add("thumbnail", "n", itoa(candidates))
	f.jpegColor()
	return f.Output(Pipe(pipe), jpeg(s.Quality, 1))
}

// StoryboardSpec is a film's storyboard: small pictures in sheets.
type StoryboardSpec struct {
	Path          string        // of a finished rendition: init section and segments in one file
	Duration      time.Duration // of the film
	Interval      time.Duration // between two pictures; picture i shows the keyframe at or before i x Interval
	Width, Height int           // of one picture
	Columns, Rows int           // of a sheet; places left over on the last one are black
	Quality       int           // mjpeg's q, 2 (best) to 31; 0 is 3
}

// Count is the number of pictures.
func (s StoryboardSpec) Count() int {
	return max(1, int(math.Ceil(s.Duration.Seconds()/s.Interval.Seconds())))
}

// Sheets is the number of sheets.
func (s StoryboardSpec) Sheets() int {
	perSheet := s.Columns * s.Rows
	return (s.Count() + perSheet - 1) / perSheet
}

// Storyboard decodes keyframes alone and hands over the sheets in order, as JPEG.
func (t Tools) Storyboard(ctx context.Context, s StoryboardSpec, sheet func(i int, jpeg []byte) error, log string) error {
	got := 0
	if err := t.Run(ctx, Job{Args: arguments(1, s.output(0)), Read: []func(io.Reader) error{counted(sheet, &got)}, Log: log}); err != nil {
		return err
	}
	return s.complete(got)
}

// StillAndStoryboard gives a JPEG in the rendition's own size, the picture most like the others around it, which is what people take for typical, and
// no black one; and a storyboard as Storyboard does. One process makes both: it takes longer to start than to decode the keyframes of minutes.
func (t Tools) StillAndStoryboard(ctx context.Context, s StillSpec, b StoryboardSpec, sheet func(i int, jpeg []byte) error, log string) (picture []byte, err error) {
	got := 0
	job := Job{Args: s.beside(b), Read: []func(io.Reader) error{only(&picture), counted(sheet, &got)}, Log: log}
	if err := t.Run(ctx, job); err != nil {
		return nil, err
	}
	if err := b.complete(got); err != nil || picture != nil {
		return picture, err
	}
	return t.firstOf(ctx, s.ways()[1:], log)
}

// beside is the argument list of the best way to a picture, and of a storyboard.
func (s StillSpec) beside(b StoryboardSpec) []string {
	return arguments(2, s.ways()[0](0), b.output(1))
}

// only reads one picture.
func only(picture *[]byte) func(io.Reader) error {
	return func(r io.Reader) error {
		return readJPEGs(r, func(_ int, data []byte) error { *picture = data; return nil })
	}
}

// counted reads sheets, and counts them.
func counted(sheet func(i int, jpeg []byte) error, got *int) func(io.Reader) error {
	return func(r io.Reader) error {
		return readJPEGs(r, func(i int, data []byte) error { *got++; return sheet(i, data) })
	}
}

// complete fails where there are too few sheets, or too many.
func (s StoryboardSpec) complete(got int) error {
	if got != s.Sheets() {
		return fmt.Errorf("ffmpeg gave %d storyboard sheets, not %d", got, s.Sheets())
	}
	return nil
}

func (s StoryboardSpec) output(pipe int) *ff.Stream {
	count := int64(s.Count())
	f := &filters{stream(input(s.Path, ff.KwArgs{"skip_frame": "nokey"}), 0)}
	// round=up puts a keyframe into the first slot that begins at or after it: a slot shows the last one before.
	f.add("fps", "fps", fmt.Sprintf("1000/%d", s.Interval.Milliseconds()), "round", "up", "start_time", "0")
	f.add("tpad", "stop_mode", "clone", "stop", itoa(count))
	f.add("trim", "end_frame", itoa(count))
	f.add("scale", "w", itoa(s.Width), "h", itoa(s.Height), "flags", "area")
	f.jpegColor()
	f.add("tile", "layout", fmt.Sprintf("%dx%d", s.Columns, s.Rows))
	return f.Output(Pipe(pipe), jpeg(s.Quality, int64(s.Sheets())))
}

// jpegColor turns our BT.709 of limited range into what JPEG means: BT.601, full range (JFIF 1.02).
func (f *filters) jpegColor() {
	f.add("scale", "in_color_matrix", "bt709", "out_color_matrix", "bt601", "in_range", "tv", "out_range", "pc")
	f.add("format", "pix_fmts", "yuvj420p")
	f.add("setsar", "sar", "1")
}

func jpeg(quality int, frames int64) ff.KwArgs {
	if quality == 0 {
		quality = 3
	}
	return with(clean(), ff.KwArgs{"an": "", "c:v": "mjpeg", "q:v": itoa(quality), "frames:v": itoa(frames),
		"flags:v": "+bitexact", "format": "image2pipe", "fps_mode": "passthrough", "threads": "1"})
}

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 6, 64) }
