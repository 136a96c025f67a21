package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"filmpress/internal/hls"
)

// Manifest is what a release of ours says of itself.
type Manifest struct {
	Base     string // address of the film's folder; "" or with a slash at its end
	ID       string // the release's name: its pages lie at Base + "r/" + ID
	Previous string // the release that a rollback would switch to; "" is none
	Title    string
	Objects  []Object // what it consists of, and the pointer and the entrances
	// Entrances are the playlist and the page that viewers' addresses name.
	Entrances []string
}

// Object is one object as the manifest has it.
type Object struct {
	URI          string
	Size         int64
	SHA256       string // lower-case hex; "" is not known, and Size neither
	Type         string
	CacheControl string
}

// moderate is the size up to which an object that is no part of the stream is read whole, even if nothing is decoded.
const moderate = 16 << 20

// manifest judges what a release has besides its stream: the objects that no playlist names, pages and entrances.
func (a *auditor) manifest(m Manifest) {
	a.dash(m)
	for _, uri := range m.Entrances {
		a.entrance(m, uri)
	}
	a.others(m)
	for _, o := range m.Objects {
		if strings.HasSuffix(o.URI, ".html") {
			a.page(m, o.URI)
		}
	}
	a.storyboards(m)
	a.names(m)
	if m.Previous != "" && a.stop == nil {
		if _, err := a.src.Stat(a.ctx, m.Base+"r/"+m.Previous+"/manifest.json"); err != nil && a.ctx.Err() == nil {
			a.warn(m.Base+"release.json", 0, "release-previous", "the release before, %s, is not there any more: a rollback has nothing to go back to", m.Previous)
		}
	}
}

// others reads the objects that no playlist led to.
func (a *auditor) others(m Manifest) {
	var wants []want
	for _, o := range m.Objects {
		w := want{kind: kindOf(o.URI), from: o.URI, uri: o.URI}
		switch {
		case a.met[o.URI].whole || slices.Contains(m.Entrances, o.URI):
		case a.opt.Trusted || o.Size > moderate && a.opt.Decode == nil:
			a.glance(w, o)
		case o.Size > moderate || a.opt.Decode != nil && strings.HasSuffix(o.URI, ".mp4"):
			a.glance(w, o)
			a.large(w, o)
		default:
			wants = append(wants, w)
		}
	}
	flight := a.fly(wants)
	defer flight.close()
	for i, w := range wants {
		if _, ok := flight.take(i); !ok && a.stop == nil {
			a.retell(w)
		}
	}
}

// retell makes "cannot be fetched" of an object of the manifest the rule that it is.
func (a *auditor) retell(w want) {
	last := &a.findings[len(a.findings)-1]
	if last.Rule == "hls-missing" {
		last.Rule, last.Hint = "release-missing", mend("release-missing")
		last.Text = "the manifest lists it, but it" + strings.TrimPrefix(last.Text, w.uri)
	}
}

// glance looks at an object without reading it.
func (a *auditor) glance(w want, o Object) {
	if a.stop != nil {
		return
	}
	f, err := a.src.Stat(a.ctx, w.uri)
	if err != nil {
		if a.arrived(w, f, err); a.stop == nil {
			a.retell(w)
		}
		return
	}
	a.sum.Files++
	a.met[w.uri] = meeting{head: true}
	if f.Head != nil {
		a.head(w, *f.Head)
	}
	if o.SHA256 == "" {
		return
	}
	if f.Size >= 0 && f.Size != o.Size {
		a.fail(w.uri, 0, "release-size", "the file has %d bytes, the manifest says %d", f.Size, o.Size)
		return
	}
	a.recorded(w.uri, f, o)
}

// large reads an object that may be too long for memory, holds it against its digest and the allow-list, and decodes it.
func (a *auditor) large(w want, o Object) {
	if a.stop != nil || a.met[w.uri].whole { // whole: it was told to be missing
		return
	}
	r, err := a.src.Open(a.ctx, w.uri)
	if err != nil {
		if a.arrived(w, File{}, err); a.stop == nil {
			a.retell(w)
		}
		return
	}
	defer r.Close()
	c := a.copyFor(&track{header: []byte{}})
	defer c.close()
	if c.err != nil {
		a.stop = c.err
		return
	}
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(hash, c.file), r)
	switch {
	case err != nil && a.ctx.Err() != nil:
		a.stop = a.ctx.Err()
	case err != nil:
		a.fail(w.uri, 0, "release-missing", "the manifest lists it, but it cannot be read to its end: %v", err)
	case hex.EncodeToString(hash.Sum(nil)) != o.SHA256:
		a.fail(w.uri, 0, "release-hash", "the bytes are not those that were published: their SHA-256 is not the manifest's")
	default:
		a.sum.Bytes += size
		a.allowed(w.uri, c.file, size)
		a.decoded(&track{uri: w.uri}, c, -1)
	}
}

