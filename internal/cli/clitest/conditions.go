package clitest

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"

	"filmpress/internal/missing"
)

// Conditions gives what stories ask for in brackets, by ways to find out. It knows [root], [av1]: an ffmpeg that encodes it, and [voices]:
// espeak-ng, besides. The last two are tools, for want of which no story is skipped where all tools must be there.
func Conditions(more map[string]func() bool) func(name string) (bool, error) {
	known := map[string]func() bool{
		"root":   func() bool { return os.Geteuid() == 0 },
		"av1":    EncodesAV1,
		"voices": func() bool { _, err := exec.LookPath("espeak-ng"); return err == nil },
	}
	maps.Copy(known, more)
	all := os.Getenv(missing.All) != ""
	return func(name string) (bool, error) {
		holds, ok := known[name]
		if !ok {
			return false, &unknownCondition{name, slices.Sorted(maps.Keys(known))}
		}
		does := holds()
		if tool := name == "av1" || name == "voices"; tool && !does && all {
			return false, errors.New("it does not hold; " + missing.All + " is set, so this is no reason to skip a story")
		}
		return does, nil
	}
}

type unknownCondition struct {
	name  string
	known []string
}

func (e *unknownCondition) Error() string {
	return "there is no condition [" + e.name + "]; there are " + strings.Join(e.known, ", ")
}

// EncodesAV1 says whether there is an ffmpeg with SVT-AV1.
func EncodesAV1() bool {
	out, err := exec.Command("ffmpeg", "-hide_banner", "-encoders").Output()
	return err == nil && strings.Contains(string(out), "libsvtav1")
}
