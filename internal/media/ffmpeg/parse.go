package ffmpeg

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/language"

	"filmpress/internal/media"
)

// probed is what ffprobe says of a file before its packets are read.
type probed struct {
	format   string
	start    time.Duration
	declared time.Duration // 0 is unknown
	late     bool          // as of media.Reading
	streams  []probedStream
	chapters []media.Chapter
	read     bool // packets were read with the header, and ffprobe said what said holds
	packets  []packet
	said     messages
}

// probedStream is one stream of any kind; video or audio is filled in by its kind.
type probedStream struct {
	index       int
	kind        string // "video", "audio", "subtitle", "data", "attachment"
	codec, tag  string // codec is "" where ffmpeg does not know it
	language    string
	title       string
	base        float64        // seconds a tick
	rate        media.Rational // r_frame_rate
	still       bool           // attached picture, timed thumbnails
	preferred   bool
	captions    bool // CEA-608/708 in the picture
	forced, sdh bool // what a subtitle track is for
	reading     media.Reading
	dolbyVision int // profile, 0 is none
	dolbyBase   int // bl_signal_compatibility_id
	video       media.Video
	audio       media.Audio
}

// found counts the pictures and sounds of which the header tells all that there is to know; whole says that there are no others. A program
// stream of MPEG has no list of its streams, so one that begins late may not be there at all.
func (p probed) found() (known int, whole bool) {
	kinds := map[string]bool{}
	whole = true
	for _, s := range p.streams {
		if s.kind != "video" && s.kind != "audio" || s.still || s.codec == "" {
			continue
		}
		kinds[s.kind] = true
		v, a := s.video, s.audio
		if v.Width > 0 && v.Height > 0 && v.PixFmt != "" || a.Rate > 0 && a.Channels > 0 {
			known++
		} else {
			whole = false
		}
	}
	return known, whole && (p.format != "mpeg" || len(kinds) == 2)
}

// maxProbe bounds ffprobe's JSON: 64 streams and 10,000 chapters take about 4 MB.
const maxProbe = 16 << 20

type rawProbe struct {
	Format struct {
		Name     string `json:"format_name"`
		Start    string `json:"start_time"`
		Duration string `json:"duration"`
	} `json:"format"`
	Streams  []rawStream `json:"streams"`
	Chapters []struct {
		Start string            `json:"start_time"`
		End   string            `json:"end_time"`
		Tags  map[string]string `json:"tags"`
	} `json:"chapters"`
}

type rawStream struct {
	Index          int               `json:"index"`
	Codec          string            `json:"codec_name"`
	Kind           string            `json:"codec_type"`
	Profile        string            `json:"profile"`
	Tag            string            `json:"codec_tag_string"`
	Width          int               `json:"width"`
	Height         int               `json:"height"`
	SAR            string            `json:"sample_aspect_ratio"`
	PixFmt         string            `json:"pix_fmt"`
	Bits           string            `json:"bits_per_raw_sample"`
	FieldOrder     string            `json:"field_order"`
	Range          string            `json:"color_range"`
	Space          string            `json:"color_space"`
	Transfer       string            `json:"color_transfer"`
	Primaries      string            `json:"color_primaries"`
	Rate           string            `json:"r_frame_rate"`
	Base           string            `json:"time_base"`
	Start          string            `json:"start_time"`
	Duration       string            `json:"duration"`
	Channels       int               `json:"channels"`
	Layout         string            `json:"channel_layout"` // "" where the file does not say
	SampleRate     string            `json:"sample_rate"`
	ClosedCaptions int               `json:"closed_captions"`
	Disposition    map[string]int    `json:"disposition"`
	Tags           map[string]string `json:"tags"`
	SideData       []rawSideData     `json:"side_data_list"`
}

type rawSideData struct {
	Type     string  `json:"side_data_type"`
	Matrix   string  `json:"displaymatrix"`
	Rotation float64 `json:"rotation"`
	Profile  int     `json:"dv_profile"`
	BaseID   int     `json:"dv_bl_signal_compatibility_id"`
	Screen   string  `json:"max_luminance"` // of the mastering display: "10000000/10000"
	MaxCLL   float64 `json:"max_content"`
}

