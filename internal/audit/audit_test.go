package audit

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

func (f files) fetch(_ context.Context, uri string) ([]byte, error) {
	if b, ok := f[uri]; ok {
		return b, nil
	}
	return nil, fs.ErrNotExist
}

func (f files) audit() []report.Finding {
	return Release(context.Background(), f.fetch, "r/1/master.m3u8")
}

func TestGoodPresentations(t *testing.T) {
	rungs, s := encoded()
	for name, f := range map[string]files{
		"whole":        sample(t),
		"no sound":     build(rungs, nil, vtt),
		"no subtitles": build(rungs, &s, ""),
		"one rung":     build(rungs[:1], nil, ""),
	} {
		for _, finding := range f.audit() {
			t.Errorf("%s: %v", name, finding)
		}
	}
}

func TestRunsOnAFolder(t *testing.T) {
	dir := t.TempDir()
	for name, b := range sample(t) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	fetch := func(_ context.Context, uri string) ([]byte, error) { return fs.ReadFile(os.DirFS(dir), uri) }
	if findings := Release(context.Background(), fetch, "r/1/master.m3u8"); len(findings) > 0 {
		t.Error(findings)
	}
}

// has says whether a rule was broken.
func has(findings []report.Finding, rule string) bool {
	return slices.ContainsFunc(proved(findings), func(f report.Finding) bool { return f.Rule == rule })
}

// TestDecode: the decoder is asked for each rendition, and what it says is told.
func TestDecode(t *testing.T) {
	f := sample(t)
	for _, c := range []struct {
		rules string
		say   func(frames int64) (int64, error)
	}{
		{"", func(n int64) (int64, error) { return n, nil }},
		{"deep-frames", func(n int64) (int64, error) { return n - 1, nil }},
		{"deep-decode", func(n int64) (int64, error) { return n, errors.New("garbage") }},
	} {
		asked, dir := 0, t.TempDir()
		decode := func(_ context.Context, path string) (Decoded, error) {
			asked++
			if b, err := os.ReadFile(path); err != nil || !bytes.Contains(b[:8], []byte("ftyp")) {
				t.Errorf("%s: no init section (%v)", path, err)
			}
			n, err := c.say(frames)
			return Decoded{Frames: n}, err
		}
		findings, sum, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Decode: decode, Scratch: dir})
		if err != nil || broken(findings) != c.rules || asked != 3 {
			t.Errorf("%q: %d renditions, %v, %v", c.rules, asked, err, findings)
		}
		if want := (Summary{Files: 20, Bytes: sum.Bytes, Pictures: 2, Sounds: 1, Texts: 1, Length: frames * 1001 * time.Second / 30000}); sum != want {
			t.Errorf("summary %+v, want %+v", sum, want)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	}
}

// TestAhead: files that are fetched early are judged in their order, and the findings are the same.
func TestAhead(t *testing.T) {
	f := sample(t)
	swap(big, "EXTINF:6.006000", "EXTINF:6.045000")(f)
	delete(f, "o/a/1.m4s")
	want := broken(f.audit())
	for _, ahead := range []int{1, 2, 100} {
		findings, _, err := Run(t.Context(), plain(f.fetch), Options{Master: master, Trusted: true, Ahead: ahead})
		if got := broken(findings); err != nil || got != want {
			t.Errorf("%d ahead: %q, %v, want %q", ahead, got, err, want)
		}
	}
}

// TestUnreachable: a place that cannot be reached is an error, not a finding.
func TestUnreachable(t *testing.T) {
	f := sample(t)
	fetch := func(ctx context.Context, uri string) ([]byte, error) {
		if uri == "o/a/1.m4s" {
			return nil, store.ErrUnreachable
		}
		return f.fetch(ctx, uri)
	}
	if findings, _, err := Run(t.Context(), plain(fetch), Options{Master: master}); !errors.Is(err, store.ErrUnreachable) || has(findings, "hls-missing") {
		t.Errorf("%v, %v", err, findings)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if findings := Release(ctx, f.fetch, master); !has(findings, "hls-missing") {
		t.Errorf("an end of the context looks like a sound film: %v", findings)
	}
}

func TestResolve(t *testing.T) {
	for _, c := range [][3]string{
		{"r/1/master.m3u8", "v.m3u8", "r/1/v.m3u8"},
		{"r/1/v.m3u8", "../../o/a/0.m4s", "o/a/0.m4s"},
		{"v.m3u8", "a%20b.m4s?x=1", "a b.m4s"},
		{"v.m3u8", "https://example.org/a.m4s", "https://example.org/a.m4s"},
		{"https://example.org/f/r/m.m3u8", "../o/a.m4s", "https://example.org/f/o/a.m4s"},
		{"https://example.org/f/m.m3u8?t=1", "/a.m4s", "https://example.org/a.m4s"},
	} {
		if got := resolve(c[0], c[1]); got != c[2] {
			t.Errorf("%s + %s = %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func FuzzSPS(f *testing.F) {
	rungs, _ := encoded()
	f.Add(rungs[0].track.Config)
	f.Fuzz(func(t *testing.T, b []byte) {
		if s, err := parseAVCC(b); err == nil && (s.width <= 0 || s.height <= 0) {
			t.Errorf("%+v", s)
		}
	})
}

// FuzzRelease lets one file of a good presentation be anything.
func FuzzRelease(f *testing.F) {
	rungs, s := encoded()
	good := build(rungs, &s, vtt)
	var names []string
	for name := range good {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if len(good[name]) < 4000 {
			f.Add(i, good[name])
		}
	}
	defining := func(b []byte, tags string) []byte {
		return bytes.Replace(b, []byte("#EXT-X-VERSION:7\n"), []byte("#EXT-X-VERSION:11\n"+tags), 1)
	}
	f.Add(slices.Index(names, master), defining(bytes.ReplaceAll(good[master], []byte("320x180.m3u8"), []byte("{$p}.m3u8")), "#EXT-X-DEFINE:NAME=\"p\",VALUE=\"320x180\"\n"))
	f.Add(slices.Index(names, big), bytes.ReplaceAll(good[big], []byte("#EXTINF:4"), []byte("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"../../o/160x90/init.mp4\"\n#EXT-X-GAP\n#EXTINF:4")))
	f.Add(slices.Index(names, trick), bytes.ReplaceAll(good[trick], []byte("#EXT-X-BYTERANGE:"), []byte("#EXT-X-SOMETHING:")))
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		name := names[uint(i)%uint(len(names))]
		Release(context.Background(), func(ctx context.Context, uri string) ([]byte, error) {
			if uri == name {
				return b, nil
			}
			return good.fetch(ctx, uri)
		}, master)
	})
}
