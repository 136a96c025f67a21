package rules

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/asticode/go-astisub"

	"filmpress/internal/subtitle"
)

// spoken is what the large files are made of: ordinary cues, some with tags, in two scripts.
var spoken = []string{
	"This is what <i>somebody</i> says here,\nand this is the answer to it.",
	"We came here at the end of the winter.",
	"- Ты помнишь, как это было?\n- Конечно, помню.",
	"- Do you remember the old bridge?\n- Of course. We swam under it.",
	"Мы приехали сюда в конце зимы,\nкогда дорога была ещё закрыта.",
	"My father used to say…",
}

// large is a file of about as many bytes as asked for, in the cues' order, three seconds a cue.
func large(f subtitle.Format, size int) []byte {
	var b strings.Builder
	sep := byte(',')
	if f == subtitle.WebVTT {
		sep = '.'
		b.WriteString("WEBVTT\n\n")
	}
	for i := 0; b.Len() < size; i++ {
		at := time.Duration(i) * 5 * time.Second
		fmt.Fprintf(&b, "%d\n%s --> %s\n%s\n\n", i+1, subtitle.FormatTime(at, sep), subtitle.FormatTime(at+4*time.Second, sep), spoken[i%len(spoken)])
	}
	return []byte(b.String())
}

// poor is a file in which nearly every cue breaks several rules.
func poor(f subtitle.Format, size int) []byte {
	data := bytes.ReplaceAll(large(f, size), []byte("<i>somebody</i> says here,\n"), []byte("somebody\xc2\xa0says here and over there and everywhere..."))
	data = bytes.ReplaceAll(data, []byte(" winter."), []byte("\nwint\xd0\xb5r"))
	for _, end := range []string{"5", "0"} { // cues of half a second, and overlaps
		data = bytes.ReplaceAll(data, []byte(end+",000\n"), []byte(end+",300\n"))
		data = bytes.ReplaceAll(data, []byte(end+".000\n"), []byte(end+".300\n"))
	}
	return data
}

// everything is the default profile with the rules on that it has off.
func everything(t testing.TB) Settings { return with(t, "cue-wpm=warn cue-wpm.max=400") }

func readAndCheck(name string, data []byte, s Settings) int {
	track, read := subtitle.Read(name, data, subtitle.Options{})
	return len(Check(&track, read, s))
}

// astisubReads reads a file with the library that all others use.
func astisubReads(f subtitle.Format, data []byte) (err error) {
	if f == subtitle.WebVTT {
		_, err = astisub.ReadFromWebVTT(bytes.NewReader(data))
	} else {
		_, err = astisub.ReadFromSRT(bytes.NewReader(data))
	}
	return err
}

// median is the middle of the CPU times of several runs, garbage collection included.
func median(runs int, f func()) time.Duration {
	var took []time.Duration
	for range runs {
		runtime.GC()
		start := cpu()
		f()
		took = append(took, cpu()-start)
	}
	slices.Sort(took)
	return took[len(took)/2]
}

// bench skips a measurement where nobody asked for it: it says nothing about whether the code is right.
func bench(t *testing.T) {
	if os.Getenv("FILMPRESS_TEST_BENCH") == "" {
		t.Skip("make bench-subs measures this")
	}
}

const megabyte = 1 << 20

func TestSpeedAgainstAstisub(t *testing.T) {
	bench(t)
	for _, f := range []subtitle.Format{subtitle.SRT, subtitle.WebVTT} {
		data, s := large(f, 2*megabyte), everything(t)
		if n := readAndCheck("large."+f.String(), data, s); n > 3 {
			t.Fatalf("%d findings", n)
		}
		ours := median(15, func() { readAndCheck("large."+f.String(), data, s) })
		reading := median(15, func() { subtitle.Read("large."+f.String(), data, subtitle.Options{}) })
		theirs := median(5, func() {
			if err := astisubReads(f, data); err != nil {
				t.Fatal(err)
			}
		})
		ratio := float64(theirs) / float64(ours)
		t.Logf("%s, %.1f MB: read and checked in %v CPU (%v of it read); go-astisub reads it in %v: %.1f times as long", f, float64(len(data))/megabyte, ours, reading, theirs, ratio)
		if ratio < 4 {
			t.Errorf("%s: the ratio is %.1f, it has to be 4", f, ratio)
		}
	}
}

func TestSpeedIsLinear(t *testing.T) {
	bench(t)
	for _, f := range []subtitle.Format{subtitle.SRT, subtitle.WebVTT} {
		s := everything(t)
		small, big := large(f, megabyte/2), large(f, 5*megabyte)
		one := median(25, func() { readAndCheck("small."+f.String(), small, s) })
		ten := median(9, func() { readAndCheck("big."+f.String(), big, s) })
		ratio := float64(ten) / float64(one)
		t.Logf("%s: %v for 0.5 MB, %v for 5 MB: %.1f times", f, one, ten, ratio)
		if ratio > 11 {
			t.Errorf("%s: ten times the cues take %.1f times as long", f, ratio)
		}
	}
}

