package s3server

import "testing"

// Elsewhere has Anywhere give buckets of a server, until the test ends.
func Elsewhere(t testing.TB, s Server) {
	before := elsewhere
	t.Cleanup(func() { elsewhere = before })
	elsewhere = Server{Endpoint: s.Endpoint, AccessKey: s.AccessKey, SecretKey: s.SecretKey}
}
