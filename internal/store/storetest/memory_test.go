package storetest_test

import (
	"testing"
	"time"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Contract(t, func(testing.TB) store.Store { return storetest.Memory() }, true)
}

// TestClone: a clone holds the same, and what happens to one is not seen in the other.
func TestClone(t *testing.T) {
	storetest.Contract(t, func(testing.TB) store.Store { return storetest.Clone(storetest.Memory(), time.Now) }, true)
	one := storetest.Memory()
	a := storetest.Put(t, one, "a", []byte("1"))
	two := storetest.Clone(one, time.Now)
	if b, err := two.Stat(t.Context(), "a"); err != nil || b != a || string(storetest.Get(t, two, "a")) != "1" {
		t.Errorf("%+v, want %+v, %v", b, a, err)
	}
	storetest.Put(t, two, "a", []byte("2"))
	storetest.Put(t, one, "b", nil)
	if got := string(storetest.Get(t, one, "a")); got != "1" || len(storetest.Names(t, two, "")) != 1 {
		t.Errorf("%q, %q", got, storetest.Names(t, two, ""))
	}
}

// TestWatched: a wrapper passes the suite that it is a tool for.
func TestWatched(t *testing.T) {
	storetest.Contract(t, func(testing.TB) store.Store { return &storetest.Watched{Store: storetest.Memory()} }, true)
}
