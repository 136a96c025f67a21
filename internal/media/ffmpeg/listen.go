package ffmpeg

import (
	"context"
	"io"

	"golang.org/x/text/language"

	"filmpress/internal/media"
	"filmpress/internal/report"

	ff "github.com/u2takey/ffmpeg-go"
)

// SpeechRate is the rate, in samples a second, of what Listen gives.
const SpeechRate = 16000

// SoundTracks tells which sound tracks a file declares, those first that the container prefers. It reads the header alone
// and takes files without a picture, too. End is the length that the file declares. A finding says why the file cannot be read.
func (t Tools) SoundTracks(ctx context.Context, path string) ([]media.Audio, *report.Finding, error) {
	if f := refuse(path); f != nil {
		return nil, f, nil
	}
	p, why, err := t.header(ctx, path)
	if err != nil {
		return nil, nil, err
	}
	if why != "" {
		j := &judge{path: path}
		j.fail("film-not-media", "this cannot be read as a film or as sound: "+why, "check that it plays in a player, or export it again")
		return nil, &j.findings[0], nil
	}
	var first, rest []media.Audio
	for _, s := range p.streams {
		s.audio.End = p.declared
		switch {
		case s.kind != "audio" || s.codec == "":
		case s.preferred:
			first = append(first, s.audio)
		default:
			rest = append(rest, s.audio)
		}
	}
	return append(first, rest...), nil, nil
}

// Dialogue chooses the track in which people speak a language: the first of that language (BCP 47; "pt" finds "pt-BR"),
// else the first at all. ok is false where there is none.
func Dialogue(tracks []media.Audio, lang string) (track media.Audio, ok bool) {
	if len(tracks) == 0 {
		return media.Audio{}, false
	}
	want, err := language.Parse(lang)
	if lang == "" || err != nil {
		return tracks[0], true
	}
	base, _ := want.Base()
	for _, t := range tracks {
		if have, err := language.Parse(t.Language); err == nil && t.Language != "" {
			if b, _ := have.Base(); b == base {
				return t, true
			}
		}
	}
	return tracks[0], true
}

// Listen decodes a sound track; read takes it as one channel at SpeechRate, signed 16 bit in little endian without a
// header. Its first sample is at the container's start, as for EncodeAudio: what begins later is led by silence.
// Damaged sound is passed over. progress may be nil.
func (t Tools) Listen(ctx context.Context, film string, track media.Audio, read func(io.Reader) error, progress func(Progress)) error {
	return t.Run(ctx, Job{Args: listenArgs(film, track), Read: []func(io.Reader) error{read}, Progress: progress, Tolerant: true})
}

func listenArgs(film string, track media.Audio) []string {
	f := &filters{stream(input(film, reading(track.Reading)), track.Index)}
	f.pair(track.Reading)
	f.add("aresample", "osr", itoa(SpeechRate), "ochl", "mono", "osf", "s16", "async", "1", "first_pts", "0")
	return arguments(1, f.Output(Pipe(0), ff.KwArgs{"vn": "", "sn": "", "dn": "", "c:a": "pcm_s16le", "format": "s16le"}))
}
