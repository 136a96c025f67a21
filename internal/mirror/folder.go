package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// reserved begins the names, at the top of a place, of what stores keep there for themselves.
const reserved = ".filmpress-"

// folder is a folder on this machine. Nothing outside of it is ever opened, whatever links say.
type folder struct {
	path  string // for messages
	root  *os.Root
	cache *cache
}

// openFolder opens a folder; that of a destination may be missing, which is a nil root.
func openFolder(path string, c *cache, missingIsFine bool) (*folder, error) {
	f := &folder{path: path, cache: c}
	root, err := os.OpenRoot(path)
	if errors.Is(err, fs.ErrNotExist) && missingIsFine {
		return f, nil
	}
	f.root = root
	return f, err
}

// walking is one walk through a folder.
type walking struct {
	*folder
	ctx    context.Context
	filter Filter
	source bool // what cannot be looked at is told, and keeps the other side's objects from being deleted
	tell   func(report.Finding)
	follow *follower
	emit   func(entry) bool

	hidden []string // that were left out, the first of them
	hid    int
}

// walk gives all files in the order of their names, byte by byte. Of a source it tells what is no file.
func (f *folder) walk(ctx context.Context, filter Filter, source bool, tell func(report.Finding), emit func(entry) bool) error {
	if f.root == nil {
		return nil
	}
	w := &walking{folder: f, ctx: ctx, filter: filter, source: source, tell: tell, emit: emit, follow: f.cache.follow(!filter.all())}
	err := w.folderAt(".")
	w.follow.close(err == nil)
	if w.hid > 0 {
		w.tellHidden()
	}
	f.cache.journal = journal{}
	return err
}

// errStopped is a walk whose taker wants no more.
var errStopped = errors.New("stopped")

// node is one entry of a folder. A folder counts with its slash, so that "a-b" comes before "a/b".
type node struct {
	key  string
	size int64
	stamp
	wrong *report.Finding // why it cannot be looked at
}

func (w *walking) folderAt(name string) error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	nodes, err := w.read(name)
	if err != nil {
		return w.unread(name, err)
	}
	for _, n := range nodes {
		full := n.key
		if name != "." {
			full = name + "/" + n.key
		}
		if err := w.node(full, n); err != nil {
			return err
		}
	}
	return nil
}

func (w *walking) node(name string, n node) error {
	inside, isFolder := strings.CutSuffix(name, "/")
	if w.source && w.filter.NoHidden && Hidden(inside) && !strings.HasPrefix(name, reserved) {
		if w.hid++; w.hid <= 3 {
			w.hidden = append(w.hidden, name)
		}
	}
	switch {
	case strings.HasPrefix(name, reserved):
		return nil
	case isFolder && w.filter.skips(inside), !isFolder && !w.filter.Takes(name):
		return nil
	case n.wrong != nil:
		return w.blocked(name, *n.wrong)
	case isFolder:
		return w.folderAt(inside)
	}
	if err := store.CheckName(name); err != nil {
		return w.blocked(name, badName(w.path, name, err))
	}
	if !w.emit(entry{name: name, size: n.size, stamp: n.stamp, known: w.follow.find(name, n.size, n.stamp)}) {
		return errStopped
	}
	return nil
}

// tellHidden says what was left out without being asked to.
func (w *walking) tellHidden() {
	more := ""
	if n := w.hid - len(w.hidden); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	w.tell(report.Finding{Pos: report.Pos{File: w.path}, Severity: report.Info, Rule: "sync-hidden",
		Text: "left out, as editors and systems leave such files: " + strings.Join(w.hidden, ", ") + more, Hint: "--hidden takes them, too"})
}

// blocked tells what cannot be looked at. Of a folder, nothing below its name is deleted on the other side; of anything else, its name is not.
func (w *walking) blocked(name string, f report.Finding) error {
	if !w.source {
		return nil
	}
	w.tell(f)
	if !w.emit(entry{name: name, blocked: true}) {
		return errStopped
	}
	return nil
}

// unread judges a folder that cannot be read: the top one ends the walk. On a destination it does too, since what is in it is not known.
func (w *walking) unread(name string, err error) error {
	place := filepath.Join(w.path, name)
	if name != "." && errors.Is(err, fs.ErrNotExist) {
		return nil // gone meanwhile
	}
	if name == "." || !w.source {
		return fmt.Errorf("%w: the folder %s cannot be read (%s)", store.ErrRefused, place, reason(err))
	}
	return w.blocked(name+"/", report.Finding{Pos: report.Pos{File: place}, Severity: report.Error, Rule: "sync-unreadable",
		Text: "this folder cannot be read (" + reason(err) + ")", Hint: "give this user the right to read it, or leave it out with --exclude"})
}

