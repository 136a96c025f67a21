package subtitle

import (
	"bytes"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/wlynxg/chardet"

	"filmpress/internal/report"
)

// boms are the byte order marks, the longer ones first.
var boms = []struct {
	mark  string
	codec codec
}{
	{"\xff\xfe\x00\x00", utf32Codec(false)},
	{"\x00\x00\xfe\xff", utf32Codec(true)},
	{"\xff\xfe", utf16Codec(false)},
	{"\xfe\xff", utf16Codec(true)},
	{"\xef\xbb\xbf", utf8Codec},
}

// charset finds out how the file is encoded: what its mark says, else what the caller says, else what its bytes
// are. It sets the source's codec and gives the length of the byte order mark. after is what is left to say once the
// lines are known.
func (s *source) charset(opt Options) (bom int, after func()) {
	after = func() {}
	named, err := lookupCodec(opt.Charset)
	if opt.Charset != "" && err != nil {
		s.complainFile(report.Error, "enc-unknown", err.Error(), "use a name such as utf-8, windows-1251, koi8-r or iso-8859-2")
	}
	for _, b := range boms {
		if bytes.HasPrefix(s.raw, []byte(b.mark)) {
			s.codec = b.codec
			if err == nil && named.name != b.codec.name && opt.Charset != "" {
				s.complainFile(report.Warn, "enc-not-utf8", fmt.Sprintf("the file is marked as %s and was read so, not as %s", b.codec.name, named.name),
					"leave --charset out")
			} else if b.codec.unit > 1 {
				s.complainFile(report.Warn, "enc-not-utf8", fmt.Sprintf("the file is in %s, not UTF-8; it was read as %s", b.codec.name, b.codec.name),
					"save it as UTF-8")
			}
			if b.codec.unit == 1 && utf8.Valid(s.raw) {
				s.text = alias(s.raw)
			} else if b.codec.unit == 1 {
				after = s.brokenUTF8
			}
			return len(b.mark), after
		}
	}
	switch {
	case err == nil && opt.Charset != "":
		s.codec = named
		if named.name == utf8Codec.name && utf8.Valid(s.raw) {
			s.text = alias(s.raw)
		}
		return 0, s.chosen
	case wideCodec(s.raw).unit > 1:
		s.codec = wideCodec(s.raw)
		s.complainFile(report.Warn, "enc-not-utf8", fmt.Sprintf("the file is in %s without a mark, not UTF-8; it was read so", s.codec.name), "save it as UTF-8")
		return 0, after
	case utf8.Valid(s.raw):
		s.codec, s.text = utf8Codec, alias(s.raw)
		return 0, after
	case mostlyUTF8(s.raw):
		s.codec = utf8Codec
		return 0, s.brokenUTF8
	}
	return 0, s.guessed(guessCharset(sampleOf(s.raw), opt.Language))
}

// chosen says what is doubtful about the encoding that the caller named.
func (s *source) chosen() {
	if s.codec.unit == 1 && s.codec.name != utf8Codec.name && utf8.Valid(s.raw) {
		s.complainFirst(report.Warn, "enc-not-utf8", "the file is UTF-8 by its bytes, but was read as "+s.codec.name+", as --charset says",
			"leave --charset out, unless the letters are right")
	}
	s.undecoded(true)
}

// guessed takes a guess, and says so.
func (s *source) guessed(g guess) func() {
	s.codec = g.codec
	per := int(math.Floor(g.certainty * 100))
	if g.certainty < certain {
		name := g.codec.name
		if r := chardet.Detect(sampleOf(s.raw)); multibyte[r.Charset] != "" && r.Confidence > g.certainty {
			name = multibyte[r.Charset]
			s.codec, _ = lookupCodec(name) // the names of the table are known
		}
		return func() {
			s.complainFirst(report.Error, "enc-unknown", fmt.Sprintf("the file is not UTF-8, and its encoding is not certain; perhaps it is %s", name),
				fmt.Sprintf("save it as UTF-8, or name its encoding: --charset %s", name))
		}
	}
	return func() {
		s.complainFirst(report.Warn, "enc-not-utf8",
			fmt.Sprintf("the file is not UTF-8; it was read as %s (%s, %d %% sure)", g.codec.name, g.language, per),
			fmt.Sprintf("save it as UTF-8; if letters are wrong, name its encoding with --charset (it was taken for %s)", g.codec.name))
		s.undecoded(false)
	}
}

