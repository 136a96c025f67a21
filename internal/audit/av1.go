package audit

import (
	"bytes"
	"fmt"

	"filmpress/internal/hls"
	"filmpress/internal/media/av1"
)

// av1 reads what a rendition's av1C says, and judges it by itself.
func (a *auditor) av1(t *track, uri string) {
	t.codec = hls.VideoCodec(t.init.Codec, t.init.Config)
	header, honest, err := av1.ParseConfig(t.init.Config)
	if err != nil {
		a.fail(uri, 0, "av1-config", "av1C cannot be read: %v", err)
		return
	}
	if header == nil {
		a.warn(uri, 0, "av1-config", "av1C holds no sequence header: players learn size and colours from the pictures only")
		return
	}
	s, err := av1.ParseSequence(header)
	if err != nil {
		a.fail(uri, 0, "av1-config", "the sequence header in av1C cannot be read: %v", err)
		return
	}
	t.av1 = &s
	if !honest {
		declared, _ := av1.Declared(t.init.Config)
		a.fail(uri, 0, "av1-config", "av1C says %s, or other colours, its sequence header %s", declared.Codec(), s.Codec())
	}
	if s.Width != t.init.Width || s.Height != t.init.Height {
		a.fail(uri, 0, "hls-9.2", "the sample entry says %dx%d, the sequence header %dx%d", t.init.Width, t.init.Height, s.Width, s.Height)
	}
	if s.Profile != 0 {
		a.warn(uri, 0, "av1-profile", "the profile is %d; players decode Main, which is 0", s.Profile)
	}
}

// unit looks into a sample of AV1: whether decoding can begin there, and whether it is made as av1C says.
func (g *gopCheck) unit(a *auditor, t *track, file string, sample []byte) (key bool) {
	u, err := av1.Look(sample)
	if err != nil {
		if g.once("av1-sample") {
			a.fail(file, 0, "av1-sample", "a sample cannot be read: %v", err)
		}
		return false
	}
	if len(u.Stray) > 0 && g.once("stray") {
		a.warn(file, 0, "av1-sample", "a sample holds OBUs of type %d, which have no place in MP4", u.Stray)
	}
	if g.config == nil || !bytes.Equal(g.config, t.init.Config) { // av1C is judged after the samples
		g.config = t.init.Config
		g.sequence, _, _ = av1.ParseConfig(t.init.Config)
	}
	if u.Sequence == nil || g.sequence == nil {
		return u.Key
	}
	own, err := av1.Config(u.Sequence)
	if err != nil {
		if g.once("av1-sample") {
			a.fail(file, 0, "av1-sample", "a sequence header cannot be read: %v", err)
		}
		return false
	}
	if want, err := av1.Config(g.sequence); err == nil && !bytes.Equal(own, want) && g.once("av1-config") {
		a.fail(file, 0, "av1-config", "the sequence header of the pictures is not the one in av1C")
	}
	return u.Key
}

// level holds the level of a picture against what it needs.
func (a *auditor) level(t *track, rate float64) {
	uri := resolve(t.uri, t.list.Segments[0].Map.URI)
	peak := t.rates.Peak
	var has, least, enough int
	var name func(int) string
	switch {
	case t.sps != nil:
		has, least, enough = t.sps.rank(), t.sps.leastLevel(rate, peak), t.sps.leastLevel(rate, peak*3/2) // the encoder's cap may be above the peak
		name = levelName
	case t.av1 != nil:
		has, least, enough = t.av1.Level, t.av1.LeastLevel(rate, peak), t.av1.LeastLevel(rate, peak*3/2)
		name = func(l int) string { return fmt.Sprintf("%.1f", av1.LevelName(l)) }
	case t.hevc != nil && t.hevc.set:
		has, least, enough = t.hevc.level, t.hevc.leastLevel(rate, peak), t.hevc.leastLevel(rate, peak*3/2)
		name = func(l int) string { return fmt.Sprintf("%.1f", float64(l)/30) }
	default:
		return
	}
	if has > enough {
		a.warn(uri, 0, "hls-1.11", "%s level %s is above need: %s would do", t.codecName(), name(has), name(enough))
	} else if has < least {
		a.fail(uri, 0, "hls-1.11", "%s level %s is too low for the picture: it needs %s", t.codecName(), name(has), name(least))
	}
}

// codecName, keyframe and aKeyframe are words for messages.
func (t *track) codecName() string {
	switch t.init.Codec {
	case "av01":
		return "AV1"
	case "hvc1", "hev1":
		return "HEVC"
	case "avc1", "avc3":
		return "H.264"
	}
	return ""
}

func (t *track) keyframe() string {
	if t.init.Codec == "av01" {
		return "keyframe"
	}
	return "IDR"
}

func (t *track) aKeyframe() string {
	if t.init.Codec == "av01" {
		return "a keyframe"
	}
	return "an IDR picture"
}

// videoRange is the VIDEO-RANGE that a picture's transfer function asks for.
func (t *track) videoRange() string {
	switch {
	case t.av1 != nil:
		return t.av1.VideoRange()
	case t.hevc != nil && t.init.Color != nil:
		return rangeOf(int(t.init.Color.Transfer))
	}
	return t.sps.videoRange()
}
