package store

import (
	"fmt"
	"strings"
)

// Order holds a list to what List promises: it goes on name by name, in the order of their UTF-8 bytes, and gives what was asked for. Those who
// compare two lists as they come, or delete what no release of a film names, would else take what is there for missing. General purpose buckets list so
// (Amazon S3 User Guide, "Listing object keys programmatically"), and so should all servers that speak the protocol.
type Order struct {
	Place  string // whose list it is, for messages
	Prefix string // with which all names begin

	last string
}

// Take takes the next name of the list. One that has no place there is *OrderError; the list may be gone on with.
func (o *Order) Take(name string) error {
	if name <= o.last || !strings.HasPrefix(name, o.Prefix) {
		return &OrderError{Place: o.Place, Prefix: o.Prefix, Name: name, After: o.last}
	}
	o.last = name
	return nil
}

// OrderError is a name that has no place in a list after the one before; it is ErrRefused.
type OrderError struct{ Place, Prefix, Name, After string }

func (e *OrderError) Error() string {
	why := fmt.Sprintf("does not list its objects in order (%q after %q)", e.Name, e.After)
	if e.Strange() {
		why = fmt.Sprintf("lists %q where it was asked for what begins with %q", e.Name, e.Prefix)
	}
	return fmt.Sprintf("%v: %s: the server %s, so nobody can tell what is there; ask its maker", ErrRefused, e.Place, why)
}

func (e *OrderError) Unwrap() error { return ErrRefused }

// Twice tells of a name that was given just before, too.
func (e *OrderError) Twice() bool { return e.Name == e.After }

// Strange tells of a name that was not asked for.
func (e *OrderError) Strange() bool { return !strings.HasPrefix(e.Name, e.Prefix) }
