package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"filmpress/internal/config"
	"filmpress/internal/serve"
	"filmpress/internal/store/dir"
	"filmpress/internal/userfile"
)

// watchEvery is how often the files of a film are looked at. Looking costs a few system calls, and works on any file system.
const watchEvery = 400 * time.Millisecond

func newServe(a *app) *cobra.Command {
	var public bool
	watched := publishOptions{served: true, cluster: clusterFlags{silence: usualSilence}} // the settings may say that workers make it
	cmd := &cobra.Command{
		Use:   "serve [DIR]",
		Short: "Serve a folder of published films on this machine",
		Long: `Serves a folder of published films to the browsers of this machine, the way a bucket would: right types,
byte ranges, nothing outside the folder. Without DIR it is the folder of --to, ./library by default.
Ctrl-C ends it. Pages of other sites that are open in the same browser cannot read it, unless it is --public. For the public there are
better servers; any web server can serve the folder.

With --watch it publishes that film into the folder, and again whenever the film, film.md, a subtitle or the theme is
saved; open pages reload by themselves. What would stop a publish is told, and the pages stay as they are. The script that
reloads is added on the way to the browser; nothing of it is published.` + exits(exitFine, exitFailed, exitUsage, says{exitFindings, "with --watch: there is no such film"},
			says{exitStore, "there is no such folder, or this user may not open it"}),
		Example: `  filmpress serve
  filmpress serve --watch film.mp4 --theme theme
  filmpress serve /srv/films --addr 127.0.0.1:9000`,
		Args: takes(0, 1),
		RunE: a.settled(func(cmd *cobra.Command, given []string) error {
			path := a.config.To
			if len(given) == 1 {
				path = given[0]
			}
			return a.serve(cmd.Context(), path, public, watched)
		}),
	}
	config.AddFlags(cmd.Flags(), "to", "serve.addr", "workers")
	cmd.Flags().Lookup("to").Usage = "the folder to serve, where DIR names none"
	addKept(cmd.Flags())
	addTools(cmd.Flags())
	cmd.Flags().StringVar(&watched.name, "watch", "", "publish this film into the folder, and again whenever it or a file beside it changes")
	addFilmFlags(cmd, &watched.film)
	addSite(cmd.Flags())
	cmd.Flags().BoolVar(&public, "public", false, "allow an address that other machines can reach, and pages of other sites to show the films")
	return cmd
}

func (a *app) serve(ctx context.Context, path string, public bool, watched publishOptions) error {
	addr := a.config.Serve.Addr
	if !public && !serve.Loopback(addr) {
		return usageError{fmt.Errorf("%s can be reached from other machines; add --public if that is wanted", addr)}
	}
	if strings.HasPrefix(path, "s3://") {
		return usageError{fmt.Errorf("%s is a bucket, and serves itself; name a folder", path)}
	}
	if watched.name != "" {
		if _, err := os.Stat(watched.name); err != nil {
			return filmError{err}
		}
		if err := os.MkdirAll(path, 0o755); err != nil {
			return err
		}
	}
	root, err := os.OpenRoot(path)
	switch info, _ := os.Stat(path); {
	case errors.Is(err, os.ErrNotExist):
		return &absentError{fmt.Sprintf("%s: there is no such folder; publish a film first, or name the folder to serve", path)}
	case err != nil && info != nil && !info.IsDir():
		return &absentError{fmt.Sprintf("%s is a file, and serve shows a folder of published films; filmpress serve --watch %s publishes a film first", path, userfile.Quote(path))}
	case err != nil:
		return refused(err)
	}
	defer root.Close()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return unheard(addr, err)
	}
	films, err := dir.New(path)
	if err != nil {
		return err
	}
	shown := serve.Folder{Root: root, Films: films, Public: public}
	if watched.name != "" {
		shown.Live = serve.NewLive()
		var work sync.WaitGroup
		defer work.Wait()
		watching, stop := context.WithCancel(ctx)
		defer stop() // before the wait
		work.Go(func() { a.republish(watching, path, watched, shown.Live) })
	}
	fmt.Fprintf(a.out, "http://%s/\n", listener.Addr())
	a.ui.Note(fmt.Sprintf("serving %s; Ctrl-C ends it", path))
	return shown.Until(ctx, listener)
}

// republish publishes the film into the folder, now and whenever a file beside it or the theme changes, until ctx ends. What goes wrong is told, and the
// pages stay as they are.
func (a *app) republish(ctx context.Context, folder string, o publishOptions, l *serve.Live) {
	own := *a
	own.config.To, own.out = folder, io.Discard
	serve.Sources{Film: o.name, Subs: o.film.Subs, Theme: a.config.Theme}.EachChange(ctx, watchEvery, func() {
		err := own.publish(ctx, o)
		switch {
		case ctx.Err() != nil: // it was interrupted
		case err != nil:
			own.tellUnpublished(err)
		default:
			l.Tell()
		}
	})
}

// tellUnpublished tells why a publish failed while serve goes on.
func (a *app) tellUnpublished(err error) {
	text := a.tell(err)
	a.ui.Close()
	a.ui.Note(text + "; the pages stay as they are until it is mended")
}

// unheard says why nothing can listen at an address, and what else to try.
func unheard(addr string, err error) error {
	cause := err
	if at, ok := errors.AsType[*net.OpError](err); ok {
		cause = at.Err
	}
	why := "this machine refuses it (" + cause.Error() + ")"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%s is in use by another program; choose another address, as in --addr 127.0.0.1:8081", addr)
	case errors.Is(err, syscall.EACCES):
		why = "ports below 1024 are for root alone"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		why = "this machine has no such address"
	case is[*net.DNSError](err):
		why = "there is no host of that name"
	}
	return fmt.Errorf("cannot listen at %s: %s; choose another address, as in --addr 127.0.0.1:8080", addr, why)
}