func kindOf(uri string) kind {
	switch strings.ToLower(path.Ext(uri)) {
	case ".m3u8":
		return playlistFile
	case ".m4s":
		return segmentFile
	case ".vtt":
		return textFile
	case ".html":
		return pageFile
	}
	return otherFile
}

// entrance holds a playlist or a DASH manifest directly below the film's folder against that of the release: it must lead to the same
// files, by the same attributes. (A page is judged with the pages.)
func (a *auditor) entrance(m Manifest, uri string) {
	f, ok := a.get(kindOf(uri), m.Base+"release.json", 0, uri)
	if !ok {
		if a.stop == nil {
			a.retell(want{uri: uri})
		}
		return
	}
	if path.Base(uri) == dashName {
		a.dashEntrance(m, uri, f.Data)
	}
	if kindOf(uri) != playlistFile {
		return
	}
	got, findings := hls.ParseMaster(uri, f.Data)
	a.add(findings)
	if text := string(led(uri, got).Bytes()); text != string(led(a.opt.Master, a.master).Bytes()) && len(findings) == 0 {
		a.fail(uri, 0, "release-entrance", "the entrance does not lead to the release %s that release.json names, or not as its playlist does", m.ID)
	}
}

// led is a playlist with all references resolved, so that two can be compared that lie in different folders.
func led(uri string, m hls.Master) hls.Master {
	out := hls.Master{Version: m.Version, Independent: m.Independent}
	for _, v := range m.Variants {
		v.URI = resolve(uri, v.URI)
		out.Variants = append(out.Variants, v)
	}
	for _, r := range m.Renditions {
		if r.URI != "" {
			r.URI = resolve(uri, r.URI)
		}
		out.Renditions = append(out.Renditions, r)
	}
	for _, f := range m.IFrames {
		f.URI = resolve(uri, f.URI)
		out.IFrames = append(out.IFrames, f)
	}
	return out
}

// names judges that the address of a segment does not tell which film is watched (authoring specification, 11.4).
func (a *auditor) names(m Manifest) {
	var words []string
	for _, w := range strings.FieldsFunc(strings.ToLower(m.Title), func(r rune) bool { return strings.ContainsRune(" -_.,:;!?", r) }) {
		if len(w) >= 5 {
			words = append(words, w)
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(a.tracks)) {
		t := a.tracks[uri]
		if t == nil || len(t.list.Segments) == 0 {
			continue
		}
		name := strings.ToLower(t.list.Segments[0].URI)
		for _, w := range words {
			if strings.Contains(name, w) {
				a.warn(uri, t.list.Segments[0].Line, "hls-11.4", "the names of the segments tell the film's title: %s", t.list.Segments[0].URI)
				return
			}
		}
	}
}

// storyboards judges the WebVTT files that are no subtitles: each cue names a part of a picture.
func (a *auditor) storyboards(m Manifest) {
	for _, o := range m.Objects {
		if path.Base(o.URI) != "storyboard.vtt" || a.stop != nil {
			continue
		}
		f, ok := a.get(textFile, o.URI, 0, o.URI)
		if !ok {
			continue
		}
		var last time.Duration
		for _, c := range cues(strings.Split(string(f.Data), "\n")) {
			name, _, _ := strings.Cut(c.text, "#xywh=")
			if target := resolve(o.URI, name); !a.known(target) {
				a.fail(o.URI, c.line+1, "page-reference", "%s leads to nothing", name)
				break
			}
			if c.from < last {
				a.fail(o.URI, c.line, "page-storyboard", "the cue at %s comes after one at %s", seconds(c.from), seconds(last))
				break
			}
			last = c.from
		}
	}
}

// known says whether an address is an object of the release.
func (a *auditor) known(uri string) bool {
	_, ok := a.objects[uri]
	return ok
}
