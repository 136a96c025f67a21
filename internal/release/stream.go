package release

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// streamWorkers is few: the encoder needs the machine, and a film is encoded slower than it is sent.
const streamWorkers = 4

// Stream uploads the files of steps while the steps still run. It listens to events; it never holds up who sends them,
// and it never makes a publish fail: the first error ends the stream, and Publish sends what is left.
type Stream struct {
	// Disposition gives the Content-Disposition of a step's file, as File has it; nil is none. It is set before the first event.
	Disposition func(digest, path string) string

	ctx  context.Context
	st   store.Store
	slug string
	sink report.Sink

	workers sync.WaitGroup
	list    func() (inventory, error) // once, at the first file
	unwatch func() bool               // forgets ctx

	mu      sync.Mutex
	wake    *sync.Cond
	queue   []job
	parked  map[string][]job  // by step digest: the folder was renamed, and where to is not known yet
	folders map[string]string // by step digest: where a finished step's result lies
	known   map[string]Sent
	closed  bool
	fresh   map[string]bool // by path: what this stream sent
	bytes   int64
	err     error
}

// Sent is a file that is in the store, with its digests, so that nobody has to read it again for them.
type Sent struct {
	Size   int64
	SHA256 string
	MD5    string
}

type job struct{ digest, dir, path string }

// NewStream starts a stream to <slug>/o/. It ends with Close, or when ctx does.
func NewStream(ctx context.Context, st store.Store, slug string, sink report.Sink) *Stream {
	s := &Stream{ctx: ctx, st: st, slug: slug, sink: sink,
		parked: map[string][]job{}, folders: map[string]string{}, known: map[string]Sent{}, fresh: map[string]bool{}}
	s.wake = sync.NewCond(&s.mu)
	s.list = sync.OnceValues(func() (inventory, error) { return list(ctx, st, slug) })
	s.unwatch = context.AfterFunc(ctx, func() { s.end(ctx.Err()) })
	for range streamWorkers {
		s.workers.Go(s.work)
	}
	return s
}

// Sink takes FileReady, which names a file to send, and StepDone, which tells where the step's files are from now on.
func (s *Stream) Sink(e report.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.err != nil {
		return
	}
	switch e.Kind {
	case report.FileReady:
		s.queue = append(s.queue, job{e.Digest, e.Dir, e.Path})
		s.wake.Signal()
	case report.StepDone:
		s.folders[e.Digest] = e.Dir
		s.queue = append(s.queue, s.parked[e.Digest]...)
		delete(s.parked, e.Digest)
		s.wake.Broadcast()
	}
}

// Close waits until what is ready is sent. The map tells by path ("o/<digest>/v0/00001.m4s") what is in the store; the
// error, why the stream ended early. It may be called twice.
func (s *Stream) Close() (map[string]Sent, error) {
	s.mu.Lock()
	s.closed = true
	s.wake.Broadcast()
	s.mu.Unlock()
	s.workers.Wait()
	s.unwatch()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = s.ctx.Err()
	}
	return s.known, s.err
}

// count is how much was sent, for Result.
func (s *Stream) count() (objects int, bytes int64) { return len(s.fresh), s.bytes }

// work does jobs until there are no more.
func (s *Stream) work() {
	for {
		s.mu.Lock()
		for len(s.queue) == 0 && !s.closed && s.err == nil {
			s.wake.Wait()
		}
		if len(s.queue) == 0 || s.err != nil {
			s.mu.Unlock()
			return
		}
		j := s.queue[0]
		s.queue = s.queue[1:]
		if dir, ok := s.folders[j.digest]; ok {
			j.dir = dir
		}
		s.mu.Unlock()
		if err := report.Caught(func() error { return s.do(j) }); err != nil {
			s.end(err)
		}
	}
}

// end stops the stream for the first error.
func (s *Stream) end(err error) {
	s.mu.Lock()
	first := s.err == nil
	if first {
		s.err = err
		s.wake.Broadcast()
	}
	s.mu.Unlock()
	if first && s.ctx.Err() == nil {
		s.sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("uploading stopped, what is left is sent at the end (%v)", err)})
	}
}

// do sends one file, unless it is there.
func (s *Stream) do(j job) error {
	file, err := os.Open(filepath.Join(j.dir, filepath.FromSlash(j.path)))
	if errors.Is(err, fs.ErrNotExist) {
		s.park(j)
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close() // open all the while, so that a rename of the folder does not matter
	f := File{Path: "o/" + j.digest + "/" + j.path}
	if s.Disposition != nil {
		f.Disposition = s.Disposition(j.digest, j.path)
	}
	if err := f.digest(file); err != nil {
		return err
	}
	f.Open = func() (io.ReadSeekCloser, error) { return section{io.NewSectionReader(file, 0, f.Size)}, nil }
	sent, err := s.bring(f)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[f.Path] = Sent{f.Size, f.SHA256, f.MD5}
	if sent {
		s.fresh[f.Path] = true
		s.bytes += f.Size
	}
	return nil
}

// park keeps a job until its step tells where the folder went.
func (s *Stream) park(j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if dir, ok := s.folders[j.digest]; ok && dir != j.dir {
		s.queue = append(s.queue, j) // it told meanwhile
		return
	}
	s.parked[j.digest] = append(s.parked[j.digest], j)
}

// bring makes sure that the file is in the store, and tells whether it was sent.
func (s *Stream) bring(f File) (sent bool, err error) {
	there, err := s.list()
	if err != nil {
		return false, err
	}
	name := s.slug + "/" + f.Path
	if obj, ok := there[f.Path]; ok {
		if ok, err := holds(s.ctx, s.st, obj, f); ok || err != nil {
			return false, err
		}
		return false, &DiffersError{[]string{f.Path}}
	}
	_, err = s.st.Put(s.ctx, name, store.Body{Size: f.Size, Open: f.Open}, f.meta(), store.If{Absent: true})
	if errors.Is(err, store.ErrPrecondition) { // since the list was taken, by another publisher
		_, v, err := byObject(s.ctx, s.st, name, f)
		if err == nil && v != same {
			err = &DiffersError{[]string{f.Path}}
		}
		return false, err
	}
	if err == nil {
		s.sink(report.Event{Kind: report.Uploaded, Object: name, Total: f.Size})
	}
	return err == nil, err
}

// section is a part of an open file that somebody else closes.
type section struct{ *io.SectionReader }

func (section) Close() error { return nil }
