package step

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"filmpress/internal/dash"
	"filmpress/internal/hls"
	"filmpress/internal/media"
	"filmpress/internal/plan"
	"filmpress/internal/report"
	"filmpress/internal/watch"
)

// PackageFacts is what is needed to write the entrances once the release has its name, and to tell of the result.
type PackageFacts struct {
	Presentation hls.Presentation `json:"presentation"`
	Manifest     dash.Manifest    `json:"manifest"` // the same for DASH
	Page         watch.Page       `json:"page"`
}

// The package's own files, below r/<release>/.
const (
	MasterName   = "master.m3u8"
	ManifestName = "manifest.mpd"
	PageName     = "index.html"
	ChaptersName = "chapters.json"
)

// packer writes the playlists and the page of one film. All addresses are relative to r/<release>/.
type packer struct {
	job
	p      plan.PackageParams
	video  VideoFacts
	begins string // the language of the subtitles that are on at first
	out    PackageFacts
}

// pack writes the playlists, from what was measured, and the page.
func (w *Worker) pack(_ context.Context, j job) error {
	k := &packer{job: j}
	j.step.Decode(&k.p)
	for _, do := range []func() error{k.article, k.pictures, k.sounds, k.texts, k.stills, k.mp4, k.player} {
		if err := do(); err != nil {
			return err
		}
	}
	if err := j.save(MasterName, k.out.Presentation.Master().Bytes()); err != nil {
		return err
	}
	k.manifest()
	if err := j.save(ManifestName, k.out.Manifest.Bytes()); err != nil {
		return err
	}
	page, err := watch.Render(k.out.Page)
	if err != nil {
		return err
	}
	if err := j.save(PageName, page); err != nil {
		return err
	}
	if page, err = watch.RenderEmbed(k.out.Page); err != nil {
		return err
	}
	if err := j.save(watch.EmbedName, page); err != nil {
		return err
	}
	if err := j.save(watch.OEmbedName, watch.OEmbed(k.out.Page)); err != nil {
		return err
	}
	if chapters := watch.ChaptersJSON(k.out.Page); chapters != nil {
		if err := j.save(ChaptersName, chapters); err != nil {
			return err
		}
	}
	return writeFacts(j.out, k.out)
}

// media is the address of a file of another step's result.
func (k *packer) media(step, path string) string {
	for _, in := range k.step.Inputs {
		if in.Name == step {
			return "../../" + MediaPath(in.Digest, path)
		}
	}
	panic("the package has no input " + step)
}

// MediaPath is where a result's file lies, below <slug>/.
func MediaPath(digest, path string) string { return "o/" + digest + "/" + path }

// target is the target duration of picture and sound in seconds, of which a segment has so many.
func target(segment media.Rational) int { return int(segment.Float() + 0.5) }

// spans gives the exact durations of segments in nanoseconds, as differences of their start times: no error adds up.
func spans(r Rendition) []time.Duration {
	out := make([]time.Duration, len(r.Segments))
	var ticks uint64
	var before time.Duration
	for i, s := range r.Segments {
		ticks += s.Duration
		at := nanoseconds(ticks, r.Timescale)
		out[i], before = at-before, at
	}
	return out
}

func nanoseconds(ticks uint64, timescale uint32) time.Duration {
	whole, rest := ticks/uint64(timescale), ticks%uint64(timescale)
	return time.Duration(whole)*time.Second + time.Duration((rest*uint64(time.Second)+uint64(timescale)/2)/uint64(timescale))
}

// rates are measured from the sizes of the segments. spans are their durations.
func (r Rendition) rates(target int, spans []time.Duration) hls.Rates {
	var parts []hls.Part
	for i, d := range spans {
		parts = append(parts, hls.Part{Size: r.Segments[i].Size, Duration: d})
	}
	return hls.Measure(parts, target)
}

// playlist writes a rendition's media playlist and gives its measured rates.
func (k *packer) playlist(name, step string, r Rendition) (hls.Rates, error) {
	var segments []hls.Segment
	lasting := spans(r)
	for i, d := range lasting {
		segments = append(segments, hls.Segment{URI: k.media(cmp.Or(r.Segments[i].Of, step), r.Segments[i].URI), Duration: d})
	}
	list := hls.VOD(target(k.p.Segment), k.media(cmp.Or(r.Of, step), r.Init()), segments)
	return r.rates(list.Target, lasting), k.save(name, list.Bytes())
}

// opening is what a player asks for first of a rendition; segment says whether it surely begins with this one.
func (k *packer) opening(list, step string, r Rendition, segment bool) []string {
	out := []string{list, k.media(cmp.Or(r.Of, step), r.Init())}
	if segment {
		out = append(out, k.media(cmp.Or(r.Segments[0].Of, step), r.Segments[0].URI))
	}
	return out
}

