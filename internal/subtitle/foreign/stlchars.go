package foreign

import (
	"strings"
	"sync"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"

	"filmpress/internal/subtitle"
)

// stlCharset is a table of characters of EBU STL (Tech 3264, appendix 2).
type stlCharset struct {
	code string           // as the file names it
	name string           // the encoding's usual name
	page *charmap.Charmap // nil is ISO 6937
}

var stlCharsets = map[string]stlCharset{
	"00": {code: "00", name: "iso6937"},
	"01": {code: "01", name: "iso-8859-5", page: charmap.ISO8859_5},
	"02": {code: "02", name: "iso-8859-6", page: charmap.ISO8859_6},
	"03": {code: "03", name: "iso-8859-7", page: charmap.ISO8859_7},
	"04": {code: "04", name: "iso-8859-8", page: charmap.ISO8859_8},
}

// stlNamed finds a table by the name of its encoding.
func stlNamed(name string) (stlCharset, bool) {
	if n := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(name)); n == "iso6937" || n == "iso69372" {
		return stlCharsets["00"], true
	}
	if canonical, err := subtitle.CharsetName(name); err == nil {
		for _, c := range stlCharsets {
			if c.name == canonical {
				return c, true
			}
		}
	}
	return stlCharset{}, false
}

// latin are the characters 0xA0 to 0xFF of ISO 6937; U+FFFD stands for what is none, and for the accents.
var latin = []rune("\u00a0¡¢£$¥#§¤‘“«←↑→↓°±²³×µ¶·÷’”»¼½¾¿" +
	"\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD" +
	"―¹®©™♪¬¦\uFFFD\uFFFD\uFFFD\uFFFD⅛⅜⅝⅞ΩÆĐªĦ\uFFFDĲĿŁØŒºÞŦŊŉĸæđðħıĳŀłøœßþŧŋ\u00ad")

// accents are the bytes of ISO 6937 that stand before a letter, as combining characters.
var accents = map[byte]rune{0xc1: 0x300, 0xc2: 0x301, 0xc3: 0x302, 0xc4: 0x303, 0xc5: 0x304, 0xc6: 0x306, 0xc7: 0x307, 0xc8: 0x308, 0xca: 0x30a, 0xcb: 0x327,
	0xcd: 0x30b, 0xce: 0x328, 0xcf: 0x30c}

// latinCode is one byte, or an accent and a letter.
type latinCode string

// latinCodes is ISO 6937 from character to bytes; it is made when it is needed, for few need it.
var latinCodes = sync.OnceValue(func() map[rune]latinCode {
	codes := map[rune]latinCode{}
	for c := rune(0x20); c < 0x7f; c++ {
		codes[c] = latinCode([]byte{byte(c)})
	}
	delete(codes, '$') // 0x24 is ¤ in this table
	for i, c := range latin {
		if _, known := codes[c]; !known && c != '\uFFFD' {
			codes[c] = latinCode([]byte{byte(0xa0 + i)})
		}
	}
	for b, mark := range accents {
		for c := byte('A'); c <= 'z'; c++ {
			if both := []rune(norm.NFC.String(string(rune(c)) + string(mark))); len(both) == 1 && both[0] > 0x7f {
				codes[both[0]] = latinCode([]byte{b, c})
			}
		}
	}
	return codes
})

// decode reads a piece of text without codes. What has no meaning becomes U+FFFD.
func (c stlCharset) decode(b []byte) string {
	if c.page != nil {
		var out strings.Builder
		for _, x := range b {
			out.WriteRune(c.page.DecodeByte(x))
		}
		return out.String()
	}
	var out strings.Builder
	mark := rune(0)
	for _, x := range b {
		r := rune(x)
		switch {
		case accents[x] != 0:
			if mark != 0 {
				out.WriteRune('\uFFFD')
			}
			mark = accents[x]
			continue
		case x == '$':
			r = '¤'
		case x >= 0xa0:
			r = latin[x-0xa0]
		case x < ' ' || x >= 0x7f:
			r = '\uFFFD'
		}
		if mark != 0 {
			out.WriteString(norm.NFC.String(string(r) + string(mark)))
			mark = 0
			continue
		}
		out.WriteRune(r)
	}
	if mark != 0 {
		out.WriteRune('\uFFFD')
	}
	return out.String()
}

// encode gives the bytes of a character; ok is false where the table has none.
func (c stlCharset) encode(r rune) (b string, ok bool) {
	if c.page == nil {
		code, ok := latinCodes()[r]
		return string(code), ok
	}
	x, ok := c.page.EncodeRune(r)
	if x >= 0x80 && x < 0xa0 || x < ' ' || x == 0x7f { // codes of STL
		return "", false
	}
	return string([]byte{x}), ok
}

// stlInstead is what is written for characters of print that a table lacks.
var stlInstead = map[rune]string{'«': `"`, '»': `"`, '“': `"`, '”': `"`, '„': `"`, '‘': "'", '’': "'", '‚': "'", '—': "-", '–': "-", '―': "-", '−': "-", '…': "...",
	'\u00a0': " ", '\u202f': " ", '\u2009': " ", '№': "No.", '♪': "#", '♫': "#", '\u2011': "-", '\u2060': "", '\u200b': "", '\ufeff': "", '\u00ad': "", '$': "USD ", '€': "EUR "}

// stlLanguages are the languages by their codes (Tech 3264, appendix 3).
var stlLanguages = map[string]string{
	"01": "sq", "02": "br", "03": "ca", "04": "hr", "05": "cy", "06": "cs", "07": "da", "08": "de", "09": "en", "0A": "es", "0B": "eo", "0C": "et", "0D": "eu", "0E": "fo",
	"0F": "fr", "10": "fy", "11": "ga", "12": "gd", "13": "gl", "14": "is", "15": "it", "16": "se", "17": "la", "18": "lv", "19": "lb", "1A": "lt", "1B": "hu", "1C": "mt",
	"1D": "nl", "1E": "no", "1F": "oc", "20": "pl", "21": "pt", "22": "ro", "23": "rm", "24": "sr", "25": "sk", "26": "sl", "27": "fi", "28": "sv", "29": "tr", "2A": "nl-BE",
	"2B": "wa", "7F": "am", "7E": "ar", "7D": "hy", "7C": "as", "7B": "az", "79": "be", "78": "bn", "77": "bg", "76": "my", "75": "zh", "73": "prs", "71": "ka", "70": "el",
	"6F": "gu", "6D": "ha", "6C": "he", "6B": "hi", "6A": "id", "69": "ja", "68": "kn", "67": "kk", "66": "km", "65": "ko", "64": "lo", "63": "mk", "62": "mg", "61": "ms",
	"5F": "mr", "5D": "ne", "5A": "fa", "59": "pa", "58": "ps", "57": "qu", "56": "ru", "54": "sh", "53": "sn", "52": "si", "51": "so", "4F": "sw", "4E": "tg", "4D": "ta",
	"4C": "tt", "4B": "te", "4A": "th", "49": "uk", "48": "ur", "47": "uz", "46": "vi", "45": "zu"}
