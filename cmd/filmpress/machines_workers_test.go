package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filippo.io/age"

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
	lost   string // the digest of a result whose files were taken from the bucket; see lose

	mu      sync.Mutex
	stories []*story    // what each worker that ever ran has told
	workers []*exec.Cmd // those that run
}

func newMachines(t *testing.T, server *temporaltest.Server, bucket s3server.Server, name string, n int, env ...string) *machines {
	m := &machines{t: t, server: server, name: name, dir: t.TempDir(), workers: make([]*exec.Cmd, n)}
	m.env = append(append(os.Environ(), bucket.Env()...), server.Env()...)
	m.env = append(m.env, "FILMPRESS_KEPT=s3://"+bucket.Bucket+"/"+name, "FILMPRESS_TEMPORAL_QUEUE="+name, "HOME="+m.dir, "XDG_CONFIG_HOME="+m.dir)
	m.env = append(m.env, env...)
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

// until waits for what a program is to tell.
func (s *story) until(t *testing.T, want string) {
	t.Helper()
	for end := time.Now().Add(3 * time.Minute); !strings.Contains(s.String(), want); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%q was not told:\n%s", want, s)
		}
	}
}

// work starts a worker; env goes before what all have.
func (m *machines) work(i int, env ...string) { m.workBy(i, nil, env...) }

// workBy starts a worker with more flags.
func (m *machines) workBy(i int, flags []string, env ...string) {
	m.t.Helper()
	cmd := m.command(fmt.Sprint("worker-", i), append([]string{"worker", "--workers", "1", "--light", "2", "--drain", "20s"}, flags...)...)
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
	if m.workers[i] == nil {
		return // it was not begun yet
	}
	m.workers[i].Process.Kill()
	m.workers[i].Wait()
}

// silence is after what time without a word the server thinks a step lost.
const silence = 10 * time.Second

// publisher is a command that publishes k's film with the workers.
func (m *machines) publisher(k killed, more ...string) *exec.Cmd {
	args := append([]string{"publish", k.film, "--pipeline", filepath.Join(k.dir, "parts.yml"), "--language", "en", "--to", filepath.Join(k.dir, "library"),
		"--engine", "temporal", "--silence", silence.String()}, more...)
	return m.command("publisher", args...)
}

// publish publishes k's film with the workers, and gives what the command told.
func (m *machines) publish(k killed, more ...string) (story string, err error) {
	cmd := m.publisher(k, more...)
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
			if times[e.Digest]++; times[e.Digest] == 2 && e.Digest != m.lost {
				found = append(found, e.Step)
			}
		}
	}
	return found
}

// event is one line of a story.
type event struct {
	Time time.Time
	finished
	Event string
	Kept  bool
}

// events are the story's lines.
func (s *story) events() iter.Seq[event] {
	return func(yield func(event) bool) {
		for line := range strings.Lines(s.String()) {
			var e event
			if json.Unmarshal([]byte(line), &e) == nil && !yield(e) {
				return
			}
		}
	}
}

type finished struct{ Step, Digest string }

// finished are the steps that a worker has finished itself.
func (s *story) finished() (all []finished) {
	for e := range s.events() {
		if e.Event == "step-done" && !e.Kept {
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

// sourceKey is a file with a key for films.
func sourceKey(t *testing.T) string {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	file := filepath.Join(t.TempDir(), "films.key")
	if err == nil {
		err = os.WriteFile(file, []byte(identity.String()), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// encrypted waits for a publish, and insists that the film lies in the bucket meanwhile, and that it and what belongs to it lie there encrypted.
func (m *machines) encrypted(bucket s3server.Server, done <-chan ended) (end ended) {
	lay := map[string]bool{} // whether it was encrypted
	for over := false; !over; {
		for _, path := range m.left(bucket, "sources") {
			data, err := os.ReadFile(path)
			if err == nil && filepath.Ext(path) != ".json" && filepath.Base(filepath.Dir(path)) != "users" {
				lay[path] = bytes.HasPrefix(data, []byte("age-encryption.org/"))
			}
		}
		select {
		case end = <-done:
			over = true
		case <-time.After(20 * time.Millisecond):
		}
	}
	if len(lay) < 3 || slices.Contains(slices.Collect(maps.Values(lay)), false) { // the film, its article and its poster
		m.t.Errorf("in the bucket lay, encrypted or not: %v", lay)
	}
	return end
}

// lose takes the sound's files from the bucket and leaves their record, as a bucket's own rules may.
func (m *machines) lose(bucket s3server.Server) (file string) {
	m.t.Helper()
	for _, s := range m.stories {
		for _, e := range s.finished() {
			if strings.HasPrefix(e.Step, "audio") {
				m.lost = e.Digest
			}
		}
	}
	files, _ := filepath.Glob(filepath.Join(bucket.Dir, m.name, "results", m.lost, "*.tar"))
	if len(files) != 1 {
		m.t.Fatalf("the sound's files are not in the bucket: %v", files)
	}
	if err := os.Remove(files[0]); err != nil {
		m.t.Fatal(err)
	}
	return files[0]
}

// drain tells the first worker that encodes to end: it finishes what it began, and another takes its place.
func (m *machines) drain() {
	m.t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for i, cmd := range m.workers {
			if !strings.Contains(m.stories[i].String(), `"event":"step-started","step":"chunk`) {
				continue
			}
			cmd.Process.Signal(syscall.SIGTERM)
			err := cmd.Wait()
			story := m.stories[i].String()
			if begun := strings.Count(story, `"event":"step-started"`); err != nil || begun != len(m.stories[i].finished()) || !strings.Contains(story, "this worker ends") {
				m.t.Errorf("a worker that was told to end while it encodes: %v\n%s", err, story)
			}
			m.work(i)
			return
		}
	}
	m.t.Fatal("no worker began to encode")
}
