package s3

import (
	"context"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// paced is a client whose bodies wait for their turn. It counts what really goes over the network: what is sent again after a failure too, and not
// what is only read to be hashed.
type paced struct {
	s3.HTTPClient
	pace func(ctx context.Context, n int) error
}

func (p paced) Do(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	if r.Body != nil && r.Body != http.NoBody {
		r.Body = &pacedBody{r.Body, ctx, p.pace}
	}
	response, err := p.HTTPClient.Do(r)
	if err == nil && response.Body != nil {
		response.Body = &pacedBody{response.Body, ctx, p.pace}
	}
	return response, err
}

type pacedBody struct {
	io.ReadCloser
	ctx  context.Context
	pace func(ctx context.Context, n int) error
}

// turn is how much is read at once, so that a slow line is a steady one.
const turn = 16 << 10

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), turn)])
	if n > 0 {
		if e := b.pace(b.ctx, n); e != nil {
			return 0, e
		}
	}
	return n, err
}
