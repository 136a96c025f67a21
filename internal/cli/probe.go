package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/google/renameio/v2"

	"filmpress/internal/media"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/report"
)

// factsVersion counts up when the probe finds out other facts than before.
const factsVersion = 2

// remembering is a prober that keeps a good film's facts, so that a master of 100 GB is read through only once. The
// facts are found again by the file's place, size, time of change and inode, and by the ffmpeg build.
func remembering(dir string, tools ffmpeg.Tools) prober {
	return func(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error) {
		var source media.Source
		file, ok := factsFile(dir, path, tools)
		if ok {
			if raw, err := os.ReadFile(file); err == nil && json.Unmarshal(raw, &source) == nil && source.Digest != "" {
				return source, nil, nil
			}
		}
		source, findings, err := tools.Probe(ctx, path, sink)
		if err != nil || len(findings) > 0 || !ok { // warnings are to be said each time
			return source, findings, err
		}
		raw, err := json.Marshal(source)
		if err != nil {
			panic(err) // plain structs
		}
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return source, nil, err
		}
		return source, nil, renameio.WriteFile(file, raw, 0o644)
	}
}

// factsFile names the file that holds a film's facts. ok is false for what is not a plain file.
func factsFile(dir, path string, tools ffmpeg.Tools) (name string, ok bool) {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return "", false
	}
	stat := info.Sys().(*syscall.Stat_t)
	key := fmt.Sprint(factsVersion, "\x00", path, "\x00", info.Size(), info.ModTime().UnixNano(), stat.Dev, stat.Ino, "\x00", tools.Tolerant, tools.Build)
	sum := sha256.Sum256([]byte(key))
	return filepath.Join(dir, "facts-"+hex.EncodeToString(sum[:16])+".json"), true
}
