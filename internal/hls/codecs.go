package hls

import "fmt"

// VideoCodec is the CODECS entry of H.264 from its AVCDecoderConfigurationRecord, "avc1.64001f": profile,
// constraints and level as the encoder really wrote them (RFC 6381, 3.3). It is "" where the bytes are no such record.
func VideoCodec(avcC []byte) string {
	if len(avcC) < 4 || avcC[0] != 1 {
		return ""
	}
	return fmt.Sprintf("avc1.%02x%02x%02x", avcC[1], avcC[2], avcC[3])
}

// AudioCodec is the CODECS entry of MPEG-4 audio from its AudioSpecificConfig (14496-3, 1.6.2.1): "mp4a.40.2" for
// AAC-LC. It is "" where the bytes are no such configuration.
func AudioCodec(asc []byte) string {
	if len(asc) < 2 {
		return ""
	}
	object := int(asc[0] >> 3)
	if object == 31 { // escape
		object = 32 + int(asc[0]&7)<<3 + int(asc[1]>>5)
	}
	return fmt.Sprintf("mp4a.40.%d", object)
}
