// Package mp4 reads and writes the little of ISO base media (ISO/IEC 14496-12, -14, -15) that streaming needs:
// init sections and movie fragments of one track, AAC in ADTS, and the list of a file's top boxes. ffmpeg's
// fragments come in, ours go out: what is published carries no box that this package did not write. It does no
// I/O of its own, and every reader is safe on any bytes.
package mp4

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is wrapped by every complaint about bytes that are not the MP4 (or ADTS) they should be.
var ErrMalformed = errors.New("malformed")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Box is one box of a file or of a parent's payload (14496-12, 4.2).
type Box struct {
	Type   string // four characters as they stand, printable or not
	Offset int64  // of its header, from the start of what was given
	Size   int64  // with its header, as declared
	Header int64  // bytes of its header: 8, or 16 with a 64-bit size
}

// End is the offset of the first byte after the box.
func (b Box) End() int64 { return b.Offset + b.Size }

// maxBoxes bounds the lists that TopLevel and Boxes build: a film of ten hours in 2 s fragments has about 40,000.
const maxBoxes = 1 << 20

// TopLevel lists the top boxes of a file of the given size. Only headers are read, so a file of many
// gigabytes costs a few reads. The last box may run past the end: then End() > size and the file was cut. Bytes
// that are no box end the list with ErrMalformed; the boxes before them are returned too.
func TopLevel(r io.ReaderAt, size int64) ([]Box, error) {
	var list []Box
	for at := int64(0); at < size; {
		var head [16]byte
		n, err := r.ReadAt(head[:min(16, size-at)], at)
		if err != nil && !(errors.Is(err, io.EOF) && int64(n) == min(16, size-at)) {
			return list, err
		}
		b, err := parseHeader(head[:n], at, size)
		if err != nil {
			return list, err
		}
		if len(list) == maxBoxes {
			return list, malformed("more than %d boxes", maxBoxes)
		}
		list = append(list, b)
		at = b.End()
	}
	return list, nil
}

// Boxes lists the boxes that lie side by side in b, which must hold them whole.
func Boxes(b []byte) ([]Box, error) {
	var list []Box
	err := each(b, func(box Box) { list = append(list, box) })
	return list, err
}

// each visits the boxes that lie side by side in b, which must hold them whole.
func each(b []byte, visit func(Box)) error {
	n := 0
	for at := int64(0); at < int64(len(b)); n++ {
		box, err := parseHeader(b[at:], at, int64(len(b)))
		if err != nil {
			return err
		}
		if box.End() > int64(len(b)) {
			return malformed("box %q at %d runs %d bytes past the end", box.Type, at, box.End()-int64(len(b)))
		}
		if n == maxBoxes {
			return malformed("more than %d boxes", maxBoxes)
		}
		visit(box)
		at = box.End()
	}
	return nil
}

// Payload is what lies between a box's header and its end, in the bytes that Boxes was given.
func (b Box) Payload(of []byte) []byte { return of[b.Offset+b.Header : b.End()] }

// parseHeader reads one header at the start of b; at is its place and size the length of the whole.
func parseHeader(b []byte, at, size int64) (Box, error) {
	if len(b) < 8 {
		return Box{}, malformed("%d bytes at %d are no box", len(b), at)
	}
	box := Box{Type: string(b[4:8]), Offset: at, Size: int64(binary.BigEndian.Uint32(b)), Header: 8}
	switch box.Size {
	case 0: // to the end of the file
		box.Size = size - at
	case 1:
		if len(b) < 16 {
			return Box{}, malformed("box %q at %d ends in its header", box.Type, at)
		}
		box.Size, box.Header = int64(binary.BigEndian.Uint64(b[8:])), 16
	}
	if box.Size < box.Header || box.Size > 1<<60 {
		return Box{}, malformed("box %q at %d has the size %d", box.Type, at, box.Size)
	}
	return box, nil
}

// Find gives the payload of the box found by following the path of types; the first of each type counts.
func Find(b []byte, path ...string) ([]byte, error) {
	for _, typ := range path {
		var found Box // a box has four letters
		err := each(b, func(box Box) {
			if found.Type == "" && box.Type == typ {
				found = box
			}
		})
		if err != nil {
			return nil, err
		}
		if found.Type == "" {
			return nil, malformed("no %s box", typ)
		}
		b = found.Payload(b)
	}
	return b, nil
}

// cursor reads big-endian numbers; a read past the end gives zeros and sets bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n < 0 || n > len(c.b) {
		c.b, c.bad = nil, true
		return make([]byte, min(max(n, 0), 8))
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) skip(n int)  { c.take(n) }
func (c *cursor) u8() uint8   { return c.take(1)[0] }
func (c *cursor) u16() uint16 { return binary.BigEndian.Uint16(c.take(2)) }
func (c *cursor) u32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64 { return binary.BigEndian.Uint64(c.take(8)) }

// full reads the version and the flags of a full box (14496-12, 4.2).
func (c *cursor) full() (version uint8, flags uint32) {
	v := c.u32()
	return uint8(v >> 24), v & 0xffffff
}

// box joins the parts under a header.
func box(typ string, parts ...[]byte) []byte {
	size := 8
	for _, p := range parts {
		size += len(p)
	}
	out := make([]byte, 0, size)
	out = binary.BigEndian.AppendUint32(out, uint32(size))
	out = append(out, typ...)
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// full joins the parts under the header of a full box.
func full(typ string, version uint8, flags uint32, parts ...[]byte) []byte {
	return box(typ, append([][]byte{u32(uint32(version)<<24 | flags)}, parts...)...)
}

func u16(vs ...uint16) []byte {
	var out []byte
	for _, v := range vs {
		out = binary.BigEndian.AppendUint16(out, v)
	}
	return out
}

func u32(vs ...uint32) []byte {
	var out []byte
	for _, v := range vs {
		out = binary.BigEndian.AppendUint32(out, v)
	}
	return out
}
