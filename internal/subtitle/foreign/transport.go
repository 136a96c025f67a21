package foreign

import (
	"math"
	"math/bits"
	"time"
)

// packetSize is the size of a packet of an MPEG transport stream (ISO/IEC 13818-1, 2.4.3.2).
const packetSize = 188

// transport finds the teletext in a transport stream: which pages are subtitles, how often each was sent, and where the units
// lie that go-astisub must not see. It is the count of our own that its cues are held to.
type transport struct {
	data     []byte
	maps     map[int]bool // PIDs of program maps
	text     map[int]bool // PIDs of teletext
	sections map[int][]byte
	open     map[int]*pesUnit
	begin    int64                        // the first time of picture or sound, in ticks of 90 kHz; MaxInt64 is none
	first    int64                        // the first time of teletext
	pages    map[teletextID]*teletextPage // that are subtitles
	current  map[[2]int]*teletextPage     // by PID and magazine
}

// teletextID is a page of one stream: magazine * 100 + number.
type teletextID struct{ pid, page int }

// teletextPage is what was sent of a page.
type teletextPage struct {
	id         teletextID
	sent       [][]int // the rows of each time that it was sent with any
	rows       []int   // of the time that is going on
	extensions bool    // X/26: accents and further characters
	charset    bool    // X/28 or M/29: other tables of characters
}

// pesUnit is a packetized elementary stream packet that is being put together, and where its parts lie in the file.
type pesUnit struct {
	buf   []byte
	parts [][2]int // offset in buf, offset in the file
}

func newTransport(data []byte) *transport {
	return &transport{data: data, maps: map[int]bool{}, text: map[int]bool{}, sections: map[int][]byte{}, open: map[int]*pesUnit{},
		begin: math.MaxInt64, first: math.MaxInt64, pages: map[teletextID]*teletextPage{}, current: map[[2]int]*teletextPage{}}
}

// walk goes through the packets.
func (w *transport) walk() {
	for at := 0; at+packetSize <= len(w.data); {
		if w.data[at] != 0x47 { // out of step
			at++
			continue
		}
		w.packet(at)
		at += packetSize
	}
	for pid, u := range w.open {
		w.unit(pid, u)
	}
	for _, p := range w.pages {
		p.done()
	}
}

func (p *teletextPage) done() {
	if len(p.rows) > 0 {
		p.sent = append(p.sent, p.rows)
		p.rows = nil
	}
}

func (w *transport) packet(at int) {
	b := w.data[at : at+packetSize]
	pid := int(b[1]&0x1f)<<8 | int(b[2])
	start := b[1]&0x40 != 0
	from := 4
	if b[3]&0x20 != 0 { // an adaptation field
		from += 1 + int(b[4])
	}
	if b[3]&0x10 == 0 || from >= packetSize {
		return
	}
	payload := b[from:]
	switch {
	case pid == 0 || w.maps[pid]:
		w.section(pid, start, payload)
	case start && !w.text[pid]:
		if t, ok := pesTime(payload); ok && (payload[3]&0xe0 == 0xc0 || payload[3]&0xf0 == 0xe0) {
			w.begin = min(w.begin, t)
		}
	case w.text[pid]:
		if start {
			if u := w.open[pid]; u != nil {
				w.unit(pid, u)
			}
			w.open[pid] = &pesUnit{}
		}
		if u := w.open[pid]; u != nil {
			u.parts = append(u.parts, [2]int{len(u.buf), at + from})
			u.buf = append(u.buf, payload...)
		}
	}
}

// section puts a table of programs or streams together and reads it (2.4.4).
func (w *transport) section(pid int, start bool, payload []byte) {
	if start {
		if skip := 1 + int(payload[0]); skip < len(payload) {
			w.sections[pid] = append([]byte(nil), payload[skip:]...)
		}
	} else if w.sections[pid] != nil {
		w.sections[pid] = append(w.sections[pid], payload...)
	}
	s := w.sections[pid]
	if len(s) < 12 {
		return
	}
	size := 3 + (int(s[1]&0x0f)<<8 | int(s[2]))
	if len(s) < size || size < 16 {
		return
	}
	delete(w.sections, pid)
	body := s[8 : size-4]
	if pid == 0 {
		for ; len(body) >= 4; body = body[4:] {
			if body[0]|body[1] != 0 {
				w.maps[int(body[2]&0x1f)<<8|int(body[3])] = true
			}
		}
		return
	}
	if skip := 4 + (int(body[2]&0x0f)<<8 | int(body[3])); skip <= len(body) {
		body = body[skip:]
	}
	for len(body) >= 5 {
		stream, size := int(body[1]&0x1f)<<8|int(body[2]), 5+(int(body[3]&0x0f)<<8|int(body[4]))
		size = min(size, len(body))
		for d := body[5:size]; len(d) >= 2; d = d[min(2+int(d[1]), len(d)):] {
			if d[0] == 0x56 || d[0] == 0x46 { // teletext descriptors (EN 300 468, 6.2.43)
				w.text[stream] = true
			}
		}
		body = body[size:]
	}
}

