package cli

import (
	"fmt"
	"strings"

	"filmpress/internal/machine"
	"filmpress/internal/store"
	"filmpress/internal/ui"
)

// rarely is the share of its rungs' caps that hardly any film stays below: a still picture, a lecture.
const rarely = 0.15

// checkRoom looks, before hours of encoding, whether the results fit on the disks. What a film will really take is not
// known; where not even a still picture would fit, it is an error, and where a busy one would not, a note.
func (a *app) checkRoom(s studied) error {
	most := machine.Needed(s.plan, func(digest string) bool { _, ok := s.kept.Look(digest); return ok })
	place, want := s.kept.Dir(), most
	disk, err := machine.DiskOf(place)
	if err != nil {
		return nil // it will be told when something is written there
	}
	if target := machine.Existing(a.config.To); !strings.HasPrefix(a.config.To, "s3://") {
		other, err := machine.DiskOf(target)
		switch {
		case err != nil:
		case other.Same(disk):
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
func (a *app) fits(place string, disk machine.Disk, want int64) error {
	switch free := disk.Free(); {
	case free < int64(float64(want)*rarely):
		return fmt.Errorf("the disk of %s has only %s free, and this film may need %s; free some space, or name other places with --kept and --to",
			ui.Clean(place), ui.Bytes(free), ui.Bytes(want))
	case free < want:
		a.ui.Note(fmt.Sprintf("the disk of %s has %s free; this film needs at most %s", ui.Clean(place), ui.Bytes(free), ui.Bytes(want)))
	}
	return nil
}
