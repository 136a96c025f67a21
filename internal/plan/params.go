package plan

import (
	"encoding/json"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/media/icc"
)

// The kinds of steps. What each does stands in package step.
const (
	Chunk    = "chunk"    // all rungs of the ladder from one decode, for a stretch of the film
	Peaks    = "peaks"    // how much a segment of each rung may cost, from all chunks and sounds
	Level    = "level"    // the segments of one chunk that cost more, encoded again
	Video    = "video"    // the renditions, put together from chunks
	Audio    = "audio"    // one sound track, stereo AAC at one loudness
	Subtitle = "subtitle" // one subtitle track: WebVTT segments and downloads
	Pictures = "pictures" // poster and storyboard
	MP4      = "mp4"      // the progressive file, remuxed from a rung
	Player   = "player"   // the player's script and style
	Package  = "package"  // playlists and watch page
)

// versions counts up whenever the same parameters and inputs would give other bytes than before, so that
// results kept by an older filmpress are not taken for today's.
var versions = map[string]int{Chunk: 4, Peaks: 1, Level: 2, Video: 2, Audio: 3, Subtitle: 4, Pictures: 3, MP4: 2, Player: 1, Package: 4}

// Versions tells the versions of all kinds. Who has others makes other bytes.
func Versions() string {
	raw, err := json.Marshal(versions)
	if err != nil {
		panic(err) // a map of numbers
	}
	return string(raw)
}

// usesTool names the kinds whose bytes ffmpeg makes.
var usesTool = map[string]bool{Chunk: true, Level: true, Audio: true, Pictures: true, MP4: true}

// Encoding is what the picture is encoded with, in all chunks alike.
type Encoding struct {
	Rate    media.Rational `json:"rate"`                 // frames per second of every rung
	GOP     int            `json:"gop"`                  // frames
	Segment int            `json:"segment"`              // frames, a multiple of GOP
	Opening int            `json:"opening"`              // segments that the film's first is cut into, one for each GOP (see SegmentStart)
	Preset  string         `json:"preset"`               // of x264
	AV1     int            `json:"av1_preset,omitempty"` // of SVT-AV1; 0 where no rung is AV1
	Fields  bool           `json:"fields,omitempty"`     // of an interlaced film every field becomes a frame
	Rungs   []Rung         `json:"rungs"`                // from small to large; behind those of H.264, those of AV1
}

// SegmentStart is where segment n begins, counted from 0, in segments of full length. On a thin line a viewer waits for the
// whole of the first segment before anything moves, so a film opens with short ones: its first segment is cut into as many as it has
// groups of pictures. All others begin where they would without that.
func SegmentStart(n, opening int) media.Rational {
	if n < opening {
		return media.Rational{Num: int64(n), Den: int64(opening)}
	}
	return media.Rational{Num: int64(n - opening + 1), Den: 1}
}

// ChunkParams are the parameters of a chunk step. Its input is the film.
type ChunkParams struct {
	Encoding
	Source media.Video `json:"source"`
	First  int64       `json:"first"`  // frame of every rung, from 0; a multiple of Segment
	Frames int64       `json:"frames"` // of every rung; the last picture is held where the sound runs on

	Tolerant bool `json:"tolerant,omitempty"` // go on over damage
}

// PeaksParams are the parameters of a peaks step. Its inputs are all chunks and all sound tracks.
type PeaksParams struct {
	Sounds  []string       `json:"sounds,omitempty"` // the audio steps: the peak of picture and sound may be twice the average of both
	Segment media.Rational `json:"segment"`          // seconds
}

// LevelParams are the parameters of a level step. Its inputs are a chunk and the peaks.
type LevelParams struct {
	Encoding
	Chunk string `json:"chunk"` // the step that made it
}

// VideoParams are the parameters of a video step. Its inputs are all chunks and all level steps.
type VideoParams struct {
	Levels []string `json:"levels"` // the level steps, in the film's order
	Frames int64    `json:"frames"` // of every rung
}

// Rung is one rendition of the picture.
type Rung struct {
	Name   string  `json:"name"`            // "v0" is the smallest
	Codec  string  `json:"codec,omitempty"` // media.AV1; "" is H.264
	Width  int     `json:"width"`
	Height int     `json:"height"`
	CRF    float64 `json:"crf"`    // the encoder's rate factor
	Max    int64   `json:"max"`    // bit/s, the VBV's rate; 0 is no VBV
	Buffer int64   `json:"buffer"` // bits, the VBV's size

	most     int64   // bit/s, what the pipeline allows
	expected float64 // bit/s, as samples foretell it; 0 where there are none
}

