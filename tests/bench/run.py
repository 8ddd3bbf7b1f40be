"""Runs the benches: rounds of all subjects interleaved, medians with least and most, a table, JSON and plots.

    run.py [--rounds N] [--short] [NAME...]

A bench is run again where a peer's spread (most - least, of the median) passes 15 %; what is left is said below it. Beside table.md there is cost.md: the same in the shape of "What it costs" in daemon/README.md, to be
put there. --short: counts only (instructions, calls, bytes), held against expected.json."""

import argparse
import json
import re
import sys
import time
from pathlib import Path
from statistics import median

import benches
import cost
import short
from bars import BARS, PEERS, Bar
from world import HOME

SPREAD, AGAIN = 0.15, 1
BENCHES = {**benches.BENCHES, "instructions": (short.counted, lambda: [benches.OURS])}
Rounds = dict[str, list[dict[str, float]]]


def machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    cores = len(re.findall(r"^processor", Path("/proc/cpuinfo").read_text(), re.M))
    return f"{model.group(1) if model else 'unknown'}, {cores} cores"


def measure(name: str, rounds: int) -> Rounds:
    bench, subjects = BENCHES[name]
    found: Rounds = {subject: [] for subject in subjects()}
    for number in range(rounds):
        for subject in found:
            began = time.monotonic()
            found[subject].append(bench(subject))
            print(f"{name} {number + 1}/{rounds} {subject}: {shown(found[subject][-1])} ({time.monotonic() - began:.0f} s)", flush=True)
    return found


def shown(numbers: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in numbers.items())


def spread(rounds: Rounds, quantity: str) -> float:
    """The widest of the peers'."""
    widest = 0.0
    for subject, found in rounds.items():
        values = [numbers[quantity] for numbers in found if quantity in numbers]
        if subject in PEERS and values and median(values):
            widest = max(widest, (max(values) - min(values)) / median(values))
    return widest


def calm(name: str, rounds: Rounds) -> bool:
    return all(spread(rounds, bar.quantity) <= SPREAD for bar in BARS if bar.bench == name)


def steady(name: str, count: int) -> Rounds:
    count = min(count, benches.ROUNDS_AT_MOST.get(name, count))
    best = measure(name, count)
    for _ in range(AGAIN):
        if count < 3 or calm(name, best):
            break
        print(f"{name}: a peer's spread is above {SPREAD:.0%}; once more", flush=True)
        other = measure(name, count)
        quantities = [bar.quantity for bar in BARS if bar.bench == name]
        if sum(spread(other, q) for q in quantities) < sum(spread(best, q) for q in quantities):
            best = other
    return best


def table(results: dict[str, Rounds], rounds: int) -> str:
    lines = [f"{machine()}; {rounds} rounds, interleaved, fewer where it is said; median (least to most)", ""]
    for name, found in results.items():
        quantities = list(next(iter(found.values()))[0])
        lines += [f"| {name} | " + " | ".join(quantities) + " |", "|---" * (len(quantities) + 1) + "|"]
        for subject, measured in found.items():
            cells = []
            for quantity in quantities:
                values = [numbers[quantity] for numbers in measured if quantity in numbers]
                cells.append(f"{median(values):.4g} ({min(values):.4g} to {max(values):.4g})" if values else "")
            lines.append(f"| {subject} | " + " | ".join(cells) + " |")
        lines.append("")
        taken = len(next(iter(found.values())))
        if taken < rounds:
            lines += ["One round: these are counts.", ""]
        if not calm(name, found):
            lines += [f"A peer's spread was above {SPREAD:.0%} both times that this was run.", ""]
    lines += ["| bar | allowed | measured | |", "|---|---|---|---|"]
    lines += [line for bar in BARS if bar.bench in results for line in verdict(bar, results[bar.bench])]
    return "\n".join(lines) + "\n"


def verdict(bar: Bar, found: Rounds) -> list[str]:
    if bar.subject not in found or (bar.against and bar.against not in found):
        return [f"| {bar.text} | {bar.allowed:g} | left out: not installed | |"]
    value = median(numbers[bar.quantity] for numbers in found[bar.subject])
    if bar.against:
        value /= median(numbers[bar.quantity] for numbers in found[bar.against]) or 1e-9
    met = value >= bar.allowed if bar.at_least else value <= bar.allowed
    aim = f" (aim {bar.aim:.3g})" if bar.aim else ""
    return [f"| {bar.text} | {'>=' if bar.at_least else '<='} {bar.allowed:.4g}{aim} | {value:.3g} | {'met' if met else 'not met'} |"]


def plot(results: dict[str, Rounds]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    for name, found in results.items():
        quantities = list(next(iter(found.values()))[0])
        figure, axes = pyplot.subplots(1, len(quantities), figsize=(4 * len(quantities), 3), squeeze=False)
        for axis, quantity in zip(axes[0], quantities):
            axis.boxplot([[numbers[quantity] for numbers in measured if quantity in numbers] for measured in found.values()])
            axis.set_xticks(range(1, len(found) + 1), found, rotation=30, ha="right", fontsize=7)
            axis.set_title(quantity, fontsize=9)
            axis.set_ylim(bottom=0)
        figure.suptitle(name)
        figure.tight_layout()
        figure.savefig(HOME / f"{name}.png", dpi=110)
        pyplot.close(figure)


def write(results: dict[str, Rounds], rounds: int) -> None:
    (HOME / "table.md").write_text(table(results, rounds))
    bars = [line for bar in BARS if bar.bench in results for line in verdict(bar, results[bar.bench])]
    (HOME / "cost.md").write_text(cost.section(results, machine(), bars))
    (HOME / "results.json").write_text(json.dumps({"machine": machine(), "rounds": rounds, "results": results}, indent=1))
    plot(results)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--expect", action="store_true", help="with --short: write expected.json anew")
    parser.add_argument("names", nargs="*", choices=[[], *BENCHES], metavar="NAME")
    options = parser.parse_args()
    if options.short:
        return short.run(options.expect)
    results: dict[str, Rounds] = {}
    for name in options.names or BENCHES:
        results[name] = steady(name, options.rounds)
        write(results, options.rounds)  # whoever is interrupted has what was measured
    print("\n" + table(results, options.rounds))
    return 0


if __name__ == "__main__":
    sys.exit(main())
