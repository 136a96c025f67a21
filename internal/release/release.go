// Package release makes a film visible: it uploads what the steps made and then switches one small object, so that a
// viewer meets the old film or the new one, whole, and never a mixture.
//
//	<slug>/o/<digest>/...            media, subtitle tracks, pictures; immutable, shared by all releases of the film
//	<slug>/r/<release>/...           playlists, page, transcript of one release; immutable
//	<slug>/r/<release>/manifest.json what the release consists of; written last of r/, its digest is the release's name
//	<slug>/release.json              the pointer: which release is current; written only if nobody else wrote it meanwhile
//	<slug>/index.html, master.m3u8,
//	       manifest.mpd, embed.html,
//	       oembed.json               entrances, each refers to one release only
//	<slug>/tombstone.json            what no kept release names; see Tombstone
//	<slug>/unpublished.json          that the film has no pointer on purpose
//	<slug>/rollback.json             where a rollback goes that has not ended
//
// The order is kept by barriers, not by sorting, because uploads run side by side: media, tracks, pages, manifest, then a
// look whether all of it is there and sound, then the pointer, then the entrances. A crash before the pointer changes nothing
// that a viewer can reach; after a crash anywhere the same Publish, run again, finishes. There is no lock.
package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"filmpress/internal/report"
	"filmpress/internal/store"
)

// File is one object of a release. Media and tracks lie below <slug>/ ("o/<step digest>/v0/00001.m4s"), pages below
// r/<release>/ ("en.m3u8", "index.html").
type File struct {
	Path   string // slash-separated
	Size   int64
	SHA256 string // lower-case hex
	MD5    string // lower-case hex; "" is unknown, which costs a request for each object that is there already
	Open   func() (io.ReadSeekCloser, error)

	Type         string // Content-Type; "" is store.TypeOf(Path)
	CacheControl string // "" is the right one for its place
	Disposition  string // Content-Disposition; "" is none
}

// Set is all that a release consists of.
type Set struct {
	Slug   string
	Media  []File // barrier 1
	Tracks []File // barrier 2: subtitles and pictures, below o/ as well
	Pages  []File // barrier 3
	// Entrances renders the objects below <slug>/ that viewers' addresses name, for one release.
	Entrances func(release string) ([]File, error)
	Summary   json.RawMessage // goes into the manifest, for whoever lists releases: title, languages, duration
}

// Options are how to publish.
type Options struct {
	Force   bool // replace another publisher's release that appeared meanwhile, or a pointer that cannot be read
	Workers int  // uploads at once; 0 is 16
	// Audit judges the release when all of it is in the store, and before the pointer is switched to it: an error means
	// that nothing is switched. It is not called where the release is current already. nil is no judge.
	Audit  func(ctx context.Context, release string) error
	Timer  Timer
	Stream *Stream // what was uploaded while the steps still ran; Publish closes it. nil is nothing
}

// Result is what Publish did. Uploaded counts what this run sent, by its stream as well; Present what was there.
type Result struct {
	Release       string
	Previous      string // as the pointer says: the release before this one; "" is none
	Sequence      int    // as the pointer says: how many times it was switched
	Uploaded      int
	Present       int
	UploadedBytes int64 // of plain bytes
}

var (
	// ErrConflict is another publisher's release that appeared while this one was being uploaded.
	ErrConflict = errors.New("somebody else published this film at the same time")
	// ErrDiffers is an immutable name that holds other bytes already; see DiffersError.
	ErrDiffers = errors.New("the store holds other bytes under that name")
	// ErrIncomplete is an object that was uploaded and is not there.
	ErrIncomplete = errors.New("the release is not whole in the store")
	// ErrMalformed is a pointer or a manifest that is not ours or was damaged.
	ErrMalformed = errors.New("not written by filmpress, or damaged")
)

// DiffersError names the paths below <slug>/ that hold other bytes, as another build of the encoder makes them. Nothing
// was uploaded; published under other folder names, the release is fine.
type DiffersError struct{ Paths []string }

func (e *DiffersError) Error() string {
	more := ""
	if n := len(e.Paths); n > 1 {
		more = fmt.Sprintf(" and %d more", n-1)
	}
	return fmt.Sprintf("%v: %s%s", ErrDiffers, e.Paths[0], more)
}

func (e *DiffersError) Unwrap() error { return ErrDiffers }

