package gather

import (
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"filmpress/internal/plan"
)

// readSounds reads what --audio says: "0=ru", "2=off", "0+1=ky" for a pair of left and right.
func readSounds(args []string) ([]plan.Sound, error) {
	var out []plan.Sound
	said := map[int]bool{}
	for _, arg := range args {
		s, ok := readSound(arg)
		if !ok {
			return nil, flagf("--audio %q: write a sound track and its language, as in --audio 0=ru; 2=off leaves one out, 0+1=ru joins left and right, 1=ru:ad is an audio description", arg)
		}
		for _, n := range []int{s.Track, s.Right} {
			if n >= 0 && said[n] {
				return nil, flagf("--audio names sound track %d twice", n)
			}
			said[n] = true
		}
		out = append(out, s)
	}
	return out, nil
}

func readSound(arg string) (plan.Sound, bool) {
	tracks, lang, ok := strings.Cut(arg, "=")
	left, right, pair := strings.Cut(tracks, "+")
	s := plan.Sound{Right: -1}
	var err error
	if s.Track, err = trackNumber(left); err != nil || !ok {
		return s, false
	}
	if pair {
		if s.Right, err = trackNumber(right); err != nil {
			return s, false
		}
	}
	if lang == plan.Off {
		s.Language = plan.Off
		return s, !pair
	}
	lang, s.Describes = strings.CutSuffix(lang, ":ad")
	tag, err := language.Parse(lang)
	s.Language = tag.String()
	return s, err == nil
}

func trackNumber(s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	return int(n), err
}
