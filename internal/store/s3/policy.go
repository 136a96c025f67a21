package s3

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"filmpress/internal/store"
)

// Policy is a bucket's policy: who may do what (IAM User Guide, "Grammar of the IAM JSON policy language"). Statements that are not
// ours are kept as they were.
type Policy struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// statement is what we read of one.
type statement struct {
	Sid          string          `json:"Sid,omitempty"`
	Effect       string          `json:"Effect"`
	Principal    json.RawMessage `json:"Principal,omitempty"`
	Action       words           `json:"Action,omitempty"`
	Resource     words           `json:"Resource,omitempty"`
	Condition    json.RawMessage `json:"Condition,omitempty"`
	NotPrincipal json.RawMessage `json:"NotPrincipal,omitempty"`
	NotAction    json.RawMessage `json:"NotAction,omitempty"`
	NotResource  json.RawMessage `json:"NotResource,omitempty"`
}

// words is a text or a list of texts.
type words []string

func (w *words) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*w = words{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(w))
}

// MarshalJSON writes one word as itself.
func (w words) MarshalJSON() ([]byte, error) {
	if len(w) == 1 {
		return json.Marshal(w[0])
	}
	return json.Marshal([]string(w))
}

// ParsePolicy reads a policy. A bucket without one has the empty text.
func ParsePolicy(text string) (Policy, error) {
	p := Policy{Statement: []json.RawMessage{}}
	if text == "" {
		return p, nil
	}
	var raw struct {
		Version   string
		ID        string          `json:"Id"`
		Statement json.RawMessage `json:"Statement"`
	}
	strict := json.NewDecoder(strings.NewReader(text))
	strict.DisallowUnknownFields() // a part that we do not know would be lost
	if err := strict.Decode(&raw); err != nil {
		return p, err
	}
	if strict.More() {
		return p, errors.New("there is more than one policy")
	}
	p.Version, p.ID = raw.Version, raw.ID
	switch b := bytes.TrimSpace(raw.Statement); {
	case len(b) == 0:
	case b[0] == '{':
		p.Statement = []json.RawMessage{b}
	default:
		if err := json.Unmarshal(b, &p.Statement); err != nil {
			return p, err
		}
	}
	for _, b := range p.Statement {
		var s statement
		if err := json.Unmarshal(b, &s); err != nil {
			return p, err
		}
	}
	if p.Statement == nil {
		p.Statement = []json.RawMessage{}
	}
	return p, nil
}

// ErrChanged is a statement of ours that somebody changed.
var ErrChanged = errors.New("our statement in the bucket's policy was changed by somebody")

// Open gives the policy with which everybody may read what lies below resource ("arn:aws:s3:::bucket/prefix/*"), and tells whether
// everybody may already. Nothing else is allowed by it, and all other statements stay.
func (p Policy) Open(resource string) (want Policy, open bool, err error) {
	ours := readByAll(resource)
	for _, b := range p.Statement {
		var s statement
		if err := json.Unmarshal(b, &s); err != nil {
			return p, false, err
		}
		if s.opens(resource) {
			return p, true, nil
		}
		if s.Sid == ours.Sid {
			return p, false, fmt.Errorf("%w: it is called %s; remove it, or give it Effect, Principal, Action and Resource as filmpress policy prints them", ErrChanged, s.Sid)
		}
	}
	b, err := json.Marshal(ours)
	if err != nil {
		return p, false, err
	}
	want = p
	if want.Version == "" {
		want.Version = "2012-10-17"
	}
	want.Statement = append(append([]json.RawMessage{}, p.Statement...), b)
	return want, false, nil
}

// Denies tells whether a statement forbids something, which goes before all that is allowed.
func (p Policy) Denies() bool {
	for _, b := range p.Statement {
		var s statement
		if json.Unmarshal(b, &s) == nil && s.Effect == "Deny" {
			return true
		}
	}
	return false
}

// readByAll is the statement by which everybody reads.
func readByAll(resource string) statement {
	sum := sha256.Sum256([]byte(resource))
	return statement{Sid: "FilmpressRead" + hex.EncodeToString(sum[:4]), Effect: "Allow", Principal: json.RawMessage(`"*"`),
		Action: words{"s3:GetObject"}, Resource: words{resource}}
}

