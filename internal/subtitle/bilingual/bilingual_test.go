package bilingual

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// read reads a file that is stated as its cues "start-end text", in seconds; settings stand in [ ] behind the
// times, and ~ is a line break.
func read(t *testing.T, name, cues string) subtitle.Track {
	t.Helper()
	var b strings.Builder
	if strings.HasSuffix(name, ".vtt") {
		b.WriteString("WEBVTT\n\n")
	}
	for i, cue := range strings.Split(cues, " | ") {
		if cue == "" {
			continue
		}
		times, text, _ := strings.Cut(cue, " ")
		settings := ""
		if s, ok := strings.CutPrefix(text, "["); ok {
			settings, text, _ = strings.Cut(s, "] ")
			settings = " " + settings
		}
		var start, end float64
		if _, err := fmt.Sscanf(times, "%f-%f", &start, &end); err != nil {
			t.Fatalf("%q: %v", cue, err)
		}
		if strings.HasSuffix(name, ".srt") {
			fmt.Fprintln(&b, i+1)
		}
		fmt.Fprintf(&b, "00:00:%06.3f --> 00:00:%06.3f%s\n%s\n\n", start, end, settings, strings.ReplaceAll(text, "~", "\n"))
	}
	text := b.String()
	if strings.HasSuffix(name, ".srt") {
		text = strings.ReplaceAll(text, ".", ",")
	}
	language := map[bool]string{true: "ru", false: "en"}[strings.Contains(name, "ru.")]
	track, _ := subtitle.Read(name, []byte(text), subtitle.Options{Language: language})
	return track
}

// written is a track as its file, a cue a part: "1-2 text".
func written(t subtitle.Track) string {
	var data []byte
	if t.Format == subtitle.SRT {
		data = t.SRT()
	} else {
		data = t.WebVTT()
	}
	var out []string
	again, _ := subtitle.Read("again."+t.Format.String(), data, subtitle.Options{})
	for _, c := range again.Cues {
		s := c.Settings().String()
		if s != "" && t.Format == subtitle.WebVTT {
			s = "[" + s + "] "
		} else {
			s = ""
		}
		out = append(out, fmt.Sprintf("%g-%g %s%s", c.Start.Seconds(), c.End.Seconds(), s, strings.ReplaceAll(c.Raw, "\n", "~")))
	}
	return strings.Join(out, " | ")
}

func rules(found []report.Finding) string {
	var out []string
	for _, f := range found {
		out = append(out, f.Rule)
	}
	return strings.Join(out, " ")
}

func TestApart(t *testing.T) {
	for _, c := range []struct{ a, b, srt, vtt, found string }{
		{"1-2 a", "1-2 б", `1-2 a | 1-2 {\an8}б`, `1-2 a | 1-2 [line:0] <lang ru>б</lang>`, ""},
		{"1-2 a~b | 4-5 c", "1.5-4.5 б~г", `1-2 a~b | 1.5-4.5 {\an8}б~г | 4-5 c`, `1-2 a~b | 1.5-4.5 [line:0] <lang ru>б~г</lang> | 4-5 c`, ""},
		{"", "1-2 б", `1-2 {\an8}б`, `1-2 [line:0] <lang ru>б</lang>`, ""},
		{"1-2 a", "", `1-2 a`, `1-2 a`, ""},
		{`1-2 {\an8}a | 3-4 a`, "1.5-2.5 б | 3-4 г", `1-2 {\an8}a | 1.5-2.5 б | 3-4 a | 3-4 {\an8}г`,
			`1-2 [line:0] a | 1.5-2.5 <lang ru>б</lang> | 3-4 a | 3-4 [line:0] <lang ru>г</lang>`, ""},
		{"1-2 a", `1-2 {\an8}б | 3-4 {\an4\i1}г{\i0}`, `1-2 a | 1-2 {\an8}б | 3-4 {\an8}{\i1}г{\i0}`,
			`1-2 a | 1-2 [line:0] <lang ru>б</lang> | 3-4 [line:0] <lang ru><i>г</i></lang>`, "lossy-position"},
		{`1-2 {\i1\an8}a`, `1-2 {\b1\a6}б`, `1-2 {\i1\an8}a | 1-2 {\b1}б`, `1-2 [line:0] <i>a</i> | 1-2 <lang ru><b>б</b></lang>`, ""},
		{"1-2 <i>a", "1-2 <b>б</b>", `1-2 <i>a | 1-2 {\an8}<b>б</b>`, `1-2 <i>a</i> | 1-2 [line:0] <lang ru><b>б</b></lang>`, ""},
	} {
		a, b := read(t, "f.en.srt", c.a), read(t, "f.ru.srt", c.b)
		srt, _ := Tracks(a, b, subtitle.SRT, Apart)
		vtt, found := Tracks(a, b, subtitle.WebVTT, Apart)
		if got := written(srt); got != c.srt {
			t.Errorf("%s + %s as SRT\n got %s\nwant %s", c.a, c.b, got, c.srt)
		}
		if got := written(vtt); got != c.vtt {
			t.Errorf("%s + %s as WebVTT\n got %s\nwant %s", c.a, c.b, got, c.vtt)
		}
		if got := rules(found); got != c.found {
			t.Errorf("%s + %s: found %q, want %q", c.a, c.b, got, c.found)
		}
	}
}

