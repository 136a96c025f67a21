package align

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

func TestDev(t *testing.T) {
	args := os.Getenv("DEV")
	if args == "" {
		t.Skip()
	}
	cmd := exec.Command("bash", "-c", args)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	sp, err := DetectSpeech(bytes.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	fmt.Printf("dur %v spans %d conf %.2f\n", sp.Duration, len(sp.Spans), sp.Confidence)
	for i, s := range sp.Spans {
		if i < 60 {
			fmt.Printf("%.2f-%.2f ", s.Start.Seconds(), s.End.Seconds())
			if devKept != nil {
				k := devKept[i]
				fmt.Printf("[st %.2f ld %.2f] ", k.steady/float64(k.n), k.loud/float64(k.n))
			}
		}
	}
	fmt.Println()
}
