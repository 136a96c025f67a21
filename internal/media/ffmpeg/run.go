package ffmpeg

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/sandbox"
)

// ErrStalled says that a process was ended because it made no progress.
type ErrStalled struct {
	After time.Duration
	Log   string // path, "" where none is kept
}

func (e *ErrStalled) Error() string {
	return fmt.Sprintf("ffmpeg made no progress for %s and was ended%s", e.After, seeLog(e.Log))
}

// ExitError says that a process failed.
type ExitError struct {
	Program string // "ffmpeg", "ffprobe"
	Args    []string
	Code    int      // -1 where a signal ended it
	Why     string   // one plain sentence, "" where the process said nothing
	Tail    []string // the last lines of its messages
	Log     string   // path of all its messages, "" where none is kept
}

func (e *ExitError) Error() string {
	if e.Why == "" && e.Code < 0 {
		return fmt.Sprintf("%s was killed from outside, as the system does where memory is short%s", e.Program, seeLog(e.Log))
	}
	if e.Why == "" {
		return fmt.Sprintf("%s failed with code %d%s", e.Program, e.Code, seeLog(e.Log))
	}
	if !slices.ContainsFunc(words, func(w wording) bool { return w.say == e.Why }) { // its own words, which may be about a cause behind the cause
		return fmt.Sprintf("%s stopped; its first complaint is %q%s", e.Program, e.Why, seeLog(e.Log))
	}
	return fmt.Sprintf("%s failed: %s%s", e.Program, e.Why, seeLog(e.Log))
}

func seeLog(path string) string {
	if path == "" {
		return ""
	}
	return "; all its messages are in " + path
}

// Job is one run of ffmpeg.
type Job struct {
	Args []string // after the options that every run has
	// Read takes what ffmpeg writes to Pipe(0), Pipe(1)..., each in a goroutine of its own. A reader that fails
	// ends ffmpeg, and its error is the job's. One that returns early without error has the rest thrown away.
	Read     []func(io.Reader) error
	Progress func(Progress) // may be nil; called from one goroutine
	Log      string         // file that receives ffmpeg's messages; "" is none
	Tolerant bool           // go on over damaged data instead of failing (-xerror)
	Stall    time.Duration  // longest time without progress; 0 is one minute
	messages func(messages)
}

// Pipe is the name under which a job's argument list writes to Job.Read[i].
func Pipe(i int) string { return fmt.Sprintf("pipe:%d", 3+i) }

// Run starts ffmpeg and waits for its end. When ctx ends, or nothing moves for Job.Stall, the whole process
// group gets TERM and, five seconds later, KILL. No process and no goroutine is left when Run returns. It fails
// with ctx's error, a reader's error, *ErrStalled or *ExitError.
func (t Tools) Run(ctx context.Context, job Job) error {
	args := []string{"-nostdin", "-hide_banner", "-loglevel", "level+warning", "-nostats", "-stats_period", "0.5",
		"-progress", Pipe(len(job.Read))}
	if !job.Tolerant {
		args = append(args, "-xerror")
	}
	p := t.process("ffmpeg", append(args, job.Args...), job.Read)
	p.log, p.stall = job.Log, cmp.Or(job.Stall, t.Stall)
	p.progress = func(now Progress) {
		if job.Progress != nil {
			job.Progress(now)
		}
	}
	m, err := p.run(ctx)
	if job.messages != nil {
		job.messages(m)
	}
	return err
}

// process is one run of either program.
type process struct {
	program  string
	path     string
	args     []string
	read     []func(io.Reader) error // descriptors 3, 4...
	stdout   io.Writer               // may be nil
	progress func(Progress)          // nil: the program has no -progress; else it comes after read's descriptors
	log      string
	stall    time.Duration

	sandboxed bool
}

// process is a run of one of the tools, as these are set up: in the sandbox or not.
func (t Tools) process(program string, args []string, read []func(io.Reader) error) process {
	path := map[string]string{"ffmpeg": t.FFmpeg, "ffprobe": t.FFprobe}[program]
	return process{program: program, path: path, args: args, read: read, sandboxed: t.Sandboxed}
}

func (p process) command() *exec.Cmd {
	cmd := exec.Command(p.path, p.args...)
	cmd.SysProcAttr = attributes()
	// SVT-AV1 prints its settings by itself, whatever ffmpeg's loglevel; 1 is errors alone.
	cmd.Env = append(environ(), "LC_ALL=C", "AV_LOG_FORCE_NOCOLOR=1", "SVT_LOG=1")
	if os.Getenv(tunables) == "" {
		cmd.Env = append(cmd.Env, tunables+"="+hugePages)
	}
	return cmd
}

