package s3

import (
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// firstTries is how often a server is called that has never answered. A wrong address, a certificate that nobody trusts or a server that is
// not started stays so for the minute that a request is tried again otherwise, and somebody waits for the sentence.
const firstTries = 3

// first tells whether a server has answered at all, whatever it said.
type first struct {
	answered atomic.Bool
	silences atomic.Int32
}

// soon puts an early end to tries of requests that no answer came to, as long as none ever came.
func (f *first) soon(o *s3.Options) {
	o.APIOptions = append(o.APIOptions, func(stack *middleware.Stack) error {
		return stack.Deserialize.Add(middleware.DeserializeMiddlewareFunc("filmpress.First",
			func(ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler) (middleware.DeserializeOutput, middleware.Metadata, error) {
				out, meta, err := next.HandleDeserialize(ctx, in)
				if r, ok := out.RawResponse.(*smithyhttp.Response); ok && r.StatusCode > 0 { // one without a status stands for none
					f.answered.Store(true)
				}
				return out, meta, err
			}), middleware.After)
	})
	if r, ok := o.Retryer.(aws.RetryerV2); ok {
		o.Retryer = hasty{r, f}
	}
}

type hasty struct {
	aws.RetryerV2
	first *first
}

func (h hasty) IsErrorRetryable(err error) bool {
	if !h.RetryerV2.IsErrorRetryable(err) || hopeless(err) {
		return false
	}
	return h.first.answered.Load() || h.first.silences.Add(1) < firstTries
}

// hopeless tells of a way to the server that will be no other one the next time.
func hopeless(err error) bool {
	_, authority := errors.AsType[x509.UnknownAuthorityError](err)
	_, hostname := errors.AsType[x509.HostnameError](err)
	_, invalid := errors.AsType[x509.CertificateInvalidError](err)
	return authority || hostname || invalid || strings.Contains(err.Error(), plainHTTP)
}