// opens tells whether the statement lets everybody read all of a resource.
func (s statement) opens(resource string) bool {
	if s.Effect != "Allow" || !everybody(s.Principal) || given(s.Condition, s.NotPrincipal, s.NotAction, s.NotResource) {
		return false
	}
	for _, a := range s.Action {
		for _, r := range s.Resource {
			// A pattern that takes in the "*" at the resource's end takes in all that it stands for.
			if glob(strings.ToLower(a), "s3:getobject") && strings.HasSuffix(r, "*") && !strings.ContainsAny(r, "?$") && glob(r, resource) {
				return true
			}
		}
	}
	return false
}

func given(parts ...json.RawMessage) bool {
	for _, p := range parts {
		if len(p) > 0 && string(p) != "null" {
			return true
		}
	}
	return false
}

// everybody is "*", {"AWS": "*"} or {"AWS": ["*"]}.
func everybody(principal json.RawMessage) bool {
	var plain string
	if json.Unmarshal(principal, &plain) == nil {
		return plain == "*"
	}
	var named struct{ AWS words }
	return json.Unmarshal(principal, &named) == nil && len(named.AWS) == 1 && named.AWS[0] == "*"
}

// Resource is everything below the store's prefix, as a policy names it. A prefix with a character that a policy takes for a pattern
// would open more than the prefix, and is refused.
func (s *Store) Resource() (string, error) {
	if strings.ContainsAny(s.prefix, "*?") || strings.Contains(s.prefix, "${") {
		return "", fmt.Errorf("%w: the prefix %q has a * or ? or ${ in it, which a policy takes for a pattern; choose another prefix", store.ErrName, s.prefix)
	}
	partition := "aws"
	switch {
	case strings.HasPrefix(s.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(s.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	return "arn:" + partition + ":s3:::" + s.bucket + "/" + s.prefix + "*", nil
}

// Policy reads the bucket's policy.
func (s *Store) Policy(ctx context.Context) (Policy, error) {
	out, err := s.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &s.bucket})
	if codeOf(err) == "NoSuchBucketPolicy" {
		return ParsePolicy("")
	}
	if err == nil && !strings.HasPrefix(strings.TrimSpace(aws.ToString(out.Policy)), "{") {
		err = errNotS3
	}
	if err != nil {
		return Policy{}, s.adminError(ctx, err, "policy", "s3:GetBucketPolicy", "")
	}
	p, err := ParsePolicy(aws.ToString(out.Policy))
	if err != nil {
		return p, fmt.Errorf("%w: the policy of %s is one that filmpress cannot read, so it is left alone; add what filmpress policy prints by hand", store.ErrUnsupported, s.bucketName())
	}
	return p, nil
}

// SetPolicy replaces the bucket's policy, and reads it back.
func (s *Store) SetPolicy(ctx context.Context, p Policy) (Policy, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return p, err
	}
	if _, err := s.client.PutBucketPolicy(ctx, &s3.PutBucketPolicyInput{Bucket: &s.bucket, Policy: aws.String(string(b))}); err != nil {
		return p, s.adminError(ctx, err, "policy", "s3:PutBucketPolicy", "; at Amazon, Block Public Access of the bucket and of the account can forbid it, too")
	}
	return s.Policy(ctx)
}

func (s *Store) bucketName() string { return "s3://" + s.bucket }

// adminError is wrap for what a bucket has beside its objects: it names the right that is missing, and what to do on a server
// that does not have such a thing.
func (s *Store) adminError(ctx context.Context, err error, thing, right, more string) error {
	place := s.bucketName() + " at " + s.endpoint.Host
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case unheardOf(err):
		return &failure{store.ErrUnsupported, place + " has no " + thing + " that can be set this way; use the provider's console or the server's own settings", err}
	case codeOf(err) == "AccessDenied":
		return &failure{store.ErrRefused, place + ": these credentials have no right to that; they need " + right + more, err}
	}
	return s.wrap(ctx, err, "")
}
