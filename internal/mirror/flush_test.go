package mirror_test

import (
	"os"
	"path"
	"path/filepath"
	"sync"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/store/dir"
)

// TestFlushed: every folder into which a sync brought something is flushed at its end, and before the first pointer, so that no loss of power leaves
// one without what it names. No folder is flushed for each of its files.
func TestFlushed(t *testing.T) {
	st, err := dir.New(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	dst := mirror.Place{Store: st, Folder: st.URL("")}
	var mu sync.Mutex
	early, times := map[string]bool{}, map[string]int{}
	st.Flushed = func(folder string) {
		mu.Lock()
		defer mu.Unlock()
		times[folder]++
		if _, err := os.Stat(st.URL("lake/release.json")); err != nil {
			early[folder] = true
		}
	}
	o := options(t)
	o.DryRun = true
	bring(t, memory(t, film), dst, o)
	if len(times) > 0 {
		t.Errorf("a dry run flushed %v", times)
	}
	o.DryRun = false
	bring(t, memory(t, film), dst, o)
	for name := range film {
		for folder := path.Dir(name); ; folder = path.Dir(folder) {
			if n := times[folder]; n < 1 || n > 2 {
				t.Errorf("%s was flushed %d times", folder, n)
			}
			if folder == "." {
				break
			}
		}
	}
	for _, folder := range []string{"lake/r/0123456789abcdef0123", "lake/o/0123456789abcdef/v0", "lake/r", "lake", "."} {
		if !early[folder] {
			t.Errorf("the pointer was there before %s was flushed", folder)
		}
	}
	clear(times)
	bring(t, memory(t, film), dst, o)
	if len(times) > 0 {
		t.Errorf("nothing was copied, and %v flushed", times)
	}
}
