// Package configs holds the sample settings: where films go and with what tools, one file a use. No file here
// holds a credential, and none can change a published byte. What stands in capitals (BUCKET, ACCOUNT), and hosts of
// example.org, are for the user to fill in; config refuses them.
package configs

import "embed"

// Files are the settings that --config NAME knows by name.
//
//go:embed *.yml
var Files embed.FS
