package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"filmpress/internal/clean"
	"filmpress/internal/store"
	"filmpress/internal/store/s3"
	"filmpress/internal/ui"
)

const (
	// bucketTime is how long a look at a bucket may take: some forty small requests.
	bucketTime = 2 * time.Minute
	// skewAllowed is how far two clocks may differ; S3 refuses a request that was signed 15 minutes off.
	skewAllowed = 5 * time.Minute
	// staleUpload is the age from which an unfinished upload is nobody's any more.
	staleUpload = 7 * 24 * time.Hour
)

// bucketDoctor looks at a bucket.
type bucketDoctor struct {
	command func(words ...string) string // what to type for a mend
	st      *s3.Store
	probe   *s3.Probe
	region  string // as set
	origin  string // "" is none in particular
	checks  []Check
}

// Bucket looks at a bucket by using it: with small objects of its own, which are deleted again. origin is a site whose pages shall play films from
// there, "" none in particular; command is what to type for a mend, as a shell takes it.
func Bucket(ctx context.Context, st *s3.Store, origin string, command func(words ...string) string) []Check {
	ctx, cancel := context.WithTimeout(ctx, bucketTime)
	defer cancel()
	d := bucketDoctor{command: command, st: st, probe: st.NewProbe(), region: st.Region(), origin: origin}
	defer d.probe.Close(ctx)
	d.add(Check{Name: "credentials", State: OK, What: "found: " + credentialWords(st.CredentialSource(ctx))})
	if !d.reach(ctx) || !d.rights(ctx) {
		return d.checks
	}
	for _, look := range []func(context.Context){d.beyond, d.conditions, d.digests, d.served, d.uploads} {
		if ctx.Err() == nil {
			look(ctx)
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		d.add(Check{"time", Bad, fmt.Sprintf("%s did not answer all questions within %v", ui.Clean(st.String()), bucketTime), "check the network, or try later", Place})
	}
	return d.checks
}

func (d *bucketDoctor) add(c Check) { d.checks = append(d.checks, c) }

// fails adds what could not be looked at, and tells whether there was an error.
func (d *bucketDoctor) fails(name string, err error) bool {
	if err != nil && !errors.Is(err, context.DeadlineExceeded) {
		d.add(Check{name, Bad, ui.Clean(err.Error()), "", Place})
	}
	return err != nil
}

// reach tells whether the bucket answers, where it is and what its clock says. False ends the look.
func (d *bucketDoctor) reach(ctx context.Context) bool {
	started := time.Now()
	region, err := d.probe.Region(ctx)
	took := time.Since(started).Round(time.Millisecond)
	if err != nil && !errors.Is(err, store.ErrRefused) && d.fails("reachable", err) {
		return false
	}
	skew, err := d.probe.Skew(ctx)
	unknown := err != nil && (errors.Is(err, store.ErrUnsupported) || s3.Denied(err))
	if err != nil && !unknown && d.fails("reachable", err) {
		return false
	}
	denied := s3.Denied(err)
	d.add(Check{Name: "reachable", State: OK, What: fmt.Sprintf("%s answers in %v", ui.Clean(d.st.String()), took)})
	switch {
	case region == "":
		d.add(Check{Name: "region", State: OK, What: d.region + " as set; the server names none"})
	case region != d.region:
		d.add(Check{"region", Warn, fmt.Sprintf("the bucket is in %s, and %s is set", ui.Clean(region), d.region), "set AWS_REGION or --region to " + ui.Clean(region), Nothing})
	default:
		d.add(Check{Name: "region", State: OK, What: region})
	}
	switch {
	case denied: // told by the rights
	case unknown:
		d.add(Check{"clock", Warn, "the server sends no Date, so the age of objects is not known to filmpress clean", "let the server, or the proxy before it, send Date", Nothing})
	case skew.Abs() > skewAllowed:
		d.add(Check{"clock", Warn, "this machine's clock is " + aheadOrBehind(-skew) + "; requests go out with the server's time, other tools will be refused", "set the clock (Debian, Ubuntu: timedatectl set-ntp true)", Nothing})
	default:
		d.add(Check{Name: "clock", State: OK, What: "differs by " + skew.Abs().String()})
	}
	return true
}

func aheadOrBehind(d time.Duration) string {
	if d < 0 {
		return (-d).String() + " behind the server's"
	}
	return d.String() + " ahead of the server's"
}

// rights uses each right once. False ends the look: nothing can be written then, or what was written could not be taken away.
func (d *bucketDoctor) rights(ctx context.Context) bool {
	rights, err := d.probe.Rights(ctx)
	if d.fails("rights", err) {
		return false
	}
	var have, lack []string
	for _, r := range rights {
		if r.Err == nil {
			have = append(have, r.Name)
		} else {
			lack = append(lack, r.Name)
		}
	}
	if len(lack) == 0 {
		d.add(Check{Name: "rights", State: OK, What: "the keys have " + strings.Join(have, ", ")})
		return true
	}
	c := Check{"rights", Bad, "the keys do not have " + strings.Join(lack, ", "), "give them to the keys for " + ui.Clean(d.st.String()) + "; docs/storage.md tells which command needs which", Place}
	// Only clean asks for the one; without the other, a large upload that was stopped is begun anew.
	if !slices.ContainsFunc(lack, func(r string) bool { return r != "s3:ListBucketMultipartUploads" && r != "s3:ListMultipartUploadParts" }) {
		c.State, c.Fault = Warn, Nothing
	}
	d.add(c)
	return !slices.Contains(lack, "s3:PutObject") && !slices.Contains(lack, "s3:DeleteObject")
}

// beyond tells of rights that no command needs.
func (d *bucketDoctor) beyond(ctx context.Context) {
	if found := d.probe.Beyond(ctx); len(found) > 0 {
		d.add(Check{"spare rights", Warn, "the keys can also " + strings.Join(found, ", "), "use keys that are limited to " + ui.Clean(d.st.String()) + "; docs/storage.md has a policy for them", Nothing})
		return
	}
	d.add(Check{Name: "spare rights", State: OK, What: "none that can be seen without harm"})
}

func (d *bucketDoctor) conditions(ctx context.Context) {
	good, err := d.probe.Conditions(ctx)
	switch {
	case d.fails("conditional writes", err):
	case good:
		d.add(Check{Name: "conditional writes", State: OK, What: "kept: of several publishers of one film, one wins"})
	default:
		d.add(Check{"conditional writes", Warn, "not kept: two publishers of one film in the same moment can undo each other's work", "publish each film from one machine at a time", Nothing})
	}
}

func (d *bucketDoctor) digests(ctx context.Context) {
	got, err := d.probe.Digests(ctx)
	if d.fails("checksums", err) {
		return
	}
	switch {
	case !got.Kept:
		d.add(Check{"checksums", Bad, "the server does not keep x-amz-meta-sha256 beside an object, so that a release cannot be proved", "use a server or a proxy that keeps metadata", Place})
	case !got.SHA256 && !got.MD5:
		d.add(Check{"checksums", Warn, "the server stores bytes that differ from their digest", "verify each release with filmpress verify --deep", Nothing})
	default:
		d.add(Check{Name: "checksums", State: OK, What: "compared: " + strings.Join(words(map[string]bool{"SHA-256": got.SHA256, "MD5": got.MD5}), " and ") + "; sha256 kept beside objects"})
	}
}

// words are the keys that are set, sorted.
func words(set map[string]bool) []string {
	var out []string
	for w, on := range set {
		if on {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return out
}

// served gets one object of each kind as a viewer's browser does.
func (d *bucketDoctor) served(ctx context.Context) {
	all, err := d.probe.Serve(ctx, cmp.Or(d.origin, "https://other.example"))
	if d.fails("public reading", err) {
		return
	}
	if open := d.public(all); !open {
		d.add(Check{"types", Warn, "not looked at, as strangers cannot read", "open the bucket first, then look again", Nothing})
		d.add(Check{"cors", Warn, "not looked at, as strangers cannot read", "open the bucket first, then look again", Nothing})
		return
	}
	d.types(all)
	d.cors(all)
}

// public tells whether strangers can read.
func (d *bucketDoctor) public(all []s3.Served) bool {
	for _, s := range all {
		where := ui.Clean(s.URL)
		c := Check{Name: "public reading", State: Warn}
		switch {
		case s.Err != nil:
			c.What, c.Mend = "viewers' browsers do not get "+s.Name+": "+ui.Clean(s.Err.Error()), "check s3.public-url"
		case s.Status == 401 || s.Status == 403:
			c.What = fmt.Sprintf("strangers are refused (%d) at %s", s.Status, where)
			c.Mend = d.command("policy", d.st.String()) + " shows what allows them; or name the public address in s3.public-url"
		case s.Status == 404:
			c.What, c.Mend = fmt.Sprintf("strangers find nothing (404) at %s", where), "let s3.public-url name the place where "+ui.Clean(d.st.String())+" is served"
		case s.Status >= 300:
			c.What, c.Mend = fmt.Sprintf("strangers are answered %d at %s", s.Status, where), "check s3.public-url, and what serves it"
		case !s.Range:
			c.What, c.Mend = "parts of a file are not served (Range), so that a download cannot go on, and a viewer cannot jump in a film", "let the server, or the CDN before it, serve byte ranges"
		default:
			continue
		}
		d.add(c)
		return s.Err == nil && s.Status < 300
	}
	d.add(Check{Name: "public reading", State: OK, What: "everybody can read, in parts too, as at " + ui.Clean(all[0].URL[:strings.LastIndex(all[0].URL, "/")+1])})
	return true
}

func (d *bucketDoctor) types(all []s3.Served) {
	var wrong []string
	for _, s := range all {
		if s.Got != s.Want {
			wrong = append(wrong, fmt.Sprintf("%s as %q in place of %q", s.Name, ui.Clean(s.Got), s.Want))
		}
	}
	if len(wrong) > 0 {
		d.add(Check{"types", Warn, "served otherwise than stored (Content-Type, Cache-Control): " + strings.Join(wrong, "; "), "let the server, or the CDN before it, pass on the headers of objects", Nothing})
		return
	}
	d.add(Check{Name: "types", State: OK, What: fmt.Sprintf("served as stored: Content-Type and Cache-Control of %d kinds of file", len(all))})
}

// cors tells whether pages of the origin can play. Without an origin, pages of no other site need to.
func (d *bucketDoctor) cors(all []s3.Served) {
	fine := !slices.ContainsFunc(all, func(s s3.Served) bool { return !s.Allowed || !s.Preflight })
	mend := d.command("cors", d.st.String(), "--allow", cmp.Or(d.origin, "ORIGIN"))
	switch {
	case fine && d.origin == "":
		d.add(Check{Name: "cors", State: OK, What: "pages of every other site can play"})
	case fine:
		d.add(Check{Name: "cors", State: OK, What: "pages of " + d.origin + " can play"})
	case d.origin == "":
		d.add(Check{Name: "cors", State: OK, What: "films play from their own pages; pages of other sites cannot play them unless " + mend + " lets them"})
	default:
		d.add(Check{"cors", Warn, "pages of " + d.origin + " cannot play", mend + " shows what lets them", Nothing})
	}
}

// uploads tells of parts that nobody will ever finish.
func (d *bucketDoctor) uploads(ctx context.Context) {
	now, err := d.st.Now(ctx)
	if err != nil {
		return // told by the clock
	}
	var ours, theirs staleUploads
	for u, err := range d.st.Uploads(ctx, "") {
		if errors.Is(err, store.ErrUnsupported) || errors.Is(err, store.ErrRefused) {
			return // told by the rights
		}
		if d.fails("unfinished uploads", err) {
			return
		}
		switch {
		case !u.Begun.Add(staleUpload).Before(now):
		case clean.EndsUpload(u.Name):
			ours.add(u)
		default:
			theirs.add(u)
		}
	}
	if ours.n+theirs.n == 0 {
		d.add(Check{Name: "unfinished uploads", State: OK, What: "none of more than a week"})
		return
	}
	if ours.n > 0 {
		d.add(Check{"unfinished uploads", Warn, ours.words("of films"), d.command("clean", d.st.String(), "--yes") + " gives them up", Nothing})
	}
	if theirs.n > 0 {
		d.add(Check{"others' uploads", Warn, theirs.words("of other objects"), "filmpress clean leaves them alone. A filmpress sync that was stopped goes on with its own when it is run again; " +
			"for the rest set a lifecycle rule of the bucket that ends unfinished uploads (AbortIncompleteMultipartUpload)", Nothing})
	}
}

// staleUploads are uploads that nobody will ever finish.
type staleUploads struct {
	n      int
	oldest time.Time
}

func (s *staleUploads) add(u store.Upload) {
	if s.n++; s.oldest.IsZero() || u.Begun.Before(s.oldest) {
		s.oldest = u.Begun
	}
}

func (s staleUploads) words(of string) string {
	what := "uploads"
	if s.n == 1 {
		what = "upload"
	}
	return fmt.Sprintf("%d %s %s of more than a week, the oldest of %s; their parts take up space that no listing shows", s.n, what, of, s.oldest.UTC().Format(time.DateOnly))
}
