package mirror

import (
	"context"
	"fmt"
	"path"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// walk gives a side's entries in order.
func (r *run) walk(ctx context.Context, e end, source bool) *feed {
	if e.folder != nil {
		return newFeed(ctx, e.Folder, func(emit func(entry) bool) error { return e.folder.walk(ctx, r.Filter, source, r.find, emit) })
	}
	return newFeed(ctx, e.Store.String(), listing(e.Store.List(ctx, ""), r.Filter))
}

// compare merges the two lists.
func (r *run) compare(ctx context.Context) error {
	// What a list is read from is garbage at once, and little lives: collected half as often, a sync that has nothing to do costs a tenth less.
	// After a first sync its journal lives too, and the heap would grow to several times that.
	journals := 0
	for _, e := range []end{r.src, r.dst} {
		if e.folder != nil {
			journals += len(e.cache.journal.text)
		}
	}
	if journals < 4<<20 {
		defer debug.SetGCPercent(debug.SetGCPercent(250))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	src, dst := r.walk(ctx, r.src, true), r.walk(ctx, r.dst, false)
	m := merging{run: r, films: map[string]bool{}}
	if r.src.folder == nil && r.dst.folder == nil {
		m.pair = r.pair.follow(!r.Filter.all())
	}
	if r.dst.folder != nil {
		r.fold = r.newFolding(r.dst.Folder)
	}
	for {
		s, d := src.peek(), dst.peek()
		if s == nil && src.err != nil {
			return src.err
		}
		if d == nil && dst.err != nil {
			return dst.err
		}
		switch {
		case s == nil && d == nil:
			if m.pair != nil {
				m.pair.close(true)
			}
			r.spelled()
			m.strange()
			return nil
		case d == nil || s != nil && s.name < d.name:
			m.source(*s, nil)
			src.take()
		case s == nil || d.name < s.name:
			m.extra(*d)
			dst.take()
		default:
			m.source(*s, d)
			src.take()
			dst.take()
		}
	}
}

// merging is a comparison under way.
type merging struct {
	*run
	pair   *follower
	guards []string        // what cannot be looked at in the source: nothing that begins so is deleted
	open   []string        // names of the source that the next ones may have as their folder
	films  map[string]bool // what stands before the names of a film's parts, on either side
}

// source takes an object of the source, with what the destination has of that name.
func (m *merging) source(s entry, d *entry) {
	if s.blocked {
		m.guards = append(m.guards, strings.TrimSuffix(s.name, "/")+"/")
		return
	}
	if m.tracked(s.name) {
		return
	}
	m.result.Objects++
	m.result.Bytes += s.size
	if f, bad := m.unfit(s.name); bad {
		m.find(f)
		if d != nil {
			m.fold.leave(d.name)
		}
		return
	}
	it := &item{src: s, verdict: differs}
	if d != nil {
		there := *d
		it.dst = &there
		if m.pair != nil {
			it.src.known = m.pair.find(s.name, s.size, pairStamp(s.etag))
		}
		it.verdict = m.byList(it)
	}
	rank := rankOf(s.name)
	if rank == pointers {
		m.heads[path.Dir(s.name)] = true
	}
	if it.verdict == same && !m.Headers {
		m.result.Same++
		return
	}
	if it.verdict == differs {
		m.expect(s.size)
	}
	m.items[rank] = append(m.items[rank], it)
}

// unfit tells why a folder cannot hold a name: it is another's folder, or the same as another but for its letters' case.
func (m *merging) unfit(name string) (report.Finding, bool) {
	if m.dst.folder == nil {
		return report.Finding{}, false
	}
	for len(m.open) > 0 && !strings.HasPrefix(name, m.open[len(m.open)-1]) {
		m.open = m.open[:len(m.open)-1]
	}
	bad := func(text string) (report.Finding, bool) {
		return report.Finding{Pos: report.Pos{File: m.src.Store.String() + "/" + name}, Severity: report.Error, Rule: "sync-name", Text: text,
			Hint: "rename one of the two, or leave one out with --exclude"}, true
	}
	for _, o := range m.open {
		if name[len(o)] == '/' {
			return bad(fmt.Sprintf("a folder cannot hold this name, since %q is a file there", o))
		}
	}
	m.open = append(m.open, name)
	if other, taken := m.fold.take(name); taken {
		return bad(fmt.Sprintf("that disk does not tell this name from %q", other))
	}
	return report.Finding{}, false
}

// extra takes an object that only the destination has.
func (m *merging) extra(d entry) {
	kept := m.guards[:0]
	for _, g := range m.guards {
		if strings.HasPrefix(d.name, g) {
			return
		}
		if g > d.name {
			kept = append(kept, g)
		}
	}
	m.guards = kept
	if m.tracked(d.name) {
		return
	}
	m.result.Extra++
	m.fold.leave(d.name)
	if m.Delete {
		rank := rankOf(d.name)
		m.gone[rank] = append(m.gone[rank], d)
	}
}

// strange tells of keys that are no names.
func (m *merging) strange() {
	if m.Strange == nil {
		return
	}
	for _, key := range m.Strange() {
		if !m.Filter.Takes(key) {
			continue
		}
		m.find(report.Finding{Pos: report.Pos{File: m.src.Store.String()}, Severity: report.Error, Rule: "sync-name",
			Text: fmt.Sprintf("the key %q cannot be copied: %s", key, strings.TrimPrefix(fmt.Sprint(store.CheckName(key)), store.ErrName.Error()+": ")),
			Hint: "rename the object, or sync from a prefix that does not hold it"})
	}
}

// Limit is how much may be deleted: a number of objects, or a share of those on the destination.
type Limit struct {
	Count int
	Share float64 // percent; counts where Count is below 0
}

// ParseLimit reads "100" or "20%".
func ParseLimit(text string) (Limit, error) {
	if share, ok := strings.CutSuffix(text, "%"); ok {
		f, err := strconv.ParseFloat(share, 64)
		if err != nil || !(f >= 0 && f <= 100) {
			return Limit{}, fmt.Errorf("%q is no share; write 0%% to 100%%", text)
		}
		return Limit{-1, f}, nil
	}
	n, err := strconv.ParseUint(text, 10, 31)
	if err != nil {
		return Limit{}, fmt.Errorf("%q is no limit; write a number of objects, or a share as in 20%%", text)
	}
	return Limit{Count: int(n)}, nil
}

// most is how many of so many objects may be deleted.
func (l Limit) most(of int) int {
	if l.Count < 0 {
		return int(l.Share / 100 * float64(of))
	}
	return l.Count
}

func (l Limit) String() string {
	if l.Count < 0 {
		return strconv.FormatFloat(l.Share, 'f', -1, 64) + "%"
	}
	return strconv.Itoa(l.Count)
}

// ErrTooMany is more deletions than were allowed. Nothing was written.
type ErrTooMany struct {
	Would, Of int
	Limit     Limit
	Place     string
}

func (e *ErrTooMany) Error() string {
	return fmt.Sprintf("%d of the %d objects in %s would be deleted, and --max-delete allows %s; nothing was changed. Look at them with --dry-run, "+
		"and allow more if they are right", e.Would, e.Of, e.Place, e.Limit)
}

// guard refuses to delete more than was allowed, before anything is written.
func (r *run) guard() error {
	would := 0
	for _, list := range r.gone {
		would += len(list)
	}
	have := r.result.Extra + r.result.Kept + r.result.Same
	for _, list := range r.items {
		for _, it := range list {
			if it.dst != nil && it.verdict != same {
				have++
			}
		}
	}
	if would <= r.MaxDelete.most(have) {
		return nil
	}
	tooMany := &ErrTooMany{would, have, r.MaxDelete, r.dst.Store.String()}
	if r.DryRun {
		r.sink(report.Event{Kind: report.Note, Text: "this would be refused: " + tooMany.Error()})
		return nil
	}
	return tooMany
}

func absolute(p string) string {
	abs, err := filepath.Abs(p)
	if err != nil {
		return p
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	return abs
}