// multibyte are the encodings of several bytes a character that the detector knows, by its name for them. They
// are only ever proposed: their certainty is not measured.
var multibyte = map[string]string{"Shift_JIS": "shift_jis", "windows-31j": "shift_jis", "EUC-JP": "euc-jp", "EUC-KR": "euc-kr", "CP949": "euc-kr",
	"GB2312": "gb18030", "GBK": "gb18030", "GB18030": "gb18030", "Big5": "big5", "TIS-620": "windows-874"}

// complainFirst adds a finding at the first byte outside ASCII, if there is one.
func (s *source) complainFirst(sev report.Severity, rule, text, hint string) {
	for i := range s.count() {
		l := s.span(i)
		for b, x := range s.raw[l.from:l.to] {
			if x >= 0x80 {
				at := len(s.codec.decode(s.raw[l.from : int(l.from)+b]))
				s.complain(sev, rule, i, at, at, text, hint)
				return
			}
		}
	}
}

// brokenUTF8 names every line of a UTF-8 file that holds bytes which are not.
func (s *source) brokenUTF8() {
	for i := range s.count() {
		l := s.span(i)
		if raw := s.raw[l.from:l.to]; !utf8.Valid(raw) {
			at := invalidAt(raw)
			s.complain(report.Error, "enc-not-utf8", i, at, at,
				fmt.Sprintf("byte 0x%02X is not UTF-8, though the rest of the file is; the character is lost", raw[at]),
				"type the character again and save the file as UTF-8")
		}
	}
}

// invalidAt is the offset of the first byte that is not UTF-8.
func invalidAt(b []byte) int {
	at := 0
	for at < len(b) {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		at += n
	}
	return at
}

// undecoded names the first line with bytes that have no meaning in the codec.
func (s *source) undecoded(chosen bool) {
	for i := range s.count() {
		line := s.line(i)
		for at, r := range line {
			if r != utf8.RuneError {
				continue
			}
			hint := "type the character again and save the file as UTF-8"
			if chosen {
				hint = "name another encoding with --charset, or save the file as UTF-8"
			}
			s.complain(report.Error, "chr-replacement", i, at, at, "a byte here has no meaning in "+s.codec.name+"; the character is lost", hint)
			return
		}
	}
}

// wideCodec tells UTF-16 and UTF-32 without a mark by the NUL halves of their digits, spaces and line ends, which
// even a file of Chinese has in its timing lines; utf8Codec is neither.
func wideCodec(b []byte) codec {
	b = b[:min(len(b), 8<<10)&^3]
	if len(b) == 0 || bytes.IndexByte(b, 0) < 0 {
		return utf8Codec
	}
	var nul [4]int
	for i, x := range b {
		if x == 0 {
			nul[i%4]++
		}
	}
	quarter := len(b) / 4
	often := func(n, of int) bool { return n*10 >= of }
	switch {
	case nul[3] == quarter && nul[2]*10 >= quarter*9 && nul[0] == 0:
		return utf32Codec(false)
	case nul[0] == quarter && nul[1]*10 >= quarter*9 && nul[3] == 0:
		return utf32Codec(true)
	case often(nul[1]+nul[3], 2*quarter) && nul[0]+nul[2] == 0:
		return utf16Codec(false)
	case often(nul[0]+nul[2], 2*quarter) && nul[1]+nul[3] == 0:
		return utf16Codec(true)
	}
	return utf8Codec
}

// mostlyUTF8 says whether the file is UTF-8 with a few broken bytes: a legacy encoding hardly ever makes ten
// valid sequences, and never twenty for one that is not.
func mostlyUTF8(b []byte) bool {
	good, bad := 0, 0
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		switch {
		case r == utf8.RuneError && n == 1:
			bad++
		case n > 1:
			good++
		}
		b = b[n:]
	}
	return good >= 10 && good >= 20*bad
}

// sampleOf is the first lines that hold something outside ASCII, and a few lines for each byte that is rarer: what
// tells two encodings apart may stand on one page of the film only.
func sampleOf(raw []byte) []byte {
	const each, longest = 4, 1000
	var out []byte
	var seen [256]int
	for line := range bytes.FieldsFuncSeq(raw, func(r rune) bool { return r == '\n' || r == '\r' }) {
		line = line[:min(len(line), longest)]
		wanted := false
		for _, x := range line {
			wanted = wanted || x >= 0x80 && (seen[x] < each || len(out) < maxSample)
		}
		if !wanted {
			continue
		}
		for _, x := range line {
			seen[x]++
		}
		out = append(append(out, line...), '\n')
	}
	return out
}
