package telemetry

import (
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// A collector has so long to take a batch, and to take the last one when the work is done.
const (
	batchTime = 5 * time.Second
	lastTime  = time.Second
)

// send gives a tracer whose spans go to a collector, in the background: those that do not fit into the queue, or are not taken at the first
// attempt, are dropped.
func send(o Options) (trace.Tracer, func(), error) {
	lost := &lost{note: o.Note}
	otel.SetLogger(logr.Discard())
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) { lost.tell() }))
	exporter, err := otlptracehttp.New(context.Background(), otlptracehttp.WithEndpointURL(endpoint(o.Traces)), otlptracehttp.WithTimeout(batchTime),
		otlptracehttp.WithRetry(otlptracehttp.RetryConfig{Enabled: false}))
	if err != nil {
		return nil, nil, err
	}
	about := resource.NewSchemaless(attribute.String("service.name", "filmpress"), attribute.String("service.version", o.Version))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(quiet{exporter, lost}, sdk.WithExportTimeout(batchTime)), sdk.WithResource(about))
	end := func() {
		ctx, cancel := context.WithTimeout(context.Background(), lastTime)
		defer cancel()
		provider.Shutdown(ctx)
		if ctx.Err() != nil {
			lost.tell()
		}
	}
	return provider.Tracer("filmpress"), end, nil
}

// endpoint is where a collector takes traces: the path that OTLP names, where the user names none.
// Source: OpenTelemetry Protocol 1.x, "OTLP/HTTP Request".
func endpoint(given string) string {
	u, err := url.Parse(given)
	if err == nil && (u.Path == "" || u.Path == "/") {
		u.Path = "/v1/traces"
		return u.String()
	}
	return given
}

// lost tells once that spans are lost.
type lost struct {
	once sync.Once
	note func(string)
}

func (l *lost) tell() {
	l.once.Do(func() { l.note("the collector of --traces does not take what is sent; the work goes on without it") })
}

// quiet is an exporter that fails without a word but ours: the library's may repeat an address.
type quiet struct {
	sdk.SpanExporter
	lost *lost
}

func (q quiet) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	if q.SpanExporter.ExportSpans(ctx, spans) != nil {
		q.lost.tell()
	}
	return nil
}

// traceparent is what names a context's span to other machines, "" where there is none.
func traceparent(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier["traceparent"]
}

// parent is a context below the span that a traceparent names, or below none.
func parent(traceparent string) context.Context {
	return propagation.TraceContext{}.Extract(context.Background(), propagation.MapCarrier{"traceparent": traceparent})
}
