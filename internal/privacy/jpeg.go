package privacy

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrJPEG says that bytes are no whole JPEG picture.
var ErrJPEG = errors.New("not a whole JPEG picture")

// piece is a marker segment (ITU-T T.81, B.1.1), or the entropy-coded data after a scan header (marker 0).
type piece struct {
	marker byte
	at     int
	bytes  []byte // with the marker and the length
}

const (
	markRST0, markRST7 = 0xd0, 0xd7
	markSOI, markEOI   = 0xd8, 0xd9
	markSOS            = 0xda
	markAPP0           = 0xe0
)

// allowed are the markers without which there is no picture: frames, tables, restarts, scans.
func allowed(marker byte) bool {
	return marker == 0 || marker == markSOI || marker == markEOI || marker == markSOS || marker == 0xdb || // DQT
		marker == 0xdd || // DRI
		marker >= 0xc0 && marker <= 0xcf && marker != 0xc8 // SOFn, DHT, DAC
}

// plainJFIF says whether an APP0 is the bare JFIF header (T.871, 10.1): no thumbnail, no more.
func plainJFIF(p piece) bool {
	return p.marker == markAPP0 && len(p.bytes) == 18 && bytes.HasPrefix(p.bytes[4:], []byte("JFIF\x00")) && p.bytes[16] == 0 && p.bytes[17] == 0
}

// pieces cuts a JPEG at its markers, up to and with the first EOI.
func pieces(b []byte) ([]piece, error) {
	if len(b) < 4 || b[0] != 0xff || b[1] != markSOI {
		return nil, ErrJPEG
	}
	list := []piece{{markSOI, 0, b[:2]}}
	for at := 2; ; {
		if at+2 > len(b) || b[at] != 0xff {
			return nil, fmt.Errorf("%w: no marker at byte %d", ErrJPEG, at)
		}
		marker := b[at+1]
		if marker == markEOI {
			return append(list, piece{marker, at, b[at : at+2]}), nil
		}
		if at+4 > len(b) {
			return nil, fmt.Errorf("%w: cut at byte %d", ErrJPEG, at)
		}
		end := at + 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		if end > len(b) || end < at+4 {
			return nil, fmt.Errorf("%w: cut at byte %d", ErrJPEG, at)
		}
		list = append(list, piece{marker, at, b[at:end]})
		at = end
		if marker == markSOS {
			end = scanEnd(b, at)
			list = append(list, piece{0, at, b[at:end]})
			at = end
		}
	}
}

// scanEnd is where the entropy-coded data end: at the next marker that is neither stuffing nor a restart.
func scanEnd(b []byte, at int) int {
	for ; at+1 < len(b); at++ {
		if b[at] == 0xff && b[at+1] != 0 && b[at+1] != 0xff && (b[at+1] < markRST0 || b[at+1] > markRST7) {
			return at
		}
	}
	return len(b)
}

// StripJPEG leaves out comments, application data and what follows the picture; the picture stays as it is, to
// the bit. It fails with ErrJPEG.
func StripJPEG(b []byte) ([]byte, error) {
	list, err := pieces(b)
	if err != nil {
		return nil, err
	}
	var out []byte
	for _, p := range list {
		if allowed(p.marker) || plainJFIF(p) {
			out = append(out, p.bytes...)
		}
	}
	return out, nil
}

func (c *check) jpeg() {
	b, ok := c.whole()
	if !ok {
		return
	}
	list, err := pieces(b)
	if err != nil {
		c.find(0, "privacy-unreadable", "%v", err)
		return
	}
	for _, p := range list {
		if !allowed(p.marker) && !plainJFIF(p) {
			c.find(int64(p.at), "privacy-jpeg", "the picture holds a segment with marker %#x of %d bytes", p.marker, len(p.bytes))
		}
	}
	if end := list[len(list)-1].at + 2; end < len(b) {
		c.find(int64(end), "privacy-jpeg", "%d bytes follow the picture's end", len(b)-end)
	}
}
