package telemetry

import (
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"filmpress/internal/report"
)

// TestSilentCollector: a collector that takes connections and never answers holds up no step, and the end for little more than a second; that is told once.
func TestSilentCollector(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var told atomic.Int32
	tel, err := Start(Options{Traces: "http://" + l.Addr().String(), Note: func(string) { told.Add(1) }})
	if err != nil {
		t.Fatal(err)
	}
	p := tel.Publish("local")
	if len(p.Trace()) != 55 {
		t.Errorf("traceparent %q", p.Trace())
	}
	began := time.Now()
	for range 10000 { // several times what the queue holds
		p.Sink(report.Event{Kind: report.StepStarted, Digest: "d", Sort: "chunk"})
		p.Sink(report.Event{Kind: report.StepFailed, Digest: "d", Sort: "chunk", Err: errors.New("/home/x")})
	}
	p.End(nil, false)
	if took := time.Since(began); took > time.Minute { // were they to wait for it, they would take three
		t.Errorf("events were held up for %s", took)
	}
	began = time.Now()
	tel.Close()
	if took := time.Since(began); took > batchTime-time.Second || told.Load() != 1 {
		t.Errorf("the end took %s, told %d times", took, told.Load())
	}
}

// TestCounts: a step that is tried again is counted once, its queue time not again; a kind that nobody knows has no name.
func TestCounts(t *testing.T) {
	tel, err := Start(Options{Metrics: "127.0.0.1:0", Note: func(string) {}})
	if err != nil {
		t.Fatal(err)
	}
	defer tel.Close()
	for _, e := range []report.Event{
		{Kind: report.StepStarted, Digest: "a", Waited: 1500},
		{Kind: report.StepRetried, Digest: "a"},
		{Kind: report.StepDone, Digest: "a", Total: 7},
		{Kind: report.StepRetried, Digest: "b"},
		{Kind: report.StepStarted, Digest: "b"},
		{Kind: report.StepDone, Digest: "b", Total: 5},
		{Kind: report.StepDone, Digest: "c", Kept: true, Total: 9},
		{Kind: report.StepFailed, Digest: "d", Err: errors.New("no")},
	} {
		e.Sort = "aizada"
		tel.Sink(e)
	}
	families, err := tel.metrics.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, f := range families {
		for _, m := range f.Metric {
			if s := m.String(); strings.Contains(s, `"other"`) {
				got[f.GetName()] += strings.ReplaceAll(s, "  ", " ") + "\n"
			} else if strings.Contains(s, "aizada") {
				t.Errorf("%s has the label of a stranger: %s", f.GetName(), s)
			}
		}
	}
	for name, want := range map[string]string{"filmpress_step_retries_total": "counter:{value:2", "filmpress_step_result_bytes_total": "counter:{value:12", "filmpress_step_queue_seconds": "sample_count:1 sample_sum:1.5",
		"filmpress_step_duration_seconds": "sample_count:2", "filmpress_steps_running": "gauge:{value:0"} {
		if !strings.Contains(got[name], want) {
			t.Errorf("%s is not %s: %s", name, want, got[name])
		}
	}
	if n := strings.Count(got["filmpress_steps_total"], "\n"); n != 3 {
		t.Errorf("%d outcomes:\n%s", n, got["filmpress_steps_total"])
	}
}

// TestOff: nothing that is off does anything, or falls.
func TestOff(t *testing.T) {
	tel, err := Start(Options{})
	if tel != nil || err != nil {
		t.Fatal(tel, err)
	}
	tel.Sink(report.Event{Kind: report.Uploaded})
	p := tel.Publish("local")
	p.Sink(report.Event{Kind: report.StepStarted, Sort: "chunk"})
	p.End(nil, false)
	if tel.Close(); p.Trace() != "" {
		t.Error("a trace of nothing")
	}
}
