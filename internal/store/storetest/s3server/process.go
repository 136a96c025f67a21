package s3server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"
)

// The keys of the owner and of the other account, in every server.
const accessKey, secretKey = "tester", "secret-of-the-tests"

var guest = Account{"guest", "secret-of-the-guest"}

// process is a running server. Its end is that of its standard input, and so that of the test binary, however that ends.
type process struct {
	endpoint string // http://127.0.0.1:port
	folder   string // of its buckets; it removes it when it ends
	cmd      *exec.Cmd
	stdin    io.Closer
	ended    chan struct{}
	output   bytes.Buffer // its complaints, to be read when it ended
}

var (
	temporary = os.TempDir() // as it was before a test set another one, which is gone when that test ends

	// common is the server of all tests of the binary, twin the one to which some copy from it.
	common, twin = sync.OnceValues(launchCommon), sync.OnceValues(launchCommon)
)

func launchCommon() (*process, error) {
	folder, err := os.MkdirTemp(temporary, "s3server-")
	if err != nil {
		return nil, err
	}
	return launch(folder)
}

// launch starts a server over a folder, and waits until it answers.
func launch(folder string) (*process, error) {
	program, err := Build("internal/store/storetest/s3server/gateway")
	if err != nil {
		return nil, fmt.Errorf("it cannot be built: %w", err)
	}
	for try := 0; ; try++ {
		p, err := run(program, folder)
		if err == nil || try == 3 { // a port that was free can be taken a moment later
			return p, err
		}
	}
}

func run(program, folder string) (*process, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	p := &process{endpoint: "http://" + address, folder: folder, cmd: exec.Command(program, address, folder, "temporary"), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "ROOT_ACCESS_KEY="+accessKey, "ROOT_SECRET_KEY="+secretKey, "GUEST_ACCESS_KEY="+guest.AccessKey, "GUEST_SECRET_KEY="+guest.SecretKey)
	p.cmd.Stderr = &p.output
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.cmd.Wait()
		close(p.ended)
	}()
	if err := p.await(); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

// end ends the server, and waits for it.
func (p *process) end() {
	p.stdin.Close()
	select {
	case <-p.ended:
	case <-time.After(3 * time.Second):
		p.cmd.Process.Kill()
		<-p.ended
	}
}

func (p *process) await() error {
	for range 1500 {
		response, err := http.Get(p.endpoint + "/healthz")
		if err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-p.ended:
			return p.complaint()
		case <-time.After(10 * time.Millisecond):
		}
	}
	return fmt.Errorf("it does not answer at %s", p.endpoint)
}

// complaint is the error of a server that ended by itself, or nil.
func (p *process) complaint() error {
	select {
	case <-p.ended:
		return errors.New("it ended: " + p.output.String())
	default:
		return nil
	}
}

func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
