package catalog_test

import (
	"context"
	"fmt"
	"testing"

	"filmpress/internal/catalog"
	"filmpress/internal/release"
	"filmpress/internal/release/releasetest"
	"filmpress/internal/report"
	"filmpress/internal/store/storetest"
)

// BenchmarkScan looks at films of 10,000 objects each, ten of them, with two releases that share all but one.
func BenchmarkScan(b *testing.B) {
	st := storetest.Memory()
	for film := range 10 {
		for _, version := range []string{"one", "two"} {
			set := releasetest.Film(st, version)
			set.Slug = fmt.Sprint("film-", film)
			for i := range 10_000 {
				set.Media = append(set.Media, release.FromBytes(fmt.Sprintf("o/%s/v0/%05d.m4s", releasetest.Digest("many"), i), []byte("x")))
			}
			if _, err := release.Publish(b.Context(), st, set, release.Options{}, report.Discard); err != nil {
				b.Fatal(err)
			}
		}
	}
	for b.Loop() {
		objects := 0
		films := make(chan int, 10)
		_, err := catalog.Scan(b.Context(), st, catalog.Options{}, func(_ context.Context, f *catalog.Film) error {
			films <- f.All.Objects
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		close(films)
		for n := range films {
			objects += n
		}
		if objects < 100_000 {
			b.Fatalf("%d objects", objects)
		}
	}
}
