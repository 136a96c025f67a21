package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store/storetest/s3server"
)

func putKey(t *testing.T, server s3server.Server, key, text string) {
	t.Helper()
	if _, err := server.Client().PutObject(t.Context(), &s3.PutObjectInput{Bucket: &server.Bucket, Key: &key, Body: strings.NewReader(text)}); err != nil {
		t.Fatal(err)
	}
}

// TestApart: two places lie in each other where their objects do, whatever address viewers have and however the server's is written.
func TestApart(t *testing.T) {
	server := s3server.Start(t)
	other := server.Another(t)
	putKey(t, server, "a/a.ts", "a")
	folder := t.TempDir()
	settings := func(name, text string) string {
		path := filepath.Join(folder, name+".yml")
		if err := os.WriteFile(path, []byte("s3:\n  "+text+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	public := settings("public", "public-url: https://films.example")
	shout := settings("shout", "endpoint: "+strings.Replace(server.Endpoint, "http:", "HTTP:", 1)+"/")
	if err := os.Symlink(folder, filepath.Join(folder, "link")); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
	}{
		{[]string{server.At("a"), server.At("b"), "--config", public}, 0},
		{[]string{server.At(""), other.At(""), "--config", public}, 0},
		{[]string{server.At(""), server.At("below"), "--config", public}, 2},
		{[]string{server.At(""), server.At("below"), "--src-config", public}, 2},
		{[]string{server.At("a"), server.At(""), "--dst-config", public}, 2},
		{[]string{server.At("a"), server.At("a"), "--dst-config", public}, 2},
		{[]string{server.At("a"), server.At("a/b"), "--dst-config", shout}, 2},
		{[]string{server.At("a"), server.At("ab")}, 0},
		{[]string{folder, filepath.Join(folder, "link", "below")}, 2},
	} {
		got := tell(t, server, append([]string{"sync"}, c.args...)...)
		if got.code != c.code || c.code == 2 && !strings.Contains(got.err, "lie in each other; name two places that are apart") {
			t.Errorf("%q: %+v", c.args, got)
		}
	}
}

// listing puts keys into the lists that a server gives, in their order.
func listing(t *testing.T, server s3server.Server, keys map[string]int) s3server.Server {
	t.Helper()
	object, name := regexp.MustCompile(`(?s)<Contents>.*?</Contents>`), regexp.MustCompile(`<Key>(.*?)</Key>`)
	keyOf := func(object string) string { return html.UnescapeString(name.FindStringSubmatch(object)[1]) }
	return between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		answer := httptest.NewRecorder()
		pass.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if r.URL.Query().Get("list-type") == "2" {
			all := object.FindAllString(string(body), -1)
			for key, size := range keys {
				all = append(all, fmt.Sprintf(`<Contents><Key>%s</Key><Size>%d</Size><ETag>"0123456789abcdef0123456789abcdef"</ETag><LastModified>2026-01-02T03:04:05Z</LastModified></Contents>`, key, size))
			}
			slices.SortFunc(all, func(a, b string) int { return strings.Compare(keyOf(a), keyOf(b)) })
			body = bytes.Replace(object.ReplaceAll(body, nil), []byte("</ListBucketResult>"), []byte(strings.Join(all, "")+"</ListBucketResult>"), 1)
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(answer.Code)
		w.Write(body)
	})
}

// TestOddKeys: keys of a bucket that no file can be called, and that would lead out of the folder, are told one by one; the rest is copied, and nothing is
// written but in the folder. What consoles make as a folder is none of them, unless it holds bytes.
func TestOddKeys(t *testing.T) {
	server := s3server.Start(t)
	putKey(t, server, "p/a.ts", "a")
	odd := map[string]int{"p/../x": 1, "p/a//b": 1, "p//etc/passwd": 1, "p/./c": 1, "p/tab&#9;.ts": 1, "p/line&#10;.ts": 1, "p/delete&#127;.ts": 1, "p/next&#x85;line": 1, "p/notes/": 12, "p/": 3}
	odd["p/"+strings.Repeat("long", 70)] = 1
	with := map[string]int{"p/folder/": 0}
	for key, size := range odd {
		with[key] = size
	}
	parent := t.TempDir()
	copied := filepath.Join(parent, "below", "copy")
	got := tell(t, listing(t, server, with), "sync", server.At("p"), copied, "--json")
	var result struct {
		Complete bool
		Copied   int
		Failed   int
		Findings []struct{ Rule, Text string }
	}
	if err := json.Unmarshal([]byte(got.out), &result); err != nil {
		t.Fatalf("%v in %+v", err, got)
	}
	if got.code != 4 || result.Complete || result.Copied != 1 || result.Failed != len(odd) || len(result.Findings) != len(odd) {
		t.Errorf("%d, %+v", got.code, result)
	}
	for _, f := range result.Findings {
		if f.Rule != "sync-name" || strings.Contains(f.Text, "folder/") || strings.ContainsAny(f.Text, "\t\n\x7f\u0085") {
			t.Errorf("%+v", f)
		}
	}
	var files []string
	err := filepath.WalkDir(parent, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".filmpress-") {
			files = append(files, path)
		}
		return err
	})
	if err != nil || !slices.Equal(files, []string{filepath.Join(copied, "a.ts")}) {
		t.Errorf("%q, %v", files, err)
	}
	// An empty object with a slash at its end alone is nothing that could be missed.
	if got := tell(t, listing(t, server, map[string]int{"p/folder/": 0, "p/": 0}), "sync", server.At("p"), copied); got.code != 0 {
		t.Errorf("%+v", got)
	}
	// A character that no XML can hold makes the whole list unreadable, which is no empty bucket.
	again := filepath.Join(parent, "again")
	if got := tell(t, listing(t, server, map[string]int{"p/bell&#7;.ts": 1}), "sync", server.At("p"), again, "--delete"); got.code != 4 || strings.Count(got.err, "filmpress: ") != 1 {
		t.Errorf("%+v", got)
	}
}
