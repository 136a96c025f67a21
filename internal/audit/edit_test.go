package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"testing"

	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// boxOf is a box of ISO base media with its payload.
func boxOf(typ string, parts ...[]byte) []byte {
	out := append(make([]byte, 4), typ...)
	for _, p := range parts {
		out = append(out, p...)
	}
	binary.BigEndian.PutUint32(out, uint32(len(out)))
	return out
}

// withoutClock is an init section that ParseInit takes, with an edit list, and with an mvhd in which nothing stands.
func withoutClock() []byte {
	mdhd := make([]byte, 24)
	binary.BigEndian.PutUint32(mdhd[12:], 1000)
	stsd := append(make([]byte, 8), boxOf("text")...)
	mdia := boxOf("mdia", boxOf("mdhd", mdhd), boxOf("minf", boxOf("stbl", boxOf("stsd", stsd))))
	return boxOf("moov", boxOf("mvhd"), boxOf("trak", boxOf("edts", boxOf("elst", make([]byte, 8))), mdia))
}

// TestEmptyMovieHeader: a stranger's init section does not end verify.
func TestEmptyMovieHeader(t *testing.T) {
	init := withoutClock()
	if _, err := mp4.ParseInit(init); err != nil {
		t.Fatal(err)
	}
	if got := editShift(init, 1000); got != 0 {
		t.Errorf("moved by %d", got)
	}
}

// FuzzInit reads init sections of anybody's.
func FuzzInit(f *testing.F) {
	f.Add(withoutClock())
	f.Add(boxOf("moov", boxOf("mvhd", []byte{1}), boxOf("trak", boxOf("edts", boxOf("elst", []byte{1, 0, 0, 0, 0, 0, 0, 1})))))
	f.Fuzz(func(t *testing.T, b []byte) {
		if track, err := mp4.ParseInit(b); err == nil {
			editShift(b, track.Timescale)
		}
		editShift(b, 1000)
	})
}

// TestBugKeepsFindings: what was found before a fault of ours is told with it, so that one film does not hide the others.
func TestBugKeepsFindings(t *testing.T) {
	f := files{"m.m3u8": []byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,CODECS=\"avc1.64001f\"\na.m3u8\n")}
	fetch := func(ctx context.Context, uri string) ([]byte, error) {
		if uri == "a.m3u8" {
			panic("a fault")
		}
		return f.fetch(ctx, uri)
	}
	findings, _, err := Run(t.Context(), plain(fetch), Options{Master: "m.m3u8"})
	if bug, is := errors.AsType[*report.Bug](err); !is || bug.Value != "a fault" || len(findings) == 0 {
		t.Errorf("%v, %v", err, findings)
	}
}
