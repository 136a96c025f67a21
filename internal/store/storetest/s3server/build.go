package s3server

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
)

// Build gives the program of a module; its folder is seen from the checkout's. It is built once for each version of the module and kept in the
// user's cache.
func Build(folder string) (string, error) {
	root, err := checkout()
	if err != nil {
		return "", err
	}
	module := filepath.Join(root, folder)
	hash := sha256.New()
	io.WriteString(hash, runtime.Version())
	for _, name := range []string{"go.mod", "go.sum", "main.go"} {
		b, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		hash.Write(b)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "filmpress-test")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	program := filepath.Join(cache, filepath.Base(module)+"-"+hex.EncodeToString(hash.Sum(nil))[:16])
	unlock, err := lock(program + ".lock") // the tests of several packages run at once
	if err != nil {
		return "", err
	}
	defer unlock()
	if _, err := os.Stat(program); err == nil {
		return program, nil
	}
	compile := exec.Command("go", "build", "-ldflags", "-s -w", "-o", program+".new", ".")
	compile.Dir = module
	compile.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-trimpath -buildvcs=false", "CGO_ENABLED=0") // as the Makefile's, so that packages are shared
	if output, err := compile.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, output)
	}
	return program, os.Rename(program+".new", program)
}

// checkout is the folder of filmpress's module, which tests run below. A program that was built with -trimpath does not know it.
func checkout() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		b, absent := os.ReadFile(filepath.Join(dir, "go.mod"))
		if absent == nil && bytes.HasPrefix(b, []byte("module filmpress\n")) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			err = errors.New("the servers of the tests are built from a checkout of filmpress, and this is none")
		}
	}
	return "", err
}

func lock(path string) (unlock func(), err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, err
	}
	return func() { f.Close() }, syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
}
