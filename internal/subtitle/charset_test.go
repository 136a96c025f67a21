package subtitle

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"filmpress/internal/report"
)

func TestNamedCharset(t *testing.T) {
	cp1251 := readOdd(t, "cp1251-ru.srt")
	for _, c := range []struct {
		what    string
		data    []byte
		name    string
		charset string
		found   string
	}{
		{"its name", cp1251, "windows-1251", "windows-1251", ""},
		{"another of its names", cp1251, "CP1251", "windows-1251", ""},
		{"not its name", cp1251, "koi8-r", "koi8-r", ""},
		{"no name", cp1251, "klingon", "windows-1251", "error enc-unknown, warn enc-not-utf8"},
		{"against the mark", readOdd(t, "utf8-bom.srt"), "cp1251", "utf-8", "warn enc-not-utf8"},
		{"against the bytes", readOdd(t, "kyrgyz.srt"), "koi8-r", "koi8-r", "warn enc-not-utf8"},
		{"ASCII as anything", readOdd(t, "plain.srt"), "koi8-r", "koi8-r", ""},
		{"UTF-16 by name", readOdd(t, "utf-16be.srt"), "utf-16be", "utf-16be", ""},
		{"a Japanese one", readOdd(t, "shift-jis.srt"), "Shift_JIS", "shift_jis", ""},
		{"bytes without a meaning", append(bytes.Clone(cp1251), 0x98), "windows-1251", "windows-1251", "error chr-replacement"},
	} {
		track, found := Read("x.srt", c.data, Options{Charset: c.name})
		if track.Charset != c.charset || tally(found) != c.found {
			t.Errorf("%s: read as %s, found %q; want %s, %q", c.what, track.Charset, tally(found), c.charset, c.found)
		}
	}
}

// TestUncertainEncodingAsks: what gives too little to tell by is a question, and names the guess and the flag.
func TestUncertainEncodingAsks(t *testing.T) {
	for _, text := range []string{"é", "caf\u00e9 caf\u00e9 caf\u00e9", "Zürich"} {
		data, err := charmap.Windows1252.NewEncoder().String("1\n00:00:01,000 --> 00:00:02,000\n" + text + "\n")
		if err != nil {
			t.Fatal(err)
		}
		_, found := Read("x.srt", []byte(data), Options{})
		if len(found) != 1 || found[0].Rule != "enc-unknown" || found[0].Severity != report.Error ||
			!strings.Contains(found[0].Hint, "--charset ") || found[0].Pos.Line != 3 || found[0].Source == "" {
			t.Errorf("%q: %+v", text, found)
		}
	}
}

// TestUnknownLanguagesAsk: none of the tables' languages, so no encoding is certain.
func TestUnknownLanguagesAsk(t *testing.T) {
	hebrew := strings.Repeat("הגענו לכאן בסוף החורף\nהשלג נשאר עד מאי והדרך הייתה סגורה\n", 20)
	estonian := strings.Repeat("Jõudsime siia talve lõpus\nLumi püsis maini ja tee oli suletud\nMa ei tea mida teile veel öelda šokk žanr\n", 20)
	for text, m := range map[string]*charmap.Charmap{hebrew: charmap.Windows1255, estonian: charmap.Windows1257} {
		data, err := m.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if g := guessCharset(sampleOf([]byte(data)), ""); g.certainty >= certain {
			t.Errorf("%.20q was taken for %s (%s), %.2f sure", text, g.codec.name, g.language, g.certainty)
		}
	}
}

// TestOffsets: a finding's place is that in the file as it lies on disk, whatever its encoding.
func TestOffsets(t *testing.T) {
	const text = "1\n00:00:01,000 --> 00:00:02,000\nМы приехали сюда и 😀\n\n2\n00:00:03,000 --> 00:99:04,000\nслово\n"
	for name, encode := range map[string]func(string) (string, error){
		"utf-8":    func(s string) (string, error) { return s, nil },
		"utf-16le": unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String,
		"utf-16be": unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM).NewEncoder().String,
		"windows-1251": func(s string) (string, error) {
			return charmap.Windows1251.NewEncoder().String(strings.ReplaceAll(s, "😀", "!"))
		},
	} {
		data, err := encode(text)
		if err != nil {
			t.Fatal(err)
		}
		before, err := encode(text[:strings.Index(text, "00:99")])
		if err != nil {
			t.Fatal(err)
		}
		_, found := Read("x.srt", []byte(data), Options{Charset: name})
		if len(found) != 1 || found[0].Pos.Line != 6 || found[0].Pos.Col != 18 || found[0].Pos.Offset != int64(len(before)) {
			t.Errorf("%s: %+v, want offset %d", name, found, len(before))
		}
	}
}
