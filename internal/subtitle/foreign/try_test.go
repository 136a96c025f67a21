package foreign

import (
	"fmt"
	"os"
	"testing"

	"filmpress/internal/subtitle"
)

func TestTry(t *testing.T) {
	name := os.Getenv("TRY")
	if name == "" {
		t.Skip()
	}
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	track, found := Read(name, data, Options{})
	for _, f := range found {
		fmt.Println(f)
	}
	to := FormatNamed(os.Getenv("TO"))
	if to == 0 {
		to = subtitle.WebVTT
	}
	out, found := Write(track, to, WriteOptions{})
	for _, f := range found {
		fmt.Println("W", f)
	}
	fmt.Println(track.Format, track.Language, track.Charset, len(track.Cues))
	os.Stdout.Write(out[:min(len(out), 3000)])
}
