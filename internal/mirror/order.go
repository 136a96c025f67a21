package mirror

import (
	"path"
	"slices"
	"strings"
)

// rank is when an object is copied. All objects of a rank are copied before the first of the next one, and deleted after the last of it, so that
// whoever follows a link at any moment finds what it leads to.
type rank uint8

const (
	media     rank = iota // segments, pictures, subtitles, everything that links to nothing
	playlists             // media playlists
	masters               // master playlists and DASH manifests
	inner                 // pages of a release that no address names yet
	manifests             // r/<release>/manifest.json: "this release is complete"
	pointers              // release.json: "this release is current"
	entrances             // pages, and the master playlists beside a pointer
	libraries             // what leads to the films of a place: list, page, feed, sitemap
	ranks
)

var rankWords = [ranks]string{"media", "media playlists", "master playlists and manifests", "pages of releases", "release manifests", "pointers", "pages and entrances", "lists of films"}

// The names that filmpress gives to the parts of a release (package release). They are looked at in whatever place they stand, since a sync
// may begin above the films or inside one.
const (
	pointerName  = "release.json"
	manifestName = "manifest.json"
)

// libraryNames are the library's objects (package site) that lead to films. Its page has a name that films' pages have too, so it counts at the root alone.
var libraryNames = []string{"films.json", "feed.xml", "sitemap.xml", "theme.json"}

// rankOf is an object's rank by its name. Which playlists are masters shows in their bytes (isMaster), and which of them are entrances in what lies
// beside them (settle).
func rankOf(name string) rank {
	base := path.Base(name)
	release := released(name)
	switch {
	case base == pointerName && !release:
		return pointers
	case base == manifestName && release:
		return manifests
	case !release && slices.Contains(libraryNames, base), name == "index.html":
		return libraries
	}
	switch strings.ToLower(path.Ext(base)) {
	case ".m3u8":
		return playlists
	case ".mpd":
		return masters
	case ".html", ".htm", ".xhtml":
		if release {
			return inner
		}
		return entrances
	case ".xml", ".rss", ".atom":
		if release {
			return media
		}
		return entrances
	}
	return media
}

// settle is the rank of a playlist or manifest once it is known whether a pointer lies beside it.
func settle(r rank, beside bool) rank {
	if beside && (r == playlists || r == masters) {
		return entrances
	}
	return r
}

// released tells whether a name lies in r/<release>/ of a film.
func released(name string) bool { return below(name, "r", 20, 20) }

// immutable tells whether filmpress never writes other bytes under a name: in o/<digest>/ and r/<release>/.
func immutable(name string) bool { return released(name) || below(name, "o", 16, 64) }

// below tells whether a part of a name is folder, and the next one a digest of least to most digits, with something in it.
func below(name, folder string, least, most int) bool {
	for rest := name; rest != ""; {
		part, after, more := strings.Cut(rest, "/")
		if !more {
			return false
		}
		if part == folder {
			if digest, _, inside := strings.Cut(after, "/"); inside && hexOf(digest, least, most) {
				return true
			}
		}
		rest = after
	}
	return false
}

// hexOf tells whether s is least to most lower-case hex digits.
func hexOf(s string, least, most int) bool {
	return len(s) >= least && len(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}

// isMD5 tells whether an ETag can be the MD5 of the stored bytes.
func isMD5(etag string) bool { return hexOf(etag, 32, 32) }
