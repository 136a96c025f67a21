package ffmpeg

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"math"
	"strconv"
	"strings"
)

// noTime is a time that the file does not give.
const noTime = math.MinInt64

// packet is one packet as the demuxer gives it.
type packet struct {
	stream   int
	pts, dts int64 // in the stream's time base, or noTime
	duration int64 // 0 is unknown
	base     float64
	size     int64
	key      bool
	discard  bool // decoded but not shown (before an edit list's start)
}

// packetEntries are what ffprobe is to show of a packet.
const packetEntries = "packet=stream_index,pts,dts,duration,size,flags"

// scan gives every packet of a file in its order, reading it once from end to end in constant memory; base is
// each stream's time base (seconds a tick; missing ones are 1); late is as of media.Reading. What ffprobe said meanwhile is returned.
func (t Tools) scan(ctx context.Context, path string, late bool, base []float64, each func(packet) error) (messages, error) {
	args := append([]string{"-hide_banner", "-loglevel", "level+error", "-show_entries", packetEntries,
		"-of", "csv=p=0", "-o", Pipe(0)}, inputArgs(path, farther(late))...)
	read := func(r io.Reader) error {
		lines := bufio.NewScanner(r)
		for lines.Scan() {
			p, ok := parsePacket(lines.Text())
			if !ok {
				continue
			}
			if p.base = 1; p.stream < len(base) {
				p.base = base[p.stream]
			}
			if err := each(p); err != nil {
				return err
			}
		}
		return lines.Err()
	}
	return t.process("ffprobe", args, []func(io.Reader) error{read}).run(ctx)
}

// parsePacket reads "0,1024,512,512,856,K_": stream, pts, dts, duration, size, flags. Side data may follow.
func parsePacket(line string) (p packet, ok bool) {
	f := strings.SplitN(line, ",", 7)
	if len(f) < 6 {
		return packet{}, false
	}
	index, err := strconv.Atoi(f[0])
	if err != nil {
		return packet{}, false
	}
	return packetOf(index, f[1], f[2], f[3], f[4], f[5])
}

// packetOf reads ffprobe's words for a packet; ok is false where it is of a stream that there cannot be.
func packetOf(stream int, pts, dts, duration, size, flags string) (p packet, ok bool) {
	if stream < 0 || stream >= maxStreams {
		return packet{}, false
	}
	p = packet{stream: stream, pts: tick(pts), dts: tick(dts), duration: max(0, tick(duration))}
	p.size, _ = strconv.ParseInt(size, 10, 64)
	p.key, p.discard = strings.Contains(flags, "K"), strings.Contains(flags, "D")
	return p, true
}

// parsePackets reads the packets from ffprobe's JSON; whole is false where it was cut off, or is none.
func parsePackets(data []byte) (packets []packet, whole bool) {
	var raw struct {
		Packets []struct {
			Stream   int         `json:"stream_index"`
			PTS      json.Number `json:"pts"`
			DTS      json.Number `json:"dts"`
			Duration json.Number `json:"duration"`
			Size     string      `json:"size"`
			Flags    string      `json:"flags"`
		} `json:"packets"`
	}
	if len(data) >= maxProbe || json.Unmarshal(data, &raw) != nil {
		return nil, false
	}
	for _, r := range raw.Packets {
		if p, ok := packetOf(r.Stream, r.PTS.String(), r.DTS.String(), r.Duration.String(), r.Size, r.Flags); ok {
			packets = append(packets, p)
		}
	}
	return packets, true
}

// tick keeps times within what doubles hold exactly.
func tick(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > 1<<53 || n < -1<<53 {
		return noTime
	}
	return n
}
