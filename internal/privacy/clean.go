package privacy

import (
	"fmt"
	"io"

	"filmpress/internal/media/mp4"
)

// File is a file that CleanMP4 mends in place; *os.File is one.
type File interface {
	io.ReaderAt
	io.WriterAt
}

// CleanMP4 takes out of an MP4 file what a film does not need: user data, metadata and every other box that
// Check would refuse become empty free boxes, and times, names and vendors become zeros. Nothing moves, so the
// offsets of samples stay right, and only the headers of a file of gigabytes are written. The samples are not
// touched. It fails with mp4.ErrMalformed where the file is none, and with what the file's own methods return.
func CleanMP4(f File, size int64) error {
	list, err := mp4.TopLevel(f, size)
	if err != nil {
		return err
	}
	for _, b := range list { // all is judged before anything is written
		if b.End() > size {
			return fmt.Errorf("%w: box %q at %d is cut", mp4.ErrMalformed, b.Type, b.Offset)
		}
		if b.Type != "mdat" && b.Size > maxHeader {
			return fmt.Errorf("%w: box %q of %d bytes", mp4.ErrMalformed, b.Type, b.Size)
		}
	}
	for _, b := range list {
		if b.Type == "mdat" {
			continue
		}
		raw := make([]byte, b.Size)
		if _, err := f.ReadAt(raw, b.Offset); err != nil {
			return err
		}
		if err := walk(raw, "", b.Offset, clean); err != nil {
			return err
		}
		if _, err := f.WriteAt(raw, b.Offset); err != nil {
			return err
		}
	}
	return nil
}

// clean mends one box in place.
func clean(b mp4.Box, raw []byte, _ int64, known bool) {
	if !known {
		copy(raw[4:8], "free")
		clear(raw[b.Header:])
		return
	}
	for _, part := range blanks(b.Type, raw[b.Header:]) {
		clear(part)
	}
}
