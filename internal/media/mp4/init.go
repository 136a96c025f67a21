package mp4

import "encoding/binary"

// TrackID is the number of the one track in everything this package writes.
const TrackID = 1

// matrix is the unity matrix of mvhd and tkhd (14496-12, 6.2.2).
var matrix = u32(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)

// InitSection writes the file type and the moov that precede the track's fragments: no creation time, no
// names, no user data. The track is avc1 with its avcC, hvc1 with its hvcC, av01 with its av1C, or mp4a with its
// AudioSpecificConfig; another codec is the caller's bug and panics.
func (t Track) InitSection() []byte {
	// cmfc and cmf2 are CMAF's structural brands (23000-19, 7.2); cmf2 says that negative composition offsets
	// take the place of an edit list.
	brands := "iso6cmfccmf2mp41"
	if t.Codec == "av01" {
		brands += "av01" // AV1 Codec ISO Media File Format Binding, 2.1
	}
	ftyp := box("ftyp", []byte("iso6"), u32(0), []byte(brands))
	mvhd := full("mvhd", 0, 0, u32(0, 0, t.Timescale, 0, 0x10000), u16(0x0100, 0), u32(0, 0), matrix,
		make([]byte, 24), u32(TrackID+1))
	trex := full("trex", 0, 0, u32(TrackID, 1, 0, 0, 0))
	return append(ftyp, box("moov", mvhd, t.trak(), box("mvex", trex))...)
}

func (t Track) trak() []byte {
	handler, header, volume := "soun", full("smhd", 0, 0, u32(0)), uint16(0x0100)
	if t.Video() {
		handler, header, volume = "vide", full("vmhd", 0, 1, u32(0, 0)), 0
	}
	const enabledInMovie = 3
	tkhd := full("tkhd", 0, enabledInMovie, u32(0, 0, TrackID, 0, 0, 0, 0), u16(0, 0, volume, 0), matrix,
		u32(uint32(t.Width)<<16, uint32(t.Height)<<16))
	const undetermined = ('u'-0x60)<<10 | ('n'-0x60)<<5 | ('d' - 0x60) // the language stands in the playlist
	mdhd := full("mdhd", 0, 0, u32(0, 0, t.Timescale, 0), u16(undetermined, 0))
	hdlr := full("hdlr", 0, 0, u32(0), []byte(handler), u32(0, 0, 0), []byte{0})
	dinf := box("dinf", full("dref", 0, 0, u32(1), full("url ", 0, 1)))
	stbl := box("stbl", full("stsd", 0, 0, u32(1), t.entry()), full("stts", 0, 0, u32(0)), full("stsc", 0, 0, u32(0)),
		full("stsz", 0, 0, u32(0, 0)), full("stco", 0, 0, u32(0)))
	return box("trak", tkhd, box("mdia", mdhd, hdlr, box("minf", header, dinf, stbl)))
}

// entry is the sample entry: 14496-15, 5.4.2 for avc1 and 8.4.1 for hvc1; the AV1 binding, 2.2 for av01; 14496-14, 6.7.2 for mp4a.
func (t Track) entry() []byte {
	prefix := append(make([]byte, 6), 0, 1) // reserved, data reference 1
	switch t.Codec {
	case "avc1", "hvc1", "av01":
		parts := [][]byte{prefix, make([]byte, 16), u16(uint16(t.Width), uint16(t.Height)), u32(0x480000, 0x480000, 0), u16(1),
			make([]byte, 32), u16(24, 0xffff), box(configBox[t.Codec], t.Config)}
		if t.Color != nil {
			parts = append(parts, t.Color.box())
		}
		return box(t.Codec, append(parts, box("pasp", u32(max(t.PixelH, 1), max(t.PixelV, 1))))...)
	case "mp4a":
		return box("mp4a", prefix, make([]byte, 8), u16(uint16(t.Channels), 16, 0, 0), u32(uint32(t.SampleRate)<<16), esds(t.Config))
	}
	panic("mp4: no init section for codec " + t.Codec)
}

// configBox names the box of a picture's decoder configuration.
var configBox = map[string]string{"avc1": "avcC", "hvc1": "hvcC", "av01": "av1C"}

