package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"filmpress/internal/engine/temporal/temporaltest"
	"filmpress/internal/store/storetest/faults"
	"filmpress/internal/store/storetest/s3server"
)

// outdated is a server on loopback whose certificate has expired, and the file that says to trust it.
func outdated(t *testing.T) (address, authority string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	der, err := x509.CreateCertificate(rand.Reader, &cert, &cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	authority = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(authority, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewUnstartedServer(nil)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.EnableHTTP2 = true
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // greetings fail, which is what the test is about
	server.StartTLS()
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), authority
}

// TestMachinesTrouble: what stands between machines is told in a sentence; a machine that cannot work leaves its steps to the others.
func TestMachinesTrouble(t *testing.T) {
	t.Parallel()
	server, bucket := temporaltest.Start(t), s3server.Start(t)
	start := smallFilm(t)
	refused := func(name, want string, env ...string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachines(t, server, bucket, "refused", 0)
			m.env = append(m.env, env...)
			k := start()
			story, err := m.publish(k)
			if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 1 || !strings.Contains(story, want) || strings.Contains(story, "rpc error") || strings.Contains(story, "sending the film") {
				t.Errorf("%v\n%s", err, story)
			}
			if _, err := os.Stat(filepath.Join(k.dir, "library", "film")); err == nil {
				t.Error("something was published")
			}
		})
	}
	refused("no such namespace", `has no namespace \"nowhere\"; make it, or name another with TEMPORAL_NAMESPACE`, "TEMPORAL_NAMESPACE=nowhere")
	address, authority := outdated(t)
	refused("an expired certificate", "a certificate on the way to the Temporal server at "+address+" has expired; renew it",
		"TEMPORAL_ADDRESS="+address, "TEMPORAL_TLS=true", "TEMPORAL_TLS_SERVER_CA_CERT_PATH="+authority)

	away := nobody(t)
	refused("no server", "the Temporal server at "+away+" cannot be reached; start it, or name another with TEMPORAL_ADDRESS", "TEMPORAL_ADDRESS="+away)

	want, _ := undisturbed(t)
	t.Run("ill workers", func(t *testing.T) {
		t.Parallel()
		leftToOthers(t, server, bucket, start, want)
	})
	t.Run("cut off", func(t *testing.T) {
		t.Parallel()
		cutOff(t, server, bucket, start, want)
	})
}

// leftToOthers has three workers publish a film: the disk of the first is full, the second does not reach the bucket any more when it is
// ready, and the third is well. So the third makes all.
func leftToOthers(t *testing.T, server *temporaltest.Server, bucket s3server.Server, start func() killed, want map[string]string) {
	m := newMachines(t, server, bucket, "ill", 0)
	m.workers = make([]*exec.Cmd, 3)
	disk, full := filepath.Join(m.dir, "worker-0"), mayMount()
	if !full {
		t.Log("no right to mount a small disk; a full one is left out")
	} else if err := errors.Join(os.Mkdir(disk, 0o755), mountMemory(disk, "32k")); err != nil {
		t.Fatal(err)
	} else {
		t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
		m.work(0)
	}
	var cut atomic.Bool
	line := faults.Between(t, bucket, func(*http.Request) faults.Fault {
		if cut.Load() {
			return faults.Reset
		}
		return nil
	})
	m.work(1, line.Env()...)
	unreached := m.stories[len(m.stories)-1]
	unreached.until(t, "ready: ")
	cut.Store(true)
	m.work(2)
	k := start()
	if story, err := m.publish(k); err != nil {
		t.Fatalf("%v\n%s\n%s", err, story, unreached)
	}
	if got := k.files(); !maps.Equal(got, want) {
		t.Errorf("the library differs: %s", differing(got, want))
	}
	for _, ill := range m.stories[:len(m.stories)-1] {
		if by := ill.finished(); len(by) > 0 {
			t.Errorf("an ill worker finished %v and told\n%s", by, ill)
		}
	}
	// The second tells of the bucket when its patience is over, which may be after the film is out.
	if full && !strings.Contains(m.stories[0].String(), "this worker takes no steps for now: ") {
		t.Errorf("the worker with the full disk told\n%s", m.stories[0])
	}
}

// cutOff breaks the lines of one of two workers to the server and to the bucket while it works, for longer than the server waits for it
// (a minute with FILMPRESS_TEST_KILLS). Its steps go to the other one; back again it takes part, and nothing that was finished is made twice.
func cutOff(t *testing.T, server *temporaltest.Server, bucket s3server.Server, start func() killed, want map[string]string) {
	pause := 15 * time.Second
	if os.Getenv("FILMPRESS_TEST_KILLS") != "" {
		pause = time.Minute
	}
	toServer, toBucket := faults.NewLine(t, server.Address), faults.NewLine(t, strings.TrimPrefix(bucket.Endpoint, "http://"))
	m := newMachines(t, server, bucket, "cut-off", 0)
	m.workers = make([]*exec.Cmd, 2)
	m.work(0, "TEMPORAL_ADDRESS="+toServer.Address, "AWS_ENDPOINT_URL=http://"+toBucket.Address)
	k := start()
	done := meanwhile(func() (string, error) { return m.publish(k) })
	m.stories[0].until(t, `"event":"step-started","step":"chunk`)
	toServer.Break()
	toBucket.Break()
	m.work(1)
	time.Sleep(pause)
	toServer.Mend()
	toBucket.Mend()
	if end := <-done; end.err != nil {
		t.Fatalf("%v\n%s\n%s", end.err, end.story, m.stories[0])
	}
	if got := k.files(); !maps.Equal(got, want) {
		t.Errorf("the library differs: %s", differing(got, want))
	}
	if len(m.stories[1].finished()) == 0 {
		t.Errorf("the other worker did nothing:\n%s", m.stories[1])
	}
	for i := range m.workers {
		m.workers[i].Process.Signal(syscall.SIGTERM)
		m.workers[i].Wait()
	}
	if twice := m.twice(); len(twice) > 0 {
		t.Errorf("made twice: %v", twice)
	}
	if found := (killed{t: t, dir: m.dir}).stillRunning(); len(found) > 0 {
		t.Errorf("still running: %q", found)
	}
}
