package ffmpeg

import (
	"cmp"
	"context"
	"errors"
	"io"
	"math"
	"os"
	"slices"
	"time"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// Probe gathers the facts about a film and its digest, reading it from end to end once for each, side by side. A
// finding of severity Error says why it cannot be published; the Source is then incomplete. The error is for the
// tools and the machine: *ErrMissing, *ErrStalled, ctx's own, a disk that cannot be read.
func (t Tools) Probe(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error) {
	if f := refuse(path); f != nil {
		return media.Source{}, []report.Finding{*f}, nil
	}
	hashing, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	type result struct {
		digest string
		err    error
	}
	hashed := make(chan result, 1)
	go func() {
		var r result
		r.err = report.Caught(func() (err error) { r.digest, err = Digest(hashing, path, nil); return err })
		hashed <- r
	}()
	source, findings, err := t.Inspect(ctx, path, sink)
	if worst, _ := report.Worst(findings); err != nil || worst == report.Error {
		stop(nil)
		<-hashed
		return source, findings, err
	}
	r := <-hashed
	source.Digest = r.digest
	return source, findings, r.err
}

// Inspect is Probe without the digest, for a file whose digest is known.
func (t Tools) Inspect(ctx context.Context, path string, sink report.Sink) (media.Source, []report.Finding, error) {
	j := &judge{path: path, tolerant: t.Tolerant}
	if f := refuse(path); f != nil {
		return media.Source{}, []report.Finding{*f}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return media.Source{}, nil, err
	}
	p, why, err := t.headerAndPackets(ctx, path, info.Size())
	if err != nil {
		return media.Source{}, nil, err
	}
	boxes := boxesOf(path, info.Size())
	if why != "" {
		j.unreadable(why, boxes)
		return media.Source{}, j.findings, nil
	}
	source := media.Source{Size: info.Size(), Format: p.format, Start: p.start, Chapters: p.chapters}
	picture := j.streams(p, boxes)
	if j.failed() {
		return source, j.findings, nil
	}
	timings, said, err := t.timings(ctx, path, p, sink)
	if err != nil {
		return source, nil, err
	}
	fill(&source, p, timings)
	j.sound(p, timings)
	j.whole(p, timings, said, boxes)
	j.picture(source, picture)
	if j.failed() {
		return source, j.findings, nil
	}
	if !t.Tolerant {
		if j.begins, err = t.begin(ctx, path, source); err != nil {
			return source, nil, err
		}
	}
	if err := t.tryDecoding(ctx, j, &source); err != nil {
		return source, nil, err
	}
	if !j.failed() {
		if err := t.lookForLight(ctx, path, &source.Video[0]); err != nil {
			return source, nil, err
		}
	}
	if err := t.trySound(ctx, j, &source); err != nil {
		return source, nil, err
	}
	report.Sort(j.findings)
	return source, j.findings, nil
}

// header asks ffprobe, and once more where a stream is missing that may begin late. why is its complaint where the file
// cannot be read at all.
func (t Tools) header(ctx context.Context, path string) (p probed, why string, err error) {
	p, why, err = t.headerOf(ctx, path, false)
	if err != nil || why != "" {
		return p, why, err
	}
	p, err = t.lookFarther(ctx, path, p)
	return p, "", err
}

// lookFarther asks once more where a stream is missing.
func (t Tools) lookFarther(ctx context.Context, path string, p probed) (probed, error) {
	known, whole := p.found()
	if whole {
		return p, nil
	}
	again, why, err := t.headerOf(ctx, path, true)
	if more, _ := again.found(); err == nil && why == "" && more > known {
		p = again
	}
	return p, err
}

// smallFile is the size, in bytes, up to which header and packets are asked for at once: reading such a file takes less time than to start a
// process once more.
const smallFile = 8 << 20

// headerAndPackets is header; of a small file, the packets come with it. What goes wrong with both at once, or is more than is held in memory, is
// asked for one behind the other, so that the answer is the same.
func (t Tools) headerAndPackets(ctx context.Context, path string, size int64) (p probed, why string, err error) {
	if size > smallFile {
		return t.header(ctx, path)
	}
	data, said, err := t.json(ctx, inputArgs(path, nil), slices.Concat(showHeader, []string{"-show_entries", packetEntries})...)
	if exit := (*ExitError)(nil); errors.As(err, &exit) {
		return t.header(ctx, path)
	}
	if err != nil {
		return probed{}, "", err
	}
	packets, whole := parsePackets(data)
	if p, err = parseProbe(data, false); err != nil || !whole {
		return t.header(ctx, path)
	}
	p.read, p.packets, p.said = true, packets, said
	p, err = t.lookFarther(ctx, path, p)
	return p, "", err
}

var showHeader = []string{"-show_format", "-show_streams", "-show_chapters"}

func (t Tools) headerOf(ctx context.Context, path string, late bool) (p probed, why string, err error) {
	data, _, err := t.json(ctx, inputArgs(path, farther(late)), showHeader...)
	var exit *ExitError
	if errors.As(err, &exit) {
		why = exit.Why
		if why == "" {
			why = "ffprobe cannot read it"
		}
		return probed{}, why, nil
	}
	if err != nil {
		return probed{}, "", err
	}
	p, err = parseProbe(data, late)
	return p, "", err
}

// json has ffprobe show parts of an input as JSON. said are its complaints.
func (t Tools) json(ctx context.Context, input []string, show ...string) (data []byte, said messages, err error) {
	read := func(r io.Reader) (err error) {
		data, err = io.ReadAll(io.LimitReader(r, maxProbe))
		return err
	}
	args := append(append([]string{"-hide_banner", "-loglevel", "level+error"}, show...), "-of", "json", "-o", Pipe(0))
	said, err = t.process("ffprobe", append(args, input...), []func(io.Reader) error{read}).run(ctx)
	return data, said, err
}

// timings reads all packets, unless they came with the header. What ffprobe says meanwhile is returned, because it ends with code 0 even on a cut file.
func (t Tools) timings(ctx context.Context, path string, p probed, sink report.Sink) ([]*timing, messages, error) {
	base := make([]float64, maxStreams)
	times := make([]*timing, maxStreams)
	for i := range base {
		base[i] = 1
		times[i] = &timing{base: 1, spacing: map[int64]int64{}}
	}
	for _, s := range p.streams {
		if s.base > 0 {
			base[s.index], times[s.index].base = s.base, s.base
		}
	}
	if p.read {
		for _, packet := range p.packets {
			times[packet.stream].add(packet)
		}
		return times, p.said, nil
	}
	told := time.Duration(0)
	said, err := t.scan(ctx, path, p.late, base, func(packet packet) error {
		times[packet.stream].add(packet)
		if at := seconds64(times[packet.stream].end) - p.start; at > told+10*time.Second && at <= p.declared {
			told = at
			sink(report.Event{Kind: report.StepProgress, Step: "probe", Text: "reading the film", Done: at.Milliseconds(), Total: p.declared.Milliseconds()})
		}
		return nil
	})
	var exit *ExitError
	if errors.As(err, &exit) { // the judge weighs what was read until then
		err = nil
	}
	return times, said, err
}

func seconds64(s float64) time.Duration {
	if math.IsNaN(s) || math.Abs(s) > 1e9 {
		return 0
	}
	return time.Duration(math.Round(s*1e6)) * time.Microsecond
}

// fill puts what was read into the source. A stream without packets is left out.
func fill(source *media.Source, p probed, timings []*timing) {
	for _, s := range p.streams {
		t := timings[s.index]
		start, end := max(0, seconds64(t.first)-p.start), seconds64(t.end)-p.start // what lies before 0 is a codec's run-up
		switch {
		case s.kind == "video" && s.still:
			source.Covers++
		case s.kind == "video" && t.packets > 0:
			v := s.video
			v.Frames = t.packets
			v.Start, v.End = start, end
			v = paced(v, t)
			if rate, from, ok := t.even(); ok && v.Variable {
				v.Rate, v.Variable, v.Grid = rate, false, cmp.Or(seconds64(from)-p.start, time.Microsecond)
			}
			source.Video = append(source.Video, v)
		case s.kind == "audio" && t.packets > 0 && s.codec != "":
			a := s.audio
			a.Start, a.End = start, end
			source.Audio = append(source.Audio, a)
		case s.kind == "subtitle":
			source.Text = append(source.Text, media.Text{Index: s.index, Codec: s.codec, Language: s.language, Bitmap: bitmaps[s.codec]})
		case s.kind == "data" || s.kind == "attachment":
			source.Data++
		}
	}
	preferred := map[int]bool{}
	for _, s := range p.streams {
		preferred[s.index] = s.preferred
	}
	slices.SortStableFunc(source.Video, func(a, b media.Video) int { return order(preferred[a.Index], preferred[b.Index]) })
	slices.SortStableFunc(source.Audio, func(a, b media.Audio) int { return order(preferred[a.Index], preferred[b.Index]) })
	if len(source.Video) > 0 {
		source.Duration = source.Video[0].End
	}
	for _, a := range source.Audio {
		source.Duration = max(source.Duration, a.End)
	}
}

// order puts what the container prefers first.
func order(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

var bitmaps = set("hdmv_pgs_subtitle dvd_subtitle dvb_subtitle xsub")

// paced fills in a picture's rate, and times where the packets have none.
func paced(v media.Video, t *timing) media.Video {
	rate, variable := t.pace()
	if rate == 0 || math.IsInf(rate, 0) {
		rate, variable = v.Nominal.Float(), false
	}
	if rate <= 0 || rate > 1000 || t.packets == 1 && rate > fastest {
		rate = 25 // a single picture, or nonsense: any rate shows it
	}
	v.Variable = variable
	v.Rate = snap(rate, v.Nominal, variable)
	if !t.timed {
		v.Start, v.End = 0, seconds64(float64(v.Frames)/v.Rate.Float())
	}
	if last := seconds64(1 / v.Rate.Float()); v.End-v.Start < last {
		v.End = v.Start + last
	}
	if span := (v.End - v.Start).Seconds(); span > 0 {
		v.BitRate = int64(float64(t.bytes) * 8 / span)
	}
	return v
}
