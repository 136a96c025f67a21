package gather

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"

	"filmpress/internal/filestamp"
	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
)

// factsVersion counts up when the probe finds out other facts than before.
const factsVersion = 4

// Remembering is a Prober that keeps a good film's facts, so that a master of 100 GB is read through only once. The
// facts are found again by the file's place, size, times and inode, and by the ffmpeg build. dir is the folder of kept results, in which they lie.
func Remembering(dir string, tools ffmpeg.Tools) Prober {
	return func(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error) {
		var findings []report.Finding
		good := func(s media.Source) bool { return s.Digest != "" && len(findings) == 0 } // warnings are to be said each time
		source, err := recall(factsFile(dir, path, tools), good, func() (source media.Source, err error) {
			source, findings, err = tools.Probe(ctx, path, sink)
			return source, err
		})
		return source, findings, err
	}
}

// recall gives what was found out before and kept in a file as JSON, or finds it out and keeps it. What is not good, a
// half answer or one of an older form, is neither taken nor kept. "" is no file.
func recall[T any](file string, good func(T) bool, find func() (T, error)) (T, error) {
	var known T
	if raw, err := os.ReadFile(file); err == nil && json.Unmarshal(raw, &known) == nil && good(known) {
		return known, nil
	}
	found, err := find()
	if err != nil || file == "" || !good(found) {
		return found, err
	}
	raw, err := json.Marshal(found)
	if err != nil {
		panic(err) // plain structs
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return found, err
	}
	return found, renameio.WriteFile(file, raw, 0o600)
}

// factsFile names the file that holds a film's facts, "" for what is not a plain file, and for one that has just changed: see filestamp.Settled.
func factsFile(dir, path string, tools ffmpeg.Tools) string {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return ""
	}
	at, err := filestamp.At(path)
	if err != nil || !filestamp.Settled(at.Mtime, at.Ctime, time.Now()) {
		return ""
	}
	key := fmt.Sprint(factsVersion, "\x00", path, "\x00", at.Size, at.Mtime, at.Ctime, at.Dev, at.Ino, "\x00", tools.Tolerant, tools.Build)
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(dir, "facts-"+hex.EncodeToString(sum[:16])+".json")
}