// parseProbe reads ffprobe's JSON. late is as of media.Reading. Numbers out of all bounds become "unknown"; only what is no JSON is an error.
func parseProbe(data []byte, late bool) (probed, error) {
	var raw rawProbe
	if err := json.Unmarshal(data, &raw); err != nil {
		return probed{}, fmt.Errorf("ffprobe gave no JSON: %w", err)
	}
	p := probed{late: late, format: raw.Format.Name, start: parseTime(raw.Format.Start), declared: max(0, parseTime(raw.Format.Duration))}
	if end := tracksEnd(raw.Streams); strings.HasPrefix(p.format, "mov") && end > 0 {
		p.declared = max(0, end-p.start) // an edit list may show less than the format's duration says
	}
	sounds := 0
	for _, s := range raw.Streams {
		if s.Index < 0 || s.Index >= maxStreams {
			continue
		}
		stream := parseStream(s)
		r := media.Reading{Late: late}
		if ownStart[p.format] && parseTime(s.Start) > p.start {
			r.Offset = time.Microsecond - p.start
		}
		r.Pair = s.Kind == "audio" && s.Channels > mostGuessed && s.Layout == ""
		stream.reading, stream.video.Reading, stream.audio.Reading = r, r, r
		if stream.kind == "audio" {
			stream.audio.Track = sounds
			sounds++
		}
		p.streams = append(p.streams, stream)
	}
	for _, c := range raw.Chapters {
		start, end := parseTime(c.Start)-p.start, parseTime(c.End)-p.start
		if end < start || start < 0 || len(p.chapters) >= 10000 {
			continue
		}
		p.chapters = append(p.chapters, media.Chapter{Start: start, End: end, Title: tidy(c.Tags["title"])})
	}
	return p, nil
}

// mostGuessed is how many channels have places that ffmpeg takes for granted where nobody says them: up to those of 7.1.
const mostGuessed = 8

// ownStart are the formats in which ffmpeg, when it reads one stream alone, takes that one's beginning for the file's, so that picture
// and sound would each begin at 0. It does so unless it is given another offset than the file's start, if by a microsecond.
var ownStart = set("mpegts mpeg")

// tracksEnd is where the last picture or sound ends by its own header; 0 where one does not say. Chapters and timecode are
// tracks, too, and may run on behind the film; cover art is given the length of the whole file.
func tracksEnd(streams []rawStream) (end time.Duration) {
	for _, s := range streams {
		if s.Kind != "video" && s.Kind != "audio" || s.still() {
			continue
		}
		d := parseTime(s.Duration)
		if d <= 0 {
			return 0
		}
		end = max(end, parseTime(s.Start)+d)
	}
	return end
}

// still says whether a stream is a picture that does not move, such as cover art.
func (r rawStream) still() bool {
	return r.Disposition["attached_pic"] == 1 || r.Disposition["timed_thumbnails"] == 1 || r.Disposition["still_image"] == 1
}

func parseStream(r rawStream) probedStream {
	base := parseRational(r.Base, "/")
	s := probedStream{index: r.Index, kind: r.Kind, codec: r.Codec, tag: tidy(r.Tag), language: parseLanguage(r.Tags["language"]), title: tidy(r.Tags["title"]),
		base: base.Float(), rate: parseRational(r.Rate, "/"), preferred: r.Disposition["default"] == 1, captions: r.ClosedCaptions == 1,
		forced: r.Disposition["forced"] == 1, sdh: r.Disposition["hearing_impaired"] == 1 || r.Disposition["captions"] == 1}
	s.still = r.still()
	if s.codec == "unknown" || s.codec == "none" {
		s.codec = ""
	}
	switch r.Kind {
	case "video":
		s.video = media.Video{Index: r.Index, Codec: s.codec, Profile: known(r.Profile), Width: bounded(r.Width), Height: bounded(r.Height),
			SAR: parseRational(r.SAR, ":"), PixFmt: known(r.PixFmt), Nominal: s.rate, FieldOrder: known(r.FieldOrder), Range: known(r.Range),
			Space: known(r.Space), Transfer: known(r.Transfer), Primaries: known(r.Primaries), Bits: bitsOf(r)}
		if ratio := s.video.SAR.Float(); ratio < 1.0/64 || ratio > 64 {
			s.video.SAR = media.Rational{Num: 1, Den: 1}
		}
		if s.video.Transfer == pq {
			s.video.Peak = peakOf(r.SideData)
		}
		for _, side := range r.SideData {
			switch side.Type {
			case "Display Matrix", "3x3 displaymatrix": // of a stream, of a frame
				s.video.Rotation, s.video.Mirrored = orientation(side.Matrix, side.Rotation)
			case "DOVI configuration record":
				s.dolbyVision, s.dolbyBase = side.Profile, side.BaseID
			}
		}
	case "audio":
		rate, _ := strconv.Atoi(r.SampleRate)
		s.audio = media.Audio{Index: r.Index, Codec: s.codec, Channels: bounded(r.Channels), Rate: bounded(rate), Language: s.language, Title: s.title, Default: s.preferred}
	}
	return s
}

