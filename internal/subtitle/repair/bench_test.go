package repair

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"filmpress/internal/subtitle"
)

// BenchmarkFix mends 2 MB: a clean file, and one with something in every cue.
func BenchmarkFix(b *testing.B) {
	file := func(text string) []byte {
		var out strings.Builder
		for i := 0; out.Len() < 2<<20; i++ {
			at := time.Duration(i) * 4 * time.Second
			fmt.Fprintf(&out, "%d\n%s --> %s\n%s\n\n", i+1, subtitle.FormatTime(at, ','), subtitle.FormatTime(at+3*time.Second, ','), text)
		}
		return []byte(out.String())
	}
	for name, data := range map[string][]byte{"clean": file("The snow stayed until May, and the road\nwas closed for everyone."), "broken": file("<i>The sno\u200bw st\x01ayed... unтil May,\n\nand the road.")} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				Fix("f.srt", data, Options{})
			}
		})
	}
}
