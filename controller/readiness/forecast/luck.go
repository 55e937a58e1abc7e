package forecast

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// luck is one trial's stream of numbers. The generator is PCG-DXSM, whose
// numbers the standard library promises for ever; what is made of them is ours,
// so that a recorded seed gives the same odds in years.
type luck struct{ source rand.PCG }

// stream starts the numbers of one trial, for one purpose.
func (l *luck) stream(seed uint64, trial, purpose int) {
	l.source.Seed(seed^uint64(purpose)*0x9e3779b97f4a7c15, uint64(trial))
}

// below is a number from 0 to n-1. The bias of the multiplication is n/2⁶⁴.
func (l *luck) below(n int) int {
	hi, _ := bits.Mul64(l.source.Uint64(), uint64(n))
	return int(hi)
}

// uniform is in [0, 1).
func (l *luck) uniform() float64 { return float64(l.source.Uint64()>>11) / (1 << 53) }

// normal is of the standard normal law, by the polar method of Marsaglia.
func (l *luck) normal() float64 {
	for {
		x, y := 2*l.uniform()-1, 2*l.uniform()-1
		if r := x*x + y*y; r > 0 && r < 1 {
			return x * math.Sqrt(-2*math.Log(r)/r)
		}
	}
}

// gamma is of the gamma law with shape ≥ 1 and scale 1, by Marsaglia and Tsang,
// "A simple method for generating gamma variables" (2000).
func (l *luck) gamma(shape float64) float64 {
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := l.normal()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(1-l.uniform()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return d * v
		}
	}
}

// student is of Student's law with freedom ≥ 2 degrees.
func (l *luck) student(freedom int) float64 {
	f := float64(freedom)
	return l.normal() / math.Sqrt(2*l.gamma(f/2)/f)
}
