package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"filmpress/internal/media"
	"filmpress/internal/report"
)

// voice is one sound track of the film that is to be published.
type voice struct {
	media.Audio
	right     *media.Audio
	language  string
	describes bool // audio description
}

// key tells what a film has one of: a sound, and a described sound, a language.
func (v voice) key() string {
	if v.describes {
		return v.language + ":ad"
	}
	return v.language
}

// audio takes the tracks that the user names; of the others the first, and each further one that names a language not
// yet taken. The one in the film's own language comes first.
func (c *computer) audio() {
	c.judgeSounds()
	if len(c.Film.Audio) == 0 {
		c.because("sound", false, "the film has none; it is published silent")
	}
	voices := c.voices()
	if own := slices.IndexFunc(voices, func(v voice) bool { return v.language == c.Language && !v.describes }); own > 0 {
		c.because(voices[own].subject(), true, "it comes first, because it is in the film's own language")
		voices = slices.Insert(slices.Delete(slices.Clone(voices), own, own+1), 0, voices[own])
	}
	for _, v := range voices {
		c.addSound(v)
	}
	if len(c.Film.Audio) > 0 && len(c.heard()) == 0 {
		c.because("sound", false, "all of it was switched off; the film is published silent")
	}
	c.embedded()
}

func (v voice) subject() string {
	if v.right != nil {
		return fmt.Sprintf("sound tracks %d+%d", v.Track, v.right.Track)
	}
	return fmt.Sprintf("sound track %d", v.Track)
}

// judgeSounds complains of what the user says of tracks that are not there, or cannot be halves of one.
func (c *computer) judgeSounds() {
	var have []string
	for _, a := range c.Film.Audio {
		have = append(have, fmt.Sprint(a.Track))
	}
	slices.Sort(have)
	for _, s := range c.Sounds {
		for _, n := range []int{s.Track, s.Right} {
			if n >= 0 && c.track(n) == nil {
				hint := "it has none; leave --audio out"
				if len(have) > 0 {
					hint = "its sound tracks are called " + strings.Join(have, ", ") + ": counted from 0, in the file's order"
				}
				c.find(report.Error, "audio-track", fmt.Sprintf("the film has no sound track %d that can be decoded", n), hint)
				return
			}
		}
		if s.Right >= 0 && (c.track(s.Track).Channels != 1 || c.track(s.Right).Channels != 1 || s.Track == s.Right) {
			c.find(report.Error, "audio-pair", fmt.Sprintf("sound tracks %d and %d are not two of one channel each, so they cannot be left and right", s.Track, s.Right), "name one of them alone: --audio "+fmt.Sprint(s.Track)+"=ru")
			return
		}
	}
}

func (c *computer) track(n int) *media.Audio {
	if i := slices.IndexFunc(c.Film.Audio, func(a media.Audio) bool { return a.Track == n }); i >= 0 {
		return &c.Film.Audio[i]
	}
	return nil
}

// said is what the user says of a track.
func (c *computer) said(track int) (Sound, bool) {
	i := slices.IndexFunc(c.Sounds, func(s Sound) bool { return s.Track == track || s.Right == track })
	if i < 0 {
		return Sound{}, false
	}
	return c.Sounds[i], true
}

// heard are the film's tracks without those that were switched off.
func (c *computer) heard() []media.Audio {
	return slices.DeleteFunc(slices.Clone(c.Film.Audio), func(a media.Audio) bool {
		said, ok := c.said(a.Track)
		return ok && said.Language == Off
	})
}

// published are the sounds that are chosen, for what depends on them before they are spoken of: how long the film is, and what it
// costs. A track that nobody publishes makes no film longer.
func (c *computer) published() []voice {
	silent := *c
	silent.plan = Plan{}
	return silent.voices()
}

