package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"filmpress/internal/config"
	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/local"
	"filmpress/internal/engine/temporal"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/step"
	"filmpress/internal/store"
	"filmpress/internal/ui"
	"filmpress/internal/watch"
)

// clusterFlags are those that no settings are.
type clusterFlags struct{ silence time.Duration }

// usualSilence is how long a worker may be silent where nobody says otherwise.
const usualSilence = 2 * time.Minute

// addCluster gives publish the flags that say how machines meet.
func addCluster(flags *pflag.FlagSet, f *clusterFlags) {
	addServer(flags)
	config.AddFlags(flags, "cache", "cache-size", "source-key")
	flags.DurationVar(&f.silence, "silence", usualSilence, "with temporal: a worker that does not tell of a step for so long has lost it, and another takes it")
}

// addServer gives a command the flags that say where the Temporal server is.
func addServer(flags *pflag.FlagSet) {
	config.AddFlags(flags, "temporal.address", "temporal.namespace", "temporal.queue")
}

// keptHere is where this machine's own results lie.
func (a *app) keptHere() string {
	if a.config.Engine == "temporal" || strings.HasPrefix(a.config.Kept, "s3://") {
		return a.config.Cache
	}
	return a.config.Kept
}

// settleEngine refuses what does not fit together.
func (a *app) settleEngine(o publishOptions) error {
	switch {
	case a.config.Engine == "temporal":
		return a.shared()
	case strings.HasPrefix(a.config.Kept, "s3://"):
		return usagef("--kept %s is for --engine temporal; on one machine, name a folder", a.config.Kept)
	case o.detach:
		return usagef("--detach is for --engine temporal: on one machine, nobody else would go on")
	}
	return nil
}

// shared wants the kept results where all machines reach them.
func (a *app) shared() error {
	if a.config.Kept == config.KeptDir() {
		return usagef("several machines need a place that all of them reach: name it with --kept s3://bucket/kept, or --kept FOLDER for a shared folder")
	}
	return nil
}

// openDepot opens the place of the kept results that all machines share, and makes sure that it can be read and written.
func (a *app) openDepot(ctx context.Context) (*depot.Depot, error) {
	d, err := a.reachDepot(ctx)
	if err != nil {
		return nil, err
	}
	return d, d.Store.Check(ctx)
}

