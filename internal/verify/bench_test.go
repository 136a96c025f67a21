package verify_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/verify"
)

// BenchmarkUnpublished is what publish pays for its proof before the switch: CPU a minute of film. FILMPRESS_TEST_LIBRARY names a
// library with one film, read from disk; without it, it is the small film of the tests, in memory.
func BenchmarkUnpublished(b *testing.B) {
	set, id := benchSet(b)
	var length time.Duration
	before := cpu(b)
	for b.Loop() {
		r, err := verify.Unpublished(b.Context(), set, id, report.Discard)
		if err != nil || r.Sound() != nil {
			b.Fatal(err, r.Sound())
		}
		length += r.Summary.Length
	}
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/1000/length.Minutes(), "cpu-ms/min")
}

func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func benchSet(b *testing.B) (release.Set, string) {
	library := os.Getenv("FILMPRESS_TEST_LIBRARY")
	if library == "" {
		s := newSite(b)
		return s.set(), s.id
	}
	s := &site{t: b, files: map[string][]byte{}}
	pointers, err := filepath.Glob(filepath.Join(library, "*", "release.json"))
	if err != nil || len(pointers) != 1 {
		b.Fatal("FILMPRESS_TEST_LIBRARY is not the library of one film: ", pointers, err)
	}
	root := filepath.Dir(pointers[0])
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		s.files["the-lake/"+filepath.ToSlash(rel)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	p, err := release.ParsePointer(s.files["the-lake/release.json"])
	if err != nil {
		b.Fatal(err)
	}
	s.id = p.Release
	set := s.set()
	for _, list := range [][]release.File{set.Media, set.Pages} { // from disk, as publish reads them
		for i, f := range list {
			at := filepath.Join(root, filepath.FromSlash(f.Path))
			if !strings.HasPrefix(f.Path, "o/") {
				at = filepath.Join(root, "r", s.id, filepath.FromSlash(f.Path))
			}
			if list[i], err = releasetest.FromDisk(f.Path, at); err != nil {
				b.Fatal(err)
			}
		}
	}
	return set, s.id
}
