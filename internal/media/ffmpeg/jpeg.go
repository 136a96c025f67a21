package ffmpeg

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

// maxJPEG bounds one picture: a 16384 x 16384 sheet at the best quality is about 100 MB.
const maxJPEG = 256 << 20

var errNotJPEG = errors.New("ffmpeg gave something that is no JPEG")

// readJPEGs cuts a stream of JPEGs into pictures (ITU-T T.81, B.1.1). A picture that is cut off is an error.
func readJPEGs(r io.Reader, each func(i int, data []byte) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for i := 0; ; i++ {
		if _, err := in.Peek(1); errors.Is(err, io.EOF) {
			return nil
		}
		data, err := readJPEG(in)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return fmt.Errorf("picture %d: %w", i, err)
		}
		if err := each(i, data); err != nil {
			return err
		}
	}
}

// readJPEG takes one picture, from SOI to EOI.
func readJPEG(in *bufio.Reader) ([]byte, error) {
	var data []byte
	take := func(n int) error {
		if len(data)+n > maxJPEG {
			return errNotJPEG
		}
		from := len(data)
		data = append(data, make([]byte, n)...)
		_, err := io.ReadFull(in, data[from:])
		return err
	}
	if err := take(2); err != nil {
		return nil, err
	}
	if data[0] != 0xff || data[1] != 0xd8 {
		return nil, errNotJPEG
	}
	for {
		if err := take(2); err != nil {
			return nil, err
		}
		at := len(data)
		if data[at-2] != 0xff {
			return nil, errNotJPEG
		}
		marker := data[at-1]
		if marker == 0xd9 { // EOI
			return data, nil
		}
		if err := take(2); err != nil {
			return nil, err
		}
		length := int(data[at])<<8 | int(data[at+1])
		if length < 2 {
			return nil, errNotJPEG
		}
		if err := take(length - 2); err != nil {
			return nil, err
		}
		if marker == 0xda { // SOS: entropy-coded data follow, in which FF is stuffed
			if err := takeScan(in, &data); err != nil {
				return nil, err
			}
		}
	}
}

// takeScan takes entropy-coded data up to the next marker that is no restart (B.1.1.5).
func takeScan(in *bufio.Reader, data *[]byte) error {
	for {
		next, err := in.Peek(2)
		if err != nil {
			return err
		}
		if next[0] == 0xff && next[1] != 0 && (next[1] < 0xd0 || next[1] > 0xd7) {
			return nil
		}
		if len(*data) >= maxJPEG {
			return errNotJPEG
		}
		*data = append(*data, next[0])
		in.Discard(1)
	}
}
