package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strconv"
	"strings"

	"filmpress/internal/privacy"
	"filmpress/internal/report"
)

// meeting is how far a file was judged.
type meeting struct{ head, whole bool }

// saw judges a file's head, size, digest and metadata, each once.
func (a *auditor) saw(w want, f File) {
	before := a.met[w.uri]
	now := meeting{head: true, whole: before.whole || w.part.Length == 0}
	a.met[w.uri] = now
	if now != before {
		a.sum.Bytes += int64(len(f.Data))
	}
	if !before.head {
		a.sum.Files++
		a.listed(w)
		if f.Head != nil {
			a.head(w, *f.Head)
		}
	}
	if now.whole && !before.whole && !a.opt.Trusted {
		a.digest(w.uri, f)
		a.privacy(w.uri, f.Data)
	}
}

// listed judges that the manifest knows what the presentation uses.
func (a *auditor) listed(w want) {
	if a.opt.Manifest == nil {
		return
	}
	if _, known := a.objects[w.uri]; !known {
		a.fail(w.from, w.line, "release-unlisted", "%s is used, but the manifest does not list it", w.uri)
	}
}

// digest holds a file against what the manifest says of it.
func (a *auditor) digest(uri string, f File) {
	want, known := a.objects[uri]
	if !known || want.SHA256 == "" {
		return
	}
	if int64(len(f.Data)) != want.Size {
		a.fail(uri, 0, "release-size", "the file has %d bytes, the manifest says %d", len(f.Data), want.Size)
		return
	}
	if sum := sha256.Sum256(f.Data); hex.EncodeToString(sum[:]) != want.SHA256 {
		a.fail(uri, 0, "release-hash", "the bytes are not those that were published: their SHA-256 is not the manifest's")
		return
	}
	a.recorded(uri, f, want)
}

// recorded holds what the place keeps beside a file against the manifest.
func (a *auditor) recorded(uri string, f File, want Object) {
	if f.SHA256 != "" && f.SHA256 != want.SHA256 {
		a.fail(uri, 0, "release-hash", "the SHA-256 kept beside the object is not the manifest's")
	}
}

// types are the content types by kind (authoring specification, 10.4; RFC 8216, 4; ISO/IEC 23000-19).
var types = map[kind][]string{
	playlistFile: {"application/vnd.apple.mpegurl", "audio/mpegurl"},
	initFile:     {"video/mp4", "audio/mp4"},
	segmentFile:  {"video/iso.segment", "audio/iso.segment", "video/mp4", "audio/mp4", "video/mp2t", "audio/aac", "audio/mpeg"},
	textFile:     {"text/vtt"},
	pageFile:     {"text/html"},
}

// head judges how a file is served.
func (a *auditor) head(w want, h Head) {
	object, ours := a.objects[w.uri]
	right := types[w.kind]
	if ours && object.Type != "" {
		right = []string{object.Type}
	}
	if len(right) > 0 && !oneOf(h.Type, right) {
		a.fail(w.uri, 0, "hls-10.4", "it is served as %s, not as %s", named(h.Type), strings.Join(right, " or "))
	}
	switch media := w.kind == initFile || w.kind == segmentFile; {
	case media && h.Encoding != "" && h.Encoding != "identity":
		a.fail(w.uri, 0, "http-encoding", "the media file is served with Content-Encoding: %s, so its byte ranges count packed bytes", h.Encoding)
	case w.kind == playlistFile && h.Encoding == "":
		a.fail(w.uri, 0, "hls-10.1", "the playlist is not gzipped on its way")
	}
	if h.Web && h.Origin != "*" && w.kind != pageFile && w.kind != otherFile {
		a.warn(w.uri, 0, "http-cors", "a page of another origin may not read it: Access-Control-Allow-Origin is %s", named(h.Origin))
	}
	if ours && object.CacheControl != "" {
		a.cache(w.uri, h.CacheControl, object.CacheControl)
	}
}

func named(s string) string {
	if s == "" {
		return "missing"
	}
	return strconv.Quote(s)
}

