package mirror

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"filmpress/internal/filestamp"
)

// The cache remembers what files hold, so that none is read to learn that it is as it was. It is a file of sorted lines, and a journal
// to which lines are appended while a sync runs; a run that finds a journal puts it in order with the lines before it does anything else. Losing it costs
// time and nothing else.
//
// A line is: CRC, size, mtime, ctime, inode, SHA-256, ETag, stored size, name; with tabs between, as no name has one. Torn and strange
// lines are passed over.

// stamp is a version of a file, as package filestamp tells it, without what the cache knows otherwise: there is one for each of a million files.
type stamp struct {
	mtime, ctime int64 // nanoseconds
	inode        uint64
}

func stampOf(info fs.FileInfo) stamp {
	s := filestamp.Of(info)
	return stamp{s.Mtime, s.Ctime, s.Ino}
}

// known is what is remembered of a file's bytes. ETag and stored belong together: an object of that stored size and with that
// ETag was seen to hold these bytes. It is an MD5, or what a server gave to an upload; either way it is equal only where the bytes are.
type known struct {
	sha    string // lower-case hex; "" is not known
	etag   string
	stored int64
}

type record struct {
	name string
	size int64
	stamp
	known
}

const cacheHead = "filmpress sync cache 1\n"

// cache is that of one folder. Its methods may be called from several goroutines at once, but for follow's.
type cache struct {
	path    string // without an extension; "" keeps nothing
	now     func() time.Time
	journal journal // of runs before

	mu      sync.Mutex
	file    *os.File
	pending []byte
	flushed time.Time
}

// cachePath is where the cache of some places lies; "" where nothing is kept.
func cachePath(folder, kind string, places ...string) string {
	if folder == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(strings.Join(places, "\x00")))
	return filepath.Join(folder, kind+"-"+hex.EncodeToString(sum[:10]))
}

