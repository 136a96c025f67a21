package step

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
)

// FactsName is the one file of each result that is for later steps and never published.
const FactsName = "facts.json"

// Rendition is what a video or audio step tells of one rendition that it made.
type Rendition struct {
	Of        string    `json:"of,omitempty"` // the step whose result holds the init section; "" is the step that tells this
	Name      string    `json:"name"`         // the folder that holds it: "v0", "a"
	Codecs    string    `json:"codecs"`       // RFC 6381
	Width     int       `json:"width,omitempty"`
	Height    int       `json:"height,omitempty"`
	Channels  int       `json:"channels,omitempty"`
	Timescale uint32    `json:"timescale"` // ticks a second
	Segments  []Segment `json:"segments"`
}

// Segment is one media segment.
type Segment struct {
	Of       string `json:"of,omitempty"` // the step whose result holds it; "" is the step that tells this
	URI      string `json:"uri"`          // below the result's folder: "v0/00000.m4s"
	Duration uint64 `json:"duration"`     // ticks
	Size     int64  `json:"size"`         // bytes
	Frames   int    `json:"frames"`
	Keys     []Key  `json:"keys,omitempty"` // of video: one each GOP
}

// Key is the byte range that holds a keyframe and its moof, for I-frame playlists.
type Key struct {
	Offset   int64  `json:"offset"`
	Size     int64  `json:"size"`
	Duration uint64 `json:"duration"` // ticks until the next keyframe
}

// Init is the URI of the rendition's init section.
func (r Rendition) Init() string { return r.Name + "/init.mp4" }

// Ticks is the rendition's whole duration in its timescale.
func (r Rendition) Ticks() (sum uint64) {
	for _, s := range r.Segments {
		sum += s.Duration
	}
	return sum
}

// Frames counts the rendition's frames.
func (r Rendition) Frames() (sum int) {
	for _, s := range r.Segments {
		sum += s.Frames
	}
	return sum
}

// keys counts the rendition's keyframes.
func (r Rendition) keys() (sum int) {
	for _, s := range r.Segments {
		sum += len(s.Keys)
	}
	return sum
}

// Seconds turns ticks into time.
func (r Rendition) Seconds(ticks uint64) float64 { return float64(ticks) / float64(r.Timescale) }

// VideoFacts, AudioFacts, SubtitleFacts, PictureFacts and MP4Facts are the facts of each kind of result.
type VideoFacts struct {
	Renditions []Rendition `json:"renditions"` // from small to large, those of H.264 before those of AV1
}

type AudioFacts struct {
	Rendition Rendition `json:"rendition"`
}

type SubtitleFacts struct {
	Segments []TextSegment `json:"segments"`
	Lines    []Line        `json:"lines"` // the transcript
	Whole    int64         `json:"whole"` // bytes of the whole track in one file
}

// TextSegment is one WebVTT segment.
type TextSegment struct {
	URI      string        `json:"uri"`
	Duration time.Duration `json:"duration"`
	Size     int64         `json:"size"`
}

// Line is one line of a transcript.
type Line struct {
	Start   time.Duration `json:"start"`
	End     time.Duration `json:"end"`
	Speaker string        `json:"speaker,omitempty"`
	Text    string        `json:"text"`
}

type PictureFacts struct {
	Width  int      `json:"width"` // of the poster
	Height int      `json:"height"`
	Sheets []string `json:"sheets"`
}

type MP4Facts struct {
	Size int64 `json:"size"` // bytes
}

func writeFacts(dir string, facts any) error {
	raw, err := json.Marshal(facts)
	if err != nil {
		panic(err) // plain structs
	}
	return renameio.WriteFile(filepath.Join(dir, FactsName), raw, 0o644)
}

func readFacts(dir string, facts any) error {
	raw, err := os.ReadFile(filepath.Join(dir, FactsName))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, facts); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, FactsName), err)
	}
	return nil
}
