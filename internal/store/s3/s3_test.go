package s3_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

func TestContract(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	var n atomic.Int32
	storetest.Contract(t, func(t testing.TB) store.Store {
		st, err := s3.Open(t.Context(), s3.Options{Bucket: server.Bucket, Prefix: fmt.Sprintf("test %d", n.Add(1))})
		if err != nil {
			t.Fatal(err)
		}
		return st
	}, true)
}
