package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"

	"filmpress/internal/cli/clitest"
	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// ask runs a command that must go well and tell something.
func (m *machines) ask(want string, args ...string) string {
	m.t.Helper()
	out, err := m.command("publisher", args...).CombinedOutput()
	if err != nil || !strings.Contains(string(out), want) {
		m.t.Errorf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// waitFor runs a command again and again, which must go well, until what it tells matches: a minute at most.
func (m *machines) waitFor(want string, args ...string) string {
	m.t.Helper()
	pattern := regexp.MustCompile(want)
	for end := time.Now().Add(time.Minute); ; time.Sleep(300 * time.Millisecond) {
		out, err := m.command("publisher", args...).CombinedOutput()
		if err == nil && pattern.Match(out) {
			return string(out)
		}
		if err != nil || time.Now().After(end) {
			m.t.Fatalf("%v does not tell %s: %v\n%s", args, want, err, out)
		}
	}
}

// refuse runs a command that must fail with code 1 and tell why, before it sends anything.
func (m *machines) refuse(want string, cmd *exec.Cmd) {
	m.t.Helper()
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), want) || bytes.Contains(out, []byte("sending the film")) {
		m.t.Errorf("%v ended with code %d, want 1 and %q:\n%s", cmd.Args[1:], code, want, out)
	}
}

// gone insists that nothing of the film is in the bucket.
func (m *machines) gone(bucket s3server.Server) {
	m.t.Helper()
	if left := m.left(bucket, "sources"); len(left) > 0 {
		m.t.Errorf("the film is still in the bucket: %v", left)
	}
}

// filmObject is the path of a source's bytes, in the bucket.
var filmObject = regexp.MustCompile("/sources/[^/]+/[0-9a-f]{64}$")

// unsent ends publishes while they send the film's files. One that is told to end takes back what it sent; of one that is killed, cancel does.
func unsent(t *testing.T, m *machines, bucket s3server.Server, k killed) {
	publish := func(end os.Signal) (code int) {
		cmd := m.publisher(k)
		var sent atomic.Int32
		line := faults.Between(t, bucket, func(r *http.Request) faults.Fault {
			if r.Method != http.MethodPut || !filmObject.MatchString(r.URL.Path) || sent.Add(1) != 2 {
				return nil
			}
			return func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
				io.Copy(io.Discard, r.Body)
				cmd.Process.Signal(end)
				<-r.Context().Done()
			}
		})
		cmd.Env = append(cmd.Env, line.Env()...)
		cmd.Run()
		return cmd.ProcessState.ExitCode()
	}
	if code := publish(os.Interrupt); code != 130 {
		t.Errorf("an interrupted publish ended with code %d", code)
	}
	m.gone(bucket)
	if publish(os.Kill); len(m.left(bucket, "sources")) == 0 {
		t.Fatal("the killed publish had sent nothing")
	}
	m.ask("it was not being made; what was sent of it is removed", "cancel", "film")
	m.gone(bucket)
	m.refuse("knows no publish of that film, film; filmpress status lists those that it knows", m.command("publisher", "cancel", "film"))
}

