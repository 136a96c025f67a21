// Package s3 is a bucket of Amazon S3 or of a server that speaks its protocol.
//
// What was learnt about such servers stands beside the code: which of the SDK's defaults they refuse, which
// conditions they know, and what a lost reply looks like. The SHA-256 of every object's plain bytes is kept as
// x-amz-meta-sha256, so that a bucket can be proved whole without reading it.
package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"filmpress/internal/store"
)

// Options says which bucket and how it is reached. Credentials never stand here: they come from where AWS tools look
// for them (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, ~/.aws, a role). What is empty is taken from there as well.
type Options struct {
	Bucket    string
	Prefix    string        // begins all keys; without slashes around it
	Endpoint  string        // "https://s3.example.org"; "" is AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, the profile's, or AWS itself
	Region    string        // "" is AWS_REGION or the profile's; off AWS, where most servers do not care, us-east-1
	Profile   string        // "" is AWS_PROFILE or default
	PathStyle *bool         // endpoint/bucket/key instead of bucket.endpoint/key; nil is true off AWS
	PublicURL string        // where viewers find Bucket/Prefix, a CDN's address for instance; "" is the endpoint
	Workers   int           // how many requests at once the connections are kept for; 0 is 32
	Patience  time.Duration // how long a server may be silent in the middle of a request; 0 is two minutes
	Part      int64         // size of the parts in which larger objects are sent; 0 is 16 MiB, and servers take none below 5 MiB. Tests want small ones
	Uploads   string        // folder in which uploads of large objects are remembered until they end, so that a later run goes on with them; "" is none
	Warn      func(text string)
	// Strange hears of keys that List passes over since no name can be such ("folder/", "a//b"), without the prefix, and of their sizes; nil is
	// nobody.
	Strange func(key string, size int64)
	// Pace waits until n more bytes may go over the network, either way; nil is as fast as it goes.
	Pace func(ctx context.Context, n int) error
}

// Store is a bucket, or what lies in it below a prefix.
type Store struct {
	client   *s3.Client
	bucket   string
	prefix   string   // "" or with a slash at its end
	endpoint *url.URL // of the bucket: without bucket and key where path is set, else with the bucket in its host
	path     bool
	public   string
	region   string
	aws      bool   // Amazon's own service
	server   string // the endpoint without the bucket: "https://s3.example.org"
	account  string // the access key's name, to tell whether two stores speak for the same account
	part     int64  // see Options.Part
	copyPart int64  // see copyPart
	warn     func(string)
	strange  func(string, int64)

	sums       sync.Mutex
	sumSupport support
	throttle   throttle
	first      first
	uploadDir  string
	sweepOnce  sync.Once // of uploadDir

	conditions sync.Mutex
	condition  support
}

var _ interface {
	store.Store
	store.Clock
	store.Copier
	store.Labeller
	store.Uploader
} = (*Store)(nil)

// Parse takes "s3://bucket/prefix" apart.
func Parse(target string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(target, "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	if user, _, found := strings.Cut(bucket, "@"); found && user != "" {
		return "", "", fmt.Errorf("%w: there is a name or a password in the target; write s3://bucket/prefix, and leave keys to the AWS_ variables or a profile", store.ErrName)
	}
	if prefix = strings.TrimSuffix(prefix, "/"); !ok || bucket == "" || strings.ContainsAny(bucket, "@:?# ") {
		return "", "", fmt.Errorf("%w: %q; write s3://bucket or s3://bucket/prefix", store.ErrName, target)
	}
	if prefix != "" {
		err = store.CheckName(prefix)
	}
	return bucket, prefix, err
}

// Open finds settings and credentials and makes a client. It does not speak to the bucket yet; Check does.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	if o.Strange == nil {
		o.Strange = func(string, int64) {}
	}
	s := &Store{bucket: o.Bucket, prefix: o.Prefix, public: strings.TrimSuffix(o.PublicURL, "/"), warn: o.Warn, strange: o.Strange, uploadDir: o.Uploads, part: o.Part, copyPart: copyPart}
	if s.part == 0 {
		s.part = partSize
	}
	if s.prefix != "" {
		s.prefix += "/"
	}
	if err := s.connect(ctx, &o); err != nil {
		return nil, err
	}
	found, err := s.client.Options().Credentials.Retrieve(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: %s: no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, "+
			"or name a profile of ~/.aws/credentials", store.ErrRefused, s)
	}
	s.account = found.AccessKeyID
	return s, nil
}

// load reads the settings that AWS tools share.
func load(ctx context.Context, o Options) (aws.Config, error) {
	workers := max(o.Workers, 0)
	if workers == 0 {
		workers = 32
	}
	patience := o.Patience
	if patience == 0 {
		patience = 2 * time.Minute
	}
	options := []func(*config.LoadOptions) error{
		config.WithSharedConfigProfile(o.Profile),
		// Only a buildable client takes AWS_CA_BUNDLE.
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost = 2*workers, 2*workers // the default of 10 reconnects all the time
			t.ResponseHeaderTimeout = patience
			t.DialContext = impatient(t.DialContext, patience)
		})),
		config.WithRetryer(retryer),
		config.WithLogger(logging.Nop{}), // the SDK's would write to stderr by itself
		// Since 2025 the SDK adds checksums that Backblaze, Linode, OVH and older servers refuse. Every body that we
		// send is signed with its SHA-256 instead, which all of them compare.
		config.WithRequestChecksumCalculation(aws.RequestChecksumCalculationWhenRequired),
		config.WithResponseChecksumValidation(aws.ResponseChecksumValidationWhenRequired),
	}
	if o.Region != "" {
		options = append(options, config.WithRegion(o.Region))
	}
	if o.Endpoint != "" && !isAmazon(o.Endpoint) {
		// Off AWS there is no instance to ask for credentials, and asking costs seconds.
		options = append(options, config.WithEC2IMDSClientEnableState(imds.ClientDisabled))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return cfg, settingsError(err)
	}
	return cfg, nil
}

