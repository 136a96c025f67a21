package audit

import (
	"errors"
	"fmt"
)

// sps is what the audit needs of an H.264 sequence parameter set (ITU-T H.264, 7.3.2.1).
type sps struct {
	profile, constraints, level byte
	width, height               int // after cropping
	refs                        int
	progressive                 bool
	transfer                    int // transfer_characteristics; 2 is unspecified
}

// videoRange is the VIDEO-RANGE that the transfer function asks for.
func (s *sps) videoRange() string {
	if s == nil {
		return "SDR"
	}
	return rangeOf(s.transfer)
}

// rangeOf is the VIDEO-RANGE of a transfer function's code point (ISO/IEC 23091-2).
func rangeOf(transfer int) string {
	switch transfer {
	case 16:
		return "PQ"
	case 18:
		return "HLG"
	}
	return "SDR"
}

var errSPS = errors.New("the sequence parameter set is cut or damaged")

// parseAVCC reads the first parameter set of an AVCDecoderConfigurationRecord.
func parseAVCC(c []byte) (*sps, error) {
	if len(c) < 8 || c[0] != 1 || c[5]&0x1f == 0 {
		return nil, fmt.Errorf("avcC of %d bytes", len(c))
	}
	size := int(c[6])<<8 | int(c[7])
	if size < 4 || 8+size > len(c) {
		return nil, errSPS
	}
	return parseSPS(c[8 : 8+size])
}

// parseSPS reads a NAL unit of type 7.
func parseSPS(nal []byte) (*sps, error) {
	if len(nal) < 4 || nal[0]&0x1f != 7 {
		return nil, errSPS
	}
	r := &bitReader{b: unescape(nal[4:])}
	s := &sps{profile: nal[1], constraints: nal[2], level: nal[3], transfer: 2}
	r.ue() // id
	chroma := uint(1)
	switch s.profile {
	case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
		chroma = r.ue()
		if chroma == 3 {
			r.bits(1)
		}
		r.ue()
		r.ue()
		r.bits(1)
		if r.flag() {
			r.scalingLists(chroma)
		}
	}
	r.ue() // log2_max_frame_num
	switch r.ue() {
	case 0:
		r.ue()
	case 1:
		r.bits(1)
		r.ue()
		r.ue()
		for n := r.ue(); n > 0 && !r.bad; n-- {
			r.ue()
		}
	}
	s.refs = int(r.ue())
	r.bits(1)
	width, height := int(r.ue()+1)*16, int(r.ue()+1)*16
	s.progressive = r.flag()
	fields := 2
	if s.progressive {
		fields = 1
	} else {
		r.bits(1)
	}
	height *= fields
	r.bits(1)
	if r.flag() {
		unitX, unitY := 1, fields
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY *= 2
		}
		width -= unitX * int(r.ue()+r.ue())
		height -= unitY * int(r.ue()+r.ue())
	}
	s.width, s.height = width, height
	if r.flag() {
		s.vui(r)
	}
	if r.bad || width <= 0 || height <= 0 || width > 1<<16 || height > 1<<16 {
		return nil, errSPS
	}
	return s, nil
}

// vui reads the usability information up to the colours (H.264, E.1.1).
func (s *sps) vui(r *bitReader) {
	if r.flag() && r.bits(8) == 255 { // extended sample aspect ratio
		r.bits(16)
		r.bits(16)
	}
	if r.flag() {
		r.bits(1) // overscan
	}
	if r.flag() {
		r.bits(4)
		if r.flag() {
			r.bits(8)
			s.transfer = int(r.bits(8))
		}
	}
}

// unescape takes out the emulation prevention bytes (H.264, 7.4.1).
func unescape(b []byte) []byte {
	var out []byte
	for i, v := range b {
		if v == 3 && i >= 2 && b[i-1] == 0 && b[i-2] == 0 {
			continue
		}
		out = append(out, v)
	}
	return out
}