// reachDepot opens it for who only reads there.
func (a *app) reachDepot(ctx context.Context) (*depot.Depot, error) {
	if err := a.shared(); err != nil {
		return nil, err
	}
	d := &depot.Depot{Facts: step.FactsName}
	var err error
	other := *a
	other.config.S3.PublicURL, other.config.S3.PublicFor = "", "" // nobody views what lies there
	if d.Store, err = other.openAt(ctx, a.config.Kept); err != nil {
		return nil, err
	}
	if a.config.SourceKey != "" {
		if d.Key, err = depot.ReadKey(a.config.SourceKey); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// dial reaches the Temporal server.
func (a *app) dial(ctx context.Context) (*temporal.Cluster, error) {
	return temporal.Dial(ctx, temporal.Options{Address: a.config.Temporal.Address, Namespace: a.config.Temporal.Namespace, Queue: a.config.Temporal.Queue})
}

// meet opens the place of the kept results, and reaches the Temporal server. The caller closes the latter.
func (a *app) meet(ctx context.Context) (*depot.Depot, *temporal.Cluster, error) {
	d, err := a.openDepot(ctx)
	if err != nil {
		return nil, nil, err
	}
	c, err := a.dial(ctx)
	return d, c, err
}

// capability names what a machine's results are made with.
func capability(tools ffmpeg.Tools) string {
	bundle := ""
	if b, ok := watch.Bundle(); ok {
		bundle = step.BundleDigest(b)
	}
	return temporal.Capability(tools.Build, plan.Versions(), watch.Version(), bundle)
}

// publishOnCluster has workers do the steps, and makes the release here.
func (a *app) publishOnCluster(ctx context.Context, s studied, st store.Store, c *temporal.Cluster, o publishOptions) error {
	d, err := a.openDepot(ctx)
	if err != nil {
		return err
	}
	order := temporal.Order{Capability: capability(s.tools), Groups: temporal.Outline(s.plan, heavy), Silence: o.cluster.silence, Trace: a.publishes.Trace()}
	start := func(ctx context.Context) (p temporal.Publish, err error) {
		memo := temporal.Memo{To: a.config.To, Sources: slices.Sorted(maps.Keys(s.sources))}
		if !strings.HasPrefix(memo.To, "s3://") { // the path of a folder names people, and the server keeps the memo for weeks
			path, err := filepath.Abs(memo.To)
			if err == nil {
				err = os.MkdirAll(path, 0o755) // who attaches where it is not there is on another machine
			}
			if err != nil {
				return p, err
			}
			if memo.Place, err = d.SavePlace(ctx, path); err != nil {
				return p, err
			}
			memo.To = filepath.Base(path)
		}
		if memo.Plan, err = d.SavePlan(ctx, s.plan); err != nil {
			return p, err
		}
		order.Plan = memo.Plan
		if err := c.Free(ctx, s.plan.Slug, memo.Plan); err != nil { // before the film is sent, not after it
			return p, err
		}
		defer func() {
			if err != nil {
				a.unsend(ctx, d, c, s.plan.Slug, memo.Sources)
			}
		}()
		if err := a.sendSources(ctx, d, s, memo.Sources); err != nil {
			return p, err
		}
		return c.Start(ctx, s.plan.Slug, order, memo)
	}
	p, err := start(ctx)
	if err != nil {
		return err
	}
	a.lonely(ctx, c, order, s.tools)
	if o.detach {
		a.ui.Note(fmt.Sprintf("the workers go on; to see how far they are: %s; to make the release when they are done: %s", a.command("status", p.Slug), a.command("attach", p.Slug)))
		if o.json {
			return a.printJSON(rowOf(p))
		}
		return nil
	}
	a.ui.Begin(s.plan, s.request.Film.Duration)
	first := true
	return a.attach(ctx, attached{cluster: c, depot: d, kept: s.kept, plan: s.plan, publish: func(ctx context.Context) (temporal.Publish, error) {
		if !first { // a result was damaged: what is there is found, and the rest is made
			return start(ctx)
		}
		first = false
		return p, nil
	}}, st, o)
}

// sendSources brings the film, and what lies beside it, to the depot, and tells how far that is: a master has a hundred gigabytes.
func (a *app) sendSources(ctx context.Context, d *depot.Depot, s studied, digests []string) error {
	const step = "source"
	sizes, all := map[string]int64{}, int64(0)
	for _, digest := range digests {
		source := s.sources[digest]
		sizes[digest] = source.Stamp.Size
		if source.Data != nil {
			sizes[digest] = int64(len(source.Data))
		}
		all += sizes[digest]
	}
	a.ui.Sink(report.Event{Kind: report.StepStarted, Step: step, Text: "reading the film, and sending it to the workers"})
	before := int64(0)
	defer func() { d.Sink = nil }()
	for _, digest := range digests {
		d.Sink = func(e report.Event) {
			a.ui.Sink(report.Event{Kind: report.StepProgress, Step: step, Text: fmt.Sprintf("sending the film to the workers, %s of %s", ui.Bytes(before+e.Done), ui.Bytes(all)), Done: before + e.Done, Total: all})
		}
		if err := d.SendSource(ctx, digest, s.sources[digest], s.plan.Slug, s.kept); err != nil {
			return err
		}
		before += sizes[digest]
	}
	a.ui.Sink(report.Event{Kind: report.StepDone, Step: step})
	return nil
}

// unsendPatience is how long an interrupted publish may take to clean up.
const unsendPatience = 20 * time.Second

// unsend takes back what was sent for a publish that could not begin. What a publish of the film needs that runs, maybe this very one, stays; the
// server knows of it, so where that does not answer, all stays.
func (a *app) unsend(ctx context.Context, d *depot.Depot, c *temporal.Cluster, slug string, sent []string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), unsendPatience)
	defer cancel()
	p, err := c.Find(ctx, slug)
	if errors.Is(err, temporal.ErrNoPublish) {
		err = nil
	}
	for _, digest := range sent {
		if err == nil && (p.State != temporal.Running || !slices.Contains(p.Memo.Sources, digest)) {
			err = d.DropSource(ctx, digest, slug)
		}
	}
	if err != nil {
		a.ui.Note(fmt.Sprintf("what was sent of the film may still lie in %s; to remove it: %s", d.Store, a.command("cancel", slug)))
	}
}

// lonely says if nobody can do the steps yet.
func (a *app) lonely(ctx context.Context, c *temporal.Cluster, o temporal.Order, tools ffmpeg.Tools) {
	if missing, err := c.Listening(ctx, o); err == nil && len(missing) > 0 {
		a.ui.Note(fmt.Sprintf("no worker with this filmpress and ffmpeg %s is there yet; the film waits for one: %s (queue %s)", ui.Clean(tools.Version), a.command("worker"), strings.Join(missing, ", ")))
	}
}

// attached is a publish whose steps workers do.
type attached struct {
	cluster *temporal.Cluster
	depot   *depot.Depot
	kept    *local.Kept
	plan    plan.Plan
	publish func(context.Context) (temporal.Publish, error) // once more where a result was damaged
}

// attach waits for the workers, makes the release, and removes the film from among the kept results.
func (a *app) attach(ctx context.Context, at attached, st store.Store, o publishOptions) error {
	var p temporal.Publish
	run := func(ctx context.Context, sink report.Sink) (map[string]engine.Result, func(), error) {
		var err error
		if p, err = at.publish(ctx); err != nil {
			return nil, nil, err
		}
		return at.cluster.Wait(ctx, p, at.plan, at.depot, at.kept, sink)
	}
	if err := a.carryOut(ctx, made{at.plan, at.kept, run}, st, o); err != nil {
		return err
	}
	if !o.keepSource {
		for _, digest := range p.Memo.Sources {
			if err := at.depot.DropSource(ctx, digest, p.Slug); err != nil {
				return fmt.Errorf("the release is out, but the film still lies in %s: %w", at.depot.Store, err)
			}
		}
	}
	return at.kept.Trim(config.Bytes(a.config.CacheSize))
}
