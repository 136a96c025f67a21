package cli

import (
	"context"
	"fmt"
	"io/fs"

	"filmpress/internal/engine/local"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/userfile"
)

// openKept opens this machine's own results.
func (a *app) openKept() (*local.Kept, error) {
	kept, err := local.OpenKept(a.keptHere())
	if is[*fs.PathError](err) {
		flag := "--kept"
		if a.keptHere() == a.config.Cache {
			flag = "--cache"
		}
		return nil, fmt.Errorf("%s; name another folder with %s", userfile.Sentence(err), flag)
	}
	return kept, err
}

// tools finds ffmpeg and ffprobe for a command that has them open a film: in the sandbox where there is one, and with a
// word to the user where there is none.
func (a *app) tools(ctx context.Context) (ffmpeg.Tools, error) {
	tools, err := ffmpeg.Find(ctx, a.config.FFmpeg, a.config.FFprobe)
	if err == nil && !tools.Sandboxed {
		a.ui.Note("ffmpeg runs without a sandbox: " + tools.WhyNot)
	}
	return tools, err
}
