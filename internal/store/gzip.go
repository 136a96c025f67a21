package store

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// zippers are kept because each holds about 1 MB, which is more than most texts.
var zippers = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestCompression)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

// Gzip is how a store packs a text where Meta.Gzip allows it: the same text gives the same bytes, as the header has
// neither a name nor a time. Another version of Go may pack differently, so different bytes do not prove another text.
func Gzip(plain []byte) []byte {
	w := zippers.Get().(*gzip.Writer)
	defer zippers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(plain); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return b.Bytes()
}
