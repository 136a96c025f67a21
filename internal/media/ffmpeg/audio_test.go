package ffmpeg

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/cmplx"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// encodeSound gives the sound of a film's second stream as ADTS, four seconds of it. change may be nil.
func encodeSound(t testing.TB, path string, change func(*AudioSpec)) []byte {
	t.Helper()
	spec := AudioSpec{Film: path, Stream: 1, Duration: media.Rational{Num: 4, Den: 1}, BitRate: 128000}
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

// beepIn is the time of the first loud sample on the left of decoded stereo, behind the priming.
func beepIn(t *testing.T, pcm []byte) float64 {
	t.Helper()
	for i := Priming; 4*i+1 < len(pcm); i++ {
		if s := int16(pcm[4*i]) | int16(pcm[4*i+1])<<8; s > 3000 || s < -3000 {
			return float64(i-Priming) / SampleRate
		}
	}
	t.Fatal("there is no beep")
	return 0
}

// TestSoundLength: exactly so many frames come, one of priming first, whether the track is shorter or longer.
func TestSoundLength(t *testing.T) {
	t.Parallel()
	var list []made
	for _, seconds := range []string{"1", "4", "9"} {
		list = append(list, made{seconds + ".mkv", []string{"-t", seconds, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "flac"}})
	}
	for _, path := range films(t, []string{"-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=9", "-f", "lavfi", "-i", "sine=f=440:d=9"}, list...) {
		t.Run(filepath.Base(path), func(t *testing.T) {
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
	t.Parallel()
	noise := "anoisesrc=a=%s:c=pink:d=4:seed=7"
	for name, c := range map[string]struct {
		source string
		limits bool
	}{
		"quiet": {fmt.Sprintf(noise, "0.1"), false},
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
			if want := integratedOf(t, path); math.Abs(before.I-want) > 0.1 {
				t.Errorf("measured %+v; by the standard it is %.2f LUFS", before, want)
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

// integratedOf computes the loudness of a film's second stream from its samples, as ITU-R BS.1770-4 (annex 1) says, in LUFS.
func integratedOf(t *testing.T, path string) float64 {
	t.Helper()
	pcm := raw(t, "-i", "file:"+path, "-map", "0:1", "-ar", "48000", "-ac", "2", "-f", "f64le", "-c:a", "pcm_f64le", "-")
	const step = 4800 // of 100 ms; blocks are four of them, and overlap by three
	steps := make([]float64, len(pcm)/16/step)
	for side := range 2 {
		var x1, x2, y1, y2, z1, z2 float64
		for i := range len(steps) * step {
			x := math.Float64frombits(binary.LittleEndian.Uint64(pcm[16*i+8*side:]))
			y := 1.53512485958697*x - 2.69169618940638*x1 + 1.19839281085285*x2 + 1.69065929318241*y1 - 0.73248077421585*y2
			z := y - 2*y1 + y2 + 1.99004745483398*z1 - 0.99007225036621*z2
			x1, x2, y1, y2, z1, z2 = x, x1, y, y1, z, z1
			steps[i/step] += z * z / step / 4
		}
	}
	loudness := func(above float64) float64 {
		sum, n := 0.0, 0.0
		for i := 3; i < len(steps); i++ {
			if power := steps[i-3] + steps[i-2] + steps[i-1] + steps[i]; -0.691+10*math.Log10(power) > above {
				sum, n = sum+power, n+1
			}
		}
		return -0.691 + 10*math.Log10(sum/n)
	}
	return loudness(loudness(-70) - 10)
}

// TestTruePeak: of a tone that swells, and whose samples all lie beside its peaks, the peak is measured and not the highest sample, which is 3 dB lower.
func TestTruePeak(t *testing.T) {
	t.Parallel()
	path := film(t, "film.wav", "-f", "lavfi", "-i", "aevalsrc='0.5*min(1,t)*min(1,2-t)*sin(2*PI*12000*t+PI/4)|0':s=48000:d=2", "-c:a", "pcm_f32le")
	if got, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: path}, nil, ""); err != nil || math.Abs(got.TP+6.02) > 0.2 {
		t.Errorf("%+v, %v", got, err)
	}
}

// TestVeryQuietSound: what is all but silent is raised, but not with all of its noise to the loudness of speech.
func TestVeryQuietSound(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mkv", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=4", "-f", "lavfi", "-i", "anoisesrc=a=0.004:c=pink:d=4:seed=7", "-c:v", "libx264", "-c:a", "pcm_s24le")
	before, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: path, Stream: 1}, nil, "")
	if err != nil || before.I > -45 {
		t.Fatalf("%+v, %v", before, err)
	}
	adts := encodeSound(t, path, func(s *AudioSpec) {
		s.Measured, s.Loudness, s.TruePeak = &before, -16, -1.5
		if gain, short := s.Gain(); gain != mostGain || !short {
			t.Errorf("raised by %.1f dB, %v", gain, short)
		}
	})
	after, err := tools(t).MeasureLoudness(context.Background(), AudioSpec{Film: save(t, "a.aac", adts)}, nil, "")
	if d := after.I - before.I; err != nil || math.Abs(d-mostGain) > 0.5 {
		t.Errorf("%.1f LUFS became %.1f, %v", before.I, after.I, err)
	}
}

// TestDownmix: each channel of mono, stereo and surround comes out on its side of stereo at the level of ITU-R BS.775: the
// sides as they are, what both share 3 dB lower, surround too, no low frequency effects. Within half a decibel. Every
// channel sounds a tone of its own.
func TestDownmix(t *testing.T) {
	t.Parallel()
	const whole, lower, none = 0.0, -3.0, -60.0
	type sides [2]float64 // dB
	layouts := []struct {
		name     string
		channels []sides
	}{
		{"mono", []sides{{lower, lower}}},
		{"stereo", []sides{{whole, none}, {none, whole}}},
		// left, right, centre, LFE, surround left, surround right
		{"5.1", []sides{{whole, none}, {none, whole}, {lower, lower}, {none, none}, {lower, none}, {none, lower}}},
		// left, right, centre, LFE, back left, back right, side left, side right
		{"7.1", []sides{{whole, none}, {none, whole}, {lower, lower}, {none, none}, {lower, none}, {none, lower}, {lower, none}, {none, lower}}},
	}
	tone := func(channel int) int { return 400 + 270*channel } // Hz
	args, maps := []string{"-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1"}, []string{"-map", "0"}
	for i, l := range layouts {
		var tones []string
		for channel := range l.channels {
			tones = append(tones, fmt.Sprintf("0.2*sin(%d*2*PI*t)", tone(channel)))
		}
		args = append(args, "-f", "lavfi", "-i", "aevalsrc='"+strings.Join(tones, "|")+"':c="+l.name+":d=1")
		maps = append(maps, "-map", fmt.Sprint(i+1))
	}
	path := film(t, "film.mkv", slices.Concat(args, maps, []string{"-c:v", "mpeg4", "-c:a", "pcm_s16le"})...)
	source := probe(t, path)
	for i, l := range layouts {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			adts := encodeSound(t, path, func(s *AudioSpec) { s.Stream, s.Duration.Num = source.Audio[i].Index, 1 })
			pcm := raw(t, "-i", "file:"+save(t, "a.aac", adts), "-f", "s16le", "-")
			for channel, want := range l.channels {
				for side, got := range toneLevels(pcm, tone(channel)) {
					want := 20*math.Log10(0.2) + want[side]
					if silent := want < -50; silent && got > want || !silent && math.Abs(got-want) > 0.5 {
						t.Errorf("channel %d is at %.1f dB on side %d, want %.1f", channel, got, side, want)
					}
				}
			}
		})
	}
}

