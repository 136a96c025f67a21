// Package plan decides what will be done, before anything is done. A plan is a pure function of the film's
// facts, the subtitle tracks, the article and the pipeline: no clock, environment, disk or map order.
package plan

import (
	"encoding/json"
	"fmt"

	"filmpress/internal/report"
)

// Plan is everything that is to be done, and why. It is JSON: `filmpress plan --json` prints it.
type Plan struct {
	Version  int              `json:"version"`
	Slug     string           `json:"slug"`
	Title    string           `json:"title"`
	Pipeline string           `json:"pipeline"`
	Steps    []Step           `json:"steps"`   // in an order in which every input comes before its use
	Reasons  []Reason         `json:"reasons"` // what was decided, and why
	Findings []report.Finding `json:"findings,omitempty"`
}

// Reason is one decision, in words a producer understands.
type Reason struct {
	Subject string `json:"subject"` // "1080p", "subtitle en", "audio track 2"
	Taken   bool   `json:"taken"`
	Why     string `json:"why"`

	rung int // of the ladder, from 1; 0 is none
}

// Step is one piece of work whose result depends on nothing but what its digest covers.
type Step struct {
	ID     string          `json:"id"`     // unique in the plan: "video", "audio-0", "subtitle-en"
	Kind   string          `json:"kind"`   // what package step knows how to do: "video", "audio", "subtitle", "pictures", "mp4", "package"
	About  string          `json:"about"`  // for people; not in the digest
	Params json.RawMessage `json:"params"` // canonical JSON of the kind's parameters
	Inputs []Input         `json:"inputs"`
	// Digest names the result. It covers the kind and its version, Params, the inputs' names and digests, and
	// the tool's version where the tool makes the bytes; and nothing that does not change the bytes: no paths,
	// file names, buckets, worker counts.
	Digest string `json:"digest"`
}

// Decode reads the step's parameters into the struct of its kind. That they fit is our own business.
func (s Step) Decode(params any) {
	if err := json.Unmarshal(s.Params, params); err != nil {
		panic(fmt.Sprintf("parameters of step %s: %v", s.ID, err))
	}
}

// Input is something a step reads: another step's result folder, or one source file.
type Input struct {
	Name   string `json:"name"`             // the step's own word for it: "film", "video", "track"
	Step   string `json:"step,omitempty"`   // ID of the step whose result it is, or
	Source string `json:"source,omitempty"` // the digest of a source file
	Digest string `json:"digest"`           // digest of that step or file
}
