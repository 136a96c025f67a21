package repair

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
)

// laws checks what holds for every file, whatever is in it.
func laws(t *testing.T, name string, data []byte, opt Options) {
	t.Helper()
	given := bytes.Clone(data)
	r := Fix(name, data, opt)
	if !bytes.Equal(given, data) {
		t.Fatal("the given bytes were changed")
	}
	if r.Refused {
		if !bytes.Equal(r.Out, data) || len(r.Left) == 0 {
			t.Fatalf("%q: refused without a reason, or changed: %v", data, r)
		}
		return
	}
	track, found := subtitle.Read(name, data, opt.Read)
	before := rules.Check(&track, found, opt.Rules)
	if len(before) == 0 && !bytes.Equal(r.Out, data) {
		t.Fatalf("a clean file was changed\nfrom %q\nto   %q", data, r.Out)
	}
	if (len(r.Changes) == 0) != bytes.Equal(r.Out, data) {
		t.Fatalf("%v was told, but the file went\nfrom %q\nto   %q", r.Changes, data, r.Out)
	}
	if again := Fix(name, r.Out, opt); !bytes.Equal(again.Out, r.Out) || len(again.Changes) > 0 {
		t.Fatalf("fixed twice changes more\nfrom  %q\nto    %q\nthen  %q\nby %v, then %v", data, r.Out, again.Out, r.Changes, again.Changes)
	}
	after, found := subtitle.Read(name, r.Out, subtitle.Options{Language: opt.Read.Language})
	passesRules(t, r, before, rules.Check(&after, found, opt.Rules), data)
	wordsStay(t, r, track.Format == subtitle.WebVTT)
	timesStay(t, r, track.Cues, after.Cues)
}

// whole are the rules of which a fix leaves nothing.
var whole = []string{"enc-not-utf8", "vtt-signature", "vtt-header-blank", "srt-blank-in-cue", "vtt-order", "srt-order"}

// passesRules checks that a fixed file passes the rules it was fixed by, but for what is left for a person.
func passesRules(t *testing.T, r Result, before, after []report.Finding, data []byte) {
	t.Helper()
	gained := slices.ContainsFunc(r.Changes, func(c Change) bool { return gains(c.Rule) }) // and what is wrong with what was lost is found now
	was, is, left := count(before), count(after), count(r.Left)
	for _, c := range r.Changes {
		if slices.Contains(whole, c.Rule) && is[c.Rule] > 0 {
			t.Fatalf("%s was mended, but is found still: %v\nfrom %q\nto   %q", c.Rule, after, data, r.Out)
		}
		if n := is[c.Rule]; n > 0 && n > was[c.Rule] && was["file-findings"] == 0 && !gained && c.Rule != "cue-overlap" { // which depends on what cues there are
			t.Fatalf("%s was mended, but is found more often: %d, then %d\nfrom %q\nto   %q", c.Rule, was[c.Rule], n, data, r.Out)
		}
		if is[c.Rule] != left[c.Rule] {
			t.Fatalf("%s: %d findings are not told as left, but %d\nin %q", c.Rule, is[c.Rule], left[c.Rule], r.Out)
		}
	}
	if !gained && errors(after) > errors(before) {
		t.Fatalf("more errors than before: %v, then %v\nfrom %q\nto   %q", before, after, data, r.Out)
	}
}

func gains(rule string) bool {
	return slices.ContainsFunc(fixes, func(f fix) bool { return f.rule == rule && f.gains })
}

func count(found []report.Finding) map[string]int {
	n := map[string]int{}
	for _, f := range found {
		n[f.Rule]++
	}
	return n
}

var (
	plainTag = regexp.MustCompile(`(?i)</?(i|b|u|s|c|v|em|strong|font|ruby|rt|lang)(\.[^\s<>]*)?([ \t][^<>\n]*)?>`)
	glued    = regexp.MustCompile(`</?[\pL\pN]*`) // may be a tag that is not closed
)

