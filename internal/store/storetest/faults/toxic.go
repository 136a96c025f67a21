package faults

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"filmpress/internal/store/storetest/s3server"
)

// Toxiproxy is a toxiproxy before a server.
type Toxiproxy struct {
	t   testing.TB
	api string
}

// Toxic is one of toxiproxy's toxics.
type Toxic struct {
	Name       string         `json:"name"`
	Type       string         `json:"type"`     // "latency", "bandwidth", "timeout", "reset_peer", "limit_data", "slow_close", "slicer"
	Stream     string         `json:"stream"`   // "upstream" is to the server, "downstream" to the client
	Toxicity   float64        `json:"toxicity"` // how probable it is that a connection has it
	Attributes map[string]int `json:"attributes"`
}

// StartToxiproxy puts a toxiproxy, a process of its own, before the server until the test ends.
func StartToxiproxy(t testing.TB, s s3server.Server) (s3server.Server, Toxiproxy) {
	program, err := s3server.Build("internal/store/storetest/faults/toxic")
	if err != nil {
		t.Fatalf("toxiproxy cannot be built: %v", err)
	}
	p := Toxiproxy{t: t}
	for try := 0; ; try++ {
		if err = p.run(program); err == nil {
			break
		}
		if try == 3 { // a port that was free can be taken a moment later
			t.Fatalf("toxiproxy does not start: %v", err)
		}
	}
	reply := p.call(http.MethodPost, "/proxies", map[string]any{"name": "s3", "listen": "127.0.0.1:0", "upstream": strings.TrimPrefix(s.Endpoint, "http://"), "enabled": true})
	var proxy struct{ Listen string }
	if err := json.Unmarshal(reply, &proxy); err != nil || proxy.Listen == "" {
		t.Fatalf("toxiproxy answers %q, %v", reply, err)
	}
	s.Endpoint = "http://" + proxy.Listen
	return s, p
}

func (p *Toxiproxy) run(program string) error {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, port, _ := net.SplitHostPort(free.Addr().String())
	free.Close()
	cmd := exec.Command(program, port)
	stdin, err := cmd.StdinPipe() // its end is the process's
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := func() {
		stdin.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}
	p.api = "http://127.0.0.1:" + port
	for range 1000 {
		reply, err := http.Get(p.api + "/version")
		if err == nil {
			reply.Body.Close()
			p.t.Cleanup(stop)
			return nil
		}
		time.Sleep(10 * time.Millisecond)
	}
	stop()
	return fmt.Errorf("nothing answers at %s", p.api)
}

// Add puts a toxic on the connections that begin from now on, and on those that are open.
func (p Toxiproxy) Add(toxic Toxic) { p.call(http.MethodPost, "/proxies/s3/toxics", toxic) }

// Clear takes all toxics away.
func (p Toxiproxy) Clear() { p.call(http.MethodPost, "/reset", nil) }

func (p Toxiproxy) call(method, path string, body any) []byte {
	p.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	request, err := http.NewRequest(method, p.api+path, bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	reply, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode >= 300 {
		p.t.Fatalf("%s %s: %s, %s, %v", method, path, response.Status, reply, err)
	}
	return reply
}
