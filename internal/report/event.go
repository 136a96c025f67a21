package report

// Kind says what happened.
type Kind string

const (
	StepStarted  Kind = "step-started"
	StepProgress Kind = "step-progress"
	StepDone     Kind = "step-done"
	FileReady    Kind = "file-ready" // a step finished one file of its result; the file will not change any more
	Found        Kind = "found"
	Uploading    Kind = "uploading" // Done and Total are bytes
	Uploaded     Kind = "uploaded"  // one object, Object names it, Total is its size
	Deleted      Kind = "deleted"   // one object, as Uploaded
	Labelled     Kind = "labelled"  // one object whose headers were mended, as Uploaded
	Note         Kind = "note"      // a line for the user
)

// Event is one thing that happened. Only the fields of its kind are set.
type Event struct {
	Kind    Kind     `json:"event"`
	Step    string   `json:"step,omitempty"`    // plan.Step.ID
	Digest  string   `json:"digest,omitempty"`  // plan.Step.Digest
	Text    string   `json:"text,omitempty"`    // what is being done, or the note
	Kept    bool     `json:"kept,omitempty"`    // StepDone: the result was there already
	Done    int64    `json:"done,omitempty"`    // StepProgress: milliseconds of film; Uploading: bytes
	Total   int64    `json:"total,omitempty"`   // the same unit as Done; 0 is unknown
	Speed   float64  `json:"speed,omitempty"`   // StepProgress: times real time
	Dir     string   `json:"-"`                 // FileReady, StepDone: the folder that holds the result now
	Path    string   `json:"path,omitempty"`    // FileReady: slash-separated, below Dir
	Object  string   `json:"object,omitempty"`  // Uploaded, Deleted, Labelled: the object's name
	Finding *Finding `json:"finding,omitempty"` // Found
}

// Sink receives events. It may be called from several goroutines at once and must return quickly;
// a nil Sink is not valid, use Discard.
type Sink func(Event)

// Discard is the Sink that does nothing.
func Discard(Event) {}

// Tee gives every event to each sink in turn.
func Tee(sinks ...Sink) Sink {
	return func(e Event) {
		for _, s := range sinks {
			s(e)
		}
	}
}
