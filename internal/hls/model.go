// Package hls writes and reads HTTP Live Streaming playlists (RFC 8216 and its successor draft) for films: video
// on demand in fragmented MP4, with separate sound and WebVTT. What is written follows Apple's authoring
// specification and comes from measured segments, never from wishes. It does no I/O, and the same input gives
// the same bytes.
package hls

import (
	"fmt"
	"time"
)

// Version is the protocol version of all that is written: 7, since EXT-X-MAP outside of I-frame lists and the
// attributes used here need no more and older players stop above it.
const Version = 7

// Master is a multivariant playlist (RFC 8216, 4.3.4).
type Master struct {
	Version     int
	Independent bool // EXT-X-INDEPENDENT-SEGMENTS
	Renditions  []Rendition
	Variants    []Variant // the first is the one a player starts with
	IFrames     []IFrame
	Variables   Variables // EXT-X-DEFINE; read only: all references are filled in, and none is written
	Use         Use
}

// Use is what a playlist that was read made of variables.
type Use struct {
	Version int    // the least EXT-X-VERSION that allows it (rfc8216bis, 8); 0 for none
	Broken  bool   // one is wrong, so that players refuse the playlist; it is in the findings
	Unknown string // one that stands for a parameter of the playlist's address, which a file in a folder has not; "" is none
}

// Rendition is one EXT-X-MEDIA.
type Rendition struct {
	Type            Enum // AUDIO, SUBTITLES, CLOSED-CAPTIONS, VIDEO
	Group           string
	Name            string // shown to the viewer; unique in its group
	Language        string // BCP 47
	Assoc           string // ASSOC-LANGUAGE
	Default         bool
	Autoselect      bool
	Forced          bool
	Channels        string // "2", "6", "16/JOC"
	Characteristics string // UTIs joined by commas
	Instream        string // INSTREAM-ID
	URI             string
	Line            int // where it was read, from 1
}

// Variant is one EXT-X-STREAM-INF with its URI.
type Variant struct {
	Bandwidth  int64   // bit/s: the peak
	Average    int64   // bit/s
	Score      Decimal // how good it looks among all, the higher the better (rfc8216bis, 4.4.6.2); 0 is not told
	Codecs     string
	Resolution Size
	FrameRate  Decimal
	VideoRange Enum // SDR, PQ, HLG; "" is SDR
	Audio      string
	Video      string
	Subtitles  string
	Captions   Captions
	URI        string
	Line       int
}

// IFrame is one EXT-X-I-FRAME-STREAM-INF.
type IFrame struct {
	Bandwidth  int64
	Average    int64
	Score      Decimal
	Codecs     string
	Resolution Size
	VideoRange Enum
	URI        string
	Line       int
}

// Enum is an attribute value that stands without quotes.
type Enum string

// Captions is the value of CLOSED-CAPTIONS: NONE without quotes, or a group's name.
type Captions string

// Decimal is a decimal floating point attribute; it is written with three places.
type Decimal float64

// Size is a RESOLUTION in pixels.
type Size struct{ Width, Height int }

func (s Size) String() string { return fmt.Sprintf("%dx%d", s.Width, s.Height) }

// The UTIs of CHARACTERISTICS (Apple's authoring specification, 2.12 and 4.5 to 4.7).
const (
	TranscribesDialog = "public.accessibility.transcribes-spoken-dialog"
	DescribesMusic    = "public.accessibility.describes-music-and-sound"
	DescribesVideo    = "public.accessibility.describes-video"
)

// Media is a media playlist (RFC 8216, 4.3.3).
type Media struct {
	Version     int
	Target      int    // EXT-X-TARGETDURATION, seconds
	Sequence    int64  // EXT-X-MEDIA-SEQUENCE
	Type        string // EXT-X-PLAYLIST-TYPE: "VOD", "EVENT" or ""
	Independent bool   // EXT-X-INDEPENDENT-SEGMENTS
	IFramesOnly bool   // EXT-X-I-FRAMES-ONLY
	End         bool   // EXT-X-ENDLIST
	Encrypted   bool   // an EXT-X-KEY with a method; read only, never written
	Segments    []Segment
	Use         Use
}

// Duration is the sum of the segments' durations.
func (m Media) Duration() time.Duration {
	var sum time.Duration
	for _, s := range m.Segments {
		sum += s.Duration
	}
	return sum
}

// Segment is one media segment: a file, or a part of one.
type Segment struct {
	URI           string
	Duration      time.Duration // EXTINF
	Range         ByteRange
	Map           *Map // the init section in force, nil for none
	Discontinuity bool
	Gap           bool // EXT-X-GAP (rfc8216bis, 4.4.4.7): there are no media, and players do not load it
	Line          int  // where its EXTINF was read
}

// Map is an EXT-X-MAP.
type Map struct {
	URI   string
	Range ByteRange
}

// ByteRange is a part of a file; Length 0 is the whole.
type ByteRange struct{ Length, Offset int64 }

// VOD is the playlist of a whole film. Durations are exact to the nanosecond, as differences of the segments'
// start times, so that no error adds up. target is in seconds, and should be the same for picture and sound; it is
// raised where a segment is longer. init is "" for WebVTT.
func VOD(target int, init string, segments []Segment) Media {
	m := Media{Version: Version, Target: target, Type: "VOD", Independent: true, End: true}
	var mp *Map
	if init != "" {
		mp = &Map{URI: init}
	}
	for _, s := range segments {
		s.Map = mp
		m.Segments = append(m.Segments, s)
		m.Target = max(m.Target, int(s.Duration.Round(time.Second)/time.Second))
	}
	m.Target = max(m.Target, 1)
	return m
}

// IFrames is the trick-play playlist of a rendition: one entry for each I-frame, whose range holds its moof and
// the picture, and whose duration reaches to the next I-frame (authoring specification, 6.10).
func IFrames(init string, frames []Segment) Media {
	m := VOD(0, init, frames)
	m.IFramesOnly, m.Independent = true, false
	return m
}
