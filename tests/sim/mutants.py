#!/usr/bin/env python3
"""Builds the mutants of tests/sim/mutants.toml and lets the simulator catch them.

    tests/sim/mutants.py [--build DIRECTORY] [--seeds A..B] [--jobs N] [NAME...]

A mutant is one source of daemon/ with one text replaced, in a copy below the build directory,
compiled as the original is and linked before the simulator's archive; nothing else is compiled anew.
Prints a table of the mutants and of the seed that caught each. Ends with 1 where one was not caught,
or where a text to be replaced does not stand exactly once in its folder.
"""

import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TABLE = Path(__file__).with_name("mutants.toml")
CAUGHT = re.compile(r"^seed (\d+), step \d+: (.*)$", re.MULTILINE)


class Unusable(Exception):
    """The table does not fit the sources, or a mutant cannot be built."""


@dataclass(frozen=True)
class Mutant:
    name: str
    promise: str
    folder: str
    find: str
    replace: str
    world: str = ""  # "fleet": caught by several daemons

    def source(self) -> Path:
        """The one file that has the text, once."""
        places = [
            path
            for path in sorted((ROOT / "daemon" / self.folder).glob("*.c"))
            for _ in range(path.read_text().count(self.find))
        ]
        if len(places) != 1:
            where = ", ".join(path.name for path in places) or "nowhere"
            raise Unusable(f"{self.name}: its text stands {len(places)} times in {self.folder}/: {where}")
        return places[0]


def compile_command(build: Path, source: Path) -> list[str]:
    """How the simulator's build compiles that source."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        if Path(entry["file"]) == source and "causeway_sim.dir" in entry["command"]:
            return shlex.split(entry["command"])
    raise Unusable(f"{source} is not compiled for the simulator")


def link_command(build: Path) -> list[str]:
    """How the simulator is linked; the first of the chained commands is the compiler's."""
    printed = subprocess.run(
        ["ninja", "-C", str(build), "-t", "commands", "-s", "causeway-sim"],
        check=True, capture_output=True, text=True,
    ).stdout
    words = shlex.split(printed.strip().splitlines()[-1])
    while words and words[0] in (":", "&&"):
        words = words[1:]
    return words[: words.index("&&")] if "&&" in words else words


def replace_output(command: list[str], output: Path) -> list[str]:
    place = command.index("-o")
    return command[: place + 1] + [str(output)] + command[place + 2 :]


def run(command: list[str], build: Path) -> None:
    done = subprocess.run(command, cwd=build, capture_output=True, text=True)
    if done.returncode:
        raise Unusable(f"{' '.join(command)}\n{done.stderr}")


def build_mutant(mutant: Mutant, build: Path, link: list[str]) -> Path:
    folder = build / "mutants"
    folder.mkdir(exist_ok=True)
    source = mutant.source()
    patched = folder / f"{mutant.name}.c"
    patched.write_text(source.read_text().replace(mutant.find, mutant.replace))
    # -w: what a mutant leaves unused is nobody's concern.
    command = [word for word in compile_command(build, source) if word != str(source)]
    dependencies = [command.index(option) for option in ("-MF", "-MT") if option in command]
    for place in sorted(dependencies, reverse=True):
        del command[place : place + 2]
    command = [word for word in command if word not in ("-c", "-MD")] + ["-w", "-c", str(patched)]
    compiled = folder / f"{mutant.name}.o"
    run(replace_output(command, compiled), build)
    program = folder / f"causeway-sim-mutant-{mutant.name}"
    command = replace_output(link, program)
    archive = next(i for i, word in enumerate(command) if word.endswith("libcauseway_sim.a"))
    run(command[:archive] + [str(compiled)] + command[archive:], build)
    return program


@dataclass(frozen=True)
class Verdict:
    mutant: Mutant
    seed: str
    broken: str
    seconds: float

    def __str__(self) -> str:
        return f"{self.mutant.name:26} {self.seed:>5} {self.seconds:5.1f}  {self.broken[:110]}"


def try_mutant(mutant: Mutant, build: Path, link: list[str], seeds: str) -> Verdict:
    program = build_mutant(mutant, build, link)
    begun = time.monotonic()
    printed = subprocess.run(
        [str(program), "--seeds", seeds, "--jobs", "1", "--first", "--quiet"]
        + (["--bridge"] if mutant.folder == "bridge" else [])
        + (["--fleet", "--events", "30"] if mutant.world == "fleet" else []),
        capture_output=True, text=True,
    ).stdout
    caught = CAUGHT.search(printed)
    verdict = Verdict(
        mutant,
        caught.group(1) if caught else "",
        caught.group(2) if caught else "NOT CAUGHT",
        time.monotonic() - begun,
    )
    print(verdict, flush=True)
    return verdict


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--build", type=Path, default=ROOT / "build")
    parser.add_argument("--seeds", default="1..2000")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    build = arguments.build.resolve()
    mutants = [Mutant(**row) for row in tomllib.loads(TABLE.read_text())["mutant"]]
    if arguments.names:
        mutants = [mutant for mutant in mutants if mutant.name in arguments.names]
    begun = time.monotonic()
    print(f"{'mutant':26} {'seed':>5} {'s':>5}  what was broken", flush=True)
    try:
        link = link_command(build)
        with ThreadPoolExecutor(arguments.jobs) as pool:
            verdicts = list(
                pool.map(lambda mutant: try_mutant(mutant, build, link, arguments.seeds), mutants)
            )
    except Unusable as unusable:
        print(f"mutants: {unusable}", file=sys.stderr)
        return 1
    missed = [verdict.mutant.name for verdict in verdicts if not verdict.seed]
    print(f"{len(verdicts)} mutants, {len(verdicts) - len(missed)} caught, "
          f"{len(missed)} not caught, in {time.monotonic() - begun:.0f} s")
    return 1 if missed or not verdicts else 0


if __name__ == "__main__":
    sys.exit(main())
