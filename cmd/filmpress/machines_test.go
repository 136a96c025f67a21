package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// TestManyMachines: a release that workers made is, byte for byte, the one that a machine makes alone; the film itself is gone from the
// bucket when it is out, and lay there encrypted. Then workers and server are killed at random moments (FILMPRESS_TEST_KILLS, else 3):
// the release is the same, and nothing finished was made twice; the first of them is told to end instead, and finishes what it does. Four workers make it here, of whom one does not encode, two where they are killed, and one
// in TestMachinesTrouble; with FILMPRESS_TEST_KILLS one and two make it here, too.
func TestManyMachines(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	start := smallFilm(t)
	want, _ := undisturbed(t)
	several := []int{4}
	if os.Getenv("FILMPRESS_TEST_KILLS") != "" {
		several = []int{1, 2, 4}
	}
	for _, n := range several {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			encoders := n
			if n > 2 {
				encoders-- // the last takes small steps alone
			}
			m := newMachines(t, server, bucket, fmt.Sprint("machines-", n), encoders, "FILMPRESS_SOURCE_KEY="+sourceKey(t))
			for i := encoders; i < n; i++ {
				m.workers = append(m.workers, nil)
				m.workBy(i, []string{"--no-encode"})
			}
			k := start()
			if end := m.encrypted(bucket, meanwhile(func() (string, error) { return m.publish(k) })); end.err != nil {
				t.Fatalf("%v\n%s", end.err, end.story)
			}
			if got := k.files(); !maps.Equal(got, want) {
				t.Errorf("the library differs: %s", differing(got, want))
			}
			if left := m.left(bucket, "sources"); len(left) > 0 {
				t.Errorf("the film is still in the bucket: %v", left)
			}
			lost := m.lose(bucket)
			batch(t, m, k)
			if _, err := os.Stat(lost); err != nil {
				t.Errorf("a result that the bucket lost was not brought back: %v", err)
			}
			for i := range m.workers {
				m.workers[i].Process.Signal(syscall.SIGTERM)
				if err := m.workers[i].Wait(); err != nil {
					t.Errorf("a worker that was told to end: %v", err)
				}
			}
			for _, small := range m.stories[encoders:] {
				heavy := slices.ContainsFunc(small.finished(), func(e finished) bool { return strings.HasPrefix(e.Step, "chunk") || strings.HasPrefix(e.Step, "level") })
				if heavy || !strings.Contains(small.String(), "ready: 0 parts of films and 2 small steps at once") {
					t.Errorf("a worker with --no-encode told\n%s", small)
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
	kills := faults.Times("FILMPRESS_TEST_KILLS", 3)
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
		if round == 0 {
			m.drain()
			left--
		}
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
		if found := (killed{t: t, dir: m.dir}).stillRunning(); len(found) > 0 {
			t.Errorf("still running: %q", found)
		}
	}
}
