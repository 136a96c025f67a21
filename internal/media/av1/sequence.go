package av1

import "fmt"

// Sequence is what a sequence header says that matters outside of a decoder (section 5.5).
type Sequence struct {
	Profile        int // 0 Main, 1 High, 2 Professional
	Level          int // seq_level_idx of the first operating point: 8 is 4.0, see LevelName
	HighTier       bool
	Bits           int // a sample
	Mono           bool
	SubX, SubY     bool // the chroma has half the width, half the height
	Position       int  // of the chroma samples
	Width, Height  int  // the largest a picture may have
	Primaries      int  // colours, as in ISO/IEC 23091-2; 2 is unspecified
	Transfer       int
	Matrix         int
	FullRange      bool
	Grain          bool // film grain is made up by the decoder
	reduced        bool
	twelve, higher bool // the bits as av1C has them
}

// The transfer functions of HDR (ISO/IEC 23091-2).
const (
	TransferPQ  = 16
	TransferHLG = 18
)

// ParseSequence reads a sequence header OBU, with its header.
func ParseSequence(obu []byte) (s Sequence, err error) {
	if len(obu) == 0 {
		return s, malformed("no sequence header")
	}
	o, err := first(obu)
	if err != nil {
		return s, err
	}
	if o.Type != SequenceHeader {
		return s, malformed("an OBU of type %d where a sequence header is due", o.Type)
	}
	r := bits{b: o.Payload}
	s.Profile = int(r.n(3))
	r.n(1) // still picture
	if s.reduced = r.flag(); s.reduced {
		s.Level = int(r.n(5))
	} else {
		s.points(&r)
	}
	w, h := int(r.n(4))+1, int(r.n(4))+1
	s.Width, s.Height = int(r.n(w))+1, int(r.n(h))+1
	s.tools(&r)
	s.color(&r)
	s.Grain = r.flag()
	if !r.trailing() {
		return s, malformed("the sequence header does not end as one does")
	}
	if s.Profile > 2 {
		return s, malformed("there is no profile %d", s.Profile)
	}
	return s, nil
}

// points reads timing and operating points; the first one's level and tier are kept.
func (s *Sequence) points(r *bits) {
	delay, model := 0, false
	if r.flag() { // timing
		r.n(32)
		r.n(32)
		if r.flag() {
			r.uvlc()
		}
		if model = r.flag(); model {
			delay = int(r.n(5)) + 1
			r.n(32)
			r.n(5)
			r.n(5)
		}
	}
	display := r.flag()
	for i := range int(r.n(5)) + 1 {
		r.n(12)
		level, high := int(r.n(5)), false
		if level > 7 {
			high = r.flag()
		}
		if i == 0 {
			s.Level, s.HighTier = level, high
		}
		if model && r.flag() {
			r.n(delay)
			r.n(delay)
			r.n(1)
		}
		if display && r.flag() {
			r.n(4)
		}
	}
}

// tools reads what only a decoder needs.
func (s *Sequence) tools(r *bits) {
	if !s.reduced && r.flag() { // frame ids
		r.n(7)
	}
	r.n(3) // superblocks, intra filters
	if !s.reduced {
		r.n(4) // compound modes, warping, dual filters
		hint := r.flag()
		if hint {
			r.n(2)
		}
		screen := true
		if !r.flag() {
			screen = r.flag()
		}
		if screen && !r.flag() {
			r.n(1)
		}
		if hint {
			r.n(3)
		}
	}
	r.n(3) // super resolution, CDEF, restoration
}

// color reads the colour configuration (section 5.5.2).
func (s *Sequence) color(r *bits) {
	s.Bits = 8
	if s.higher = r.flag(); s.higher {
		s.Bits = 10
		if s.Profile == 2 {
			if s.twelve = r.flag(); s.twelve {
				s.Bits = 12
			}
		}
	}
	s.Mono = s.Profile != 1 && r.flag()
	s.Primaries, s.Transfer, s.Matrix = 2, 2, 2
	if r.flag() {
		s.Primaries, s.Transfer, s.Matrix = int(r.n(8)), int(r.n(8)), int(r.n(8))
	}
	const bt709, srgb, identity = 1, 13, 0
	switch {
	case s.Mono:
		s.FullRange, s.SubX, s.SubY = r.flag(), true, true
		return
	case s.Primaries == bt709 && s.Transfer == srgb && s.Matrix == identity:
		s.FullRange = true
	default:
		s.FullRange = r.flag()
		switch {
		case s.Profile == 0:
			s.SubX, s.SubY = true, true
		case s.Profile == 2 && s.Bits == 12:
			if s.SubX = r.flag(); s.SubX {
				s.SubY = r.flag()
			}
		case s.Profile == 2:
			s.SubX = true
		}
		if s.SubX && s.SubY {
			s.Position = int(r.n(2))
		}
	}
	r.n(1) // quantizers of the two chromas
}

// VideoRange is the HLS word for the transfer function.
func (s Sequence) VideoRange() string {
	switch s.Transfer {
	case TransferPQ:
		return "PQ"
	case TransferHLG:
		return "HLG"
	}
	return "SDR"
}

// Codec is the CODECS entry, "av01.0.04M.08": profile, level, tier and bits (the binding, 5). What may follow is left
// out; it says what colours the picture has, and the sequence header does so too.
func (s Sequence) Codec() string {
	tier := "M"
	if s.HighTier {
		tier = "H"
	}
	return fmt.Sprintf("av01.%d.%02d%s.%02d", s.Profile, s.Level, tier, s.Bits)
}

// LongCodec is Codec with all that may follow.
func (s Sequence) LongCodec() string {
	chroma := fmt.Sprintf("%d%d0", digit(s.SubX), digit(s.SubY))
	if s.SubX && s.SubY {
		chroma = fmt.Sprintf("11%d", s.Position)
	}
	return fmt.Sprintf("%s.%d.%s.%02d.%02d.%02d.%d", s.Codec(), digit(s.Mono), chroma, s.Primaries, s.Transfer, s.Matrix, digit(s.FullRange))
}

func digit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// bits reads from the highest bit down; a read past the end gives zeros and sets bad.
type bits struct {
	b   []byte
	at  int
	bad bool
}

func (r *bits) n(count int) (v uint64) {
	for range count {
		if r.at >= 8*len(r.b) {
			r.bad = true
			return 0
		}
		v = v<<1 | uint64(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *bits) flag() bool { return r.n(1) == 1 }

// uvlc reads a number behind as many zeros as it has bits (section 4.10.3).
func (r *bits) uvlc() uint64 {
	zeros := 0
	for !r.bad && !r.flag() {
		zeros++
	}
	if zeros >= 32 {
		return 1<<32 - 1
	}
	return 1<<zeros - 1 + r.n(zeros)
}

// trailing says whether nothing but a one and zeros is left (section 5.3.4), so that nothing can hide there.
func (r *bits) trailing() bool {
	if !r.flag() {
		return false
	}
	for r.at < 8*len(r.b) {
		if r.flag() {
			return false
		}
	}
	return !r.bad
}
