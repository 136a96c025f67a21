// Package configs holds the sample settings: where films go and with what tools, one file a use. No file here
// holds a credential, and none can change a published byte.
package configs

import "embed"

// Files are the settings that --config NAME knows by name.
//
//go:embed *.yml
var Files embed.FS
