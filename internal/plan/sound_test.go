package plan

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/media"
)

// TestSounds: which tracks are published, in which order and under which language, and what the plan says of it.
func TestSounds(t *testing.T) {
	for _, c := range []struct {
		what   string
		film   string // its tracks: language or "-", and ":channels" where they are not two
		page   string // the film's own language
		said   string // as --audio says it
		want   string // tracks and languages, the default first
		says   string // findings
		reason string // that must be among the reasons
	}{
		{"one track", "ru", "ru", "", "0=ru", "", "sound track 0: ru, stereo AAC"},
		{"tagged tracks", "ru en ky", "ru", "", "0=ru 1=en 2=ky", "", ""},
		{"the own language last", "en ru", "ru", "", "1=ru 0=en", "", "sound track 1: it comes first, because it is in the film's own language"},
		{"an unnamed track", "- -", "ru", "", "0=ru", "", "sound track 1: its language is not named, and another track is there; --audio 1=ru would name it"},
		{"named", "- -", "", "0=ru 1=en", "0=ru 1=en", "", "sound track 1: en, stereo AAC at 96 kb/s, -16 LUFS, as --audio says"},
		{"one named", "- -", "", "1=en", "1=en", "", "sound track 0: its language is not named, and another track is there"},
		{"named otherwise", "en ru", "", "0=ru 1=en", "0=ru 1=en", "", ""},
		{"switched off", "ru en", "ru", "1=off", "0=ru", "", "sound track 1: it was switched off with --audio"},
		{"the first switched off", "- -", "ru", "0=off", "1=ru", "", ""},
		{"all switched off", "ru", "ru", "0=off", "", "", "sound: all of it was switched off; the film is published silent"},
		{"twice the same", "ru ru", "ru", "", "0=ru", "", "sound track 1: another track has the same language, ru"},
		{"twice named the same", "- -", "ru", "0=ru 1=ru", "0=ru", "", "sound track 1: another track was named as ru, too"},
		{"a name before a tag", "ru -", "", "1=ru", "1=ru", "", "sound track 0: another track has the same language, ru"},
		{"eight of one channel", "-:1 -:1 -:1 -:1 -:1 -:1 -:1 -:1", "ru", "", "0=ru", "audio-mono-tracks", ""},
		{"a pair", "-:1 -:1 -:1 -:1", "ru", "0+1=ru 2+3=en", "0+1=ru 2+3=en", "", "sound tracks 0+1: ru, stereo AAC at 96 kb/s, -16 LUFS, as --audio says, left and right"},
		{"a pair of stereo", "ru en", "ru", "0+1=ru", "", "audio-pair", ""},
		{"a pair with itself", "-:1", "ru", "0+0=ru", "", "audio-pair", ""},
		{"surround", "ru:6", "ru", "", "0=ru", "", "sound track 0: ru, stereo AAC at 96 kb/s, -16 LUFS; its 6 channels are mixed down"},
		{"ten channels", "ru:10", "ru", "", "0=ru", "audio-channels", "sound track 0: ru, stereo AAC at 96 kb/s, -16 LUFS; the first two of its 10 channels"},
		{"no such track", "ru", "ru", "3=en", "0=ru", "audio-track", ""},
		{"nothing to name", "", "ru", "0=en", "", "audio-track", ""},
		{"described", "ru -", "ru", "1=ru:ad", "0=ru 1 (AD)=ru", "", "sound track 1: ru, stereo AAC at 96 kb/s, -16 LUFS, as --audio says, audio description"},
		{"described only by name", "en ru ru", "ru", "2=ru:ad", "1=ru 0=en 2 (AD)=ru", "", ""},
		{"silent", "", "ru", "", "", "", "sound: the film has none; it is published silent"},
	} {
		r := request(t, "documentary")
		r.Language, r.Film.Audio, r.Sounds = c.page, nil, sounds(t, c.said)
		for i, track := range strings.Fields(c.film) {
			lang, channels, _ := strings.Cut(track, ":")
			a := media.Audio{Index: i + 1, Track: i, Channels: 2, Language: strings.Trim(lang, "-"), End: 90 * time.Second}
			fmt.Sscan(channels, &a.Channels)
			a.Pair = a.Channels > 8
			r.Film.Audio = append(r.Film.Audio, a)
		}
		p := Compute(r)
		var rules, reasons []string
		for _, f := range p.Findings {
			rules = append(rules, f.Rule)
		}
		for _, why := range p.Reasons {
			reasons = append(reasons, why.Subject+": "+why.Why)
		}
		if got := strings.Join(rules, " "); got != c.says {
			t.Errorf("%s: it says %q, want %q", c.what, got, c.says)
		}
		if !strings.Contains(strings.Join(reasons, "\n"), c.reason) {
			t.Errorf("%s: %q is not among\n%s", c.what, c.reason, strings.Join(reasons, "\n"))
		}
		if got := published(t, p); got != c.want && !strings.Contains(c.says, "audio-track") && !strings.Contains(c.says, "audio-pair") {
			t.Errorf("%s: published %q, want %q", c.what, got, c.want)
		}
	}
}

