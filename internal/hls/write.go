package hls

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Bytes is the playlist as it is published.
func (m Master) Bytes() []byte {
	var b bytes.Buffer
	head(&b, m.Version)
	tagIf(&b, m.Independent, "#EXT-X-INDEPENDENT-SEGMENTS")
	for _, r := range m.Renditions {
		fmt.Fprintf(&b, "#EXT-X-MEDIA:%s\n", writeAttrs(renditionFields, r))
	}
	for _, v := range m.Variants {
		fmt.Fprintf(&b, "#EXT-X-STREAM-INF:%s\n%s\n", writeAttrs(variantFields, v), uri(v.URI))
	}
	for _, f := range m.IFrames {
		fmt.Fprintf(&b, "#EXT-X-I-FRAME-STREAM-INF:%s\n", writeAttrs(iframeFields, f))
	}
	return b.Bytes()
}

// Bytes is the playlist as it is published. EXTINF are rounded so that the sum of any run of them is within a
// microsecond of the truth (authoring specification, 8.1).
func (m Media) Bytes() []byte {
	var b bytes.Buffer
	head(&b, m.Version)
	fmt.Fprintf(&b, "#EXT-X-TARGETDURATION:%d\n", m.Target)
	if m.Sequence != 0 {
		fmt.Fprintf(&b, "#EXT-X-MEDIA-SEQUENCE:%d\n", m.Sequence)
	}
	if m.Type != "" {
		fmt.Fprintf(&b, "#EXT-X-PLAYLIST-TYPE:%s\n", m.Type)
	}
	tagIf(&b, m.Independent, "#EXT-X-INDEPENDENT-SEGMENTS")
	tagIf(&b, m.IFramesOnly, "#EXT-X-I-FRAMES-ONLY")
	var at time.Duration
	var mp Map
	for _, s := range m.Segments {
		tagIf(&b, s.Discontinuity, "#EXT-X-DISCONTINUITY")
		tagIf(&b, s.Gap, "#EXT-X-GAP")
		if s.Map != nil && *s.Map != mp {
			mp = *s.Map
			fmt.Fprintf(&b, "#EXT-X-MAP:%s\n", writeAttrs(mapFields, mapAttrs{mp.URI, mp.Range.String()}))
		}
		shown := (at + s.Duration).Round(time.Microsecond) - at.Round(time.Microsecond)
		at += s.Duration
		fmt.Fprintf(&b, "#EXTINF:%d.%06d,\n", shown/time.Second, shown%time.Second/time.Microsecond)
		if s.Range.Length != 0 {
			fmt.Fprintf(&b, "#EXT-X-BYTERANGE:%s\n", s.Range)
		}
		fmt.Fprintf(&b, "%s\n", uri(s.URI))
	}
	tagIf(&b, m.End, "#EXT-X-ENDLIST")
	return b.Bytes()
}

// String is the form of EXT-X-BYTERANGE, "" for the whole file.
func (r ByteRange) String() string {
	if r.Length == 0 {
		return ""
	}
	return fmt.Sprintf("%d@%d", r.Length, r.Offset)
}

func head(b *bytes.Buffer, version int) {
	b.WriteString("#EXTM3U\n")
	if version != 0 {
		fmt.Fprintf(b, "#EXT-X-VERSION:%d\n", version)
	}
}

func tagIf(b *bytes.Buffer, on bool, tag string) {
	if on {
		b.WriteString(tag + "\n")
	}
}

// uri gives a URI line. URIs are the program's own names, so one that is no line of its own is a bug here.
func uri(s string) string {
	if s == "" || s[0] == '#' || s != strings.TrimSpace(s) || strings.ContainsAny(s, "\r\n") {
		panic(fmt.Sprintf("hls: %q is no URI", s))
	}
	return s
}
