package ffmpeg

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestLargePages: where the kernel gives large pages to who asks for them, an encoder asks for all of its heap, inside the sandbox, too; who has
// set tunables of glibc keeps them.
func TestLargePages(t *testing.T) {
	inside := tools(t)
	if kernel, _ := os.ReadFile("/sys/kernel/mm/transparent_hugepage/enabled"); !strings.Contains(string(kernel), "[madvise]") {
		t.Skipf("skipped: this kernel does not wait to be asked: %q", kernel)
	}
	outside := inside
	outside.Sandboxed = false
	for _, use := range []*Tools{&inside, &outside} {
		if asked, heap := askedFor(t, *use); asked < heap*9/10 {
			t.Errorf("sandboxed %v: asked for %d kB of %d", use.Sandboxed, asked, heap)
		}
	}
	t.Setenv(tunables, "glibc.malloc.hugetlb=0")
	if asked, heap := askedFor(t, outside); asked > heap*3/4 { // x264 asks for the largest of what it takes by itself
		t.Errorf("with the user's own tunables: asked for %d kB of %d", asked, heap)
	}
}

// askedFor is how much an encoder's heap holds, and how much of that lies where it asked for large pages, in kB.
// Source: Linux, Documentation/filesystems/proc.rst, VmFlags of smaps: hg.
func askedFor(t *testing.T, use Tools) (asked, heap int64) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.mp4") // by which the process is found
	look := func(Progress) {
		processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
		for _, p := range processes {
			line, _ := os.ReadFile(p)
			maps, err := os.ReadFile(filepath.Join(filepath.Dir(p), "smaps"))
			if err != nil || !strings.HasPrefix(string(line), use.FFmpeg) || !strings.Contains(string(line), out) {
				continue
			}
			asked, heap = 0, 0
			var inHeap bool
			var held int64
			for line := range strings.Lines(string(maps)) {
				switch name, rest, _ := strings.Cut(line, " "); {
				case !strings.HasSuffix(name, ":"): // a mapping's first line
					inHeap = strings.HasSuffix(line, "[heap]\n")
				case !inHeap:
				case name == "Rss:":
					fmt.Sscan(rest, &held)
					heap += held
				case name == "VmFlags:" && slices.Contains(strings.Fields(rest), "hg"):
					asked += held
				}
			}
		}
	}
	err := use.Run(t.Context(), Job{Progress: look, Args: []string{"-f", "lavfi", "-i", "testsrc2=s=1280x720:r=25:d=3", "-c:v", "libx264", "-threads", "1", "file:" + out}})
	if err != nil {
		t.Fatal(err)
	}
	if heap == 0 {
		t.Fatal("no heap was seen")
	}
	return asked, heap
}
