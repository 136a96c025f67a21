package av1

import "math"

// configSize is the part of av1C before its OBUs (the binding, 2.3.3).
const configSize = 4

// Config is the payload of av1C for a sequence header, given as an OBU: what is written into an init section. An encoder's
// own av1C may not be what its stream is: that of SVT-AV1 1.4 in ffmpeg 5.1 lacks tools which the samples use.
func Config(sequence []byte) ([]byte, error) {
	s, err := ParseSequence(sequence)
	if err != nil {
		return nil, err
	}
	o, err := first(sequence)
	if err != nil {
		return nil, err
	}
	record := s.record()
	// Written anew with a size and without a layer, so that the same header always gives the same bytes.
	out := append(record[:], byte(SequenceHeader)<<3|2)
	for size := len(o.Payload); ; size >>= 7 {
		if size < 0x80 {
			out = append(out, byte(size))
			break
		}
		out = append(out, byte(size)|0x80)
	}
	return append(out, o.Payload...), nil
}

// record is av1C's first four bytes.
func (s Sequence) record() [configSize]byte {
	flag := func(b bool, shift int) byte { return byte(digit(b)) << shift }
	return [configSize]byte{0x81, byte(s.Profile)<<5 | byte(s.Level),
		flag(s.HighTier, 7) | flag(s.higher, 6) | flag(s.twelve, 5) | flag(s.Mono, 4) | flag(s.SubX, 3) | flag(s.SubY, 2) | byte(s.Position)}
}

// ParseConfig reads the payload of av1C: its sequence header as an OBU, nil where there is none, and whether the record
// before it says the same. Other OBUs than a sequence header and metadata, and two headers, are malformed.
func ParseConfig(config []byte) (sequence []byte, honest bool, err error) {
	if len(config) < configSize || config[0] != 0x81 {
		return nil, false, malformed("av1C of %d bytes", len(config))
	}
	list, err := OBUs(config[configSize:])
	if err != nil {
		return nil, false, err
	}
	for _, o := range list {
		switch {
		case o.Type == SequenceHeader && sequence == nil:
			sequence = o.Raw
		case o.Type != Metadata:
			return nil, false, malformed("av1C holds an OBU of type %d", o.Type)
		}
	}
	if sequence == nil {
		return nil, true, nil
	}
	s, err := ParseSequence(sequence)
	if err != nil {
		return nil, false, err
	}
	want := s.record()
	return sequence, config[1] == want[1] && config[2] == want[2], nil
}

// Declared is what av1C's record says by itself, for files whose av1C holds no sequence header: profile, level, tier and
// bits; the rest is not known.
func Declared(config []byte) (s Sequence, ok bool) {
	if len(config) < configSize || config[0] != 0x81 {
		return s, false
	}
	s = Sequence{Profile: int(config[1] >> 5), Level: int(config[1] & 31), HighTier: config[2]&0x80 != 0, Bits: 8, Transfer: 2}
	switch config[2] >> 5 & 3 {
	case 2:
		s.Bits = 10
	case 3:
		s.Bits = 12
	}
	return s, true
}

// levels is the table of section A.3: what each level allows. Rates are of luma samples a second; Mb/s of the two tiers.
var levels = []struct {
	level         int
	picture, h, v int64
	rate          float64
	main, high    float64
}{
	{0, 147456, 2048, 1152, 4423680, 1.5, 1.5}, {1, 278784, 2816, 1584, 8363520, 3, 3}, {4, 665856, 4352, 2448, 19975680, 6, 6},
	{5, 1065024, 5504, 3096, 31950720, 10, 10}, {8, 2359296, 6144, 3456, 70778880, 12, 30}, {9, 2359296, 6144, 3456, 141557760, 20, 50},
	{12, 8912896, 8192, 4352, 267386880, 30, 100}, {13, 8912896, 8192, 4352, 534773760, 40, 160}, {14, 8912896, 8192, 4352, 1069547520, 60, 240},
	{16, 35651584, 16384, 8704, 1069547520, 60, 240}, {17, 35651584, 16384, 8704, 2139095040, 100, 480}, {18, 35651584, 16384, 8704, 4278190080, 160, 800},
}

// NoLevel is what no level is enough for: seq_level_idx 31 has no limits.
const NoLevel = 31

// LeastLevel is the lowest level that allows the picture's size, frames a second and bits a second; NoLevel where none does.
func (s Sequence) LeastLevel(rate float64, bps int64) int {
	w, h := int64(s.Width), int64(s.Height)
	for _, l := range levels {
		most := l.main
		if s.HighTier {
			most = l.high
		}
		if profile := []float64{1, 2, 3}[min(s.Profile, 2)]; w*h <= l.picture && w <= l.h && h <= l.v && float64(w*h)*rate <= l.rate+0.5 && float64(bps) <= most*profile*1e6 {
			return l.level
		}
	}
	return NoLevel
}

// LevelName is a level's everyday number, 4.0 for 8 (section A.3).
func LevelName(level int) float64 { return 2 + math.Floor(float64(level)/4) + float64(level%4)/10 }
