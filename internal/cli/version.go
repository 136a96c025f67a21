package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/watch"
)

// version is set by the linker: -X filmpress/internal/cli.version=1.2.3 (see the Makefile).
var version string

// build is what is known of the program itself.
type build struct {
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"` // of the source, where the build recorded it
	Go       string `json:"go"`
	Platform string `json:"platform"`
	Player   bool   `json:"player"`           // the player bundle was built in
	FFmpeg   string `json:"ffmpeg,omitempty"` // version of the one that is found; "" is none
}

func thisBuild() build {
	b := build{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if info, ok := debug.ReadBuildInfo(); ok {
		if b.Version == "" && info.Main.Version != "(devel)" {
			b.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				b.Revision = s.Value
			}
		}
	}
	if b.Version == "" {
		b.Version = "0.0.0-dev"
	}
	_, b.Player = watch.Bundle()
	return b
}

func versionText() string {
	b := thisBuild()
	return strings.TrimSpace(fmt.Sprintf("filmpress %s (%s, %s) %s", b.Version, b.Go, b.Platform, b.Revision))
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:     "version",
		Short:   "Tell the versions of filmpress and of the ffmpeg it finds",
		Long:    "Tells the versions of filmpress and of the ffmpeg it finds." + exits(exitFine, exitUsage),
		Example: "  filmpress version --json",
		Args:    takes(0, 0),
		RunE: a.settled(func(cmd *cobra.Command, _ []string) error {
			b := thisBuild()
			tools, err := ffmpeg.Find(cmd.Context(), a.config.FFmpeg, a.config.FFprobe)
			b.FFmpeg = tools.Version
			if asJSON {
				return a.printJSON(b)
			}
			fmt.Fprintln(a.out, versionText())
			if err != nil {
				fmt.Fprintf(a.out, "%v\n", err)
			} else {
				fmt.Fprintf(a.out, "ffmpeg %s (%s)\n", tools.Version, tools.FFmpeg)
			}
			fmt.Fprintln(a.out, map[bool]string{true: "player built in", false: "player not built in (make player)"}[b.Player])
			return nil
		}),
	}
	addTools(cmd.Flags())
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}
