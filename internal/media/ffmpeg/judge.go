package ffmpeg

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// judge says in one sentence each what is wrong with a film.
type judge struct {
	path     string
	tolerant bool // damage is a warning
	begins   bool // picture and sounds are known to begin with what can be decoded
	findings []report.Finding
}

func (j *judge) find(s report.Severity, rule, text, hint string) {
	j.findings = append(j.findings, report.Finding{Pos: report.Pos{File: j.path}, Severity: s, Rule: rule, Text: text, Hint: hint})
}

func (j *judge) fail(rule, text, hint string) { j.find(report.Error, rule, text, hint) }

// damaged complains of a film of which a part can be published, if that is what the user wants.
func (j *judge) damaged(rule, text string) {
	if j.tolerant {
		j.find(report.Warn, rule, text, "what can be decoded is published; "+again+" if there is a better copy")
		return
	}
	j.fail(rule, text, again+"; or give --tolerant to publish what can be decoded")
}

func (j *judge) failed() bool {
	worst, ok := report.Worst(j.findings)
	return ok && worst == report.Error
}

// maxSide is the largest picture, in pixels a side, that x264 and the players' decoders can be asked for.
const maxSide = 16384

const again = "export or copy it again"

// unreadable judges a file of which ffprobe can make nothing.
func (j *judge) unreadable(why string, b boxes) {
	switch {
	case b.encrypted:
		j.encrypted()
	case strings.Contains(why, "max_streams"):
		j.fail("film-streams", fmt.Sprintf("the file has more than %d streams", maxStreams), "export it with one picture and the sounds that are wanted")
	case b.mp4 && !b.moov:
		j.fail("film-truncated", "the file is not complete: its index (the moov box) is missing", again+"; a recording that was cut off may be repaired by the camera's maker's tool")
	case b.mp4 && b.beyond > 0:
		j.fail("film-truncated", fmt.Sprintf("the file is not complete: %d bytes are missing at its end", b.beyond), again)
	default:
		j.fail("film-not-media", "this is no film that can be read: "+why, "name a film such as .mp4, .mov, .mkv or .mxf")
	}
}

func (j *judge) encrypted() {
	j.fail("film-encrypted", "the film is encrypted (DRM)", "publish from the unprotected master")
}

// streams judges what the header says. It gives the number of pictures that could be the film's.
func (j *judge) streams(p probed, b boxes) (pictures int) {
	name := filepath.Base(j.path)
	sound := false
	for _, s := range p.streams {
		if s.tag == "encv" || s.tag == "enca" || b.encrypted {
			j.encrypted()
			return 0
		}
		switch {
		case s.kind == "video" && !s.still:
			pictures++
			j.stream(s)
		case s.kind == "audio" && s.codec == "":
			sound = true
			j.find(report.Warn, "film-sound-unknown", fmt.Sprintf("sound track %d is coded as %s, which this ffmpeg cannot decode; it is left out", s.audio.Track, tagName(s)), "export the sound as AAC or PCM")
		case s.kind == "audio":
			sound = true
		}
	}
	switch {
	case len(p.streams) == 0:
		j.fail("film-not-media", "there is neither picture nor sound in the file", again)
	case pictures == 0 && sound:
		j.fail("film-no-picture", name+" has sound but no picture", "choose a file with a moving picture; sound alone is not published")
	case pictures == 0:
		j.fail("film-no-picture", "there is no moving picture in the file", "choose a file with a moving picture")
	}
	return pictures
}

// stream judges one picture.
func (j *judge) stream(s probedStream) {
	v := s.video
	switch {
	case s.codec == "":
		j.fail("film-codec", fmt.Sprintf("the picture is coded as %s, which this ffmpeg cannot decode", tagName(s)), "export it as H.264, HEVC or ProRes, or install a newer ffmpeg")
	case v.Width > maxSide || v.Height > maxSide:
		j.fail("film-size", fmt.Sprintf("the picture is %dx%d; more than %d pixels a side cannot be published", v.Width, v.Height, maxSide), "export it smaller; 3840x2160 is plenty")
	case v.Width*v.Height > maxPixels:
		j.fail("film-size", fmt.Sprintf("the picture is %dx%d; more than %d million pixels cannot be published", v.Width, v.Height, maxPixels/1_000_000), "export it smaller; 3840x2160 is plenty")
	case s.dolbyVision == 5 || s.dolbyVision > 0 && s.dolbyVision != 7 && s.dolbyBase == 0:
		j.fail("film-dolby-vision", fmt.Sprintf("the picture is Dolby Vision profile %d, whose colours only Dolby's own decoder shows right", s.dolbyVision), "export it as HDR10, HLG or SDR")
	}
	if s.captions {
		j.find(report.Warn, "film-captions", "the picture carries closed captions (CEA-608/708); they are not published", "give them as a subtitle file: film.en.srt")
	}
}

func tagName(s probedStream) string {
	if tag := strings.Trim(s.tag, " "); tag != "" && !strings.HasPrefix(tag, "[0]") {
		return tag
	}
	return "something unknown"
}

// declares are the containers whose header tells how long the film is, apart from the film itself.
var declares = []string{"mov", "matroska", "avi", "asf", "flv", "mxf"}

