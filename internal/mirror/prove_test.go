package mirror_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/store/storetest"
)

// TestDamagedSource: what is damaged at the source does not take the place of what is whole at the destination; the other way round, it is how a
// destination is mended.
func TestDamagedSource(t *testing.T) {
	st := storetest.Memory()
	r := lake(t, st, "words")
	whole := content(t, mirror.Place{Store: st})
	for _, name := range []string{"lake/" + laked + "a.ts", "lake/r/" + r.Release + "/index.html", "lake/r/" + r.Release + "/manifest.json"} {
		damaged := maps.Clone(whole)
		damaged[name] = strings.ToUpper(damaged[name][:1]) + "!" + damaged[name][1:]
		for kind, source := range map[string]mirror.Place{"folder": folder(t, damaged), "bucket": memory(t, damaged)} {
			dst := memory(t, whole)
			r, got := partly(t, source, dst, options(t))
			if !slices.Contains(got, "sync-damaged") || !strings.HasSuffix(r.Findings[0].Pos.File, name) {
				t.Errorf("%s from a %s: %v", name, kind, r.Findings)
			}
			wantContent(t, dst, whole)
		}
		dst := memory(t, damaged)
		bring(t, folder(t, whole), dst, options(t))
		wantContent(t, dst, whole)
	}
	strange := maps.Clone(whole) // of what no release names, nobody knows which is right
	strange["lake/o/fedcba9876543210/b.ts"] = "one"
	dst := memory(t, strange)
	strange["lake/o/fedcba9876543210/b.ts"] = "other"
	bring(t, folder(t, strange), dst, options(t))
	wantContent(t, dst, strange)
}
