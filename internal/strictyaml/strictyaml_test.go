package strictyaml

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
)

type sample struct {
	Title string        `yaml:"title"`
	Count int           `yaml:"count"`
	On    bool          `yaml:"on"`
	Rate  *float64      `yaml:"rate"`
	Sub   sub           `yaml:"sub"`
	List  []sub         `yaml:"list"`
	When  time.Time     `yaml:"when"`
	Names []string      `yaml:"names"`
	Open  colours       `yaml:"open"`
	Skip  time.Duration // untagged, so a file must not reach it
}

// colours is a mapping that judges its own keys.
type colours map[string]string

func (c *colours) Key(key string) error {
	if key != "red" && key != "green" {
		return fmt.Errorf("no colour is called %q; the nearest is red", key)
	}
	return nil
}

func (c *colours) Put(key, value string) error {
	if value == "no" {
		return errors.New("a colour is not no")
	}
	if *c == nil {
		*c = colours{}
	}
	(*c)[key] = value
	return nil
}

type sub struct {
	Name string `yaml:"name"`
}

func TestDecodeReads(t *testing.T) {
	got := sample{Count: 7}
	if fs := Decode("a.yml", []byte("title: 2024-01-02\non: true\nrate: 1.5\nsub: {name: x}\nlist:\n - name: a\n - name: b\nnames: [p, q]\nopen: {red: off, green: 2}\n"), 1, &got); len(fs) > 0 {
		t.Fatal(fs)
	}
	rate := 1.5
	want := sample{Title: "2024-01-02", Count: 7, On: true, Rate: &rate, Sub: sub{"x"}, List: []sub{{"a"}, {"b"}}, Names: []string{"p", "q"}, Open: colours{"red": "off", "green": "2"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestDecodeComplains(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"titel: x", `f.yml:11:1: error: unknown key "titel" (yaml-key)`},
		{"sub:\n  nmae: x", `f.yml:12:3: error: unknown key "nmae" (yaml-key)`},
		{"count: many", `f.yml:11:8: error: "count" must be a whole number (yaml-type)`},
		{"on: 3", `f.yml:11:5: error: "on" must be true or false (yaml-type)`},
		{"list: x", `f.yml:11:7: error: "list" must be a list (yaml-type)`},
		{"sub: x", `f.yml:11:6: error: "sub" must be a list of keys and values (yaml-type)`},
		{"list:\n- name: a\n  nom: b", `f.yml:13:3: error: unknown key "nom" (yaml-key)`},
		{"title: [a]", `f.yml:11:8: error: "title" must be a text (yaml-type)`},
		{"when: yesterday", `f.yml:11:7: error: "when": parsing time`},
		{"title: &a x", `f.yml:11:8: error: anchors and aliases (& and *) are not read here (yaml-alias)`},
		{"title: a\ntitle: b", `f.yml:12:1: error: key "title" stands here a second time (yaml-twice)`},
		{"title: \"x", `f.yml:1`},
		{"open:\n  red: 1\n  rde: 1", `f.yml:13:3: error: no colour is called "rde"; the nearest is red (yaml-key)`},
		{"open: {red: no}", `f.yml:11:13: error: a colour is not no (yaml-value)`},
		{"open: {red: [a]}", `f.yml:11:13: error: "open.red" must be a single value (yaml-type)`},
		{"open: {red: 1, red: 2}", `f.yml:11:16: error: key "red" stands here a second time (yaml-twice)`},
		{"open: [red]", `f.yml:11:7: error: "open" must be a list of keys and values (yaml-type)`},
		{"- a", `f.yml:11:1: error: the document must be a list of keys and values (yaml-type)`},
		{"Skip: 1", `f.yml:11:1: error: unknown key "Skip" (yaml-key)`},
	} {
		var s sample
		fs := Decode("f.yml", []byte(c.in), 11, &s)
		if len(fs) != 1 || !strings.HasPrefix(fs[0].String(), c.want) {
			t.Errorf("%q: got %v, want %s", c.in, fs, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{{"titel", "title"}, {"Sub", "sub"}, {"xyzzy", ""}, {"", ""}} {
		if got := Nearest(c.word, []string{"count", "sub", "title"}); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte("title: x\nlist: [{name: a}]"))
	f.Add([]byte("a: &a [*a]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var s sample
		for _, finding := range Decode("f.yml", data, 1, &s) {
			if finding.Text == "" || finding.Rule == "" {
				t.Errorf("a finding says nothing: %+v", finding)
			}
		}
	})
}
