// CPU of HashiCorp's awspolicyequivalence: a pair a line in, as tests/conformance has them; nanoseconds a
// pair and the verdicts' digest out.   policies ROUNDS < PAIRS
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"syscall"

	awspolicy "github.com/hashicorp/awspolicyequivalence"
)

func cpu() int64 {
	var usage syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return usage.Utime.Nano() + usage.Stime.Nano()
}

func main() {
	rounds, _ := strconv.Atoi(os.Args[1])
	var pairs []struct{ A, B string }
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var pair struct{ A, B string }
		json.Unmarshal(lines.Bytes(), &pair)
		pairs = append(pairs, pair)
	}
	equal, began := 0, cpu()
	for round := 0; round < rounds; round++ {
		for _, pair := range pairs {
			same, err := awspolicy.PoliciesAreEquivalent(pair.A, pair.B)
			if err == nil && same {
				equal++
			}
		}
	}
	spent := cpu() - began
	fmt.Printf("{\"ns\": %d, \"equal\": %d}\n", spent/int64(rounds*len(pairs)), equal/rounds)
}
