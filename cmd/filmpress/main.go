// Filmpress publishes a film as a page that plays, in a folder or in a bucket.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"filmpress/internal/cli"
	_ "filmpress/internal/startup"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program at once
	os.Exit(cli.Main(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
