package release

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Grace is the shortest time that must pass between the moment at which an object was written down as unreferenced and
// its deletion. All that follows rests on it; see "Deleting while others publish" in docs/design.md.
const Grace = time.Hour

// stale is how old a look at the tombstone and at the list may be when the pointer is switched. It is well below Grace.
const stale = 15 * time.Minute

// Lease is how long ahead a clean-up announces its deletions; it announces them anew while it works.
const Lease = 3 * time.Minute

// longest is how far ahead an announcement can be at the most: several clean-ups, and clocks that are a little apart.
const longest = 5 * Lease

// Tombstone is <slug>/tombstone.json: what a clean-up found that no kept release names, and when. Every change of it is a
// conditional write, so that of a publisher who needs an object and a cleaner who wants it gone one wins, and the other
// sees it. It is never deleted while anything else of the film is there.
//
// Whoever knows the film's address can read it, so it does not say what lies there: objects are named by keys, which nobody can guess a path from.
// Tombstones of format 1, which had paths, are read, and written anew without.
type Tombstone struct {
	Format int    `json:"format"`
	Salt   string `json:"salt,omitempty"` // of the keys; it stays as long as the tombstone does
	// Until is set while objects are being deleted: nobody may rely on one that is named here before that moment of the
	// store's clock. The cleaner sets it anew while it works, and takes it away when its last deletion was answered.
	Until   time.Time `json:"until,omitzero"`
	Objects []Doomed  `json:"objects"` // sorted by key
	// Mark is another one in each tombstone that is written. A condition is one on bytes: two cleaners that announce the same within a
	// second must not take each other's tombstone for their own.
	Mark string `json:"mark,omitempty"`
}

// Doomed is an unreferenced object. One that was written since is another one.
type Doomed struct {
	Path     string    `json:"path,omitempty"` // below <slug>/; "" where it is not known. It is not written
	Key      string    `json:"key,omitempty"`  // Tombstone.Key of its path
	Size     int64     `json:"size"`           // as stored
	ETag     string    `json:"etag,omitempty"` // Tombstone.Seal of it: that of a manifest can begin with the release's name
	Modified time.Time `json:"modified,omitzero"`
	Since    time.Time `json:"since"` // when it was first found unreferenced, by the store's clock
}

// Same tells whether an object is the one that was written down.
func (d Doomed) Same(now Doomed) bool {
	return d.Size == now.Size && (d.ETag == "" || now.ETag == "" || d.ETag == now.ETag) && d.Modified.Equal(now.Modified)
}

// ReadTombstone reads a film's tombstone; slug is "" where the place is the film's own. The ETag is for WriteTombstone; "" says that there is none.
func ReadTombstone(ctx context.Context, st store.Store, slug string) (t Tombstone, etag string, err error) {
	name := path.Join(slug, TombstoneName)
	b, obj, err := ReadObject(ctx, st, name, maxManifest)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Tombstone{Format: tombstoneFormat, Salt: rand.Text()}, "", nil
	case err != nil:
		return t, "", err
	}
	if t, err = ParseTombstone(b); err != nil {
		return t, "", fmt.Errorf("%w: %s: %v; delete this one object if you know that no other filmpress wrote it, and nothing is lost but the time that clean waited",
			ErrMalformed, st.URL(name), err)
	}
	readable := t.Format == 1
	t = t.keyed()
	for i := range t.Objects {
		if readable {
			t.Objects[i].ETag = t.Seal(t.Objects[i].ETag)
		}
	}
	return t, obj.ETag, nil
}

// tombstoneFormat is what is written; 1, with paths in the place of keys, is still read.
const tombstoneFormat = 2

// Key names an object by its path below <slug>/. What it begins with is one for all objects of a release's pages, or of a step.
func (t Tombstone) Key(path string) string {
	parts := strings.SplitN(path, "/", 3)
	return t.part(strings.Join(parts[:min(2, len(parts))], "/")) + t.part(path)
}

// Seal makes an ETag comparable and not readable; "" stays "".
func (t Tombstone) Seal(etag string) string {
	if etag == "" {
		return ""
	}
	return t.part("etag " + etag)
}

// partLength is how many letters half a key has: 96 bits.
const partLength = 16

