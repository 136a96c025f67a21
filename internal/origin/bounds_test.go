package origin

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"filmpress/internal/audit"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// drops is a body that gives so many bytes at a time, after a while.
type drops struct {
	io.Reader
	clock *time.Time
	size  int
	after time.Duration
}

func (d *drops) Read(b []byte) (int, error) {
	*d.clock = d.clock.Add(d.after)
	return d.Reader.Read(b[:min(len(b), d.size)])
}

func (d *drops) Close() error { return nil }

// TestDrops: an answer that comes by drops, none of them late, is given up; one that comes slowly is not, and time that its reader takes is not the
// server's.
func TestDrops(t *testing.T) {
	for _, c := range []struct {
		size  int
		after time.Duration
		reads time.Duration // that the reader takes for what came
		slow  bool
	}{
		{1, 29 * time.Second, 0, true}, {512, time.Second, 0, true}, {2 << 10, time.Second, 0, false}, {64 << 10, 29 * time.Second, 0, false},
		{1 << 10, time.Millisecond, time.Hour, false},
	} {
		clock := time.Unix(0, 0)
		ctx, cancel := context.WithCancel(t.Context())
		timer := time.AfterFunc(time.Hour, cancel)
		p := &patient{ReadCloser: &drops{bytes.NewReader(make([]byte, 1<<20)), &clock, c.size, c.after}, parent: t.Context(), cancel: cancel, timer: timer, silence: time.Hour,
			now: func() time.Time { return clock }}
		var err error
		reads, b := 0, make([]byte, 64<<10)
		for err == nil {
			_, err = p.Read(b)
			clock = clock.Add(c.reads)
			reads++
		}
		if slow := errors.Is(err, errSlow); slow != c.slow || slow && (ctx.Err() == nil || reads > 121) || !slow && err != io.EOF {
			t.Errorf("%+v: after %d reads: %v", c, reads, err)
		}
		cancel()
		timer.Stop()
	}
}

// TestPorts: a host is its web server, and nothing else that listens there.
func TestPorts(t *testing.T) {
	for _, c := range []struct {
		from, to string
		others   []string
		goes     bool
	}{
		{"https://films.example/", "https://films.example:443/a", nil, true},
		{"https://films.example:443/", "https://films.example/a", nil, true},
		{"https://Films.Example/", "https://films.example/a", nil, true},
		{"http://films.example/", "https://films.example/a", nil, true},
		{"http://films.example/", "http://films.example:80/a", nil, true},
		{"http://films.example/", "http://films.example:22/", nil, false},
		{"http://films.example/", "https://films.example:9200/", nil, false},
		{"http://films.example:8080/", "http://films.example:8080/a", nil, true},
		{"http://films.example:8080/", "http://films.example/a", nil, false},
		{"http://films.example/", "http://films.example:8080/a", []string{"films.example:8080"}, true},
		{"https://films.example/", "https://media.example/a", []string{"media.example"}, true},
		{"https://films.example/", "https://media.example:9200/a", []string{"media.example"}, false},
		{"http://[::1]/", "http://[::1]:80/a", nil, true},
		{"http://[::1]/", "http://[::1]:22/a", nil, false},
	} {
		from, err := url.Parse(c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := url.Parse(c.to)
		if err != nil {
			t.Fatal(err)
		}
		refused := NewWeb(from, c.others, "test").allowed(to)
		if (refused == nil) != c.goes {
			t.Errorf("from %s to %s: %v", c.from, c.to, refused)
		}
	}
}

// TestPackedMedia: media that are packed on their way are read, as long as they are media: what unpacks to many times its size fills no memory. A
// text may.
func TestPackedMedia(t *testing.T) {
	pack := func(b []byte) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		z.Write(b)
		z.Close()
		return out.Bytes()
	}
	bomb, real := pack(make([]byte, 16<<20)), pack(storetest.Noise(1, 3<<20))
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(map[string][]byte{"/bomb": bomb, "/real": real}[r.URL.Path])
	})
	bucket := Store{Store: zipped{storetest.Memory(), bomb}, Heads: true}
	for what, c := range map[string]struct {
		audit.Source
		audit.Request
		bad bool
	}{
		"a bomb":             {web, audit.Request{URI: address + "/bomb", Media: true}, true},
		"media":              {web, audit.Request{URI: address + "/real", Media: true}, false},
		"a bomb in a bucket": {bucket, audit.Request{URI: "bomb", Media: true}, true},
		"a text":             {web, audit.Request{URI: address + "/bomb"}, false},
		"a text in a bucket": {bucket, audit.Request{URI: "bomb"}, false},
	} {
		c.Limit = 512 << 20
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := c.Read(t.Context(), c.Request)
		runtime.ReadMemStats(&after)
		if (err != nil) != c.bad {
			t.Errorf("%s: %v", what, err)
		}
		if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; c.bad && mb > 16 {
			t.Errorf("%s: %d MB", what, mb)
		}
	}
}

