package subtitle

import (
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/report"
)

// brief is a finding as one line of a table: "error 3:1 vtt-timestamp".
func brief(fs []report.Finding) string {
	var out []string
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s %d:%d %s", f.Severity, f.Pos.Line, f.Pos.Col, f.Rule))
	}
	return strings.Join(out, ", ")
}

// cueLines is what was read, a cue a part: "id|start|end|settings|text".
func cueLines(t Track) string {
	var out []string
	for _, c := range t.Cues {
		out = append(out, fmt.Sprintf("%s|%d|%d|%s|%s", c.ID, c.Start.Milliseconds(), c.End.Milliseconds(), c.Settings(), c.Raw))
	}
	return strings.Join(out, " ~ ")
}

const (
	t12 = "00:01.000 --> 00:02.000"
	t34 = "00:03.000 --> 00:04.000"
)

func TestWebVTTFile(t *testing.T) {
	for _, c := range []struct{ in, cues, found string }{
		{"WEBVTT\n\n" + t12 + "\na\n", "|1000|2000||a", ""},
		{"WEBVTT\n\nid\n" + t12 + "\na\nb\n", "id|1000|2000||a\nb", ""},
		{"\ufeffWEBVTT x\r\n\r\n" + t12 + "\r\na\r\n", "|1000|2000||a", ""},
		{"WEBVTT\r\r" + t12 + "\ra\r", "|1000|2000||a", ""},
		{"WEBVTT", "", "error 0:0 file-no-cues"},
		{"WEBVTT\n", "", "error 0:0 file-no-cues"},
		{"WEBVTTx\n\n" + t12 + "\na\n", "|1000|2000||a", "error 1:1 vtt-signature"},
		{"\n WEBVTT\n\n" + t12 + "\na\n", "|1000|2000||a", "error 1:1 vtt-signature, error 2:1 vtt-text-outside"},
		{"WEBVTT\n" + t12 + "\na\n", "|1000|2000||a", "warn 2:1 vtt-header-blank"},
		{"WEBVTT\nKind: captions\nLanguage: en\n\n" + t12 + "\na\n", "|1000|2000||a", ""},
		{"WEBVTT\n\nNOTE a\nb\n\n" + t12 + "\na\n\nNOTE\n", "|1000|2000||a", ""},
		{"WEBVTT\n\nSTYLE\n::cue{}\n\nREGION\nid:r lines:2\n\n" + t12 + " region:r\na\n", "|1000|2000|region:r|a", ""},
		{"WEBVTT\n\n" + t12 + "\na\n\nSTYLE\n::cue{}\n", "|1000|2000||a", "warn 6:1 vtt-block-late"},
		{"WEBVTT\n\nREGION: id=r\n\n" + t12 + " region:r\na\n", "|1000|2000||a", "warn 3:1 vtt-block, warn 5:25 vtt-region-unknown"},
		{"WEBVTT\n\n00:01,000 --> 00:02,000\na\n", "", "error 3:6 vtt-timestamp"},
		{"WEBVTT\n\n00:01.000 -> 00:02.000\na\n", "", "error 3:1 vtt-text-outside"},
		{"WEBVTT\n\n00:01.000 --> 00:72.000\na\n\n" + t34 + "\nb\n", "|3000|4000||b", "error 3:15 vtt-timestamp"},
		{"WEBVTT\n\n" + t12 + "\na\n" + t34 + "\nb\n", "|1000|2000||a ~ |3000|4000||b", "warn 5:1 vtt-arrow-in-text"},
		{"WEBVTT\n\n" + t12 + "\na\n\nlost\n", "|1000|2000||a", "error 6:1 vtt-text-outside"},
		{"WEBVTT\n\n1\n\n" + t12 + "\na\n", "|1000|2000||a", "warn 3:1 vtt-id-blank"},
		{"WEBVTT\n\n" + t34 + "\na\n\n" + t12 + "\nb\n", "|3000|4000||a ~ |1000|2000||b", "warn 6:1 vtt-order"},
		{"WEBVTT\n\nx\n" + t12 + "\na\n\nx\n" + t34 + "\nb\n", "x|1000|2000||a ~ x|3000|4000||b", "warn 7:1 vtt-id-dup"},
		{"WEBVTT\n\n00:02.000 --> 00:02.000\na\n", "|2000|2000||a", "error 3:1 cue-end-after-start"},
		{"WEBVTT\n\n" + t12 + "\n\n" + t34 + "\nb\n", "|1000|2000|| ~ |3000|4000||b", "warn 3:1 cue-empty"},
		{"WEBVTT\n\n123456:00:00.000 --> 123456:00:01.000\na\n", "|444441600000|444441601000||a", ""},
		{"WEBVTT\n\n" + t12 + " line:0 foo:bar align:middle align:left align:right x\na\n", "|1000|2000|line:0 align:right|a",
			"warn 3:32 vtt-setting-unknown, warn 3:40 vtt-setting-value, warn 3:53 vtt-setting-dup, warn 3:64 vtt-setting-dup, warn 3:76 vtt-setting-unknown"},
		{"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n" + t12 + "\na\n", "|1000|2000||a", "warn 2:1 hls-timestamp-map"},
		{"WEBVTT\n\n" + t12 + "\n\x00a\n", "|1000|2000||\ufffda", ""},
	} {
		track, found := Read("x.vtt", []byte(c.in), Options{})
		if got := cueLines(track); got != c.cues {
			t.Errorf("%q\n cues %q\n want %q", c.in, got, c.cues)
		}
		if got := brief(found); got != c.found {
			t.Errorf("%q\n found %s\n want  %s", c.in, got, c.found)
		}
	}
}

