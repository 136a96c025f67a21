package step

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/privacy"
	"filmpress/internal/report"
	"filmpress/internal/watch"
)

// The files of a pictures result, beside the storyboard's sheets, and of an mp4 result.
const (
	posterName     = "poster.jpg"
	storyboardName = "storyboard.vtt"
	mp4Name        = "film.mp4"
)

// posterSegments is how many segments, spread over the film's first third, the poster is chosen from: enough to find
// a good one, few enough that a film of hours is not copied for it.
const posterSegments = 12

// posterQuality is mjpeg's q of a poster: two thirds of the bytes of 3, at an SSIM of 0.98 of it (docs/benchmarks.md).
const posterQuality = 5

// pictures takes the poster and the storyboard from finished renditions: turned upright, tone-mapped and decoded once.
func (w *Worker) pictures(ctx context.Context, j job) error {
	var p plan.PicturesParams
	j.step.Decode(&p)
	var video VideoFacts
	if err := readFacts(j.in["video"], &video); err != nil {
		return err
	}
	dir, remove, err := j.scratch()
	if err != nil {
		return err
	}
	defer remove()
	rung := video.rung(p.Poster)
	facts := PictureFacts{Width: rung.Width, Height: rung.Height}
	sheets := &board{job: j, params: p}
	spec, err := sheets.spec(video.rung(p.Sheet), filepath.Join(dir, "sheet.mp4"))
	if err != nil {
		return err
	}
	var poster []byte
	if p.File != nil {
		if err := w.Tools.Storyboard(ctx, spec, sheets.add, w.log(j, "storyboard")); err != nil {
			return err
		}
		poster, err = w.Tools.Poster(ctx, ffmpeg.PosterSpec{Path: j.in["poster"], Source: p.File.Source, Gamut: p.File.Gamut, Width: p.File.Width, Height: p.File.Height, Quality: posterQuality}, w.log(j, "poster"))
	} else {
		still, failed := j.still(p, rung, filepath.Join(dir, "poster.mp4"))
		if failed != nil {
			return failed
		}
		poster, err = w.Tools.StillAndStoryboard(ctx, still, spec, sheets.add, w.log(j, "pictures"))
	}
	if err != nil {
		return err
	}
	if err := j.poster(poster); err != nil {
		return err
	}
	if facts.Sheets, err = sheets.finish(); err != nil {
		return err
	}
	return writeFacts(j.out, facts)
}

// still puts together what the poster is chosen from.
func (j job) still(p plan.PicturesParams, r Rendition, path string) (ffmpeg.StillSpec, error) {
	segments, spec := spread(r.Segments, posterSegments), ffmpeg.StillSpec{Path: path, At: -1, Duration: p.Duration, Quality: posterQuality}
	if p.At != nil {
		segments, spec.At = r.around(*p.At)
	}
	return spec, j.join(path, "video", r, segments)
}

// poster writes the poster, without what an encoder writes beside the picture.
func (j job) poster(picture []byte) error {
	picture, err := privacy.StripJPEG(picture)
	if err != nil {
		return err
	}
	return j.write(posterName, picture)
}

// around gives the segment that holds a moment, and how far into it the moment lies. ffmpeg takes the first frame that begins there or later, so of
// what is behind the beginning of the last frame there is none: it is half a frame before that, then.
func (r Rendition) around(at time.Duration) ([]Segment, time.Duration) {
	for i, d := range spans(r) {
		if at < d || i == len(r.Segments)-1 {
			if frames := time.Duration(r.Segments[i].Frames); frames > 0 {
				at = min(at, max(0, d-d*3/(2*frames)))
			}
			return r.Segments[i : i+1], at
		}
		at -= d
	}
	panic("a rendition without segments")
}

// spread takes at most n segments of the first third, evenly apart; of a short film the first.
func spread(segments []Segment, n int) []Segment {
	third := segments[:(len(segments)+2)/3]
	step := (len(third) + n - 1) / n
	var out []Segment
	for i := 0; i < len(third); i += step {
		out = append(out, third[i])
	}
	return out
}

// board is the storyboard in work.
type board struct {
	job    job
	params plan.PicturesParams
	sheets []string
}

// spec puts together what the storyboard is made of.
func (b *board) spec(r Rendition, path string) (ffmpeg.StoryboardSpec, error) {
	p := b.params
	spec := ffmpeg.StoryboardSpec{Path: path, Duration: p.Duration, Interval: p.Interval, Width: p.Width, Height: p.Height, Columns: p.Columns, Rows: p.Rows}
	return spec, b.job.join(path, "video", r, r.Segments)
}

// add writes one sheet.
func (b *board) add(i int, jpeg []byte) error {
	name := fmt.Sprintf("sheet-%d.jpg", i)
	b.sheets = append(b.sheets, name)
	clean, err := privacy.StripJPEG(jpeg)
	if err != nil {
		return err
	}
	return b.job.write(name, clean)
}

// finish writes what says where the pictures are on the sheets.
func (b *board) finish() (sheets []string, err error) {
	p := b.params
	layout := watch.Storyboard{Sheets: b.sheets, Interval: p.Interval, Width: p.Width, Height: p.Height, Columns: p.Columns, Rows: p.Rows}
	return b.sheets, b.job.write(storyboardName, watch.StoryboardVTT(layout, p.Duration))
}

// mp4 joins a rung and the first sound track into a progressive file, without encoding anything again.
func (w *Worker) mp4(ctx context.Context, j job) error {
	var p plan.MP4Params
	j.step.Decode(&p)
	dir, remove, err := j.scratch()
	if err != nil {
		return err
	}
	defer remove()
	var video VideoFacts
	if err := readFacts(j.in["video"], &video); err != nil {
		return err
	}
	rung := video.rung(p.Rung)
	picture, sound := filepath.Join(dir, "video.mp4"), ""
	if err := j.join(picture, "video", rung, rung.Segments); err != nil {
		return err
	}
	if in, ok := j.in["audio"]; ok {
		var audio AudioFacts
		if err := readFacts(in, &audio); err != nil {
			return err
		}
		sound = filepath.Join(dir, "audio.mp4")
		if err := j.join(sound, "audio", audio.Rendition, audio.Rendition.Segments); err != nil {
			return err
		}
	}
	out := filepath.Join(j.out, mp4Name)
	if err := w.Tools.Remux(ctx, picture, sound, out, w.log(j, "mp4")); err != nil {
		return err
	}
	if err := cleanMP4(out); err != nil {
		return err
	}
	info, err := os.Stat(out)
	if err != nil {
		return err
	}
	j.sink(report.Event{Kind: report.FileReady, Path: mp4Name})
	return writeFacts(j.out, MP4Facts{Size: info.Size()})
}

// cleanMP4 blanks what ffmpeg writes into an MP4 in spite of every flag.
func cleanMP4(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		err = privacy.CleanMP4(f, info.Size())
	}
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
