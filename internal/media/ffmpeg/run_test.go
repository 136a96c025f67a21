package ffmpeg

import (
	"context"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// script stands in for ffmpeg: a shell script that may write to descriptor 3 (the output) and 4 (progress).
func script(t *testing.T, body string) Tools {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return Tools{FFmpeg: path, FFprobe: path}
}

// quick makes the grace time short for a test.
func quick(t *testing.T) {
	former := grace
	grace = 300 * time.Millisecond
	t.Cleanup(func() { grace = former })
}

func discard(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }

// run is a script in ffmpeg's place, and how it ends.
type run struct {
	body  string
	read  func(io.Reader) error
	after time.Duration // then ctx is cancelled; 0 is never
	stall time.Duration
	check func(error) bool
}

// TestRunLeavesNothing runs into every kind of end and looks for processes and goroutines left over.
func TestRunLeavesNothing(t *testing.T) {
	quick(t)
	full := errors.New("no space left on the disk")
	stubborn := "trap '' TERM; echo $$ > %pid; while :; do sleep 0.05; done"
	for name, c := range map[string]run{
		"well":        {"echo $$ > %pid; printf data >&3", discard, 0, 0, func(err error) bool { return err == nil }},
		"fails":       {"echo $$ > %pid; echo '[mp4 @ 0x1] [error] something is wrong' >&2; exit 3", discard, 0, 0, isExit(3, "something is wrong")},
		"killed":      {"echo $$ > %pid; kill -9 $$", discard, 0, 0, isExit(-1, "")},
		"cancelled":   {"echo $$ > %pid; exec sleep 600", discard, 300 * time.Millisecond, 0, func(err error) bool { return errors.Is(err, context.Canceled) }},
		"stubborn":    {stubborn, discard, 300 * time.Millisecond, 0, func(err error) bool { return errors.Is(err, context.Canceled) }},
		"stalls":      {"echo $$ > %pid; exec sleep 600", discard, 0, 300 * time.Millisecond, isStall},
		"stands":      {"echo $$ > %pid; while :; do printf 'frame=7\\nprogress=continue\\n' >&4; done", discard, 0, 400 * time.Millisecond, isStall},
		"in circles":  {"echo $$ > %pid; head -c 600000000 /dev/zero > /dev/null; while :; do read x < /proc/version; sleep 0.02; done", discard, 0, 100 * time.Millisecond, isStall},
		"disk full":   {"echo $$ > %pid; while :; do printf 'xxxxxxxxxxxxxxxx' >&3; done", func(r io.Reader) error { io.ReadFull(r, make([]byte, 99)); return full }, 0, 0, func(err error) bool { return errors.Is(err, full) }},
		"has enough":  {"echo $$ > %pid; head -c 1000000 /dev/zero >&3", func(r io.Reader) error { io.ReadFull(r, make([]byte, 99)); return nil }, 0, 0, func(err error) bool { return err == nil }},
		"too little":  {"echo $$ > %pid; printf x >&3", needs(2), 0, 0, func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"both":        {"echo $$ > %pid; printf x >&3; echo '[error] cause' >&2; exit 1", needs(2), 0, 0, isExit(1, "cause")},
		"talks a lot": {"echo $$ > %pid; head -c 9000000 /dev/zero | tr '\\0' 'x' >&2; exit 1", discard, 0, 0, isExit(1, "")},
	} {
		t.Run(name, func(t *testing.T) {
			before := runtime.NumGoroutine()
			c.ends(t)
			noMore(t, before)
		})
	}
	// Side by side, since they take four seconds: a machine with too much to do may need one to start a sleep.
	before := runtime.NumGoroutine()
	t.Run("goes on", func(t *testing.T) {
		for name, sign := range map[string]string{"moves": "printf \"frame=$i\\nprogress=continue\\n\" >&4", "reads": "read x < /proc/version", "writes": "printf x >&3"} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				run{"echo $$ > %pid; for i in 1 2 3 4 5 6 7 8; do " + sign + "; sleep 0.5; done", discard, 0, 3 * time.Second, func(err error) bool { return err == nil }}.ends(t)
			})
		}
	})
	noMore(t, before)
}

// ends runs it to its end, and looks for its process.
func (c run) ends(t *testing.T) {
	t.Helper()
	pidFile := filepath.Join(t.TempDir(), "pid")
	tools := script(t, strings.ReplaceAll(c.body, "%pid", "'"+pidFile+"'"))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if c.after > 0 {
		time.AfterFunc(c.after, cancel)
	}
	log := filepath.Join(t.TempDir(), "log")
	start := time.Now()
	err := tools.Run(ctx, Job{Args: []string{"a b"}, Read: []func(io.Reader) error{c.read}, Log: log, Stall: c.stall})
	if !c.check(err) {
		t.Errorf("%v", err)
	}
	if took := time.Since(start); took > time.Minute { // the scripts that must be ended last for ten, or for ever
		t.Errorf("it took %s", took)
	}
	if info, err := os.Stat(log); err != nil || info.Size() > maxLog+4096 || info.Size() == 0 {
		t.Errorf("log: %v, %v", info, err)
	}
	gone(t, pidFile)
}

