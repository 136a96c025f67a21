package mirror

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Timetable says how many bytes a second may go over the network, at which time of the day.
type Timetable struct {
	spans []span
	rest  int64 // outside of all spans; 0 is as fast as it goes
}

// span is a part of the day, in minutes since midnight. One that ends before it begins goes on after midnight.
type span struct {
	from, to int
	rate     int64 // bytes a second, 0 is as fast as it goes
}

func (s span) holds(minute int) bool {
	if s.from < s.to {
		return minute >= s.from && minute < s.to
	}
	return minute >= s.from || minute < s.to
}

// ParseTimetable reads "1M", or "08:00-18:00=1M,off": hours with their rates, and what holds otherwise. Rates are bytes a second, with k, M or
// G for thousands, millions and thousands of millions; "off" is without a limit. The first hours that fit count.
func ParseTimetable(text string) (Timetable, error) {
	var t Timetable
	rested := false
	for part := range strings.SplitSeq(text, ",") {
		hours, speed, timed := strings.Cut(strings.TrimSpace(part), "=")
		if !timed {
			speed = hours
		}
		r, err := parseRate(speed)
		if err != nil {
			return Timetable{}, err
		}
		if !timed {
			if rested {
				return Timetable{}, fmt.Errorf("%q has two rates without hours; write hours before one of them, as in 08:00-18:00=1M", text)
			}
			t.rest, rested = r, true
			continue
		}
		from, to, ok := strings.Cut(hours, "-")
		s := span{rate: r}
		var badFrom, badTo error
		s.from, badFrom = parseClock(from)
		s.to, badTo = parseClock(to)
		if !ok || badFrom != nil || badTo != nil || s.from == s.to {
			return Timetable{}, fmt.Errorf("%q is no part of a day; write hours as in 08:00-18:00", hours)
		}
		t.spans = append(t.spans, s)
	}
	return t, nil
}

// parseRate reads "512k", "1.5M" or "off".
func parseRate(text string) (int64, error) {
	bad := fmt.Errorf("%q is no rate; write bytes a second as in 500k, 1M or 1.5M, or off", text)
	if text == "off" {
		return 0, nil
	}
	unit := 1.0
	number := text
	if n := len(text) - 1; n > 0 {
		if u, ok := map[byte]float64{'k': 1e3, 'K': 1e3, 'M': 1e6, 'G': 1e9}[text[n]]; ok {
			unit, number = u, text[:n]
		}
	}
	f, err := strconv.ParseFloat(number, 64)
	if err != nil || strings.Trim(number, "0123456789.") != "" || f*unit > 1e12 {
		return 0, bad
	}
	if f*unit < 1000 {
		return 0, fmt.Errorf("%q is less than 1k, and nothing would arrive; write off for no limit", text)
	}
	return int64(f * unit), nil
}

func parseClock(text string) (minute int, err error) {
	hour, min, ok := strings.Cut(strings.TrimSpace(text), ":")
	h, e1 := strconv.ParseUint(hour, 10, 8)
	m, e2 := strconv.ParseUint(min, 10, 8)
	if !ok || e1 != nil || e2 != nil || len(min) != 2 || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, errors.New("no time")
	}
	return int(h*60+m) % (24 * 60), nil
}

// At is the rate at a time of the day, as this machine's clock shows it; 0 is as fast as it goes.
func (t Timetable) At(now time.Time) int64 {
	minute := now.Hour()*60 + now.Minute()
	for _, s := range t.spans {
		if s.holds(minute) {
			return s.rate
		}
	}
	return t.rest
}

// Free tells whether there is no limit at any time.
func (t Timetable) Free() bool {
	for _, s := range t.spans {
		if s.rate > 0 {
			return false
		}
	}
	return t.rest == 0
}

// Pace gives the function that waits until so many more bytes may go; nil where there is never a limit. All requests share it.
func (t Timetable) Pace(now func() time.Time) func(ctx context.Context, n int) error {
	if t.Free() {
		return nil
	}
	p := &pacer{table: t, now: now, limiter: rate.NewLimiter(rate.Inf, 0)}
	return p.wait
}

// longest is how long a wait is at most before the timetable is looked at again.
const longest = 10 * time.Second

type pacer struct {
	table Timetable
	now   func() time.Time

	mu      sync.Mutex
	limiter *rate.Limiter
	current int64
}

// at gives the limiter as it must be now; nil is without a limit.
func (p *pacer) at() *rate.Limiter {
	p.mu.Lock()
	defer p.mu.Unlock()
	r := p.table.At(p.now())
	if r != p.current {
		// A new one, so that what the old one still owed does not count: a wait at 1 kB/s would go on into the free hours.
		p.current, p.limiter = r, rate.NewLimiter(rate.Limit(r), int(max(r/10, 1000)))
	}
	if r == 0 {
		return nil
	}
	return p.limiter
}

func (p *pacer) wait(ctx context.Context, n int) error {
	for n > 0 {
		l := p.at()
		if l == nil {
			return ctx.Err()
		}
		some := min(n, l.Burst())
		turn, cancel := context.WithTimeout(ctx, longest)
		err := l.WaitN(turn, some)
		cancel()
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil:
			n -= some
		default: // not within that time; other hours may have begun meanwhile
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(time.Second):
			}
		}
	}
	return nil
}
