package temporal

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// authority signs certificates for loopback, and lays them and their keys into files.
type authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	a := authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.sign("authority", nil)
	return a
}

// sign makes a certificate of that name; the first signs itself.
func (a authority) sign(name string, by *authority) (*x509.Certificate, *ecdsa.PrivateKey) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	cert := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: by == nil, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	parent, signer := cert, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{a.file(name): {Type: "CERTIFICATE", Bytes: der}, a.file(name + "-key"): {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
	if cert, err = x509.ParseCertificate(der); err != nil {
		a.t.Fatal(err)
	}
	return cert, key
}

func (a authority) file(name string) string { return filepath.Join(a.dir, name+".pem") }

// guarded is a server that lets in who has a certificate of the authority and the API key "open sesame", and notes who came. It is none of Temporal's,
// whose development server asks for neither; it does nothing but let in.
func guarded(t *testing.T, a authority) (address string, came func() []string) {
	a.sign("server", &a)
	own, err := tls.LoadX509KeyPair(a.file("server"), a.file("server-key"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	var mu sync.Mutex
	var names []string
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool})),
		grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
			headers, _ := metadata.FromIncomingContext(stream.Context())
			if key := strings.Join(headers.Get("authorization"), ""); key != "Bearer open sesame" {
				return status.Error(codes.Unauthenticated, "no: "+key)
			}
			who, _ := peer.FromContext(stream.Context())
			mu.Lock()
			defer mu.Unlock()
			names = append(names, who.AuthInfo.(credentials.TLSInfo).State.PeerCertificates[0].Subject.CommonName)
			return status.Error(codes.Unimplemented, "") // as old servers say to questions about themselves
		}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go server.Serve(listener)
	t.Cleanup(server.Stop)
	return listener.Addr().String(), func() []string {
		mu.Lock()
		defer mu.Unlock()
		return names
	}
}

// TestCredentials: certificates and API keys are taken from where Temporal's own tools take them. What is missing is said in a sentence, and no key is in it.
func TestCredentials(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	a.sign("us", &a)
	address, came := guarded(t, a)
	whole := map[string]string{"TEMPORAL_ADDRESS": address, "TEMPORAL_TLS": "true", "TEMPORAL_TLS_SERVER_CA_CERT_PATH": a.file("authority"), "TEMPORAL_TLS_CLIENT_CERT_PATH": a.file("us"),
		"TEMPORAL_TLS_CLIENT_KEY_PATH": a.file("us-key"), "TEMPORAL_API_KEY": "open sesame"}
	for _, c := range []struct {
		name, want string
		other      map[string]string // "" takes a variable away
	}{
		{"all is there", "", nil},
		{"another key", "refuses; look at TEMPORAL_API_KEY", map[string]string{"TEMPORAL_API_KEY": "close sesame"}},
		{"no key", "refuses; look at TEMPORAL_API_KEY", map[string]string{"TEMPORAL_API_KEY": ""}},
		{"no certificate", "look at the TEMPORAL_TLS_ variables", map[string]string{"TEMPORAL_TLS_CLIENT_CERT_PATH": "", "TEMPORAL_TLS_CLIENT_KEY_PATH": ""}},
		{"a server that nobody vouches for", "cannot be trusted", map[string]string{"TEMPORAL_TLS_SERVER_CA_CERT_PATH": stranger.file("authority")}},
		{"a certificate without its key", "cannot be used; look at the TEMPORAL_ variables", map[string]string{"TEMPORAL_TLS_CLIENT_KEY_PATH": a.file("nowhere")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("HOME", t.TempDir())
			t.Setenv("XDG_CONFIG_HOME", t.TempDir())
			for name, value := range whole {
				if other, ok := c.other[name]; ok {
					value = other
				}
				t.Setenv(name, value)
				if value == "" {
					os.Unsetenv(name)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			before := len(came())
			cluster, err := Dial(ctx, Options{Queue: "q"})
			if err == nil {
				cluster.Close()
			}
			switch names := came()[before:]; {
			case c.want == "" && (err != nil || len(names) == 0 || names[0] != "us"):
				t.Errorf("%v; the server saw %v", err, names)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "sesame") || len(names) > 0):
				t.Errorf("%v, want %q; the server let in %v", err, c.want, names)
			}
		})
	}
}

// TestEndedConnection: a server that takes connections and ends them, as one does that wants a certificate, is told from none.
func TestEndedConnection(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			connection.Close()
		}
	}()
	for _, want := range []bool{true, false} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		_, err = Dial(ctx, Options{Address: listener.Addr().String(), Queue: "q"})
		cancel()
		if !errors.Is(err, ErrAway) || strings.Contains(err.Error(), "look at the TEMPORAL_TLS_ variables") != want {
			t.Errorf("%v, want %v", err, want)
		}
		listener.Close() // and now there is none
	}
}
