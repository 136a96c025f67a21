package s3_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/store/storetest"
	"filmpress/internal/store/storetest/s3server"
)

// TestUploads: what others began and left is listed in order, within the prefix, and is gone after Abort.
func TestUploads(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{Prefix: "our films"})
	begin := func(key string) {
		t.Helper()
		if _, err := server.Client().CreateMultipartUpload(t.Context(), &sdk.CreateMultipartUploadInput{Bucket: &server.Bucket, Key: &key}); err != nil {
			t.Fatal(err)
		}
	}
	for _, key := range []string{"our films/b.mp4", "our films/a b+c%.mp4", "our films/b.mp4", "our films2/c.mp4", "elsewhere.mp4", "our films/d//e.mp4"} {
		begin(key)
	}
	names := func(prefix string) (names []string, all []store.Upload) {
		for u, err := range st.Uploads(t.Context(), prefix) {
			if err != nil {
				t.Fatal(err)
			}
			names, all = append(names, u.Name), append(all, u)
		}
		return names, all
	}
	got, all := names("")
	if want := []string{"a b+c%.mp4", "b.mp4", "b.mp4"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	now, err := st.Now(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range all {
		if d := now.Sub(u.Begun); u.ID == "" || d < -2*time.Second || d > time.Minute {
			t.Errorf("%+v at %v", u, now)
		}
	}
	if got, _ := names("b"); len(got) != 2 {
		t.Errorf("below b: %q", got)
	}
	for _, u := range all[:2] {
		for range 2 {
			if err := st.Abort(t.Context(), u); err != nil {
				t.Error(err)
			}
		}
	}
	if got, left := names(""); len(got) != 1 || left[0] != all[2] {
		t.Errorf("left: %+v", left)
	}
	out, err := server.Client().ListMultipartUploads(t.Context(), listUploads(server))
	if err != nil || len(out.Uploads) != 4 {
		t.Errorf("those of others: %+v, %v", out, err)
	}
}

// TestNowWithoutDate: a server that sends no Date cannot tell ages.
func TestNowWithoutDate(t *testing.T) {
	server := between(t, s3server.Start(t), func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		reply := httptest.NewRecorder()
		pass.ServeHTTP(reply, r)
		maps.Copy(w.Header(), reply.Header())
		w.Header()["Date"] = nil
		w.WriteHeader(reply.Code)
		w.Write(reply.Body.Bytes())
	})
	_, err := open(t, server, s3.Options{}).Now(t.Context())
	if !errors.Is(err, store.ErrUnsupported) || !strings.Contains(err.Error(), "sends no Date") {
		t.Errorf("got %v", err)
	}
}

// TestCopyInParts: large objects, between buckets, with what stands beside them; a lost reply is understood; a source that
// changes on the way is noticed before anything is visible.
func TestCopyInParts(t *testing.T) {
	server := s3server.Start(t)
	mirror := server.Another(t).Bucket
	src := open(t, server, s3.Options{Prefix: "a prefix+"})
	b := storetest.Noise(5, 12<<20)
	old := storetest.Put(t, src, "film 1.mp4", b)
	for what, handle := range map[string]func(w http.ResponseWriter, r *http.Request, pass http.Handler){
		"well": func(w http.ResponseWriter, r *http.Request, pass http.Handler) { pass.ServeHTTP(w, r) },
		"lost": lose(func(r *http.Request) bool { return r.Method == http.MethodPost && r.URL.Query().Has("uploadId") }),
	} {
		proxied := between(t, server, handle)
		from := open(t, proxied, s3.Options{Prefix: "a prefix+"})
		to := open(t, proxied, s3.Options{Bucket: mirror, Prefix: what})
		to.SetCopyPart(5 << 20)
		obj, err := to.Copy(t.Context(), from, old, "film 1.mp4", storetest.Meta("film 1.mp4", b))
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		now, err := to.Stat(t.Context(), "film 1.mp4")
		if err != nil || obj.ETag != now.ETag || !strings.HasSuffix(now.ETag, "-3") || now.SHA256 != old.SHA256 || now.Type != "video/mp4" || now.CacheControl != store.Immutable {
			t.Errorf("%s: %+v, %+v, %v", what, obj, now, err)
		}
		if !bytes.Equal(storetest.Get(t, to, "film 1.mp4"), b) {
			t.Errorf("%s: other bytes", what)
		}
	}
	var once sync.Once
	proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if r.URL.Query().Get("partNumber") == "2" {
			once.Do(func() { storetest.Put(t, src, "film 1.mp4", b[1:]) })
		}
		pass.ServeHTTP(w, r)
	})
	to := open(t, proxied, s3.Options{Bucket: mirror, Prefix: "changed"})
	to.SetCopyPart(5 << 20)
	_, err := to.Copy(t.Context(), open(t, proxied, s3.Options{Prefix: "a prefix+"}), old, "film 1.mp4", storetest.Meta("", b))
	if !errors.Is(err, store.ErrPrecondition) || len(storetest.Names(t, to, "")) != 0 {
		t.Errorf("a source that changed: %v, %q", err, storetest.Names(t, to, ""))
	}
	for left, err := range to.Uploads(t.Context(), "") {
		t.Errorf("left behind: %+v, %v", left, err)
	}
}

