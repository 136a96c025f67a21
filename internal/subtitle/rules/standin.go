package rules

import (
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

func CheckFilm(t *subtitle.Track, film Film, s Settings) []report.Finding { return nil }
