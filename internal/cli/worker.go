package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/engine"
	"filmpress/internal/engine/depot"
	"filmpress/internal/engine/temporal"
	"filmpress/internal/machine"
	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/step"
	"filmpress/internal/store"
	"filmpress/internal/ui"
)

// A worker that does not reach the server or the kept results tries so long, so often: after a power cut machines come up in any order.
const (
	startPatience = time.Minute
	startPause    = 2 * time.Second
)

// roomToWork is the least that a disk must have free before a worker that found it full takes steps again, in bytes.
const roomToWork = 1e9

func newWorker(a *app) *cobra.Command {
	var light int
	var noHeavy bool
	var drain time.Duration
	cmd := &cobra.Command{
		Use:   "worker",
		Short: "Do steps of films that others publish with --engine temporal",
		Long: `Takes steps from a Temporal server, does them with this machine's ffmpeg, and keeps the results where all machines
reach them. It takes only steps of publishers that have the same filmpress and the same ffmpeg build, so that each result is the
same bytes wherever it was made. It needs the kept results alone: not the bucket to which films are published.

SIGTERM, or Ctrl-C, lets it finish what it began. A machine whose disk is full, or that does not reach the kept results, takes no steps until
that is mended.` + exits(exitFine, exitFailed, exitUsage, exitStore, exitTool, stopped),
		Example: `  filmpress worker --kept s3://films-work/kept
  filmpress worker --kept /mnt/shared/kept --workers 4 --address temporal.example.org:7233`,
		Args: takes(0, 0),
	}
	flags := cmd.Flags()
	config.AddFlags(flags, "workers", "metrics", "traces", "s3.endpoint", "s3.region", "s3.profile", "s3.path-style")
	addServer(flags)
	addKept(flags)
	addTools(flags)
	config.AddFlags(flags, "cache", "cache-size", "source-key")
	flags.IntVar(&light, "light", 2, "small steps at once: sound, pictures, pages; 0 takes none")
	flags.BoolVar(&noHeavy, "no-encode", false, "take no parts of films to encode, small steps alone")
	flags.DurationVar(&drain, "drain", 10*time.Minute, "when told to end, how long steps may go on before another worker gets them")
	cmd.RunE = a.observed(func(cmd *cobra.Command, _ []string) error {
		a.config.Engine, a.memory = "temporal", machine.FreeMemory()
		slots := temporal.Slots{Heavy: a.slots(), Light: light, Drain: drain}
		if noHeavy {
			slots.Heavy = 0
		}
		switch {
		case light < 0:
			return usagef("--light is 0 or more, not %d", light)
		case drain < 0:
			return usagef("--drain is 0 or more, not %s", drain)
		case slots.Heavy+slots.Light == 0:
			return usagef("with --no-encode and --light 0 there is nothing to do")
		}
		return a.work(cmd.Context(), slots)
	})
	return cmd
}

// slots is how many parts of films are encoded at once: as on one machine, for films of which nothing is known yet. Parts of one that turns out heavier
// wait for each other.
func (a *app) slots() int {
	if n, err := strconv.Atoi(a.config.Workers); err == nil {
		return n
	}
	return machine.Workers(runtime.GOMAXPROCS(0), a.memory, 1920*1080)
}

// await is meet, with patience.
func (a *app) await(ctx context.Context) (*depot.Depot, *temporal.Cluster, error) {
	patience, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	for told := false; ; told = true {
		d, c, err := a.meet(ctx)
		if !errors.Is(err, temporal.ErrAway) && !errors.Is(err, store.ErrUnreachable) || patience.Err() != nil {
			return d, c, err
		}
		if !told {
			a.ui.Note(fmt.Sprintf("%v; trying again for a minute", err))
		}
		select {
		case <-patience.Done():
		case <-time.After(startPause):
		}
	}
}

func (a *app) work(ctx context.Context, slots temporal.Slots) error {
	tools, err := a.tools(ctx)
	if err != nil {
		return err
	}
	kept, err := a.openKept()
	if err != nil {
		return err
	}
	d, c, err := a.await(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	steps, err := stepWorker(tools, kept)
	if err != nil {
		return err
	}
	can := capability(tools)
	turns := func(p plan.Plan) engine.Worker { return a.turns.Limit(steps, p, a.workers(p), heavy) }
	w := &temporal.Worker{Steps: turns, Depot: d, Kept: kept, Room: config.Bytes(a.config.CacheSize), FactsOnly: step.FactsOnly, Elsewhere: elsewhere, Sink: report.Tee(a.ui.Sink, a.telemetry.Sink)}
	a.ui.Note(fmt.Sprintf("ready: %d parts of films and %d small steps at once, ffmpeg %s, queue %s-%s, results in %s",
		slots.Heavy, slots.Light, ui.Clean(tools.Version), a.config.Temporal.Queue, can, d.Store))
	err = w.Serve(ctx, c, can, slots, func(ctx context.Context) error {
		disk, err := machine.DiskOf(kept.Dir())
		if err == nil && disk.Free() < roomToWork {
			err = errors.New("the disk is full")
		}
		if err != nil {
			return err
		}
		return d.Store.Check(ctx)
	})
	if err == nil {
		a.ui.Note("nothing is being done any more; this worker ends")
	}
	return err
}

// elsewhere tells of an ffmpeg that something else than the film ended: the kernel, for want of memory, or somebody's signal. Where it is not there at
// all, the machine is to blame, too.
func elsewhere(err error) bool {
	if exit, ok := errors.AsType[*ffmpeg.ExitError](err); ok {
		return exit.Code == -1 && exit.Why == ""
	}
	return is[*ffmpeg.ErrMissing](err) || errors.Is(err, os.ErrPermission)
}
