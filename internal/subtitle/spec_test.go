package subtitle

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// spec is a second reader, written from the specification's steps one after another, a character at a time, with no
// eye to speed, places or findings. The fuzz tests below hold our reader to it.
type spec struct {
	in      []rune
	pos     int
	seenCue bool
	regions []specRegion
	cues    []string
}

// specFile runs the WebVTT parser algorithm (6.1). ok is false where the file is refused.
func specFile(data []byte) (cues []string, ok bool) {
	text := specDecode(data)
	text = strings.TrimPrefix(text, "\ufeff")
	text = strings.NewReplacer("\x00", "\ufffd", "\r\n", "\n", "\r", "\n").Replace(text)
	s := &spec{in: []rune(text)}
	if len(s.in) < 6 || string(s.in[:6]) != "WEBVTT" {
		return nil, false
	}
	if s.pos = 6; s.pos < len(s.in) && !strings.ContainsRune(" \t\n", s.in[s.pos]) {
		return nil, false
	}
	s.collect(func(r rune) bool { return r != '\n' })
	if s.pos >= len(s.in) {
		return nil, true
	}
	s.pos++
	if s.pos >= len(s.in) {
		return nil, true
	}
	if s.in[s.pos] != '\n' {
		s.block(true)
	} else {
		s.pos++
	}
	s.collect(func(r rune) bool { return r == '\n' })
	for s.pos < len(s.in) {
		s.block(false)
		s.collect(func(r rune) bool { return r == '\n' })
	}
	return s.cues, true
}

// specDecode is UTF-8 decode (Encoding Standard 8.1.1), a byte at a time.
func specDecode(data []byte) string {
	var out []rune
	var char rune
	needed, seen, lower, upper := 0, 0, byte(0x80), byte(0xbf)
	for i := 0; i < len(data); i++ {
		b := data[i]
		if needed == 0 {
			switch {
			case b < 0x80:
				out = append(out, rune(b))
			case 0xc2 <= b && b <= 0xdf:
				needed, char = 1, rune(b&0x1f)
			case 0xe0 <= b && b <= 0xef:
				needed, char = 2, rune(b&0xf)
				if b == 0xe0 {
					lower = 0xa0
				} else if b == 0xed {
					upper = 0x9f
				}
			case 0xf0 <= b && b <= 0xf4:
				needed, char = 3, rune(b&0x7)
				if b == 0xf0 {
					lower = 0x90
				} else if b == 0xf4 {
					upper = 0x8f
				}
			default:
				out = append(out, 0xfffd)
			}
			continue
		}
		if b < lower || b > upper {
			needed, seen, lower, upper = 0, 0, 0x80, 0xbf
			out = append(out, 0xfffd)
			i-- // the byte is read again
			continue
		}
		lower, upper = 0x80, 0xbf
		char = char<<6 | rune(b&0x3f)
		if seen++; seen == needed {
			out = append(out, char)
			needed, seen = 0, 0
		}
	}
	if needed > 0 {
		out = append(out, 0xfffd)
	}
	return string(out)
}

func (s *spec) collect(f func(rune) bool) string {
	from := s.pos
	for s.pos < len(s.in) && f(s.in[s.pos]) {
		s.pos++
	}
	return string(s.in[from:s.pos])
}

// block collects a WebVTT block (6.2).
func (s *spec) block(inHeader bool) {
	lines, previous, buffer := 0, s.pos, ""
	seenEOF, seenArrow := false, false
	var cue *specCue
	style, region := false, false
loop:
	for !seenEOF {
		line := s.collect(func(r rune) bool { return r != '\n' })
		lines++
		if s.pos >= len(s.in) {
			seenEOF = true
		} else {
			s.pos++
		}
		switch {
		case strings.Contains(line, "-->"):
			if inHeader || !(lines == 1 || lines == 2 && !seenArrow) {
				s.pos = previous
				break loop
			}
			seenArrow, previous = true, s.pos
			c := &specCue{id: buffer, settings: map[string]string{}}
			if c.timings(line, s.regions) {
				cue, buffer, s.seenCue = c, "", true
			} else {
				cue = nil
			}
		case line == "":
			break loop
		default:
			if !inHeader && lines == 2 {
				if rest, ok := strings.CutPrefix(buffer, "STYLE"); ok && !s.seenCue && strings.Trim(rest, " \t\f") == "" {
					style, buffer = true, ""
				} else if rest, ok := strings.CutPrefix(buffer, "REGION"); ok && !s.seenCue && strings.Trim(rest, " \t\f") == "" {
					region, buffer = true, ""
				}
			}
			if buffer != "" {
				buffer += "\n"
			}
			buffer += line
			previous = s.pos
		}
	}
	switch {
	case cue != nil:
		s.cues = append(s.cues, cue.String(buffer))
	case style:
	case region:
		s.regions = append(s.regions, specRegionOf(buffer))
	}
}

// specSpaces splits on ASCII whitespace.
func specSpaces(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n\f\r", r) })
}

