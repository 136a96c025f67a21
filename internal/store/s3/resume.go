package s3

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

// unfinished is what is remembered of the upload of one large object, so that a run after a crash sends only the parts that the
// server lacks. It lies on this machine: an upload's metadata cannot be asked for, and the object's SHA-256 is part of it, so an
// upload that was merely found under the right name could store the right bytes with a wrong digest.
//
// The file has one JSON value a line: where it belongs, then each part that arrived. A line that a crash cut is passed over. The
// file's lock keeps two processes from one upload; the second one begins its own and remembers nothing.
type unfinished struct {
	file *os.File // nil: nothing is remembered
	head uploadRecord
	mu   sync.Mutex
	sent map[int32]partRecord
}

// uploadRecord is the first line.
type uploadRecord struct {
	Upload string `json:"upload"`
	Writer string `json:"writer,omitempty"` // see writerKey
}

// partRecord is one part that the server has taken.
type partRecord struct {
	Part   int32  `json:"part"`
	SHA256 string `json:"sha256"` // or the part's CRC-32 (see survey)
	ETag   string `json:"etag"`
}

// forgetAfter is when a record is of no more use: whoever cleans a bucket has given up the upload by then.
const forgetAfter = 14 * 24 * time.Hour

// recall opens what is remembered of an upload, with the parts that the server still has. Nothing remembered, or no folder to
// remember in, is no error.
func (p *upload) recall(ctx context.Context, size int64) (*unfinished, error) {
	u := &unfinished{sent: map[int32]partRecord{}}
	if p.uploadDir == "" || os.MkdirAll(p.uploadDir, 0o700) != nil {
		return u, nil
	}
	p.sweepOnce.Do(func() { sweepRecords(p.uploadDir) })
	file, err := os.OpenFile(filepath.Join(p.uploadDir, p.identity(size)+".jsonl"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return u, nil
	}
	if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		file.Close()
		return u, nil
	}
	u.file = file
	u.read()
	if u.head.Upload == "" {
		return u, u.empty()
	}
	there, err := p.partsThere(ctx, u.head.Upload)
	mayNot := Denied(err) || statusOf(err) == http.StatusUnauthorized
	if err != nil && !mayNot && resumable(ctx, err) {
		u.close()
		return nil, err
	}
	if err != nil { // it was given up meanwhile, or these credentials may not ask: begin anew
		p.abort(ctx, aws.String(p.key(p.name)), u.head.Upload)
		return u, u.empty()
	}
	for number, part := range u.sent {
		if there[number] != part.ETag {
			delete(u.sent, number)
		}
	}
	return u, nil
}

// identity names all that an upload stores, and where. Another digest, type or header is another upload.
func (p *upload) identity(size int64) string {
	all, err := json.Marshal([]any{p.endpoint.String(), p.bucket, p.key(p.name), p.size, size, p.crc, p.meta, p.cond})
	if err != nil {
		panic(err) // strings and numbers
	}
	return digest(all)
}

// partsThere asks for the parts that an upload has: their ETags by number.
func (p *upload) partsThere(ctx context.Context, id string) (map[int32]string, error) {
	there := map[int32]string{}
	pages := s3.NewListPartsPaginator(p.client, &s3.ListPartsInput{Bucket: &p.bucket, Key: aws.String(p.key(p.name)), UploadId: &id},
		func(o *s3.ListPartsPaginatorOptions) { o.StopOnDuplicateToken = true }) // what is not seen then is sent again
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, part := range page.Parts {
			there[aws.ToInt32(part.PartNumber)] = unquote(aws.ToString(part.ETag))
		}
	}
	return there, nil
}

// resumable tells whether an upload that ended with this error is worth going on with: what stopped it was the user, the network,
// the server, or rights that can be given back; not the bytes or a condition.
func resumable(ctx context.Context, err error) bool {
	var source *sourceError
	if errors.As(err, &source) || errors.Is(err, store.ErrDamaged) {
		return false
	}
	status := statusOf(err)
	return ctx.Err() != nil || status == 0 || status >= 500 || status == http.StatusForbidden || status == http.StatusUnauthorized ||
		status == http.StatusTooManyRequests
}

func (u *unfinished) read() {
	lines := bufio.NewScanner(u.file)
	for lines.Scan() {
		var part partRecord
		if len(lines.Bytes()) == 0 {
			continue
		}
		if u.head.Upload == "" {
			if json.Unmarshal(lines.Bytes(), &u.head) != nil || u.head.Upload == "" {
				return
			}
		} else if json.Unmarshal(lines.Bytes(), &part) == nil && part.Part > 0 {
			u.sent[part.Part] = part
		}
	}
}

// empty forgets what was remembered and keeps the file for what comes.
func (u *unfinished) empty() error {
	u.head = uploadRecord{Writer: rand.Text()}
	clear(u.sent)
	return u.file.Truncate(0)
}

// begin remembers a new upload.
func (u *unfinished) begin(id string) { u.head.Upload = id; u.write(u.head) }

// has gives the ETag of a part that need not be sent again.
func (u *unfinished) has(number int32, sum string) (etag string, ok bool) {
	part, ok := u.sent[number]
	return part.ETag, ok && part.SHA256 == sum
}

// add remembers a part that arrived.
func (u *unfinished) add(number int32, sum, etag string) {
	u.write(partRecord{number, sum, unquote(etag)})
}

// write appends a line. Where that fails, less is remembered, and more sent again.
func (u *unfinished) write(v any) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.file == nil {
		return
	}
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers
	}
	// A newline before it as well, so that a line that a crash cut cannot swallow this one.
	u.file.Write(slices.Concat([]byte("\n"), line, []byte("\n")))
}

// close lets another process have the record.
func (u *unfinished) close() {
	if u.file != nil {
		u.file.Close()
	}
}

// forget removes the record; the upload is ended.
func (u *unfinished) forget() {
	if u.file != nil {
		os.Remove(u.file.Name())
	}
}

// sweepRecords removes records that nobody will come back to.
func sweepRecords(dir string) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, e := range entries {
		info, err := e.Info()
		if err == nil && strings.HasSuffix(e.Name(), ".jsonl") && time.Since(info.ModTime()) > forgetAfter {
			os.Remove(filepath.Join(dir, e.Name()))
		}
	}
}

// mangled tells whether the server got other bytes than were signed, or not all of them.
func mangled(err error) bool {
	switch codeOf(err) {
	case "BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch", "IncompleteBody":
		return true
	}
	return false
}

// errMangled is for bytes that were right here and arrive wrong, time and again.
func (s *Store) errMangled(name string, err error) error {
	return &failure{store.ErrUnreachable, fmt.Sprintf("s3://%s/%s at %s: the bytes are changed on the way there; look for a proxy or a filter that does it, or use https",
		s.bucket, s.key(name), s.endpoint.Host), err}
}
