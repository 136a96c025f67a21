// Package watch is the page on which a film is watched: it reads the article beside the film, renders the page
// and holds the player. It does no I/O: what the page needs comes in as data, and bytes go out.
package watch

import (
	"html/template"
	"path"
	"strings"
	"time"
)

// Page is everything the page shows. URIs are relative to the release folder ("../../o/<digest>/film.mp4",
// "master.m3u8"), or absolute URLs; Base turns them into URIs of the place where the page itself will lie.
type Page struct {
	Film         Film
	Base         string        // from the page's place to the release folder: "" in it, "r/<release>/" at the entrance
	PublicURL    string        // where the page can be opened, for link previews and search engines; "" where not known
	Master       string        // the multivariant playlist
	Opening      []string      // what a player asks for first, as seen from Master: playlist, init section and first segment of the smallest rung and of the first sound; the playlist leads, as Entrance turns what begins with media
	MP4          string        // the progressive film: for viewers without JavaScript
	Poster       string        // "" is none
	PosterWidth  int           // pixels
	PosterHeight int           //
	Storyboard   string        // the WebVTT file of StoryboardVTT; "" is none
	Width        int           // of the film's picture, pixels
	Height       int           //
	Duration     time.Duration // of the film
	Captions     string        // the key of the track that is on until the viewer chooses; "" is none
	Tracks       []Track
	Audio        []AudioTrack // as the multivariant playlist names them; a menu appears from two on
	Chapters     []Chapter
	Downloads    []Download
	Theme        Theme
	Assets       Assets // the zero value is a page with the browser's own player
}

// Film is what is said about the film.
type Film struct {
	Title       string
	Slug        string
	Language    string // BCP 47, of the page's text and interface
	Description string
	Date        string // 2026-11-23, 2026-11 or 2026; "" is none
	Credits     []Credit
	Links       []Link
	Licence     string        // "CC BY-SA 4.0"; "" is none
	Notice      string        // what viewers should know before they watch; "" is none
	ArticleHTML template.HTML // from ParseArticle, which lets nothing active through
}

// Credit is one name and what it is named for.
type Credit struct {
	Role string `yaml:"role"`
	Name string `yaml:"name"`
}

// Link leads out of the page.
type Link struct {
	Title string
	URL   string
}

// Track is one text track: the files for players and downloads, and its lines for the transcript.
type Track struct {
	Language string // BCP 47
	Name     string // as the viewer reads it, in the language itself; the same as in the playlist
	Kind     string // "subtitles" or "captions" (for viewers who do not hear the sound)
	Forced   bool   // only what is foreign in the film's own language; not offered as a choice
	VTT, SRT string // whole files; SRT may be ""
	TXT      string // the transcript as a text file; "" is none
	Lines    []Line
}

// Line is one line of the transcript.
type Line struct {
	Start, End time.Duration
	Speaker    string // "" where the file names none
	Text       string // plain; line breaks are kept as "\n"
}

// AudioTrack is one sound of the film.
type AudioTrack struct {
	Language, Name string
	Describes      bool // what is seen, too
}

// Chapter is a named stretch of the film; it ends where the next begins.
type Chapter struct {
	Start time.Duration
	Title string
}

// Download is a file for the viewer to keep.
type Download struct {
	Label string // "MP4, 720p"
	URI   string
	Size  int64 // bytes; 0 is not shown
}

// Assets are the player's files as they were published.
type Assets struct{ JS, HLS, CSS Asset }

// Asset is one file that the page loads.
type Asset struct {
	URI       string
	Integrity string // "sha384-..."
}

// resolve gives ref, which is relative to the release folder, as seen from the page.
func (p Page) resolve(ref string) string {
	if ref == "" || p.Base == "" || strings.Contains(ref, "://") || strings.HasPrefix(ref, "/") {
		return ref
	}
	tail := ""
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		ref, tail = ref[:i], ref[i:]
	}
	return path.Join(p.Base, ref) + tail
}
