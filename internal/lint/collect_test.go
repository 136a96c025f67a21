package lint

import (
	"strings"
	"testing"
)

func TestCollect(t *testing.T) {
	tree(t, "a.srt", "b.VTT", "film.mp4", "[1].srt", "1.srt", "-x.srt", "::error::.srt", "sub/c.srt", "sub/deep/d.vtt", "sub/notes.txt", "empty/",
		".git/e.srt", "._a.srt", "link.srt -> a.srt", "nowhere.srt -> gone.srt", "loop/up -> ..", "loop/f.srt", "{x}.srt")
	for _, c := range []struct{ args, want string }{
		{"a.srt", "a.srt"},
		{"./a.srt sub/../a.srt a.srt", "a.srt"},
		{"film.mp4", "film.mp4"},
		{"sub", "sub/c.srt sub/deep/d.vtt"},
		{"sub/", "sub/c.srt sub/deep/d.vtt"},
		{"[1].srt", "[1].srt"},
		{"[12].srt", "1.srt"},
		{"{x}.srt", "{x}.srt"},
		{"{a,1}.srt", "1.srt a.srt"},
		{"-x.srt", "-x.srt"},
		{"::error::.srt", "./::error::.srt"},
		{"s*", "sub/c.srt sub/deep/d.vtt"},
		{"sub/*", "sub/c.srt sub/deep/d.vtt"},
		{"sub/*.srt", "sub/c.srt"},
		{"sub/*.*", "sub/c.srt sub/notes.txt"},
		{"**/d.*", "sub/deep/d.vtt"},
		{"sub/**", "sub/c.srt sub/deep/d.vtt"},
		{"?.srt", "1.srt a.srt"},
		{"link.srt", "link.srt"},
		{".git/e.srt", ".git/e.srt"},
		{"empty", "| empty: warn: there is no .srt or .vtt file in this folder (folder-no-subtitles)"},
		{"gone.srt", "| gone.srt: error: there is no such file or folder (file-unreadable) unread"},
		{"*.gone a.srt", "a.srt | *.gone: error: no file matches this pattern (file-unreadable) unread"},
		{"[z.srt", "| [z.srt: error: there is no such file or folder (file-unreadable) unread"},
		{"nowhere.srt", "| nowhere.srt: error: this link leads to nothing (file-unreadable) unread"},
		{"sub sub/c.srt", "sub/c.srt sub/deep/d.vtt"},
		{"sub/c.srt sub/*.srt", "sub/c.srt"},
	} {
		got := Collect(strings.Fields(c.args))
		text := strings.Join(got.Files, " ")
		if len(got.Findings) > 0 {
			text = strings.TrimSpace(text + " | " + joined(got.Findings))
		}
		if got.Unread {
			text += " unread"
		}
		if text != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.args, text, c.want)
		}
	}
}

// TestCollectLoops: a link to a folder above is followed once, and one that leads outside as well.
func TestCollectLoops(t *testing.T) {
	tree(t, "a.srt", "loop/f.srt", "loop/up -> ..", "loop/self -> self", "far/g.srt", "loop/far -> ../far", "loop/again -> ../far")
	got := Collect([]string{"loop"})
	want := "loop/again/g.srt loop/f.srt loop/up/a.srt"
	if text := strings.Join(got.Files, " "); text != want || len(got.Findings) > 0 {
		t.Errorf("got %s %v, want %s", text, got.Findings, want)
	}
	if got := Collect([]string{"**/*.srt"}); len(got.Files) != 3 {
		t.Errorf("by pattern: %q", got.Files)
	}
}

func FuzzPattern(f *testing.F) {
	f.Add("drafts/**", "drafts/a.srt")
	f.Fuzz(func(t *testing.T, pattern, rel string) {
		var p Pattern
		if p.UnmarshalText([]byte(pattern)) == nil {
			p.matches(rel)
		}
	})
}
