package align

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"
)

// spansFrom makes any spans of bytes, four each: mostly sane ones, in and out of order.
func spansFrom(data []byte) []Span {
	var out []Span
	now := time.Duration(0)
	for ; len(data) >= 4; data = data[4:] {
		gap := time.Duration(int16(binary.LittleEndian.Uint16(data))) * time.Millisecond
		length := time.Duration(int16(binary.LittleEndian.Uint16(data[2:]))) * time.Millisecond / 4
		if gap == -1*time.Millisecond {
			gap = 900 * time.Hour
		}
		out = append(out, Span{now + gap, now + gap + length})
		now += gap + length
	}
	return out
}

// FuzzAlign holds any cues against any others: it must come to an end, without a panic, and be consistent.
func FuzzAlign(f *testing.F) {
	f.Add([]byte("\x10\x03\x00\x20\x10\x09\x00\x20\x10\x03\x00\x30\x10\x07\x00\x20\x10\x03\x00\x20"), []byte("\x10\x03\x00\x20\x10\x09\x00\x20\x10\x03\x00\x30\x10\x07\x00\x20\x10\x03\x00\x20"), uint16(2))
	f.Add(bytes.Repeat([]byte{200, 0, 0, 4}, 40), bytes.Repeat([]byte{255, 255, 0, 4}, 9), uint16(1))
	f.Fuzz(func(t *testing.T, a, b []byte, shift uint16) {
		cues, other := spansFrom(a[:min(len(a), 400)]), spansFrom(b[:min(len(b), 400)])
		r := ToTrack(cues, other, Options{MaxShift: time.Duration(shift%20) * time.Second})
		if r.Confidence < 0 || r.Confidence > 1 || r.Coverage < 0 || r.Coverage > 1 || r.Sure() && len(r.Pieces) == 0 {
			t.Fatalf("%+v", r)
		}
		n := 0
		for i, p := range r.Pieces {
			n += p.Cues
			if i > 0 && p.From < r.Pieces[i-1].From {
				t.Fatalf("pieces out of order: %+v", r)
			}
		}
		if n > len(cues) {
			t.Fatalf("%d cues of %d: %+v", n, len(cues), r)
		}
		_ = r.String()
	})
}

// FuzzDetectSpeech takes any bytes for sound.
func FuzzDetectSpeech(f *testing.F) {
	f.Add([]byte{1}, uint16(3000))
	f.Add([]byte("\x00\x80\xff\x7f\x00\x00abc"), uint16(60000))
	f.Fuzz(func(t *testing.T, data []byte, times uint16) {
		sound := bytes.Repeat(data[:min(len(data), 64)], int(times))
		s, err := DetectSpeech(bytes.NewReader(sound))
		if err != nil || s.Confidence < 0 || s.Confidence > 1 {
			t.Fatal(s, err)
		}
		last := time.Duration(-1)
		for _, span := range s.Spans {
			if span.Start <= last || span.End <= span.Start || span.End > s.Duration {
				t.Fatalf("%v of %s", span, s.Duration)
			}
			last = span.End
		}
	})
}
