package config

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"

	"filmpress/internal/report"
)

// clean takes every variable away that the settings read.
func clean(t *testing.T) {
	t.Helper()
	for _, k := range settings {
		for _, name := range k.env {
			t.Setenv(name, "")
		}
	}
	t.Setenv("FILMPRESS_CONFIG", "")
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t *testing.T, s Sources) Config {
	t.Helper()
	if s.User == "" {
		s.User = filepath.Join(t.TempDir(), "none.yml")
	}
	c, findings, err := Load(s)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	return c
}

func allFlags(t *testing.T, args ...string) *pflag.FlagSet {
	t.Helper()
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	for _, k := range settings {
		AddFlags(flags, k.key)
	}
	if err := flags.Parse(args); err != nil {
		t.Fatal(err)
	}
	return flags
}

func TestDefaults(t *testing.T) {
	clean(t)
	want := Config{To: "./library", Kept: KeptDir(), LogFormat: "auto", Workers: "auto", Engine: "local", Cache: CacheDir(), CacheSize: "50GB",
		Serve: Serve{Addr: "127.0.0.1:8080"}, Temporal: Temporal{Queue: "filmpress"}}
	if got := load(t, Sources{Flags: allFlags(t)}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// Each layer is laid over the one before it, key by key.
func TestLayers(t *testing.T) {
	clean(t)
	user := write(t, "config.yml", "to: user\nkept: user\ns3:\n  region: user\n  profile: user\n  endpoint: http://user\n")
	named := write(t, "named.yml", "kept: named\ns3: {region: named, profile: named, endpoint: 'http://named'}\n")
	t.Setenv("FILMPRESS_S3_REGION", "env")
	t.Setenv("AWS_PROFILE", "env")
	s := Sources{User: user, Name: named, Flags: allFlags(t, "--profile", "flag", "--path-style")}
	got := load(t, s)
	if got.S3.PathStyle == nil || !*got.S3.PathStyle {
		t.Errorf("--path-style gave %v", got.S3.PathStyle)
	}
	got.S3.PathStyle = nil
	want := Config{To: "user", Kept: "named", LogFormat: "auto", Workers: "auto", Engine: "local", Cache: CacheDir(), CacheSize: "50GB", Temporal: Temporal{Queue: "filmpress"},
		S3: S3{Endpoint: "http://named", Region: "env", Profile: "flag"}, Serve: Serve{Addr: "127.0.0.1:8080"}}
	if got != want {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestEnvironment(t *testing.T) {
	for _, c := range []struct {
		env  string // NAME=VALUE, blank-separated
		want func(Config) string
		is   string
	}{
		{"AWS_ENDPOINT_URL=http://a", func(c Config) string { return c.S3.Endpoint }, "http://a"},
		{"AWS_ENDPOINT_URL=http://a AWS_ENDPOINT_URL_S3=http://b", func(c Config) string { return c.S3.Endpoint }, "http://b"},
		{"AWS_ENDPOINT_URL_S3=http://b FILMPRESS_S3_ENDPOINT=http://c", func(c Config) string { return c.S3.Endpoint }, "http://c"},
		{"AWS_DEFAULT_REGION=x", func(c Config) string { return c.S3.Region }, "x"},
		{"AWS_DEFAULT_REGION=x AWS_REGION=y", func(c Config) string { return c.S3.Region }, "y"},
		{"FILMPRESS_TO=s3://b/p", func(c Config) string { return c.To }, "s3://b/p"},
		{"FILMPRESS_KEPT=~/kept", func(c Config) string { return c.Kept }, filepath.Join(xdg.Home, "kept")},
		{"FILMPRESS_S3_PATH_STYLE=false", func(c Config) string { return strconv.FormatBool(*c.S3.PathStyle) }, "false"},
		{"FILMPRESS_CONFIG=ci", func(c Config) string { return c.LogFormat }, "json"},
		{"FILMPRESS_CONFIG=ci FILMPRESS_LOG_FORMAT=plain", func(c Config) string { return c.LogFormat }, "plain"},
	} {
		t.Run(c.env, func(t *testing.T) {
			clean(t)
			for pair := range strings.FieldsSeq(c.env) {
				name, value, _ := strings.Cut(pair, "=")
				t.Setenv(name, value)
			}
			if got := c.want(load(t, Sources{Flags: allFlags(t)})); got != c.is {
				t.Errorf("got %q, want %q", got, c.is)
			}
		})
	}
}

func TestEveryEmbeddedFileLoads(t *testing.T) {
	clean(t)
	if len(Names()) < 5 {
		t.Fatalf("only %v are embedded", Names())
	}
	open := map[string]string{"aws": "to", "b2": "to", "hetzner": "to", "r2": "to", "garage": "s3.public-url"} // to be filled in first
	for _, name := range Names() {
		if open[name] == "" {
			if c := load(t, Sources{Name: name}); c.To == "" {
				t.Errorf("%s: no target", name)
			}
			continue
		}
		_, fs, err := Load(Sources{User: "none", Name: name})
		if err != nil || len(fs) == 0 || !strings.HasPrefix(fs[0].Text, open[name]+": ") || fs[0].Rule != "config-placeholder" || fs[0].Pos.Line == 0 ||
			!strings.Contains(fs[0].Hint, "filmpress settings "+name+" > our-"+name+".yml") {
			t.Errorf("%s: got %v, %v", name, fs, err)
		}
		words := strings.NewReplacer("BUCKET", "ours", "ACCOUNT", "4711", "example.org", "example.net")
		sample, err := Sample(name)
		if err != nil {
			t.Fatal(err)
		}
		load(t, Sources{Name: write(t, "our.yml", words.Replace(string(sample)))})
	}
}

// What a flag or a variable says anyway is not asked of the file.
func TestPlaceholders(t *testing.T) {
	clean(t)
	ours := write(t, "r2.yml", "to: s3://BUCKET/a\ns3: {endpoint: 'https://ACCOUNT.r2.cloudflarestorage.com', public-url: 'https://films.example.org'}\nsite: {title: BUCKET}\n")
	_, fs, err := Load(Sources{User: "none", Name: ours})
	if err != nil || len(fs) != 3 || fs[1].Pos.Line != 2 || fs[1].Hint != "write your own" || fs[1].Text != "s3.endpoint: ACCOUNT stands for your own" {
		t.Errorf("got %v, %v", fs, err)
	}
	t.Setenv("FILMPRESS_S3_PUBLIC_URL", "https://a.example.net/a")
	c := load(t, Sources{Name: ours, Flags: allFlags(t, "--to", "s3://ours/a", "--endpoint", "https://4711.r2.cloudflarestorage.com")})
	if c.To != "s3://ours/a" || c.S3.PublicFor != "" {
		t.Errorf("got %+v", c)
	}
}

// A public address is that of the target beside which it stands.
func TestPublicFor(t *testing.T) {
	clean(t)
	both := write(t, "both.yml", "to: s3://b/2026/\ns3: {public-url: 'https://f.example.net/2026'}\n")
	if c := load(t, Sources{Name: both, Flags: allFlags(t, "--to", "s3://b/2027")}); c.S3.PublicFor != "s3://b/2026" {
		t.Errorf("got %q", c.S3.PublicFor)
	}
	if c := load(t, Sources{Name: both, Flags: allFlags(t, "--to", "s3://b/2027", "--public-url", "https://f.example.net/2027")}); c.S3.PublicFor != "" {
		t.Errorf("got %q, though the flag names another address", c.S3.PublicFor)
	}
	if c := load(t, Sources{User: both, Name: write(t, "one.yml", "s3: {public-url: 'https://f.example.net/2026'}\n")}); c.S3.PublicFor != "" {
		t.Errorf("got %q of a file without a target", c.S3.PublicFor)
	}
}

func TestFileFindings(t *testing.T) {
	clean(t)
	for _, c := range []struct{ in, want, hint string }{
		{"tto: x", `:1:1: error: unknown key "tto" (yaml-key)`, `did you mean "to"?`},
		{"s3:\n  endpiont: http://a", `:2:3: error: unknown key "endpiont" (yaml-key)`, `did you mean "endpoint"?`},
		{"s3:\n  path-style: maybe", `:2:15: error: "s3.path-style" must be true or false (yaml-type)`, ""},
		{"workers: many", `:1:10: error: workers: "many" is neither auto nor a number from 1 to 256 (config-value)`, ""},
		{"log-format: loud", `:1:13: error: log-format: "loud" is not one of auto, plain, json (config-value)`, ""},
		{"serve: {addr: 8080}", `:1:15: error: serve.addr: "8080" must be host:port, as in 127.0.0.1:8080 (config-value)`, ""},
		{"to: ftp://x", `:1:5: error: to: ftp:// is not a place to publish to: give a folder, or s3://bucket/prefix (config-value)`, ""},
		{"to: s3://me:hunter2@films", `:1:5: error: to: must not hold a name or a password; keys stand in the AWS_ variables`, ""},
		{"to: s3:///x", `:1:5: error: to: a bucket is written s3://bucket or s3://bucket/prefix (config-value)`, ""},
		{"s3:\n  secret_access_key: hunter2", `:2:3: error: credentials do not belong in a settings file (config-secret)`, "AWS_SECRET_ACCESS_KEY"},
		{"s3:\n  endpoint: http://me:hunter2@host", `:2:13: error: s3.endpoint: must not hold a name or a password`, ""},
		{"cache-size: lots", `:1:13: error: cache-size: "lots" is no amount: write 500MB, 50GB or 2TB (config-value)`, ""},
		{"temporal: {address: here}", `:1:21: error: temporal.address: "here" must be host:port, as in 127.0.0.1:8080 (config-value)`, ""},
		{"temporal:\n  api-key: hunter2", `:2:3: error: credentials do not belong`, "TEMPORAL_API_KEY"},
		{"s3:\n  accessKey: hunter2", `:2:3: error: credentials do not belong`, ""},
		{"s3: [hunter2, password", `:1: error: `, ""},
	} {
		path := write(t, "f.yml", c.in)
		_, fs, err := Load(Sources{Name: path, User: "none"})
		if err != nil || len(fs) != 1 {
			t.Errorf("%q: got %v, %v", c.in, fs, err)
			continue
		}
		if got := strings.TrimPrefix(fs[0].String(), path); !strings.HasPrefix(got, c.want) || !strings.Contains(fs[0].Hint, c.hint) {
			t.Errorf("%q: got %s (%s), want %s (%s)", c.in, got, fs[0].Hint, c.want, c.hint)
		}
		if all := fs[0].String() + fs[0].Hint + fs[0].Source; strings.Contains(all, "hunter2") {
			t.Errorf("%q: the finding repeats the credential: %s", c.in, all)
		}
	}
}

func TestBadValuesNameTheirOrigin(t *testing.T) {
	clean(t)
	var value *ValueError
	_, _, err := Load(Sources{User: "none", Flags: allFlags(t, "--endpoint", "localhost:9000")})
	if !errors.As(err, &value) || value.Where != "--endpoint" {
		t.Errorf("flag: got %v", err)
	}
	t.Setenv("AWS_ENDPOINT_URL", "http://me:hunter2@host")
	_, _, err = Load(Sources{User: "none"})
	if !errors.As(err, &value) || value.Where != "AWS_ENDPOINT_URL" || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("variable: got %v", err)
	}
}

func TestUnknownName(t *testing.T) {
	clean(t)
	var name *NameError
	if _, _, err := Load(Sources{User: "none", Name: "mino"}); !errors.As(err, &name) || !strings.Contains(err.Error(), "minio") {
		t.Errorf("got %v", err)
	}
	if _, _, err := Load(Sources{User: "none", Name: "./none.yml"}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestStrayVariables(t *testing.T) {
	fs := strayVariables([]string{"FILMPRESS_S3_ENDPONIT=x", "FILMPRESS_TO=x", "FILMPRESS_TEST_CLIPS=x", "PATH=x"})
	if len(fs) != 1 || fs[0].Severity != report.Warn || fs[0].Hint != "did you mean FILMPRESS_S3_ENDPOINT?" {
		t.Errorf("got %v", fs)
	}
	fs = strayVariables([]string{"FILMPRESS_PIPELINE=modern", "FILMPRESS_NOBODY_READS_THIS=1", "FILMPRESS_UNSET="})
	if len(fs) != 2 || fs[0].Hint != "filmpress help settings lists those that are read" && fs[1].Hint != "filmpress help settings lists those that are read" ||
		!strings.Contains(fs[0].Hint+fs[1].Hint, "name it with --pipeline") {
		t.Errorf("got %v", fs)
	}
}

// A flag that a command made itself, under a setting's name, does not become the setting.
func TestForeignFlag(t *testing.T) {
	clean(t)
	flags := pflag.NewFlagSet("test", pflag.ContinueOnError)
	flags.String("to", "elsewhere", "")
	if err := flags.Parse([]string{"--to", "there"}); err != nil {
		t.Fatal(err)
	}
	if c := load(t, Sources{Flags: flags}); c.To != "./library" {
		t.Errorf("got %q", c.To)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte("to: x\ns3: {region: a}"))
	f.Add([]byte("s3:\n - a"))
	f.Add([]byte("\r\r\rto: ftp://x"))
	f.Add([]byte("to: \"a\n b\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, found := range (file{"f.yml", data}).check() {
			if found.Text == "" || found.Rule == "" {
				t.Errorf("a finding says nothing: %+v", found)
			}
		}
	})
}
