package privacy

import (
	"bytes"
	"encoding/binary"

	"filmpress/internal/media/av1"
	"filmpress/internal/media/mp4"
)

// segment checks a media segment: boxes, then every byte of the samples.
func (c *check) segment() {
	b, ok := c.whole()
	if !ok {
		return
	}
	if err := walk(b, "", 0, c.box); err != nil {
		c.find(0, "privacy-unreadable", "not a whole media segment: %v", err)
		return
	}
	c.fragments(b)
}

// fragments checks the samples of moofs and mdats. Whether they are pictures is seen in the bytes: a segment
// does not say, and no AAC frame is a chain of NAL units by chance.
func (c *check) fragments(b []byte) {
	infos, err := mp4.ParseSegment(mp4.Track{}, b)
	if err != nil {
		c.find(0, "privacy-unreadable", "not a whole media segment: %v", err)
		return
	}
	var claimed, held int64
	for _, f := range infos {
		if c.ended() {
			return
		}
		claimed += int64(len(f.Data))
		if units(f.Fragment) {
			c.marks(f.Offset, f.Data)
			c.units(f.Offset, f.Fragment)
			continue
		}
		c.samples(f.Offset, f.Data, chained(f.Data, 4), 4)
	}
	list, _ := mp4.Boxes(b)
	for _, box := range list {
		if box.Type == "mdat" {
			held += box.Size - box.Header
		}
	}
	c.unclaimed(held, claimed)
}

func (c *check) unclaimed(held, claimed int64) {
	if held != claimed {
		c.find(0, "privacy-box", "%d bytes of media data, but the samples are %d bytes: something else lies there", held, claimed)
	}
}

// box complains about a box that is not on the list, or that tells more than it must.
func (c *check) box(b mp4.Box, raw []byte, at int64, known bool) {
	if !known {
		c.find(at, "privacy-box", "the file holds a box %q of %d bytes", b.Type, b.Size)
		return
	}
	payload := raw[b.Header:]
	for _, part := range blanks(b.Type, payload) {
		if !zero(part) {
			c.find(at, "privacy-name", "the box %q tells a time or a name: %q", b.Type, bytes.Trim(part[:min(len(part), 40)], "\x00"))
		}
	}
	switch {
	case b.Type == "colr" && !bytes.HasPrefix(payload, []byte("ncl")):
		c.find(at, "privacy-box", "the box %q holds a colour profile", b.Type)
	case b.Type == "avcC":
		c.parameterSets(at, payload)
	case b.Type == "av1C":
		c.configuration(at, payload)
	}
}

// configuration checks av1C: only a sequence header belongs there.
func (c *check) configuration(at int64, p []byte) {
	if _, _, err := av1.ParseConfig(p); err != nil {
		c.find(at, "privacy-unreadable", "av1C cannot be read: %v", err)
		return
	}
	list, _ := av1.OBUs(p[4:])
	for _, o := range list {
		c.obu(at, o)
	}
}

// units says whether samples are AV1: the first begins with a sequence header, as in each of our fragments.
func units(f mp4.Fragment) bool {
	data := f.Data[:f.Samples[0].Size]
	if len(data) > 2 && av1.Type(data[0]>>3) == av1.TemporalDelimiter && data[1] == 0 {
		data = data[2:]
	}
	const header = byte(av1.SequenceHeader)<<3 | 2 // with a size, without a layer
	if len(data) == 0 || data[0] != header {
		return false
	}
	if _, err := av1.Look(data); err == nil {
		return true
	}
	_, err := av1.ParseSequence(data)
	return err == nil
}

// units checks the OBUs of a fragment's samples.
func (c *check) units(at int64, f mp4.Fragment) {
	data := f.Data
	for _, s := range f.Samples {
		if c.ended() {
			return
		}
		list, err := av1.OBUs(data[:s.Size])
		if err != nil {
			c.find(at, "privacy-unreadable", "the samples are no whole OBUs: %v", err)
			return
		}
		for _, o := range list {
			c.obu(at, o)
		}
		data = data[s.Size:]
	}
}

