package privacy

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"runtime"
	"testing"

	"filmpress/internal/media/mp4"
)

func boxOf(typ string, parts ...[]byte) []byte {
	out := append(make([]byte, 4), typ...)
	for _, p := range parts {
		out = append(out, p...)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// TestManyChunks: the boxes beside a track's tables are read once and not for each of its chunks, which may be a million.
func TestManyChunks(t *testing.T) {
	const n = 2000
	stco := make([]byte, 8+4*n)
	binary.BigEndian.PutUint32(stco[4:], n)
	stsd := append(make([]byte, 8), boxOf("av01", make([]byte, 78))...)
	stbl := boxOf("stbl", boxOf("stsd", stsd), boxOf("stsz", make([]byte, 12)), boxOf("stsc", make([]byte, 8)), boxOf("stco", stco), bytes.Repeat(boxOf("free"), n))
	init := boxOf("moov", boxOf("trak", boxOf("mdia", boxOf("minf", stbl))))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	checkBytes("init.mp4", init)
	runtime.ReadMemStats(&after)
	if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; mb > 50 {
		t.Errorf("%d MB were asked for, for %d bytes", mb, len(init))
	}
}

// ending is a context that ends after it was asked so often.
type ending struct {
	context.Context
	asked, after int
}

func (e *ending) Err() error {
	if e.asked++; e.asked > e.after {
		return context.Canceled
	}
	return nil
}

// readsOf counts the bytes that are read.
type readsOf struct {
	*bytes.Reader
	n int
}

func (r *readsOf) ReadAt(b []byte, at int64) (int, error) {
	n, err := r.Reader.ReadAt(b, at)
	r.n += n
	return n, err
}

// TestCheckEnds: who waits no more is heard every few megabytes, in a long segment as in a long text, and what was not looked at does not pass.
func TestCheckEnds(t *testing.T) {
	const pieces = 8
	long := make([]byte, pieces*readAtOnce)
	nals := bytes.Repeat(append([]byte{0, 0, 0, 60, 0x65}, bytes.Repeat([]byte{0xff}, 59)...), len(long)/64)
	segment := func(data []byte) []byte {
		return mp4.AppendFragment(nil, mp4.Fragment{Sequence: 1, Samples: []mp4.Sample{{Duration: 1, Size: uint32(len(data)), Sync: true}}, Data: data})
	}
	lines := bytes.Repeat([]byte("a line of a text\n"), 4<<10)
	for name, c := range map[string]struct {
		b     []byte
		asked int // at least, from beginning to end
	}{
		"sound.m4s":   {segment(long), (1 + 4) * pieces}, // read, and looked through for each mark
		"picture.m4s": {segment(nals), (1+4)*pieces + len(nals)/64/4096},
		"prose.txt":   {lines, 4 << 10},
		"page.html":   {lines, 4 << 10},
		"cues.srt":    {lines, 3 * 4 << 10},
		"cues.vtt":    {append([]byte("WEBVTT\n\n00:01.000 --> 00:02.000\n"), lines...), 4 << 10},
	} {
		never := &ending{Context: t.Context(), after: 1 << 30}
		findings, err := Check(never, name, bytes.NewReader(c.b), int64(len(c.b)))
		if err != nil || len(findings) > 0 || never.asked < c.asked {
			t.Errorf("%s: asked %d times, at least %d are meant: %v, %v", name, never.asked, c.asked, err, findings)
		}
		for _, after := range []int{0, 1, 3, never.asked - 1} {
			r, soon := &readsOf{Reader: bytes.NewReader(c.b)}, &ending{Context: t.Context(), after: after}
			if findings, err := Check(soon, name, r, int64(len(c.b))); !errors.Is(err, context.Canceled) || findings != nil || r.n > after*readAtOnce || soon.asked > after+20 {
				t.Errorf("%s, which ends after %d: asked %d times, %d bytes read: %v, %v", name, after, soon.asked, r.n, err, findings)
			}
		}
	}
}
