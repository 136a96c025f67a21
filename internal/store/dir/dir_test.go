package dir_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Contract(t, func(t testing.TB) store.Store { return at(t, t.TempDir()+"/library") }, false)
}

func at(t testing.TB, folder string) *dir.Store {
	st, err := dir.New(folder)
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// TestMain lets the test's own program be another process, which does one thing in a folder.
func TestMain(m *testing.M) {
	if len(os.Args) != 4 || os.Args[1] != "other-process" {
		os.Exit(m.Run())
	}
	st, err := dir.New(os.Args[3])
	if err == nil {
		err = otherProcess(st, os.Args[2])
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func otherProcess(st store.Store, what string) error {
	ctx := context.Background()
	content := fmt.Appendf(nil, "of process %d", os.Getpid())
	body, cond := store.Bytes(content), store.If{}
	switch what {
	case "replace": // what the folder held when the process started
		now, err := st.Stat(ctx, "pointer.json")
		if err != nil {
			return err
		}
		cond.ETag = now.ETag
		fmt.Println("ready")
		io.ReadAll(os.Stdin)
	case "stuck": // in the middle of a write
		body.Open = func() (io.ReadSeekCloser, error) {
			fmt.Println("ready")
			io.ReadAll(os.Stdin)
			return nil, errors.New("not reached")
		}
	case "large":
		content = storetest.Noise(1, 4<<20)
		body = store.Bytes(content)
	}
	_, err := st.Put(ctx, "pointer.json", body, storetest.Meta("", content), cond)
	return err
}

// start runs another process up to the point where it says that it is ready; end lets it go on.
func start(t *testing.T, what, folder string) (p *exec.Cmd, end func() error) {
	p = exec.Command(os.Args[0], "other-process", what, folder)
	in, err := p.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := p.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, len("ready\n"))); err != nil {
		t.Fatal(err)
	}
	return p, func() error {
		in.Close()
		return p.Wait()
	}
}

// TestOneWinnerBetweenProcesses: the condition holds between processes, too.
func TestOneWinnerBetweenProcesses(t *testing.T) {
	st := at(t, t.TempDir())
	storetest.Put(t, st, "pointer.json", []byte("first"))
	var ends []func() error
	for range 8 {
		_, end := start(t, "replace", st.URL(""))
		ends = append(ends, end)
	}
	var all sync.WaitGroup
	won := make([]bool, len(ends))
	for i, end := range ends {
		all.Go(func() { won[i] = end() == nil })
	}
	all.Wait()
	if n := len(slices.DeleteFunc(won, func(w bool) bool { return !w })); n != 1 {
		t.Errorf("%d processes won", n)
	}
}

// TestSweep: what a killed writer left is removed by the next one; what a living one writes is not.
func TestSweep(t *testing.T) {
	folder := t.TempDir()
	leftovers := func() int {
		files, err := filepath.Glob(folder + "/.filmpress-put-*")
		if err != nil {
			t.Fatal(err)
		}
		return len(files)
	}
	killed, _ := start(t, "stuck", folder)
	alive, end := start(t, "stuck", folder)
	if n := leftovers(); n != 2 {
		t.Fatalf("%d files aside, want 2", n)
	}
	killed.Process.Kill()
	killed.Wait()
	storetest.Put(t, at(t, folder), "a", nil)
	if n := leftovers(); n != 1 {
		t.Errorf("%d files aside, want the living one's", n)
	}
	if names := storetest.Names(t, at(t, folder), ""); !slices.Equal(names, []string{"a"}) {
		t.Errorf("objects: %q", names)
	}
	end()
	if n := leftovers(); n != 0 {
		t.Errorf("%d files aside after an error of the body (pid %d)", n, alive.Process.Pid)
	}
}

// TestModes: a web server of another user can read everything, whatever the publisher's umask.
func TestModes(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	folder := filepath.Join(t.TempDir(), "a/library")
	st := at(t, folder)
	storetest.Put(t, st, "film/o/x.m4s", nil)
	for path, want := range map[string]fs.FileMode{"/..": 0o755, "": 0o755, "/film": 0o755, "/film/o": 0o755, "/film/o/x.m4s": 0o644} {
		if info, err := os.Stat(folder + path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%q: %v, %v, want %v", path, info.Mode(), err, want)
		}
	}
}

// TestOutside: no name and no symbolic link leads out of the folder.
func TestOutside(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	st := at(t, folder)
	for _, err := range []error{
		os.WriteFile(outside+"/secret", []byte("secret"), 0o644),
		os.Symlink(outside, folder+"/film"),
		os.Symlink(outside+"/secret", folder+"/file"),
		os.Symlink("/dev/zero", folder+"/zero"),
		os.Symlink("loop", folder+"/loop"),
		syscall.Mkfifo(folder+"/fifo", 0o644),
		os.WriteFile(folder+"/.filmpress-put-x", nil, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"film/secret", "film/new", "file", "zero", "loop", "fifo", ".filmpress-put-x"} {
		if r, _, err := st.Get(t.Context(), name); err == nil {
			r.Close()
			t.Errorf("Get %s worked", name)
		}
	}
	if names := storetest.Names(t, st, ""); len(names) != 0 {
		t.Errorf("objects: %q", names)
	}
	_, err := st.Put(t.Context(), "film/new", store.Bytes(nil), storetest.Meta("", nil), store.If{})
	if !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), "symbolic link") {
		t.Errorf("Put through a link: %v", err)
	}
	storetest.Put(t, st, "file", []byte("ours")) // replaces the link, not what it leads to
	if b, err := os.ReadFile(outside + "/secret"); string(b) != "secret" {
		t.Errorf("outside: %q, %v", b, err)
	}
	_, err = st.Put(t.Context(), ".filmpress-lock", store.Bytes(nil), storetest.Meta("", nil), store.If{})
	if !errors.Is(err, store.ErrName) {
		t.Errorf("Put of the lock: %v", err)
	}
}

