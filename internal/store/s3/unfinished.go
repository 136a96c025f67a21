package s3

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
)

// note remembers a large upload that was begun. The server lists its parts, but not what was to stand beside it, so only an upload with a
// note is gone on with. A note that is lost costs sending the object anew; the parts stay until they are cleaned up.
type note struct {
	ID          string `json:"id"`
	SHA256      string `json:"sha256"`
	Size        int64  `json:"size"`
	Part        int64  `json:"part"`
	CRC         bool   `json:"crc"`
	Type        string `json:"type"`
	Cache       string `json:"cache-control"`
	Disposition string `json:"disposition"`
	Writer      string `json:"writer,omitempty"`
}

// fits tells whether the upload was begun for these bytes.
func (n note) fits(v survey) bool {
	return n.ID != "" && n.SHA256 == v.whole && n.Part == v.size && n.CRC == v.crc
}

// mostNote bounds what is read.
const mostNote = 64 << 10

func (p *upload) notePath() string {
	sum := sha256.Sum256([]byte(p.server + "\x00" + p.bucket + "\x00" + p.key(p.name)))
	return filepath.Join(p.unfinished, "upload-"+hex.EncodeToString(sum[:12])+".json")
}

// noteOf reads the object's note. One that cannot be read, or that is for other headers, is none.
func (p *upload) noteOf() (n note) {
	if p.unfinished == "" {
		return note{}
	}
	f, err := os.Open(p.notePath())
	if err != nil {
		return note{}
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, mostNote))
	if err != nil {
		return note{}
	}
	n = parseNote(b)
	if n.Size != p.size || n.Type != p.meta.Type || n.Cache != p.meta.CacheControl || n.Disposition != p.meta.Disposition {
		return note{}
	}
	if p.headers[writerKey] != "" && n.Writer == "" || p.headers[writerKey] == "" && n.Writer != "" {
		return note{} // begun with a condition, and now without, or the other way round
	}
	if n.Writer != "" {
		p.headers[writerKey] = n.Writer // the word that the object will have beside it
	}
	return n
}

func parseNote(b []byte) (n note) {
	if json.Unmarshal(b, &n) != nil || len(n.SHA256) != 64 || n.Size <= 0 || n.Part < partSize {
		return note{}
	}
	return n
}

// keep writes the note, whole or not at all. Without it the next run begins anew, which is no reason to fail.
func (p *upload) keep(n note) {
	if p.unfinished == "" {
		return
	}
	b, err := json.Marshal(n)
	if err != nil {
		panic(err) // a plain struct
	}
	if os.MkdirAll(p.unfinished, 0o700) != nil {
		return
	}
	temp := p.notePath() + "." + rand.Text()
	if os.WriteFile(temp, b, 0o600) != nil || os.Rename(temp, p.notePath()) != nil {
		os.Remove(temp)
	}
}

func (p *upload) forget() {
	if p.unfinished != "" {
		os.Remove(p.notePath())
	}
}
