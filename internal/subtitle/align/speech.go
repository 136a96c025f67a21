package align

import (
	"errors"
	"io"
	"math"
	"time"
)

// Span is a stretch of time.
type Span struct{ Start, End time.Duration }

// Speech is where somebody speaks.
type Speech struct {
	Spans      []Span        // in order, apart from each other
	Duration   time.Duration // of the sound
	Confidence float64       // 0 to 1: how much like speech the spans are; 0 where there are none
}

// The detector's thresholds. They were set on computed voices over noise and chords and on the few recordings that the
// tests know, and are none of any standard.
const (
	tick        = 10 * time.Millisecond // of one window
	blockLength = 50                    // windows: the floor is told anew twice a second
	around      = 4                     // blocks before and after, in which the floor is the quietest sound
	smoothing   = 6                     // windows
	overFloor   = 5                     // dB over the floor in which a band begins to count
	underPeak   = 32                    // dB under the loudest sound around in which it does not
	fullBand    = 12                    // dB more, at which a band counts fully
	onAt        = 0.24                  // share of the bands at which speech begins
	offAt       = 0.12                  // and below which it ends
	hangOver    = 12                    // windows that a pause inside a word may last
	steadying   = 15                    // windows over which steadiness is told
	moving      = 0.65                  // steadiness of the spectrum up to which a sound may well be speech
	still       = 0.9                   // and from which it is none
	shortest    = 8                     // windows; what is shorter is a click
)

// block is half a second of windows.
type block struct {
	windows  []window
	min, max [bands]float32
}

// DetectSpeech finds speech in sound: mono, 16 kHz, signed 16 bit in little endian, without a header. It reads r once, to
// its end, and holds a few seconds of it, besides the spans. A window counts as speech where many bands at once stand out of
// the noise around them, less so where the fine spectrum stands still, as notes do and vowels do not.
func DetectSpeech(r io.Reader) (Speech, error) {
	d := &detector{}
	s := newSpectrometer()
	pcm := make([]byte, 2*hop)
	const lag = frameSize / 2 / hop
	total := 0
	for n := 0; ; n++ {
		got, err := io.ReadFull(r, pcm)
		total += got
		clear(pcm[got:])
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return Speech{}, err
		}
		if err != nil {
			for range lag {
				d.add(s.next(pcm), n-lag)
				clear(pcm)
				n++
			}
			break
		}
		d.add(s.next(pcm), n-lag)
	}
	length := time.Duration(total/2) * time.Second / SampleRate
	return d.end(length), nil
}

// detector decides about windows once it has heard what follows them.
type detector struct {
	blocks  []block        // the last 2*around+1
	smooth  [bands]float32 // dB, over some windows: the quietest of many windows of noise is quieter than the noise
	waiting int            // blocks at the end of the above that are not decided
	decided int            // windows that were decided
	span    stretch
	on      bool
	steady  float64 // over some windows
	quiet   int     // windows since the last that was speech
	kept    []stretch
}

// stretch is a run of windows that may be speech.
type stretch struct {
	from, to int     // windows
	steady   float64 // sum over the windows that are no pause
	n        int     // their number
}

func (d *detector) add(w window, at int) {
	if at < 0 {
		return
	}
	if len(d.blocks) == 0 || len(d.blocks[len(d.blocks)-1].windows) == blockLength {
		if len(d.blocks) > 2*around {
			d.blocks = append(d.blocks[:0], d.blocks[1:]...)
		}
		d.blocks = append(d.blocks, block{windows: make([]window, 0, blockLength)})
		d.waiting++
	}
	for i, e := range w.band {
		if at == 0 {
			d.smooth[i] = e
		}
		d.smooth[i] += (e - d.smooth[i]) / smoothing
	}
	b := &d.blocks[len(d.blocks)-1]
	b.add(w, d.smooth)
	if len(b.windows) == blockLength && d.waiting > around {
		d.decide(len(d.blocks) - d.waiting)
	}
}

func (b *block) add(w window, smooth [bands]float32) {
	if len(b.windows) == 0 {
		b.min, b.max = smooth, smooth
	}
	for i, e := range smooth {
		b.min[i], b.max[i] = min(b.min[i], e), max(b.max[i], e)
	}
	b.windows = append(b.windows, w)
}

// decide takes the windows of one block of d.blocks.
func (d *detector) decide(which int) {
	d.waiting--
	floor, peak := d.blocks[which].min, d.blocks[which].max
	for i := max(0, which-around); i < min(len(d.blocks), which+around+1); i++ {
		for b := range bands {
			floor[b] = min(floor[b], d.blocks[i].min[b])
			peak[b] = max(peak[b], d.blocks[i].max[b])
		}
	}
	for _, w := range d.blocks[which].windows {
		share := 0.0
		for b, e := range w.band {
			from := max(floor[b]+overFloor, peak[b]-underPeak)
			share += math.Min(math.Max(float64(e-from)/fullBand, 0), 1) / bands
		}
		d.hear(share, float64(w.steady))
	}
}

// hear takes one window after the other.
func (d *detector) hear(share, steady float64) {
	d.steady += (steady - d.steady) / steadying
	share *= math.Min(math.Max((still-d.steady)/(still-moving), 0), 1)
	at := d.decided
	d.decided++
	switch {
	case !d.on && share >= onAt:
		d.on, d.quiet, d.span = true, 0, stretch{from: at}
	case d.on && share < offAt:
		if d.quiet++; d.quiet > hangOver {
			d.on = false
			d.keep()
		}
	case d.on:
		d.quiet = 0
	}
	if d.on && d.quiet == 0 {
		d.span.to = at + 1
		d.span.n++
		d.span.steady += steady
	}
}

func (d *detector) keep() {
	if d.span.to-d.span.from >= shortest {
		d.kept = append(d.kept, d.span)
	}
}

// end decides what is left, and gives the spans.
func (d *detector) end(length time.Duration) Speech {
	for d.waiting > 0 {
		d.decide(len(d.blocks) - d.waiting)
	}
	if d.on {
		d.keep()
	}
	out := Speech{Duration: length}
	sum, whole := 0.0, 0.0
	for _, s := range d.kept {
		out.Spans = append(out.Spans, Span{time.Duration(s.from) * tick, min(time.Duration(s.to)*tick, length)})
		n := float64(s.n)
		sum += n * ramp(still-0.1-s.steady/n, 0, 0.3)
		whole += n
	}
	if whole > 0 {
		out.Confidence = sum / whole
	}
	return out
}
