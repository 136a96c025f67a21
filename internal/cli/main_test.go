package cli

import (
	"log"
	"os"
	"testing"
)

// shared is a folder for what several tests use.
var shared string

func TestMain(m *testing.M) { os.Exit(allTests(m)) }

func allTests(m *testing.M) int {
	var err error
	if shared, err = os.MkdirTemp("", "filmpress-cli-tests"); err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(shared)
	return m.Run()
}
