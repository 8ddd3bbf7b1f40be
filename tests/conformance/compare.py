#!/usr/bin/env python3
"""Holds our verdicts against those of other implementations, over generated cases.

    compare.py [--seed N] [--evaluations N] [--equivalences N] [--patterns N]

scripts/conformance installs what is needed and calls this. Prints each disagreement with the document
that decides it, and ends with 1 where one is not explained by known.py.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Callable

import generate_equivalence
import generate_evaluation
import generate_patterns
from judging import BUILD, judge, our_verdicts
from known import KNOWN, Known

Json = dict[str, Any]

HOME = BUILD / "conformance"
SHOWN = 5
"""Unexplained disagreements that are printed in full."""


@dataclass(frozen=True)
class Contest:
    kind: str
    other: str
    generate: Callable[[Random], Json]
    command: list[str]
    environment: dict[str, str]

    def ours(self, cases: list[Json]) -> list[str]:
        return our_verdicts(self.kind, cases)

    def theirs(self, cases: list[Json]) -> list[str]:
        return judge(self.command, self.environment, cases)


def contests() -> list[Contest]:
    here = Path(__file__).resolve().parent
    return [
        Contest(
            "evaluation",
            "iam-simulate",
            generate_evaluation.question,
            ["node", str(here / "evaluation.mjs")],
            {"IAM_SIMULATE": str(HOME / "npm/node_modules/@cloud-copilot/iam-simulate")},
        ),
        Contest("equivalence", "awspolicyequivalence", generate_equivalence.pair, [str(HOME / "go/equivalence")], {}),
        Contest(
            "pattern",
            "event-ruler",
            generate_patterns.pair,
            ["java", "-XX:+UseSerialGC", "-Xmx512m", "-cp", f"{HOME}/maven/classes:{HOME}/maven/jars/*", "Patterns"],
            {},
        ),
    ]


@dataclass(frozen=True)
class Dispute:
    case: Json
    ours: str
    theirs: str

    def causes(self, kind: str) -> list[Known]:
        mine = [known for known in KNOWN if known.kind == kind]
        return [known for known in mine if known.may_cause(self.case, self.ours, self.theirs)]

    def without_causes(self, kind: str) -> Json:
        case = self.case
        for known in self.causes(kind):
            case = known.remove(case)
        return case


def explain(contest: Contest, disputes: list[Dispute]) -> list[bool]:
    """Which of the disputes end with their known causes."""
    candidates = [dispute.without_causes(contest.kind) for dispute in disputes]
    ours, theirs = contest.ours(candidates), contest.theirs(candidates)
    return [
        mine == other and candidate != dispute.case
        for mine, other, candidate, dispute in zip(ours, theirs, candidates, disputes)
    ]


def show(contest: Contest, dispute: Dispute) -> None:
    print(f"  UNEXPLAINED: we say {dispute.ours}, {contest.other} says {dispute.theirs}\n    {json.dumps(dispute.case)}")


def hold(contest: Contest, seed: int, count: int) -> int:
    """Returns the number of disputes that nothing explains."""
    begun = time.monotonic()
    random = Random(seed)
    cases = [contest.generate(random) for _ in range(count)]
    ours, theirs = contest.ours(cases), contest.theirs(cases)
    disputes = [Dispute(case, mine, other) for case, mine, other in zip(cases, ours, theirs) if mine != other]
    explained = explain(contest, disputes) if disputes else []
    unexplained = [dispute for dispute, is_explained in zip(disputes, explained) if not is_explained]
    causes = Counter(
        known
        for dispute, is_explained in zip(disputes, explained)
        if is_explained
        for known in dispute.causes(contest.kind)
    )
    said = ", ".join(f"{number} {verdict}" for verdict, number in sorted(Counter(ours).items()))
    print(
        f"{contest.kind}: {count} cases ({said}) against {contest.other}, seed {seed}:"
        f" {count - len(disputes)} agreed, {len(disputes) - len(unexplained)} explained,"
        f" {len(unexplained)} unexplained ({time.monotonic() - begun:.0f} s)"
    )
    for known, number in causes.items():
        print(f"  {number} x {known.name}: {known.document}")
    for dispute in unexplained[:SHOWN]:
        show(contest, dispute)
    return len(unexplained)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--evaluations", type=int, default=20000)
    parser.add_argument("--equivalences", type=int, default=20000)
    parser.add_argument("--patterns", type=int, default=20000)
    told = parser.parse_args()
    counts = {"evaluation": told.evaluations, "equivalence": told.equivalences, "pattern": told.patterns}
    unexplained = sum(hold(contest, told.seed, counts[contest.kind]) for contest in contests() if counts[contest.kind])
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
