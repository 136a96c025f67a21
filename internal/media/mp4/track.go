package mp4

// Track is what an init section says of its one track.
type Track struct {
	Timescale  uint32 // units a second of all times of the track
	Codec      string // the sample entry's four characters: "avc1", "av01", "mp4a"
	Config     []byte // AVCDecoderConfigurationRecord (14496-15, 5.3.3), HEVCDecoderConfigurationRecord (8.3.3), av1C's payload or AudioSpecificConfig (14496-3, 1.6.2)
	Width      int    // video: pixels
	Height     int
	Color      *Color // video: nil where the file does not say
	PixelH     uint32 // video: the pixel's aspect ratio; 0 where the file does not say
	PixelV     uint32
	Channels   int // audio
	SampleRate int // audio: hertz

	defaults defaults
}

// Color is colour information of the kind nclx (14496-12, 12.1.5), in the code points of ISO/IEC 23091-2.
type Color struct {
	Primaries, Transfer, Matrix uint16
	FullRange                   bool
}

// BT709 is the colour of every SDR rendition.
var BT709 = Color{Primaries: 1, Transfer: 1, Matrix: 1}

// Video says whether the track is a picture.
func (t Track) Video() bool { return t.Width > 0 }

// ParseInit reads an init section: the track of its moov, which must hold exactly one.
func ParseInit(b []byte) (Track, error) {
	moov, err := Find(b, "moov")
	if err != nil {
		return Track{}, err
	}
	return parseMoov(moov)
}

func parseMoov(moov []byte) (Track, error) {
	list, err := Boxes(moov)
	if err != nil {
		return Track{}, err
	}
	traks := 0
	for _, b := range list {
		if b.Type == "trak" {
			traks++
		}
	}
	if traks != 1 {
		return Track{}, malformed("moov has %d tracks, not one", traks)
	}
	var t Track
	mdhd, err := Find(moov, "trak", "mdia", "mdhd")
	if err != nil {
		return t, err
	}
	c := cursor{b: mdhd}
	if v, _ := c.full(); v == 1 {
		c.skip(16)
	} else {
		c.skip(8)
	}
	t.Timescale = c.u32()
	if c.bad || t.Timescale == 0 {
		return t, malformed("mdhd without a timescale")
	}
	stsd, err := Find(moov, "trak", "mdia", "minf", "stbl", "stsd")
	if err != nil {
		return t, err
	}
	if err := t.parseEntry(stsd); err != nil {
		return t, err
	}
	if trex, err := Find(moov, "mvex", "trex"); err == nil {
		t.defaults.parse(trex)
	}
	return t, nil
}

// parseEntry reads the first sample entry of an stsd payload (14496-12, 8.5.2).
func (t *Track) parseEntry(stsd []byte) error {
	if len(stsd) < 8 {
		return malformed("stsd is cut")
	}
	entries, err := Boxes(stsd[8:])
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return malformed("stsd has no sample entry")
	}
	t.Codec = entries[0].Type
	body := entries[0].Payload(stsd[8:])
	switch t.Codec {
	case "avc1", "avc3", "hvc1", "hev1", "av01", "vp09", "dvh1", "dvhe":
		return t.parseVisual(body)
	case "mp4a", "ac-3", "ec-3", "Opus", "fLaC":
		return t.parseAudio(body)
	}
	return nil // a track of another kind: only its name and timescale are told
}

func (t *Track) parseVisual(body []byte) error {
	c := cursor{b: body}
	c.skip(24)
	t.Width, t.Height = int(c.u16()), int(c.u16())
	c.skip(50) // resolution, frame count, compressor name, depth
	if c.bad || t.Width == 0 || t.Height == 0 {
		return malformed("sample entry %s without a size", t.Codec)
	}
	list, err := Boxes(c.b)
	if err != nil {
		return err
	}
	for _, b := range list {
		p := b.Payload(c.b)
		switch b.Type {
		case "avcC", "hvcC", "av1C", "vpcC":
			t.Config = p
		case "pasp":
			s := cursor{b: p}
			t.PixelH, t.PixelV = s.u32(), s.u32()
		case "colr":
			t.Color = parseColor(p)
		}
	}
	return nil
}

func parseColor(p []byte) *Color {
	c := cursor{b: p}
	if string(c.take(4)[:4]) != "nclx" {
		return nil // ICC profiles are of no use to players
	}
	color := Color{Primaries: c.u16(), Transfer: c.u16(), Matrix: c.u16(), FullRange: c.u8()&0x80 != 0}
	if c.bad {
		return nil
	}
	return &color
}

func (t *Track) parseAudio(body []byte) error {
	c := cursor{b: body}
	c.skip(16)
	t.Channels = int(c.u16())
	c.skip(6)
	t.SampleRate = int(c.u32() >> 16)
	if c.bad {
		return malformed("sample entry %s is cut", t.Codec)
	}
	if t.Codec != "mp4a" {
		return nil
	}
	esds, err := Find(c.b, "esds")
	if err != nil {
		return err
	}
	t.Config, err = parseESDS(esds)
	return err
}

// parseESDS finds the AudioSpecificConfig in an elementary stream descriptor (14496-1, 7.2.6).
func parseESDS(p []byte) ([]byte, error) {
	c := cursor{b: p}
	c.full()
	for !c.bad && len(c.b) > 0 {
		tag, size := c.u8(), c.descriptorSize()
		switch tag {
		case 3: // ES_Descriptor
			c.skip(2)
			flags := c.u8()
			if flags&0x80 != 0 {
				c.skip(2)
			}
			if flags&0x40 != 0 {
				c.skip(int(c.u8()))
			}
			if flags&0x20 != 0 {
				c.skip(2)
			}
		case 4: // DecoderConfigDescriptor
			c.skip(13)
		case 5: // DecoderSpecificInfo
			if asc := c.take(size); !c.bad {
				return asc, nil
			}
		default:
			c.skip(size)
		}
	}
	return nil, malformed("esds without an AudioSpecificConfig")
}

// descriptorSize reads the expandable size of 14496-1, 8.3.3.
func (c *cursor) descriptorSize() int {
	size := 0
	for range 4 {
		b := c.u8()
		size = size<<7 | int(b&0x7f)
		if b&0x80 == 0 {
			break
		}
	}
	return size
}
