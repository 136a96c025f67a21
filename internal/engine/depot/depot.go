// Package depot keeps results, plans and sources in a place that several machines reach: a bucket, or a shared folder. What is kept
// on one machine, local.Kept is; a depot brings it there and back.
//
//	results/<digest>.json             what a result consists of; written last, so that what has it is whole
//	results/<digest>/<sha256>.tar     its files, in one object: a film has ten thousand segments, and each costs a request
//	plans/<sha256>.json               a plan, as it was computed once
//	places/<sha256>.json              where a publish goes to, if that is a folder
//	sources/<digest>.json             what a source is, as results are told
//	sources/<digest>/<sha256>         the source's bytes, encrypted where there is a key
//	sources/<digest>/users/<publish>  who needs it; without any, it goes
package depot

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filmpress/internal/engine"
	"filmpress/internal/engine/local"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/store"
)

// Depot is a shared place. Its methods may be called from several goroutines at once, and on several machines.
type Depot struct {
	Store store.Store
	Facts string      // the file of a result that its record tells, too, for steps that read nothing else; see Facts of Record
	Key   Key         // of sources; the zero value is none
	Sink  report.Sink // hears how far a source is that is sent; nil is nobody
}

// Record is what is told of a result without its files.
type Record struct {
	Files     []engine.File `json:"files"`               // sorted by path
	Object    string        `json:"object"`              // the object that holds them
	Facts     []byte        `json:"facts,omitempty"`     // the bytes of the file Depot.Facts
	Encrypted bool          `json:"encrypted,omitempty"` // of a source
}

// maxRecord is far more than any record takes: one of 200 segments in 8 renditions takes 300 kB.
const maxRecord = 32 << 20

// Look gives a result's record.
func (d *Depot) Look(ctx context.Context, digest string) (Record, bool, error) {
	return d.record(ctx, "results/"+digest)
}

// Has says whether a result is there with its files. A record without them (a bucket's own rules remove old objects one by one) is forgotten, so that the
// step is done once more.
func (d *Depot) Has(ctx context.Context, digest string) (bool, error) {
	rec, ok, err := d.Look(ctx, digest)
	if !ok || err != nil {
		return false, err
	}
	_, err = d.Store.Stat(ctx, rec.Object)
	if errors.Is(err, store.ErrNotFound) {
		return false, d.forget(ctx, digest, rec)
	}
	return err == nil, err
}

// record reads <name>.json. What it names has to lie in <name>/: whoever can write records must not have us remove or read something else.
func (d *Depot) record(ctx context.Context, name string) (r Record, ok bool, err error) {
	folder := name + "/"
	name += ".json"
	raw, err := d.read(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		return r, false, nil
	}
	if err != nil {
		return r, false, err
	}
	if err := json.Unmarshal(raw, &r); err != nil || len(r.Files) == 0 || store.CheckName(r.Object) != nil || !strings.HasPrefix(r.Object, folder) {
		return Record{}, false, fmt.Errorf("%w: %s in %s is not what filmpress wrote there; remove it", store.ErrDamaged, name, d.Store)
	}
	return r, true, nil
}

// read gives a small object's bytes.
func (d *Depot) read(ctx context.Context, name string) ([]byte, error) {
	body, _, err := d.Store.Get(ctx, name)
	if err != nil {
		return nil, err
	}
	defer body.Close()
	raw, err := io.ReadAll(io.LimitReader(body, maxRecord+1))
	if err == nil && len(raw) > maxRecord {
		err = fmt.Errorf("%w: %s in %s is too large", store.ErrDamaged, name, d.Store)
	}
	return raw, err
}

// write stores bytes under a name that never holds others; that it is there already is fine.
func (d *Depot) write(ctx context.Context, name string, raw []byte) error {
	err := d.writeIf(ctx, name, raw, store.If{Absent: true})
	if errors.Is(err, store.ErrPrecondition) {
		return nil
	}
	return err
}

func (d *Depot) writeIf(ctx context.Context, name string, raw []byte, cond store.If) error {
	sum := sha256.Sum256(raw)
	_, err := d.Store.Put(ctx, name, store.Bytes(raw), meta(hex.EncodeToString(sum[:]), "application/json"), cond)
	return err
}

// meta is private: a proxy between worker and bucket keeps no copy.
func meta(sum, kind string) store.Meta {
	return store.Meta{Type: kind, CacheControl: "private, no-store", SHA256: sum}
}

// Send brings a result to the depot: the files, then the record. Several may send the same; one record stays.
func (d *Depot) Send(ctx context.Context, r engine.Result, kept *local.Kept) error {
	work, release, err := kept.Work()
	if err != nil {
		return err
	}
	defer release()
	packed, err := pack(r, work)
	if err != nil {
		return err
	}
	rec := Record{Files: r.Files, Object: "results/" + r.Digest + "/" + packed.sum + ".tar"}
	if rec.Facts, err = d.facts(r); err != nil {
		return err
	}
	if err := d.put(ctx, rec.Object, packed, "application/x-tar"); err != nil {
		return err
	}
	raw, err := json.Marshal(rec)
	if err != nil {
		panic(err) // plain structs
	}
	return d.write(ctx, "results/"+r.Digest+".json", raw)
}

func (d *Depot) put(ctx context.Context, name string, f packed, kind string) error {
	return d.putBody(ctx, name, f.body(), f.sum, kind)
}

