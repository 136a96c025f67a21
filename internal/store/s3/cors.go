package s3

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/store"
)

// CORSRules say which web pages may read a bucket's objects by script (Fetch standard, "CORS protocol"). The names of the fields are
// those of `aws s3api put-bucket-cors` and of the consoles, so that the JSON can be pasted there.
type CORSRules struct {
	Rules []CORSRule `json:"CORSRules"`
}

// CORSRule is one of them. A server takes the first that fits a request.
type CORSRule struct {
	ID             string   `json:"ID,omitempty"`
	AllowedOrigins []string `json:"AllowedOrigins"` // "https://example.org", with at most one "*"
	AllowedMethods []string `json:"AllowedMethods"`
	AllowedHeaders []string `json:"AllowedHeaders,omitempty"` // of the request
	ExposeHeaders  []string `json:"ExposeHeaders,omitempty"`  // of the answer
	MaxAgeSeconds  int32    `json:"MaxAgeSeconds,omitempty"`
}

// corsID names the rule that is ours.
const corsID = "filmpress"

// maxRules is how many rules a bucket holds at Amazon.
const maxRules = 100

// Player is the rule by which a page of one of the origins plays a film: it reads, in ranges, and sees how long the answer is.
func Player(origins []string) CORSRule {
	return CORSRule{ID: corsID, AllowedOrigins: origins, AllowedMethods: []string{"GET", "HEAD"}, AllowedHeaders: []string{"Range"},
		ExposeHeaders: []string{"Accept-Ranges", "Content-Length", "Content-Range"}, MaxAgeSeconds: 86400}
}

// CORS reads the bucket's rules; none is an empty list.
func (s *Store) CORS(ctx context.Context) (CORSRules, error) {
	out, err := s.client.GetBucketCors(ctx, &s3.GetBucketCorsInput{Bucket: &s.bucket})
	if codeOf(err) == "NoSuchCORSConfiguration" {
		return CORSRules{Rules: []CORSRule{}}, nil
	}
	if err == nil && len(out.CORSRules) == 0 {
		err = errNotS3 // a bucket without rules answers with an error
	}
	if err != nil {
		return CORSRules{}, s.adminError(ctx, err, "CORS rules", "s3:GetBucketCORS", "")
	}
	have := CORSRules{Rules: []CORSRule{}}
	for _, r := range out.CORSRules {
		have.Rules = append(have.Rules, CORSRule{ID: aws.ToString(r.ID), AllowedOrigins: r.AllowedOrigins, AllowedMethods: r.AllowedMethods,
			AllowedHeaders: r.AllowedHeaders, ExposeHeaders: r.ExposeHeaders, MaxAgeSeconds: aws.ToInt32(r.MaxAgeSeconds)})
	}
	return have, nil
}

// SetCORS replaces all of the bucket's rules, and reads them back.
func (s *Store) SetCORS(ctx context.Context, want CORSRules) (CORSRules, error) {
	var rules []types.CORSRule
	for _, r := range want.Rules {
		rules = append(rules, types.CORSRule{ID: text(r.ID), AllowedOrigins: r.AllowedOrigins, AllowedMethods: r.AllowedMethods,
			AllowedHeaders: r.AllowedHeaders, ExposeHeaders: r.ExposeHeaders, MaxAgeSeconds: seconds(r.MaxAgeSeconds)})
	}
	_, err := s.client.PutBucketCors(ctx, &s3.PutBucketCorsInput{Bucket: &s.bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: rules}})
	if err != nil {
		return CORSRules{}, s.adminError(ctx, err, "CORS rules", "s3:PutBucketCORS", "")
	}
	return s.CORS(ctx)
}

func seconds(n int32) *int32 {
	if n == 0 {
		return nil
	}
	return &n
}

// ErrNotKept is a server that took a setting and does not have it.
var ErrNotKept = fmt.Errorf("%w: it took the setting, but does not have it afterwards; set it in the provider's console", store.ErrUnsupported)

