package store

import (
	"fmt"
	"io/fs"
	"strings"
	"unicode"
)

// Longest names: S3 keys are at most 1024 bytes, of which a prefix takes its part; a segment that is a file name on a
// server's disk, or on ours, at most 255.
const (
	maxName    = 1024
	maxSegment = 255
)

// CheckName refuses, with ErrName, what no store can hold: an empty name, empty, "." and ".." segments, a leading or
// trailing slash, bytes that are not UTF-8, control characters (XML 1.0, in which buckets are listed, has none), and
// what is too long. Everything else is fine: spaces, "+", "%", quotes, any script.
func CheckName(name string) error {
	switch {
	case name == "." || !fs.ValidPath(name):
		return fmt.Errorf("%w: %q (empty, with an empty part, absolute, with . or .. in it, or not UTF-8)", ErrName, name)
	case strings.ContainsFunc(name, unsuitable):
		return fmt.Errorf("%w: %q has a control character in it", ErrName, name)
	case len(name) > maxName:
		return fmt.Errorf("%w: it has %d bytes, at most %d are possible: it begins %.60q", ErrName, len(name), maxName, name)
	}
	for segment := range strings.SplitSeq(name, "/") {
		if len(segment) > maxSegment {
			return fmt.Errorf("%w: a part of it has %d bytes, at most %d are possible: it begins %.60q", ErrName, len(segment), maxSegment, segment)
		}
	}
	return nil
}

// unsuitable tells of the characters that XML 1.0 section 2.2 leaves out, and of the other control characters.
func unsuitable(r rune) bool {
	return unicode.IsControl(r) || r == '\uFFFE' || r == '\uFFFF'
}
