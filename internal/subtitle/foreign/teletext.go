package foreign

import (
	"filmpress/internal/report"
	"filmpress/internal/subtitle"
)

// packetSize is the size of a packet of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3.2).
const packetSize = 188

func readTeletext(name string, data []byte, opt Options) (subtitle.Track, []report.Finding) {
	return subtitle.Track{Name: name}, nil
}
