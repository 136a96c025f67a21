package config

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/text/language"

	"filmpress/internal/report"
	"filmpress/internal/strictyaml"
)

// setting is one key with everything that is known of it. The help text, the flags, the variables and the
// checks are all made from this table, so that they cannot disagree.
type setting struct {
	key      string
	fallback func() any // the default; nil is a choice of true and false that nobody made
	env      []string   // the first one that is set and not empty counts
	flag     string
	about    string
	check    func(string) error
}

func text(s string) func() any { return func() any { return s } }

func anything(string) error { return nil }

var (
	logFormats = []string{"auto", "plain", "json"}
	engines    = []string{"local", "temporal"}
)

var settings = []setting{
	{"to", text("./library"), []string{"FILMPRESS_TO"}, "to", "publish to this folder, or to s3://bucket/prefix", target},
	{"kept", func() any { return KeptDir() }, []string{"FILMPRESS_KEPT"}, "kept", "folder of finished steps, so that nothing is done twice; for several machines, s3://bucket/prefix or a folder that all of them reach", anything},
	{"ffmpeg", text(""), []string{"FILMPRESS_FFMPEG"}, "ffmpeg", "path of the ffmpeg to use, in place of the one on PATH", anything},
	{"ffprobe", text(""), []string{"FILMPRESS_FFPROBE"}, "ffprobe", "path of the ffprobe to use, in place of the one on PATH", anything},
	{"workers", text("auto"), []string{"FILMPRESS_WORKERS"}, "workers", "parts of a film encoded at once; auto is what cores and memory allow", autoOr(1, 256)},
	{"log-format", text("auto"), []string{"FILMPRESS_LOG_FORMAT"}, "log-format", "auto (a bar on a terminal, lines elsewhere), plain or json", oneOf(logFormats...)},
	{"engine", text("local"), []string{"FILMPRESS_ENGINE"}, "engine", "who does the steps: local, this machine; temporal, the workers of a Temporal server", oneOf(engines...)},
	{"cache", func() any { return CacheDir() }, []string{"FILMPRESS_CACHE"}, "cache", "with temporal: folder on this machine for what is kept elsewhere", anything},
	{"cache-size", text("50GB"), []string{"FILMPRESS_CACHE_SIZE"}, "cache-size", "most that the cache may take; what was not used for the longest time goes first", amount},
	{"source-key", text(""), []string{"FILMPRESS_SOURCE_KEY"}, "source-key", "with temporal: path of an age key by which the film is encrypted while it lies with the kept results", anything},
	{"temporal.address", text(""), []string{"FILMPRESS_TEMPORAL_ADDRESS", "TEMPORAL_ADDRESS"}, "address", "host:port of the Temporal server", hostPortOrNone},
	{"temporal.namespace", text(""), []string{"FILMPRESS_TEMPORAL_NAMESPACE", "TEMPORAL_NAMESPACE"}, "namespace", "namespace of the Temporal server", anything},
	{"temporal.queue", text("filmpress"), []string{"FILMPRESS_TEMPORAL_QUEUE"}, "queue", "the name that our queues on the Temporal server begin with", queueName},
	{"s3.endpoint", text(""), []string{"FILMPRESS_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}, "endpoint", "URL of an S3 server that is not AWS", webURL},
	{"s3.region", text(""), []string{"FILMPRESS_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION"}, "region", "region of the bucket", anything},
	{"s3.profile", text(""), []string{"FILMPRESS_S3_PROFILE", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"}, "profile", "profile of ~/.aws to take credentials from", anything},
	{"s3.path-style", func() any { return nil }, []string{"FILMPRESS_S3_PATH_STYLE"}, "path-style", "address buckets as ENDPOINT/BUCKET (the default for all servers but AWS)", truth},
	{"s3.public-url", text(""), []string{"FILMPRESS_S3_PUBLIC_URL"}, "public-url", "URL under which viewers reach what lies below s3://bucket/prefix, prefix included", webURL},
	{"site.url", text(""), []string{"FILMPRESS_SITE_URL"}, "site-url", "address under which viewers open the library, for its feed and sitemap, and for embedding", webURL},
	{"site.title", text(""), []string{"FILMPRESS_SITE_TITLE"}, "site-title", "title of the library's page", anything},
	{"site.language", text(""), []string{"FILMPRESS_SITE_LANGUAGE"}, "site-language", "language of the library's page; else that of most films", languageTag},
	{"theme", text(""), []string{"FILMPRESS_THEME"}, "theme", "folder with theme.css, logo and footer for the pages; none takes the library's away", anything},
	{"metrics", text(""), []string{"FILMPRESS_METRICS"}, "metrics", "host:port on which Prometheus finds numbers of steps and bytes, at /metrics; none without it", hostPortOrNone},
	{"traces", text(""), []string{"FILMPRESS_TRACES"}, "traces", "URL of an OpenTelemetry collector (OTLP over HTTP) to which the steps' times are sent; none without it", webURL},
	{"serve.addr", text("127.0.0.1:8080"), []string{"FILMPRESS_SERVE_ADDR"}, "addr", "address to listen on, host:port", hostPort},
}

// annotation marks the flags that AddFlags made, so that a command's own flag of the same name is left alone.
const annotation = "filmpress-setting"

// ofUser marks flags whose default lies below a home folder, so that what is written for all users leaves it out.
const ofUser = "filmpress-of-user"

// userOwn says whether the default depends on who runs the program.
func (k setting) userOwn() bool { return k.key == "kept" || k.key == "cache" }

// OfUser tells whether a flag's default depends on who runs the program.
func OfUser(f *pflag.Flag) bool { _, own := f.Annotations[ofUser]; return own }

// Setting is the key of the setting that a flag sets, as in "s3.endpoint"; "" for a command's own flag.
func Setting(f *pflag.Flag) string {
	if keys := f.Annotations[annotation]; len(keys) == 1 {
		return keys[0]
	}
	return ""
}

// Values are those of a flag's setting that takes one of a few; nil of any other.
func Values(f *pflag.Flag) []string {
	switch Setting(f) {
	case "log-format":
		return logFormats
	case "engine":
		return engines
	}
	return nil
}

// AddFlags gives flags the settings of these keys ("to", "s3.endpoint"); an unknown key is our bug.
func AddFlags(flags *pflag.FlagSet, keys ...string) {
	for _, key := range keys {
		i := slices.IndexFunc(settings, func(k setting) bool { return k.key == key })
		if i < 0 {
			panic("no setting named " + key)
		}
		k := settings[i]
		switch d := k.fallback().(type) {
		case nil:
			flags.Bool(k.flag, false, k.about)
		case string:
			flags.String(k.flag, d, k.about)
		}
		flags.Lookup(k.flag).Annotations = map[string][]string{annotation: {k.key}}
		if k.userOwn() {
			flags.Lookup(k.flag).Annotations[ofUser] = nil
		}
	}
}

// Help lists every setting with its variables, flag and default, for `filmpress help settings`.
func Help() string {
	var b strings.Builder
	for _, k := range settings {
		fmt.Fprintf(&b, "  %-18s %s\n", k.key, k.about)
		fmt.Fprintf(&b, "  %-18s --%s, %s", "", k.flag, strings.Join(k.env, ", "))
		if d, _ := k.fallback().(string); d != "" && !k.userOwn() {
			fmt.Fprintf(&b, " (default %s)", d)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// fromEnv is the variable that sets k, and its value; "" where none does.
func (k setting) fromEnv() (name, value string) {
	for _, name := range k.env {
		if value := os.Getenv(name); value != "" {
			return name, value
		}
	}
	return "", ""
}

func oneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return fmt.Errorf("%q is not one of %s", s, strings.Join(words, ", "))
	}
}

func autoOr(least, most int) func(string) error {
	return func(s string) error {
		if n, err := strconv.Atoi(s); s != "auto" && (err != nil || n < least || n > most) {
			return fmt.Errorf("%q is neither auto nor a number from %d to %d", s, least, most)
		}
		return nil
	}
}

var amounts = regexp.MustCompile(`^([1-9][0-9]{0,6}) ?([MGT])B$`)

func amount(s string) error {
	if !amounts.MatchString(s) {
		return fmt.Errorf("%q is no amount: write 500MB, 50GB or 2TB", s)
	}
	return nil
}

// Bytes is a checked amount, in bytes.
func Bytes(s string) int64 {
	m := amounts.FindStringSubmatch(s)
	if m == nil {
		panic("not checked: " + s)
	}
	n, _ := strconv.ParseInt(m[1], 10, 64)
	return n * map[string]int64{"M": 1e6, "G": 1e9, "T": 1e12}[m[2]]
}

var queueNames = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$`)

func queueName(s string) error {
	if !queueNames.MatchString(s) {
		return fmt.Errorf("%q is no name of a queue: letters, digits, dots and hyphens", s)
	}
	return nil
}

func hostPortOrNone(s string) error {
	if s == "" {
		return nil
	}
	return hostPort(s)
}

func truth(s string) error {
	if _, err := strconv.ParseBool(s); err != nil {
		return fmt.Errorf("%q is neither true nor false", s)
	}
	return nil
}

func target(s string) error {
	if s == "" {
		return errors.New("empty: give a folder, or s3://bucket/prefix")
	}
	rest, isS3 := strings.CutPrefix(s, "s3://")
	if bucket, _, _ := strings.Cut(rest, "/"); isS3 && strings.Contains(bucket, "@") {
		return errors.New("must not hold a name or a password; keys stand in the AWS_ variables or a profile of ~/.aws")
	}
	if bucket, _, _ := strings.Cut(rest, "/"); isS3 && bucket == "" {
		return errors.New("a bucket is written s3://bucket or s3://bucket/prefix")
	}
	if scheme, _, found := strings.Cut(s, "://"); found && !isS3 {
		return fmt.Errorf("%s:// is not a place to publish to: give a folder, or s3://bucket/prefix", scheme)
	}
	return nil
}

// webURL never repeats the value: a URL may hold a password.
func webURL(s string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return errors.New("must be a URL that begins with http:// or https://")
	case u.User != nil:
		return errors.New("must not hold a name or a password: give credentials by AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("must not hold ? or #")
	}
	return nil
}

func languageTag(s string) error {
	if s == "" {
		return nil
	}
	if _, err := language.Parse(s); err != nil {
		return fmt.Errorf("%q is not a language tag; write en, ru, ky or pt-BR", s)
	}
	return nil
}

func hostPort(s string) error {
	_, port, err := net.SplitHostPort(s)
	if err == nil {
		_, err = strconv.ParseUint(port, 10, 16)
	}
	if err != nil {
		return fmt.Errorf("%q must be host:port, as in 127.0.0.1:8080", s)
	}
	return nil
}

// forTests begins the variables of our own tests and measurements (CONTRIBUTING.md). The program reads none of them, and says nothing of them.
const forTests = "TEST_"

// strayVariables warns of FILMPRESS_ variables that nothing reads: the environment has no other place where a typo would show.
func strayVariables(environ []string) []report.Finding {
	known := []string{"CONFIG"}
	for _, k := range settings {
		for _, name := range k.env {
			if suffix, ours := strings.CutPrefix(name, "FILMPRESS_"); ours {
				known = append(known, suffix)
			}
		}
	}
	var fs []report.Finding
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		suffix, ours := strings.CutPrefix(name, "FILMPRESS_")
		if !ours || value == "" || slices.Contains(known, suffix) || strings.HasPrefix(suffix, forTests) {
			continue
		}
		hint := "filmpress help settings lists those that are read"
		if near := strictyaml.Nearest(suffix, known); near != "" {
			hint = "did you mean FILMPRESS_" + near + "?"
		}
		if suffix == "PIPELINE" {
			hint = "a pipeline is no setting, as it changes the film; name it with --pipeline"
		}
		fs = append(fs, report.Finding{Pos: report.Pos{File: "environment"}, Severity: report.Warn, Rule: "env-unknown", Text: "nothing reads the variable " + name, Hint: hint})
	}
	report.Sort(fs)
	return fs
}