// ours is what our reader says, in the words of the other one.
func ours(t Track) []string {
	var out []string
	for i := range t.Cues {
		c, s := &t.Cues[i], t.Cues[i].Settings()
		set := map[string]string{}
		if s.Vertical != Horizontal {
			set["vertical"] = s.Vertical.String()
		}
		if s.Line.Set {
			set["line"] = fmt.Sprint(s.Line.N, s.SnapToLines)
		}
		if s.Position.Set {
			set["position"] = fmt.Sprint(s.Position.N)
		}
		if s.Size != 100 {
			set["size"] = fmt.Sprint(s.Size)
		}
		for name, a := range map[string]Align{"lineAlign": s.LineAlign, "positionAlign": s.PositionAlign, "align": s.Align} {
			set[name] = a.String()
		}
		if r := s.Region; r != nil {
			set["region"] = fmt.Sprint(r.ID, r.Width, r.Lines, [2]float64{r.RegionAnchorX, r.RegionAnchorY}, [2]float64{r.ViewportAnchorX, r.ViewportAnchorY}, r.Scroll)
		}
		cue := specCue{c.ID, fmt.Sprint(c.Start.Milliseconds()), fmt.Sprint(c.End.Milliseconds()), set}
		out = append(out, cue.String(c.Raw))
	}
	return out
}

// FuzzSpec holds our reader to the specification: the same cues from any bytes, and the same trees of their texts.
func FuzzSpec(f *testing.F) {
	files, err := filepath.Glob(filepath.Join(oddFiles, "*.vtt"))
	if err != nil || len(files) < 30 {
		f.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		if len(data) < 4096 {
			f.Add(data)
		}
	}
	for _, s := range []string{"WEBVTT\n-->\n\nx\n" + t12 + " line:1%,end region:r size:100% vertical:lr\na", "WEBVTT\n\nREGION\nid:r regionanchor:1%,2%\n\n" + t12 + " region:r\n<v.a.b c&amp;d>e<rt>f</v>"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkSpec(t, data) })
}

// checkSpec reads a file with both readers, and gives the number of its cues.
func checkSpec(t *testing.T, data []byte) int {
	t.Helper()
	track, found := ReadWebVTT("f.vtt", data, Options{})
	if track.Format == 0 {
		return 0 // over the caps
	}
	checkPlaces(t, data, found)
	want, ok := specFile(data)
	if got := ours(track); ok == track.Refused || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Fatalf("%q\n got %q, refused %v\nwant %q, refused %v", data, got, track.Refused, want, !ok)
	}
	for _, c := range track.Cues {
		if got, want := c.Tree().Dump(), specTree(c.Raw); strings.Count(c.Raw, "<") < maxDepth && got != want {
			t.Fatalf("%q\n got %s\nwant %s", c.Raw, got, want)
		}
	}
	// What Read makes of a file that players read is the same: what is checked and mended is what viewers get.
	if tolerant, _ := Read("f.vtt", data, Options{}); ok && utf8.Valid(data) && strings.Join(ours(tolerant), "\n") != strings.Join(want, "\n") {
		t.Fatalf("%q is read tolerantly as %q, want %q", data, ours(tolerant), want)
	}
	return len(track.Cues)
}

// specPieces are what files are put together from at random: everything that the algorithms look at.
var specPieces = []string{
	"\n", "\n", "\n", "\n\n", "\n\n", "\r\n", "\r", "\n\r", " ", "\t", "\f", "\v", "\x00", "\ufeff", "\u00a0", "\xff", "\xe2\x82", "é", "x",
	"STYLE", "REGION", "NOTE", "STYLE\n", "\n\nREGION\n", "REGION \t\n", "WEBVTT", "-->", "->", "--", "\n\n" + t12 + "\n", "\n\n" + t34 + " ", t12, "id",
	"00:01.000", "00:00:02.000", "1:00:00.000", "00:61.000", "60:00.000", "00:00:60.000", "999999999999999999999:00:00.000", "00:01.00", "00:01.0000", "00:01,000",
	"0", "9", ":", ".", ",", "%", "-", "region:r", "region:", "id:r", "id:", "id:q ", "region:q ", "lines:", "lines:2 ", "width:40% ", "regionanchor:", "viewportanchor:1%,2% ",
	"scroll:up ", " vertical:rl ", " vertical:lr", " line:", " line:1 ", " line:-1.5,end ", " line:100%,start", " position:", " position:10%,line-left ", " size:", " size:50% ", " size:100%",
	" align:", " align:start ", "end", "left", "center", "<", ">", "</", "<c", "<c.a.b>", "<i>", "</i>", "<b ", "<ruby>", "<rt>", "</rt>", "</ruby>", "<v Anna>", "<v", "<lang en>",
	"</lang>", "</c>", "<00:01.500>", "<1:00:00.000", "&", "&amp;", "&amp", "&lt;", "&#65;", "&#x", "&notit;", ";",
}

// TestSpec puts files together at random, the same ones each time, and holds our reader to the specification.
func TestSpec(t *testing.T) {
	const files = 5_000
	random := rand.New(rand.NewPCG(2026, 11))
	read := 0
	for range files {
		var b strings.Builder
		b.WriteString([]string{"WEBVTT\n\n", "WEBVTT\n", "WEBVTT", "\ufeffWEBVTT x\n\n", "WEBVTT\n\n" + t12 + "\n", "WEBVTT\n\nREGION\nid:r\n\n" + t12 + " "}[random.IntN(6)])
		for range random.IntN(40) {
			b.WriteString(specPieces[random.IntN(len(specPieces))])
		}
		data := []byte(b.String())
		read += checkSpec(t, data)
		if t.Failed() {
			return
		}
	}
	if read < files/2 {
		t.Errorf("only %d cues in %d files: the files are no test", read, files)
	}
}
