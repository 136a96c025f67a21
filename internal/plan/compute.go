package plan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/pipeline"
	"filmpress/internal/report"
)

// Request is everything that a plan depends on.
type Request struct {
	Film     media.Source
	Quality  *media.Quality          // what samples of the film cost, see LookAt; nil where none were taken
	AV1      *media.Quality          // what they cost in AV1, see LookAtAV1; nil where none were taken
	Name     string                  // the film's file name, for findings only
	Tracks   []Track                 // in any order
	Sounds   []Sound                 // what the user said of the film's sound tracks, in any order
	Article  string                  // digest of film.md, "" without one
	Title    string                  // never empty
	Slug     string                  // as Slug makes them
	Poster   Poster                  // what stands there before anybody presses play
	Language string                  // of the page and, where the film does not say, of its sound; BCP 47, "" is unknown
	NameOf   func(tag string) string // a language's own name, "" for an unknown one
	Pipeline pipeline.Pipeline
	Tool     string // the ffmpeg build, as its own version text
	Bundle   string // digest of the player bundle, "" where it is not built
	Page     string // version of the watch page's code
	Theme    Theme  // of the pages
	Tolerant bool   // publish what can be decoded of a damaged film

	NoChapters bool // the film's chapters stay out of the page
}

// Poster is a moment of the film, or a picture file; the zero value leaves the choice to filmpress.
type Poster struct {
	At   *time.Duration
	File *media.Picture
	Name string // the file's, for findings only
}

// Track is a subtitle file that was read and found good.
type Track struct {
	Digest   string // of the file's bytes
	File     string // its name, for findings only
	Ext      string // ".srt", ".vtt": tells the format where the content does not
	Charset  string // as the user gave it, "" to detect
	Language string // BCP 47
	Kind     string // "", "sdh", "forced"
}

// Sound is what the user says of a sound track of the film.
type Sound struct {
	Track     int    // media.Audio's
	Right     int    // the track of one channel that is the right one to Track's left; -1 where Track is a whole
	Language  string // BCP 47; Off leaves the track out
	Describes bool   // what is seen, for viewers who do not see it (audio description)
}

// Off is the Language of a sound track that is not wanted.
const Off = "off"

// Compute decides what will be done. Findings with severity Error mean that nothing can be.
func Compute(r Request) Plan {
	c := &computer{Request: r, plan: Plan{Version: 1, Slug: r.Slug, Title: r.Title, Pipeline: r.Pipeline.Name}}
	if !r.pictured() {
		c.find(report.Error, "film-no-picture", "the film has no moving picture", "choose a file with a picture; sound alone is not published")
		return c.plan
	}
	c.video()
	c.quality()
	c.av1()
	c.encode()
	c.audio()
	c.level()
	c.subtitles()
	c.pictures()
	c.mp4()
	c.player()
	c.pack()
	return c.plan
}

// pictured says whether the film has a picture that moves.
func (r Request) pictured() bool { return len(r.Film.Video) > 0 && r.Film.Video[0].Rate.Num > 0 }

type computer struct {
	Request
	plan     Plan
	rate     media.Rational
	frames   int64
	segment  int // frames
	opening  int // segments that the first one is cut into
	encoding Encoding
	rungs    []Rung  // what encoding will hold of H.264; downloads and pictures are made of these
	modern   []Rung  // and of AV1
	chunks   []Input // the results that hold the picture: what reads a rendition needs them beside the video step
	sounds   []AudioLabel
	captions []TrackLabel
}

func (c *computer) find(s report.Severity, rule, text, hint string) {
	c.findIn(c.Name, s, rule, text, hint)
}

// findIn is find for another file than the film's.
func (c *computer) findIn(file string, s report.Severity, rule, text, hint string) {
	c.plan.Findings = append(c.plan.Findings, report.Finding{Pos: report.Pos{File: file}, Severity: s, Rule: rule, Text: text, Hint: hint})
}

func (c *computer) because(subject string, taken bool, why string) {
	c.plan.Reasons = append(c.plan.Reasons, Reason{Subject: subject, Taken: taken, Why: why})
}

