package telemetry

import (
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus can ask for. All kinds are there from the beginning, as 0: a rate over a number that appears with its
// first 1 misses it.
type metrics struct {
	registry  *prometheus.Registry
	steps     *prometheus.CounterVec   // by kind and outcome
	retries   *prometheus.CounterVec   // by kind
	made      *prometheus.CounterVec   // by kind
	running   *prometheus.GaugeVec     // by kind
	duration  *prometheus.HistogramVec // by kind
	queue     *prometheus.HistogramVec // by kind
	publishes *prometheus.CounterVec   // by outcome
	uploaded  prometheus.Counter
}

// seconds are bounds for what takes from an instant to an hour.
var seconds = []float64{.1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}

func newMetrics() *metrics {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "filmpress", Name: name, Help: help}, labels)
	}
	histogram := func(name, help string) *prometheus.HistogramVec {
		return prometheus.NewHistogramVec(prometheus.HistogramOpts{Namespace: "filmpress", Name: name, Help: help, Buckets: seconds}, []string{"kind"})
	}
	m := &metrics{
		registry:  prometheus.NewRegistry(),
		steps:     counter("steps_total", "Steps that ended on this machine, by what they do and how they ended.", "kind", "outcome"),
		retries:   counter("step_retries_total", "Steps that were tried once more on this machine, here or after another machine.", "kind"),
		made:      counter("step_result_bytes_total", "Bytes of the results that were made on this machine.", "kind"),
		running:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "filmpress", Name: "steps_running", Help: "Steps at work on this machine."}, []string{"kind"}),
		duration:  histogram("step_duration_seconds", "How long steps took that were made on this machine."),
		queue:     histogram("step_queue_seconds", "How long steps waited, from when all that they read was there until they began."),
		publishes: counter("publishes_total", "Publishes that ended in this process, by how.", "outcome"),
		uploaded:  prometheus.NewCounter(prometheus.CounterOpts{Namespace: "filmpress", Name: "uploaded_bytes_total", Help: "Bytes of releases that were sent to their place."}),
	}
	m.registry.MustRegister(m.steps, m.retries, m.made, m.running, m.duration, m.queue, m.publishes, m.uploaded)
	for _, kind := range kinds {
		for _, outcome := range stepOutcomes {
			m.steps.WithLabelValues(kind, outcome)
		}
		m.retries.WithLabelValues(kind)
		m.made.WithLabelValues(kind)
		m.running.WithLabelValues(kind)
		m.duration.WithLabelValues(kind)
		m.queue.WithLabelValues(kind)
	}
	for _, outcome := range publishOutcomes {
		m.publishes.WithLabelValues(outcome)
	}
	return m
}

// serve answers at /metrics of an address. With port 0 the system chooses one; address is the one that was taken.
func (m *metrics) serve(on string) (address string, end func(), err error) {
	l, err := net.Listen("tcp", on)
	if err != nil {
		return "", nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second}))
	s := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 20 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0)}
	go s.Serve(l)
	return l.Addr().String(), func() { s.Close() }, nil
}