// retryer tries for about a minute. The SDK's own budget of retries is off: it is shared by all workers, and one bad
// second of the server would use it up.
func retryer() aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = 7
		o.MaxBackoff = 15 * time.Second
		o.RateLimiter = ratelimit.None
		// An answer that breaks off in its middle, or arrives changed. All that we ask for can be asked for twice.
		o.Retryables = append(o.Retryables, retry.IsErrorRetryableFunc(func(err error) aws.Ternary {
			if _, ok := errors.AsType[*smithy.DeserializationError](err); ok {
				return aws.TrueTernary
			}
			return aws.UnknownTernary
		}))
	})
}

// connect makes the client, and settles what depends on whose server it is.
func (s *Store) connect(ctx context.Context, o *Options) error {
	cfg, err := load(ctx, *o)
	if err != nil {
		return err
	}
	var base string
	s.client = s3.NewFromConfig(cfg, func(c *s3.Options) {
		if o.Endpoint != "" {
			c.BaseEndpoint = &o.Endpoint
		}
		base = aws.ToString(c.BaseEndpoint)
		s.aws = base == "" || isAmazon(base)
		c.UsePathStyle = !s.aws
		if o.PathStyle != nil {
			c.UsePathStyle = *o.PathStyle
		}
		if c.Region == "" && !s.aws {
			c.Region = "us-east-1"
		}
		s.region, s.path = c.Region, c.UsePathStyle
		if o.Pace != nil {
			c.HTTPClient = paced{c.HTTPClient, o.Pace}
		}
		s.throttle.slowly(c)
		s.first.soon(c)
		plainLists(c)
	})
	if base != "" && o.Endpoint == "" { // from the environment or the profile: once more, knowing it
		o.Endpoint = base
		return s.connect(ctx, o)
	}
	if s.region == "" {
		return fmt.Errorf("%w: s3://%s: no region is set; set AWS_REGION to the bucket's region", store.ErrRefused, s.bucket)
	}
	return s.locate(base)
}

// locate finds the bucket's address.
func (s *Store) locate(base string) error {
	if base == "" {
		base = amazon(s.region)
	}
	u, err := url.Parse(base)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil {
		return fmt.Errorf("%w: the endpoint is not an address such as https://s3.example.org", store.ErrUnreachable)
	}
	s.server = u.String()
	if s.endpoint = u; !s.path {
		s.endpoint.Host = s.bucket + "." + u.Host
	}
	return nil
}

func isAmazon(endpoint string) bool {
	u, err := url.Parse(endpoint)
	return err == nil && (strings.HasSuffix(u.Hostname(), ".amazonaws.com") || strings.HasSuffix(u.Hostname(), ".amazonaws.com.cn"))
}

func amazon(region string) string {
	if strings.HasPrefix(region, "cn-") {
		return "https://s3." + region + ".amazonaws.com.cn"
	}
	return "https://s3." + region + ".amazonaws.com"
}

// String is s3://bucket/prefix.
func (s *Store) String() string { return strings.TrimSuffix("s3://"+s.bucket+"/"+s.prefix, "/") }

// Home is where the objects lie, whatever address viewers have for them.
func (s *Store) Home() string { return s.host() + "/" + s.bucket + "/" + s.prefix }

// Region is the region that requests are signed for.
func (s *Store) Region() string { return s.region }

// URL is where a viewer opens an object: below PublicURL, or at the endpoint (which answers strangers only if the
// bucket's policy lets them read).
func (s *Store) URL(name string) string {
	if s.public != "" {
		return s.public + "/" + escape(name)
	}
	base := strings.TrimSuffix(s.endpoint.String(), "/") + "/"
	if s.path {
		base += escape(s.bucket) + "/"
	}
	return base + escape(s.key(name))
}

// Overlaps tells whether some keys are in both: one bucket of one server, and one prefix in the other.
func (s *Store) Overlaps(o *Store) bool {
	return s.host() == o.host() && s.bucket == o.bucket && (strings.HasPrefix(s.prefix, o.prefix) || strings.HasPrefix(o.prefix, s.prefix))
}

// host names the server, however its address is written. A bucket's name is one of all of Amazon's regions.
func (s *Store) host() string {
	u, err := url.Parse(s.server)
	if err != nil {
		return s.server
	}
	host := strings.ToLower(u.Hostname())
	if isAmazon(s.server) {
		return host[strings.LastIndex(host, ".amazonaws."):]
	}
	if port := u.Port(); port != "" && port != map[string]string{"http": "80", "https": "443"}[u.Scheme] {
		host += ":" + port
	}
	return host + strings.TrimSuffix(u.Path, "/")
}

func (s *Store) key(name string) string { return s.prefix + name }

// escape writes a name as part of a URL. It escapes more than url.PathEscape does, "+" above all, which many S3 servers
// read as a space: only the unreserved characters of RFC 3986 section 2.3 and "/" stay.
func escape(name string) string {
	var b strings.Builder
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-_.~/", c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
