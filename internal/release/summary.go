package release

import "encoding/json"

// Summary is what a manifest tells of its film without being opened further.
type Summary struct {
	Title     string   `json:"title"`
	Language  string   `json:"language"`
	Duration  float64  `json:"duration"` // seconds
	Subtitles []string `json:"subtitles"`
	Pipeline  string   `json:"pipeline"`
}

// About reads a manifest's summary. One that has none, or one of another form, gives what can be read.
func (m Manifest) About() Summary {
	var s Summary
	if err := json.Unmarshal(m.Summary, &s); err != nil {
		return Summary{}
	}
	return s
}
