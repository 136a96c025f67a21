package align

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/missing"
)

// needVoices skips where there is no espeak-ng.
func needVoices(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("espeak-ng"); err != nil {
		missing.Tool(t, "espeak-ng is not installed; these tests align against its voices (Debian, Ubuntu: apt install espeak-ng)")
	}
}

// speak gives words as mono samples at SampleRate, without the silence around them.
func speak(t testing.TB, voice string, speed, words string) []float64 {
	t.Helper()
	wav, err := exec.Command("espeak-ng", "-v", voice, "-s", speed, "--stdout", "--", words).Output()
	if err != nil {
		t.Fatalf("espeak-ng -v %s: %v", voice, err)
	}
	rate, samples, err := readWAV(wav)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]float64, int(float64(len(samples))*SampleRate/rate))
	for i := range out {
		at := float64(i) * rate / SampleRate
		k := int(at)
		next := samples[min(k+1, len(samples)-1)]
		out[i] = samples[k] + (next-samples[k])*(at-float64(k))
	}
	return trim(out)
}

// readWAV reads RIFF WAVE with 16 bit mono; espeak-ng leaves the lengths open where it writes to a pipe.
func readWAV(wav []byte) (rate float64, samples []float64, err error) {
	at := bytes.Index(wav, []byte("data"))
	if len(wav) < 44 || at < 0 {
		return 0, nil, errors.New("no WAVE file")
	}
	rate = float64(binary.LittleEndian.Uint32(wav[24:]))
	for body := wav[at+8:]; len(body) >= 2; body = body[2:] {
		samples = append(samples, float64(int16(binary.LittleEndian.Uint16(body)))/32768)
	}
	return rate, samples, nil
}

// trim takes away what is below -46 dB of the peak at both ends.
func trim(s []float64) []float64 {
	peak := 0.0
	for _, v := range s {
		peak = max(peak, math.Abs(v))
	}
	from, to := 0, len(s)
	for from < to && math.Abs(s[from]) < peak/200 {
		from++
	}
	for from < to && math.Abs(s[to-1]) < peak/200 {
		to--
	}
	return s[from:to]
}

// pcm is samples as DetectSpeech reads them.
func pcm(s []float64) *bytes.Reader {
	out := make([]byte, 0, 2*len(s))
	for _, v := range s {
		out = binary.LittleEndian.AppendUint16(out, uint16(int16(max(-32768, min(32767, math.Round(v*32768))))))
	}
	return bytes.NewReader(out)
}

// at is a time in samples.
func at(d time.Duration) int { return int(d * SampleRate / time.Second) }

// spokenLines are the sentences of a language as sound, in parts where they are two cues. A language is spoken once a run.
func spokenLines(t testing.TB, lang string) [][][]float64 {
	t.Helper()
	voices.Lock()
	defer voices.Unlock()
	if voices.said == nil {
		voices.said = map[string][][][]float64{}
	}
	if voices.said[lang] == nil {
		for i, s := range sentences[lang] {
			var line [][]float64
			for part := range strings.SplitSeq(s, "|") {
				line = append(line, speak(t, lang, []string{"140", "160", "175"}[i%3], strings.TrimSpace(part)))
			}
			voices.said[lang] = append(voices.said[lang], line)
		}
	}
	return voices.said[lang]
}

var voices struct {
	sync.Mutex
	said map[string][][][]float64
}