// Publish brings a release into the store and makes it the film's current one. Publishing the current release again
// sends only what is missing of it, mostly nothing.
func Publish(ctx context.Context, st store.Store, set Set, opt Options, sink report.Sink) (Result, error) {
	if err := set.check(); err != nil {
		return Result{}, err
	}
	release, manifest := set.manifest()
	p := &publisher{st: st, set: set, opt: opt, sink: sink, release: release, result: Result{Release: release}}
	if p.opt.Workers <= 0 {
		p.opt.Workers = 16
	}
	if opt.Stream != nil {
		opt.Stream.Close() // what it could not send is missing in the list, and sent below
		p.result.Uploaded, p.result.UploadedBytes = opt.Stream.count()
	}
	old, err := p.current(ctx)
	if err != nil {
		return p.result, err
	}
	if err := p.upload(ctx, manifest); err != nil {
		return p.result, err
	}
	if opt.Audit != nil && old.Release != p.release {
		if err := opt.Audit(ctx, p.release); err != nil {
			return p.result, err
		}
	}
	if err := p.point(ctx, old); err != nil {
		return p.result, err
	}
	return p.result, p.finish(ctx)
}

// publisher is one Publish under way.
type publisher struct {
	st      store.Store
	set     Set
	opt     Options
	sink    report.Sink
	release string
	etag    string // of the pointer as it was read; "" where there is none
	bytes   progress
	looked  Moment                      // when the list began that the switch relies on
	again   func(context.Context) error // looks once more whether all is there

	mu     sync.Mutex // guards what follows while uploads run
	there  inventory
	result Result
}

// upload carries out barriers 1 to 5.
func (p *publisher) upload(ctx context.Context, manifest File) error {
	place := "r/" + p.release + "/"
	pages := make([]File, len(p.set.Pages))
	for i, f := range p.set.Pages {
		pages[i] = f
		pages[i].Path = place + f.Path
	}
	manifest.Path = place + ManifestName
	barriers := [][]File{p.set.Media, p.set.Tracks, pages, {manifest}}
	var err error
	if p.there, err = p.look(ctx); err != nil {
		return err
	}
	if err := p.missing(ctx, barriers); err != nil {
		return err
	}
	sent := false
	for _, files := range barriers {
		n, err := p.send(ctx, files)
		if err != nil {
			return err
		}
		sent = sent || n > 0
	}
	p.again = func(ctx context.Context) error { return p.verify(ctx, barriers) }
	if !sent { // the list that found everything is the look
		return nil
	}
	return p.again(ctx)
}

// look lists the film, after it has made sure that what is listed will stay.
func (p *publisher) look(ctx context.Context) (inventory, error) {
	needs := Needs{Release: p.release}
	for f := range filesOf([][]File{p.set.Media, p.set.Tracks}) {
		needs.Paths = append(needs.Paths, f.Path)
	}
	err := Spare(ctx, p.st, p.set.Slug, needs, p.opt.Timer, p.sink)
	if err != nil {
		return nil, err
	}
	p.looked = p.opt.Timer.Moment()
	return list(ctx, p.st, p.set.Slug)
}

// verify looks whether the store lists what it was given (barrier 5).
func (p *publisher) verify(ctx context.Context, barriers [][]File) error {
	listed, err := p.look(ctx)
	if err != nil {
		return err
	}
	for f := range filesOf(barriers) {
		want, got := p.there[f.Path], listed[f.Path]
		if got.Name == "" || got.Size != want.Size || got.ETag != "" && want.ETag != "" && got.ETag != want.ETag {
			return fmt.Errorf("%w: %s/%s/%s is missing or was changed; run again", ErrIncomplete, p.st, p.set.Slug, f.Path)
		}
	}
	return nil
}

// check refuses a slug that cannot be a folder's name. Anything else that is wrong with a set is our own mistake.
func (s Set) check() error {
	if err := store.CheckName(s.Slug); err != nil {
		return err
	}
	if strings.Contains(s.Slug, "/") {
		return fmt.Errorf("%w: %q; the film's slug must not have a slash in it", store.ErrName, s.Slug)
	}
	seen := map[string]bool{ManifestName: true}
	for i, files := range [][]File{s.Media, s.Tracks, s.Pages} {
		for _, f := range files {
			if seen[f.Path] || !hexOf(f.SHA256, 64) || f.MD5 != "" && !hexOf(f.MD5, 32) || (i < 2) != strings.HasPrefix(f.Path, "o/") {
				panic(fmt.Sprintf("release: %q comes twice, has no digest, or is in the wrong place", f.Path))
			}
			if err := store.CheckName(f.Path); err != nil {
				return err
			}
			seen[f.Path] = true
		}
	}
	return nil
}
