package sla_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"muster/controller/sla"
	"muster/inventory"
)

// words are contacts of one witness, ten seconds apart from a minute past nine:
// + an answer, - none, a blank is no record.
func words(witness, text string) []sla.Contact {
	var out []sla.Contact
	for i, c := range text {
		if c != ' ' {
			out = append(out, sla.Contact{At: second(10 * i), Site: "S001", Witness: witness, OK: c == '+'})
		}
	}
	return out
}

func second(n int) time.Time { return at(9, 1).Add(time.Duration(n) * time.Second) }

func span(from, to int) inventory.Span { return inventory.Span{From: second(from), To: second(to)} }

func TestJournalsSpeakOnlyForTheTimeBetweenTwoOfTheirWords(t *testing.T) {
	for _, c := range []struct {
		name     string
		contacts []sla.Contact
		want     []inventory.Span
	}{
		{"one answer is no time", words("a", "+"), nil},
		{"answers in a row", words("a", "++++"), []inventory.Span{span(0, 30)}},
		{"a record that is missing", words("a", "++ ++"), []inventory.Span{span(0, 40)}},
		{"a gap stays unobserved", words("a", "++   ++"), []inventory.Span{span(0, 10), span(50, 60)}},
		{"two machines fill each other's gaps", append(words("a", "+   +"), words("b", "  + ")...), []inventory.Span{span(0, 40)}},
		{"none answered", words("a", "----"), nil},
	} {
		if diff := cmp.Diff(c.want, sla.ProvenUp(c.contacts)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestJournalsProveALinkDownOnlyWhereOtherSitesHadAnswers(t *testing.T) {
	always := []inventory.Span{span(-600, 600)}
	both := append(words("a", "++-----++"), words("b", "++-----++")...)
	for _, c := range []struct {
		name            string
		contacts        []sla.Contact
		elsewhere, seen []inventory.Span
		want            []inventory.Span
		whose           sla.Attribution
	}{
		{"two machines", both, always, nil, []inventory.Span{span(20, 60)}, sla.Carrier},
		{"one machine", words("a", "++-----++"), always, nil, []inventory.Span{span(20, 60)}, sla.Unattributed},
		{"nobody had answers", both, nil, nil, nil, ""},
		{"others had answers for part of it", both, []inventory.Span{span(30, 40)}, nil, []inventory.Span{span(30, 40)}, sla.Carrier},
		{"another machine had answers", append(words("a", "-----"), words("b", "+++++")...), always, nil, nil, ""},
		{"an incident tells of it", both, always, []inventory.Span{span(0, 50)}, []inventory.Span{span(50, 60)}, sla.Carrier},
		{"one word is no time", words("a", "++-++"), always, nil, nil, ""},
	} {
		var got []inventory.Span
		for _, o := range sla.ProvenDown("S001", c.contacts, c.elsewhere, c.seen) {
			got = append(got, inventory.Span{From: o.From, To: o.To})
			if o.Attribution != c.whose || !o.ByJournals || o.Reason == "" {
				t.Errorf("%s: %+v, want it %s", c.name, o, c.whose)
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", c.name, diff)
		}
	}
}

func TestWhatJournalsSayNeverOverlapsAndNeverDependsOnTheirOrder(t *testing.T) {
	dice := rand.New(rand.NewPCG(3, 3))
	for range 500 {
		var contacts []sla.Contact
		for range dice.IntN(60) {
			contacts = append(contacts, sla.Contact{
				At: second(dice.IntN(600)), Site: "S001", Witness: string(rune('a' + dice.IntN(3))), OK: dice.IntN(3) > 0,
			})
		}
		elsewhere := inventory.JoinSpans([]inventory.Span{span(dice.IntN(300), 300+dice.IntN(300)), span(dice.IntN(600), dice.IntN(900))})
		up := sla.ProvenUp(contacts)
		down := sla.ProvenDown("S001", contacts, elsewhere, nil)
		for _, o := range down {
			for _, u := range up {
				if part, both := (inventory.Span{From: o.From, To: o.To}).Within(u); both {
					t.Fatalf("up and down from %s to %s: %+v", part.From, part.To, contacts)
				}
			}
		}
		dice.Shuffle(len(contacts), func(i, j int) { contacts[i], contacts[j] = contacts[j], contacts[i] })
		if diff := cmp.Diff(up, sla.ProvenUp(contacts)); diff != "" {
			t.Fatalf("in another order:\n%s", diff)
		}
	}
}
