package align

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"
)

// beds are what lies under the voices, as ffmpeg's sources; the level is that of the voice over it.
var beds = []struct{ name, source string }{
	{"clean", ""},
	{"noise, 10 dB below", "anoisesrc=c=pink:r=16000:seed=%[1]d:a=0.5"},
	{"music, 10 dB below", music},
	{"music, 5 dB below", music},
	{"music and noise, 8 dB below", music + "[m];anoisesrc=c=brown:r=16000:seed=%[1]d:a=0.5[n];[m][n]amix=2:normalize=0"},
}

var below = []float64{0, 10, 10, 5, 8}

// music is a tune of struck notes with overtones over a chord, and a drum.
const music = "aevalsrc=s=16000:exprs='" +
	"0.2*exp(-4*mod(t,0.4))*(sin(2*PI*t*220*pow(2,mod(floor(t/0.4)*7+%[1]d,12)/12))+0.5*sin(4*PI*t*220*pow(2,mod(floor(t/0.4)*7+%[1]d,12)/12))+0.3*sin(6*PI*t*220*pow(2,mod(floor(t/0.4)*7+%[1]d,12)/12)))" +
	"+0.06*(sin(2*PI*t*330*pow(2,mod(floor(t/3.2)*5,12)/12))+sin(2*PI*t*415*pow(2,mod(floor(t/3.2)*5,12)/12))+sin(2*PI*t*880*pow(2,mod(floor(t/3.2)*5,12)/12)))" +
	"+0.25*(random(0)-0.5)*exp(-20*mod(t+0.1*%[1]d,0.8))'"

// ffmpegPCM runs ffmpeg with a filter graph that ends in [out].
func ffmpegPCM(t testing.TB, stdin io.Reader, length time.Duration, args ...string) []byte {
	t.Helper()
	args = append(append([]string{"-v", "error"}, args...), "-t", fmt.Sprint(length.Seconds()), "-ac", "1", "-ar", "16000", "-f", "s16le", "-")
	cmd := exec.Command("ffmpeg", args...)
	cmd.Stdin = stdin
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %q: %v\n%s", args, err, errs.String())
	}
	return out
}

// mixed puts a bed under a voice.
func mixed(t testing.TB, voice []float64, bed int, seed int) []byte {
	length := time.Duration(len(voice)) * time.Second / SampleRate
	sound, err := io.ReadAll(pcm(voice))
	if err != nil {
		t.Fatal(err)
	}
	if bed == 0 {
		return sound
	}
	under := bedPCM(t, bed, seed, length)
	gain := level(sound, true) - level(under, false) - below[bed]
	return ffmpegPCM(t, bytes.NewReader(append(sound, under...)), length, "-f", "s16le", "-ar", "16000", "-ac", "1", "-i", "pipe:0",
		"-filter_complex", fmt.Sprintf("[0]asplit[a][b];[a]atrim=end_sample=%d[v];[b]atrim=start_sample=%[1]d,asetpts=N/SR/TB,volume=%.2fdB[u];[v][u]amix=2:normalize=0:duration=first", len(sound)/2, gain))
}

func bedPCM(t testing.TB, bed, seed int, length time.Duration) []byte {
	return ffmpegPCM(t, nil, length, "-f", "lavfi", "-i", fmt.Sprintf(beds[bed].source, seed))
}

// level is the mean power in dB; of speech only what is loud enough to be speech.
func level(sound []byte, speech bool) float64 {
	sum, n := 0.0, 0
	for i := 0; i+1 < len(sound); i += 2 {
		v := float64(int16(uint16(sound[i])|uint16(sound[i+1])<<8)) / 32768
		if !speech || math.Abs(v) > 0.002 {
			sum += v * v
			n++
		}
	}
	return 10 * math.Log10(sum/float64(n)+1e-12)
}

var changes = []change{
	{name: "in time"},
	{name: "+60 s", shift: 60 * time.Second}, {name: "-60 s", shift: -60 * time.Second}, {name: "+17.34 s", shift: 17340 * time.Millisecond}, {name: "-2.2 s", shift: -2200 * time.Millisecond},
	{name: "24/23.976", ratio: 1, shift: 1500 * time.Millisecond}, {name: "23.976/24", ratio: 2, shift: 1500 * time.Millisecond},
	{name: "25/23.976", ratio: 3}, {name: "23.976/25", ratio: 4, shift: -8 * time.Second},
	{name: "25/24", ratio: 5, shift: 20 * time.Second}, {name: "24/25", ratio: 6},
	{name: "two breaks, film longer", breaks: []cut{{0.3, 12 * time.Second}, {0.65, 19 * time.Second}}},
	{name: "two breaks, film shorter", shift: 25 * time.Second, breaks: []cut{{0.35, -7 * time.Second}, {0.7, -14 * time.Second}}},
	{name: "two breaks at 25/24", ratio: 5, breaks: []cut{{0.4, 9 * time.Second}, {0.6, -5 * time.Second}}},
	{name: "one small break", breaks: []cut{{0.5, 1500 * time.Millisecond}}},
}

// misses gives how far each cue is from its right time, in ms.
func misses(r Result, bad, good []Span) []float64 {
	var out []float64
	for i := range bad {
		if good[i].Start == lost {
			continue
		}
		out = append(out, math.Abs(float64((r.At(bad[i].Start)-good[i].Start).Microseconds()))/1000)
	}
	return out
}

func quantile(v []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(v))
	if len(s) == 0 {
		return math.NaN()
	}
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