// openCache makes the cache's folder and reads the journal.
func openCache(path string, now func() time.Time) (*cache, error) {
	c := &cache{path: path, now: now, flushed: now()}
	if path == "" {
		return c, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	text, err := os.ReadFile(c.journalPath())
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	c.journal = newJournal(text)
	return c, nil
}

func (c *cache) basePath() string    { return c.path + ".tsv" }
func (c *cache) journalPath() string { return c.path + ".journal" }

// journal is a journal's text and where its lines begin, sorted by their names; of each name the last one. After a first sync it has a line
// for every file, so lines are read when they are needed.
type journal struct {
	text   []byte
	starts []int
}

func newJournal(text []byte) journal {
	j := journal{text: text}
	for at := 0; at < len(text); at += len(j.line(at)) + 1 {
		if _, ok := parseLine(j.line(at)); ok && at+len(j.line(at)) < len(text) { // a line without its end is torn
			j.starts = append(j.starts, at)
		}
	}
	slices.SortStableFunc(j.starts, func(a, b int) int { return bytes.Compare(j.name(a), j.name(b)) })
	last := j.starts[:0]
	for i, at := range j.starts {
		if i+1 == len(j.starts) || !bytes.Equal(j.name(at), j.name(j.starts[i+1])) {
			last = append(last, at)
		}
	}
	j.starts = last
	return j
}

func (j journal) line(at int) []byte {
	line, _, _ := bytes.Cut(j.text[at:], []byte("\n"))
	return line
}

func (j journal) name(at int) []byte {
	line := j.line(at)
	return line[bytes.LastIndexByte(line, '\t')+1:]
}

func (j journal) record(at int) record {
	r, _ := parseLine(j.line(at)) // it was read before
	return r
}

// follower goes along the cache as a walk goes along the folder, in the same order, and holds one line.
type follower struct {
	c     *cache
	base  *lines
	file  *os.File
	ahead bool  // base.record is not used up
	rest  []int // the journal's lines that were not met yet

	out  *bufio.Writer // the cache put in order; nil where the journal is empty
	temp *os.File
	keep bool // also what the walk does not meet
}

// follow begins at the first line. partial says that the walk leaves things out, so that what it does not meet is kept.
func (c *cache) follow(partial bool) *follower {
	f := &follower{c: c, rest: c.journal.starts, keep: partial}
	if c.path == "" {
		return f
	}
	if file, err := os.Open(c.basePath()); err == nil {
		f.file, f.base = file, newLines(file)
		f.ahead = f.base.next()
	}
	if len(c.journal.starts) > 0 {
		if temp, err := os.CreateTemp(filepath.Dir(c.path), filepath.Base(c.path)+".new-*"); err == nil {
			f.temp, f.out = temp, bufio.NewWriterSize(temp, 64<<10)
			f.out.WriteString(cacheHead)
		}
	}
	return f
}

// find gives what is known of a file. Names must come in order.
func (f *follower) find(name string, size int64, at stamp) known {
	f.skipTo(name)
	var found *record
	if f.ahead && f.base.record.name == name {
		f.ahead = false
		found = &f.base.record
	}
	if len(f.rest) > 0 && string(f.c.journal.name(f.rest[0])) == name {
		r := f.c.journal.record(f.rest[0])
		found, f.rest = &r, f.rest[1:]
	}
	if found == nil {
		return known{}
	}
	f.write(*found)
	var k known
	if found.size == size && found.stamp == at {
		k = found.known
	}
	if f.base != nil && !f.ahead {
		f.ahead = f.base.next()
	}
	return k
}

// skipTo passes over what comes before a name; "" is everything.
func (f *follower) skipTo(name string) {
	for {
		var next []byte // name in the journal
		if len(f.rest) > 0 {
			next = f.c.journal.name(f.rest[0])
		}
		base := f.ahead && (name == "" || f.base.record.name < name)
		rest := len(f.rest) > 0 && (name == "" || string(next) < name)
		switch {
		case rest && (!base || string(next) <= f.base.record.name):
			if base && string(next) == f.base.record.name {
				f.ahead = f.base.next()
			}
			if f.keep {
				f.write(f.c.journal.record(f.rest[0]))
			}
			f.rest = f.rest[1:]
		case base:
			if f.keep {
				f.write(f.base.record)
			}
			f.ahead = f.base.next()
		default:
			return
		}
	}
}

func (f *follower) write(r record) {
	if f.out != nil {
		f.out.Write(appendLine(nil, r))
	}
}

// close ends the walk. Only after a whole walk does the cache that was put in order take the place of the old one.
func (f *follower) close(whole bool) {
	if whole {
		f.skipTo("")
	}
	if f.file != nil {
		f.file.Close()
	}
	if f.temp == nil {
		return
	}
	err := errors.Join(f.out.Flush(), f.temp.Close())
	if !whole || err != nil || os.Rename(f.temp.Name(), f.c.basePath()) != nil {
		os.Remove(f.temp.Name())
		return
	}
	os.Remove(f.c.journalPath())
}

// settled says whether a change is old enough for its file's bytes to be remembered.
func settled(at stamp, now time.Time) bool { return filestamp.Settled(at.mtime, at.ctime, now) }

// add remembers. read is when the bytes began to be read. What cannot be written is not remembered.
func (c *cache) add(r record, read time.Time) {
	if c.path == "" || !settled(r.stamp, read) || strings.ContainsAny(r.etag+r.name, "\t\n") {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = appendLine(c.pending, r)
	if now := c.now(); len(c.pending) > 64<<10 || now.Sub(c.flushed) > time.Second {
		c.flush(now)
	}
}

// flush appends whole lines in one write, so that two syncs of one folder at once do not mix theirs.
func (c *cache) flush(now time.Time) {
	c.flushed = now
	if len(c.pending) == 0 {
		return
	}
	if c.file == nil {
		f, err := os.OpenFile(c.journalPath(), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
		if err != nil {
			return
		}
		c.file = f
		if info, err := f.Stat(); err == nil && info.Size() == 0 {
			c.pending = append([]byte(cacheHead), c.pending...)
		} else {
			c.pending = append([]byte("\n"), c.pending...) // the last line may be torn
		}
	}
	c.file.Write(c.pending)
	c.pending = c.pending[:0]
}

// close writes what is pending.
func (c *cache) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.flush(c.now())
	if c.file != nil {
		c.file.Close()
	}
}

// appendLine writes a record as a line.
func appendLine(b []byte, r record) []byte {
	var field [256]byte
	line := field[:0]
	for _, n := range []int64{r.size, r.mtime, r.ctime} {
		line = append(strconv.AppendInt(line, n, 10), '\t')
	}
	line = append(strconv.AppendUint(line, r.inode, 10), '\t')
	line = append(append(line, r.sha...), '\t')
	line = append(append(line, r.etag...), '\t')
	line = append(strconv.AppendInt(line, r.stored, 10), '\t')
	line = append(line, r.name...)
	b = fmt.Appendf(b, "%08x\t", crc32.ChecksumIEEE(line))
	return append(append(b, line...), '\n')
}

// parseLine reads a line without its end.
func parseLine(line []byte) (r record, ok bool) {
	sum, line, ok := bytes.Cut(line, []byte("\t"))
	if want, err := strconv.ParseUint(string(sum), 16, 32); !ok || err != nil || uint32(want) != crc32.ChecksumIEEE(line) {
		return record{}, false
	}
	var parts [7]string
	text := string(line)
	for i := range parts {
		if parts[i], text, ok = strings.Cut(text, "\t"); !ok {
			return record{}, false
		}
	}
	var bad [5]error
	r.size, bad[0] = strconv.ParseInt(parts[0], 10, 64)
	r.mtime, bad[1] = strconv.ParseInt(parts[1], 10, 64)
	r.ctime, bad[2] = strconv.ParseInt(parts[2], 10, 64)
	r.inode, bad[3] = strconv.ParseUint(parts[3], 10, 64)
	r.sha, r.etag = parts[4], parts[5]
	r.stored, bad[4] = strconv.ParseInt(parts[6], 10, 64)
	r.name = text
	return r, errors.Join(bad[:]...) == nil && r.name != "" && (r.sha == "" || hexOf(r.sha, 64, 64))
}

// lines reads records one by one.
type lines struct {
	in     *bufio.Reader
	record record
}

func newLines(f io.Reader) *lines { return &lines{in: bufio.NewReaderSize(f, 64<<10)} }

func (l *lines) next() bool {
	for {
		line, err := l.in.ReadSlice('\n')
		if err == nil {
			if r, ok := parseLine(line[:len(line)-1]); ok {
				l.record = r
				return true
			}
		} else if !errors.Is(err, bufio.ErrBufferFull) { // longer than any name allows: the rest of it is passed over as well
			return false
		}
	}
}
