package watch

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/language"
)

//go:embed page.html player.html
var templates embed.FS

// pageCSS is the look of the page itself. It lies in the page, so that the text stands at once on a thin network
// and the page looks right when it is opened as a file or built without the player.
//
//go:embed page.css
var pageCSS string

// localJS runs before the player is there, and where the page was opened as a file. It lies in the page too: browsers load no file that has
// integrity= from there (Chromium wants CORS for it, which file: has not).
//
// Until the player is here, or is known not to come, it has page.css hide the browser's own controls: they would only flash by, and drawing them is a third
// of what a phone has to do for the whole page (docs/benchmarks.md).
//
//go:embed local.js
var localJS string

// parsed is the page and its player. Templates are read when they are needed: most runs of filmpress make no page.
func parsed() *template.Template {
	return template.Must(template.New("page").Funcs(template.FuncMap{
		"clock": clock, "seconds": seconds, "dir": direction,
	}).ParseFS(templates, "page.html", "player.html")).Lookup("page.html")
}

var pageTemplate = sync.OnceValue(parsed)

// policy lets the page load from its own host only, and run no script or style but the published ones and the
// two that lie in the page, by their hashes. blob: and data: are what hls.js feeds the video element with.
var policy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self' " + cspHash(localJS),
	"style-src 'self' " + cspHash(pageCSS),
	"img-src 'self' data:", // data: is the empty icon, which saves a request for favicon.ico
	"media-src 'self' blob: data:",
	"connect-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
}, "; ")

// cspHash is a hash source (W3C CSP 3, section 2.3.1) for an inline script or style.
func cspHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// Render is the page as HTML: the same Page gives the same bytes. It fails only where a text of the page cannot be
// written safely.
func Render(p Page) ([]byte, error) {
	v := view{Page: p.clean()}
	v.Words, v.WordsLanguage = wordsFor(p.Film.Language)
	var out bytes.Buffer
	if err := pageTemplate().Execute(&out, v); err != nil {
		return nil, fmt.Errorf("the watch page cannot be written: %w", err)
	}
	return out.Bytes(), nil
}

// view is what the template sees.
type view struct {
	Page
	Words         words
	WordsLanguage string // of Words: English where there is no translation
}

func (v view) CSS() template.CSS    { return template.CSS(pageCSS) }
func (v view) LocalJS() template.JS { return template.JS(localJS) }
func (v view) Policy() string       { return themed(policy, pageCSS, v.Theme) }
func (v view) URI(ref string) string {
	return v.resolve(ref)
}
func (v view) Date() string            { return v.Words.date(v.Film.Date) }
func (v view) Size(bytes int64) string { return v.Words.size(bytes) }

// Ours marks words of ours on a page in a language that we have none in: a screen reader must know that they are not in it (WCAG 2.2, 3.1.2).
func (v view) Ours() template.HTMLAttr {
	if base, _ := language.Make(v.Language()).Base(); base.String() == v.WordsLanguage {
		return ""
	}
	return template.HTMLAttr(` lang="` + v.WordsLanguage + `"`)
}

// Language is the page's, English where the film does not say.
func (v view) Language() string {
	if v.Film.Language == "" {
		return "en"
	}
	return v.Film.Language
}

// Choices are the tracks that a viewer can choose.
func (v view) Choices() []Track {
	var out []Track
	for _, t := range v.Tracks {
		if !t.Forced {
			out = append(out, t)
		}
	}
	return out
}

// maxSpoken is how much of transcripts, in bytes of HTML, may stand in the page before more of them are left out: a page is to come soon through a thin
// line. Gzip leaves a little more than a quarter of it.
const maxSpoken = 170_000

// Spoken are the tracks whose lines are shown under the film: all of them, but of a long film in many languages only those in the page's language and
// the next ones. The others can be had as text files.
func (v view) Spoken() []Track {
	var all []Track
	for _, t := range v.Choices() {
		if len(t.Lines) > 0 {
			all = append(all, t)
		}
	}
	var out []Track
	open, room := v.own(all), maxSpoken
	if len(all) > 0 {
		room -= all[open].weight()
	}
	for i, t := range all {
		if i != open {
			if t.weight() > room {
				continue
			}
			room -= t.weight()
		}
		out = append(out, t)
	}
	return out
}

