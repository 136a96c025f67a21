package hls

import (
	"fmt"
	"strings"
)

// Audio is what an AudioSpecificConfig says of MPEG-4 audio (ISO/IEC 14496-3, 1.6.2.1).
type Audio struct {
	Object     int // audioObjectType: 2 is AAC-LC, 5 SBR (HE-AAC), 29 parametric stereo (HE-AAC v2)
	SampleRate int // of the core, hertz; 0 is not known
	Channels   int // of the core; 0 is not known

	sbr, ps signal
}

// signal is whether a tool is used: a decoder that is not told looks into the stream (14496-3, 1.6.5 and 1.6.6).
type signal int

const (
	untold signal = iota
	used
	unused
)

// ParseAudio reads an AudioSpecificConfig. It fails where the bytes are none; what one that is cut does not tell is not known.
func ParseAudio(asc []byte) (a Audio, ok bool) {
	r := bitReader{b: asc}
	if a.Object = r.object(); len(asc) < 2 {
		return Audio{}, false
	}
	rate, layout := r.rate(), r.take(4)
	if r.bad {
		return a, true
	}
	a.SampleRate, a.Channels = rate, channelsOf[layout]
	core := a.Object
	if core == sbrObject || core == psObject {
		a.sbr = used
		if core == psObject {
			a.ps = used
		}
		r.rate() // with SBR
		if core = r.object(); core == 22 {
			r.take(4)
		}
	}
	if !r.general(&a, core, layout) || r.bad {
		return a, true // another kind of coder, or cut: what stands before is all that is known
	}
	if a.sbr == untold {
		r.extension(&a)
	}
	return a, true
}

const (
	sbrObject = 5
	psObject  = 29
)

// channelsOf is how many channels a channelConfiguration stands for (ISO/IEC 23091-3, as 14496-3, table 1.19, had it); 0 where the configuration itself tells, or none is.
var channelsOf = [16]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6, 7: 8, 11: 7, 12: 8, 13: 24, 14: 8}

var audioRates = [16]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// bitReader reads bits, the highest first. A read past the end gives 0 and sets bad.
type bitReader struct {
	b   []byte
	at  int // in bits
	bad bool
}

func (r *bitReader) left() int { return len(r.b)*8 - r.at }

func (r *bitReader) take(n int) (v int) {
	if r.bad = r.bad || n > r.left(); r.bad {
		return 0
	}
	for range n {
		v = v<<1 | int(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *bitReader) object() int {
	if object := r.take(5); object != 31 {
		return object
	}
	return 32 + r.take(6) // escape
}

func (r *bitReader) rate() int {
	index := r.take(4)
	if index == 15 {
		return r.take(24)
	}
	return audioRates[index]
}

// general reads GASpecificConfig (14496-3, 4.4.1), and gives false for objects that have another one.
func (r *bitReader) general(a *Audio, core, layout int) bool {
	resilient := core == 17 || core >= 19 && core <= 23
	if !(core >= 1 && core <= 4 || core == 6 || core == 7 || resilient) {
		return false
	}
	r.take(1) // length of a frame
	if r.take(1) == 1 {
		r.take(14) // delay of the core coder
	}
	more := r.take(1)
	if layout == 0 {
		a.Channels = r.program()
	}
	if core == 6 || core == 20 {
		r.take(3)
	}
	if more == 1 {
		if core == 22 {
			r.take(16)
		}
		if core != 22 && resilient && core != 21 {
			r.take(3)
		}
		r.take(1)
	}
	if resilient {
		if protection := r.take(2); protection > 1 {
			return false
		}
	}
	return true
}

// program reads program_config_element (14496-3, 4.4.1.1), and counts its channels.
func (r *bitReader) program() (channels int) {
	r.take(10) // tag, object, rate
	single := [3]int{r.take(4), r.take(4), r.take(4)}
	low, data, coupled := r.take(2), r.take(3), r.take(4)
	for range 2 { // mixdowns to mono and to stereo
		if r.take(1) == 1 {
			r.take(4)
		}
	}
	if r.take(1) == 1 {
		r.take(3)
	}
	for _, n := range single {
		for range n {
			channels += 1 + r.take(1) // a pair is two
			r.take(4)
		}
	}
	channels += low
	r.take(4*low + 4*data + 5*coupled)
	r.take((8 - r.at%8) % 8)
	r.take(8 * r.take(8)) // a comment
	if r.bad {
		return 0
	}
	return channels
}

// extension reads what is told behind the core's configuration, where decoders that know AAC-LC alone do not look.
func (r *bitReader) extension(a *Audio) {
	if r.left() < 16 || r.take(11) != 0x2b7 || r.object() != sbrObject {
		return
	}
	if a.sbr = unused; r.take(1) == 1 {
		a.sbr = used
		r.rate()
	}
	if r.left() >= 12 && r.take(11) == 0x548 {
		if a.ps = unused; r.take(1) == 1 {
			a.ps = used
		}
	}
	if r.bad {
		a.sbr, a.ps = untold, untold
	}
}

// mayHave says whether a decoder may find a tool in the stream that nothing tells of: encoders use SBR, and with it parametric
// stereo, where the core has half of a usual rate.
func (a Audio) mayHave(tool signal) bool {
	return tool == used || tool == untold && a.Object == 2 && a.SampleRate <= 24000
}

// stereo says whether the one channel of the core may come out as two.
func (a Audio) stereo() bool {
	return a.Channels == 1 && (a.ps == used || a.ps == untold && (a.sbr == used || a.mayHave(a.sbr)))
}

// Codec is the CODECS entry: of HE-AAC "mp4a.40.5", or "mp4a.40.29" with parametric stereo, also where AAC-LC stands in front for the sake
// of older decoders.
func (a Audio) Codec() string {
	object := a.Object
	switch {
	case a.ps == used:
		object = psObject
	case a.sbr == used:
		object = sbrObject
	}
	return fmt.Sprintf("mp4a.40.%d", object)
}

// Hears says whether so many channels may come out.
func (a Audio) Hears(channels int) bool {
	return channels == a.Out() || channels == 2 && a.stereo()
}

// Out is how many channels come out; 0 is not known.
func (a Audio) Out() int {
	if a.Channels == 1 && a.ps == used {
		return 2
	}
	return a.Channels
}

// is says whether a declared CODECS entry fits. A decoder may leave tools out that are not told in front, so AAC-LC may be called what it
// is, too.
func (a Audio) is(declared string) bool {
	switch strings.ToLower(declared) {
	case strings.ToLower(a.Codec()):
		return true
	case "mp4a.40.2":
		return a.Object == 2
	case "mp4a.40.5":
		return a.mayHave(a.sbr)
	case "mp4a.40.29":
		return a.stereo()
	}
	return false
}
