package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"filmpress/internal/site"
	"filmpress/internal/theme"
)

// TestLibraryInBrowser searches and filters the page of a library, with its policy on.
func TestLibraryInBrowser(t *testing.T) {
	t.Parallel()
	browser := needBrowser(t)
	var library site.Library
	for _, f := range []site.Film{
		{Slug: "lake", Title: "The Lake", Language: "en", Description: "A winter at Issyk-Kul.", Date: "2026-11-23", Duration: 754, Subtitles: []string{"ru"}},
		{Slug: "road", Title: "Дорога в Ёлку", Language: "ru", Duration: 60, Subtitles: []string{"en", "ky"}},
		{Slug: "utca", Title: "Az őszi utca", Language: "hu", Description: "A film about a street.", Date: "2025", Duration: 3600},
	} {
		library.Set(f)
	}
	expect, err := json.Marshal(map[string]any{"films": 3,
		"search":    map[string][]string{"winter": {"lake"}, "елку": {"road"}, "A FILM street": {"utca"}, "oszi": {"utca"}, "winter street": {}},
		"languages": map[string][]string{"ru": {"lake", "road"}, "ky": {"road"}, "hu": {"utca"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir, wanted := t.TempDir(), filepath.Join(t.TempDir(), "expect.json")
	for name, data := range map[string][]byte{filepath.Join(dir, "index.html"): library.Index(theme.Theme{}), wanted: expect} {
		if err := os.WriteFile(name, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	inBrowser(t, browser, "library.mjs", "--url", serving(t, dir)+"/", "--expect", wanted)
}
