package hls

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/report"
)

func TestParseComplaints(t *testing.T) {
	const v = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\na\n"
	const m = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
	for _, c := range []struct{ in, want string }{
		{v, ""},
		{"#EXTM3U\r\n\r\n# note\r\n#EXT-X-STREAM-INF:BANDWIDTH=1 \r\na\r\n", ""},
		{v + "#EXT-X-SOMETHING-NEW:A=1\n", ""},
		{"", "1:1 m3u8-header,0:0 m3u8-required"},
		{"\uFEFF" + v, "1:1 m3u8-encoding"},
		{v + "#\xff\n", "1:1 m3u8-encoding"},
		{"<html>", "1:1 m3u8-header,1:1 m3u8-order,0:0 m3u8-required"},
		{v + "b\n", "4:1 m3u8-order"},
		{v + "#EXT-X-STREAM-INF:BANDWIDTH=1\n", "0:0 m3u8-order"},
		{v + "#EXT-X-STREAM-INF:BANDWIDTH=1\n#EXT-X-VERSION:7\n", "5:1 m3u8-order"},
		{v + "#EXTINF:6,\nb\n", "4:1 m3u8-kind,5:1 m3u8-order"},
		{v + "#EXT-X-VERSION:seven\n", "4:16 m3u8-number"},
		{v + "#EXT-X-VERSION:7\n#EXT-X-VERSION:7\n", "5:1 m3u8-duplicate"},
		{v + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"я\",DEFAULT=MAYBE\n", "4:55 m3u8-attribute"},
		{v + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\"\n", "4:1 m3u8-required"},
		{v + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=a,NAME=\"b\"\n", "4:34 m3u8-attribute"},
		{v + "#EXT-X-MEDIA:TYPE=\"AUDIO\",GROUP-ID=\"a\",NAME=\"b\"\n", "4:19 m3u8-attribute"},
		{v + "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\n", "4:43 m3u8-attribute,4:1 m3u8-required"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,BANDWIDTH=2\na\n", "2:31 m3u8-attribute"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=-1\na\n", "2:29 m3u8-attribute"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,\na\n", "2:30 m3u8-attribute"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1920*1080\na\n", "2:42 m3u8-attribute"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,FRAME-RATE=1e3\na\n", "2:42 m3u8-attribute"},
		{"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=cc\na\n", "2:47 m3u8-attribute"},
		{m, ""},
		{m + "#EXTINF:6.006,title, with comma\na\n#EXT-X-ENDLIST\n", ""},
		{"#EXTM3U\n", "0:0 m3u8-required"},
		{m + "#EXT-X-TARGETDURATION:6\n", "3:1 m3u8-duplicate"},
		{m + "#EXTINF:six,\na\n", "3:9 m3u8-number"},
		{m + "#EXTINF:-1,\na\n", "3:9 m3u8-number"},
		{m + "#EXTINF:99999999,\na\n", "3:9 m3u8-number"},
		{m + "#EXTINF:6,\n a\n", "4:1 m3u8-space"},
		{m + "a\n", "3:1 m3u8-order"},
		{m + "#EXTINF:6,\n", "0:0 m3u8-order"},
		{m + "#EXTINF:6,\n#EXTINF:6,\na\n", "4:1 m3u8-order"},
		{m + "#EXT-X-ENDLIST\n#EXTINF:6,\na\n", "4:1 m3u8-order,5:1 m3u8-order"},
		{m + "#EXT-X-PLAYLIST-TYPE:LIVE\n", "3:22 m3u8-attribute"},
		{m + "#EXT-X-MAP:BYTERANGE=\"0@0\"\n", "3:1 m3u8-number,3:1 m3u8-required"},
		{m + "#EXTINF:6,\n#EXT-X-BYTERANGE:x@0\na\n", "4:18 m3u8-number"},
		{m + "#EXTINF:6,\n#EXT-X-BYTERANGE:5\na\n", "5:1 m3u8-order"},
		{m + "#EXTINF:6,\n#EXT-X-BYTERANGE:5@1\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:5\na\n", ""},
		{m + "#EXT-X-MEDIA:TYPE=AUDIO\n", "3:1 m3u8-kind"},
		{m + "#EXTINF:6,\n#EXT-X-BYTERANGE:5@1\na\n#EXTINF:6,\nb\n#EXTINF:6,\n#EXT-X-BYTERANGE:5\na\n", "10:1 m3u8-order"}, // another file between
		{m + "#EXTINF:6,\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:5\na\n", "7:1 m3u8-order"},                                       // the whole file before
	} {
		var findings []report.Finding
		if strings.HasPrefix(c.in, m) || c.in == "#EXTM3U\n" {
			_, findings = ParseMedia("f", []byte(c.in), nil)
		} else {
			_, findings = ParseMaster("f", []byte(c.in))
		}
		got := map[string]bool{}
		var places []string
		for _, f := range findings {
			place := fmt.Sprintf("%d:%d %s", f.Pos.Line, f.Pos.Col, f.Rule)
			got[place] = true
			places = append(places, place)
		}
		want := strings.FieldsFunc(c.want, func(r rune) bool { return r == ',' })
		ok := len(got) == len(want)
		for _, w := range want {
			ok = ok && got[w]
		}
		if !ok {
			t.Errorf("%q\n got %s\nwant %s", c.in, strings.Join(places, ","), c.want)
		}
	}
}

func TestParseMediaValues(t *testing.T) {
	in := `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:3
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-KEY:METHOD=AES-128,URI="k"
#EXT-X-MAP:URI="all.mp4",BYTERANGE="700@0"
#EXTINF:6.006,
#EXT-X-BYTERANGE:100@700
all.mp4
#EXTINF:6.006,
#EXT-X-BYTERANGE:50
all.mp4
#EXT-X-DISCONTINUITY
#EXTINF:1,
b.m4s
#EXT-X-GAP
#EXTINF:1,
c.m4s
#EXT-X-ENDLIST
`
	m, findings := ParseMedia("m", []byte(in), nil)
	if len(findings) > 0 || len(m.Segments) != 4 {
		t.Fatalf("%v %+v", findings, m)
	}
	if m.Sequence != 3 || m.Type != "VOD" || !m.Encrypted || !m.End || m.Duration() != 14012*time.Millisecond {
		t.Errorf("%+v", m)
	}
	second := m.Segments[1]
	if second.Range != (ByteRange{50, 800}) || second.Line != 11 || second.Map.Range != (ByteRange{700, 0}) || !m.Segments[2].Discontinuity || m.Segments[2].Gap || !m.Segments[3].Gap || m.Segments[3].Discontinuity {
		t.Errorf("%+v", m.Segments)
	}
}

func TestComplaintsAreBounded(t *testing.T) {
	_, findings := ParseMedia("m", []byte(strings.Repeat("a\n", 1e6)), nil)
	if len(findings) > maxFindings {
		t.Error(len(findings))
	}
}

// FuzzParseMaster also checks that what was read without complaint and can be written is read back the same.
func FuzzParseMaster(f *testing.F) {
	f.Add(film().Master().Bytes())
	f.Add([]byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CLOSED-CAPTIONS=\"cc\",FRAME-RATE=23.976\na\n"))
	f.Add([]byte("#EXTM3U\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n#EXT-X-DEFINE:NAME=\"c\",VALUE=\"{$a}{$a}\"\n#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO=\"{$c}\"\n{$c}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, findings := ParseMaster("f", b)
		if len(findings) > 0 {
			return
		}
		once := m.Bytes()
		if m.Use.Version > 0 {
			return // a value may hold what looks like a variable
		}
		again, findings := ParseMaster("f", once)
		for _, f := range findings { // empty values are legal to read but are not written
			if f.Rule != "m3u8-required" {
				t.Fatalf("%q\n%v", once, f)
			}
		}
		if twice := again.Bytes(); string(once) != string(twice) {
			t.Fatalf("%q\n%q", once, twice)
		}
	})
}

