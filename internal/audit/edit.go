package audit

import (
	"encoding/binary"

	"filmpress/internal/media/mp4"
)

// editShift is by how many ticks the edit list of an init section moves its one track (14496-12, 8.6.6): an empty
// edit delays it, a media time cuts its beginning. It is 0 where there is no list.
func editShift(init []byte, timescale uint32) int64 {
	elst, err := mp4.Find(init, "moov", "trak", "edts", "elst")
	if err != nil || len(elst) < 8 {
		return 0
	}
	movie := uint64(timescale)
	if mvhd, err := mp4.Find(init, "moov", "mvhd"); err == nil && len(mvhd) > 0 {
		if at := 12 + 8*int(min(mvhd[0], 1)); len(mvhd) >= at+4 {
			movie = uint64(binary.BigEndian.Uint32(mvhd[at:]))
		}
	}
	count, rest, wide := binary.BigEndian.Uint32(elst[4:]), elst[8:], elst[0] == 1
	var shift int64
	for range min(count, 16) {
		var duration uint64
		var media int64
		switch {
		case wide && len(rest) >= 20:
			duration, media, rest = binary.BigEndian.Uint64(rest), int64(binary.BigEndian.Uint64(rest[8:])), rest[20:]
		case !wide && len(rest) >= 12:
			duration, media, rest = uint64(binary.BigEndian.Uint32(rest)), int64(int32(binary.BigEndian.Uint32(rest[4:]))), rest[12:]
		default:
			return shift
		}
		if media >= 0 {
			return shift - min(media, 1<<50)
		}
		if movie > 0 && duration < 1<<32 {
			shift += int64(duration * uint64(timescale) / movie)
		}
	}
	return shift
}
