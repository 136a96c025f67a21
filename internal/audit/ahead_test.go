package audit

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"
	"testing"
)

// heavy is a place of files of so many bytes, which counts what it gave and nobody was done with yet.
type heavy struct {
	sizes []int64
	data  []byte // what all files hold; nobody reads it, so it takes no memory

	mu          sync.Mutex
	given       map[string]int64
	most, alone int64 // bytes at once, without those of files longer than a share; and of these
	reads       int
}

func (h *heavy) Read(_ context.Context, r Request) (File, error) {
	var i int
	fmt.Sscan(r.URI, &i)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reads++
	if h.sizes[i] > r.Limit {
		return File{}, &LongError{Limit: r.Limit}
	}
	h.given[r.URI] = h.sizes[i]
	var short, long int64
	for _, n := range h.given {
		if n > aheadBytes/5 {
			long += n
		} else {
			short += n
		}
	}
	h.most, h.alone = max(h.most, short), max(h.alone, long)
	return File{Data: h.data[:h.sizes[i]], Size: h.sizes[i]}, nil
}

func (h *heavy) done(uri string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.given, uri)
}

func (h *heavy) Open(context.Context, string) (io.ReadCloser, error) { return nil, io.EOF }
func (h *heavy) Stat(context.Context, string) (File, error)          { return File{}, io.EOF }

// TestAheadKeepsToItsBudget: five segments of 512 MB, which is what a stranger's may have, are never in memory at once.
func TestAheadKeepsToItsBudget(t *testing.T) {
	const mb = 1 << 20
	data := make([]byte, 512*mb)
	for _, c := range []struct {
		name  string
		sizes []int64
		reads int // at most
		ahead bool
	}{
		{"short", slices.Repeat([]int64{mb}, 12), 12, true},
		{"as long as can be fetched ahead", slices.Repeat([]int64{51 * mb}, 12), 12, true},
		{"a little longer", slices.Repeat([]int64{52 * mb}, 12), 17, false},
		{"as long as a segment may be", slices.Repeat([]int64{512 * mb}, 8), 13, false},
		{"one long one", []int64{mb, mb, mb, mb, 512 * mb, 50 * mb, 50 * mb, 50 * mb, 50 * mb, 50 * mb}, 11, true},
	} {
		h := &heavy{sizes: c.sizes, data: data, given: map[string]int64{}}
		a := newAuditor(t.Context(), h, Options{Ahead: 4, Trusted: true})
		var wants []want
		for i := range c.sizes {
			wants = append(wants, want{kind: segmentFile, uri: fmt.Sprint(i)})
		}
		flight := a.fly(wants)
		ahead := false
		for i, size := range c.sizes {
			f, ok := flight.take(i)
			if !ok || int64(len(f.Data)) != size {
				t.Errorf("%s: file %d has %d bytes, %v", c.name, i, len(f.Data), a.findings)
			}
			for k := i + 1; k < len(c.sizes); k++ {
				ahead = ahead || flight.arrive[k] != nil && c.sizes[k] <= flight.share
			}
			h.done(wants[i].uri)
		}
		flight.close()
		if h.most > aheadBytes || h.alone > slices.Max(c.sizes) || h.reads > c.reads || ahead != c.ahead {
			t.Errorf("%s: %d MB at once, and %d MB of long ones, in %d reads; ahead %v", c.name, h.most/mb, h.alone/mb, h.reads, ahead)
		}
	}
	h := &heavy{sizes: []int64{600 * mb}, given: map[string]int64{}}
	a := newAuditor(t.Context(), h, Options{Ahead: 4})
	if _, ok := a.fly([]want{{kind: segmentFile, uri: "0"}}).take(0); ok || len(a.findings) != 1 || a.findings[0].Rule != "hls-missing" {
		t.Errorf("more than a segment may have: %v, %v", ok, a.findings)
	}
}
