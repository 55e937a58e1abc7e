package mesh

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/serf/serf"
)

// Answer is one member's answer to a Query.
type Answer struct {
	Member string
	Body   []byte
}

// Query asks the named members (none: all) a question of at most 1,024 bytes with
// its overhead, and returns the answers that came before ctx's end. It goes by
// gossip: best effort, for questions on demand; everything larger goes over the
// stream.
func (p *Pool) Query(ctx context.Context, name string, body []byte, members ...string) ([]Answer, error) {
	within := 10 * time.Second
	if deadline, ok := ctx.Deadline(); ok {
		within = time.Until(deadline)
	}
	response, err := p.serf.Query(name, body, &serf.QueryParam{FilterNodes: members, Timeout: within})
	if err != nil {
		return nil, fmt.Errorf("cannot ask pool of %s %q: %w", p.site, name, err)
	}
	defer response.Close()
	var answers []Answer
	for {
		select {
		case r, open := <-response.ResponseCh():
			if !open {
				return answers, nil
			}
			answers = append(answers, Answer{Member: r.From, Body: r.Payload})
			if len(members) > 0 && len(answers) >= len(members) {
				return answers, nil
			}
		case <-ctx.Done():
			return answers, nil
		}
	}
}

func (p *Pool) answer(q *serf.Query) {
	if p.onQuery == nil {
		return
	}
	if body := p.onQuery(q.Name, q.Payload); body != nil {
		_ = q.Respond(body) // late or too long: the asker sees no answer
	}
}
