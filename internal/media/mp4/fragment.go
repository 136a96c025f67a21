package mp4

import "math"

// Sample is one coded picture or one block of sound. Times are in the track's timescale.
type Sample struct {
	Duration uint32
	Size     uint32 // bytes
	Offset   int32  // composition time minus decode time
	Sync     bool   // decodes without any other: for H.264 an IDR picture, for AV1 a key frame that is shown
}

// Fragment is a run of samples in decoding order with their bytes.
type Fragment struct {
	Sequence uint32 // the number in mfhd; counts from 1
	Time     uint64 // decode time of the first sample (tfdt)
	Samples  []Sample
	Data     []byte // the samples' bytes, one after another
}

// Duration is the sum of the samples' durations, in the track's timescale.
func (f Fragment) Duration() uint64 {
	var sum uint64
	for _, s := range f.Samples {
		sum += uint64(s.Duration)
	}
	return sum
}

// Shift subtracts by from every composition offset, in place. With by the offset of a rendition's very first
// sample, the first picture is shown at the first decode time, and B-frames need no edit list.
func (f Fragment) Shift(by int32) {
	for i := range f.Samples {
		f.Samples[i].Offset -= by
	}
}

// FragmentInfo is a fragment and where it lies in its segment.
type FragmentInfo struct {
	Fragment
	Offset int64 // of its moof, from the segment's start
	Size   int64 // of moof and mdat, and of what may lie between them
	Key    int64 // bytes from Offset to the end of the first sample: the byte range of an I-frame playlist
}

// The flags of tfhd and trun (14496-12, 8.8.7 and 8.8.8).
const (
	tfBase       = 0x1
	tfEntry      = 0x2
	tfDuration   = 0x8
	tfSize       = 0x10
	tfFlags      = 0x20
	tfBaseIsMoof = 0x20000

	trDataOffset = 0x1
	trFirstFlags = 0x4
	trDuration   = 0x100
	trSize       = 0x200
	trFlags      = 0x400
	trOffset     = 0x800

	flagNonSync = 1 << 16
)

// maxSamples bounds what one segment may declare, since a run without columns costs its writer no bytes; maxEmpty bounds such a run of
// samples that have none either.
const (
	maxSamples = 1 << 20
	maxEmpty   = 1 << 12
)

// defaults are the values of samples that a run does not name, from trex and tfhd.
type defaults struct{ duration, size, flags uint32 }

func (d *defaults) parse(trex []byte) {
	c := cursor{b: trex}
	c.skip(12)
	*d = defaults{duration: c.u32(), size: c.u32(), flags: c.u32()}
}

// ParseSegment reads the fragments of a media segment. The track, from ParseInit, gives the defaults of samples
// that the fragments do not name. Data of the fragments points into b.
func ParseSegment(t Track, b []byte) ([]FragmentInfo, error) {
	list, err := Boxes(b)
	if err != nil {
		return nil, err
	}
	var out []FragmentInfo
	left := maxSamples
	for i := 0; i < len(list); i++ {
		if list[i].Type == "mdat" {
			return nil, malformed("mdat at %d has no moof before it", list[i].Offset)
		}
		if list[i].Type != "moof" {
			continue
		}
		moof := list[i]
		for i++; i < len(list) && list[i].Type != "mdat"; i++ {
			if list[i].Type == "moof" {
				return nil, malformed("moof at %d has no mdat", moof.Offset)
			}
		}
		if i == len(list) {
			return nil, malformed("moof at %d has no mdat", moof.Offset)
		}
		f, start, err := parseMoof(moof.Payload(b), t.defaults, left)
		if err != nil {
			return nil, err
		}
		left -= len(f.Samples)
		from, err := f.locate(start, moof.Size, list[i].Offset+list[i].Header-moof.Offset, list[i].Size-list[i].Header)
		if err != nil {
			return nil, err
		}
		f.Data = list[i].Payload(b)[from : from+f.bytes()]
		out = append(out, FragmentInfo{Fragment: f, Offset: moof.Offset, Size: list[i].End() - moof.Offset,
			Key: list[i].Offset + list[i].Header - moof.Offset + from + int64(f.Samples[0].Size)})
	}
	return out, nil
}

// bytes is the sum of the samples' sizes.
func (f Fragment) bytes() int64 {
	var sum int64
	for _, s := range f.Samples {
		sum += int64(s.Size)
	}
	return sum
}

