package audit

import (
	"errors"
	"math"

	"filmpress/internal/hls"
)

// hevc is what the audit needs of an HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3.1) and of the sequence
// parameter set in it (ITU-T H.265, 7.3.2.2).
type hevc struct {
	profile, level int // general_profile_idc; 30 times the level
	high           bool
	interlaced     bool
	set            bool // there is a sequence parameter set, and what follows is known
	width, height  int  // after cropping
	coded          int  // samples of a picture before it
	longest        int  // the longer side before it
	buffer         int  // pictures that a decoder must hold
}

var errHVCC = errors.New("hvcC is cut or damaged")

// The kinds of NAL units that are looked at (ITU-T H.265, table 7-1).
const (
	firstIRAP = 16 // decoding can begin at a picture of 16 to 23
	firstIDR  = 19
	lastIDR   = 20
	lastIRAP  = 23
	spsHEVC   = 33
)

// kindHEVC is the kind of a NAL unit that begins with a byte.
func kindHEVC(first byte) int { return int(first >> 1 & 0x3f) }

// parseHVCC reads hvcC and the first sequence parameter set in it.
func parseHVCC(c []byte) (*hevc, error) {
	if hls.VideoCodec("hvc1", c) == "" {
		return nil, errHVCC
	}
	h := &hevc{profile: int(c[1] & 0x1f), high: c[1]&0x20 != 0, level: int(c[12]), interlaced: c[6]&0xc0 == 0x40}
	rest := c[23:]
	for range c[22] {
		if len(rest) < 3 {
			return nil, errHVCC
		}
		count := int(rest[1])<<8 | int(rest[2])
		rest = rest[3:]
		for range count {
			if len(rest) < 2 {
				return nil, errHVCC
			}
			size := int(rest[0])<<8 | int(rest[1])
			if rest = rest[2:]; size < 2 || size > len(rest) {
				return nil, errHVCC
			}
			if nal := rest[:size]; kindHEVC(nal[0]) == spsHEVC && !h.set {
				if err := h.sps(nal[2:]); err != nil {
					return nil, err
				}
			}
			rest = rest[size:]
		}
	}
	return h, nil
}

// sps reads a sequence parameter set behind its NAL unit's header, up to the pictures that are to be held.
func (h *hevc) sps(b []byte) error {
	r := &bitReader{b: unescape(b)}
	r.bits(4)
	layers := int(r.bits(3)) // but one
	r.bits(1)
	r.skip(88)
	r.bits(8)
	r.subLayers(layers)
	r.ue() // id
	chroma := r.ue()
	if chroma == 3 {
		r.bits(1)
	}
	width, height := int(r.ue()), int(r.ue())
	h.coded, h.longest = width*height, max(width, height)
	if r.flag() {
		unitX, unitY := 1, 1
		if chroma == 1 || chroma == 2 {
			unitX = 2
		}
		if chroma == 1 {
			unitY = 2
		}
		width -= unitX * int(r.ue()+r.ue())
		height -= unitY * int(r.ue()+r.ue())
	}
	r.ue() // depths
	r.ue()
	r.ue() // log2_max_pic_order_cnt
	if r.flag() {
		for range layers {
			r.ue()
			r.ue()
			r.ue()
		}
	}
	h.buffer = int(r.ue()) + 1
	h.width, h.height, h.set = width, height, true
	if r.bad || width <= 0 || height <= 0 || width > 1<<16 || height > 1<<16 {
		return errors.New("the sequence parameter set in hvcC is cut or damaged")
	}
	return nil
}

func (r *bitReader) skip(n int) { r.at += n }

// subLayers skips what profile_tier_level tells of the layers below the highest (H.265, 7.3.3).
func (r *bitReader) subLayers(layers int) {
	if layers == 0 {
		return
	}
	bits := 0
	for i := range 8 {
		if profile, level := r.flag(), r.flag(); i < layers {
			if profile {
				bits += 88
			}
			if level {
				bits += 8
			}
		}
	}
	r.skip(bits)
}

// levelsOfHEVC are tables A.8 and A.9 of H.265. Rates are in 1000 bit/s, of the Main tier and the High tier.
var levelsOfHEVC = []struct {
	level             int
	size              int
	samples           float64 // a second
	mainRate, topRate int64
}{
	{30, 36864, 552960, 128, 128}, {60, 122880, 3686400, 1500, 1500}, {63, 245760, 7372800, 3000, 3000}, {90, 552960, 16588800, 6000, 6000},
	{93, 983040, 33177600, 10000, 10000}, {120, 2228224, 66846720, 12000, 30000}, {123, 2228224, 133693440, 20000, 50000},
	{150, 8912896, 267386880, 25000, 100000}, {153, 8912896, 534773760, 40000, 160000}, {156, 8912896, 1069547520, 60000, 240000},
	{180, 35651584, 1069547520, 60000, 240000}, {183, 35651584, 2139095040, 120000, 480000}, {186, 35651584, 4278190080, 240000, 800000},
}

// leastLevel is the lowest level that allows the picture's size, its rate, the pictures to be held, and bits a second; 255
// where none does.
func (h *hevc) leastLevel(rate float64, bps int64) int {
	for _, l := range levelsOfHEVC {
		held := 6 // A.4.2
		switch {
		case h.coded <= l.size/4:
			held = 16
		case h.coded <= l.size/2:
			held = 12
		case h.coded <= l.size*3/4:
			held = 8
		}
		most := l.mainRate
		if h.high {
			most = l.topRate
		}
		if h.coded <= l.size && h.longest <= int(math.Sqrt(8*float64(l.size))) && float64(h.coded)*rate <= l.samples+0.5 && h.buffer <= held && bps <= most*1100 {
			return l.level
		}
	}
	return 255
}

// hevc reads hvcC, and judges it by itself.
func (a *auditor) hevc(t *track, uri string) {
	t.codec = hls.VideoCodec(t.init.Codec, t.init.Config)
	h, err := parseHVCC(t.init.Config)
	if err != nil {
		a.fail(uri, 0, "hls-1.2", "the parameter sets cannot be read: %v", err)
		return
	}
	t.hevc = h
	switch {
	case !h.set && t.init.Codec == "hvc1":
		a.fail(uri, 0, "hls-1.2", "hvcC holds no sequence parameter set, which hvc1 must have there")
	case h.set && (h.width != t.init.Width || h.height != t.init.Height):
		a.fail(uri, 0, "hls-9.2", "the sample entry says %dx%d, the parameter set %dx%d", t.init.Width, t.init.Height, h.width, h.height)
	}
	if h.profile > 2 || h.level > 153 {
		a.fail(uri, 0, "hls-1.6", "HEVC profile %d level %.1f is above Main 10@5.1", h.profile, float64(h.level)/30)
	}
	if h.interlaced {
		a.warn(uri, 0, "hls-1.14", "the picture is coded in fields")
	}
	if t.init.Color == nil {
		a.unchecked(uri, 0, "there is no colr box, and in HEVC's own parameter sets the colours are not looked at: VIDEO-RANGE is not checked")
	}
}

// keysHEVC says of a sample of length-prefixed NAL units whether decoding can begin there at all, and whether it is an IDR
// picture: behind another, pictures may follow that lean on what was before it.
func keysHEVC(sample, hvcC []byte) (entry, idr bool) {
	if len(hvcC) < 22 {
		return false, false
	}
	eachNAL(sample, int(hvcC[21]&3)+1, func(first byte) {
		kind := kindHEVC(first)
		entry = entry || kind >= firstIRAP && kind <= lastIRAP
		idr = idr || kind == firstIDR || kind == lastIDR
	})
	return entry, idr
}
