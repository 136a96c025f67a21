package local

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
)

// Kept is the folder of finished results: one folder a digest, and beside it a record that is written last, so
// that what has a record is whole. Several processes may use it at once.
//
//	<dir>/<digest>/...       the result's files
//	<dir>/<digest>.json      its record: the files, their sizes and hashes
//	<dir>/<digest>.lock      held while the step is being done
//	<dir>/work-*/            results in the making; swept when their maker is gone
//	<dir>/work.lock          held while such a folder is made or swept
//	<dir>/logs/              ffmpeg's messages of the last two weeks
type Kept struct{ dir string }

// OpenKept makes the folder where it is missing and sweeps what killed runs left behind. What lies in it is nobody else's business before it is
// published: pictures, names, and the paths in ffmpeg's logs. So a folder that is made is for its owner alone; of one that is there, who may look
// into it was somebody's choice.
func OpenKept(dir string) (*Kept, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the folder for kept results: %w", err)
	}
	k := &Kept{dir}
	return k, k.sweep()
}

// Dir is where the results lie.
func (k *Kept) Dir() string { return k.dir }

func (k *Kept) folder(digest string) string { return filepath.Join(k.dir, digest) }
func (k *Kept) record(digest string) string { return filepath.Join(k.dir, digest+".json") }

// Look gives a kept result. A record that cannot be read, or a file that is missing or has another size, counts
// as no result; what the bytes are is checked when they are sent.
func (k *Kept) Look(digest string) (engine.Result, bool) {
	raw, err := os.ReadFile(k.record(digest))
	if err != nil {
		return engine.Result{}, false
	}
	r := engine.Result{Digest: digest, Dir: k.folder(digest), Kept: true}
	if json.Unmarshal(raw, &r.Files) != nil || len(r.Files) == 0 {
		return engine.Result{}, false
	}
	for _, f := range r.Files {
		if !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return engine.Result{}, false
		}
		info, err := os.Lstat(filepath.Join(r.Dir, filepath.FromSlash(f.Path)))
		if err != nil || !info.Mode().IsRegular() || info.Size() != f.Size {
			return engine.Result{}, false
		}
	}
	return r, true
}

// Whole reads a result through and says whether its bytes are those that were kept.
func (k *Kept) Whole(r engine.Result) bool {
	same, err := r.Same("")
	return same && err == nil
}

// DropWith forgets results, and those of all steps that were made of them: what is wrong in one is in them, too.
func (k *Kept) DropWith(p plan.Plan, digests ...string) error {
	wrong := map[string]bool{} // by step ID
	var err error
	for _, s := range p.Steps { // inputs come before their use
		wrong[s.ID] = slices.Contains(digests, s.Digest) || slices.ContainsFunc(s.Inputs, func(in plan.Input) bool { return wrong[in.Step] })
		if wrong[s.ID] {
			err = errors.Join(err, k.Drop(s.Digest))
		}
	}
	return err
}

// Drop forgets a result, record first, so that a crash in between leaves no record of missing files.
func (k *Kept) Drop(digest string) error {
	if err := os.Remove(k.record(digest)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.RemoveAll(k.folder(digest))
}

// keep makes the finished folder out the result of digest: hashed, flushed, renamed, and only then recorded.
func (k *Kept) keep(digest, out string) (engine.Result, error) {
	r := engine.Result{Digest: digest, Dir: k.folder(digest)}
	err := filepath.WalkDir(out, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		}
		f, err := hashAndFlush(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(out, path)
		f.Path = filepath.ToSlash(rel)
		r.Files = append(r.Files, f) // WalkDir goes in lexical order
		return err
	})
	if err != nil {
		return r, err
	}
	if len(r.Files) == 0 {
		return r, errors.New("the step made nothing")
	}
	if err := k.Drop(digest); err != nil { // a damaged result of the same digest
		return r, err
	}
	if err := os.Rename(out, r.Dir); err != nil {
		return r, err
	}
	if err := flushDir(k.dir); err != nil {
		return r, err
	}
	raw, err := json.Marshal(r.Files)
	if err != nil {
		panic(err) // plain structs
	}
	return r, renameio.WriteFile(k.record(digest), raw, 0o600)
}