func TestStacked(t *testing.T) {
	for _, c := range []struct{ a, b, want, found string }{
		{"1-2 a", "1-2 б", "1-2 a~б", ""},
		{"1-2 a", "1.3-2.3 б", "1-2 a~б", ""},                     // their times are near each other
		{"1-4 a", "2-3 б", "1-2 a | 2-3 a~б | 3-4 a", ""},         // cut where the other begins and ends
		{"1-3 a | 3-5 b", "1-5 б", "1-3 a~б | 3-5 b~б", ""},       // one long cue for two
		{"1-2 a", "3-4 б", "1-2 a | 3-4 б", ""},                   // never together
		{"1-2 a | 2.2-3 b", "1-3 б", "1-2.2 a~б | 2.2-3 b~б", ""}, // a gap too short to be shown
		{"1-3 a", "1.2-1.3 б", "1-1.3 a~б | 1.3-3 a", ""},
		{"1-3 a", "1.5-1.55 б | 1.6-3 в", "1-1.5 a | 1.5-1.6 a~б | 1.6-3 a~в", ""},
		{"1-2 a~b", "1-2 б~г", "1-2 a~b~б~г", ""},
		{"1-2 a | 1-2 b", "1-2 б", "1-2 a~b~б", ""},
		{`1-2 {\an8}a`, `1-2 {\an9}б`, "1-2 a~б", "lossy-position lossy-position"},
		{"2-1 a", "1-2 б", "1-2 б | 2-1 a", ""}, // never shown: kept as it stands
		{"1-2 a", "", "1-2 a", ""},
		{"", "", "", ""},
	} {
		got, found := Tracks(read(t, "f.en.srt", c.a), read(t, "f.ru.srt", c.b), subtitle.SRT, Stacked)
		if written(got) != c.want || rules(found) != c.found {
			t.Errorf("%s + %s\n got %s, found %q\nwant %s, found %q", c.a, c.b, written(got), rules(found), c.want, c.found)
		}
	}
}

// A WebVTT file keeps its header, its styles and its notes where the first cue that followed them still does.
func TestApartKeepsBlocks(t *testing.T) {
	first, _ := subtitle.Read("f.en.vtt", []byte("WEBVTT Kind\n\nSTYLE\n::cue{color:red}\n\nREGION\nid:r\n\nid\n00:02.000 --> 00:03.000 region:r\n<v Anna>a\n\nNOTE later\n\n00:04.000 --> 00:05.000\nb\n"),
		subtitle.Options{Language: "en"})
	second, _ := subtitle.Read("f.ru.vtt", []byte("WEBVTT\n\nSTYLE\n::cue{color:blue}\n\nid\n00:01.000 --> 00:04.500 align:left\n<v Анна>б\n"), subtitle.Options{Language: "ru"})
	got, found := Tracks(first, second, subtitle.WebVTT, Apart)
	want := "WEBVTT Kind\n\nSTYLE\n::cue{color:red}\n\nREGION\nid:r\n\n00:00:01.000 --> 00:00:04.500 line:0\n<lang ru><v Анна>б</lang>\n\n" +
		"id\n00:02.000 --> 00:03.000 region:r\n<v Anna>a\n\nNOTE later\n\n00:04.000 --> 00:05.000\nb\n"
	if string(got.WebVTT()) != want {
		t.Errorf("got\n%s\nwant\n%s", got.WebVTT(), want)
	}
	if rules(found) != "lossy-style lossy-position" || found[0].Pos.File != "f.ru.vtt" || found[0].Pos.Line != 3 || found[1].Pos.Line != 7 {
		t.Errorf("found %v", found)
	}
	_, found = Tracks(first, second, subtitle.SRT, Apart)
	if got := rules(found); got != "lossy-header lossy-style lossy-region lossy-id lossy-position lossy-voice lossy-note lossy-style lossy-position lossy-voice" {
		t.Errorf("as SRT found %q", got)
	}
}

