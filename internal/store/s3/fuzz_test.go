package s3

import (
	"net/url"
	"strings"
	"testing"

	"filmpress/internal/store"
)

// FuzzParse: what is accepted names a bucket and a prefix that keys can begin with, and says the same again.
func FuzzParse(f *testing.F) {
	for _, target := range []string{"s3://b/p", "s3://b", "s3://k:s@b/p", "s3://b/../p", "s3://b//"} {
		f.Add(target)
	}
	f.Fuzz(func(t *testing.T, target string) {
		bucket, prefix, err := Parse(target)
		if err != nil {
			return
		}
		if bucket == "" || strings.ContainsAny(bucket, "/@:?# ") || prefix != "" && store.CheckName(prefix) != nil {
			t.Errorf("%q: bucket %q, prefix %q", target, bucket, prefix)
		}
		if b, p, err := Parse("s3://" + bucket + "/" + prefix); b != bucket || p != prefix || err != nil {
			t.Errorf("%q: %q %q, then %q %q %v", target, bucket, prefix, b, p, err)
		}
	})
}

// FuzzEscape: an escaped name is a path of plain characters that reads as the name again.
func FuzzEscape(f *testing.F) {
	for _, name := range []string{"a b+c%/d", "фильм", "?x#y", "'\"&;"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		escaped := escape(name)
		if back, err := url.PathUnescape(escaped); err != nil || back != name || strings.ContainsAny(escaped, " +?#&;'\"\n") {
			t.Errorf("%q: %q, %v", name, escaped, err)
		}
	})
}
