# The two commands to begin with: make demo, make test. Both install what is missing (Debian, Ubuntu), end by
# themselves, and can be run again.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := build

VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo 0.0.0-dev)
PREFIX  ?= /usr/local
player  := internal/watch/player
bundle  := internal/watch/dist/player.js
players := testdata/browser/node_modules/.package-lock.json

# The same flags for the program, its tests and the servers of its tests, so that no package is compiled twice. Version control is not asked by
# the go command, which refuses a checkout that another user owns.
export CGO_ENABLED := 0
export GOFLAGS := $(sort $(shell go env GOFLAGS 2>/dev/null) -trimpath -buildvcs=false)
staticcheck := honnef.co/go/tools/cmd/staticcheck@v0.8.2
govulncheck := golang.org/x/vuln/cmd/govulncheck@v1.1.4

.PHONY: build demo test lint race vuln bench bench-subs bench-page bench-lighthouse bench-quality bench-storage align-campaign campaign campaign-storage campaign-machines dev-cluster bench-cluster simulate-cluster player pictures install uninstall clean

build: player ## ./filmpress
	go build -ldflags "-s -w -X filmpress/internal/cli.version=$(VERSION)" -o filmpress ./cmd/filmpress

demo: ## a sample film, published to ./library
	@scripts/need ffmpeg:ffmpeg espeak-ng:espeak-ng
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory sample/film.mp4
	@cp testdata/sample/film.*.srt testdata/sample/film.md sample/
	@page=$$(./filmpress publish sample/film.mp4 --to library); \
	echo; \
	echo "The film is published. Its page is the file"; \
	echo "  $$page"; \
	echo "To watch it in a browser, run"; \
	echo "  ./filmpress serve library"; \
	echo "and open http://127.0.0.1:8080/$$(basename "$$(dirname "$$page")")/"

sample/film.mp4: testdata/sample/make-sample testdata/sample/film.ru.srt testdata/sample/film.en.srt
	@echo "making a sample film of one minute"
	@testdata/sample/make-sample sample

test: $(players) ## all tests
	@scripts/need ffmpeg:ffmpeg chromium:chromium pdftotext:poppler-utils espeak-ng:espeak-ng
	@$(MAKE) --no-print-directory player
	go build -ldflags '-s -w' -o build/filmpress ./cmd/filmpress
	@# The longest first, so that none of them is left alone at the end; one more than there are cores, since many wait for others. Not what only
	@# make bench-storage wants, and would be linked to skip. All tools are there, so a test that lacks one fails; FILMPRESS_TEST_ALL= skips it.
	@packages=$$(go list ./... | grep -v /storetest/speed); set -x; \
	FILMPRESS_TEST_ALL=$${FILMPRESS_TEST_ALL-1} FILMPRESS_TEST_BINARY=$(CURDIR)/build/filmpress go test -vet=off -p $$(($$(nproc) + 1)) -timeout 60m ./internal/media/ffmpeg ./internal/cli ./cmd/filmpress ./internal/watch $$packages

lint: ## what CI checks besides the tests
	@bad=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$bad" ]; then echo "gofmt would change:"; echo "$$bad"; exit 1; fi
	go vet ./...
	go run $(staticcheck) ./...

race: ## most tests under Go's race detector, without those of encoders and the program; a quarter of an hour, and it needs gcc
	CGO_ENABLED=1 go test -race -vet=off -timeout 60m $$(go list ./... | grep -v -e /cmd/ -e /media/ffmpeg -e /cli$$ -e /watch$$ -e /align$$)

vuln: ## known vulnerabilities, for machines that reach Go's database of them
	go run $(govulncheck) ./...

bench: ## the figures of docs/benchmarks.md
	@scripts/need ffmpeg:ffmpeg espeak-ng:espeak-ng
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory sample/film.mp4
	scripts/bench

campaign: player ## what takes too long for every day: fifty killed publishers, all rows of the largest tables, all small clips published
	FILMPRESS_TEST_KILLS=50 go test ./cmd/filmpress -count=1 -timeout 60m -v -run TestKilledAnywhere
	FILMPRESS_TEST_CAMPAIGN=1 go test ./cmd/filmpress -count=1 -timeout 60m -run TestModern
	FILMPRESS_TEST_CAMPAIGN=1 go test ./internal/media/ffmpeg -count=1 -timeout 60m
	FILMPRESS_TEST_CAMPAIGN=1 go test ./internal/cli -count=1 -timeout 60m -v -run 'TestEveryClip|TestRealClipsGiveSoundReleases|TestPictureAndSoundStayTogether'

campaign-storage: ## hours (FILMPRESS_TEST_CAMPAIGN_S3 may name another server): a hundred of each fault between client and server, eight publishers at once, 200 killed commands, a film of 1 GB mended, a million foreign objects
	FILMPRESS_TEST_FAULTS=100 go test ./internal/release -count=1 -timeout 300m -v -run TestFaults
	FILMPRESS_TEST_FAULTS=20 go test ./internal/release -count=1 -timeout 300m -v -run TestEightPublishers
	FILMPRESS_TEST_CAMPAIGN=1 go test ./internal/release -count=1 -timeout 60m -v -run TestSubtitleFix
	FILMPRESS_TEST_CAMPAIGN=1 go test ./internal/cli -count=1 -timeout 60m -v -run 'TestCrowd$$'
	FILMPRESS_TEST_FAULTS=100 go test ./internal/store/storetest/campaign -count=1 -timeout 300m -v -run 'TestSyncFaults|TestCleanFaults'
	FILMPRESS_TEST_KILLS=200 go test ./internal/store/storetest/campaign -count=1 -timeout 300m -v -run TestKilled

