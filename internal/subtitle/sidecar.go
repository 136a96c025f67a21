package subtitle

import (
	"path"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// Kind is what a track is for.
type Kind string

const (
	Plain  Kind = ""
	SDH    Kind = "sdh"    // for deaf and hard-of-hearing viewers: sounds and speakers are written out
	Forced Kind = "forced" // only what has to be read by everyone, such as signs
)

// Sidecar is what the name of a subtitle file beside a film says.
type Sidecar struct {
	Language string // BCP 47 in its canonical form; "" where the name has none
	Kind     Kind
}

// kindWords are the words that name a kind in a file name.
var kindWords = map[string]Kind{"sdh": SDH, "cc": SDH, "hi": SDH, "forced": Forced}

// ParseSidecar reads FILM.LANGUAGE.KIND.EXT ("film.pt-BR.forced.srt"), where the language and the kind may be
// missing. filmStem is the film's name without folder and extension. ok is false where the file is not beside that film by
// its name, or is no SRT or WebVTT file.
func ParseSidecar(filmStem, fileName string) (s Sidecar, ok bool) {
	ext := path.Ext(fileName)
	if e := strings.ToLower(ext); e != ".srt" && e != ".vtt" {
		return Sidecar{}, false
	}
	rest, ok := strings.CutPrefix(strings.TrimSuffix(fileName, ext), filmStem)
	if !ok {
		return Sidecar{}, false
	}
	if rest == "" {
		return Sidecar{}, true
	}
	parts := strings.Split(rest, ".")
	if parts[0] != "" || len(parts) > 3 {
		return Sidecar{}, false
	}
	parts = parts[1:]
	last := strings.ToLower(parts[len(parts)-1])
	// "hi" alone is Hindi; behind a language it means hearing impaired.
	if kind, known := kindWords[last]; known && (last != "hi" || len(parts) == 2) {
		s.Kind, parts = kind, parts[:len(parts)-1]
	}
	switch len(parts) {
	case 0:
		return s, true
	case 1:
		tag, err := language.Parse(parts[0])
		if err != nil || tag == language.Und {
			return Sidecar{}, false
		}
		s.Language = tag.String()
		return s, true
	}
	return Sidecar{}, false
}

// ParseName reads language and kind from the name of any file, whatever film it belongs to: "anything.en.sdh.srt". Both
// are empty where the name says nothing.
func ParseName(fileName string) Sidecar {
	var kind Kind
	for i := range len(fileName) {
		if fileName[i] != '.' {
			continue
		}
		s, ok := ParseSidecar(fileName[:i], fileName)
		if ok && s.Language != "" {
			return s
		}
		if ok && kind == Plain {
			kind = s.Kind
		}
	}
	return Sidecar{Kind: kind}
}

// NativeName is a language's name in itself, with a capital where the language writes one: "русский", "Deutsch",
// "中文". It is "" for "und" and for what is no language; a language whose name is not known gives its tag.
func NativeName(tag string) string {
	t, err := language.Parse(tag)
	if err != nil || t == language.Und {
		return ""
	}
	if name := display.Self.Name(t); name != "" {
		return name
	}
	return t.String()
}