// voices chooses, and says why.
func (c *computer) voices() (taken []voice) {
	seen, named := map[string]bool{}, map[string]bool{}
	for _, s := range c.Sounds {
		if s.Language != Off && !s.Describes {
			seen[s.Language] = true
		}
	}
	for _, a := range c.Film.Audio {
		v := voice{Audio: a, language: a.Language}
		said, ok := c.said(a.Track)
		switch {
		case ok && said.Language == Off:
			c.because(v.subject(), false, "it was switched off with --audio")
			continue
		case ok && said.Right == a.Track:
			continue // it is the other half
		case ok:
			v.language, v.describes = said.Language, said.Describes
			if said.Right >= 0 {
				v.right = c.track(said.Right)
			}
			if named[v.key()] {
				c.because(v.subject(), false, "another track was named as "+v.language+", too")
				continue
			}
			named[v.key()] = true
		case v.language == "" && len(taken) == 0 && len(seen) == 0:
			v.language = c.firstLanguage()
		case v.language == "":
			c.because(v.subject(), false, "its language is not named, and another track is there; --audio "+fmt.Sprint(a.Track)+"=ru would name it")
			continue
		case seen[v.language]:
			c.because(v.subject(), false, "another track has the same language, "+v.language)
			continue
		}
		if !v.describes {
			seen[v.language] = true
		}
		taken = append(taken, v)
	}
	c.halves(taken)
	return taken
}

// firstLanguage is that of a film whose first track does not say.
func (c *computer) firstLanguage() string {
	if c.Language == "" {
		c.find(report.Warn, "audio-language", "nobody says which language the film speaks", "give `--language ru`, or `language: ru` in the film's .md file")
	}
	return cmp.Or(c.Language, "und")
}

// halves warns of a master whose tracks have one channel each: the first alone is seldom all of the sound.
func (c *computer) halves(taken []voice) {
	if len(c.Sounds) > 0 || len(taken) != 1 || len(c.Film.Audio) < 2 || taken[0].Channels != 1 {
		return
	}
	for _, a := range c.Film.Audio {
		if a.Channels != 1 {
			return
		}
	}
	first, second := c.Film.Audio[0].Track, c.Film.Audio[1].Track
	c.find(report.Warn, "audio-mono-tracks", fmt.Sprintf("the film has %d sound tracks of one channel each, and only the first is published", len(c.Film.Audio)),
		fmt.Sprintf("if two of them are left and right, give --audio %d+%d=%s", first, second, taken[0].language))
}

func (c *computer) addSound(v voice) {
	label := AudioLabel{Step: fmt.Sprintf("audio-%d", v.Track), Language: v.language, Name: c.NameOf(v.language), Default: len(c.sounds) == 0, Describes: v.describes}
	if label.Name == "" {
		label.Name = fmt.Sprintf("Audio %d", v.Track+1)
	}
	if v.describes {
		label.Name += " (AD)" // as broadcasters mark it in any language; names must differ
	}
	c.sounds = append(c.sounds, label)
	why := fmt.Sprintf("%s, stereo AAC at %d kb/s, %g LUFS", v.language, c.Pipeline.Audio.Bitrate, c.Pipeline.Audio.Loudness)
	if _, ok := c.said(v.Track); ok {
		why += ", as --audio says"
	}
	if v.right != nil {
		why += ", left and right"
	}
	if v.describes {
		why += ", audio description"
	}
	switch {
	case v.Pair:
		why += fmt.Sprintf("; the first two of its %d channels", v.Channels)
		c.find(report.Warn, "audio-channels", fmt.Sprintf("sound track %d has %d channels and does not say where they belong; the first two are taken for left and right", v.Track, v.Channels),
			"if that is not the film's sound, export it as stereo, or with its channels named")
	case v.Channels > 2:
		why += fmt.Sprintf("; its %d channels are mixed down", v.Channels)
	}
	c.because(v.subject(), true, why)
	p := AudioParams{
		Stream: v.Index, Duration: c.seconds(c.frames), Segment: c.seconds(int64(c.segment)), Opening: c.opening,
		Bitrate: int64(c.Pipeline.Audio.Bitrate) * 1000, Loudness: float64(c.Pipeline.Audio.Loudness), TruePeak: float64(c.Pipeline.Audio.TruePeak), Tolerant: c.Tolerant, Reading: v.Reading,
	}
	if v.right != nil {
		p.Right = &v.right.Index
	}
	c.add(label.Step, Audio, "encoding the sound, "+v.language, p, source("film", c.Film.Digest))
}

// embedded says what becomes of subtitles inside the film: they are offered, and not taken silently.
func (c *computer) embedded() {
	for _, t := range c.Film.Text {
		why := "text inside the film is not taken by itself; `filmpress subs extract` takes it out into a file, to be checked and published"
		if t.Bitmap {
			why = "it is made of pictures, not of text"
		}
		c.because(fmt.Sprintf("subtitle stream %d (%s)", t.Index, cmp.Or(t.Language, "no language")), false, why)
	}
}
