package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/ui"
	"filmpress/internal/userfile"
)

// place is a folder or a bucket of films that a command was given.
type place struct {
	st   store.Store
	name string // as the user wrote it, without a slash at its end
	slug string // of the film that was meant; "" is all
	next func(words ...string) string
}

// openFilms opens the place that a command names. Where that is a film's own folder, it is the place above, and that film.
func (a *app) openFilms(ctx context.Context, target, slug string) (place, error) {
	if err := knownPlace(target); err != nil {
		return place{}, err
	}
	if !strings.HasPrefix(target, "s3://") {
		p, err := openFolderOfFilms(ctx, target, slug)
		p.next = a.command
		return p, err
	}
	p := place{name: strings.TrimSuffix(target, "/"), slug: slug, next: a.command}
	var err error
	if p.st, err = a.openAt(ctx, p.name); err != nil || slug != "" || strings.Count(p.name, "/") <= 2 {
		a.tellPublic(p.name)
		return p, err
	}
	film, err := isFilm(ctx, p.st)
	if err != nil || !film {
		a.tellPublic(p.name)
		return p, err
	}
	above, own := path.Split(p.name)
	p.name, p.slug = strings.TrimSuffix(above, "/"), own
	a.tellPublic(p.name)
	p.st, err = a.openAt(ctx, p.name)
	return p, err
}

// tellPublic says where the settings' public address is that of another place than the one at hand: links would lead astray.
func (a *app) tellPublic(target string) {
	if own := a.config.S3.PublicFor; own != "" && strings.HasPrefix(target, "s3://") && strings.TrimSuffix(target, "/") != own {
		a.ui.Note(fmt.Sprintf("the settings' public-url, %s, stands beside %s, and this is %s: addresses of films are wrong unless --public-url tells its own", a.config.S3.PublicURL, own, target))
	}
}

// absentError is a place or a film that is not there.
type absentError struct{ text string }

func (e *absentError) Error() string { return e.text }
func (e *absentError) Unwrap() error { return store.ErrNotFound }

func knownPlace(target string) error {
	scheme, _, found := strings.Cut(target, "://")
	if target == "" || found && scheme != "s3" {
		return usagef("%q is no place of films; name a folder, or a bucket as s3://bucket/prefix", target)
	}
	return nil
}

// openAt opens a place by its name.
func (a *app) openAt(ctx context.Context, target string) (store.Store, error) {
	other := *a
	other.config.To = target
	return other.openTarget(ctx)
}

func openFolderOfFilms(ctx context.Context, target, slug string) (place, error) {
	p := place{name: filepath.Clean(target), slug: slug}
	info, err := os.Stat(p.name)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return p, &absentError{fmt.Sprintf("%s: there is no such folder", userfile.Shown(p.name))}
	case err != nil:
		return p, err
	case !info.IsDir():
		return p, fmt.Errorf("%w: %s is a file, not a folder; name the folder of films", store.ErrRefused, p.name)
	}
	other := app{}
	if p.st, err = other.openAt(ctx, p.name); err != nil || slug != "" {
		return p, err
	}
	film, err := isFilm(ctx, p.st)
	if err != nil || !film {
		return p, err
	}
	abs, err := filepath.Abs(p.name)
	if err != nil {
		return p, err
	}
	p.name, p.slug = filepath.Dir(abs), filepath.Base(abs)
	p.st, err = other.openAt(ctx, p.name)
	return p, err
}

// noFilm says that the film that was meant is not there.
func (p place) noFilm() error {
	return &absentError{fmt.Sprintf("there is no film %q in %s; %s shows those that are there", p.slug, p.name, p.command("list", p.name))}
}

// show is a path below the place, as the user knows it.
func (p place) show(path string) string { return p.name + "/" + path }

// shown are findings with their places, and the commands in their mends, as the user knows them.
func (p place) shown(findings []report.Finding) []report.Finding {
	out := []report.Finding{}
	for _, f := range findings {
		f.Pos.File = p.show(f.Pos.File)
		f.Hint = atPlace(f.Hint, p.name, p.command)
		out = append(out, f)
	}
	return out
}

// onTarget is a command in a mend of a floor that does not know how the place at hand was named.
var onTarget = regexp.MustCompile(`filmpress ([a-z]+) TARGET`)

// atPlace is a mend whose commands name the place, so that they can be typed.
func atPlace(mend, name string, command func(words ...string) string) string {
	return onTarget.ReplaceAllStringFunc(mend, func(found string) string { return command(strings.Fields(found)[1], name) })
}

// command is what to type for this place.
func (p place) command(words ...string) string { return p.next(words...) }

// parseAge reads a time as people give it: 7d, 12h, 1d12h.
func parseAge(text string) (time.Duration, error) {
	rest, days := text, 0
	if d, after, ok := strings.Cut(text, "d"); ok {
		n, err := strconv.Atoi(d)
		if err != nil || n < 0 || n > 36_500 {
			return 0, fmt.Errorf("%q is no time; write it as 7d or 12h", text)
		}
		rest, days = after, n
	}
	age := time.Duration(days) * 24 * time.Hour
	if rest == "" && days > 0 {
		return age, nil
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%q is no time; write it as 7d or 12h", text)
	}
	return age + d, nil
}

// ageText is a time as parseAge reads it.
func ageText(d time.Duration) string {
	if day := 24 * time.Hour; d > 0 && d%day == 0 {
		return fmt.Sprintf("%dd", d/day)
	}
	text := d.String()
	for _, end := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, end) {
			text = strings.TrimSuffix(text, end[1:])
		}
	}
	return text
}

// objectsOf is a number of objects and their size.
func objectsOf(objects int, bytes int64) string {
	return counted(objects, "object") + " (" + ui.Bytes(bytes) + ")"
}

// moment is a time of a store's clock, as it is listed.
func moment(t time.Time) string {
	if t.IsZero() {
		return "date unknown    "
	}
	return t.UTC().Format("2006-01-02 15:04Z")
}
