package clitest

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// FilesBelow lists the files of a folder, relative to it and sorted, without the folder store's own.
func FilesBelow(ts *testscript.TestScript, dir string) []string {
	var files []string
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || strings.HasPrefix(e.Name(), ".filmpress-lock") {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		files = append(files, filepath.ToSlash(rel))
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		ts.Check(err)
	}
	return files
}

// Listing writes what lies in a folder, with digests and times: listing FOLDER FILE
func Listing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: listing FOLDER FILE")
	}
	dir := ts.MkAbs(args[0])
	var b strings.Builder
	for _, name := range FilesBelow(ts, dir) {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		ts.Check(err)
		info, err := os.Stat(path)
		ts.Check(err)
		fmt.Fprintf(&b, "%x %d %s\n", sha256.Sum256(data), info.ModTime().UnixNano(), name)
	}
	if b.Len() == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(b.String()), 0o644))
}

// Nothing wants a folder to be missing or without any file but the store's own: nothing FOLDER
func Nothing(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: nothing FOLDER")
	}
	if files := FilesBelow(ts, ts.MkAbs(args[0])); len(files) > 0 {
		ts.Fatalf("nothing should have been published, but there are %v", files)
	}
}

// Cut copies the first per cent of a file: cut FILE NEW PERCENT
func Cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FILE NEW PERCENT")
	}
	percent, err := strconv.Atoi(args[2])
	ts.Check(err)
	data, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), data[:len(data)*percent/100], 0o644))
}

// Remember gives a variable the text on stdout, without the end of its last line: remember NAME
func Remember(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: remember NAME")
	}
	ts.Setenv(args[0], strings.TrimSuffix(ts.ReadFile("stdout"), "\n"))
}
