package compare

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/subtitle"
)

// track makes a track of lines "seconds-seconds text", as in "1-2.5 Hello". A / is a line break.
func track(t *testing.T, lines ...string) *subtitle.Track {
	t.Helper()
	tr := &subtitle.Track{Name: "t.vtt", Format: subtitle.WebVTT}
	for _, line := range lines {
		var start, end float64
		times, text, _ := strings.Cut(line, " ")
		if _, err := fmt.Sscanf(times, "%f-%f", &start, &end); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		at := func(s float64) time.Duration { return time.Duration(s*1000+0.5) * time.Millisecond }
		tr.Cues = append(tr.Cues, subtitle.Cue{Start: at(start), End: at(end), Raw: strings.ReplaceAll(text, "/", "\n"), Markup: subtitle.WebVTT})
	}
	return tr
}

// told is a result in one line: "shift 2s; 1=1 2=2 moved 3=- missing", cues counted from 1.
func told(r Result) string {
	var out []string
	if r.Shift != 0 {
		out = append(out, "shift", r.Shift.String()+";")
	}
	name := func(i int) string {
		if i < 0 {
			return "-"
		}
		return fmt.Sprint(i + 1)
	}
	for _, p := range r.Pairs {
		out = append(out, name(p.A)+"="+name(p.B))
		for _, k := range p.Kinds {
			out = append(out, string(k))
		}
	}
	return strings.Join(out, " ")
}

