package audit

import (
	"maps"
	"slices"
	"strings"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
)

// sameAsHLS holds the manifest against the playlists: each rendition of one must be in the other, with the same files.
// What is wrong in a playlist itself is Release's to say.
func (d *dashAuditor) sameAsHLS(m dash.Manifest, master string) {
	b, ok := d.bytes(0, master)
	if !ok {
		return
	}
	list, _ := hls.ParseMaster(master, b)
	ours, theirs := map[string][]string{}, map[string][]string{} // files by init section
	for _, s := range m.Sets {
		for _, r := range s.Representations {
			if r.Unread != "" {
				return // told already
			}
			for _, seg := range r.Segments {
				ours[resolve(d.uri, r.Init)] = append(ours[resolve(d.uri, r.Init)], resolve(d.uri, seg.URI))
			}
		}
	}
	for _, v := range list.Variants {
		d.playlistFiles(theirs, resolve(master, v.URI))
	}
	for _, r := range list.Renditions {
		if r.Type == "AUDIO" && r.URI != "" {
			d.playlistFiles(theirs, resolve(master, r.URI))
		}
	}
	d.compareFiles(ours, theirs)
	d.sameLanguages(m, list)
}

// playlistFiles adds the files of a media playlist.
func (d *dashAuditor) playlistFiles(to map[string][]string, uri string) {
	b, ok := d.bytes(0, uri)
	if !ok {
		return
	}
	list, _ := hls.ParseMedia(uri, b)
	for i, s := range list.Segments {
		if s.Map == nil {
			return
		}
		init := resolve(uri, s.Map.URI)
		if i == 0 {
			to[init] = nil // a playlist that is named twice counts once
		}
		to[init] = append(to[init], resolve(uri, s.URI))
	}
}

func (d *dashAuditor) compareFiles(ours, theirs map[string][]string) {
	for _, init := range slices.Sorted(maps.Keys(ours)) {
		files := ours[init]
		other, ok := theirs[init]
		switch {
		case !ok:
			d.fail(d.uri, 0, "dash-hls", "no HLS playlist has the rendition of %s", init)
		case len(files) != len(other):
			d.fail(d.uri, 0, "dash-hls", "the rendition of %s has %d segments here and %d in its HLS playlist", init, len(files), len(other))
		case !slices.Equal(files, other):
			i := 0
			for files[i] == other[i] {
				i++
			}
			d.fail(d.uri, 0, "dash-hls", "segment %d of the rendition of %s is %s here and %s in its HLS playlist", i, init, files[i], other[i])
		}
	}
	for _, init := range slices.Sorted(maps.Keys(theirs)) {
		if _, ok := ours[init]; !ok {
			d.fail(d.uri, 0, "dash-hls", "the rendition of %s is in the HLS playlists alone", init)
		}
	}
}

// sameLanguages compares what viewers choose from.
func (d *dashAuditor) sameLanguages(m dash.Manifest, list hls.Master) {
	var here, there []string
	for _, s := range m.Sets {
		forced := slices.ContainsFunc(s.Roles, func(r string) bool { return strings.ReplaceAll(r, "_", "-") == dash.ForcedSubtitle })
		here = append(here, choice(s.Type, s.Language, forced, slices.Contains(s.Roles, dash.Caption)))
	}
	for _, r := range list.Renditions {
		if kind := map[hls.Enum]string{"AUDIO": "audio", "SUBTITLES": "text"}[r.Type]; kind != "" {
			there = append(there, choice(kind, r.Language, r.Forced, strings.Contains(r.Characteristics, hls.TranscribesDialog)))
		}
	}
	for _, c := range here {
		if !strings.HasPrefix(c, "video") && !slices.Contains(there, c) {
			d.fail(d.uri, 0, "dash-hls", "the HLS playlists do not offer %s", c)
		}
	}
	for _, c := range there {
		if !slices.Contains(here, c) {
			d.fail(d.uri, 0, "dash-hls", "the HLS playlists alone offer %s", c)
		}
	}
}

// choice is a track as words: "text en, forced".
func choice(kind, language string, forced, deaf bool) string {
	c := kind + " " + language
	if forced {
		c += ", forced"
	}
	if deaf {
		c += ", for the deaf"
	}
	return c
}
