package privacy

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"testing"
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