// TestManyChannels: of a sound with more channels than can be placed, whose places nobody says, the first two are heard, left and right.
func TestManyChannels(t *testing.T) {
	t.Parallel()
	for _, channels := range []int{9, 10, 15, 24} {
		tones := []string{"0.2*sin(2*PI*400*t)", "0.2*sin(2*PI*670*t)"}
		for range channels - 2 {
			tones = append(tones, "0.2*sin(2*PI*940*t)")
		}
		path := film(t, "film.mov", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=1", "-f", "lavfi", "-i", "aevalsrc='"+strings.Join(tones, "|")+"':d=1", "-c:v", "mpeg4", "-c:a", "pcm_s16le")
		source := probe(t, path)
		a := source.Audio[0]
		if a.Channels != channels || !a.Pair {
			t.Errorf("%d channels: %+v", channels, a)
		}
		adts := encodeSound(t, path, func(s *AudioSpec) { s.Duration.Num, s.Reading = 1, a.Reading })
		pcm := raw(t, "-i", "file:"+save(t, "a.aac", adts), "-f", "s16le", "-")
		for tone, want := range map[int][2]bool{400: {true, false}, 670: {false, true}, 940: {false, false}} {
			for side, level := range toneLevels(pcm, tone) {
				if (level > -20) != want[side] {
					t.Errorf("%d channels: the tone of %d Hz is at %.0f dB on side %d", channels, tone, level, side)
				}
			}
		}
		if err := tools(t).Listen(context.Background(), path, a, discard, nil); err != nil {
			t.Errorf("%d channels: %v", channels, err)
		}
	}
}

// levels are the mean levels of both channels of decoded stereo, in dB of full scale, without the first and last tenth.
func levels(out []byte) (left, right float64) {
	var sum [2]float64
	n := 0
	for i := len(out) / 40 * 4; i+3 < len(out)*9/10; i += 4 {
		for side := range sum {
			v := float64(int16(out[i+2*side])|int16(out[i+2*side+1])<<8) / 32768
			sum[side] += v * v
		}
		n++
	}
	dB := func(v float64) float64 { return 10 * math.Log10(v/float64(n)+1e-12) }
	return dB(sum[0]), dB(sum[1])
}

// toneLevels are the amplitudes of a tone on both sides of a second of stereo, in dB of full scale, over half of it.
func toneLevels(pcm []byte, hertz int) (sides [2]float64) {
	const n = SampleRate / 2
	for side := range sides {
		var sum complex128
		for i := range n {
			at := 4*(SampleRate/4+i) + 2*side
			v := float64(int16(pcm[at])|int16(pcm[at+1])<<8) / 32768
			sum += complex(v, 0) * cmplx.Exp(complex(0, -2*math.Pi*float64(hertz*i)/SampleRate))
		}
		sides[side] = 20 * math.Log10(2*cmplx.Abs(sum)/n+1e-12)
	}
	return sides
}

// TestPair: two tracks of one channel become left and right, in time with each other, though one begins later and ends sooner.
func TestPair(t *testing.T) {
	t.Parallel()
	path := film(t, "film.mov", "-f", "lavfi", "-i", "testsrc=s=64x64:r=5:d=4", "-f", "lavfi", "-i", "aevalsrc='if(between(t,2,2.2),sin(2000*PI*t),0)':d=4",
		"-itsoffset", "0.5", "-f", "lavfi", "-i", "aevalsrc='if(between(t,1.5,1.7),sin(2000*PI*t),0)':d=2", "-map", "0", "-map", "1", "-map", "2", "-c:v", "mpeg4", "-c:a", "pcm_s16le")
	right := 2
	var spec AudioSpec
	adts := encodeSound(t, path, func(s *AudioSpec) { s.Right = &right; spec = *s })
	if _, err := tools(t).MeasureLoudness(context.Background(), spec, nil, ""); err != nil {
		t.Fatal(err)
	}
	pcm := raw(t, "-i", "file:"+save(t, "a.aac", adts), "-f", "s16le", "-")
	var first [2]float64
	for i := 4 * Priming; i+3 < len(pcm); i += 4 {
		for side := range first {
			if v := int16(pcm[i+2*side]) | int16(pcm[i+2*side+1])<<8; first[side] == 0 && (v > 3000 || v < -3000) {
				first[side] = float64(i/4-Priming) / SampleRate
			}
		}
	}
	if math.Abs(first[0]-2) > 0.005 || math.Abs(first[1]-2) > 0.005 {
		t.Errorf("left is heard at %.3f s, right at %.3f s", first[0], first[1])
	}
	if n := len(pcm)/4 - Priming; n < 4*SampleRate || n > 4*SampleRate+2048 {
		t.Errorf("%d samples", n)
	}
}

// TestSoundChangesMidway: sound whose channels or rate change midway is refused in words; it never comes out shifted.
func TestSoundChangesMidway(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var data []byte
	for i, layout := range []string{"stereo", "5.1"} {
		path := filepath.Join(dir, layout+".ts")
		raw(t, "-f", "lavfi", "-i", "testsrc=s=64x64:r=25:d=2", "-f", "lavfi", "-i", "sine=d=2:r=48000", "-af", "aformat=channel_layouts="+layout,
			"-c:v", "mpeg2video", "-c:a", "ac3", "-output_ts_offset", fmt.Sprint(2*i), "-f", "mpegts", path)
		part, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, part...)
	}
	path := save(t, "film.ts", data)
	source := probe(t, path)
	spec := AudioSpec{Film: path, Stream: source.Audio[0].Index, Duration: media.Rational{Num: 4, Den: 1}, BitRate: 96000}
	err := tools(t).EncodeAudio(context.Background(), spec, discard, nil, "")
	if exit := (*ExitError)(nil); !errors.As(err, &exit) || exit.Why != "the sound changes its channels or its rate midway" {
		t.Errorf("%v", err)
	}
	if _, err := tools(t).MeasureLoudness(context.Background(), spec, nil, ""); err == nil {
		t.Error("its loudness was measured")
	}
}

