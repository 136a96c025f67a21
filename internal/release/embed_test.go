package release_test

import (
	"strings"
	"testing"

	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store"
	"filmpress/internal/store/storetest"
	"filmpress/internal/watch"
)

// addressed is a store whose objects lie at these addresses: a bucket's have one, a folder's are paths.
type addressed struct {
	store.Store
	at string
}

func (a addressed) URL(name string) string { return a.at + name }

// TestOthersShowIt: the page for frames and the oEmbed response are made visible, switched back and withdrawn with the film's own page; where
// nobody knows an address there is no response.
func TestOthersShowIt(t *testing.T) {
	for name, st := range map[string]addressed{"bucket": {storetest.Memory(), "https://films.example.org/"}, "folder": {storetest.Memory(), "/films/"}} {
		t.Run(name, func(t *testing.T) {
			known := name == "bucket"
			publish := func(version string) release.Result {
				set := releasetest.Film(st, version)
				page := watch.Page{Film: watch.Film{Title: version, Slug: set.Slug, Language: "en"}, Master: "master.m3u8", Width: 16, Height: 9}
				frame, err := watch.RenderEmbed(page)
				if err != nil {
					t.Fatal(err)
				}
				set.Pages = append(set.Pages, release.FromBytes("embed.html", frame), release.FromBytes("oembed.json", watch.OEmbed(page)))
				before := set.Entrances
				set.Entrances = func(id string) ([]release.File, error) {
					files, err := before(id)
					page.Base, page.PublicURL = "r/"+id+"/", ""
					if known {
						page.PublicURL = st.URL(set.Slug + "/")
						files = append(files, release.FromBytes("oembed.json", watch.OEmbed(page)))
					}
					frame, _ := watch.RenderEmbed(page)
					return append(files, release.FromBytes("embed.html", frame)), err
				}
				r, err := release.Publish(t.Context(), st, set, release.Options{}, report.Discard)
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			look := func() (frame, response string) {
				for name, into := range map[string]*string{"embed.html": &frame, "oembed.json": &response} {
					if b, err := releasetest.Content(t.Context(), st, releasetest.Slug+"/"+name); err == nil {
						*into = string(b)
					}
				}
				return frame, response
			}
			one := publish("one")
			frame, response := look()
			if !strings.Contains(frame, one.Release) || strings.Contains(response, "https://films.example.org/the-lake/embed.html") != known {
				t.Errorf("%s\n%s", frame, response)
			}
			publish("two")
			if other, _ := look(); other == frame {
				t.Error("the frame shows the old film")
			}
			if _, err := rollback(t.Context(), st, one.Release); err != nil {
				t.Fatal(err)
			}
			if f, r := look(); f != frame || r != response {
				t.Errorf("rolled back:\n%s\n%s\nnot\n%s\n%s", f, r, frame, response)
			}
			if _, err := unpublish(t, st, false); err != nil {
				t.Fatal(err)
			}
			if f, r := look(); f != "" || r != "" {
				t.Errorf("withdrawn:\n%s\n%s", f, r)
			}
		})
	}
}
