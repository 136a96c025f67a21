package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// client is one with the patience of a user's. An empty machine answers at once, one under load does not.
func client(t testing.TB, server s3server.Server) *s3.Store {
	return open(t, s3.Options{Bucket: server.Bucket, Endpoint: server.Endpoint})
}

// hasty is a client that waits a second for an answer: bad lines would take the day otherwise.
func hasty(t testing.TB, server s3server.Server, uploads string) *s3.Store {
	return open(t, s3.Options{Bucket: server.Bucket, Endpoint: server.Endpoint, Patience: time.Second, Uploads: uploads})
}

func open(t testing.TB, o s3.Options) *s3.Store {
	t.Helper()
	st, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func publish(t testing.TB, st store.Store, set release.Set) string {
	t.Helper()
	r, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r.Release
}

// viewed ends a viewer, who must have met nothing wrong.
func viewed(t *testing.T, v *campaign.Viewer, a *faults.Tally) {
	t.Helper()
	if err := v.Stop(); err != nil {
		t.Errorf("the viewer: %v", err)
	}
	a.Looks, a.Links = a.Looks+v.Looks, a.Links+v.Links
}

// TestSyncFaults brings a library to a bucket and back over bad lines, and from there to a bucket of the same server or of another one. Where sync says that it is done, every byte is right; else the
// next one over a good line finishes. What only the bucket has is deleted, and nothing else.
func TestSyncFaults(t *testing.T) {
	faults.Each(t, "runs", func(t *testing.T, server s3server.Server, bad *faults.Bad) (a faults.Tally) {
		near, far := server.Another(t), server.Twin(t)
		for i := range bad.Runs(t) {
			syncOnce(t, server, near, far, bad, i, &a)
		}
		return a
	})
}

func syncOnce(t *testing.T, server, near, far s3server.Server, bad *faults.Bad, i int, a *faults.Tally) {
	library, back, kept := t.TempDir(), t.TempDir(), t.TempDir()
	films, err := dir.New(library)
	if err != nil {
		t.Fatal(err)
	}
	slug := fmt.Sprint("film ", i)
	publish(t, films, campaign.Film(slug, "old", 60, false))
	here := mirror.Place{Store: films, Folder: library}
	there := mirror.Place{Store: client(t, server)}
	options := mirror.Options{Now: time.Now, Cache: filepath.Join(kept, "cache"), Spool: kept, Delete: true, MaxDelete: mirror.Limit{Count: 5},
		Filter: mirror.Filter{Include: []mirror.Pattern{pattern(t, slug)}}}
	finish := func(src, dst mirror.Place) {
		t.Helper()
		if r, err := mirror.Run(t.Context(), src, dst, options, report.Discard); err != nil {
			t.Errorf("%d: over a good line: %v %+v", i, err, r.Findings)
		}
	}
	finish(here, there)
	stray := release.FromBytes("", []byte("stray"))
	if _, err := there.Store.Put(t.Context(), slug+"/o/stray", store.Bytes([]byte("stray")), store.Meta{SHA256: stray.SHA256}, store.If{}); err != nil {
		t.Fatal(err)
	}
	set := campaign.Film(slug, "new", 60, i%5 == 0)
	publish(t, films, set)

	viewer := campaign.Watch(t.Context(), server.Endpoint+"/"+server.Bucket, slug)
	folder, err := dir.New(back)
	if err != nil {
		t.Fatal(err)
	}
	returned := mirror.Place{Store: folder, Folder: back}
	ways, other := []string{"up", "down", "within"}, near
	if rand.IntN(2) == 0 {
		ways[2], other = "across", far
	}
	second := mirror.Place{Store: client(t, other)}
	for _, way := range ways {
		bad.Begin()
		through := mirror.Place{Store: hasty(t, bad.Server, filepath.Join(kept, "uploads"))}
		src, dst, good := here, through, func() { finish(here, there) }
		switch way {
		case "down":
			src, dst, good = through, returned, func() { finish(there, returned) }
		case "within": // by the server itself, over the same line
			line := bad.Server
			line.Bucket = near.Bucket
			src, dst, good = through, mirror.Place{Store: hasty(t, line, filepath.Join(kept, "uploads"))}, func() { finish(there, second) }
		case "across":
			src, dst, good = through, second, func() { finish(there, second) }
		}
		r, err := mirror.Run(t.Context(), src, dst, options, report.Discard)
		a.Runs++
		if err == nil {
			a.Done++
		} else {
			clearly(t, server, err, r.Findings)
			good()
		}
	}
	viewed(t, viewer, a)
	for _, folder := range []string{server.Dir, back, other.Dir} {
		if err := campaign.Right(folder, set); err != nil {
			t.Errorf("%d: %v", i, err)
		}
	}
	if _, err := os.Stat(filepath.Join(server.Dir, slug, "o/stray")); err == nil {
		t.Errorf("%d: what only the bucket has is still there", i)
	}
}

func pattern(t *testing.T, text string) mirror.Pattern {
	t.Helper()
	p, err := mirror.ParsePattern(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// clearly insists that a failure is told well.
func clearly(t *testing.T, server s3server.Server, err error, findings []report.Finding) {
	t.Helper()
	if e := campaign.Unclean(err, server.SecretKey, server.AccessKey); e != nil {
		t.Error(e)
	}
	if errors.Is(err, mirror.ErrPartly) && len(findings) == 0 {
		t.Errorf("it does not say what failed: %v", err)
	}
	for _, f := range findings {
		if f.Text == "" || f.Hint == "" || strings.ContainsAny(f.Text+f.Hint, "\n\x1b") || strings.Contains(f.Text, server.SecretKey) {
			t.Errorf("a finding: %+v", f)
		}
	}
}

// week is a little more than the grace of these tests.
const week = 8 * 24 * time.Hour

// later is a bucket whose clock is ahead.
type later struct {
	*s3.Store
	ahead time.Duration
}

func (l later) Now(ctx context.Context) (time.Time, error) {
	now, err := l.Store.Now(ctx)
	return now.Add(l.ahead), err
}

// TestCleanFaults cleans up over bad lines: what the current release and the one before name stays, whatever happens. A clean-up that
// tells of nothing has removed the rest; else the next one over a good line does. Where a listing came changed, an object may have
// passed for new, and waits once more.
func TestCleanFaults(t *testing.T) {
	faults.Each(t, "runs", func(t *testing.T, server s3server.Server, bad *faults.Bad) (a faults.Tally) {
		good := client(t, server)
		for i := range bad.Runs(t) {
			slug := fmt.Sprint("film ", i)
			sets, ids := aged(t, good, slug)
			viewer := campaign.Watch(t.Context(), server.Endpoint+"/"+server.Bucket, slug)
			bad.Begin()
			a.Runs++
			r, err := sweep(t.Context(), later{hasty(t, bad.Server, ""), week}, slug)
			if err != nil {
				clearly(t, server, err, r.Findings)
			} else if len(r.Findings) == 0 {
				a.Done++
			}
			wait := week
			if bad.Changes() {
				wait = 2 * week
			}
			if err != nil || len(r.Findings) > 0 || bad.Changes() {
				if _, err := sweep(t.Context(), later{good, wait}, slug); err != nil {
					t.Errorf("%d: over a good line: %v", i, err)
				}
			}
			viewed(t, viewer, &a)
			swept(t, server, slug, sets, ids)
		}
		return a
	})
}

// aged publishes three versions and notes what of the first nobody needs any more.
func aged(t testing.TB, st store.Store, slug string) (sets []release.Set, ids []string) {
	t.Helper()
	for _, version := range []string{"one", "two", "three"} {
		sets = append(sets, campaign.Film(slug, version, 60, false))
		ids = append(ids, publish(t, st, sets[len(sets)-1]))
	}
	if _, err := sweep(t.Context(), st, slug); err != nil {
		t.Fatal(err)
	}
	return sets, ids
}

func sweep(ctx context.Context, st store.Store, slug string) (clean.Report, error) {
	return clean.Run(ctx, st, clean.Options{Slug: slug, Grace: 7 * 24 * time.Hour, Do: true, Max: clean.Limit{Percent: 60}}, report.Discard)
}

// swept insists that the last two of three versions are whole, and that of the first nothing is left but what they share.
func swept(t testing.TB, server s3server.Server, slug string, sets []release.Set, ids []string) {
	t.Helper()
	if err := errors.Join(campaign.Whole(server.Dir, sets[1], ids[1]), campaign.Right(server.Dir, sets[2])); err != nil {
		t.Errorf("%s: a kept release: %v", slug, err)
	}
	for _, gone := range []string{campaign.Own("one") + "v1/00000.m4s", campaign.Own("one") + "v1/00029.m4s", "r/" + ids[0] + "/" + release.ManifestName} {
		if _, err := os.Stat(filepath.Join(server.Dir, slug, gone)); err == nil {
			t.Errorf("%s: %s is still there", slug, gone)
		}
	}
}
