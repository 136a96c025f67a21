package annotate

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/ui"
)

// text writes findings as the rest of the program shows them, so that they look the same everywhere.
type text struct {
	out *bufio.Writer
	ui  *ui.UI
}

func newText(w io.Writer, o Options) Writer {
	out := bufio.NewWriter(w)
	return &text{out, ui.New(ui.Options{Out: out, Color: o.Color, Now: time.Now})}
}

func (t *text) File(f File) error {
	t.ui.Findings(f.Findings)
	if len(f.Findings) == 0 {
		return nil
	}
	return t.out.Flush() // what was found stands there while the rest is checked; also tells of a closed pipe
}

func (t *text) Close() error { return t.out.Flush() }

// github writes workflow commands, which become annotations on the lines of a pull request.
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions
type github struct{ w *bufio.Writer }

func newGitHub(w io.Writer, _ Options) Writer { return github{bufio.NewWriter(w)} }

var githubCommands = map[report.Severity]string{report.Error: "error", report.Warn: "warning", report.Info: "notice"}

// The runner takes these back: in a message the first three, in a property all five.
var (
	githubMessage  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

func (g github) File(file File) error {
	for _, f := range file.Findings {
		fmt.Fprintf(g.w, "::%s file=%s", githubCommands[f.Severity], githubProperty.Replace(ui.Clean(f.Pos.File)))
		if f.Pos.Line > 0 {
			fmt.Fprintf(g.w, ",line=%d", f.Pos.Line)
		}
		if from, to := columns(f); from > 0 {
			fmt.Fprintf(g.w, ",col=%d,endColumn=%d", from, to)
		}
		message := ui.Clean(f.Text)
		if f.Hint != "" {
			message += "\nmend: " + ui.Clean(f.Hint)
		}
		// The log shows the message alone, and only the first ten of a step become annotations: so the place is said again.
		message += fmt.Sprintf("\n(%s at %s)", ui.Clean(f.Rule), ui.Clean(f.Pos.String()))
		fmt.Fprintf(g.w, ",title=%s::%s\n", githubProperty.Replace(ui.Clean(f.Rule)), githubMessage.Replace(message))
	}
	return g.w.Flush()
}

func (g github) Close() error { return g.w.Flush() }
