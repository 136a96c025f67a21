// Package lint judges many subtitle files: it finds them, reads the settings that lie beside them, judges them on all cores,
// and gives the results in the order of their names, whichever was ready first.
package lint

import (
	"context"
	"path"
	"runtime"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// Options are the same for all files.
type Options struct {
	Read    func(name string) ([]byte, error) // at most subtitle.MaxBytes+1 bytes of a file
	Charset string                            // of files that are not UTF-8
	Film    *rules.Film                       // judge against this film
	Against *subtitle.Track                   // judge against this track
}

// Result is one file, judged.
type Result struct {
	Name     string
	Findings []report.Finding // sorted; their texts hold on to nothing of the file
	Bar      report.Severity  // findings of this severity or a higher one fail
	Unread   bool             // the file could not be read, so that it was not judged
	Ignored  bool             // its settings file says to leave it out
}

// job is a file on its way through a worker.
type job struct {
	name   string
	folder *folder
	abs    string
	done   chan Result
}

// window is how many files are held at once for each worker: enough to keep it busy while an earlier file takes long.
const window = 8

// Run judges files and hands each result on, in the order of names. An error of each ends the run, as does ctx.
func Run(ctx context.Context, names []string, settings *Settings, o Options, each func(Result) error) error {
	workers := runtime.GOMAXPROCS(0)
	group, ctx := errgroup.WithContext(ctx)
	waiting := make(chan *job, window*workers)
	ordered := make(chan *job, window*workers)
	guarded := func(do func() error) { group.Go(func() error { return report.Caught(do) }) }
	guarded(func() error {
		defer close(waiting)
		defer close(ordered)
		for _, name := range names {
			folder, abs := settings.of(name)
			j := &job{name, folder, abs, make(chan Result, 1)}
			for _, to := range []chan *job{ordered, waiting} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		guarded(func() error {
			for j := range waiting {
				j.done <- o.judge(j)
			}
			return nil
		})
	}
	guarded(func() error {
		for j := range ordered {
			select {
			case r := <-j.done:
				if err := each(r); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return group.Wait()
}

// judge reads one file and applies the rules to it.
func (o Options) judge(j *job) Result {
	r := Result{Name: j.name, Bar: j.folder.bar}
	if r.Ignored = j.folder.ignores(j.abs); r.Ignored {
		return r
	}
	data, err := o.Read(j.name)
	if err != nil {
		r.Unread, r.Findings = true, []report.Finding{Unreadable(j.name, err)}
		return r
	}
	s := j.folder.rules
	var opt subtitle.Options
	opt.Language, s.Kind = j.folder.name(j.abs)
	if o.Charset != "" && !utf8.Valid(data) {
		opt.Charset = o.Charset
	}
	track, read := subtitle.Read(j.name, data, opt)
	fs := rules.Check(&track, read, s)
	if o.Film != nil && len(track.Cues) > 0 {
		fs = append(fs, rules.CheckFilm(&track, *o.Film, s)...)
	}
	if o.Against != nil && len(track.Cues) > 0 && path.Clean(o.Against.Name) != j.name { // a folder may hold the other track, too
		fs = append(fs, rules.CheckPair(&track, o.Against, s)...)
	}
	report.Sort(fs)
	r.Findings = owned(fs)
	return r
}

// owned makes findings independent of the file that they were found in: its texts are parts of the whole file, which one
// finding would keep in memory.
func owned(fs []report.Finding) []report.Finding {
	var was, is string // several findings on a line share one copy of it
	for i := range fs {
		f := &fs[i]
		if f.Source != was {
			was, is = f.Source, strings.Clone(f.Source)
		}
		f.Source = is
		f.Text, f.Hint = strings.Clone(f.Text), strings.Clone(f.Hint)
	}
	return fs
}

// subtitleFile says whether a file found in a folder is one to judge.
func subtitleFile(name string) bool {
	ext := path.Ext(name)
	return strings.EqualFold(ext, ".srt") || strings.EqualFold(ext, ".vtt")
}
