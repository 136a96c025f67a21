package step

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"filmpress/internal/plan"
)

// video puts the renditions together from their chunks. It writes no media: its facts tell which step's result holds
// each segment. That the chunks fit together is insisted on here.
func (w *Worker) video(_ context.Context, j job) error {
	var p plan.VideoParams
	j.step.Decode(&p)
	var whole VideoFacts
	for _, level := range p.Levels {
		var part VideoFacts
		if err := readFacts(j.in[level], &part); err != nil {
			return err
		}
		if err := whole.append(part); err != nil {
			return err
		}
		for i, r := range part.Renditions {
			first := whole.Renditions[i]
			if same, err := sameFile(j.path(first.Of, first.Init()), j.path(r.Of, r.Init())); err != nil || !same {
				return cmp.Or(err, fmt.Errorf("rung %s: two chunks need different decoder settings", r.Name))
			}
		}
	}
	for _, r := range whole.Renditions {
		if got := int64(r.Frames()); got != p.Frames {
			return fmt.Errorf("rung %s has %d frames, not %d", r.Name, got, p.Frames)
		}
	}
	return writeFacts(j.out, whole)
}

// append adds what follows in the film.
func (f *VideoFacts) append(next VideoFacts) error {
	if f.Renditions == nil {
		*f = next
		return nil
	}
	if len(next.Renditions) != len(f.Renditions) {
		return fmt.Errorf("chunks of %d and of %d rungs", len(f.Renditions), len(next.Renditions))
	}
	for i := range f.Renditions {
		a, b := &f.Renditions[i], next.Renditions[i]
		if a.Name != b.Name || a.Timescale != b.Timescale {
			return fmt.Errorf("rung %s: two chunks need different decoder settings", a.Name)
		}
		a.Segments = append(a.Segments, b.Segments...)
	}
	return nil
}

// path is where a file of the result of the input of lies.
func (j job) path(of, uri string) string { return filepath.Join(j.in[of], filepath.FromSlash(uri)) }

func sameFile(a, b string) (bool, error) {
	x, err := os.ReadFile(a)
	if err != nil {
		return false, err
	}
	y, err := os.ReadFile(b)
	return bytes.Equal(x, y), err
}

// ReadVideo reads the facts of a video result.
func ReadVideo(dir string) (f VideoFacts, err error) {
	err = readFacts(dir, &f)
	return f, err
}
