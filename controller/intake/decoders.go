package intake

import "runtime"

// decoders are a few goroutines that inflate and decode small bodies, one for
// each processor. HTTP/2 serves every request on a goroutine of its own, whose
// small stack would have to grow for each report: copying it costs more than
// handing the work over to a stack that is large already.
type decoders struct{ work chan decoding }

type decoding struct {
	do   func()
	done chan any // nil, or what do panicked with
}

func newDecoders() *decoders { return &decoders{work: make(chan decoding)} }

// each calls start with what one goroutine runs until close.
func (d *decoders) each(start func(run func())) {
	for range runtime.GOMAXPROCS(0) {
		start(func() {
			for w := range d.work {
				w.done <- w.attempt()
			}
		})
	}
}

// do returns when work has been done; no do may follow close. A panic is the
// caller's, so that it ends one request and not the controller.
func (d *decoders) do(work func()) {
	w := decoding{do: work, done: make(chan any, 1)}
	d.work <- w
	if panicked := <-w.done; panicked != nil {
		panic(panicked)
	}
}

func (w decoding) attempt() (panicked any) {
	defer func() { panicked = recover() }()
	w.do()
	return nil
}

func (d *decoders) close() { close(d.work) }