func zeros(n int) string { return strings.Repeat("0", n) }

func TestWebVTTSettings(t *testing.T) {
	for in, want := range map[string]string{
		"vertical:rl":                 "vertical:rl",
		"vertical:x":                  "",
		"line:-1":                     "line:-1",
		"line:-0":                     "line:0",
		"line:1.5":                    "line:1.5",
		"line:1..5":                   "",
		"line:.5":                     "",
		"line:5.":                     "",
		"line:1-":                     "",
		"line:0%":                     "line:0%",
		"line:-0%":                    "",
		"line:101%":                   "",
		"line:1%%":                    "",
		"line:100%,end":               "line:100%,end",
		"line:100%,middle":            "",
		"position:10%,line-left":      "position:10%,line-left",
		"position:10":                 "",
		"position:10%,start":          "",
		"size:50.5%":                  "size:50.5%",
		"size:100%":                   "",
		"align:end":                   "align:end",
		"align:middle":                "",
		"align: end":                  "",
		"align :end":                  "",
		"region:r":                    "region:r",
		"region:r line:1":             "line:1",
		"region:r size:50%":           "size:50%",
		"region:r vertical:lr":        "vertical:lr",
		"line:1 region:r":             "line:1 region:r",
		"line:18446744073709552000":   "line:18446744073709552000",
		"line:100%,startend":          "",
		"line:100%,":                  "",
		"line:100%,START":             "",
		"line:1,end,end":              "",
		"line:1e2":                    "",
		"line:+1":                     "",
		"line:--1":                    "",
		"line:00%":                    "line:0%",
		"line:1" + zeros(308):         "line:1" + zeros(308),
		"line:1" + zeros(309):         "", // over the largest number
		"line:-1" + zeros(309):        "",
		"line:0." + zeros(330) + "1":  "line:0", // under the smallest
		"size:0." + zeros(330) + "1%": "size:0%",
		"position:100.0%":             "position:100%",
		"position:100.1%":             "",
		"position:1%,line-leftcenter": "",
		"position:1%,auto":            "",
		"position:1%,":                "",
		"position:1% ,center":         "position:1%",
		"align:end align:middle":      "align:end",
		"align:end align:":            "align:end",
		"vertical:lr vertical:RL":     "vertical:lr",
		"region:r region:none":        "",
		"region:none region:r":        "region:r",
		"region:r size:100%":          "region:r",
		"region:":                     "",
	} {
		got := parseSettings(in, map[string]*Region{"r": {ID: "r"}}, func(string, word, string) {}).String()
		if got != want {
			t.Errorf("%s: %q, want %q", in, got, want)
		}
	}
}

func TestRegion(t *testing.T) {
	for in, want := range map[string]Region{
		"":                                       {Width: 100, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100},
		"id:a id:b\nlines:7":                     {ID: "b", Width: 100, Lines: 7, RegionAnchorY: 100, ViewportAnchorY: 100},
		"width:40% lines:1x scroll:up":           {Width: 40, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100, Scroll: "up"},
		"width:101% lines:-1 scroll:down":        {Width: 100, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100},
		"regionanchor:1%,2% viewportanchor:3%,4": {Width: 100, Lines: 3, RegionAnchorX: 1, RegionAnchorY: 2, ViewportAnchorY: 100},
		"id:a id: regionanchor:1%,2% regionanchor:3%":   {ID: "a", Width: 100, Lines: 3, RegionAnchorX: 1, RegionAnchorY: 2, ViewportAnchorY: 100},
		"regionanchor:-0%,1% viewportanchor:1%,2%,3%":   {Width: 100, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100},
		"lines:-0 lines:1.5 lines:+1 scroll:up scroll:": {Width: 100, Lines: 3, RegionAnchorY: 100, ViewportAnchorY: 100, Scroll: "up"},
		"lines:0 width:0.25%":                           {Width: 0.25, RegionAnchorY: 100, ViewportAnchorY: 100},
		"lines:4294967296 id: width :40%":               {Width: 100, Lines: 4294967296, RegionAnchorY: 100, ViewportAnchorY: 100},
	} {
		if got := *parseRegion(in); got != want {
			t.Errorf("%q: %+v, want %+v", in, got, want)
		}
	}
}

// TestMarkAlone reads a file that is only a byte order mark.
func TestMarkAlone(t *testing.T) {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xff\xfe\x00\x00"} {
		for _, name := range []string{"f.vtt", "f.srt"} {
			if track, found := Read(name, []byte(mark), Options{}); len(track.Cues) > 0 || len(found) == 0 || found[len(found)-1].Rule != "file-no-cues" {
				t.Errorf("%s of %q: %v", name, mark, found)
			}
		}
	}
}
