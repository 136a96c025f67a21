package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"syscall"

	"filmpress/internal/plan"
	"filmpress/internal/ui"
)

// rarely is the share of its rungs' caps that hardly any film stays below: a still picture, a lecture.
const rarely = 0.15

// checkRoom looks, before hours of encoding, whether the results fit on the disks. What a film will really take is not
// known; where not even a still picture would fit, it is an error, and where a busy one would not, a note.
func (a *app) checkRoom(s studied) error {
	most := needed(s.plan, func(digest string) bool { _, ok := s.kept.Look(digest); return ok })
	places := []string{s.kept.Dir()}
	if !strings.HasPrefix(a.config.To, "s3://") {
		places = append(places, existing(a.config.To))
	}
	type disk struct {
		place string
		free  int64
		uses  int64
	}
	disks := map[[2]int32]*disk{}
	for _, place := range places {
		var fs syscall.Statfs_t
		if err := syscall.Statfs(place, &fs); err != nil {
			continue // it will be told when something is written there
		}
		d := disks[fs.Fsid.X__val]
		if d == nil {
			d = &disk{place: place, free: int64(fs.Bavail) * int64(fs.Bsize)}
			disks[fs.Fsid.X__val] = d
		}
		d.uses++
	}
	for _, place := range places { // in their order, so that the same state gives the same words
		for _, d := range disks {
			if d.place != place {
				continue
			}
			switch want := most * d.uses; {
			case d.free < int64(float64(want)*rarely):
				return fmt.Errorf("the disk of %s has only %s free, and this film may need %s; free some space, or name other places with --kept and --to",
					ui.Clean(place), ui.Bytes(d.free), ui.Bytes(want))
			case d.free < want:
				a.ui.Note(fmt.Sprintf("the disk of %s has %s free; this film needs at most %s", ui.Clean(place), ui.Bytes(d.free), ui.Bytes(want)))
			}
		}
	}
	return nil
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
			if err := json.Unmarshal(s.Params, &c); err != nil {
				panic(err) // of our own plan
			}
			seconds := float64(c.Frames) / c.Rate.Float()
			for _, r := range c.Rungs {
				bytes += int64(float64(r.Max) / 8 * seconds)
			}
			bytes += int64(float64(c.Rungs[len(c.Rungs)-1].Max) / 8 * seconds / 2) // the MP4, of a rung below
		case plan.Audio:
			var a plan.AudioParams
			if err := json.Unmarshal(s.Params, &a); err != nil {
				panic(err)
			}
			bytes += int64(float64(a.Bitrate) / 8 * a.Duration.Float())
		}
	}
	return bytes
}
