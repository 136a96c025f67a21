package ffmpeg

import (
	"context"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"filmpress/internal/sandbox"
)

// pipes are the pipes between one process and us.
type pipes struct {
	err     error
	theirs  []*os.File
	ours    []*os.File
	readers []func(io.Reader)
	started func(pid int) (ended func()) // may be nil

	confined *sandbox.Policy // nil: the process may do all that we may
}

// add makes a pipe and gives the end that the process writes to.
func (p *pipes) add(reader func(io.Reader)) *os.File {
	r, w, err := os.Pipe()
	if err != nil {
		p.err = err
		return nil
	}
	p.ours, p.theirs, p.readers = append(p.ours, r), append(p.theirs, w), append(p.readers, reader)
	return w
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}

// run starts cmd and waits until it has ended and every reader has returned. When ctx ends first, the process
// group gets TERM, and KILL after the grace time.
func (p *pipes) run(cmd *exec.Cmd, ctx context.Context) error {
	defer closeAll(p.ours)
	if p.err != nil {
		closeAll(p.theirs)
		return p.err
	}
	started, ended := make(chan error, 1), make(chan error, 1)
	// The kernel's parent-death signal follows the thread that started the process, so the thread is held.
	go sandbox.OnThread(func() {
		err := p.start(cmd)
		closeAll(p.theirs)
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	})
	if err := <-started; err != nil {
		return err
	}
	if p.started != nil {
		defer p.started(cmd.Process.Pid)()
	}
	var readers sync.WaitGroup
	for i, read := range p.readers {
		readers.Go(func() { read(p.ours[i]) })
	}
	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		err = end(cmd.Process.Pid, ended)
	}
	readers.Wait()
	return err
}

// start starts cmd from this thread, in the sandbox where it is to be confined.
func (p *pipes) start(cmd *exec.Cmd) error {
	if p.confined == nil {
		return cmd.Start()
	}
	if err := sandbox.Confine(*p.confined, cmd.Path); err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := sandbox.Limit(cmd.Process.Pid); err != nil {
		cmd.Process.Kill()
		cmd.Wait()
		return err
	}
	return nil
}

// end asks a process group to end, and makes it.
func end(pid int, ended <-chan error) error {
	syscall.Kill(-pid, syscall.SIGTERM)
	select {
	case err := <-ended:
		return err
	case <-time.After(grace):
	}
	syscall.Kill(-pid, syscall.SIGKILL)
	return <-ended
}
