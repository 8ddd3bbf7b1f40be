"""Asking a program for its verdicts: a case a line in, a verdict a line out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Json = dict[str, Any]

BUILD = Path(os.environ.get("CAUSEWAY_BUILD", Path(__file__).resolve().parents[2] / "build"))


def judge(command: list[str], environment: dict[str, str], cases: list[Json]) -> list[str]:
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    done = subprocess.run(
        command, input=lines, env=os.environ | environment, text=True, stdout=subprocess.PIPE, timeout=180, check=True
    )
    verdicts = [verdict_of(line) for line in done.stdout.splitlines()]
    if len(verdicts) != len(cases):
        sys.exit(f"{command[0]}: {len(verdicts)} verdicts on {len(cases)} cases")
    return verdicts


def verdict_of(line: str) -> str:
    """That a case was refused counts, not in which words."""
    return "error" if line.startswith("error") else line


def our_verdicts(kind: str, cases: list[Json]) -> list[str]:
    return judge([str(BUILD / "tests" / "conformance_judge"), kind], {}, cases)
