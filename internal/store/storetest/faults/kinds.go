package faults

import (
	"iter"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/store/storetest/s3server"
)

// Kind is a way in which the line to a server, or the server, is bad.
type Kind struct {
	Name  string
	Short bool // among the few that every run of the tests tries
	down  bool // answers come with other bytes than the server sent, and nothing tells
	begin func(b *Bad)
	toxic func(random *rand.Rand) []Toxic
}

// Bad is a server that is reached over a line with faults of one kind.
type Bad struct {
	s3server.Server
	Lots   *rand.Rand    // for what a campaign leaves to chance: from the seed alone, whatever the requests do
	hits   *atomic.Int64 // how many requests met a fault, or connections had a toxic put on
	wanted int           // runs
	until  time.Time     // when no more are begun
	kind   Kind
	proxy  Toxiproxy
	mu     sync.Mutex
	random *rand.Rand
	pick   func(*http.Request) Fault
}

// start puts a proxy before the server. Its faults follow from the seed, as far as the order of requests does.
func (k Kind) start(t testing.TB, s s3server.Server, seed uint64) *Bad {
	b := &Bad{kind: k, random: rand.New(rand.NewPCG(seed, 1)), Lots: rand.New(rand.NewPCG(seed, 2)), hits: new(atomic.Int64)}
	if k.toxic != nil {
		b.Server, b.proxy = StartToxiproxy(t, s)
		return b
	}
	b.Server = Between(t, s, func(r *http.Request) Fault {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.pick == nil {
			return nil
		}
		f := b.pick(r)
		if f != nil {
			b.hits.Add(1)
		}
		return f
	})
	return b
}

// Another is a line of the same kind, to another server. Met counts what both do.
func (b *Bad) Another(t testing.TB, s s3server.Server) *Bad {
	other := b.kind.start(t, s, b.Lots.Uint64())
	other.hits = b.hits
	return other
}

// Met is how many requests met a fault until now, or connections had a toxic put on.
func (b *Bad) Met() int64 { return b.hits.Load() }

// Begin starts a run with new faults.
func (b *Bad) Begin() {
	if b.kind.toxic != nil {
		b.proxy.Clear()
		for i, toxic := range b.kind.toxic(b.random) {
			toxic.Name = strconv.Itoa(i)
			b.proxy.Add(toxic)
			b.hits.Add(1)
		}
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.kind.begin(b)
}

// Runs counts the runs of a campaign's part, and goes on until a fault happened, since the dice may spare a run's few requests.
func (b *Bad) Runs(t testing.TB) iter.Seq[int] {
	return func(yield func(int) bool) {
		for i := 0; i < b.wanted || b.hits.Load() == 0; i++ {
			if i > 0 && time.Now().After(b.until) {
				return
			}
			if i == b.wanted+30 {
				t.Errorf("no fault happened in %d runs", i)
				return
			}
			if !yield(i) {
				return
			}
		}
	}
}

// Changes says whether an answer may have come with other bytes than the server sent.
func (b *Bad) Changes() bool { return b.kind.down }

// some has one request in n meet a fault.
func some(n int, when func(*http.Request) bool, f Fault) func(*Bad) {
	return func(b *Bad) {
		b.pick = func(r *http.Request) Fault {
			if !when(r) || b.random.IntN(n) > 0 {
				return nil
			}
			return f
		}
	}
}

// from has all requests meet a fault, from one of the first n on.
func from(n int, f Fault) func(*Bad) {
	return func(b *Bad) {
		left := b.random.IntN(n)
		b.pick = func(*http.Request) Fault {
			if left--; left >= 0 {
				return nil
			}
			return f
		}
	}
}

func every(*http.Request) bool     { return true }
func reads(r *http.Request) bool   { return r.Method == http.MethodGet }
func uploads(r *http.Request) bool { return r.Method == http.MethodPut && r.ContentLength > 0 }
func writes(r *http.Request) bool  { return r.Method != http.MethodGet && r.Method != http.MethodHead }

// Kinds are the faults of a campaign. A run sends some hundred requests.
var Kinds = []Kind{
	{Name: "500", begin: some(20, every, Answer(500, "InternalError"))},
	{Name: "503 SlowDown", Short: true, begin: some(10, every, Answer(503, "SlowDown"))},
	{Name: "403 midway", begin: from(30, Answer(403, "AccessDenied"))},
	{Name: "connection broken before", begin: some(20, every, Reset)},
	{Name: "reply lost after success", Short: true, begin: some(20, writes, LostReply)},
	{Name: "request repeated on the way", begin: some(3, writes, Repeat)},
	{Name: "wrong bytes up", begin: some(20, uploads, MangleUpload)},
	{Name: "wrong bytes down", Short: true, down: true, begin: some(3, reads, MangleDownload)},
	{Name: "answers cut", begin: some(3, reads, CutDownload)},
	{Name: "toxiproxy: slow (latency)", toxic: func(r *rand.Rand) []Toxic {
		return both(Toxic{Type: "latency", Toxicity: 1, Attributes: map[string]int{"latency": r.IntN(40), "jitter": r.IntN(40)}})
	}},
	{Name: "toxiproxy: slow (bandwidth)", toxic: func(r *rand.Rand) []Toxic {
		return both(Toxic{Type: "bandwidth", Toxicity: 0.5, Attributes: map[string]int{"rate": 2000 + r.IntN(8000)}}) // kB/s
	}},
	{Name: "toxiproxy: cut (limit_data)", Short: true, toxic: func(r *rand.Rand) []Toxic {
		return both(Toxic{Type: "limit_data", Toxicity: 0.4, Attributes: map[string]int{"bytes": 1 << (9 + r.IntN(14))}})
	}},
	{Name: "toxiproxy: reset (reset_peer)", toxic: func(r *rand.Rand) []Toxic {
		return both(Toxic{Type: "reset_peer", Toxicity: 0.3, Attributes: map[string]int{"timeout": r.IntN(300)}}) // ms
	}},
	{Name: "toxiproxy: silent (timeout)", toxic: func(r *rand.Rand) []Toxic {
		return both(Toxic{Type: "timeout", Toxicity: 0.2, Attributes: map[string]int{"timeout": r.IntN(2) * 500}}) // ms; 0 is for ever
	}},
}

// Few are those of Kinds that every run of the tests tries.
func Few() []Kind {
	return slices.DeleteFunc(slices.Clone(Kinds), func(k Kind) bool { return !k.Short })
}

// both puts a toxic on both directions.
func both(toxic Toxic) []Toxic {
	down := toxic
	toxic.Stream, down.Stream = "upstream", "downstream"
	return []Toxic{toxic, down}
}
