package ffmpeg

import (
	"bytes"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

func TestSnap(t *testing.T) {
	r := func(num, den int64) media.Rational { return media.Rational{Num: num, Den: den} }
	for _, c := range []struct {
		measured float64
		nominal  media.Rational
		variable bool
		want     media.Rational
	}{
		{23.976, r(24000, 1001), false, r(24000, 1001)},
		{24, r(24, 1), false, r(24, 1)},
		{29.97, r(2997, 100), false, r(30000, 1001)},
		{30.0003, r(1000000, 33333), false, r(30, 1)},
		{29.976, r(30000, 1001), false, r(30000, 1001)}, // phones: measured over two seconds
		{25, r(25, 1), false, r(25, 1)},
		{50, r(50, 1), false, r(50, 1)},
		{59.94, r(60000, 1001), false, r(60000, 1001)},
		{120, r(120, 1), false, r(120, 1)},                // halved by the plan
		{119.88, r(120000, 1001), false, r(120000, 1001)}, // halved by the plan
		{30, r(60, 1), false, r(30, 1)},                   // a container that names twice the rate
		{30, r(1000, 1), false, r(30, 1)},                 // a clock of milliseconds
		{28.874, r(14437, 500), false, r(30000, 1001)},
		{48, r(48, 1), false, r(50, 1)},
		{15, r(15, 1), false, r(15, 1)},
		{14.985, r(15000, 1001), false, r(15000, 1001)},
		{8.797, r(8797, 1000), false, r(8797, 1000)},
		{12.5, media.Rational{}, false, r(25, 2)},
		{0.5, r(1, 2), false, r(1, 2)},
		{27.5, r(30, 1), true, r(30, 1)},
		{19, r(30, 1), true, r(30, 1)}, // every third picture dropped
		{16.7, r(600, 1), true, r(17, 1)},
		{28.9, r(90000, 1), true, r(30000, 1001)},
		{8.5, media.Rational{}, true, r(9, 1)},
		{0.2, media.Rational{}, true, r(1, 1)},
	} {
		if got := snap(c.measured, c.nominal, c.variable); got != c.want {
			t.Errorf("%g (%s, variable %v) is %s, want %s", c.measured, c.nominal, c.variable, got, c.want)
		}
	}
}

// TestPace: B-frames, dropped pictures and invisible reference frames do not change the rate.
func TestPace(t *testing.T) {
	for name, c := range map[string]struct {
		pts      []int64 // milliseconds, repeated with a shift of their count x 40
		rate     float64
		variable bool
	}{
		"plain":     {[]int64{0, 40, 80, 120}, 25, false},
		"B-frames":  {[]int64{0, 160, 80, 40, 120}, 25, false},
		"dropped":   {[]int64{0, 40, 80, 120, 200, 240, 280, 320, 360, 400}, 25, true},
		"invisible": {[]int64{0, 40, 80, 81, 120, 160, 200, 240, 280, 320, 360}, 25, true},
		"untimed":   {[]int64{noTime, noTime}, 0, false},
	} {
		tm := timing{base: 0.001, spacing: map[int64]int64{}}
		span := int64(0)
		for _, p := range c.pts {
			span = max(span, p+40)
		}
		for round := range int64(50) {
			for _, p := range c.pts {
				if p != noTime {
					p += round * span
				}
				tm.add(packet{pts: p, dts: noTime, duration: 40})
			}
		}
		rate, variable := tm.pace()
		if math.Abs(rate-c.rate) > c.rate*0.03 || variable != c.variable {
			t.Errorf("%s: %g, variable %v", name, rate, variable)
		}
		if len(tm.waiting) != 0 {
			t.Errorf("%s: %d pictures are still waiting", name, len(tm.waiting))
		}
	}
}

// TestTimingStaysSmall: many packets with ever new spacings keep no more than a little.
func TestTimingStaysSmall(t *testing.T) {
	tm := timing{base: 1e-6, spacing: map[int64]int64{}}
	at := int64(0)
	for i := range int64(200_000) {
		at += 1 + i
		tm.add(packet{pts: at, dts: at})
	}
	if len(tm.spacing) > maxSpacings || len(tm.waiting) > reorder {
		t.Errorf("%d spacings, %d waiting", len(tm.spacing), len(tm.waiting))
	}
}

func TestParsePacket(t *testing.T) {
	for line, want := range map[string]packet{
		"0,1024,512,512,856,K_":            {stream: 0, pts: 1024, dts: 512, duration: 512, size: 856, key: true},
		"3,N/A,7,N/A,1,__":                 {stream: 3, pts: noTime, dts: 7, size: 1},
		"1,-5,-5,5,9,KD,,":                 {stream: 1, pts: -5, dts: -5, duration: 5, size: 9, key: true, discard: true},
		"0,99999999999999999999,0,-4,x,__": {pts: noTime},
	} {
		if got, ok := parsePacket(line); !ok || got != want {
			t.Errorf("%q: %+v", line, got)
		}
	}
	for _, line := range []string{"", "0,1", "x,1,2,3,4,5", "-1,1,2,3,4,5", "64,1,2,3,4,5"} {
		if got, ok := parsePacket(line); ok {
			t.Errorf("%q: %+v", line, got)
		}
	}
}

func TestParseLoudness(t *testing.T) {
	text := "title : I: -1 LUFS {\n[Parsed_ebur128_1 @ 0x55] [info] Summary:\n\n  Integrated loudness:\n    I:         -23.1 LUFS\n    Threshold: -33.3 LUFS\n\n" +
		"  Loudness range:\n    LRA:         5.0 LU\n    Threshold: -43.1 LUFS\n    LRA low:   -26.0 LUFS\n    LRA high:  -21.0 LUFS\n\n  True peak:\n    Peak:       -4.5 dBFS\n"
	got, err := parseLoudness(text)
	if want := (Loudness{I: -23.1, TP: -4.5}); err != nil || got != want {
		t.Errorf("%+v, %v", got, err)
	}
	for _, silent := range []string{strings.Replace(text, "-4.5", "-inf", 1), strings.Replace(text, "-23.1", "-70.0", 1)} {
		if got, err := parseLoudness(silent); err != nil || got != (Loudness{Silent: true}) {
			t.Errorf("%+v, %v", got, err)
		}
	}
	for _, bad := range []string{"", "}{", "I:", strings.Replace(text, "-4.5", "nan", 1), strings.Replace(text, "-4.5", "1.2.3", 1), strings.Replace(text, "-23.1", "loud", 1), strings.Replace(text, "Peak", "Top", 1)} {
		if got, err := parseLoudness(bad); err == nil {
			t.Errorf("%q: %+v", bad, got)
		}
	}
}

func TestMessages(t *testing.T) {
	for text, want := range map[string]string{
		"":                    "",
		"[warning] careful\n": "",
		"[libx264 @ 0x5581] [error] width not divisible by 2 (161x121)\n[error] Conversion failed!\n": "width not divisible by 2 (161x121)",
		"[in#0 @ 0x1] [mov @ 0x2] [error] moov atom not found\n":                                      "its index (the moov box) is missing: the recording or the copy was not finished",
		"[fatal] Unknown encoder 'libx264'\n":                                                         "this ffmpeg lacks an encoder that is needed",
		"[error] Last message repeated 3 times\n[fatal] the end\n":                                    "the end",
		"[error] av_interleaved_write_frame(): No space left on device\n":                             "no space left on the disk",
		"[error] " + strings.Repeat("x", 5000) + "\n[error] second\n":                                 strings.Repeat("x", maxLine-len("[error] ")),
		"[error] bad \xff\xfe byte\n":                                                                 "bad ? byte",
	} {
		if got := readMessages(strings.NewReader(text), io.Discard).sentence(); got != want {
			t.Errorf("%.60q: %.80q", text, got)
		}
	}
	var log bytes.Buffer
	readMessages(strings.NewReader(strings.Repeat("[error] again and again\n", 1<<19)), &log)
	if log.Len() > maxLog {
		t.Errorf("%d bytes of log", log.Len())
	}
}

func TestParseProbe(t *testing.T) {
	p, err := parseProbe([]byte(`{"format":{"format_name":"mov,mp4","start_time":"-0.5","duration":"1e99"},"chapters":[{"start_time":"0","end_time":"1","tags":{"title":"a\u0000\nb"}}],
	"streams":[{"index":0,"codec_type":"video","codec_name":"h264","width":64,"height":-3,"sample_aspect_ratio":"0:1","r_frame_rate":"0/0","time_base":"1/0",
	"side_data_list":[{"side_data_type":"Display Matrix","rotation":-90}],"color_space":"unknown","bits_per_raw_sample":"10"},{"index":70},
	{"index":1,"codec_type":"audio","codec_name":"unknown","tags":{"language":"ger"},"disposition":{"default":1}}]}`), false)
	if err != nil {
		t.Fatal(err)
	}
	v, a := p.streams[0].video, p.streams[1]
	if p.declared != 0 || p.start != -500*time.Millisecond || len(p.streams) != 2 || p.chapters[0].Title != "a b" || p.chapters[0].Start != 500*time.Millisecond {
		t.Errorf("%+v", p)
	}
	if v.Height != 0 || v.SAR != (media.Rational{Num: 1, Den: 1}) || v.Rotation != 90 || v.Space != "" || v.Bits != 10 || p.streams[0].base != 0 {
		t.Errorf("%+v", v)
	}
	if a.codec != "" || a.audio.Language != "de" || !a.audio.Default {
		t.Errorf("%+v", a)
	}
}

func TestBits(t *testing.T) {
	for format, want := range map[string]int{"yuv420p": 8, "yuv420p10le": 10, "yuva444p12le": 12, "gbrp16be": 16, "p010le": 10, "gray10le": 10, "argb": 8, "yuvj422p": 8, "": 0, "nv12": 8, "rgb48le": 8} {
		if got := bitsOf(rawStream{PixFmt: format}); got != want {
			t.Errorf("%s: %d", format, got)
		}
	}
}

func TestReadJPEGs(t *testing.T) {
	one := []byte("\xff\xd8\xff\xe0\x00\x04ab\xff\xda\x00\x02\x01\xff\x00\xff\xd0\x02\xff\xd9")
	var got [][]byte
	each := func(i int, data []byte) error { got = append(got, data); return nil }
	if err := readJPEGs(bytes.NewReader(bytes.Repeat(one, 3)), each); err != nil || len(got) != 3 || !bytes.Equal(got[2], one) {
		t.Errorf("%d pictures, %v", len(got), err)
	}
	for cut := 1; cut < len(one); cut++ {
		if err := readJPEGs(bytes.NewReader(one[:cut]), each); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("cut after %d bytes: %v", cut, err)
		}
	}
	for _, bad := range []string{"GIF89a", "\xff\xd8xx", "\xff\xd8\xff\xe0\x00\x01"} {
		if err := readJPEGs(strings.NewReader(bad), each); !errors.Is(err, errNotJPEG) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzParseProbe(f *testing.F) {
	f.Add([]byte(`{"format":{"format_name":"mov","start_time":"0","duration":"3.5"},"streams":[{"index":0,"codec_type":"video","width":64,"height":36,"r_frame_rate":"25/1","time_base":"1/12800","sample_aspect_ratio":"4:3","side_data_list":[{"side_data_type":"Display Matrix","rotation":-90}]},{"index":1,"codec_type":"audio","sample_rate":"48000","channels":2,"tags":{"language":"rus"}}],"chapters":[{"start_time":"0","end_time":"1","tags":{"title":"x"}}]}`))
	f.Add([]byte(`{"packets":[{"stream_index":0,"pts":0,"dts":-512,"duration":512,"size":"9","flags":"K_"},{"stream_index":0,"pts":768}],"streams":[{"index":0,"codec_type":"video","time_base":"1/12800"}]}`))
	f.Add([]byte(`{"streams":[{"index":63,"codec_type":"video","r_frame_rate":"1/2147483647","time_base":"2147483647/1"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := parseProbe(data, false)
		if err != nil {
			return
		}
		timings := make([]*timing, maxStreams)
		for i := range timings {
			timings[i] = &timing{base: 1, spacing: map[int64]int64{}}
		}
		for _, s := range p.streams {
			if s.base > 0 {
				timings[s.index].base = s.base
			}
			for at := range int64(3) {
				timings[s.index].add(packet{pts: at, dts: at, duration: 1})
			}
		}
		if packets, whole := parsePackets(data); whole {
			for _, packet := range packets {
				timings[packet.stream].add(packet)
			}
		}
		var source media.Source
		fill(&source, p, timings)
		(&judge{path: "film.mp4"}).streams(p, boxes{})
		for _, v := range source.Video {
			if v.Rate.Num <= 0 || v.Rate.Den <= 0 || v.Rate.Float() > 1000 || v.End < v.Start {
				t.Fatalf("%+v", v)
			}
			if scale := Timescale(v.Rate); scale <= 0 || scale*v.Rate.Den%v.Rate.Num != 0 || scale > math.MaxInt32 {
				t.Fatalf("%s frames a second in ticks of 1/%d", v.Rate, scale)
			}
			_, _ = v.Display()
			colorOf(v)
		}
	})
}

func FuzzParsePicture(f *testing.F) {
	f.Add([]byte(`{"frames":[{"width":320,"side_data_list":[{"side_data_type":"3x3 displaymatrix","displaymatrix":"\n00000000: 0 65536 0\n00000001: -65536 0 0\n00000002: 0 0 1073741824\n","rotation":-90}]}],"streams":[{"codec_name":"mjpeg","codec_type":"video","width":320,"height":240,"pix_fmt":"yuvj420p"}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, ok := parsePicture(data)
		if w, h := p.Display(); ok && (w < 0 || h < 0 || p.Rotation%90 != 0) {
			t.Fatalf("%+v", p)
		}
	})
}

func FuzzParsePacket(f *testing.F) {
	f.Add("0,1024,512,512,856,K_")
	f.Fuzz(func(t *testing.T, line string) {
		p, ok := parsePacket(line)
		if !ok {
			return
		}
		tm := timing{base: 1e-3, spacing: map[int64]int64{}}
		tm.add(p)
		tm.add(packet{pts: p.dts, dts: p.pts})
		tm.pace()
	})
}

func FuzzProgress(f *testing.F) {
	f.Add([]byte("frame=12\nout_time_us=480000\nspeed=1.5x\ntotal_size=N/A\nprogress=continue\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		parseProgress(bytes.NewReader(data), func(p Progress) {
			if p.Frames < 0 || p.OutTime < 0 || p.Speed < 0 || p.Bytes < 0 {
				t.Fatalf("%+v", p)
			}
		})
	})
}

func FuzzMessages(f *testing.F) {
	f.Add([]byte("[mov @ 0x55] [error] moov atom not found\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m := readMessages(bytes.NewReader(data), io.Discard)
		if s := m.sentence(); strings.ContainsAny(s, "\n") || len(s) > 3*maxLine || len(m.tail) > maxTail {
			t.Fatalf("%q", s)
		}
	})
}

func FuzzJPEGs(f *testing.F) {
	f.Add([]byte("\xff\xd8\xff\xda\x00\x02\x01\xff\x00\x02\xff\xd9"))
	f.Fuzz(func(t *testing.T, data []byte) {
		total := 0
		err := readJPEGs(bytes.NewReader(data), func(_ int, d []byte) error { total += len(d); return nil })
		if total > len(data) || err == nil && total != len(data) {
			t.Fatalf("%d of %d bytes, %v", total, len(data), err)
		}
	})
}

func FuzzLoudness(f *testing.F) {
	f.Add("{\"input_i\" : \"-23.10\",\"input_tp\" : \"-4.50\",\"input_lra\" : \"5.00\",\"input_thresh\" : \"-33.30\"}")
	f.Fuzz(func(t *testing.T, text string) { parseLoudness(text) })
}

func FuzzIsText(f *testing.F) {
	f.Add([]byte("a text"))
	f.Fuzz(func(t *testing.T, b []byte) { isText(b) })
}

// A cause in our words stands alone; ffmpeg's own words are told to be its own.
func TestExitErrorSays(t *testing.T) {
	for why, want := range map[string]string{
		"its data is damaged":                "ffmpeg failed: its data is damaged; all its messages are in log",
		"Output pad \"default\" is a riddle": `ffmpeg stopped; its first complaint is "Output pad \"default\" is a riddle"; all its messages are in log`,
	} {
		if got := (&ExitError{Program: "ffmpeg", Code: 1, Why: why, Log: "log"}).Error(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