// add appends a step, with the digest that names its result.
func (c *computer) add(id, kind, about string, params any, inputs ...Input) {
	raw, err := json.Marshal(params)
	if err != nil {
		panic(err) // parameters are our own plain structs
	}
	s := Step{ID: id, Kind: kind, About: about, Params: raw, Inputs: inputs}
	tool := ""
	if usesTool[kind] {
		tool = c.Tool
	}
	s.Digest = digest(s, tool)
	c.plan.Steps = append(c.plan.Steps, s)
}

// digest covers what changes a step's bytes, as Step.Digest says. 128 bits of SHA-256 are kept: the name stands
// in every segment's address, and only accidents have to be told apart.
func digest(s Step, tool string) string {
	type input struct{ Name, Digest string }
	covered := struct {
		Kind    string
		Version int
		Params  json.RawMessage
		Inputs  []input
		Tool    string
	}{s.Kind, versions[s.Kind], s.Params, make([]input, len(s.Inputs)), tool}
	for i, in := range s.Inputs {
		covered.Inputs[i] = input{in.Name, in.Digest}
	}
	raw, err := json.Marshal(covered)
	if err != nil {
		panic(err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16])
}

// from is an input that is another step's result.
func (c *computer) from(name, id string) Input {
	i := slices.IndexFunc(c.plan.Steps, func(s Step) bool { return s.ID == id })
	return Input{Name: name, Step: id, Digest: c.plan.Steps[i].Digest}
}

func source(name, digest string) Input { return Input{Name: name, Source: digest, Digest: digest} }

// length is the film's duration: a whole number of frames.
func (c *computer) length() time.Duration {
	return time.Duration(math.Round(float64(c.frames) * float64(c.rate.Den) / float64(c.rate.Num) * 1e9))
}

func (c *computer) video() {
	v := c.Film.Video[0]
	width, height := v.Display()
	var reasons []Reason
	c.rungs, reasons = ladder(width, height, c.Pipeline.Video.Ladder)
	c.plan.Reasons = append(c.plan.Reasons, reasons...)
	for _, extra := range c.Film.Video[1:] {
		c.because(fmt.Sprintf("video stream %d", extra.Index), false, "a film has one picture; the first is taken")
	}
	fields := v.Interlaced() && c.Pipeline.Video.Fields() && 2*v.Rate.Float() <= 61
	c.rate = outputRate(v, fields)
	end := v.End
	for _, v := range c.published() {
		if end = max(end, v.End); v.right != nil {
			end = max(end, v.right.End)
		}
	}
	if gap := end - v.End; gap > time.Second {
		c.find(report.Warn, "film-sound-longer", fmt.Sprintf("the sound runs %.1f s longer than the picture", gap.Seconds()), "the last picture is held; cut the export if that is not wanted")
	}
	c.frames = max(1, int64(math.Round(end.Seconds()*c.rate.Float())))
	gop := max(1, int(math.Round(float64(c.Pipeline.GOP)*c.rate.Float())))
	c.opening = int(c.Pipeline.Segment / c.Pipeline.GOP)
	c.segment = gop * c.opening
	c.because("frame rate", true, c.rateReason(v, fields))
	c.scan(v, fields)
	c.encoding = Encoding{Rate: c.rate, GOP: gop, Segment: c.segment, Opening: c.opening, Preset: string(c.Pipeline.Video.Preset), Fields: fields}
}

// scan tells what becomes of fields, and where a film is not what it declares to be.
func (c *computer) scan(v media.Video, fields bool) {
	declared := v.DeclaredInterlaced()
	switch {
	case !v.Interlaced() && declared:
		c.because("deinterlacing", false, "the film declares fields, but its pictures are whole frames")
	case !v.Interlaced():
	case fields:
		c.because("deinterlacing", true, "every field becomes a frame, so that motion stays as smooth as it was shot"+undeclared(declared))
	default:
		c.because("deinterlacing", true, "two fields become one frame"+undeclared(declared))
	}
}

func undeclared(declared bool) string {
	if declared {
		return ""
	}
	return "; the film does not declare fields, but its pictures show them"
}

// soundRate is what the sound adds to every variant, in bit/s.
func (c *computer) soundRate() int64 {
	if len(c.published()) == 0 {
		return 0
	}
	return int64(c.Pipeline.Audio.Bitrate) * 1000
}

