package watch

import (
	"crypto/sha256"
	"crypto/sha512"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"path"
)

// dist is what `npm run build` makes in player/. Only its .gitkeep is committed, so that a fresh clone builds.
//
//go:embed all:dist
var dist embed.FS

// File is one file of the player, to be published beside the film.
type File struct {
	Name      string // with a hash of the bytes in it: "player-0123456789abcdef.js"
	Data      []byte
	Integrity string // for Asset.Integrity
}

// Player is the whole player.
type Player struct {
	JS, CSS File
	HLS     File // hls.js, which JS brings when the film is to be played
	Notices File // the licences of what is inside
}

// Files are all files of the player.
func (p Player) Files() []File { return []File{p.JS, p.HLS, p.CSS, p.Notices} }

// Assets is what a page names of the player; uri is where a file of it lies.
func (p Player) Assets(uri func(name string) string) Assets {
	asset := func(f File) Asset { return Asset{URI: uri(f.Name), Integrity: f.Integrity} }
	return Assets{JS: asset(p.JS), HLS: asset(p.HLS), CSS: asset(p.CSS)}
}

// Bundle is the player that was built into the program. ok is false where it was not: pages then keep the
// browser's own player, with the MP4.
func Bundle() (p Player, ok bool) { return bundle(dist) }

func bundle(from fs.FS) (p Player, ok bool) {
	for name, file := range map[string]*File{"player.js": &p.JS, "hls.js": &p.HLS, "player.css": &p.CSS, "notices.txt": &p.Notices} {
		data, err := fs.ReadFile(from, "dist/"+name)
		if err != nil {
			return Player{}, false
		}
		*file = newFile(name, data)
	}
	return p, true
}

func newFile(name string, data []byte) File {
	ext := path.Ext(name)
	hash := sha256.Sum256(data)
	return File{
		Name:      name[:len(name)-len(ext)] + "-" + hex.EncodeToString(hash[:8]) + ext,
		Data:      data,
		Integrity: integrity(data),
	}
}

// integrity is a value for integrity= (W3C Subresource Integrity, section 3.5).
func integrity(data []byte) string {
	sum := sha512.Sum384(data)
	return "sha384-" + base64.StdEncoding.EncodeToString(sum[:])
}
