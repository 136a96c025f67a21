package cli

import (
	"filmpress/internal/report"
)

// published is the result of a publish as --json prints it. The shape is a contract: docs/result.md.
type published struct {
	Release    string             `json:"release"`
	Slug       string             `json:"slug"`
	Page       string             `json:"page"`
	Master     string             `json:"master"`
	Dash       string             `json:"dash"`
	Library    string             `json:"library"` // the page of all films
	Target     string             `json:"target"`
	Duration   float64            `json:"duration"` // seconds
	Renditions []publishedPicture `json:"renditions"`
	Subtitles  []publishedTrack   `json:"subtitles"`
	Steps      stepCount          `json:"steps"`
	Findings   []report.Finding   `json:"findings"`
}

type publishedPicture struct {
	Width            int     `json:"width"`
	Height           int     `json:"height"`
	Codecs           string  `json:"codecs"`
	Bandwidth        int64   `json:"bandwidth"`         // bit/s, peak, with sound
	AverageBandwidth int64   `json:"average_bandwidth"` // bit/s
	FrameRate        float64 `json:"frame_rate"`
	Playlist         string  `json:"playlist"`
}

type publishedTrack struct {
	Language string `json:"language"`
	Name     string `json:"name"`
	Kind     string `json:"kind"` // "subtitles", "captions" (SDH) or "forced"
	File     string `json:"file"` // the whole track as WebVTT
}

type stepCount struct {
	Done int `json:"done"`
	Kept int `json:"kept"`
}
