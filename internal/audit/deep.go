package audit

import (
	"math"
	"os"
	"path/filepath"

	"filmpress/internal/hls"
	"filmpress/internal/media/mp4"
)

// copied is a rendition in one file, for Options.Decode. Without one it is nil, and does nothing.
type copied struct {
	file *os.File
	err  error
}

// copyFor begins the copy of a rendition.
func (a *auditor) copyFor(t *track) *copied {
	if a.opt.Decode == nil {
		return nil
	}
	ext := ".ts"
	if t.header != nil {
		ext = ".mp4"
	}
	c := &copied{}
	c.file, c.err = os.CreateTemp(a.opt.Scratch, "rendition-*"+ext)
	c.add(t.header)
	return c
}

func (c *copied) add(b []byte) {
	if c != nil && c.err == nil {
		_, c.err = c.file.Write(b)
	}
}

func (c *copied) close() {
	if c != nil && c.file != nil {
		c.file.Close()
		os.Remove(c.file.Name())
	}
}

// maxDecoded is how many runs of a rendition are decoded, each by itself.
const maxDecoded = 100

// decoder decodes the runs of a rendition one after another.
type decoder struct {
	*copied
	a      *auditor
	t      *track
	before int64 // samples of the runs before
	told   bool
}

func (a *auditor) decoder(t *track) *decoder { return &decoder{copied: a.copyFor(t), a: a, t: t} }

// begin begins the copy of another run.
func (d *decoder) begin() {
	d.before = d.t.samples
	switch {
	case d.t.runs <= maxDecoded:
		d.copied = d.a.copyFor(d.t)
	case d.a.opt.Decode != nil && !d.told:
		d.told = true
		d.a.unchecked(d.t.uri, 0, "the rendition has more than %d runs; those behind are not decoded", maxDecoded)
	}
}

// end decodes what was copied since the run began.
func (d *decoder) end() {
	d.a.decoded(d.t, d.copied, d.t.samples-d.before)
	d.shut()
	if d.t.runs > 1 {
		d.t.loudness = 0 // that of the whole is not known
	}
}

// shut removes the copy.
func (d *decoder) shut() {
	d.copied.close()
	d.copied = nil
}

// decoded decodes a file, and counts its pictures; samples below 0 are not known.
func (a *auditor) decoded(t *track, c *copied, samples int64) {
	if c == nil || a.stop != nil {
		return
	}
	if c.err != nil {
		a.stop = c.err // a full disk is no fault of the presentation
		return
	}
	path, err := filepath.Abs(c.file.Name())
	var out Decoded
	if err == nil {
		out, err = a.opt.Decode(a.ctx, path)
	}
	switch {
	case a.ctx.Err() != nil:
		a.stop = a.ctx.Err()
	case err != nil:
		a.fail(t.uri, 0, "deep-decode", "the rendition cannot be decoded to its end: %v", err)
	case samples >= 0 && t.init.Video() && out.Frames != samples:
		a.fail(t.uri, 0, "deep-frames", "%d pictures come out of the decoder, the segments hold %d", out.Frames, samples)
	}
	t.loudness = out.Loudness
}

// unevenly is how many LU two sounds of a film may be apart: a little more than mixes that were brought to one loudness are, whose
// peaks were limited afterwards.
const unevenly = 2

// loudness judges that all sounds that were decoded are equally loud. Those that tell players how loud they are need not be.
func (a *auditor) loudness(uri string, m hls.Master) {
	var first *track
	var name string
	for _, r := range m.Renditions {
		t := a.tracks[resolve(uri, r.URI)]
		if r.Type != "AUDIO" || r.URI == "" || t == nil || t.loudness == 0 || hasLoudness(t.header) {
			continue
		}
		if first == nil {
			first, name = t, r.Name
			continue
		}
		if off := t.loudness - first.loudness; math.Abs(off) > unevenly {
			a.warn(t.uri, 0, "hls-2.18", "%q has %.1f LUFS, %q %.1f: whoever changes the language reaches for the volume", r.Name, t.loudness, name, first.loudness)
		}
	}
}

// hasLoudness tells of a loudness box (ISO/IEC 14496-12, 12.2.7).
func hasLoudness(init []byte) bool {
	_, err := mp4.Find(init, "moov", "trak", "udta", "ludt")
	return err == nil
}
