package release

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"filmpress/internal/store"
)

const (
	// ManifestName and PointerName are the objects that say what a release is, and which one is current.
	ManifestName = "manifest.json"
	PointerName  = "release.json"

	// format is the version of manifest and pointer that this program reads and writes.
	format = 1

	// What is larger is not ours, and is not read: a manifest of 100,000 objects has about 30 MB.
	maxManifest = 256 << 20
	maxPointer  = 64 << 10

	releaseDigits = 20
)

// Manifest says what a release consists of: r/<release>/manifest.json. The release's name is the digest of its bytes.
type Manifest struct {
	Format  int             `json:"format"`
	Slug    string          `json:"slug"`
	Summary json.RawMessage `json:"summary,omitempty"`
	Media   []Entry         `json:"media"` // paths below <slug>/, sorted
	Pages   []Entry         `json:"pages"` // paths beside the manifest, sorted; without the manifest itself
}

// Entry is one object of a manifest. Size and digests are those of the plain bytes.
type Entry struct {
	Path         string `json:"path"`
	Size         int64  `json:"size"`
	SHA256       string `json:"sha256"`
	MD5          string `json:"md5,omitempty"`
	Type         string `json:"type"`
	CacheControl string `json:"cache-control"`
	Disposition  string `json:"disposition,omitempty"`
}

// Pointer says which release is current: <slug>/release.json.
type Pointer struct {
	Release  string `json:"release"`
	Previous string `json:"previous,omitempty"` // the release before; a rollback switches to it
	Sequence int    `json:"sequence"`           // from 1, one more with each switch
}

// manifest gives the set's manifest as a file, and the release's name.
func (s Set) manifest() (release string, f File) {
	m := Manifest{Format: format, Slug: s.Slug, Summary: s.Summary, Media: entries(s.Media, s.Tracks), Pages: entries(s.Pages)}
	b := encode(m)
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:releaseDigits], FromBytes(ManifestName, b)
}

func entries(groups ...[]File) []Entry {
	out := []Entry{}
	for _, files := range groups {
		for _, f := range files {
			meta := f.meta()
			out = append(out, Entry{f.Path, f.Size, f.SHA256, f.MD5, meta.Type, meta.CacheControl, meta.Disposition})
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return cmp.Compare(a.Path, b.Path) })
	return out
}

// encode is the one way in which we write JSON: compact, keys in the order of the struct, <, > and & as they are.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(err) // only a Summary that is no JSON does this
	}
	return b.Bytes()
}

// ReadPointer reads which release of a film is current; slug is "" where the place is the film's own. The Object is the pointer's, for a
// conditional write. A film without one is store.ErrNotFound.
func ReadPointer(ctx context.Context, st store.Store, slug string) (Pointer, store.Object, error) {
	name := path.Join(slug, PointerName)
	b, obj, err := ReadObject(ctx, st, name, maxPointer)
	if err != nil {
		return Pointer{}, obj, err
	}
	p, err := ParsePointer(b)
	if err != nil {
		return Pointer{}, obj, fmt.Errorf("%w: %s: %v", ErrMalformed, st.URL(name), err)
	}
	return p, obj, nil
}

// ReadManifest reads what a release consists of, and compares it with the release's name.
func ReadManifest(ctx context.Context, st store.Store, slug, release string) (Manifest, error) {
	name := slug + "/r/" + release + "/" + ManifestName
	b, _, err := ReadObject(ctx, st, name, maxManifest)
	if err != nil {
		return Manifest{}, err
	}
	m, err := ParseManifest(b, slug, release)
	if err != nil {
		return Manifest{}, fmt.Errorf("%w: %s: %v", ErrMalformed, st.URL(name), err)
	}
	return m, nil
}

// readTries is how often a small object is read whose bytes break off or arrive changed.
const readTries = 3

// ReadObject reads a small object whole, ErrMalformed if it is larger than limit bytes, and holds it against the digest that is kept beside it: a pointer in which one digit was changed on
// the way would name a release that never was.
func ReadObject(ctx context.Context, st store.Store, name string, limit int64) (b []byte, obj store.Object, err error) {
	for try := 1; ; try++ {
		var r io.ReadCloser
		if r, obj, err = st.Get(ctx, name); err != nil {
			return nil, obj, err
		}
		b, err = io.ReadAll(io.LimitReader(r, limit+1))
		r.Close()
		if err == nil && int64(len(b)) > limit {
			return nil, obj, fmt.Errorf("%w: %s: it is larger than %d bytes", ErrMalformed, st.URL(name), limit)
		}
		if errors.Is(err, store.ErrDamaged) {
			err = fmt.Errorf("%w: %s: it cannot be unpacked", ErrMalformed, st.URL(name))
		}
		if err == nil && obj.SHA256 != "" && FromBytes(name, b).SHA256 != obj.SHA256 {
			err = fmt.Errorf("%w: %s: its bytes are not those that were written", ErrMalformed, st.URL(name))
		}
		if err == nil || ctx.Err() != nil || try == readTries {
			return b, obj, err
		}
	}
}

// ParsePointer reads the bytes of a pointer.
func ParsePointer(b []byte) (Pointer, error) {
	var p Pointer
	switch err := decode(b, &p); {
	case err != nil:
		return Pointer{}, err
	case !hexOf(p.Release, releaseDigits):
		return Pointer{}, fmt.Errorf("%q names no release", p.Release)
	case p.Previous != "" && !hexOf(p.Previous, releaseDigits):
		return Pointer{}, fmt.Errorf("%q names no release", p.Previous)
	case p.Sequence < 1:
		return Pointer{}, fmt.Errorf("the sequence is %d", p.Sequence)
	}
	return p, nil
}

// ParseManifest reads the bytes of a manifest, and holds them against the release's name. A slug of "" is any: whoever reads by
// http may not know it.
func ParseManifest(b []byte, slug, release string) (Manifest, error) {
	sum := sha256.Sum256(b)
	if hex.EncodeToString(sum[:])[:releaseDigits] != release {
		return Manifest{}, errors.New("its digest is not the release's name")
	}
	var m Manifest
	if err := decode(b, &m); err != nil {
		return Manifest{}, err
	}
	if m.Format != format {
		return Manifest{}, fmt.Errorf("it has format %d, this program knows %d", m.Format, format)
	}
	if slug != "" && m.Slug != slug {
		return Manifest{}, fmt.Errorf("it is of the film %q", m.Slug)
	}
	return m, errors.Join(checkEntries(m.Media, "o/"), checkEntries(m.Pages, ""))
}

func checkEntries(entries []Entry, prefix string) error {
	last := ""
	for _, e := range entries {
		switch {
		case store.CheckName(e.Path) != nil || !strings.HasPrefix(e.Path, prefix) || e.Path == ManifestName:
			return fmt.Errorf("the path %q is not possible", e.Path)
		case e.Path <= last:
			return fmt.Errorf("the path %q is out of order", e.Path)
		case e.Size < 0 || !hexOf(e.SHA256, 64) || e.MD5 != "" && !hexOf(e.MD5, 32):
			return fmt.Errorf("size or digest of %q are not possible", e.Path)
		}
		last = e.Path
	}
	return nil
}

// decode reads one JSON value without unknown keys and with nothing after it.
func decode(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("something follows the JSON")
	}
	return nil
}

// hexOf tells whether s is n lower-case hex digits.
func hexOf(s string, n int) bool {
	return len(s) == n && !strings.ContainsFunc(s, func(r rune) bool { return !(r >= '0' && r <= '9' || r >= 'a' && r <= 'f') })
}
