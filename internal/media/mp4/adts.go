package mp4

import (
	"bufio"
	"io"
)

// SamplesPerFrame is how many samples of each channel one AAC frame holds.
const SamplesPerFrame = 1024

// AudioConfig is what an ADTS header says of the sound.
type AudioConfig struct {
	ObjectType int // 2 is AAC-LC (14496-3, table 1.17)
	SampleRate int // hertz
	Channels   int
	ASC        []byte // the same as AudioSpecificConfig
}

// Track is the audio track of these frames, with the sample rate as its timescale.
func (c AudioConfig) Track() Track {
	return Track{Timescale: uint32(c.SampleRate), Codec: "mp4a", Config: c.ASC, Channels: c.Channels, SampleRate: c.SampleRate}
}

// sampleRates is table 1.18 of 14496-3.
var sampleRates = [...]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// ADTSReader reads AAC frames from an ADTS stream (14496-3, 1.A.3.2). All frames must have one configuration.
//
// ADTS cannot say that an encoder's first frame is only its run-up. ffmpeg's own AAC encoder puts 1024 samples
// before the sound: drop the first frame, and the sound lies where it was without an edit list.
type ADTSReader struct {
	r      *bufio.Reader
	config AudioConfig
	first  []byte // the fixed part of the first header
}

// NewADTSReader reads from r.
func NewADTSReader(r io.Reader) *ADTSReader { return &ADTSReader{r: bufio.NewReaderSize(r, 32<<10)} }

// Config tells of the frames; it is known once Next has given the first.
func (r *ADTSReader) Config() AudioConfig { return r.config }

// Next gives the next frame without its ADTS header: io.EOF at a clean end, io.ErrUnexpectedEOF inside a frame.
func (r *ADTSReader) Next() ([]byte, error) {
	var h [7]byte
	if _, err := io.ReadFull(r.r, h[:]); err != nil {
		return nil, err
	}
	if h[0] != 0xff || h[1]&0xf6 != 0xf0 {
		return nil, malformed("no ADTS frame where one was due")
	}
	// What must not change: protection, profile, rate and channels; not the length and fullness.
	fixed := []byte{h[1], h[2], h[3] & 0xc0}
	if r.first == nil {
		config, err := parseADTS(h)
		if err != nil {
			return nil, err
		}
		r.config, r.first = config, fixed
	} else if string(fixed) != string(r.first) {
		return nil, malformed("the sound changes its format midway")
	}
	if h[6]&3 != 0 {
		return nil, malformed("an ADTS frame of several blocks")
	}
	size := int(h[3]&3)<<11 | int(h[4])<<3 | int(h[5]>>5)
	header := 7
	if h[1]&1 == 0 { // a checksum follows
		header = 9
		if _, err := r.r.Discard(2); err != nil {
			return nil, unexpected(err)
		}
	}
	if size <= header {
		return nil, malformed("an ADTS frame of %d bytes", size)
	}
	frame := make([]byte, size-header)
	if _, err := io.ReadFull(r.r, frame); err != nil {
		return nil, unexpected(err)
	}
	return frame, nil
}

func parseADTS(h [7]byte) (AudioConfig, error) {
	object, rate := int(h[2]>>6)+1, int(h[2]>>2&0xf)
	channels := int(h[2]&1)<<2 | int(h[3]>>6)
	if rate >= len(sampleRates) {
		return AudioConfig{}, malformed("ADTS sampling frequency index %d", rate)
	}
	if channels == 0 {
		return AudioConfig{}, malformed("ADTS without a channel configuration")
	}
	asc := u16(uint16(object)<<11 | uint16(rate)<<7 | uint16(channels)<<3)
	if channels == 7 {
		channels = 8 // configuration 7 is 7.1
	}
	return AudioConfig{ObjectType: object, SampleRate: sampleRates[rate], Channels: channels, ASC: asc}, nil
}
