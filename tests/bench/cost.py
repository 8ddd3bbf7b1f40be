"""The results in the shape of "What it costs" in daemon/README.md: what is measured in rows, the programs beside each other."""

import os
import textwrap
from statistics import median

Rounds = dict[str, list[dict[str, float]]]
TITLES = {
    "drain": "drain: 20,000 messages of 2.5 KB, batches of 10; ours commits each, sqs-consumer and Go commit nothing",
    "lone": "a lone event, from the server's write to the first call",
    "lanes": "a round trip of 10 ms, no handler ever answered",
    "idle": "idle",
    "start": "a start",
    "waiting": "10,000 endpoints being created",
    "growth": "an event of one of so many deployments, with its look",
    "store": "a deployment that is accepted alone",
    "policies": "comparing two policies",
    "calls": "calls of a pass that changes nothing",
    "reconcile": "a pass over 1,000 roles that changes nothing",
    "resources": "such a pass over mixed resources",
    "throttled": "2,000 calls through a bucket of 100 a second and 50 at once",
    "instructions": "instructions, of the whole daemon with its libraries (callgrind)",
}


def figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def middle(found: Rounds, subject: str, quantity: str) -> str:
    """The median, and the least and most where there are several."""
    values = [numbers[quantity] for numbers in found[subject] if quantity in numbers]
    if not values:
        return ""
    found_least, found_most = figure(min(values)), figure(max(values))
    return figure(median(values)) + (f" ({found_least} to {found_most})" if found_least != found_most else "")


def rows(name: str, found: Rounds) -> list[str]:
    quantities = list(next(iter(found.values()))[0])
    lines = [f"| {TITLES.get(name, name)} | " + " | ".join(found) + " |", "|---" + "|---:" * len(found) + "|"]
    return lines + [f"| {quantity} | " + " | ".join(middle(found, subject, quantity) for subject in found) + " |" for quantity in quantities] + [""]


def section(results: dict[str, Rounds], machine: str, bars: list[str]) -> str:
    """Ready to be put into the README. The load is that at the end; the benches themselves are about 1 of it."""
    rounds = sorted({len(measured) for found in results.values() for measured in found.values()})
    said = (f"Measured by `scripts/bench {' '.join(results)}` ({machine}; load {os.getloadavg()[2]:.1f}): medians (least to most), {rounds[-1]} interleaved rounds"
            + (f" ({rounds[0]} at the least, of what is a count)" if len(rounds) > 1 else "")
            + ", the server on one core and the program on the other.")
    lines = ["## What it costs", "", *textwrap.wrap(said, 120), ""]
    for name, found in results.items():
        lines += rows(name, found)
    return "\n".join([*lines, "| bar | allowed | measured | |", "|---|---|---|---|", *bars, ""])
