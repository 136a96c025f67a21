package ffmpeg

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestRemember: a context that remembers starts the same programs once, and anew when one of their files is another.
func TestRemember(t *testing.T) {
	list := filepath.Join(t.TempDir(), "starts")
	fake := script(t, "echo x >>"+list+" || exit 1; echo ffmpeg version 7.1 Copyright") // it writes, so it does not start in the sandbox
	settle := func() { time.Sleep(120 * time.Millisecond) }
	settle()
	find := func(ctx context.Context) (starts int) {
		t.Helper()
		before, _ := os.ReadFile(list)
		got, err := Find(ctx, fake.FFmpeg, fake.FFprobe)
		if err != nil || got.Version != "7.1" || got.FFmpeg != fake.FFmpeg {
			t.Fatalf("%+v, %v", got, err)
		}
		after, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(after), "x") - strings.Count(string(before), "x")
	}
	ctx := Remember(context.Background())
	if n := find(ctx); n == 0 {
		t.Error("it was not started")
	}
	for name, ctx := range map[string]context.Context{"same": ctx, "again": Remember(ctx)} {
		if n := find(ctx); n != 0 {
			t.Errorf("%s: %d starts", name, n)
		}
	}
	if n := find(context.Background()); n == 0 {
		t.Error("a context that remembers nothing did")
	}
	if n := find(Remember(context.Background())); n == 0 {
		t.Error("a context remembered what another one found")
	}
	now := time.Now()
	if err := os.Chtimes(fake.FFmpeg, now, now); err != nil {
		t.Fatal(err)
	}
	settle()
	if n := find(ctx); n == 0 {
		t.Error("another file was taken for the one that was known")
	}
	if n := find(ctx); n != 0 {
		t.Errorf("%d starts of the other file", n)
	}
}
