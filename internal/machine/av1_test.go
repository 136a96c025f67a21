package machine

import (
	"encoding/json"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/plan"
)

// TestAV1NeedsMore memory and room on the disk than H.264 alone: as much room again, since nothing caps it but the plan.
func TestAV1NeedsMore(t *testing.T) {
	of := func(rungs ...plan.Rung) plan.Plan {
		c := plan.ChunkParams{Frames: 250}
		c.Rate, c.Rungs = media.Rational{Num: 25, Den: 1}, rungs
		for _, r := range rungs {
			if r.Codec == media.AV1 {
				c.AV1 = 8
			}
		}
		raw, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return plan.Plan{Steps: []plan.Step{{ID: "chunk-000", Kind: plan.Chunk, Params: raw}}}
	}
	small, hd := plan.Rung{Width: 640, Height: 360, Max: 800_000}, plan.Rung{Width: 1920, Height: 1080, Max: 8_000_000}
	smallAV1, hdAV1 := plan.Rung{Width: 640, Height: 360, Codec: media.AV1}, plan.Rung{Width: 1920, Height: 1080, Codec: media.AV1}
	h264, both := of(small, hd), of(small, hd, smallAV1, hdAV1)
	kept := func(string) bool { return false }
	if a, b := Needed(h264, kept), Needed(both, kept); a != 16_000_000 || b != 27_000_000 { // 10 s of both, and half of the larger for the MP4
		t.Errorf("%d bytes, with AV1 %d", a, b)
	}
	if a, b := Largest(h264), Largest(both); a != 1920*1080 || b != 3939840 {
		t.Errorf("%d pixels, with AV1 %d", a, b)
	}
}
