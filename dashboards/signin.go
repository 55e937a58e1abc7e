package dashboards

import (
	"net/http"
	"strings"
)

// The form sends a token once; from then on the browser holds a session's
// cookie, which no script can read and no other site can send.

const maxForm = 8 << 10

func (p *Pages) signInForm(w http.ResponseWriter, r *http.Request) {
	p.drawSignIn(w, r, http.StatusOK, "", ownPath(r.URL.Query().Get("to")))
}

func (p *Pages) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		p.drawSignIn(w, r, http.StatusBadRequest, "The form could not be read. Try again.", "/")
		return
	}
	to := ownPath(r.PostForm.Get("to"))
	cookie, err := p.o.Door.SignIn(r, r.PostForm.Get("token"))
	if err != nil {
		p.o.Log.Warn("sign-in refused", "remote", r.RemoteAddr, "error", err)
		p.drawSignIn(w, r, http.StatusForbidden,
			"That token was not accepted: it is wrong, expired or revoked, or too many wrong ones came from your address.", to)
		return
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (p *Pages) signOut(w http.ResponseWriter, r *http.Request) {
	cookie, err := p.o.Door.SignOut(r)
	if err != nil {
		p.fail(w, r, &pageError{http.StatusForbidden, "Another site's page sent this request.", "Use the button on our own pages."})
		return
	}
	http.SetCookie(w, cookie)
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
}

func (p *Pages) drawSignIn(w http.ResponseWriter, r *http.Request, status int, problem, to string) {
	w.Header().Set("Cache-Control", "no-store")
	view := SignInPage{Frame: p.frame(r, "Sign in", ""), Problem: problem, To: to}
	if err := p.drawers.draw(w, status, "signin", view); err != nil {
		p.o.Log.Error("page failed", "path", r.URL.Path, "error", err)
	}
}

// ownPath is where to go after signing in: a path of ours, never an address
// elsewhere. Browsers read a backslash as a slash.
func ownPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to, "\\\r\n\t") {
		return "/"
	}
	return to
}
