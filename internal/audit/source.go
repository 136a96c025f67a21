package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"filmpress/internal/hls"
	"filmpress/internal/store"
)

// Source is where a presentation lies: a folder, a bucket, the web. Its methods may be called from several goroutines
// at once. A file that is not there is any error, and one that is longer than asked for wraps a LongError; one that wraps store.ErrUnreachable, or store.ErrRefused of the first
// file, says that nothing can be read at all.
type Source interface {
	// Read gives a file as a viewer gets it, unpacked.
	Read(ctx context.Context, r Request) (File, error)
	// Open gives a file of any length as a stream of plain bytes. The caller closes it.
	Open(ctx context.Context, uri string) (io.ReadCloser, error)
	// Stat tells of a file without its bytes; what the place does not tell stays zero, and -1 for Size.
	Stat(ctx context.Context, uri string) (File, error)
}

// Request is one file, or a part of it.
type Request struct {
	URI            string
	Offset, Length int64 // Length 0 is the whole file
	Limit          int64 // longest answer in plain bytes; more is a *LongError
	Media          bool  // pictures and sound, which hardly pack: what unpacks to many times its size is none, and is refused
}

// File is what a place gives.
type File struct {
	Data []byte
	Size int64 // of the whole file in plain bytes, -1 where it is not known
	Head *Head // nil where files have none, as in a folder
	// SHA256 is what was written beside the file when it was stored: lower-case hex, "" is nothing.
	SHA256 string
}

// Head is what is told of a file beside its bytes.
type Head struct {
	Type         string // Content-Type
	CacheControl string
	Encoding     string // Content-Encoding
	Web          bool   // it is an answer to a web page of another origin, and Origin tells whether that page may read it
	Origin       string // Access-Control-Allow-Origin
}

// Prober is a Source that can ask for a part of a file as a player does that runs on a page of another origin.
type Prober interface {
	Probe(ctx context.Context, uri string) (Probe, error)
}

// Probe is the answer to a request with Origin and Range: bytes=0-99.
type Probe struct {
	Status  int    // HTTP
	Range   string // Content-Range
	Length  int64  // bytes that came
	Origin  string // Access-Control-Allow-Origin
	Exposed string // Access-Control-Expose-Headers
}

// LongError is a file, or a part of one, that is longer than Request.Limit.
type LongError struct {
	Limit int64
	Size  int64 // where it is known; else 0
}

func (e *LongError) Error() string {
	if e.Size > 0 {
		return fmt.Sprintf("it has %d MB, and is not looked at: no such file of a film has more than %d", (e.Size+(1<<20-1))>>20, e.Limit>>20)
	}
	return fmt.Sprintf("it is longer than %d MB, and is not looked at: no such file of a film is", e.Limit>>20)
}

// RefusedError is an address that was not followed, because it leads where a presentation has no business.
type RefusedError struct {
	Rule string // of the catalogue
	Text string
}

func (e *RefusedError) Error() string { return e.Text }

// plain makes a Source of a function.
type plain Fetch

func (f plain) Read(ctx context.Context, r Request) (File, error) {
	b, err := f(ctx, r.URI)
	if err != nil {
		return File{}, err
	}
	size := int64(len(b))
	if r.Length > 0 {
		b = b[min(r.Offset, size):min(r.Offset+r.Length, size)]
	}
	return File{Data: b, Size: size}, nil
}

func (f plain) Open(ctx context.Context, uri string) (io.ReadCloser, error) {
	b, err := f(ctx, uri)
	return io.NopCloser(bytes.NewReader(b)), err
}

func (f plain) Stat(ctx context.Context, uri string) (File, error) {
	b, err := f(ctx, uri)
	return File{Size: int64(len(b))}, err
}

// kind is what a file is for, which decides how it must be served.
type kind int

const (
	otherFile kind = iota
	playlistFile
	initFile
	segmentFile
	textFile
	pageFile
)

// limits are the longest files by kind. A playlist of ten hours in segments of two seconds has 2 MB; of a film in one
// file with byte ranges no more than a range is read.
var limits = map[kind]int64{playlistFile: 16 << 20, initFile: 16 << 20, segmentFile: 512 << 20, textFile: 16 << 20, pageFile: 64 << 20, otherFile: 64 << 20}

// maxSegments bounds a playlist: ten hours in segments of a third of a second.
const maxSegments = 100_000

// want is a file that is needed, and the place that names it.
type want struct {
	kind kind
	from string // the file that names it, and the line
	line int
	uri  string
	part hls.ByteRange
}

func (w want) request() Request {
	limit := limits[w.kind]
	if w.part.Length > 0 {
		limit = max(limit, limits[segmentFile])
	}
	return Request{URI: w.uri, Offset: w.part.Offset, Length: w.part.Length, Limit: limit, Media: w.kind == initFile || w.kind == segmentFile}
}

// get reads a whole file.
func (a *auditor) get(k kind, from string, line int, uri string) (File, bool) {
	return a.part(want{kind: k, from: from, line: line, uri: uri})
}

// part reads a file, or the byte range of it that a playlist names.
func (a *auditor) part(w want) (File, bool) {
	if a.stop != nil {
		return File{}, false
	}
	f, err := a.src.Read(a.ctx, w.request())
	return f, a.arrived(w, f, err)
}

// arrived judges what came, or tells why nothing did.
func (a *auditor) arrived(w want, f File, err error) bool {
	var refused *RefusedError
	switch {
	case a.stop != nil:
		return false
	case errors.As(err, &refused):
		a.fail(w.from, w.line, refused.Rule, "%s", refused.Text)
	case errors.Is(err, store.ErrUnreachable), errors.Is(err, store.ErrRefused) && a.sum.Files == 0, a.ctx.Err() != nil:
		a.stop = err
		if err == nil {
			a.stop = a.ctx.Err()
		}
	case err != nil:
		a.fail(w.from, w.line, "hls-missing", "%s cannot be fetched: %v", w.uri, err)
	case w.part.Length > 0 && int64(len(f.Data)) < w.part.Length:
		a.fail(w.from, w.line, "rfc-4.3.2.2", "the byte range %s lies outside of %s%s", w.part, w.uri, sized(f.Size))
	default:
		a.saw(w, f)
		return true
	}
	a.gone[w.uri] = true
	a.met[w.uri] = meeting{whole: true, head: true} // told: nobody need tell it again
	return false
}

func sized(n int64) string {
	if n < 0 {
		return ""
	}
	return fmt.Sprintf(", which has %d bytes", n)
}
