package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"strings"
	"unicode/utf8"

	"filmpress/internal/media/mp4"
	"filmpress/internal/report"
)

// refuse judges what can be judged without ffprobe.
func refuse(path string) *report.Finding {
	j := &judge{path: path}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		j.fail("film-missing", "there is no such file", "check the name and the folder")
	case errors.Is(err, os.ErrPermission):
		j.fail("film-unreadable", "the file may not be read by this user", "give yourself the right to read it: chmod u+r")
	case err != nil:
		j.fail("film-unreadable", "the file cannot be read: "+lastError(err), "")
	case info.IsDir():
		j.fail("film-directory", "this is a folder, not a film", "name the film's file")
	case !info.Mode().IsRegular():
		j.fail("film-not-a-file", "this is no plain file", "copy the film to a disk first; it is read more than once")
	case info.Size() == 0:
		j.fail("film-empty", "the file is empty", "copy or export it again")
	default:
		j.sniff()
	}
	if len(j.findings) == 0 {
		return nil
	}
	return &j.findings[0]
}

func lastError(err error) string {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return strings.TrimSpace(err.Error())
}

// starts of text files that name other files. ffmpeg is never asked to follow them.
var playlists = []struct{ start, name string }{
	{"#EXTM3U", "an HLS playlist"}, {"<MPD", "a DASH manifest"}, {"ffconcat", "a list of files for ffmpeg"},
	{"v=0", "a session description"}, {"[playlist]", "a playlist"}, {"<SmoothStreamingMedia", "a streaming manifest"}, {"RTSPtext", "a link to a stream"},
}

// sniff looks at the first bytes.
func (j *judge) sniff() {
	f, err := os.Open(j.path)
	if errors.Is(err, os.ErrPermission) {
		j.fail("film-unreadable", "the file may not be read by this user", "give yourself the right to read it: chmod u+r")
		return
	}
	if err != nil {
		j.fail("film-unreadable", "the file cannot be read: "+lastError(err), "")
		return
	}
	defer f.Close()
	head := make([]byte, 4096)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		j.fail("film-unreadable", "the file cannot be read: "+lastError(err), "")
		return
	}
	head = bytes.TrimPrefix(head[:n], []byte("\xef\xbb\xbf"))
	start := bytes.TrimLeft(head, " \t\r\n")
	if bytes.HasPrefix(start, []byte("<?xml")) {
		_, start, _ = bytes.Cut(start, []byte("?>"))
		start = bytes.TrimLeft(start, " \t\r\n")
	}
	for _, p := range playlists {
		if bytes.HasPrefix(start, []byte(p.start)) {
			j.fail("film-playlist", "this is "+p.name+" that points to other files, not a film", "name the film's own file")
			return
		}
	}
	if isText(head) {
		j.fail("film-text", "this is a text file, not a film", "name the film's own file")
	}
}

// isText says whether bytes are plain text in UTF-8; the last rune may be cut.
func isText(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return len(b) < utf8.UTFMax
		}
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f {
			return false
		}
		b = b[n:]
	}
	return true
}

// scrambled says whether most packets of a transport stream that carry picture or sound are scrambled (ISO 13818-1,
// 2.4.3.3: transport_scrambling_control). They are 188 bytes long, and in files of cameras and disks 192.
func scrambled(f io.ReaderAt) bool {
	head := make([]byte, 1<<20)
	n, _ := f.ReadAt(head, 0)
	head = head[:n]
	for _, form := range []struct{ first, length int }{{0, 188}, {4, 192}} {
		packets, locked := 0, 0
		for at := form.first; at+4 <= len(head) && head[at] == 0x47; at += form.length {
			if pid := int(head[at+1]&0x1f)<<8 | int(head[at+2]); pid >= 0x20 && pid < 0x1fff && head[at+3]&0x10 != 0 {
				packets++
				if head[at+3]&0x80 != 0 {
					locked++
				}
			}
		}
		if packets >= 5 && locked*2 > packets {
			return true
		}
	}
	return false
}

// boxes is what the structure of an MP4 or a RIFF (AVI) tells; the zero value is of another container.
type boxes struct {
	mp4, moov, fragmented, encrypted, riff bool
	beyond                                 int64 // bytes by which the last box runs past the file's end
}

// maxMoov bounds how much of an index is searched for marks of encryption.
const maxMoov = 32 << 20

func boxesOf(path string, size int64) (b boxes) {
	f, err := os.Open(path)
	if err != nil {
		return b
	}
	defer f.Close()
	head := make([]byte, 8)
	if f.ReadAt(head, 0); string(head[:4]) == "RIFF" {
		declared := int64(binary.LittleEndian.Uint32(head[4:]))
		if declared != math.MaxUint32 { // of a stream whose end was not known
			b.riff, b.beyond = true, max(0, 8+declared-size)
		}
		return b
	}
	if scrambled(f) {
		return boxes{encrypted: true}
	}
	list, _ := mp4.TopLevel(f, size) // what follows bytes that are no box is not looked at
	for i, box := range list {
		switch box.Type {
		case "ftyp", "mdat", "free", "wide", "skip":
			b.mp4 = b.mp4 || i == 0
		case "moof":
			b.fragmented = true
		case "moov":
			b.mp4, b.moov = true, true
			moov := make([]byte, min(box.Size, maxMoov, size-box.Offset))
			f.ReadAt(moov, box.Offset)
			for _, mark := range []string{"sinf", "encv", "enca", "pssh"} {
				b.encrypted = b.encrypted || bytes.Contains(moov, []byte(mark)) && bytes.Contains(moov, []byte("schm"))
			}
		}
	}
	if b.mp4 && len(list) > 0 {
		b.beyond = max(0, list[len(list)-1].End()-size)
	}
	return b
}
