package foreign

import (
	"bytes"
	"math/bits"
	"strings"
	"testing"

	"filmpress/internal/subtitle"
)

// stream makes a transport stream with teletext on PID 0x100, a packet of teletext for each unit.
type stream struct {
	b       bytes.Buffer
	counter map[int]byte
}

func newStream() *stream {
	s := &stream{counter: map[int]byte{}}
	s.table(0, []byte{0, 0xb0, 13, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0, 0x20})
	s.table(0x20, []byte{2, 0xb0, 13 + 5 + 2 + 5 + 5 - 5 + 5, 0, 1, 0xc1, 0, 0, 0xe1, 0x01, 0xf0, 0, 6, 0xe1, 0, 0xf0, 7, 0x56, 5, 'e', 'n', 'g', 0x10, 0x88, 2, 0xe1, 1, 0xf0, 0})
	s.pes(0x101, 0xe0, 90_000, []byte{0, 0, 1, 9}) // the picture begins at one second
	return s
}

func (s *stream) packet(pid int, start bool, payload []byte) {
	b := []byte{0x47, byte(pid >> 8), byte(pid), 0x10 | s.counter[pid]&15}
	s.counter[pid]++
	if start {
		b[1] |= 0x40
	}
	if room := packetSize - 4 - len(payload); room > 0 {
		b[3] |= 0x20
		field := bytes.Repeat([]byte{0xff}, room)
		field[0] = byte(room - 1)
		if room > 1 {
			field[1] = 0
		}
		b = append(b, field...)
	}
	s.b.Write(append(b, payload...))
}

// table sends a section; its length is set here and its check sum added (ISO/IEC 13818-1, annex A).
func (s *stream) table(pid int, section []byte) {
	section[2] = byte(len(section) - 3 + 4)
	crc := uint32(0xffffffff)
	for _, x := range section {
		crc ^= uint32(x) << 24
		for range 8 {
			top := crc&0x80000000 != 0
			if crc <<= 1; top {
				crc ^= 0x04c11db7
			}
		}
	}
	payload := append([]byte{0}, section...)
	payload = append(payload, byte(crc>>24), byte(crc>>16), byte(crc>>8), byte(crc))
	s.packet(pid, true, append(payload, bytes.Repeat([]byte{0xff}, packetSize-4-len(payload))...))
}

func (s *stream) pes(pid int, id byte, ticks int64, data []byte) {
	h := []byte{0, 0, 1, id, 0, 0, 0x84, 0x80, 5, byte(0x21 | ticks>>29&0xe), byte(ticks >> 22), byte(ticks>>14 | 1), byte(ticks >> 7), byte(ticks<<1 | 1)}
	if id == 0xbd { // teletext has a header of 45 bytes, so that its lines never lie across packets
		h[8] = 36
		h = append(h, bytes.Repeat([]byte{0xff}, 31)...)
	}
	h[4], h[5] = byte((len(h)+len(data)-6)>>8), byte(len(h)+len(data)-6)
	all := append(h, data...)
	for at := 0; at < len(all); at += packetSize - 4 {
		s.packet(pid, at == 0, all[at:min(at+packetSize-4, len(all))])
	}
}

// send sends a page with rows at a time in ticks of 90 kHz. A row is its number and text, where | begins and ends the box.
func (s *stream) send(ticks int64, page int, rows map[int]string, extra ...int) {
	magazine := page / 100
	data := []byte{0x10}
	line := func(packet int, payload []byte) {
		b := []byte{3, 44, 0xf0, 0xe4, hammingCode(byte(magazine&7 | packet&1<<3)), hammingCode(byte(packet >> 1))}
		data = append(data, append(b, payload...)...)
	}
	header := bytes.Repeat([]byte{parity(' ')}, 40)
	for i, n := range []int{page % 10, page / 10 % 10, 0, 8, 0, 8, 0, 0} {
		header[i] = hammingCode(byte(n))
	}
	line(0, header)
	for row := 1; row < 25; row++ {
		if text, ok := rows[row]; ok {
			b := bytes.Repeat([]byte{parity(' ')}, 40)
			for i, c := range []byte(strings.NewReplacer("|", "\x0b\x0b", "^", "\x0a\x0a").Replace(text)) {
				b[i] = parity(c)
			}
			line(row, b)
		}
	}
	for _, packet := range extra {
		line(packet, bytes.Repeat([]byte{hammingCode(0)}, 40))
	}
	for (len(data)-1)%(4*46) != 3*46 { // the last packet is full
		data = append(data, append([]byte{0xff, 44}, bytes.Repeat([]byte{0xff}, 44)...)...)
	}
	s.pes(0x100, 0xbd, ticks, data)
}

