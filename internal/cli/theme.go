package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"filmpress/internal/report"
	"filmpress/internal/theme"
	"filmpress/internal/userfile"
)

// theme reads the folder of --theme. nil is that nobody named one, and the library keeps what it has; --theme none takes it away.
func (a *app) theme() (*theme.Theme, []report.Finding, error) {
	dir := a.config.Theme
	switch dir {
	case "":
		return nil, nil, nil
	case "none":
		return &theme.Theme{}, nil, nil
	}
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil, usagef("--theme %s: there is no such folder; filmpress theme init %s writes one to begin with", dir, userfile.Quote(userfile.WithoutHyphen(dir)))
	case err != nil:
		return nil, nil, unreadable("--theme", err)
	case !info.IsDir():
		return nil, nil, usagef("--theme %s is a file; name the folder that holds %s", dir, theme.CSSName)
	}
	files := map[string][]byte{}
	for _, name := range theme.Names {
		data, err := userfile.ReadBeside(filepath.Join(dir, name), theme.MaxBytes)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		files[name] = data
	}
	look, found := theme.Read(userfile.Shown(dir), files)
	return &look, found, nil
}

func newTheme(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "theme",
		Short: "Give the pages a look of your own",
		Long: `A theme is a folder with theme.css, a logo and a footer: docs/theme.md. publish and library take it by --theme DIR, or by the
setting theme.` + exits(exitFine, exitFailed, exitUsage),
		Example: "  filmpress theme init look\n  filmpress publish film.mp4 --theme look",
		Args:    takes(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newThemeInit(a))
	return cmd
}

func newThemeInit(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "init DIR",
		Short: "Write a theme to begin with",
		Long: `Writes theme.css with all colours and letters of the pages, a logo and a footer into DIR. Files that are there already are left
as they are.` + exits(exitFine, exitFailed, exitUsage),
		Example: "  filmpress theme init theme\n  filmpress publish film.mp4 --theme theme",
		Args:    takes(1, 1),
		RunE: a.settled(func(_ *cobra.Command, given []string) error {
			return a.startTheme(given[0])
		}),
	}
}

func (a *app) startTheme(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := theme.Starter.ReadDir("starter")
	if err != nil {
		panic(err) // embedded
	}
	for _, e := range entries {
		data, err := theme.Starter.ReadFile("starter/" + e.Name())
		if err != nil {
			panic(err)
		}
		path := filepath.Join(dir, e.Name())
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			a.ui.Note(path + " is there already; it is left as it is")
			continue
		}
		if err != nil {
			return err
		}
		if _, err = f.Write(data); err == nil {
			err = f.Close()
		} else {
			f.Close()
		}
		if err != nil {
			return err
		}
		fmt.Fprintln(a.out, path)
	}
	a.ui.Note("to use it: filmpress publish FILM --theme " + userfile.Quote(dir))
	return nil
}
