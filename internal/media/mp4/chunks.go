package mp4

import (
	"encoding/binary"
	"iter"
)

// Chunk is a run of samples that lie one after another in a file that is not fragmented.
type Chunk struct{ Offset, Size int64 }

// Chunks gives where a track's samples lie, from the payload of its stbl (14496-12, 8.7). Offsets and sizes are
// as declared: they may lie outside of the file.
func Chunks(stbl []byte) (iter.Seq[Chunk], error) {
	sizes, err := sampleSizes(stbl)
	if err != nil {
		return nil, err
	}
	stsc, err := Find(stbl, "stsc")
	if err != nil {
		return nil, err
	}
	runs, err := table(stsc, 4, 12)
	if err != nil {
		return nil, err
	}
	offsets, width := []byte(nil), 4
	if stco, err := Find(stbl, "stco"); err == nil {
		offsets, err = table(stco, 4, 4)
		if err != nil {
			return nil, err
		}
	} else {
		width = 8
		co64, err := Find(stbl, "co64")
		if err != nil {
			return nil, err
		}
		if offsets, err = table(co64, 4, 8); err != nil {
			return nil, err
		}
	}
	return func(yield func(Chunk) bool) {
		var sample, perChunk uint32
		for n := uint32(0); int(n)*width < len(offsets); n++ {
			if len(runs) > 0 && binary.BigEndian.Uint32(runs) == n+1 { // a run counts from its first chunk, from 1
				perChunk, runs = binary.BigEndian.Uint32(runs[4:]), runs[12:]
			}
			size, taken := sizes(sample, perChunk)
			c := Chunk{Offset: offsetAt(offsets, int(n), width), Size: size}
			sample += taken
			if !yield(c) {
				return
			}
		}
	}, nil
}

func offsetAt(table []byte, n, width int) int64 {
	if width == 8 {
		return int64(binary.BigEndian.Uint64(table[8*n:]))
	}
	return int64(binary.BigEndian.Uint32(table[4*n:]))
}

// table gives the rows of a full box whose row count stands at the given place of its payload.
func table(payload []byte, at, row int) ([]byte, error) {
	if len(payload) < at+4 {
		return nil, malformed("a sample table is cut")
	}
	count := int64(binary.BigEndian.Uint32(payload[at:]))
	rows := payload[at+4:]
	if count*int64(row) > int64(len(rows)) {
		return nil, malformed("a sample table of %d rows is cut", count)
	}
	return rows[:count*int64(row)], nil
}

// sampleSizes reads stsz (14496-12, 8.7.3.2). The answer sums the sizes of n samples from the given one on, and
// says how many of them there are.
func sampleSizes(stbl []byte) (func(from, n uint32) (sum int64, taken uint32), error) {
	stsz, err := Find(stbl, "stsz")
	if err != nil {
		return nil, err
	}
	if len(stsz) < 12 {
		return nil, malformed("stsz is cut")
	}
	same, count := int64(binary.BigEndian.Uint32(stsz[4:])), binary.BigEndian.Uint32(stsz[8:])
	if same != 0 {
		return func(from, n uint32) (int64, uint32) {
			n = min(n, count-min(from, count))
			return same * int64(n), n
		}, nil
	}
	rows, err := table(stsz, 8, 4)
	if err != nil {
		return nil, err
	}
	return func(from, n uint32) (sum int64, taken uint32) {
		for taken < n && from+taken < count {
			sum += int64(binary.BigEndian.Uint32(rows[4*(from+taken):]))
			taken++
		}
		return sum, taken
	}, nil
}
