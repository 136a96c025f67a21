package campaign

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"

	"filmpress/internal/release"
)

// Viewer is somebody who watches a film all the while it is published anew: fetches the entrances and follows every link, over a
// line without faults and without any rights.
type Viewer struct {
	base   string // where the film lies, with a slash at its end
	client http.Client
	stop   context.CancelFunc
	ended  sync.WaitGroup
	seen   map[string]bool // immutable addresses whose bytes were compared
	ever   bool            // a release was there
	Looks  int             // how often everything was looked at
	Links  int             // how many links were followed
	err    error
}

// Watch begins to look at a film, whose objects are read at base/<slug>/.
func Watch(ctx context.Context, base, slug string) *Viewer {
	ctx, stop := context.WithCancel(ctx)
	// Connections of its own: an httptest.Server that ends closes those of http.DefaultTransport, in the middle of a request too.
	v := &Viewer{base: base + "/" + slug + "/", client: http.Client{Transport: &http.Transport{}}, stop: stop, seen: map[string]bool{}}
	v.ended.Go(func() {
		for ctx.Err() == nil && v.err == nil {
			began := time.Now()
			if err := v.look(ctx); ctx.Err() == nil {
				v.err = err
				v.Looks++
			}
			// Without pauses, viewers took two thirds of a campaign's CPU, and starved the servers that they looked at. On a machine that
			// does other things a look takes long by itself.
			select {
			case <-ctx.Done():
			case <-time.After(min(2*time.Since(began), 300*time.Millisecond)):
			}
		}
	})
	return v
}

// Stop ends the watching, looks at everything once more, and gives the first thing that was wrong.
func (v *Viewer) Stop() error {
	v.stop()
	v.ended.Wait()
	defer v.client.CloseIdleConnections()
	if v.err == nil {
		v.seen = map[string]bool{}
		v.err = v.look(context.Background())
	}
	return v.err
}

var (
	named = regexp.MustCompile(`"release":"([0-9a-f]{20})"`)
	// What a playlist or a page of Film links to.
	links = regexp.MustCompile(`(?m)^[^#<\n][^\n]*$|(?:href|src)="([^"]*)"`)
)

func (v *Viewer) look(ctx context.Context) error {
	for _, entrance := range []string{"index.html", "master.m3u8", release.PointerName} {
		b, status, err := v.get(ctx, http.MethodGet, entrance)
		if err != nil {
			return err
		}
		if status == http.StatusNotFound && (!v.ever || entrance != release.PointerName) {
			continue // before the first release; an entrance comes after the pointer
		}
		if status != http.StatusOK {
			return fmt.Errorf("%s: HTTP %d", entrance, status)
		}
		if entrance == release.PointerName {
			v.ever = true
			id := named.FindSubmatch(b)
			if id == nil {
				return fmt.Errorf("%s leads nowhere: %q", entrance, b)
			}
			b = fmt.Appendf(nil, "r/%s/v.m3u8\nr/%s/en.m3u8\nr/%s/index.html\n", id[1], id[1], id[1])
		}
		if err := v.enter(ctx, entrance, b); err != nil {
			return fmt.Errorf("%s: %w", entrance, err)
		}
	}
	return nil
}

// enter follows an entrance, all of whose links must be of one release.
func (v *Viewer) enter(ctx context.Context, entrance string, b []byte) error {
	targets := linked(b)
	if len(targets) == 0 {
		return fmt.Errorf("no links in %q", b)
	}
	id := strings.Split(targets[0]+"//", "/")[1]
	manifest, err := v.manifest(ctx, id)
	if err != nil {
		return fmt.Errorf("release %s: %w", id, err)
	}
	for _, page := range targets {
		if !strings.HasPrefix(page, "r/"+id+"/") {
			return fmt.Errorf("it mixes releases: %q", targets)
		}
		b, err := v.follow(ctx, page, manifest, true)
		if err != nil {
			return err
		}
		for _, link := range linked(b) {
			if _, err := v.follow(ctx, path.Join(path.Dir(page), link), manifest, false); err != nil {
				return fmt.Errorf("%s: %w", page, err)
			}
		}
	}
	return nil
}

func linked(b []byte) (targets []string) {
	for _, m := range links.FindAllSubmatch(b, -1) {
		if m[1] != nil {
			targets = append(targets, string(m[1]))
		} else {
			targets = append(targets, string(m[0]))
		}
	}
	return targets
}

// manifest gives what a release consists of, by path below the film.
func (v *Viewer) manifest(ctx context.Context, id string) (map[string]release.Entry, error) {
	b, status, err := v.get(ctx, http.MethodGet, "r/"+id+"/"+release.ManifestName)
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("its manifest: HTTP %d", status), err)
	}
	m, err := release.ParseManifest(b, "", id)
	if err != nil {
		return nil, err
	}
	all := map[string]release.Entry{}
	for _, e := range m.Media {
		all[e.Path] = e
	}
	for _, e := range m.Pages {
		all["r/"+id+"/"+e.Path] = e
	}
	return all, nil
}

// follow fetches what a link names. Bytes that were compared once are asked for again now and then, without being sent, so that a
// round is short and many moments are looked at; what is new is always fetched.
func (v *Viewer) follow(ctx context.Context, name string, manifest map[string]release.Entry, needed bool) ([]byte, error) {
	entry, ok := manifest[name]
	if !ok {
		return nil, fmt.Errorf("%s is not of this release", name)
	}
	method := http.MethodGet
	if v.seen[name] && !needed {
		if rand.IntN(8) > 0 {
			return nil, nil
		}
		method = http.MethodHead
	}
	v.Links++
	b, status, err := v.get(ctx, method, name)
	if err != nil || status != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("%s: HTTP %d", name, status), err)
	}
	if method == http.MethodGet && release.FromBytes(name, b).SHA256 != entry.SHA256 {
		return nil, fmt.Errorf("%s holds other bytes than its manifest says", name)
	}
	v.seen[name] = true
	return b, nil
}

func (v *Viewer) get(ctx context.Context, method, name string) ([]byte, int, error) {
	request, err := http.NewRequestWithContext(ctx, method, v.base+name, nil)
	if err != nil {
		return nil, 0, err
	}
	response, err := v.client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	return b, response.StatusCode, err
}