// pesTime is the presentation time stamp of a packet (2.4.3.7).
func pesTime(b []byte) (ticks int64, ok bool) {
	if len(b) < 14 || b[0]|b[1] != 0 || b[2] != 1 || b[7]&0x80 == 0 {
		return 0, false
	}
	return int64(b[9]>>1&7)<<30 | int64(b[10])<<22 | int64(b[11]>>1)<<15 | int64(b[12])<<7 | int64(b[13]>>1), true
}

// unit reads the data units of a teletext packet (EN 300 472, 4.4).
func (w *transport) unit(pid int, u *pesUnit) {
	t, ok := pesTime(u.buf)
	if !ok {
		return
	}
	w.first = min(w.first, t)
	at := 9 + int(u.buf[8]) + 1
	for at+2 <= len(u.buf) {
		kind, size := u.buf[at], int(u.buf[at+1])
		if at+2+size > len(u.buf) {
			return
		}
		if kind == 3 && size >= 44 && !w.line(pid, u.buf[at+2:at+46]) {
			w.hide(u, at)
		}
		at += 2 + size
	}
}

// hide makes stuffing of the unit at a byte of the packet.
func (w *transport) hide(u *pesUnit, at int) {
	for i := len(u.parts) - 1; i >= 0; i-- {
		if u.parts[i][0] <= at {
			w.data[u.parts[i][1]+at-u.parts[i][0]] = 0xff
			return
		}
	}
}

// line reads one line of teletext. It reports false for the packets that go-astisub cannot stand.
func (w *transport) line(pid int, b []byte) bool {
	low, ok1 := hamming(b[2])
	high, ok2 := hamming(b[3])
	if b[1] != 0xe4 || !ok1 || !ok2 {
		return true
	}
	magazine, packet := low&7, high<<1|low>>3
	if magazine == 0 {
		magazine = 8
	}
	key := [2]int{pid, magazine}
	if packet == 0 {
		w.header(key, b[4:])
		return true
	}
	p := w.current[key]
	switch {
	case p != nil && packet <= 25:
		p.rows = append(p.rows, packet)
	case p != nil && packet == 26:
		p.extensions = true
	case packet == 28 && p != nil, packet == 29 && p != nil:
		p.charset = true
	}
	return packet <= 25 // the library takes a pointer of nil for the tables of X/28 and M/29
}

// header reads the line that begins a page (ETS 300 706, 9.3.1).
func (w *transport) header(key [2]int, b []byte) {
	units, ok1 := hamming(b[0])
	tens, ok2 := hamming(b[1])
	flags, ok3 := hamming(b[5])
	if !ok1 || !ok2 || !ok3 {
		return
	}
	if p := w.current[key]; p != nil {
		p.done()
	}
	delete(w.current, key)
	if tens > 9 || units > 9 || flags&8 == 0 { // C6: the page is a subtitle
		return
	}
	id := teletextID{key[0], key[1]*100 + tens*10 + units}
	if w.pages[id] == nil {
		w.pages[id] = &teletextPage{id: id}
	}
	w.current[key] = w.pages[id]
}

// hamming decodes a byte with four bits of data (ETS 300 706, 8.2); one wrong bit is corrected. Bytes of DVB hold the first bit
// sent on top.
func hamming(b byte) (int, bool) {
	n := hammingTable[b]
	return int(n), n < 16
}

var hammingTable = func() (table [256]byte) {
	for i := range table {
		table[i] = 0xff
	}
	for n := range byte(16) {
		code := hammingCode(n)
		table[code] = n
		for bit := range 8 {
			table[code^1<<bit] = n
		}
	}
	return table
}()

func hammingCode(n byte) byte {
	d1, d2, d3, d4 := n&1, n>>1&1, n>>2&1, n>>3&1
	p1, p2, p3 := 1^d1^d3^d4, 1^d1^d2^d4, 1^d1^d2^d3
	p4 := 1 ^ p1 ^ d1 ^ p2 ^ d2 ^ p3 ^ d3 ^ d4
	return bits.Reverse8(p1 | d1<<1 | p2<<2 | d2<<3 | p3<<4 | d3<<5 | p4<<6 | d4<<7)
}

// late is how long after the begin of picture and sound the teletext begins.
func (w *transport) late() time.Duration {
	if w.begin == math.MaxInt64 || w.first <= w.begin || w.first-w.begin > 90_000*3600 {
		return 0
	}
	return (time.Duration(w.first-w.begin) * time.Second / 90_000).Round(time.Millisecond)
}
