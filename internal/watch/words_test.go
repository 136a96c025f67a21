package watch

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"filmpress/internal/strictyaml"
)

// TestDictionaryIsWhole names what a language's file lacks, or has in another number than English.
func TestDictionaryIsWhole(t *testing.T) {
	english := reflect.ValueOf(dictionary()["en"])
	for lang := range dictionary() {
		var own words
		data, err := wordFiles.ReadFile("words/" + lang + ".yml")
		if err != nil {
			t.Fatal(err)
		}
		strictyaml.Decode(lang, data, 1, &own)
		v := reflect.ValueOf(own)
		for i := range v.NumField() {
			key := v.Type().Field(i).Tag.Get("yaml")
			switch f, en := v.Field(i), english.Field(i); f.Kind() {
			case reflect.String:
				if f.String() == "" {
					t.Errorf("words/%s.yml lacks %s", lang, key)
				}
				for _, slot := range []string{"{n}", "{t}", "{y}", "{d}"} {
					if strings.Contains(en.String(), slot) && !strings.Contains(f.String(), slot) {
						t.Errorf("words/%s.yml: %s lacks %s", lang, key, slot)
					}
				}
			case reflect.Slice:
				if f.Len() != en.Len() {
					t.Errorf("words/%s.yml has %d %s, not %d", lang, f.Len(), key, en.Len())
				}
			}
		}
	}
	if len(dictionary()) < 4 {
		t.Errorf("only %d languages", len(dictionary()))
	}
}

func TestDates(t *testing.T) {
	for _, c := range []struct{ lang, in, want string }{
		{"en", "2026-11-03", "3 November 2026"}, {"en", "2026-11", "November 2026"}, {"en", "2026", "2026"}, {"en", "", ""}, {"en", "2026-13-01", "2026-13-01"},
		{"ru", "2026-05-23", "23 мая 2026"}, {"ru", "2026-05", "05.2026"}, {"ky", "2026-11-23", "2026-жыл, 23-ноябрь"}, {"hu", "2026-11-23", "2026. november 23."},
		{"de", "2026-11-23", "23 November 2026"}, {"ru-KG", "2026-01-01", "1 января 2026"},
	} {
		if w, _ := wordsFor(c.lang); w.date(c.in) != c.want {
			t.Errorf("%s %s: %q, want %q", c.lang, c.in, w.date(c.in), c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		lang string
		in   int64
		want string
	}{{"en", 900, "0.9 kB"}, {"en", 12_345, "12 kB"}, {"en", 999_600, "1.0 MB"}, {"ru", 1_234_567, "1,2 МБ"}, {"hu", 4_500_000_000, "4,5 GB"}, {"en", 12_000_000_000_000, "12000 GB"}} {
		if w, _ := wordsFor(c.lang); strings.ReplaceAll(w.size(c.in), "\u00a0", " ") != c.want {
			t.Errorf("%s %d: %q, want %q", c.lang, c.in, w.size(c.in), c.want)
		}
	}
}

func TestDirection(t *testing.T) {
	for tag, want := range map[string]string{"en": "ltr", "ru": "ltr", "ar": "rtl", "he": "rtl", "fa-AF": "rtl", "ur": "rtl", "az": "ltr", "az-Arab": "rtl", "": "ltr", "x!": "ltr"} {
		if got := direction(tag); got != want {
			t.Errorf("%q: %s, want %s", tag, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "0:00", 7900 * time.Millisecond: "0:07", 754 * time.Second: "12:34", 3723 * time.Second: "1:02:03"} {
		if got := clock(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "0", 12500 * time.Millisecond: "12.5", 16250999 * time.Microsecond: "16.25", time.Hour: "3600"} {
		if got := seconds(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
	for d, want := range map[time.Duration]string{0: "PT0S", 62 * time.Second: "PT1M2S", 3600 * time.Second: "PT1H0M0S", 3723400 * time.Millisecond: "PT1H2M3S"} {
		if got := isoDuration(d); got != want {
			t.Errorf("%v: %s, want %s", d, got, want)
		}
	}
}

func TestStoryboardVTT(t *testing.T) {
	got := string(StoryboardVTT(Storyboard{Sheets: []string{"sheet-0.jpg", "sheet-1.jpg"}, Interval: 5 * time.Second, Width: 160, Height: 90, Columns: 2, Rows: 2}, 22500*time.Millisecond))
	want := `WEBVTT

00:00:00.000 --> 00:00:05.000
sheet-0.jpg#xywh=0,0,160,90

00:00:05.000 --> 00:00:10.000
sheet-0.jpg#xywh=160,0,160,90

00:00:10.000 --> 00:00:15.000
sheet-0.jpg#xywh=0,90,160,90

00:00:15.000 --> 00:00:20.000
sheet-0.jpg#xywh=160,90,160,90

00:00:20.000 --> 00:00:22.500
sheet-1.jpg#xywh=0,0,160,90
`
	if got != want {
		t.Errorf("got %s", got)
	}
}
