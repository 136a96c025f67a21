package ffmpeg

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
)

// encodeSound gives the first sound track as ADTS, four seconds of it.
func encodeSound(t testing.TB, path string, change func(*AudioSpec)) []byte {
	t.Helper()
	source := probe(t, path)
	spec := AudioSpec{Film: path, Stream: source.Audio[0].Index, Duration: media.Rational{Num: 4, Den: 1}, BitRate: 128000}
	if change != nil {
		change(&spec)
	}
	var data []byte
	read := func(r io.Reader) (err error) { data, err = io.ReadAll(r); return err }
	if err := tools(t).EncodeAudio(context.Background(), spec, read, nil, ""); err != nil {
		t.Fatal(err)
	}
	return data
}

// sound decodes ADTS, without the priming, to the left channel's samples.
func sound(t testing.TB, adts []byte) []int16 {
	pcm := raw(t, "-i", "file:"+save(t, "a.aac", adts), "-af", "pan=mono|c0=c0", "-f", "s16le", "-")
	samples := make([]int16, len(pcm)/2)
	for i := range samples {
		samples[i] = int16(pcm[2*i]) | int16(pcm[2*i+1])<<8
	}
	return samples[Priming:]
}

func beepAt(t *testing.T, adts []byte) float64 {
	for i, s := range sound(t, adts) {
		if s > 3000 || s < -3000 {
			return float64(i) / SampleRate
		}
	}
	t.Fatal("there is no beep")
	return 0
}

// TestSoundLength: exactly so many frames come, one of priming first, whether the track is shorter or longer.
func TestSoundLength(t *testing.T) {
	for _, source := range []string{"1", "4", "9"} {
		t.Run(source, func(t *testing.T) {
			path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d="+source, "-f", "lavfi", "-i", "sine=f=440:d="+source, "-c:v", "libx264", "-c:a", "flac")
			r, n := mp4.NewADTSReader(bytes.NewReader(encodeSound(t, path, nil))), 0
			for _, err := r.Next(); err == nil; _, err = r.Next() {
				n++
			}
			// 192,000 samples are 187.5 frames; one goes before, and the last is filled up.
			if n != 1+188 {
				t.Errorf("%d frames", n)
			}
			if c := r.Config(); c.SampleRate != SampleRate || c.Channels != 2 || c.ObjectType != 2 {
				t.Errorf("%+v", c)
			}
		})
	}
}

// TestLoudness: quiet, loud and peaky sound all come out at -16 LUFS, below the true peak; silence stays silence.
func TestLoudness(t *testing.T) {
	noise := "anoisesrc=a=%s:c=pink:d=4:seed=7"
	for name, c := range map[string]struct {
		source string
		limits bool
	}{
		"quiet": {fmt.Sprintf(noise, "0.01"), false},
		"loud":  {fmt.Sprintf(noise, "0.9"), false},
		"peaks": {"aevalsrc='(0.06*sin(440*2*PI*t)+if(lt(mod(t,2),0.01),0.5*sin(900*2*PI*t),0))':d=4", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=4", "-f", "lavfi", "-i", c.source, "-c:v", "libx264", "-c:a", "pcm_s16le")
			before, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: path, Stream: 1}, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			if limits := before.TP-16-before.I > -1.5-limiterMargin; limits != c.limits {
				t.Fatalf("measured %+v", before)
			}
			adts := encodeSound(t, path, func(s *AudioSpec) { s.Measured, s.Loudness, s.TruePeak = &before, -16, -1.5 })
			after, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: save(t, "a.aac", adts)}, nil, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("%+v became %+v", before, after)
			if d := after.I + 16; d < -1 || d > 0.5 {
				t.Errorf("%.1f LUFS", after.I)
			}
			if after.TP > -1.4 {
				t.Errorf("true peak %.1f dB", after.TP)
			}
		})
	}
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=4", "-f", "lavfi", "-i", "anullsrc=d=4", "-c:v", "libx264", "-c:a", "pcm_s16le")
	silent, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: path, Stream: 1}, nil, "")
	if err != nil || !silent.Silent {
		t.Errorf("silence was measured as %+v, %v", silent, err)
	}
}

// TestDownmix: a voice in the centre of 5.1 and a tone on its left come out on the right sides of stereo.
func TestDownmix(t *testing.T) {
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=4", "-f", "lavfi", "-i",
		"aevalsrc='0.5*sin(440*2*PI*t)|0|0|0|0|0':c=5.1:d=4", "-c:v", "libx264", "-c:a", "pcm_s16le")
	out := raw(t, "-i", "file:"+save(t, "a.aac", encodeSound(t, path, nil)), "-f", "s16le", "-")
	var peak [2]int
	for i := 0; i+1 < len(out); i += 2 {
		peak[i/2%2] = max(peak[i/2%2], int(int16(out[i])|int16(out[i+1])<<8))
	}
	if peak[0] < 10000 || peak[1] > 500 {
		t.Errorf("peaks %v", peak)
	}
}