// iframes writes the trick-play playlist: the keyframes of the rendition's own segments, by byte range.
func (k *packer) iframes(name, step string, r Rendition) (hls.Rates, error) {
	var frames []hls.Segment
	var parts []hls.Part
	var ticks uint64
	var before time.Duration
	for _, s := range r.Segments {
		for _, key := range s.Keys {
			ticks += key.Duration
			at := nanoseconds(ticks, r.Timescale)
			frames = append(frames, hls.Segment{URI: k.media(cmp.Or(s.Of, step), s.URI), Duration: at - before, Range: hls.ByteRange{Length: key.Size, Offset: key.Offset}})
			parts = append(parts, hls.Part{Size: key.Size, Duration: at - before})
			before = at
		}
	}
	list := hls.IFrames(k.media(cmp.Or(r.Of, step), r.Init()), frames)
	return hls.Measure(parts, list.Target), k.save(name, list.Bytes())
}

func (k *packer) pictures() error {
	if err := readFacts(k.in["video"], &k.video); err != nil {
		return err
	}
	h264 := func(r Rendition) bool { return strings.HasPrefix(r.Codecs, "avc1") }
	choice := slices.ContainsFunc(k.video.Renditions, func(r Rendition) bool { return !h264(r) }) // a player may begin with another codec
	var least int64
	for _, r := range k.video.Renditions {
		pic := hls.Picture{URI: r.Name + ".m3u8", IFrames: r.Name + "-iframes.m3u8", Width: r.Width, Height: r.Height, FrameRate: k.p.Rate, Codec: r.Codecs}
		var err error
		if pic.Rates, err = k.playlist(pic.URI, "video", r); err != nil {
			return err
		}
		if pic.IRates, err = k.iframes(pic.IFrames, "video", r); err != nil {
			return err
		}
		k.out.Presentation.Pictures = append(k.out.Presentation.Pictures, pic)
		k.dashPicture(r, pic.Rates)
		if h264(r) && (least == 0 || pic.Rates.Average < least) {
			least, k.out.Page.Opening = pic.Rates.Average, k.opening(pic.URI, "video", r, !choice)
		}
		if r.Name == k.p.Top {
			k.out.Page.Width, k.out.Page.Height = r.Width, r.Height
		}
	}
	k.out.Page.Theme = watch.Theme(k.p.Theme)
	k.out.Page.Master, k.out.Page.Duration = MasterName, k.p.Duration
	return nil
}

func (k *packer) sounds() error {
	for _, a := range k.p.Audio {
		var facts AudioFacts
		if err := readFacts(k.in[a.Step], &facts); err != nil {
			return err
		}
		r := facts.Rendition
		sound := hls.Sound{URI: a.Step + ".m3u8", Name: a.Name, Language: a.Language, Codec: r.Codecs, Channels: r.Channels, Default: a.Default, DescribesVideo: a.Describes}
		var err error
		if sound.Rates, err = k.playlist(sound.URI, a.Step, r); err != nil {
			return err
		}
		k.out.Presentation.Sounds = append(k.out.Presentation.Sounds, sound)
		k.dashSound(a.Step, r, sound)
		if a.Default {
			k.out.Page.Opening = append(k.out.Page.Opening, k.opening(sound.URI, a.Step, r, true)...)
		}
		k.out.Page.Audio = append(k.out.Page.Audio, watch.AudioTrack{Language: a.Language, Name: a.Name, Describes: a.Describes})
	}
	return nil
}

func (k *packer) texts() error {
	for _, t := range k.p.Subtitles {
		var facts SubtitleFacts
		if err := readFacts(k.in[t.Step], &facts); err != nil {
			return err
		}
		var segments []hls.Segment
		var parts []hls.Part
		for _, s := range facts.Segments {
			segments = append(segments, hls.Segment{URI: k.media(t.Step, s.URI), Duration: s.Duration})
			parts = append(parts, hls.Part{Size: s.Size, Duration: s.Duration})
		}
		list := hls.VOD(target(k.p.Segment), "", segments)
		text := hls.Text{URI: t.Step + ".m3u8", Name: t.Name + kindWord[t.Kind], Language: t.Language, SDH: t.Kind == "sdh", Forced: t.Kind == "forced",
			Rates: hls.Measure(parts, list.Target)}
		if err := k.save(text.URI, list.Bytes()); err != nil {
			return err
		}
		k.out.Presentation.Texts = append(k.out.Presentation.Texts, text)
		k.dashText(t, text, facts.Whole)
		k.page(t, text, facts.Lines)
	}
	k.out.Page.Captions = watch.Begins(k.out.Page.Tracks, k.begins)
	return nil
}

