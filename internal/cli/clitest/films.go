package clitest

import (
	"cmp"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// Films makes each kind of film once; stories get copies.
type Films struct {
	Dir    string // where they lie; an absolute path
	FFmpeg string // the program; "" is the one that PATH names then

	mu sync.Mutex
}

// Make gives the story a film of 160x90 at 10 frames a second, with a tone: mkfilm NAME SECONDS [FFMPEG-OPTION...].
// Two films that differ in SECONDS or in options differ in content.
func (f *Films) Make(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mkfilm NAME SECONDS [FFMPEG-OPTION...]")
	}
	name, seconds, options := args[0], args[1], args[2:]
	made := filepath.Join(f.Dir, hex.EncodeToString([]byte(strings.Join(args[1:], " ")))+filepath.Ext(name))
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := os.Stat(made); err != nil {
		ffmpeg := []string{"-v", "error", "-y",
			"-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=" + seconds, "-f", "lavfi", "-i", "sine=f=440:d=" + seconds,
			"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-fflags", "+bitexact"}
		ffmpeg = append(append(ffmpeg, options...), made)
		if out, err := exec.Command(cmp.Or(f.FFmpeg, "ffmpeg"), ffmpeg...).CombinedOutput(); err != nil {
			ts.Fatalf("ffmpeg: %v\n%s", err, out)
		}
	}
	data, err := os.ReadFile(made)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(name), data, 0o644))
}

// Unhex makes a file of bytes that no script can hold: unhex FILE NEW, where FILE is text and \xNN stands for a byte
func Unhex(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: unhex FILE NEW")
	}
	var out []byte
	text := ts.ReadFile(args[0])
	for len(text) > 0 {
		if strings.HasPrefix(text, `\x`) && len(text) >= 4 {
			if b, err := hex.DecodeString(text[2:4]); err == nil {
				out, text = append(out, b...), text[4:]
				continue
			}
		}
		out, text = append(out, text[0]), text[1:]
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), out, 0o644))
}
