package main

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// receiver is a collector: it takes OTLP over HTTP, and keeps it.
type receiver struct {
	*httptest.Server
	mu    sync.Mutex
	all   []*spans.Span
	bytes []byte // of all requests, with their headers
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body := io.Reader(request.Body)
		if request.Header.Get("Content-Encoding") == "gzip" {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Error(err)
				return
			}
			body = z
		}
		data, err := io.ReadAll(body)
		var sent collector.ExportTraceServiceRequest
		if err == nil {
			err = proto.Unmarshal(data, &sent)
		}
		if err != nil || request.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", request.URL.Path, err)
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.bytes = append(append(r.bytes, fmt.Sprint(request.Header)...), data...)
		for _, resource := range sent.ResourceSpans {
			for _, scope := range resource.ScopeSpans {
				r.all = append(r.all, scope.Spans...)
			}
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// received are the spans so far, and all bytes that came.
func (r *receiver) received() ([]*spans.Span, []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.all), slices.Clone(r.bytes)
}

// nobody is an address on which nothing listens, and nothing will: a socket of this test has it until the test ends, and refuses whoever calls.
func nobody(t *testing.T) (address string) {
	t.Helper()
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(socket) })
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(socket)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", name.(*syscall.SockaddrInet4).Port)
}

// metricsOf waits until a program tells where its metrics are; it was given port 0, so that the kernel chooses.
func metricsOf(t *testing.T, told *story) (address string) {
	t.Helper()
	told.until(t, "/metrics")
	found := regexp.MustCompile(`metrics are at http://([0-9.:]+)/metrics`).FindStringSubmatch(told.String())
	if found == nil {
		t.Fatalf("no address of metrics is told:\n%s", told)
	}
	return found[1]
}

// scrape is what stands at /metrics, "" where nobody answers.
func scrape(address string) string {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get("http://" + address + "/metrics")
	if err != nil {
		return ""
	}
	defer answer.Body.Close()
	body, _ := io.ReadAll(answer.Body)
	return string(body)
}

// scraped waits until what stands at /metrics matches, for as long as the process runs.
func scraped(t *testing.T, address string, ended <-chan error, want string) string {
	t.Helper()
	pattern, last := regexp.MustCompile(want), ""
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		if now := scrape(address); now != "" {
			if last = now; pattern.MatchString(now) {
				return now
			}
		}
		select {
		case err := <-ended:
			t.Fatalf("the process ended (%v) before %s was seen:\n%s", err, want, last)
		default:
		}
	}
	t.Fatalf("%s is not to be seen:\n%s", want, last)
	return ""
}

// telling is a word of the film's name, its title, its place and its files.
const telling = "aizada"

