// Package floors has no code. Its test keeps the house of docs/design.md: arrows point downward only, and a few
// doors have one key each. A violation says which import broke which rule, and why the rule stands.
package floors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "filmpress/"

// floor is where each package lives; an arrow between packages of one floor must not close a circle, which the
// compiler sees to. A new package gets its line here on the day it is made.
var floor = map[string]int{
	"internal/report": 0, "internal/media": 0, "internal/media/av1": 0, "internal/media/icc": 0, "internal/store": 0, "internal/strictyaml": 0, "internal/sandbox": 0, "internal/startup": 0, "internal/filestamp": 0, "configs": 0, "pipelines": 0,
	"internal/pipeline": 1, "internal/subtitle": 1, "internal/subtitle/rules": 1, "internal/subtitle/repair": 1, "internal/subtitle/align": 1, "internal/subtitle/foreign": 1,
	"internal/subtitle/compare": 1, "internal/subtitle/bilingual": 1, "internal/subtitle/prose": 1, "internal/hls": 1, "internal/dash": 1, "internal/privacy": 1, "internal/watch": 1, "internal/site": 1, "internal/theme": 1,
	"internal/media/mp4": 1, "internal/media/ffmpeg": 1, "internal/store/s3": 1, "internal/store/dir": 1, "internal/userfile": 1,
	"internal/plan": 2, "internal/audit": 2,
	"internal/engine": 3, "internal/engine/local": 3, "internal/engine/depot": 3, "internal/engine/temporal": 3, "internal/step": 3, "internal/machine": 3,
	"internal/config": 4, "internal/ui": 4, "internal/telemetry": 4, "internal/library": 4, "internal/release": 4, "internal/catalog": 4, "internal/clean": 4, "internal/headers": 4,
	"internal/origin": 3, "internal/verify": 4, "internal/annotate": 4, // not lower: the text form is ui's own, so that a finding looks the same in every command
	"internal/lint":   4,
	"internal/mirror": 4, // beside release, whose manifests tell it what must not be deleted
	"internal/gather": 4, // it asks lint what a film's subtitles are held to
	"internal/serve":  4,
	"internal/doctor": 4, // it asks clean which uploads that would end
	"internal/cli":    5,
	"cmd/filmpress":   6,
}

// proofs are packages that only tests import. They may look at anything, and are never part of the program.
var proofs = []string{"internal/cli/clitest", "internal/missing", "internal/store/storetest", "internal/release/releasetest", "internal/engine/temporal/temporaltest", "internal/floors"}

// doors are imports that only some packages may make.
var doors = []struct {
	imports string   // the import, or what is below it
	only    []string // who may
	why     string
}{
	{"github.com/spf13/viper", []string{"internal/config"}, "viper lower-cases keys (pt-BR becomes pt-br) and knows no places in files, so settings pass through it and nothing else does"},
	{"github.com/spf13/cobra", []string{"internal/cli"}, "commands are the top floor's; below it nothing knows that there is a command line"},
	{"os/exec", []string{"internal/media/ffmpeg"}, "one package starts processes, so that one place sees to their end, to hostile names and to what they may open"},
	{"github.com/u2takey/ffmpeg-go", []string{"internal/media/ffmpeg"}, "it is used for argument lists alone; its runner logs through a global and can panic"},
	{"github.com/yuin/goldmark", []string{"internal/watch"}, "Markdown becomes HTML in one place, where it is made harmless"},
	{"github.com/microcosm-cc/bluemonday", []string{"internal/watch"}, "Markdown becomes HTML in one place, where it is made harmless"},
	{"github.com/aws/aws-sdk-go-v2", []string{"internal/store/s3"}, "everybody else speaks to store.Store, so that a folder and a bucket behave alike"},
	{"github.com/asticode/go-astisub", []string{"internal/subtitle/foreign"}, "it panics on broken files and drops cues in silence; foreign guards every call and counts after it"},
	{"github.com/landlock-lsm/go-landlock", []string{"internal/sandbox"}, "one place says what a decoder may open"},
	{"github.com/aymanbagabas/go-udiff", []string{"internal/cli"}, "a diff is for people to look at; what changed is told in rules and counts"},
	{"go.temporal.io", []string{"internal/engine/temporal"}, "everybody else sees an engine, so that a film can be made on one machine without any server"},
	{"go.opentelemetry.io", []string{"internal/telemetry"}, "one place decides what leaves this machine as a number or a span, and it holds no name"},
	{"github.com/prometheus", []string{"internal/telemetry"}, "one place decides what leaves this machine as a number or a span, and it holds no name"},
	{"filippo.io/age", []string{"internal/engine/depot"}, "one place encrypts what lies in a bucket, and decrypts it"},
	{"golang.org/x/term", []string{"internal/ui"}, "ui decides rate and look; nothing else touches the terminal"},
	{"go.yaml.in/yaml/v3", []string{"internal/strictyaml", "internal/config"}, "a typo in a hand-written file is a finding with its place; strictyaml does that, a plain decode drops it"},
}

