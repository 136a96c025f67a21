// Package pipelines carries the pipelines that come with filmpress: what a film becomes, one file each.
package pipelines

import "embed"

// FS holds NAME.yml for every pipeline that `--pipeline NAME` knows.
//
//go:embed *.yml
var FS embed.FS
