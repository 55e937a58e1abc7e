package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// client calls the API.
type client struct {
	base    string
	token   string
	http    *http.Client
	timeout time.Duration
}

const apiPrefix = "/api/v1"

// maxAnswer bounds what is read of an answer.
const maxAnswer = 256 << 20

// apiError is a refusal of the API.
type apiError struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Errors []struct {
		Location string `json:"location"`
		Message  string `json:"message"`
	} `json:"errors"`
	body []byte
}

// Error implements error.
func (e *apiError) Error() string {
	text := first(e.Detail, e.Title, fmt.Sprintf("the controller answered %d", e.Status))
	if e.invalid() && len(e.Errors) == 1 {
		return strings.TrimPrefix(e.Errors[0].Location, "query.") + ": " + e.Errors[0].Message
	}
	if len(e.Errors) == 1 && !strings.Contains(text, e.Errors[0].Message) {
		text += " (" + e.Errors[0].Location + " " + e.Errors[0].Message + ")"
	}
	for _, one := range e.Errors {
		if len(e.Errors) > 1 {
			text += "\n  " + one.Location + ": " + one.Message
		}
	}
	return text
}

// invalid reports whether a value of the command line was refused as it stands.
func (e *apiError) invalid() bool { return e.Detail == "validation failed" }

// request is one call; body may be nil.
type request struct {
	method string
	path   string // behind /api/v1
	query  url.Values
	media  string
	body   []byte
}

// call answers the body of a good answer. what is the verb of the error:
// "cannot list sites".
func (c *client) call(ctx context.Context, what string, r request) ([]byte, error) {
	var out bytes.Buffer
	if err := c.stream(ctx, what, r, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// stream copies a good answer to out.
func (c *client) stream(ctx context.Context, what string, r request, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	address := c.base + apiPrefix + r.path
	if len(r.query) > 0 {
		address += "?" + r.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, r.method, address, bytes.NewReader(r.body))
	if err != nil {
		return fmt.Errorf("cannot %s: %w", what, err)
	}
	req.Header.Set("Authorization", "Bearer "+c.token)
	if r.media != "" {
		req.Header.Set("Content-Type", r.media)
	}
	answer, err := c.http.Do(req)
	if err != nil {
		return c.unreachable(what, err)
	}
	defer answer.Body.Close()
	body := io.LimitReader(answer.Body, maxAnswer)
	if answer.StatusCode >= http.StatusBadRequest {
		return c.refused(what, answer, body)
	}
	if _, err := io.Copy(out, body); err != nil {
		return fmt.Errorf("cannot %s: the answer broke off: %w", what, err)
	}
	return nil
}

func (c *client) unreachable(what string, err error) error {
	var netErr net.Error
	switch {
	case errors.As(err, &netErr) && netErr.Timeout():
		return Hint(fmt.Errorf("cannot %s: %s did not answer within %s", what, c.base, c.timeout), "give it longer with --timeout")
	default:
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return Hint(fmt.Errorf("cannot %s: cannot reach %s: %w", what, c.base, err),
			"is the controller running there? `muster demo` and `muster serve` print their address")
	}
}

func (c *client) refused(what string, answer *http.Response, body io.Reader) error {
	refusal := &apiError{Status: answer.StatusCode}
	b, err := io.ReadAll(body)
	if err != nil {
		return fmt.Errorf("cannot %s: the answer broke off: %w", what, err)
	}
	refusal.body = b
	if json.Unmarshal(b, refusal) != nil {
		refusal.Title = fmt.Sprintf("%s answered %s, and not as Muster does", c.base, answer.Status)
	}
	// The API says "cannot show site …: why" itself where it knows more.
	full := fmt.Errorf("cannot %s: %w", what, refusal)
	if strings.HasPrefix(refusal.Detail, "cannot ") {
		full = fmt.Errorf("%w", refusal)
	}
	if refusal.invalid() {
		return Usage(full)
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		return Hint(full, "check --token or MUSTER_TOKEN; the controller prints one when it starts")
	case http.StatusForbidden:
		return Hint(full, "use a token whose role may do this")
	case http.StatusTooManyRequests:
		return Hint(full, "wait "+first(answer.Header.Get("Retry-After"), "a few")+" seconds")
	case http.StatusBadRequest:
		return Usage(full)
	}
	return full
}

// get decodes one object.
func get[T any](ctx context.Context, c *client, what, path string, query url.Values) (T, []byte, error) {
	var v T
	b, err := c.call(ctx, what, request{method: http.MethodGet, path: path, query: query})
	if err != nil {
		return v, nil, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, b, fmt.Errorf("cannot %s: cannot read the answer: %w", what, err)
	}
	return v, b, nil
}

// page is a page of a list as the API answers it.
type page struct {
	Items []json.RawMessage `json:"items"`
	Next  string            `json:"next"`
}

// all follows a list to its end, or to limit items where that is not zero.
func (c *client) all(ctx context.Context, what, path string, query url.Values, limit int) ([]json.RawMessage, error) {
	items := []json.RawMessage{}
	for {
		query.Set("limit", "1000")
		if limit > 0 {
			query.Set("limit", fmt.Sprint(min(limit-len(items), 1000)))
		}
		one, _, err := get[page](ctx, c, what, path, query)
		if err != nil {
			return nil, err
		}
		items = append(items, one.Items...)
		if one.Next == "" || limit > 0 && len(items) >= limit {
			return items, nil
		}
		query.Set("after", one.Next)
	}
}

// send writes, with a JSON body or none.
func send[T any](ctx context.Context, c *client, what, method, path string, body any) (T, []byte, error) {
	var v T
	r := request{method: method, path: path}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return v, nil, fmt.Errorf("cannot %s: %w", what, err)
		}
		r.body, r.media = b, "application/json"
	}
	b, err := c.call(ctx, what, r)
	if err != nil {
		return v, nil, err
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return v, b, fmt.Errorf("cannot %s: cannot read the answer: %w", what, err)
	}
	return v, b, nil
}
