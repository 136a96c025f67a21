package main

import (
	"os"
	"os/exec"
	"testing"
)

// needBrowser skips where no page can be opened in a browser, and says what is missing. It gives the environment that names the browser.
func needBrowser(t *testing.T) (env string) {
	t.Helper()
	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	for _, tool := range []string{chromium, "node"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("skipped: %s is not installed", tool)
		}
	}
	if _, err := os.Stat("../../internal/watch/player/node_modules/playwright-core"); err != nil {
		t.Skip("skipped: run make player")
	}
	return "CHROMIUM=" + chromium
}

// needPlayer skips where the program holds no player.
func needPlayer(t *testing.T) {
	t.Helper()
	if _, err := os.Stat("../../internal/watch/dist/player.js"); err != nil {
		t.Skip("skipped: run make player")
	}
}
