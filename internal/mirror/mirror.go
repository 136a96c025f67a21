// Package mirror makes one place hold what another one does: a folder and a bucket, either way, two buckets, two folders.
//
// Both sides are listed at once and compared name by name, as two sorted lists are merged. What is the same by its bytes is left alone; the
// rest is copied in ranks (order.go): segments before playlists, playlists before pages, pointers and entrances last, so that whoever looks at
// the destination meanwhile finds what each link leads to. Deletions come after all copies, in the reverse order. There is no state but a
// cache of hashes: a run that was killed is finished by the next one, since what was copied is found to be the same.
package mirror

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Place is one end of a sync.
type Place struct {
	Store  store.Store
	Folder string // its path, where it is a folder on this machine; "" is a bucket
}

// Options say what is copied, and how.
type Options struct {
	Filter    Filter
	Rules     Rules
	DryRun    bool             // look and judge, and write nothing
	Delete    bool             // delete what only the destination has
	MaxDelete Limit            // more is refused before anything is written
	Headers   bool             // also mend headers of objects whose bytes are the same; asks for each
	Workers   int              // objects at once; 0 is 32
	Cache     string           // folder for what is remembered of files; "" remembers nothing
	Spool     string           // folder for large objects on their way between two servers; "" is the system's for temporary files
	Now       func() time.Time // this machine's clock
	Action    func(Action)     // hears of each thing that is done, or would be; nil is nobody. One call at a time
	Strange   func() []string  // keys of the source that no name can be, known once it was listed; nil is none

	lstat lstat // nil is os.Lstat
}

// Verb is what is done with an object.
type Verb string

const (
	Copy   Verb = "copy"
	Delete Verb = "delete"
	Label  Verb = "headers"
)

// Action is one thing that was done, or would be.
type Action struct {
	Do   Verb   `json:"do"`
	Name string `json:"name"`
	Size int64  `json:"size"`
	Why  string `json:"why"` // "new", "changed", "only there"
}

// Result is what a sync did or, in a dry run, would do.
type Result struct {
	Objects     int   // of the source that take part
	Bytes       int64 // of these
	Same        int
	Copied      int
	CopiedBytes int64
	Deleted     int
	Labelled    int
	Extra       int // objects that only the destination has; they stay without Delete
	Kept        int // with Delete: objects that only the destination has, and that stay for a release that is watched there or that a rollback goes to
	Waiting     int // objects that were not copied, or not deleted, because something before them failed
	Failed      int // objects that could not be looked at or copied
	Findings    []report.Finding
}

// Differs tells whether the two sides were not the same when the sync began.
func (r Result) Differs(deletes bool) bool {
	return r.Copied+r.Labelled+r.Waiting+r.Failed > 0 || deletes && r.Extra > 0
}

// Step is the name under which progress is told.
const Step = "sync"

// ErrPartly is a sync of which a part could not be done; the findings tell which.
var ErrPartly = errors.New("not everything could be copied")

// run is one sync under way.
type run struct {
	Options
	src, dst end
	pair     *cache // what is known of two buckets' objects
	sink     report.Sink
	fold     *folding

	items [ranks][]*item
	gone  [ranks][]entry
	heads map[string]bool // folders of the source in which a pointer lies

	sayMu sync.Mutex
	says  map[string]func() ([]named, error) // what the source's manifests say, by the folder of a film or of a release; each is asked once

	tellMu   sync.Mutex
	result   Result
	told     int
	lastTold time.Time

	done, total atomic.Int64 // bytes
	todo        atomic.Int64 // objects that are to be copied, as far as is known
	inARow      atomic.Int64 // failures since the last success
}

// end is a place that was opened.
type end struct {
	Place
	*folder // nil for a bucket
}

// home tells a bucket from all others: one address for viewers may stand for several.
func (e end) home() string {
	if b, ok := e.Store.(interface{ Home() string }); ok {
		return b.Home()
	}
	return e.Store.URL("")
}

// item is an object of the source, and what the destination has under its name. Of 100,000 new ones all are held until they are copied, so it is
// kept small.
type item struct {
	src     entry
	dst     *entry // nil where there is none
	verdict verdict
	master  bool // a playlist that names others
}

