package s3_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func listUploads(s s3server.Server) *sdk.ListMultipartUploadsInput {
	return &sdk.ListMultipartUploadsInput{Bucket: aws.String(s.Bucket)}
}

func abortUpload(s s3server.Server, key, id string) *sdk.AbortMultipartUploadInput {
	return &sdk.AbortMultipartUploadInput{Bucket: aws.String(s.Bucket), Key: &key, UploadId: &id}
}

// between puts a proxy before the server. Its handler answers itself, or calls pass to have the server answer.
func between(t testing.TB, server s3server.Server, handle func(w http.ResponseWriter, r *http.Request, pass http.Handler)) s3server.Server {
	target, err := url.Parse(server.Endpoint)
	if err != nil {
		t.Fatal(err)
	}
	pass := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.Out.URL.Scheme, r.Out.URL.Host = target.Scheme, target.Host // the signed Host stays
	}}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handle(w, r, pass) }))
	t.Cleanup(proxy.Close)
	server.Endpoint = proxy.URL
	return server
}

func refuse(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>no</Message></Error>", code)
}

// TestErrors: what goes wrong is said in one line that names the cause and the mend, and never a credential.
func TestErrors(t *testing.T) {
	server := s3server.Start(t)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html><body>It works!</body></html>") }))
	defer page.Close()
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	closed := httptest.NewServer(nil)
	closed.Close()
	answer := func(status int, code string) func(*s3server.Server) {
		return func(s *s3server.Server) {
			*s = between(t, server, func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { refuse(w, status, code) })
		}
	}
	for _, c := range []struct {
		what string
		set  func(*s3server.Server)
		kind error
		mend string
	}{
		{"missing bucket", func(s *s3server.Server) { s.Bucket = "nothere" }, store.ErrRefused, "create it"},
		{"wrong key", func(s *s3server.Server) { s.AccessKey = "AKIAWRONG" }, store.ErrRefused, "AWS_ACCESS_KEY_ID"},
		{"wrong secret", func(s *s3server.Server) { s.SecretKey = "wrong-secret" }, store.ErrRefused, "AWS_SECRET_ACCESS_KEY"},
		{"nobody there", func(s *s3server.Server) { s.Endpoint = closed.URL }, store.ErrUnreachable, "nothing listens there"},
		{"a web page", func(s *s3server.Server) { s.Endpoint = page.URL }, store.ErrUnreachable, "no S3 server"},
		{"https to http", func(s *s3server.Server) { s.Endpoint = strings.Replace(s.Endpoint, "http:", "https:", 1) }, store.ErrUnreachable, "write http://"},
		{"unknown authority", func(s *s3server.Server) { s.Endpoint = tls.URL }, store.ErrUnreachable, "AWS_CA_BUNDLE"},
		{"no right", answer(403, "AccessDenied"), store.ErrRefused, "s3:ListBucket"},
		{"clock", answer(403, "RequestTimeTooSkewed"), store.ErrRefused, "clock"},
		{"region", answer(400, "AuthorizationHeaderMalformed"), store.ErrRefused, "AWS_REGION"},
		{"full", answer(507, "InsufficientStorage"), store.ErrFull, "full"},
		{"something else", answer(400, "StrangeThing"), store.ErrRefused, "StrangeThing"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := server
			c.set(&s)
			err := open(t, s, s3.Options{}).Check(t.Context())
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.mend) || !strings.Contains(err.Error(), "s3://"+s.Bucket) || !strings.Contains(err.Error(), " at 127.0.0.1:") {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.mend)
			}
			for _, secret := range []string{s.AccessKey, s.SecretKey, "Signature=", "\n"} {
				if err != nil && strings.Contains(err.Error(), secret) {
					t.Errorf("%q is in %v", secret, err)
				}
			}
		})
	}
}

