package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/engine"
	"filmpress/internal/engine/local"
	"filmpress/internal/engine/temporal"
	"filmpress/internal/gather"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/site"
	"filmpress/internal/step"
	"filmpress/internal/store"
	"filmpress/internal/verify"
)

// publishOptions are the command line of publish.
type publishOptions struct {
	film     gather.Wishes
	dryRun   bool
	json     bool
	force    bool
	unproved bool
	served   bool     // by this very command, so that nobody needs to be told how to look at it
	name     string   // the film
	sidecars []string // subtitle files named on the command line

	cluster    clusterFlags
	keepSource bool
	detach     bool
	batch      batchFlags
}

func newPublish(a *app) *cobra.Command {
	var o publishOptions
	cmd := &cobra.Command{
		Use:   "publish FILM [SUBTITLE...]",
		Short: "Make a film and its subtitles into a page, in a folder or a bucket",
		Long: `Encodes the film for every kind of connection and screen, prepares its subtitles, and publishes a page on which it
plays. Subtitles beside the film are found by their names: film.en.srt, film.ru.vtt, film.en.sdh.srt (for
viewers who do not hear), film.pt-BR.forced.srt. The words of the page stand in film.md.

What was done once is kept: the same command again does only what changed, and goes on where it was
interrupted. Viewers see the old release until the new one is whole.` +
			exits(exitFine, exitFailed, exitUsage, exitFindings, exitStore, exitTool, exitInterrupted),
		Example: `  filmpress publish film.mp4
  filmpress publish film.mp4 --to s3://films/2026 --config ./our-r2.yml
  filmpress publish film.mp4 --subs en=subtitles/final.srt --title "The Lake" --language ru
  filmpress publish film.mp4 --engine temporal --kept s3://films-work/kept --to s3://films
  filmpress publish --batch archive.yml --max-parallel 2`,
		Args: func(cmd *cobra.Command, given []string) error {
			if o.batch.list != "" && len(given) > 0 {
				return usagef("--batch names the films, and %q is named besides; give one of the two", given[0])
			}
			if o.batch.list != "" {
				return nil
			}
			return takes(1, many)(cmd, given)
		},
	}
	flags := cmd.Flags()
	addFilmFlags(cmd, &o.film)
	addTarget(flags)
	addSite(flags)
	addKept(flags)
	addTools(flags)
	config.AddFlags(flags, "workers", "engine", "metrics", "traces")
	addCluster(flags, &o.cluster)
	flags.BoolVar(&o.keepSource, "keep-source", false, "with --engine temporal: leave the film with the kept results when the release is out")
	flags.BoolVar(&o.detach, "detach", false, "with --engine temporal: do not wait; filmpress attach does, and makes the release")
	flags.StringVar(&o.batch.list, "batch", "", "publish the films that this .yml file lists; again, and it does what is left")
	flags.IntVar(&o.batch.parallel, "max-parallel", 1, "with --batch: films at once; they share the cores and the memory")
	flags.BoolVar(&o.dryRun, "dry-run", false, "tell what would be made, as plan does: the film is read, and samples that cost time are kept; nothing is published, and --to is not asked")
	flags.BoolVar(&o.json, "json", false, "print the result as one JSON object")
	flags.BoolVar(&o.force, "force", false, "replace a release that somebody else published meanwhile")
	flags.BoolVar(&o.unproved, "skip-verify", false, "make the release visible even if the check before finds faults")
	cmd.RunE = a.observed(func(cmd *cobra.Command, given []string) error {
		switch {
		case o.batch.parallel < 1 || o.batch.parallel > 64:
			return usagef("--max-parallel %d: from 1 to 64 films can be made at once", o.batch.parallel)
		case o.cluster.silence < time.Second:
			return usagef("--silence %s is too short to notice anything; a minute or two is right", o.cluster.silence)
		}
		if o.batch.list != "" {
			return a.publishBatch(cmd.Context(), o)
		}
		o.name, o.sidecars = given[0], given[1:]
		return a.publish(cmd.Context(), o)
	})
	return cmd
}

// addFilmFlags gives a command the flags that say what a film is.
func addFilmFlags(cmd *cobra.Command, f *gather.Wishes) {
	flags := cmd.Flags()
	flags.StringVar(&f.Title, "title", "", "title of the page; else film.md's, else the file's name")
	flags.StringVar(&f.Slug, "slug", "", "the film's part of the address: a-z, 0-9 and hyphens")
	flags.StringVar(&f.Language, "language", "", "language of the page, and of sound that does not say: en, ru, pt-BR")
	flags.StringVar(&f.Pipeline, "pipeline", "documentary", "what the film becomes: documentary, modern (AV1 besides), draft, archive, or the path of a .yml file")
	flags.StringVar(&f.Charset, "charset", "", "encoding of subtitle files that are not UTF-8: windows-1251, koi8-r")
	flags.BoolVar(&f.Tolerant, "tolerant", false, "publish what can be decoded of a damaged or incomplete film")
	flags.StringArrayVar(&f.Audio, "audio", nil, "a sound track, counted from 0, and its language, as in 0=ru; 2=off leaves it out, 0+1=ru joins left and right, 1=ru:ad is an audio description; may be given several times")
	flags.StringArrayVar(&f.Subs, "subs", nil, "a subtitle file and its language, as in en=path/to/file.srt; may be given several times")
}

