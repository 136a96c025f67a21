package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/subtitle"
)

// talk is when somebody speaks in the film of 60 s that the cases below start from, in seconds, irregular as people are.
var talk = [][2]float64{{2, 4.1}, {5.1, 7.6}, {9.4, 10.9}, {12, 14.8}, {17.3, 19}, {21, 24.2}, {26.2, 28}, {33, 35.7}, {36.5, 38.2}, {44, 46.3}, {47.2, 50.9}, {53, 55.4}}

// srtOf is a track whose k-th cue (from 0) has its times in line 4k+2.
func srtOf(cues [][2]float64) string {
	var b strings.Builder
	for i, c := range cues {
		ms := func(s float64) string {
			return subtitle.FormatTime(time.Duration(s*1000+0.5)*time.Millisecond, ',')
		}
		fmt.Fprintf(&b, "%d\n%s --> %s\nThis is our house.\n\n", i+1, ms(c[0]), ms(c[1]))
	}
	return b.String()
}

func spansOf(talk [][2]float64) []Span {
	out := []Span{}
	for _, s := range talk {
		out = append(out, Span{time.Duration(s[0] * float64(time.Second)), time.Duration(s[1] * float64(time.Second))})
	}
	return out
}

// but is talk with one cue, or many, changed.
func but(change func(i int, c *[2]float64)) [][2]float64 {
	out := append([][2]float64{}, talk...)
	for i := range out {
		change(i, &out[i])
	}
	return out
}

// one changes the k-th.
func one(k int, start, end float64) [][2]float64 {
	return but(func(i int, c *[2]float64) {
		if i == k {
			c[0], c[1] = c[0]+start, c[1]+end
		}
	})
}

