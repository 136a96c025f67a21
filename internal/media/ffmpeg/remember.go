package ffmpeg

import (
	"context"
	"sync"
	"time"

	"filmpress/internal/filestamp"
)

// memory is what a context remembers of tools that were found.
type memory struct {
	mu    sync.Mutex
	tools map[versions]Tools
}

// versions are the two programs as they lie on the disk.
type versions struct {
	ffmpeg, ffprobe string // paths
	stamps          [2]filestamp.Stamp
}

type memoryKey struct{}

// Remember gives a context in which Find starts a pair of programs once, for as long as their files stay as they are: a list of films, or a film
// that is published with each change, would wait for that start each time. A context that remembers is given back as it is.
func Remember(ctx context.Context) context.Context {
	if remembers(ctx) != nil {
		return ctx
	}
	return context.WithValue(ctx, memoryKey{}, &memory{tools: map[versions]Tools{}})
}

// remembers is the context's memory; nil is none, and can be asked all the same.
func remembers(ctx context.Context) *memory {
	m, _ := ctx.Value(memoryKey{}).(*memory)
	return m
}

// recall gives the tools that were found at these paths, and the key by which keep takes what is found now; nil is none.
func (m *memory) recall(ffmpeg, ffprobe string) (t Tools, known bool, key *versions) {
	if m == nil {
		return Tools{}, false, nil
	}
	v := versions{ffmpeg: ffmpeg, ffprobe: ffprobe}
	for i, path := range []string{ffmpeg, ffprobe} {
		at, err := filestamp.At(path)
		if err != nil || !filestamp.Settled(at.Mtime, at.Ctime, time.Now()) {
			return Tools{}, false, nil
		}
		v.stamps[i] = at
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	t, known = m.tools[v]
	return t, known, &v
}

func (m *memory) keep(key *versions, t Tools) {
	if key == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tools[*key] = t
}
