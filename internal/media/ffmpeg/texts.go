package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"filmpress/internal/media"

	ff "github.com/u2takey/ffmpeg-go"
)

// TextTrack is a subtitle track inside a film.
type TextTrack struct {
	Index    int    // of the stream in the container
	Codec    string // ffmpeg's name: "subrip", "hdmv_pgs_subtitle"
	Language string // BCP 47; "" is not known
	Title    string
	Forced   bool   // only what has to be read by everyone
	SDH      bool   // for viewers who do not hear
	Format   string // what it is taken out as: "srt", "vtt", "ass"; "" where it is no text, or none that ffmpeg reads
	Picture  bool   // its subtitles are pictures
	Captions bool   // no track of its own: CEA-608 inside the picture
	media.Reading
}

// textFormats are the formats that text tracks are taken out as: the one that holds all of each.
var textFormats = map[string]string{
	"subrip": "srt", "srt": "srt", "mov_text": "srt", "text": "srt", "webvtt": "vtt", "ass": "ass", "ssa": "ass",
	"eia_608": "srt", "dvb_teletext": "srt", "microdvd": "srt", "sami": "srt", "realtext": "srt", "subviewer": "srt", "subviewer1": "srt", "jacosub": "srt", "mpl2": "srt",
	"vplayer": "srt", "pjs": "srt", "stl": "srt",
}

// pictureCodecs are subtitles that are pictures.
var pictureCodecs = map[string]bool{"hdmv_pgs_subtitle": true, "dvd_subtitle": true, "dvb_subtitle": true, "xsub": true}

// TextTracks lists the subtitle tracks of a film, in the container's order. why is what ffprobe says of a file that it cannot read.
func (t Tools) TextTracks(ctx context.Context, path string) (tracks []TextTrack, why string, err error) {
	if f := refuse(path); f != nil {
		return nil, f.Text, nil
	}
	p, why, err := t.header(ctx, path)
	if err != nil || why != "" {
		return nil, why, err
	}
	for _, s := range p.streams {
		switch {
		case s.captions:
			tracks = append(tracks, TextTrack{Index: s.index, Codec: "eia_608", Captions: true, Reading: s.reading})
		case s.kind == "subtitle":
			tracks = append(tracks, TextTrack{Index: s.index, Codec: s.codec, Language: s.language, Title: s.title, Forced: s.forced, SDH: s.sdh,
				Format: textFormats[s.codec], Picture: pictureCodecs[s.codec], Reading: s.reading})
		}
	}
	return tracks, "", nil
}

// ErrTooMuchText says that a track holds more than subtitles do.
var ErrTooMuchText = errors.New("the track holds more text than subtitles do")

// textStall is long, since nothing comes out between two cues, however far apart they are in a film of 100 GB.
const textStall = 30 * time.Minute

// Text takes a text track out of a film, as a file of track.Format; most is how many bytes it may have. complaint says why the text may
// not be whole, "" where all was well.
func (t Tools) Text(ctx context.Context, path string, track TextTrack, most int64, progress func(Progress)) (text []byte, complaint string, err error) {
	read := func(r io.Reader) (err error) {
		if text, err = io.ReadAll(io.LimitReader(r, most+1)); err == nil && int64(len(text)) > most {
			err = fmt.Errorf("%w: over %d MiB", ErrTooMuchText, most>>20)
		}
		return err
	}
	braces := false
	raw := func(r io.Reader) error {
		data, err := io.ReadAll(io.LimitReader(r, most))
		braces = bytes.IndexByte(data, '{') >= 0
		return err
	}
	job := Job{Args: textArgs(path, track), Read: []func(io.Reader) error{read, raw}, Tolerant: true, Progress: progress, Stall: textStall}
	job.messages = func(m messages) {
		if complaint = strings.TrimSpace(m.first); complaint != "" {
			complaint = "ffmpeg says " + complaint
		}
	}
	if track.Codec != "mov_text" {
		job.Read = job.Read[:1]
	}
	err = t.Run(ctx, job)
	if braces && complaint == "" {
		complaint = "its text has braces in it, and ffmpeg takes some of them for codes and drops what is between"
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) // ffmpeg ends the lines inside a cue otherwise than those between
	return text, complaint, err
}

// textArgs copies what is in a text format already, and has ffmpeg write the others as SRT. A film is read as fast as the disk
// allows: no picture or sound is decoded.
func textArgs(path string, track TextTrack) []string {
	codec := "srt"
	switch track.Codec {
	case "subrip", "webvtt", "ass":
		codec = "copy"
	case "ssa":
		codec = "ass"
	}
	options := reading(track.Reading)
	if track.Codec == "dvb_teletext" {
		options["txt_format"] = "text" // libzvbi's decoder makes pictures where it is not asked for text
	}
	format := map[string]string{"srt": "srt", "vtt": "webvtt", "ass": "ass"}[track.Format]
	out := ff.Output([]*ff.Stream{stream(input(path, options), track.Index)}, Pipe(0), ff.KwArgs{"c:s": codec, "format": format, "map_metadata": "-1"})
	if track.Codec != "mov_text" {
		return arguments(1, out)
	}
	// The bytes as they are go along, so that Text sees what the conversion would drop in silence.
	raw := ff.Output([]*ff.Stream{stream(input(path, options), track.Index)}, Pipe(1), ff.KwArgs{"c": "copy", "format": "data"})
	return arguments(1, out, raw)
}