// An encoder walks through hundreds of megabytes for every picture, and in pages of 4 kB a good part of its time goes into finding them.
// glibc asks for pages of 2 MB where it is told to (from 2.35 on), which helps where all comes from one heap that grows in large steps:
// what is mapped piece by piece seldom holds a whole such page. An older glibc, another libc, and a kernel without huge pages make nothing
// of it; what is encoded is the same.
// Source: The GNU C Library, 39.2 Memory Allocation Tunables; Linux, Documentation/admin-guide/mm/transhuge.rst, madvise.
const (
	tunables  = "GLIBC_TUNABLES"
	hugePages = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824:glibc.malloc.trim_threshold=2147483648:glibc.malloc.top_pad=67108864"
)

// policyOf reads from an argument list what the process may open: every file in it stands as file:/absolute/path.
func policyOf(args []string) (p sandbox.Policy) {
	for i, a := range args {
		path, ok := strings.CutPrefix(a, "file:/")
		switch {
		case !ok:
		case i > 0 && args[i-1] == "-i":
			p.Read = append(p.Read, "/"+path)
		default:
			p.Write = append(p.Write, filepath.Dir("/"+path))
		}
	}
	return p
}

// sizeOf is how large files are together; what cannot be looked at counts as nothing.
func sizeOf(files []string) (sum int64) {
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			sum += info.Size()
		}
	}
	return sum
}

// environ is our own environment without what a decoder has no business to know.
func environ() []string {
	return slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, value, _ := strings.Cut(v, "=")
		name = strings.ToUpper(name)
		_, address, _ := strings.Cut(value, "://") // a proxy, or a place to publish to, can have a password in it
		return strings.Contains(address, "@") || strings.HasPrefix(name, "FILMPRESS_") || strings.HasPrefix(name, "AWS_") || strings.Contains(name, "SECRET") || strings.Contains(name, "TOKEN") || strings.Contains(name, "PASSWORD") ||
			strings.HasSuffix(name, "_KEY")
	})
}

// grace is how long a process may take to end after TERM.
var grace = 5 * time.Second

// run starts the process, serves its pipes and ends it where need be.
func (p process) run(ctx context.Context) (messages, error) {
	if err := ctx.Err(); err != nil {
		return messages{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	if p.stall == 0 {
		p.stall = time.Minute
	}
	log := io.Discard
	if p.log != "" {
		f, err := os.OpenFile(p.log, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600) // it names the film
		if err != nil {
			return messages{}, err
		}
		defer f.Close()
		fmt.Fprintln(f, p.program, strings.Join(quoted(p.args), " "))
		log = f
	}
	policy := policyOf(p.args)
	dog := newWatchdog(p.stall, max(leastOff, rereads*sizeOf(policy.Read)), func() { stop(&ErrStalled{After: p.stall, Log: p.log}) })
	defer dog.stop()

	cmd := p.command()
	pipes := pipes{started: func(pid int) func() { return dog.listen(pid, p.stall/8) }}
	if p.sandboxed {
		pipes.confined = &policy
	}
	var said messages
	cmd.Stderr = pipes.add(func(r io.Reader) { said = readMessages(r, log) })
	if p.stdout != nil {
		cmd.Stdout = pipes.add(func(r io.Reader) { io.Copy(p.stdout, r) })
	}
	late := make(chan error, len(p.read)) // what readers complained of after the process had closed its end
	for _, read := range p.read {
		cmd.ExtraFiles = append(cmd.ExtraFiles, pipes.add(func(r io.Reader) {
			w := &watched{Reader: r, dog: dog}
			switch err := report.Caught(func() error { return read(w) }); {
			case err != nil && w.ended:
				late <- err
			case err != nil:
				stop(err)
			}
			io.Copy(io.Discard, w)
		}))
	}
	if p.progress != nil {
		var last Progress
		cmd.ExtraFiles = append(cmd.ExtraFiles, pipes.add(func(r io.Reader) {
			parseProgress(r, func(now Progress) {
				if now.OutTime != last.OutTime || now.Frames != last.Frames || now.Bytes != last.Bytes {
					dog.alive()
				}
				last = now
				p.progress(now)
			})
			io.Copy(io.Discard, r)
		}))
	}
	err := pipes.run(cmd, ctx)
	if cause := context.Cause(ctx); cause != nil {
		return said, cause
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return said, &ExitError{Program: p.program, Args: p.args, Code: exit.ExitCode(), Why: said.sentence(), Tail: said.tail, Log: p.log}
	}
	if err != nil {
		return said, &ErrMissing{Program: p.program, Path: p.path, Err: err}
	}
	select { // a reader that found too little is to be heard only where the process itself was content
	case err := <-late:
		return said, err
	default:
		return said, nil
	}
}

// quoted is an argument list as a shell would take it, for the log.
func quoted(args []string) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n'\"\\$`&|;<>()[]*?!#~{}") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out[i] = a
	}
	return out
}

// watched is a reader whose every byte is a sign of life.
type watched struct {
	io.Reader
	dog   *watchdog
	ended bool // the other end was closed
}

func (w *watched) Read(b []byte) (int, error) {
	n, err := w.Reader.Read(b)
	if n > 0 {
		w.dog.alive()
	}
	w.ended = w.ended || err != nil
	return n, err
}
