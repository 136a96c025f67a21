package main

import (
	"errors"
	"log"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/cli/clitest"
	"filmpress/internal/missing"
	"filmpress/internal/store/storetest/s3server"
)

// shared is a folder for what several tests use.
var shared string

// allTests are those of this package, and the folder that they share.
type allTests struct{ *testing.M }

// Run runs them, and takes the folder away.
func (m allTests) Run() (code int) {
	var err error
	if shared, err = os.MkdirTemp("", "filmpress-tests"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(shared)
	if given := os.Getenv("FILMPRESS_BINARY"); given != "" {
		if err := use(given); err != nil {
			log.Fatal(err)
		}
	}
	return m.M.Run()
}

// use has the tests start a program that was built, where they otherwise start themselves in its place: what only they are made of
// (a validator of JSON above all) costs each start a fifth more.
func use(program string) error {
	inPlace, err := exec.LookPath("filmpress") // where testscript.Main put it
	if err != nil {
		return err
	}
	return errors.Join(os.Remove(inPlace), os.Symlink(program, inPlace), os.Unsetenv("FILMPRESS_BINARY"))
}

func TestMain(m *testing.M) {
	testscript.Main(allTests{m}, map[string]func(){"filmpress": main})
}

// TestStories runs the real program the way its users do: testdata/script tells what they type, and what they see,
// have and do not have afterwards.
func TestStories(t *testing.T) {
	films := &clitest.Films{Dir: t.TempDir()}
	common := t.TempDir()
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		Setup:              func(e *testscript.Env) error { return setup(e, common) },
		Condition:          condition,
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mkfilm":    films.Make,
			"cut":       cut,
			"exits":     exits,
			"refuses":   refuses,
			"nothing":   nothing,
			"listing":   clitest.Listing,
			"changes":   changes,
			"contract":  contract,
			"matches":   matches,
			"spoil":     spoil,
			"interrupt": interrupt,
			"watch":     watch,
			"opened":    opened,
			"smalldisk": smallDisk,
			"unhex":     clitest.Unhex,
			"serve":     serve,
			"fetch":     fetch,
			"awaits":    awaits,
			"profile":   profile,
			"bucket":    useBucket(sync.OnceValue(func() s3server.Server { return s3server.Start(t) }), func() s3server.Server { return s3server.Alone(t) }),
		},
	})
}

// setup gives each story a user of its own. Stories that are not about encoding may take COMMON for their kept results, where the same
// film is encoded once for all of them.
func setup(e *testscript.Env, common string) error {
	clitest.Setup(e)
	bin, _, _ := strings.Cut(os.Getenv("PATH"), string(filepath.ListSeparator)) // where testscript.Main put filmpress
	for name, value := range map[string]string{
		"COMMON":  common,
		"BIN":     bin, // a PATH with filmpress and nothing else
		"NEWLINE": "\n",
		"QUOTE":   "'",
	} {
		e.Setenv(name, value)
	}
	for _, name := range []string{"tiny.yml", "modern.yml"} {
		pipeline, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(e.WorkDir, name), pipeline, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// condition knows [root], [mount]: the right to mount a disk, [av1]: an ffmpeg that encodes it, and [voices]: espeak-ng. The last two are tools,
// for want of which no story is skipped where all tools must be there.
func condition(name string) (bool, error) {
	known := map[string]func() bool{
		"root":   func() bool { return os.Geteuid() == 0 },
		"mount":  mayMount,
		"av1":    encodesAV1,
		"voices": func() bool { _, err := exec.LookPath("espeak-ng"); return err == nil },
	}
	if holds, ok := known[name]; ok {
		does := holds()
		if tool := name == "av1" || name == "voices"; tool && !does && os.Getenv(missing.All) != "" {
			return false, errors.New("it does not hold; " + missing.All + " is set, so this is no reason to skip a story")
		}
		return does, nil
	}
	return false, &unknownCondition{name, slices.Sorted(maps.Keys(known))}
}

type unknownCondition struct {
	name  string
	known []string
}

func (e *unknownCondition) Error() string {
	return "there is no condition [" + e.name + "]; there are " + strings.Join(e.known, ", ")
}