// read gives a folder's entries, sorted. The kernel is asked for each by its name in the opened folder: one call, and no link is followed.
func (w *walking) read(name string) ([]node, error) {
	d, err := w.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil && err != io.EOF {
		return nil, err
	}
	nodes := make([]node, 0, len(names))
	at := int(d.Fd())
	for _, base := range names {
		n := node{key: base}
		var info unix.Stat_t
		switch err := unix.Fstatat(at, base, &info, unix.AT_SYMLINK_NOFOLLOW); {
		case errors.Is(err, fs.ErrNotExist):
			continue // gone meanwhile
		case err != nil:
			n.wrong = w.complaint(path.Join(name, base), report.Error, "sync-unreadable", "this cannot be looked at ("+reason(err)+")", "give this user the right to read it, or leave it out with --exclude")
		default:
			w.classify(name, &info, &n)
		}
		nodes = append(nodes, n)
	}
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.key, b.key) })
	return nodes, nil
}

// classify says what an entry is. A link to a file inside the folder is that file; no other link is followed: one to a folder could go round in a
// circle, and one that leads out of the folder would publish what nobody meant.
func (w *walking) classify(folder string, info *unix.Stat_t, n *node) {
	switch info.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		n.size, n.stamp = info.Size, stamp{info.Mtim.Nano(), info.Ctim.Nano(), info.Ino}
	case unix.S_IFDIR:
		n.key += "/"
	case unix.S_IFLNK:
		w.link(path.Join(folder, n.key), n)
	default:
		n.wrong = w.complaint(path.Join(folder, n.key), report.Warn, "sync-special", "this is a "+special(uint32(info.Mode))+" and holds no bytes; it is passed over", "leave it out with --exclude")
	}
}

// link puts the file in the place of the link to it.
func (w *walking) link(name string, n *node) {
	info, err := w.root.Stat(name)
	hint := "put the file itself there, or leave it out with --exclude"
	switch {
	case errors.Is(err, syscall.ELOOP):
		n.wrong = w.complaint(name, report.Error, "sync-link", "this symbolic link goes round in a circle", hint)
	case errors.Is(err, fs.ErrNotExist):
		n.wrong = w.complaint(name, report.Error, "sync-link", "this symbolic link leads nowhere", hint)
	case err != nil:
		n.wrong = w.complaint(name, report.Error, "sync-link", "this symbolic link leads out of the folder, and is not followed", hint)
	case info.IsDir():
		n.key += "/"
		n.wrong = w.complaint(name, report.Error, "sync-link", "this symbolic link leads to a folder, and is not followed", "put the folder itself there, or leave it out with --exclude")
	case !info.Mode().IsRegular():
		n.wrong = w.complaint(name, report.Warn, "sync-special", "this symbolic link leads to what is no file; it is passed over", "leave it out with --exclude")
	default:
		n.size, n.stamp = info.Size(), stampOf(info)
	}
}

func (w *walking) complaint(name string, s report.Severity, rule, text, hint string) *report.Finding {
	return &report.Finding{Pos: report.Pos{File: filepath.Join(w.path, name)}, Severity: s, Rule: rule, Text: text, Hint: hint}
}

func special(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFIFO:
		return "named pipe"
	case unix.S_IFSOCK:
		return "socket"
	}
	return "device"
}

// badName is a name that no bucket, or no folder, can hold.
func badName(place, name string, err error) report.Finding {
	return report.Finding{Pos: report.Pos{File: filepath.Join(place, name)}, Severity: report.Error, Rule: "sync-name",
		Text: "this name cannot be copied: " + strings.TrimPrefix(err.Error(), store.ErrName.Error()+": "), Hint: "rename it, or leave it out with --exclude"}
}

// reason is a system error without its path.
func reason(err error) string {
	var p *fs.PathError
	switch {
	case errors.Is(err, fs.ErrPermission):
		return "this user has no right to"
	case errors.As(err, &p):
		return p.Err.Error()
	}
	return err.Error()
}

// errChanged is a file that is not as it was when it was looked at.
var errChanged = errors.New("it changed while it was read")

// open opens a file that the walk found. It is not blocking, or a pipe that took the file's place would hold us for ever.
func (f *folder) open(e entry) (*os.File, error) {
	file, err := f.root.OpenFile(e.name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w (it is gone)", errChanged)
	}
	if err != nil {
		return nil, err
	}
	if err := unchanged(file, e); err != nil {
		file.Close()
		return nil, err
	}
	return file, nil
}

// unchanged is nil while an open file is the one that the walk found, with the same bytes.
func unchanged(file *os.File, e entry) error {
	var info unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &info); err != nil {
		return err
	}
	if info.Mode&unix.S_IFMT != unix.S_IFREG || info.Size != e.size || (stamp{info.Mtim.Nano(), info.Ctim.Nano(), info.Ino}) != e.stamp {
		return errChanged
	}
	return nil
}

// look looks at a file that was just written.
func (f *folder) look(name string) (size int64, at stamp, err error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return 0, stamp{}, err
	}
	return info.Size(), stampOf(info), nil
}