func (d *Depot) putBody(ctx context.Context, name string, body store.Body, sum, kind string) error {
	_, err := d.Store.Put(ctx, name, body, meta(sum, kind), store.If{Absent: true})
	if errors.Is(err, store.ErrPrecondition) { // the name tells the bytes
		return nil
	}
	return err
}

// Fetch brings a result to this machine, unless it is here. Its bytes are held against the record; what differs, or is gone, is forgotten in the
// depot, so that the next publish makes it anew. release lets local.Kept remove it again.
func (d *Depot) Fetch(ctx context.Context, digest string, kept *local.Kept) (r engine.Result, release func(), err error) {
	if r, release, ok := kept.Use(ctx, digest); ok {
		return r, release, nil
	}
	rec, ok, err := d.Look(ctx, digest)
	if err != nil {
		return r, nil, err
	}
	if !ok {
		return r, nil, d.gone(digest)
	}
	err = d.bring(ctx, digest, rec, kept, func(out string) error { return d.unpack(ctx, rec, out) })
	damaged, gone := errors.Is(err, store.ErrDamaged), errors.Is(err, store.ErrNotFound)
	if damaged || gone {
		if err := d.forget(ctx, digest, rec); err != nil {
			return r, nil, err
		}
	}
	switch {
	case damaged:
		err = fmt.Errorf("%w; it is forgotten there: publish the film again, which makes it anew", err)
	case gone:
		err = d.gone(digest)
	}
	if err != nil {
		return r, nil, err
	}
	if r, release, ok = kept.Use(ctx, digest); !ok {
		return r, nil, fmt.Errorf("the result %s went from %s as soon as it was there; give the cache more room", digest, kept.Dir())
	}
	return r, release, nil
}

// gone is a result that was in the depot.
func (d *Depot) gone(digest string) error {
	return fmt.Errorf("%w: the result %s was kept in %s, and is gone from there; publish the film again, which makes it anew", store.ErrNotFound, digest, d.Store)
}

// forget takes a result out of the depot, record first.
func (d *Depot) forget(ctx context.Context, digest string, rec Record) error {
	if err := d.Store.Delete(ctx, "results/"+digest+".json"); err != nil {
		return err
	}
	return d.Store.Delete(ctx, rec.Object)
}

// bring has a folder filled, and keeps it if it is what the record tells. Whoever else on this machine brings the same is waited for.
func (d *Depot) bring(ctx context.Context, digest string, rec Record, kept *local.Kept, fill func(out string) error) error {
	done, err := kept.Exclusive(ctx, digest+".fetch")
	if err != nil {
		return err
	}
	defer done()
	if _, ok := kept.Look(digest); ok {
		return nil
	}
	work, release, err := kept.Work()
	if err != nil {
		return err
	}
	defer release()
	out := work + "/out"
	if err := fill(out); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	r, err := kept.Keep(ctx, digest, out)
	if err != nil {
		return err
	}
	if !slices.Equal(r.Files, rec.Files) {
		return errors.Join(fmt.Errorf("%w: the kept result %s in %s", store.ErrDamaged, digest, d.Store), kept.Drop(digest))
	}
	return nil
}

// SavePlan keeps a plan under its digest, and gives that.
func (d *Depot) SavePlan(ctx context.Context, p plan.Plan) (digest string, err error) {
	raw, err := json.Marshal(p)
	if err != nil {
		panic(err) // plain structs
	}
	sum := sha256.Sum256(raw)
	digest = hex.EncodeToString(sum[:])
	return digest, d.write(ctx, "plans/"+digest+".json", raw)
}

// SavePlace keeps the path of a folder that is published to under its digest, and gives that: it names people, and the server that orders the steps keeps
// what it is told for weeks.
func (d *Depot) SavePlace(ctx context.Context, path string) (digest string, err error) {
	raw, err := json.Marshal(path)
	if err != nil {
		panic(err) // a string
	}
	sum := sha256.Sum256(raw)
	digest = hex.EncodeToString(sum[:])
	return digest, d.write(ctx, "places/"+digest+".json", raw)
}

// Place gives a path that was saved.
func (d *Depot) Place(ctx context.Context, digest string) (path string, err error) {
	raw, err := d.read(ctx, "places/"+digest+".json")
	if err != nil {
		return "", fmt.Errorf("where this publish goes to: %w", err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != digest {
		return "", fmt.Errorf("%w: the place %s in %s; publish the film again", store.ErrDamaged, digest, d.Store)
	}
	return path, json.Unmarshal(raw, &path)
}

// Plan gives a plan that was saved.
func (d *Depot) Plan(ctx context.Context, digest string) (p plan.Plan, err error) {
	raw, err := d.read(ctx, "plans/"+digest+".json")
	if errors.Is(err, store.ErrNotFound) {
		return p, fmt.Errorf("%w: the plan of this publish is gone from %s; publish the film again", store.ErrNotFound, d.Store)
	}
	if err != nil {
		return p, fmt.Errorf("the plan of this publish: %w", err)
	}
	if sum := sha256.Sum256(raw); hex.EncodeToString(sum[:]) != digest {
		return p, fmt.Errorf("%w: the plan %s in %s; remove it there, and publish the film again", store.ErrDamaged, digest, d.Store)
	}
	return p, json.Unmarshal(raw, &p)
}
