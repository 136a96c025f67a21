package campaign_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// TestMain plays the commands that are killed and that the real program cannot be asked for in a test's time: "publish BUCKET SLUG
// VERSION UPLOADS", because a film would have to be encoded, and "clean BUCKET SLUG", because a week would have to pass.
func TestMain(m *testing.M) {
	role := os.Getenv("FILMPRESS_TEST_KILLED")
	if role == "" {
		os.Exit(m.Run())
	}
	if err := play(context.Background(), role, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(4)
	}
}

func play(ctx context.Context, role string, args []string) error {
	options := s3.Options{Bucket: args[0]}
	if role == "publish" {
		options.Uploads = args[3]
	}
	st, err := s3.Open(ctx, options)
	if err != nil {
		return err
	}
	if role == "publish" {
		_, err = release.Publish(ctx, st, campaign.Film(args[1], args[2], 120, true), release.Options{}, report.Discard)
		return err
	}
	_, err = sweep(ctx, later{st, week}, args[1])
	return err
}

// victim is a command that is killed and run again.
type victim struct {
	name    string
	command func(t *testing.T, k *killing) *exec.Cmd
	prepare func(t *testing.T, k *killing)
	check   func(t *testing.T, k *killing)
}

// killing is one film whose commands are killed.
type killing struct {
	server   s3server.Server
	near     s3server.Server // another bucket of the server
	far      s3server.Server // one of another server
	slug     string
	dir      string // of its own: library, uploads, cache
	self     string
	program  string
	sets     []release.Set
	releases []string
}

func (k *killing) run(role string, args ...string) *exec.Cmd {
	cmd := exec.Command(k.self, args...)
	cmd.Env = append(os.Environ(), "FILMPRESS_TEST_KILLED="+role)
	return cmd
}

// filmpress is a command of the real program.
func (k *killing) filmpress(args ...string) *exec.Cmd {
	cmd := exec.Command(k.program, args...)
	cmd.Env = append(os.Environ(), "HOME="+k.dir, "XDG_CACHE_HOME="+filepath.Join(k.dir, "cache"), "FILMPRESS_KEPT="+filepath.Join(k.dir, "kept"))
	return cmd
}

var victims = []victim{
	{"publish", func(_ *testing.T, k *killing) *exec.Cmd {
		return k.run("publish", k.server.Bucket, k.slug, "second", filepath.Join(k.dir, "uploads"))
	}, func(t *testing.T, k *killing) {
		publish(t, client(t, k.server), campaign.Film(k.slug, "first", 120, false))
		k.sets = []release.Set{campaign.Film(k.slug, "second", 120, true)}
	}, current},
	{"sync", func(_ *testing.T, k *killing) *exec.Cmd {
		return k.filmpress("sync", filepath.Join(k.dir, "library"), "s3://"+k.server.Bucket, "--include", k.slug, "--delete")
	}, func(t *testing.T, k *killing) {
		films, err := dir.New(filepath.Join(k.dir, "library"))
		if err != nil {
			t.Fatal(err)
		}
		publish(t, films, campaign.Film(k.slug, "first", 120, false))
		publish(t, client(t, k.server), campaign.Film(k.slug, "first", 120, false))
		k.sets = []release.Set{campaign.Film(k.slug, "second", 120, true)}
		publish(t, films, k.sets[0])
	}, current},
	between("sync of two buckets of one server", func(k *killing) s3server.Server { return k.near }),
	between("sync of two buckets of two servers", func(k *killing) s3server.Server { return k.far }),
	{"clean", func(_ *testing.T, k *killing) *exec.Cmd { return k.run("clean", k.server.Bucket, k.slug) },
		func(t *testing.T, k *killing) { k.sets, k.releases = aged(t, client(t, k.server), k.slug) },
		func(t *testing.T, k *killing) { swept(t, k.server, k.slug, k.sets, k.releases) }},
}

