package verify_test

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"filmpress/internal/origin"
	"filmpress/internal/release"
	"filmpress/internal/report"
	"filmpress/internal/store/dir"
	"filmpress/internal/verify"
)

const (
	masterText = "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n"
	mediaText  = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\na.ts\n"
)

// TestFilmsInAFolder: which presentations are found, and what is said where there is none.
func TestFilmsInAFolder(t *testing.T) {
	for _, c := range []struct {
		files string // name=m for a multivariant playlist, =l for another, =p for a pointer, =x for anything else
		slug  string
		want  string // names, or the error
	}{
		{"a/release.json=p b/release.json=p c/x=x", "", "t/a t/b"},
		{"a/release.json=p b/release.json=p", "b", "t/b"},
		{"a/release.json=p", "b", `there is no film "b" in t: no b/release.json`},
		{"a/release.json=p", "a/b", `"a/b" is no slug of a film`},
		{"a/release.json=p x/master.m3u8=m", "", "t/a"},
		{"hls/master.m3u8=m hls/v.m3u8=l", "", "t/hls/master.m3u8"},
		{"one/master.m3u8=m two/index.m3u8=m top.m3u8=m", "", "t/top.m3u8 t/one/master.m3u8 t/two/index.m3u8"},
		{"v.m3u8=l", "", "t/v.m3u8"},
		{"v.m3u8=l w.m3u8=l", "", "there are 2 media playlists in t, and no multivariant one; name the playlist to verify"},
		{"film.mp4=x", "", "there is no film in t: neither a release.json of filmpress nor a playlist (.m3u8)"},
		{"", "", "there is no film in t: neither a release.json of filmpress nor a playlist (.m3u8)"},
	} {
		root := t.TempDir()
		for f := range strings.FieldsSeq(c.files) {
			name, kind, _ := strings.Cut(f, "=")
			if err := os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755); err != nil {
				t.Fatal(err)
			}
			text := map[string]string{"m": masterText, "l": mediaText, "p": "{}", "x": "x"}[kind]
			if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		st, err := dir.New(root)
		if err != nil {
			t.Fatal(err)
		}
		place, err := verify.InStore(t.Context(), st, "t", c.slug, false)
		if got := named(place, err); got != c.want {
			t.Errorf("%s %s: %s, want %s", c.files, c.slug, got, c.want)
		}
	}
}

// named are the films that were found, as the user reads them, or the error.
func named(place verify.Place, err error) string {
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, f := range place.Films {
		names = append(names, place.Show(f.Name()))
	}
	return strings.Join(names, " ")
}

// TestFilmAtAnAddress: of ours by any address that people copy, of a stranger by its playlist or the page that names it.
func TestFilmAtAnAddress(t *testing.T) {
	id := strings.Repeat("0a", 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := map[string]string{
			"/f/release.json": `{"release":"` + id + `","sequence":1}`, "/broken/release.json": "{broken",
			"/hls/master.m3u8": masterText, "/hls/list": masterText, "/page/": `<video src="../hls/master.m3u8?t=1">`, "/page/dead.html": "<p>nothing</p>",
			"/app/release.json": "<html>", "/app/": `<script>play("/hls/master.m3u8")</script>`,
		}[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(text))
	}))
	defer server.Close()
	for _, c := range []struct{ path, want string }{
		{"/f/", "/f"}, {"/f", "/f"}, {"/f/index.html", "/f"}, {"/f/master.m3u8", "/f"}, {"/f/release.json", "/f"}, {"/f/index.html?t=1#t=5", "/f"},
		{"/f/r/" + id + "/master.m3u8", "/f"}, {"/f/r/" + id + "/", "/f"}, {"/broken/", "/broken"}, {"/f/other.m3u8", "/f/other.m3u8"},
		{"/hls/master.m3u8", "/hls/master.m3u8"}, {"/hls/list", "/hls/list"}, {"/hls/none.m3u8", "/hls/none.m3u8"},
		{"/page/", "/hls/master.m3u8?t=1"}, {"/app/", "/hls/master.m3u8"},
		{"/page/dead.html", "/page/dead.html names no playlist; name the address of the master playlist (.m3u8)"},
		{"/none", "/none cannot be fetched: no such object (404 Not Found); name the address of the film's page or of its master playlist"},
	} {
		u, err := url.Parse(server.URL + c.path)
		if err != nil {
			t.Fatal(err)
		}
		place, err := verify.OnWeb(t.Context(), origin.NewWeb(u, nil, "test"), u)
		if got := named(place, err); got != server.URL+c.want {
			t.Errorf("%s: %s, want %s", c.path, got, c.want)
		}
	}
}

