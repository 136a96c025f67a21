package hls

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"filmpress/internal/media"
)

// Presentation is what was measured of a film's renditions. Lists keep their order, except that Master sorts
// the pictures.
type Presentation struct {
	Pictures []Picture
	Sounds   []Sound
	Texts    []Text
}

// Picture is one rung.
type Picture struct {
	URI       string // of its media playlist
	IFrames   string // of its I-frame playlist, "" for none
	Width     int
	Height    int
	FrameRate media.Rational
	Codec     string // from VideoCodec
	Rates     Rates  // of its segments
	IRates    Rates  // of its I-frame ranges
}

// Sound is one audio rendition.
type Sound struct {
	URI            string
	Name           string // the language's own name, or the track's title
	Language       string // BCP 47; "und" where nobody knows
	Codec          string // from AudioCodec
	Channels       int
	Default        bool
	DescribesVideo bool
	Rates          Rates
}

// Text is one subtitle rendition. SDH transcribes the dialogue and describes the sounds; Forced holds only what every
// viewer must read.
type Text struct {
	URI      string
	Name     string
	Language string
	Default  bool
	SDH      bool
	Forced   bool
	Rates    Rates
}

// start is the rate a typical viewer starts with, in bit/s (authoring specification, 1.32).
const start = 2_000_000

const soundGroup, textGroup = "sound", "subtitles"

// Master is the multivariant playlist. BANDWIDTH and AVERAGE-BANDWIDTH are the largest sums over the playable
// combinations: the picture with the largest sound and the largest subtitles. The first variant is the one of H.264
// nearest to 2 Mb/s; the rest ascend, H.264 before others. Where there are others, every variant has a SCORE: among
// pictures that look alike, a player that can show several codecs then takes the newer one, which costs less.
func (p Presentation) Master() Master {
	m := Master{Version: Version, Independent: true, Renditions: append(p.sounds(), p.texts()...)}
	var sound, text Rates
	var codecs []string
	for _, s := range p.Sounds {
		sound = sound.Max(s.Rates)
		if !slices.Contains(codecs, s.Codec) {
			codecs = append(codecs, s.Codec)
		}
	}
	for _, t := range p.Texts {
		text = text.Max(t.Rates)
	}
	score := scores(p.Pictures)
	for _, v := range ordered(p.Pictures) {
		rates := v.Rates.Add(sound).Add(text)
		variant := Variant{Bandwidth: rates.Peak, Average: rates.Average, Score: score(v), Codecs: strings.Join(append([]string{v.Codec}, codecs...), ","),
			Resolution: Size{v.Width, v.Height}, FrameRate: Decimal(v.FrameRate.Float()), Captions: "NONE", URI: v.URI}
		if len(p.Sounds) > 0 {
			variant.Audio = soundGroup
		}
		if len(p.Texts) > 0 {
			variant.Subtitles = textGroup
		}
		m.Variants = append(m.Variants, variant)
		if v.IFrames != "" {
			m.IFrames = append(m.IFrames, IFrame{Bandwidth: v.IRates.Peak, Average: v.IRates.Average, Score: score(v), Codecs: v.Codec,
				Resolution: variant.Resolution, URI: v.IFrames})
		}
	}
	return m
}

// everywhere says whether every player can show a picture: it is H.264.
func (p Picture) everywhere() bool { return strings.HasPrefix(p.Codec, "avc1.") }

func (p Picture) turn() int {
	if p.everywhere() {
		return 0
	}
	return 1
}

// scores ranks pictures by size, and those of one size by codec. Where all are of one codec it gives 0: bandwidth says
// the same then.
func scores(pictures []Picture) func(Picture) Decimal {
	var sizes []int
	mixed := false
	for _, p := range pictures {
		sizes = append(sizes, p.Width*p.Height)
		mixed = mixed || p.everywhere() != pictures[0].everywhere()
	}
	slices.Sort(sizes)
	sizes = slices.Compact(sizes)
	return func(p Picture) Decimal {
		if !mixed {
			return 0
		}
		rank := Decimal(1 + slices.Index(sizes, p.Width*p.Height))
		if !p.everywhere() {
			rank += 0.5
		}
		return rank
	}
}

// ordered puts the picture a viewer starts with first and the rest by rising rate, those for every player before others.
func ordered(pictures []Picture) []Picture {
	list := slices.Clone(pictures)
	slices.SortStableFunc(list, func(a, b Picture) int {
		return cmp.Or(cmp.Compare(a.turn(), b.turn()), cmp.Compare(a.Rates.Average, b.Rates.Average), cmp.Compare(a.Rates.Peak, b.Rates.Peak), cmp.Compare(a.Width, b.Width))
	})
	first := 0
	for i, v := range list {
		if v.everywhere() == list[0].everywhere() && distance(v) < distance(list[first]) {
			first = i
		}
	}
	if len(list) > 0 {
		v := list[first]
		list = slices.Insert(slices.Delete(list, first, first+1), 0, v)
	}
	return list
}

func distance(p Picture) int64 {
	d := p.Rates.Average - start
	return max(d, -d)
}

// sounds lists the audio group. Exactly one is the default: the first that asks for it, else the first.
func (p Presentation) sounds() []Rendition {
	first := max(0, slices.IndexFunc(p.Sounds, func(s Sound) bool { return s.Default }))
	var list []Rendition
	for i, s := range p.Sounds {
		r := Rendition{Type: "AUDIO", Group: soundGroup, Name: unique(list, s.Name, s.Language), Language: known(s.Language), Default: i == first,
			Autoselect: true, Channels: fmt.Sprint(s.Channels), URI: s.URI}
		if s.DescribesVideo {
			r.Characteristics = DescribesVideo
		}
		list = append(list, r)
	}
	return list
}

// texts lists the subtitle group; at most one is the default.
func (p Presentation) texts() []Rendition {
	first := slices.IndexFunc(p.Texts, func(t Text) bool { return t.Default && !t.Forced })
	var list []Rendition
	for i, t := range p.Texts {
		r := Rendition{Type: "SUBTITLES", Group: textGroup, Name: unique(list, t.Name, t.Language), Language: known(t.Language), Default: i == first,
			Autoselect: true, Forced: t.Forced, URI: t.URI}
		if t.SDH {
			r.Characteristics = TranscribesDialog + "," + DescribesMusic
		}
		list = append(list, r)
	}
	return list
}

func known(language string) string { return cmp.Or(language, "und") }

// unique gives a name that no rendition of the list bears yet, since NAME is unique in its group.
func unique(list []Rendition, name, language string) string {
	name = cmp.Or(strings.TrimSpace(name), known(language))
	taken := func(n string) bool {
		return slices.ContainsFunc(list, func(r Rendition) bool { return quote(r.Name) == quote(n) })
	}
	for n, base := 2, name; taken(name); n++ {
		name = fmt.Sprintf("%s %d", base, n)
	}
	return name
}
