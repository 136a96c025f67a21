package privacy

import (
	"slices"

	"filmpress/internal/media/mp4"
)

// children is the allow-list: what each box may hold (14496-12, -14, -15, and the binding of AV1). "" is the file itself. User data,
// metadata, UUID boxes, events, references to chapters and edit histories are not in it.
var children = map[string][]string{
	"":     {"ftyp", "styp", "moov", "moof", "mdat", "sidx", "free", "skip"},
	"moov": {"mvhd", "trak", "mvex", "free"},
	"trak": {"tkhd", "edts", "mdia", "free"},
	"edts": {"elst", "free"},
	"mdia": {"mdhd", "hdlr", "minf", "free"},
	"minf": {"vmhd", "smhd", "dinf", "stbl", "free"},
	"dinf": {"dref"},
	"dref": {"url "},
	"stbl": {"stsd", "stts", "ctts", "cslg", "stss", "stsc", "stsz", "stco", "co64", "sdtp", "sgpd", "sbgp", "free"},
	"stsd": {"avc1", "av01", "mp4a"},
	"avc1": {"avcC", "colr", "pasp", "btrt", "free"},
	"av01": {"av1C", "colr", "pasp", "btrt", "free"},
	"mp4a": {"esds", "btrt", "free"},
	"mvex": {"mehd", "trex", "free"},
	"moof": {"mfhd", "traf", "free"},
	"traf": {"tfhd", "tfdt", "trun", "sgpd", "sbgp", "free"},
}

// preface is how many bytes stand before the children of a box that is not only a container.
var preface = map[string]int{"stsd": 8, "dref": 8, "avc1": 78, "av01": 78, "mp4a": 28}

// visitor sees one box: raw is its bytes with the header, at its place in the file. known says whether the
// allow-list has it below its parent; the children of unknown boxes are not visited.
type visitor func(b mp4.Box, raw []byte, at int64, known bool)

// walk visits the boxes in b, which lie below parent and begin at the file's byte at.
func walk(b []byte, parent string, at int64, visit visitor) error {
	list, err := mp4.Boxes(b)
	for _, box := range list {
		known := slices.Contains(children[parent], box.Type)
		raw := b[box.Offset:box.End()]
		visit(box, raw, at+box.Offset, known)
		skip := int(box.Header) + preface[box.Type]
		if _, container := children[box.Type]; known && container && skip <= len(raw) {
			if err := walk(raw[skip:], box.Type, at+box.Offset+int64(skip), visit); err != nil {
				return err
			}
		}
	}
	return err
}

// blanks gives the parts of a known box that must be zero, because else they tell of a time, a tool or a name.
func blanks(typ string, payload []byte) [][]byte {
	part := func(from, to int) []byte { return payload[min(from, len(payload)):min(to, len(payload))] }
	switch typ {
	case "mvhd", "tkhd", "mdhd": // creation and modification time, 32 bits each or 64 with version 1
		if len(payload) > 0 && payload[0] == 1 {
			return [][]byte{part(4, 20)}
		}
		return [][]byte{part(4, 12)}
	case "hdlr": // QuickTime's component type, manufacturer and the handler's name
		return [][]byte{part(4, 8), part(12, len(payload))}
	case "avc1", "av01": // QuickTime's vendor and qualities, compressor name
		return [][]byte{part(8, 24), part(42, 74)}
	case "mp4a": // QuickTime's version and vendor
		return [][]byte{part(8, 16)}
	case "url ": // an address outside the file
		return [][]byte{part(4, len(payload))}
	case "free", "skip":
		return [][]byte{payload}
	}
	return nil
}

func zero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}
