package dir

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"
)

// TestFoldersClock: machines whose clocks are years apart tell the same time in a folder that they share. Nothing is left there.
func TestFoldersClock(t *testing.T) {
	folder := t.TempDir()
	st := folderAt(t, folder)
	here, err := st.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) { // a machine on which it is the year 2000
		if year := time.Now().Year(); year != 2000 {
			t.Fatalf("it is %d", year)
		}
		there, err := folderAt(t, folder).Now(t.Context())
		if off := there.Sub(here); err != nil || off < 0 || off > time.Hour {
			t.Errorf("%v here and %v there, %v", here, there, err)
		}
	})
	if entries, err := os.ReadDir(folder); err != nil || len(entries) > 0 {
		t.Errorf("left: %v, %v", entries, err)
	}
}

// TestClockOfNoFolder: where there is no folder yet, or nobody may write, this machine's clock is all there is.
func TestClockOfNoFolder(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "films")
	if now, err := folderAt(t, missing).Now(t.Context()); err != nil || time.Since(now) > time.Hour {
		t.Errorf("%v, %v", now, err)
	}
	if _, err := os.Stat(missing); !os.IsNotExist(err) {
		t.Errorf("it was made: %v", err)
	}
	if os.Getuid() == 0 {
		t.Skip("skipped: root may write everywhere")
	}
	closed := t.TempDir()
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(closed, 0o700)
	if now, err := folderAt(t, closed).Now(t.Context()); err != nil || time.Since(now) > time.Hour {
		t.Errorf("%v, %v", now, err)
	}
}
