package hls

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// field ties an attribute's name to its place in T. The type behind the pointer decides how the value is
// written and read: *string is quoted, *Enum bare, *int64 a number, *bool YES or NO, and so on.
type field[T any] struct {
	name     string
	required bool
	at       func(*T) any
}

var renditionFields = []field[Rendition]{
	{"TYPE", true, func(r *Rendition) any { return &r.Type }},
	{"GROUP-ID", true, func(r *Rendition) any { return &r.Group }},
	{"NAME", true, func(r *Rendition) any { return &r.Name }},
	{"LANGUAGE", false, func(r *Rendition) any { return &r.Language }},
	{"ASSOC-LANGUAGE", false, func(r *Rendition) any { return &r.Assoc }},
	{"DEFAULT", false, func(r *Rendition) any { return &r.Default }},
	{"AUTOSELECT", false, func(r *Rendition) any { return &r.Autoselect }},
	{"FORCED", false, func(r *Rendition) any { return &r.Forced }},
	{"CHANNELS", false, func(r *Rendition) any { return &r.Channels }},
	{"CHARACTERISTICS", false, func(r *Rendition) any { return &r.Characteristics }},
	{"INSTREAM-ID", false, func(r *Rendition) any { return &r.Instream }},
	{"URI", false, func(r *Rendition) any { return &r.URI }},
}

var variantFields = []field[Variant]{
	{"BANDWIDTH", true, func(v *Variant) any { return &v.Bandwidth }},
	{"AVERAGE-BANDWIDTH", false, func(v *Variant) any { return &v.Average }},
	{"SCORE", false, func(v *Variant) any { return &v.Score }},
	{"CODECS", false, func(v *Variant) any { return &v.Codecs }},
	{"RESOLUTION", false, func(v *Variant) any { return &v.Resolution }},
	{"FRAME-RATE", false, func(v *Variant) any { return &v.FrameRate }},
	{"VIDEO-RANGE", false, func(v *Variant) any { return &v.VideoRange }},
	{"AUDIO", false, func(v *Variant) any { return &v.Audio }},
	{"VIDEO", false, func(v *Variant) any { return &v.Video }},
	{"SUBTITLES", false, func(v *Variant) any { return &v.Subtitles }},
	{"CLOSED-CAPTIONS", false, func(v *Variant) any { return &v.Captions }},
}

var iframeFields = []field[IFrame]{
	{"BANDWIDTH", true, func(f *IFrame) any { return &f.Bandwidth }},
	{"AVERAGE-BANDWIDTH", false, func(f *IFrame) any { return &f.Average }},
	{"SCORE", false, func(f *IFrame) any { return &f.Score }},
	{"CODECS", false, func(f *IFrame) any { return &f.Codecs }},
	{"RESOLUTION", false, func(f *IFrame) any { return &f.Resolution }},
	{"VIDEO-RANGE", false, func(f *IFrame) any { return &f.VideoRange }},
	{"URI", true, func(f *IFrame) any { return &f.URI }},
}

// mapAttrs is EXT-X-MAP as it is written; the range becomes a ByteRange after reading.
type mapAttrs struct{ uri, byteRange string }

var mapFields = []field[mapAttrs]{
	{"URI", true, func(m *mapAttrs) any { return &m.uri }},
	{"BYTERANGE", false, func(m *mapAttrs) any { return &m.byteRange }},
}

// writeAttrs gives the attribute list of v; what is empty is left out.
func writeAttrs[T any](fields []field[T], v T) string {
	var list []string
	for _, f := range fields {
		if text := writeValue(f.at(&v)); text != "" {
			list = append(list, f.name+"="+text)
		}
	}
	return strings.Join(list, ",")
}

func writeValue(at any) string {
	switch v := at.(type) {
	case *string:
		if *v != "" {
			return quote(*v)
		}
	case *Enum:
		return string(*v)
	case *Captions:
		if *v != "" && *v != "NONE" {
			return quote(string(*v))
		}
		return string(*v)
	case *int64:
		if *v != 0 {
			return strconv.FormatInt(*v, 10)
		}
	case *bool:
		if *v {
			return "YES"
		}
	case *Decimal:
		if *v != 0 {
			return strconv.FormatFloat(float64(*v), 'f', 3, 64)
		}
	case *Size:
		if *v != (Size{}) {
			return fmt.Sprintf("%dx%d", v.Width, v.Height)
		}
	}
	return ""
}

// quote makes a quoted string (RFC 8216, 4.2). The format has no escape, so a double quote in a film's or a
// track's name becomes a single one, and a line break a space.
func quote(s string) string {
	return `"` + strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")) + `"`
}

var (
	enumForm    = regexp.MustCompile(`^[^",\s]+$`)
	sizeForm    = regexp.MustCompile(`^([0-9]{1,6})x([0-9]{1,6})$`)
	decimalForm = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	nameForm    = regexp.MustCompile(`^[A-Z0-9-]+$`)
)

// readValue sets what at points to; a non-empty answer says what the value should be.
func readValue(at any, value string, quoted bool) string {
	_, isString := at.(*string)
	_, isCaptions := at.(*Captions)
	if quoted != isString && !isCaptions {
		if isString {
			return "a quoted string"
		}
		return "a value without quotes"
	}
	switch v := at.(type) {
	case *string:
		*v = value
	case *Enum:
		*v = Enum(value)
	case *Captions:
		if !quoted && value != "NONE" {
			return "NONE or a quoted group name"
		}
		*v = Captions(value)
	case *int64:
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil || n < 0 {
			return "a whole number"
		}
		*v = n
	case *bool:
		if value != "YES" && value != "NO" {
			return "YES or NO"
		}
		*v = value == "YES"
	case *Decimal:
		n, err := strconv.ParseFloat(value, 64)
		if err != nil || !decimalForm.MatchString(value) || math.IsInf(n, 0) {
			return "a decimal number"
		}
		*v = Decimal(n)
	case *Size:
		m := sizeForm.FindStringSubmatch(value)
		if m == nil {
			return "a size such as 1920x1080"
		}
		v.Width, _ = strconv.Atoi(m[1])
		v.Height, _ = strconv.Atoi(m[2])
	}
	return ""
}
