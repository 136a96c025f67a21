package align

import (
	"bytes"
	"fmt"
	"os"
	"testing"
	"time"
)

func TestDev2(t *testing.T) {
	if os.Getenv("DEV2") == "" {
		t.Skip()
	}
	for _, min := range []int{1, 2, 3} {
		for seed := range 6 {
			lang := []string{"en", "ru", "de", "hu", "ky", "tr"}[seed]
			f := speakFilm(t, lang, time.Duration(min)*time.Minute, true, uint64(seed+300))
			sp, _ := DetectSpeech(bytes.NewReader(mixed(t, f.voice, seed%5, seed)))
			for _, c := range []change{changes[0], changes[3], changes[4], changes[5], changes[9], changes[13]} {
				bad, good := c.apply(f.cues)
				r := ToSpeech(bad, sp, Options{})
				m := misses(r, bad, good)
				fmt.Printf("%d min %s %-10s cues %d conf %.2f sure %v 95%% %.0f %s %v D%v\n", min, lang, c.name, len(bad), r.Confidence, r.Sure(), quantile(m, .95), r.Ratio.Name, r.Pieces, r.Doubtful)
			}
			g := speakFilm(t, lang, time.Duration(min)*time.Minute, true, uint64(seed+400))
			r := ToSpeech(g.cues, sp, Options{})
			fmt.Printf("WRONG conf %.2f %v %s %v D%v\n", r.Confidence, r.Sure(), r.Ratio.Name, r.Pieces, r.Doubtful)
		}
	}
}
func BenchmarkDetect(b *testing.B) {
	f := speakFilm(b, "en", 2*time.Minute, true, 1)
	for b.Loop() {
		DetectSpeech(pcm(f.voice))
	}
}
func BenchmarkAlign(b *testing.B) {
	f := speakFilm(b, "en", 60*time.Minute, true, 1)
	s := Speech{Spans: f.cues, Duration: time.Hour, Confidence: 1}
	fmt.Println(len(f.cues))
	for b.Loop() {
		ToSpeech(f.cues, s, Options{})
	}
}
