// Package pipeline holds what the user asks for: what a film becomes. If a key can change a published byte it
// stands here, in pipelines/*.yml; where things are and with what they are made stands in configs/.
package pipeline

import (
	"fmt"
	"slices"
	"strings"

	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
)

// Pipeline is one file of pipelines/.
type Pipeline struct {
	Name      string    `yaml:"-"`
	About     string    `yaml:"about"`
	Segment   Seconds   `yaml:"segment"` // length of a media segment
	GOP       Seconds   `yaml:"gop"`     // distance of keyframes
	Video     Video     `yaml:"video"`
	Audio     Audio     `yaml:"audio"`
	MP4       MP4       `yaml:"mp4"`
	Pictures  Pictures  `yaml:"pictures"`
	Subtitles Subtitles `yaml:"subtitles"`
}

// Video is the wish for the picture: H.264, a ladder of rungs, and the same sizes once more in AV1 where that is asked for.
type Video struct {
	Chunk   Chunk    `yaml:"chunk"` // about how much of the film is encoded in one piece
	Preset  Preset   `yaml:"preset"`
	CRF     CRF      `yaml:"crf"`     // with quality, where the looking begins
	Quality *Quality `yaml:"quality"` // nil: every rung is encoded at crf
	Ladder  []Rung   `yaml:"ladder"`
	AV1     *AV1     `yaml:"av1"` // nil: H.264 alone

	// Deinterlace says what an interlaced film becomes; "" is ToFields.
	Deinterlace Deinterlace `yaml:"deinterlace"`
}

// Quality is how like the film every rung is to look. The rate factor that reaches it is found by encoding samples.
type Quality struct {
	SSIM SSIM `yaml:"ssim"` // of the luma, mean over the samples, against the film scaled to the rung's size
	VMAF VMAF `yaml:"vmaf"` // goes before ssim where ffmpeg has libvmaf; 0 is not asked for
}

// AV1 is the wish for a second picture of every size, for players that can show it: it takes fewer bits to look the same.
type AV1 struct {
	Preset SVTPreset `yaml:"preset"`
	CRF    AV1CRF    `yaml:"crf"`   // where the looking begins
	Share  Percent   `yaml:"share"` // of a rung's max, the most that its AV1 may take
}

// Fields says whether every field of an interlaced film becomes a frame, so that motion stays as smooth as it was shot
// (HLS authoring specification, 1.15: 30i to 60p).
func (v Video) Fields() bool { return v.Deinterlace != ToFrames }

// Rung is one step of the ladder: a box of pixels that the picture must fit, and the most it may cost.
type Rung struct {
	Width  Pixels `yaml:"width"`
	Height Pixels `yaml:"height"`
	Max    Kbps   `yaml:"max"`
}

// Audio is the wish for the sound: AAC-LC stereo at one loudness.
type Audio struct {
	Bitrate  AudioKbps `yaml:"bitrate"`
	Loudness Loudness  `yaml:"loudness"`  // LUFS, integrated
	TruePeak TruePeak  `yaml:"true-peak"` // dBTP, at most
}

// MP4 is the progressive file for viewers without JavaScript and for downloads.
type MP4 struct {
	Height Pixels `yaml:"height"` // the tallest rung that it may be made of
}

// Pictures are the poster and the storyboard.
type Pictures struct {
	Interval Seconds `yaml:"interval"` // between two storyboard pictures, at most
	Width    Pixels  `yaml:"width"`    // of one storyboard picture
}

// Subtitles says how tracks are packaged for HLS, and what they must come up to before anything is encoded.
type Subtitles struct {
	Segment Seconds `yaml:"segment"`

	// Profile is whose style they are held to; "" is the default. It changes no published byte, but decides whether there
	// are any: it is a part of what a release is, so it stands here, and no digest holds it.
	Profile Profile `yaml:"profile"`
}

// Read decodes a pipeline file. Every finding is an error; the pipeline is whole only where there are none.
func Read(name, file string, data []byte) (Pipeline, []report.Finding) {
	p := Pipeline{Name: name}
	findings := strictyaml.Decode(file, data, 1, &p)
	if len(findings) > 0 {
		return p, findings
	}
	for _, problem := range p.problems() {
		findings = append(findings, report.Finding{Pos: report.Pos{File: file}, Severity: report.Error,
			Rule: "pipeline", Text: problem.text, Hint: problem.hint})
	}
	return p, findings
}

type problem struct{ text, hint string }

// problems are what no single key shows: keys that are missing or contradict each other.
func (p Pipeline) problems() []problem {
	var out []problem
	must := func(ok bool, text, hint string) {
		if !ok {
			out = append(out, problem{text, hint})
		}
	}
	var missing []string
	for key, set := range p.required() {
		if !set {
			missing = append(missing, key)
		}
	}
	slices.Sort(missing)
	must(len(missing) == 0, "missing: "+strings.Join(missing, ", "), "copy the key from documentary.yml")
	if len(missing) > 0 {
		return out
	}
	must(p.Segment%p.GOP == 0, "segment is not a multiple of gop", "every segment begins with a keyframe: 6 and 2 fit")
	must(Seconds(p.Video.Chunk)%p.Segment == 0, "video.chunk is not a multiple of segment", "60 and 6 fit")
	must(p.Subtitles.Segment%p.Segment == 0, "subtitles.segment is not a multiple of segment", "30 and 6 fit")
	must(p.Video.AV1 == nil || p.Video.Quality != nil, "video.av1 needs video.quality", "looking at samples is all that keeps AV1 below its share: its encoder has no cap that gives the same bytes twice")
	last := Rung{}
	for i, r := range p.Video.Ladder {
		must(r.Width > last.Width && r.Height > last.Height && r.Max > last.Max,
			fmt.Sprintf("rung %d of video.ladder is not larger than the one before it", i+1),
			"list the rungs from small to large, in width, height and max")
		last = r
	}
	return out
}

// required says of each key that has no default whether it is there.
func (p Pipeline) required() map[string]bool {
	return map[string]bool{
		"segment": p.Segment > 0, "gop": p.GOP > 0, "video.chunk": p.Video.Chunk > 0, "video.preset": p.Video.Preset != "", "video.crf": p.Video.CRF > 0,
		"video.ladder": len(p.Video.Ladder) > 0, "audio.bitrate": p.Audio.Bitrate > 0,
		"audio.loudness": p.Audio.Loudness != 0, "audio.true-peak": p.Audio.TruePeak != 0, "mp4.height": p.MP4.Height > 0,
		"pictures.interval": p.Pictures.Interval > 0, "pictures.width": p.Pictures.Width > 0, "subtitles.segment": p.Subtitles.Segment > 0,
		"video.av1.preset, crf and share":      p.Video.AV1 == nil || p.Video.AV1.Preset > 0 && p.Video.AV1.CRF > 0 && p.Video.AV1.Share > 0,
		"video.quality.ssim":                   p.Video.Quality == nil || p.Video.Quality.SSIM > 0,
		"video.ladder[].width, height and max": !slices.ContainsFunc(p.Video.Ladder, func(r Rung) bool { return r.Width*r.Height*Pixels(r.Max) == 0 }),
	}
}
