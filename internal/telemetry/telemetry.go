// Package telemetry gives numbers and times of steps to those who ask for them: metrics to a Prometheus that comes for them, spans to an
// OpenTelemetry collector. It is fed by events and changes nothing that is done; what it cannot deliver, it drops.
//
// People on camera can be hurt, and a collector may stand anywhere. So a label or an attribute is a word from a list of ours, a number or a
// digest of neither film nor file: no title, slug, path, address, or text of an error.
package telemetry

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"filmpress/internal/report"
)

// Options say what is asked for.
type Options struct {
	Metrics string            // host:port to listen on; "" is none
	Traces  string            // URL of a collector that takes OTLP over HTTP; "" is none
	Version string            // of this program
	Note    func(text string) // takes the few lines that a user is told
}

// Telemetry counts and times what one process does. A nil one does nothing: that is how it is turned off.
type Telemetry struct {
	metrics *metrics
	tracer  trace.Tracer
	end     []func() // what Close does

	mu   sync.Mutex
	work map[string]*work // steps that began or were tried again, and did not end
}

// work is a step at work.
type work struct {
	span  trace.Span // nil before it began
	began time.Time
	tries int // before this one
}

// Start gives what is asked for, nil where that is nothing. Its error is an address on which nobody can listen.
func Start(o Options) (*Telemetry, error) {
	if o.Metrics == "" && o.Traces == "" {
		return nil, nil
	}
	t := &Telemetry{metrics: newMetrics(), tracer: noop.Tracer{}, work: map[string]*work{}}
	if o.Metrics != "" {
		address, end, err := t.metrics.serve(o.Metrics)
		if err != nil {
			return nil, fmt.Errorf("--metrics: nothing can listen on %s (%w); name another address, such as 127.0.0.1:9465", o.Metrics, reason(err))
		}
		o.Note("metrics are at http://" + address + "/metrics")
		t.end = append(t.end, end)
	}
	if o.Traces != "" {
		tracer, end, err := send(o)
		if err != nil {
			t.Close()
			return nil, fmt.Errorf("--traces: the OTEL_ variables do not fit together; unset them, or mend what they name")
		}
		t.tracer, t.end = tracer, append(t.end, end)
	}
	return t, nil
}

// Close sends what is left, for a second at most, and stops listening.
func (t *Telemetry) Close() {
	if t == nil {
		return
	}
	for _, end := range t.end {
		end()
	}
}

// Sink takes the events of steps and uploads; it is a report.Sink.
func (t *Telemetry) Sink(e report.Event) { t.take(e, "") }

// take takes an event of a publish; within one, a digest is one step's.
func (t *Telemetry) take(e report.Event, publish string) {
	switch {
	case t == nil:
	case e.Kind == report.Uploaded:
		t.metrics.uploaded.Add(float64(e.Total))
	case e.Sort != "":
		t.step(e, publish)
	}
}

func (t *Telemetry) step(e report.Event, publish string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	kind, key := known(e.Sort), publish+" "+e.Trace+" "+e.Digest
	w := t.work[key]
	if w == nil {
		w = &work{}
	}
	switch e.Kind {
	case report.StepRetried:
		t.work[key] = w
		w.tries++
		t.metrics.retries.WithLabelValues(kind).Inc()
		if w.span != nil {
			w.span.AddEvent("retry")
		}
	case report.StepStarted:
		t.work[key] = w
		t.metrics.running.WithLabelValues(kind).Inc()
		t.begin(w, kind, e)
		if w.tries == 0 {
			waited := (time.Duration(e.Waited) * time.Millisecond).Seconds()
			t.metrics.queue.WithLabelValues(kind).Observe(waited)
			w.span.SetAttributes(attribute.Float64("filmpress.step.queue_seconds", waited))
		}
	case report.StepDone, report.StepFailed:
		delete(t.work, key)
		began := w.span != nil
		if began {
			t.metrics.running.WithLabelValues(kind).Dec()
		} else {
			t.begin(w, kind, e)
		}
		t.finish(w, kind, e, began)
	}
}

func (t *Telemetry) begin(w *work, kind string, e report.Event) {
	w.began = time.Now()
	_, w.span = t.tracer.Start(parent(e.Trace), "step "+kind, trace.WithAttributes(attribute.String("filmpress.step.kind", kind)))
	if w.tries > 0 {
		w.span.AddEvent("retry")
	}
}

// finish counts a step that ended; began tells whether anything was made.
func (t *Telemetry) finish(w *work, kind string, e report.Event, began bool) {
	defer w.span.End()
	outcome := done
	switch {
	case e.Kind == report.StepFailed:
		class := classOf(e.Err)
		outcome = failed
		if class == interrupted {
			outcome = interrupted
		} else {
			w.span.SetStatus(codes.Error, class)
		}
		w.span.SetAttributes(attribute.String("error.type", class))
	case e.Kept:
		outcome = kept
	default:
		t.metrics.made.WithLabelValues(kind).Add(float64(e.Total))
		if began {
			t.metrics.duration.WithLabelValues(kind).Observe(time.Since(w.began).Seconds())
		}
		w.span.SetAttributes(attribute.Int64("filmpress.step.result_bytes", e.Total))
	}
	t.metrics.steps.WithLabelValues(kind, outcome).Inc()
	w.span.SetAttributes(attribute.String("filmpress.outcome", outcome), attribute.Bool("filmpress.step.kept", outcome == kept))
}

// Publish is one publish, which its steps are parts of. A nil one does nothing.
type Publish struct {
	t     *Telemetry
	span  trace.Span
	id    string
	trace string
}

// Publish begins one. engine is "local" or "temporal".
func (t *Telemetry) Publish(engine string) *Publish {
	if t == nil {
		return nil
	}
	ctx, span := t.tracer.Start(context.Background(), "publish", trace.WithAttributes(attribute.String("filmpress.engine", engine)))
	p := &Publish{t: t, span: span, trace: traceparent(ctx)}
	p.id = fmt.Sprintf("%p", p)
	return p
}

// Sink is Telemetry.Sink, for this publish.
func (p *Publish) Sink(e report.Event) {
	if p != nil {
		e.Trace = p.trace
		p.t.take(e, p.id)
	}
}

// Trace is what other machines need to know to make their steps parts of this publish, as W3C's traceparent; "" where nobody asked for traces.
func (p *Publish) Trace() string {
	if p == nil {
		return ""
	}
	return p.trace
}

// End tells how it ended; left is one that was left to the workers.
func (p *Publish) End(err error, left bool) {
	if p == nil {
		return
	}
	outcome := done
	if left {
		outcome = detached
	}
	if err != nil {
		class := classOf(err)
		outcome = failed
		if class == interrupted {
			outcome = interrupted
		} else {
			p.span.SetStatus(codes.Error, class)
		}
		p.span.SetAttributes(attribute.String("error.type", class))
	}
	p.t.metrics.publishes.WithLabelValues(outcome).Inc()
	p.span.SetAttributes(attribute.String("filmpress.outcome", outcome))
	p.span.End()
}
