package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"filmpress/internal/gather"
	"filmpress/internal/lint"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
	"filmpress/internal/userfile"
)

// newCheck judges the command line, and reads what it names besides the files to check.
func (a *app) newCheck(f checkFlags) (*subsCheck, error) {
	c := &subsCheck{app: a, checkFlags: f, sum: newTally()}
	for _, judge := range []func() error{c.judgePaths, c.judgeFormat, c.judgeChoice, c.readBaseline, c.readAgainst} {
		if err := judge(); err != nil {
			return nil, err
		}
	}
	c.options.Read, c.options.Charset = c.read, f.charset
	var err error
	c.settings, err = lint.NewSettings(c.choice, subtitleBytes)
	return c, err
}

// look looks at the film, as far as the rules in force want to know of it.
func (c *subsCheck) look(ctx context.Context) error {
	if c.film == "" {
		return nil
	}
	tools, err := c.tools(ctx)
	if err != nil {
		return err
	}
	kept, err := c.openKept()
	if err != nil {
		return err
	}
	look := gather.FilmLook{Path: c.film, Speech: c.settings.Any(rules.Settings.NeedsSpeech), Cuts: c.settings.Any(rules.Settings.NeedsCuts)}
	film, found, err := gather.Facts(ctx, tools, kept.Dir(), look, c.ui.Sink)
	if err != nil {
		return err
	}
	if report.Blocks(found) {
		return c.unusable(c.film, found)
	}
	c.options.Film = &film
	return nil
}

func (c *subsCheck) judgePaths() error {
	isStream := func(p string) bool { return p == "-" }
	files := slices.DeleteFunc(slices.Clone(c.paths), isStream)
	switch streams := len(c.paths) - len(files); {
	case len(c.paths) == 0:
		return usagef("name a file, a folder or a pattern to check; . is this folder")
	case streams > 1:
		return usagef("- stands there %d times, but standard input can be read only once", streams)
	case streams == 0 && c.stdinName != "":
		return usagef("--stdin-name names standard input, which is not read; add - to the files")
	case streams == 1:
		c.stdin = path.Clean(filepath.ToSlash(cmp.Or(c.stdinName, "stdin")))
	}
	c.paths = files
	return nil
}

func (c *subsCheck) judgeFormat() (err error) {
	c.format, err = findingsFormat(c.format, c.output)
	return err
}

// judgeChoice takes the flags that a settings file could set, too.
func (c *subsCheck) judgeChoice() error {
	word := func(flag, value string, into interface{ UnmarshalText([]byte) error }) error {
		if value == "" {
			return nil
		}
		if err := into.UnmarshalText([]byte(value)); err != nil {
			return usagef("--%s: %w", flag, err)
		}
		return nil
	}
	for _, err := range []error{
		word("profile", c.profile, &c.choice.Profile),
		word("language", c.language, &c.choice.Language),
		word("fail-on", c.failOn, &c.choice.FailOn),
		pairs("rule", "ID=LEVEL, as in cue-overlap=warn", c.levels, &c.choice.Rules),
		pairs("set", "THRESHOLD=NUMBER, as in cue-cps.max=20", c.values, &c.choice.Set),
	} {
		if err != nil {
			return err
		}
	}
	return checkCharset(c.charset)
}

// pairs takes KEY=VALUE flags. One key with two values is a contradiction.
func pairs(flag, form string, given []string, into interface {
	Key(key string) error
	Put(key, value string) error
}) error {
	said := map[string]string{}
	for _, g := range given {
		key, value, ok := strings.Cut(g, "=")
		if !ok || key == "" {
			return usagef("--%s %q: write %s", flag, g, form)
		}
		if before, twice := said[key]; twice && before != value {
			return usagef("--%s sets %s to %s and to %s; keep one of the two", flag, key, before, value)
		}
		said[key] = value
		if err := into.Key(key); err != nil {
			return usagef("--%s: %w", flag, err)
		}
		if err := into.Put(key, value); err != nil {
			return usagef("--%s: %w", flag, err)
		}
	}
	return nil
}

func (c *subsCheck) readBaseline() (err error) {
	switch {
	case c.writeBaseline && c.baseline == "":
		return usagef("--write-baseline needs --baseline FILE, which says where")
	case c.baseline == "":
		return nil
	case c.writeBaseline:
		c.base, err = lint.NewBaseline(c.baseline)
		return err
	}
	data, err := userfile.Read(c.baseline, 1<<28)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such baseline yet; --write-baseline makes it", c.baseline)
	}
	if err != nil {
		return err
	}
	c.base, err = lint.ReadBaseline(c.baseline, data)
	return err
}

// readAgainst reads the other track. It is not judged here: that is its own check.
func (c *subsCheck) readAgainst() error {
	if c.against == "" {
		return nil
	}
	t, found, err := c.readSubtitle(c.against, c.charset)
	if err != nil {
		return err
	}
	if len(t.Cues) == 0 {
		return c.unusable(c.against, found)
	}
	c.options.Against = &t
	return nil
}

// unusable tells why files cannot be held against another one. It is no finding on the files: they were not judged.
func (c *subsCheck) unusable(name string, why []report.Finding) error {
	c.ui.Findings(why)
	return fmt.Errorf("%s cannot be used, so nothing was checked", name)
}

func subtitleBytes(name string) ([]byte, error) { return userfile.Read(name, subtitle.MaxBytes+1) }

// read reads a file to be checked, of which one may be standard input.
func (c *subsCheck) read(name string) ([]byte, error) {
	if name == c.stdin && c.stdin != "" {
		return c.readStdin()
	}
	return subtitleBytes(name)
}