// TestUnpublishedSoundMakesNoFilmLonger: the film is as long as its picture and the sounds that are published, both halves of a pair.
func TestUnpublishedSoundMakesNoFilmLonger(t *testing.T) {
	for _, c := range []struct {
		what, said string
		second     media.Audio
		want       time.Duration
		says       string
	}{
		{"a commentary without a language", "", media.Audio{Channels: 2}, 90 * time.Second, ""},
		{"the same language", "", media.Audio{Channels: 2, Language: "ru"}, 90 * time.Second, ""},
		{"switched off", "1=off", media.Audio{Channels: 2, Language: "en"}, 90 * time.Second, ""},
		{"published", "", media.Audio{Channels: 2, Language: "en"}, 110 * time.Second, "film-sound-longer"},
		{"the right half", "0+1=ru", media.Audio{Channels: 1}, 110 * time.Second, "film-sound-longer"},
	} {
		r := request(t, "documentary")
		c.second.Index, c.second.Track, c.second.End = 2, 1, 110*time.Second
		r.Film.Audio[0].Channels = c.second.Channels
		r.Film.Audio, r.Sounds = append(r.Film.Audio, c.second), sounds(t, c.said)
		p := Compute(r)
		var whole PackageParams
		if err := json.Unmarshal(p.Steps[len(p.Steps)-1].Params, &whole); err != nil {
			t.Fatal(err)
		}
		says := ""
		for _, f := range p.Findings {
			says += f.Rule
		}
		if whole.Duration != c.want || says != c.says {
			t.Errorf("%s: it lasts %s, want %s; it says %q, want %q", c.what, whole.Duration, c.want, says, c.says)
		}
	}
}

func sounds(t *testing.T, said string) (out []Sound) {
	for s := range strings.FieldsSeq(said) {
		tracks, lang, _ := strings.Cut(s, "=")
		lang, described := strings.CutSuffix(lang, ":ad")
		sound := Sound{Right: -1, Language: lang, Describes: described}
		if n, _ := fmt.Sscanf(tracks, "%d+%d", &sound.Track, &sound.Right); n == 0 {
			t.Fatal(s)
		}
		out = append(out, sound)
	}
	return out
}

// published are the tracks of a plan as its package step lists them.
func published(t *testing.T, p Plan) string {
	t.Helper()
	var labels PackageParams
	if err := json.Unmarshal(p.Steps[len(p.Steps)-1].Params, &labels); err != nil {
		t.Fatal(err)
	}
	var out []string
	for i, l := range labels.Audio {
		if l.Default != (i == 0) {
			t.Errorf("track %d of the page is the default: %v", i, l.Default)
		}
		for _, s := range p.Steps {
			var a AudioParams
			if s.ID != l.Step || json.Unmarshal(s.Params, &a) != nil {
				continue
			}
			tracks := fmt.Sprint(a.Stream - 1)
			if a.Right != nil {
				tracks += fmt.Sprintf("+%d", *a.Right-1)
			}
			if l.Describes {
				tracks += " (AD)"
			}
			out = append(out, tracks+"="+l.Language)
		}
	}
	return strings.Join(out, " ")
}
