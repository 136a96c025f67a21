package watch

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/language"

	"filmpress/internal/strictyaml"
)

// words is the interface in one language. To add a language, add a file words/<language>.yml; a test names what it lacks.
type words struct {
	Play            string   `yaml:"play"`
	Pause           string   `yaml:"pause"`
	Position        string   `yaml:"position"`
	Volume          string   `yaml:"volume"`
	Mute            string   `yaml:"mute"`
	Unmute          string   `yaml:"unmute"`
	Subtitles       string   `yaml:"subtitles"`
	Off             string   `yaml:"off"`
	Speed           string   `yaml:"speed"`
	Quality         string   `yaml:"quality"`
	Auto            string   `yaml:"auto"`
	Sound           string   `yaml:"sound"`
	SoundOnly       string   `yaml:"sound_only"`
	SoundOnlyWhy    string   `yaml:"sound_only_why"`
	Described       string   `yaml:"described"` // behind a sound's name
	Fullscreen      string   `yaml:"fullscreen"`
	LeaveFullscreen string   `yaml:"leave_fullscreen"`
	PictureInWindow string   `yaml:"picture_in_window"`
	Look            string   `yaml:"look"`
	LookSize        string   `yaml:"look_size"`
	LookSizes       []string `yaml:"look_sizes"` // four, from small on
	LookGround      string   `yaml:"look_ground"`
	LookGrounds     []string `yaml:"look_grounds"` // three: none, shaded, solid
	Keys            string   `yaml:"keys"`
	KeyPlay         string   `yaml:"key_play"`
	KeySeek         string   `yaml:"key_seek"`
	KeyVolume       string   `yaml:"key_volume"`
	KeyMute         string   `yaml:"key_mute"`
	KeyCaptions     string   `yaml:"key_captions"`
	KeyFullscreen   string   `yaml:"key_fullscreen"`
	KeySpeed        string   `yaml:"key_speed"`
	Close           string   `yaml:"close"`
	HowSubtitles    string   `yaml:"how_subtitles"`
	HowKey          string   `yaml:"how_key"`  // another way, for those who have keys
	ForDeaf         string   `yaml:"for_deaf"` // behind a track's name
	Transcript      string   `yaml:"transcript"`
	Search          string   `yaml:"search"`
	Found           string   `yaml:"found"` // {n} lines
	Chapters        string   `yaml:"chapters"`
	Downloads       string   `yaml:"downloads"`
	Offline         string   `yaml:"offline"`
	TextFile        string   `yaml:"text_file"`
	Share           string   `yaml:"share"`
	CopyLink        string   `yaml:"copy_link"` // {t} is a time
	Copied          string   `yaml:"copied"`
	Embed           string   `yaml:"embed"`
	Credits         string   `yaml:"credits"`
	Links           string   `yaml:"links"`
	Licence         string   `yaml:"licence"`
	Notice          string   `yaml:"notice"`
	LocalFile       string   `yaml:"local_file"`
	Lost            string   `yaml:"lost"`
	Retry           string   `yaml:"retry"`
	Broken          string   `yaml:"broken"`
	Private         string   `yaml:"private"`
	Units           []string `yaml:"units"`  // kB, MB, GB
	Comma           bool     `yaml:"comma"`  // decimal comma
	Months          []string `yaml:"months"` // twelve, as they stand in Day
	Day             string   `yaml:"day"`    // {y} {m} {d}; {n} is the month's number
	Month           string   `yaml:"month"`
}

//go:embed words/*.yml
var wordFiles embed.FS

// dictionary holds the interface in each language that has a file.
var dictionary = Dictionary[words](wordFiles)

// Dictionary reads the words of an interface, by language: one file words/<language>.yml for each, embedded in the program. What a file
// leaves out is English. They are read when they are first asked for, which most commands never do.
func Dictionary[W any](files embed.FS) func() map[string]W {
	return sync.OnceValue(func() map[string]W { return readDictionary[W](files) })
}

func readDictionary[W any](files embed.FS) map[string]W {
	read := func(lang string, w W) W {
		name := "words/" + lang + ".yml"
		data, err := files.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		if findings := strictyaml.Decode(name, data, 1, &w); len(findings) > 0 {
			panic(findings[0].String()) // our own file
		}
		return w
	}
	var none W
	english := read("en", none)
	out := map[string]W{}
	entries, err := files.ReadDir("words")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		lang := strings.TrimSuffix(e.Name(), ".yml")
		out[lang] = read(lang, english)
	}
	return out
}

// wordsFor gives the interface for a language tag, and the language it really is in: English where we have none.
func wordsFor(tag string) (w words, lang string) {
	base, _ := language.Make(tag).Base()
	if w, ok := dictionary()[base.String()]; ok {
		return w, base.String()
	}
	return dictionary()["en"], "en"
}

// rightToLeft are the scripts that need dir="rtl" (ISO 15924).
var rightToLeft = map[string]bool{"Arab": true, "Hebr": true, "Syrc": true, "Thaa": true, "Nkoo": true, "Adlm": true, "Rohg": true}

// direction is the value of dir= for text in a language.
func direction(tag string) string {
	if script, _ := language.Make(tag).Script(); rightToLeft[script.String()] {
		return "rtl"
	}
	return "ltr"
}

// date writes 2026-11-23, 2026-11 or 2026 the way the language does; anything else stays as it is.
func (w words) date(iso string) string {
	parts := strings.Split(iso, "-")
	if len(parts) < 2 || len(parts) > 3 {
		return iso
	}
	pattern, day := w.Month, ""
	month, err := strconv.Atoi(parts[1])
	if err != nil || month < 1 || month > 12 {
		return iso
	}
	if len(parts) == 3 {
		pattern, day = w.Day, strings.TrimPrefix(parts[2], "0")
	}
	return strings.NewReplacer("{y}", parts[0], "{m}", w.Months[month-1], "{n}", parts[1], "{d}", day).Replace(pattern)
}

// size writes a number of bytes in decimal units, two digits or more.
func (w words) size(bytes int64) string {
	n, unit := float64(bytes)/1e3, 0
	for n >= 999.5 && unit < len(w.Units)-1 {
		n, unit = n/1e3, unit+1
	}
	digits := 0
	if n < 10 {
		digits = 1
	}
	s := strconv.FormatFloat(n, 'f', digits, 64)
	if w.Comma {
		s = strings.Replace(s, ".", ",", 1)
	}
	return fmt.Sprintf("%s\u00a0%s", s, w.Units[unit])
}