func (t Tombstone) part(text string) string {
	sum := sha256.Sum256([]byte(t.Salt + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(sum[:partLength*6/8])
}

// keyed gives every object its key.
func (t Tombstone) keyed() Tombstone {
	if t.Salt == "" {
		t.Salt = rand.Text()
	}
	t.Objects = slices.Clone(t.Objects)
	for i := range t.Objects {
		if d := &t.Objects[i]; d.Path != "" {
			d.Key = t.Key(d.Path)
		}
	}
	return t
}

// Named are the keys of what a tombstone names.
func (t Tombstone) Named() map[string]Doomed {
	out := make(map[string]Doomed, len(t.Objects))
	for _, d := range t.Objects {
		out[d.Key] = d
	}
	return out
}

// ParseTombstone reads the bytes of a tombstone.
func ParseTombstone(b []byte) (Tombstone, error) {
	var t Tombstone
	if err := decode(b, &t); err != nil {
		return t, err
	}
	switch t.Format {
	case 1:
	case tombstoneFormat:
		return t, t.checkKeys()
	default:
		return t, fmt.Errorf("it has format %d, this program knows %d", t.Format, tombstoneFormat)
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

// Possible is an ErrMalformed for an announcement that no clean-up makes, at this time of the store: one from a clock that was wrong. Who
// waited for its end might wait for years.
func (t Tombstone) Possible(st store.Store, slug string, now time.Time) error {
	if t.Until.Before(now.Add(longest)) {
		return nil
	}
	return fmt.Errorf("%w: %s: it says that objects are being deleted until %s, and it is %s there, so a wrong clock wrote it; see that no clean runs, delete this one object, and nothing is lost but the time that clean waited",
		ErrMalformed, st.URL(path.Join(slug, TombstoneName)), t.Until.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
}

var keyForm = regexp.MustCompile(`^[A-Za-z0-9_-]{32}$`)

func (t Tombstone) checkKeys() error {
	if t.Salt == "" {
		return errors.New("it has no salt")
	}
	last := ""
	for _, d := range t.Objects {
		if d.Path != "" || !keyForm.MatchString(d.Key) || d.Key <= last {
			return fmt.Errorf("the key %q is not possible there, or out of order", d.Key)
		}
		last = d.Key
	}
	return nil
}

// WriteTombstone replaces a film's tombstone, if it still has that ETag ("" is: if there is none), and gives the new one.
// store.ErrPrecondition says that somebody else changed it.
func WriteTombstone(ctx context.Context, st store.Store, slug string, t Tombstone, etag string) (string, error) {
	t = t.keyed()
	t.Format, t.Mark = tombstoneFormat, rand.Text()
	for i := range t.Objects {
		t.Objects[i].Path = ""
	}
	slices.SortFunc(t.Objects, func(a, b Doomed) int { return strings.Compare(a.Key, b.Key) })
	t.Objects = slices.CompactFunc(t.Objects, func(a, b Doomed) bool { return a.Key == b.Key })
	if t.Objects == nil {
		t.Objects = []Doomed{}
	}
	f := FromBytes(TombstoneName, encode(t))
	f.CacheControl = store.Revalidate
	obj, err := st.Put(ctx, path.Join(slug, TombstoneName), store.Body{Size: f.Size, Open: f.Open}, f.meta(), store.If{Absent: etag == "", ETag: etag})
	return obj.ETag, err
}

// Needs are objects of a film that are about to be relied on.
type Needs struct {
	Paths   []string // below <slug>/
	Release string   // all pages of this release; "" is none
}

// in tells which objects of a tombstone are needed.
func (n Needs) in(t Tombstone) func(Doomed) bool {
	if len(t.Objects) == 0 {
		return func(Doomed) bool { return false }
	}
	keys := make(map[string]bool, len(n.Paths))
	for _, path := range n.Paths {
		keys[t.Key(path)] = true
	}
	pages := t.part("r/" + n.Release)
	return func(d Doomed) bool { return keys[d.Key] || n.Release != "" && strings.HasPrefix(d.Key, pages) }
}

// Spare makes sure that no clean-up deletes objects of a film that are about to be relied on.
// What a tombstone names of them is struck out; where a clean-up is deleting already, its
// end is awaited. A List that begins after Spare returned tells what is there, and what it tells stays for at least Grace.
func Spare(ctx context.Context, st store.Store, slug string, needs Needs, timer Timer, sink report.Sink) error {
	told := false
	for try := 0; ; try++ {
		t, etag, err := ReadTombstone(ctx, st, slug)
		if err != nil {
			return err
		}
		rest := slices.DeleteFunc(slices.Clone(t.Objects), needs.in(t))
		if len(rest) == len(t.Objects) {
			return nil
		}
		left, err := remaining(ctx, st, slug, t)
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
		_, err = WriteTombstone(ctx, st, slug, Tombstone{Salt: t.Salt, Objects: rest}, etag)
		if err == nil {
			return nil
		}
		if !errors.Is(err, store.ErrPrecondition) || try >= tries {
			return err
		}
	}
}

// remaining is the time until the deletions that a tombstone announces have ended, by the store's clock.
func remaining(ctx context.Context, st store.Store, slug string, t Tombstone) (time.Duration, error) {
	if t.Until.IsZero() {
		return 0, nil
	}
	now, err := Now(ctx, st)
	if err == nil {
		err = t.Possible(st, slug, now)
	}
	return t.Until.Sub(now), err
}

// Now is the time by the store's own clock.
func Now(ctx context.Context, st store.Store) (time.Time, error) {
	clock, ok := st.(store.Clock)
	if !ok {
		return time.Time{}, fmt.Errorf("%w: %s has no clock of its own", store.ErrUnsupported, st)
	}
	return clock.Now(ctx)
}
