package ffmpeg

import (
	"bufio"
	"io"
	"regexp"
	"strings"
)

// What is kept of one process's messages: a broken film can say the same thing a million times.
const (
	maxLog  = 4 << 20 // bytes in the log file
	maxTail = 20      // lines in an error
	maxLine = 1000    // bytes of one line
)

// messages is what a process said on stderr.
type messages struct {
	tail  []string // the last lines
	first string   // the first line that is an error, without its marks
	fatal string   // the last line that ended the process
	count int      // lines that are errors

	changed bool // pictures had another size or form than the first
}

var (
	mark  = regexp.MustCompile(`^(\[[^\]]* @ 0x[0-9a-f]+\] )+`)
	level = regexp.MustCompile(`\[(panic|fatal|error|warning|info|verbose)\] `)
)

// readMessages reads lines of "-loglevel level+...", copies the first maxLog bytes to log and gives what matters.
func readMessages(r io.Reader, log io.Writer) (m messages) {
	in := bufio.NewReaderSize(r, maxLine)
	logged := 0
	for {
		line, more, err := in.ReadLine()
		if err != nil {
			return m
		}
		text := strings.ToValidUTF8(string(line), "?")
		for more && err == nil { // the rest of an over-long line
			_, more, err = in.ReadLine()
		}
		if logged += len(text) + 1; logged <= maxLog {
			io.WriteString(log, text+"\n") // a log that cannot be written must not stop the work
		}
		m.add(text)
	}
}

func (m *messages) add(line string) {
	if m.tail = append(m.tail, line); len(m.tail) > maxTail {
		m.tail = m.tail[1:]
	}
	text, kind := plain(line)
	if text == "" {
		return
	}
	m.changed = m.changed || strings.HasPrefix(text, "Changing video frame properties on the fly")
	switch kind {
	case "error":
		m.count++
		if m.first == "" {
			m.first = text
		}
	case "fatal", "panic":
		m.fatal = text
	}
}

// plain takes the component's address and the level from a line.
func plain(line string) (text, kind string) {
	at := level.FindStringSubmatchIndex(line)
	if at == nil {
		return "", ""
	}
	text = strings.TrimSpace(mark.ReplaceAllString(line[:at[0]]+line[at[1]:], ""))
	if uninteresting[text] || strings.HasPrefix(text, "Last message repeated") {
		return "", ""
	}
	return text, line[at[2]:at[3]]
}

var uninteresting = map[string]bool{"Conversion failed!": true, "error reading header": true}

// wording is what ffmpeg says, by a part of it, and how we say it.
type wording struct{ key, say string }

// words puts what ffmpeg says into words for people. The first key that occurs wins.
var words = []wording{
	{"Changing audio frame properties on the fly", "the sound changes its channels or its rate midway"},
	{"No space left on device", "no space left on the disk"},
	{"Disk quota exceeded", "the disk quota is used up"},
	{"moov atom not found", "its index (the moov box) is missing: the recording or the copy was not finished"},
	{"Permission denied", "permission denied"},
	{"No such file or directory", "a file is missing"},
	{"Cannot allocate memory", "not enough memory"},
	{"partial file", "the file ends too early"},
	{"Invalid data found when processing input", "its data is damaged or of an unknown kind"},
	{"Error while decoding", "its data is damaged"},
	{"Invalid NAL unit", "its data is damaged"},
	{"error while decoding MB", "its data is damaged"},
	{"corrupt input packet", "its data is damaged"},
	{"corrupt decoded frame", "its data is damaged"},
	{"damaged at", "its data is damaged"},
	{"Invalid frame header", "its data is damaged"},
	{"Unknown encoder", "this ffmpeg lacks an encoder that is needed"},
	{"No such filter", "this ffmpeg lacks a filter that is needed"},
}

// outside are the causes that lie in this machine, and not in the film.
var outside = map[string]bool{
	"no space left on the disk": true, "the disk quota is used up": true, "permission denied": true, "a file is missing": true, "not enough memory": true,
	"this ffmpeg lacks an encoder that is needed": true, "this ffmpeg lacks a filter that is needed": true,
}

// Damaged says whether the film's own data is to blame, so that going on over it may help.
func (e *ExitError) Damaged() bool {
	return e.Program == "ffmpeg" && (strings.Contains(e.Why, "damaged") || e.Why == "the file ends too early")
}

// interrupted is the code with which ffmpeg ends after a signal that it heeds.
const interrupted = 255

// Outside says whether the film is not to blame: a signal ended the process, or this machine lacked something.
func (e *ExitError) Outside() bool {
	return e.Code < 0 || e.Code == interrupted || outside[e.Why]
}

// sentence is the cause in plain words, or ffmpeg's own first complaint.
func (m messages) sentence() string {
	for _, w := range words {
		if strings.Contains(m.first, w.key) || strings.Contains(m.fatal, w.key) {
			return w.say
		}
	}
	if m.first != "" {
		return m.first
	}
	return m.fatal
}
