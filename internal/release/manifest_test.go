package release_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

const someRelease = "0123456789abcdef0123"

func TestReadPointer(t *testing.T) {
	st := folder(t)
	if _, _, err := release.ReadPointer(t.Context(), st, "f"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("without one: %v", err)
	}
	for content, ok := range map[string]bool{
		`{"release":"` + someRelease + `","sequence":1}`:                                            true,
		` {"sequence":7, "previous":"` + someRelease + `", "release":"` + someRelease + `"}` + "\n": true,
		``:                                  false,
		`{}`:                                false,
		`{"release":"` + someRelease + `"}`: false,
		`{"release":"` + someRelease + `","sequence":0}`:                  false,
		`{"release":"` + someRelease + `","sequence":"1"}`:                false,
		`{"release":"` + someRelease + `","sequence":1}x`:                 false,
		`{"release":"` + someRelease + `","sequence":1,"a":2}`:            false,
		`{"release":"../../../other","sequence":1}`:                       false,
		`{"release":"` + strings.ToUpper(someRelease) + `","sequence":1}`: false,
		`{"release":"` + someRelease + `","previous":"x","sequence":1}`:   false,
		strings.Repeat(" ", 100_000):                                      false,
	} {
		storetest.Put(t, st, "f/release.json", []byte(content))
		p, obj, err := release.ReadPointer(t.Context(), st, "f")
		if ok && (err != nil || p.Release != someRelease || p.Sequence < 1) || !ok && !errors.Is(err, release.ErrMalformed) {
			t.Errorf("%.80q: %+v, %v", content, p, err)
		}
		if obj.ETag == "" {
			t.Errorf("%.80q: no ETag, so it could not be replaced", content)
		}
	}
}

func TestReadManifest(t *testing.T) {
	st := folder(t)
	id := publish(t, st, film("v1")).Release
	m, err := release.ReadManifest(t.Context(), st, "our film", id)
	if err != nil || string(m.Summary) != `{"title":"A <film> & more"}` || m.Media[0].Path != "o/aa/00001.m4s" || m.Media[0].CacheControl != store.Immutable {
		t.Errorf("%+v, %v", m, err)
	}
	if _, err := release.ReadManifest(t.Context(), st, "our film", someRelease); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("a release that is not there: %v", err)
	}
	sum := strings.Repeat("0", 64)
	entry := func(path string) string {
		return `{"path":"` + path + `","size":1,"sha256":"` + sum + `","type":"","cache-control":""}`
	}
	for what, b := range map[string]string{
		"empty":          ``,
		"another film":   `{"format":1,"slug":"x","media":[],"pages":[]}`,
		"a later format": `{"format":2,"slug":"f","media":[],"pages":[]}`,
		"a strange key":  `{"format":1,"slug":"f","media":[],"pages":[],"more":1}`,
		"out of place":   `{"format":1,"slug":"f","media":[` + entry("r/a") + `],"pages":[]}`,
		"outside":        `{"format":1,"slug":"f","media":[],"pages":[` + entry("../../x") + `]}`,
		"itself":         `{"format":1,"slug":"f","media":[],"pages":[` + entry("manifest.json") + `]}`,
		"twice":          `{"format":1,"slug":"f","media":[` + entry("o/a") + "," + entry("o/a") + `],"pages":[]}`,
		"no digest":      `{"format":1,"slug":"f","media":[{"path":"o/a","size":1}],"pages":[]}`,
		"a size below 0": `{"format":1,"slug":"f","media":[{"path":"o/a","size":-1,"sha256":"` + sum + `"}],"pages":[]}`,
	} {
		digest := sha256.Sum256([]byte(b))
		id := hex.EncodeToString(digest[:])[:20]
		storetest.Put(t, st, "f/r/"+id+"/manifest.json", []byte(b))
		if _, err := release.ReadManifest(t.Context(), st, "f", id); !errors.Is(err, release.ErrMalformed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	storetest.Put(t, st, "our film/r/"+id+"/manifest.json", []byte(`{"format":1,"slug":"our film","media":[],"pages":[]}`))
	if _, err := release.ReadManifest(t.Context(), st, "our film", id); !errors.Is(err, release.ErrMalformed) {
		t.Errorf("another digest: %v", err)
	}
}
