package storetest_test

import (
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Contract(t, func(testing.TB) store.Store { return storetest.Memory() }, true)
}

// TestWatched: a wrapper passes the suite that it is a tool for.
func TestWatched(t *testing.T) {
	storetest.Contract(t, func(testing.TB) store.Store { return &storetest.Watched{Store: storetest.Memory()} }, true)
}
