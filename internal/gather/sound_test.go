package gather

import (
	"fmt"
	"strings"
	"testing"
)

func TestReadSounds(t *testing.T) {
	for _, c := range []struct{ args, want, wrong string }{
		{"0=ru", "[{0 -1 ru false}]", ""},
		{"0=RU 1=pt-br 2=off", "[{0 -1 ru false} {1 -1 pt-BR false} {2 -1 off false}]", ""},
		{"0+1=ky", "[{0 1 ky false}]", ""},
		{"0=ru 1=ru:ad", "[{0 -1 ru false} {1 -1 ru true}]", ""},
		{"0=ru:xy", "", `--audio "0=ru:xy": write`},
		{"", "[]", ""},
		{"ru", "", `--audio "ru": write`},
		{"=ru", "", `--audio "=ru": write`},
		{"-1=ru", "", `--audio "-1=ru": write`},
		{"0=", "", `--audio "0=": write`},
		{"0=russian-language", "", `--audio "0=russian-language": write`},
		{"0+=ru", "", `--audio "0+=ru": write`},
		{"0+1=off", "", `--audio "0+1=off": write`},
		{"999=ru", "", `--audio "999=ru": write`},
		{"0=ru 0=en", "", "--audio names sound track 0 twice"},
		{"0+1=ru 1=en", "", "--audio names sound track 1 twice"},
		{"0=ru 1=en", "[{0 -1 ru false} {1 -1 en false}]", ""},
	} {
		got, err := readSounds(strings.Fields(c.args))
		if c.wrong != "" {
			if _, usage := err.(*FlagError); !usage || !strings.HasPrefix(err.Error(), c.wrong) {
				t.Errorf("%q: %v", c.args, err)
			}
			continue
		}
		if err != nil || fmt.Sprint(got) != c.want {
			t.Errorf("%q: %v, %v", c.args, got, err)
		}
	}
}