campaign-machines: player ## fifty killed workers and servers
	@scripts/need ffmpeg:ffmpeg
	FILMPRESS_TEST_KILLS=50 go test ./cmd/filmpress -count=1 -timeout 120m -v -run TestManyMachines

dev-cluster: build ## many machines on this one, to try them: a Temporal server, a bucket, two workers; Ctrl-C ends it
	@scripts/need ffmpeg:ffmpeg
	scripts/dev-cluster

bench-cluster: ## what a second worker brings, and what workers cost against one machine; needs two idle cores
	@scripts/need ffmpeg:ffmpeg bc:bc taskset:util-linux
	@$(MAKE) --no-print-directory build
	@$(MAKE) --no-print-directory sample/film.mp4
	scripts/bench-cluster

simulate-cluster: ## plans of films of three hours whose steps only sleep: FILMS walked without a server and modelled on many machines, ON_SERVER carried out by a real one
	FILMPRESS_TEST_FILMS=$(or $(FILMS),2000) FILMPRESS_TEST_SERVER_FILMS=$(or $(ON_SERVER),4) go test ./internal/engine/temporal -count=1 -timeout 600m -v -run TestSimulation

bench-storage: ## what sync costs against a plain loop over the SDK and against rclone: the table of docs/benchmarks.md; 15 GB of disk at most
	@scripts/need rclone:rclone
	@$(MAKE) --no-print-directory build
	FILMPRESS_TEST_BENCH=1 FILMPRESS_TEST_BINARY=$(CURDIR)/filmpress go test ./internal/store/storetest/speed -count=1 -timeout 120m -v -run TestSpeed

bench-subs: ## the figures on subtitles: speed against go-astisub, memory, many files
	FILMPRESS_TEST_BENCH=1 go test ./internal/subtitle/rules -run 'TestSpeed|TestMemory' -count 1 -v

align-campaign: ## how well subtitles are put in time with speech: the table of docs/benchmarks.md; some minutes
	@scripts/need ffmpeg:ffmpeg espeak-ng:espeak-ng
	FILMPRESS_TEST_CAMPAIGN=1 go test -count 1 -timeout 2h -run TestCampaign -v ./internal/subtitle/align

bench-page: player ## how soon the page and the film begin on thin lines, and whether the film goes on; five minutes
	FILMPRESS_TEST_CAMPAIGN=1 go test ./internal/watch -count=1 -timeout 20m -v -run "TestThinLines|TestWeight"

bench-lighthouse: build ## what Lighthouse says of a film's page and of a library's; brings it by npx
	@scripts/need ffmpeg:ffmpeg espeak-ng:espeak-ng chromium:chromium node:nodejs npx:npm
	@$(MAKE) --no-print-directory sample/film.mp4
	scripts/bench-lighthouse

pictures: player ## the README's pictures of a page, which the browser's tests take
	@scripts/need ffmpeg:ffmpeg chromium:chromium pdftotext:poppler-utils
	@rm -rf build/pictures && mkdir -p build/pictures
	FILMPRESS_TEST_SHOTS=$(CURDIR)/build/pictures go test ./internal/watch -count=1 -run TestInBrowser/features
	for name in desktop-light desktop-dark phone-light phone-dark; do \
		ffmpeg -v error -y -i build/pictures/readme-$$name.png -vf "scale='min(960,iw)':-1:flags=lanczos,split[a][b];[a]palettegen[p];[b][p]paletteuse=dither=none" docs/pictures/$$name.png; \
	done

bench-quality: ## bits at equal quality against a fixed ladder, for the films that CLIPS names
	@scripts/need ffmpeg:ffmpeg
	@[ -n "$(CLIPS)" ] || { echo "say which films: make bench-quality CLIPS='a.mp4 b.mp4'"; exit 2; }
	@$(MAKE) --no-print-directory build
	scripts/bench-quality $(CLIPS)

# Players of others, for tests alone; most of what npm brings here is never loaded.
$(players): testdata/browser/package.json testdata/browser/package-lock.json
	@scripts/need node:nodejs npm:npm
	cd testdata/browser && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

player: $(bundle) ## the player, bundled into internal/watch/dist

$(bundle): $(player)/node_modules/.package-lock.json $(player)/build.mjs $(wildcard $(player)/src/*)
	cd $(player) && npm run --silent build
	@touch $@

$(player)/node_modules/.package-lock.json: $(player)/package.json $(player)/package-lock.json
	@scripts/need node:nodejs npm:npm
	cd $(player) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

install: build ## the program, its man pages, completions and docs, below PREFIX
	install -D -m 755 filmpress "$(DESTDIR)$(PREFIX)/bin/filmpress"
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/filmpress" README.md
	install -D -m 644 -t "$(DESTDIR)$(PREFIX)/share/doc/filmpress/docs" docs/*.md docs/*.json
	./filmpress man "$(DESTDIR)$(PREFIX)/share/man/man1"
	mkdir -p "$(DESTDIR)$(PREFIX)/share/bash-completion/completions" "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d"
	./filmpress completion bash > "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/filmpress"
	./filmpress completion zsh > "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_filmpress"
	./filmpress completion fish > "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/filmpress.fish"

uninstall: ## what install put below PREFIX
	rm -rf "$(DESTDIR)$(PREFIX)/share/doc/filmpress"
	rm -f "$(DESTDIR)$(PREFIX)/bin/filmpress" "$(DESTDIR)$(PREFIX)"/share/man/man1/filmpress.1 "$(DESTDIR)$(PREFIX)"/share/man/man1/filmpress-*.1
	rm -f "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/filmpress" "$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_filmpress" "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/filmpress.fish"

clean: ## all that was built; published films stay
	rm -rf filmpress build sample $(player)/node_modules testdata/browser/node_modules
	find internal/watch/dist -type f ! -name .gitkeep -delete