// AudioParams are the parameters of an audio step. Its input is the film.
type AudioParams struct {
	Stream   int            `json:"stream"`          // index in the container
	Right    *int           `json:"right,omitempty"` // index of the stream of one channel that is the right one; Stream is the left one
	Duration media.Rational `json:"duration"`        // seconds, the picture's own
	Segment  media.Rational `json:"segment"`         // seconds, the picture's own
	Opening  int            `json:"opening"`         // the picture's own
	Bitrate  int64          `json:"bitrate"`         // bit/s
	Loudness float64        `json:"loudness"`        // LUFS
	TruePeak float64        `json:"true_peak"`
	Tolerant bool           `json:"tolerant,omitempty"` // go on over damage
	media.Reading
}

// SubtitleParams are the parameters of a subtitle step. Its input is the track's file.
type SubtitleParams struct {
	Name     string        `json:"name"` // extension that tells the format where the content does not: "track.srt"
	Charset  string        `json:"charset,omitempty"`
	Segment  time.Duration `json:"segment"`
	Duration time.Duration `json:"duration"` // of the film
}

// PicturesParams are the parameters of a pictures step. Its input is the video step.
type PicturesParams struct {
	Poster   string         `json:"poster"`         // the rung that the poster is taken from
	At       *time.Duration `json:"at,omitempty"`   // where in the film it is taken; nil chooses
	File     *PosterFile    `json:"file,omitempty"` // the picture that it is made of instead, the input "poster"
	Sheet    string         `json:"sheet"`          // the rung that the storyboard is taken from
	Duration time.Duration  `json:"duration"`       // of the film
	Interval time.Duration  `json:"interval"`       // between two storyboard pictures
	Width    int            `json:"width"`          // of one storyboard picture
	Height   int            `json:"height"`
	Columns  int            `json:"columns"`
	Rows     int            `json:"rows"`
}

// PosterFile is a picture file, and what becomes of it.
type PosterFile struct {
	Source media.Video `json:"source"`
	Gamut  *icc.Gamut  `json:"gamut,omitempty"`
	Width  int         `json:"width"`
	Height int         `json:"height"`
}

// MP4Params are the parameters of an mp4 step. Its inputs are the video step and, where there is sound, an audio step.
type MP4Params struct {
	Rung string `json:"rung"`
}

// PlayerParams are the parameters of a player step, which has no input: the bundle is part of the program.
type PlayerParams struct {
	Bundle string `json:"bundle"` // digest of the bundle
}

// Theme is the look of the pages, as package watch has it: it is small, and stands in the plan itself.
type Theme struct {
	CSS    string `json:"css,omitempty"`
	Logo   string `json:"logo,omitempty"`   // a data: URI
	Footer string `json:"footer,omitempty"` // Markdown
}

// PackageParams are the parameters of the package step. Its inputs are all other steps and the article.
type PackageParams struct {
	Title     string          `json:"title"`
	Slug      string          `json:"slug"`
	Language  string          `json:"language"`
	Duration  time.Duration   `json:"duration"`
	Rate      media.Rational  `json:"rate"`
	Segment   media.Rational  `json:"segment"` // seconds
	Audio     []AudioLabel    `json:"audio,omitempty"`
	Subtitles []TrackLabel    `json:"subtitles,omitempty"`
	Chapters  []media.Chapter `json:"chapters,omitempty"`
	Top       string          `json:"top"` // the largest rung, whose size the page is told
	MP4       Rung            `json:"mp4"`
	Theme     Theme           `json:"theme,omitzero"`
	Page      string          `json:"page"` // version of the page's own code and templates
}

// AudioLabel says what viewers read of a sound track.
type AudioLabel struct {
	Step      string `json:"step"`
	Language  string `json:"language"` // BCP 47; "und" where nobody said
	Name      string `json:"name"`     // the language's own name
	Default   bool   `json:"default,omitempty"`
	Describes bool   `json:"describes,omitempty"` // audio description
}

// TrackLabel says what viewers read of a subtitle track.
type TrackLabel struct {
	Step     string `json:"step"`
	Language string `json:"language"`
	Name     string `json:"name"`
	Kind     string `json:"kind,omitempty"` // "", "sdh" or "forced"
}
