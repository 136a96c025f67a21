package ffmpeg

import (
	"bufio"
	"context"
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

// scan gives every packet of a file in its order, reading it once from end to end in constant memory; base is
// each stream's time base (seconds a tick; missing ones are 1); late is as of media.Reading. What ffprobe said meanwhile is returned.
func (t Tools) scan(ctx context.Context, path string, late bool, base []float64, each func(packet) error) (messages, error) {
	args := append([]string{"-hide_banner", "-loglevel", "level+error", "-show_entries", "packet=stream_index,pts,dts,duration,size,flags",
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
	if err != nil || index < 0 || index >= maxStreams {
		return packet{}, false
	}
	p = packet{stream: index, pts: tick(f[1]), dts: tick(f[2]), duration: tick(f[3])}
	if p.duration < 0 {
		p.duration = 0
	}
	p.size, _ = strconv.ParseInt(f[4], 10, 64)
	p.key, p.discard = strings.Contains(f[5], "K"), strings.Contains(f[5], "D")
	return p, true
}

// tick keeps times within what doubles hold exactly.
func tick(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n > 1<<53 || n < -1<<53 {
		return noTime
	}
	return n
}
