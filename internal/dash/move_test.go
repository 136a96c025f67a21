package dash

import (
	"bytes"
	"testing"
	"time"
)

// TestRise: moving the text and writing anew give the same bytes.
func TestRise(t *testing.T) {
	m := Manifest{Base: "../../", Duration: time.Minute, Sets: []Set{
		{Type: "video", Aligned: true, StartWithSAP: 1, Representations: []Representation{{ID: "v0", MIME: "video/mp4", Bandwidth: 1, Timescale: 25,
			Init: "o/a/v0/init.mp4", Segments: []Segment{{"o/a/v0/0.m4s", 0, 150}, {"o/b/v0/0.m4s", 150, 25}}}}},
		{Type: "text", Label: `media="../../x <BaseURL>../../`, Representations: []Representation{{ID: "t", MIME: "text/vtt", Bandwidth: 1, File: "o/c/track.vtt"}}},
	}}
	inside := m.Bytes()
	m.Base = ""
	if got, want := Rise(inside), m.Bytes(); !bytes.Equal(got, want) {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if bytes.Contains(Rise(inside), []byte("../../o/")) {
		t.Error("an address stayed")
	}
}
