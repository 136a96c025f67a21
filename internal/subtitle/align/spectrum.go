package align

import (
	"encoding/binary"
	"math"

	"gonum.org/v1/gonum/dsp/fourier"
)

// The sound is looked at every 10 ms, through a window of 32 ms.
const (
	SampleRate = 16000            // samples a second of what DetectSpeech reads
	hop        = SampleRate / 100 // samples
	frameSize  = 512              // samples
	hz         = float64(SampleRate) / frameSize

	bands     = 16   // of equal width on the mel scale
	lowest    = 300  // Hz; the telephone's range has what tells speech from other sounds
	highest   = 3400 // Hz
	firstBin  = lowest/(SampleRate/frameSize) + 1
	lastBin   = highest / (SampleRate / frameSize)
	bins      = lastBin - firstBin + 1
	silence   = -72.0 // dB of full scale in one band; what is below it cannot be heard
	steadyGap = 12    // windows: a vowel is over after 120 ms, or its pitch has moved; a note stands still
)

// window is what is known of 10 ms of sound.
type window struct {
	band   [bands]float32 // dB of full scale
	steady float32        // 0 to 1: how much the fine spectrum is that of 120 ms before
}

// spectrometer turns samples into windows.
type spectrometer struct {
	fft    *fourier.FFT
	shape  [frameSize]float64
	edges  [bands + 1]int
	buffer [frameSize]float64 // the last samples
	work   [frameSize]float64
	coeff  []complex128
	past   [steadyGap][bins]float64 // fine spectra, without their mean and of length 1
	count  int
}

func newSpectrometer() *spectrometer {
	s := &spectrometer{fft: fourier.NewFFT(frameSize), coeff: make([]complex128, frameSize/2+1)}
	for i := range s.shape {
		s.shape[i] = 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/frameSize)
	}
	mel := func(f float64) float64 { return 2595 * math.Log10(1+f/700) }
	for b := range s.edges {
		m := mel(lowest) + (mel(highest)-mel(lowest))*float64(b)/bands
		s.edges[b] = int(math.Round(700 * (math.Pow(10, m/2595) - 1) / hz))
	}
	return s
}

// next takes hop samples, s16 in little endian, and gives the window whose middle they are: what is given lags by
// half a frame, which the caller makes good by feeding silence at the end.
func (s *spectrometer) next(pcm []byte) window {
	copy(s.buffer[:], s.buffer[hop:])
	for i := range hop {
		s.buffer[frameSize-hop+i] = float64(int16(binary.LittleEndian.Uint16(pcm[2*i:]))) / 32768
	}
	for i, v := range s.buffer {
		s.work[i] = v * s.shape[i]
	}
	s.fft.Coefficients(s.coeff, s.work[:])
	var power [frameSize/2 + 1]float64
	for i := firstBin - 1; i <= lastBin+1; i++ {
		c := s.coeff[i]
		power[i] = (real(c)*real(c) + imag(c)*imag(c)) * (16.0 / (frameSize * frameSize)) // a full sine is about 1
	}
	var w window
	for b := range bands {
		sum := 0.0
		for i := s.edges[b]; i < s.edges[b+1]; i++ {
			sum += power[i]
		}
		w.band[b] = float32(max(10*math.Log10(sum+1e-12), silence))
	}
	w.steady = s.steadiness(&power)
	return w
}

// steadiness compares the fine spectrum with that of steadyGap windows before.
func (s *spectrometer) steadiness(power *[frameSize/2 + 1]float64) float32 {
	now := &s.past[s.count%steadyGap]
	s.count++
	var fine [bins]float64
	mean := 0.0
	for i := range fine {
		fine[i] = math.Sqrt(math.Sqrt(power[firstBin+i])) // the fourth root, so that not one peak alone decides
		mean += fine[i] / bins
	}
	norm := 0.0
	for i := range fine {
		fine[i] -= mean
		norm += fine[i] * fine[i]
	}
	if norm = math.Sqrt(norm); norm < 1e-9 {
		*now = [bins]float64{}
		return 0
	}
	alike := 0.0
	for i := range fine {
		fine[i] /= norm
		alike += fine[i] * now[i]
	}
	*now = fine
	return float32(max(alike, 0))
}
