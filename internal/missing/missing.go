// Package missing is for tests that need what a machine may lack: a program, a part of one, or what make builds.
package missing

import (
	"fmt"
	"os"
	"testing"
)

// Tool ends a test for want of a tool; the words say of which. The test is skipped, or fails where FILMPRESS_TEST_ALL is set: `make test`
// installs all that is asked for in this way and sets it, so that an installation that went wrong does not look like tests that passed.
// What no installation brings (rights, a kernel, real clips) is a plain skip.
func Tool(t testing.TB, format string, words ...any) {
	t.Helper()
	why := fmt.Sprintf(format, words...)
	if os.Getenv(All) != "" {
		t.Fatalf("%s; %s is set, so this is no reason to skip the test", why, All)
	}
	t.Skip("skipped: " + why)
}

// All is the variable under which nothing is skipped for want of a tool.
const All = "FILMPRESS_TEST_ALL"
