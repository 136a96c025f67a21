package audit

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// reference is an address in a page.
type reference struct {
	uri       string
	integrity string // of a script or a style sheet (W3C Subresource Integrity)
}

// page judges that everything a page of ours loads or offers is there, and belongs to this release.
func (a *auditor) page(m Manifest, uri string) {
	if a.stop != nil {
		return
	}
	f, err := a.src.Read(a.ctx, Request{URI: uri, Limit: limits[pageFile]})
	if err != nil {
		return // told when it was met
	}
	told := map[string]bool{}
	for _, r := range references(f.Data) {
		target := resolve(uri, r.uri)
		target, _, _ = strings.Cut(target, "#")
		if told[target] || !strings.HasPrefix(target, m.Base) || target == m.Base || target == uri {
			continue
		}
		told[target] = true
		rest := strings.TrimPrefix(target, m.Base)
		if id, _, ok := strings.Cut(strings.TrimPrefix(rest, "r/"), "/"); ok && strings.HasPrefix(rest, "r/") && id != m.ID {
			a.fail(uri, 0, "release-entrance", "the page leads to the release %s, but release.json names %s", id, m.ID)
			return
		}
		if !a.known(target) && !a.known(m.Base+"r/"+m.ID+"/"+rest) { // an entrance has its original in the release
			a.fail(uri, 0, "page-reference", "%s leads to nothing that the manifest lists", r.uri)
			continue
		}
		if r.integrity != "" && !a.opt.Trusted {
			a.integrity(uri, target, r)
		}
	}
}

// integrity holds the hash in a page against the file.
func (a *auditor) integrity(uri, target string, r reference) {
	f, err := a.src.Read(a.ctx, Request{URI: target, Limit: limits[textFile]})
	if err != nil {
		return // told with the objects
	}
	algorithm, want, _ := strings.Cut(r.integrity, "-")
	var sum []byte
	switch algorithm {
	case "sha256":
		s := sha256.Sum256(f.Data)
		sum = s[:]
	case "sha384":
		s := sha512.Sum384(f.Data)
		sum = s[:]
	case "sha512":
		s := sha512.Sum512(f.Data)
		sum = s[:]
	}
	if base64.StdEncoding.EncodeToString(sum) != want {
		a.fail(uri, 0, "page-integrity", "browsers will not run %s: its integrity= does not fit the file", r.uri)
	}
}

// loads are the attributes by which a page of ours names files, each with the one that holds the file's hash.
var loads = map[string]string{"src": "integrity", "href": "integrity", "poster": "", "data-master": "", "data-storyboard": "", "data-hls": "data-hls-integrity"}

// references are the addresses in a page, in their order.
func references(page []byte) []reference {
	var out []reference
	z := html.NewTokenizer(bytes.NewReader(page))
	for {
		switch z.Next() {
		case html.ErrorToken:
			return out
		case html.StartTagToken, html.SelfClosingTagToken:
			attributes := z.Token().Attr
			values := map[string]string{}
			for _, attr := range attributes {
				values[attr.Key] = attr.Val
			}
			for _, attr := range attributes {
				if hash, ok := loads[attr.Key]; ok && local(attr.Val) {
					out = append(out, reference{attr.Val, values[hash]})
				}
			}
		}
	}
}

// local tells of references to files, in contrast to places in the page and data.
func local(ref string) bool {
	u, err := url.Parse(ref)
	return err == nil && ref != "" && !strings.HasPrefix(ref, "#") && (u.Scheme == "" || u.Scheme == "http" || u.Scheme == "https")
}
