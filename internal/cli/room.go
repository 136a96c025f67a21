package cli

import (
	"fmt"
	"slices"
	"strings"
	"syscall"

	"filmpress/internal/plan"
	"filmpress/internal/store"
	"filmpress/internal/ui"
)

// rarely is the share of its rungs' caps that hardly any film stays below: a still picture, a lecture.
const rarely = 0.15

// checkRoom looks, before hours of encoding, whether the results fit on the disks. What a film will really take is not
// known; where not even a still picture would fit, it is an error, and where a busy one would not, a note.
func (a *app) checkRoom(s studied) error {
	most := needed(s.plan, func(digest string) bool { _, ok := s.kept.Look(digest); return ok })
	place, want := s.kept.Dir(), most
	disk, err := diskOf(place)
	if err != nil {
		return nil // it will be told when something is written there
	}
	if target := existing(a.config.To); !strings.HasPrefix(a.config.To, "s3://") {
		other, err := diskOf(target)
		switch {
		case err != nil:
		case other.Fsid == disk.Fsid:
			want += most // everything lies there twice
		default:
			if err := a.fits(target, other, most); err != nil {
				return fullError{err}
			}
		}
	}
	return a.fits(place, disk, want)
}

// fullError is a target's disk that is too full to begin with. It tells of store.ErrFull, as one that fills up later does.
type fullError struct{ error }

func (fullError) Unwrap() error { return store.ErrFull }

// fits says whether a disk has room for so many bytes.
func (a *app) fits(place string, disk syscall.Statfs_t, want int64) error {
	switch free := freeOn(disk); {
	case free < int64(float64(want)*rarely):
		return fmt.Errorf("the disk of %s has only %s free, and this film may need %s; free some space, or name other places with --kept and --to",
			ui.Clean(place), ui.Bytes(free), ui.Bytes(want))
	case free < want:
		a.ui.Note(fmt.Sprintf("the disk of %s has %s free; this film needs at most %s", ui.Clean(place), ui.Bytes(free), ui.Bytes(want)))
	}
	return nil
}

func diskOf(place string) (disk syscall.Statfs_t, err error) {
	err = syscall.Statfs(place, &disk)
	return disk, err
}

// freeOn is what this user may still write, in bytes.
func freeOn(disk syscall.Statfs_t) int64 { return int64(disk.Bavail) * int64(disk.Bsize) }

// capOf is the highest rate of the rung that has a rung's size and a cap, in bit/s.
func capOf(rungs []plan.Rung, r plan.Rung) int64 {
	i := slices.IndexFunc(rungs, func(o plan.Rung) bool { return o.Max > 0 && o.Width == r.Width && o.Height == r.Height })
	if i < 0 {
		return 0
	}
	return rungs[i].Max
}

// needed is the most that the results to be made can take, in bytes.
func needed(p plan.Plan, kept func(digest string) bool) (bytes int64) {
	for _, s := range p.Steps {
		if kept(s.Digest) {
			continue
		}
		switch s.Kind {
		case plan.Chunk:
			var c plan.ChunkParams
			s.Decode(&c)
			seconds := float64(c.Frames) / c.Rate.Float()
			most := int64(0)
			for _, r := range c.Rungs {
				rate := r.Max
				if rate == 0 { // AV1 has no cap, but the plan would do without it if it took more than H.264 of its size
					rate = capOf(c.Rungs, r)
				}
				bytes += int64(float64(rate) / 8 * seconds)
				most = max(most, rate)
			}
			bytes += int64(float64(most) / 8 * seconds / 2) // the MP4, of a rung below
		case plan.Audio:
			var a plan.AudioParams
			s.Decode(&a)
			bytes += int64(float64(a.Bitrate) / 8 * a.Duration.Float())
		}
	}
	return bytes
}