// studied is a film that was looked at, judged and planned.
type studied struct {
	request  plan.Request
	sources  map[string]engine.Source // by digest
	findings []report.Finding
	pipeline string // as the command line names it: what is told here, and never published
	tools    ffmpeg.Tools
	kept     *local.Kept
	plan     plan.Plan
}

// study looks at a film and decides what to do, without doing it. Findings that stop a publish are its error.
func (a *app) study(ctx context.Context, film string, sidecars []string, f gather.Wishes) (studied, error) {
	tools, err := a.tools(ctx)
	if err != nil {
		return studied{}, err
	}
	tools.Tolerant = f.Tolerant
	kept, err := a.openKept()
	if err != nil {
		return studied{}, err
	}
	g, err := gather.Read(ctx, film, sidecars, f, tools, gather.Remembering(kept.Dir(), tools), a.ui.Sink)
	if err != nil {
		return studied{}, err
	}
	s := studied{request: g.Request, sources: g.Sources, findings: g.Findings, pipeline: f.Pipeline, tools: tools, kept: kept}
	look, found, err := a.theme()
	if err != nil {
		return s, err
	}
	if s.findings = append(s.findings, found...); look != nil {
		s.request.Theme = plan.Theme(*look)
	}
	if !report.Blocks(s.findings) {
		if err = gather.Measure(ctx, kept, tools, &s.request, s.sources[s.request.Film.Digest].Path, a.atOnce, a.ui.Sink); err != nil {
			return s, err
		}
		s.plan = plan.Compute(s.request)
		s.findings = append(s.findings, s.plan.Findings...)
		report.Sort(s.findings)
		s.plan.Findings = s.findings
	}
	if report.Blocks(s.findings) {
		return s, findingsError{s.findings}
	}
	return s, nil
}

func (a *app) publishFilm(ctx context.Context, o publishOptions) error {
	if err := a.settleEngine(o); err != nil {
		return err
	}
	var st store.Store
	var c *temporal.Cluster
	if !o.dryRun { // a place that cannot be reached is told now, and not after a film of hours was read
		var err error
		if st, c, err = a.reach(ctx); err != nil {
			return err
		}
	}
	if c != nil {
		defer c.Close()
	}
	s, err := a.study(ctx, o.name, o.sidecars, o.film)
	if err != nil {
		return err
	}
	if o.dryRun {
		return a.showPlan(s, o.json)
	}
	a.ui.Findings(s.findings)
	for _, r := range s.plan.Reasons {
		if r.Subject == plan.Chapters && r.Taken {
			a.ui.Note("chapters: " + r.Why)
		}
	}
	if err := a.checkRoom(s); err != nil {
		return err
	}
	if c != nil {
		return a.publishOnCluster(ctx, s, st, c, o)
	}
	a.ui.Begin(s.plan, s.request.Film.Duration)
	return a.carryOut(ctx, made{s.plan, s.kept, a.here(s)}, st, o)
}

