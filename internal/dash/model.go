// Package dash writes and reads MPEG-DASH manifests (ISO/IEC 23009-1) of films: one static period over the same
// segments that the HLS playlists name. It does no I/O, and the same input gives the same bytes.
//
// Each segment is named, in a SegmentList with a SegmentTimeline. A SegmentTemplate would be shorter, but no $Number$ leads
// to our segments: they lie under the digests of the steps that made them, a folder for each chunk and another for those of
// its segments that were levelled. One period a chunk would not help, for the levelled ones lie between the others, and
// every period is a place where a player may stumble. Names repeat, so a gzipped manifest is small all the same: 67 KB for three hours in five rungs.
package dash

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"filmpress/internal/media"
)

// Profile is what a written manifest conforms to (23009-1, 8.5): ISO base media segments, each named as the manifest
// likes. The on-demand profile wants one file a rendition, the live profile wants templates.
const Profile = "urn:mpeg:dash:profile:isoff-main:2011"

const namespace = "urn:mpeg:dash:schema:mpd:2011"

// The schemes of descriptors, and the roles that are used (23009-1, 5.8.5.5).
const (
	roleScheme    = "urn:mpeg:dash:role:2011"
	channelScheme = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011" // the value is the number of channels

	Main           = "main"
	Alternate      = "alternate"
	Subtitle       = "subtitle"
	Caption        = "caption" // for those who do not hear
	ForcedSubtitle = "forced-subtitle"
	Description    = "description" // of the picture, for those who do not see
)

// Manifest is an MPD of one period.
type Manifest struct {
	// Base stands before every address that is written: "../../" where the manifest lies two folders deeper than what
	// addresses are relative to. No BaseURL says so, because ffmpeg 5.1 cannot resolve addresses below two of them.
	Base      string        `json:"base"`
	Type      string        `json:"type,omitempty"`     // read only: "static" or "dynamic"; what is written is static
	Profiles  string        `json:"profiles,omitempty"` // read only
	Duration  time.Duration `json:"duration"`           // mediaPresentationDuration
	MinBuffer time.Duration `json:"min_buffer"`         // minBufferTime
	Sets      []Set         `json:"sets"`

	First   time.Duration `json:"-"` // read only: what the period that was read lasts, where that is not all of Duration
	Partial bool          `json:"-"` // read only: there are other periods, and nothing tells what this one lasts
}

// Length is what the representations should last; 0 is not known.
func (m Manifest) Length() time.Duration {
	if m.Partial {
		return 0
	}
	return cmp.Or(m.First, m.Duration)
}

// Set is an AdaptationSet: representations that a player may switch between.
type Set struct {
	Type            string           `json:"type"` // "video", "audio" or "text"
	Language        string           `json:"language,omitempty"`
	Label           string           `json:"label,omitempty"`
	Roles           []string         `json:"roles"`
	Accessibility   string           `json:"accessibility,omitempty"` // Caption or Description
	Aligned         bool             `json:"aligned,omitempty"`       // segmentAlignment
	StartWithSAP    int              `json:"start_with_sap,omitempty"`
	Priority        int              `json:"priority,omitempty"` // selectionPriority: of several sets that a player can show, the highest; 0 is 1
	Representations []Representation `json:"representations"`
	Line            int              `json:"-"` // where it was read, from 1
}

// Representation is one rendition.
type Representation struct {
	ID         string         `json:"id"`
	MIME       string         `json:"mime"`
	Codecs     string         `json:"codecs,omitempty"` // RFC 6381
	Width      int            `json:"width,omitempty"`
	Height     int            `json:"height,omitempty"`
	FrameRate  media.Rational `json:"frame_rate"`
	SAR        string         `json:"sar,omitempty"`         // "1:1"
	SampleRate int            `json:"sample_rate,omitempty"` // hertz
	Channels   int            `json:"channels,omitempty"`
	Bandwidth  int64          `json:"bandwidth"` // bit/s: at this rate and after MinBuffer, the film plays without a stop (23009-1, 5.3.5.4)
	File       string         `json:"file,omitempty"`
	Init       string         `json:"init,omitempty"`
	Timescale  uint64         `json:"timescale,omitempty"` // ticks a second
	Offset     uint64         `json:"offset,omitempty"`    // presentationTimeOffset, ticks; read only
	Segments   []Segment      `json:"segments,omitempty"`
	Unread     string         `json:"-"` // why the segments are not known, as words that end a sentence; "" where they are
	Line       int            `json:"-"`
}

// Segment is one media segment.
type Segment struct {
	URI      string `json:"uri"`
	Start    uint64 `json:"start"` // ticks
	Duration uint64 `json:"duration"`
}

// Codec is the four letters that the codecs of a representation begin with, "avc1"; "" where there are none.
func (r Representation) Codec() string {
	name, _, _ := strings.Cut(r.Codecs, ".")
	return name
}

// Codec is that of the set's first representation.
func (s Set) Codec() string {
	if len(s.Representations) == 0 {
		return ""
	}
	return s.Representations[0].Codec()
}

// Longest is the duration of the longest segment.
func (r Representation) Longest() time.Duration {
	var longest uint64
	for _, s := range r.Segments {
		longest = max(longest, s.Duration)
	}
	return r.Time(longest)
}

// End is where the last segment ends, in ticks.
func (r Representation) End() uint64 {
	if len(r.Segments) == 0 {
		return 0
	}
	last := r.Segments[len(r.Segments)-1]
	return last.Start + last.Duration
}

// Finish puts the sets in order, picture first, and sets what a player must hold before it begins: the longest segment,
// since each bandwidth is the peak over whole segments.
func (m *Manifest) Finish() {
	m.MinBuffer = 0
	for _, s := range m.Sets {
		for _, r := range s.Representations {
			m.MinBuffer = max(m.MinBuffer, r.Longest())
		}
	}
	slices.SortStableFunc(m.Sets, func(a, b Set) int { return order[a.Type] - order[b.Type] })
}

var order = map[string]int{"video": 0, "audio": 1, "text": 2}
