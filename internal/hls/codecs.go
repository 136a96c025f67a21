package hls

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"

	"filmpress/internal/media/av1"
)

// VideoCodec is the CODECS entry of a picture from its sample entry's four letters and its decoder configuration: of avc1
// "avc1.64001f", of hvc1 "hvc1.1.6.L93.90", of av01 "av01.0.04M.08". Profile, constraints and level are as the encoder really wrote them (RFC 6381,
// 3.3). It is "" where the bytes are no such configuration, and for other codecs.
func VideoCodec(entry string, config []byte) string {
	switch entry {
	case "avc1":
		if len(config) >= 4 && config[0] == 1 {
			return fmt.Sprintf("avc1.%02x%02x%02x", config[1], config[2], config[3])
		}
	case "hvc1", "hev1":
		if isHVCC(config) {
			return entry + "." + hevc(config)
		}
	case "av01":
		if s, ok := AV1(config); ok {
			return s.Codec()
		}
	}
	return ""
}

// isHVCC tells an HEVCDecoderConfigurationRecord by its version and its reserved bits (ISO/IEC 14496-15, 8.3.3.1).
func isHVCC(c []byte) bool {
	return len(c) >= 23 && c[0] == 1 && c[13]&0xf0 == 0xf0 && c[15]&0xfc == 0xfc && c[16]&0xfc == 0xfc && c[17]&0xf8 == 0xf8 && c[18]&0xf8 == 0xf8
}

// hevc is what follows the four letters of HEVC (ISO/IEC 14496-15, E.3): profile, compatibility, tier and level, constraints.
func hevc(c []byte) string {
	tier := "L"
	if c[1]&0x20 != 0 {
		tier = "H"
	}
	space := []string{"", "A", "B", "C"}[c[1]>>6]
	text := fmt.Sprintf("%s%d.%X.%s%d", space, c[1]&0x1f, bits.Reverse32(binary.BigEndian.Uint32(c[2:])), tier, c[12])
	constraints := bytes.TrimRight(c[6:12], "\x00")
	for _, b := range constraints {
		text += fmt.Sprintf(".%X", b)
	}
	return text
}

// AV1 is the sequence header in av1C, or what av1C's own record says where it holds none.
func AV1(config []byte) (av1.Sequence, bool) {
	sequence, _, err := av1.ParseConfig(config)
	if err != nil {
		return av1.Sequence{}, false
	}
	if sequence == nil {
		return av1.Declared(config)
	}
	s, err := av1.ParseSequence(sequence)
	return s, err == nil
}

// SameCodec says whether a declared CODECS entry is what the file is. Letters may be large or small; of AV1 the colours
// may be told too, and then must be right; of HEVC profile, tier and level count, since writers differ in the rest and players do not ask for it;
// of AAC the extensions may be told, or not, where a decoder finds them for itself.
func SameCodec(declared, entry string, config []byte) bool {
	if declared != "" && strings.EqualFold(declared, VideoCodec(entry, config)) {
		return true
	}
	if entry == "mp4a" {
		a, ok := ParseAudio(config)
		return ok && a.is(declared)
	}
	if entry == "hvc1" || entry == "hev1" {
		is, says := strings.Split(VideoCodec(entry, config), "."), strings.Split(declared, ".")
		return len(is) > 3 && len(says) > 3 && strings.EqualFold(is[0]+is[1]+is[3], says[0]+says[1]+says[3])
	}
	s, ok := AV1(config)
	return entry == "av01" && ok && strings.EqualFold(declared, s.LongCodec())
}

// AudioCodec is the CODECS entry of MPEG-4 audio from its AudioSpecificConfig (14496-3, 1.6.2.1): "mp4a.40.2" for
// AAC-LC. It is "" where the bytes are no such configuration.
func AudioCodec(asc []byte) string {
	if a, ok := ParseAudio(asc); ok {
		return a.Codec()
	}
	return ""
}
