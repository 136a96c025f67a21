package subtitle

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"filmpress/internal/report"
)

// FuzzRead reads anything, and where nothing was lost insists that nothing is lost later either: written in either
// format and read again, the cues say the same.
func FuzzRead(f *testing.F) {
	files, err := os.ReadDir(oddFiles)
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(filepath.Join(oddFiles, file.Name()))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, strings.HasSuffix(file.Name(), ".vtt"))
	}
	f.Fuzz(func(t *testing.T, data []byte, vtt bool) {
		name := "f.srt"
		if vtt {
			name = "f.vtt"
		}
		track, found := Read(name, data, Options{})
		checkPlaces(t, data, found)
		for _, f := range track.LossyAs(SRT) {
			if !strings.HasPrefix(f.Rule, "lossy-") {
				t.Errorf("%v", f)
			}
		}
		track.Transcript()
		if worst, _ := report.Worst(found); worst == report.Error {
			return
		}
		want := said(track.Cues)
		for name, written := range map[string][]byte{"again.vtt": track.WebVTT(), "again.srt": track.SRT()} {
			again, found := Read(name, written, Options{})
			if worst, _ := report.Worst(found); worst == report.Error {
				t.Fatalf("%s is not right: %v\n%q", name, found, written)
			}
			if got := said(again.Cues); got != want {
				t.Fatalf("%s says\n%s\nread was\n%s\n%q", name, got, want, written)
			}
		}
		if len(data) < 4096 {
			together(t, track, 6*time.Second, time.Minute)
		}
	})
}

// checkPlaces checks that every finding's place lies in the file.
func checkPlaces(t *testing.T, data []byte, found []report.Finding) {
	t.Helper()
	for _, f := range found {
		if f.Text == "" || f.Rule == "" || f.Pos.File == "" || f.Pos.Line < 0 || f.Pos.Col < 0 || f.Pos.Offset > int64(len(data)) {
			t.Errorf("finding without a right place: %+v", f)
		}
		if f.Pos.Line > 0 && f.Pos.Line > 1+bytes.Count(data, []byte("\n"))+bytes.Count(data, []byte("\r")) {
			t.Errorf("line %d is not in the file", f.Pos.Line)
		}
		f.Snippet()
	}
}

// FuzzCueText parses any payload in both syntaxes; SRT written as WebVTT says the same.
func FuzzCueText(f *testing.F) {
	for _, s := range []string{"<v a>b</v>", "<ruby>a<rt>b</ruby>", "<00:00:01.000>", "&lt;&#65;&", "<b><i></b></i>", `{\an8}{\i1}a{\i0}`, `{\b1\a6}a\Nb{\b}\h`, `<c>\</c>N`, `C:\new`, "<font color='red'>x", "<c.a.b d>e", "a<br>b<BR />c</br>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "")), " ")
		ParseCueText(s).Dump()
		srt := Cue{Raw: s, Markup: SRT}
		for _, c := range []Cue{srt, {Raw: s, Markup: WebVTT}} {
			if got := string(c.AppendPlain(nil)); got != c.Plain() {
				t.Errorf("%q in %s: AppendPlain gives %q, Plain %q", s, c.Markup, got, c.Plain())
			}
		}
		vtt := Cue{Raw: srt.vttPayload(), Markup: WebVTT}
		if said([]Cue{srt}) != said([]Cue{vtt}) {
			t.Errorf("%q as SRT says %q, as WebVTT %q says %q", s, srt.Plain(), vtt.Raw, vtt.Plain())
		}
		if back := (Cue{Raw: vtt.srtPayload(), Markup: SRT}); blankless(back.Plain()) != blankless(vtt.Plain()) {
			t.Errorf("%q as WebVTT says %q, as SRT %q says %q", vtt.Raw, vtt.Plain(), back.Raw, back.Plain())
		}
	})
}

// blankless is text without the invisible and without lines of spaces, which SRT cannot hold.
func blankless(s string) string {
	return keepLines(strings.ReplaceAll(s, wordJoiner, ""), func(line string) bool { return !blank(line) })
}
