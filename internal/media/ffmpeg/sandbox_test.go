package ffmpeg

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"filmpress/internal/report"
	"filmpress/internal/sandbox"
)

// TestSandboxedTools: in the sandbox films are probed, encoded and remuxed as outside, to the same bytes.
func TestSandboxedTools(t *testing.T) {
	t.Parallel()
	inside := tools(t)
	if !inside.Sandboxed {
		t.Skip("skipped: " + inside.WhyNot)
	}
	outside := inside
	outside.Sandboxed = false
	path := film(t, "фильм, 100%.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=2", "-f", "lavfi", "-i", "sine=d=2", "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac")
	link := filepath.Join(t.TempDir(), "link.mp4")
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	outputs := map[bool][]byte{}
	for _, boxed := range []bool{false, true} {
		use := outside
		if boxed {
			use = inside
		}
		s, f, err := use.Inspect(t.Context(), link, report.Discard)
		if err != nil || len(s.Video) != 1 {
			t.Fatalf("boxed %v: %+v %v %v", boxed, s, f, err)
		}
		var encoded []byte
		read := func(r io.Reader) (err error) { encoded, err = io.ReadAll(r); return err }
		l := Ladder{Film: link, Stream: s.Video[0].Index, Source: s.Video[0], Rate: ten, Frames: 5, GOP: 20, Preset: "ultrafast", Rungs: small(160, 90)}
		if err := use.EncodeLadder(t.Context(), l, []func(io.Reader) error{read}, nil, ""); err != nil || countFrames(encoded) != 5 {
			t.Fatalf("boxed %v: %d frames, %v", boxed, countFrames(encoded), err)
		}
		out := filepath.Join(t.TempDir(), "out.mp4")
		if err := use.Remux(t.Context(), path, "", out, ""); err != nil {
			t.Fatalf("boxed %v: %v", boxed, err)
		}
		data, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if len(data) == 0 {
			t.Errorf("boxed %v: nothing was remuxed", boxed)
		}
		outputs[boxed] = slices.Concat(encoded, data)
	}
	if !bytes.Equal(outputs[true], outputs[false]) {
		t.Error("the sandbox changes what comes out")
	}
}

// TestSandboxHoldsAPlaylist: a playlist that names another film opens nothing, even where no list of formats stops it.
func TestSandboxHoldsAPlaylist(t *testing.T) {
	t.Parallel()
	inside := tools(t)
	if !inside.Sandboxed {
		t.Skip("skipped: " + inside.WhyNot)
	}
	outside := inside
	outside.Sandboxed = false
	other := film(t, "other.ts", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=1", "-c:v", "mpeg2video")
	disguised := save(t, "film.mp4", []byte("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:"+other+"\n#EXT-X-ENDLIST\n"))
	args := []string{"-f", "hls", "-allowed_extensions", "ALL", "-protocol_whitelist", "file", "-i", fileURL(disguised), "-f", "null", "-"}
	if err := outside.Run(context.Background(), Job{Args: args}); err != nil {
		t.Fatalf("outside it should be opened, else this proves nothing: %v", err)
	}
	if err := inside.Run(context.Background(), Job{Args: args}); err == nil {
		t.Error("inside it was opened, too")
	}
}

// TestSandboxHoldsTheNetwork: ffmpeg sends nothing, not even to this machine.
func TestSandboxHoldsTheNetwork(t *testing.T) {
	t.Parallel()
	inside := tools(t)
	if network, _ := sandbox.On(); !inside.Sandboxed || !network {
		t.Skip("skipped: this kernel guards no connections")
	}
	outside := inside
	outside.Sandboxed = false
	server, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	args := []string{"-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=0.1", "-c:v", "mpeg2video", "-f", "mpegts", "udp://" + server.LocalAddr().String()}
	if err := outside.Run(t.Context(), Job{Args: args}); err != nil {
		t.Fatalf("outside it should be sent, else this proves nothing: %v", err)
	}
	var exit *ExitError
	if err := inside.Run(t.Context(), Job{Args: args}); !errors.As(err, &exit) || exit.Why != "permission denied" {
		t.Errorf("inside: %v", err)
	}
}

// TestSandboxedEnvironment: credentials are not handed to a decoder.
func TestSandboxedEnvironment(t *testing.T) {
	for _, name := range []string{"AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID", "GITHUB_TOKEN", "Db_Password", "SOME_KEY"} {
		t.Setenv(name, "geheim")
	}
	t.Setenv("http_proxy", "http://me:geheim@proxy.example")
	t.Setenv("FILMPRESS_TO", "s3://geheim/films")
	t.Setenv("HARMLESS", "plain")
	all := strings.Join(environ(), "\n")
	if strings.Contains(all, "geheim") || !strings.Contains(all, "HARMLESS=plain") {
		t.Errorf("%s", all)
	}
}