// TestInTheWay: files where folders are wanted, and the other way round.
func TestInTheWay(t *testing.T) {
	st := at(t, t.TempDir())
	storetest.Put(t, st, "a", nil)
	storetest.Put(t, st, "b/c", nil)
	for _, name := range []string{"a/b", "b"} {
		for _, cond := range []store.If{{}, {Absent: true}} {
			_, err := st.Put(t.Context(), name, store.Bytes(nil), storetest.Meta("", nil), cond)
			if !errors.Is(err, store.ErrName) || !strings.Contains(err.Error(), "folder") {
				t.Errorf("Put %s %+v: %v", name, cond, err)
			}
		}
	}
	if _, err := dir.New(st.URL("a")); !errors.Is(err, store.ErrRefused) {
		t.Errorf("a file as the folder: %v", err)
	}
}

// TestNothingMade: reading and checking leave no folder behind.
func TestNothingMade(t *testing.T) {
	parent := t.TempDir()
	st := at(t, parent+"/x/library")
	if err := st.Check(t.Context()); err != nil {
		t.Error(err)
	}
	storetest.Names(t, st, "")
	st.Delete(t.Context(), "a")
	if _, err := st.Stat(t.Context(), "a"); !errors.Is(err, store.ErrNotFound) {
		t.Error(err)
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// TestNames of places: as the user wrote it, and absolute.
func TestPlaces(t *testing.T) {
	st := at(t, "./library")
	wd, _ := os.Getwd()
	if st.String() != "./library" || st.URL("a b/c") != wd+"/library/a b/c" {
		t.Errorf("%s, %s", st, st.URL("a b/c"))
	}
}

// TestDisks meets a full disk and a read-only one, which takes a mount in a namespace of its own.
func TestDisks(t *testing.T) {
	for _, c := range []struct{ options, want string }{
		{"size=1m", "no space left"},
		{"ro", "the file system is read-only"},
	} {
		folder := t.TempDir()
		script := `mount -t tmpfs -o "$1" tmpfs "$2" || exit 99; shift; "$2" other-process large "$1"; code=$?; ls -A "$1"; exit $code`
		out, err := exec.Command("unshare", "-rm", "sh", "-c", script, "sh", c.options, folder, os.Args[0]).CombinedOutput()
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || strings.HasPrefix(string(out), "unshare: ") { // in a chroot nobody may
			t.Skipf("no disk can be mounted here: %v %s", err, out)
		}
		if text := string(out); !strings.Contains(text, c.want) || strings.Contains(text, ".filmpress-put") {
			t.Errorf("%s: %s", c.options, text)
		}
	}
}
