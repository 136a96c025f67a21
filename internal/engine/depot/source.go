package depot

import (
	"context"
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"filippo.io/age"

	"filmpress/internal/engine"
	"filmpress/internal/engine/local"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Key encrypts sources, and decrypts them again. Every machine that works on a film has it; the store never does.
type Key struct{ identity *age.X25519Identity }

// ReadKey reads a key as age-keygen writes it.
func ReadKey(path string) (Key, error) {
	f, err := os.Open(path)
	if err != nil {
		return Key{}, err
	}
	defer f.Close()
	all, err := age.ParseIdentities(io.LimitReader(f, 1<<20))
	if err == nil {
		for _, one := range all {
			if identity, ok := one.(*age.X25519Identity); ok {
				return Key{identity}, nil
			}
		}
	}
	return Key{}, fmt.Errorf("%s: there is no key in it; make one with age-keygen -o %s", path, filepath.Base(path)) // the library's own words may repeat the line
}

// errOthersKey: whoever sent the film with a key does not want it to lie there for all to read.
var errOthersKey = errors.New("another publish keeps this film there encrypted; name the same key with --source-key, or publish when that one is out")

// SendSource brings a source file to the depot, unless it is there, and notes who needs it. digest is that of the bytes that were judged: others are not
// sent, and *engine.ChangedError says so. With a key, one that lies there
// for all to read gives way to one that does not; without one, what lies there encrypted is never replaced.
func (d *Depot) SendSource(ctx context.Context, digest string, source engine.Source, user string, kept *local.Kept) error {
	if err := d.write(ctx, d.user(digest, user), []byte("{}")); err != nil {
		return err
	}
	rec, ok, err := d.record(ctx, "sources/"+digest)
	if err != nil {
		return err
	}
	if ok && (rec.Encrypted || rec.isOf(digest)) { // what an older filmpress sent may be other bytes
		_, err := d.Store.Stat(ctx, rec.Object)
		switch {
		case err == nil && rec.Encrypted && d.Key.identity == nil:
			return errOthersKey
		case err == nil && rec.Encrypted == (d.Key.identity != nil) && rec.isOf(digest):
			return nil
		case err != nil && !errors.Is(err, store.ErrNotFound):
			return err
		}
	}
	work, release, err := kept.Work()
	if err != nil {
		return err
	}
	defer release()
	path := source.Path
	if source.Data != nil {
		if path, err = source.Copy(filepath.Join(work, "source")); err != nil {
			return err
		}
	}
	sent, file, err := d.encrypted(path, work)
	if err == nil && file.SHA256 != digest {
		err = &engine.ChangedError{Path: source.Path}
	}
	if err != nil {
		return err
	}
	file.Path = source.Name()
	old := rec
	rec = Record{Files: []engine.File{file}, Object: "sources/" + digest + "/" + sent.sum, Encrypted: d.Key.identity != nil}
	body := sent.body()
	body.Sent = d.told(sent.size)
	if err := d.putBody(ctx, rec.Object, body, sent.sum, "application/octet-stream"); err != nil {
		return err
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		panic(err) // plain structs
	}
	if ok && old.Object != rec.Object { // before the record: one without its object is noticed, an object without a record is not
		if err := d.Store.Delete(ctx, old.Object); err != nil {
			return err
		}
	}
	return d.writeIf(ctx, "sources/"+digest+".json", raw, store.If{})
}

// told tells the sink of the bytes of a source that have arrived: Sent of its body.
func (d *Depot) told(all int64) func(int64) {
	if d.Sink == nil {
		return nil
	}
	var arrived atomic.Int64
	return func(n int64) {
		d.Sink(report.Event{Kind: report.Uploading, Done: arrived.Add(n), Total: all})
	}
}

// isOf says whether a record tells of one file that has a digest, and that could be a copy of a source.
func (r Record) isOf(digest string) bool {
	return len(r.Files) == 1 && r.Files[0].SHA256 == digest && engine.IsSourceName(r.Files[0].Path)
}

// encrypted gives the file that is sent, and what the plain one is.
func (d *Depot) encrypted(path, work string) (sent packed, plain engine.File, err error) {
	if d.Key.identity == nil {
		plain, err = local.Hash(path) // the store takes these bytes or none
		return packed{path, plain.Size, plain.SHA256}, plain, err
	}
	hash, weak, count := sha256.New(), md5.New(), &counter{} // of what is encrypted, in the same pass
	sent, err = written(work, func(w io.Writer) error {
		e, err := age.Encrypt(w, d.Key.identity.Recipient())
		if err != nil {
			return err
		}
		return errors.Join(copyFile(io.MultiWriter(e, hash, weak, count), path), e.Close())
	})
	return sent, engine.File{Size: count.n, SHA256: hex.EncodeToString(hash.Sum(nil)), MD5: hex.EncodeToString(weak.Sum(nil))}, err
}

// FetchSource brings a source to this machine, unless it is here, and gives its path. release is as for Fetch.
func (d *Depot) FetchSource(ctx context.Context, digest string, kept *local.Kept) (path string, release func(), err error) {
	use := func() bool {
		r, free, ok := kept.Use(ctx, sourceName(digest))
		if ok {
			path, release = filepath.Join(r.Dir, r.Files[0].Path), free
		}
		return ok
	}
	if use() {
		return path, release, nil
	}
	rec, ok, err := d.record(ctx, "sources/"+digest)
	if err == nil && ok && !rec.isOf(digest) {
		err = fmt.Errorf("%w: the film %s in %s is not what its name says; remove it there, and publish the film again", store.ErrDamaged, digest, d.Store)
	}
	if err != nil {
		return "", nil, err
	}
	if !ok {
		return "", nil, fmt.Errorf("%w: the film is not in %s any more; run the same publish again, which sends it", store.ErrNotFound, d.Store)
	}
	if rec.Encrypted && d.Key.identity == nil {
		return "", nil, errors.New("the film is encrypted, and this worker has no key; name its file with --source-key")
	}
	err = d.bring(ctx, sourceName(digest), rec, kept, func(out string) error {
		body, _, err := d.Store.Get(ctx, rec.Object)
		if err != nil {
			return err
		}
		defer body.Close()
		var from io.Reader = body
		if rec.Encrypted {
			if from, err = age.Decrypt(body, d.Key.identity); err != nil {
				return fmt.Errorf("the film cannot be decrypted with this worker's key (%w); give all machines the same --source-key", err)
			}
		}
		return writeFile(filepath.Join(out, rec.Files[0].Path), io.LimitReader(from, rec.Files[0].Size+1)) // whoever wrote the object may let it have no end
	})
	if err != nil {
		return "", nil, err
	}
	if !use() {
		return "", nil, fmt.Errorf("the film went from %s as soon as it was there; give the cache more room", kept.Dir())
	}
	return path, release, nil
}

// sourceName is how local.Kept calls a source; no result's digest has that form.
func sourceName(digest string) string { return "source-" + digest }

func (d *Depot) user(digest, user string) string { return "sources/" + digest + "/users/" + user }

// DropSource notes that somebody does not need a source any more, and removes it with its last user. Who begins to need it in the same
// moment may find it gone, is told so, and sends it again.
func (d *Depot) DropSource(ctx context.Context, digest, user string) error {
	if err := d.Store.Delete(ctx, d.user(digest, user)); err != nil {
		return err
	}
	var objects []string
	for o, err := range d.Store.List(ctx, "sources/"+digest+"/") {
		if err != nil {
			return err
		}
		if strings.HasPrefix(o.Name, d.user(digest, "")) {
			return nil
		}
		objects = append(objects, o.Name)
	}
	for _, name := range append([]string{"sources/" + digest + ".json"}, objects...) {
		if err := d.Store.Delete(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

// DropSources is DropSource for all sources that somebody needs, and tells how many these were.
func (d *Depot) DropSources(ctx context.Context, user string) (n int, err error) {
	var digests []string
	for o, err := range d.Store.List(ctx, "sources/") {
		if err != nil {
			return 0, err
		}
		if digest, _, ok := strings.Cut(strings.TrimPrefix(o.Name, "sources/"), "/"); ok && o.Name == d.user(digest, user) {
			digests = append(digests, digest)
		}
	}
	for _, digest := range digests {
		if err := d.DropSource(ctx, digest, user); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
