package telemetry

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"syscall"

	"filmpress/internal/media/ffmpeg"
	"filmpress/internal/plan"
	"filmpress/internal/store"
)

// How a step or a publish can end.
const (
	done        = "done"
	kept        = "kept" // the result was there
	failed      = "failed"
	detached    = "detached"    // a publish was left to the workers
	interrupted = "interrupted" // it was told to end; also a class of error
)

var (
	stepOutcomes    = []string{done, kept, failed, interrupted}
	publishOutcomes = []string{done, detached, failed, interrupted}
	kinds           = []string{plan.Chunk, plan.Peaks, plan.Level, plan.Video, plan.Audio, plan.Subtitle, plan.Pictures, plan.MP4, plan.Player, plan.Package}
)

// known is a kind of step, "other" where this program does not know it: a plan comes from elsewhere.
func known(kind string) string {
	if slices.Contains(kinds, kind) {
		return kind
	}
	return "other"
}

// classOf is what kind of error ended something. The text of an error may hold a path.
func classOf(err error) string {
	isAny := func(kinds ...error) bool {
		return slices.ContainsFunc(kinds, func(k error) bool { return errors.Is(err, k) })
	}
	var (
		stalled *ffmpeg.ErrStalled
		exit    *ffmpeg.ExitError
		missing *ffmpeg.ErrMissing
	)
	switch {
	case isAny(context.Canceled):
		return interrupted
	case errors.As(err, &stalled):
		return "stalled"
	case errors.As(err, &exit), errors.As(err, &missing):
		return "ffmpeg"
	case isAny(syscall.ENOSPC, syscall.EDQUOT):
		return "disk-full"
	case isAny(store.ErrRefused, store.ErrUnreachable, store.ErrFull, store.ErrNotFound, store.ErrDamaged, store.ErrPrecondition):
		return "store"
	}
	return "other"
}

// reason is why an address cannot be listened on, without the address.
func reason(err error) error {
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		err = op.Err
	}
	if call := (*os.SyscallError)(nil); errors.As(err, &call) {
		err = call.Err
	}
	return err
}
