// gnark: `peer-gnark FILE.csv STATEMENT SYSTEM`, STATEMENT "sum" or "filter", SYSTEM "groth16" or "plonk".
// Prints one JSON object with times in seconds.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/consensys/gnark-crypto/ecc"
	"github.com/consensys/gnark/backend/groth16"
	"github.com/consensys/gnark/backend/plonk"
	"github.com/consensys/gnark/constraint"
	"github.com/consensys/gnark/frontend"
	"github.com/consensys/gnark/frontend/cs/r1cs"
	"github.com/consensys/gnark/frontend/cs/scs"
	"github.com/consensys/gnark/logger"
	"github.com/consensys/gnark/std/math/bits"
	"github.com/consensys/gnark/std/rangecheck"
	"github.com/consensys/gnark/test/unsafekzg"
)

// Circuit: every age below 2^7 and every price below 2^17; the sum of the prices, or the sum and the number of
// those with an age of at least 18. Nothing binds the values to a table that was committed before.
type Circuit struct {
	Ages, Prices []frontend.Variable
	Sum, Rows    frontend.Variable `gnark:",public"`
	filter       bool
}

func (c *Circuit) Define(api frontend.API) error {
	checker := rangecheck.New(api)
	sum, rows := frontend.Variable(0), frontend.Variable(0)
	for i := range c.Ages {
		checker.Check(c.Prices[i], 17)
		if c.filter {
			// age - 18 + 128 has eight bits; the highest says that the age is at least 18.
			kept := bits.ToBinary(api, api.Add(c.Ages[i], 110), bits.WithNbDigits(8))[7]
			checker.Check(c.Ages[i], 7)
			sum, rows = api.Add(sum, api.Mul(kept, c.Prices[i])), api.Add(rows, kept)
		} else {
			checker.Check(c.Ages[i], 7)
			sum, rows = api.Add(sum, c.Prices[i]), api.Add(rows, 1)
		}
	}
	api.AssertIsEqual(sum, c.Sum)
	api.AssertIsEqual(rows, c.Rows)
	return nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	logger.Disable()
	file, filter, system := must(os.Open(os.Args[1])), os.Args[2] == "filter", os.Args[3]
	var ages, prices []frontend.Variable
	sum, rows := int64(0), int64(0)
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var age, price int64
		must(fmt.Sscanf(lines.Text(), "%d,%d", &age, &price))
		ages, prices = append(ages, age), append(prices, price)
		if !filter || age >= 18 {
			sum, rows = sum+price, rows+1
		}
	}
	n := len(ages)
	empty := &Circuit{Ages: make([]frontend.Variable, n), Prices: make([]frontend.Variable, n), filter: filter}
	full := &Circuit{Ages: ages, Prices: prices, Sum: sum, Rows: rows, filter: filter}
	field := ecc.BN254.ScalarField()
	var builder frontend.NewBuilder = r1cs.NewBuilder[constraint.U64]
	if system == "plonk" {
		builder = scs.NewBuilder[constraint.U64]
	}

	begun := time.Now()
	compiled := must(frontend.Compile(field, builder, empty))
	took := map[string]any{"rows": n, "constraints": compiled.GetNbConstraints(), "compile": time.Since(begun).Seconds()}
	witness := must(frontend.NewWitness(full, field))
	public := must(witness.Public())
	var proof bytes.Buffer
	if system == "groth16" {
		begun = time.Now()
		pk, vk, err := groth16.Setup(compiled)
		must(0, err)
		took["setup"] = time.Since(begun).Seconds()
		begun = time.Now()
		made := must(groth16.Prove(compiled, pk, witness))
		took["prove"] = time.Since(begun).Seconds()
		begun = time.Now()
		must(0, groth16.Verify(made, vk, public))
		took["verify"] = time.Since(begun).Seconds()
		must(made.WriteTo(&proof))
	} else {
		begun = time.Now()
		srs, lagrange, err := unsafekzg.NewSRS(compiled.(constraint.ConstraintSystem))
		must(0, err)
		pk, vk, err := plonk.Setup(compiled, srs, lagrange)
		must(0, err)
		took["setup"] = time.Since(begun).Seconds()
		begun = time.Now()
		made := must(plonk.Prove(compiled, pk, witness))
		took["prove"] = time.Since(begun).Seconds()
		begun = time.Now()
		must(0, plonk.Verify(made, vk, public))
		took["verify"] = time.Since(begun).Seconds()
		must(made.WriteTo(&proof))
	}
	took["bytes"] = proof.Len()
	must(0, json.NewEncoder(os.Stdout).Encode(took))
}
