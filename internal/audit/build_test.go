package audit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/hls"
	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
)

// files is a presentation in memory, by path.
type files map[string][]byte

func ffmpeg(args ...string) []byte {
	cmd := exec.Command("ffmpeg", append([]string{"-nostdin", "-v", "error"}, args...)...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		panic(fmt.Sprintf("ffmpeg %s: %v\n%s", strings.Join(args, " "), err, errs.String()))
	}
	return out.Bytes()
}

const (
	frames = 480 // 16.016 s at 30000/1001
	gop    = 60
)

// picture is one rung as the encoder gives it: the track and a fragment for each group of pictures.
type picture struct {
	name  string
	track mp4.Track
	gops  []mp4.Fragment
}

type sound struct {
	config mp4.AudioConfig
	blocks [][]byte
}

// encoded encodes once for all tests: two rungs and a sound.
var encoded = sync.OnceValues(func() ([]picture, sound) {
	var rungs []picture
	for _, size := range []string{"320x180", "160x90"} {
		rungs = append(rungs, encode(size, size, "high"))
	}
	return rungs, encodeSound("sine=r=48000:d=16.04", "64k", 2)
})

func encodeSound(source, rate string, channels int) (s sound) {
	r := mp4.NewADTSReader(bytes.NewReader(ffmpeg("-f", "lavfi", "-i", source, "-ac", fmt.Sprint(channels), "-c:a", "aac", "-aac_coder", "fast", "-b:a", rate, "-f", "adts", "-")))
	for {
		b, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		s.blocks = append(s.blocks, b)
	}
	s.config = r.Config()
	s.blocks = s.blocks[1:]
	return s
}

func encode(name, size, profile string, extra ...string) picture {
	args := []string{"-f", "lavfi", "-i", "testsrc2=r=30000/1001:s=" + size, "-frames:v", fmt.Sprint(frames), "-c:v", "libx264", "-preset", "veryfast",
		"-profile:v", profile, "-g", fmt.Sprint(gop), "-keyint_min", fmt.Sprint(gop), "-x264-params", "scenecut=0:open-gop=0", "-bf", "3"}
	args = append(args, extra...)
	if profile != "high444" {
		args = append(args, "-pix_fmt", "yuv420p")
	}
	return fragments(name, append(args, "-bsf:v", "filter_units=remove_types=6"))
}

// fragments encodes with ffmpeg, and takes its fragments apart.
func fragments(name string, args []string) picture {
	r := mp4.NewReader(bytes.NewReader(ffmpeg(append(args, "-video_track_timescale", "30000", "-movflags",
		"+frag_keyframe+empty_moov+default_base_moof+skip_trailer", "-f", "mp4", "-")...)))
	p := picture{name: name}
	var err error
	if p.track, err = r.Init(); err != nil {
		panic(err)
	}
	for {
		f, err := r.Next()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			panic(err)
		}
		p.gops = append(p.gops, f)
	}
}

// build publishes rungs and sound as the program does. Every change to what is measured is made on the
// arguments; every lie is told by changing the files afterwards.
func build(rungs []picture, snd *sound, vtt string) files {
	out := files{}
	var p hls.Presentation
	for _, rung := range rungs {
		p.Pictures = append(p.Pictures, publish(out, rung))
	}
	if snd != nil {
		p.Sounds = []hls.Sound{publishSound(out, *snd)}
	}
	if vtt != "" {
		out["o/s/en.vtt"] = []byte(vtt)
		length := frames * 1001 * time.Second / 30000
		out["r/1/en.m3u8"] = hls.VOD(6, "", []hls.Segment{{URI: "../../o/s/en.vtt", Duration: length}}).Bytes()
		p.Texts = []hls.Text{{URI: "en.m3u8", Name: "English", Language: "en", SDH: true, Rates: hls.Measure([]hls.Part{{Size: int64(len(vtt)), Duration: length}}, 16)}}
	}
	out["r/1/master.m3u8"] = p.Master().Bytes()
	return out
}