func TestTracks(t *testing.T) {
	base := []string{"1-2 The lake is cold", "3-4 Nobody swims here", "5-6 We wait for summer", "7-8 Then they come"}
	for _, c := range []struct {
		name string
		a, b []string
		want string
	}{
		{"the same", base, base, "1=1 2=2 3=3 4=4"},
		{"both empty", nil, nil, ""},
		{"all missing", base[:2], nil, "1=- missing 2=- missing"},
		{"all added", nil, base[:2], "-=1 added -=2 added"},
		{"one moved", base, []string{base[0], "3.2-4.2 Nobody swims here", base[2], base[3]}, "1=1 2=2 moved 3=3 4=4"},
		{"one retimed", base, []string{base[0], "3-4.5 Nobody swims here", base[2], base[3]}, "1=1 2=2 retimed 3=3 4=4"},
		{"one rewritten", base, []string{base[0], "3-4 Nobody bathes here", base[2], base[3]}, "1=1 2=2 rewritten 3=3 4=4"},
		{"other words at the same time", base, []string{base[0], "3-4 Xyz", base[2], base[3]}, "1=1 2=2 rewritten 3=3 4=4"},
		{"moved and rewritten", base, []string{base[0], "3.5-4.5 Nobody bathes here", base[2], base[3]}, "1=1 2=2 moved rewritten 3=3 4=4"},
		{"restyled", base, []string{base[0], "3-4 <i>Nobody</i> swims here", base[2], base[3]}, "1=1 2=2 restyled 3=3 4=4"},
		{"lines broken elsewhere", []string{"1-2 a b/c"}, []string{"1-2 a/b c"}, "1=1 rewritten"},
		{"spaces that nobody sees", []string{"1-2 a/ / b "}, []string{"1-2 a/b"}, "1=1 restyled"},
		{"one missing", base, []string{base[0], base[2], base[3]}, "1=1 2=- missing 3=2 4=3"},
		{"one added", base, []string{base[0], "2.1-2.9 New here", base[1], base[2], base[3]}, "1=1 -=2 added 2=3 3=4 4=5"},
		{"one split", base, []string{base[0], "3-3.4 Nobody", "3.5-4 swims here", base[2], base[3]}, "1=1 2=3 retimed rewritten -=2 added 3=4 4=5"},
		{"all later", base, []string{"3-4 The lake is cold", "5-6 Nobody swims here", "7-8 We wait for summer", "9-10 Then they come"},
			"shift 2s; 1=1 2=2 3=3 4=4"},
		{"all earlier, one more", base[1:], []string{"0-1 Nobody swims here", "2-3 We wait for summer", "4-5.5 Then they come"},
			"shift -3s; 1=1 2=2 3=3 retimed"},
		{"later, and one is missing", base, []string{"101-102 The lake is cold", "105-106 We wait for summer", "107-108 Then they come"},
			"shift 1m40s; 1=1 2=- missing 3=2 4=3"},
		{"later, and one is added between", base, []string{"101-102 The lake is cold", "102.2-102.8 Yes", "103-104 Nobody swims here", "105-106 We wait for summer", "107-108 Then they come"},
			"shift 1m40s; 1=1 -=2 added 2=3 3=4 4=5"},
		{"taken to the end", base, []string{base[1], base[2], base[3], "100-101 The lake is cold"}, "1=4 moved 2=1 3=2 4=3"},
		{"the same text many times", []string{"1-2 Yes", "3-4 Yes", "5-6 Yes"}, []string{"1-2 Yes", "5-6 Yes"}, "1=1 2=- missing 3=2"},
		{"a translation", []string{"1-2 one", "3-4 two", "5-6 three"}, []string{"1.1-2 раз", "3-4.1 два", "8-9 три"}, "1=1 retimed rewritten 2=2 retimed rewritten 3=- missing -=3 added"},
		{"in another order in the file", base, []string{base[3], base[0], base[2], base[1]}, "1=2 2=4 3=3 4=1"},
		{"cues without text", []string{"1-2 ", "3-4 "}, []string{"1-2 ", "3-4 "}, "1=1 2=2"},
		{"cues that are never shown", []string{"2-1 a", "3-3 b"}, []string{"2-1 a", "3-3 b"}, "1=1 2=2"},
	} {
		got := told(Tracks(track(t, c.a...), track(t, c.b...), 0))
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestTolerance(t *testing.T) {
	a, b := track(t, "1-2 a", "3-4 b", "5-6 c", "7-8 d"), track(t, "1.04-2 a", "3-4.05 b", "5.04-6.04 c", "7-8 d")
	if got, want := told(Tracks(a, b, 40*time.Millisecond)), "1=1 2=2 retimed 3=3 4=4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := told(Tracks(a, b, 0)), "1=1 retimed 2=2 retimed 3=3 moved 4=4"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	// Nor does it count where all of a track is as little off; a cue that is off besides is judged by all that it is off.
	b = track(t, "1.03-2.03 a", "3.03-4.03 b", "5.05-6.05 c", "7.03-8.03 d")
	if r := Tracks(a, b, 60*time.Millisecond); !r.Same() || r.Shift != 0 {
		t.Errorf("got %+v", r)
	}
	if r := Tracks(a, b, 40*time.Millisecond); r.Shift != 0 || told(r) != "1=1 2=2 3=3 moved 4=4" {
		t.Errorf("got %+v", r)
	}
	if r := Tracks(a, b, 20*time.Millisecond); r.Shift != 30*time.Millisecond || told(r) != "shift 30ms; 1=1 2=2 3=3 4=4" {
		t.Errorf("got %s", told(r))
	}
}

// film makes n cues with words of their own, three seconds apart, so that a change of pace keeps them apart.
func film(n int, change func(i int, start, end *time.Duration, text *string) bool) *subtitle.Track {
	tr := &subtitle.Track{Format: subtitle.SRT}
	for i := range n {
		start := time.Duration(i)*3*time.Second + time.Duration(i*i%700)*time.Millisecond
		end, text := start+2*time.Second, fmt.Sprintf("what is said at number %d of them all", i*7919%10007)
		if change == nil || change(i, &start, &end, &text) {
			tr.Cues = append(tr.Cues, subtitle.Cue{Start: start, End: end, Raw: text, Markup: subtitle.SRT})
		}
	}
	return tr
}

// Whatever happens to the times of the whole film, cues keep their partners.
func TestWholeFilms(t *testing.T) {
	const n = 1500
	a := film(n, nil)
	for name, c := range map[string]struct {
		shift  time.Duration
		pairs  int // that are not missing or added
		change func(i int, start, end *time.Duration, text *string) bool
	}{
		"shifted by a minute": {time.Minute, n, func(_ int, s, e *time.Duration, _ *string) bool {
			*s, *e = *s+time.Minute, *e+time.Minute
			return true
		}},
		"another frame rate": {0, n, func(_ int, s, e *time.Duration, _ *string) bool {
			*s, *e = *s*25025/24000, *e*25025/24000
			return true
		}},
		"every word translated, and shifted": {7 * time.Second, n, func(i int, s, e *time.Duration, text *string) bool {
			*s, *e, *text = *s+7*time.Second, *e+7*time.Second, fmt.Sprintf("реплика %c", 'а'+rune(i%32))
			return true
		}},
		"every third cue gone, shifted, and typing errors": {-2 * time.Second, n * 2 / 3, func(i int, s, e *time.Duration, text *string) bool {
			*s, *e, *text = *s-2*time.Second, *e-2*time.Second, strings.Replace(*text, "said", "sayd", i%2)
			return i%3 > 0
		}},
	} {
		r := Tracks(a, film(n, c.change), 0)
		right := 0
		for _, p := range r.Pairs {
			if p.A >= 0 && p.B >= 0 {
				right++
			}
		}
		if r.Shift != c.shift || right != c.pairs {
			t.Errorf("%s: shift %v, want %v; %d pairs, want %d", name, r.Shift, c.shift, right, c.pairs)
		}
	}
}

// cpu is the processor time of this process so far. Wall time says nothing on a busy machine.
func cpu() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// Two files that have nothing in common must not take long, nor what repeats one word.
func TestNothingInCommon(t *testing.T) {
	const n = 20_000
	begin := cpu()
	other := film(n, func(i int, s, e *time.Duration, text *string) bool {
		*s, *e, *text = *s+time.Hour*100, *e+time.Hour*100, fmt.Sprintf("nichts davon %d", i)
		return true
	})
	yes := film(n, func(_ int, _, _ *time.Duration, text *string) bool { *text = "yes"; return true })
	if r := Tracks(film(n, nil), other, 0); r.Same() || len(r.Pairs) != 2*n {
		t.Errorf("%d pairs", len(r.Pairs))
	}
	if r := Tracks(yes, yes, 0); !r.Same() {
		t.Error("a track differs from itself")
	}
	if took := cpu() - begin; took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}

// FuzzTracks compares anything with anything: every cue comes out once, and a track never differs from itself.
func FuzzTracks(f *testing.F) {
	f.Add("1\n00:00:01,000 --> 00:00:02,000\na\n", "WEBVTT\n\n00:01.000 --> 00:02.000\nb\n")
	f.Fuzz(func(t *testing.T, one, two string) {
		a, _ := subtitle.Read("a.srt", []byte(one), subtitle.Options{})
		b, _ := subtitle.Read("b.vtt", []byte(two), subtitle.Options{})
		r := Tracks(&a, &b, 0)
		seenA, seenB := map[int]bool{-1: true}, map[int]bool{-1: true}
		for _, p := range r.Pairs {
			if seenA[p.A] && p.A >= 0 || seenB[p.B] && p.B >= 0 || p.A < 0 && p.B < 0 {
				t.Fatalf("%+v comes twice, or is nothing", p)
			}
			seenA[p.A], seenB[p.B] = true, true
		}
		if len(seenA) != len(a.Cues)+1 || len(seenB) != len(b.Cues)+1 {
			t.Fatalf("%d of %d and %d of %d cues", len(seenA)-1, len(a.Cues), len(seenB)-1, len(b.Cues))
		}
		if self := Tracks(&a, &a, 0); !self.Same() {
			t.Fatalf("a track differs from itself: %s", told(self))
		}
	})
}
