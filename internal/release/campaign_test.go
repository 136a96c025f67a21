package release_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// client is a publisher of its own, as another process would be.
func client(t testing.TB, server s3server.Server, o s3.Options) store.Store {
	t.Helper()
	o.Bucket, o.Endpoint = server.Bucket, server.Endpoint
	st, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestFaults publishes over lines that are bad in every way we know. Each time it succeeds, and every object is right, or it fails
// with one clear sentence; the next publish over a good line finishes; and whoever watches the film meanwhile meets whole
// releases only. FILMPRESS_TEST_FAULTS is how often for each kind of fault.
func TestFaults(t *testing.T) {
	faults.Each(t, "publishes", faulty)
}

// faulty is the campaign of one kind, or a part of it.
func faulty(t *testing.T, server s3server.Server, bad *faults.Bad) (a faults.Tally) {
	good := client(t, server, s3.Options{})
	base := server.Endpoint + "/" + server.Bucket
	reasons := map[string]int{}
	var viewer *campaign.Viewer
	seen := func() {
		if err := viewer.Stop(); err != nil {
			t.Errorf("the viewer: %v", err)
		}
		a.Looks, a.Links = a.Looks+viewer.Looks, a.Links+viewer.Links
	}
	for i := range bad.Runs(t) {
		a.Runs++
		slug := fmt.Sprint("film ", i/10)
		if i%10 == 0 {
			if viewer != nil {
				seen()
			}
			publish(t, good, campaign.Film(slug, "first", 120, false))
			viewer = campaign.Watch(t.Context(), base, slug)
		}
		bad.Begin()
		set := campaign.Film(slug, fmt.Sprint("v", i), 120, i%5 == 0)
		st := client(t, bad.Server, s3.Options{Patience: time.Second, Uploads: t.TempDir()})
		_, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard)
		if err == nil {
			a.Done++
		} else {
			reasons[reason(err)]++
			if err := campaign.Unclean(err, server.SecretKey, server.AccessKey); err != nil {
				t.Errorf("%d: %v", i, err)
			}
			publish(t, good, set)
		}
		right(t, server, set)
	}
	seen()
	for text, n := range reasons {
		t.Logf("%d times: %s", n, text)
	}
	return a
}

// reason is an error without the object that it names.
func reason(err error) string {
	text := err.Error()
	if i := strings.LastIndex(text, ": "); i >= 0 {
		text = strings.SplitN(text, ":", 2)[0] + " ... " + text[i+2:]
	}
	return text
}

// right ends in an error unless every object of a release that is current is what was to be published.
func right(t *testing.T, server s3server.Server, set release.Set) {
	t.Helper()
	if err := campaign.Right(campaign.Of(server), set); err != nil {
		t.Error(err)
	}
}

// TestEightPublishers: eight at once with clients of their own, of one release and of eight, of a film that is there and of one that is
// not. On every server, entrances lead to whole releases at every moment. Where the server keeps conditions there is one winner: the
// others publish the same, or are told; who succeeded later began later. Without conditions, two that switch in the same instant can
// both believe that they won, so only what viewers meet is held.
func TestEightPublishers(t *testing.T) {
	s3server.Keys().Setenv(t)
	for name, fault := range map[string]func(s3server.Server) faults.Fault{
		"conditions": nil,
		"none (501)": func(s3server.Server) faults.Fault { return faults.NoConditions },
		"ignored":    faults.IgnoreConditions,
	} {
		t.Run(name, func(t *testing.T) {
			direct := s3server.Anywhere(t)
			server := direct
			if fault != nil {
				f := fault(direct)
				server = faults.Between(t, direct, func(*http.Request) faults.Fault { return f })
			}
			for round := range faults.Times("FILMPRESS_TEST_FAULTS", 1) {
				for _, same := range []bool{true, false} {
					eight(t, direct, server, fmt.Sprint("film ", round, same), same, fault == nil, (round+len(name))%2 == 1)
				}
			}
		})
	}
}

// eight lets eight publishers of a film go at once.
func eight(t *testing.T, direct, server s3server.Server, slug string, same, strict, old bool) {
	if old {
		publish(t, client(t, direct, s3.Options{}), campaign.Film(slug, "old", 40, false))
	}
	viewer := campaign.Watch(t.Context(), direct.Endpoint+"/"+direct.Bucket, slug)
	var mu sync.Mutex
	var winners []release.Result
	var all sync.WaitGroup
	sets := map[string]release.Set{}
	start := make(chan struct{})
	for i := range 8 {
		version := "one"
		if !same {
			version = fmt.Sprint("number", i)
		}
		set := campaign.Film(slug, version, 40, false)
		st := client(t, server, s3.Options{})
		all.Go(func() {
			<-start
			r, err := release.Publish(t.Context(), st, set, release.Options{Workers: 4}, report.Discard)
			mu.Lock()
			defer mu.Unlock()
			sets[r.Release] = set
			if err == nil {
				winners = append(winners, r)
				return
			}
			if err := campaign.Unclean(err, server.SecretKey); err != nil {
				t.Errorf("%s: %v", slug, err)
			}
			if same && strict {
				t.Errorf("%s: the same release is no conflict: %v", slug, err)
			}
		})
	}
	close(start)
	all.Wait()
	if err := viewer.Stop(); err != nil {
		t.Errorf("%s: the viewer: %v", slug, err)
	}
	good := client(t, direct, s3.Options{})
	now, _, err := release.ReadPointer(context.Background(), good, slug)
	if err != nil {
		t.Fatalf("%s: %v", slug, err)
	}
	if len(winners) == 0 && strict {
		t.Errorf("%s: nobody won", slug)
	}
	if strict {
		first := 1
		if old {
			first = 2
		}
		if same && now.Sequence != first {
			t.Errorf("%s: the pointer was switched %d times for one release", slug, now.Sequence)
		}
		last := 0
		for _, w := range winners { // each of them was current when it ended, and nobody was overwritten unseen
			last = max(last, w.Sequence)
		}
		if last != now.Sequence {
			t.Errorf("%s: the pointer's sequence is %d, the last winner's %d", slug, now.Sequence, last)
		}
	}
	if strict {
		right(t, direct, sets[now.Release])
	}
	// Whatever happened: publishing what the pointer names once more puts everything right.
	publish(t, good, sets[now.Release])
	right(t, direct, sets[now.Release])
}
