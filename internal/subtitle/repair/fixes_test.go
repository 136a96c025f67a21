package repair

import (
	"bytes"
	"slices"
	"testing"

	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// TestCatalogue holds the rules' word on what is mended, which users read, to what is.
func TestCatalogue(t *testing.T) {
	ids := IDs()
	for _, r := range rules.Catalogue() {
		if mended := slices.Contains(ids, r.ID); mended != r.Fixable {
			t.Errorf("%s: the catalogue says fixable %v, but mended is %v", r.ID, r.Fixable, mended)
		}
		ids = slices.DeleteFunc(ids, func(id string) bool { return id == r.ID })
	}
	if len(ids) > 0 {
		t.Errorf("no rules, or more than one fix each: %v", ids)
	}
}

// TestExamplesAreMended fixes the bad example of each rule that is mended: it must pass the rule then.
func TestExamplesAreMended(t *testing.T) {
	for _, r := range rules.Catalogue() {
		if !r.Fixable {
			continue
		}
		name := "f.srt"
		if bytes.Contains([]byte(r.Bad), []byte("WEBVTT")) || r.ID == "vtt-signature" {
			name = "f.vtt"
		}
		is := Fix(name, []byte(r.Bad), Options{Only: []string{r.ID, "enc-not-utf8"}})
		if is.Refused || len(is.Changes) == 0 || bytes.Equal(is.Out, []byte(r.Bad)) {
			t.Errorf("%s: the bad example stays as it is: %v\n%q", r.ID, is.Left, r.Bad)
		}
		for _, f := range is.Left {
			if f.Rule == r.ID {
				t.Errorf("%s: the bad example is not mended: %v\n%q\n%q", r.ID, f, r.Bad, is.Out)
			}
		}
		good := Fix(name, []byte(r.Good), Options{Only: []string{r.ID}})
		if !bytes.Equal(good.Out, []byte(r.Good)) || len(good.Changes) > 0 {
			t.Errorf("%s: the good example is changed: %q", r.ID, good.Out)
		}
	}
}

func TestRefused(t *testing.T) {
	utf8, cp1251 := []byte(srt("Снег лежал до самого мая.")), []byte("1\n00:00:01,000 --> 00:00:03,000\n\xd1\xed\xe5\xe3 \xeb\xe5\xe6\xe0\xeb \xe4\xee \xf1\xe0\xec\xee\xe3\xee \xec\xe0\xff, \xe8 \xe4\xee\xf0\xee\xe3\xe0 \xe1\xfb\xeb\xe0 \xe7\xe0\xea\xf0\xfb\xf2\xe0.\n")
	for _, c := range []struct {
		about, name string
		data        []byte
		opt         Options
		refused     bool
		left        string
	}{
		{"a film", "f.srt", []byte("\x00\x00\x00\x20ftypisom\x00\x00\x02\x00isomiso2avc1mp41"), Options{}, true, "not-a-subtitle"},
		{"nothing", "f.srt", nil, Options{}, true, "file-no-cues"},
		{"only a mark", "f.vtt", []byte("\ufeff"), Options{}, true, ""},
		{"letters that are not certain", "f.srt", []byte("1\n00:00:01,000 --> 00:00:03,000\nCaf\xe9\n"), Options{}, true, "enc-unknown"},
		{"a few broken bytes", "f.srt", append(bytes.Clone(utf8), "2\n00:00:05,000 --> 00:00:06,000\nСн\xe9г\n"...), Options{}, true, "enc-not-utf8"},
		{"no name of an encoding", "f.srt", cp1251, Options{Read: subtitle.Options{Charset: "cp9999"}}, true, "enc-unknown enc-not-utf8"},
		{"another encoding, and only something else is to be mended", "f.srt", cp1251, Options{Only: []string{"srt-index"}}, true, "enc-not-utf8"},
		{"an encoding that is named", "f.srt", cp1251, Options{Read: subtitle.Options{Charset: "cp1251"}}, false, ""},
		{"UTF-8, whatever is named", "f.srt", utf8, Options{Read: subtitle.Options{Charset: "cp1251"}}, false, "enc-not-utf8"},
		{"ASCII is no UTF-16", "f.srt", []byte(srt("Come in.")), Options{Read: subtitle.Options{Charset: "utf-16"}}, true, ""},
	} {
		r := Fix(c.name, c.data, c.opt)
		if r.Refused != c.refused || c.left != "" && tally(r.Left) != c.left || r.Refused && (len(r.Left) == 0 || !bytes.Equal(r.Out, c.data)) {
			t.Errorf("%s: refused %v, left %v", c.about, r.Refused, r.Left)
		}
	}
}

// TestOnlyAsked checks that a gap is closed only where that was asked for.
func TestOnlyAsked(t *testing.T) {
	in := srt("00:00:01,000 --> 00:00:04,700\na", "00:00:05,000 --> 00:00:08,000\nb")
	want := srt("00:00:01,000 --> 00:00:04,916\na", "00:00:05,000 --> 00:00:08,000\nb")
	if r := Fix("f.srt", []byte(in), Options{}); string(r.Out) != in {
		t.Errorf("%q", r.Out)
	}
	if r := Fix("f.srt", []byte(in), Options{Only: OnlyAsked()}); string(r.Out) != want || said(r.Changes) != "cue-gap-bridge" {
		t.Errorf("%q by %v", r.Out, r.Changes)
	}
}

// TestOff checks that a rule which is off is not mended, and that thresholds are those of the settings.
func TestOff(t *testing.T) {
	in := []byte(srt("Well...", "00:00:03,900 --> 00:00:06,000\nb"))
	var s rules.Settings
	for _, id := range []string{"chr-ellipsis", "srt-index"} {
		if err := s.SetLevel(id, "off"); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.SetValue("cue-min-duration.min", "2950"); err != nil {
		t.Fatal(err)
	}
	if r := Fix("f.srt", in, Options{Rules: s}); !bytes.Equal(r.Out, in) {
		t.Errorf("%q by %v", r.Out, r.Changes)
	}
	if r := Fix("f.srt", in, Options{}); said(r.Changes) != "chr-ellipsis cue-overlap" {
		t.Errorf("%v", r.Changes)
	}
}
