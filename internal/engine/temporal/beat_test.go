package temporal

import (
	"encoding/json"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// TestNotesFit: what steps tell the user stays far below the 2 MB that the server takes, however much it is, and what is left out is told.
func TestNotesFit(t *testing.T) {
	step := func(lines int, line string) []string {
		told := &teller{sink: report.Discard}
		for range lines {
			told.take(report.Event{Kind: report.Note, Text: line})
		}
		return told.lines()
	}
	if got := step(3, "short"); len(got) != 3 {
		t.Errorf("three lines became %q", got)
	}
	for _, c := range []struct {
		lines, long int
		last        string
	}{{100, 10, "and 80 more, "}, {6, 1000, "and 2 more, "}, {1, 1e7, "and 1 more, "}} {
		got := step(c.lines, strings.Repeat("x", c.long))
		if last := got[len(got)-1]; !strings.HasPrefix(last, c.last) || len(strings.Join(got, "")) > mostBytes+100 {
			t.Errorf("%d lines of %d bytes became %d lines, the last of them %q", c.lines, c.long, len(got), last)
		}
	}
	publish := &list{}
	for group := range 72 { // a film of thirty hours
		part := &list{}
		for i := range groupSize {
			part.add(Done{Step: group*groupSize + i, Notes: step(20, strings.Repeat("<", 200))})
		}
		publish.add(part.all...)
	}
	raw, err := json.Marshal(publish.all)
	if err != nil || len(raw) > 2<<20 || len(publish.all) != 72*groupSize {
		t.Errorf("%d bytes of %d steps, %v", len(raw), len(publish.all), err)
	}
	if n := strings.Count(string(raw), "more notes than the server takes"); n != 1 {
		t.Errorf("it is told %d times that there are more", n)
	}
}
