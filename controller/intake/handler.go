package intake

import (
	"net/http"
	"time"
)

// call is one kind of post: it answers, or returns why not.
type call func(w http.ResponseWriter, r *http.Request) *problem

// door lets posts in while the intake is open, and tells refusals.
func (i *Intake) door(serve call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			i.refuse(w, problemf(reasonMethod, "%s takes POST, not %.20s", r.URL.Path, r.Method))
			return
		}
		if !i.enter() {
			i.refuse(w, problemf(reasonClosing, "the controller is stopping; nothing was taken, send it again").retry(5*time.Second))
			return
		}
		defer i.inside.Done()
		if p := serve(w, r); p != nil {
			i.refuse(w, p)
		}
	})
}
