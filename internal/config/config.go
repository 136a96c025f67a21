// Package config knows WHERE: to which place a film is published, with which tools, and how the program
// speaks. Nothing here can change a film's media; what can belongs in a pipeline. Settings come from four
// layers, the later one wins: defaults, files, the environment, flags.
//
// Credentials are no settings: the S3 client finds them by itself, the way the AWS tools do. A settings file
// that holds one is refused, and its line is not repeated.
package config

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"
	"github.com/spf13/pflag"
	"github.com/spf13/viper"

	"filmpress/configs"
	"filmpress/internal/report"
)

// Config is every setting. The yaml and mapstructure names of a field are the same; the table in settings.go
// gives each its default, its environment variables and its flag.
type Config struct {
	To        string `yaml:"to" mapstructure:"to"`                 // a folder, or s3://bucket/prefix
	Workers   string `yaml:"workers" mapstructure:"workers"`       // parts encoded at once: "auto" or a number
	Kept      string `yaml:"kept" mapstructure:"kept"`             // folder of kept results
	FFmpeg    string `yaml:"ffmpeg" mapstructure:"ffmpeg"`         // path or name; "" is the one on PATH
	FFprobe   string `yaml:"ffprobe" mapstructure:"ffprobe"`       // likewise
	LogFormat string `yaml:"log-format" mapstructure:"log-format"` // "auto", "plain" or "json"
	Engine    string `yaml:"engine" mapstructure:"engine"`         // "local" or "temporal": who does the steps
	Cache     string `yaml:"cache" mapstructure:"cache"`           // folder on this machine for results that are kept where all machines reach them
	CacheSize string `yaml:"cache-size" mapstructure:"cache-size"` // "50GB"; see Bytes
	SourceKey string `yaml:"source-key" mapstructure:"source-key"` // path of an age key; "" leaves sources in the bucket as they are
	Theme     string `yaml:"theme" mapstructure:"theme"`           // a folder; "none" is filmpress's own look; "" leaves the library's as it is
	Metrics   string `yaml:"metrics" mapstructure:"metrics"`       // host:port to listen on; "" is none
	Traces    string `yaml:"traces" mapstructure:"traces"`         // URL of a collector; "" is none

	S3       S3       `yaml:"s3" mapstructure:"s3"`
	Serve    Serve    `yaml:"serve" mapstructure:"serve"`
	Site     Site     `yaml:"site" mapstructure:"site"`
	Temporal Temporal `yaml:"temporal" mapstructure:"temporal"`
}

// Site is what is said of the library as a whole. It changes links and the library's page, never a film's media.
type Site struct {
	URL      string `yaml:"url" mapstructure:"url"`           // where viewers open the library
	Title    string `yaml:"title" mapstructure:"title"`       // of its page
	Language string `yaml:"language" mapstructure:"language"` // of its page, BCP 47
}

// Temporal says where the server is that gives steps to workers. What is empty, and all credentials, come from where Temporal's own
// tools look.
type Temporal struct {
	Address   string `yaml:"address" mapstructure:"address"`     // host:port
	Namespace string `yaml:"namespace" mapstructure:"namespace"` //
	Queue     string `yaml:"queue" mapstructure:"queue"`         // the name that our queues begin with
}

// S3 says how a bucket is reached. An empty field leaves the decision to the AWS profile.
type S3 struct {
	Endpoint  string `yaml:"endpoint" mapstructure:"endpoint"`     // URL of a server that is not AWS
	Region    string `yaml:"region" mapstructure:"region"`         // "eu-central-1"
	Profile   string `yaml:"profile" mapstructure:"profile"`       // of ~/.aws/config and ~/.aws/credentials
	PathStyle *bool  `yaml:"path-style" mapstructure:"path-style"` // endpoint/bucket/key in place of bucket.endpoint/key; nil leaves it to the kind of server
	PublicURL string `yaml:"public-url" mapstructure:"public-url"` // where viewers find what lies below s3://bucket/prefix, prefix included
	// PublicFor is the s3://bucket/prefix that PublicURL is the address of, where one file sets both; "" is not known.
	PublicFor string `yaml:"-" mapstructure:"-"`
}

// Serve is the settings of `filmpress serve`.
type Serve struct {
	Addr string `yaml:"addr" mapstructure:"addr"` // host:port
}

// Sources is where Load looks. The zero value reads the user's own file and the environment of the process.
type Sources struct {
	Name  string         // --config: the name of an embedded file, or a path; "" is none
	User  string         // the user's own file; "" is UserFile()
	Flags *pflag.FlagSet // may be nil; only flags that AddFlags made are read
	Only  bool           // read the file of Name and nothing else: settings of a second place, which variables and flags are not about
}

// UserFile is where a user's own settings lie: ~/.config/filmpress/config.yml on Linux.
func UserFile() string { return filepath.Join(xdg.ConfigHome, "filmpress", "config.yml") }

// KeptDir is the default folder of kept results: ~/.cache/filmpress/kept on Linux.
func KeptDir() string { return filepath.Join(xdg.CacheHome, "filmpress", "kept") }

// CacheDir is the default folder for results that are kept elsewhere: ~/.cache/filmpress/cache on Linux.
func CacheDir() string { return filepath.Join(xdg.CacheHome, "filmpress", "cache") }

// Names lists the embedded settings files, without ".yml".
func Names() []string {
	entries, err := fs.ReadDir(configs.Files, ".")
	if err != nil {
		panic(err) // an embedded folder cannot fail
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yml"))
	}
	return names
}

// Sample is the text of an embedded settings file, for a copy of the user's own.
func Sample(name string) ([]byte, error) {
	if !slices.Contains(Names(), name) {
		return nil, &NameError{name}
	}
	return fs.ReadFile(configs.Files, name+".yml")
}

