package dash

import "bytes"

// Rise gives a manifest that Bytes wrote with Base "../../" as it reads two folders further up: the same bytes that it
// writes with Base "". Quotes and angle brackets in texts are escaped, so what follows =" or BaseURL> is a value's beginning.
func Rise(manifest []byte) []byte {
	for _, begins := range []string{` media="`, ` sourceURL="`, `<BaseURL>`} {
		manifest = bytes.ReplaceAll(manifest, []byte(begins+"../../"), []byte(begins))
	}
	return manifest
}
