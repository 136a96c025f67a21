// Package engine carries out a plan: order, reuse of what is kept, one result a digest. It knows nothing of
// film. engine/local does it on this machine.
package engine

import (
	"context"
	"fmt"

	"filmpress/internal/plan"
	"filmpress/internal/report"
)

// Worker does one step.
type Worker interface {
	// Do reads only what in names (input name -> folder of a result, or path of a source file) and writes only
	// below out, an empty folder that is there. It tells sink when the work really begins (report.StepStarted), which may be
	// later where steps wait for their turn. Files that will not change any more may be told to sink (report.FileReady with
	// Path set) while the step still runs. It may be called for several steps at once.
	Do(ctx context.Context, s plan.Step, in map[string]string, out string, sink report.Sink) error
}

// File is one file of a result.
type File struct {
	Path   string `json:"path"` // slash-separated, below the result's folder
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"` // lower-case hex
	MD5    string `json:"md5"`    // lower-case hex; what a bucket's listing tells
}

// Result is a step's whole result.
type Result struct {
	Digest string
	Dir    string
	Files  []File // sorted by Path
	Kept   bool   // it was there before
}

// Size is the bytes of all its files.
func (r Result) Size() (n int64) {
	for _, f := range r.Files {
		n += f.Size
	}
	return n
}

// StepError says which step failed; Err says why.
type StepError struct {
	Step plan.Step
	Err  error
}

func (e *StepError) Error() string { return fmt.Sprintf("%s: %v", e.Step.About, e.Err) }
func (e *StepError) Unwrap() error { return e.Err }
