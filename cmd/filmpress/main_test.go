package main

import (
	"errors"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"filmpress/internal/cli/clitest"
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
	if given := os.Getenv("FILMPRESS_TEST_BINARY"); given != "" {
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
	return errors.Join(os.Remove(inPlace), os.Symlink(program, inPlace), os.Unsetenv("FILMPRESS_TEST_BINARY"))
}

func TestMain(m *testing.M) {
	testscript.Main(allTests{m}, map[string]func(){"filmpress": main})
}

// TestStories runs the real program the way its users do: testdata/script tells what they type, and what they see,
// have and do not have afterwards.
func TestStories(t *testing.T) {
	bin, _, _ := strings.Cut(os.Getenv("PATH"), string(filepath.ListSeparator)) // where testscript.Main put filmpress, and nothing else is
	films, user := &clitest.Films{Dir: t.TempDir()}, clitest.User{Common: t.TempDir(), Bin: bin}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		Setup:              user.Setup,
		Condition:          clitest.Conditions(map[string]func() bool{"mount": mayMount}),
		RequireUniqueNames: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"mkfilm":    films.Make,
			"exits":     exits,
			"refuses":   clitest.Refuses(process),
			"listing":   clitest.Listing,
			"contract":  clitest.Contract,
			"matches":   clitest.Matches,
			"interrupt": interrupt,
			"watch":     watch,
			"opened":    opened,
			"smalldisk": smallDisk,
			"serve":     serve,
			"fetch":     clitest.Fetch,
			"awaits":    awaits,
			"profile":   clitest.Profile,
			"bucket":    clitest.Bucket(sync.OnceValue(func() s3server.Server { return s3server.Start(t) }), func() s3server.Server { return s3server.Alone(t) }),
		},
	})
}