// wordsStay checks that every word of the file is in it still, however often it was, but for numbers alone on a line, times,
// settings and tags, and with the letters that fixes replace made one.
func wordsStay(t *testing.T, r Result, vtt bool) {
	t.Helper()
	was, is := wordsOf(r.Before, vtt), wordsOf(r.After, vtt)
	decoded := slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Rule == "chr-mojibake" })
	folded := wordSkeleton(plainTag.ReplaceAllString(r.After, ""))
	drops := slices.ContainsFunc(r.Changes, func(c Change) bool { return c.Rule == "cue-duplicate" })
	for _, word := range slices.Sorted(maps.Keys(was)) {
		if decoded && (!ascii([]byte(word)) || strings.Contains(folded, word)) {
			continue
		}
		if n := is[word]; n < was[word] && !(drops && n > 0) {
			t.Fatalf("%q was there %d times, and is %d times\nfrom %q\nto   %q\nby %v", word, was[word], n, r.Before, r.After, r.Changes)
		}
	}
}

func wordsOf(text string, vtt bool) map[string]int {
	n := map[string]int{}
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line = strings.Map(seen, line); vtt {
			line = subtitle.Unescape(line)
		}
		line = glued.ReplaceAllString(plainTag.ReplaceAllString(wordSkeleton(line), ""), " ")
		timed := clock.MatchString(line)
		if tm, ok := subtitle.ReadTiming(line); ok {
			rest := line[tm.Rest:]
			if strings.Contains(rest, ":") { // settings, or the coordinates of SubRip
				continue
			}
			line = rest
		}
		if strings.Trim(line, " +0123456789") == "" || strings.Contains(strings.ToUpper(line), "WEBVTT") {
			continue
		}
		for word := range strings.FieldsFuncSeq(line, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
			if timed && strings.ContainsFunc(word, unicode.IsDigit) { // a time may be read from the line or not
				continue
			}
			n[word]++
		}
	}
	return n
}

// seen drops control characters, which may stand before a time.
func seen(r rune) rune {
	if r == '\v' || r == '\f' {
		return ' '
	}
	if unicode.IsControl(r) && r < 0x80 && r != '\t' {
		return -1
	}
	return r
}

// wordSkeleton keeps spaces, which part the words.
func wordSkeleton(s string) string {
	words := strings.FieldsFunc(s, unicode.IsSpace)
	for i, w := range words {
		words[i] = skeleton(w)
	}
	return strings.Join(words, " ")
}

// timesStay checks that only the fixes of times move times, and those only the ends of cues.
func timesStay(t *testing.T, r Result, before, after []subtitle.Cue) {
	t.Helper()
	moves := map[string]bool{}
	for _, c := range r.Changes {
		moves[c.Rule] = true
	}
	if moves["vtt-timestamp"] || moves["vtt-arrow-in-text"] || moves["cue-empty"] || moves["cue-duplicate"] || moves["vtt-signature"] {
		return // other cues are there
	}
	ends := moves["cue-overlap"] || moves["cue-min-gap"] || moves["cue-gap-bridge"]
	list := func(cues []subtitle.Cue) []string {
		var out []string
		for _, c := range cues {
			if end := c.End; ends {
				out = append(out, fmt.Sprint(c.Start))
			} else {
				out = append(out, fmt.Sprint(c.Start, end))
			}
		}
		slices.Sort(out)
		return out
	}
	if was, is := list(before), list(after); !slices.Equal(was, is) {
		t.Fatalf("times moved from\n%v to\n%v\nby %v", was, is, r.Changes)
	}
}

const oddFiles = "../../../testdata/subtitles"

func odd(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	files, err := filepath.Glob(filepath.Join(oddFiles, "*.*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if filepath.Base(f) != ".gitattributes" {
			out[filepath.Base(f)] = data
		}
	}
	if len(out) < 80 {
		t.Fatalf("only %d files", len(out))
	}
	return out
}

