package cli

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/machine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
	"filmpress/internal/sandbox"
	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
	"filmpress/internal/watch"
)

// check is one thing that doctor looked at.
type check struct {
	Name  string `json:"name"`
	State state  `json:"state"`
	What  string `json:"what"`           // what was found
	Mend  string `json:"mend,omitempty"` // what to do, where something is wrong
	code  int    // exit code if bad
}

type state string

const (
	ok   state = "ok"
	warn state = "warn" // a film can be published, with less
	bad  state = "bad"
)

// needsSpace is what is left on the disk below which doctor warns: about an hour of a film in all its sizes.
const needsSpace = 10 << 30

func newDoctor(a *app) *cobra.Command {
	var asJSON bool
	var origin string
	cmd := &cobra.Command{
		Use:   "doctor [TARGET]",
		Short: "Tell what is installed, missing or too old, and how to mend it",
		Long: `Looks at everything a publish needs: ffmpeg with each part that is used, the player, the settings, the place
to publish to (a small object is written there and deleted again), credentials, and space on the disk.

With TARGET, a bucket, it looks at that alone, and closely: whether it is reached, its region and its clock;
which rights the keys have, and whether they have more than is needed; conditional writes; checksums; what
viewers get without logging in: types, cache headers, parts of files, and whether pages of other sites may
play (--origin names one). Tiny objects are written for that below TARGET and deleted again.` +
			exits(exitFine, says{exitFailed, "finished steps cannot be kept"}, exitUsage, exitStore, exitTool, stopped),
		Example: `  filmpress doctor
  filmpress doctor --to s3://films --config ./our-minio.yml
  filmpress doctor s3://films --origin https://example.org`,
		Args: takes(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			if origin != "" {
				if len(given) == 0 {
					return usagef("--origin belongs to a bucket; name it: filmpress doctor s3://bucket --origin %s", origin)
				}
				if err := s3.CheckOrigin(origin); err != nil {
					return usageError{err}
				}
			}
			if len(given) == 1 && !strings.HasPrefix(given[0], "s3://") {
				return usagef("%s is no bucket; write s3://bucket or s3://bucket/prefix, or look at a folder with --to", given[0])
			}
			checks := a.examine(cmd, given, origin)
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if err := a.printChecks(checks, asJSON); err != nil {
				return err
			}
			return verdict(checks)
		},
	}
	addTarget(cmd.Flags())
	cmd.Flags().Lookup("to").Usage = "the folder, or s3://bucket/prefix, that a publish would go to"
	addKept(cmd.Flags())
	addTools(cmd.Flags())
	cmd.Flags().StringVar(&origin, "origin", "", "a site whose pages shall play films from TARGET: https://example.org")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// checkSettings settles what the other checks look at. A broken settings file is one of doctor's results.
func (a *app) checkSettings(cmd *cobra.Command) check {
	findings, err := a.settle(cmd)
	switch {
	case err != nil:
		return check{"settings", bad, ui.Clean(userfile.Sentence(err)), "see filmpress help settings", exitUsage}
	case len(findings) > 0:
		state := map[bool]state{true: bad, false: warn}[report.Blocks(findings)]
		return check{"settings", state, ui.Clean(findings[0].String()), findings[0].Hint, exitUsage}
	}
	return check{Name: "settings", State: ok, What: "read"}
}

// examine looks at everything, or at one bucket.
func (a *app) examine(cmd *cobra.Command, bucket []string, origin string) []check {
	settings := a.checkSettings(cmd)
	if len(bucket) == 1 {
		if settings.State == bad {
			return []check{settings}
		}
		return append([]check{settings}, a.examineBucket(cmd.Context(), bucket[0], origin)...)
	}
	checks := append([]check{settings}, a.checkTools(cmd.Context())...)
	checks = append(checks, checkPlayer())
	if settings.State == bad { // which folder and which bucket is not known then
		return checks
	}
	return append(append(checks, a.checkKept()), a.checkTarget(cmd.Context())...)
}

// checkSandbox tells whether a decoder's bug could reach anything but the film.
func checkSandbox(tools ffmpeg.Tools) check {
	if !tools.Sandboxed {
		return check{Name: "sandbox", State: warn, What: "ffmpeg can open every file of this user: " + tools.WhyNot,
			Mend: "publish films from people you trust, or use a Linux from 5.13 on and the system's own ffmpeg"}
	}
	what := "ffmpeg opens the film and its work folder, no other file"
	if network, _ := sandbox.On(); network {
		what += ", and no connection"
	} else {
		what += "; this system does not keep it from the network"
	}
	return check{Name: "sandbox", State: ok, What: what}
}

func (a *app) checkTools(ctx context.Context) []check {
	tools, err := ffmpeg.Find(ctx, a.config.FFmpeg, a.config.FFprobe)
	if err != nil {
		return []check{{"ffmpeg", bad, err.Error(), "Debian, Ubuntu: apt install ffmpeg; or name another with --ffmpeg and --ffprobe", exitTool}}
	}
	checks := []check{{Name: "ffmpeg", State: ok, What: tools.Version + ", " + tools.FFmpeg}, {Name: "ffprobe", State: ok, What: tools.FFprobe}}
	checks = append(checks, checkSandbox(tools))
	parts, err := tools.Capabilities(ctx)
	if err != nil {
		return append(checks, check{"ffmpeg's parts", bad, err.Error(), "install ffmpeg again", exitTool})
	}
	for _, p := range parts {
		c := check{Name: p.Kind + " " + p.Name, State: ok, What: p.Need}
		if !p.Present {
			c.State, c.What, c.Mend, c.code = bad, "missing; needed for "+p.Need, "install an ffmpeg that was built with it (Debian's and Ubuntu's is)", exitTool
			if p.Optional {
				c.State = warn // only some films cannot be read, or one pipeline not be used
			}
		}
		checks = append(checks, c)
	}
	return checks
}

func checkPlayer() check {
	if player, built := watch.Bundle(); built {
		return check{Name: "player", State: ok, What: fmt.Sprintf("built in, %s", ui.Bytes(int64(len(player.JS.Data)+len(player.HLS.Data)+len(player.CSS.Data))))}
	}
	mend := "run make player, then build filmpress again"
	for _, tool := range []string{"node", "npm"} {
		if !onPath(tool) {
			mend = "install nodejs and npm (Debian, Ubuntu: apt install nodejs npm), " + mend
			break
		}
	}
	return check{"player", warn, "not built in: pages keep the browser's own player, with the MP4 only", mend, 0}
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

// checkKept looks whether finished steps can be kept, and how much space there is.
func (a *app) checkKept() check {
	c := check{Name: "kept", State: bad, Mend: "name another folder with --kept", code: exitFailed}
	dir := machine.Existing(a.keptHere())
	probe, err := os.CreateTemp(dir, ".filmpress-check-*")
	if err != nil {
		c.What = ui.Clean(a.keptHere()) + " cannot be written"
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
	c = check{Name: "kept", State: ok, What: fmt.Sprintf("%s, %s free", ui.Clean(a.keptHere()), ui.Bytes(free))}
	if free < needsSpace {
		c.State, c.Mend = warn, "a long film needs more: free some space, or name another folder with --kept"
	}
	return c
}

// checkTarget looks at the place to publish to, and at the credentials where it is a bucket.
func (a *app) checkTarget(ctx context.Context) []check {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	mend := "see filmpress help settings"
	if !strings.HasPrefix(a.config.To, "s3://") {
		mend = "name another folder with --to"
	}
	st, err := a.openTarget(ctx)
	if err != nil {
		return []check{{"target", bad, ui.Clean(err.Error()), mend, exitStore}}
	}
	var checks []check
	if bucket, isBucket := st.(*s3.Store); isBucket {
		checks = append(checks, check{Name: "credentials", State: ok, What: "found: " + credentialWords(bucket.CredentialSource(ctx))})
	}
	if err := st.Check(ctx); err != nil {
		return append(checks, check{"target", bad, ui.Clean(err.Error()), mend, exitStore})
	}
	return append(checks, check{Name: "target", State: ok, What: ui.Clean(st.String()) + " can be written"})
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

func (a *app) printChecks(checks []check, asJSON bool) error {
	if asJSON {
		return a.printJSON(map[string][]check{"checks": checks})
	}
	width := 0
	for _, c := range checks {
		width = max(width, len(c.Name))
	}
	for _, c := range checks {
		fmt.Fprintf(a.out, "%-4s  %-*s  %s\n", c.State, width, c.Name, c.What)
		if c.Mend != "" {
			fmt.Fprintf(a.out, "%*s  %s\n", width+6, "", "mend: "+c.Mend)
		}
	}
	return nil
}

// verdict is the exit code of the worst: settings, then tools, then the place.
func verdict(checks []check) error {
	for _, code := range []int{exitUsage, exitTool, exitStore, exitFailed} {
		for _, c := range checks {
			if c.State == bad && c.code == code {
				return silentError(code)
			}
		}
	}
	return nil
}