// whole judges whether the file ends where it says it does: ffmpeg itself is content with a cut one.
func (j *judge) whole(p probed, timings []*timing, said messages, b boxes) {
	if j.failed() {
		return
	}
	if b.fragmented {
		// The duration that the header of a fragmented file declares is often nonsense; its boxes are not.
		if b.beyond > slackBytes {
			j.damaged("film-truncated", fmt.Sprintf("the file is not complete: its last fragment lacks %d bytes", b.beyond))
		}
		return
	}
	trusted := false
	for _, name := range declares {
		trusted = trusted || strings.HasPrefix(p.format, name)
	}
	end := time.Duration(0)
	for _, s := range p.streams {
		if t := timings[s.index]; t.timed {
			end = max(end, seconds64(t.end)-max(0, p.start))
		}
	}
	missing := p.declared - end
	if !b.mp4 { // some writers of Matroska and FLV declare the last time in place of the duration
		missing -= max(0, p.start)
	}
	switch {
	case trusted && end > 0 && missing > max(time.Second/2, p.declared/50):
		j.damaged("film-truncated", fmt.Sprintf("the file is not complete: it says that it lasts %s, but it ends after %s", clock(p.declared), clock(end)))
	case b.riff && b.beyond > slackBytes:
		j.damaged("film-truncated", fmt.Sprintf("the file is not complete: %d bytes are missing at its end", b.beyond))
	case b.mp4 && strings.Contains(strings.Join(said.tail, "\n"), "partial file"):
		j.damaged("film-truncated", fmt.Sprintf("the file is not complete: it breaks off after %s", clock(end)))
	}
}

// slackBytes is how far a last box may run past the end without a picture being lost: some writers count a
// trailer that they do not write.
const slackBytes = 64

// clock is a duration as people say it: 1:02:03.4
func clock(d time.Duration) string {
	tenths := int64(math.Round(d.Seconds() * 10))
	h, m, s := tenths/36000, tenths/600%60, float64(tenths%600)/10
	if h > 0 {
		return fmt.Sprintf("%d:%02d:%04.1f", h, m, s)
	}
	return fmt.Sprintf("%d:%04.1f", m, s)
}

// picture judges what the packets told of the pictures.
func (j *judge) picture(source media.Source, pictures int) {
	if j.failed() {
		return
	}
	if len(source.Video) == 0 && pictures > 0 {
		j.fail("film-no-frames", "the picture has no frames", again)
		return
	}
	v := source.Video[0]
	if v.End > 24*time.Hour {
		j.fail("film-length", fmt.Sprintf("the picture ends after %s by its own times; more than 24 hours cannot be published", clock(v.End)), "export it again")
	}
}

// seekable are the containers with an index, in which the end can be looked at without reading up to it.
var seekable = []string{"mov", "matroska"}

// tryDecoding decodes a few pictures at the start and, where that costs little, near the end: a header may be in
// order while the pictures are not.
func (t Tools) tryDecoding(ctx context.Context, j *judge, source *media.Source) error {
	v := source.Video[0]
	places := []time.Duration{0}
	for _, name := range seekable {
		if strings.HasPrefix(source.Format, name) && v.End-v.Start > 10*time.Second {
			places = append(places, v.End-5*time.Second)
		}
	}
	for i, at := range places {
		if at == 0 && j.begins {
			continue
		}
		frames, why, err := t.decodes(ctx, j.path, v, at, i == 0)
		if err != nil {
			return err
		}
		if frames == 0 || why != "" {
			if strings.HasPrefix(why, "Picture size ") {
				j.fail("film-size", fmt.Sprintf("the picture is too large: more than %d million pixels cannot be published", maxPixels/1_000_000), "export it smaller; 3840x2160 is plenty")
				return nil
			}
			text := fmt.Sprintf("the picture (%s) is damaged or cannot be decoded at %s", v.Codec, clock(at))
			if why != "" {
				text += "; ffmpeg says: " + why
			}
			j.damaged("film-undecodable", text)
			if j.tolerant && frames > 0 {
				continue
			}
			return nil
		}
	}
	if v.Width == 0 || v.Height == 0 || v.PixFmt == "" {
		j.fail("film-undecodable", fmt.Sprintf("the picture (%s) does not tell its size or its colours", v.Codec), again)
		return nil
	}
	return t.lookForFields(ctx, j.path, source.Format, &source.Video[0])
}

// begin tells whether picture and sounds begin with what can be decoded. It asks one process for all of them, since to start one takes longer than
// what it is asked. A no says nothing yet: decodes and decodesSound find out what is wrong, and with what.
func (t Tools) begin(ctx context.Context, path string, source media.Source) (all bool, err error) {
	streams := []int{source.Video[0].Index}
	for _, a := range source.Audio {
		streams = append(streams, a.Index)
	}
	frames := make([]int64, len(streams))
	err = t.Run(ctx, Job{Args: beginArgs(path, streams, source.Video[0].Late), Read: counting(frames)})
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return false, nil
	}
	return err == nil && !slices.Contains(frames, 0), err
}

// beginArgs open the film once for each stream, the picture's first, or a late sound would have the picture decoded up to it.
func beginArgs(path string, streams []int, late bool) (args []string) {
	for range streams {
		args = append(args, inputArgs(path, farther(late))...)
	}
	frames := "3"
	for i, index := range streams {
		args = append(args, "-map", fmt.Sprintf("%d:%d", i, index), "-frames", frames, "-f", "framecrc", Pipe(i))
		frames = "10" // of sound
	}
	return args
}

// decodes tries three pictures from a place on. strict takes any damage for a failure: right for the start, where
// every decoder has what it needs; after a seek pictures may refer to ones before.
func (t Tools) decodes(ctx context.Context, path string, v media.Video, at time.Duration, strict bool) (frames int64, why string, err error) {
	job := Job{Args: tryArgs(path, v, at), Tolerant: !strict, Progress: func(p Progress) { frames = p.Frames }}
	err = t.Run(ctx, job)
	var exit *ExitError
	if errors.As(err, &exit) {
		return frames, exit.Why, nil
	}
	return frames, "", err
}