// TestSpeedManyFiles judges 10,000 files of ten cues, on all processors, from memory and from disk.
func TestSpeedManyFiles(t *testing.T) {
	bench(t)
	const files = 10_000
	dir, s := t.TempDir(), everything(t)
	names := make([]string, files)
	for i := range names {
		f := []subtitle.Format{subtitle.SRT, subtitle.WebVTT}[i%2]
		names[i] = filepath.Join(dir, fmt.Sprintf("film%d.%s", i, f))
		if err := os.WriteFile(names[i], large(f, 1000+i%200), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start, used := time.Now(), cpu()
	var wg sync.WaitGroup
	for w := range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := w; i < files; i += runtime.GOMAXPROCS(0) {
				data, err := os.ReadFile(names[i])
				if err != nil {
					t.Error(err)
					return
				}
				readAndCheck(filepath.Base(names[i]), data, s)
			}
		})
	}
	wg.Wait()
	took := time.Since(start)
	used = cpu() - used
	perCPU := float64(files) / used.Seconds() * float64(runtime.GOMAXPROCS(0))
	t.Logf("%d files on %d processors: %.0f a second by the clock, %.0f by CPU time (%v)", files, runtime.GOMAXPROCS(0), files/took.Seconds(), perCPU, used)
	if perCPU < 5000 {
		t.Errorf("%.0f files a second", perCPU)
	}
}

// TestMemory judges a file in a process of its own, and looks how much that process grew.
func TestMemory(t *testing.T) {
	if name := os.Getenv("FILMPRESS_TEST_MEMORY"); name != "" {
		grow(name)
		return
	}
	bench(t)
	for _, f := range []subtitle.Format{subtitle.SRT, subtitle.WebVTT} {
		measureMemory(t, f, large(f, 2*megabyte))
		measureMemory(t, f, bytes.ReplaceAll(large(f, 2*megabyte), []byte(":05"), []byte(":02"))) // a finding or two every few cues
		measureMemory(t, f, poor(f, 2*megabyte))                                                  // thousands of findings are the larger part
	}
}

// measureMemory holds what a file takes to three times its size.
func measureMemory(t *testing.T, f subtitle.Format, data []byte) {
	t.Helper()
	const limit = 3
	name := filepath.Join(t.TempDir(), "large."+f.String())
	if err := os.WriteFile(name, data, 0o644); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemory$", "-test.v")
		cmd.Env = append(os.Environ(), "FILMPRESS_TEST_MEMORY="+name)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, line, _ := strings.Cut(string(out), "grew ")
		var resident, allocated, live, found int
		if _, err := fmt.Sscanf(line, "%d KB resident, %d KB allocated, %d KB live, %d findings", &resident, &allocated, &live, &found); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		size := float64(len(data)) / 1024
		t.Logf("%s, %.1f MB, %d findings: resident %.2f times the file, live %.2f, allocated in all %.2f", f, size/1024, found,
			float64(resident)/size, float64(live)/size, float64(allocated)/size)
		if float64(resident) > limit*size || float64(live) > limit*size {
			t.Errorf("over %d times the file", limit)
		}
	}
}

// grow reads and judges a file, and says how much memory that took: the file itself, the track and all else. What every
// check of any file needs once (the rules, the words of languages) is there before.
func grow(name string) {
	for _, f := range []subtitle.Format{subtitle.SRT, subtitle.WebVTT} {
		readAndCheck("film."+f.String(), poor(f, 20<<10), Settings{})
	}
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	resident := status("VmRSS:")
	data, err := os.ReadFile(name)
	if err != nil {
		panic(err)
	}
	track, read := subtitle.Read(filepath.Base(name), data, subtitle.Options{})
	found := Check(&track, read, Settings{})
	runtime.ReadMemStats(&after)
	highest := status("VmHWM:")
	runtime.GC()
	var live runtime.MemStats
	runtime.ReadMemStats(&live)
	fmt.Printf("grew %d KB resident, %d KB allocated, %d KB live, %d findings\n", highest-resident, (after.TotalAlloc-before.TotalAlloc)>>10, (live.HeapAlloc-before.HeapAlloc)>>10, len(found))
	runtime.KeepAlive(track)
	runtime.KeepAlive(found)
	runtime.KeepAlive(data)
}

// status is a size of /proc/self/status in KB.
func status(key string) (kb int) {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, key); ok {
			fmt.Sscan(rest, &kb)
		}
	}
	return kb
}

func BenchmarkCheck(b *testing.B) {
	for _, f := range []subtitle.Format{subtitle.SRT, subtitle.WebVTT} {
		data, s := large(f, 2*megabyte), everything(b)
		track, read := subtitle.Read("large."+f.String(), data, subtitle.Options{})
		b.Run(f.String(), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				Check(&track, read, s)
			}
		})
	}
}
