package campaign_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"filmpress/internal/store/storetest/campaign"
	"filmpress/internal/store/storetest/s3server"
)

// What is wrong with a film is seen in the server's folder, and by the server alone where its folder is not ours.
func TestRight(t *testing.T) {
	server := s3server.Start(t)
	server.Setenv(t)
	set := campaign.Film("film 1", "one", 4, false)
	publish(t, client(t, server), set)
	foreign := server
	foreign.Dir = ""
	both := map[string]campaign.Objects{"folder": campaign.Of(server), "server": campaign.Of(foreign)}
	for name, kept := range both {
		if err := campaign.Right(kept, set); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := kept("film 1/stray"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: what is not there: %v", name, err)
		}
	}
	damaged := filepath.Join(server.Dir, set.Slug, filepath.FromSlash(set.Media[1].Path))
	b, err := os.ReadFile(damaged)
	if err != nil {
		t.Fatal(err)
	}
	b[3] ^= 1
	if err := os.WriteFile(damaged, b, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, kept := range both {
		if err := campaign.Right(kept, set); err == nil {
			t.Errorf("%s: a changed byte was not seen", name)
		}
	}
	if err := os.Remove(damaged); err != nil {
		t.Fatal(err)
	}
	for name, kept := range both {
		if err := campaign.Right(kept, set); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: an object that is gone: %v", name, err)
		}
	}
}
