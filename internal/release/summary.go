package release

import "encoding/json"

// Summary is what a manifest tells of its film without being opened further.
type Summary struct {
	Title     string   `json:"title"`
	Language  string   `json:"language"`
	Duration  float64  `json:"duration"` // seconds
	Subtitles []string `json:"subtitles"`
	Pipeline  string   `json:"pipeline"`

	// What the library shows of the film. Releases of an older filmpress have none of it.
	Description string  `json:"description,omitempty"`
	Date        string  `json:"date,omitempty"` // 2026-11-23, 2026-11 or 2026
	Width       int     `json:"width,omitempty"`
	Height      int     `json:"height,omitempty"`
	Tracks      []Track `json:"tracks,omitempty"`
}

// Track is a whole subtitle file.
type Track struct {
	Language string `json:"language"`
	Kind     string `json:"kind"` // "subtitles" or "captions"
	Path     string `json:"path"` // below <slug>/
}

// About reads a manifest's summary. One that has none, or one of another form, gives what can be read.
func (m Manifest) About() Summary {
	var s Summary
	if err := json.Unmarshal(m.Summary, &s); err != nil {
		return Summary{}
	}
	return s
}