func TestSettings(t *testing.T) {
	s := s3server.Server{Endpoint: "http://127.0.0.1:1", AccessKey: "k", SecretKey: "s"}
	for _, c := range []struct {
		what, key, value string
		o                s3.Options
		mend             string
	}{
		{"no credentials", "AWS_ACCESS_KEY_ID", "", s3.Options{}, "set AWS_ACCESS_KEY_ID"},
		{"no profile", "X", "", s3.Options{Profile: "nobody"}, `there is no profile "nobody"`},
		{"no region", "AWS_REGION", "", s3.Options{Endpoint: "https://s3.amazonaws.com"}, "set AWS_REGION"},
		{"no endpoint", "X", "", s3.Options{Endpoint: "s3.example.org"}, "not an address"},
		{"a password in the endpoint", "X", "", s3.Options{Endpoint: "https://me:sesame@s3.example.org"}, "not an address"},
		{"no bundle", "AWS_CA_BUNDLE", "/nowhere.pem", s3.Options{}, "/nowhere.pem"},
	} {
		t.Run(c.what, func(t *testing.T) {
			s.Setenv(t)
			t.Setenv(c.key, c.value)
			c.o.Bucket = "films"
			_, err := s3.Open(t.Context(), c.o)
			if err == nil || !strings.Contains(err.Error(), c.mend) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("got %v, want %q", err, c.mend)
			}
		})
	}
}

// TestRetries: a server that is slow down, broken or cut for a moment is tried again, and nothing is damaged.
func TestRetries(t *testing.T) {
	server := s3server.Start(t)
	for _, fault := range []string{"500", "503", "reset", "lost reply"} {
		t.Run(fault, func(t *testing.T) {
			var n atomic.Int32
			proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if n.Add(1)%3 != 0 {
					pass.ServeHTTP(w, r)
					return
				}
				switch fault {
				case "500":
					refuse(w, 500, "InternalError")
				case "503":
					refuse(w, 503, "SlowDown")
				case "lost reply":
					pass.ServeHTTP(httptest.NewRecorder(), r)
					panic(http.ErrAbortHandler)
				default:
					panic(http.ErrAbortHandler)
				}
			})
			part := int64(storetest.Part)
			if fault == "500" { // one has the size that users have
				part = 16 << 20
			}
			st := open(t, proxied, s3.Options{Prefix: fault, Part: part})
			var tag string
			for i := range 4 {
				b := fmt.Appendf(nil, "version %d", i)
				obj, err := st.Put(t.Context(), "pointer.json", store.Bytes(b), storetest.Meta("", b), store.If{Absent: tag == "", ETag: tag})
				if err != nil {
					t.Fatalf("%d: %v", i, err)
				}
				tag = obj.ETag
				if got := storetest.Get(t, st, "pointer.json"); !bytes.Equal(got, b) {
					t.Errorf("%d: it holds %q", i, got)
				}
			}
			large := storetest.Noise(7, int(2*part)+1<<20)
			storetest.Put(t, st, "large", large)
			if got := storetest.Get(t, st, "large"); !bytes.Equal(got, large) {
				t.Error("the large one differs")
			}
		})
	}
}

// TestOthersWork: a conflict that comes with a lost reply is still a conflict, even if the bytes are the same.
func TestOthersWork(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{})
	b := []byte("same")
	var once sync.Once
	proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/pointer.json") {
			once.Do(func() {
				storetest.Put(t, st, "pointer.json", b)
				panic(http.ErrAbortHandler)
			})
		}
		pass.ServeHTTP(w, r)
	})
	_, err := open(t, proxied, s3.Options{}).Put(t.Context(), "pointer.json", store.Bytes(b), storetest.Meta("", b), store.If{Absent: true})
	if !errors.Is(err, store.ErrPrecondition) {
		t.Errorf("got %v", err)
	}
}

