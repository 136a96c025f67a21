package mirror

import (
	"sync"
	"syscall"
)

// small is the size up to which an object is held in memory, and that of the buffers through which larger ones go. With all workers at work they
// take 8 MiB.
const small = 256 << 10

// buffers are kept for the whole sync, outside of what the garbage collector looks after: it lets the heap grow to twice what is in use,
// and these were half of that. It cost 15 of 80 MB.
var buffers bufferList

type bufferList struct {
	mu   sync.Mutex
	free []*[]byte
}

// Get gives a buffer of small bytes, with whatever is in it.
func (l *bufferList) Get() *[]byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.free); n > 0 {
		b := l.free[n-1]
		l.free = l.free[:n-1]
		return b
	}
	b, err := syscall.Mmap(-1, 0, small, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		b = make([]byte, small)
	}
	return &b
}

// Put takes a buffer back.
func (l *bufferList) Put(b *[]byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.free = append(l.free, b)
}
