package mirror

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

func TestPattern(t *testing.T) {
	for _, c := range []struct {
		pattern string
		yes, no string // names, with spaces between
	}{
		{"*.m3u8", "a.m3u8 a/b/c.m3u8", "a.m3u a.m3u8.ts m3u8"},
		{"films/*/poster.jpg", "films/lake/poster.jpg films/lake/poster.jpg/x", "x/films/lake/poster.jpg films/a/b/poster.jpg"},
		{"/index.html", "index.html", "a/index.html"},
		{"private", "private a/private private/x a/private/x/y", "privat private2 a/private2"},
		{"private/", "private/x a/private/x", "private2"},
		{"private/**", "private/x private/a/b", "x/private/x privat"},
		{"**/v0/*.ts", "v0/1.ts a/b/v0/1.ts", "v0/a/1.ts"},
		{"[ab]?.ts", "a1.ts x/b2.ts", "c1.ts a.ts"},
		{"{a,b}.ts", "a.ts b.ts", "c.ts"},
		{`\[1\].ts`, "[1].ts", "1.ts"},
		{"*", "a b/c", ""},
		{"**", "a b/c", ""},
		{"a+b%20.ts", "a+b%20.ts", "a b .ts"},
		{"ключ", "ключ x/ключ/y", "КЛЮЧ"},
	} {
		p, err := ParsePattern(c.pattern)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		for name := range strings.FieldsSeq(c.yes) {
			if !p.Match(name) {
				t.Errorf("%q does not stand for %q", c.pattern, name)
			}
		}
		for name := range strings.FieldsSeq(c.no) {
			if p.Match(name) {
				t.Errorf("%q stands for %q", c.pattern, name)
			}
		}
	}
	for _, bad := range []string{"", "/", "//", "[", "{a", `a\`, strings.Repeat("x", 1001), "{a,b}{a,b}{a,b}{a,b}{a,b}"} {
		if _, err := ParsePattern(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestFilter(t *testing.T) {
	list := func(texts ...string) (out []Pattern) {
		for _, text := range texts {
			p, err := ParsePattern(text)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, p)
		}
		return out
	}
	f := Filter{Include: list("*.ts", "docs/"), Exclude: list("tmp", "secret/**", "docs/*.key")}
	for name, want := range map[string]bool{"a.ts": true, "x/a.ts": true, "docs/a.txt": true, "a.txt": false, "tmp/a.ts": false, "x/tmp/a.ts": false,
		"secret/a.ts": false, "docs/a.key": false, "x/secret/a.ts": true} {
		if f.Takes(name) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	for folder, want := range map[string]bool{"tmp": true, "x/tmp": true, "secret": true, "secret/x": true, "docs": false, "x": false, "x/secret": false} {
		if f.skips(folder) != want {
			t.Errorf("folder %q: %v", folder, !want)
		}
	}
}

func at(clock string) time.Time {
	when, err := time.Parse("15:04", clock)
	if err != nil {
		panic(err)
	}
	return when
}

func TestTimetable(t *testing.T) {
	for _, c := range []struct {
		text string
		at   string
		want int64
	}{
		{"off", "12:00", 0},
		{"1M", "12:00", 1e6},
		{"500k", "12:00", 5e5},
		{"1.5M", "12:00", 15e5},
		{"2G", "12:00", 2e9},
		{"123456", "12:00", 123456},
		{"08:00-18:00=1M,off", "08:00", 1e6},
		{"08:00-18:00=1M,off", "17:59", 1e6},
		{"08:00-18:00=1M,off", "18:00", 0},
		{"08:00-18:00=1M,off", "07:59", 0},
		{"08:00-18:00=1M", "20:00", 0},
		{"22:00-06:00=off, 1M", "23:00", 0},
		{"22:00-06:00=off, 1M", "05:59", 0},
		{"22:00-06:00=off, 1M", "06:00", 1e6},
		{"8:00-9:00=1M,12:00-24:00=2M,3M", "23:59", 2e6},
		{"8:00-9:00=1M,12:00-24:00=2M,3M", "10:00", 3e6},
		{"00:00-12:00=1M,08:00-10:00=2M,off", "09:00", 1e6},
	} {
		table, err := ParseTimetable(c.text)
		if err != nil {
			t.Errorf("%q: %v", c.text, err)
		} else if got := table.At(at(c.at)); got != c.want {
			t.Errorf("%q at %s: %d, want %d", c.text, c.at, got, c.want)
		}
	}
	for _, bad := range []string{"", "x", "1x", "1M,2M", "08:00=1M", "08:00-08:00=1M", "25:00-26:00=1M", "08:60-09:00=1M", "8-9=1M", "08:00-18:00=", "-1M", "1e9", "999", "0", ",", "1M,", "NaN", "9999G", "+5M"} {
		if _, err := ParseTimetable(bad); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

// TestPace: bytes go as fast as the hour allows, and at once when another hour begins.
func TestPace(t *testing.T) { synctest.Test(t, testPace) }

func testPace(t *testing.T) {
	table, err := ParseTimetable("08:00-18:00=100k,off")
	if err != nil {
		t.Fatal(err)
	}
	now := at("12:00")
	wait := table.Pace(func() time.Time { return now })
	began := time.Now()
	for range 5 {
		if err := wait(t.Context(), 10_000); err != nil {
			t.Fatal(err)
		}
	}
	if took := time.Since(began); took < 350*time.Millisecond || took > 450*time.Millisecond {
		t.Errorf("50 kB at 100 kB/s with a tenth of a second ahead took %v", took)
	}
	now = at("19:00")
	began = time.Now()
	if err := wait(t.Context(), 1<<40); err != nil || time.Since(began) > 0 {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	now = at("12:00")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := wait(ctx, 1<<30); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a wait does not end: %v", err)
	}
	if free, _ := ParseTimetable("08:00-18:00=off"); free.Pace(time.Now) != nil {
		t.Error("no limit is a limit")
	}
}

func TestRules(t *testing.T) {
	r, findings := ParseRules("r.yml", []byte(`rules:
  - match: "*.m4s"
    cache: public, max-age=60
  - match: downloads/**
    disposition: attachment
    type: application/octet-stream
  - match: downloads/open/**
    disposition: ""
  - match: "*.vtt"
    gzip: true
    cache: ""
`))
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	const year = store.Immutable
	for _, c := range []struct {
		name string
		want store.Meta
	}{
		{"a.m4s", store.Meta{Type: "video/iso.segment", CacheControl: "public, max-age=60"}},
		{"film/o/0123456789abcdef/a.ts", store.Meta{Type: "video/mp2t", CacheControl: year}},
		{"film/r/0123456789abcdef0123/en.m3u8", store.Meta{Type: "application/vnd.apple.mpegurl", CacheControl: year}},
		{"a.m3u8", store.Meta{Type: "application/vnd.apple.mpegurl", CacheControl: "no-cache"}},
		{"film/release.json", store.Meta{Type: "application/json", CacheControl: "no-cache"}},
		{"film/index.html", store.Meta{Type: "text/html; charset=utf-8", CacheControl: "no-cache"}},
		{"a.ts", store.Meta{Type: "video/mp2t"}},
		{"downloads/a.mp4", store.Meta{Type: "application/octet-stream", Disposition: "attachment"}},
		{"downloads/open/a.mp4", store.Meta{Type: "application/octet-stream"}},
		{"x/a.vtt", store.Meta{Type: "text/vtt; charset=utf-8", Gzip: true}},
	} {
		if got := r.Meta(c.name); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	was := store.Meta{Type: "x/y", CacheControl: "old", Disposition: "inline", SHA256: "s", MD5: "m", Gzip: true}
	if got := r.Over("a.m4s", was); got != (store.Meta{Type: "x/y", CacheControl: "public, max-age=60", Disposition: "inline", SHA256: "s", Gzip: true}) {
		t.Errorf("%+v", got)
	}
	for bad, want := range map[string]string{
		"rules: x":                                     `r.yml:1:8: error: "rules" must be a list (yaml-type)`,
		"rule: []":                                     `r.yml:1:1: error: unknown key "rule" (yaml-key)`,
		"rules:\n  - cache: x":                         `r.yml: error: rule 1 does not say for which names it is (rules-match)`,
		"rules:\n  - match: \"[\"":                     `r.yml:2:12: error: "rules[0].match": the pattern "[" is not complete: a [, a { or a \ has no end (yaml-value)`,
		"rules:\n  - {match: a, type: video}":          `r.yml:2:22: error: "rules[0].type": "video" is no type; write one such as video/mp4 (yaml-value)`,
		"rules:\n  - {match: a, cache: \"a\\nb\"}":     `r.yml:2:23: error: "rules[0].cache": "a\nb" cannot stand in a header; write printable ASCII (yaml-value)`,
		"rules:\n  - {match: a, disposition: \"имя\"}": `r.yml:2:29: error: "rules[0].disposition": "имя" cannot stand in a header; write printable ASCII (yaml-value)`,
		"rules:\n  - {match: a, gzip: maybe}":          `r.yml:2:22: error: "rules[0].gzip" must be true or false (yaml-type)`,
		"rules:\n  - {match: a, chache: x}":            `r.yml:2:16: error: unknown key "chache" (yaml-key)`,
	} {
		r, fs := ParseRules("r.yml", []byte(bad))
		if len(fs) != 1 || fs[0].String() != want || len(r.list) != 0 {
			t.Errorf("%q: %v\nwant %s", bad, fs, want)
		}
	}
}

func TestRank(t *testing.T) {
	for name, want := range map[string]rank{
		"a.m4s": media, "lake/o/0123456789abcdef/a.m4s": media, "poster.jpg": media, "release.json/x": media, "json": media, "manifest.json": media,
		"a.m3u8": playlists, "A.M3U8": playlists, "lake/r/0123456789abcdef0123/en.m3u8": playlists,
		"a.mpd": masters, "lake/r/0123456789abcdef0123/index.html": inner, "lake/r/0123456789abcdef0123/manifest.json": manifests,
		"2026/lake/r/0123456789abcdef0123/manifest.json": manifests, "r/0123456789abcdef0123/manifest.json": manifests,
		"lake/release.json": pointers, "release.json": pointers, "lake/r/0123456789abcdef0123/release.json": media,
		"index.html": libraries, "lake/index.html": entrances, "feed.xml": libraries, "films.json": libraries, "2026/sitemap.xml": libraries, "lake/r/x/index.html": entrances,
	} {
		if got := rankOf(name); got != want {
			t.Errorf("%s: %s, want %s", name, rankWords[got], rankWords[want])
		}
	}
	if settle(playlists, true) != entrances || settle(masters, true) != entrances || settle(playlists, false) != playlists || settle(media, true) != media {
		t.Error("what lies beside a pointer has the wrong rank")
	}
	for name, want := range map[string]string{"lake/o/0123456789abcdef/x": "lake/", "o/0123456789abcdef/x": "", "a/b/r/0123456789abcdef0123/x": "a/b/",
		"lake/o/0123456789abcdef/o/0123456789abcdef/x": "lake/"} {
		if film, inside := filmOf(name); !inside || film != want {
			t.Errorf("%s: %q, %v", name, film, inside)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, s := range []string{"*.m3u8", "a/**", "[a-", "{a,b}", `\`, "**/**/x", "a//b", "/"} {
		f.Add(s, "a/b/c.m3u8")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		p, err := ParsePattern(pattern)
		if err != nil || len(name) > 200 {
			return
		}
		filter := Filter{Exclude: []Pattern{p}}
		if filter.Takes(name) == p.Match(name) {
			t.Error("a name is neither taken nor left out")
		}
		if folder, _, inside := strings.Cut(name, "/"); inside && filter.skips(folder) && filter.Takes(name) {
			t.Errorf("%q leaves out the folder %q, but takes %q", pattern, folder, name)
		}
	})
}