// unitsOfAV1 are the OBUs that a picture needs. Not among them are metadata and padding, which may hold any text.
var unitsOfAV1 = map[av1.Type]bool{av1.SequenceHeader: true, av1.FrameHeader: true, av1.TileGroup: true, av1.Frame: true, av1.RedundantFrameHeader: true}

func (c *check) obu(at int64, o av1.OBU) {
	switch {
	case o.Type == av1.TemporalDelimiter && len(o.Payload) == 0: // of no use in MP4, but nothing is in it
	case !unitsOfAV1[o.Type]:
		c.find(at, "privacy-nal", "the picture holds an OBU of type %d", o.Type)
	case o.Type == av1.SequenceHeader:
		if _, err := av1.ParseSequence(o.Raw); err != nil { // what it does not end with could be anything
			c.find(at, "privacy-unreadable", "a sequence header cannot be read: %v", err)
		}
	}
}

// parameterSets checks the NAL units of an avcC (14496-15, 5.3.3): only SPS and PPS belong there.
func (c *check) parameterSets(at int64, p []byte) {
	rest := p[min(5, len(p)):]
	for _, mask := range []byte{0x1f, 0xff} {
		if len(rest) == 0 {
			return
		}
		count := int(rest[0] & mask)
		rest = rest[1:]
		for range count {
			size := 0
			if len(rest) >= 2 {
				size = int(binary.BigEndian.Uint16(rest))
			}
			if size == 0 || len(rest) < 2+size {
				c.find(at, "privacy-unreadable", "avcC is cut")
				return
			}
			c.unit(at, rest[2])
			rest = rest[2+size:]
		}
	}
}

// unitTypes are the NAL units of H.264 that a picture needs (table 7-1): slices, IDR slices, SPS, PPS, access unit
// delimiters and filler. Not among them is SEI, type 6, which may hold any text.
var unitTypes = map[byte]bool{1: true, 5: true, 7: true, 8: true, 9: true, 12: true}

func (c *check) unit(at int64, header byte) {
	if !unitTypes[header&0x1f] {
		c.find(at, "privacy-nal", "the picture holds a NAL unit of type %d", header&0x1f)
	}
}

// mediaMarks are what encoders sign their samples with.
var mediaMarks = [][]byte{[]byte("Lavc"), []byte("Lavf"), []byte("x264 - core"), []byte("SVT-AV1")}

// longestMark is at least as long as a mark with what must stand behind it.
const longestMark = 16

// marks looks for what encoders sign with, and tells of each mark once.
func (c *check) marks(at int64, data []byte) {
	for _, mark := range mediaMarks {
		for from := 0; from < len(data) && !c.ended(); from += readAtOnce {
			if i := signed(data[from:min(from+readAtOnce+longestMark, len(data))], mark); i >= 0 {
				c.find(at+int64(from+i), "privacy-mark", "the samples hold the mark %q", mark)
				break
			}
		}
	}
}

// signed is where a mark stands in data; below 0 is nowhere.
func signed(data, mark []byte) int {
	for from := 0; ; {
		i := bytes.Index(data[from:], mark)
		if i < 0 {
			return -1
		}
		from += i + len(mark)
		// Four letters alone turn up by chance once in 4 GB; the tools write a version after them.
		if next := data[from:]; len(next) > 0 && (next[0] >= '0' && next[0] <= '9' || next[0] == ' ') {
			return from - len(mark)
		}
	}
}

// samples checks coded samples that lie one after another.
func (c *check) samples(at int64, data []byte, video bool, lengthSize int) {
	c.marks(at, data)
	for n := 0; video && len(data) > 0; n++ {
		if n%4096 == 4095 && c.ended() {
			return
		}
		size, ok := unitSize(data, lengthSize)
		if !ok {
			c.find(at, "privacy-unreadable", "the samples are no whole NAL units")
			return
		}
		c.unit(at, data[lengthSize])
		data = data[int64(lengthSize)+size:]
		at += int64(lengthSize) + size
	}
}

