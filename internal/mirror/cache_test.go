package mirror

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func someRecord(i int) record {
	return record{fmt.Sprintf("film/%04d.ts", i), int64(i), stamp{1e18 + int64(i), 1e18 + int64(i), uint64(i)}, known{strings.Repeat("ab", 32), fmt.Sprint("etag-", i), int64(i)}}
}

// recall walks along a cache, and gives how many of the records it knew.
func recall(t *testing.T, path string, partial bool, records ...record) (n int) {
	t.Helper()
	c, err := openCache(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	f := c.follow(partial)
	for _, r := range records {
		k := f.find(r.name, r.size, r.stamp)
		if k == r.known {
			n++
		} else if k != (known{}) {
			t.Errorf("%s: %+v, want %+v", r.name, k, r.known)
		}
	}
	f.close(true)
	return n
}

func remember(t *testing.T, path string, records ...record) {
	t.Helper()
	c, err := openCache(path, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		c.add(r, time.Now())
	}
	c.close()
}

// TestCache: what was added is known in the next run and in those after it, in whatever order it came, until the file changes or goes.
func TestCache(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "cache")
	var all []record
	for i := range 500 {
		all = append(all, someRecord(i))
	}
	mixed := slices.Clone(all)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(mixed), func(i, j int) { mixed[i], mixed[j] = mixed[j], mixed[i] })
	remember(t, path, mixed[:300]...)
	remember(t, path, mixed[300:]...)
	for range 3 {
		if n := recall(t, path, false, all...); n != len(all) {
			t.Fatalf("%d of %d are known", n, len(all))
		}
	}
	if _, err := os.Stat(path + ".journal"); err == nil {
		t.Error("the journal was not put in order")
	}
	changed := someRecord(7)
	changed.ctime++
	if recall(t, path, false, changed) != 0 {
		t.Error("a file that changed is known")
	}
	changed.etag = "new"
	remember(t, path, changed)
	all[7] = changed
	if n := recall(t, path, true, all[7], all[9]); n != 2 {
		t.Errorf("%d of 2 are known", n)
	}
	if n := recall(t, path, false, all...); n != len(all) {
		t.Errorf("after a partial walk %d of %d are known", n, len(all))
	}
	remember(t, path, someRecord(1000))
	if n := recall(t, path, false, all[:10]...); n != 10 {
		t.Errorf("%d", n)
	}
	if n := recall(t, path, false, all...); n != 10 {
		t.Errorf("%d are known of files that were gone", n)
	}
}

// TestCacheKilled: a journal that was cut anywhere costs the lines that were cut.
func TestCacheKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cache")
	records := []record{someRecord(1), someRecord(2), someRecord(3)}
	remember(t, path, records...)
	whole, err := os.ReadFile(path + ".journal")
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(whole) + 1 {
		if err := os.WriteFile(path+".journal", whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		os.Remove(path + ".tsv")
		remember(t, path, someRecord(4))
		if n := recall(t, path, false, append(slices.Clone(records), someRecord(4))...); n < bytes.Count(whole[:cut], []byte("\n")) || n > 4 {
			t.Errorf("cut at %d: %d are known", cut, n)
		}
	}
}

// TestCacheTooYoung: what changed a moment ago is not remembered, as it can change again within the same tick of the clock.
func TestCacheTooYoung(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		age   time.Duration
		whole bool // the file system counts whole seconds
		want  bool
	}{{time.Millisecond, false, false}, {40 * time.Millisecond, false, false}, {80 * time.Millisecond, false, true}, {time.Second, true, false}, {5 * time.Second, true, true}, {-time.Hour, false, false}} {
		at := now.Add(-c.age).UnixNano()
		if at++; c.whole {
			at -= at % 1e9
		}
		if settled(stamp{mtime: 1, ctime: at}, now) != c.want && !c.whole || c.whole && settled(stamp{mtime: 0, ctime: at}, now) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

// TestNoCache: a cache that cannot be written is none.
func TestNoCache(t *testing.T) {
	remember(t, "", someRecord(1))
	if recall(t, "", false, someRecord(1)) != 0 {
		t.Error("it knows something")
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openCache(filepath.Join(file, "x", "cache"), time.Now); err == nil {
		t.Error("a cache below a file was opened")
	}
}

func FuzzCacheLine(f *testing.F) {
	f.Add(bytes.TrimSuffix(appendLine(nil, someRecord(5)), []byte("\n")))
	f.Add([]byte("00000000\t"))
	f.Add([]byte(cacheHead))
	f.Fuzz(func(t *testing.T, line []byte) {
		r, ok := parseLine(line)
		if !ok {
			return
		}
		if again, ok := parseLine(bytes.TrimSuffix(appendLine(nil, r), []byte("\n"))); !ok || again != r {
			t.Errorf("%q became %+v, then %+v", line, r, again)
		}
	})
}