// TestKnownSizes: of a file whose size is known, what is too long is told before it comes, and what is not takes memory once.
func TestKnownSizes(t *testing.T) {
	const size, large = 32 << 20, 600 << 20
	data := storetest.Noise(2, size)
	over := make(chan struct{})
	web, address := serving(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/a.m4s" {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(large))
		if r.Header.Get("Range") != "" {
			w.WriteHeader(http.StatusPartialContent)
		}
		w.Write(data[:1000])
		w.(http.Flusher).Flush()
		<-over // and nothing more
	})
	defer close(over)
	bucket := storetest.Memory()
	if _, err := bucket.Put(t.Context(), "a.m4s", store.Bytes(data), storetest.Meta("a.m4s", data), store.If{}); err != nil {
		t.Fatal(err)
	}
	for kind, s := range map[string]struct {
		audit.Source
		name string
	}{
		"web": {web, address + "/"}, "bucket": {Store{Store: bucket, Heads: true}, ""}, "files": {Files{"a.m4s": {Size: size, Open: store.Bytes(data).Open}}, ""},
	} {
		for _, part := range []int64{0, size - 1} {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			f, err := s.Read(t.Context(), audit.Request{URI: s.name + "a.m4s", Length: part, Limit: 512 << 20, Media: true})
			runtime.ReadMemStats(&after)
			if mb := (after.TotalAlloc - before.TotalAlloc) >> 20; err != nil || len(f.Data) < size-1 || mb > size>>20+16 {
				t.Errorf("%s, %d: %d bytes, for which %d MB were asked: %v", kind, part, len(f.Data), mb, err)
			}
			_, err = s.Read(t.Context(), audit.Request{URI: s.name + "a.m4s", Length: part, Limit: 10 << 20, Media: true})
			if long, ok := errors.AsType[*audit.LongError](err); !ok || long.Size < size-1 || err.Error() != "it has 32 MB, and is not looked at: no such file of a film has more than 10" {
				t.Errorf("%s, %d: %v", kind, part, err)
			}
		}
	}
	for _, part := range []int64{0, large} {
		_, err := web.Read(t.Context(), audit.Request{URI: address + "/large.m4s", Length: part, Limit: 512 << 20, Media: true})
		if long, ok := errors.AsType[*audit.LongError](err); !ok || long.Size != large || !strings.HasPrefix(err.Error(), "it has 600 MB, ") {
			t.Errorf("announced, %d: %v", part, err)
		}
	}
}

// zipped is a bucket with one packed object.
type zipped struct {
	store.Store
	bytes []byte
}

func (z zipped) Get(context.Context, string) (io.ReadCloser, store.Object, error) {
	r, err := gzip.NewReader(bytes.NewReader(z.bytes))
	return io.NopCloser(r), store.Object{Size: int64(len(z.bytes)), Meta: store.Meta{Gzip: true}}, err
}
