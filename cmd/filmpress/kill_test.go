package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/missing"
	"filmpress/internal/store/storetest/faults"
)

// killed is a publisher that is killed and started again, in a folder of its own.
type killed struct {
	t    *testing.T
	dir  string
	film string
}

// command is one publish; its story comes as JSON lines.
func (k killed) command() *exec.Cmd {
	cmd := exec.Command("filmpress", "publish", k.film, "--pipeline", filepath.Join(k.dir, "parts.yml"), "--language", "en",
		"--to", filepath.Join(k.dir, "library"), "--log-format", "json", "--workers", "2")
	cmd.Env = append(os.Environ(), "FILMPRESS_KEPT="+filepath.Join(k.dir, "kept"), "HOME="+k.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// recorded are the digests of the finished results.
func (k killed) recorded() map[string]bool {
	names, err := filepath.Glob(filepath.Join(k.dir, "kept", "*.json"))
	if err != nil {
		k.t.Fatal(err)
	}
	all := map[string]bool{}
	for _, n := range names {
		all[strings.TrimSuffix(filepath.Base(n), ".json")] = true
	}
	return all
}

// run publishes until it is killed after a while (0 is never), and insists that nothing finished is begun again. A publisher that was not killed
// ends well.
func (k killed) run(after time.Duration) {
	k.t.Helper()
	before := k.recorded()
	cmd := k.command()
	var story bytes.Buffer
	cmd.Stderr = &story
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	if after > 0 {
		time.AfterFunc(after, func() { cmd.Process.Kill() })
	}
	err, said := cmd.Wait(), story.String()
	if how := cmd.ProcessState.Sys().(syscall.WaitStatus); err != nil && (after == 0 || !how.Signaled() || how.Signal() != syscall.SIGKILL) {
		k.t.Fatalf("%v\n%s", err, said)
	}
	begun := 0
	lines := bufio.NewScanner(&story)
	for lines.Scan() {
		var e struct{ Event, Step, Digest string }
		if json.Unmarshal(lines.Bytes(), &e) != nil || e.Event != "step-started" || e.Digest == "" {
			continue
		}
		begun++
		if before[e.Digest] {
			k.t.Errorf("%s was finished, and is begun again", e.Step)
		}
	}
	if err := lines.Err(); err != nil {
		k.t.Fatal(err)
	}
	if len(before) == 0 && after == 0 && begun == 0 {
		k.t.Errorf("nothing tells with its digest that it was begun, so nothing was looked at:\n%s", said)
	}
}

// files are the published files with their bytes.
func (k killed) files() map[string]string {
	k.t.Helper()
	return filesOf(k.t, filepath.Join(k.dir, "library"))
}

// filesOf are the files below a folder with their bytes, but for those that nobody is served.
func filesOf(t *testing.T, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(path)
		rel, _ := filepath.Rel(root, path)
		all[rel] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// whole says that there is no release, or one that has every file its manifest names.
func (k killed) whole() {
	k.t.Helper()
	film := filepath.Join(k.dir, "library", "film")
	data, err := os.ReadFile(filepath.Join(film, "release.json"))
	if err != nil {
		return
	}
	var pointer struct{ Release string }
	type file struct{ Path string }
	var manifest struct{ Media, Pages []file }
	if err := json.Unmarshal(data, &pointer); err != nil {
		k.t.Fatal(err)
	}
	if data, err = os.ReadFile(filepath.Join(film, "r", pointer.Release, "manifest.json")); err == nil {
		err = json.Unmarshal(data, &manifest)
	}
	if err != nil || len(manifest.Media)*len(manifest.Pages) == 0 {
		k.t.Fatalf("a release without its manifest: %v", err)
	}
	for root, list := range map[string][]file{film: manifest.Media, filepath.Join(film, "r", pointer.Release): manifest.Pages} {
		for _, f := range list {
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(f.Path))); err != nil {
				k.t.Errorf("half a release: %v", err)
			}
		}
	}
}

// leftovers are ffmpeg processes that work for this publisher.
func (k killed) leftovers() (found []string) {
	processes, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, p := range processes {
		if line, err := os.ReadFile(p); err == nil && bytes.Contains(line, []byte(k.dir)) && bytes.Contains(line, []byte("ffmpeg")) {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}

// stillRunning are the leftovers that do not end by themselves soon: a process that was killed takes its moment to go.
func (k killed) stillRunning() (found []string) {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		if found = k.leftovers(); len(found) == 0 || time.Now().After(end) {
			return found
		}
	}
}

const parts = `segment: 2
gop: 1
video: {chunk: 6, preset: ultrafast, crf: 30, ladder: [{width: 160, height: 90, max: 100}, {width: 320, height: 180, max: 300}]}
audio: {bitrate: 64, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 2, width: 80}
subtitles: {segment: 2}
`

// makeSmall makes the small film of smallFilm and what lies beside it, in the folder shared.
var makeSmall = sync.OnceValue(func() error {
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=18", "-f", "lavfi", "-i", "sine=d=18",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", filepath.Join(shared, "film.mp4")).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	var poster bytes.Buffer
	return errors.Join(png.Encode(&poster, image.NewGray(image.Rect(0, 0, 320, 180))),
		os.WriteFile(filepath.Join(shared, "poster.png"), poster.Bytes(), 0o644),
		os.WriteFile(filepath.Join(shared, "film.md"), []byte("---\nposter: poster.png\n---\n"), 0o644))
})

// smallFilm is the film of tests about killing and machines, with an article and a poster, which workers need too, and a publisher of it.
func smallFilm(t *testing.T) (start func() killed) {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	if err := makeSmall(); err != nil {
		t.Fatal(err)
	}
	return func() killed {
		k := killed{t, t.TempDir(), filepath.Join(shared, "film.mp4")}
		if err := os.WriteFile(filepath.Join(k.dir, "parts.yml"), []byte(parts), 0o644); err != nil {
			t.Fatal(err)
		}
		return k
	}
}

// calmKept is the folder of what undisturbed kept, in the folder shared.
const calmKept = "kept"

// calm is what undisturbed made once.
var calm struct {
	sync.Once
	files map[string]string
	took  time.Duration
}

// undisturbed is the library that a publisher of the small film makes who is left alone, and how long that takes.
func undisturbed(t *testing.T) (files map[string]string, took time.Duration) {
	t.Helper()
	start := smallFilm(t)
	calm.Do(func() {
		k := start()
		began := time.Now()
		k.run(0)
		calm.took = time.Since(began)
		if err := os.CopyFS(filepath.Join(shared, calmKept), os.DirFS(filepath.Join(k.dir, "kept"))); err != nil {
			t.Fatal(err)
		}
		calm.files = k.files()
	})
	if len(calm.files) == 0 {
		t.Fatal("the publisher that was left alone made nothing; another test says why")
	}
	return calm.files, calm.took
}

// TestKilledAnywhere kills publishers with SIGKILL at random moments. Whatever the moments, the next run goes on, nothing
// finished is done twice, no viewer meets half a release, and at the end every byte is that of a run that was left alone.
// FILMPRESS_TEST_KILLS is how many are killed; the moments come from a seed, which is told.
func TestKilledAnywhere(t *testing.T) {
	t.Parallel()
	kills := faults.Times("FILMPRESS_TEST_KILLS", 4)
	start := smallFilm(t)
	want, took := undisturbed(t)

	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d, one run takes %v", seed, took)
	moments := rand.New(rand.NewPCG(seed, 0))
	for n := 0; n < kills; {
		k := start()
		for range min(kills-n, 1+moments.IntN(4)) {
			k.run(1 + time.Duration(moments.Float64()*float64(took)))
			k.whole()
			n++
		}
		k.run(0)
		if got := k.files(); !maps.Equal(got, want) {
			t.Errorf("after kills the library differs: %s", differing(got, want))
		}
		if found := k.stillRunning(); len(found) > 0 {
			t.Errorf("still running: %q", found)
		}
	}
}

// differing names what is not the same.
func differing(got, want map[string]string) []string {
	var names []string
	for name := range got {
		if _, ok := want[name]; !ok {
			names = append(names, "+ "+name)
		}
	}
	for name, data := range want {
		if other, ok := got[name]; !ok {
			names = append(names, "- "+name)
		} else if other != data {
			names = append(names, "~ "+name)
		}
	}
	slices.Sort(names)
	return names
}
