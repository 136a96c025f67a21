package watch

import "time"

// Date writes 2026-11-23, 2026-11 or 2026 the way a language does.
func Date(lang, iso string) string {
	w, _ := wordsFor(lang)
	return w.date(iso)
}

// Direction is the value of dir= for text in a language: "ltr" or "rtl".
func Direction(lang string) string { return direction(lang) }

// Clock writes a time as people read it: 0:07, 12:34, 1:02:03.
func Clock(d time.Duration) string { return clock(d) }

// Readable is a text without the characters that are not to be read, and could turn the words around it.
func Readable(s string) string { return readable(s) }

// Hash is the source by which a Content-Security-Policy allows an inline script or style.
func Hash(text string) string { return cspHash(text) }
