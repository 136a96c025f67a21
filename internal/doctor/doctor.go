// Package doctor looks at what a publish needs, and tells what is missing or wrong and how to mend it: ffmpeg and its parts, the player, the disk, the
// place to publish to; and a bucket closely, by using it.
package doctor

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"filmpress/internal/machine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/sandbox"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
	"filmpress/internal/watch"
)

// Check is one thing that was looked at.
type Check struct {
	Name  string `json:"name"`
	State State  `json:"state"`
	What  string `json:"what"`           // what was found
	Mend  string `json:"mend,omitempty"` // what to do, where something is wrong
	Fault Fault  `json:"-"`              // what is to blame where the state is Bad
}

// State is how good a thing is.
type State string

// The states.
const (
	OK   State = "ok"
	Warn State = "warn" // a film can be published, with less
	Bad  State = "bad"
)

// Fault is what is to blame for a publish that cannot be.
type Fault int

// The faults.
const (
	Nothing  Fault = iota
	Settings       // the settings
	Tool           // ffmpeg, ffprobe, or a part of them
	Place          // the folder or bucket to publish to
	Room           // the folder for finished steps
)

// needsSpace is what is left on the disk below which doctor warns: about an hour of a film in all its sizes.
const needsSpace = 10 << 30

// checkSandbox tells whether a decoder's bug could reach anything but the film.
func checkSandbox(tools ffmpeg.Tools) Check {
	if !tools.Sandboxed {
		return Check{Name: "sandbox", State: Warn, What: "ffmpeg can open every file of this user: " + tools.WhyNot,
			Mend: "publish films from people you trust, or use a Linux from 5.13 on and the system's own ffmpeg"}
	}
	what := "ffmpeg opens the film and its work folder, no other file"
	if network, _ := sandbox.On(); network {
		what += ", and no connection"
	} else {
		what += "; this system does not keep it from the network"
	}
	return Check{Name: "sandbox", State: OK, What: what}
}

// Tools looks at ffmpeg and ffprobe, which are paths or names in PATH, at each part of them that is used, and at the sandbox in which they run.
func Tools(ctx context.Context, ffmpegPath, ffprobePath string) []Check {
	tools, err := ffmpeg.Find(ctx, ffmpegPath, ffprobePath)
	if err != nil {
		return []Check{{"ffmpeg", Bad, err.Error(), "Debian, Ubuntu: apt install ffmpeg; or name another with --ffmpeg and --ffprobe", Tool}}
	}
	checks := []Check{{Name: "ffmpeg", State: OK, What: tools.Version + ", " + tools.FFmpeg}, {Name: "ffprobe", State: OK, What: tools.FFprobe}}
	checks = append(checks, checkSandbox(tools))
	parts, err := tools.Capabilities(ctx)
	if err != nil {
		return append(checks, Check{"ffmpeg's parts", Bad, err.Error(), "install ffmpeg again", Tool})
	}
	for _, p := range parts {
		c := Check{Name: p.Kind + " " + p.Name, State: OK, What: p.Need}
		if !p.Present {
			c.State, c.What, c.Mend, c.Fault = Bad, "missing; needed for "+p.Need, "install an ffmpeg that was built with it (Debian's and Ubuntu's is)", Tool
			if p.Optional {
				c.State = Warn // only some films cannot be read, or one pipeline not be used
			}
		}
		checks = append(checks, c)
	}
	return checks
}

// Player looks whether the player is built in.
func Player() Check {
	if player, built := watch.Bundle(); built {
		return Check{Name: "player", State: OK, What: fmt.Sprintf("built in, %s", ui.Bytes(int64(len(player.JS.Data)+len(player.HLS.Data)+len(player.CSS.Data))))}
	}
	mend := "run make player, then build filmpress again"
	for _, tool := range []string{"node", "npm"} {
		if !onPath(tool) {
			mend = "install nodejs and npm (Debian, Ubuntu: apt install nodejs npm), " + mend
			break
		}
	}
	return Check{"player", Warn, "not built in: pages keep the browser's own player, with the MP4 only", mend, Nothing}
}

// onPath looks a program up without starting it; starting programs is media/ffmpeg's alone.
func onPath(name string) bool {
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return true
		}
	}
	return false
}

// Kept looks whether finished steps can be kept in a folder, which need not be there yet, and how much space there is.
func Kept(folder string) Check {
	c := Check{Name: "kept", State: Bad, Mend: "name another folder with --kept", Fault: Room}
	dir := machine.Existing(folder)
	probe, err := os.CreateTemp(dir, ".filmpress-check-*")
	if err != nil {
		c.What = ui.Clean(folder) + " cannot be written"
		return c
	}
	probe.Close()
	os.Remove(probe.Name())
	disk, err := machine.DiskOf(dir)
	if err != nil {
		c.What = err.Error()
		return c
	}
	free := disk.Free()
	c = Check{Name: "kept", State: OK, What: fmt.Sprintf("%s, %s free", ui.Clean(folder), ui.Bytes(free))}
	if free < needsSpace {
		c.State, c.Mend = Warn, "a long film needs more: free some space, or name another folder with --kept"
	}
	return c
}

// target is a place to publish to. Check tells whether it can be reached and written.
type target interface {
	store.Store
	Check(ctx context.Context) error
}

// Target looks at the place to publish to, and at the credentials where it is a bucket. mend is what to do where it cannot be written.
func Target(ctx context.Context, st target, mend string) []Check {
	var checks []Check
	if bucket, isBucket := st.(*s3.Store); isBucket {
		checks = append(checks, Check{Name: "credentials", State: OK, What: "found: " + credentialWords(bucket.CredentialSource(ctx))})
	}
	if err := st.Check(ctx); err != nil {
		return append(checks, Check{"target", Bad, ui.Clean(err.Error()), mend, Place})
	}
	return append(checks, Check{Name: "target", State: OK, What: ui.Clean(st.String()) + " can be written"})
}

// credentialWords says where credentials were found, in other words than the SDK's. The SDK's stay for rarer places.
func credentialWords(source string) string {
	kind, file, _ := strings.Cut(source, ": ")
	switch kind {
	case "EnvConfigCredentials":
		return "in the environment (AWS_ACCESS_KEY_ID)"
	case "SharedConfigCredentials":
		return "in " + ui.Clean(file)
	}
	return ui.Clean(cmp.Or(kind, "by the AWS settings"))
}
