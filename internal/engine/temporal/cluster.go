package temporal

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
)

// Cluster is a Temporal server, and our queues on it.
type Cluster struct {
	client    client.Client
	address   string
	namespace string
	queue     string // the name that all queues begin with
}

// Options say where the server is. What is empty comes from where Temporal's own tools look: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE,
// TEMPORAL_API_KEY, the TEMPORAL_TLS_ variables, and the profiles of temporal.toml.
type Options struct {
	Address   string // host:port
	Namespace string
	Queue     string // the name that all queues begin with
	Identity  string // how the server calls this process; "" is process@machine
}

// ErrServer is a Temporal server that cannot be reached, or refuses; ErrAway is one that cannot be reached.
var (
	ErrServer = errors.New("the Temporal server")
	ErrAway   = fmt.Errorf("%w", ErrServer)
)

// Dial reaches the server, or says in one sentence why not. Nothing of the credentials is in an error.
func Dial(ctx context.Context, o Options) (*Cluster, error) {
	given, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{})
	if err != nil { // the library's words may repeat what a file holds
		return nil, fmt.Errorf("the settings of %w cannot be used; look at the TEMPORAL_ variables and at temporal.toml%s", ErrServer, which(err))
	}
	if o.Address != "" {
		given.HostPort = o.Address
	}
	if given.HostPort == "" {
		given.HostPort = "127.0.0.1:7233"
	}
	if o.Namespace != "" {
		given.Namespace = o.Namespace
	}
	if given.Namespace == "" {
		given.Namespace = "default"
	}
	given.Identity = o.Identity
	given.Logger = silent{}
	c := &Cluster{address: given.HostPort, namespace: given.Namespace, queue: o.Queue}
	if c.client, err = client.DialContext(ctx, given); err != nil {
		return nil, c.explain(err)
	}
	// A namespace that is not there is told now, and not after the film was sent. A key may forbid to ask.
	var missing *serviceerror.NamespaceNotFound
	if _, err := c.client.WorkflowService().DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: c.namespace}); errors.As(err, &missing) {
		c.Close()
		return nil, c.explain(err)
	}
	return c, nil
}

// which tells which of the settings is wrong, where that can be told without repeating it.
func which(err error) string {
	for _, known := range []struct{ word, what string }{
		{"server CA", " (the server's CA certificate)"}, {"client", " (the client's certificate or its key)"}, {"profile", " (there is no such profile)"}, {"toml", " (temporal.toml cannot be read)"},
	} {
		if strings.Contains(err.Error(), known.word) {
			return known.what
		}
	}
	return ""
}

// Close ends the connection.
func (c *Cluster) Close() { c.client.Close() }

// explain puts what the server or the line said into one sentence, with its mend.
func (c *Cluster) explain(err error) error {
	var (
		namespace  *serviceerror.NamespaceNotFound
		permission *serviceerror.PermissionDenied
		missing    *serviceerror.NotFound
		lost       *serviceerror.Unavailable
		expired    x509.CertificateInvalidError
		unknown    x509.UnknownAuthorityError
		verify     *tls.CertificateVerificationError
	)
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrServer) {
		return err
	}
	text := err.Error()
	switch {
	case errors.As(err, &namespace):
		return fmt.Errorf("%w at %s has no namespace %q; make it, or name another with TEMPORAL_NAMESPACE", ErrServer, c.address, c.namespace)
	case errors.As(err, &permission), strings.Contains(text, "Unauthenticated"), strings.Contains(text, "unauthorized"):
		return fmt.Errorf("%w at %s refuses; look at TEMPORAL_API_KEY and at the TEMPORAL_TLS_ variables", ErrServer, c.address)
	case errors.As(err, &expired), strings.Contains(text, "expired"):
		return fmt.Errorf("a certificate on the way to %w at %s has expired; renew it: the server's, or the one of TEMPORAL_TLS_CLIENT_CERT_PATH", ErrServer, c.address)
	case errors.As(err, &unknown), errors.As(err, &verify), strings.Contains(text, "x509:"), strings.Contains(text, "tls:"):
		return fmt.Errorf("%w at %s cannot be trusted or does not trust us (%s); look at the TEMPORAL_TLS_ variables", ErrServer, c.address, reason(text))
	case errors.As(err, &missing):
		return fmt.Errorf("%w at %s knows nothing of it", ErrServer, c.address)
	case errors.As(err, &lost), errors.Is(err, context.DeadlineExceeded), strings.Contains(text, "failed reaching server"):
		away := fmt.Errorf("%w at %s cannot be reached; start it, or name another with TEMPORAL_ADDRESS", ErrAway, c.address)
		if ended(text) {
			return fmt.Errorf("%w; it took the connection and ended it, as one does that wants a certificate: look at the TEMPORAL_TLS_ variables", away)
		}
		return away
	}
	return fmt.Errorf("%w at %s answers what is not known here (%w); its log may tell more", ErrServer, c.address, err)
}

// ended tells whether what took the connection ended it without a word. A server that wants a certificate says so, but its word is lost where the
// client was speaking already, as it may before its certificate is looked at (RFC 8446, section 2, figure 1).
func ended(text string) bool {
	for _, sign := range []string{"broken pipe", "connection reset", "EOF"} {
		if strings.Contains(text, sign) {
			return true
		}
	}
	return false
}

// reason is the part of a message about certificates that says what is wrong.
func reason(text string) string {
	for _, mark := range []string{"x509: ", "tls: "} {
		if _, rest, ok := strings.Cut(text, mark); ok {
			rest, _, _ = strings.Cut(rest, "\"")
			return rest
		}
	}
	return "TLS"
}

// silent is the SDK's logger: what a user needs to know, this package tells as events and errors.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}
