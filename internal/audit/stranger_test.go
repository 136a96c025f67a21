package audit

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// TestStrangers verifies what plain ffmpeg writes. Its playlists really lack what is found here, and nothing else is told:
// what cannot be looked into is said, not failed.
func TestStrangers(t *testing.T) {
	const lacks = "hls-6.1 hls-9.11 hls-9.13 hls-9.14 hls-captions-none"
	whole, written := t, map[string]string{} // folders, by ffmpeg's arguments
	for _, c := range []struct {
		name    string
		args    []string
		playing string
		rules   string
	}{
		{"fMP4", []string{"-hls_segment_type", "fmp4", "-var_stream_map", "v:0,agroup:a a:0,agroup:a,language:en"}, "master.m3u8",
			lacks + " hls-8.7 hls-9.15 hls-9.20 privacy-box privacy-mark privacy-name rfc-4.3.4.1"},
		{"fMP4 without B-frames", []string{"-hls_segment_type", "fmp4", "-bf", "0", "-var_stream_map", "v:0,agroup:a a:0,agroup:a,language:en"}, "master.m3u8",
			lacks + " hls-9.15 hls-9.20 privacy-box privacy-mark privacy-name rfc-4.3.4.1"},
		{"fMP4, one file by ranges", []string{"-hls_segment_type", "fmp4", "-hls_flags", "single_file", "-var_stream_map", "v:0,agroup:a a:0,agroup:a,language:en"}, "master.m3u8",
			lacks + " hls-8.7 hls-9.15 hls-9.20 rfc-4.3.4.1"},
		{"fMP4 of picture and sound", []string{"-hls_segment_type", "fmp4"}, "master.m3u8", lacks + " hls-9.15 not-checked privacy-box privacy-name"},
		{"TS", nil, "master.m3u8", lacks + " hls-9.15 not-checked"},
		{"TS, one rendition alone", nil, "0.m3u8", "hls-master not-checked"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := written[fmt.Sprint(c.args)]
			if dir == "" {
				dir = stranger(whole, c.args)
				written[fmt.Sprint(c.args)] = dir
			}
			findings, sum, err := Run(t.Context(), plain(folder(dir)), Options{Master: c.playing, Ahead: 2})
			if got := broken(findings); err != nil || got != sorted(c.rules) {
				t.Errorf("got %q, want %q: %v, %v", got, sorted(c.rules), err, findings)
			}
			if sum.Pictures == 0 || sum.Length.Seconds() < 12.9 || sum.Length.Seconds() > 13.1 {
				t.Errorf("summary %+v", sum)
			}
			for _, f := range findings {
				if f.Rule == "not-checked" && f.Severity != report.Info || strings.HasPrefix(f.Rule, "privacy-") && f.Severity != report.Warn {
					t.Errorf("too severe: %v", f)
				}
			}
		})
	}
}

// stranger has plain ffmpeg write a presentation, and gives its folder, which stays until t ends.
func stranger(t *testing.T, more []string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=13", "-f", "lavfi", "-i", "sine=r=48000:d=13", "-ac", "2", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
		"-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-c:a", "aac", "-f", "hls", "-hls_time", "6", "-hls_playlist_type", "vod", "-master_pl_name", "master.m3u8"}
	name := "%v"
	if !slices.Contains(more, "-var_stream_map") {
		name = "0"
	}
	ending := ".ts"
	if slices.Contains(more, "fmp4") {
		ending = ".m4s"
	}
	segments := filepath.Join(dir, name+"_%d"+ending)
	if slices.Contains(more, "single_file") {
		segments = filepath.Join(dir, name+ending)
	}
	ffmpeg(append(append(args, more...), "-hls_segment_filename", segments, filepath.Join(dir, name+".m3u8"))...)
	return dir
}

func folder(dir string) Fetch {
	return func(_ context.Context, uri string) ([]byte, error) { return fs.ReadFile(os.DirFS(dir), uri) }
}

func sorted(rules string) string {
	list := strings.Fields(rules)
	slices.Sort(list)
	return strings.Join(list, " ")
}
