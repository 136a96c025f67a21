package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	spans "go.opentelemetry.io/proto/otlp/trace/v1"

	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/store/storetest/s3server"
)

// machines are workers that share a server and a bucket. Each has a cache of its own; queue and prefix keep several of one test apart.
type machines struct {
	t      *testing.T
	server *temporaltest.Server
	env    []string
	name   string // of queue and prefix
	dir    string

	mu      sync.Mutex
	stories []*story    // what each worker that ever ran has told
	workers []*exec.Cmd // those that run
}

func newMachines(t *testing.T, server *temporaltest.Server, bucket s3server.Server, name string, n int) *machines {
	m := &machines{t: t, server: server, name: name, dir: t.TempDir(), workers: make([]*exec.Cmd, n)}
	m.env = append(append(os.Environ(), bucket.Env()...), server.Env()...)
	m.env = append(m.env, "FILMPRESS_KEPT=s3://"+bucket.Bucket+"/"+name, "FILMPRESS_TEMPORAL_QUEUE="+name, "HOME="+m.dir, "XDG_CONFIG_HOME="+m.dir)
	for i := range n {
		m.work(i)
	}
	t.Cleanup(func() {
		for i := range m.workers {
			m.kill(i)
		}
	})
	return m
}

func (m *machines) command(cache string, args ...string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute) // a hang ends with what was told
	m.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, "filmpress", args...)
	cmd.Env = append(m.env, "FILMPRESS_CACHE="+filepath.Join(m.dir, cache), "FILMPRESS_LOG_FORMAT=json")
	return cmd
}

// story is what a program tells while it runs.
type story struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *story) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *story) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// work starts a worker; env goes before what all have.
func (m *machines) work(i int, env ...string) {
	m.t.Helper()
	cmd := m.command(fmt.Sprint("worker-", i), "worker", "--workers", "1", "--light", "2", "--drain", "20s")
	cmd.Env = append(cmd.Env, env...)
	told := &story{}
	cmd.Stderr = told
	if err := cmd.Start(); err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.workers[i] = cmd
	m.stories = append(m.stories, told)
}

func (m *machines) kill(i int) {
	m.workers[i].Process.Kill()
	m.workers[i].Wait()
}

// publish publishes k's film with the workers, and gives what the command told.
func (m *machines) publish(k killed, more ...string) (story string, err error) {
	args := append([]string{"publish", k.film, "--pipeline", filepath.Join(k.dir, "parts.yml"), "--language", "en", "--to", filepath.Join(k.dir, "library"),
		"--engine", "temporal", "--silence", "10s"}, more...)
	cmd := m.command("publisher", args...)
	var out bytes.Buffer
	cmd.Stderr = &out
	err = cmd.Run()
	return out.String(), err
}

// ended is how a publish ended.
type ended struct {
	story string
	err   error
}

// meanwhile publishes while the test goes on.
func meanwhile(publish func() (story string, err error)) <-chan ended {
	done := make(chan ended, 1)
	go func() {
		story, err := publish()
		done <- ended{story, err}
	}()
	return done
}

// twice are the steps that were finished more than once, by any workers; they must have ended.
func (m *machines) twice() (found []string) {
	times := map[string]int{}
	for _, s := range m.stories {
		for _, e := range s.finished() {
			if times[e.Digest]++; times[e.Digest] == 2 {
				found = append(found, e.Step)
			}
		}
	}
	return found
}

type finished struct{ Step, Digest string }

// finished are the steps that a worker has finished itself.
func (s *story) finished() (all []finished) {
	for line := range strings.Lines(s.String()) {
		var e struct {
			finished
			Event string
			Kept  bool
		}
		if json.Unmarshal([]byte(line), &e) == nil && e.Event == "step-done" && !e.Kept {
			all = append(all, e.finished)
		}
	}
	return all
}

// left are the objects of a kind that are still in the bucket.
func (m *machines) left(bucket s3server.Server, kind string) (names []string) {
	filepath.WalkDir(filepath.Join(bucket.Dir, m.name, kind), func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return nil
	})
	return names
}

// TestManyMachines: a release that workers made is, byte for byte, the one that a machine makes alone; the film itself is gone from the
// bucket when it is out, and lay there encrypted. Then workers and server are killed at random moments (FILMPRESS_KILLS, else 3):
// the release is the same, and nothing finished was made twice. Four workers make it here, two where they are killed, and one
// in TestMachinesTrouble; with FILMPRESS_KILLS one and two make it here, too.
func TestManyMachines(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	start := smallFilm(t)
	want, _ := undisturbed(t)
	several := []int{4}
	if os.Getenv("FILMPRESS_KILLS") != "" {
		several = []int{1, 2, 4}
	}
	for _, n := range several {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			m := newMachines(t, server, bucket, fmt.Sprint("machines-", n), n)
			k := start()
			if story, err := m.publish(k); err != nil {
				t.Fatalf("%v\n%s", err, story)
			}
			if got := k.files(); !maps.Equal(got, want) {
				t.Errorf("the library differs: %s", differing(got, want))
			}
			if left := m.left(bucket, "sources"); len(left) > 0 {
				t.Errorf("the film is still in the bucket: %v", left)
			}
			batch(t, m, k)
			for i := range m.workers {
				m.workers[i].Process.Signal(syscall.SIGTERM)
				if err := m.workers[i].Wait(); err != nil {
					t.Errorf("a worker that was told to end: %v", err)
				}
			}
			if twice := m.twice(); len(twice) > 0 {
				t.Errorf("made twice: %v", twice)
			}
		})
	}
	t.Run("killed", func(t *testing.T) { killMachines(t, server, bucket, start, want) })
}