// tellingFilms are two small films whose names may stand nowhere, and their list.
func tellingFilms(t *testing.T) killed {
	start := smallFilm(t)
	k := start()
	k.dir = filepath.Join(k.dir, telling)
	if err := os.MkdirAll(k.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(k.film)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"parts.yml":             parts,
		telling + "-one.en.srt": "1\n00:00:01,000 --> 00:00:03,000\nHello\n",
		"list.yml":              "films:\n  - {film: " + telling + "-one.mp4, title: The village of " + telling + "}\n  - {film: " + telling + "-two.mp4}\n",
		telling + "-one.mp4":    string(data), telling + "-two.mp4": string(data),
	} {
		if err := os.WriteFile(filepath.Join(k.dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return k
}

// TestTelemetry: what a publish on this machine gives to Prometheus and OpenTelemetry is right, names nobody, and has all that the sample
// dashboard asks for.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	k, r := tellingFilms(t), newReceiver(t)
	library := filepath.Join(k.dir, "library")
	waiting, scrapedAll := waitingTools(t, library)
	cmd := exec.Command("filmpress", "publish", "--batch", filepath.Join(k.dir, "list.yml"), "--pipeline", filepath.Join(k.dir, "parts.yml"), "--language", "en",
		"--to", library, "--workers", "1", "--metrics", "127.0.0.1:0", "--traces", r.URL, "--ffmpeg", waiting)
	cmd.Env = append(os.Environ(), "FILMPRESS_KEPT="+filepath.Join(k.dir, "kept"), "HOME="+k.dir)
	told := &story{}
	cmd.Stderr = told
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	numbers := scraped(t, metricsOf(t, told), ended, `filmpress_publishes_total\{outcome="done"\} 1`)
	scrapedAll()
	if err := <-ended; err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	for _, want := range []string{`filmpress_steps_total\{kind="chunk",outcome="done"\} 3\n`, `filmpress_step_duration_seconds_count\{kind="chunk"\} 3\n`, `filmpress_step_queue_seconds_count\{kind="chunk"\} 3\n`,
		`filmpress_step_result_bytes_total\{kind="audio"\} [1-9]`, `filmpress_uploaded_bytes_total [1-9]`, `filmpress_step_retries_total\{kind="chunk"\} 0\n`, `filmpress_steps_total\{kind="subtitle",outcome="done"\} 1\n`} {
		if !regexp.MustCompile(want).MatchString(numbers) {
			t.Errorf("no %s in\n%s", want, numbers)
		}
	}
	all, sent := r.received()
	var roots, below, kept int
	traces := map[string]bool{}
	for _, s := range all {
		if s.Name == "publish" {
			roots++
			traces[string(s.TraceId)] = true
		}
	}
	for _, s := range all {
		if strings.HasPrefix(s.Name, "step ") && traces[string(s.TraceId)] && len(s.ParentSpanId) > 0 {
			below++
		}
		for _, a := range s.Attributes {
			if a.Key == "filmpress.step.kept" && a.Value.GetBoolValue() {
				kept++
			}
		}
	}
	if roots != 2 || below != len(all)-roots || below < 20 || kept < 3 { // the second film has the same picture
		t.Errorf("%d publishes, %d of %d spans below them, %d of them kept", roots, below, len(all), kept)
	}
	for what, data := range map[string]string{"metrics": numbers, "spans": string(sent)} {
		for _, secret := range []string{telling, "Aizada", "/tmp", k.dir, "village", "Hello"} {
			if strings.Contains(data, secret) {
				t.Errorf("%s hold %q", what, secret)
			}
		}
	}
	dashboard(t, numbers)
}

// waitingTools is an ffmpeg that waits, once a film is out in the library, until the test goes on: the program does not end before its metrics were
// read. In the sandbox it does not start, so there is none.
func waitingTools(t *testing.T, library string) (ffmpeg string, goOn func()) {
	t.Helper()
	ffmpeg = filepath.Join(t.TempDir(), "ffmpeg")
	script := fmt.Sprintf(`#!/bin/sh
case "$*" in *-version*)
	: >'%[1]s.outside' || exit 1
	for out in '%[2]s'/*/release.json; do
		while test -e "$out" && ! test -e '%[1]s.go'; do sleep 0.1; done
	done ;;
esac
exec ffmpeg "$@"
`, ffmpeg, library)
	if err := os.WriteFile(ffmpeg, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return ffmpeg, func() {
		if err := os.WriteFile(ffmpeg+".go", nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// dashboard insists that the sample dashboard asks for nothing else than what is there, and for all of that.
func dashboard(t *testing.T, numbers string) {
	t.Helper()
	data, err := os.ReadFile("../../docs/dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	if !json.Valid(data) {
		t.Error("docs/dashboard.json is no JSON")
	}
	series := regexp.MustCompile(`(?m)^filmpress_\w+`).FindAllString(numbers, -1)
	asked := regexp.MustCompile(`filmpress_\w+`).FindAllString(string(data), -1)
	for _, name := range asked {
		if !slices.Contains(series, name) {
			t.Errorf("the dashboard asks for %s, which filmpress does not tell", name)
		}
	}
	for _, family := range regexp.MustCompile(`(?m)^# TYPE (filmpress_\w+)`).FindAllStringSubmatch(numbers, -1) {
		if !slices.ContainsFunc(asked, func(name string) bool { return strings.HasPrefix(name, family[1]) }) {
			t.Errorf("the dashboard does not show %s", family[1])
		}
	}
	if len(asked) < 8 {
		t.Errorf("the dashboard asks for %d numbers alone", len(asked))
	}
}

// TestTelemetryTrouble: an address that is taken is a sentence; a collector that is away neither fails nor fills the story.
func TestTelemetryTrouble(t *testing.T) {
	t.Parallel()
	k := smallFilm(t)()
	undisturbed(t)
	if err := os.CopyFS(filepath.Join(k.dir, "kept"), os.DirFS(filepath.Join(shared, calmKept))); err != nil { // so that nothing is encoded here
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // it takes connections, and never answers
	run := func(more ...string) (string, error) {
		cmd := k.command()
		cmd.Args = append(cmd.Args, append([]string{"--log-format", "plain"}, more...)...)
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	out, err := run("--metrics", l.Addr().String())
	if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 || !strings.Contains(out, "nothing can listen on "+l.Addr().String()+" (address already in use); name another address") {
		t.Errorf("%v\n%s", err, out)
	}
	quiet, err := run()
	if err != nil || strings.Contains(quiet, "metrics") || strings.Contains(quiet, "collector") {
		t.Errorf("%v\n%s", err, quiet)
	}
	for _, collector := range []string{"http://" + l.Addr().String(), "http://" + nobody(t)} {
		begun := time.Now()
		out, err := run("--traces", collector)
		if err != nil || strings.Count(out, "the collector of --traces") != 1 || strings.Contains(out, "traces export") || strings.Contains(out, "dial tcp") {
			t.Errorf("%v\n%s", err, out)
		}
		t.Logf("a publish of which all is kept, with %s: %s", collector, time.Since(begun).Round(time.Millisecond))
	}
}