func TestCheckFilm(t *testing.T) {
	film := Film{Duration: time.Minute, FrameRate: 25, Speech: spansOf(talk)}
	deaf := Film{Duration: time.Minute, FrameRate: 25}
	long := Film{Duration: 2 * time.Minute, FrameRate: 25, Speech: append(spansOf(talk), Span{70 * time.Second, 110 * time.Second})}
	gap := Film{Duration: time.Minute, FrameRate: 25, Speech: spansOf([][2]float64{{2, 4.1}, {5.1, 7.6}, {8, 50.8}, {53, 55.4}})}
	cuts := Film{Duration: time.Minute, FrameRate: 25, Cuts: []time.Duration{5100 * time.Millisecond, 14 * time.Second, 30 * time.Second}}
	edge := [][2]float64{{2, 4}, {5.1, 7}, {12, 13.92}, {14, 16}, {31, 33}, {52, 54}} // on cuts, two frames before one, and a second off
	for _, c := range []struct {
		name, set string
		film      Film
		cues      [][2]float64
		want      string
	}{
		{"in time", "", film, talk, ""},
		{"nothing is known of the film", "", Film{}, talk, ""},

		{"begins past the end", "", film, one(11, 8, 8), "media-after-end 46:1"},
		{"begins past the end, silent", "", deaf, one(11, 8, 8), "media-after-end 46:1"},
		{"ends past the end", "", film, one(11, 0, 4.7), "media-after-end 46:1, sync-end 46:1"},
		{"ends a frame past the end", "sync-end=off", film, one(11, 0, 4.64), ""},
		{"off", "media-after-end=off", deaf, one(11, 8, 8), ""},

		{"the last cue is early", "", deaf, talk[:9], "media-coverage 34:1"},
		{"the last cue is early, and speech follows", "", film, talk[:9], "media-coverage 34:1"},
		{"the last cue is early, but nobody speaks after it", "", Film{Duration: time.Minute, Speech: spansOf(talk[:9])}, talk[:9], ""},
		{"the last cue reaches far enough", "", deaf, talk[:11], ""},
		{"the last cue is late enough by its setting", "media-coverage.end=0.7", deaf, talk[:11], ""},
		{"forty seconds of speech at the end without a cue", "media-coverage.end=0.4", long, talk, "media-coverage 46:1"},
		{"the end is found once", "", long, talk, "media-coverage 46:1"},
		{"42 s of speech in the middle without a cue", "", gap, [][2]float64{{2, 4.1}, {5.1, 7.6}, {53, 55.4}}, "media-coverage 6:1"},
		{"42 s are allowed", "media-coverage.silence=60", gap, [][2]float64{{2, 4.1}, {5.1, 7.6}, {53, 55.4}}, ""},

		{"two seconds late", "", film, one(7, 2, 0.5), "sync-start 30:1"},
		{"two seconds early", "", film, one(7, -2, 0), "sync-start 30:1"},
		{"a second late", "", film, one(7, 1, 0), ""},
		{"a second late, and strict", "sync-start.max=500", film, one(7, 1, 0), "sync-start 30:1"},
		{"two frames are always right", "sync-start.max=0", film, one(7, 0.08, 0), ""},
		{"the second cue of one sentence", "", film, [][2]float64{{2, 4.1}, {5.1, 7.6}, {9.4, 10.9}, {12, 14.8}, {17.3, 19}, {21, 22.5}, {22.5, 24.2}, {26.2, 28}, {33, 35.7}, {36.5, 38.2}, {44, 46.3}, {47.2, 50.9}, {53, 55.4}}, ""},
		{"a sign without speech", "", film, append(append([][2]float64{}, talk[:7]...), append([][2]float64{{29, 32}}, talk[7:]...)...), ""},

		{"stays too long", "", film, one(9, 0, 0.9), ""},
		{"stays too long by a house's rule", "sync-end.max=0", film, one(9, 0, 0.9), "sync-end 38:1"},
		{"stays three seconds", "", film, one(6, 0, 3), "sync-end 26:1"},
		{"twelve frames are always right", "sync-end.max=0", film, one(6, 0, 0.48), ""},

		{"all 2 s late", "", film, but(func(_ int, c *[2]float64) { c[0] += 2; c[1] += 2 }), "sync-drift 0:0"},
		{"all 0.4 s late", "", film, but(func(_ int, c *[2]float64) { c[0] += 0.4; c[1] += 0.4 }), ""},
		{"timed for 25 frames a second", "", film, but(func(_ int, c *[2]float64) { c[0] *= 0.96; c[1] *= 0.96 }), "sync-drift 0:0"},
		{"of another film", "media-coverage=off", film, [][2]float64{{1, 4}, {8, 8.7}, {9.4, 9.9}, {10.5, 11.8}, {15, 16.4}, {19.5, 21}, {24.5, 25.5}, {29, 32.2}, {38.5, 43.8}, {46.5, 47}}, ""},

		{"near no cut", "shot-change.within=50", cuts, talk, ""},
		{"on the cuts", "", cuts, edge, ""},
		{"ends 200 ms after a cut", "", cuts, [][2]float64{{12, 14.2}, {52, 54}}, "shot-change 2:1"},
		{"begins 300 ms before a cut", "", cuts, [][2]float64{{4.8, 7}, {52, 54}}, "shot-change 2:1"},
		{"begins after one and ends before another", "", cuts, [][2]float64{{5.3, 13.7}, {52, 54}}, "shot-change 2:1, shot-change 2:1"},
		{"off", "shot-change=off", cuts, [][2]float64{{12, 14.2}, {52, 54}}, ""},
	} {
		track, _ := subtitle.Read("film.srt", []byte(srtOf(c.cues)), subtitle.Options{Language: "en"})
		if got := brief(CheckFilm(&track, c.film, with(t, c.set))); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// A forced track holds what is foreign in the film and nothing else, wherever that ends.
func TestForcedCoversLittle(t *testing.T) {
	track, _ := subtitle.Read("film.en.forced.srt", []byte(srtOf(talk[:1])), subtitle.Options{Language: "en"})
	film := Film{Duration: time.Hour, FrameRate: 25}
	if found := CheckFilm(&track, film, Settings{Kind: subtitle.Forced}); len(found) != 0 {
		t.Errorf("got %v", found)
	}
	if found := CheckFilm(&track, film, Settings{}); brief(found) != "media-coverage 2:1" {
		t.Errorf("of a track for everything said: %v", found)
	}
}

// The words of the findings are what a volunteer reads.
func TestCheckFilmWords(t *testing.T) {
	track, _ := subtitle.Read("film.srt", []byte(srtOf(but(func(_ int, c *[2]float64) { c[0] += 2; c[1] += 2 }))), subtitle.Options{})
	found := CheckFilm(&track, Film{Duration: time.Minute, FrameRate: 25, Speech: spansOf(talk)}, Settings{})
	if len(found) != 1 || found[0].String() != "film.srt: error: the track is out of time with the film: it is 2.00 s late (sync-drift)" {
		t.Errorf("got %v", found)
	}
}