// TestSoundlessTracks: a track that holds nothing, or nothing that can be decoded, is said and left out; one that is all of
// the film's sound is refused.
func TestSoundlessTracks(t *testing.T) {
	t.Parallel()
	inputs := []string{"-f", "lavfi", "-i", "testsrc=s=64x64:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2:r=48000"}
	one := []string{"-map", "0", "-map", "1", "-c:v", "mpeg4", "-g", "50", "-c:a", "pcm_s16le"}
	two, mp3 := slices.Concat(one[:4], []string{"-map", "1"}, one[4:]), []string{"-c:a:0", "libmp3lame", "-b:a:0", "128k"}
	paths := films(t, inputs, made{"empty.mkv", slices.Concat(two, []string{"-filter:a:1", "atrim=end_sample=0"})}, made{"none.mkv", slices.Concat(one, []string{"-af", "atrim=end_sample=0"})},
		made{"broken.avi", slices.Concat(one, mp3)}, made{"half.avi", slices.Concat(two, mp3)})
	noise := func(path string) string { // the sound's bytes become noise; the picture keeps its own
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for at := 0; ; {
			n := bytes.Index(data[at:], []byte("\xff\xfb")) // an MP3 frame
			if n < 0 {
				return save(t, filepath.Base(path), data)
			}
			at += n
			for i := at; i < min(at+300, len(data)); i++ {
				data[i] = byte(i * 7)
			}
		}
	}
	for _, c := range []struct {
		path, says string
		tracks     int
	}{
		{paths[0], "warn film-sound-empty", 1},
		{paths[1], "warn film-sound-empty", 0},
		{noise(paths[2]), "error film-sound-undecodable", 1},
		{noise(paths[3]), "warn film-sound-undecodable", 1},
	} {
		source, findings, err := tools(t).Inspect(context.Background(), c.path, report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, f := range findings {
			got += f.Severity.String() + " " + f.Rule
		}
		if got != c.says || len(source.Audio) != c.tracks {
			t.Errorf("%s: %q, %d tracks", filepath.Base(c.path), got, len(source.Audio))
		}
	}
}