// locate gives where in the mdat's payload the data begin. start is the run's data offset from the moof (none
// is -1), payload the place of the mdat's payload from the moof, size its length.
func (f Fragment) locate(start, moofSize, payload, size int64) (int64, error) {
	if start < 0 {
		start = payload // 14496-12, 8.8.8: without an offset the data follow at once
	}
	from := start - payload
	if from < 0 || from+f.bytes() > size {
		return 0, malformed("samples of %d bytes at %d lie outside the mdat (%d bytes at %d)", f.bytes(), start, size, payload)
	}
	return from, nil
}

// parseMoof reads a moof of one track, of so many samples at most. start is the data offset from the moof, -1 where it is not given.
func parseMoof(moof []byte, d defaults, most int) (f Fragment, start int64, err error) {
	mfhd, err := Find(moof, "mfhd")
	if err != nil {
		return f, 0, err
	}
	c := cursor{b: mfhd}
	c.full()
	f.Sequence = c.u32()
	list, err := Boxes(moof)
	if err != nil {
		return f, 0, err
	}
	var traf []byte
	for _, b := range list {
		if b.Type != "traf" {
			continue
		}
		if traf != nil {
			return f, 0, malformed("a fragment holds more than one track")
		}
		traf = b.Payload(moof)
	}
	if traf == nil {
		return f, 0, malformed("a fragment without a track")
	}
	if list, err = Boxes(traf); err != nil {
		return f, 0, err
	}
	start = -1
	var size int64 // of the samples so far
	for _, b := range list {
		p := cursor{b: b.Payload(traf)}
		switch b.Type {
		case "tfhd":
			err = d.override(&p)
		case "tfdt":
			if v, _ := p.full(); v == 1 {
				f.Time = p.u64()
			} else {
				f.Time = uint64(p.u32())
			}
		case "trun":
			from := len(f.Samples)
			if start, err = f.parseRun(&p, d, start, size, most); err == nil {
				size += Fragment{Samples: f.Samples[from:]}.bytes()
			}
		}
		if err == nil && p.bad {
			err = malformed("%s is cut", b.Type)
		}
		if err != nil {
			return f, 0, err
		}
	}
	if len(f.Samples) == 0 {
		return f, 0, malformed("a fragment without samples")
	}
	return f, start, nil
}

// override reads the defaults of a tfhd.
func (d *defaults) override(c *cursor) error {
	_, flags := c.full()
	c.skip(4)
	if flags&tfBase != 0 {
		return malformed("a fragment with an absolute data offset")
	}
	if flags&tfEntry != 0 {
		c.skip(4)
	}
	for _, field := range []struct {
		flag uint32
		to   *uint32
	}{{tfDuration, &d.duration}, {tfSize, &d.size}, {tfFlags, &d.flags}} {
		if flags&field.flag != 0 {
			*field.to = c.u32()
		}
	}
	return nil
}

// parseRun appends the samples of a trun, up to most in all; size is that of those before. A second run must follow the first's data, as ffmpeg
// and packagers write it.
func (f *Fragment) parseRun(c *cursor, d defaults, start, size int64, most int) (int64, error) {
	version, flags := c.full()
	count := c.u32()
	if uint64(count)+uint64(len(f.Samples)) > uint64(most) || count > maxEmpty && d.size == 0 && flags&(trDuration|trSize|trFlags|trOffset) == 0 {
		return 0, malformed("a run of %d samples", count)
	}
	if flags&trDataOffset != 0 {
		offset := int64(int32(c.u32()))
		switch {
		case len(f.Samples) == 0 && offset < 0:
			return 0, malformed("a run whose data lie before the fragment")
		case len(f.Samples) == 0:
			start = offset
		case start >= 0 && offset != start+size:
			return 0, malformed("runs whose data do not follow each other")
		}
	}
	first, haveFirst := uint32(0), flags&trFirstFlags != 0
	if haveFirst {
		first = c.u32()
	}
	for i := range count {
		s, sf := Sample{Duration: d.duration, Size: d.size}, d.flags
		if flags&trDuration != 0 {
			s.Duration = c.u32()
		}
		if flags&trSize != 0 {
			s.Size = c.u32()
		}
		if flags&trFlags != 0 {
			sf = c.u32()
		} else if i == 0 && haveFirst {
			sf = first
		}
		if flags&trOffset != 0 {
			offset := c.u32()
			if version == 0 && offset > math.MaxInt32 {
				return 0, malformed("a composition offset of %d", offset)
			}
			s.Offset = int32(offset)
		}
		if c.bad {
			return 0, malformed("trun is cut")
		}
		s.Sync = sf&flagNonSync == 0
		f.Samples = append(f.Samples, s)
	}
	return start, nil
}
