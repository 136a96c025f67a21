package ffmpeg

import (
	"bufio"
	"context"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// cutScore is ffmpeg's scene score (0 to 1) from which a picture begins a new shot. 0.3 to 0.4 is what its documentation
// calls sane.
const cutScore = "0.3"

// cutWidth is the width, in pixels, at which pictures are compared: a cut changes the whole picture, so few are enough.
const cutWidth = 160

// Cuts lists the shot changes of a picture: the time of each first frame of a shot but the film's first, from the
// container's start on. The whole picture is decoded, as fast as its decoder can. Slow dissolves are not found.
// Damaged pictures are passed over. progress may be nil.
func (t Tools) Cuts(ctx context.Context, film string, v media.Video, progress func(Progress)) ([]time.Duration, error) {
	var cuts []time.Duration
	read := func(r io.Reader) (err error) {
		cuts, err = parseCuts(r)
		return err
	}
	err := t.Run(ctx, Job{Args: cutsArgs(film, v), Read: []func(io.Reader) error{read}, Progress: progress, Tolerant: true})
	if err != nil {
		return nil, err
	}
	return cuts, nil
}

func cutsArgs(film string, v media.Video) []string {
	f := &filters{stream(input(film, with(reading(v.Reading), ff.KwArgs{"skip_loop_filter": "all"})), v.Index)}
	f.add("scale", "w", itoa(cutWidth), "h", "-2", "flags", "fast_bilinear")
	f.add("select", "expr", "gt(scene,"+cutScore+")")
	f.add("metadata", "mode", "print", "key", "lavfi.scene_score", "file", strings.ReplaceAll(Pipe(0), ":", `\:`)) // ffmpeg-go escapes for the graph, not for the filter's options
	return arguments(1, f.Output("pipe:", ff.KwArgs{"an": "", "sn": "", "dn": "", "fps_mode": "passthrough", "format": "null"}))
}

// maxCuts bounds the list: one every frame of a film of twelve hours.
const maxCuts = 1 << 20

// parseCuts reads the metadata filter's lines: "frame:0    pts:12800   pts_time:1", each followed by the score.
func parseCuts(r io.Reader) ([]time.Duration, error) {
	var cuts []time.Duration
	lines := bufio.NewScanner(r)
	for lines.Scan() && len(cuts) < maxCuts {
		_, at, ok := strings.Cut(lines.Text(), "pts_time:")
		if !ok {
			continue
		}
		s, err := strconv.ParseFloat(strings.TrimSpace(at), 64)
		if err != nil || math.IsNaN(s) || s < 0 || s > 1e9 {
			continue
		}
		if d := seconds64(s); len(cuts) == 0 || d > cuts[len(cuts)-1] {
			cuts = append(cuts, d)
		}
	}
	return cuts, lines.Err()
}
