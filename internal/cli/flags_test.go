package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/engine"
	"filmpress/internal/engine/local"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	films "filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/s3server"
)

// keptFilm gives the arguments of publish for the tiny film, and the folder of its kept results, which are all there and the test's own.
func keptFilm(t *testing.T) (publish []string, kept string) {
	t.Helper()
	publish = tinyFilm(t)
	if got := say(t, append(slices.Clone(publish), "--to", t.TempDir())); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	kept = filepath.Join(t.TempDir(), "kept")
	last := len(publish) - 1
	if err := os.CopyFS(kept, os.DirFS(publish[last])); err != nil {
		t.Fatal(err)
	}
	publish[last] = kept
	return publish, kept
}

// spoil changes all files of a name among the kept results, and gives their paths: other tests publish the film by other titles. With recorded, the
// records are changed too, as if the step had made it so.
func spoil(t *testing.T, kept, name, old, new string, recorded bool) (paths []string) {
	t.Helper()
	records, err := filepath.Glob(filepath.Join(kept, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		raw, err := os.ReadFile(record)
		if err != nil {
			t.Fatal(err)
		}
		var files []engine.File
		if json.Unmarshal(raw, &files) != nil {
			continue
		}
		for i, f := range files {
			if f.Path != name {
				continue
			}
			path := filepath.Join(strings.TrimSuffix(record, ".json"), filepath.FromSlash(name))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Contains(data, []byte(old)) || len(old) != len(new) {
				t.Fatalf("%s has no %q to be replaced:\n%.2000s", name, old, data)
			}
			if err := os.WriteFile(path, bytes.Replace(data, []byte(old), []byte(new), 1), 0o644); err != nil {
				t.Fatal(err)
			}
			if files[i], err = local.Hash(path); err != nil {
				t.Fatal(err)
			}
			files[i].Path = name
			paths = append(paths, path)
		}
		if raw, err = json.Marshal(files); err == nil && recorded {
			err = os.WriteFile(record, raw, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if len(paths) == 0 {
		t.Fatalf("among the kept results is no %s", name)
	}
	return paths
}

// TestSkipVerify: a release that is not sound is refused and stays unseen; with --skip-verify it is told what is wrong, and it is made visible.
func TestSkipVerify(t *testing.T) {
	publish, kept := keptFilm(t)
	spoil(t, kept, "v0.m3u8", "#EXTINF:2.0", "#EXTINF:5.0", true)
	library := t.TempDir()
	publish = append(publish, "--to", library)
	pointer := filepath.Join(library, "film", "release.json")
	got := say(t, publish)
	if _, err := os.Stat(pointer); got.code != exitFindings || got.out != "" || !os.IsNotExist(err) || !strings.Contains(got.err, ": error: ") {
		t.Errorf("%v: %+v", err, got)
	}
	got = say(t, append(publish, "--skip-verify"))
	if _, err := os.Stat(pointer); err != nil || got.code != 0 || !strings.Contains(got.err, ": error: ") || !strings.Contains(got.err, "as --skip-verify asks") || !strings.Contains(got.out, "index.html") {
		t.Errorf("%v: %+v", err, got)
	}
	if got := say(t, []string{"verify", library}); got.code != exitFindings {
		t.Errorf("what was made visible is sound: %+v", got)
	}
}

// TestForce: a pointer that nobody can read may be another's, and is replaced with --force alone.
func TestForce(t *testing.T) {
	library := t.TempDir()
	publish := append(tinyFilm(t), "--to", library)
	if got := say(t, publish); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	pointer := filepath.Join(library, "film", "release.json")
	was, err := os.ReadFile(pointer)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(pointer, []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	got := say(t, publish)
	if now, err := os.ReadFile(pointer); got.code != exitStore || err != nil || string(now) != "{" {
		t.Errorf("%v: %q, %+v", err, now, got)
	}
	got = say(t, append(publish, "--force"))
	var before, after struct{ Release string }
	now, err := os.ReadFile(pointer)
	if err != nil || got.code != 0 || json.Unmarshal(was, &before) != nil || json.Unmarshal(now, &after) != nil || after != before || after.Release == "" {
		t.Errorf("%v: %q, %+v", err, now, got)
	}
}

// TestKeptIsDamaged: a kept result whose bytes are not those that were kept is not published; it is made once more, and the release is the one that
// it would have been.
func TestKeptIsDamaged(t *testing.T) {
	publish, kept := keptFilm(t)
	before, after := t.TempDir(), t.TempDir()
	if got := say(t, append(slices.Clone(publish), "--to", before)); got.code != 0 {
		t.Fatalf("%+v", got)
	}
	damaged := spoil(t, kept, "index.html", "<title>", "<tible>", false)
	got := say(t, append(slices.Clone(publish), "--to", after, "--json"))
	var made published
	if err := json.Unmarshal([]byte(got.out), &made); err != nil || got.code != 0 || !strings.Contains(got.err, "a kept result is damaged; it is made again") || made.Steps.Done != 1 {
		t.Errorf("%v: %+v, %+v", err, made.Steps, got)
	}
	for _, name := range []string{"index.html", "release.json", "master.m3u8"} {
		one, err := os.ReadFile(filepath.Join(before, "film", name))
		other, failed := os.ReadFile(filepath.Join(after, "film", name))
		if err != nil || failed != nil || !bytes.Equal(one, other) {
			t.Errorf("%s: %v, %v; the same %v", name, err, failed, bytes.Equal(one, other))
		}
	}
	mended := 0
	for _, path := range damaged {
		if now, err := os.ReadFile(path); err != nil {
			t.Error(err)
		} else if !bytes.Contains(now, []byte("<tible>")) {
			mended++
		}
	}
	if mended != 1 {
		t.Errorf("%d of %d kept pages are whole again, want that of this film", mended, len(damaged))
	}
}

// versionsOf publishes a film that nobody could watch, once for each version.
func versionsOf(t *testing.T, st store.Store, versions ...string) {
	t.Helper()
	for _, v := range versions {
		if _, err := release.Publish(t.Context(), st, films.Film("the-lake", v, 4, false), release.Options{}, report.Discard); err != nil {
			t.Fatal(err)
		}
	}
}

// TestKeepOlder: --keep is how many releases stay besides the current one and the one before, and list counts as clean does.
func TestKeepOlder(t *testing.T) {
	library := t.TempDir()
	st, err := dir.New(library)
	if err != nil {
		t.Fatal(err)
	}
	versionsOf(t, st, "one", "two", "three", "four")
	for _, c := range []struct {
		keep   string
		stay   int
		nobody bool // needs anything else
	}{{"0", 2, false}, {"1", 3, false}, {"2", 4, true}, {"9", 4, true}} {
		var listed catalogued
		got := say(t, []string{"list", library, "--json", "--keep", c.keep})
		if err := json.Unmarshal([]byte(got.out), &listed); err != nil || len(listed.Films) != 1 {
			t.Fatalf("%v: %+v", err, got)
		}
		stay := 0
		for _, r := range listed.Films[0].Releases {
			if r.Kept {
				stay++
			}
		}
		if stay != c.stay || len(listed.Films[0].Releases) != 4 || (listed.Films[0].Free.Objects == 0) != c.nobody {
			t.Errorf("list --keep %s: %d releases stay, %d objects go; %+v", c.keep, stay, listed.Films[0].Free.Objects, got)
		}
		var told cleaned
		got = say(t, []string{"clean", library, "--json", "--keep", c.keep})
		if err := json.Unmarshal([]byte(got.out), &told); err != nil || len(told.Films) != map[bool]int{false: 1}[c.nobody] {
			t.Fatalf("%v: %+v", err, got)
		}
		if c.nobody {
			continue // a film of which nothing goes is not told of
		}
		if f := told.Films[0]; len(f.Kept) != c.stay || f.Unreferenced != listed.Films[0].Free {
			t.Errorf("clean --keep %s: %+v, and list would free %+v", c.keep, f, listed.Films[0].Free)
		}
	}
}

// TestCleanLeavesAlone: of a film that cannot be read nothing is deleted, and that is told.
func TestCleanLeavesAlone(t *testing.T) {
	library := t.TempDir()
	st, err := dir.New(library)
	if err != nil {
		t.Fatal(err)
	}
	versionsOf(t, st, "one", "two", "three")
	if err := os.WriteFile(filepath.Join(library, "the-lake", "release.json"), []byte("{"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := say(t, []string{"clean", library, "--yes"}); !strings.HasPrefix(got.out, "the-lake: left alone, because ") || strings.Count(got.out, "\n") != 1 {
		t.Errorf("%+v", got)
	}
	if _, err := os.Stat(filepath.Join(library, "the-lake", "tombstone.json")); !os.IsNotExist(err) {
		t.Errorf("something was written down to be deleted: %v", err)
	}
}

// TestEmbedOfOlder: a release of an older filmpress has no page for frames, and that is told with the mend.
func TestEmbedOfOlder(t *testing.T) {
	library := t.TempDir()
	st, err := dir.New(library)
	if err != nil {
		t.Fatal(err)
	}
	versionsOf(t, st, "one")
	if got := say(t, []string{"embed", library, "the-lake"}); got.code != exitStore || got.out != "" || !strings.Contains(got.err, "has no page for frames") || !strings.Contains(got.err, "publish the film again") {
		t.Errorf("%+v", got)
	}
}

// TestHeadersAll: objects of others are judged with --all alone, and mended where that is asked for.
func TestHeadersAll(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket})
	if err != nil {
		t.Fatal(err)
	}
	versionsOf(t, st, "one")
	if _, err := server.Client().PutObject(t.Context(), &awss3.PutObjectInput{Bucket: &server.Bucket, Key: aws.String("theirs/page.html"),
		Body: strings.NewReader("<p>"), ContentType: aws.String("text/plain")}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		text string // of the others' page
		kind string // what it is then
	}{
		{nil, 0, "", "text/plain"},
		{[]string{"--all"}, exitFindings, "theirs/page.html", "text/plain"},
		{[]string{"--all", "--dry-run"}, exitFindings, "theirs/page.html", "text/plain"},
		{[]string{"--all", "--yes"}, 0, "theirs/page.html", "text/html; charset=utf-8"},
		{[]string{"--all"}, 0, "", "text/html; charset=utf-8"},
	} {
		got := say(t, append([]string{"headers", "s3://" + server.Bucket}, c.args...))
		if got.code != c.code || strings.Contains(got.out, "theirs") != (c.text != "") || !strings.Contains(got.out, c.text) {
			t.Errorf("headers %q: %+v", c.args, got)
		}
		now, err := server.Client().HeadObject(t.Context(), &awss3.HeadObjectInput{Bucket: &server.Bucket, Key: aws.String("theirs/page.html")})
		if err != nil || aws.ToString(now.ContentType) != c.kind {
			t.Errorf("headers %q: the page is %q, %v", c.args, aws.ToString(now.ContentType), err)
		}
	}
}

// TestServePublic: with --public the address may be one that others reach. The one here is for documentation, and no machine has it.
func TestServePublic(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	serve := func(args ...string) told {
		var out, errs bytes.Buffer
		code := Main(ctx, append([]string{"serve", t.TempDir(), "--addr", "192.0.2.1:0"}, args...), strings.NewReader(""), &out, &errs)
		return told{code, out.String(), errs.String()}
	}
	if got := serve(); got.code != exitUsage || !strings.Contains(got.err, "--public") {
		t.Errorf("%+v", got)
	}
	if got := serve("--public"); got.code != exitFailed || !strings.Contains(got.err, "192.0.2.1:0") || strings.Contains(got.err, "--public") || got.out != "" {
		t.Errorf("%+v", got)
	}
}
