package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"filmpress/internal/engine"
	"filmpress/internal/plan"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/step"
	"filmpress/internal/store"
)

// releaseSet turns the results of a plan into what is uploaded, in the order in which it becomes needed.
func releaseSet(p plan.Plan, results map[string]engine.Result, st store.Store) (release.Set, error) {
	set := release.Set{Slug: p.Slug}
	listed := map[string]bool{}
	used, err := usedMedia(results["video"].Dir)
	if err != nil {
		return set, err
	}
	for _, s := range p.Steps {
		r := results[s.ID]
		if listed[r.Digest] { // two tracks of the same words are the same objects
			continue
		}
		listed[r.Digest] = true
		var files []release.File
		for _, f := range r.Files {
			if f.Path != step.FactsName && (s.Kind != plan.Chunk && s.Kind != plan.Level || used[s.ID+"/"+f.Path]) {
				files = append(files, publishable(p.Slug, r.Dir, s, f))
			}
		}
		switch s.Kind {
		case plan.Subtitle, plan.Pictures:
			set.Tracks = append(set.Tracks, files...)
		case plan.Package:
			set.Pages = files
		default:
			set.Media = append(set.Media, files...)
		}
	}
	facts, err := step.ReadPackage(results["package"].Dir)
	if err != nil {
		return set, err
	}
	set.Summary, err = json.Marshal(summary(p, facts))
	if err != nil {
		return set, err
	}
	set.Entrances = func(id string) ([]release.File, error) {
		entrances, err := facts.Entrances(id, release.PageURL(st, p.Slug))
		if err != nil {
			return nil, err
		}
		var files []release.File
		for _, e := range entrances {
			files = append(files, release.FromBytes(e.Path, e.Data))
		}
		return files, nil
	}
	return set, nil
}

// summary is what the release's manifest tells of its film without being opened. It decides the release's name, so no clock is in it.
func summary(p plan.Plan, f step.PackageFacts) release.Summary {
	s := release.Summary{Title: f.Page.Film.Title, Language: f.Page.Film.Language, Duration: f.Page.Duration.Seconds(), Pipeline: p.Pipeline, Subtitles: []string{},
		Description: f.Page.Film.Description, Date: f.Page.Film.Date, Width: f.Page.Width, Height: f.Page.Height}
	for _, t := range f.Page.Tracks {
		s.Subtitles = append(s.Subtitles, t.Language)
		if !t.Forced {
			s.Tracks = append(s.Tracks, release.Track{Language: t.Language, Kind: t.Kind, Path: strings.TrimPrefix(t.VTT, "../../")})
		}
	}
	return s
}

// usedMedia are the segments and init sections that the renditions are put together from, as "step/path": of a chunk, those
// that were levelled are not part of the film any more.
func usedMedia(video string) (map[string]bool, error) {
	facts, err := step.ReadVideo(video)
	used := map[string]bool{}
	for _, r := range facts.Renditions {
		used[r.Of+"/"+r.Init()] = true
		for _, s := range r.Segments {
			used[s.Of+"/"+s.URI] = true
		}
	}
	return used, err
}

// publishable is a file of a step's result, as it is published.
func publishable(slug, dir string, s plan.Step, f engine.File) release.File {
	path := f.Path
	if s.Kind != plan.Package {
		path = step.MediaPath(s.Digest, f.Path)
	}
	local := filepath.Join(dir, filepath.FromSlash(f.Path))
	return release.File{Path: path, Size: f.Size, SHA256: f.SHA256, MD5: f.MD5,
		Disposition: disposition(s.Kind, f.Path, slug), Open: func() (io.ReadSeekCloser, error) { return os.Open(local) }}
}

// result is what a publish tells its caller.
func result(p plan.Plan, facts step.PackageFacts, results map[string]engine.Result, out release.Result, st store.Store) published {
	r := published{Release: out.Release, Slug: p.Slug, Page: st.URL(p.Slug + "/" + step.PageName), Master: st.URL(p.Slug + "/" + step.MasterName),
		Dash:   st.URL(p.Slug + "/" + step.ManifestName),
		Target: st.String(), Duration: facts.Page.Duration.Seconds(), Renditions: []publishedPicture{}, Subtitles: []publishedTrack{},
		Findings: append([]report.Finding{}, p.Findings...)}
	pages := fmt.Sprintf("%s/r/%s/", p.Slug, out.Release)
	for _, v := range facts.Presentation.Master().Variants {
		r.Renditions = append(r.Renditions, publishedPicture{Width: v.Resolution.Width, Height: v.Resolution.Height, Codecs: v.Codecs,
			Bandwidth: v.Bandwidth, AverageBandwidth: v.Average, FrameRate: float64(v.FrameRate), Playlist: st.URL(pages + v.URI)})
	}
	for i, t := range facts.Presentation.Texts {
		kind := facts.Page.Tracks[i].Kind
		if t.Forced {
			kind = "forced"
		}
		file := filepath.ToSlash(filepath.Join(pages, facts.Page.Tracks[i].VTT))
		r.Subtitles = append(r.Subtitles, publishedTrack{Language: t.Language, Name: t.Name, Kind: kind, File: st.URL(file)})
	}
	for _, done := range results {
		if done.Kept {
			r.Steps.Kept++
		} else {
			r.Steps.Done++
		}
	}
	return r
}

// dispositions is disposition by the digest of a file's step.
func dispositions(p plan.Plan) func(digest, path string) string {
	kinds := map[string]string{}
	for _, s := range p.Steps {
		kinds[s.Digest] = s.Kind
	}
	return func(digest, path string) string { return disposition(kinds[digest], path, p.Slug) }
}

// disposition gives downloads a name that people recognise; in the film's address there is none.
func disposition(kind, path, slug string) string {
	switch kind {
	case plan.MP4, plan.Subtitle:
		if name := filepath.Base(path); name == "film.mp4" || strings.HasPrefix(name, "track.") {
			return fmt.Sprintf("inline; filename=%q", slug+filepath.Ext(name))
		}
	}
	return ""
}