// known takes ffprobe's words for "not known" away.
func known(s string) string {
	if s == "unknown" || s == "unspecified" || s == "reserved" {
		return ""
	}
	return s
}

func bounded(n int) int { return min(max(n, 0), 1<<24) }

// orientation reads how a picture is turned, clockwise, and then mirrored, from ffprobe's print of the display matrix
// (ISO 14496-12, 8.3.2): three lines "00000000: a b u". Where it is not printed so, degrees is the turn, anticlockwise.
func orientation(matrix string, degrees float64) (turn int, mirrored bool) {
	var m []float64
	for line := range strings.Lines(matrix) {
		if _, numbers, ok := strings.Cut(line, ":"); ok {
			for n := range strings.FieldsSeq(numbers) {
				v, err := strconv.ParseFloat(n, 64)
				if err != nil {
					return clockwise(degrees), false
				}
				m = append(m, v)
			}
		}
	}
	if len(m) != 9 {
		return clockwise(degrees), false
	}
	a, b, c, d := m[0], m[1], m[3], m[4]
	if mirrored = a*d-b*c < 0; mirrored { // turned, then left and right exchanged
		a = -a
	}
	return clockwise(-math.Atan2(b, a) * 180 / math.Pi), mirrored
}

// clockwise is the quarter turn, clockwise, that ffprobe's anticlockwise angle stands for.
func clockwise(degrees float64) int {
	if math.IsNaN(degrees) || math.Abs(degrees) > 360 || math.Abs(degrees-90*math.Round(degrees/90)) > 2 {
		return 0 // a picture that hangs askew was meant to
	}
	return (int(math.Round(-degrees/90))*90%360 + 360) % 360
}

// bitsOf reads the depth from the stream, else from the pixel format's name: "yuv420p10le", "gbrp12be", "p010le".
func bitsOf(r rawStream) int {
	if n, err := strconv.Atoi(r.Bits); err == nil && n >= 1 && n <= 32 {
		return n
	}
	name := strings.TrimSuffix(strings.TrimSuffix(r.PixFmt, "le"), "be")
	for _, n := range []int{16, 14, 12, 10, 9} {
		if strings.HasSuffix(name, "p"+strconv.Itoa(n)) || strings.HasSuffix(name, "p0"+strconv.Itoa(n)) || name == "gray"+strconv.Itoa(n) {
			return n
		}
	}
	if r.PixFmt == "" {
		return 0
	}
	return 8
}

// parseTime reads seconds; what is no sensible time is 0.
func parseTime(s string) time.Duration {
	f, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e9 {
		return 0
	}
	return time.Duration(math.Round(f*1e6)) * time.Microsecond
}

// parseRational reads "30000/1001" or "4:3"; the zero value is unknown.
func parseRational(s, sep string) media.Rational {
	a, b, _ := strings.Cut(s, sep)
	num, err1 := strconv.ParseInt(a, 10, 64)
	den, err2 := strconv.ParseInt(b, 10, 64)
	if err1 != nil || err2 != nil || num <= 0 || den <= 0 || num > math.MaxInt32 || den > math.MaxInt32 {
		return media.Rational{}
	}
	g := gcd(num, den)
	return media.Rational{Num: num / g, Den: den / g}
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return max(a, 1)
}

// parseLanguage turns ISO 639-2 ("rus", "ger", "und") or whatever an editor wrote into BCP 47, "" where unknown.
func parseLanguage(s string) string {
	tag, err := language.Parse(strings.ReplaceAll(strings.TrimSpace(s), "_", "-"))
	if err != nil || tag == language.Und {
		return ""
	}
	if base, _ := tag.Base(); base.String() == "mul" || base.String() == "mis" || base.String() == "zxx" {
		return ""
	}
	return tag.String()
}

// tidy makes a title from the file fit for a line: no control characters, no more than 200 runes.
func tidy(s string) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "?"), func(r rune) bool { return r < ' ' || r == 0x7f }), " ")
	if r := []rune(s); len(r) > 200 {
		s = string(r[:200])
	}
	return strings.TrimSpace(s)
}