func (c Color) box() []byte {
	last := []byte{0}
	if c.FullRange {
		last[0] = 0x80
	}
	return box("colr", []byte("nclx"), u16(c.Primaries, c.Transfer, c.Matrix), last)
}

// esds wraps an AudioSpecificConfig in the descriptors of 14496-1, 7.2.6. The bit rates stay 0, unknown: the
// same configuration then always gives the same init section.
func esds(asc []byte) []byte {
	const aac, audioStream = 0x40, 0x15
	specific := descriptor(5, asc)
	config := descriptor(4, append(append([]byte{aac, audioStream, 0, 0, 0}, u32(0, 0)...), specific...))
	sl := descriptor(6, []byte{2})
	return full("esds", 0, 0, descriptor(3, append(append([]byte{0, 0, 0}, config...), sl...)))
}

func descriptor(tag byte, body []byte) []byte {
	if len(body) > 0x7f {
		panic("mp4: descriptor too long")
	}
	return append([]byte{tag, byte(len(body))}, body...)
}

// AppendFragment appends a moof and its mdat to dst: one track fragment, default-base-is-moof, a 64-bit decode
// time, signed composition offsets (14496-12, 8.8). The sizes of the samples must add up to the data.
func AppendFragment(dst []byte, f Fragment) []byte {
	var sum uint64
	for _, s := range f.Samples {
		sum += uint64(s.Size)
	}
	if sum != uint64(len(f.Data)) || sum > 1<<31 || len(f.Samples) == 0 {
		panic("mp4: the samples' sizes do not add up to the fragment's data")
	}
	moof := f.moof(0)
	moof = f.moof(uint32(len(moof)) + 8)
	dst = append(dst, moof...)
	dst = binary.BigEndian.AppendUint32(dst, uint32(8+len(f.Data)))
	dst = append(dst, "mdat"...)
	return append(dst, f.Data...)
}

func (f Fragment) moof(dataOffset uint32) []byte {
	first, rest, each := f.flags()
	mfhd := full("mfhd", 0, 0, u32(f.Sequence))
	tfhd := full("tfhd", 0, tfBaseIsMoof|tfDuration|tfFlags, u32(TrackID, f.Samples[0].Duration, rest))
	tfdt := full("tfdt", 1, 0, binary.BigEndian.AppendUint64(nil, f.Time))
	run := uint32(trDataOffset | trSize)
	head := u32(uint32(len(f.Samples)), dataOffset)
	switch {
	case each:
		run |= trFlags
	case first != rest:
		run |= trFirstFlags
		head = append(head, u32(first)...)
	}
	for _, s := range f.Samples {
		if s.Duration != f.Samples[0].Duration {
			run |= trDuration
		}
		if s.Offset != 0 {
			run |= trOffset
		}
	}
	return box("moof", mfhd, box("traf", tfhd, tfdt, full("trun", 1, run, head, f.table(run))))
}

// table is the rows of a trun with the columns that run names.
func (f Fragment) table(run uint32) []byte {
	var out []byte
	for _, s := range f.Samples {
		for _, column := range []struct {
			flag  uint32
			value uint32
		}{{trDuration, s.Duration}, {trSize, s.Size}, {trFlags, sampleFlags(s.Sync)}, {trOffset, uint32(s.Offset)}} {
			if run&column.flag != 0 {
				out = binary.BigEndian.AppendUint32(out, column.value)
			}
		}
	}
	return out
}

// flags gives the first sample's flags and those of the rest; each is true where the rest are not all alike.
func (f Fragment) flags() (first, rest uint32, each bool) {
	first = sampleFlags(f.Samples[0].Sync)
	rest = first
	for i, s := range f.Samples[1:] {
		switch flags := sampleFlags(s.Sync); {
		case i == 0:
			rest = flags
		case flags != rest:
			return first, rest, true
		}
	}
	return first, rest, false
}

// sampleFlags are the sample flags of 14496-12, 8.8.3.1.
func sampleFlags(sync bool) uint32 {
	if sync {
		return 2 << 24 // depends on no other sample
	}
	return 1<<24 | flagNonSync
}
