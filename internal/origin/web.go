package origin

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/audit"
	"filmpress/internal/store"
)

// stranger is the page that the requests claim to come from: another origin than any film's (RFC 2606).
const stranger = "https://viewer.example"

// The times that a server has. The whole of an answer may take long, its parts may not.
const (
	connectTime = 15 * time.Second
	answerTime  = 30 * time.Second
	silenceTime = 30 * time.Second

	// An answer must bring so many bytes in each such time. The slowest line that plays a film brings ten times as much.
	paceTime  = time.Minute
	paceBytes = 60 << 10
)

// Web reads by http and https, as a browser does that shows a page of another origin: no cookies, no credentials.
type Web struct {
	client *http.Client
	hosts  []string // host:port, lower case: those that may be spoken to
	secure bool     // it began with https
	Agent  string
	// Silence is how long nothing may come; 0 is 30 s.
	Silence time.Duration
}

// NewWeb reads from the host of an address, and from others that are allowed by name. A host without a port is its web server: what listens on
// other ports of it is spoken to where the port stands beside the name.
func NewWeb(address *url.URL, allowed []string, agent string) *Web {
	w := &Web{hosts: served(address.Host), secure: address.Scheme == "https", Agent: agent}
	for _, h := range allowed {
		w.hosts = append(w.hosts, served(h)...)
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: (&net.Dialer{Timeout: connectTime}).DialContext, TLSHandshakeTimeout: connectTime,
		ResponseHeaderTimeout: answerTime, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true,
		MaxResponseHeaderBytes: 64 << 10, DisableCompression: true, // to see what is really sent
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
	}
	w.client = &http.Client{Transport: transport, CheckRedirect: w.redirect}
	return w
}

// served gives what a host stands for: itself where it has a port, else its ports of the web.
func served(host string) []string {
	u := url.URL{Host: strings.ToLower(host)}
	if u.Port() != "" {
		return []string{net.JoinHostPort(u.Hostname(), u.Port())}
	}
	return []string{net.JoinHostPort(u.Hostname(), "443"), net.JoinHostPort(u.Hostname(), "80")}
}

// spoken is the host and the port that an address leads to.
func spoken(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// maxRedirects is as many as a film's addresses may need.
const maxRedirects = 5

func (w *Web) redirect(r *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return &audit.RefusedError{Rule: "hls-missing", Text: "the server redirects in a circle"}
	}
	return w.allowed(r.URL)
}

// allowed refuses addresses that are not on the list.
func (w *Web) allowed(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return &audit.RefusedError{Rule: "ref-scheme", Text: fmt.Sprintf("%q is an address of the kind %s:, which players do not follow", u.Redacted(), u.Scheme)}
	case u.User != nil:
		return &audit.RefusedError{Rule: "ref-scheme", Text: fmt.Sprintf("%q holds a name or a password, which no public address may", u.Redacted())}
	case w.secure && u.Scheme == "http":
		return &audit.RefusedError{Rule: "ref-scheme", Text: fmt.Sprintf("%q is http, while the film is on https: browsers block it", u)}
	case !slices.Contains(w.hosts, spoken(u)):
		return &audit.RefusedError{Rule: "ref-host", Text: fmt.Sprintf("%q leads to the host %s, which is not followed", u, u.Host)}
	}
	return nil
}

// attempts is how often a request is made that a server or the network failed.
const attempts = 3

// do sends a request, again where that may help. The response's body ends when nothing comes for a time.
func (w *Web) do(ctx context.Context, method, uri string, header map[string]string) (*http.Response, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return nil, errors.New("it is no address")
	}
	if err := w.allowed(u); err != nil {
		return nil, err
	}
	var last error
	for try := range attempts {
		if try > 0 {
			select {
			case <-time.After(time.Duration(try*try) * 300 * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		res, err := w.once(ctx, method, u, header)
		var refused *audit.RefusedError
		switch {
		case errors.As(err, &refused):
			return nil, refused
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			last = fmt.Errorf("%w: %s: %s", store.ErrUnreachable, u.Host, words(err))
		case res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests:
			last = fmt.Errorf("the server answers %s", res.Status)
			res.Body.Close()
		default:
			return res, nil
		}
	}
	return nil, last
}

func (w *Web) once(ctx context.Context, method string, u *url.URL, header map[string]string) (*http.Response, error) {
	own, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(own, method, u.String(), nil)
	if err != nil {
		cancel()
		return nil, err
	}
	r.Header.Set("Origin", stranger)
	r.Header.Set("User-Agent", w.Agent)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := w.client.Do(r)
	if err != nil {
		cancel()
		return nil, err
	}
	silence := w.Silence
	if silence == 0 {
		silence = silenceTime
	}
	res.Body = &patient{ReadCloser: res.Body, cancel: cancel, timer: time.AfterFunc(silence, cancel), silence: silence, parent: ctx, now: time.Now}
	return res, nil
}

// patient is a body that ends when nothing comes for a time, or too little.
type patient struct {
	io.ReadCloser
	parent  context.Context
	cancel  context.CancelFunc
	timer   *time.Timer
	silence time.Duration
	now     func() time.Time

	waited time.Duration // in Read, since the pace was last judged; what the reader does in between does not count
	came   int           // meanwhile
}

func (p *patient) Read(b []byte) (int, error) {
	began := p.now()
	n, err := p.ReadCloser.Read(b)
	if n > 0 {
		p.timer.Reset(p.silence)
	}
	if errors.Is(err, context.Canceled) && p.parent.Err() == nil {
		err = errSilent
	}
	p.came += n
	if p.waited += p.now().Sub(began); err == nil && p.waited >= paceTime {
		if p.came < paceBytes {
			p.cancel()
			return n, errSlow
		}
		p.waited, p.came = 0, 0
	}
	return n, err
}

func (p *patient) Close() error {
	p.timer.Stop()
	p.cancel()
	return p.ReadCloser.Close()
}

var (
	errSilent = errors.New("nothing more comes")
	errSlow   = errors.New("it comes by drops, less than 1 kB a second")
)

// words puts the network's errors in short, without the address, which the caller has.
func words(err error) string {
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return "there is no such host"
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return "it does not answer"
	}
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err.Error()
	}
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err.Error()
	}
	return err.Error()
}

