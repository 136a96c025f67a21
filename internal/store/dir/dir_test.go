package dir_test

import (
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
