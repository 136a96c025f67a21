package rules

import (
	"fmt"
	"maps"
	"slices"
)

// profile is how a house differs from the catalogue's defaults.
type profile struct {
	name   string
	title  string
	levels map[string]Level
	values map[string]float64
}

// profiles are the houses, in the order in which they are shown.
var profiles = []profile{
	{name: "default", title: "what most viewers can read; the catalogue's own levels and thresholds"},
	{name: "netflix", title: "Netflix Timed Text Style Guide: general, timing, and the language's own part",
		levels: map[string]Level{"cue-gap-bridge": Warn, "chr-ellipsis": Warn, "line-fits-one": Warn, "dialog-hyphen": Warn},
		values: map[string]float64{"line-length.max@ru": 39, "dialog-hyphen.space@en": 0}},
	{name: "bbc", title: "BBC Subtitle Guidelines: words a minute, 37 characters, no short gaps",
		levels: map[string]Level{"cue-cps": Off, "cue-wpm": Warn, "chr-ellipsis": Off, "cue-min-gap": Off},
		values: map[string]float64{"cue-wpm.max": 180, "line-length.max": 37, "cue-gap-bridge.max": 1000, "cue-gap-bridge.min": 1}},
	{name: "dcmp", title: "DCMP Captioning Key: 32 characters, 160 words a minute",
		levels: map[string]Level{"cue-cps": Off, "cue-wpm": Warn, "chr-ellipsis": Off},
		values: map[string]float64{"cue-wpm.max": 160, "line-length.max": 32, "cue-min-duration.min": 1333, "cue-max-duration.max": 6000}},
	{name: "broadcast", title: "television by teletext (EBU Tech 3264: 37 characters) and the six-second rule",
		levels: map[string]Level{"chr-ellipsis": Off},
		values: map[string]float64{"line-length.max": 37, "cue-cps.max": 15, "cue-min-duration.min": 1000}},
	{name: "none", title: "no house style: structure, encoding and characters only", levels: noStyle()},
}

// noStyle turns off what is a matter of taste and of reading speed.
func noStyle() map[string]Level {
	out := map[string]Level{"chr-ellipsis": Off, "sdh-no-sounds": Off}
	for _, r := range readability {
		out[r.ID] = Off
	}
	return out
}

// Profile gives the settings of a house by its name. The error names the nearest one that there is.
func Profile(name string) (Settings, error) {
	for _, p := range profiles {
		if p.name == name {
			return Settings{levels: maps.Clone(p.levels), values: maps.Clone(p.values)}, nil
		}
	}
	return Settings{}, fmt.Errorf("no profile is called %q; the nearest is %s", name, nearest(name, ProfileNames()))
}

// ProfileNames are the names that Profile knows.
func ProfileNames() []string {
	return slices.Collect(func(yield func(string) bool) {
		for _, p := range profiles {
			if !yield(p.name) {
				return
			}
		}
	})
}