func oneOf(have string, right []string) bool {
	have, _, err := mime.ParseMediaType(have)
	for _, r := range right {
		if plain, _, _ := mime.ParseMediaType(r); err == nil && plain == have {
			return true
		}
	}
	return false
}

var maxAge = regexp.MustCompile(`(?i)\bmax-age=(\d+)`)

// cache judges Cache-Control by what it does: a name that never changes its bytes may be kept, one that does may not.
func (a *auditor) cache(uri, have, want string) {
	age, low := -1, strings.ToLower(have)
	if m := maxAge.FindStringSubmatch(low); m != nil {
		age, _ = strconv.Atoi(m[1])
	}
	asks := strings.Contains(low, "no-cache") || strings.Contains(low, "no-store") || age >= 0 && age <= 60
	switch forEver := strings.Contains(want, "immutable"); {
	case forEver && (asks || age < 86400):
		a.warn(uri, 0, "http-cache-immutable", "Cache-Control is %s: every viewer loads again what never changes", named(have))
	case !forEver && have == "":
		a.warn(uri, 0, "http-cache-stale", "Cache-Control is missing, so a browser may guess how long it shows the old film")
	case !forEver && !asks:
		a.fail(uri, 0, "http-cache-stale", "Cache-Control is %q, so viewers keep the old film after a new one is published", have)
	}
}

// probe asks for a part of a file, as a player on another page does.
func (a *auditor) probe(uri string) {
	p, ok := a.src.(Prober)
	if !ok || a.stop != nil {
		return
	}
	got, err := p.Probe(a.ctx, uri)
	switch {
	case err != nil:
		a.fail(uri, 0, "http-range", "a request for a byte range was not answered: %v", err)
		return
	case got.Status != http.StatusPartialContent:
		a.fail(uri, 0, "http-range", "a request for the first 100 bytes was answered with status %d, not with 206 and the part", got.Status)
	case !strings.HasPrefix(got.Range, "bytes 0-") || got.Length > 100 || got.Length == 0:
		a.fail(uri, 0, "http-range", "a request for the first 100 bytes got %d bytes and Content-Range %s", got.Length, named(got.Range))
	}
	exposed := strings.ToLower(got.Exposed)
	if got.Origin != "" && exposed != "*" && !strings.Contains(exposed, "content-length") && !strings.Contains(exposed, "content-range") {
		a.warn(uri, 0, "http-expose", "Access-Control-Expose-Headers is %s: a player cannot see how long a part is", named(got.Exposed))
	}
}

// privacy holds a file against the allow-list. A stranger's files are judged more mildly, and each rule is told once.
func (a *auditor) privacy(uri string, data []byte) {
	if strings.Contains(uri, "://") {
		uri, _, _ = strings.Cut(uri, "?")
	}
	ours := a.opt.Manifest != nil
	if !ours && !strangersKinds[strings.ToLower(path.Ext(uri))] {
		return
	}
	a.allowed(uri, bytes.NewReader(data), int64(len(data)))
}

// allowed holds a file against the allow-list.
func (a *auditor) allowed(uri string, r io.ReaderAt, size int64) {
	ours := a.opt.Manifest != nil
	found, err := privacy.Check(a.ctx, uri, r, size)
	if err != nil {
		a.stop = err
	}
	for _, f := range found {
		f.Hint = mend(f.Rule)
		if ours {
			a.tell(f)
			continue
		}
		if f.Rule == "privacy-nal" || f.Rule == "privacy-unreadable" || f.Rule == "privacy-type" {
			continue // captions in the picture are a stranger's right
		}
		f.Severity = report.Warn
		if first, told := a.private[f.Rule]; !told {
			a.private[f.Rule] = f
		} else if first.Pos.File != f.Pos.File {
			a.privateMore[f.Rule]++
		}
	}
}

// strangersKinds are the kinds of files in which a stranger's metadata are looked for.
var strangersKinds = map[string]bool{".mp4": true, ".m4s": true, ".m4a": true, ".m3u8": true}

func (a *auditor) strangersPrivacy() {
	for rule, f := range a.private {
		if n := a.privateMore[rule]; n > 0 {
			f.Text += ", and so do others"
		}
		a.findings = append(a.findings, f)
	}
}