func TestClosed(t *testing.T) {
	for _, c := range []struct{ vtt, want string }{
		{"a", "a"}, {"<i>a", "<i>a</i>"}, {"<i>a</i>", "<i>a</i>"}, {"<v Anna><i>a", "<v Anna><i>a</i></v>"}, {"<v Anna><i>a</i>", "<v Anna><i>a</i></v>"},
		{"<ruby>a<rt>b", "<ruby>a<rt>b</rt></ruby>"}, {"a<b", "a<b"}, {"<lang ru>a <c.x>b", "<lang ru>a <c.x>b</c></lang>"}, {"", ""},
	} {
		if got := closed(c.vtt, subtitle.WebVTT); got != c.want {
			t.Errorf("%q: %q, want %q", c.vtt, got, c.want)
		}
	}
	for in, want := range map[string]string{`{\i1}a`: `{\i1}a</i>`, "<font color=red><b>a": "<font color=red><b>a</b></font>", "a < b": "a < b"} {
		if got := closed(in, subtitle.SRT); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// Cues that all last the whole film would make a file that grows with the square of their number.
func TestStackedTooMany(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, "%d\n00:00:%02d,%03d --> 01:00:00,000\na\n\n", i+1, i/1000, i%1000)
	}
	track, _ := subtitle.Read("f.srt", []byte(b.String()), subtitle.Options{})
	got, found := Tracks(track, track, subtitle.SRT, Stacked)
	if len(got.Cues) != 0 || rules(found) != "merge-too-many-at-once" {
		t.Errorf("%d cues, found %q", len(got.Cues), rules(found))
	}
}

// FuzzTracks merges anything with anything: no text of either may be lost, and stacked cues do not overlap.
func FuzzTracks(f *testing.F) {
	f.Add("1\n00:00:01,000 --> 00:00:02,000\na\n", "WEBVTT\n\n00:01.500 --> 00:03.000 line:0\nb\n", true, true)
	f.Fuzz(func(t *testing.T, one, two string, stacked, srt bool) {
		a, foundA := subtitle.Read("a.srt", []byte(one), subtitle.Options{Language: "en"})
		b, foundB := subtitle.Read("b.vtt", []byte(two), subtitle.Options{Language: "ru"})
		if w, _ := report.Worst(slices.Concat(foundA, foundB)); w == report.Error {
			return
		}
		layout, format := Apart, subtitle.WebVTT
		if stacked {
			layout = Stacked
		}
		if srt {
			format = subtitle.SRT
		}
		merged, found := Tracks(a, b, format, layout)
		if w, _ := report.Worst(found); w == report.Error {
			return
		}
		said := map[string]bool{}
		for i, c := range merged.Cues {
			for line := range strings.SplitSeq(c.Plain(), "\n") {
				said[visible(line)] = true
			}
			if stacked && i > 0 && c.Start < merged.Cues[i-1].End {
				t.Fatalf("cues overlap: %v and %v", merged.Cues[i-1], c)
			}
		}
		for _, c := range slices.Concat(a.Cues, b.Cues) {
			for line := range strings.SplitSeq(c.Plain(), "\n") {
				if !said[visible(line)] {
					t.Fatalf("%q is lost in %q", line, merged.WebVTT())
				}
			}
		}
	})
}

// visible is a line without what nobody sees.
func visible(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("\u2060", "", "\u200b", "", "\ufeff", "").Replace(s)), " ")
}