// bitReader reads from the highest bit down; a read past the end gives zeros and sets bad.
type bitReader struct {
	b   []byte
	at  int
	bad bool
}

func (r *bitReader) bits(n int) (v uint) {
	for range n {
		if r.at >= 8*len(r.b) {
			r.bad = true
			return 0
		}
		v = v<<1 | uint(r.b[r.at/8]>>(7-r.at%8)&1)
		r.at++
	}
	return v
}

func (r *bitReader) flag() bool { return r.bits(1) == 1 }

// ue reads an Exp-Golomb number (H.264, 9.1).
func (r *bitReader) ue() uint {
	zeros := 0
	for !r.flag() {
		if zeros++; zeros > 31 || r.bad {
			r.bad = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

// se reads a signed Exp-Golomb number (H.264, 9.1.1).
func (r *bitReader) se() int {
	k := int(r.ue())
	if k%2 == 1 {
		return (k + 1) / 2
	}
	return -k / 2
}

// scalingLists skips them (H.264, 7.3.2.1.1.1).
func (r *bitReader) scalingLists(chroma uint) {
	lists := 8
	if chroma == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.flag() {
			continue
		}
		size := 16
		if i >= 6 {
			size = 64
		}
		for last, next := 8, 8; size > 0 && next != 0 && !r.bad; size-- {
			if next = (last + r.se() + 256) % 256; next != 0 {
				last = next
			}
		}
	}
}

// levels is table A-1 of H.264: what each level allows, in their order. Rates are in 1000 bit/s for the baseline profile. 9 is level 1b, which is level 1
// with more bits.
var levels = []struct {
	level                    byte
	mbps, frame, buffer, bps int64
}{
	{10, 1485, 99, 396, 64}, {level1b, 1485, 99, 396, 128}, {11, 3000, 396, 900, 192}, {12, 6000, 396, 2376, 384}, {13, 11880, 396, 2376, 768},
	{20, 11880, 396, 2376, 2000}, {21, 19800, 792, 4752, 4000}, {22, 20250, 1620, 8100, 4000}, {30, 40500, 1620, 8100, 10000},
	{31, 108000, 3600, 18000, 14000}, {32, 216000, 5120, 20480, 20000}, {40, 245760, 8192, 32768, 20000},
	{41, 245760, 8192, 32768, 50000}, {42, 522240, 8704, 34816, 50000}, {50, 589824, 22080, 110400, 135000},
	{51, 983040, 36864, 184320, 240000}, {52, 2073600, 36864, 184320, 240000},
}

const level1b = 9

// rank is where the picture's level stands in the table.
func (s *sps) rank() (at int) {
	level := s.level
	if s.profile < 100 && level == 11 && s.constraints&0x10 != 0 { // how profiles below High write level 1b (A.3.1)
		level = level1b
	}
	for i, l := range levels {
		if l.level == level || l.level <= level && l.level != level1b {
			at = i
		}
	}
	return at
}

// levelName is the name of the level at a place in the table.
func levelName(rank int) string {
	switch {
	case rank == len(levels):
		return "above 5.2"
	case levels[rank].level == level1b:
		return "1b"
	}
	return fmt.Sprintf("%.1f", float64(levels[rank].level)/10)
}

// leastLevel is the place of the lowest level that allows the picture's size, its rate, its reference frames and bits a second; behind the table
// where none does.
func (s *sps) leastLevel(rate float64, bps int64) (rank int) {
	blocks := int64((s.width+15)/16) * int64((s.height+15)/16)
	factor := int64(1000)
	if s.profile >= 100 {
		factor = 1250 // table A-2
	}
	for i, l := range levels {
		if blocks <= l.frame && float64(blocks)*rate <= float64(l.mbps)+0.5 && blocks*int64(s.refs) <= l.buffer && bps <= l.bps*factor {
			return i
		}
	}
	return len(levels)
}
