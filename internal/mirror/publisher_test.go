package mirror_test

import (
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"filmpress/internal/mirror"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

// lake publishes a small film with these words on its page; the media are a.ts and more, the same each time.
func lake(t *testing.T, st store.Store, words string, more ...release.File) release.Result {
	t.Helper()
	r, err := release.Publish(t.Context(), st, release.Set{Slug: "lake", Media: append([]release.File{release.FromBytes(laked+"a.ts", []byte("a"))}, more...),
		Pages: []release.File{release.FromBytes("index.html", []byte(words))}, Summary: json.RawMessage("{}"),
		Entrances: func(id string) ([]release.File, error) {
			return []release.File{release.FromBytes("index.html", []byte("r/"+id))}, nil
		}}, release.Options{}, report.Discard)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

const laked = "o/0123456789abcdef0123456789abcdef/"

// TestNotesStay: what a clean-up and a rollback noted of a place is that place's alone; a file of somebody else with such a name is a file.
func TestNotesStay(t *testing.T) {
	src, st := storetest.Memory(), storetest.Memory()
	lake(t, src, "now")
	for _, name := range []string{"lake/" + release.TombstoneName, "lake/" + release.IntentName, "other/" + release.TombstoneName} {
		put(t, src, name, "of the source")
	}
	put(t, st, "lake/"+release.IntentName, "of the destination")
	if _, err := release.WriteTombstone(t.Context(), st, "lake", release.Tombstone{}, ""); err != nil {
		t.Fatal(err)
	}
	want := content(t, mirror.Place{Store: src})
	maps.DeleteFunc(want, func(name, _ string) bool {
		return strings.HasPrefix(name, "lake/") && strings.HasSuffix(name, "ne.json")
	})
	for name, text := range content(t, mirror.Place{Store: st}) {
		want[name] = text
	}
	o := options(t)
	o.Delete = true
	bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, o)
	wantContent(t, mirror.Place{Store: st}, want)
}

// TestStrikesOut: what a clean-up found unreferenced, and the copied release needs, is not deleted by that clean-up later.
func TestStrikesOut(t *testing.T) {
	src, st := storetest.Memory(), storetest.Memory()
	lake(t, src, "now")
	put(t, st, "lake/"+laked+"a.ts", "a")
	put(t, st, "lake/"+laked+"z.ts", "z")
	since := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if _, err := release.WriteTombstone(t.Context(), st, "lake", release.Tombstone{Objects: []release.Doomed{{Path: laked + "a.ts", Size: 1, Since: since}, {Path: laked + "z.ts", Size: 1, Since: since}}}, ""); err != nil {
		t.Fatal(err)
	}
	bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, options(t))
	left, _, err := release.ReadTombstone(t.Context(), st, "lake")
	if err != nil || len(left.Objects) != 1 || left.Objects[0].Key != left.Key(laked+"z.ts") {
		t.Errorf("%+v, %v", left, err)
	}
}

// TestGoneMeanwhile: an object that was there when the lists were made, and is not when the pointer is to be copied, keeps the viewers at
// the release that they have. The next run mends it.
func TestGoneMeanwhile(t *testing.T) {
	src, st := storetest.Memory(), storetest.Memory()
	lake(t, src, "old")
	bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, options(t))
	before := content(t, mirror.Place{Store: st})
	now := lake(t, src, "now")
	w := &storetest.Watched{Store: st, Before: func(_ int, op, name string) error {
		if op == "put" && strings.HasSuffix(name, now.Release+"/manifest.json") {
			return st.Delete(t.Context(), "lake/"+laked+"a.ts")
		}
		return nil
	}}
	r, err := mirror.Run(t.Context(), mirror.Place{Store: src}, mirror.Place{Store: w}, options(t), report.Discard)
	if !errors.Is(err, mirror.ErrPartly) || !slices.Equal(rules(r.Findings), []string{"sync-gone"}) {
		t.Errorf("%+v, %v", r, err)
	}
	after := content(t, mirror.Place{Store: st})
	for _, name := range []string{"lake/release.json", "lake/index.html"} {
		if before[name] != after[name] {
			t.Errorf("%s was copied", name)
		}
	}
	bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, options(t))
	wantContent(t, mirror.Place{Store: st}, content(t, mirror.Place{Store: src}))
}

func put(t *testing.T, st store.Store, name, text string) {
	t.Helper()
	f := release.FromBytes(name, []byte(text))
	if _, err := st.Put(t.Context(), name, store.Body{Size: f.Size, Open: f.Open}, store.Meta{Type: "application/octet-stream", SHA256: f.SHA256}, store.If{}); err != nil {
		t.Fatal(err)
	}
}

// TestNotWhole: a source that lacks a part of a release leads nobody to it, which a dry run tells before. A part that the destination has is no lack.
func TestNotWhole(t *testing.T) {
	for _, there := range []bool{false, true} {
		src, st := storetest.Memory(), storetest.Memory()
		lake(t, src, "now")
		if err := src.Delete(t.Context(), "lake/"+laked+"a.ts"); err != nil {
			t.Fatal(err)
		}
		if there {
			put(t, st, "lake/"+laked+"a.ts", "a")
		}
		before := content(t, mirror.Place{Store: st})
		for _, dry := range []bool{true, false} {
			o := options(t)
			o.DryRun = dry
			if there {
				bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, o)
			} else if r, got := partly(t, mirror.Place{Store: src}, mirror.Place{Store: st}, o); !slices.Equal(got, []string{"sync-gone"}) || r.Waiting != 1 {
				t.Errorf("dry %v: %+v", dry, r)
			}
			if dry {
				wantContent(t, mirror.Place{Store: st}, before)
			}
		}
		if _, err := st.Stat(t.Context(), "lake/release.json"); there != (err == nil) {
			t.Errorf("there %v: the pointer: %v", there, err)
		}
	}
}

// TestNoManifest: a pointer whose release cannot be known at the source does not come to the viewers, who would be led to a release that nobody has.
func TestNoManifest(t *testing.T) {
	for what, spoil := range map[string]func(src store.Store, manifest string){
		"missing": func(src store.Store, manifest string) {
			if err := src.Delete(t.Context(), manifest); err != nil {
				t.Fatal(err)
			}
		},
		"damaged": func(src store.Store, manifest string) { put(t, src, manifest, "{") },
		"of another release": func(src store.Store, manifest string) {
			put(t, src, manifest, string(storetest.Get(t, src, manifest))+" ")
		},
	} {
		src, st := storetest.Memory(), storetest.Memory()
		lake(t, src, "old")
		bring(t, mirror.Place{Store: src}, mirror.Place{Store: st}, options(t))
		before := content(t, mirror.Place{Store: st})
		now := lake(t, src, "now")
		spoil(src, "lake/r/"+now.Release+"/manifest.json")
		o := options(t)
		o.Delete, o.DryRun = true, true
		would, _ := partly(t, mirror.Place{Store: src}, mirror.Place{Store: st}, o)
		o.DryRun = false
		r, got := partly(t, mirror.Place{Store: src}, mirror.Place{Store: st}, o)
		if !reflect.DeepEqual(would.Findings, r.Findings) {
			t.Errorf("%s: a dry run tells %+v", what, would.Findings)
		}
		if !slices.Equal(got, []string{"sync-gone"}) || !strings.HasSuffix(r.Findings[0].Pos.File, now.Release+"/manifest.json") {
			t.Errorf("%s: %+v", what, r)
		}
		after := content(t, mirror.Place{Store: st})
		for name, text := range before {
			if after[name] != text {
				t.Errorf("%s: %s was changed", what, name)
			}
		}
	}
}
