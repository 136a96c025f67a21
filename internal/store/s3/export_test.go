package s3

// SetCopyPart makes copies go in parts of n bytes, so that a test need not copy gigabytes.
func (s *Store) SetCopyPart(n int64) { s.copyPart = n }
