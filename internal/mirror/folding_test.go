package mirror_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// careless asks a disk that does not look at the case of letters.
func careless(path string) (fs.FileInfo, error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if strings.EqualFold(e.Name(), filepath.Base(path)) {
			return os.Lstat(filepath.Join(filepath.Dir(path), e.Name()))
		}
	}
	return nil, fs.ErrNotExist
}

// TestFolding: names that a disk takes for one are told and do not overwrite each other, whether the folder is there yet or not, and a run that changes nothing
// writes nothing to find that out.
func TestFolding(t *testing.T) {
	files := map[string]string{"A.ts": "1", "a.ts": "2", "λόγος.ts": "1", "ΛΌΓΟΣ.ts": "2", "Kelvin\u212a.ts": "1", "kelvinK.ts": "2", "\u00e9.ts": "1", "e\u0301.ts": "2", "b.ts": "1"}
	for _, there := range []string{"nothing", "an empty folder", "a file"} {
		for _, dry := range []bool{true, false} {
			for disk, lstat := range map[string]func(string) (fs.FileInfo, error){"careless": careless, "careful": os.Lstat} {
				parent := filepath.Join(t.TempDir(), "films")
				if err := os.Mkdir(parent, 0o755); err != nil {
					t.Fatal(err)
				}
				dst := folderAt(t, filepath.Join(parent, "new"))
				switch there {
				case "an empty folder":
					if err := os.Mkdir(dst.Folder, 0o755); err != nil {
						t.Fatal(err)
					}
				case "a file":
					write(t, dst.Folder, "b.ts", "1")
				}
				o := options(t).OnDisk(lstat)
				o.DryRun = dry
				before := touched(t, parent, dst.Folder)
				if disk == "careful" {
					bring(t, memory(t, files), dst, o)
				} else if r, got := partly(t, memory(t, files), dst, o); !slices.Equal(got, slices.Repeat([]string{"sync-name"}, 4)) || r.Failed != 4 {
					t.Errorf("%s, dry %v: %v", there, dry, got)
				}
				if dry && before != touched(t, parent, dst.Folder) {
					t.Errorf("%s on a %s disk: a dry run wrote", there, disk)
				}
				if left, err := os.ReadDir(parent); err != nil || len(left) > 1 {
					t.Errorf("%s: left behind: %v, %v", there, left, err)
				}
			}
		}
	}
}

// TestOtherLetters: a file that is there in other letters is told. It is neither written, as it would be in every run, nor deleted.
func TestOtherLetters(t *testing.T) {
	for _, dry := range []bool{true, false} {
		dst := folder(t, map[string]string{"FILM/A.ts": "1", "b.ts": "b", "left.ts": "over"})
		src := memory(t, map[string]string{"film/a.ts": "1", "b.ts": "b"})
		o := options(t).OnDisk(careless)
		o.DryRun, o.Delete = dry, true
		r, got := partly(t, src, dst, o)
		if !slices.Equal(got, []string{"sync-name"}) || r.Copied != 0 || !strings.Contains(r.Findings[0].Text, `"FILM/A.ts"`) {
			t.Errorf("dry %v: %+v", dry, r)
		}
		wantContent(t, dst, map[string]string{"FILM/A.ts": "1", "b.ts": "b", "left.ts": "over"})
		if err := os.Rename(filepath.Join(dst.Folder, "FILM"), filepath.Join(dst.Folder, "film")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dst.Folder, "film/A.ts"), filepath.Join(dst.Folder, "film/a.ts")); err != nil {
			t.Fatal(err)
		}
		bring(t, src, dst, o)

		// Of two that the disk takes for one, it may have the second.
		dst = folder(t, map[string]string{"a.ts": "2"})
		r, got = partly(t, memory(t, map[string]string{"A.ts": "1", "a.ts": "2"}), dst, o)
		if !slices.Equal(got, []string{"sync-name", "sync-name"}) || r.Copied != 0 {
			t.Errorf("dry %v: %+v", dry, r)
		}
		wantContent(t, dst, map[string]string{"a.ts": "2"})
	}
}

// touched tells when something was made or removed in folders.
func touched(t *testing.T, folders ...string) (when string) {
	for _, f := range folders {
		if info, err := os.Stat(f); err == nil {
			when += info.ModTime().String()
		}
	}
	return when
}
