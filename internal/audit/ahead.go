package audit

import (
	"context"
	"errors"

	"filmpress/internal/report"
)

// aheadBytes is how much of what is fetched ahead, and of what it is fetched for, may be in memory. Six seconds at 60 Mb/s are
// 45 MB; a stranger's segments may have 512, and five of those would be more than a small machine has.
const aheadBytes = 256 << 20

// flight is files on their way, in the order in which they are wanted.
type flight struct {
	a       *auditor
	ctx     context.Context
	cancel  context.CancelFunc
	wants   []want
	share   int64 // the longest file that is fetched ahead
	started int
	arrive  []chan landed // nil where a file is fetched when it is its turn
	long    bool          // a file was longer than that: those behind it are likely to be, too
}

type landed struct {
	file File
	err  error
}

// fly begins to fetch files that are needed one after the other, Options.Ahead of them before it is their turn. What is
// longer than its share of aheadBytes is fetched in its turn, alone. The caller closes it.
func (a *auditor) fly(wants []want) *flight {
	ctx, cancel := context.WithCancel(a.ctx)
	return &flight{a: a, ctx: ctx, cancel: cancel, wants: wants, share: aheadBytes / int64(a.opt.Ahead+1), arrive: make([]chan landed, len(wants))}
}

func (f *flight) close() { f.cancel() }

// take gives the file with the number i; each is taken once, in order.
func (f *flight) take(i int) (File, bool) {
	if f.a.opt.Ahead > 0 {
		for ; f.started < min(i+1+f.a.opt.Ahead, len(f.wants)) && !f.long; f.started++ {
			f.start(f.started)
		}
	}
	if f.arrive[i] == nil {
		return f.a.part(f.wants[i])
	}
	got := <-f.arrive[i]
	f.arrive[i] = nil
	if long, is := errors.AsType[*LongError](got.err); is && long.Limit < f.wants[i].request().Limit {
		f.long = true
		return f.a.part(f.wants[i])
	}
	return got.file, f.a.arrived(f.wants[i], got.file, got.err)
}

func (f *flight) start(i int) {
	request := f.wants[i].request()
	if request.Length > f.share || request.URI == "" {
		return
	}
	request.Limit = min(request.Limit, f.share)
	done := make(chan landed, 1)
	f.arrive[i] = done
	go func() {
		var got landed
		got.err = report.Caught(func() (err error) {
			got.file, err = f.a.src.Read(f.ctx, request)
			return err
		})
		done <- got
	}()
}
