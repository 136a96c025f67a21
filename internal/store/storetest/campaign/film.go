// Package campaign has what the long tests of storage share: films that are generated, a viewer who follows every link, and what may
// be wrong with a run that failed.
package campaign

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	cleanup "filmpress/internal/clean"
	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
)

// Film is a release of some n small objects, of which half are shared by all versions of the film, and of one that is sent in two
// parts where large is set. Its pages link to all of them, as real ones do.
func Film(slug, version string, n int, large bool) release.Set {
	set := release.Set{Slug: slug, Summary: json.RawMessage(fmt.Sprintf("{\"title\":%q}", version))}
	seed := uint64(len(slug))
	for _, c := range []byte(slug + "/" + version) {
		seed = seed*31 + uint64(c)
	}
	var video, text strings.Builder
	video.WriteString("#EXTM3U\n#" + version + "\n")
	text.WriteString("#EXTM3U\n#" + version + "\n")
	for i := range n / 2 {
		shared := fmt.Sprintf("o/%s/v0/%05d.m4s", releasetest.Digest("shared"), i)
		own := fmt.Sprintf("%sv1/%05d.m4s", Own(version), i)
		set.Media = append(set.Media, release.FromBytes(shared, storetest.Noise(uint64(i), 1000+i*10)), release.FromBytes(own, storetest.Noise(seed+uint64(i), 500+i*20)))
		fmt.Fprintf(&video, "../../%s\n../../%s\n", shared, own)
	}
	for i := range 8 {
		path := fmt.Sprintf("o/%s/en/%05d.vtt", releasetest.Digest("track "+version), i)
		set.Tracks = append(set.Tracks, release.FromBytes(path, fmt.Appendf(nil, "WEBVTT\n\n%s", strings.Repeat(fmt.Sprintf("%s line %d\n", version, i), 50))))
		fmt.Fprintf(&text, "../../%s\n", path)
	}
	poster := "o/" + releasetest.Digest("pictures") + "/poster.jpg"
	set.Tracks = append(set.Tracks, release.FromBytes(poster, storetest.Noise(7, 3000)))
	page := "<title>" + version + "</title><img src=\"../../" + poster + "\">"
	if large {
		path := Own(version) + "film.mp4"
		set.Media = append(set.Media, release.FromBytes(path, storetest.Noise(seed, 17<<20)))
		page += "<a href=\"../../" + path + "\">"
	}
	set.Pages = []release.File{release.FromBytes("v.m3u8", []byte(video.String())), release.FromBytes("en.m3u8", []byte(text.String())), release.FromBytes("index.html", []byte(page))}
	set.Entrances = func(id string) ([]release.File, error) {
		return []release.File{
			release.FromBytes("index.html", []byte("<a href=\"r/"+id+"/index.html\">")),
			release.FromBytes("master.m3u8", []byte("#EXTM3U\nr/"+id+"/v.m3u8\nr/"+id+"/en.m3u8\n")),
		}, nil
	}
	return set
}

// Own is where the media of a version lie that no other one has, with a slash at its end.
func Own(version string) string { return "o/" + releasetest.Digest("video "+version) + "/" }

// clean are the errors that end a command with exit code 4, as internal/cli/exit.go has them.
var clean = []error{store.ErrRefused, store.ErrUnreachable, store.ErrFull, store.ErrPrecondition, store.ErrName, store.ErrNotFound,
	store.ErrUnsupported, s3.ErrChanged, mirror.ErrPartly, cleanup.ErrMore,
	release.ErrConflict, release.ErrDiffers, release.ErrIncomplete, release.ErrMalformed, release.ErrNoRelease}

// Unclean says what is wrong with an error that a user is shown: it is not the store's, is not one sentence, or holds a secret.
func Unclean(err error, secrets ...string) error {
	text := err.Error()
	switch {
	case !slices.ContainsFunc(clean, func(kind error) bool { return errors.Is(err, kind) }):
		return fmt.Errorf("not an error of a store: %w", err)
	case strings.ContainsAny(text, "\n\r\x1b") || len(text) > 500 || strings.Contains(text, "goroutine"):
		return fmt.Errorf("not one sentence: %w", err)
	}
	for _, s := range append(secrets, "Signature=", "X-Amz-Credential") {
		if bytes.Contains([]byte(text), []byte(s)) {
			return fmt.Errorf("it tells a secret: %w", err)
		}
	}
	return nil
}