func (c *computer) rateReason(v media.Video, fields bool) string {
	switch {
	case fields:
		return fmt.Sprintf("%s a second, one for each field of the film's %s frames", c.rate, v.Rate)
	case c.rate != v.Rate:
		return fmt.Sprintf("%s a second, the film's %s halved: over 60 brings viewers nothing", c.rate, v.Rate)
	case v.Grid != 0:
		return fmt.Sprintf("%s a second, the film's own: it shows its pictures for two fields and three in turn (pulldown), which is undone", c.rate)
	case v.Variable:
		return fmt.Sprintf("%s a second, made even: the film's own changes", c.rate)
	}
	return fmt.Sprintf("%s a second, the film's own", c.rate)
}

// seconds is the exact duration of a number of frames.
func (c *computer) seconds(frames int64) media.Rational {
	return media.Rational{Num: frames * c.rate.Den, Den: c.rate.Num}
}

func (c *computer) subtitles() {
	tracks := slices.Clone(c.Tracks)
	slices.SortFunc(tracks, func(a, b Track) int {
		return cmp.Or(cmp.Compare(a.Language, b.Language), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.File, b.File))
	})
	for i, t := range tracks {
		if i > 0 && tracks[i-1].Language == t.Language && tracks[i-1].Kind == t.Kind {
			c.plan.Findings = append(c.plan.Findings, report.Finding{Pos: report.Pos{File: t.File}, Severity: report.Error, Rule: "subtitle-twice",
				Text: fmt.Sprintf("two files give the same track, %s: this one and %s", trackName(t), tracks[i-1].File),
				Hint: "keep one, or name them apart: film.en.srt, film.en.sdh.srt, film.en.forced.srt"})
			continue
		}
		id := "subtitle-" + trackName(t)
		c.captions = append(c.captions, TrackLabel{Step: id, Language: t.Language, Name: cmp.Or(c.NameOf(t.Language), t.Language), Kind: t.Kind})
		c.because("subtitles "+trackName(t), true, t.File)
		c.add(id, Subtitle, "preparing the subtitles "+trackName(t), SubtitleParams{
			Name: "track" + t.Ext, Charset: t.Charset, Segment: time.Duration(c.Pipeline.Subtitles.Segment) * c.segmentTime() / time.Duration(c.Pipeline.Segment), Duration: c.length(),
		}, source("track", t.Digest))
	}
	if len(tracks) == 0 {
		c.because("subtitles", false, "no file beside the film is named like it: film.en.srt, film.ru.vtt")
	}
}

// segmentTime is the true duration of a media segment: 6 s, or 6.006 s at 23.976 and 29.97 frames a second.
func (c *computer) segmentTime() time.Duration {
	return time.Duration(math.Round(float64(c.segment) * float64(c.rate.Den) / float64(c.rate.Num) * 1e9))
}

func trackName(t Track) string {
	if t.Kind == "" {
		return t.Language
	}
	return t.Language + "-" + t.Kind
}

// storyboard sheets of 5 x 5 pictures stay small enough to load on a hover.
const sheetSide = 5

func (c *computer) pictures() {
	top := c.rungs[len(c.rungs)-1]
	sheet := c.rungs[min(1, len(c.rungs)-1)]
	width := min(int(c.Pipeline.Pictures.Width), even(float64(top.Width)))
	if top.Height > top.Width { // portrait: as tall as the others are wide would be a tower
		width = even(float64(width) * 9 / 16)
	}
	if at := c.Poster.At; at != nil && *at >= c.length() {
		c.find(report.Error, "poster-time", fmt.Sprintf("its .md file wants the poster from %s, and the film ends after %s", at.Round(time.Second), c.length().Round(time.Second)),
			"give `poster:` a moment of the film, as in 1:23, or leave it out")
	}
	poster, inputs := c.posterRung(), c.picture()
	var file *PosterFile
	if picture := c.Poster.File; picture != nil {
		c.judgePoster(*picture, poster)
		file = &PosterFile{Source: picture.Video, Gamut: picture.Gamut, Width: poster.Width, Height: poster.Height}
		inputs = append(inputs, source("poster", picture.Digest))
	}
	interval := c.interval()
	c.add("pictures", Pictures, "taking the poster and the storyboard", PicturesParams{
		Poster: poster.Name, At: c.Poster.At, File: file, Sheet: sheet.Name, Duration: c.length(), Interval: interval, Width: width,
		Height: even(float64(width) * float64(top.Height) / float64(top.Width)), Columns: sheetSide, Rows: sheetSide,
	}, inputs...)
}