// noMore fails the test where there are more goroutines than before, and stay.
func noMore(t *testing.T, before int) {
	t.Helper()
	for deadline := time.Now().Add(2 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(10 * time.Millisecond)
	}
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines became %d", before, after)
	}
}

func isExit(code int, why string) func(error) bool {
	return func(err error) bool {
		var exit *ExitError
		return errors.As(err, &exit) && exit.Code == code && exit.Why == why
	}
}

func isStall(err error) bool {
	var stall *ErrStalled
	return errors.As(err, &stall)
}

// needs is a reader that fails where it gets fewer bytes.
func needs(n int) func(io.Reader) error {
	return func(r io.Reader) error { _, err := io.ReadFull(r, make([]byte, n)); return err }
}

// gone fails the test where the process that wrote its number to a file is still there.
func gone(t *testing.T, pidFile string) {
	t.Helper()
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("process %d is still there (%v)", pid, err)
	}
}

// TestRealProgress: ffmpeg's own reports arrive, and Ctrl-C ends it at once.
func TestRealProgress(t *testing.T) {
	var last Progress
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=4", "-f", "null", "-"}
	if err := tools(t).Run(context.Background(), Job{Args: args, Progress: func(p Progress) { last = p }}); err != nil {
		t.Fatal(err)
	}
	if last.Frames != 100 || last.OutTime < 3900*time.Millisecond || last.OutTime > 4100*time.Millisecond {
		t.Errorf("%+v", last)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	err := tools(t).Run(ctx, Job{Args: []string{"-re", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=600", "-f", "null", "-"}})
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > time.Minute {
		t.Errorf("%v after %s", err, time.Since(start))
	}
}

func TestFind(t *testing.T) {
	ctx := context.Background()
	for name, c := range map[string]struct {
		says string
		want any
	}{
		"old":   {"ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright", new(*ErrTooOld)},
		"mute":  {"", new(*ErrMissing)},
		"other": {"avconv version 12", new(*ErrMissing)},
		"new":   {"ffmpeg version n7.1 Copyright\nconfiguration: --enable-gpl", nil},
		"nine":  {"ffmpeg version 10.0.1 Copyright", nil},
		"git":   {"ffmpeg version N-109542-g0d0c1d5 Copyright", nil},
		"5.1":   {"ffmpeg version 5.1.9-0+deb12u1 Copyright", nil},
		"5.0":   {"ffmpeg version 5.0.3 Copyright", new(*ErrTooOld)},
	} {
		fake := script(t, "echo '"+c.says+"'")
		got, err := Find(ctx, fake.FFmpeg, fake.FFprobe)
		switch want := c.want.(type) {
		case nil:
			if err != nil || got.Version != strings.Fields(c.says)[2] || got.Build != c.says {
				t.Errorf("%s: %+v, %v", name, got, err)
			}
		case **ErrTooOld:
			if !errors.As(err, want) {
				t.Errorf("%s: %v", name, err)
			}
		case **ErrMissing:
			if !errors.As(err, want) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	var missing *ErrMissing
	if _, err := Find(ctx, "/nowhere/ffmpeg", ""); !errors.As(err, &missing) || missing.Program != "ffmpeg" {
		t.Error(err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Find(ctx, "", ""); !errors.As(err, &missing) || err.Error() != "ffmpeg is not installed (not in PATH)" {
		t.Error(err)
	}
}

func TestCapabilities(t *testing.T) {
	list, err := tools(t).Capabilities(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range list {
		if !c.Present {
			t.Errorf("%s %s is not found, though this ffmpeg has it", c.Kind, c.Name)
		}
	}
	names := parseNames("encoder", "Encoders:\n V..... = Video\n ------\n V....D libx264              x\n A....D aac    y (codec aac)\n")
	if len(names) != 2 || !names["libx264"] || !names["aac"] {
		t.Errorf("%v", names)
	}
	formats := "File formats:\n D. = Demuxing supported\n .E = Muxing supported\n --\n  E adts            ADTS AAC\n D  mov,mp4         QuickTime / MOV\n DE mpegts          MPEG-TS\n"
	for kind, want := range map[string][]string{"demuxer": {"mov", "mp4", "mpegts"}, "muxer": {"adts", "mpegts"}} {
		if got := slices.Sorted(maps.Keys(parseNames(kind, formats))); !slices.Equal(got, want) {
			t.Errorf("%ss: %v", kind, got)
		}
	}
}

// What doctor asks for is what the argument lists name, and no part that is not used any more.
func TestCapabilitiesAreUsed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, file := range files {
		if file == "capability.go" || strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(text)
	}
	for _, c := range capabilities {
		method := "." + strings.ToUpper(c.Name[:1]) + c.Name[1:] + "(" // of the library that writes graphs
		if c.Kind == "filter" && !strings.Contains(code.String(), `"`+c.Name+`"`) && !strings.Contains(code.String(), method) {
			t.Errorf("nothing uses the filter %s", c.Name)
		}
		if c.Name == "ebur128" && c.Optional {
			t.Error("every sound's loudness is measured by ebur128")
		}
	}
}
