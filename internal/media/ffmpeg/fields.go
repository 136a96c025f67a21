package ffmpeg

import (
	"context"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
	"golang.org/x/sync/errgroup"
)

// How a film is looked at for fields. One that declares them is looked at in more places: editors declare fields of
// whole frames (25p in a 50i stream), but may also have laid interlaced archive pictures between them.
const (
	samplePlaces   = 4
	declaredPlaces = 10
	sampleFrames   = 40
	looksAtOnce    = 2               // a decoder of a large picture holds 300 MB, and cannot fill all cores in 40 pictures
	sampleApart    = 8 * time.Second // a film of half a minute is looked at in four places
	tallestFields  = 1152            // lines; above, nothing was ever interlaced
)

// bySeeking are the containers in which a place is found without reading up to it.
var bySeeking = []string{"mov", "matroska", "mpegts", "mpeg", "mxf", "avi", "asf", "dv", "gxf"}

// wholeFrames are the codecs that have no fields.
var wholeFrames = set("vp8 vp9 av1 theora")

// fieldCount says how many pictures looked like fields, by their order, and how many like whole frames; what
// does not move tells nothing.
type fieldCount struct{ upper, lower, whole int64 }

// lookForFields looks at samples of a picture, whatever it declares, and sets its Scan.
func (t Tools) lookForFields(ctx context.Context, path, format string, v *media.Video) error {
	if rate := v.Rate.Float(); v.Height > tallestFields || wholeFrames[v.Codec] || !v.DeclaredInterlaced() && (rate < slowest || rate > 31) {
		return nil
	}
	all := places(format, *v)
	counts := make([]fieldCount, len(all))
	group, gctx := errgroup.WithContext(ctx)
	group.SetLimit(looksAtOnce)
	for i, at := range all {
		group.Go(func() (err error) {
			counts[i], err = t.countFields(gctx, path, *v, at)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	var sum fieldCount
	for _, c := range counts {
		sum = fieldCount{sum.upper + c.upper, sum.lower + c.lower, sum.whole + c.whole}
	}
	v.Scan = sum.scan(v.DeclaredInterlaced())
	return nil
}

// places are the times at which a film is looked at.
func places(format string, v media.Video) []time.Duration {
	most := samplePlaces
	if v.DeclaredInterlaced() {
		most = declaredPlaces
	}
	length := v.End - v.Start
	n := max(1, min(most, int(length/sampleApart)))
	seeks := false
	for _, name := range bySeeking {
		seeks = seeks || strings.HasPrefix(format, name)
	}
	if n == 1 || !seeks {
		return []time.Duration{0}
	}
	var out []time.Duration
	for i := range n {
		out = append(out, v.Start+length*time.Duration(2*i+1)/time.Duration(2*n))
	}
	return out
}

// scan judges. Fields of one order that outnumber whole frames are a film made of fields. Where a film declares fields,
// it takes a twentieth: the rest may be pictures that hardly move. Fields of both orders are noise, such as fine stripes.
func (c fieldCount) scan(declared bool) string {
	fields, name := max(c.upper, c.lower), media.ScanUpperFirst
	if c.lower > c.upper {
		name = media.ScanLowerFirst
	}
	others := min(c.upper, c.lower)
	switch {
	case fields >= 8 && fields >= 8*others && (fields > c.whole || declared && fields*20 > c.whole):
		return name
	case c.whole >= 8 && (c.upper+c.lower)*20 <= c.whole:
		return media.ScanProgressive
	}
	return ""
}

// countFields looks at one place. What cannot be decoded there tells nothing.
func (t Tools) countFields(ctx context.Context, path string, v media.Video, at time.Duration) (c fieldCount, err error) {
	job := Job{Args: append([]string{"-loglevel", "level+info"}, fieldsArgs(path, v, at)...), Tolerant: true,
		messages: func(m messages) { c = parseFields(strings.Join(m.tail, "\n")) }}
	err = t.Run(ctx, job)
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return c, nil
	}
	return c, err
}

// How much more two neighbouring lines must differ than lines of one field, for a picture to be taken for fields. The lower
// one is idet's own; on natural films it was never wrong, but some test patterns pass it.
const (
	combedDeclared   = "1.04"
	combedUndeclared = "1.3"
)

func fieldsArgs(path string, v media.Video, at time.Duration) []string {
	threshold := combedUndeclared
	if v.DeclaredInterlaced() {
		threshold = combedDeclared
	}
	options := reading(v.Reading)
	if at > 0 { // or from the keyframe before, as in tryArgs
		options["ss"], options["noaccurate_seek"] = seconds(at), ""
	}
	f := &filters{stream(input(path, options), v.Index)}
	f.add("idet", "intl_thres", threshold)
	return arguments(1, f.Output("pipe:", ff.KwArgs{"frames:v": itoa(sampleFrames), "format": "null"}))
}

var multiFrame = regexp.MustCompile(`Multi frame detection: TFF:\s*(\d+) BFF:\s*(\d+) Progressive:\s*(\d+)`)

// parseFields adds up idet's summaries: there is one for every time that ffmpeg set up its graph.
func parseFields(text string) fieldCount {
	var n [3]int64
	for _, m := range multiFrame.FindAllStringSubmatch(text, -1) {
		for i := range n {
			v, _ := strconv.ParseInt(m[i+1], 10, 64)
			n[i] += v
		}
	}
	return fieldCount{n[0], n[1], n[2]}
}
