package watch

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Version names everything of the program that decides a page's bytes, but for the Go code itself: whoever keeps
// rendered pages knows by it which ones are of an older look.
func Version() string {
	h := sha256.New()
	for _, name := range []string{"page.html", "player.html"} {
		text, err := templates.ReadFile(name)
		if err != nil {
			panic(err) // embedded
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	fmt.Fprintf(h, "%d\n%s%d\n%s", len(embedHTML), embedHTML, len(embedCSS), embedCSS)
	fmt.Fprintf(h, "%d\n%s%d\n%s%v", len(pageCSS), pageCSS, len(localJS), localJS, dictionary())
	return hex.EncodeToString(h.Sum(nil)[:8])
}