// picture are the inputs of a step that reads renditions.
func (c *computer) picture() []Input { return append([]Input{c.from("video", "video")}, c.chunks...) }

// interval gives a short film enough storyboard pictures, on keyframes: about 60, at most the pipeline's distance apart.
func (c *computer) interval() time.Duration {
	gop := time.Duration(c.Pipeline.GOP) * time.Second
	want := (c.length()/60 + gop - 1) / gop * gop
	return max(gop, min(want, time.Duration(c.Pipeline.Pictures.Interval)*time.Second))
}

func (c *computer) mp4() {
	rung := c.mp4Rung()
	inputs := c.picture()
	if len(c.sounds) > 0 {
		inputs = append(inputs, c.from("audio", c.sounds[0].Step))
	}
	c.because("MP4", true, fmt.Sprintf("%dx%d, for downloads and for viewers without JavaScript; remuxed, not encoded again", rung.Width, rung.Height))
	c.add("mp4", MP4, "joining the MP4", MP4Params{Rung: rung.Name}, inputs...)
}

// mp4Rung is the tallest rung that the pipeline allows, measured on the short side.
func (c *computer) mp4Rung() Rung {
	rung := c.rungs[0]
	for _, r := range c.rungs {
		if min(r.Width, r.Height) <= int(c.Pipeline.MP4.Height) {
			rung = r
		}
	}
	return rung
}

func (c *computer) player() {
	if c.Bundle == "" {
		c.because("player", false, "it is not built into this filmpress; the page plays the MP4 with the browser's own controls. `make player` builds it")
		return
	}
	c.add("player", Player, "laying out the player", PlayerParams{Bundle: c.Bundle})
}

// Chapters is the subject of the reason that tells their titles.
const Chapters = "chapters"

// chapters are the film's, in order, without those that begin behind its end; one without a title gets its number. Each title is told: an editor
// may have named a mark for nobody else.
func (c *computer) chapters() (out []media.Chapter) {
	var titles []string
	for _, ch := range slices.SortedStableFunc(slices.Values(c.Film.Chapters), func(a, b media.Chapter) int { return cmp.Compare(a.Start, b.Start) }) {
		if ch.Start >= c.length() || len(out) > 0 && ch.Start == out[len(out)-1].Start {
			continue
		}
		if ch.Title != "" {
			titles = append(titles, strconv.Quote(ch.Title))
		}
		ch.Title = cmp.Or(ch.Title, fmt.Sprint(len(out)+1))
		out = append(out, ch)
	}
	switch {
	case len(out) == 0:
		return nil
	case c.NoChapters:
		c.because(Chapters, false, fmt.Sprintf("film.md says none, so the %d of the film stay out of the page", len(out)))
		return nil
	case len(titles) == 0:
		c.because(Chapters, true, fmt.Sprintf("%d, as the film has them, without titles", len(out)))
	default:
		c.because(Chapters, true, fmt.Sprintf("%d, as the film has them; viewers read %s; `chapters: none` in film.md leaves them out", len(out), strings.Join(titles, ", ")))
	}
	return out
}

func (c *computer) pack() {
	p := PackageParams{
		Title: c.Title, Slug: c.Slug, Language: c.Language, Duration: c.length(), Rate: c.rate, Segment: c.seconds(int64(c.segment)),
		Audio: c.sounds, Subtitles: c.captions, Chapters: c.chapters(), Top: c.rungs[len(c.rungs)-1].Name, MP4: c.mp4Rung(), Page: c.Page, Theme: c.Theme,
	}
	var inputs []Input
	for _, s := range c.plan.Steps {
		inputs = append(inputs, c.from(s.ID, s.ID))
	}
	if c.Article != "" {
		inputs = append(inputs, source("article", c.Article))
	}
	c.add("package", Package, "writing the playlists and the page", p, inputs...)
}
