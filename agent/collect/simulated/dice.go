package simulated

// dice turns a seed into numbers that look random and never change. Each use
// has a name, so that adding one does not shift the others.
type dice uint64

// draw is the number that belongs to a name (FNV-1a over the name, then
// SplitMix64's finaliser).
func (d dice) draw(name string) uint64 {
	h := uint64(d) ^ 14695981039346656037
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// below is a number from 0 to n-1.
func (d dice) below(name string, n int) int { return int(d.draw(name) % uint64(n)) }

// chance is true once in n.
func (d dice) chance(name string, n int) bool { return d.below(name, n) == 0 }

// unit is a number from 0 to 1.
func (d dice) unit(name string) float64 { return float64(d.draw(name)>>11) / (1 << 53) }

// number24 is different for each seed below 2^24: multiplying by an odd number
// only reorders.
func (d dice) number24() uint32 { return uint32(uint64(d)*0x9e3779b1+0x5bd1e9) & 0xffffff }