// between is a sync from another bucket.
func between(name string, library func(*killing) s3server.Server) victim {
	return victim{name, func(t *testing.T, k *killing) *exec.Cmd {
		settings := filepath.Join(k.dir, "library.yml")
		if err := os.WriteFile(settings, []byte("s3:\n  endpoint: "+library(k).Endpoint+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return k.filmpress("sync", "s3://"+library(k).Bucket, "s3://"+k.server.Bucket, "--src-config", settings, "--include", k.slug, "--delete")
	}, func(t *testing.T, k *killing) {
		films := client(t, library(k))
		for _, st := range []store.Store{films, client(t, k.server)} {
			publish(t, st, campaign.Film(k.slug, "first", 120, false))
		}
		k.sets = []release.Set{campaign.Film(k.slug, "second", 120, true)}
		publish(t, films, k.sets[0])
	}, current}
}

func current(t *testing.T, k *killing) {
	if err := campaign.Right(campaign.Of(k.server), k.sets[0]); err != nil {
		t.Errorf("%s: %v", k.slug, err)
	}
}

// TestKilled kills publish, sync and clean with SIGKILL at random moments, several times each on one film. The next run that is left
// alone finishes, nothing that a kept release names is lost, and a viewer meets whole releases all the while. FILMPRESS_TEST_KILLS is how
// many are killed in all; the moments come from a seed, which is told. FILMPRESS_TEST_BINARY is the program, built here where it is not given.
func TestKilled(t *testing.T) {
	server := s3server.Anywhere(t)
	server.Setenv(t)
	near, far := beside(t, server), apart(t, server)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	program := os.Getenv("FILMPRESS_TEST_BINARY")
	if program == "" {
		program = filepath.Join(t.TempDir(), "filmpress")
		if out, err := exec.Command("go", "build", "-o", program, "filmpress/cmd/filmpress").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	moments := rand.New(rand.NewPCG(faults.Seed(t), 0))
	kills, wanted, until := map[string]int{}, faults.Times("FILMPRESS_TEST_KILLS", 6), faults.Until()
	took := map[string]time.Duration{}
	var a faults.Tally
	for n, film := 0, 0; n < wanted && time.Now().Before(until); film++ {
		v := victims[film%len(victims)]
		k := &killing{server: server, near: near, far: far, slug: fmt.Sprint("film ", film), dir: t.TempDir(), self: self, program: program}
		v.prepare(t, k)
		viewer := campaign.Watch(t.Context(), server.Endpoint+"/"+server.Bucket, k.slug)
		if took[v.name] > 0 { // the first of each is left alone, to know how long it takes
			for range 1 + moments.IntN(4) {
				if killed(t, v.command(t, k), 1+time.Duration(moments.Float64()*float64(took[v.name]))) {
					kills[v.name]++
					n++
				}
			}
		}
		began := time.Now()
		killed(t, v.command(t, k), 0)
		took[v.name] = time.Since(began) // the last, since what else the machine does changes
		viewed(t, viewer, &a)
		v.check(t, k)
		forget(t, k)
	}
	t.Logf("killed: %v; one run takes %v; the viewer looked %d times and followed %d links", kills, took, a.Looks, a.Links)
}

// forget removes a film that was looked at.
func forget(t *testing.T, k *killing) {
	t.Helper()
	var err error
	if k.server.Dir != "" {
		err = os.RemoveAll(filepath.Join(k.server.Dir, k.slug))
	} else {
		err = k.server.Empty(t.Context(), k.slug+"/")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// killed runs a command, which ends by itself and well where after is 0, and tells whether it was killed.
func killed(t *testing.T, cmd *exec.Cmd, after time.Duration) bool {
	t.Helper()
	var story bytes.Buffer
	cmd.Stdout, cmd.Stderr = &story, &story
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { cmd.Process.Kill() })
		defer timer.Stop()
	}
	err := cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		if after == 0 {
			t.Errorf("%v", err)
		}
		return true
	}
	if err != nil {
		t.Errorf("%q: %v: %s", cmd.Args[1:], err, strings.TrimSpace(story.String()))
	}
	return false
}
