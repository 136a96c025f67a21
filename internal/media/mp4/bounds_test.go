package mp4

import (
	"bytes"
	"errors"
	"runtime"
	"testing"
)

// taken is how many bytes were asked of the memory while f ran.
func taken(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// runs is a segment of n fragments, each with a run of so many samples of no bytes, that have the columns of the flags.
func runs(n int, count, flags uint32) []byte {
	columns := 0
	for f := uint32(trDuration); f <= trOffset; f <<= 1 {
		if flags&f != 0 {
			columns++
		}
	}
	run := full("trun", 0, flags, u32(count), make([]byte, 4*columns*int(count)))
	one := append(box("moof", full("mfhd", 0, 0, u32(1)), box("traf", full("tfhd", 0, 0, u32(1)), run)), box("mdat")...)
	return bytes.Repeat(one, n)
}

// TestSamplesOfASegment: what a segment declares costs its reader no more memory than a segment may have samples, whatever it costs its writer.
func TestSamplesOfASegment(t *testing.T) {
	for what, c := range map[string]struct {
		segment []byte
		bad     bool
	}{
		"72 bytes for a million":       {runs(64, 1<<20, 0), true},
		"many small ones":              {runs(1<<10, 1<<12, 0), true},
		"two that are too many":        {runs(2, 1<<19+1, trDuration), true},
		"as many as may be":            {runs(2, 1<<19, trDuration), false},
		"few of no bytes":              {runs(3, 100, 0), false},
		"sizes that are told to be 0":  {runs(1, 1<<13, trSize), false},
		"as many as may have no bytes": {runs(1, maxEmpty, 0), false},
	} {
		var err error
		n := taken(func() { _, err = ParseSegment(Track{}, c.segment) })
		if errors.Is(err, ErrMalformed) != c.bad {
			t.Errorf("%s: %v", what, err)
		}
		if n > 160<<20 { // a list that grows is copied
			t.Errorf("%s: %d MB", what, n>>20)
		}
	}
}

// TestManyBoxes: half a megabyte on the line can be millions of boxes.
func TestManyBoxes(t *testing.T) {
	many := bytes.Repeat(box("free"), maxBoxes+1)
	n := taken(func() {
		if list, err := Boxes(many); !errors.Is(err, ErrMalformed) || len(list) != maxBoxes {
			t.Errorf("%d boxes, %v", len(list), err)
		}
		if _, err := Find(many, "moov"); !errors.Is(err, ErrMalformed) {
			t.Errorf("found among them: %v", err)
		}
	})
	if n > 512<<20 {
		t.Errorf("%d MB", n>>20)
	}
	if list, err := Boxes(many[8:]); err != nil || len(list) != maxBoxes {
		t.Errorf("as many as may be: %d, %v", len(list), err)
	}
}