// reach opens the place where the film will lie, and makes sure that it can be written, and that the server answers whose workers are to make the film,
// if they are: the caller closes it.
func (a *app) reach(ctx context.Context) (store.Store, *temporal.Cluster, error) {
	a.tellPublic(a.config.To)
	bare, err := a.openTarget(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := bare.Check(ctx); err != nil {
		return nil, nil, err
	}
	st, err := a.atSite(ctx, bare)
	if err != nil || a.config.Engine != "temporal" {
		return st, nil, err
	}
	c, err := a.dial(ctx)
	return st, c, err
}

// made is a plan and who does it.
type made struct {
	plan plan.Plan
	kept *local.Kept
	// run does the steps, as local.Run; what it gives may be removed from kept after release.
	run func(ctx context.Context, sink report.Sink) (results map[string]engine.Result, release func(), err error)
}

// here does a plan on this machine.
func (a *app) here(s studied) func(context.Context, report.Sink) (map[string]engine.Result, func(), error) {
	return func(ctx context.Context, sink report.Sink) (map[string]engine.Result, func(), error) {
		steps, err := stepWorker(s.tools, s.kept)
		if err != nil {
			return nil, nil, err
		}
		results, err := local.Run(ctx, s.plan, s.sources, a.turns.Limit(steps, s.plan, a.workers(s.plan), heavy), s.kept, report.Tee(a.publishes.Sink, sink))
		return results, func() {}, err
	}
}

// stepWorker does steps with this machine's tools; its logs lie with what is kept.
func stepWorker(tools ffmpeg.Tools, kept *local.Kept) (*step.Worker, error) {
	return &step.Worker{Tools: tools, LogDir: kept.LogDir()}, os.MkdirAll(kept.LogDir(), 0o700)
}

// heavy tells of steps that keep several cores busy.
func heavy(s plan.Step) bool { return s.Kind == plan.Chunk || s.Kind == plan.Level }

// carryOut does the steps, publishes their results and tells of them.
func (a *app) carryOut(ctx context.Context, m made, st store.Store, o publishOptions) error {
	results, out, err := a.release(ctx, m, st, o)
	if err != nil {
		return err
	}
	facts, err := step.ReadPackage(results["package"].Dir)
	if err != nil {
		return err
	}
	r := result(m.plan, facts, results, out, st)
	shelf, err := a.shelve(ctx, st, m.plan.Slug, "the film is published at "+r.Page)
	if err != nil {
		return err
	}
	r.Library = st.URL(site.IndexName)
	if shelf.Address == "" {
		a.ui.Note(noAddress)
	}
	return a.showResult(r, out, o)
}

// release does the steps and publishes their results. A kept result that turns out damaged when it is sent is
// forgotten and made once more.
func (a *app) release(ctx context.Context, m made, st store.Store, o publishOptions) (map[string]engine.Result, release.Result, error) {
	for again := false; ; again = true {
		sink := report.Tee(a.ui.Sink, a.publishes.Sink)
		stream := release.NewStream(ctx, st, m.plan.Slug, sink)
		stream.Disposition = dispositions(m.plan)
		results, free, err := m.run(ctx, report.Tee(a.ui.Sink, stream.Sink))
		if err != nil {
			stream.Close()
			return nil, release.Result{}, err
		}
		set, err := releaseSet(m.plan, results, st)
		if err != nil {
			stream.Close()
			free()
			return nil, release.Result{}, err
		}
		out, err := release.Publish(ctx, st, set, release.Options{Force: o.force, Stream: stream, Audit: a.auditor(set, o)}, sink)
		free()
		if again || !errors.Is(err, store.ErrDamaged) {
			return results, out, err
		}
		a.ui.Note("a kept result is damaged; it is made again")
		if err := dropDamaged(m.kept, m.plan, results); err != nil {
			return nil, out, err
		}
	}
}

// auditor judges a release before it becomes visible.
func (a *app) auditor(set release.Set, o publishOptions) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		a.ui.Sink(report.Event{Kind: report.StepStarted, Step: verify.Step, Text: "verifying the release"})
		r, err := verify.Unpublished(ctx, set, id, a.ui.Sink)
		if err != nil {
			return err
		}
		a.ui.Sink(report.Event{Kind: report.StepDone, Step: verify.Step})
		err = r.Sound()
		if unsound, ok := errors.AsType[*verify.UnsoundError](err); ok && o.unproved {
			a.ui.Findings(unsound.Findings)
			a.ui.Note("the release is made visible all the same, as --skip-verify asks")
			return nil
		}
		return err
	}
}

// dropDamaged forgets the results whose bytes are not what they were when they were kept, and what was made of them.
func dropDamaged(kept *local.Kept, p plan.Plan, results map[string]engine.Result) error {
	var damaged []string
	for _, r := range results {
		if !kept.Whole(r) {
			damaged = append(damaged, r.Digest)
		}
	}
	return kept.DropWith(p, damaged...)
}

// showResult prints what was made and what to do next.
func (a *app) showResult(r published, out release.Result, o publishOptions) error {
	a.ui.Close()
	if o.json {
		return a.printJSON(r)
	}
	a.ui.Note(fmt.Sprintf("release %s: %s done, %d kept; %s sent, %d were there", r.Release, counted(r.Steps.Done, "step"), r.Steps.Kept, counted(out.Uploaded, "object"), out.Present))
	switch {
	case o.served:
	case !strings.HasPrefix(a.config.To, "s3://"):
		a.ui.Note("to watch it: " + a.command("serve", a.config.To))
	default:
		a.ui.Note("whether viewers can read it: " + a.command("doctor", a.config.To))
	}
	if strings.Contains(r.Page, "://") {
		a.ui.Note("to show it on other pages: " + a.command("embed", a.config.To, r.Slug))
	}
	_, err := fmt.Fprintln(a.out, r.Page)
	return err
}
