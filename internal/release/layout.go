package release

import (
	"path/filepath"
	"strings"

	"filmpress/internal/store"
)

const (
	// TombstoneName is what a clean-up found unreferenced, and when. See Tombstone.
	TombstoneName = "tombstone.json"
	// MarkName says that a film without a pointer has none on purpose. See Mark.
	MarkName = "unpublished.json"
	// IntentName says where a rollback goes to; it is there while one is under way.
	IntentName = "rollback.json"

	digestDigits = 32 // of a step's digest, the folder below o/
)

// Entrances are the names below <slug>/ that viewers' addresses name.
var Entrances = []string{"index.html", "master.m3u8", "manifest.mpd", "embed.html", "oembed.json"}

// Part says what an object of a film is for.
type Part int

const (
	Foreign  Part = iota // not ours: never touched
	Media                // below o/
	Page                 // below r/<release>/
	Switch               // the pointer
	Entrance             // what viewers' addresses name
	Note                 // the tombstone and other notes of our own
)

// PartOf judges an object by its path below <slug>/, and gives the release that a Page belongs to. The forms are strict,
// since what has one may be deleted: a step's digest is 32 hex digits, a release's name 20.
func PartOf(path string) (part Part, release string) {
	switch path {
	case PointerName:
		return Switch, ""
	case TombstoneName, MarkName, IntentName:
		return Note, ""
	}
	for _, name := range Entrances {
		if path == name {
			return Entrance, ""
		}
	}
	folder, rest, _ := strings.Cut(path, "/")
	name, rest, ok := strings.Cut(rest, "/")
	switch {
	case !ok || rest == "":
	case folder == "o" && hexOf(name, digestDigits):
		return Media, ""
	case folder == "r" && hexOf(name, releaseDigits):
		return Page, name
	}
	return Foreign, ""
}

// IsRelease tells whether a word has the form of a release's name.
func IsRelease(word string) bool { return hexOf(word, releaseDigits) }

// PageURL is where viewers open a film's page; "" in a folder, which has no address that they know.
func PageURL(st store.Store, slug string) string {
	url := st.URL(slug + "/" + Entrances[0])
	if filepath.IsAbs(url) {
		return ""
	}
	return url
}
