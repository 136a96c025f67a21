package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

// support says what a server makes of conditional writes.
type support int

const (
	unasked support = iota
	good
	missing // it refuses them (Backblaze B2: 501), or writes whatever the condition says (Garage)
)

// checkName begins the names of what is written to look whether that works.
const checkName = ".filmpress-check-"

// Check lists one key and writes and deletes one, with few retries, so that a wrong setting is told at once.
func (s *Store) Check(ctx context.Context) error {
	few := func(o *s3.Options) { o.Retryer = retry.AddWithMaxAttempts(o.Retryer, 2) }
	one := int32(1)
	out, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: text(s.prefix), MaxKeys: &one}, few)
	if err == nil && !isListing(out) {
		err = errNotS3
	}
	if err != nil {
		return s.wrap(ctx, err, "")
	}
	s.conditions.Lock()
	defer s.conditions.Unlock()
	return s.probe(ctx)
}

// conditional tells whether the server keeps conditions on PUT. Amazon does; another one is asked once.
func (s *Store) conditional(ctx context.Context) (bool, error) {
	if s.aws {
		return true, nil
	}
	s.conditions.Lock()
	defer s.conditions.Unlock()
	if s.condition == unasked {
		if err := s.probe(ctx); err != nil {
			return false, err
		}
	}
	return s.condition == good, nil
}

// probe writes a key of its own, and again with If-None-Match: * and with the ETag of something else. To be refused then is
// right; to be stored means that the condition is ignored; anything else, that it is not known. Both are asked, because some
// servers learnt the first one long before the second. The caller holds the lock.
func (s *Store) probe(ctx context.Context) error {
	name := checkName + rand.Text()
	write := func(cond store.If) error {
		_, err := s.put(ctx, name, store.Bytes(nil), store.Meta{SHA256: digest(nil)}, cond)
		return err
	}
	if err := write(store.If{}); err != nil {
		return err
	}
	defer s.Delete(context.WithoutCancel(ctx), name) // without the right to delete, an empty object stays
	if s.condition != unasked || s.aws {
		return nil
	}
	for _, cond := range []store.If{{Absent: true}, {ETag: "00000000000000000000000000000000"}} {
		switch err := write(cond); {
		case errors.Is(err, store.ErrPrecondition):
		case err == nil, unknownCondition(err):
			s.condition = missing
			s.warn(fmt.Sprintf("%s does not keep conditions on writes; do not publish one film from two machines at the same moment", s.endpoint.Host))
			return nil
		default:
			return err
		}
	}
	s.condition = good
	return nil
}

// unknownCondition tells whether a server refused the header and not the object.
func unknownCondition(err error) bool {
	switch codeOf(err) {
	case "NotImplemented", "InvalidArgument", "InvalidRequest", "UnsupportedOperation":
		return true
	}
	return statusOf(err) == 501
}

// putUnguarded is for servers without conditions: look, write, and read back. Two writers in the same instant can both
// believe that they won for a moment; reading back makes that moment short.
func (s *Store) putUnguarded(ctx context.Context, name string, body store.Body, meta store.Meta, cond store.If) (store.Object, error) {
	if err := s.holds(ctx, name, cond); err != nil {
		return store.Object{}, err
	}
	put, err := s.put(ctx, name, body, meta, store.If{})
	if err != nil {
		return store.Object{}, err
	}
	now, err := s.Stat(ctx, name)
	if err == nil && now.SHA256 != put.SHA256 {
		err = fmt.Errorf("%w: %s/%s: somebody else wrote it in the same moment", store.ErrPrecondition, s, name)
	}
	return now, err
}

// holds is nil if the condition holds now.
func (s *Store) holds(ctx context.Context, name string, cond store.If) error {
	now, err := s.Stat(ctx, name)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	exists := err == nil
	if cond.Absent && exists || cond.ETag != "" && (!exists || now.ETag != cond.ETag) {
		return fmt.Errorf("%w: %s/%s", store.ErrPrecondition, s, name)
	}
	return nil
}

// Guarded implements store.Guard.
func (s *Store) Guarded(ctx context.Context) (bool, error) { return s.conditional(ctx) }
