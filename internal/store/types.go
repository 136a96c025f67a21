package store

import (
	"path"
	"strings"
)

// Values of Cache-Control.
const (
	// Immutable is for names that will never hold other bytes (RFC 8246).
	Immutable = "public, max-age=31536000, immutable"
	// Revalidate is for names whose bytes change: a cache asks before it answers.
	Revalidate = "no-cache"
)

// types is our own table, because the one of the machine (mime.TypeByExtension) differs between machines and is wrong
// where it matters: on Debian .ts is a translation file and .m4s is unknown.
var types = map[string]string{
	// HLS: RFC 8216 section 4; ISO/IEC 23000-19 (CMAF) for segments; RFC 8081 and friends for the rest.
	".m3u8": "application/vnd.apple.mpegurl",
	".m4s":  "video/iso.segment",
	".mp4":  "video/mp4",
	".m4v":  "video/mp4",
	".m4a":  "audio/mp4",
	".ts":   "video/mp2t",
	".aac":  "audio/aac",
	".mp3":  "audio/mpeg",
	".mpd":  "application/dash+xml",
	// Subtitles.
	".vtt":  "text/vtt; charset=utf-8",
	".srt":  "application/x-subrip",
	".ttml": "application/ttml+xml",
	// The page.
	".html":        "text/html; charset=utf-8",
	".css":         "text/css; charset=utf-8",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".webmanifest": "application/manifest+json",
	".xml":         "application/xml",
	".txt":         "text/plain; charset=utf-8",
	".md":          "text/markdown; charset=utf-8",
	".jpg":         "image/jpeg",
	".jpeg":        "image/jpeg",
	".png":         "image/png",
	".webp":        "image/webp",
	".avif":        "image/avif",
	".gif":         "image/gif",
	".svg":         "image/svg+xml",
	".ico":         "image/x-icon",
	".woff2":       "font/woff2",
	".pdf":         "application/pdf",
	".zip":         "application/zip",
}

// TypeOf is the Content-Type of an object by its name, the same on every machine.
func TypeOf(name string) string {
	if t, ok := types[strings.ToLower(path.Ext(name))]; ok {
		return t
	}
	return "application/octet-stream"
}

// Compressible tells whether objects of that Content-Type are text, so that Meta.Gzip is worth setting.
func Compressible(contentType string) bool {
	t, _, _ := strings.Cut(contentType, ";")
	switch t {
	case "application/vnd.apple.mpegurl", "application/x-subrip", "application/json", "image/svg+xml":
		return true
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+xml") || strings.HasSuffix(t, "+json") || t == "application/xml"
}
