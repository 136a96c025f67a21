package s3_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest/s3server"
)

// TestOpen: what lets everybody read a prefix is seen as such and nothing else is; what is added opens that prefix alone; all
// other statements stay.
func TestOpen(t *testing.T) {
	const resource = "arn:aws:s3:::films/docs/*"
	statement := func(effect, principal, action, resource, more string) string {
		return `{"Effect":"` + effect + `","Principal":` + principal + `,"Action":` + action + `,"Resource":` + resource + more + `}`
	}
	for _, c := range []struct {
		what, have string
		open       bool
	}{
		{"the prefix", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/docs/*"`, ""), true},
		{"the bucket", statement("Allow", `{"AWS":"*"}`, `["s3:ListBucket","s3:getobject"]`, `["arn:aws:s3:::films","arn:aws:s3:::films/*"]`, ""), true},
		{"a pattern", statement("Allow", `{"AWS":["*"]}`, `"s3:Get*"`, `"arn:aws:s3:::films/d*"`, ""), true},
		{"everything", statement("Allow", `"*"`, `"*"`, `"*"`, ""), true},
		{"a part of the prefix", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/docs/lake/*"`, ""), false},
		{"one kind of file", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/*.m4s"`, ""), false},
		{"one letter", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/docs/?"`, ""), false},
		{"another prefix", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/docs2/*"`, ""), false},
		{"another action", statement("Allow", `"*"`, `"s3:GetObjectVersion"`, `"arn:aws:s3:::films/*"`, ""), false},
		{"one account", statement("Allow", `{"AWS":"111122223333"}`, `"s3:GetObject"`, `"arn:aws:s3:::films/*"`, ""), false},
		{"a condition", statement("Allow", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/*"`, `,"Condition":{"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}}`), false},
		{"a denial", statement("Deny", `"*"`, `"s3:GetObject"`, `"arn:aws:s3:::films/docs/*"`, ""), false},
		{"all but", `{"Effect":"Allow","Principal":"*","NotAction":"s3:PutObject","Resource":"arn:aws:s3:::films/*"}`, false},
		{"nothing", "", false},
	} {
		p, err := s3.ParsePolicy(`{"Version":"2008-10-17","Id":"theirs","Statement":[` + c.have + `]}`)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		want, open, err := p.Open(resource)
		if err != nil || open != c.open {
			t.Errorf("%s: open %v, %v", c.what, open, err)
			continue
		}
		n := len(p.Statement)
		if open {
			n--
		}
		if len(want.Statement) != n+1 || !slices.EqualFunc(want.Statement[:len(p.Statement)], p.Statement, func(a, b json.RawMessage) bool { return string(a) == string(b) }) || want.ID != "theirs" || want.Version != "2008-10-17" {
			t.Errorf("%s: of %s came %s", c.what, p.Statement, want.Statement)
		}
		if _, open, err := want.Open(resource); err != nil || !open {
			t.Errorf("%s: once more: %v, %v", c.what, open, err)
		}
		if _, open, _ := want.Open("arn:aws:s3:::films/other/*"); open != (c.what == "the bucket" || c.what == "everything") {
			t.Errorf("%s: another prefix is open: %v", c.what, open)
		}
	}
}

// TestOpenChanged: our own statement, changed by somebody, is neither taken for ours nor doubled.
func TestOpenChanged(t *testing.T) {
	p, err := s3.ParsePolicy("")
	if err != nil {
		t.Fatal(err)
	}
	want, _, err := p.Open("arn:aws:s3:::films/*")
	if err != nil || want.Version != "2012-10-17" {
		t.Fatal(want, err)
	}
	b, _ := json.Marshal(want)
	changed, err := s3.ParsePolicy(strings.Replace(string(b), "s3:GetObject", "s3:ListBucket", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := changed.Open("arn:aws:s3:::films/*"); !errors.Is(err, s3.ErrChanged) {
		t.Errorf("got %v", err)
	}
}

func TestParsePolicy(t *testing.T) {
	for text, fine := range map[string]bool{
		"":                                true,
		`{}`:                              true,
		`{"Statement":{"Effect":"Deny"}}`: true,
		`{"Statement":[]}`:                true,
		`{"Statement":null}`:              true,
		`{`:                               false,
		`[]`:                              false,
		`{"Statement":"x"}`:               false,
		`{"Statement":[1]}`:               false,
		`{"Statement":[{"Action":5}]}`:    false,
		`{"Statement":[],"Extra":1}`:      false,
		`{"Statement":[]} {}`:             false,
	} {
		p, err := s3.ParsePolicy(text)
		if (err == nil) != fine || p.Statement == nil {
			t.Errorf("%s: %+v, %v", text, p, err)
		}
	}
}

func TestResource(t *testing.T) {
	server := s3server.Server{Endpoint: "http://127.0.0.1:1", Bucket: "films", AccessKey: "a", SecretKey: "b"}
	for _, c := range []struct{ prefix, region, want string }{
		{"", "", "arn:aws:s3:::films/*"},
		{"a b/фильм$", "", "arn:aws:s3:::films/a b/фильм$/*"},
		{"p", "cn-north-1", "arn:aws-cn:s3:::films/p/*"},
		{"p", "us-gov-west-1", "arn:aws-us-gov:s3:::films/p/*"},
		{"a*", "", ""}, {"a?", "", ""}, {"${aws:username}", "", ""},
	} {
		got, err := open(t, server, s3.Options{Prefix: c.prefix, Region: c.region}).Resource()
		if got != c.want || (c.want == "") != errors.Is(err, store.ErrName) {
			t.Errorf("%q: %s, %v, want %s", c.prefix, got, err, c.want)
		}
	}
}

// FuzzPolicy: a policy of anybody's is refused, or comes back with all its statements and one more at most.
func FuzzPolicy(f *testing.F) {
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::films/*"}]}`)
	f.Add(`{"Statement":{"Sid":"a","Effect":"Deny","Principal":{"AWS":["*"]},"NotAction":["s3:*"],"Resource":["a*b*","*"]}}`)
	f.Add(`{"Statement":[{},{"Principal":{"Service":"x"}}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := s3.ParsePolicy(text)
		if err != nil {
			return
		}
		want, open, err := p.Open("arn:aws:s3:::films/docs/*")
		if err != nil {
			return
		}
		if added := len(want.Statement) - len(p.Statement); open && added != 0 || !open && added != 1 {
			t.Errorf("%q: open %v, %d added", text, open, added)
		}
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		back, err := s3.ParsePolicy(string(b))
		if err != nil || len(back.Statement) != len(want.Statement) {
			t.Errorf("%q: written as %s, read as %+v, %v", text, b, back, err)
		}
		if _, open, err := back.Open("arn:aws:s3:::films/docs/*"); err != nil || !open {
			t.Errorf("%q: not open afterwards: %v", text, err)
		}
	})
}
