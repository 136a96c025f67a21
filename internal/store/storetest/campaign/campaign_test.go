package campaign_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
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

// beside is another bucket of the server, which strangers may read.
func beside(t testing.TB, server s3server.Server) s3server.Server {
	t.Helper()
	if server.Dir == "" {
		return s3server.Anywhere(t)
	}
	server = server.Another(t)
	if err := server.SetPolicy(t.Context(), `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::`+server.Bucket+`/*"}`); err != nil {
		t.Fatal(err)
	}
	return server
}

// apart is a bucket that this server does not copy to or from: another server's, or one at another address where the server is somebody's.
func apart(t testing.TB, server s3server.Server) s3server.Server {
	t.Helper()
	if server.Dir != "" {
		return server.Twin(t)
	}
	server, _ = faults.Count(t, s3server.Anywhere(t))
	return server
}

// Ways of a sync, which are counted apart.
const (
	up     = "folder to bucket"
	down   = "bucket to folder"
	within = "bucket to bucket of one server"
	across = "bucket to bucket of another server"
)

// reached is the bucket that a way leads to, by its place in buckets.
var reached = map[string]int{up: 0, within: 1, across: 2}

// buckets are what syncs go between: the library's, another one of its server, and one apart.
type buckets struct {
	good, bad [3]s3server.Server // over a good line, and over a bad one
	line      []*faults.Bad      // the bad ones: the first two buckets are reached over the same
}

// TestSyncFaults brings a library to a bucket and back over bad lines, and from there to buckets that have the version before, one of the same
// server and one of another. Where sync says that it is done, every byte is right; else the next one over a good line finishes. What only a
// bucket has is deleted, and nothing else. In a test the seed's lot leaves one of the last two ways out; a campaign goes all four, or from
// bucket to bucket alone where FILMPRESS_TEST_BUCKETS is set.
func TestSyncFaults(t *testing.T) {
	faults.Each(t, "syncs", func(t *testing.T, server s3server.Server, bad *faults.Bad) (a faults.Tally) {
		near, far := beside(t, server), apart(t, server)
		b := buckets{good: [3]s3server.Server{server, near, far}, line: []*faults.Bad{bad, bad.Another(t, far)}}
		b.bad = [3]s3server.Server{bad.Server, bad.Server, b.line[1].Server}
		b.bad[1].Bucket = near.Bucket
		for i := range bad.Runs(t) {
			syncAll(t, b, ways(bad), i, &a)
		}
		return a
	})
}

func ways(bad *faults.Bad) []string {
	switch {
	case os.Getenv("FILMPRESS_TEST_BUCKETS") != "":
		return []string{within, across}
	case os.Getenv("FILMPRESS_TEST_FAULTS") != "":
		return []string{up, down, within, across}
	}
	return []string{up, down, []string{within, across}[bad.Lots.IntN(2)]}
}

// syncing is one film that is brought all ways.
type syncing struct {
	buckets
	slug                string
	library, back, kept string // folders
	options             mirror.Options
}

// end is one end of a sync, over a good line and over a bad one.
type end struct{ good, bad mirror.Place }

func (s *syncing) folder(t *testing.T, path string) end {
	t.Helper()
	st, err := dir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	place := mirror.Place{Store: st, Folder: path}
	return end{place, place}
}

func (s *syncing) bucket(t *testing.T, n int) end {
	t.Helper()
	return end{mirror.Place{Store: client(t, s.good[n])}, mirror.Place{Store: hasty(t, s.bad[n], filepath.Join(s.kept, "uploads"))}}
}

func (s *syncing) ends(t *testing.T, way string) (src, dst end) {
	t.Helper()
	switch way {
	case up:
		return s.folder(t, s.library), s.bucket(t, reached[up])
	case down:
		return s.bucket(t, reached[up]), s.folder(t, s.back)
	}
	return s.bucket(t, reached[up]), s.bucket(t, reached[way])
}

