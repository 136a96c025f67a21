// Package privacy keeps what is published free of what nobody meant to publish: places, devices, authors,
// dates, tools and paths. Check is an allow-list over finished bytes: what it does not know is a finding. CleanMP4
// and StripJPEG mend what ffmpeg cannot be talked out of writing. Metadata are scrubbed; the picture and the sound
// may still tell who made them.
package privacy

import (
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"filmpress/internal/report"
)

// check collects the findings about one file.
type check struct {
	ctx      context.Context
	name     string
	r        io.ReaderAt
	size     int64
	findings []report.Finding
}

// maxFindings bounds the complaints about one file: the first few tell what is wrong.
const maxFindings = 20

func (c *check) find(offset int64, rule, format string, args ...any) {
	if len(c.findings) >= maxFindings {
		return
	}
	c.findings = append(c.findings, report.Finding{Pos: report.Pos{File: c.name, Offset: offset}, Severity: report.Error, Rule: rule,
		Text: fmt.Sprintf(format, args...), Hint: "nothing was published; please report this, it is a fault of the program"})
}

// Check says what in a file that is about to be published is not on the allow-list. The name's extension says
// what the file should be. Errors must stop the publication; warnings are words in prose that look like a leak. It
// reads the file once, in pieces, whatever its size. Where ctx ends before the file was looked at, its error is all that is known.
func Check(ctx context.Context, name string, r io.ReaderAt, size int64) ([]report.Finding, error) {
	c := &check{ctx: ctx, name: name, r: r, size: size}
	kind, known := kinds[strings.ToLower(path.Ext(name))]
	if !known {
		c.find(0, "privacy-type", "files of the type %q are not on the list of what may be published", path.Ext(name))
		return c.findings, nil
	}
	if kind(c); c.ended() {
		return nil, ctx.Err()
	}
	return c.findings, nil
}

// ended says whether nobody waits any more for what is found. A check that ends by it has found nothing.
func (c *check) ended() bool { return c.ctx.Err() != nil }

// kinds says how each type of file is checked. The player's own files come with the program, not from the film,
// and hold nothing of the user.
var kinds = map[string]func(*check){
	".mp4": (*check).movie, ".m4s": (*check).segment, ".m4a": (*check).movie,
	".jpg": (*check).jpeg, ".jpeg": (*check).jpeg,
	".m3u8": (*check).data, ".mpd": (*check).data, ".json": (*check).data, ".xml": (*check).data,
	".txt": (*check).prose, ".md": (*check).prose, ".html": (*check).page, ".vtt": (*check).vtt, ".srt": (*check).srt,
	".js": ours, ".mjs": ours, ".css": ours, ".woff2": ours, ".svg": ours,
}

func ours(*check) {}

// limit bounds what is taken into memory of one file that must be read whole.
const limit = 512 << 20

// readAtOnce is how much is read, or looked through for marks, before it is asked whether anybody waits: a few milliseconds.
const readAtOnce = 4 << 20

// whole reads the file, or complains.
func (c *check) whole() ([]byte, bool) {
	return c.part(0, c.size)
}

// part reads size bytes at offset, or complains.
func (c *check) part(offset, size int64) ([]byte, bool) {
	if offset < 0 || size < 0 || size > limit || offset > c.size-size {
		c.find(offset, "privacy-unreadable", "%d bytes at %d cannot be checked: the file has %d", size, offset, c.size)
		return nil, false
	}
	b := make([]byte, size)
	for rest := b; ; {
		piece := rest[:min(len(rest), readAtOnce)]
		if c.ended() {
			return nil, false
		}
		if n, err := c.r.ReadAt(piece, offset); n < len(piece) {
			c.find(offset, "privacy-unreadable", "cannot be read: %v", err)
			return nil, false
		}
		if rest, offset = rest[len(piece):], offset+int64(len(piece)); len(rest) == 0 {
			return b, true
		}
	}
}
