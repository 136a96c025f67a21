package step

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/media"
	"filmpress/internal/media/mp4"
	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// adts makes a stream of n AAC-LC frames, 48 kHz stereo, whose only byte of content is its number.
func adts(n int) []byte {
	var b []byte
	for i := range n {
		const size = 8
		b = append(b, 0xff, 0xf1, 0x4c, 0x80|size>>11, size>>3, size<<5&0xff|0x1f, 0xfc, byte(i))
	}
	return b
}

func TestAudioIsCutWhereThePictureIs(t *testing.T) {
	for _, c := range []struct {
		what              string
		duration, segment media.Rational
		opening, segments int
	}{
		{"25 frames a second", media.Rational{Num: 2 * 6 * 25, Den: 25}, media.Rational{Num: 150, Den: 25}, 3, 4},
		{"one segment as a group of pictures", media.Rational{Num: 2 * 6 * 25, Den: 25}, media.Rational{Num: 150, Den: 25}, 1, 2},
		{"29.97", media.Rational{Num: 900 * 1001, Den: 30000}, media.Rational{Num: 180 * 1001, Den: 30000}, 3, 7},
		{"a last segment of one frame", media.Rational{Num: 151, Den: 25}, media.Rational{Num: 150, Den: 25}, 3, 4},
		{"a last segment shorter than a frame of sound", media.Rational{Num: 601, Den: 100}, media.Rational{Num: 600, Den: 100}, 3, 4},
		{"shorter than a segment", media.Rational{Num: 1, Den: 2}, media.Rational{Num: 6, Den: 1}, 3, 1},
		{"over within the second", media.Rational{Num: 7, Den: 2}, media.Rational{Num: 6, Den: 1}, 3, 2},
		{"a long film", media.Rational{Num: 3600, Den: 1}, media.Rational{Num: 6, Den: 1}, 3, 602},
	} {
		t.Run(c.what, func(t *testing.T) {
			dir := t.TempDir()
			w, err := newAudioWriter(dir, plan.AudioParams{Duration: c.duration, Segment: c.segment, Opening: c.opening}, report.Discard)
			if err != nil {
				t.Fatal(err)
			}
			frames := int(c.duration.Float()*48000/1024) + 3 // the run-up, rounding, and one too many
			if err := w.read(bytes.NewReader(adts(frames))); err != nil {
				t.Fatal(err)
			}
			if len(w.out.Segments) != c.segments {
				t.Fatalf("%d segments, want %d", len(w.out.Segments), c.segments)
			}
			var at uint64
			for i, s := range w.out.Segments {
				want := c.segment.Float() * plan.SegmentStart(i, c.opening).Float()
				got := w.out.Seconds(at)
				if diff := got - want; diff > 0.0107 && i < c.segments-1 || diff < -0.0214 {
					t.Errorf("segment %d begins at %.4f s, not at %.4f", i, got, want)
				}
				data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(s.URI)))
				if err != nil {
					t.Fatal(err)
				}
				parsed, err := mp4.ParseSegment(w.config.Track(), data)
				if err != nil || len(parsed) != 1 || parsed[0].Time != at || len(parsed[0].Samples) != s.Frames {
					t.Fatalf("segment %d: %v %+v", i, err, parsed)
				}
				if first := int(at / 1024); parsed[0].Data[0] != byte(first+1) {
					t.Errorf("segment %d begins with frame %d, not %d: the run-up was not dropped", i, parsed[0].Data[0], byte(first+1))
				}
				at += s.Duration
			}
			if whole := w.out.Seconds(at); whole < c.duration.Float() || whole > c.duration.Float()+1024.0/48000 {
				t.Errorf("the sound lasts %.4f s, the picture %.4f", whole, c.duration.Float())
			}
		})
	}
}

func TestAudioThatEndsEarlyIsAnError(t *testing.T) {
	for _, c := range []struct {
		what, want string
		stream     []byte
	}{
		{"half a track", "the sound ends after", adts(100)},
		{"nothing", "decodes to nothing", nil},
		{"a cut frame", "unexpected EOF", adts(100)[:333]},
		{"noise", "malformed", []byte("this is no sound at all")},
	} {
		w, err := newAudioWriter(t.TempDir(), plan.AudioParams{Duration: media.Rational{Num: 60, Den: 1}, Segment: media.Rational{Num: 6, Den: 1}, Opening: 3}, report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.read(bytes.NewReader(c.stream)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.what, err, c.want)
		}
	}
}
