package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The files and snippets by which CI services run filmpress are tried as far as that goes without the services: each is
// decoded into the shape that its service documents, and its commands are run on good and on broken subtitles.

const root = "../.."

// workspace is a checkout with a good and a broken file, as a CI job finds it.
func workspace(t *testing.T, broken bool) string {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"subtitles/good film.en.srt": "1\n00:00:01,000 --> 00:00:04,000\nSnow on the lake.\n"}
	if broken {
		files["subtitles/$(touch pwned).en.srt"] = "1\n00:00:04,000 --> 00:00:01,000\nSnow on the lake.\n"
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// program is the folder with filmpress in it, which TestMain put first on the PATH.
func program(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("filmpress")
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Dir(path)
}

// decode reads YAML whose every key must be known.
func decode(t *testing.T, text string, into any) {
	t.Helper()
	d := yaml.NewDecoder(strings.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
}

func readRoot(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// ran is what came of a command.
type ran struct {
	code        int
	out, errors string
}

func runIn(t *testing.T, dir string, env []string, name string, args ...string) ran {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	clean := slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "GITHUB_") || strings.HasPrefix(v, "CI_") || strings.HasPrefix(v, "FILMPRESS_") || strings.HasPrefix(v, "XDG_")
	})
	cmd.Env = append(clean, env...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatal(err)
	} else if ok {
		return ran{exit.ExitCode(), out.String(), errs.String()}
	}
	return ran{0, out.String(), errs.String()}
}

func TestAction(t *testing.T) {
	t.Parallel()
	var action struct {
		Name, Description string
		Branding          struct{ Icon, Color string }
		Inputs            map[string]struct {
			Description string
			Default     *string
			Required    bool
		}
		Runs struct {
			Using string
			Steps []struct {
				Name, Shell, Run string
				Env              map[string]string
			}
		}
	}
	text := readRoot(t, "action.yml")
	decode(t, text, &action)
	if action.Runs.Using != "composite" || len(action.Runs.Steps) == 0 || strings.Contains(text, "secrets.") {
		t.Fatalf("%+v", action)
	}
	expression := regexp.MustCompile(`\$\{\{ *inputs\.([a-z-]+) *\}\}`)
	temp := t.TempDir() // one for all jobs: filmpress is linked once
	try := func(dir string, with map[string]string) ran {
		t.Helper()
		env := []string{"GITHUB_ACTIONS=true", "GITHUB_ACTION_PATH=" + absolute(t, root), "GITHUB_WORKSPACE=" + dir, "RUNNER_TEMP=" + temp}
		for _, s := range action.Runs.Steps {
			if s.Shell != "bash" || strings.Contains(s.Run, "${{") {
				t.Fatalf("step %q: an expression in a script is run by the shell", s.Name)
			}
			stepEnv := slices.Clone(env)
			for k, v := range s.Env {
				stepEnv = append(stepEnv, k+"="+expression.ReplaceAllStringFunc(v, func(x string) string {
					name := expression.FindStringSubmatch(x)[1]
					in, known := action.Inputs[name]
					if given, ok := with[name]; ok {
						return given
					}
					if !known || in.Default == nil {
						t.Fatalf("step %q reads input %s, which has no default", s.Name, name)
					}
					return *in.Default
				}))
			}
			r := runIn(t, dir, stepEnv, "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", s.Run)
			if r.code != 0 || s.Name == action.Runs.Steps[len(action.Runs.Steps)-1].Name {
				return r
			}
		}
		panic("there is no step")
	}
	dir := workspace(t, true)
	if r := try(dir, nil); r.code != 3 || !strings.HasPrefix(r.out, "::error file=subtitles/$(touch pwned).en.srt,line=2,") {
		t.Errorf("a broken file: %+v", r)
	}
	if r := try(dir, map[string]string{"paths": "subtitles/good film.en.srt\n", "flags": "--fail-on=warn\n--set=line-length.max=10"}); r.code != 3 || !strings.HasPrefix(r.out, "::warning file=subtitles/good film.en.srt,line=3,") {
		t.Errorf("with inputs: %+v", r)
	}
	if r := try(dir, map[string]string{"paths": "$(touch pwned)\n`touch pwned`"}); r.code != 1 {
		t.Errorf("paths that are not there: %+v", r)
	}
	if _, err := os.Stat(filepath.Join(dir, "pwned")); err == nil {
		t.Error("an input was run as a command")
	}
	if r := try(workspace(t, false), nil); r.code != 0 || r.out != "" {
		t.Errorf("good files: %+v", r)
	}
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
}

