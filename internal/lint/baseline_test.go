package lint

import (
	"strings"
	"testing"
)

func TestBaseline(t *testing.T) {
	tree(t)
	text := bad + "\n2\n00:00:09,000 --> 00:00:08,000\nMore snow.\n"
	write(t, "sub/a.srt", text)
	first, _ := run(t, Choice{}, "sub/a.srt")
	b, err := NewBaseline("known.json")
	check(t, err)
	if fresh, known := b.Split(first[0].Findings); known != 0 || len(fresh) != len(first[0].Findings) {
		t.Fatalf("an empty baseline knows %d", known)
	}
	saved := b.Bytes()

	again := func(text string) (fresh, known, mended int) {
		write(t, "sub/a.srt", text)
		b, err := ReadBaseline("known.json", saved)
		check(t, err)
		got, _ := run(t, Choice{}, "sub/a.srt")
		fs, known := b.Split(got[0].Findings)
		return len(fs), known, b.Mended()
	}
	all := len(first[0].Findings)
	for _, c := range []struct {
		what, text           string
		fresh, known, mended int
	}{
		{"nothing changed", text, 0, all, 0},
		{"lines moved", "\n\n" + text, 0, all, 0},
		{"one was mended", strings.Replace(text, "00:00:09,000 --> 00:00:08,000", "00:00:06,000 --> 00:00:08,000", 1), 0, all - 1, 1},
		{"a new one", text + "\n3\n00:00:12,000 --> 00:00:11,000\nNew.\n", 1, all, 0},
		{"a known one twice", text + "\n3\n00:00:09,000 --> 00:00:08,000\nNew.\n", 1, all, 0},
	} {
		fresh, known, mended := again(c.text)
		if fresh != c.fresh || known != c.known || mended != c.mended {
			t.Errorf("%s: %d new, %d known, %d mended; want %d, %d, %d", c.what, fresh, known, mended, c.fresh, c.known, c.mended)
		}
	}
	t.Chdir("sub")
	b, err = ReadBaseline("../known.json", saved)
	check(t, err)
	write(t, "a.srt", text)
	got, _ := run(t, Choice{}, "a.srt")
	if fresh, _ := b.Split(got[0].Findings); len(fresh) > 0 {
		t.Errorf("from another folder: %v", fresh)
	}
	for _, text := range []string{"", "[]", "{}", `{"version": 2}`, "\xff"} {
		if _, err := ReadBaseline("x.json", []byte(text)); err == nil || !strings.Contains(err.Error(), "x.json is no baseline") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzBaseline(f *testing.F) {
	f.Add([]byte(`{"version": 1, "findings": [{"file": "a", "rule": "b", "line": "c", "count": 1}]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := ReadBaseline("x.json", data)
		if err == nil && b.Mended() < 0 {
			t.Error("fewer than none are mended")
		}
	})
}
