package gather

import (
	"fmt"
	"strings"

	"filmpress/internal/lint"
	"filmpress/internal/media"
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
	"filmpress/internal/subtitle/rules"
	"filmpress/internal/userfile"
)

// trackJudge holds a film's subtitles to the rules before anything is encoded. Errors stop a publish; of warnings a few are
// shown, since `filmpress subs check` shows them all.
type trackJudge struct {
	settings *lint.Settings
	charset  string        // --charset
	tracks   []judgedTrack // for the rules that need the film, which is read after them
}

type judgedTrack struct {
	track *subtitle.Track
	rules rules.Settings
	path  string
}

// judgeTrack judges one track by itself: by the pipeline's profile, or that of the settings file beside the track.
func (g *Film) judgeTrack(t *subtitle.Track, read []report.Finding, s sidecar) error {
	if g.subs.settings == nil {
		settings, err := lint.NewSettings(lint.Choice{}, func(name string) ([]byte, error) { return userfile.Read(name, subtitle.MaxBytes+1) })
		if err != nil {
			return err
		}
		g.subs.settings = settings.ForPublish(lint.Profile(g.Request.Pipeline.Subtitles.Profile))
	}
	inForce, wrong := g.subs.settings.For(s.path)
	g.Findings = append(g.Findings, wrong...)
	inForce.Kind = subtitle.Kind(s.kind)
	g.Findings = append(g.Findings, g.brief(t.Name, rules.Check(t, read, inForce))...)
	g.subs.tracks = append(g.subs.tracks, judgedTrack{t, inForce, s.path})
	return nil
}

// judgeTimes judges the tracks against what is known of the film. Its speech was not listened to: that is for
// `filmpress subs check --film`.
func (g *Film) judgeTimes() {
	film := factsOf(g.Request.Film)
	for _, j := range g.subs.tracks {
		if len(j.track.Cues) > 0 {
			g.Findings = append(g.Findings, g.brief(j.track.Name, rules.CheckFilm(j.track, film, j.rules))...)
		}
	}
}

// factsOf is what the rules need to know of a film, without what is heard and seen in it.
func factsOf(s media.Source) rules.Film {
	film := rules.Film{Duration: s.Duration}
	if len(s.Video) > 0 {
		film.FrameRate = s.Video[0].Rate.Float()
	}
	return film
}

// shownOfRule is how many findings of one rule a publish shows of a track: enough to see what is meant.
const shownOfRule = 3

// brief is findings for the summary of a publish: without notes, and of many alike the first few and their number.
func (g *Film) brief(name string, all []report.Finding) []report.Finding {
	type alike struct {
		rule string
		sev  report.Severity
	}
	var out []report.Finding
	var order []alike
	count := map[alike]int{}
	for _, f := range all {
		if f.Severity == report.Info {
			continue
		}
		k := alike{f.Rule, f.Severity}
		if count[k]++; count[k] == 1 {
			order = append(order, k)
		}
		if count[k] <= shownOfRule {
			out = append(out, f)
		}
	}
	for _, k := range order {
		if more := count[k] - shownOfRule; more > 0 {
			out = append(out, report.Finding{Pos: report.Pos{File: name}, Severity: k.sev, Rule: k.rule,
				Text: fmt.Sprintf("%d more of this kind", more), Hint: g.checkCommand(name) + " shows all"})
		}
	}
	return out
}

// checkCommand is how to see all findings on a track.
func (g *Film) checkCommand(name string) string {
	words := []string{"filmpress subs check", userfile.Quote(userfile.WithoutHyphen(name))}
	if p := g.Request.Pipeline.Subtitles.Profile; p != "" {
		words = append(words, "--profile", string(p))
	}
	if g.subs.charset != "" {
		words = append(words, "--charset", userfile.Quote(g.subs.charset))
	}
	return strings.Join(words, " ")
}
