package rules

import (
	"strings"
	"testing"

	"filmpress/internal/subtitle"
)

// paired are the cases of CheckPair: a track, the other one, their languages, and what is found.
var paired = []struct{ in, other, langs, want string }{
	{srt("This is our house.", "Come in."), srt("Это наш дом.", "Входите."), "en ru", ""},

	{srt("A"), srt("А", "Б", "В"), "en ru", "pair-count 0:0, pair-missing 2:1, pair-missing 2:1"},
	{srt("A", "B"), srt("А"), "en ru", "pair-missing 6:1"},
	{srt(), srt("Это"), "en ru", "pair-missing 0:0"},
	{srt("A", "B", "C"), srt("А", "Б", "[скрип двери]"), "en ru", ""},
	{srt("A", "[door creaks]"), srt("А"), "en ru", ""},
	{srt("00:00:01,000 --> 00:00:05,000\nA, b"), srt("00:00:01,000 --> 00:00:03,000\nА", "00:00:03,100 --> 00:00:05,000\nб"), "en ru", ""},

	{srt("00:00:01,500 --> 00:00:05,000\nA"), srt("00:00:01,000 --> 00:00:05,000\nА"), "en ru", ""},
	{srt("00:00:01,501 --> 00:00:05,000\nA"), srt("00:00:01,000 --> 00:00:05,000\nА"), "en ru", "pair-time 2:1"},
	{srt("00:00:01,000 --> 00:00:05,000\nA"), srt("00:00:03,000 --> 00:00:06,000\nА"), "en ru", "pair-time 2:1"},

	{srt("My grandmother lived here."), srt("<i>My grandmother\nlived here!</i>"), "en ru", "pair-untranslated 3:1"},
	{srt("My grandmother lived here."), srt("My grandmother lived here."), "en en-GB", ""},
	{srt("Anna Maria Schmidt"), srt("Anna Maria Schmidt"), "en ru", ""},
	{srt("1 2 3 4 5"), srt("1 2 3 4 5"), "en ru", ""},

	{srt("That was in 1948."), srt("Это было в 1984 году."), "en ru", "pair-number 3:13"},
	{srt("That was long ago."), srt("Это было в 1984 году."), "en ru", "pair-number 3:1"},
	{srt("We paid 20,000 for 3 rooms."), srt("Мы отдали 20 000 за три комнаты."), "en ru", ""},
	{srt("It was in the 1990s.", "50%"), srt("Это было в 90-е.", "50 %"), "en ru", ""},
	{srt("Twenty thousand"), srt("12 домов, 3 сада"), "en ru", ""},
	{srt("In ١٩٨٤"), srt("In 1984"), "ar en", ""},
	{srt("In 1984", "we came."), srt("Мы приехали", "в 1984 году."), "en ru", ""},
}

func TestCheckPair(t *testing.T) {
	for _, c := range paired {
		a, b, _ := strings.Cut(c.langs, " ")
		track, _ := subtitle.Read("film."+a+".srt", []byte(c.in), subtitle.Options{Language: a})
		other, _ := subtitle.Read("film."+b+".srt", []byte(c.other), subtitle.Options{Language: b})
		if got := brief(CheckPair(&track, &other, Settings{})); got != c.want {
			t.Errorf("%q against %q:\n got %s\nwant %s", c.in, c.other, got, c.want)
		}
	}
}

// TestPairSettings: thresholds and levels count for pairs, too.
func TestPairSettings(t *testing.T) {
	track, _ := subtitle.Read("a.srt", []byte(srt("00:00:01,400 --> 00:00:05,000\nA")), subtitle.Options{})
	other, _ := subtitle.Read("b.srt", []byte(srt("00:00:01,000 --> 00:00:05,000\nB")), subtitle.Options{})
	if got := CheckPair(&track, &other, with(t, "pair-time.max=300 pair-time=error")); len(got) != 1 || got[0].String() !=
		"a.srt:2:1: error: this cue begins 0.4 s after the one on line 2 of b.srt (pair-time)" {
		t.Errorf("%v", got)
	}
	if got := CheckPair(&track, &other, with(t, "pair-time.max=300 pair-time=off")); len(got) != 0 {
		t.Errorf("%v", got)
	}
}
