package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/adrg/xdg"
	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/mirror"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

// mirrorOptions are the command line of sync.
type mirrorOptions struct {
	dryRun, check, delete, headers, hidden, json   bool
	maxDelete, rules, bandwidth, srcConfig, toConf string
	include, exclude                               []string
	parallel                                       int
}

func newSync(a *app) *cobra.Command {
	var o mirrorOptions
	cmd := &cobra.Command{
		Use:   "sync SRC DST",
		Short: "Bring a folder or bucket up to another one, safely for viewers",
		Long: `Makes DST hold what SRC holds. Each is a folder or a bucket (s3://bucket/prefix). Between two buckets of one server, the
server copies. Objects are compared by their bytes, never by their times. What is the same is left alone.

Viewers of DST may look all the while: segments are copied before playlists, playlists before pages, and what addresses name
(release.json, index.html, master.m3u8) last. If an object fails, what comes after it in that order waits for the next run.
Nothing is deleted without --delete, and then after all copies. Of a film that SRC still has, the release that is current at DST
stays, and the one before it, to which a rollback goes; so do those of the pointer that is replaced, for who watches them now.

A run that was stopped is finished by the next one. Large uploads go on where they were.

Patterns: *.ts is a name in any folder; films/*/poster.jpg is a path from the top; ** stands for any number of folders. What a
pattern leaves out is not touched on either side. From a folder neither are files that editors and systems leave (.DS_Store,
.~lock.film.md#, film.md~, .git), some of which tell who worked on a film, without --hidden. --rules names a YAML file with types and cache headers:

  rules:
    - match: "*.m4s"
      cache: public, max-age=86400
    - match: downloads/**
      disposition: attachment

Symbolic links to a file inside SRC are copied as that file; other links are complaints. SRC is never left.

The settings (--endpoint, --profile, variables) hold for both sides. Where the other side is another server, name a settings file
for it with --src-config or --dst-config: of that file s3.endpoint, s3.region, s3.profile and s3.path-style hold for that side, and
nothing else does; flags and variables are not asked then.` +
			syncExits,
		Example: `  filmpress sync library s3://films --dry-run
  filmpress sync s3://films backup --delete --max-delete 100
  filmpress sync s3://films s3://films-copy --dst-config ./our-hetzner.yml
  filmpress sync library s3://films --bandwidth 08:00-18:00=1M,off
  filmpress sync library s3://films --check`,
		Args: takes(2, 2),
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.dryRun, "dry-run", false, "tell what would be done, and change nothing")
	flags.BoolVar(&o.check, "check", false, "like --dry-run, and end with exit code 3 if there is anything to do")
	flags.BoolVar(&o.delete, "delete", false, "delete what only DST has")
	flags.StringVar(&o.maxDelete, "max-delete", "50%", "with --delete: refuse to begin if more would go; a number of objects, or a share of those in DST")
	flags.StringArrayVar(&o.include, "include", nil, "only names that this pattern stands for; may be given several times")
	flags.StringArrayVar(&o.exclude, "exclude", nil, "not these names; wins over --include; may be given several times")
	flags.BoolVar(&o.hidden, "hidden", false, "from a folder, also files whose names begin with a dot, or that editors leave")
	flags.StringVar(&o.rules, "rules", "", "YAML file with types, cache and disposition headers for patterns")
	flags.BoolVar(&o.headers, "headers", false, "also mend headers of objects whose bytes are right already; asks for each object")
	flags.StringVar(&o.bandwidth, "bandwidth", "off", "bytes a second over the network, as in 1M, or with hours: 08:00-18:00=1M,off")
	flags.IntVar(&o.parallel, "parallel", 32, "objects at once, 1 to 256")
	flags.StringVar(&o.srcConfig, "src-config", "", "settings file of SRC alone: a name or path, as for --config")
	flags.StringVar(&o.toConf, "dst-config", "", "settings file of DST alone")
	flags.BoolVar(&o.json, "json", false, "print the result as JSON: docs/admin.md")
	config.AddFlags(flags, "s3.endpoint", "s3.region", "s3.profile", "s3.path-style")
	cmd.RunE = a.settled(func(cmd *cobra.Command, given []string) error { return a.sync(cmd.Context(), o, given[0], given[1]) })
	return cmd
}

// syncExits are the exit codes of sync in its own words: a script that mirrors wants to know whether all of it was done.
var syncExits = exits(exitFine, exitFailed, says{exitUsage, "the command line, a settings file or the rules file is wrong, or one is not there"},
	says{exitFindings, "with --check: DST is not the same as SRC"}, says{exitStore, "partly done: something could not be copied, or a folder or bucket refused or is not there"}, exitInterrupted)