// Load gathers the settings. Findings are about the settings files; a file that cannot be read is a *ReadError.
// A value that a flag or a variable set wrongly is a *ValueError.
func Load(s Sources) (Config, []report.Finding, error) {
	v := viper.NewWithOptions(viper.KeyDelimiter("."))
	for _, k := range settings {
		if d := k.fallback(); d != nil {
			v.SetDefault(k.key, d)
		}
	}
	files, err := readFiles(s)
	if err != nil {
		return Config{}, nil, err
	}
	var findings []report.Finding
	for _, f := range files {
		found := f.check()
		if len(found) == 0 {
			found = f.placeholders(func(k setting) bool { return !s.Only && k.overridden(s.Flags) })
		}
		findings = append(findings, found...)
	}
	if worst, _ := report.Worst(findings); worst == report.Error {
		return Config{}, findings, nil
	}
	v.SetConfigType("yaml")
	for _, f := range files {
		if err := v.MergeConfig(strings.NewReader(string(f.data))); err != nil {
			return Config{}, findings, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	if !s.Only {
		if err := bind(v, s.Flags); err != nil {
			return Config{}, findings, err
		}
		findings = append(findings, strayVariables(os.Environ())...)
	}
	var c Config
	if err := v.UnmarshalExact(&c); err != nil {
		return Config{}, findings, fmt.Errorf("the settings cannot be put together: %w", err)
	}
	c.S3.PublicFor = publicFor(files, c.S3.PublicURL)
	for _, path := range []*string{&c.To, &c.Kept, &c.FFmpeg, &c.FFprobe, &c.Cache, &c.SourceKey} {
		*path = atHome(*path)
	}
	return c, findings, nil
}

// atHome reads a leading ~/ as the home folder. The shell does so on the command line and in nothing else, and
// a folder that is really named ~ is what nobody wants.
func atHome(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return filepath.Join(xdg.Home, rest)
	}
	return path
}

// bind adds the environment and the flags, after it has checked the values which they hold.
func bind(v *viper.Viper, flags *pflag.FlagSet) error {
	for _, k := range settings {
		if err := v.BindEnv(append([]string{k.key}, k.env...)...); err != nil {
			return err
		}
		if name, value := k.fromEnv(); name != "" {
			if err := k.check(value); err != nil {
				return &ValueError{Where: name, Err: err}
			}
		}
		if flags == nil {
			continue
		}
		f := flags.Lookup(k.flag)
		if f == nil || f.Annotations[annotation] == nil || !f.Changed {
			continue
		}
		if err := k.check(f.Value.String()); err != nil {
			return &ValueError{Where: "--" + k.flag, Err: err}
		}
		if err := v.BindPFlag(k.key, f); err != nil {
			return err
		}
	}
	return nil
}

// overridden says whether a flag or a variable sets k, so that what a file says does not count.
func (k setting) overridden(flags *pflag.FlagSet) bool {
	if name, _ := k.fromEnv(); name != "" {
		return true
	}
	if flags == nil {
		return false
	}
	f := flags.Lookup(k.flag)
	return f != nil && f.Annotations[annotation] != nil && f.Changed
}

// publicFor is the target of the last file that sets the public address and a bucket.
func publicFor(files []file, public string) (target string) {
	for _, f := range files {
		root := f.root()
		to, url := lookup(root, []string{"to"}), lookup(root, []string{"s3", "public-url"})
		switch {
		case url == nil:
		case url.Value != public || to == nil || !strings.HasPrefix(to.Value, "s3://"):
			target = ""
		default:
			target = strings.TrimSuffix(to.Value, "/")
		}
	}
	return target
}

// ReadError is a settings file that cannot be read.
type ReadError struct{ Err error }

func (e *ReadError) Error() string { return e.Err.Error() }
func (e *ReadError) Unwrap() error { return e.Err }

// ValueError is a value that a variable or a flag set wrongly.
type ValueError struct {
	Where string // "--endpoint", "AWS_ENDPOINT_URL"
	Err   error
}

func (e *ValueError) Error() string { return e.Where + ": " + e.Err.Error() }
func (e *ValueError) Unwrap() error { return e.Err }

// NameError is a --config that is neither an embedded name nor a file.
type NameError struct{ Name string }

func (e *NameError) Error() string {
	return fmt.Sprintf("no settings named %q: give one of %s, or the path of a .yml file", e.Name, strings.Join(Names(), ", "))
}

// samples begins the names of embedded files in messages.
const samples = "configs/"

// file is one settings file as it was read.
type file struct {
	name string // for messages
	data []byte
}

// readFiles gives the user's own file, where there is one, then the one that was asked for by name.
func readFiles(s Sources) ([]file, error) {
	user := s.User
	if user == "" {
		user = UserFile()
	}
	var files []file
	switch data, err := os.ReadFile(user); {
	case s.Only:
	case err == nil:
		files = append(files, file{user, data})
	case !os.IsNotExist(err):
		return nil, &ReadError{err}
	}
	name := s.Name
	if name == "" && !s.Only {
		name = os.Getenv("FILMPRESS_CONFIG")
	}
	if name == "" {
		return files, nil
	}
	if slices.Contains(Names(), name) {
		data, err := fs.ReadFile(configs.Files, name+".yml")
		return append(files, file{samples + name + ".yml", data}), err
	}
	data, err := os.ReadFile(name)
	if os.IsNotExist(err) && !strings.ContainsAny(name, `/\`) && filepath.Ext(name) == "" {
		return nil, &NameError{name}
	}
	if err != nil {
		return nil, &ReadError{err}
	}
	return append(files, file{name, data}), nil
}