// parity is a character with odd parity, the first bit sent on top.
func parity(c byte) byte {
	if bits.OnesCount8(c)%2 == 0 {
		c |= 0x80
	}
	return bits.Reverse8(c)
}

func TestTeletext(t *testing.T) {
	const second = 90_000
	for name, c := range map[string]struct {
		send        func(s *stream)
		cues, found string
	}{
		"one": {func(s *stream) {
			s.send(3*second, 888, map[int]string{20: "|Hello there^", 22: "|two rows^"})
			s.send(5*second, 888, nil)
		}, "2.000-4.000|Hello there/two rows\n", ""},
		"color": {func(s *stream) {
			s.send(3*second, 888, map[int]string{22: "|white\x03yellow\x02lime^"})
			s.send(5*second, 888, nil)
		}, "2.000-4.000|white <c.yellow>yellow</c> <c.lime>lime</c>\n", ""},
		"top, and sent again": {func(s *stream) {
			s.send(3*second, 888, map[int]string{2: "|Up^"})
			s.send(4*second, 888, map[int]string{2: "|Up^"})
			s.send(5*second, 888, map[int]string{12: "|Middle^"})
			s.send(6*second, 888, nil)
		}, "2.000-4.000 line:0|Up\n4.000-5.000 line:50%,center|Middle\n", ""},
		"what the library cannot": {func(s *stream) {
			s.send(3*second, 888, map[int]string{22: "|a^"}, 26, 28, 29)
			s.send(5*second, 888, nil)
		}, "2.000-4.000|a\n", "teletext-accents, teletext-charset"},
		"two pages": {func(s *stream) {
			s.send(3*second, 777, map[int]string{22: "|a^"})
			s.send(3*second, 888, map[int]string{22: "|b^"})
			s.send(5*second, 777, nil)
		}, "2.000-4.000|a\n", "teletext-page"},
		"none": {func(s *stream) { s.pes(0x101, 0xe0, 180_000, []byte{0, 0, 1, 9}) }, "", "file-no-cues!"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStream()
			c.send(s)
			before := bytes.Clone(s.b.Bytes())
			track, found := Read("a.ts", s.b.Bytes(), Options{})
			if got := cuesOf(track); got != c.cues {
				t.Errorf("got\n%swant\n%s", got, c.cues)
			}
			if got := rulesOf(found); got != c.found {
				t.Errorf("findings %q, want %q: %v", got, c.found, found)
			}
			if !bytes.Equal(before, s.b.Bytes()) {
				t.Error("the caller's bytes were changed")
			}
		})
	}
}

// FuzzTeletext may not panic out of the guard: what breaks the library is a finding.
func FuzzTeletext(f *testing.F) {
	s := newStream()
	s.send(270_000, 888, map[int]string{20: "|Hello^"}, 26, 28)
	s.send(450_000, 888, nil)
	f.Add(s.b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		track, found := guarded(readers[subtitle.Teletext], "f.ts", data, Options{})
		if len(track.Cues) == 0 && len(found) == 0 {
			t.Fatal("nothing came out, and nobody says why")
		}
		for _, x := range found {
			if x.Rule == "file-unreadable" && !strings.Contains(x.Text, "index out of range") && !strings.Contains(x.Text, "slice bounds") && !strings.Contains(x.Text, "nil pointer") {
				t.Fatalf("not the library's way to break: %v", x)
			}
		}
	})
}