func (a *app) sync(ctx context.Context, o mirrorOptions, src, dst string) error {
	o.dryRun = o.dryRun || o.check
	opt, pace, err := a.syncSettings(o)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(src, "s3://") && !strings.Contains(src, "://") && src != "" {
		if _, err := os.Stat(src); errors.Is(err, os.ErrNotExist) {
			return &absentError{src + ": there is no such file or folder"}
		}
	}
	strange := &strangers{}
	from, err := a.openSide(ctx, src, o.srcConfig, pace, o.parallel, strange.add)
	if err != nil {
		return err
	}
	to, err := a.openSide(ctx, dst, o.toConf, pace, o.parallel, nil)
	if err != nil {
		return err
	}
	if err := apart(from, to); err != nil {
		return err
	}
	opt.Strange = strange.all
	opt.Filter.NoHidden = from.Folder != "" && !o.hidden
	var actions []mirror.Action
	if o.dryRun && o.json {
		actions = []mirror.Action{}
		opt.Action = func(act mirror.Action) { actions = append(actions, act) }
	} else if o.dryRun {
		opt.Action = func(act mirror.Action) {
			a.ui.Close()
			fmt.Fprintf(a.out, "%-7s  %s  (%s, %s)\n", act.Do, ui.Clean(act.Name), act.Why, ui.Bytes(act.Size))
		}
	}
	result, err := mirror.Run(ctx, from, to, opt, a.ui.Sink)
	a.ui.Close()
	if partly := errors.Is(err, mirror.ErrPartly); err == nil || partly {
		if e := a.tellSync(o, from, to, result, actions); e != nil {
			return e
		}
		if partly {
			return partlyError(result)
		}
	}
	if err == nil && o.check && result.Differs(o.delete) {
		return silentError(exitFindings)
	}
	return refused(err)
}

// partlyError says what is left to do.
func partlyError(r mirror.Result) error {
	waits := ""
	if r.Waiting > 0 {
		waits = fmt.Sprintf(", and %s had to wait (playlists and pages come after what they lead to, deletions last)", strconv.Itoa(r.Waiting)+" more")
	}
	return fmt.Errorf("%w: %s failed%s; mend what is told above and run the same command again", mirror.ErrPartly, counted(r.Failed, "object"), waits)
}

// syncSettings reads the command line.
func (a *app) syncSettings(o mirrorOptions) (opt mirror.Options, pace func(context.Context, int) error, err error) {
	bad := func(flag string, err error) (mirror.Options, func(context.Context, int) error, error) {
		return opt, nil, usagef("%s: %w", flag, err)
	}
	if o.parallel < 1 || o.parallel > 256 {
		return opt, nil, usagef("--parallel is 1 to 256, not %d", o.parallel)
	}
	opt = mirror.Options{DryRun: o.dryRun, Delete: o.delete, Headers: o.headers, Workers: o.parallel, Now: time.Now, Cache: filepath.Join(xdg.CacheHome, "filmpress", "sync")}
	if opt.MaxDelete, err = mirror.ParseLimit(o.maxDelete); err != nil {
		return bad("--max-delete", err)
	}
	for _, l := range []struct {
		flag     string
		texts    []string
		patterns *[]mirror.Pattern
	}{{"--include", o.include, &opt.Filter.Include}, {"--exclude", o.exclude, &opt.Filter.Exclude}} {
		for _, text := range l.texts {
			p, err := mirror.ParsePattern(text)
			if err != nil {
				return bad(l.flag, err)
			}
			*l.patterns = append(*l.patterns, p)
		}
	}
	table, err := mirror.ParseTimetable(o.bandwidth)
	if err != nil {
		return bad("--bandwidth", err)
	}
	if o.rules != "" {
		data, err := userfile.Read(o.rules, 1<<20+1)
		if err != nil {
			return opt, nil, unreadable("--rules", err)
		}
		rules, findings := mirror.ParseRules(o.rules, data)
		if len(findings) > 0 {
			return opt, nil, settingsError{findings}
		}
		opt.Rules = rules
	}
	return opt, table.Pace(time.Now), nil
}

// openSide opens a folder or a bucket.
func (a *app) openSide(ctx context.Context, target, settings string, pace func(context.Context, int) error, workers int, strange func(key string, size int64)) (mirror.Place, error) {
	if scheme, _, found := strings.Cut(target, "://"); found && scheme != "s3" || target == "" {
		return mirror.Place{}, usagef("%q is neither a folder nor a bucket (s3://bucket/prefix)", target)
	}
	if !strings.HasPrefix(target, "s3://") {
		if settings != "" {
			return mirror.Place{}, usagef("%s is a folder, and needs no settings file", target)
		}
		st, err := dir.New(target)
		return mirror.Place{Store: st, Folder: target}, err
	}
	c := a.config.S3
	if settings != "" {
		own, findings, err := config.Load(config.Sources{Name: settings, Only: true})
		if err != nil {
			return mirror.Place{}, err
		}
		if report.Blocks(findings) {
			return mirror.Place{}, settingsError{findings}
		}
		c = own.S3
	}
	bucket, prefix, err := s3.Parse(target)
	if err != nil {
		return mirror.Place{}, err
	}
	st, err := s3.Open(ctx, s3.Options{Bucket: bucket, Prefix: prefix, Endpoint: c.Endpoint, Region: c.Region, Profile: c.Profile, PathStyle: c.PathStyle,
		PublicURL: c.PublicURL, Workers: workers, Warn: a.ui.Note, Strange: strange, Pace: pace, Uploads: filepath.Join(xdg.CacheHome, "filmpress", "uploads")})
	return mirror.Place{Store: st}, err
}