// TestWithoutConditions: servers that refuse conditions, and such that ignore them.
func TestWithoutConditions(t *testing.T) {
	server := s3server.Start(t)
	for name, strip := range map[string]bool{"refused": false, "ignored": true} {
		t.Run(name, func(t *testing.T) {
			proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				switch {
				case r.Method == http.MethodPut && r.Header.Get("If-None-Match")+r.Header.Get("If-Match") != "" && !strip:
					io.Copy(io.Discard, r.Body)
					refuse(w, 501, "NotImplemented")
				case r.Method == http.MethodPut && strip && r.Header.Get("If-None-Match") != "":
					io.Copy(io.Discard, r.Body)
					w.Header().Set("ETag", `"d41d8cd98f00b204e9800998ecf8427e"`)
				default:
					pass.ServeHTTP(w, r)
				}
			})
			var warnings []string
			st := open(t, proxied, s3.Options{Prefix: name, Warn: func(w string) { warnings = append(warnings, w) }})
			if err := st.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			put := func(content string, cond store.If) (store.Object, error) {
				return st.Put(t.Context(), "pointer.json", store.Bytes([]byte(content)), storetest.Meta("", []byte(content)), cond)
			}
			first, err := put("1", store.If{Absent: true})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := put("2", store.If{Absent: true}); !errors.Is(err, store.ErrPrecondition) {
				t.Errorf("Absent: %v", err)
			}
			if _, err := put("2", store.If{ETag: first.ETag}); err != nil {
				t.Error(err)
			}
			if _, err := put("3", store.If{ETag: first.ETag}); !errors.Is(err, store.ErrPrecondition) {
				t.Errorf("an old ETag: %v", err)
			}
			if len(warnings) != 1 || !strings.Contains(warnings[0], "does not keep conditions") {
				t.Errorf("warnings: %q", warnings)
			}
		})
	}
}

// TestCutReply: a Get that ends early is an error, not a shorter object.
func TestCutReply(t *testing.T) {
	server := s3server.Start(t)
	b := bytes.Repeat([]byte("text "), 100_000)
	for _, packed := range []bool{false, true} {
		meta := storetest.Meta("a.txt", b)
		meta.Gzip = packed
		if _, err := open(t, server, s3.Options{}).Put(t.Context(), "a.txt", store.Bytes(b), meta, store.If{}); err != nil {
			t.Fatal(err)
		}
		proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			reply := httptest.NewRecorder()
			pass.ServeHTTP(reply, r)
			for k, v := range reply.Header() {
				w.Header()[k] = v
			}
			w.Write(reply.Body.Bytes()[:reply.Body.Len()/2])
			http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		r, _, err := open(t, proxied, s3.Options{}).Get(t.Context(), "a.txt")
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.ReadAll(r)
		r.Close()
		if !errors.Is(err, store.ErrDamaged) && !errors.Is(err, store.ErrUnreachable) {
			t.Errorf("gzip %v: %v", packed, err)
		}
	}
}

// TestChangedMeanwhile: a file that changes between its digest and its sending is not stored.
func TestChangedMeanwhile(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{Part: storetest.Part})
	for _, size := range []int{1000, 2*storetest.Part + storetest.Part/2} {
		b := storetest.Noise(9, size)
		body := store.Body{Size: int64(size), Open: func() (io.ReadSeekCloser, error) { return &fickle{Reader: bytes.NewReader(b)}, nil }}
		_, err := st.Put(t.Context(), "a", body, storetest.Meta("", b), store.If{})
		if !errors.Is(err, store.ErrDamaged) {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
	if names := storetest.Names(t, st, ""); len(names) != 0 {
		t.Errorf("stored: %q", names)
	}
}

// fickle gives other bytes when it is read a second time.
type fickle struct {
	*bytes.Reader
	mu   sync.Mutex
	seen [64 << 20 / 4096]bool
}

func (f *fickle) ReadAt() {} // hides the Reader's

func (f *fickle) WriteTo() {} // hides the Reader's

func (f *fickle) Read(p []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := f.Size() - int64(f.Len())
	n, err := f.Reader.Read(p[:min(len(p), int(4096-at%4096))])
	if n > 0 {
		if f.seen[at/4096] {
			p[0]++
		}
		f.seen[at/4096] = at%4096+int64(n) == 4096 || int64(f.Len()) == 0
	}
	return n, err
}

func (f *fickle) Close() error { return nil }

// TestStopped: a server that goes away in the middle is an error that says so.
func TestStopped(t *testing.T) {
	server := s3server.Alone(t)
	st := open(t, server, s3.Options{})
	storetest.Put(t, st, "a", []byte("1"))
	server.Stop()
	for {
		c, err := net.Dial("tcp", strings.TrimPrefix(server.Endpoint, "http://"))
		if err != nil {
			break
		}
		c.Close()
	}
	if err := st.Check(t.Context()); !errors.Is(err, store.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}