// Read gets a file, or a part of it.
func (w *Web) Read(ctx context.Context, r audit.Request) (audit.File, error) {
	header := map[string]string{"Accept-Encoding": "gzip"}
	want := http.StatusOK
	if r.Length > 0 {
		header = map[string]string{"Range": fmt.Sprintf("bytes=%d-%d", r.Offset, r.Offset+r.Length-1), "Accept-Encoding": "identity"}
		want = http.StatusPartialContent
	}
	res, err := w.do(ctx, http.MethodGet, r.URI, header)
	if err != nil {
		return audit.File{}, err
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusRequestedRangeNotSatisfiable {
		return audit.File{Size: -1}, nil // the auditor tells that the range lies outside
	}
	if res.StatusCode != want {
		return audit.File{}, answered(res, want)
	}
	f := file(res)
	body, rest := io.Reader(res.Body), res.ContentLength
	if f.Head.Encoding == "gzip" {
		rest = -1
		wire := &counted{Reader: res.Body}
		z, err := gzip.NewReader(wire)
		if err != nil {
			return audit.File{}, errors.New("it is not gzip, though the server says so")
		}
		if body = z; r.Media {
			body = &packed{plain: z, wire: func() int64 { return wire.n }}
		}
	}
	if f.Data, err = capped(body, r, rest); err != nil {
		if ctx.Err() != nil {
			return audit.File{}, ctx.Err()
		}
		return audit.File{}, cut(err)
	}
	if r.Length == 0 {
		f.Size = int64(len(f.Data))
	}
	return f, nil
}

// counted counts what is read.
type counted struct {
	io.Reader
	n int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}

func cut(err error) error {
	if errors.Is(err, errSilent) || errors.Is(err, errSlow) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("the answer breaks off: %w", err)
	}
	return err
}

func answered(res *http.Response, want int) error {
	if want == http.StatusPartialContent && res.StatusCode == http.StatusOK {
		return &audit.RefusedError{Rule: "http-range", Text: "the server answers a request for a part with the whole file"}
	}
	if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusForbidden { // buckets say 403 of what is not there
		return fmt.Errorf("%w (%s)", store.ErrNotFound, res.Status)
	}
	return fmt.Errorf("the server answers %s", res.Status)
}

// file is what the head of an answer tells.
func file(res *http.Response) audit.File {
	h := res.Header
	f := audit.File{Size: -1, SHA256: h.Get("X-Amz-Meta-Sha256"), Head: &audit.Head{Type: h.Get("Content-Type"), CacheControl: h.Get("Cache-Control"),
		Encoding: strings.ToLower(h.Get("Content-Encoding")), Web: true, Origin: h.Get("Access-Control-Allow-Origin")}}
	if f.Head.Origin == stranger {
		f.Head.Origin = "*" // it names whoever asks
	}
	if _, total, ok := strings.Cut(h.Get("Content-Range"), "/"); ok {
		if n, err := strconv.ParseInt(total, 10, 64); err == nil {
			f.Size = n
		}
	} else if f.Head.Encoding == "" {
		f.Size = res.ContentLength
	}
	return f
}

// Open gives a file as a stream.
func (w *Web) Open(ctx context.Context, uri string) (io.ReadCloser, error) {
	res, err := w.do(ctx, http.MethodGet, uri, map[string]string{"Accept-Encoding": "identity"})
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		res.Body.Close()
		return nil, answered(res, http.StatusOK)
	}
	return res.Body, nil
}

// Stat asks for the head alone.
func (w *Web) Stat(ctx context.Context, uri string) (audit.File, error) {
	res, err := w.do(ctx, http.MethodHead, uri, map[string]string{"Accept-Encoding": "gzip"})
	if err != nil {
		return audit.File{}, err
	}
	res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return audit.File{}, answered(res, http.StatusOK)
	}
	return file(res), nil
}

// Probe asks for the first 100 bytes.
func (w *Web) Probe(ctx context.Context, uri string) (audit.Probe, error) {
	res, err := w.do(ctx, http.MethodGet, uri, map[string]string{"Range": "bytes=0-99", "Accept-Encoding": "identity"})
	if err != nil {
		return audit.Probe{}, err
	}
	defer res.Body.Close()
	n, err := io.Copy(io.Discard, io.LimitReader(res.Body, 101))
	return audit.Probe{Status: res.StatusCode, Range: res.Header.Get("Content-Range"), Length: n,
		Origin: res.Header.Get("Access-Control-Allow-Origin"), Exposed: res.Header.Get("Access-Control-Expose-Headers")}, err
}
