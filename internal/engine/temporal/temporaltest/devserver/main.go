// Devserver is the Temporal server of the tests, and Temporal's own command line for those who try dev-cluster. As a server it ends when its
// standard input does, so that a killed test leaves none behind.
//
//	devserver server start-dev --ip 127.0.0.1 --port PORT --headless --db-filename FILE
package main

import (
	"context"
	"io"
	"os"

	"github.com/temporalio/cli/temporalcli"

	_ "modernc.org/sqlite" // keeps the driver's version where Temporal pinned it
)

func main() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if len(os.Args) > 1 && os.Args[1] == "server" {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			os.Exit(0)
		}()
	}
	temporalcli.Execute(ctx, temporalcli.CommandOptions{})
}
