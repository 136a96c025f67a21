// This module stands in for version 1 of Amazon's SDK, which is not kept any more and which filmpress does not call.
// ffmpeg-go imports it for an upload that filmpress has no use for: see docs/design.md, "Dependencies".
module github.com/aws/aws-sdk-go

go 1.26
