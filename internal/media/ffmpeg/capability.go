package ffmpeg

import (
	"context"
	"fmt"
	"strings"
)

// Capability is one part of ffmpeg that is needed.
type Capability struct {
	Kind    string `json:"kind"` // "encoder", "decoder", "filter", "demuxer", "muxer", "bsf"
	Name    string `json:"name"`
	Need    string `json:"need"` // what it is for, in a few words
	Present bool   `json:"present"`
	// Optional parts are for some films or some pipelines only.
	Optional bool `json:"optional,omitempty"`
}

// capabilities is everything that the argument lists of this package name.
var capabilities = []Capability{
	{Kind: "encoder", Name: "libx264", Need: "every rendition of the picture"},
	{Kind: "encoder", Name: "libsvtav1", Need: "renditions in AV1 (pipeline modern)", Optional: true},
	{Kind: "encoder", Name: "aac", Need: "every rendition of the sound"},
	{Kind: "encoder", Name: "mjpeg", Need: "poster and storyboard"},
	{Kind: "decoder", Name: "h264", Need: "H.264 films, poster and storyboard"},
	{Kind: "decoder", Name: "hevc", Need: "HEVC films (phones)"},
	{Kind: "decoder", Name: "prores", Need: "ProRes films (editors)"},
	{Kind: "decoder", Name: "dnxhd", Need: "DNxHD films (editors)"},
	{Kind: "decoder", Name: "mpeg2video", Need: "MPEG-2 films (broadcast)"},
	{Kind: "decoder", Name: "dvvideo", Need: "DV films (tape)"},
	{Kind: "decoder", Name: "vp9", Need: "VP9 films"},
	{Kind: "decoder", Name: "libdav1d", Need: "AV1 films, and proving renditions in AV1 (pipeline modern)"},
	{Kind: "filter", Name: "scale", Need: "every rung"},
	{Kind: "filter", Name: "split", Need: "all rungs from one decode"},
	{Kind: "filter", Name: "fps", Need: "a constant frame rate"},
	{Kind: "filter", Name: "tpad", Need: "holding the last picture"},
	{Kind: "filter", Name: "trim", Need: "an exact number of frames"},
	{Kind: "filter", Name: "setparams", Need: "colour tags"},
	{Kind: "filter", Name: "bwdif", Need: "interlaced films"},
	{Kind: "filter", Name: "idet", Need: "telling whether a film is interlaced"},
	{Kind: "filter", Name: "transpose", Need: "films that were shot upright"},
	{Kind: "filter", Name: "zscale", Need: "colours of HDR and SD films"},
	{Kind: "filter", Name: "tonemap", Need: "HDR films"},
	{Kind: "filter", Name: "premultiply", Need: "films with transparency"},
	{Kind: "filter", Name: "aresample", Need: "sound in time with the picture"},
	{Kind: "filter", Name: "ebur128", Need: "measuring loudness"},
	{Kind: "filter", Name: "alimiter", Need: "keeping peaks below the limit"},
	{Kind: "filter", Name: "ssim", Need: "measuring quality"},
	{Kind: "filter", Name: "lutrgb", Need: "posters with a colour profile"},
	{Kind: "filter", Name: "colorchannelmixer", Need: "posters with a colour profile"},
	{Kind: "filter", Name: "thumbnail", Need: "choosing the poster"},
	{Kind: "filter", Name: "tile", Need: "the storyboard"},
	{Kind: "filter", Name: "select", Need: "finding cuts"},
	{Kind: "filter", Name: "metadata", Need: "measuring quality, finding cuts, and passing over dark pictures"},
	{Kind: "demuxer", Name: "mov", Need: "MP4 and MOV files"},
	{Kind: "demuxer", Name: "matroska", Need: "MKV and WebM files"},
	{Kind: "demuxer", Name: "mpegts", Need: "TS, MTS and M2TS files"},
	{Kind: "demuxer", Name: "mxf", Need: "MXF files"},
	{Kind: "muxer", Name: "mp4", Need: "every rendition of the picture"},
	{Kind: "muxer", Name: "framecrc", Need: "proving what was encoded"},
	{Kind: "muxer", Name: "adts", Need: "every rendition of the sound"},
	{Kind: "bsf", Name: "filter_units", Need: "removing the encoder's marks"},
}

// Capabilities tells which of the needed parts this ffmpeg has, in a fixed order.
func (t Tools) Capabilities(ctx context.Context) ([]Capability, error) {
	said, have := map[string]string{}, map[string]map[string]bool{}
	list := make([]Capability, len(capabilities))
	for i, c := range capabilities {
		if have[c.Kind] == nil {
			option := listOf(c.Kind)
			if said[option] == "" { // each start takes longer than all else
				out, err := t.list(ctx, option)
				if err != nil {
					return nil, err
				}
				said[option] = out
			}
			have[c.Kind] = parseNames(c.Kind, said[option])
		}
		c.Present = have[c.Kind][c.Name]
		c.Optional = c.Optional || c.Kind == "decoder" || c.Kind == "demuxer"
		list[i] = c
	}
	return list, nil
}

// ErrLacks says that this ffmpeg was built without a part that is needed.
type ErrLacks struct {
	Capability
	For string // what needs it
}

func (e *ErrLacks) Error() string {
	return fmt.Sprintf("this ffmpeg was built without the %s %s, which %s needs", e.Kind, e.Name, e.For)
}

// partsOfAV1 are what renditions in AV1 need besides what all do.
var partsOfAV1 = []Capability{{Kind: "encoder", Name: "libsvtav1"}, {Kind: "decoder", Name: "libdav1d"}}

// CanAV1 fails with *ErrLacks where this ffmpeg cannot make renditions in AV1, or cannot decode them to prove them.
func (t Tools) CanAV1(ctx context.Context) error {
	for _, c := range partsOfAV1 {
		has, err := t.Has(ctx, c.Kind, c.Name)
		if err != nil {
			return err
		}
		if !has {
			return &ErrLacks{Capability: c, For: "AV1"}
		}
	}
	return nil
}

// Has says whether this ffmpeg has a part that is used where it is there, and is not among Capabilities.
func (t Tools) Has(ctx context.Context, kind, name string) (bool, error) {
	names, err := t.parts(ctx, kind)
	return names[name], err
}

// parts are the names of all this ffmpeg has of a kind.
func (t Tools) parts(ctx context.Context, kind string) (map[string]bool, error) {
	out, err := t.list(ctx, listOf(kind))
	return parseNames(kind, out), err
}

// list is what ffmpeg says of its parts.
func (t Tools) list(ctx context.Context, option string) (string, error) {
	return t.say(ctx, "ffmpeg", "-hide_banner", "-v", "error", option)
}

// marks tell the two kinds apart that one list holds, -formats.
var marks = map[string]string{"demuxer": "D", "muxer": "E"}

// listOf is the option that has ffmpeg list its parts of a kind.
func listOf(kind string) string {
	if marks[kind] != "" {
		return "-formats"
	}
	return "-" + kind + "s"
}

// parseNames reads one of ffmpeg's lists: " V....D libx264   about", " DE mpegts   about", " D  mov,mp4,m4a   about", or bare names.
func parseNames(kind, out string) map[string]bool {
	names := map[string]bool{}
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		column := 1
		if kind == "bsf" {
			column = 0
		}
		if len(f) <= column || strings.HasSuffix(f[0], ":") || f[column] == "=" || !strings.Contains(f[0], marks[kind]) {
			continue
		}
		for name := range strings.SplitSeq(f[column], ",") {
			names[name] = true
		}
	}
	return names
}
