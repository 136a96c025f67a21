package hls

import (
	"os"
	"strings"
	"testing"
)

func TestBelow(t *testing.T) {
	for in, want := range map[string]string{
		"#EXTM3U\nv1.m3u8\n":                                                 "#EXTM3U\nr/x/v1.m3u8\n",
		"#EXTM3U\r\n\r\n# a note\r\n../v1.m3u8?a=b:c\r\n":                    "#EXTM3U\r\n\r\n# a note\r\nr/x/../v1.m3u8?a=b:c\r\n",
		"https://example.org/v1.m3u8\n/v1.m3u8\n//host/v1\n":                 "https://example.org/v1.m3u8\n/v1.m3u8\n//host/v1\n",
		`#EXT-X-MEDIA:TYPE=AUDIO,NAME="a,URI=",URI="a.m3u8",LANGUAGE="ru"`:   `#EXT-X-MEDIA:TYPE=AUDIO,NAME="a,URI=",URI="r/x/a.m3u8",LANGUAGE="ru"`,
		`#EXT-X-SESSION-DATA:DATA-ID="x",URI="https://example.org/x"` + "\n": `#EXT-X-SESSION-DATA:DATA-ID="x",URI="https://example.org/x"` + "\n",
		`#EXT-X-NEW:XURI="a",URI="b"`:                                        `#EXT-X-NEW:XURI="a",URI="r/x/b"`,
		"":                                                                   "",
	} {
		if got := string(Below([]byte(in), "r/x/")); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

// TestBelowIsWhatIsWritten: moving the text and moving the model give the same bytes.
func TestBelowIsWhatIsWritten(t *testing.T) {
	for _, name := range []string{"testdata/master.m3u8", "testdata/master-bare.m3u8"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		m, findings := ParseMaster(name, b)
		if len(findings) > 0 {
			t.Fatal(findings)
		}
		inside := m.Bytes()
		for i := range m.Variants {
			m.Variants[i].URI = "r/x/" + m.Variants[i].URI
		}
		for i := range m.Renditions {
			if m.Renditions[i].URI != "" {
				m.Renditions[i].URI = "r/x/" + m.Renditions[i].URI
			}
		}
		for i := range m.IFrames {
			m.IFrames[i].URI = "r/x/" + m.IFrames[i].URI
		}
		if got, want := string(Below(inside, "r/x/")), string(m.Bytes()); got != want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, want)
		}
	}
}

// FuzzBelow: lines stay lines, and nothing is lost.
func FuzzBelow(f *testing.F) {
	f.Add([]byte("#EXTM3U\n#EXT-X-MAP:URI=\"init.mp4\"\na.m4s\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got := string(Below(b, "r/x/"))
		if strings.Count(got, "\n") != strings.Count(string(b), "\n") || strings.ReplaceAll(got, "r/x/", "") != strings.ReplaceAll(string(b), "r/x/", "") {
			t.Errorf("%q became %q", b, got)
		}
	})
}
