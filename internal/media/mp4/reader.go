package mp4

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// The largest moov or moof, and the largest mdat, that a Reader takes into memory. Two seconds of 2160p
// are about 10 MB.
const (
	maxHeader = 16 << 20
	maxData   = 512 << 20
)

// Reader reads a fragmented MP4 of one track as it comes, for instance from ffmpeg's stdout. It holds one
// fragment in memory, and never more than what really came: a declared size alone allocates nothing.
type Reader struct {
	r    *bufio.Reader
	read bool // Init was done
	d    defaults
}

// NewReader reads from r.
func NewReader(r io.Reader) *Reader { return &Reader{r: bufio.NewReaderSize(r, 64<<10)} }

// Init reads up to the moov and gives its track. It comes before the first Next.
func (r *Reader) Init() (Track, error) {
	for {
		b, err := r.header()
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return Track{}, err
		}
		switch b.Type {
		case "moov":
			moov, err := r.payload(b, maxHeader)
			if err != nil {
				return Track{}, err
			}
			t, err := parseMoov(moov)
			r.d, r.read = t.defaults, true
			return t, err
		case "moof", "mdat":
			return Track{}, malformed("%s comes before moov", b.Type)
		}
		if err := r.discard(b); err != nil {
			return Track{}, err
		}
	}
}

// Next gives the next fragment: io.EOF at a clean end, io.ErrUnexpectedEOF where the stream was cut. A stream
// cut exactly between two fragments looks like a clean end; the caller counts frames.
func (r *Reader) Next() (Fragment, error) {
	if !r.read {
		panic("mp4: Next before Init")
	}
	moof, err := r.until("moof")
	if err != nil {
		return Fragment{}, err
	}
	head, err := r.payload(moof, maxHeader)
	if err != nil {
		return Fragment{}, err
	}
	f, start, err := parseMoof(head, r.d, maxSamples)
	if err != nil {
		return Fragment{}, err
	}
	mdat, err := r.until("mdat")
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return Fragment{}, err
	}
	data, err := r.payload(mdat, maxData)
	if err != nil {
		return Fragment{}, err
	}
	from, err := f.locate(start, moof.Size, moof.Size+mdat.Header, int64(len(data)))
	if err != nil {
		return Fragment{}, err
	}
	f.Data = data[from : from+f.bytes()]
	return f, nil
}

// until skips to the box of the given type. A moof or mdat on the way is out of order.
func (r *Reader) until(typ string) (Box, error) {
	for {
		b, err := r.header()
		if err != nil {
			return b, err
		}
		switch b.Type {
		case typ:
			return b, nil
		case "moof", "mdat", "moov":
			return b, malformed("%s where %s was due", b.Type, typ)
		}
		if err := r.discard(b); err != nil {
			return b, err
		}
	}
}

// header reads one box header; io.EOF only where the stream ends before its first byte.
func (r *Reader) header() (Box, error) {
	head := make([]byte, 8, 16)
	if _, err := io.ReadFull(r.r, head); err != nil {
		return Box{}, err
	}
	if binary.BigEndian.Uint32(head) == 1 {
		head = head[:16]
		if _, err := io.ReadFull(r.r, head[8:]); err != nil {
			return Box{}, io.ErrUnexpectedEOF
		}
	}
	// A box that reaches to the end of the file has no place in a stream of fragments.
	return parseHeader(head, 0, 0)
}

// payload reads the rest of a box of at most limit bytes.
func (r *Reader) payload(b Box, limit int64) ([]byte, error) {
	n := b.Size - b.Header
	if n > limit {
		return nil, malformed("box %q of %d bytes", b.Type, n)
	}
	var buf bytes.Buffer
	buf.Grow(int(min(n, 64<<10)) + bytes.MinRead)
	if _, err := io.CopyN(&buf, r.r, n); err != nil {
		return nil, unexpected(err)
	}
	return buf.Bytes(), nil
}

func (r *Reader) discard(b Box) error {
	_, err := io.CopyN(io.Discard, r.r, b.Size-b.Header)
	return unexpected(err)
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