// set is the release of a site as publish hands it over.
func (s *site) set() release.Set {
	set := release.Set{Slug: "the-lake", Entrances: func(id string) ([]release.File, error) {
		var out []release.File
		for _, name := range []string{"index.html", "master.m3u8"} {
			out = append(out, release.FromBytes(name, bytes.ReplaceAll(s.files["the-lake/"+name], []byte(s.id), []byte(id))))
		}
		return out, nil
	}}
	m := s.manifest()
	for _, e := range m.Media {
		set.Media = append(set.Media, release.FromBytes(e.Path, s.files["the-lake/"+e.Path]))
	}
	for _, e := range m.Pages {
		set.Pages = append(set.Pages, release.FromBytes(e.Path, s.files[s.page(e.Path)]))
	}
	return set
}

// TestUnpublished: what publish asks before the switch. Faults of ours stop it, a pipeline's own choice does not.
func TestUnpublished(t *testing.T) {
	for _, c := range []struct {
		rules string
		stops bool
		fault func(s *site)
	}{
		{"", false, func(*site) {}},
		{"hls-9.13", true, func(s *site) { // a rate that was not measured, in the release and in its entrance
			for _, name := range []string{s.page("master.m3u8"), "the-lake/master.m3u8"} {
				s.edit(name, "STREAM-INF:BANDWIDTH=", "STREAM-INF:BANDWIDTH=1,X=")
			}
		}},
		{"hls-7.1", true, func(s *site) { s.change(s.find("v0/00001.m4s"), func(b []byte) []byte { return b[:len(b)/2] }) }},
		{"subs-source", true, func(s *site) { s.edit(s.find("s/00000.vtt"), "freezes", "froze") }},
		{"hls-missing", true, func(s *site) { s.without("a/00001.m4s") }},
		{"page-reference", true, func(s *site) { s.without("poster.jpg") }},
		{"release-entrance", true, func(s *site) { s.edit("the-lake/master.m3u8", "25.000", "24.000") }},
	} {
		s := newSite(t)
		c.fault(s)
		r, err := verify.Unpublished(t.Context(), s.set(), s.id, report.Discard)
		if err != nil {
			t.Fatal(err)
		}
		unsound, stops := errors.AsType[*verify.UnsoundError](r.Sound())
		if got := broken(r.Findings); got != c.rules || stops != c.stops {
			t.Errorf("%q: got %q, stops %v: %v", c.rules, got, stops, r.Findings)
		}
		if stops && len(unsound.Findings) == 0 {
			t.Errorf("%q: nothing to show", c.rules)
		}
	}
}

// TestSound: errors stop a release, and so does what every release of ours keeps; what a pipeline may choose does not.
func TestSound(t *testing.T) {
	of := func(s report.Severity, rule string) report.Finding { return report.Finding{Severity: s, Rule: rule} }
	for _, c := range []struct {
		findings []report.Finding
		want     string
	}{
		{nil, ""},
		{[]report.Finding{of(report.Warn, "hls-7.5"), of(report.Info, "not-checked"), of(report.Warn, "hls-1.13")}, ""},
		{[]report.Finding{of(report.Warn, "hls-8.22")}, "(1 fault, above)"},
		{[]report.Finding{of(report.Error, "hls-7.3")}, "(1 fault, above)"},
		{[]report.Finding{of(report.Error, "hls-7.3"), of(report.Warn, "hls-7.5"), of(report.Error, "hls-8.1")}, "(2 faults, above)"},
	} {
		err := verify.Result{Findings: c.findings}.Sound()
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%v: %v, want %q", c.findings, err, c.want)
		}
	}
}

// TestSignedAddress: no report has what opens a signed address, neither where it begins nor where its playlist leads.
func TestSignedAddress(t *testing.T) {
	const secret = "X-Amz-Signature=0123456789abcdef"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.RawQuery != secret || r.URL.Path != "/m.m3u8" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8?" + secret + "\n#EXT-X-STREAM-INF:BANDWIDTH=1\nhttps://other.example/v.m3u8?" + secret + "\n"))
	}))
	defer server.Close()
	u, err := url.Parse(server.URL + "/m.m3u8?" + secret)
	if err != nil {
		t.Fatal(err)
	}
	place, err := verify.OnWeb(t.Context(), origin.NewWeb(u, nil, "test"), u)
	if err != nil {
		t.Fatal(err)
	}
	r, err := place.Run(t.Context(), place.Films[0], verify.Options{})
	if err != nil || !strings.Contains(broken(r.Findings), "ref-host") || !strings.Contains(broken(r.Findings), "hls-missing") {
		t.Errorf("%v, %v", err, r.Findings)
	}
	if told := fmt.Sprintf("%+v %s", r, place.Show(place.Films[0].Name())); strings.Contains(told, "0123456789abcdef") {
		t.Error(told)
	}
	u.Path = "/none"
	if _, err := verify.OnWeb(t.Context(), origin.NewWeb(u, nil, "test"), u); err == nil || strings.Contains(err.Error(), "0123456789abcdef") {
		t.Errorf("%v", err)
	}
}
