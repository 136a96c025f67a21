package mirror_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// folder is a place in a folder of its own, with files in it.
func folder(t testing.TB, files map[string]string) mirror.Place {
	t.Helper()
	path := t.TempDir()
	for name, content := range files {
		write(t, path, name, content)
	}
	return folderAt(t, path)
}

func folderAt(t testing.TB, path string) mirror.Place {
	t.Helper()
	st, err := dir.New(path)
	if err != nil {
		t.Fatal(err)
	}
	return mirror.Place{Store: st, Folder: path}
}

func write(t testing.TB, folder, name, content string) {
	t.Helper()
	path := filepath.Join(folder, filepath.FromSlash(name))
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// memory is a bucket in memory, with objects in it.
func memory(t testing.TB, files map[string]string) mirror.Place {
	t.Helper()
	st := storetest.Memory()
	for name, content := range files {
		storetest.Put(t, st, name, []byte(content))
	}
	return mirror.Place{Store: st}
}

// bucket is a real bucket below a prefix of its own.
func bucket(t testing.TB, server s3server.Server, prefix string, set ...func(*s3.Options)) mirror.Place {
	t.Helper()
	server.Setenv(t)
	o := s3.Options{Bucket: server.Bucket, Prefix: prefix, Endpoint: server.Endpoint, Region: "us-east-1", Part: storetest.Part}
	for _, f := range set {
		f(&o)
	}
	st, err := s3.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return mirror.Place{Store: st}
}

// content reads a whole place.
func content(t testing.TB, p mirror.Place) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range storetest.Names(t, p.Store, "") {
		all[name] = string(storetest.Get(t, p.Store, name))
	}
	return all
}

func wantContent(t testing.TB, p mirror.Place, want map[string]string) {
	t.Helper()
	got := content(t, p)
	if maps.Equal(got, want) {
		return
	}
	for name := range want {
		if got[name] != want[name] {
			t.Errorf("%s: %q holds %.60q, want %.60q", p.Store, name, got[name], want[name])
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %q is there", p.Store, name)
		}
	}
}

func options(t testing.TB) mirror.Options {
	return mirror.Options{Cache: t.TempDir(), MaxDelete: mirror.Limit{Count: -1, Share: 100}}
}

// bring runs a sync that must go well.
func bring(t testing.TB, src, dst mirror.Place, o mirror.Options) mirror.Result {
	t.Helper()
	r, err := mirror.Run(t.Context(), src, dst, o, report.Discard)
	if err != nil {
		t.Fatalf("%v %+v", err, r)
	}
	return r
}

func rules(fs []report.Finding) []string {
	var out []string
	for _, f := range fs {
		out = append(out, f.Rule)
	}
	return out
}

// film is a small film's files, with all that has a rank.
var film = map[string]string{
	"lake/o/0123456789abcdef/v0/00000.m4s":      "segment 0",
	"lake/o/0123456789abcdef/v0/init.mp4":       "init",
	"lake/r/0123456789abcdef0123/en.m3u8":       "#EXTM3U\n../../o/0123456789abcdef/v0/00000.m4s\n",
	"lake/r/0123456789abcdef0123/index.html":    "page of the release",
	"lake/r/0123456789abcdef0123/manifest.json": "{}",
	"lake/r/0123456789abcdef0123/master.m3u8":   "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nen.m3u8\n",
	"lake/index.html":                           "entrance",
	"lake/master.m3u8":                          "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nr/0123456789abcdef0123/en.m3u8\n",
	"lake/release.json":                         "{}",
	"a b+c%20d/ключ \"x\" & <y>; 'z'/日本.ts":     "strange names",
	"a b+c%20d/ключ \"x\" & <y>; 'z'/100%.txt":  "percent",
	"empty.vtt":                                     "",
	"stranger/index.m3u8":                           "#EXTM3U\nseg-1.ts\n",
	"stranger/seg-1.ts":                             "segment",
	"stranger/main.m3u8":                            "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nindex.m3u8\n",
	"stranger/feed.xml":                             "feed",
	"stranger/manifest.mpd":                         "mpd",
	"stranger-2/[a-z]*?.ts":                         "a name that looks like a pattern",
	"stranger-2/" + strings.Repeat("long", 50):      strings.Repeat("long ", 100_000),
	"stranger/" + strings.Repeat("deep/", 20) + "x": "deep",
}

// places makes an empty place of each kind.
func places(t testing.TB) map[string]func(prefix string, files map[string]string) mirror.Place {
	server := sync.OnceValue(func() s3server.Server { return s3server.Start(t) })
	fill := func(p mirror.Place, files map[string]string) mirror.Place {
		for name, content := range files {
			storetest.Put(t, p.Store, name, []byte(content))
		}
		return p
	}
	return map[string]func(string, map[string]string) mirror.Place{
		"folder": func(_ string, files map[string]string) mirror.Place { return folder(t, files) },
		"memory": func(_ string, files map[string]string) mirror.Place { return memory(t, files) },
		"bucket": func(prefix string, files map[string]string) mirror.Place {
			return fill(bucket(t, server(), prefix), files)
		},
	}
}

// whole is an error where a playlist or page at a place leads to what is not there.
func whole(t testing.TB, st store.Store) error {
	t.Helper()
	have := map[string]bool{}
	for obj, err := range st.List(t.Context(), "") {
		if err != nil {
			return err
		}
		have[obj.Name] = true
	}
	needs := map[string][]string{
		"lake/r/0123456789abcdef0123/en.m3u8":       {"lake/o/0123456789abcdef/v0/00000.m4s", "lake/o/0123456789abcdef/v0/init.mp4"},
		"lake/r/0123456789abcdef0123/master.m3u8":   {"lake/r/0123456789abcdef0123/en.m3u8"},
		"lake/r/0123456789abcdef0123/index.html":    {"lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/r/0123456789abcdef0123/manifest.json": {"lake/r/0123456789abcdef0123/index.html", "lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/release.json":                         {"lake/r/0123456789abcdef0123/manifest.json"},
		"lake/index.html":                           {"lake/release.json", "lake/r/0123456789abcdef0123/master.m3u8"},
		"lake/master.m3u8":                          {"lake/release.json", "lake/r/0123456789abcdef0123/en.m3u8"},
		"stranger/index.m3u8":                       {"stranger/seg-1.ts"},
		"stranger/main.m3u8":                        {"stranger/index.m3u8"},
		"stranger/manifest.mpd":                     {"stranger/seg-1.ts"},
		"stranger/feed.xml":                         {"stranger/main.m3u8"},
	}
	for name, links := range needs {
		for _, link := range links {
			if have[name] && !have[link] {
				return fmt.Errorf("%s is there, and %s, to which it leads, is not", name, link)
			}
		}
	}
	return nil
}