// batch publishes a list, of which one film is missing at first. The other is the same film by another name, so little is left to do.
func batch(t *testing.T, m *machines, k killed) {
	t.Helper()
	again, list := filepath.Join(k.dir, "again.mp4"), filepath.Join(k.dir, "list.yml")
	if err := os.WriteFile(list, fmt.Appendf(nil, "films:\n  - {film: %s}\n  - {film: again.mp4, title: Once more}\n", k.film), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"0 3", "0 0"} {
		cmd := m.command("publisher", "publish", "--batch", list, "--pipeline", filepath.Join(k.dir, "parts.yml"), "--language", "en",
			"--to", filepath.Join(k.dir, "library"), "--engine", "temporal", "--json")
		var story bytes.Buffer
		cmd.Stderr = &story
		out, _ := cmd.Output()
		var films []struct {
			Exit   int
			Result struct{ Page string }
		}
		if err := json.Unmarshal(out, &films); err != nil || len(films) != 2 {
			t.Fatalf("%v: %s\n%s", err, out, &story)
		}
		if got := fmt.Sprint(films[0].Exit, " ", films[1].Exit); got != want || cmd.ProcessState.ExitCode() != films[1].Exit || films[0].Result.Page == "" {
			t.Errorf("%s, want %s, and exit code %d\n%s\n%s", got, want, cmd.ProcessState.ExitCode(), out, &story)
		}
		if err := os.Link(k.film, again); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(filepath.Join(k.dir, "library", "once-more", "index.html")); err != nil {
		t.Error(err)
	}
}

func killMachines(t *testing.T, server *temporaltest.Server, bucket s3server.Server, start func() killed, want map[string]string) {
	kills := 3
	if n, err := strconv.Atoi(os.Getenv("FILMPRESS_KILLS")); err == nil {
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	moments := rand.New(rand.NewPCG(seed, 0))
	for round, left := 0, kills; left > 0; round++ {
		m := newMachines(t, server, bucket, fmt.Sprint("killed-", round), 2)
		k := start()
		done := meanwhile(func() (string, error) {
			story, err := m.publish(k)
			for err != nil && strings.Contains(story, "cannot be reached; start it") { // the server was killed before it knew of the film
				time.Sleep(time.Second)
				story, err = m.publish(k)
			}
			return story, err
		})
		var end ended
		for over := false; !over; {
			pause := time.After(time.Duration(500+moments.IntN(3000)) * time.Millisecond)
			if left == 0 {
				pause = nil
			}
			select {
			case end = <-done:
				over = true
				continue
			case <-pause:
			}
			left--
			if victim := moments.IntN(3); victim < 2 {
				m.kill(victim)
				m.work(victim)
			} else {
				server.Kill()
				time.Sleep(time.Second)
				server.Run()
			}
		}
		if end.err != nil {
			t.Fatalf("%v\n%s", end.err, end.story)
		}
		k.whole()
		if got := k.files(); !maps.Equal(got, want) {
			t.Errorf("after kills the library differs: %s", differing(got, want))
		}
		for i := range m.workers {
			m.kill(i)
		}
		if twice := m.twice(); len(twice) > 0 {
			t.Errorf("made twice: %v", twice)
		}
		time.Sleep(100 * time.Millisecond)
		if found := (killed{t: t, dir: m.dir}).leftovers(); len(found) > 0 {
			t.Errorf("still running: %q", found)
		}
	}
}

// TestMachinesDetached: a publish that nobody waits for goes on, is told of, and is released by whoever attaches; one that is cancelled ends.
func TestMachinesDetached(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	start := smallFilm(t)
	m, traces := newMachines(t, server, bucket, "detached", 0), newReceiver(t)
	m.env = append(m.env, "FILMPRESS_TRACES="+traces.URL)
	k := start()
	story, err := m.publish(k, "--detach")
	if err != nil || !strings.Contains(story, "no worker with this filmpress") || !strings.Contains(story, "filmpress attach film") {
		t.Fatalf("%v\n%s", err, story)
	}
	ask := func(want string, args ...string) string {
		t.Helper()
		out, err := m.command("publisher", args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	ask("running", "status")
	ask("cancelled", "cancel", "film")
	ask("cancelled", "status", "film")
	if left := m.left(bucket, "sources"); len(left) > 0 {
		t.Errorf("the film is still in the bucket: %v", left)
	}
	if story, err := m.publish(k, "--detach"); err != nil {
		t.Fatalf("%v\n%s", err, story)
	}
	m.workers = make([]*exec.Cmd, 1)
	server.Kill()
	address := freeAddress(t)
	m.work(0, "FILMPRESS_METRICS="+address) // before the server is there
	time.Sleep(2 * time.Second)
	server.Run()
	ask("index.html", "attach", "film")
	k.whole()
	ask("done", "status", "film")
	numbers := scrape(address)
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
	if publishes != 3 {
		t.Errorf("%d spans of publishes; two were sent off, and one attached", publishes)
	}
	if len(of) != 1 || !joined {
		t.Errorf("the worker's steps are no part of the publish's trace: %d spans, the steps in %d traces", len(all), len(of))
	}
}
