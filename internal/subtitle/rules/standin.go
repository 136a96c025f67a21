package rules

import (
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

func CheckFilm(t *subtitle.Track, film Film, s Settings) []report.Finding { return nil }
func CheckPair(t, other *subtitle.Track, s Settings) []report.Finding     { return nil }
