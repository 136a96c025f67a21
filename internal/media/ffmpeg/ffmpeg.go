// Package ffmpeg is the only code that starts ffmpeg and ffprobe. It gathers the facts about a film, makes
// renditions, sound and pictures of it, and says in one plain sentence what went wrong. The tools' exit code
// alone proves nothing, so callers hold what came out against what was asked for.
//
// Argument lists are built with ffmpeg-go (in graph.go, nowhere else); processes are started and ended here.
package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/sandbox"
)

// Minimum is the oldest ffmpeg that has what is used here (stitchable, setparams, loudnorm's JSON, fps_mode).
var Minimum = [2]int{5, 1}

// ErrMissing says that a program could not be found or started.
type ErrMissing struct {
	Program string // "ffmpeg", "ffprobe"
	Path    string // what was tried; "" is PATH
	Err     error
}

func (e *ErrMissing) Error() string {
	if e.Path == "" {
		return e.Program + " is not installed (not in PATH)"
	}
	return fmt.Sprintf("%s cannot be started at %s: %v", e.Program, e.Path, e.Err)
}

func (e *ErrMissing) Unwrap() error { return e.Err }

// ErrTooOld says that the ffmpeg found is older than Minimum.
type ErrTooOld struct{ Have, Need string }

func (e *ErrTooOld) Error() string {
	return fmt.Sprintf("ffmpeg is version %s, but %s or newer is needed", e.Have, e.Need)
}

// Tools are the two programs, found and new enough.
type Tools struct {
	FFmpeg  string // absolute path, or a name in PATH
	FFprobe string
	Version string // "5.1.9-0+deb12u1"
	// Build is ffmpeg's whole version text with its configuration and library versions: what decides which
	// bytes an encode gives, and so a part of the digests of encoding steps.
	Build string
	// Sandboxed says that ffmpeg and ffprobe run in package sandbox, where they can open what their argument list names
	// and nothing else of the user's. WhyNot says why they do not.
	Sandboxed bool
	WhyNot    string
	Stall     time.Duration // longest time without progress; 0 is one minute
	Tolerant  bool          // Probe and Inspect warn of damage, and go on
}

// Find looks the programs up, in PATH where a path is "", and asks ffmpeg for its version: in the sandbox, where the kernel
// has one and both start in it. It fails with *ErrMissing or *ErrTooOld. See Remember for those who ask often.
func Find(ctx context.Context, ffmpegPath, ffprobePath string) (Tools, error) {
	var t Tools
	for _, p := range []struct {
		name, given string
		into        *string
	}{{"ffmpeg", ffmpegPath, &t.FFmpeg}, {"ffprobe", ffprobePath, &t.FFprobe}} {
		name := p.given
		if name == "" {
			name = p.name
		}
		path, err := exec.LookPath(name)
		if err != nil {
			return Tools{}, &ErrMissing{Program: p.name, Path: p.given, Err: err}
		}
		*p.into = path
	}
	memory := remembers(ctx)
	known, ok, key := memory.recall(t.FFmpeg, t.FFprobe)
	if ok {
		return known, nil
	}
	out, err := t.start(ctx)
	if ctx.Err() != nil {
		return Tools{}, ctx.Err()
	}
	if err != nil {
		return Tools{}, &ErrMissing{Program: "ffmpeg", Path: t.FFmpeg, Err: err}
	}
	t.Version, t.Build = parseVersion(out)
	if t.Version == "" {
		return Tools{}, &ErrMissing{Program: "ffmpeg", Path: t.FFmpeg, Err: errors.New("it does not tell its version")}
	}
	if old(t.Version) {
		return Tools{}, &ErrTooOld{Have: t.Version, Need: fmt.Sprintf("%d.%d", Minimum[0], Minimum[1])}
	}
	memory.keep(key, t)
	return t, nil
}

// start asks ffmpeg for its version text, and settles Sandboxed and WhyNot. A tool that is wrapped (snap, flatpak) needs
// rights that a sandbox takes away. Each start costs a fifth of a second (some two hundred libraries), so ffprobe is tried only
// where it does not lie beside ffmpeg, which is where one of them can be wrapped and the other not.
func (t *Tools) start(ctx context.Context) (version string, err error) {
	_, t.WhyNot = sandbox.On()
	if t.Sandboxed = t.WhyNot == ""; t.Sandboxed {
		refused := t.FFmpeg
		if version, err = t.say(ctx, "ffmpeg", "-version"); err == nil && home(t.FFmpeg) != home(t.FFprobe) {
			refused = t.FFprobe
			_, err = t.say(ctx, "ffprobe", "-version")
		}
		if err == nil || ctx.Err() != nil {
			return version, err
		}
		t.Sandboxed, t.WhyNot = false, refused+" does not start in the sandbox"
	}
	return t.say(ctx, "ffmpeg", "-version")
}

// home is the folder that a program lies in, behind links.
func home(program string) string {
	if real, err := filepath.EvalSymlinks(program); err == nil {
		program = real
	}
	return filepath.Dir(program)
}

// patience is how long a command of a moment may take.
const patience = 30 * time.Second

// say is what one of the tools writes to its output in a run of a moment.
func (t Tools) say(ctx context.Context, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var said bytes.Buffer
	p := t.process(program, args, nil)
	p.stdout = &said
	_, err := p.run(ctx)
	return said.String(), err
}

func parseVersion(out string) (version, build string) {
	out = strings.TrimSpace(strings.ReplaceAll(out, "\r", ""))
	first, _, _ := strings.Cut(out, "\n")
	fields := strings.Fields(first)
	if len(fields) < 3 || fields[0] != "ffmpeg" || fields[1] != "version" {
		return "", ""
	}
	return fields[2], out
}

var versionNumber = regexp.MustCompile(`^n?(\d+)\.(\d+)`)

// old compares with Minimum. A build from the development branch ("N-109542-g...") has no number and is taken.
func old(version string) bool {
	m := versionNumber.FindStringSubmatch(version)
	if m == nil {
		return false
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return major < Minimum[0] || major == Minimum[0] && minor < Minimum[1]
}
