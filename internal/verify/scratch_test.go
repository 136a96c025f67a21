package verify

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestScratch: what a killed verify left is removed by the next one; what a living one uses, what is not ours and what was made this moment stays.
func TestScratch(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	alive, done, err := Scratch()
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	long := time.Now().Add(-48 * time.Hour)
	make := func(name string, locked bool, at time.Time) string {
		dir := filepath.Join(temp, name)
		if err := os.MkdirAll(filepath.Join(dir, "deep"), 0o700); err != nil {
			t.Fatal(err)
		}
		if locked {
			if err := os.WriteFile(filepath.Join(dir, scratchLock), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(dir, at, at); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	gone := []string{make("filmpress-verify-1", true, long), make("filmpress-verify-2", false, long)}
	if err := os.Chtimes(alive, long, long); err != nil {
		t.Fatal(err)
	}
	stay := []string{alive, make("filmpress-verify-3", false, time.Now()), make("filmpress-verify-4", true, time.Now()), make("other", false, long)}
	if err := os.Symlink(make("elsewhere", true, long), filepath.Join(temp, "filmpress-verify-5")); err != nil {
		t.Fatal(err)
	}
	stay = append(stay, filepath.Join(temp, "elsewhere", "deep"))
	dir, end, err := Scratch()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range gone {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s is left", path)
		}
	}
	for _, path := range append(stay, dir) {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	end()
	if _, err := os.Stat(dir); err == nil {
		t.Error("it stays")
	}
}

// TestSecrets: what opens a signed address is in no report.
func TestSecrets(t *testing.T) {
	for text, want := range map[string]string{
		"https://h/m.m3u8?X-Amz-Credential=AK%2F1&X-Amz-Signature=abcdef": "https://h/m.m3u8?X-Amz-Credential=…&X-Amz-Signature=…",
		"https://h/m.m3u8": "https://h/m.m3u8",
		"\"https://h/a?token=s3cret\" leads to the host":        "\"https://h/a?token=…\" leads to the host",
		"https://h/a?x=s3cret and https://h/b?y=2&z=longer#t=5": "https://h/a?x=… and https://h/b?y=2&z=…#t=5",
		"why? a = b":     "why? a = b",
		"https://h/a?v2": "https://h/a?v2",
	} {
		if got := withoutSecrets(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