// TestCampaign is the long proof, behind `make align-campaign`. It prints the table of docs/benchmarks.md.
func TestCampaign(t *testing.T) {
	if os.Getenv("FILMPRESS_TEST_CAMPAIGN") == "" {
		t.Skip("the long campaign runs behind make align-campaign")
	}
	needVoices(t)
	minutes := 6 * time.Minute
	byChange := make([]tally, len(changes))
	byBed := make([]tally, len(beds))
	all := tally{}
	for l, lang := range []string{"en", "ru", "de", "hu", "ky", "tr"} {
		f := speakFilm(t, lang, minutes, true, uint64(l+1))
		for b := range beds {
			speech, err := DetectSpeech(bytes.NewReader(mixed(t, f.voice, b, l)))
			if err != nil {
				t.Fatal(err)
			}
			for c, change := range changes {
				bad, good := change.apply(f.cues)
				r := ToSpeech(bad, speech, Options{})
				m := misses(r, bad, good)
				for _, into := range []*tally{&byChange[c], &byBed[b], &all} {
					into.add(r, m)
				}
				if q := quantile(m, 0.95); os.Getenv("FILMPRESS_TEST_CAMPAIGN") == "talk" && (q > 400 || !r.Sure()) {
					t.Logf("%s, %s, %s: median %.0f, 95%% %.0f; conf %.2f ratio %s pieces %v why %s; speech conf %.2f spans %d", lang, beds[b].name, change.name, quantile(m, 0.5), q, r.Confidence, r.Ratio.Name, r.Pieces, r.Why, speech.Confidence, len(speech.Spans))
				}
			}
		}
	}
	fmt.Println("| case | tracks | sure | median ms | 95 % ms | cues within 400 ms, % | worst track's 95 % ms | confidence, lowest and median |")
	fmt.Println("|-|-|-|-|-|-|-|-|")
	for i, c := range changes {
		fmt.Println(byChange[i].row(c.name))
	}
	for i, b := range beds {
		fmt.Println(byBed[i].row(b.name))
	}
	fmt.Println(all.row("all"))
}

// tally counts cases. Only those that were sure have errors.
type tally struct {
	cases, sure int
	misses      []float64
	worst       float64
	conf        []float64
}

func (a *tally) add(r Result, m []float64) {
	a.cases++
	a.conf = append(a.conf, r.Confidence)
	if r.Sure() {
		a.sure++
		a.misses = append(a.misses, m...)
		a.worst = max(a.worst, quantile(m, 0.95))
	}
}

func (a *tally) row(name string) string {
	within := 0
	for _, m := range a.misses {
		if m <= 400 {
			within++
		}
	}
	return fmt.Sprintf("| %s | %d | %d | %.0f | %.0f | %.1f | %.0f | %.2f %.2f |", name, a.cases, a.sure, quantile(a.misses, 0.5), quantile(a.misses, 0.95),
		100*float64(within)/float64(len(a.misses)), a.worst, quantile(a.conf, 0), quantile(a.conf, 0.5))
}

// TestCampaignRefusals holds cues against sound that they do not belong to.
func TestCampaignRefusals(t *testing.T) {
	if os.Getenv("FILMPRESS_TEST_CAMPAIGN") == "" {
		t.Skip("the long campaign runs behind make align-campaign")
	}
	needVoices(t)
	talk := os.Getenv("FILMPRESS_TEST_CAMPAIGN") == "talk"
	length := 6 * time.Minute
	cues := map[string]film{}
	langs := []string{"en", "ru", "de", "hu", "ky", "tr"}
	for i, lang := range langs {
		cues[lang] = speakFilm(t, lang, length, true, uint64(100+i))
	}
	hold := func(name string, speech []Speech) {
		a := tally{}
		for k, s := range speech {
			for _, lang := range langs {
				r := ToSpeech(cues[lang].cues, s, Options{})
				a.add(r, nil)
				if talk && (r.Sure() || r.Confidence > Bar*0.6) {
					t.Logf("%s %d %s: conf %.2f ratio %s pieces %v; speech conf %.2f, %d spans", name, k, lang, r.Confidence, r.Ratio.Name, r.Pieces, s.Confidence, len(s.Spans))
				}
			}
		}
		fmt.Printf("| %s | %d | %d | %.2f %.2f |\n", name, a.cases, a.sure, quantile(a.conf, 0.5), slices.Max(a.conf))
	}
	detect := func(sound []byte) Speech {
		s, err := DetectSpeech(bytes.NewReader(sound))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	fmt.Println("| sound | tracks | accepted | confidence, median and highest |")
	fmt.Println("|-|-|-|-|")
	hold("silence", []Speech{detect(make([]byte, 32000*360))})
	for b := range beds {
		if b == 0 || b == 3 {
			continue
		}
		var s []Speech
		for seed := range 5 {
			s = append(s, detect(bedPCM(t, b, seed, length)))
		}
		hold(beds[b].name+", no voice", s)
	}
	var s []Speech
	for i, lang := range langs {
		f := speakFilm(t, lang, length, true, uint64(200+i))
		s = append(s, detect(mixed(t, f.voice, i%len(beds), i)))
	}
	hold("another film's speech", s)
	for _, length := range []time.Duration{40 * time.Second, time.Minute, 2 * time.Minute} {
		var s []Speech
		for i, lang := range langs {
			cues[lang] = speakFilm(t, lang, length, true, uint64(300+i))
			s = append(s, detect(mixed(t, speakFilm(t, lang, length, true, uint64(400+i)).voice, i%len(beds), i)))
		}
		hold(fmt.Sprintf("another film's speech, %s", length), s)
	}
}
