package ffmpeg

import (
	"os/exec"
	"runtime"
	"testing"
	"time"
)

func TestWatchdogIsPutOff(t *testing.T) {
	barked := make(chan time.Time, 2)
	start := time.Now()
	d := newWatchdog(200*time.Millisecond, 0, func() { barked <- time.Now() })
	defer d.stop()
	d.spare(300 * time.Millisecond)
	select {
	case at := <-barked:
		if took := at.Sub(start); took < 450*time.Millisecond {
			t.Errorf("it barked after %s", took)
		}
	case <-time.After(10 * time.Second):
		t.Error("it never barked")
	}
}

// TestReadingInACircle: reading is a sign of life, unless it is both more and longer than a look for something in the film can be.
func TestReadingInACircle(t *testing.T) {
	for _, c := range []struct {
		name   string
		read   int64
		silent time.Duration
		gave   bool
		puts   bool
	}{
		{"a little", 10, time.Second, false, true},
		{"much, at once", 1000, time.Second, false, true},
		{"a little, for hours", 90, 3 * time.Hour, false, true},
		{"much, for long", 1000, 11 * time.Minute, false, false},
		{"much, for long, and something came", 1000, 11 * time.Minute, true, true},
	} {
		d := newWatchdog(time.Minute, 100, func() {})
		d.stop()
		d.since = time.Now().Add(-c.silent)
		if c.gave {
			d.alive()
		}
		before := time.Now()
		d.due = before
		d.reads(c.read)
		d.stop()
		if puts := d.due.After(before); puts != c.puts {
			t.Errorf("%s: put off %v", c.name, puts)
		}
	}
}

// Four loops on one core wait for it most of the time.
func TestTimeWaited(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: only Linux tells how long a process waited")
	}
	var pids []int
	for range 4 {
		cmd := exec.Command("taskset", "-c", "0", "sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Skip("skipped: ", err)
		}
		defer func() { cmd.Process.Kill(); cmd.Wait() }()
		pids = append(pids, cmd.Process.Pid)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		var waited time.Duration
		for _, pid := range pids {
			waited += timeWaited(pid)
		}
		if waited > time.Second {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("they waited %s", waited)
		}
	}
}
