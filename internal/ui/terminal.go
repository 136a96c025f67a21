package ui

import (
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// Detect settles how the story is told on out. format is "auto", "plain" or "json" (config.Config.LogFormat);
// getenv gives NO_COLOR (no-color.org), TERM and the locale.
func Detect(out io.Writer, format string, getenv func(string) string) Options {
	o := Options{Out: out, Now: time.Now, Width: func() int { return 80 }, Unicode: utf8Locale(getenv)}
	f, isFile := out.(*os.File)
	onTerminal := isFile && term.IsTerminal(int(f.Fd())) && getenv("TERM") != "dumb"
	o.Color = onTerminal && getenv("NO_COLOR") == "" && format != "json"
	switch {
	case format == "json":
		o.Style = JSON
	case format == "auto" && onTerminal:
		o.Style = Bar
		o.Width = func() int {
			if w, _, err := term.GetSize(int(f.Fd())); err == nil {
				return w
			}
			return 80
		}
	}
	return o
}

// utf8Locale tells whether the terminal shows UTF-8, from the first of the locale's variables that is set.
func utf8Locale(getenv func(string) string) bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToLower(getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Interactive tells whether somebody types what is read from in.
func Interactive(in io.Reader) bool {
	f, ok := in.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
