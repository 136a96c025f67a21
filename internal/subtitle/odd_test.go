package subtitle

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// oddities are the files of testdata/subtitles: one oddity each, named after it. found lists the rules, "xN" for how often.
var oddities = []struct {
	file, charset string
	cues          int
	found         string
}{
	{"amara.srt", "utf-8", 2, ""},
	{"amara.vtt", "utf-8", 2, ""},
	{"arrow-dash.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"arrow-in-text.srt", "utf-8", 3, ""},
	{"arrow-short.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"arrow-short.vtt", "utf-8", 4, "error vtt-text-outside"},
	{"arrow-split.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"arrow-split.vtt", "utf-8", 4, "error vtt-text-outside"},
	{"ass-named.srt", "utf-8", 0, "error format-unsupported"},
	{"bad-last-cue.srt", "utf-8", 5, "error srt-timestamp"},
	{"bidi.srt", "utf-8", 5, ""},
	{"binary-looking.srt", "utf-8", 1, ""},
	{"binary.srt", "", 0, "error not-a-subtitle"},
	{"blank-after-index.srt", "utf-8", 5, "warn srt-index"},
	{"blank-in-cue.srt", "utf-8", 5, "warn srt-blank-in-cue"},
	{"blank-in-cue.vtt", "utf-8", 5, "error vtt-text-outside"},
	{"blank.srt", "", 0, "error file-no-cues"},
	{"bom-only.vtt", "", 0, "error file-no-cues"},
	{"broken-utf8.srt", "utf-8", 5, "error enc-not-utf8"},
	{"broken-utf8.vtt", "utf-8", 5, "error enc-not-utf8"},
	{"comma.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"coordinates.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"cp1250-hu.srt", "windows-1250", 5, "warn enc-not-utf8"},
	{"cp1250-pl.srt", "windows-1250", 5, "warn enc-not-utf8"},
	{"cp1251-ru.srt", "windows-1251", 5, "warn enc-not-utf8"},
	{"cp1251-uk.srt", "windows-1251", 5, "warn enc-not-utf8"},
	{"cp1251.vtt", "windows-1251", 5, "warn enc-not-utf8"},
	{"cp1252-de.srt", "windows-1252", 5, "warn enc-not-utf8"},
	{"cp1252-fr.srt", "windows-1252", 5, "warn enc-not-utf8"},
	{"cp866.srt", "ibm866", 5, "warn enc-not-utf8"},
	{"cr.srt", "utf-8", 5, ""},
	{"cr.vtt", "utf-8", 5, ""},
	{"crlf.srt", "utf-8", 5, ""},
	{"crlf.vtt", "utf-8", 5, ""},
	{"dot-milliseconds.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"double-spaced.srt", "utf-8", 5, "warn srt-blank-in-cue x5, warn srt-index"},
	{"emoji.srt", "utf-8", 5, ""},
	{"empty-cue.srt", "utf-8", 5, "warn cue-empty"},
	{"empty.srt", "", 0, "error file-no-cues"},
	{"end-before-start.srt", "utf-8", 5, "error cue-end-after-start"},
	{"end-before-start.vtt", "utf-8", 5, "error cue-end-after-start"},
	{"end-missing.srt", "utf-8", 4, "error srt-timestamp"},
	{"end-missing.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"entities.srt", "utf-8", 3, "warn srt-entity x2"},
	{"entities.vtt", "utf-8", 5, ""},
	{"frames.srt", "utf-8", 0, "error srt-timestamp x5"},
	{"header.vtt", "utf-8", 5, ""},
	{"hls.vtt", "utf-8", 5, "warn hls-timestamp-map"},
	{"index-from-0.srt", "utf-8", 5, "warn srt-index"},
	{"index-twice.srt", "utf-8", 5, "warn srt-index"},
	{"iso-8859-2-hu.srt", "windows-1250", 5, "warn enc-not-utf8"}, // the same letters in both
	{"iso-8859-5.srt", "iso-8859-5", 5, "warn enc-not-utf8"},
	{"karaoke.vtt", "utf-8", 2, "warn vtt-inline-timestamp"},
	{"koi8-r.srt", "koi8-r", 5, "warn enc-not-utf8"},
	{"kyrgyz.srt", "utf-8", 5, ""},
	{"letter-o.srt", "utf-8", 4, "error srt-timestamp"},
	{"lone-nul.srt", "utf-8", 5, ""},
	{"lone-nul.vtt", "utf-8", 5, ""},
	{"long-line.srt", "utf-8", 5, ""},
	{"long-line.vtt", "utf-8", 5, ""},
	{"lower-case-signature.vtt", "utf-8", 5, "error vtt-signature"},
	{"lt-in-text.srt", "utf-8", 5, ""},
	{"lt-in-text.vtt", "utf-8", 2, "error vtt-entity x2"},
	{"mac-cyrillic.srt", "x-mac-cyrillic", 5, "warn enc-not-utf8"},
	{"many-blank-lines.srt", "utf-8", 5, ""},
	{"minute-75.srt", "utf-8", 4, "error srt-timestamp"},
	{"minute-75.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"mixed-line-ends.srt", "utf-8", 5, ""},
	{"mixed-line-ends.vtt", "utf-8", 5, ""},
	{"mp4-named.srt", "", 0, "error not-a-subtitle"},
	{"negative-time.srt", "utf-8", 4, "error srt-timestamp"},
	{"negative-time.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"no-blank-after-header.vtt", "utf-8", 5, "warn vtt-header-blank"},
	{"no-blank-lines.srt", "utf-8", 5, "warn srt-blank-missing x4"},
	{"no-blank-lines.vtt", "utf-8", 5, "warn vtt-arrow-in-text x4"},
	{"no-end-of-line.srt", "utf-8", 5, ""},
	{"no-end-of-line.vtt", "utf-8", 5, ""},
	{"no-hours.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"no-hours.vtt", "utf-8", 5, ""},
	{"no-index.srt", "utf-8", 5, "warn srt-index"},
	{"no-milliseconds.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"no-signature.vtt", "utf-8", 5, "error vtt-signature"},
	{"no-spaces.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"notes.vtt", "utf-8", 5, ""},
	{"number-as-text.srt", "utf-8", 3, ""},
	{"one-digit-hours.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"one-digit-hours.vtt", "utf-8", 5, ""},
	{"out-of-order.srt", "utf-8", 5, ""},
	{"out-of-order.vtt", "utf-8", 5, "warn vtt-order"},
	{"overlap.srt", "utf-8", 5, ""},
	{"plain.srt", "utf-8", 5, ""},
	{"plain.vtt", "utf-8", 5, ""},
	{"pos-code.srt", "utf-8", 2, "warn srt-tag"},
	{"prose.srt", "utf-8", 0, "error file-no-cues"},
	{"region-old.vtt", "utf-8", 5, "warn vtt-block, warn vtt-region-unknown"},
	{"region.vtt", "utf-8", 5, ""},
	{"ruby.vtt", "utf-8", 2, ""},
	{"semicolon.srt", "utf-8", 5, "warn srt-timestamp"},
	{"settings-wrong.vtt", "utf-8", 5, "warn vtt-setting-unknown x2, warn vtt-setting-value x3"},
	{"shift-jis.srt", "shift_jis", 3, "error enc-unknown"},
	{"short-milliseconds.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"short-milliseconds.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"space-before-signature.vtt", "utf-8", 5, "error vtt-signature"},
	{"spaces-in-times.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"srt-named.vtt", "utf-8", 5, "warn file-format"},
	{"style-after-cue.vtt", "utf-8", 2, "warn vtt-block-late"},
	{"style-blank.vtt", "utf-8", 5, "error vtt-text-outside"},
	{"subtitle-edit.srt", "utf-8", 3, ""},
	{"subtitle-edit.vtt", "utf-8", 2, ""},
	{"tab-in-times.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"tags-wrong.vtt", "utf-8", 5, "error vtt-inline-timestamp, warn vtt-entity, warn vtt-tag-nesting, warn vtt-tag-unclosed x2, warn vtt-tag-unknown x2"},
	{"tags.srt", "utf-8", 5, "warn srt-tag"},
	{"text-after-signature.vtt", "utf-8", 5, ""},
	{"text-ids.vtt", "utf-8", 5, ""},
	{"text-on-timing-line.srt", "utf-8", 5, "warn srt-timestamp"},
	{"too-long-line.srt", "", 0, "error line-too-long"},
	{"trailing-spaces.srt", "utf-8", 5, ""},
	{"ttml-named.srt", "utf-8", 0, "error format-unsupported"},
	{"two-boms.vtt", "utf-8", 5, "error vtt-signature"},
	{"utf-16be-bom.srt", "utf-16be", 5, "warn enc-not-utf8"},
	{"utf-16be-bom.vtt", "utf-16be", 5, "warn enc-not-utf8"},
	{"utf-16be.srt", "utf-16be", 5, "warn enc-not-utf8"},
	{"utf-16le-bom.srt", "utf-16le", 5, "warn enc-not-utf8"},
	{"utf-16le.srt", "utf-16le", 5, "warn enc-not-utf8"},
	{"utf-16le.vtt", "utf-16le", 5, "warn enc-not-utf8"},
	{"utf-32be-bom.srt", "utf-32be", 5, "warn enc-not-utf8"},
	{"utf-32be.srt", "utf-32be", 5, "warn enc-not-utf8"},
	{"utf-32le-bom.srt", "utf-32le", 5, "warn enc-not-utf8"},
	{"utf-32le.srt", "utf-32le", 5, "warn enc-not-utf8"},
	{"utf8-bom.srt", "utf-8", 5, ""},
	{"utf8-bom.vtt", "utf-8", 5, ""},
	{"vertical-tab.vtt", "utf-8", 4, "error vtt-timestamp"},
	{"voices.vtt", "utf-8", 2, ""},
	{"vtt-named.srt", "utf-8", 5, "warn file-format"},
	{"vtt-settings.srt", "utf-8", 5, "warn srt-timestamp x5"},
	{"web-tags.srt", "utf-8", 1, "warn srt-tag"},
	{"youtube.srt", "utf-8", 3, ""},
	{"youtube.vtt", "utf-8", 3, ""},
}

const oddFiles = "../../testdata/subtitles"

func readOdd(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(oddFiles, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestOddFiles(t *testing.T) {
	listed := map[string]bool{}
	for _, c := range oddities {
		listed[c.file] = true
		track, found := Read(c.file, readOdd(t, c.file), Options{})
		if len(track.Cues) != c.cues || track.Charset != c.charset || tally(found) != c.found {
			t.Errorf("%s: %d cues in %q, found %q; want %d in %q, %q", c.file, len(track.Cues), track.Charset, tally(found), c.cues, c.charset, c.found)
		}
	}
	files, err := os.ReadDir(oddFiles)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() != ".gitattributes" && !listed[f.Name()] {
			t.Errorf("%s is in no line of the table", f.Name())
		}
	}
}

// TestOddSayTheSame reads the many forms of one text and expects the same cues of each.
func TestOddSayTheSame(t *testing.T) {
	same := map[string]string{
		"plain.srt": "plain.vtt crlf.srt cr.srt crlf.vtt cr.vtt mixed-line-ends.srt no-index.srt index-from-0.srt index-twice.srt no-blank-lines.srt " +
			"many-blank-lines.srt blank-after-index.srt blank-in-cue.srt double-spaced.srt arrow-split.srt arrow-short.srt arrow-dash.srt no-spaces.srt " +
			"spaces-in-times.srt dot-milliseconds.srt short-milliseconds.srt one-digit-hours.srt no-hours.srt coordinates.srt text-on-timing-line.srt " +
			"no-end-of-line.srt vtt-named.srt srt-named.vtt no-signature.vtt no-blank-after-header.vtt utf8-bom.vtt utf-16be-bom.vtt two-boms.vtt header.vtt hls.vtt text-ids.vtt " +
			"no-hours.vtt one-digit-hours.vtt mixed-line-ends.vtt no-end-of-line.vtt tab-in-times.srt semicolon.srt region.vtt region-old.vtt " +
			"settings-wrong.vtt style-blank.vtt text-after-signature.vtt space-before-signature.vtt no-blank-lines.vtt lower-case-signature.vtt",
		"utf8-bom.srt": "cp1251-ru.srt cp1251.vtt mac-cyrillic.srt utf-16le.srt utf-16be.srt utf-16le-bom.srt utf-16be-bom.srt utf-16le.vtt utf-32le.srt " +
			"utf-32be.srt utf-32le-bom.srt utf-32be-bom.srt",
		"koi8-r.srt": "cp866.srt iso-8859-5.srt",
	}
	said := func(name string) string {
		track, _ := Read(name, readOdd(t, name), Options{})
		var out []string
		for _, c := range track.Cues {
			out = append(out, FormatTime(c.Start, '.')+" "+FormatTime(c.End, '.')+" "+c.Plain())
		}
		return strings.Join(out, "\n")
	}
	for model, names := range same {
		want := said(model)
		for _, name := range strings.Fields(names) {
			if got := said(name); got != want {
				t.Errorf("%s says\n%s\nbut %s says\n%s", name, got, model, want)
			}
		}
	}
}
