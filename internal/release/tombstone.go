package release

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path"
	"slices"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Grace is the shortest time that must pass between the moment at which an object was written down as unreferenced and
// its deletion. All that follows rests on it; see "Deleting while others publish" in docs/design.md.
const Grace = time.Hour

// stale is how old a look at the tombstone and at the list may be when the pointer is switched. It is well below Grace.
const stale = 15 * time.Minute

// Tombstone is <slug>/tombstone.json: what a clean-up found that no kept release names, and when. Every change of it is a
// conditional write, so that of a publisher who needs an object and a cleaner who wants it gone one wins, and the other
// sees it. It is never deleted while anything else of the film is there.
type Tombstone struct {
	Format int `json:"format"`
	// Until is set while objects are being deleted: nobody may rely on one that is named here before that moment of the
	// store's clock. The cleaner sets it anew while it works, and takes it away when its last deletion was answered.
	Until   time.Time `json:"until,omitzero"`
	Objects []Doomed  `json:"objects"` // sorted by path
	// Mark is another one in each tombstone that is written. A condition is one on bytes: two cleaners that announce the same within a
	// second must not take each other's tombstone for their own.
	Mark string `json:"mark,omitempty"`
}

// Doomed is an unreferenced object. One that was written since is another one.
type Doomed struct {
	Path     string    `json:"path"` // below <slug>/
	Size     int64     `json:"size"` // as stored
	ETag     string    `json:"etag,omitempty"`
	Modified time.Time `json:"modified,omitzero"`
	Since    time.Time `json:"since"` // when it was first found unreferenced, by the store's clock
}

// Same tells whether an object is the one that was written down.
func (d Doomed) Same(obj store.Object) bool {
	return d.Size == obj.Size && (d.ETag == "" || obj.ETag == "" || d.ETag == obj.ETag) && d.Modified.Equal(obj.Modified)
}

// ReadTombstone reads a film's tombstone; slug is "" where the place is the film's own. The ETag is for WriteTombstone; "" says that there is none.
func ReadTombstone(ctx context.Context, st store.Store, slug string) (t Tombstone, etag string, err error) {
	name := path.Join(slug, TombstoneName)
	b, obj, err := ReadObject(ctx, st, name, maxManifest)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Tombstone{Format: format}, "", nil
	case err != nil:
		return t, "", err
	}
	if t, err = ParseTombstone(b); err != nil {
		return t, "", fmt.Errorf("%w: %s: %v; delete this one object if you know that no other filmpress wrote it, and nothing is lost but the time that clean waited",
			ErrMalformed, st.URL(name), err)
	}
	return t, obj.ETag, nil
}

// ParseTombstone reads the bytes of a tombstone.
func ParseTombstone(b []byte) (Tombstone, error) {
	var t Tombstone
	if err := decode(b, &t); err != nil {
		return t, err
	}
	if t.Format != format {
		return t, fmt.Errorf("it has format %d, this program knows %d", t.Format, format)
	}
	last := ""
	for _, d := range t.Objects {
		if part, _ := PartOf(d.Path); part != Media && part != Page || store.CheckName(d.Path) != nil || d.Path <= last {
			return t, fmt.Errorf("the path %q is not possible there, or out of order", d.Path)
		}
		last = d.Path
	}
	return t, nil
}

// WriteTombstone replaces a film's tombstone, if it still has that ETag ("" is: if there is none), and gives the new one.
// store.ErrPrecondition says that somebody else changed it.
func WriteTombstone(ctx context.Context, st store.Store, slug string, t Tombstone, etag string) (string, error) {
	t.Format, t.Mark = format, rand.Text()
	if t.Objects == nil {
		t.Objects = []Doomed{}
	}
	f := FromBytes(TombstoneName, encode(t))
	f.CacheControl = store.Revalidate
	obj, err := st.Put(ctx, path.Join(slug, TombstoneName), store.Body{Size: f.Size, Open: f.Open}, f.meta(), store.If{Absent: etag == "", ETag: etag})
	return obj.ETag, err
}

// Spare makes sure that no clean-up deletes objects of a film that are about to be relied on: those for which needs says
// so by their paths below <slug>/. What a tombstone names of them is struck out; where a clean-up is deleting already, its
// end is awaited. A List that begins after Spare returned tells what is there, and what it tells stays for at least Grace.
func Spare(ctx context.Context, st store.Store, slug string, needs func(path string) bool, timer Timer, sink report.Sink) error {
	told := false
	for try := 0; ; try++ {
		t, etag, err := ReadTombstone(ctx, st, slug)
		if err != nil {
			return err
		}
		rest := slices.DeleteFunc(slices.Clone(t.Objects), func(d Doomed) bool { return needs(d.Path) })
		if len(rest) == len(t.Objects) {
			return nil
		}
		left, err := remaining(ctx, st, t.Until)
		if err != nil {
			return err
		}
		if left > 0 {
			if !told {
				told = true
				sink(report.Event{Kind: report.Note, Text: fmt.Sprintf("a clean-up is deleting old objects of %s; waiting until it has ended", slug)})
			}
			if err := timer.Pause(ctx, min(left, 2*time.Second)); err != nil {
				return err
			}
			continue
		}
		_, err = WriteTombstone(ctx, st, slug, Tombstone{Objects: rest}, etag)
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrPrecondition) || try >= tries {
			return err
		}
	}
}

// remaining is the time until a moment of the store's clock.
func remaining(ctx context.Context, st store.Store, until time.Time) (time.Duration, error) {
	if until.IsZero() {
		return 0, nil
	}
	now, err := Now(ctx, st)
	return until.Sub(now), err
}

// Now is the time by the store's own clock.
func Now(ctx context.Context, st store.Store) (time.Time, error) {
	clock, ok := st.(store.Clock)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: %s has no clock of its own", store.ErrUnsupported, st)
	}
	return clock.Now(ctx)
}

// Timer is how this machine's time is told, and waited. The zero value is the real one.
type Timer struct {
	Now  func() time.Time // the time of day, which goes on while the machine sleeps, as time.Since would not
	Wait func(ctx context.Context, d time.Duration) error
}

// Today is the time of day.
func (t Timer) Today() time.Time {
	if t.Now != nil {
		return t.Now()
	}
	return time.Now().Round(0)
}

// Pause waits.
func (t Timer) Pause(ctx context.Context, d time.Duration) error {
	if t.Wait != nil {
		return t.Wait(ctx, d)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
