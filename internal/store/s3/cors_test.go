package s3_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
)

// TestAllow: rules of others stay where they are, ours comes last and grows, and nothing is set twice.
func TestAllow(t *testing.T) {
	const ours = `{"ID":"filmpress","AllowedOrigins":[%s],"AllowedMethods":["GET","HEAD"],"AllowedHeaders":["Range"],"ExposeHeaders":["Accept-Ranges","Content-Length","Content-Range"],"MaxAgeSeconds":86400}`
	const upload = `{"ID":"theirs","AllowedOrigins":["https://cms.example"],"AllowedMethods":["PUT"]}`
	const everybody = `{"AllowedOrigins":["*"],"AllowedMethods":["GET","HEAD"],"AllowedHeaders":["*"]}`
	const plain = `{"AllowedOrigins":["*"],"AllowedMethods":["GET"]}`
	a, ab := fmt.Sprintf(ours, `"https://a.example"`), fmt.Sprintf(ours, `"https://a.example","https://b.example"`)
	for _, c := range []struct{ have, allow, want, added string }{
		{"", "https://a.example", a, "https://a.example"},
		{"", "https://a.example https://b.example https://a.example", ab, "https://a.example https://b.example"},
		{a, "https://a.example", a, ""},
		{a, "https://b.example", ab, "https://b.example"},
		{upload + "," + a, "https://b.example", upload + "," + ab, "https://b.example"},
		{a + "," + upload, "https://b.example", ab + "," + upload, "https://b.example"},
		{everybody, "https://a.example", everybody, ""},
		{everybody, "*", everybody, ""},
		{plain, "https://a.example", plain + "," + a, "https://a.example"}, // ranges are not allowed by it
		{fmt.Sprintf(ours, `"https://*.example"`), "https://a.example", fmt.Sprintf(ours, `"https://*.example"`), ""},
		{a, "https://*.example", fmt.Sprintf(ours, `"https://a.example","https://*.example"`), "https://*.example"},
		{strings.Replace(a, `"ID":"filmpress",`, "", 1), "https://b.example", strings.Replace(ab, `"ID":"filmpress",`, "", 1), "https://b.example"}, // a server without IDs
		{strings.Replace(a, `"Range"`, `"X-Other"`, 1), "https://b.example", // ours, changed by somebody
			strings.Replace(a, `"Range"`, `"X-Other"`, 1) + "," + strings.Replace(fmt.Sprintf(ours, `"https://b.example"`), `"ID":"filmpress",`, "", 1), "https://b.example"},
	} {
		var have s3.CORSRules
		if err := json.Unmarshal([]byte(`{"CORSRules":[`+c.have+`]}`), &have); err != nil {
			t.Fatal(err)
		}
		before, _ := json.Marshal(have)
		want, added, err := have.Allow(strings.Fields(c.allow))
		got, _ := json.Marshal(want)
		if err != nil || string(got) != `{"CORSRules":[`+c.want+`]}` || strings.Join(added, " ") != c.added {
			t.Errorf("%s + %s:\n got %s (%s), %v\nwant %s (%s)", c.have, c.allow, got, added, err, c.want, c.added)
		}
		if after, _ := json.Marshal(have); string(after) != string(before) {
			t.Errorf("%s became %s", before, after)
		}
		if _, again, err := want.Allow(strings.Fields(c.allow)); err != nil || len(again) > 0 {
			t.Errorf("%s + %s: once more: %q, %v", c.have, c.allow, again, err)
		}
	}
	full := s3.CORSRules{Rules: make([]s3.CORSRule, 100)}
	if _, _, err := full.Allow([]string{"https://a.example"}); !errors.Is(err, store.ErrRefused) {
		t.Errorf("the 101st rule: %v", err)
	}
}

func TestCheckOrigin(t *testing.T) {
	for origin, fine := range map[string]bool{
		"*": true, "https://a.example": true, "http://127.0.0.1:8080": true, "http://[::1]:80": true, "https://*.example": true, "http://localhost": true,
		"": false, "a.example": false, "https://": false, "https://a.example/": false, "https://a.example/b": false, "https://A.example": false, "null": false,
		"ftp://a.example": false, "https://*.*": false, "https://a b": false, "https://a\n": false, "https://me@a": false, "https://фильм": false,
	} {
		if err := s3.CheckOrigin(origin); (err == nil) != fine {
			t.Errorf("%q: %v", origin, err)
		}
	}
}
