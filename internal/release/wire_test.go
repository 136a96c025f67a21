package release_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// TestSubtitleFix: mending a subtitle sends less than 200 bytes for each segment of the film, counted on the wire, whatever the segments'
// sizes. With FILMPRESS_TEST_CAMPAIGN the film has 5,000 segments of 200 KiB, which is 1 GB, and the fix is less than 1 MB.
func TestSubtitleFix(t *testing.T) {
	const rungs = 6
	segments, size := 1000, 200
	if os.Getenv("FILMPRESS_TEST_CAMPAIGN") != "" {
		segments, size = 5000, 200<<10
	}
	server := s3server.Start(t)
	server.Setenv(t)
	fixed := func(words string) release.Set {
		set := campaign.Film("film", "the only one", 2, false)
		playlists := make([]strings.Builder, rungs)
		for i := range segments {
			path := fmt.Sprintf("%sv%d/%05d.m4s", campaign.Own(fmt.Sprint("chunk ", i/600)), i%rungs, i/rungs)
			set.Media = append(set.Media, release.FromBytes(path, storetest.Noise(uint64(i), size+i%7)))
			fmt.Fprintf(&playlists[i%rungs], "#EXTINF:6.006,\n../../%s\n", path)
		}
		for i := range playlists {
			set.Pages = append(set.Pages, release.FromBytes(fmt.Sprintf("v%d.m3u8", i), []byte("#EXTM3U\n"+playlists[i].String())))
		}
		track := "o/" + strings.Repeat("ab", 16)[:30] + fmt.Sprintf("%02x", len(words)) + "/en/00000.vtt"
		set.Tracks = append(set.Tracks, release.FromBytes(track, []byte("WEBVTT\n\n"+strings.Repeat("00:00.000 --> 00:05.000\n"+words+"\n\n", 1000))))
		return set
	}
	publish(t, client(t, server, s3.Options{}), fixed("Teh lake"))
	counted, traffic := faults.Count(t, server)
	r := publish(t, client(t, counted, s3.Options{}), fixed("The lake."))
	sent, received := traffic.Sent.Load(), traffic.Received.Load()
	t.Logf("a film of %d MB in %d segments: the fix sent %d objects, %d bytes up and %d down", segments*size/1e6, segments, r.Uploaded, sent, received)
	if sent >= int64(200*segments) || sent < 1000 {
		t.Errorf("it sent %d bytes", sent)
	}
	if r.Uploaded > 20 {
		t.Errorf("%+v", r)
	}
	right(t, server, fixed("The lake."))
}
