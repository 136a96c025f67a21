package ffmpeg

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"

	ff "github.com/u2takey/ffmpeg-go"

	"filmpress/internal/media"
	"filmpress/internal/media/icc"
)

// ErrPicture says why a file cannot stand for the film.
type ErrPicture struct{ Why, Mend string }

func (e *ErrPicture) Error() string { return e.Why }

type pictureFormat struct{ codec, magic, demuxer string }

// options have nothing but this format read.
func (f pictureFormat) options() ff.KwArgs {
	return ff.KwArgs{"f": f.demuxer, "format_whitelist": f.demuxer}
}

// pictureFormats are the formats of picture files that are accepted: how each begins, and its demuxer. Demuxers are told by
// that and never by name, for which ffmpeg takes image2: it reads a pattern from the name, and opens further files.
var pictureFormats = []pictureFormat{
	{"mjpeg", "\xff\xd8\xff", "jpeg_pipe"},   // ITU-T T.81, B.1.1.3
	{"png", "\x89PNG\r\n\x1a\n", "png_pipe"}, // W3C PNG, 5.2
}

// Picture gives the facts about a picture file, without its digest; data are its bytes. It fails with *ErrPicture where it
// is none that can be used.
func (t Tools) Picture(ctx context.Context, path string, data []byte) (media.Picture, error) {
	format := slices.IndexFunc(pictureFormats, func(f pictureFormat) bool { return bytes.HasPrefix(data, []byte(f.magic)) })
	if format < 0 {
		return media.Picture{}, &ErrPicture{"it is neither JPEG nor PNG", "export it as one of them"}
	}
	unreadable := &ErrPicture{"it is no picture that can be read to its end", "export it again, as JPEG or PNG"}
	// Phones put further pictures behind the first (Multi-Picture Format, CIPA DC-007).
	raw, said, err := t.json(ctx, inputArgs(path, pictureFormats[format].options()), "-show_streams", "-show_frames", "-read_intervals", "%+#1")
	if exit := (*ExitError)(nil); errors.As(err, &exit) || err == nil && said.count > 0 {
		return media.Picture{}, unreadable
	}
	if err != nil {
		return media.Picture{}, err
	}
	p, ok := parsePicture(raw)
	switch {
	case !ok:
		return media.Picture{}, unreadable
	case p.Codec == "mjpeg" && (p.PixFmt == "gbrap" || strings.HasPrefix(p.PixFmt, "yuva")): // a JPEG has no transparency: four colours, as CMYK or YCCK
		return media.Picture{}, &ErrPicture{"its colours are those of print (CMYK)", "export it in the colours of screens (sRGB)"}
	}
	p.Gamut, err = icc.Of(data)
	p.NoGamut = err != nil
	return p, nil
}

// parsePicture reads ffprobe's JSON of one picture. A camera's wish to have it turned stands at the frame.
func parsePicture(raw []byte) (p media.Picture, ok bool) {
	var probed struct {
		Streams []rawStream `json:"streams"`
		Frames  []rawStream `json:"frames"`
	}
	if json.Unmarshal(raw, &probed) != nil || len(probed.Streams) != 1 || len(probed.Frames) != 1 {
		return p, false
	}
	s := probed.Streams[0]
	s.Kind, s.SideData = "video", probed.Frames[0].SideData
	p.Video = parseStream(s).video
	p.SAR = media.Rational{Num: 1, Den: 1} // a JPEG can tell of pixels that are not square, and browsers do not listen
	return p, p.Width > 0 && p.Height > 0 && p.PixFmt != ""
}

// PosterSpec is a picture file made into a poster.
type PosterSpec struct {
	Path          string // of the picture file
	Source        media.Video
	Gamut         *icc.Gamut // nil: its colours are sRGB
	Width, Height int        // of the poster: the picture is scaled to fit, and stands on black where its shape is another
	Quality       int        // mjpeg's q, 2 (best) to 31; 0 is 3
}

// Poster gives a JPEG.
func (t Tools) Poster(ctx context.Context, s PosterSpec, log string) ([]byte, error) {
	return t.still(ctx, s.args(), log)
}

func (s PosterSpec) args() []string {
	format := pictureFormats[slices.IndexFunc(pictureFormats, func(f pictureFormat) bool { return f.codec == s.Source.Codec })]
	c := colorOf(s.Source)
	f := &filters{stream(input(s.Path, format.options()), 0)}
	f.add("sidedata", "mode", "delete") // the profile, too, which ffmpeg would copy and which soon is not true any more
	f.upright(s.Source)
	f.overBlack(c)
	// JPEG is BT.601 of full range (JFIF 1.02), in and out.
	f.add("scale", "w", itoa(s.Width), "h", itoa(s.Height), "force_original_aspect_ratio", "decrease", "flags", scaler,
		"in_color_matrix", "bt601", "out_color_matrix", "bt601", "in_range", "pc", "out_range", "pc")
	if s.Gamut != nil {
		f.toSRGB(*s.Gamut)
	}
	f.add("format", "pix_fmts", "yuvj420p")
	f.add("pad", "w", itoa(s.Width), "h", itoa(s.Height), "x", "-1", "y", "-1")
	f.add("setsar", "sar", "1")
	return arguments(1, f.Output(Pipe(0), jpeg(s.Quality, 1)))
}

// toSRGB converts the colours of a profile: through linear light, in 16 bits.
func (f *filters) toSRGB(g icc.Gamut) {
	each := func(expression string) {
		expression = "maxval*" + expression
		f.add("lutrgb", "r", expression, "g", expression, "b", expression)
	}
	linear := "pow(val/maxval," + ftoa(g.Gamma) + ")"
	if g.Gamma == 0 {
		linear = "if(lte(val/maxval,0.04045),val/maxval/12.92,pow((val/maxval+0.055)/1.055,2.4))"
	}
	f.add("format", "pix_fmts", "rgb48le")
	each(linear)
	m := g.Matrix
	f.add("colorchannelmixer", "rr", ftoa(m[0][0]), "rg", ftoa(m[0][1]), "rb", ftoa(m[0][2]), "gr", ftoa(m[1][0]), "gg", ftoa(m[1][1]), "gb", ftoa(m[1][2]),
		"br", ftoa(m[2][0]), "bg", ftoa(m[2][1]), "bb", ftoa(m[2][2]))
	each("if(lte(val/maxval,0.0031308),12.92*val/maxval,1.055*pow(val/maxval,1/2.4)-0.055)")
	f.add("scale", "out_color_matrix", "bt601", "out_range", "pc")
}