// lose lets a request through and drops its reply, once.
func lose(which func(*http.Request) bool) func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
	var once sync.Once
	return func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if which(r) {
			once.Do(func() {
				pass.ServeHTTP(httptest.NewRecorder(), r)
				panic(http.ErrAbortHandler)
			})
		}
		pass.ServeHTTP(w, r)
	}
}

// TestCopyConditions: a source that is written between the look and the copy. One server refuses then; one that passes over the
// condition copies the wrong bytes, which must not stay.
func TestCopyConditions(t *testing.T) {
	server := s3server.Start(t)
	for _, ignores := range []bool{false, true} {
		prefix := fmt.Sprint(ignores)
		plain := open(t, server, s3.Options{Prefix: prefix})
		old := storetest.Put(t, plain, "a.txt", []byte("old"))
		proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
			if r.Header.Get("X-Amz-Copy-Source") == "" {
				pass.ServeHTTP(w, r)
				return
			}
			storetest.Put(t, plain, "a.txt", []byte("new"))
			if !ignores {
				pass.ServeHTTP(w, r)
				return
			}
			out, err := server.Client().CopyObject(t.Context(), &sdk.CopyObjectInput{Bucket: &server.Bucket, Key: aws.String(prefix + "/b.txt"), CopySource: aws.String(r.Header.Get("X-Amz-Copy-Source"))})
			if err != nil {
				t.Error(err)
				return
			}
			fmt.Fprintf(w, `<CopyObjectResult><ETag>%s</ETag></CopyObjectResult>`, aws.ToString(out.CopyObjectResult.ETag))
		})
		st := open(t, proxied, s3.Options{Prefix: prefix})
		_, err := st.Copy(t.Context(), st, old, "b.txt", storetest.Meta("b.txt", []byte("old")))
		if !errors.Is(err, store.ErrPrecondition) {
			t.Errorf("ignores %v: %v", ignores, err)
		}
		if names := storetest.Names(t, plain, ""); !slices.Equal(names, []string{"a.txt"}) {
			t.Errorf("ignores %v: %q", ignores, names)
		}
	}
}

func TestReaches(t *testing.T) {
	server := s3server.Start(t)
	other := s3server.Server{Endpoint: "http://127.0.0.1:1", Bucket: server.Bucket, AccessKey: "a", SecretKey: "b"}
	ours := open(t, server, s3.Options{})
	account := server
	account.AccessKey = "somebody"
	for what, c := range map[string]struct {
		st   store.Store
		want bool
	}{
		"another bucket":  {open(t, server, s3.Options{Bucket: "mirror", Prefix: "p"}), true},
		"another region":  {open(t, server, s3.Options{Region: "eu-west-1"}), false},
		"another server":  {open(t, other, s3.Options{}), false},
		"another account": {open(t, account, s3.Options{}), false},
		"memory":          {storetest.Memory(), false},
	} {
		if ours.Reaches(c.st) != c.want {
			t.Errorf("%s: want %v", what, c.want)
		}
	}
}