// otherBuild is an ffmpeg that does the same and says that it is another.
func otherBuild(t *testing.T) (path string) {
	path = filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\ncase \"$*\" in *-version*) ffmpeg \"$@\"; echo another build; exit ;; esac\nexec ffmpeg \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// heldEncoder is an ffmpeg that is the same, but begins to encode a picture only when the test lets it go. In the sandbox it does not start.
func heldEncoder(t *testing.T) (path string, letGo func()) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ffmpeg")
	script := fmt.Sprintf("#!/bin/sh\n: >'%[1]s.outside' || exit 1\ncase \"$*\" in *libx264*) while ! test -e '%[1]s.go'; do sleep 0.1; done ;; esac\nexec ffmpeg \"$@\"\n", path)
	if err := os.WriteFile(path, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	return path, func() {
		if err := os.WriteFile(path+".go", nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// working holds the JSON of status against what a person is told: the film runs, and a step of it is at work.
func (m *machines) working() {
	m.t.Helper()
	type film struct{ Slug, State, Started, To string }
	read := func(into any, shape string, args ...string) (out []byte) {
		out, err := m.command("publisher", append(args, "--json")...).Output()
		if err = errors.Join(err, json.Unmarshal(out, into), clitest.Fits(string(out), "admin.schema.json", shape)); err != nil {
			m.t.Fatalf("%v --json: %v\n%s", args, err, out)
		}
		return out
	}
	var all []film
	if out := read(&all, "status", "status"); len(all) == 0 || all[0].Slug != "film" || all[0].State != "running" || all[0].Started == "" || all[0].To == "" {
		m.t.Errorf("status --json:\n%s", out)
	}
	var one struct {
		film
		Done, Steps int
		Working     []struct {
			Name, Worker string
			Running      bool
		}
	}
	out := read(&one, "status-film", "status", "film")
	if one.Slug != "film" || one.State != "running" || one.Steps < 10 || one.Done >= one.Steps {
		m.t.Errorf("status film --json:\n%s", out)
	}
	for _, w := range one.Working {
		if w.Running && strings.HasPrefix(w.Name, "chunk-0") && w.Worker != "" {
			return
		}
	}
	m.t.Errorf("status film --json names no part that is encoded:\n%s", out)
}

// unmade has a film wait for a worker, since the only one there has another ffmpeg, and cancels it.
func unmade(t *testing.T, m *machines, bucket s3server.Server, k killed) {
	m.workers = make([]*exec.Cmd, 1)
	m.work(0, "FILMPRESS_FFMPEG="+otherBuild(t))
	other := m.stories[0]
	other.until(t, "ready: ")
	begun, err := m.publish(k, "--detach")
	if err != nil || !strings.Contains(begun, "no worker with this filmpress and ffmpeg ") || !strings.Contains(begun, "filmpress attach film") {
		t.Fatalf("%v\n%s", err, begun)
	}
	queue := regexp.MustCompile(`queue (detached-[0-9a-f]{10})`)
	if has, wants := queue.FindStringSubmatch(other.String()), queue.FindStringSubmatch(begun); has == nil || wants == nil || has[1] == wants[1] {
		t.Errorf("the worker is on %q, the film waits on %q", has, wants)
	}
	m.ask("running", "status")
	m.waitFor(`(?s)film: running.*[45] more wait for a worker`, "status", "film")                                         // the sound, three parts of the picture and, where it was built, the player
	m.refuse("knows no publish of that film, film-0; filmpress status lists", m.command("publisher", "status", "film-0")) // but the film's parts are being made

	captions := filepath.Join(k.dir, "captions.srt")
	if err := os.WriteFile(captions, []byte("1\n00:00:01,000 --> 00:00:03,000\nHello\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m.refuse("another version of film is being made already; wait for it with filmpress attach film, or end it with filmpress cancel film", m.publisher(k, "--subs", "en="+captions))
	waits, told := m.publisher(k), &story{}
	waits.Stderr = told
	if err := waits.Start(); err != nil {
		t.Fatal(err)
	}
	told.until(t, "no worker with this filmpress")
	m.ask("film: cancelled", "cancel", "film")
	waits.Wait()
	if code := waits.ProcessState.ExitCode(); code != 1 || !strings.Contains(told.String(), "the publish of film was cancelled; what was finished is kept: publish it again to go on") {
		t.Errorf("a publish that was cancelled meanwhile ended with code %d:\n%s", code, told)
	}
	m.ask("cancelled", "status", "film")
	m.gone(bucket)
	if text := other.String(); strings.Contains(text, "step-started") {
		t.Errorf("a worker with another ffmpeg took a step:\n%s", text)
	}
}

// elsewhere attaches on a machine that does not have the folder to which the film goes: a library there would be one that nobody looks for.
func elsewhere(t *testing.T, m *machines, k killed) {
	library := filepath.Join(k.dir, "library")
	if err := os.Rename(library, library+"-elsewhere"); err != nil {
		t.Fatal(err)
	}
	cmd := m.command("publisher", "attach", "film")
	cmd.Env = append(cmd.Env, "FILMPRESS_TRACES=") // what it sends is counted for the attach that releases
	out, _ := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 4 || !strings.Contains(string(out), "film goes to the folder "+library+", which is not there: attach on a machine that has it") {
		t.Errorf("attach without the folder ended with code %d:\n%s", code, out)
	}
	if _, err := os.Stat(library); !os.IsNotExist(err) {
		t.Errorf("attach made the folder: %v", err)
	}
	if err := os.Rename(library+"-elsewhere", library); err != nil {
		t.Fatal(err)
	}
}

// TestMachinesDetached: a publish that nobody waits for goes on, is told of, and is released by whoever attaches; one that is cancelled ends.
func TestMachinesDetached(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	start := smallFilm(t)
	m, traces := newMachines(t, server, bucket, "detached", 0), newReceiver(t)
	k := start()
	unsent(t, m, bucket, k)
	unmade(t, m, bucket, k)
	m.env = append(m.env, "FILMPRESS_TRACES="+traces.URL)
	if story, err := m.publish(k, "--detach"); err != nil {
		t.Fatalf("%v\n%s", err, story)
	}
	elsewhere(t, m, k)
	m.workers[0].Process.Signal(syscall.SIGTERM)
	m.workers[0].Wait()
	server.Kill()
	held, letGo := heldEncoder(t)
	m.work(0, "FILMPRESS_METRICS=127.0.0.1:0", "FILMPRESS_FFMPEG="+held) // before the server is there
	m.stories[1].until(t, "trying again for a minute")
	server.Run()
	attached := meanwhile(func() (string, error) {
		cmd := m.command("publisher", "attach", "film", "--json", "--keep-source")
		var told bytes.Buffer
		cmd.Stderr = &told
		out, err := cmd.Output()
		return string(out) + told.String(), err
	})
	m.waitFor(`(?s)film: running.*\n  chunk-0\S* on `, "status", "film")
	m.working()
	letGo()
	end := <-attached
	var result struct{ Slug, Page string }
	if err := json.NewDecoder(strings.NewReader(end.story)).Decode(&result); end.err != nil || err != nil || result.Slug != "film" || filepath.Base(result.Page) != "index.html" {
		t.Errorf("%v, %v\n%s", end.err, err, end.story)
	}
	k.whole()
	m.ask("done", "status", "film")
	if len(m.left(bucket, "sources")) == 0 {
		t.Error("--keep-source did not keep the film in the bucket")
	}
	m.ask("film: all its steps were done before, and are kept; what lay there of the film is removed", "cancel", "film")
	m.gone(bucket)
	m.ask("film: all its steps were done before, and are kept; nothing of the film lies there any more", "cancel", "film")
	numbers := scrape(metricsOf(t, m.stories[1]))
	for _, want := range []string{`filmpress_steps_total{kind="chunk",outcome="done"} 3`, `filmpress_step_queue_seconds_count{kind="chunk"} 3`, `filmpress_steps_running{kind="chunk"} 0`} {
		if !strings.Contains(numbers, want+"\n") {
			t.Errorf("the worker's metrics lack %s:\n%s", want, numbers)
		}
	}
	m.workers[0].Process.Signal(syscall.SIGTERM)
	m.workers[0].Wait() // its last spans are out
	all, _ := traces.received()
	of := map[string]int{} // steps of each trace
	for _, s := range all {
		if strings.HasPrefix(s.Name, "step ") {
			of[string(s.TraceId)]++
		}
	}
	joined := slices.ContainsFunc(all, func(s *spans.Span) bool { return s.Name == "publish" && of[string(s.TraceId)] > 10 })
	publishes := 0
	for _, s := range all {
		if s.Name == "publish" {
			publishes++
		}
	}
	if publishes != 2 {
		t.Errorf("%d spans of publishes; one was sent off, and attached", publishes)
	}
	if len(of) != 1 || !joined {
		t.Errorf("the worker's steps are no part of the publish's trace: %d spans, the steps in %d traces", len(all), len(of))
	}
}