// kindWord sets tracks of one language apart in players' menus; SDH is what the field calls it in any language.
var kindWord = map[string]string{"sdh": " (SDH)", "forced": " (forced)"}

// page puts a subtitle track on the page.
func (k *packer) page(t plan.TrackLabel, text hls.Text, lines []Line) {
	track := watch.Track{Language: t.Language, Name: text.Name, Kind: "subtitles", Forced: text.Forced,
		VTT: k.media(t.Step, trackVTT), SRT: k.media(t.Step, trackSRT), TXT: k.media(t.Step, trackTXT)}
	if text.SDH {
		track.Kind = "captions"
	}
	for _, l := range lines {
		track.Lines = append(track.Lines, watch.Line{Start: l.Start, End: l.End, Speaker: l.Speaker, Text: l.Text})
	}
	k.out.Page.Tracks = append(k.out.Page.Tracks, track)
}

func (k *packer) stills() error {
	var facts PictureFacts
	if err := readFacts(k.in["pictures"], &facts); err != nil {
		return err
	}
	k.out.Page.Poster, k.out.Page.PosterWidth, k.out.Page.PosterHeight = k.media("pictures", posterName), facts.Width, facts.Height
	k.out.Page.Storyboard = k.media("pictures", storyboardName)
	return nil
}

func (k *packer) mp4() error {
	var facts MP4Facts
	if err := readFacts(k.in["mp4"], &facts); err != nil {
		return err
	}
	k.out.Page.MP4 = k.media("mp4", mp4Name)
	label := fmt.Sprintf("MP4, %dp", min(k.p.MP4.Width, k.p.MP4.Height))
	k.out.Page.Downloads = append(k.out.Page.Downloads, watch.Download{Label: label, URI: k.out.Page.MP4, Size: facts.Size})
	return nil
}

func (k *packer) player() error {
	if _, ok := k.in["player"]; !ok {
		return nil
	}
	bundle, ok := watch.Bundle()
	if !ok {
		return errNoPlayer
	}
	k.out.Page.Assets = bundle.Assets(func(name string) string { return k.media("player", name) })
	return nil
}

// article puts the words of film.md on the page; the plan's own title and language go before it.
func (k *packer) article() error {
	film := &k.out.Page.Film
	if path, ok := k.in["article"]; ok {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		a, findings := watch.ParseArticle("film.md", data)
		if worst, any := report.Worst(findings); any && worst == report.Error {
			return fmt.Errorf("%s changed while the film was being published; run the command again", path)
		}
		k.begins = a.Subtitles
		*film = watch.Film{Description: a.Description, Date: a.Date, Credits: a.Credits, Links: a.Links, Licence: a.Licence, Notice: a.Notice, ArticleHTML: a.HTML}
	}
	film.Title, film.Slug, film.Language = k.p.Title, k.p.Slug, cmp.Or(k.p.Language, "en")
	for _, c := range k.p.Chapters {
		k.out.Page.Chapters = append(k.out.Page.Chapters, watch.Chapter{Start: c.Start, Title: c.Title})
	}
	return nil
}

// Entrance is one small file that viewers open by a stable address.
type Entrance struct {
	Path string // below <slug>/
	Data []byte
}

// Entrances are the page, the playlist and the manifest that lie directly below <slug>/ and lead into one release only. url is
// where the page can be opened, "" where nobody knows.
func (f PackageFacts) Entrances(release, url string) ([]Entrance, error) {
	base := "r/" + release + "/"
	page := f.Page
	page.Base, page.PublicURL = base, url
	html, err := watch.Render(page)
	if err != nil {
		return nil, err
	}
	master := f.Presentation.Master()
	for i := range master.Variants {
		master.Variants[i].URI = base + master.Variants[i].URI
	}
	for i := range master.Renditions {
		master.Renditions[i].URI = base + master.Renditions[i].URI
	}
	for i := range master.IFrames {
		master.IFrames[i].URI = base + master.IFrames[i].URI
	}
	manifest := f.Manifest
	manifest.Base = ""
	frame, err := watch.RenderEmbed(page)
	if err != nil {
		return nil, err
	}
	out := []Entrance{{PageName, html}, {MasterName, master.Bytes()}, {ManifestName, manifest.Bytes()}, {watch.EmbedName, frame}}
	if url != "" {
		out = append(out, Entrance{watch.OEmbedName, watch.OEmbed(page)})
	}
	return out, nil
}

// ReadPackage reads the facts of a package result.
func ReadPackage(dir string) (f PackageFacts, err error) {
	err = readFacts(dir, &f)
	return f, err
}

// BundleDigest names the player's bytes, for the plan.
func BundleDigest(b watch.Player) string {
	var names []string // they hold hashes of the bytes
	for _, f := range b.Files() {
		names = append(names, f.Name)
	}
	return strings.Join(names, " ")
}