// own is which track is in the page's language, else the first.
func (v view) own(tracks []Track) int {
	return max(0, slices.IndexFunc(tracks, func(t Track) bool { return t.Language == v.Language() }))
}

// weight is about what the lines take in the page, in bytes.
func (t Track) weight() (bytes int) {
	for _, l := range t.Lines {
		bytes += len(l.Speaker) + len(l.Text) + 80 // of the tags and times of a line
	}
	return bytes
}

// CopyLink is the button's text before the film moves.
func (v view) CopyLink() string { return strings.ReplaceAll(v.Words.CopyLink, "{t}", clock(0)) }

// Open is which of Spoken is open at first: the one in the page's language, else the first.
func (v view) Open() int { return v.own(v.Spoken()) }

// Label is a track's name with what it is for.
func (v view) Label(t Track) string {
	if t.Kind == "captions" && !strings.Contains(t.Name, "(") {
		return t.Name + " (CC)"
	}
	return t.Name
}

// Plain is the language's name without what players without our menus read behind it.
func (t Track) Plain() string { return strings.TrimSuffix(t.Name, " (SDH)") }

// Plain is the sound's name without what players without our menus read behind it.
func (a AudioTrack) Plain() string { return strings.TrimSuffix(a.Name, " (AD)") }

// Key names a track in the stored choice: it means the same on every page.
func (t Track) Key() string {
	if t.Kind == "captions" {
		return t.Language + "+captions"
	}
	return t.Language
}

// Begins is the key of the track that is on at first where the article asks for a language: the one in it, or in a form of it, a translation before
// words for the deaf. "" is none.
func Begins(tracks []Track, lang string) string {
	base, _ := language.Make(lang).Base()
	best, rank := "", 0
	for _, t := range tracks {
		its, _ := language.Make(t.Language).Base()
		if lang == "" || t.Forced || its != base {
			continue
		}
		fits := 1
		if t.Language == lang {
			fits += 2
		}
		if t.Kind == "subtitles" {
			fits++
		}
		if fits > rank {
			best, rank = t.Key(), fits
		}
	}
	return best
}

// Rows is a line's text, one entry a row.
func (l Line) Rows() []string { return strings.Split(l.Text, "\n") }

// clock writes a time as people read it: 0:07, 12:34, 1:02:03.
func clock(d time.Duration) string {
	s := int(d / time.Second)
	if s >= 3600 {
		return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
	}
	return fmt.Sprintf("%d:%02d", s/60, s%60)
}

// seconds writes a time to the millisecond: 12.5, 754.
func seconds(d time.Duration) string {
	return strconv.FormatFloat(float64(d.Milliseconds())/1000, 'f', -1, 64)
}

// Speeds are offered as strings, so that they read the same in the menu and in the script.
func (v view) Speeds() []string { return []string{"0.5", "0.75", "1", "1.25", "1.5", "2"} }

// Sizes and Grounds are the looks of subtitles, as player.css knows them, in the order of their words.
func (v view) Sizes() []string   { return []string{"small", "medium", "large", "largest"} }
func (v view) Grounds() []string { return []string{"none", "shaded", "solid"} }

// creativeCommons finds the licences whose text has one known address.
var creativeCommons = regexp.MustCompile(`^CC[ -](BY(?:-NC)?(?:-SA|-ND)?)[ -](\d\.\d)$`)

// LicenceURL is where the licence can be read; "" where nobody knows.
func (v view) LicenceURL() string {
	if m := creativeCommons.FindStringSubmatch(v.Film.Licence); m != nil {
		return "https://creativecommons.org/licenses/" + strings.ToLower(m[1]) + "/" + m[2] + "/"
	}
	if v.Film.Licence == "CC0 1.0" {
		return "https://creativecommons.org/publicdomain/zero/1.0/"
	}
	return ""
}

// key is a row of the player's help.
type key struct {
	Keys []string
	Does string
}

// KeyMap is what player/src/keys.js does.
func (v view) KeyMap() []key {
	w := v.Words
	return []key{
		{[]string{"k", "␣"}, w.KeyPlay}, {[]string{"←", "→"}, w.KeySeek}, {[]string{"↑", "↓"}, w.KeyVolume}, {[]string{"m"}, w.KeyMute},
		{[]string{"c"}, w.KeyCaptions}, {[]string{"f"}, w.KeyFullscreen}, {[]string{"<", ">"}, w.KeySpeed},
	}
}
