// Package media holds the facts about a film, as its container and its packets tell them. It does no I/O;
// media/ffmpeg gathers the facts.
package media

import (
	"fmt"
	"time"

	"filmpress/internal/media/icc"
)

// AV1 names the codec of a rendition that is not H.264.
const AV1 = "av1"

// Rational is an exact number such as a frame rate (24000/1001) or a sample aspect ratio (4/3).
// The zero value means "unknown".
type Rational struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Float is the value as a float, 0 where it is unknown.
func (r Rational) Float() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// String is ffmpeg's form: "24000/1001", or "25" for whole numbers.
func (r Rational) String() string {
	if r.Den == 1 {
		return fmt.Sprint(r.Num)
	}
	return fmt.Sprintf("%d/%d", r.Num, r.Den)
}

// Source is what is known of a film before anything is decided. Times are relative to Start, which is
// the earliest timestamp of the container and is subtracted from every stream alike.
type Source struct {
	Digest   string        `json:"digest"`          // lower-case hex SHA-256 of the file's bytes
	Size     int64         `json:"size"`            // bytes
	Format   string        `json:"format"`          // ffprobe's format name: "mov,mp4,m4a,3gp,3g2,mj2"
	Start    time.Duration `json:"start"`           // the container's start time
	Duration time.Duration `json:"duration"`        // as measured from the packets of picture and sound, not as declared
	Video    []Video       `json:"video,omitempty"` // pictures that move; cover art is in Covers
	Audio    []Audio       `json:"audio,omitempty"`
	Text     []Text        `json:"text,omitempty"`
	Covers   int           `json:"covers,omitempty"` // attached pictures
	Data     int           `json:"data,omitempty"`   // data, timecode and attachment streams; never published
	Chapters []Chapter     `json:"chapters,omitempty"`
}

// Video is one video stream.
type Video struct {
	Index      int           `json:"index"` // the stream's index in the container
	Codec      string        `json:"codec"` // ffprobe's codec name
	Profile    string        `json:"profile,omitempty"`
	Width      int           `json:"width"` // as coded, before rotation and sample aspect ratio
	Height     int           `json:"height"`
	SAR        Rational      `json:"sar"`                // sample aspect ratio; 1/1 where the file does not say
	Rotation   int           `json:"rotation,omitempty"` // degrees clockwise to turn for display: 0, 90, 180, 270
	Mirrored   bool          `json:"mirrored,omitempty"` // left and right are to be exchanged, once it is turned
	Frames     int64         `json:"frames"`             // packets counted
	Rate       Rational      `json:"rate"`               // average frame rate measured over the packets
	Nominal    Rational      `json:"nominal"`            // the rate the container names (r_frame_rate)
	Variable   bool          `json:"variable,omitempty"` // frame durations differ
	Grid       time.Duration `json:"grid,omitempty"`     // of pictures shown for two fields and three in turn: one of the even places in which they lie at Rate; 0 is none
	Start      time.Duration `json:"start"`              // of the first frame, relative to Source.Start
	End        time.Duration `json:"end"`                // of the last frame's display, relative to Source.Start
	PixFmt     string        `json:"pix_fmt"`
	Bits       int           `json:"bits"`                  // per sample; 8, 10, 12
	FieldOrder string        `json:"field_order,omitempty"` // as declared: "" or "progressive", else tt, bb, tb, bt
	Scan       string        `json:"scan,omitempty"`        // as its pictures look: one of the Scan constants, "" where they do not tell
	Range      string        `json:"range,omitempty"`       // "tv", "pc"
	Space      string        `json:"space,omitempty"`       // color_space (matrix)
	Transfer   string        `json:"transfer,omitempty"`    // color_transfer: "smpte2084" is PQ, "arib-std-b67" is HLG
	Primaries  string        `json:"primaries,omitempty"`   // color_primaries
	Peak       float64       `json:"peak,omitempty"`        // of HDR, the brightest light that it was graded for, cd/m2
	BitRate    int64         `json:"bit_rate,omitempty"`    // bit/s, measured over the packets
	Reading
}

// Reading is what has to be known to read a stream besides the file and the stream's index. Of most streams that is nothing.
type Reading struct {
	Late   bool          `json:"late,omitempty"`   // a stream of the file, not always this one, begins so late that it has to be looked for
	Offset time.Duration `json:"offset,omitempty"` // of the stream's times to time 0, where ffmpeg would count them from the stream's own beginning
	Pair   bool          `json:"pair,omitempty"`   // of a sound's many channels nobody says where they belong: the first two are taken for left and right
}

// HDR says whether the picture needs tone mapping before it can be shown as SDR.
func (v Video) HDR() bool { return v.Transfer == "smpte2084" || v.Transfer == "arib-std-b67" }

// How a picture is made up, by its looks: whole frames, or two fields of which the upper or the lower is the earlier one.
const (
	ScanProgressive = "progressive"
	ScanUpperFirst  = "upper-first"
	ScanLowerFirst  = "lower-first"
)

// Interlaced says whether the picture is made of fields: by its looks, and where they do not tell, as declared.
func (v Video) Interlaced() bool {
	if v.Scan != "" {
		return v.Scan != ScanProgressive
	}
	return v.DeclaredInterlaced()
}

// DeclaredInterlaced says whether the container or the codec declares fields. Many a progressive film does.
func (v Video) DeclaredInterlaced() bool {
	return v.FieldOrder != "" && v.FieldOrder != ScanProgressive
}

// Display is the size of the picture as it is shown: square pixels, turned upright. It is not yet even.
func (v Video) Display() (width, height int) {
	w, h := v.Width, v.Height
	if v.SAR.Num > 0 && v.SAR.Den > 0 {
		w = int((int64(w)*v.SAR.Num + v.SAR.Den/2) / v.SAR.Den)
	}
	if v.Rotation == 90 || v.Rotation == 270 {
		w, h = h, w
	}
	return w, h
}

// Picture is a picture file that stands for the film before anybody presses play.
type Picture struct {
	Digest  string     // sha256 of its bytes
	Video              // its one frame
	Gamut   *icc.Gamut // how its numbers become sRGB; nil where they are that, or nobody knows
	NoGamut bool       // it has a colour profile that cannot be followed
}

// Audio is one audio stream.
type Audio struct {
	Index    int           `json:"index"`
	Track    int           `json:"track"` // position among the file's sound streams, from 0: what --audio names
	Codec    string        `json:"codec"`
	Channels int           `json:"channels"`
	Rate     int           `json:"rate"`               // samples per second
	Language string        `json:"language,omitempty"` // BCP 47; "" where the file does not say ("und" is "")
	Title    string        `json:"title,omitempty"`
	Default  bool          `json:"default,omitempty"`
	Start    time.Duration `json:"start"`
	End      time.Duration `json:"end"`
	Reading
}

// Text is a subtitle stream inside the container. It is reported, not published by itself.
type Text struct {
	Index    int    `json:"index"`
	Codec    string `json:"codec"`
	Language string `json:"language,omitempty"`
	Bitmap   bool   `json:"bitmap,omitempty"` // pictures (PGS, VobSub), not text
}

// Chapter is a named stretch of the film.
type Chapter struct {
	Start time.Duration `json:"start"`
	End   time.Duration `json:"end"`
	Title string        `json:"title,omitempty"`
}
