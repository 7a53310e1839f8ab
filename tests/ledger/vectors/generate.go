// Writes merkle.json: hashes, roots, proofs and signed notes made by Go's checksum-database library.
// The tests read that file; this program is needed only to make it anew:
//
//	go mod init vectors && go get golang.org/x/mod@v0.42.0 && go run generate.go > merkle.json
package main

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const leaves = 70

type inclusion struct {
	Index int64    `json:"index"`
	Size  int64    `json:"size"`
	Proof []string `json:"proof"`
}

type consistency struct {
	Old   int64    `json:"old"`
	New   int64    `json:"new"`
	Proof []string `json:"proof"`
}

type signed struct {
	VKey string `json:"vkey"`
	Seed string `json:"seed"`
	Text string `json:"text"`
	Note string `json:"note"`
}

type vectors struct {
	Source      string        `json:"source"`
	Leaf        string        `json:"leaf"`
	Stored      []string      `json:"stored"`
	Positions   [][3]int64    `json:"positions"`
	Roots       []string      `json:"roots"`
	Inclusion   []inclusion   `json:"inclusion"`
	Consistency []consistency `json:"consistency"`
	Notes       []signed      `json:"notes"`
}

// counter is a deterministic reader: vectors must come out the same each time.
type counter struct{ next byte }

func (c *counter) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = c.next
		c.next++
	}
	return len(p), nil
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func encode(hashes []tlog.Hash) []string {
	out := []string{}
	for _, h := range hashes {
		out = append(out, h.String())
	}
	return out
}

func main() {
	out := vectors{Source: "golang.org/x/mod v0.42.0", Leaf: "leaf %d"}
	var stored []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = stored[index]
		}
		return found, nil
	})
	out.Roots = append(out.Roots, tlog.Hash(sha256.Sum256(nil)).String())
	for n := int64(0); n < leaves; n++ {
		stored = append(stored, must(tlog.StoredHashes(n, []byte(fmt.Sprintf(out.Leaf, n)), reader))...)
		out.Roots = append(out.Roots, must(tlog.TreeHash(n+1, reader)).String())
	}
	out.Stored = encode(stored)
	for _, at := range [][2]int64{{0, 0}, {0, 1}, {1, 0}, {0, 69}, {3, 5}, {6, 0}, {0, 123456789}, {20, 41}, {40, 3}} {
		out.Positions = append(out.Positions, [3]int64{at[0], at[1], tlog.StoredHashIndex(int(at[0]), at[1])})
	}
	for _, size := range []int64{1, 2, 3, 7, 8, 13, 64, 65, 70} {
		for _, index := range []int64{0, 1, 2, 5, 6, 7, 12, 31, 63, 64, 69} {
			if index < size {
				out.Inclusion = append(out.Inclusion, inclusion{index, size, encode(must(tlog.ProveRecord(size, index, reader)))})
			}
		}
		for _, old := range []int64{1, 2, 3, 4, 6, 7, 8, 12, 13, 32, 63, 64, 65, 69, 70} {
			if old <= size {
				out.Consistency = append(out.Consistency, consistency{old, size, encode(must(tlog.ProveTree(size, old, reader)))})
			}
		}
	}
	skey, vkey, err := note.GenerateKey(&counter{}, "example.com/log")
	if err != nil {
		panic(err)
	}
	signer := must(note.NewSigner(skey))
	for _, size := range []int64{0, 1, 70} {
		text := fmt.Sprintf("example.com/log\n%d\n%s\n", size, out.Roots[size])
		seed := make([]byte, 32)
		(&counter{}).Read(seed)
		out.Notes = append(out.Notes, signed{vkey, base64.StdEncoding.EncodeToString(seed), text,
			string(must(note.Sign(&note.Note{Text: text}, signer)))})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(out); err != nil {
		panic(err)
	}
}
