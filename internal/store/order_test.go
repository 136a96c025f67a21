package store_test

import (
	"errors"
	"strings"
	"testing"

	"filmpress/internal/store"
)

// TestOrder: the names of a list go on byte by byte, below what was asked for; of what does not, it is told why.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ prefix, names, told string }{
		{"", "a a-b a/ a/b é 𝄞", ""},
		{"p/", "p/a p/b", ""},
		{"", "b a", `s3://films: the server does not list its objects in order ("a" after "b"), so nobody can tell`},
		{"", "𝄞 \uffee", "in order"}, // as UTF-16 has it
		{"", "a a", `in order ("a" after "a")`},
		{"p/", "p/a q/a", `lists "q/a" where it was asked for what begins with "p/"`},
		{"p/", "a", `lists "a"`},
	} {
		o := store.Order{Place: "s3://films", Prefix: c.prefix}
		names := strings.Fields(c.names)
		for i, name := range names {
			err := o.Take(name)
			if last := i == len(names)-1; !last || c.told == "" {
				if err != nil {
					t.Errorf("%s: %v", c.names, err)
				}
				continue
			}
			wrong, ok := errors.AsType[*store.OrderError](err)
			if !ok || !errors.Is(err, store.ErrRefused) || !strings.Contains(err.Error(), c.told) || wrong.Twice() != (c.names == "a a") || wrong.Strange() != (c.prefix != "") {
				t.Errorf("%s: %v", c.names, err)
			}
			if err := o.Take("p/z"); err != nil && c.names != "𝄞 \uffee" {
				t.Errorf("%s does not go on: %v", c.names, err)
			}
		}
	}
}
