package subtitle

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"filmpress/internal/report"
)

// ReadWebVTT reads a file as WebVTT and as nothing else, the way a browser does (WebVTT 6.1): as UTF-8, whatever its bytes
// look like, with U+FFFD for those that are not; and where the signature is bad, it is refused and there are no cues.
// Where Read is tolerant for the sake of repair, this function shows what viewers get.
//
// opt.Charset names another encoding; "" is UTF-8. The caps on the file and on a line are those of Read: where they are
// passed, the track has no format.
func ReadWebVTT(name string, data []byte, opt Options) (Track, []report.Finding) {
	s := &source{name: name, raw: data, codec: utf8Codec}
	t := Track{Name: name, Language: opt.Language, src: s}
	if named, err := lookupCodec(opt.Charset); opt.Charset != "" && err != nil {
		s.complainFile(report.Error, "enc-unknown", err.Error(), "use a name such as utf-8, windows-1251, koi8-r or iso-8859-2")
		return t, s.findings()
	} else if opt.Charset != "" {
		s.codec = named
	}
	mark := 0
	if s.codec.name == utf8Codec.name {
		mark = len(data) - len(bytes.TrimPrefix(data, []byte("\ufeff")))
		if utf8.Valid(data) {
			s.text = alias(data)
		}
	}
	if s.large() || !s.split(mark) {
		return t, s.findings()
	}
	t.BOM, t.Charset, t.Format = mark > 0, s.codec.name, WebVTT
	s.nul = bytes.IndexByte(data, 0) >= 0
	s.flat = s.flat && !s.nul
	if s.count() == 0 || !signed(s.line(0)) {
		s.refuse(&t)
		return t, s.findings()
	}
	if s.text == "" && s.codec.name == utf8Codec.name {
		s.notUTF8()
	}
	t.layout = layout{eol: s.eol, noEnd: s.open}
	s.readVTT(&t)
	return t, s.findings()
}

// notUTF8 says where bytes are lost; once for the file where it is in another encoding.
func (s *source) notUTF8() {
	if mostlyUTF8(s.raw) {
		s.brokenUTF8()
		return
	}
	s.complainFirst(report.Error, "enc-not-utf8", "the file is not UTF-8, as WebVTT has to be; players show \uFFFD in place of its letters",
		"save it as UTF-8")
}

// IsWebVTT says whether a file is for ReadWebVTT: it is called .vtt, or it begins with the signature.
func IsWebVTT(name string, data []byte) bool {
	head := bytes.TrimPrefix(data[:min(len(data), 16)], []byte("\ufeff"))
	return strings.HasSuffix(strings.ToLower(name), ".vtt") || signed(string(head))
}
