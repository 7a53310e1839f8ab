// Times of gnark-crypto's kernels over BN254 with one thread, in the lines that compare.py reads:
// library, operation, milliseconds of processor time (nanoseconds for a field multiplication).
package main

import (
	"fmt"
	"math/rand"
	"runtime"
	"syscall"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark-crypto/ecc/bn254"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr"
	"github.com/consensys/gnark-crypto/ecc/bn254/fr/fft"
)

const log = 20

// Processor time of this process, in milliseconds.
func cpu() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return float64(usage.Utime.Nano()+usage.Stime.Nano()) / 1e6
}

// The least of several runs.
func least(runs int, f func()) float64 {
	best := 0.0
	for i := 0; i < runs; i++ {
		start := cpu()
		f()
		if took := cpu() - start; i == 0 || took < best {
			best = took
		}
	}
	return best
}

func main() {
	runtime.GOMAXPROCS(1)
	n := 1 << log
	random := rand.New(rand.NewSource(1))

	// Distinct points: i times the generator.
	_, _, generator, _ := bn254.Generators()
	multiples := make([]fr.Element, n)
	for i := range multiples {
		multiples[i].SetUint64(uint64(i + 1))
	}
	points := bn254.BatchScalarMultiplicationG1(&generator, multiples)

	scalars := make([]fr.Element, n)
	msm := func(what string, runs int, next func(*fr.Element)) {
		for i := range scalars {
			next(&scalars[i])
		}
		took := least(runs, func() {
			var sum bn254.G1Affine
			if _, err := sum.MultiExp(points, scalars, ecc.MultiExpConfig{NbTasks: 1}); err != nil {
				panic(err)
			}
		})
		fmt.Printf("gnark-crypto msm-%s %.3f\n", what, took)
	}
	msm("full", 2, func(x *fr.Element) { x.MustSetRandom() })
	msm("64", 3, func(x *fr.Element) { x.SetUint64(random.Uint64()) })
	msm("16", 3, func(x *fr.Element) { x.SetUint64(random.Uint64() & 0xffff) })

	domain := fft.NewDomain(uint64(n))
	for i := range scalars {
		scalars[i].MustSetRandom()
	}
	took := least(5, func() { domain.FFT(scalars, fft.DIF, fft.WithNbTasks(1)) })
	fmt.Printf("gnark-crypto fft %.3f\n", took)

	// As a vector, which is what our kernels are given too; element by element takes twice as long.
	a, b := fr.Vector(scalars[:1024]), fr.Vector(scalars[1024:2048])
	const repeat = 2000
	took = least(5, func() {
		for r := 0; r < repeat; r++ {
			a.Mul(a, b)
		}
	})
	fmt.Printf("gnark-crypto mul %.4f\n", took*1e6/float64(repeat*len(a)))
}