func TestLawsOnOddFiles(t *testing.T) {
	for name, data := range odd(t) {
		t.Run(name, func(t *testing.T) {
			laws(t, name, data, Options{})
			laws(t, name, data, Options{Only: IDs()})
			for _, id := range IDs() {
				laws(t, name, data, Options{Only: []string{id, "enc-not-utf8"}})
			}
		})
	}
}

// TestLawsOnRandomFiles makes files of everything that goes wrong in them.
func TestLawsOnRandomFiles(t *testing.T) {
	pieces := []string{"Come in.", "Снег", "Cнег", "a...", "<i>", "</i>", "<b>", "</b>", "<", "&", "&amp;", "&copy", "<v Anna>", "--> there", "12", "\u200b", "\ufeff", "\x01", "Ã©",
		"Ð¡Ð½ÐµÐ³", "<ruby>", "<rt>", "</ruby>", "{\\an8}", "\n", "\n", "\n\n", " ", "<00:00:02.000>", "</u>", "hоuse", "NOTE", "<font color=red>", "</font>", "STYLE", "\u2060", "…", "</", "<i"}
	arrows := []string{" --> ", " --> ", " --> ", "-->", " -> ", " - > "}
	tails := []string{"", "", "", "", "", " line:0", " align:middle", " line:0 line:1", " X1:1", " Hello", " region:x"}
	ends := []string{"\n", "\r\n", "\r"}
	n := 3000
	if testing.Short() {
		n = 300
	}
	for seed := range n {
		rnd := rand.New(rand.NewSource(int64(seed)))
		pick := func(of []string) string { return of[rnd.Intn(len(of))] }
		var b strings.Builder
		name, sep := "f.srt", ","
		if rnd.Intn(2) == 0 {
			name, sep = "f.vtt", "."
			b.WriteString([]string{"WEBVTT\n\n", "WEBVTT\n\n", "webvtt\n", "", "\nWEBVTT x\n\n"}[rnd.Intn(5)])
		}
		at := 0
		for i := range 1 + rnd.Intn(10) {
			at += rnd.Intn(4000) - 200
			if rnd.Intn(3) > 0 {
				fmt.Fprintln(&b, i+1)
			}
			form := func(ms int) string {
				s := subtitle.FormatTime(time.Duration(max(ms, 0))*time.Millisecond, sep[0])
				switch rnd.Intn(12) {
				case 0:
					s = strings.Replace(s, sep, pick([]string{",", "."}), 1)
				case 1:
					s = s[1:]
				case 2:
					s = s[:len(s)-1]
				case 3:
					s = s[3:]
				case 4:
					s = s[:7]
				}
				return s
			}
			b.WriteString(form(at) + pick(arrows) + form(at+500+rnd.Intn(4000)) + pick(tails) + "\n")
			for range rnd.Intn(8) {
				b.WriteString(pick(pieces))
			}
			b.WriteString(pick([]string{"\n\n", "\n\n", "\n\n", "\n", "\n\n\n", ""}))
		}
		text := b.String()
		if rnd.Intn(4) == 0 {
			text = strings.ReplaceAll(text, "\n", pick(ends))
		}
		opt := Options{}
		switch rnd.Intn(4) {
		case 0:
			opt.Only = IDs()
		case 1:
			opt.Only = []string{pick(IDs()), pick(IDs()), "enc-not-utf8"}
		}
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) { laws(t, name, []byte(text), opt) }) && seed > 200 {
			break
		}
	}
}

// FuzzFix fixes anything.
func FuzzFix(f *testing.F) {
	for name, data := range odd(f) {
		f.Add(data, strings.HasSuffix(name, ".vtt"), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, vtt, all bool) {
		name, opt := "f.srt", Options{}
		if vtt {
			name = "f.vtt"
		}
		if all {
			opt.Only = IDs()
		}
		laws(t, name, data, opt)
	})
}
