package audit

import (
	"os"
	"path/filepath"
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

// decoded decodes a rendition whole, and counts its pictures.
func (a *auditor) decoded(t *track, c *copied) {
	if c == nil || a.stop != nil {
		return
	}
	if c.err != nil {
		a.stop = c.err // a full disk is no fault of the presentation
		return
	}
	path, err := filepath.Abs(c.file.Name())
	var frames int64
	if err == nil {
		frames, err = a.opt.Decode(a.ctx, path)
	}
	switch {
	case a.ctx.Err() != nil:
		a.stop = a.ctx.Err()
	case err != nil:
		a.fail(t.uri, 0, "deep-decode", "the rendition cannot be decoded to its end: %v", err)
	case t.known && t.init.Video() && frames != t.samples:
		a.fail(t.uri, 0, "deep-frames", "%d pictures come out of the decoder, the segments hold %d", frames, t.samples)
	}
}