// pure packages compute from what they are given: the same input gives the same bytes, on every machine.
var pure = []string{"internal/plan", "internal/hls", "internal/dash", "internal/pipeline", "internal/subtitle", "internal/subtitle/rules", "internal/subtitle/repair", "internal/subtitle/align", "internal/subtitle/foreign", "internal/subtitle/compare", "internal/subtitle/bilingual", "internal/subtitle/prose", "internal/media", "internal/media/av1", "internal/media/icc", "internal/report", "internal/strictyaml", "internal/privacy"}

// impure is what would make them depend on the machine.
var impure = map[string]string{
	"os": "reads the disk and the environment", "net": "reads the network", "net/http": "reads the network",
	"math/rand": "gives other numbers each time", "math/rand/v2": "gives other numbers each time", "crypto/rand": "gives other numbers each time",
	"os/exec": "starts processes", "os/user": "reads the machine's users",
}

// pkg is what `go list` tells of a package.
type pkg struct {
	ImportPath string
	Imports    []string // of the program's files; tests have their own freedom
	Deps       []string
}

func (p pkg) name() string { return strings.TrimPrefix(p.ImportPath, module) }

func list(t *testing.T, args ...string) []pkg {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Deps"}, args...)...)
	cmd.Dir = "../.."
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, errs.String())
	}
	var all []pkg
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

func TestHouse(t *testing.T) {
	all := list(t, "./...")
	if len(all) < 15 {
		t.Fatalf("go list knows only %d packages", len(all))
	}
	for _, complaint := range judge(all) {
		t.Error(complaint)
	}
}

// judge gives a line for each broken rule.
func judge(all []pkg) []string {
	var complaints []string
	complain := func(format string, args ...any) { complaints = append(complaints, fmt.Sprintf(format, args...)) }
	for _, p := range all {
		for word := range strings.SplitSeq(p.name(), "/") {
			if slices.Contains([]string{"util", "utils", "common", "helper", "helpers", "misc"}, word) {
				complain("%s: no package is named %s: the name says nothing, so everything ends up there", p.name(), word)
			}
		}
		if proof(p.name()) {
			continue
		}
		if _, known := floor[p.name()]; !known {
			complain("%s: stands on no floor; give it one here and in docs/design.md", p.name())
			continue
		}
		for _, i := range p.Imports {
			if i == "testing" { // Temporal's SDK holds it too
				complain("%s: imports testing, and is part of the program", p.name())
			}
			complaints = append(complaints, judgeImport(p.name(), i)...)
		}
	}
	return complaints
}

func judgeImport(from, to string) []string {
	var complaints []string
	complain := func(format string, args ...any) {
		complaints = append(complaints, fmt.Sprintf("%s imports %s: ", from, strings.TrimPrefix(to, module))+fmt.Sprintf(format, args...))
	}
	if inside, ours := strings.CutPrefix(to, module); ours {
		switch {
		case proof(inside):
			complain("that is for tests, and must not become part of the program")
		case floor[inside] > floor[from]:
			complain("floor %d must not know floor %d; arrows point downward, so that each floor can be understood and tested with the ones below alone", floor[from], floor[inside])
		}
	}
	for _, d := range doors {
		if (to == d.imports || strings.HasPrefix(to, d.imports+"/")) && !slices.Contains(d.only, from) {
			complain("only %s may: %s", strings.Join(d.only, " and "), d.why)
		}
	}
	if why := impure[to]; why != "" && slices.Contains(pure, from) {
		complain("%s is pure, and this %s; the same input must give the same bytes", from, why)
	}
	return complaints
}

func proof(name string) bool {
	return slices.ContainsFunc(proofs, func(p string) bool { return name == p || strings.HasPrefix(name, p+"/") })
}

// The program itself must not hold the test's S3 server, nor anything else of the proofs.
func TestProgramHoldsNoTests(t *testing.T) {
	for _, p := range list(t, "./cmd/filmpress") {
		if len(p.Deps) < 100 {
			t.Fatalf("go list knows only %d dependencies", len(p.Deps))
		}
		for _, d := range p.Deps {
			if proof(strings.TrimPrefix(d, module)) || strings.HasPrefix(d, "github.com/versity") {
				t.Errorf("filmpress holds %s, which is for tests", d)
			}
		}
	}
}

// The judge is itself held to account: each rule must find its own violation, and nothing else.
func TestJudge(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{"internal/plan", "filmpress/internal/cli", "floor 2 must not know floor 5"},
		{"internal/hls", "filmpress/internal/store/storetest", "that is for tests"},
		{"internal/step", "os/exec", "only internal/media/ffmpeg may"},
		{"internal/release", "github.com/aws/aws-sdk-go-v2/service/s3", "only internal/store/s3 may"},
		{"internal/plan", "os", "internal/plan is pure"},
		{"internal/plan", "filmpress/internal/media", ""},
		{"internal/store/s3", "github.com/aws/aws-sdk-go-v2/aws", ""},
	} {
		got := judgeImport(c.from, c.to)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || !strings.Contains(got[0], c.want)) {
			t.Errorf("%s -> %s: got %q, want %q", c.from, c.to, got, c.want)
		}
	}
	if got := judge([]pkg{{ImportPath: "filmpress/internal/util"}}); len(got) != 2 {
		t.Errorf("a package named util on no floor: got %q", got)
	}
}