// Run brings dst up to src. The result is right as far as it goes when there is an error, too; ErrPartly means that the rest was done.
func Run(ctx context.Context, src, dst Place, opt Options, sink report.Sink) (Result, error) {
	if opt.Workers <= 0 {
		opt.Workers = 32
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	r := &run{Options: opt, src: end{Place: src}, dst: end{Place: dst}, sink: sink, heads: map[string]bool{}, says: map[string]func() ([]named, error){}}
	if err := r.open(); err != nil {
		return r.result, err
	}
	defer r.close()
	r.sink(report.Event{Kind: report.StepStarted, Step: Step, Text: "listing both sides"})
	if err := r.compare(ctx); err != nil {
		return r.result, err
	}
	if err := r.hold(ctx); err != nil {
		return r.result, err
	}
	if err := r.guard(); err != nil {
		return r.result, err
	}
	if err := r.carryOut(ctx); err != nil {
		return r.result, err
	}
	r.sink(report.Event{Kind: report.StepDone, Step: Step})
	report.Sort(r.result.Findings)
	if r.result.Failed+r.result.Waiting > 0 {
		return r.result, ErrPartly
	}
	return r.result, nil
}

// open opens the folders and the caches.
func (r *run) open() error {
	for _, e := range []struct {
		*end
		missing bool
	}{{&r.src, false}, {&r.dst, true}} {
		if e.Folder == "" {
			continue
		}
		c, err := openCache(cachePath(r.Cache, "folder", absolute(e.Folder)), r.Now)
		if err != nil {
			r.note(err)
			c, _ = openCache("", r.Now)
		}
		if e.folder, err = openFolder(e.Folder, c, e.missing); err != nil {
			return err
		}
	}
	var err error
	path := ""
	if r.src.folder == nil && r.dst.folder == nil {
		path = cachePath(r.Cache, "pair", r.src.home(), r.dst.home())
	}
	if r.pair, err = openCache(path, r.Now); err != nil {
		r.note(err)
		r.pair, err = openCache("", r.Now)
	}
	return err
}

func (r *run) note(err error) {
	r.sink(report.Event{Kind: report.Note, Text: "nothing is remembered of this sync, so the next one reads every file again: " + err.Error()})
}

func (r *run) close() {
	r.pair.close()
	for _, e := range []end{r.src, r.dst} {
		if e.folder == nil {
			continue
		}
		e.cache.close()
		if e.root != nil {
			e.root.Close()
		}
	}
}

// find reports a complaint. Of very many, the first are told.
func (r *run) find(f report.Finding) {
	r.tellMu.Lock()
	defer r.tellMu.Unlock()
	if len(r.result.Findings) < mostFindings {
		r.result.Findings = append(r.result.Findings, f)
	}
	if f.Severity == report.Error {
		r.result.Failed++
	}
	if r.told++; r.told <= mostTold {
		r.sink(report.Event{Kind: report.Found, Finding: &f})
	} else if r.told == mostTold+1 {
		r.sink(report.Event{Kind: report.Note, Text: "further complaints are only counted; --json has the first thousand"})
	}
}

const (
	mostFindings = 1000
	mostTold     = 50
)

// act counts and tells of a thing that was done, or would be.
func (r *run) act(a Action) {
	r.tellMu.Lock()
	defer r.tellMu.Unlock()
	switch a.Do {
	case Copy:
		r.result.Copied++
		r.result.CopiedBytes += a.Size
	case Delete:
		r.result.Deleted++
	case Label:
		r.result.Labelled++
	}
	if r.Action != nil {
		r.Action(a)
	}
	if !r.DryRun {
		r.sink(report.Event{Kind: kinds[a.Do], Object: a.Name, Total: a.Size})
	}
}

var kinds = map[Verb]report.Kind{Copy: report.Uploaded, Delete: report.Deleted, Label: report.Labelled}

func (r *run) count(n *int, by int) {
	r.tellMu.Lock()
	defer r.tellMu.Unlock()
	*n += by
}

// sent tells how far the sync is.
func (r *run) sent(n int64) {
	done := r.done.Add(n)
	r.tellMu.Lock()
	defer r.tellMu.Unlock()
	if now := r.Now(); now.Sub(r.lastTold) >= 100*time.Millisecond {
		r.lastTold = now
		r.sink(report.Event{Kind: report.StepProgress, Step: Step, Done: done, Total: r.total.Load(),
			Text: fmt.Sprintf("%d of %d objects copied", r.result.Copied, r.todo.Load())})
	}
}
