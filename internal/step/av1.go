package step

import (
	"fmt"
	"math"

	"filmpress/internal/media"
	"filmpress/internal/media/av1"
	"filmpress/internal/media/mp4"
)

// entryOfAV1 is AV1's sample entry.
const entryOfAV1 = "av01"

// tidy makes the samples of a fragment from ffmpeg what AV1 in MP4 is to be (AV1 Codec ISO Media File Format Binding, 2.4):
// without temporal delimiters, padding and metadata. It fails where they are not what their flags say, and gives av1C for
// their sequence header: the encoder's own tells of other tools than the stream uses.
func tidy(f *mp4.Fragment) (config []byte, err error) {
	var data []byte
	rest := f.Data
	for i := range f.Samples {
		s := &f.Samples[i]
		sample, err := av1.Strip(rest[:s.Size])
		if err != nil {
			return nil, err
		}
		rest = rest[s.Size:]
		unit, err := av1.Look(sample)
		if err != nil {
			return nil, err
		}
		if unit.Key != s.Sync {
			return nil, fmt.Errorf("picture %d of a group is flagged keyframe=%v, and is none or one", i, s.Sync)
		}
		if unit.Sequence != nil {
			own, err := av1.Config(unit.Sequence)
			if err != nil {
				return nil, err
			}
			if config != nil && string(own) != string(config) {
				return nil, fmt.Errorf("the encoder changed its settings within a group of pictures")
			}
			config = own
		}
		s.Size = uint32(len(sample))
		data = append(data, sample...)
	}
	f.Data = data
	return config, nil
}

// The rate factors of SVT-AV1 when a segment is brought down: what a step is worth at most, in the logarithm of the rate
// (docs/benchmarks.md: 0.042 to 0.065), and the coarsest.
const (
	stepOfAV1 = 0.065
	mostOfAV1 = 63
)

// coarser is the rate factor at which a segment that came to so many bytes at factor is expected to come to fewer.
func coarser(factor, bytes, wanted float64) float64 {
	return factor + math.Max(1, math.Ceil(math.Log(bytes/wanted)/stepOfAV1))
}

// isAV1 says whether a rung is AV1, and not H.264.
func isAV1(codec string) bool { return codec == media.AV1 }
