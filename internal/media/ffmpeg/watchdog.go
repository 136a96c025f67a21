package ffmpeg

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// watchdog calls bark once when nobody called alive for a time.
type watchdog struct {
	timer *time.Timer
	after time.Duration
	most  int64 // bytes that may be read with nothing to show for it

	mu    sync.Mutex
	due   time.Time
	gave  bool      // something came since bytes were counted
	since time.Time // when something last came
	base  int64     // how much had been read by then
}

func newWatchdog(after time.Duration, most int64, bark func()) *watchdog {
	return &watchdog{timer: time.AfterFunc(after, bark), after: after, most: most, due: time.Now().Add(after), since: time.Now()}
}

// alive is told of everything that comes out of a process.
func (d *watchdog) alive() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.gave = true
	d.putOff()
}

func (d *watchdog) putOff() {
	d.due = time.Now().Add(d.after)
	d.timer.Reset(d.after)
}

// spare puts off the end by what was not the process's own fault.
func (d *watchdog) spare(t time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.due, d.since = d.due.Add(t), d.since.Add(t)
	d.timer.Reset(time.Until(d.due))
}

func (d *watchdog) stop() { d.timer.Stop() }

// A process may read a film for hours before it gives anything: to find a place in it, or because all before a late chunk is
// decoded. So what it reads is a sign of life, until it has read the film rereads times and that took slow times as long as it may be silent.
// Then it goes in a circle. Either alone proves nothing: containers that are searched by halves are read many times over where they have few
// keyframes, which takes moments; and a long film takes hours to be decoded once.
const (
	rereads  = 3
	slow     = 10
	leastOff = 512 << 20 // bytes: of a short film, more may be read than that without meaning anything
)

// reads takes the number of bytes that were read so far.
func (d *watchdog) reads(n int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.gave {
		d.gave, d.since, d.base = false, time.Now(), n
	}
	if n-d.base > d.most && time.Since(d.since) > slow*d.after {
		return
	}
	d.putOff()
}

// listen takes every byte that a process reads for a sign of life, within bounds, until it is ended. Before the first frame of a
// chunk is made, much may have to be decoded; on a busy machine that takes minutes in which there is no other. The time in which
// it waited for a core is not held against it.
func (d *watchdog) listen(pid int, every time.Duration) (ended func()) {
	tick := time.NewTicker(every)
	done := make(chan struct{})
	go func() {
		var read int64
		waited := timeWaited(pid)
		for {
			select {
			case <-done:
				return
			case <-tick.C:
			}
			if now := bytesRead(pid); now > read {
				read = now
				d.reads(now)
			}
			now := timeWaited(pid)
			if t := min(now-waited, every); t > 0 {
				d.spare(t)
			}
			waited = now
		}
	}()
	return func() { tick.Stop(); close(done) }
}

// bytesRead is how much a process has read so far, 0 where nobody says.
func bytesRead(pid int) (n int64) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", pid))
	if err == nil {
		fmt.Sscanf(string(data), "rchar: %d", &n)
	}
	return n
}

// timeWaited is how long a process's threads that live were ready to run and got no core, together; 0 where nobody says.
// Source: Linux, Documentation/scheduler/sched-stats.rst, /proc/PID/schedstat, the second number, in nanoseconds.
func timeWaited(pid int) (t time.Duration) {
	threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
	for _, path := range threads {
		var ran, waits int64
		if data, err := os.ReadFile(path); err == nil {
			fmt.Sscanf(string(data), "%d %d", &ran, &waits)
		}
		t += time.Duration(waits)
	}
	return t
}
