package watch

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Structured is the film as search engines read it (schema.org VideoObject). URIs are absolute where the page's
// place is known. encoding/json sorts the keys, so that the bytes stay the same.
func (v view) Structured() map[string]any {
	video := map[string]any{
		"@context": "https://schema.org", "@type": "VideoObject", "name": v.Film.Title, "duration": isoDuration(v.Duration),
		"inLanguage": v.Language(), "embedUrl": v.Beside(EmbedName),
	}
	for key, value := range map[string]string{
		"description": v.Film.Description, "uploadDate": wholeDate(v.Film.Date), "transcript": v.transcript(), "thumbnailUrl": v.Absolute(v.Poster), "license": v.LicenceURL(), "contentUrl": v.Absolute(v.MP4),
	} {
		if value != "" {
			video[key] = value
		}
	}
	var captions, clips []any
	for _, t := range v.Choices() {
		captions = append(captions, map[string]any{"@type": "MediaObject", "name": t.Name, "inLanguage": t.Language,
			"encodingFormat": "text/vtt", "contentUrl": v.Absolute(t.VTT)})
	}
	for i, c := range v.Chapters {
		end := v.Duration
		if i+1 < len(v.Chapters) {
			end = v.Chapters[i+1].Start
		}
		clips = append(clips, map[string]any{"@type": "Clip", "name": c.Title, "startOffset": c.Start.Seconds(),
			"endOffset": end.Seconds(), "url": v.PublicURL + "?t=" + seconds(c.Start)})
	}
	if captions != nil {
		video["caption"] = captions
	}
	if clips != nil {
		video["hasPart"] = clips
	}
	return video
}

// wholeDate is a date that names a day; readers refuse others.
func wholeDate(date string) string {
	if len(date) == len(time.DateOnly) {
		return date
	}
	return ""
}

// maxTranscript is how many bytes of words stand in the page twice, as text and for search engines: a page without its player stays small for
// thin networks. Of a longer film, search engines read the text.
const maxTranscript = 12_000

// transcript is what is said in the film, in the page's language where there is such a track, else in that of the first.
func (v view) transcript() string {
	var best []Line
	for _, t := range v.Spoken() {
		if best == nil || t.Language == v.Language() {
			best = t.Lines
		}
		if t.Language == v.Language() {
			break
		}
	}
	var b strings.Builder
	for _, l := range best {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(strings.ReplaceAll(l.Text, "\n", " "))
	}
	if b.Len() > maxTranscript {
		return ""
	}
	return b.String()
}

// Absolute is a URI as others need it: below PublicURL where that is known, else as the page itself uses it.
func (v view) Absolute(ref string) string {
	at := v.resolve(ref)
	base, err := url.Parse(v.PublicURL)
	if ref == "" || v.PublicURL == "" || err != nil {
		return at
	}
	rel, err := base.Parse(at)
	if err != nil {
		return at
	}
	return rel.String()
}

// isoDuration is an ISO 8601 duration in whole seconds: PT1H2M3S.
func isoDuration(d time.Duration) string {
	s := int(d.Round(time.Second) / time.Second)
	out := "PT"
	if s >= 3600 {
		out += fmt.Sprintf("%dH", s/3600)
	}
	if s >= 60 {
		out += fmt.Sprintf("%dM", s/60%60)
	}
	return out + fmt.Sprintf("%dS", s%60)
}
