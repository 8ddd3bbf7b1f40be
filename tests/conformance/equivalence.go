// The verdicts of HashiCorp's awspolicyequivalence: a case a line in, a verdict a line out.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	awspolicy "github.com/hashicorp/awspolicyequivalence"
)

func verdict(line []byte) string {
	var pair struct{ A, B string }

	if err := json.Unmarshal(line, &pair); err != nil {
		return "error: " + err.Error()
	}
	equal, err := awspolicy.PoliciesAreEquivalent(pair.A, pair.B)
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), "\n", " ")
	}
	if equal {
		return "equal"
	}
	return "different"
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()

	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		fmt.Fprintln(out, verdict(lines.Bytes()))
	}
}
