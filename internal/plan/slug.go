package plan

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// latin spells Cyrillic, Russian and Kyrgyz first of all, in the letters that every address bar shows as they are.
var latin = strings.NewReplacer(
	"а", "a", "б", "b", "в", "v", "г", "g", "д", "d", "е", "e", "ё", "yo", "ж", "zh", "з", "z", "и", "i", "й", "y",
	"к", "k", "л", "l", "м", "m", "н", "n", "о", "o", "п", "p", "р", "r", "с", "s", "т", "t", "у", "u", "ф", "f",
	"х", "kh", "ц", "ts", "ч", "ch", "ш", "sh", "щ", "shch", "ъ", "", "ы", "y", "ь", "", "э", "e", "ю", "yu", "я", "ya",
	"ң", "ng", "ө", "o", "ү", "u", "қ", "q", "ғ", "gh", "ә", "a", "і", "i", "ї", "yi", "є", "ye", "ґ", "g", "ß", "ss", "ø", "o", "ł", "l", "æ", "ae",
)

// maxSlug keeps addresses short enough to be read out.
const maxSlug = 60

// Slug makes a name fit for a path and an address: lower-case a-z, 0-9 and single hyphens. It gives "film"
// where nothing is left.
func Slug(text string) string {
	var b strings.Builder
	spelled := latin.Replace(norm.NFC.String(strings.ToLower(text))) // before NFD takes й apart
	for _, r := range norm.NFD.String(spelled) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’': // accents and apostrophes fall away without a gap
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	s := b.String()
	if len(s) > maxSlug {
		s = s[:maxSlug]
		if cut := strings.LastIndexByte(s, '-'); cut > maxSlug/2 {
			s = s[:cut]
		}
	}
	if s = strings.Trim(s, "-"); s == "" {
		return "film"
	}
	return s
}
