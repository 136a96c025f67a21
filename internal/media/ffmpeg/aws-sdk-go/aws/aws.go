// Package aws has the one name of Amazon's package that ffmpeg-go writes down.
package aws

// Config is never filled.
type Config struct{}
