package mesh

import (
	"time"
)

// A burst asks a site's members all at once, after the first miss.
const (
	burstPings  = 12 // at least, over all rounds
	burstRounds = 6  // at most where members are many
	burstTCP    = 3  // members that are tried over TCP too
	// burstAgainAfter spaces the bursts at a site that stays silent.
	burstAgainAfter = 10 * time.Second
)

// burstPlan is the order of a burst: who is asked in each round, and how far
// apart the rounds are.
type burstPlan struct {
	rounds [][]Member
	every  time.Duration
}

// planBurst spreads at least twelve pings over rounds 100 ms apart, or closer
// where there are few members and so many rounds. The member that was missed is
// asked first: the likeliest reason of a miss is one lost packet, and then one
// answer and another's end the burst: the first round asks only two. At 20 % loss
// each way twelve pings all fail once in 200,000 bursts (0.36^12).
func planBurst(members []Member, missed string) burstPlan {
	if len(members) == 0 {
		return burstPlan{}
	}
	order := make([]Member, 0, len(members))
	for _, m := range members {
		if m.Name == missed {
			order = append([]Member{m}, order...)
			continue
		}
		order = append(order, m)
	}
	pings := max(burstPings, len(order))
	width := min(len(order), 2)
	plan := burstPlan{}
	for asked := 0; asked < pings; {
		round := make([]Member, 0, width)
		for range min(width, pings-asked) {
			round = append(round, order[asked%len(order)])
			asked++
		}
		plan.rounds = append(plan.rounds, round)
		width = min(len(order), max(4, (pings+burstRounds-1)/burstRounds))
	}
	plan.every = min(100*time.Millisecond, 600*time.Millisecond/time.Duration(len(plan.rounds)))
	return plan
}

// burstFound is what a burst has seen so far.
type burstFound struct {
	members  int             // that could answer
	answered map[string]bool // over UDP
	tcp      int             // members that took or refused a TCP connection
}

// enough reports whether more pings would only cost bytes: two members answered,
// or all of them. The miss was then a lost packet or one machine.
func (f burstFound) enough() bool { return len(f.answered) >= min(2, f.members) }

// silent reports whether nothing at all came back.
func (f burstFound) silent() bool { return len(f.answered) == 0 && f.tcp == 0 }
