package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// needles are the credentials of these tests, in the forms in which they could be written down.
func needles(secrets ...string) map[string]string {
	found := map[string]string{}
	for _, s := range secrets {
		for form, text := range map[string]string{"itself": s, "in base64": base64.StdEncoding.EncodeToString([]byte(s)), "in hex": hex.EncodeToString([]byte(s)),
			"in a URL": url.QueryEscape(s), "reversed": reverse(s)} {
			found[strings.TrimRight(text, "=")] = form
		}
	}
	return found
}

func reverse(s string) string {
	b := []byte(s)
	for i := range len(b) / 2 {
		b[i], b[len(b)-1-i] = b[len(b)-1-i], b[i]
	}
	return string(b)
}

// secrets looks for credentials in everything that a run writes and shows.
type secrets struct {
	t       *testing.T
	dir     string
	needles map[string]string
	watched int // processes of ffmpeg that were looked at
}

func (s *secrets) search(where string, b []byte) {
	for needle, form := range s.needles {
		if bytes.Contains(b, []byte(needle)) {
			s.t.Errorf("%s holds a credential %s", where, form)
		}
	}
}

// searchFiles looks at the names, bytes and attributes of all files in a folder.
func (s *secrets) searchFiles(folder string) (n int) {
	s.t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		s.search("the name "+path, []byte(path))
		list := make([]byte, 1<<12)
		if got, err := syscall.Listxattr(path, list); err == nil {
			for name := range strings.SplitSeq(strings.Trim(string(list[:got]), "\x00"), "\x00") {
				value := make([]byte, 1<<16)
				if got, err := syscall.Getxattr(path, name, value); err == nil {
					s.search(path+" beside its bytes ("+name+")", value[:got])
				}
			}
		}
		if !d.Type().IsRegular() {
			return nil
		}
		b, err := os.ReadFile(path)
		s.search(path, b)
		n++
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// processes are the numbers of all that run on this machine.
func processes() map[string]bool {
	all := map[string]bool{}
	if proc, err := os.Open("/proc"); err == nil {
		defer proc.Close()
		names, _ := proc.Readdirnames(-1)
		for _, name := range names {
			if name[0] >= '1' && name[0] <= '9' {
				all[name] = true
			}
		}
	}
	return all
}

// watch looks at the command lines of the program and all below it, and at the environment of what it starts, until it ends: again and again
// after a pause. What ran before the program is none of them.
func (s *secrets) watch(pid int, before map[string]bool, pause time.Duration, ended <-chan error) {
	for {
		select {
		case <-ended:
			return
		case <-time.After(pause):
		}
		own, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		for number := range processes() {
			p := "/proc/" + number
			if before[number] {
				continue
			}
			stat, err := os.ReadFile(p + "/stat")
			if err != nil {
				continue
			}
			fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // proc(5): state, parent, group
			if len(fields) < 3 || fields[2] != fmt.Sprint(pid) && fields[1] != fmt.Sprint(pid) {
				continue
			}
			line, _ := os.ReadFile(p + "/cmdline")
			s.search("a command line: "+strings.ReplaceAll(string(line), "\x00", " "), line)
			if bytes.Equal(line, own) {
				continue // filmpress itself, which was given them, or its image in the moment of a fork
			}
			if env, err := os.ReadFile(p + "/environ"); err == nil && len(env) > 0 {
				s.search("the environment of "+strings.ReplaceAll(string(line), "\x00", " "), env)
				s.watched++
			}
		}
	}
}

// run runs a command line and looks at all that it says and shows.
func (s *secrets) run(env []string, args ...string) (code int, said string) {
	s.t.Helper()
	cmd := exec.Command("filmpress", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), "HOME="+filepath.Join(s.dir, "home"), "XDG_CACHE_HOME="+filepath.Join(s.dir, "cache"), "XDG_CONFIG_HOME="+filepath.Join(s.dir, "config"),
		"FILMPRESS_KEPT="+filepath.Join(s.dir, "kept"), "TMPDIR="+filepath.Join(s.dir, "tmp"))
	cmd.Env = append(cmd.Env, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	before, pause := processes(), 15*time.Millisecond
	if !slices.Contains([]string{"publish", "plan", "doctor"}, args[0]) {
		pause = 50 * time.Millisecond // they start no other process, so there is one command line to be seen
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	s.watch(cmd.Process.Pid, before, pause, ended)
	s.search("what "+strings.Join(args, " ")+" says", out.Bytes())
	return cmd.ProcessState.ExitCode(), out.String()
}

// TestNoSecrets publishes, and fails in all the ways that a bucket has, with keys and a session token, from the environment and from a
// profile. None of them may be in what is said, kept, published or shown in the list of processes.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	const token, sesame = "token+of/the+tests/0123456789==", "sesame-of-the-tests"
	server := s3server.Start(t)
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // a server that says what it heard
		w.WriteHeader(400)
		fmt.Fprintf(w, "<Error><Code>ExpiredToken</Code><Message>%s %s %v</Message><Key>%[2]s</Key></Error>", r.Header.Get("Authorization"), r.Header.Get("X-Amz-Security-Token"), r.Header)
	}))
	defer echo.Close()
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.Header) }))
	defer page.Close()
	refusing := faults.Between(t, server.Behind(t, s3server.Front{Token: token}), func(r *http.Request) faults.Fault {
		if r.URL.Query().Has("partNumber") {
			return faults.Answer(403, "AccessDenied")
		}
		return nil
	})
	s := &secrets{t: t, dir: t.TempDir(), needles: needles(server.SecretKey, token, sesame, "wrong-"+server.SecretKey)}
	for _, folder := range []string{"home/.aws", "tmp"} {
		if err := os.MkdirAll(filepath.Join(s.dir, folder), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	makeFilm(t, filepath.Join(s.dir, "film.mp4"))
	if err := errors.Join(os.Mkdir(filepath.Join(s.dir, "large"), 0o755), os.WriteFile(filepath.Join(s.dir, "large", "film.mp4"), make([]byte, 17<<20), 0o644)); err != nil {
		t.Fatal(err)
	}
	publish := []string{"publish", "film.mp4", "--language", "en", "--pipeline", writeTiny(t, s.dir), "--to", server.At("p")}
	keys := append(server.Behind(t, s3server.Front{Token: token}).Env(), "AWS_SESSION_TOKEN="+token)
	with := func(more ...string) []string { return append(append([]string{}, keys...), more...) }

	profile := filepath.Join(t.TempDir(), "credentials")
	text := fmt.Sprintf("[films]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n", server.AccessKey, server.SecretKey, token)
	if err := os.WriteFile(profile, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	byProfile := with("AWS_ACCESS_KEY_ID=", "AWS_SECRET_ACCESS_KEY=", "AWS_SESSION_TOKEN=", "AWS_SHARED_CREDENTIALS_FILE="+profile)
	for _, c := range []struct {
		what string
		env  []string
		args []string
		code int
	}{
		{"it goes well", with(), append(publish, "--log-format", "json", "--json"), 0},
		{"again, in words", with(), publish, 0},
		{"by a profile", byProfile, append(publish, "--profile", "films", "--title", "By a profile"), 0},
		{"the plan", with(), []string{"plan", "film.mp4", "--language", "en"}, 0},
		{"no token", with("AWS_SESSION_TOKEN="), publish, 4},
		{"doctor", with(), []string{"doctor", server.At("p"), "--json"}, 0},
		{"doctor without a target", with(), []string{"doctor", "--to", server.At("p")}, 0},
		{"policy", with(), []string{"policy", server.At("p")}, 0},
		{"cors", with(), []string{"cors", server.At("p"), "--allow", "https://a.example"}, 0},
		{"verify", with(), []string{"verify", server.At("p"), "--format", "json"}, 0},
		{"list", with(), []string{"list", server.At("p"), "--json"}, 0},
		{"headers", with(), []string{"headers", server.At("p"), "--yes"}, 0},
		{"another release", with(), append(publish, "--title", "Another", "--slug", "film"), 0},
		{"rollback", with(), []string{"rollback", server.At("p"), "film"}, 0},
		{"clean", with(), []string{"clean", server.At("p"), "--yes"}, 0},
		{"sync down", with(), []string{"sync", server.At("p"), "copy", "--json"}, 0},
		{"sync up", with(), []string{"sync", "copy", server.At("q")}, 0},
		{"sync up, refused in the middle of a large file", with("AWS_ENDPOINT_URL=" + refusing.Endpoint), []string{"sync", "large", server.At("q")}, 4},
		{"sync within the server", byProfile, []string{"sync", server.At("p"), server.At("r"), "--profile", "films"}, 0},
		{"a server that says what it heard, sync", with("AWS_ENDPOINT_URL=" + echo.URL), []string{"sync", "copy", server.At("q"), "--log-format", "json"}, 4},
		{"a wrong secret", append(server.Env(), "AWS_SECRET_ACCESS_KEY=wrong-"+server.SecretKey), publish, 4},
		{"a wrong key", append(server.Env(), "AWS_ACCESS_KEY_ID=nobody"), publish, 4},
		{"no bucket", with(), append(publish[:len(publish)-1:len(publish)-1], "s3://nothere/p"), 4},
		{"a server that says what it heard", with("AWS_ENDPOINT_URL=" + echo.URL), append(publish, "--log-format", "json"), 4},
		{"the same, doctor", with("AWS_ENDPOINT_URL=" + echo.URL), []string{"doctor", server.At("p")}, 4},
		{"the same, policy", with("AWS_ENDPOINT_URL=" + echo.URL), []string{"policy", server.At("p"), "--apply"}, 4},
		{"a web page", with("AWS_ENDPOINT_URL=" + page.URL), publish, 4},
		{"nobody there", with("AWS_ENDPOINT_URL=http://127.0.0.1:1"), publish, 4},
		{"a password in the endpoint", with("AWS_ENDPOINT_URL=http://me:" + sesame + "@127.0.0.1:1"), publish, 2},
		{"a password in the target", with("FILMPRESS_TO=s3://me:" + sesame + "@" + server.Bucket + "/p"), publish[:len(publish)-2], 2},
		{"no such profile", byProfile, append(publish, "--profile", "others"), 4},
	} {
		if code, said := s.run(c.env, c.args...); code != c.code {
			t.Errorf("%s: exit code %d, want %d: %s", c.what, code, c.code, said)
		}
	}
	if s.watched < 10 {
		t.Errorf("only %d environments of ffmpeg were seen", s.watched)
	}
	for _, kept := range []string{"uploads/*.jsonl", "sync/folder-*", "sync/pair-*"} { // what sync remembers is among what is searched
		if found, err := filepath.Glob(filepath.Join(s.dir, "cache", "filmpress", kept)); err != nil || len(found) == 0 {
			t.Errorf("there is no %s: %v", kept, err)
		}
	}
	if n := s.searchFiles(s.dir); n < 10 {
		t.Errorf("only %d files were kept", n)
	}
	if n := s.searchFiles(server.Dir); n < 10 {
		t.Errorf("only %d files were published", n)
	}
}

// TestSecretsAreFound: the search above finds what it looks for.
func TestSecretsAreFound(t *testing.T) {
	seen := 0
	for needle := range needles("sesame+/1") {
		inner := &testing.T{}
		s := &secrets{t: inner, needles: needles("sesame+/1")}
		s.search("here", []byte("before "+needle+" after"))
		if inner.Failed() {
			seen++
		}
	}
	if want := len(needles("sesame+/1")); seen != want || want < 4 {
		t.Errorf("found %d of %d", seen, want)
	}
}

// makeFilm makes a film of four seconds.
func makeFilm(t *testing.T, path string) {
	t.Helper()
	out, err := exec.Command("ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=4", "-f", "lavfi", "-i", "sine=f=440:d=4",
		"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ffmpeg: %v\n%s", err, out)
	}
}

func writeTiny(t *testing.T, dir string) string {
	t.Helper()
	tiny, err := os.ReadFile(filepath.Join("testdata", "tiny.yml"))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tiny.yml")
	if err := os.WriteFile(path, tiny, 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
