package storetest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"filmpress/internal/store"
)

// Memory is a store in memory, for tests of what stands above stores. It keeps the contract and all metadata, and can copy and relabel.
func Memory() store.Store { return MemoryAt(time.Now) }

// MemoryAt is Memory with a clock of its own, for tests of ages.
func MemoryAt(now func() time.Time) store.Store {
	return &memory{objects: map[string]stored{}, now: now}
}

// Clone is a store in memory that holds what another one in memory does, with a clock of its own. What happens to one is not seen in the other.
func Clone(st store.Store, now func() time.Time) store.Store {
	m := st.(*memory)
	m.mu.Lock()
	defer m.mu.Unlock()
	return &memory{objects: maps.Clone(m.objects), now: now} // nobody writes into the bytes of an object
}

type memory struct {
	mu      sync.Mutex
	objects map[string]stored
	now     func() time.Time
}

type stored struct {
	store.Object
	bytes []byte
}

func (m *memory) Put(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	if err := store.CheckName(name); err != nil {
		return store.Object{}, err
	}
	b, err := slurp(ctx, body)
	if err != nil {
		return store.Object{}, err
	}
	sum := Meta(name, b).SHA256
	if sum != meta.SHA256 && !(body.Undigested && meta.SHA256 == "") || int64(len(b)) != body.Size {
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrDamaged, name)
	}
	meta.SHA256 = sum
	m.mu.Lock()
	defer m.mu.Unlock()
	now, exists := m.objects[name]
	if cond.Absent && exists || cond.ETag != "" && now.ETag != cond.ETag {
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrPrecondition, name)
	}
	meta.Gzip = false
	obj := store.Object{Name: name, Size: body.Size, ETag: "sha256-" + meta.SHA256, Meta: meta, Modified: m.now().UTC()}
	m.objects[name] = stored{obj, b}
	body.Arrived(body.Size)
	return obj, nil
}

func slurp(ctx context.Context, body store.Body) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	r, err := body.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(r)
	if err == nil {
		err = ctx.Err()
	}
	return b, err
}

func (m *memory) Get(ctx context.Context, name string) (io.ReadCloser, store.Object, error) {
	if err := ctx.Err(); err != nil {
		return nil, store.Object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[name]
	if !ok {
		return nil, store.Object{}, fmt.Errorf("%w: %q", store.ErrNotFound, name)
	}
	return io.NopCloser(bytes.NewReader(o.bytes)), o.Object, nil
}

func (m *memory) Stat(ctx context.Context, name string) (store.Object, error) {
	_, obj, err := m.Get(ctx, name)
	return obj, err
}

func (m *memory) List(ctx context.Context, prefix string) iter.Seq2[store.Object, error] {
	return func(yield func(store.Object, error) bool) {
		if err := ctx.Err(); err != nil {
			yield(store.Object{}, err)
			return
		}
		m.mu.Lock()
		objects := maps.Clone(m.objects)
		m.mu.Unlock()
		for _, name := range slices.Sorted(maps.Keys(objects)) {
			if strings.HasPrefix(name, prefix) && !yield(objects[name].Object, nil) {
				return
			}
		}
	}
}

func (m *memory) Delete(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.objects, name)
	return nil
}

func (m *memory) Now(ctx context.Context) (time.Time, error) {
	return m.now().UTC().Truncate(time.Second), ctx.Err()
}

func (m *memory) Reaches(src store.Store) bool {
	_, ok := src.(*memory)
	return ok
}

func (m *memory) Copy(ctx context.Context, src store.Store, obj store.Object, name string, meta store.Meta) (store.Object, error) {
	from, ok := src.(*memory)
	if !ok {
		return store.Object{}, store.ErrUnsupported
	}
	if err := store.CheckName(name); err != nil {
		return store.Object{}, err
	}
	if err := ctx.Err(); err != nil {
		return store.Object{}, err
	}
	from.mu.Lock()
	o, ok := from.objects[obj.Name]
	from.mu.Unlock()
	switch {
	case obj.ETag != "" && o.ETag != obj.ETag:
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrPrecondition, obj.Name)
	case !ok:
		return store.Object{}, fmt.Errorf("%w: %q", store.ErrNotFound, obj.Name)
	case meta.SHA256 == "":
		meta.SHA256 = o.SHA256
	case meta.SHA256 != o.SHA256:
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrDamaged, obj.Name)
	}
	return m.Put(ctx, name, store.Bytes(o.bytes), meta, store.If{})
}

func (m *memory) Relabel(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	if err := ctx.Err(); err != nil {
		return store.Object{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	o, ok := m.objects[obj.Name]
	if obj.ETag != "" && o.ETag != obj.ETag {
		return store.Object{}, fmt.Errorf("%w: %s", store.ErrPrecondition, obj.Name)
	}
	if !ok {
		return store.Object{}, fmt.Errorf("%w: %q", store.ErrNotFound, obj.Name)
	}
	o.Type, o.CacheControl, o.Disposition, o.Modified = meta.Type, meta.CacheControl, meta.Disposition, m.now().UTC()
	m.objects[obj.Name] = o
	return o.Object, nil
}

// Rewrite is Relabel, which nobody comes between here.
func (m *memory) Rewrite(ctx context.Context, obj store.Object, meta store.Meta) (store.Object, error) {
	return m.Relabel(ctx, obj, meta)
}

func (m *memory) Check(ctx context.Context) error { return ctx.Err() }
func (m *memory) URL(name string) string          { return "memory:/" + name }
func (m *memory) String() string                  { return "memory:" }
