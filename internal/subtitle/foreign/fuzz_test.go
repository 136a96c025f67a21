package foreign

import (
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// fuzzReader feeds anything to the reader of a format, and where it says that nothing was lost insists that nothing is lost in
// writing either.
func fuzzReader(f *testing.F, format subtitle.Format, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	read := readers[format]
	f.Fuzz(func(t *testing.T, data []byte) {
		track, found := read("f."+format.String(), data, Options{}) // not guarded: a panic is a bug
		for _, x := range found {
			if x.Text == "" || x.Rule == "" || x.Pos.File == "" || x.Pos.Offset > int64(len(data)) {
				t.Errorf("finding without a right place: %+v", x)
			}
			x.Snippet()
		}
		size := 0
		for i := range track.Cues {
			c := &track.Cues[i]
			if c.Start < 0 || c.End <= c.Start || c.Raw == "" || strings.Contains(c.Raw, "\n\n") || strings.Contains(c.Raw, "-->") {
				t.Fatalf("cue %d is no cue: %v %v %q", i, c.Start, c.End, c.Raw)
			}
			if i > 0 && c.Start < track.Cues[i-1].Start {
				t.Fatalf("cue %d is not in order", i)
			}
			size += len(c.Raw)
		}
		if size > 40*len(data)+4<<20 {
			t.Fatalf("%d bytes of text came out of %d", size, len(data))
		}
		if len(track.Cues) == 0 {
			if len(found) == 0 {
				t.Fatal("nothing came out, and nobody says why")
			}
			return
		}
		for _, to := range Writable() {
			out, lost := Write(track, to, WriteOptions{})
			if strings.Contains(rulesOf(lost), "lossy-time") {
				continue // cues were left out, as the findings say
			}
			again, found := Read("f."+to.String(), out, Options{})
			if worst, any := report.Worst(found); any && worst == report.Error {
				t.Fatalf("as %s it is not right: %v\n%q", to, found, out)
			}
			if to == subtitle.STL {
				continue // characters are replaced, which the findings say
			}
			if got, want := saidBy(again), saidBy(track); got != want {
				t.Fatalf("as %s it says\n%q\nread was\n%q\n%q", to, got, want, out)
			}
		}
	})
}

// saidBy is the words of a track, without blanks and without what is not seen.
func saidBy(t subtitle.Track) string {
	var b strings.Builder
	for _, c := range t.Cues {
		for w := range strings.FieldsSeq(strings.NewReplacer("\u2060", "", "\u200b", "", "\ufeff", "").Replace(c.Plain())) {
			b.WriteString(w)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func FuzzASS(f *testing.F) {
	fuzzReader(f, subtitle.ASS, assFile(`{\an8\pos(1,2)\i1}One{\i0}\NTwo {\c&HFF&}x`, `{\p1}m 0 0{\p0}t`, "Dialogue: 0,0:00:03.00,0:00:04.00,Sign,Ann,0,0,0,,c"), "[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,a\n")
}

func FuzzTTML(f *testing.F) {
	fuzzReader(f, subtitle.TTML, ttmlFile(`<head><styling><style xml:id="s" tts:fontStyle="italic"/></styling><layout><region xml:id="r" tts:origin="10% 10%" tts:extent="50% 50%"/></layout></head><body begin="1s"><div><p begin="1s" dur="2s" region="r" style="s">a <span begin="1s" tts:color="red">b</span><br/>c</p></div></body>`),
		`<tt ttp:timeBase="smpte" ttp:frameRate="30"><body><p begin="00:01:00:02" end="01:00:00:00">a</p></body></tt>`)
}

func FuzzSTL(f *testing.F) {
	fuzzReader(f, subtitle.STL, string(stlFile("00", tti(1, 0, 0, 20, 2, 1, "\x80it\x81\x8a\x03y"), tti(1, 255, 0, 20, 2, 1, "\xc8a\xd8b"))), string(stlFile("01", tti(1, 255, 1, 20, 2, 1, "\xbf\xe0\xd8"))))
}

func FuzzSCC(f *testing.F) {
	fuzzReader(f, subtitle.SCC, "Scenarist_SCC V1.0\n\n00:00:00:00\t9420 9420 94ae 94ae 9476 91ae c8e9 ae80 942f 942f\n\n00:00:02;00\t9425 94ad 9476 c8e9 94ad c8e9 942c\n")
}

func FuzzSniff(f *testing.F) {
	f.Add("a.ass", []byte("[Script Info]"))
	f.Add("a.xml", []byte("\xff\xfe<\x00t\x00t\x00"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		Read(name, data, Options{})
	})
}