// finish syncs over good lines.
func (s *syncing) finish(t *testing.T, way string) {
	t.Helper()
	src, dst := s.ends(t, way)
	if r, err := mirror.Run(t.Context(), src.good, dst.good, s.options, report.Discard); err != nil {
		t.Errorf("%s, %s: over a good line: %v %+v", s.slug, way, err, r.Findings)
	}
}

// sync syncs over bad lines, and over good ones where that ends in an error.
func (s *syncing) sync(t *testing.T, way string, a *faults.Tally) {
	t.Helper()
	met := s.line[0].Met()
	s.line[0].Begin()
	if way == across {
		s.line[1].Begin()
	}
	src, dst := s.ends(t, way)
	if c, ok := dst.bad.Store.(store.Copier); ok && c.Reaches(src.bad.Store) != (way == within) {
		t.Fatalf("this is not %s", way)
	}
	r, err := mirror.Run(t.Context(), src.bad, dst.bad, s.options, report.Discard)
	a.Count(way, err == nil, s.line[0].Met()-met)
	if err != nil {
		clearly(t, s.good[0], err, r.Findings)
		s.finish(t, way)
	}
}

func syncAll(t *testing.T, b buckets, ways []string, i int, a *faults.Tally) {
	s := &syncing{buckets: b, slug: fmt.Sprint("film ", i), library: t.TempDir(), back: t.TempDir(), kept: t.TempDir()}
	s.options = mirror.Options{Now: time.Now, Cache: filepath.Join(s.kept, "cache"), Spool: s.kept, Delete: true, MaxDelete: mirror.Limit{Count: 5},
		Filter: mirror.Filter{Include: []mirror.Pattern{pattern(t, s.slug)}}}
	films := s.folder(t, s.library).good.Store
	publish(t, films, campaign.Film(s.slug, "old", 60, false))
	s.finish(t, up)
	watched := []s3server.Server{s.good[0]}
	for _, way := range ways {
		if n := reached[way]; n > 0 {
			s.finish(t, way)
			watched = append(watched, s.good[n])
		}
	}
	for _, server := range watched {
		stray(t, server, s.slug)
	}
	set := campaign.Film(s.slug, "new", 60, i%5 == 0)
	publish(t, films, set)

	var viewers []*campaign.Viewer
	for _, server := range watched {
		viewers = append(viewers, campaign.Watch(t.Context(), server.Endpoint+"/"+server.Bucket, s.slug))
	}
	if !slices.Contains(ways, up) {
		s.finish(t, up)
	}
	for _, way := range ways {
		s.sync(t, way, a)
	}
	for _, viewer := range viewers {
		viewed(t, viewer, a)
	}
	for _, server := range watched {
		kept := campaign.Of(server)
		if err := campaign.Right(kept, set); err != nil {
			t.Errorf("%d: %s: %v", i, server.Bucket, err)
		}
		if _, err := kept(s.slug + "/o/stray"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%d: what only the bucket %s has is still there: %v", i, server.Bucket, err)
		}
	}
	if slices.Contains(ways, down) {
		if err := campaign.Right(campaign.InFolder(s.back), set); err != nil {
			t.Errorf("%d: the folder: %v", i, err)
		}
	}
}

// stray puts an object into a film of a bucket that no release names.
func stray(t *testing.T, server s3server.Server, slug string) {
	t.Helper()
	b := []byte("stray")
	if _, err := client(t, server).Put(t.Context(), slug+"/o/stray", store.Bytes(b), store.Meta{SHA256: release.FromBytes("", b).SHA256}, store.If{}); err != nil {
		t.Fatal(err)
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
	kept := campaign.Of(server)
	if err := errors.Join(campaign.Whole(kept, sets[1], ids[1]), campaign.Right(kept, sets[2])); err != nil {
		t.Errorf("%s: a kept release: %v", slug, err)
	}
	for _, gone := range []string{campaign.Own("one") + "v1/00000.m4s", campaign.Own("one") + "v1/00029.m4s", "r/" + ids[0] + "/" + release.ManifestName} {
		if _, err := kept(slug + "/" + gone); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %s is still there: %v", slug, gone, err)
		}
	}
}