// Allow gives the rules with which pages of the origins may play, and the origins that could not before. Rules of others stay as they
// are and where they are; ours comes last and grows.
func (c CORSRules) Allow(origins []string) (want CORSRules, added []string, err error) {
	for _, o := range origins {
		if err := CheckOrigin(o); err != nil {
			return c, nil, err
		}
		if !slices.Contains(added, o) && !slices.ContainsFunc(c.Rules, func(r CORSRule) bool { return r.plays(o) }) {
			added = append(added, o)
		}
	}
	want.Rules = slices.Clone(c.Rules)
	if len(added) == 0 {
		return want, nil, nil
	}
	if i := slices.IndexFunc(want.Rules, func(r CORSRule) bool { return r.isOurs() }); i >= 0 {
		want.Rules[i].AllowedOrigins = append(slices.Clone(want.Rules[i].AllowedOrigins), added...)
	} else {
		rule := Player(added)
		if slices.ContainsFunc(want.Rules, func(r CORSRule) bool { return r.ID == corsID }) {
			rule.ID = "" // somebody changed ours: it is theirs now, and IDs are given once
		}
		want.Rules = append(want.Rules, rule)
	}
	if len(want.Rules) > maxRules {
		return c, nil, fmt.Errorf("%w: the bucket has %d CORS rules already, and can have %d; remove one that is not needed", store.ErrRefused, len(c.Rules), maxRules)
	}
	return want, added, nil
}

// isOurs tells whether a rule is as Player makes it, but for its origins. Servers write the ID, or drop it.
func (r CORSRule) isOurs() bool {
	ours := Player(nil)
	return (r.ID == corsID || r.ID == "") && sameFold(r.AllowedMethods, ours.AllowedMethods) && sameFold(r.AllowedHeaders, ours.AllowedHeaders) &&
		sameFold(r.ExposeHeaders, ours.ExposeHeaders) && r.MaxAgeSeconds == ours.MaxAgeSeconds
}

func sameFold(a, b []string) bool {
	return slices.EqualFunc(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)), strings.EqualFold)
}

// plays tells whether the rule lets pages of an origin read in ranges. An origin with "*" in it is allowed by one that is as wide.
func (r CORSRule) plays(origin string) bool {
	return slices.ContainsFunc(r.AllowedOrigins, func(p string) bool { return glob(p, origin) }) &&
		slices.Contains(r.AllowedMethods, "GET") && slices.Contains(r.AllowedMethods, "HEAD") &&
		slices.ContainsFunc(r.AllowedHeaders, func(p string) bool { return glob(strings.ToLower(p), "range") })
}

// glob matches a text with a pattern in which "*" stands for anything.
func glob(pattern, text string) bool {
	first, rest, star := strings.Cut(pattern, "*")
	if !star {
		return pattern == text
	}
	if !strings.HasPrefix(text, first) {
		return false
	}
	text = text[len(first):]
	for {
		next, more, star := strings.Cut(rest, "*")
		if !star {
			return strings.HasSuffix(text, rest)
		}
		i := strings.Index(text, next)
		if i < 0 {
			return false
		}
		text, rest = text[i+len(next):], more
	}
}

// CheckOrigin refuses what no browser sends as Origin (RFC 6454 section 6.2): a path, a name without a scheme, capital letters.
func CheckOrigin(origin string) error {
	if origin == "*" {
		return nil
	}
	scheme, host, ok := strings.Cut(origin, "://")
	if ok && (scheme == "https" || scheme == "http") && host != "" && strings.Count(host, "*") <= 1 && host == strings.ToLower(host) &&
		!strings.ContainsFunc(host, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || strings.ContainsRune("-._:*[]", r))
		}) {
		return nil
	}
	return &OriginError{origin}
}

// OriginError is a text that is no origin.
type OriginError struct{ Origin string }

func (e *OriginError) Error() string {
	return fmt.Sprintf("%q is no origin; write it as browsers send it: https://films.example.org, in small letters, without a path, or https://*.example.org", e.Origin)
}