// TestRelabelKeeps: what is not named is as it was: in one request, in parts where the server makes that necessary, and where the bytes are sent anew.
func TestRelabelKeeps(t *testing.T) {
	server := s3server.Start(t)
	st := open(t, server, s3.Options{Prefix: "p"})
	sum := storetest.Meta("", []byte("0123456789")).SHA256
	for _, c := range []struct {
		name  string
		label func(context.Context, store.Object, store.Meta) (store.Object, error)
		meta  store.Meta
		stays bool
	}{
		{"in one.bin", st.Relabel, store.Meta{Type: "video/mp4", CacheControl: "no-cache", Disposition: "inline"}, true},
		{"in parts.bin", st.Relabel, store.Meta{Type: "video/mp4", CacheControl: "no-cache"}, false}, // versitygw keeps the old disposition otherwise
		{"anew.bin", st.Rewrite, store.Meta{Type: "video/mp4", CacheControl: "no-cache"}, true},
	} {
		_, err := server.Client().PutObject(t.Context(), &sdk.PutObjectInput{Bucket: &server.Bucket, Key: aws.String("p/" + c.name), Body: strings.NewReader("0123456789"),
			ContentType: aws.String("text/plain"), CacheControl: aws.String("max-age=5"), ContentDisposition: aws.String("attachment"), ContentEncoding: aws.String("br"),
			ContentLanguage: aws.String("ru, en"), Expires: aws.Time(time.Unix(2e9, 0)), Metadata: map[string]string{"sha256": sum, "owner": "the archive"},
			WebsiteRedirectLocation: aws.String("/elsewhere"), Tagging: aws.String("rights=cc%20by&year=1994")})
		if err != nil {
			t.Fatal(err)
		}
		head := func() *sdk.HeadObjectOutput {
			h, err := server.Client().HeadObject(t.Context(), &sdk.HeadObjectInput{Bucket: &server.Bucket, Key: aws.String("p/" + c.name)})
			if err != nil {
				t.Fatal(err)
			}
			return h
		}
		before := head()
		old, err := st.Stat(t.Context(), c.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.label(t.Context(), old, c.meta); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		after := head()
		delete(after.Metadata, "writer")
		for what, pair := range map[string][2]string{
			"type":        {aws.ToString(after.ContentType), c.meta.Type},
			"cache":       {aws.ToString(after.CacheControl), c.meta.CacheControl},
			"disposition": {aws.ToString(after.ContentDisposition), c.meta.Disposition},
			"encoding":    {aws.ToString(after.ContentEncoding), "br"},
			"language":    {aws.ToString(after.ContentLanguage), "ru, en"},
			"expires":     {aws.ToString(after.ExpiresString), aws.ToString(before.ExpiresString)},
			"metadata":    {fmt.Sprint(after.Metadata), fmt.Sprint(map[string]string{"sha256": sum, "owner": "the archive"})},
			"redirect":    {aws.ToString(after.WebsiteRedirectLocation), "/elsewhere"},
			"class":       {string(after.StorageClass), string(before.StorageClass)},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s: %s: %q, want %q", c.name, what, pair[0], pair[1])
			}
		}
		if same := aws.ToString(after.ETag) == aws.ToString(before.ETag); same != c.stays {
			t.Errorf("%s: ETag %s, then %s", c.name, *before.ETag, *after.ETag)
		}
		tags, err := server.Client().GetObjectTagging(t.Context(), &sdk.GetObjectTaggingInput{Bucket: &server.Bucket, Key: aws.String("p/" + c.name)})
		if err != nil || len(tags.TagSet) != 2 {
			t.Errorf("%s: tags: %+v, %v", c.name, tags, err)
		}
	}
}

