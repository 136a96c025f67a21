package rules

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// check reads and judges a file. It is called film.vtt where it begins so, else film.srt.
func check(in, lang string, s Settings) []report.Finding {
	name := "film.srt"
	if strings.HasPrefix(strings.TrimPrefix(strings.ToUpper(in), "\ufeff"), "WEBVTT") {
		name = "film.vtt"
	}
	track, read := subtitle.Read(name, []byte(in), subtitle.Options{Language: lang})
	return Check(&track, read, s)
}

// brief is "rule line:col, rule line:col".
func brief(found []report.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, fmt.Sprintf("%s %d:%d", f.Rule, f.Pos.Line, f.Pos.Col))
	}
	return strings.Join(out, ", ")
}

// with makes settings of words: "sdh", "child", "forced", "25fps", a profile, rule=level, rule.param=value.
func with(t testing.TB, words string) Settings {
	t.Helper()
	var s Settings
	for w := range strings.FieldsSeq(words) {
		key, value, pair := strings.Cut(w, "=")
		var err error
		switch {
		case pair && strings.Contains(key, "."):
			err = s.SetValue(key, value)
		case pair:
			err = s.SetLevel(key, value)
		case w == "sdh":
			s.Kind = subtitle.SDH
		case w == "forced":
			s.Kind = subtitle.Forced
		case w == "child":
			s.Children = true
		case w == "as-read":
			s.AsRead = true
		case strings.HasSuffix(w, "fps"):
			_, err = fmt.Sscanf(w, "%ffps", &s.FrameRate)
		default:
			s, err = Profile(w)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// judged are the cases of Check: a file, what is set, its language, and what is found.
var judged = []struct{ in, set, lang, want string }{
	// Structure: what the reader finds, at the catalogue's levels.
	{"WEBVTT\n00:01.000 --> 00:03.000\nA", "", "", "vtt-header-blank 2:1"},
	{"webvtt\n\n00:01.000 --> 00:03.000\nA", "", "", "vtt-signature 1:1"},
	{"WEBVTT\n\n00:01,000 --> 00:03.000\nA", "", "", "vtt-timestamp 3:6"},
	{"WEBVTT\n\n00:01.000 --> 00:03.000\nA\n00:04.000 --> 00:06.000\nB", "", "", "vtt-arrow-in-text 5:1"},
	{vtt("00:05.000 --> 00:07.000\nA", "00:01.000 --> 00:03.000\nB"), "", "", "vtt-order 6:1"},
	{vtt("00:01.000 --> 00:03.000 foo:1\nA", "00:04.000 --> 00:06.000 size:101%\nB", "00:07.000 --> 00:09.000 line:1 line:2\nC", "00:10.000 --> 00:12.000 region:x\nD"), "", "", "vtt-setting-unknown 3:25, vtt-setting-value 6:25, vtt-setting-dup 9:32, vtt-region-unknown 12:25"},
	{vtt("<b>a", "<x>b</x>", "<i>a<b>b</i></b>", "<rt>a", "a < b", "a & b", "<00:99.000>x", "<00:59.000>x"), "", "", "vtt-tag-unclosed 4:1, vtt-tag-unknown 7:1, vtt-tag-unknown 7:5, vtt-tag-unclosed 10:1, vtt-tag-nesting 10:9, vtt-tag-nesting 13:1, vtt-entity 16:3, vtt-entity 19:3, vtt-inline-timestamp 22:1, vtt-inline-timestamp 25:1"},
	{"WEBVTT\n\na\n00:01.000 --> 00:03.000\nA\n\na\n00:04.000 --> 00:06.000\nB", "", "", "vtt-id-dup 7:1"},
	{"WEBVTT\n\n7\n\n00:01.000 --> 00:03.000\nA\n\ntext\n\nSTYLE\na{}", "", "", "vtt-id-blank 3:1, vtt-text-outside 8:1, vtt-block-late 10:1"},
	{"WEBVTT\n\nSTYLE: a\n\n00:01.000 --> 00:03.000\nA", "", "", "vtt-block 3:1"},
	{"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:1,LOCAL:00:00:00.000\n\n00:01.000 --> 00:03.000\nA", "", "", "hls-timestamp-map 2:1"},
	{"text\n\n1\n00:00:01.000 --> 00:00:03,000\nA\n3\n00:00:05,000 --> 00:00:07,000\nB\n\nmore", "", "", "srt-text-outside 1:1, srt-timestamp 4:1, srt-blank-missing 7:1, srt-index 7:1, srt-blank-in-cue 9:1"},
	{srt("<i>a", "a &amp; b", "{\\pos(1,2)}a", "{\\an8}a", "<i>a</i> <font color=red>b</font>"), "", "", "srt-tag 3:1, srt-entity 7:1, srt-tag 11:1"},
	{"1\n00:00:01,000 --> 00:00:03,000\n\n2\n00:00:05,000 --> 00:00:04,000\nB", "", "", "cue-empty 2:1, cue-end-after-start 5:1"},
	{"", "", "", "file-no-cues 0:0"},
	{"WEBVTT\n", "", "", "file-no-cues 0:0"},
	{"%PDF-1.7 00:00:01,000 --> 00:00:02,000", "", "", "not-a-subtitle 0:0"},
	{"[Script Info]", "", "", "format-unsupported 0:0"},

	// Order, overlaps, repetitions.
	{srt("00:00:05,000 --> 00:00:07,000\nA", "00:00:01,000 --> 00:00:03,000\nB", "00:00:08,000 --> 00:00:09,000\nC"), "", "", "srt-order 6:1"},
	{srt("00:00:01,000 --> 00:00:05,000\nA", "00:00:03,000 --> 00:00:04,000\nB", "00:00:04,500 --> 00:00:06,000\nC", "00:00:06,000 --> 00:00:07,000\nD"), "", "", "cue-overlap 6:1, cue-overlap 10:1"},
	{vtt("00:01.000 --> 00:05.000\nA", "00:03.000 --> 00:06.000\nB"), "", "", "cue-overlap 6:1"},
	{vtt("00:01.000 --> 00:05.000\nA", "00:03.000 --> 00:06.000 line:0\nB"), "", "", ""},
	{srt("00:00:01,000 --> 00:00:05,000\nA", "00:00:03,000 --> 00:00:06,000\n{\\an8}B", "00:00:04,000 --> 00:00:06,000\n{\\an8}C"), "", "", "cue-overlap 10:1"},
	{srt("00:00:01,000 --> 00:00:05,000\nA", "00:00:03,000 --> 00:00:06,000\n{\\i1\\an8}B{\\i0}", "00:00:06,500 --> 00:00:08,000\nC"), "", "", ""},
	{srt("{\\b700}a", `a\Nb`, "{\\a6}a"), "", "", "srt-tag 3:1, line-fits-one 7:1, srt-escape 7:1"},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:01,000 --> 00:00:03,000\nA", "00:00:04,000 --> 00:00:06,000\nA"), "", "", "cue-duplicate 6:1"},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:02,000 --> 00:00:04,000\nA"), "", "", "cue-duplicate 6:1"},

	// Duration and gaps.
	{srt("00:00:01,000 --> 00:00:01,832\nA", "00:00:03,000 --> 00:00:03,833\nA"), "", "", "cue-min-duration 2:1"},
	{srt("00:00:01,000 --> 00:00:08,007\nA", "00:00:10,000 --> 00:00:17,011\nA"), "", "", "cue-max-duration 6:1"},
	{srt("00:00:01,000 --> 00:00:01,500\nA", "00:00:03,000 --> 00:00:08,500\nA"), "cue-min-duration.min=400 cue-max-duration.max=5000", "", "cue-max-duration 6:1"},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:03,042 --> 00:00:05,000\nB", "00:00:05,083 --> 00:00:07,000\nC", "00:00:07,000 --> 00:00:09,000\nD", "00:00:09,067 --> 00:00:11,000\nE", "00:00:11,001 --> 00:00:12,000\nF"), "", "", "cue-min-gap 6:1, cue-min-gap 22:1"},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:03,040 --> 00:00:05,000\nB"), "60fps cue-gap-bridge=off", "", ""},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:03,125 --> 00:00:05,000\nB", "00:00:05,499 --> 00:00:07,000\nC", "00:00:07,500 --> 00:00:09,000\nD"), "", "", "cue-gap-bridge 6:1, cue-gap-bridge 10:1"},
	{srt("00:00:01,000 --> 00:00:03,000\nA", "00:00:03,900 --> 00:00:05,000\nB", "00:00:05,040 --> 00:00:07,000\nC"), "bbc", "", "cue-gap-bridge 6:1, cue-gap-bridge 10:1"},

	// Reading speed.
	{srt("00:00:01,000 --> 00:00:02,000\n12345678901234567", "00:00:03,000 --> 00:00:04,000\n123456789012345678", "00:00:05,000 --> 00:00:06,000\n<i>1234567890</i>\n- 12345"), "", "", "cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n12345678901234567890", "00:00:03,000 --> 00:00:04,000\n123456789012345678901"), "", "en", "cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n12345678901234567890", "00:00:03,000 --> 00:00:04,000\n123456789012345678901"), "sdh", "", "sdh-no-sounds 0:0, cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n1234567890123", "00:00:03,000 --> 00:00:04,000\n12345678901234"), "child", "", "cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n這個字幕有九個字啊", "00:00:03,000 --> 00:00:04,000\n這個字幕有九個字啊嗎", "00:00:05,000 --> 00:00:06,000\n這個NASA有九個啊嗎"), "", "zh", "cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n四文字だ", "00:00:03,000 --> 00:00:04,000\n五文字だよ"), "", "ja", "cue-cps 6:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n12345678901", "00:00:03,000 --> 00:00:04,000\n123456789"), "cue-cps.max=10", "en", "cue-cps 2:1"},
	{srt("00:00:01,000 --> 00:00:02,000\nOne two three four", "00:00:03,000 --> 00:00:04,000\nOne two three"), "bbc", "en", "cue-wpm 2:1"},
	{srt("00:00:01,000 --> 00:00:02,200\nYes, no, yes, no", "00:00:03,000 --> 00:00:05,000\nYes, no, yes, no"), "dcmp", "en", "cue-min-duration 2:1, cue-wpm 2:1"},
	{srt("00:00:01,000 --> 00:00:02,000\n👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧👩‍👩‍👧", "00:00:05,000 --> 00:00:06,000\nप्रस्तुत है यह फ़िल्म यहाँ"), "", "hi", ""},

	// Lines.
	{srt("00:00:01,000 --> 00:00:07,000\n123456789 123456789 123456789 123456789 12", "00:00:11,000 --> 00:00:17,000\n<b>123456789 123456789 123456789 123456789 123</b>", "00:00:21,000 --> 00:00:27,000\na\n123456789 123456789 123456789 123456789 1234"), "", "", "line-length 7:1, line-length 12:43"},
	{srt("00:00:01,000 --> 00:00:07,000\n123456789 123456789 123456789 1234567", "00:00:11,000 --> 00:00:17,000\n123456789 123456789 123456789 12345678"), "bbc", "", "line-length 7:38"},
	{srt("00:00:01,000 --> 00:00:07,000\n123456789 123456789 123456789 12", "00:00:11,000 --> 00:00:17,000\n123456789 123456789 123456789 123"), "dcmp", "", "line-length 7:33"},
	{srt("00:00:01,000 --> 00:00:07,000\nМы приехали сюда в самом конце зимы мая", "00:00:11,000 --> 00:00:17,000\nМы приехали сюда в самом конце зимы и мая"), "netflix", "ru", "line-length 7:40"},
	{srt("00:00:01,000 --> 00:00:07,000\n一二三四五六七八九十一二三四五六", "00:00:11,000 --> 00:00:17,000\n一二三四五六七八九十一二三四五六七", "00:00:21,000 --> 00:00:27,000\n一二三四五六七八九十一二三四五ab"), "", "zh", "line-length 7:17"},
	{srt("One,\ntwo,\nthree"), "", "", "cue-lines 5:1"},
	{srt("One,\ntwo,\nthree"), "cue-lines.max=3", "", ""},
	{srt("A short\nline"), "", "", "line-fits-one 4:1"},
	{srt("- A short\n- line", "A short.\nLine", "♪ A short\nline ♪", "THE SHORT\nLINE", "[door]\nCome in"), "", "", ""},
	{vtt("<v Anna>Hello there\n<v Boris>and you"), "", "", ""},
	{srt("00:00:01,000 --> 00:00:07,000\nThe\nsnow stayed until the last days of a May", "00:00:11,000 --> 00:00:17,000\nAlas,\nsnow stayed until the last days of a May"), "", "", "line-balance 3:1"},
	{srt("00:00:01,000 --> 00:00:07,000\nThe\nsnow stayed until the last days of a May"), "none", "", ""},

	// Dialogue.
	{srt("- Who?\n- Me.", "- You?\n- Yes.", "-No!\n-Yes!", "– No.\n– Yes."), "", "", "dialog-hyphen 13:1, dialog-hyphen 14:1, dialog-hyphen 18:1, dialog-hyphen 19:1"},
	{srt("- Who?\n- Me.", "-5 degrees\n-7 at night", "-- what\n-- that"), "", "", ""},
	{srt("- Who?\n- Me."), "dialog-hyphen.space=0", "", "dialog-hyphen 3:1, dialog-hyphen 4:1"},
	{srt("- Who?\n- Me."), "netflix", "en", "dialog-hyphen 3:1, dialog-hyphen 4:1"},
	{srt("-Who?\n<i>-Me.</i>", "- You?\n<i>- Yes.</i>", "-No!\n-Yes!"), "", "", "dialog-hyphen 8:1, dialog-hyphen 9:4"},

	// Encoding and letters.
	{"\ufeff" + srt("A"), "", "", "enc-bom 1:1"},
	{"\ufeff" + vtt("A"), "", "", ""},
	{srt("A\ufeffB"), "", "", "enc-bom 3:2"},
	{srt("a\x01b", "a\u0085b", "a\tb"), "", "", "chr-control 3:2, chr-control 7:2"},
	{srt("a\ufffdb"), "", "", "chr-replacement 3:2"},
	{srt("He said \u202bשלום now", "\u202bשלום", "\u202bשלום\u202c", "a\u2069", "\u2067a\n\u2069b", "- \u202bשלום"), "", "", "chr-bidi 3:9, chr-bidi 7:1, chr-bidi 15:2, chr-bidi 19:1, chr-bidi 20:1, line-fits-one 20:1, chr-bidi 24:3"},
	{srt("ho\u200buse", "می\u200cروم", "क्\u200dया", "👩\u200d👧", "สวัส\u200bดี", "a\u200cb", "so\u00adft", "<\u2060i", "a\u2060b"), "", "", "chr-zero-width 3:3, chr-zero-width 23:2, chr-zero-width 27:3, chr-zero-width 35:2"},
	{srt("Le cafÃ© est lÃ\u00a0", "Itâ€™s 5Â°"), "", "", "chr-mojibake 3:4, chr-mojibake 3:14, chr-mojibake 7:1, chr-mojibake 7:8"},
	{srt("CAFÉ… MANHÃ… IRMÃ” HYVÄ… «À» MAÇÃ”", "ESPAÑ… À” É– Ê’", "ÎLE…", "ŒUVRE"), "", "", ""},
	{srt("РџСЂРёРІРµС‚ РјРёСЂ", "вЂ“ РґР°"), "", "", "chr-mojibake 3:1, chr-mojibake 3:14, chr-mojibake 7:1, chr-mojibake 7:5"},
	{srt("Рёв Різдво Січень С… «СССР»", "РЄ, С», Т…", "СЁМКИ РЁВ В РОССИИ"), "", "", ""},
	{srt("ÐŸðñðòñ", "ÐŸÑ€Ð¸Ð²ÐµÑ‚"), "", "", "chr-mojibake 7:1"},
	{srt("Ïðèâåò, ìèð", "Êàê äåëà", "ðÒÉ×ÅÔ", "Õîðîøî"), "", "", "chr-mojibake 3:1, chr-mojibake 7:5, chr-mojibake 11:1, chr-mojibake 15:1"},
	{srt("Это нaш дом.", "CОР", "Mосква и Москва", "iPhoneом, VIPа, NASAе", "Я c тобой"), "", "ru", "chr-homoglyph 3:5, chr-homoglyph 7:1, chr-homoglyph 11:1"},
	{srt("A Сlear case and helpа", "of our оwn"), "", "en", "chr-homoglyph 3:3, chr-homoglyph 3:18, chr-homoglyph 7:8"},
	{srt("Це нiч у Київі", "кiт"), "", "uk", "chr-homoglyph 3:4, chr-homoglyph 7:1"},
	{srt("wait...", "no", "and....", "well.."), "", "", "chr-ellipsis 3:5"},
	{srt("wait…"), "", "", ""},

	// Language.
	{srt("Это наш дом, и здесь жила моя бабушка.", "Мы приехали сюда."), "", "en", "lang-mismatch 0:0"},
	{srt("Это наш дом, и здесь жила моя бабушка.", "Мы приехали сюда."), "", "ru", ""},
	{srt("Это наш дом, и здесь жила моя бабушка.", "Мы приехали сюда."), "forced", "en", ""},
	{srt("Это наш дом, и здесь жила моя бабушка.", "Мы приехали сюда."), "", "sr", ""},
	{srt("Пожар"), "", "en", ""},
	{srt("This is our house, and here is where", "my grandmother lived when I was a child.", "We came here at the end of the winter,", "and the road was closed all the time.", "What else could we do with it? No one knew."), "", "de", "lang-mismatch 0:0, line-length 19:43"},
	{srt("This is our house, and here is where", "my grandmother lived when I was a child.", "We came here at the end of the winter,", "and the road was closed all the time.", "What else could we do with it? No one knew."), "", "sw", "lang-mismatch 0:0, line-length 19:43"},
	{srt("This is our house, and here is where", "my grandmother lived when I was a child.", "We came here at the end of the winter,", "and the road was closed all the time.", "What else could we do with it? No one knew."), "", "pcm", "line-length 19:43"},
	{srt("A"), "", "eng", "hls-lang 0:0"},
	{srt("A"), "", "pt_br", "hls-lang 0:0"},
	{srt("A"), "", "pt-BR", ""},
	{srt("A"), "", "xx-bad-language-tag", "hls-lang 0:0"},
	{srt("Who is there?", "Come in."), "sdh", "en", "sdh-no-sounds 0:0"},
	{srt("Who is there?", "[knocking]"), "sdh", "en", ""},
	{srt("Who is there?", "ANNA: Come in."), "sdh", "en", ""},
	{vtt("<v Anna>Who is there?"), "sdh", "en", ""},

	// Levels and profiles.
	{srt("<i>a"), "srt-tag=off", "", ""},
	{srt("A short\nline"), "line-fits-one=error", "", "line-fits-one 4:1"},
}

func TestCheck(t *testing.T) {
	for _, c := range judged {
		if got := brief(check(c.in, c.lang, with(t, c.set))); got != c.want {
			t.Errorf("%q %s %s:\n got %s\nwant %s", c.in, c.set, c.lang, got, c.want)
		}
	}
}