// apart refuses two places of which one lies in the other: a sync would then copy its own copies. Where viewers find them does not count.
func apart(from, to mirror.Place) error {
	if within(from, to) {
		return usagef("%s and %s lie in each other; name two places that are apart", from.Store, to.Store)
	}
	return nil
}

func within(from, to mirror.Place) bool {
	a, bucket := from.Store.(*s3.Store)
	b, buckets := to.Store.(*s3.Store)
	switch {
	case bucket && buckets:
		return a.Overlaps(b)
	case bucket || buckets:
		return false
	}
	one, other := strings.TrimSuffix(realPath(from.Store.URL("")), "/")+"/", strings.TrimSuffix(realPath(to.Store.URL("")), "/")+"/"
	return strings.HasPrefix(one, other) || strings.HasPrefix(other, one)
}

// realPath is where a path leads, as far as it is there.
func realPath(p string) string {
	for rest := ""; ; {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			return filepath.Join(real, rest)
		}
		if p == filepath.Dir(p) {
			return filepath.Join(p, rest)
		}
		rest = filepath.Join(filepath.Base(p), rest)
		p = filepath.Dir(p)
	}
}

// strangers gathers keys that no name can be.
type strangers struct {
	mu   sync.Mutex
	keys []string
}

// mostStrangers bounds what is kept of a bucket that is full of them.
const mostStrangers = 1000

func (s *strangers) add(key string, size int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	// What consoles call a folder is an empty object whose key ends with a slash. It holds nothing that could be missed.
	folder := size == 0 && (key == "" || strings.HasSuffix(key, "/"))
	if !folder && len(s.keys) < mostStrangers {
		s.keys = append(s.keys, key)
	}
}

func (s *strangers) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// mirrored is the result of a sync as --json prints it.
type mirrored struct {
	Source      string           `json:"source"`
	Target      string           `json:"target"`
	DryRun      bool             `json:"dry_run"`
	Complete    bool             `json:"complete"` // nothing failed and nothing waits
	Same        bool             `json:"same"`     // the two sides were the same when the sync began
	Objects     int              `json:"objects"`
	Bytes       int64            `json:"bytes"`
	Unchanged   int              `json:"unchanged"`
	Copied      int              `json:"copied"`
	CopiedBytes int64            `json:"copied_bytes"`
	Deleted     int              `json:"deleted"`
	Headers     int              `json:"headers"`
	Extra       int              `json:"extra"`
	Kept        int              `json:"kept"` // only there, and kept although --delete is given: for viewers and rollbacks
	Waiting     int              `json:"waiting"`
	Failed      int              `json:"failed"`
	Actions     []mirror.Action  `json:"actions,omitempty"`
	Findings    []report.Finding `json:"findings"`
}

func (a *app) tellSync(o mirrorOptions, from, to mirror.Place, r mirror.Result, actions []mirror.Action) error {
	if o.json {
		findings := r.Findings
		if findings == nil {
			findings = []report.Finding{}
		}
		return a.printJSON(mirrored{from.Store.String(), to.Store.String(), o.dryRun, r.Failed+r.Waiting == 0, !r.Differs(o.delete), r.Objects, r.Bytes, r.Same,
			r.Copied, r.CopiedBytes, r.Deleted, r.Labelled, r.Extra, r.Kept, r.Waiting, r.Failed, actions, findings})
	}
	text := a.syncWords(o, to.Store, r)
	if o.dryRun {
		a.ui.Note(text)
		return nil
	}
	_, err := fmt.Fprintln(a.out, text)
	return err
}

// syncWords sums a sync up.
func (a *app) syncWords(o mirrorOptions, to store.Store, r mirror.Result) string {
	place := ui.Clean(to.String())
	would := ""
	if o.dryRun {
		would = "would be "
	}
	var parts []string
	add := func(n int, what string) {
		if n > 0 {
			parts = append(parts, counted(n, "object")+" "+what)
		}
	}
	add(r.Copied, fmt.Sprintf("%scopied (%s)", would, ui.Bytes(r.CopiedBytes)))
	add(r.Labelled, would+"given other headers")
	add(r.Deleted, would+"deleted")
	if len(parts) == 0 && r.Failed+r.Waiting == 0 {
		parts = append(parts, "nothing to do")
	}
	add(r.Same, "the same already")
	if !o.delete {
		add(r.Extra, "only there, left alone")
	}
	add(r.Kept, "only there, kept for viewers and for a rollback")
	return place + ": " + strings.Join(parts, ", ")
}
