package lint

import "filmpress/internal/subtitle"

// Named is the language and the kind of a file, as its name says, or the settings file above it. Neither is known to be so.
func (s *Settings) Named(name string) (language string, kind subtitle.Kind) {
	f, abs := s.of(name)
	return f.name(abs)
}