func publish(out files, rung picture) hls.Picture {
	at := func(ticks uint64) time.Duration {
		return time.Duration(ticks) * time.Second / time.Duration(rung.track.Timescale)
	}
	dir := "../../o/" + rung.name + "/"
	var segments, keys []hls.Segment
	var parts, keyParts []hls.Part
	var ticks uint64
	shift := rung.gops[0].Samples[0].Offset
	for n := 0; n < len(rung.gops); n += 3 {
		var data []byte
		start := ticks
		for k, g := range rung.gops[n:min(n+3, len(rung.gops))] {
			g.Samples = append([]mp4.Sample(nil), g.Samples...)
			g.Shift(shift)
			g.Sequence, g.Time = uint32(n+k+1), ticks
			offset := int64(len(data))
			data = mp4.AppendFragment(data, g)
			key := int64(len(data)-len(g.Data)) + int64(g.Samples[0].Size) - offset
			d := at(ticks+g.Duration()) - at(ticks)
			keys = append(keys, hls.Segment{URI: fmt.Sprintf("%s%d.m4s", dir, n/3), Duration: d, Range: hls.ByteRange{Length: key, Offset: offset}})
			keyParts = append(keyParts, hls.Part{Size: key, Duration: d})
			ticks += g.Duration()
		}
		d := at(ticks) - at(start)
		segments = append(segments, hls.Segment{URI: fmt.Sprintf("%s%d.m4s", dir, n/3), Duration: d})
		parts = append(parts, hls.Part{Size: int64(len(data)), Duration: d})
		out[fmt.Sprintf("o/%s/%d.m4s", rung.name, n/3)] = data
	}
	out["o/"+rung.name+"/init.mp4"] = rung.track.InitSection()
	list, trick := hls.VOD(6, dir+"init.mp4", segments), hls.IFrames(dir+"init.mp4", keys)
	out["r/1/"+rung.name+".m3u8"], out["r/1/"+rung.name+"-i.m3u8"] = list.Bytes(), trick.Bytes()
	return hls.Picture{URI: rung.name + ".m3u8", IFrames: rung.name + "-i.m3u8", Width: rung.track.Width, Height: rung.track.Height,
		FrameRate: media.Rational{Num: 30000, Den: 1001}, Codec: hls.VideoCodec(rung.track.Codec, rung.track.Config), Rates: hls.Measure(parts, list.Target),
		IRates: hls.Measure(keyParts, trick.Target)}
}

func publishSound(out files, s sound) hls.Sound {
	const perSegment = 282
	var segments []hls.Segment
	var parts []hls.Part
	for n := 0; n < len(s.blocks); n += perSegment {
		f := mp4.Fragment{Sequence: uint32(n/perSegment + 1), Time: uint64(n) * mp4.SamplesPerFrame}
		for _, b := range s.blocks[n:min(n+perSegment, len(s.blocks))] {
			f.Samples = append(f.Samples, mp4.Sample{Duration: mp4.SamplesPerFrame, Size: uint32(len(b)), Sync: true})
			f.Data = append(f.Data, b...)
		}
		data := mp4.AppendFragment(nil, f)
		d := time.Duration(f.Duration()) * time.Second / 48000
		out[fmt.Sprintf("o/a/%d.m4s", n/perSegment)] = data
		segments = append(segments, hls.Segment{URI: fmt.Sprintf("../../o/a/%d.m4s", n/perSegment), Duration: d})
		parts = append(parts, hls.Part{Size: int64(len(data)), Duration: d})
	}
	out["o/a/init.mp4"] = s.config.Track().InitSection()
	out["r/1/a.m3u8"] = hls.VOD(6, "../../o/a/init.mp4", segments).Bytes()
	return hls.Sound{URI: "a.m3u8", Name: "English", Language: "en", Codec: hls.AudioCodec(s.config.ASC), Channels: s.config.Channels, Rates: hls.Measure(parts, 6)}
}

const vtt = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n\n00:00:01.000 --> 00:00:03.000 line:80%\nHello\n"

// sample is the good presentation that the mutations start from.
func sample(t *testing.T) files {
	t.Helper()
	rungs, s := encoded()
	return maps.Clone(build(rungs, &s, vtt))
}