// hashAndFlush reads a file once for both hashes and makes sure that it is on the disk.
func hashAndFlush(path string) (engine.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return engine.File{}, err
	}
	defer f.Close()
	long, short := sha256.New(), md5.New()
	n, err := io.Copy(io.MultiWriter(long, short), f)
	if err == nil {
		err = f.Sync()
	}
	return engine.File{Size: n, SHA256: hex.EncodeToString(long.Sum(nil)), MD5: hex.EncodeToString(short.Sum(nil))}, err
}

func flushDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

// lock waits until no other process does the step of digest. The lock is the kernel's, so that it ends with its
// holder however that ends; the empty file stays, since removing it would let two holders in.
func (k *Kept) lock(ctx context.Context, digest string) (unlock func(), err error) {
	return flock(ctx, filepath.Join(k.dir, digest+".lock"), syscall.LOCK_EX)
}

// The pauses between two tries to get a lock grow to the second of these.
const firstPause, longestPause = time.Millisecond, 200 * time.Millisecond

// flock waits for a lock while ctx lasts. It tries again and again, because the kernel's own waiting knows of no context: whoever waits for another's
// encode of minutes would not hear Ctrl-C.
func flock(ctx context.Context, path string, how int) (unlock func(), err error) {
	for pause := firstPause; ; pause = min(2*pause, longestPause) {
		if unlock, err = tryLock(path, how); !errors.Is(err, syscall.EWOULDBLOCK) {
			return unlock, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// tryLock gives a lock, or EWOULDBLOCK where somebody has it.
func tryLock(path string, how int) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// Work makes a folder for results in the making, marked as in use until release is called or the process ends.
func (k *Kept) Work() (dir string, release func(), err error) {
	free, err := k.lockWork() // a folder without its lock yet looks abandoned
	if err != nil {
		return "", nil, err
	}
	defer free()
	if dir, err = os.MkdirTemp(k.dir, "work-"); err != nil {
		return "", nil, err
	}
	unlock, err := tryLock(filepath.Join(dir, "lock"), syscall.LOCK_EX)
	if err != nil {
		return "", nil, err
	}
	return dir, func() { os.RemoveAll(dir); unlock() }, nil
}

// lockWork keeps others from making and sweeping work folders; nobody does either for long.
func (k *Kept) lockWork() (unlock func(), err error) {
	return flock(context.Background(), filepath.Join(k.dir, "work.lock"), syscall.LOCK_EX)
}

// LogDir is where ffmpeg's messages lie. They are for who looks into a failure, and hold whole command lines, with the film's path.
func (k *Kept) LogDir() string { return filepath.Join(k.dir, "logs") }

// logsLast is how long.
const logsLast = 14 * 24 * time.Hour

// sweepLogs removes the logs that nobody will read any more.
func (k *Kept) sweepLogs(now time.Time) {
	entries, _ := os.ReadDir(k.LogDir()) // without them there is nothing to sweep
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && strings.HasSuffix(e.Name(), ".log") && now.Sub(info.ModTime()) > logsLast {
			os.Remove(filepath.Join(k.LogDir(), e.Name()))
		}
	}
}

// sweep removes the work folders whose makers are gone, and old logs.
func (k *Kept) sweep() error {
	free, err := k.lockWork()
	if err != nil {
		return err
	}
	defer free()
	k.sweepLogs(time.Now())
	entries, err := os.ReadDir(k.dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() || !strings.HasPrefix(e.Name(), "work-") {
			continue
		}
		dir := filepath.Join(k.dir, e.Name())
		unlock, err := tryLock(filepath.Join(dir, "lock"), syscall.LOCK_EX)
		if err != nil {
			continue // in use, or not ours to remove
		}
		err = os.RemoveAll(dir)
		unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

// Hash reads a file once and tells its size and digests; Path is for the caller to set.
func Hash(path string) (engine.File, error) { return hashAndFlush(path) }
