package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/store/storetest/s3server"
)

// twoSizes is a pipeline with two sizes that are soon made.
const twoSizes = `segment: 6
gop: 2
video: {chunk: 60, preset: ultrafast, crf: 35, ladder: [{width: 160, height: 90, max: 100}, {width: 320, height: 180, max: 300}]}
audio: {bitrate: 64, loudness: -16, true-peak: -1.5}
mp4: {height: 720}
pictures: {interval: 10, width: 80}
subtitles: {segment: 30}
`

// TestChoices publishes a film with two sizes, two sounds and two subtitles to a bucket, and has a viewer choose among them, lose the line
// midway, and look on while a subtitle is replaced.
func TestChoices(t *testing.T) {
	t.Parallel()
	browser := needBrowser(t)
	needPlayer(t)
	server := s3server.Start(t)
	dir := t.TempDir()
	here := at{t, dir, server.Env()}
	run := here.run
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cues := func(text string) string {
		return fmt.Sprintf("1\n00:00:01,000 --> 00:00:04,000\n%[1]s\n\n2\n00:00:40,000 --> 00:00:44,000\n%[1]s\n", text)
	}
	const before, after = "We wait at the border.", "We waited at the border."
	film := filepath.Join(dir, "film.mp4")
	run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=10:d=120", "-f", "lavfi", "-i", "sine=f=440:d=120", "-f", "lavfi", "-i", "sine=f=880:d=120", "-map", "0", "-map", "1", "-map", "2",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", film)
	write("two.yml", twoSizes)
	write("film.en.srt", cues(before))
	write("film.ru.srt", cues("Мы ждём на границе."))
	publish := func() string {
		t.Helper()
		return strings.TrimSpace(run("filmpress", "publish", film, "--pipeline", filepath.Join(dir, "two.yml"), "--audio", "0=ru", "--audio", "1=en", "--to", "s3://"+server.Bucket))
	}
	page := publish()

	cmd := here.command("node", "../../testdata/browser/choices.mjs", "--url", page, "--time", "41", "--before", before, "--after", after)
	cmd.Env, cmd.Stderr = append(cmd.Env, browser), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	told := ""
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if told = lines.Text(); told == "replace" {
			write("film.en.srt", cues(after))
			publish()
			if _, err := io.WriteString(in, "done\n"); err != nil {
				t.Error(err)
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, told)
	}
	t.Log(told)
}
