// Package session opens none.
package session

import (
	"errors"

	"github.com/aws/aws-sdk-go/aws"
)

// Session does not exist.
type Session struct{}

// NewSession fails: filmpress sends files by its own store.
func NewSession(...*aws.Config) (*Session, error) {
	return nil, errors.New("filmpress was built without the uploads of ffmpeg-go")
}
