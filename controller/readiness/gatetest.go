package readiness

// TestResult is what became of one of a gate's tests.
type TestResult struct {
	Test  GateTest
	Wrong []string // what came out otherwise; none: it holds
}

// Test runs the gate's own tests over their fixtures. read gives the content of a
// fixture by its path beside the gate.
func (g *Gate) Test(read func(path string) ([]byte, error)) []TestResult {
	results := make([]TestResult, 0, len(g.Tests))
	for _, t := range g.Tests {
		results = append(results, TestResult{Test: t, Wrong: g.try(t, read)})
	}
	return results
}

func (g *Gate) try(t GateTest, read func(path string) ([]byte, error)) []string {
	src, err := read(t.Given)
	if err != nil {
		return []string{"cannot read its fixture: " + err.Error()}
	}
	x, err := LoadFixture(t.Given, src)
	if err != nil {
		return []string{err.Error()}
	}
	for i := range x.Settled.Waivers {
		if x.Settled.Waivers[i].Gate == "" {
			x.Settled.Waivers[i].Gate = g.Name
		}
	}
	if s := x.Settled.SignOff; s != nil && s.Gate == "" {
		s.Gate = g.Name
	}
	return t.Check(g.Evaluate(&x.Facts, x.Settled, x.Now))
}
