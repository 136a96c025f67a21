package verify_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"filmpress/internal/missing"
	"filmpress/internal/origin"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/verify"
	"filmpress/internal/watch"
)

const pipeline = `about: for tests
segment: 6
gop: 2
video: {chunk: 60, preset: ultrafast, crf: 30, ladder: [{width: 320, height: 180, max: 300}]}
audio: {bitrate: 64, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 4, width: 96}
subtitles: {segment: 6}
`

const subtitles = "1\n00:00:01,000 --> 00:00:04,000\nThe lake freezes\n\n2\n00:00:05,000 --> 00:00:07,500\nOver the edge of a segment\n\n3\n00:00:10,000 --> 00:00:12,900\nThe end\n"

// published is a library with one film, as `filmpress publish` makes it, made once for all tests.
var published = sync.OnceValues(func() (map[string][]byte, error) {
	work, err := os.MkdirTemp("", "filmpress-verify-test-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	film := filepath.Join(work, "film.mp4")
	out, err := exec.Command("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25", "-f", "lavfi", "-i", "sine=440:r=48000", "-t", "13",
		"-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", film).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("ffmpeg: %w\n%s", err, out)
	}
	for name, text := range map[string]string{"film.en.srt": subtitles, "p.yml": pipeline} {
		if err := os.WriteFile(filepath.Join(work, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	library := filepath.Join(work, "library")
	program := os.Getenv("FILMPRESS_TEST_BINARY") // make test has built it
	if program == "" {
		program = filepath.Join(work, "filmpress")
		if out, err := exec.Command("go", "build", "-o", program, "filmpress/cmd/filmpress").CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	args := []string{"publish", film, "--pipeline", filepath.Join(work, "p.yml"), "--to", library, "--kept", filepath.Join(work, "kept"), "--language", "en", "--title", "The Lake"}
	if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("publish: %w\n%s", err, out)
	}
	files := map[string][]byte{}
	root := os.DirFS(library)
	return files, fs.WalkDir(root, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		files[name], err = fs.ReadFile(root, name)
		return err
	})
})

// site is a published library that a test damages, and how it is served.
type site struct {
	t       testing.TB
	files   map[string][]byte
	id      string                       // of the release
	header  map[string]map[string]string // by file, or by extension: headers that differ; "" is none
	ignore  bool                         // Range is not heeded
	answers map[string]http.HandlerFunc
}

func newSite(t testing.TB) *site {
	t.Helper()
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	files, err := published()
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, files: maps.Clone(files), header: map[string]map[string]string{}, answers: map[string]http.HandlerFunc{}}
	p, err := release.ParsePointer(s.files["the-lake/release.json"])
	if err != nil {
		t.Fatal(err)
	}
	s.id = p.Release
	return s
}

// find is the one file whose name matches, by path.Match's pattern of its end: "o/*/v0/00000.m4s".
func (s *site) find(suffix string) string {
	s.t.Helper()
	var found []string
	for _, name := range slices.Sorted(maps.Keys(s.files)) {
		if strings.HasSuffix(name, suffix) {
			found = append(found, name)
		}
	}
	if len(found) == 0 {
		s.t.Fatalf("no file ends in %s: %v", suffix, slices.Sorted(maps.Keys(s.files)))
	}
	return found[0]
}

// spoilPlayer changes a file of the player.
func (s *site) spoilPlayer(of func(watch.Player) watch.File) {
	s.t.Helper()
	player, ok := watch.Bundle()
	if !ok {
		missing.Tool(s.t, "the player is not built; make player builds it")
	}
	s.change(s.find(of(player).Name), func(b []byte) []byte { return append(b, '\n') })
	s.honest()
}

// page is a file of the release's own folder.
func (s *site) page(name string) string { return "the-lake/r/" + s.id + "/" + name }

// edit replaces text in a file; text that is not there is a mistake of the test.
func (s *site) edit(name, old, with string) {
	s.t.Helper()
	if !bytes.Contains(s.files[name], []byte(old)) {
		s.t.Fatalf("%s does not hold %q:\n%.2000s", name, old, s.files[name])
	}
	s.files[name] = bytes.ReplaceAll(s.files[name], []byte(old), []byte(with))
}

// change gives a copy of a file to a function, and takes what it makes of it.
func (s *site) change(name string, f func(b []byte) []byte) {
	s.t.Helper()
	if s.files[name] == nil {
		s.t.Fatalf("no file %s", name)
	}
	s.files[name] = f(bytes.Clone(s.files[name]))
}

func (s *site) manifest() release.Manifest {
	s.t.Helper()
	m, err := release.ParseManifest(s.files[s.page("manifest.json")], "", s.id)
	if err != nil {
		s.t.Fatal(err)
	}
	return m
}

// list writes a manifest, and gives the release the name that follows from it, everywhere.
func (s *site) list(m release.Manifest) {
	s.t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(m); err != nil {
		s.t.Fatal(err)
	}
	sum := sha256.Sum256(b.Bytes())
	old, id := s.id, hex.EncodeToString(sum[:])[:20]
	s.files[s.page("manifest.json")] = b.Bytes()
	moved := map[string][]byte{}
	for name, data := range s.files {
		moved[strings.Replace(name, "/r/"+old+"/", "/r/"+id+"/", 1)] = data
	}
	s.files, s.id = moved, id
	for _, name := range []string{"release.json", "index.html", "master.m3u8", "embed.html"} {
		s.files["the-lake/"+name] = bytes.ReplaceAll(s.files["the-lake/"+name], []byte(old), []byte(id))
	}
}

// honest makes the manifest tell the truth about changed files, so that a fault shows by itself and not by its digest.
func (s *site) honest() {
	s.t.Helper()
	m := s.manifest()
	for at, entries := range map[string][]release.Entry{"the-lake/": m.Media, s.page(""): m.Pages} {
		for i, e := range entries {
			b := s.files[at+e.Path]
			sum := sha256.Sum256(b)
			entries[i].Size, entries[i].SHA256, entries[i].MD5 = int64(len(b)), hex.EncodeToString(sum[:]), ""
		}
	}
	s.list(m)
}

// without takes an entry out of the manifest, and with adds one.
func (s *site) without(suffix string) {
	m := s.manifest()
	gone := func(e release.Entry) bool { return strings.HasSuffix(e.Path, suffix) }
	m.Media, m.Pages = slices.DeleteFunc(m.Media, gone), slices.DeleteFunc(m.Pages, gone)
	s.list(m)
}

func (s *site) with(path string, data string) {
	m := s.manifest()
	sum := sha256.Sum256([]byte(data))
	e := release.Entry{Path: path, Size: int64(len(data)), SHA256: hex.EncodeToString(sum[:]), Type: store.TypeOf(path), CacheControl: store.Immutable}
	at := "the-lake/"
	if strings.HasPrefix(path, "o/") {
		m.Media = append(m.Media, e)
	} else {
		at = s.page("")
		m.Pages = append(m.Pages, e)
	}
	s.files[at+path] = []byte(data)
	byPath := func(a, b release.Entry) int { return strings.Compare(a.Path, b.Path) }
	slices.SortFunc(m.Media, byPath)
	slices.SortFunc(m.Pages, byPath)
	s.list(m)
}

// inFolder verifies the library as a folder.
func (s *site) inFolder(o verify.Options) []report.Finding {
	s.t.Helper()
	root := s.t.TempDir()
	for name, b := range s.files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			s.t.Fatal(err)
		}
		if err := os.WriteFile(path, b, 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
	st, err := dir.New(root)
	if err != nil {
		s.t.Fatal(err)
	}
	place, err := verify.InStore(s.t.Context(), st, "library", "", false)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.run(place, o)
}

// onWeb serves the library and verifies it at its address.
func (s *site) onWeb(o verify.Options) []report.Finding {
	s.t.Helper()
	server := httptest.NewServer(s)
	defer server.Close()
	address, err := url.Parse(server.URL + "/the-lake/")
	if err != nil {
		s.t.Fatal(err)
	}
	place, err := verify.OnWeb(s.t.Context(), origin.NewWeb(address, nil, "test"), address)
	if err != nil {
		s.t.Fatal(err)
	}
	return s.run(place, o)
}

func (s *site) run(place verify.Place, o verify.Options) []report.Finding {
	s.t.Helper()
	if len(place.Films) != 1 {
		s.t.Fatalf("films: %v", place.Films)
	}
	r, err := place.Run(s.t.Context(), place.Films[0], o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Findings
}

// ServeHTTP serves as a bucket does that release filled and that lets pages of all origins read.
func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	if answer := s.answers[name]; answer != nil {
		answer(w, r)
		return
	}
	b, ok := s.files[name]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", store.TypeOf(name))
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Expose-Headers", "Content-Length, Content-Range, ETag")
	h.Set("Cache-Control", store.Revalidate)
	if strings.Contains(name, "/o/") || strings.Contains(name, "/r/") {
		h.Set("Cache-Control", store.Immutable)
	}
	if store.Compressible(store.TypeOf(name)) && r.Header.Get("Range") == "" && filepath.Base(name) != "release.json" {
		b = store.Gzip(b)
		h.Set("Content-Encoding", "gzip")
	}
	for _, key := range []string{filepath.Ext(name), name} {
		for k, v := range s.header[key] {
			switch {
			case k == "Content-Encoding" && v == "gzip":
				b = store.Gzip(b)
			case k == "Content-Encoding" && v == "" && h.Get(k) == "gzip":
				b = s.files[name]
			}
			if h.Set(k, v); v == "" {
				h.Del(k)
			}
		}
	}
	if s.ignore {
		w.Write(b)
		return
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(b))
}

// serve changes a header for a file or for an extension; "" takes it away.
func (s *site) serve(which, header, value string) {
	if s.header[which] == nil {
		s.header[which] = map[string]string{}
	}
	s.header[which][header] = value
}
