package audit

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
)

// renditionLists are the playlists of pictures and sound that could be read, by the address of the init section.
func (a *auditor) renditionLists() map[string]*track {
	out := map[string]*track{}
	for _, uri := range a.renditions() {
		if t := a.tracks[uri]; t != nil && t.list.Segments[0].Map != nil {
			out[resolve(uri, t.list.Segments[0].Map.URI)] = t
		}
	}
	return out
}

// renditions are the addresses of the playlists of pictures and sound.
func (a *auditor) renditions() (out []string) {
	for _, v := range a.master.Variants {
		out = append(out, resolve(a.opt.Master, v.URI))
	}
	for _, r := range a.master.Renditions {
		if r.Type == "AUDIO" && r.URI != "" {
			out = append(out, resolve(a.opt.Master, r.URI))
		}
	}
	return out
}

// files are the addresses of a playlist's segments; parts of files are none.
func (t *track) files() []string {
	out := make([]string, len(t.list.Segments))
	for i, s := range t.list.Segments {
		if out[i] = resolve(t.uri, s.URI); s.Range.Length > 0 {
			out[i] += "#" + s.Range.String()
		}
	}
	return out
}

// sameAsHLS holds the manifest against the playlists: each rendition of one must be in the other, with the same files.
// What is wrong in a playlist itself is told with it.
func (d *dashAuditor) sameAsHLS(m dash.Manifest) {
	if len(d.master.Variants) == 0 {
		return
	}
	ours := map[string][]string{} // files by init section
	for _, s := range m.Sets {
		for _, r := range s.Representations {
			if r.Unread != "" {
				return // told already
			}
			if r.File == "" {
				ours[resolve(d.uri, r.Init)] = d.files(r)
			}
		}
	}
	d.sameFiles(ours)
	d.sameLanguages(m)
}

func (d *dashAuditor) sameFiles(ours map[string][]string) {
	unread := slices.ContainsFunc(d.renditions(), func(uri string) bool { return d.tracks[uri] == nil }) // told with the playlist
	for _, init := range slices.Sorted(maps.Keys(ours)) {
		files := ours[init]
		list := d.lists[init]
		if list == nil {
			if !unread {
				d.fail(d.uri, 0, "dash-hls", "no HLS playlist has the rendition of %s", init)
			}
			continue
		}
		other := list.files()
		if len(files) != len(other) {
			d.fail(d.uri, 0, "dash-hls", "the rendition of %s has %d segments here and %d in its HLS playlist", init, len(files), len(other))
			continue
		}
		for i := range files {
			if files[i] != other[i] {
				d.fail(d.uri, 0, "dash-hls", "segment %d of the rendition of %s is %s here and %s in its HLS playlist", i, init, files[i], other[i])
				break
			}
		}
	}
	for _, init := range slices.Sorted(maps.Keys(d.lists)) {
		if _, ok := ours[init]; !ok {
			d.fail(d.uri, 0, "dash-hls", "the rendition of %s is in the HLS playlists alone", init)
		}
	}
}

// sameLanguages compares what viewers choose from.
func (d *dashAuditor) sameLanguages(m dash.Manifest) {
	var here, there []string
	for _, s := range m.Sets {
		forced := slices.ContainsFunc(s.Roles, func(r string) bool { return strings.ReplaceAll(r, "_", "-") == dash.ForcedSubtitle })
		here = append(here, choice(s.Type, s.Language, forced, slices.Contains(s.Roles, dash.Caption)))
	}
	for _, r := range d.master.Renditions {
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
	c := kind + " " + cmp.Or(language, "und")
	switch {
	case forced:
		c += ", forced"
	case deaf:
		c += ", for the deaf"
	}
	return c
}

// dashEntrance holds the manifest directly below the film's folder against that of the release.
func (a *auditor) dashEntrance(m Manifest, uri string, b []byte) {
	if len(a.dashed.Sets) == 0 {
		return // told with the release's own, or there is none
	}
	got, findings := dash.Read(uri, b)
	a.add(findings)
	own := m.Base + "r/" + m.ID + "/" + dashName
	if len(findings) == 0 && !bytes.Equal(dashLed(uri, got), dashLed(own, a.dashed)) {
		a.fail(uri, 0, "release-entrance", "the entrance does not lead to the release %s that release.json names, or not as its manifest does", m.ID)
	}
}

// dashLed is a manifest with all references resolved. It changes the manifest.
func dashLed(uri string, m dash.Manifest) []byte {
	for _, s := range m.Sets {
		for i := range s.Representations {
			r := &s.Representations[i]
			for _, ref := range []*string{&r.File, &r.Init} {
				if *ref != "" {
					*ref = resolve(uri, *ref)
				}
			}
			for k := range r.Segments {
				r.Segments[k].URI = resolve(uri, r.Segments[k].URI)
			}
		}
	}
	return m.Bytes()
}
