package release

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"
)

// FuzzPointer: what is read can be written, and reads the same.
func FuzzPointer(f *testing.F) {
	f.Add([]byte(`{"release":"0123456789abcdef0123","previous":"0123456789abcdef0123","sequence":2}`))
	f.Add([]byte(`{"release":"x","sequence":-1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePointer(b)
		if err != nil {
			return
		}
		if again, err := ParsePointer(encode(p)); err != nil || again != p {
			t.Errorf("%+v became %+v, %v", p, again, err)
		}
	})
}

// FuzzManifest: no manifest leads outside its film's folder, and what is read can be written and reads the same.
func FuzzManifest(f *testing.F) {
	set := Set{Slug: "f", Media: []File{FromBytes("o/a/1.m4s", []byte("1"))}, Pages: []File{FromBytes("index.html", nil)}, Summary: []byte(`{"title":"t"}`)}
	_, m := set.manifest()
	b, err := readFile(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add([]byte(`{"format":1,"slug":"f","media":[{"path":"../x"}],"pages":[]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseManifest(b, "f", name(b))
		if err != nil {
			return
		}
		for _, e := range m.Media {
			if len(e.Path) < 3 || e.Path[:2] != "o/" || bytes.Contains([]byte(e.Path), []byte("/../")) {
				t.Errorf("path %q", e.Path)
			}
		}
		written := encode(m)
		again, err := ParseManifest(written, "f", name(written))
		if err != nil || !bytes.Equal(encode(again), written) {
			t.Errorf("%s: %v", written, err)
		}
	})
}

func name(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])[:releaseDigits]
}

// FuzzTombstone: what is read names objects of the film alone, can be written, and reads the same.
func FuzzTombstone(f *testing.F) {
	f.Add([]byte(`{"format":1,"until":"2026-11-23T12:00:00Z","objects":[{"path":"o/0123456789abcdef0123456789abcdef/1.m4s","size":1,"etag":"x","modified":"2026-11-23T12:00:00.5Z","since":"2026-11-23T12:00:00Z"}]}`))
	f.Add([]byte(`{"format":1,"objects":[{"path":"release.json"}]}`))
	f.Add([]byte(`{"format":2,"salt":"S","objects":[{"key":"0123456789abcdefghijklmnopqrstu_","size":1,"etag":"x","since":"2026-11-23T12:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tomb, err := ParseTombstone(b)
		if err != nil {
			return
		}
		for _, d := range tomb.Objects {
			if tomb.Format == tombstoneFormat {
				if d.Path != "" || !keyForm.MatchString(d.Key) {
					t.Errorf("%+v", d)
				}
				continue
			}
			if part, _ := PartOf(d.Path); part != Media && part != Page || bytes.Contains([]byte(d.Path), []byte("/../")) {
				t.Errorf("path %q", d.Path)
			}
		}
		written := encode(tomb)
		again, err := ParseTombstone(written)
		if err != nil || !bytes.Equal(encode(again), written) {
			t.Errorf("%s: %v", written, err)
		}
	})
}