func TestPreCommitHook(t *testing.T) {
	var hooks []struct {
		ID, Name, Description, Entry, Language, Files string
		Args                                          []string
		RequireSerial                                 bool   `yaml:"require_serial"`
		Minimum                                       string `yaml:"minimum_pre_commit_version"`
	}
	decode(t, readRoot(t, ".pre-commit-hooks.yaml"), &hooks)
	bin := program(t)
	for _, h := range hooks {
		if h.ID == "" || h.Name == "" || h.Language != "golang" || !h.RequireSerial {
			t.Errorf("%+v", h)
		}
		files, err := regexp.Compile(h.Files)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]bool{"a.srt": true, "a/b.en.VTT": true, "a.srt.txt": false, "srt": false} {
			if files.MatchString(name) != want {
				t.Errorf("%s: takes %s: %v", h.ID, name, !want)
			}
		}
		words := append(strings.Fields(h.Entry), h.Args...)
		for broken, want := range map[bool]int{true: 3, false: 0} {
			dir := workspace(t, broken)
			names, err := filepath.Glob(filepath.Join(dir, "subtitles", "*"))
			if err != nil {
				t.Fatal(err)
			}
			if r := runIn(t, dir, nil, filepath.Join(bin, words[0]), append(words[1:], names...)...); r.code != want {
				t.Errorf("%s, broken %v: %+v", h.ID, broken, r)
			}
		}
	}
	var readme struct {
		Repos []struct {
			Repo, Rev string
			Hooks     []struct {
				ID   string
				Args []string
			}
		}
	}
	decode(t, snippet(t, "repos:"), &readme)
	if id := readme.Repos[0].Hooks[0].ID; id != hooks[0].ID {
		t.Errorf("the README names hook %q", id)
	}
	for broken, want := range map[bool]int{true: 3, false: 0} {
		args := append(strings.Fields(hooks[0].Entry)[1:], readme.Repos[0].Hooks[0].Args...)
		if r := runIn(t, workspace(t, broken), nil, filepath.Join(bin, "filmpress"), append(args, "subtitles")...); r.code != want {
			t.Errorf("with the README's flags, broken %v: %+v", broken, r)
		}
	}
}

// snippet is the YAML of the README that begins with a line.
func snippet(t *testing.T, begins string) string {
	t.Helper()
	for _, block := range strings.Split(readRoot(t, "README.md"), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		if strings.HasPrefix(block, begins) {
			return block
		}
	}
	t.Fatalf("the README has no YAML that begins with %q", begins)
	return ""
}

func TestGitLabSnippet(t *testing.T) {
	var jobs map[string]struct {
		Image struct {
			Name       string
			Entrypoint []string
		}
		Script    []string
		Artifacts struct {
			When    string
			Reports struct{ Codequality string }
		}
	}
	decode(t, snippet(t, "subtitles:\n"), &jobs)
	job := jobs["subtitles"]
	bin := program(t)
	for broken, want := range map[bool]int{true: 3, false: 0} {
		dir := workspace(t, broken)
		env := []string{"PATH=" + bin + string(os.PathListSeparator) + os.Getenv("PATH"), "CI_PROJECT_DIR=" + dir}
		r := runIn(t, dir, env, "sh", "-e", "-c", strings.Join(job.Script, "\n"))
		if r.code != want {
			t.Errorf("broken %v: %+v", broken, r)
		}
		raw, err := os.ReadFile(filepath.Join(dir, job.Artifacts.Reports.Codequality))
		var issues []struct{ Location struct{ Path string } }
		if err := errors.Join(err, json.Unmarshal(raw, &issues)); err != nil {
			t.Fatal(err)
		}
		if broken && (len(issues) == 0 || issues[0].Location.Path != "subtitles/$(touch pwned).en.srt") || !broken && len(issues) > 0 {
			t.Errorf("broken %v: %s", broken, raw)
		}
	}
}

// TestReadmeSettings: the settings file of the README is one that the program takes.
func TestReadmeSettings(t *testing.T) {
	dir := workspace(t, false)
	if err := os.WriteFile(filepath.Join(dir, ".filmpress-subs.yml"), []byte(snippet(t, "profile:")), 0o644); err != nil {
		t.Fatal(err)
	}
	if r := runIn(t, dir, nil, filepath.Join(program(t), "filmpress"), "subs", "check", "."); r.code != 0 {
		t.Errorf("%+v", r)
	}
}

func TestWorkflowSnippet(t *testing.T) {
	var flow struct {
		Name        string
		On          []string
		Permissions map[string]string
		Jobs        map[string]struct {
			RunsOn string `yaml:"runs-on"`
			Steps  []struct {
				Uses string
				With map[string]string
			}
		}
	}
	decode(t, snippet(t, "name: Subtitles"), &flow)
	step := flow.Jobs["subtitles"].Steps[1]
	var action struct{ Inputs map[string]any }
	if err := yaml.Unmarshal([]byte(readRoot(t, "action.yml")), &action); err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`^[^/@ ]+/filmpress@[^@ ]+$`).MatchString(step.Uses) || len(step.With) == 0 {
		t.Fatalf("the README's step is not this action with its inputs: %+v", step)
	}
	for name := range step.With {
		if action.Inputs[name] == nil {
			t.Errorf("the README gives the action an input %q, which it has not", name)
		}
	}
}
