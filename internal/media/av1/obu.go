// Package av1 reads the little of AV1 (AV1 Bitstream and Decoding Process Specification, version 1.0.0 with errata 1)
// that streaming needs: which OBUs a sample holds, what a sequence header says, and how both are put into MP4 (AV1 Codec
// ISO Media File Format Binding, below "the binding"). It does no I/O, and every reader is safe on any bytes.
package av1

import (
	"bytes"
	"errors"
	"fmt"
)

// ErrMalformed is wrapped by every complaint about bytes that are not the AV1 they should be.
var ErrMalformed = errors.New("malformed AV1")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// Type is the kind of an OBU (section 6.2.2).
type Type byte

// The kinds of OBUs.
const (
	SequenceHeader       Type = 1
	TemporalDelimiter    Type = 2
	FrameHeader          Type = 3
	TileGroup            Type = 4
	Metadata             Type = 5
	Frame                Type = 6
	RedundantFrameHeader Type = 7
	TileList             Type = 8
	Padding              Type = 15
)

// OBU is one open bitstream unit (section 5.3). Both slices point into what OBUs was given.
type OBU struct {
	Type    Type
	Raw     []byte // with its header
	Payload []byte
}

// maxOBUs bounds what one sample may hold: a picture has at most 512 tiles, and a sample few pictures.
const maxOBUs = 1 << 14

// OBUs takes a sample apart. Each OBU says its size; the last one need not (the binding, 2.4).
func OBUs(sample []byte) ([]OBU, error) {
	var list []OBU
	for rest := sample; len(rest) > 0; {
		o, err := first(rest)
		if err != nil {
			return list, err
		}
		if list = append(list, o); len(list) > maxOBUs {
			return list, malformed("more than %d OBUs in a sample", maxOBUs)
		}
		rest = rest[len(o.Raw):]
	}
	return list, nil
}

// first reads the OBU at the start of b (section 5.3.1).
func first(b []byte) (OBU, error) {
	head := 1
	if b[0]&0x80 != 0 {
		return OBU{}, malformed("the forbidden bit of an OBU is set")
	}
	if b[0]&4 != 0 { // temporal and spatial layer
		head++
	}
	size := len(b) - head
	if b[0]&2 != 0 {
		if head > len(b) {
			return OBU{}, malformed("an OBU is cut in its header")
		}
		n, length, ok := leb128(b[head:])
		if !ok {
			return OBU{}, malformed("the size of an OBU cannot be read")
		}
		head += length
		if n > uint64(len(b)-head) {
			return OBU{}, malformed("an OBU of %d bytes, where %d are left", n, len(b)-head)
		}
		size = int(n)
	}
	if size < 0 {
		return OBU{}, malformed("an OBU is cut in its header")
	}
	return OBU{Type: Type(b[0] >> 3 & 15), Raw: b[:head+size], Payload: b[head : head+size]}, nil
}

// leb128 reads a number of seven bits a byte, the lowest first (section 4.10.5).
func leb128(b []byte) (v uint64, length int, ok bool) {
	for i := range min(8, len(b)) {
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return v, i + 1, v < 1<<32
		}
	}
	return 0, 0, false
}

// Unit is what a sample is, seen from outside.
type Unit struct {
	// Key says that decoding can begin here: a sequence header, and then a key frame that is shown (the binding, 2.4).
	Key      bool
	Sequence []byte // the first sequence header as an OBU, nil where there is none
	Stray    []Type // OBUs that have no place in a sample: those that Strip takes out, except metadata
}

// Look says what a sample holds. A sample without a picture is malformed, and so is one whose sequence headers differ.
func Look(sample []byte) (u Unit, err error) {
	list, err := OBUs(sample)
	if err != nil {
		return u, err
	}
	pictures := false
	var header []byte // of the sequence
	for _, o := range list {
		switch {
		case o.Type == SequenceHeader && u.Sequence != nil && !bytes.Equal(o.Payload, header):
			return u, malformed("two sequence headers in a sample differ")
		case o.Type == SequenceHeader:
			u.Sequence, header = o.Raw, o.Payload
		case (o.Type == Frame || o.Type == FrameHeader) && !pictures:
			pictures = true
			u.Key = u.Sequence != nil && shownKey(o.Payload, u.Sequence)
		case stray(o.Type) && o.Type != Metadata:
			u.Stray = append(u.Stray, o.Type)
		}
	}
	if !pictures {
		return u, malformed("a sample without a picture")
	}
	return u, nil
}

// shownKey reads the beginning of a frame header (section 5.9.2).
func shownKey(header, sequence []byte) bool {
	if s, err := ParseSequence(sequence); err != nil || s.reduced {
		return err == nil
	}
	r := bits{b: header}
	existing, kind, shown := r.flag(), r.n(2), r.flag()
	return !existing && kind == 0 && shown && !r.bad
}

// stray says which OBUs Strip takes out: those that the binding wants left out, and metadata, which no picture needs and
// which may hold any text.
func stray(t Type) bool {
	return t == TemporalDelimiter || t == Padding || t == RedundantFrameHeader || t == TileList || t == Metadata
}

// Strip gives a sample without what has no place in one. Where that is nothing, it is the sample itself.
func Strip(sample []byte) ([]byte, error) {
	list, err := OBUs(sample)
	if err != nil {
		return nil, err
	}
	var kept []byte
	for _, o := range list {
		if !stray(o.Type) {
			kept = append(kept, o.Raw...)
		}
	}
	if len(kept) == len(sample) {
		return sample, nil
	}
	return kept, nil
}
