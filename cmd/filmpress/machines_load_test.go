package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// TestMachinesUnderLoad: other processes want all cores for as long as two workers make a film whose parts take longer than the server
// waits for a word of them. The workers are slow then, and well: no step is begun twice, and none fails. FILMPRESS_TEST_LOAD is how many such
// processes there are for each core, else 2.
func TestMachinesUnderLoad(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	k := smallFilm(t)()
	k.film = filepath.Join(k.dir, "busy.mp4")
	if out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=512x288:r=25:d=12,noise=alls=20:allf=t", "-f", "lavfi", "-i", "sine=d=12",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", k.film).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	slow := strings.NewReplacer("preset: ultrafast", "preset: slower", "{width: 320, height: 180", "{width: 512, height: 288", "max: 300", "max: 900").Replace(parts)
	if err := os.WriteFile(filepath.Join(k.dir, "parts.yml"), []byte(slow), 0o644); err != nil {
		t.Fatal(err)
	}
	m := newMachines(t, server, bucket, "load", 2)
	cores := runtime.GOMAXPROCS(0) // as many as a container may use
	others := burn(t, faults.Times("FILMPRESS_TEST_LOAD", 2)*cores)
	began := time.Now()
	story, err := m.publish(k)
	took := time.Since(began)
	if err != nil {
		t.Fatalf("%v\n%s", err, story)
	}
	k.whole()
	// What they had besides is other tests'.
	if share := others() / took.Seconds() / float64(cores); share < 0.2 {
		t.Errorf("the other processes had %.0f %% of all cores, which is no load", 100*share)
	}
	var longest time.Duration
	begun := map[string]time.Time{}
	for _, worker := range m.stories {
		for e := range worker.events() {
			switch e.Event {
			case "step-started":
				if _, again := begun[e.Digest]; again {
					t.Errorf("%s was begun twice", e.Step)
				}
				begun[e.Digest] = e.Time
			case "step-done":
				if from, ok := begun[e.Digest]; ok { // else it was there before
					longest = max(longest, e.Time.Sub(from))
				}
			case "step-retried", "step-failed":
				t.Errorf("%s: %s", e.Event, e.Step)
			}
		}
	}
	if len(begun) == 0 {
		t.Errorf("no worker tells what it has begun:\n%s", m.stories[0])
	}
	t.Logf("%d steps, the longest %v, all %v", len(begun), longest.Round(time.Second), took.Round(time.Second))
	if longest < silence {
		t.Skipf("skipped: on this machine no step takes the %v that the server waits; give it more load by FILMPRESS_TEST_LOAD", silence)
	}
}

// burn has processes that want a core each until the test is over. others is how many seconds of cores they have had; they are ended by it.
func burn(t *testing.T, processes int) (others func() (seconds float64)) {
	t.Helper()
	all := make([]*exec.Cmd, processes)
	end := func() {
		for _, p := range all {
			if p != nil && p.ProcessState == nil {
				p.Process.Kill()
				p.Wait()
			}
		}
	}
	t.Cleanup(end)
	for i := range all {
		p := exec.Command("sh", "-c", "ulimit -t 600; while :; do :; done") // an end, should the test be killed
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		all[i] = p
	}
	return func() (seconds float64) {
		end()
		for _, p := range all {
			seconds += (p.ProcessState.UserTime() + p.ProcessState.SystemTime()).Seconds()
		}
		return seconds
	}
}