func FuzzParseMedia(f *testing.F) {
	f.Add(IFrames("init.mp4", []Segment{{URI: "a", Duration: time.Second, Range: ByteRange{5, 6}}}).Bytes())
	f.Add([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n#EXT-X-BYTERANGE:5@1\na\n#EXTINF:6,\n#EXT-X-BYTERANGE:5\na\n"))
	f.Add([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-MAP:URI=\"i\"\n#EXT-X-GAP\n#EXTINF:6,\na\n#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"j\"\n#EXTINF:6,\nb\n"))
	f.Add([]byte("#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-DEFINE:NAME=\"a\",VALUE=\"#\"\n#EXT-X-DEFINE:QUERYPARAM=\"q\"\n#EXTINF:6,\nx{$a}{$q}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, findings := ParseMedia("f", b, nil)
		if len(findings) > 0 {
			return
		}
		for _, s := range m.Segments {
			if s.URI == "" || s.Duration < 0 {
				t.Fatalf("%+v", s)
			}
		}
		once := m.Bytes()
		if m.Use.Version > 0 {
			return
		}
		again, findings := ParseMedia("f", once, nil)
		for _, f := range findings {
			if f.Rule != "m3u8-required" {
				t.Fatalf("%q\n%v", once, f)
			}
		}
		if twice := again.Bytes(); string(once) != string(twice) {
			t.Fatalf("%q\n%q", once, twice)
		}
	})
}
