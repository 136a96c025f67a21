package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/missing"
	"filmpress/internal/store/storetest/s3server"
)

// TestEmbedElsewhere publishes to a bucket, puts the code of `filmpress embed` into a page on another origin, and plays the film in it.
func TestEmbedElsewhere(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: -short")
	}
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		missing.Tool(t, "ffmpeg is not installed")
	}
	browser := needBrowser(t)
	needPlayer(t)
	server := s3server.Start(t)
	dir := t.TempDir()
	run := at{t, dir, server.Env()}.run
	film := filepath.Join(dir, "film.mp4")
	run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "mandelbrot=s=320x180:r=10:maxiter=200:end_scale=0.05", "-f", "lavfi", "-i", "sine=f=440", "-t", "6", "-c:v", "libx264", "-preset", "ultrafast",
		"-pix_fmt", "yuv420p", "-c:a", "aac", film)
	if err := os.WriteFile(filepath.Join(dir, "film.en.srt"), []byte("1\n00:00:01,000 --> 00:00:05,000\nSalt & bread.\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	bucket := "s3://" + server.Bucket + "/2026"
	page := strings.TrimSpace(run("filmpress", "publish", film, "--pipeline", filepath.Join("testdata", "tiny.yml"), "--language", "en", "--title", `The "Lake" & <more>`, "--to", bucket))
	slug := filepath.Base(filepath.Dir(page))
	code := run("filmpress", "embed", bucket, slug)
	if !strings.Contains(code, `src="`+server.Endpoint+"/") {
		t.Fatalf("the code leads elsewhere: %s", code)
	}
	run("filmpress", "cors", bucket, "--allow", "*", "--apply")
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		code := code
		if r.URL.Path == "/sandboxed" { // WordPress gives such a frame to oEmbed of sites that it does not know
			code = strings.Replace(code, "<iframe ", `<iframe sandbox="allow-scripts" `, 1)
		}
		fmt.Fprintf(w, "<!doctype html><title>Somebody's page</title><link rel=icon href=data:,><div style=\"width:640px\">%s</div>", code)
	}))
	t.Cleanup(elsewhere.Close)
	other := strings.Replace(elsewhere.URL, "127.0.0.1", "localhost", 1) // another name and another port than the bucket's
	casesInBrowser(t, browser, "embed.mjs", []map[string]string{{"name": "framed", "page": other + "/"}, {"name": "sandboxed", "page": other + "/sandboxed"}}, "--host", server.Endpoint)
}
