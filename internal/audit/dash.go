package audit

import (
	"encoding/xml"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// mpd is the little of a DASH manifest (ISO/IEC 23009-1) that is held against the HLS beside it.
type mpd struct {
	XMLName  xml.Name `xml:"MPD"`
	Type     string   `xml:"type,attr"`
	Duration string   `xml:"mediaPresentationDuration,attr"`
	Periods  []struct {
		Sets []struct {
			Representations []struct{} `xml:"Representation"`
		} `xml:"AdaptationSet"`
	} `xml:"Period"`
}

const dashName = "manifest.mpd"

// dash judges a DASH manifest where one lies beside the release's playlists: that it can be read, is of a whole film, and
// lasts as long.
func (a *auditor) dash(m Manifest) {
	uri := m.Base + "r/" + m.ID + "/" + dashName
	if !a.known(uri) || a.stop != nil {
		return
	}
	f, err := a.src.Read(a.ctx, Request{URI: uri, Limit: limits[playlistFile]})
	if err != nil {
		return // told with the objects
	}
	var d mpd
	if err := xml.Unmarshal(f.Data, &d); err != nil {
		a.fail(uri, 0, "dash-mpd", "not a DASH manifest: %v", err)
		return
	}
	representations := 0
	for _, p := range d.Periods {
		for _, s := range p.Sets {
			representations += len(s.Representations)
		}
	}
	if representations == 0 || d.Type != "" && d.Type != "static" {
		a.fail(uri, 0, "dash-mpd", "the manifest is of type %q with %d representations, not of a whole film", d.Type, representations)
	}
	length, ok := isoDuration(d.Duration)
	switch {
	case !ok:
		a.fail(uri, 0, "dash-duration", "mediaPresentationDuration is %q", d.Duration)
	case a.sum.Length > 0 && (length-a.sum.Length).Abs() > slack:
		a.fail(uri, 0, "dash-duration", "mediaPresentationDuration is %s, the film lasts %s", seconds(length), seconds(a.sum.Length))
	}
}

var isoForm = regexp.MustCompile(`^PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$`)

// isoDuration reads a duration as ISO 8601 and XML Schema write it, without days.
func isoDuration(text string) (time.Duration, bool) {
	m := isoForm.FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || text == "PT" {
		return 0, false
	}
	var d float64
	for i, unit := range []float64{3600, 60, 1} {
		if n, err := strconv.ParseFloat(m[i+1], 64); err == nil {
			d += n * unit
		}
	}
	return time.Duration(d * float64(time.Second)), d < 1e9
}
