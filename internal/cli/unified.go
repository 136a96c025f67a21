package cli

import (
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"filmpress/internal/ui"
)

// unifiedDiff shows what changed in a text, for people: line endings are left out, and characters that are not seen or
// would steer the terminal are written out (\u200b). It is "" where nothing did.
func unifiedDiff(name, before, after string) string {
	before, after = readable(before), readable(after)
	if before == after {
		return ""
	}
	diff, err := udiff.ToUnified(ui.Clean(name), ui.Clean(name)+" (mended)", before, udiff.Lines(before, after), 2)
	if err != nil {
		panic(err) // the edits are of these very texts
	}
	return diff
}

var oneEnd = strings.NewReplacer("\r\n", "\n", "\r", "\n")

func readable(text string) string {
	lines := strings.Split(oneEnd.Replace(text), "\n")
	for i, l := range lines {
		lines[i] = ui.Clean(l)
	}
	return strings.Join(lines, "\n")
}
