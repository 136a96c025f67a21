package report

// Kind says what happened.
type Kind string

const (
	StepStarted  Kind = "step-started"
	StepProgress Kind = "step-progress"
	StepDone     Kind = "step-done"
	StepRetried  Kind = "step-retried" // it did not come off, and is tried once more: here, or after another machine
	StepFailed   Kind = "step-failed"  // this attempt is over without a result, or was told to end
	FileReady    Kind = "file-ready"   // a step finished one file of its result; the file will not change any more
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
	Sort    string   `json:"sort,omitempty"`    // plan.Step.Kind; "" is work outside the plan
	Text    string   `json:"text,omitempty"`    // what is being done, or the note
	Kept    bool     `json:"kept,omitempty"`    // StepDone: the result was there already
	Done    int64    `json:"done,omitempty"`    // StepProgress: milliseconds of film; Uploading: bytes
	Total   int64    `json:"total,omitempty"`   // the same unit as Done, 0 is unknown; StepDone: bytes of the result
	Waited  int64    `json:"waited,omitempty"`  // StepStarted: milliseconds from when all that it reads was there
	Speed   float64  `json:"speed,omitempty"`   // StepProgress: times real time
	Dir     string   `json:"-"`                 // FileReady, StepDone: the folder that holds the result now
	Path    string   `json:"path,omitempty"`    // FileReady: slash-separated, below Dir
	Object  string   `json:"object,omitempty"`  // Uploaded, Deleted, Labelled: the object's name
	Finding *Finding `json:"finding,omitempty"` // Found
	Err     error    `json:"-"`                 // StepFailed; its text may hold a path
	Trace   string   `json:"-"`                 // the publish that a step belongs to, as W3C's traceparent; "" is not known
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
