package dir_test

import (
	"context"
	"errors"
	"os"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/dir"
	"filmpress/internal/store/storetest"
)

func open(t testing.TB) store.Store {
	st, err := dir.New(t.TempDir() + "/library")
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func TestContract(t *testing.T) { storetest.Contract(t, open, false) }

func TestCheckRefusesFoldersOfTheKernel(t *testing.T) {
	if _, err := os.Stat("/proc/self"); err != nil {
		t.Skip("there is no /proc here")
	}
	st, err := dir.New("/proc/library/films")
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Check(context.Background()); !errors.Is(err, store.ErrRefused) {
		t.Errorf("got %v, want store.ErrRefused", err)
	}
}