func FuzzTimetable(f *testing.F) {
	for _, s := range []string{"08:00-18:00=1M,off", "1M", "22:00-06:00=off,512k", "=", "-=,"} {
		f.Add(s, int64(1))
	}
	f.Fuzz(func(t *testing.T, text string, when int64) {
		table, err := ParseTimetable(text)
		if err != nil {
			return
		}
		if r := table.At(time.Unix(when, 0)); r != 0 && r < 1000 || r > 1e12 || table.Free() && r != 0 {
			t.Errorf("%q gives %d bytes a second", text, r)
		}
	})
}

func FuzzRules(f *testing.F) {
	f.Add([]byte("rules:\n  - match: \"*.m4s\"\n    cache: no-cache\n"), "a.m4s")
	f.Add([]byte("rules: [{match: a, type: b/c, gzip: true, disposition: x}]"), "a")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		r, findings := ParseRules("f", data)
		for _, found := range findings {
			if found.Text == "" || found.Severity != report.Error {
				t.Errorf("%+v", found)
			}
		}
		if store.CheckName(name) != nil {
			return
		}
		m := r.Meta(name)
		for _, v := range []string{m.Type, m.CacheControl, m.Disposition} {
			if strings.ContainsAny(v, "\r\n\x00") {
				t.Errorf("a header of %q could split the request: %q", name, v)
			}
		}
	})
}