// TestRelabelRights: lists of rights, which the server of the tests does not have. They go out with the copy or with the bytes, and what cannot be
// seen is not put at risk.
func TestRelabelRights(t *testing.T) {
	server := s3server.Start(t)
	list := func(grants ...types.Grant) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			io.WriteString(w, `<AccessControlPolicy><Owner><ID>me</ID></Owner><AccessControlList>`)
			for _, g := range grants {
				fmt.Fprintf(w, `<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="%s">`, g.Grantee.Type)
				if g.Grantee.ID != nil {
					fmt.Fprintf(w, "<ID>%s</ID>", *g.Grantee.ID)
				}
				if g.Grantee.URI != nil {
					fmt.Fprintf(w, "<URI>%s</URI>", *g.Grantee.URI)
				}
				fmt.Fprintf(w, "</Grantee><Permission>%s</Permission></Grant>", g.Permission)
			}
			io.WriteString(w, `</AccessControlList></AccessControlPolicy>`)
		}
	}
	owner := types.Grant{Grantee: &types.Grantee{ID: aws.String("me"), Type: types.TypeCanonicalUser}, Permission: types.PermissionFullControl}
	all := types.Grant{Grantee: &types.Grantee{URI: aws.String("http://acs.amazonaws.com/groups/global/AllUsers"), Type: types.TypeGroup}, Permission: types.PermissionRead}
	friend := types.Grant{Grantee: &types.Grantee{ID: aws.String("friend"), Type: types.TypeCanonicalUser}, Permission: types.PermissionRead}
	for _, c := range []struct {
		what   string
		answer func(http.ResponseWriter)
		canned string
		full   string
		read   string
		err    error
	}{
		{"the owner alone", list(owner), "", "", "", nil},
		{"everybody reads", list(owner, all), "public-read", "", "", nil},
		{"a friend reads", list(owner, friend), "", `id="me"`, `id="friend"`, nil},
		{"a friend and all", list(owner, friend, all), "", `id="me"`, `id="friend", uri="http://acs.amazonaws.com/groups/global/AllUsers"`, nil},
		{"none", func(w http.ResponseWriter) { refuse(w, 501, "NotImplemented") }, "", "", "", nil},
		{"hidden", func(w http.ResponseWriter) { refuse(w, 403, "AccessDenied") }, "", "", "", store.ErrRefused},
	} {
		t.Run(c.what, func(t *testing.T) {
			var canned, full, read string
			proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
				if r.URL.Query().Has("acl") {
					c.answer(w)
					return
				}
				if r.Header.Get("X-Amz-Copy-Source") != "" || r.Header.Get("If-Match") != "" && r.Method == http.MethodPut {
					canned = r.Header.Get("X-Amz-Acl")
					full, read = r.Header.Get("X-Amz-Grant-Full-Control"), r.Header.Get("X-Amz-Grant-Read")
				}
				pass.ServeHTTP(w, r)
			})
			st := open(t, proxied, s3.Options{Prefix: c.what})
			for how, label := range map[string]func(context.Context, store.Object, store.Meta) (store.Object, error){"Relabel": st.Relabel, "Rewrite": st.Rewrite} {
				old := storetest.Put(t, st, how+".txt", []byte("1"))
				canned, full, read = "", "", ""
				_, err := label(t.Context(), old, store.Meta{Type: "text/vtt", CacheControl: "no-cache"})
				if !errors.Is(err, c.err) || canned != c.canned || full != c.full || read != c.read {
					t.Errorf("%s: %v, canned %q, full %q, read %q", how, err, canned, full, read)
				}
				if c.err != nil && !strings.Contains(err.Error(), "s3:GetObjectAcl") {
					t.Error(err)
				}
			}
		})
	}
}

// TestPlacesOfCopies: the header that names a copy's source is a URL's path, whatever the name.
func TestPlacesOfCopies(t *testing.T) {
	server := s3server.Start(t)
	var named string
	proxied := between(t, server, func(w http.ResponseWriter, r *http.Request, pass http.Handler) {
		if h := r.Header.Get("X-Amz-Copy-Source"); h != "" {
			named = h
		}
		pass.ServeHTTP(w, r)
	})
	st := open(t, proxied, s3.Options{Prefix: "a b"})
	old := storetest.Put(t, st, "фильм+1%2F.txt", []byte("1"))
	if _, err := st.Copy(t.Context(), st, old, "b.txt", storetest.Meta("b.txt", []byte("1"))); err != nil {
		t.Fatal(err)
	}
	if back, err := url.PathUnescape(named); err != nil || back != server.Bucket+"/a b/фильм+1%2F.txt" || strings.ContainsAny(named, " +") {
		t.Errorf("%q is %q, %v", named, back, err)
	}
}