// unitSize reads the length of the NAL unit at the start of data; ok says whether there is one, whole.
func unitSize(data []byte, lengthSize int) (size int64, ok bool) {
	if len(data) <= lengthSize {
		return 0, false
	}
	for _, b := range data[:lengthSize] {
		size = size<<8 | int64(b)
	}
	return size, size > 0 && size <= int64(len(data)-lengthSize)
}

// chained says whether data are exactly a chain of length-prefixed NAL units.
func chained(data []byte, lengthSize int) bool {
	for len(data) > 0 {
		size, ok := unitSize(data, lengthSize)
		if !ok || data[lengthSize]&0x80 != 0 {
			return false
		}
		data = data[int64(lengthSize)+size:]
	}
	return true
}

// maxHeader bounds a moov: a film of ten hours has about 10 MB.
const maxHeader = 64 << 20

// movie checks an init section or a whole MP4, which may have gigabytes.
func (c *check) movie() {
	list, err := mp4.TopLevel(c.r, c.size)
	if err == nil && len(list) > 0 && list[len(list)-1].End() > c.size {
		c.find(c.size, "privacy-unreadable", "the file is cut")
		return
	}
	if err != nil || len(list) == 0 {
		c.find(0, "privacy-unreadable", "not an MP4 file")
		return
	}
	var held, claimed int64
	for _, b := range list {
		switch b.Type {
		case "moof": // one file of fragments
			c.segment()
			return
		case "mdat":
			held += b.Size - b.Header
			continue
		}
		if b.Size > maxHeader {
			c.find(b.Offset, "privacy-unreadable", "a box %q of %d bytes", b.Type, b.Size)
			continue
		}
		raw, ok := c.part(b.Offset, b.Size)
		if !ok {
			return
		}
		if err := walk(raw, "", b.Offset, c.box); err != nil {
			c.find(b.Offset, "privacy-unreadable", "%v", err)
		}
		if b.Type == "moov" {
			claimed += c.tracks(raw[b.Header:])
		}
	}
	c.unclaimed(held, claimed)
}

// tracks checks the samples of every track of a moov, and says how many bytes they are.
func (c *check) tracks(moov []byte) (claimed int64) {
	list, _ := mp4.Boxes(moov)
	for _, b := range list {
		if b.Type != "trak" {
			continue
		}
		stbl, err := mp4.Find(b.Payload(moov), "mdia", "minf", "stbl")
		if err != nil {
			c.find(0, "privacy-unreadable", "%v", err)
			continue
		}
		chunks, err := mp4.Chunks(stbl)
		if err != nil {
			c.find(0, "privacy-unreadable", "%v", err)
			continue
		}
		lengthSize, video := nalLength(stbl)
		_, other := entry(stbl, "av01")
		for chunk := range chunks {
			data, ok := c.part(chunk.Offset, chunk.Size)
			if !ok {
				break
			}
			if claimed += chunk.Size; claimed > c.size {
				break // chunks that overlap
			}
			if other == nil {
				c.marks(chunk.Offset, data)
				c.units(chunk.Offset, mp4.Fragment{Data: data, Samples: []mp4.Sample{{Size: uint32(len(data))}}})
				continue
			}
			c.samples(chunk.Offset, data, video, lengthSize)
		}
	}
	return claimed
}

// nalLength is the size of the lengths before the NAL units of an avc1 track; video is false for another one.
func nalLength(stbl []byte) (size int, video bool) {
	avc1, err := entry(stbl, "avc1")
	if err != nil || len(avc1) < preface["avc1"] {
		return 0, false
	}
	avcC, err := mp4.Find(avc1[preface["avc1"]:], "avcC")
	if err != nil || len(avcC) < 5 {
		return 0, false
	}
	return int(avcC[4]&3) + 1, true
}

// entry is the payload of a track's sample entry of a kind.
func entry(stbl []byte, kind string) ([]byte, error) {
	stsd, err := mp4.Find(stbl, "stsd")
	if err != nil {
		return nil, err
	}
	return mp4.Find(stsd[min(preface["stsd"], len(stsd)):], kind)
}
