"""causewayctl itself, a stand-in for the daemon, and the folder of what is expected."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from standin import StandIn

HERE = Path(__file__).parent
BUILD = Path(os.environ.get("CAUSEWAY_BUILD", HERE.parents[1] / "build"))
PROGRAM = str(BUILD / "causewayctl")

# Another zone than UTC, in which all times are to be shown; no configuration but what a test gives.
ENVIRONMENT = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TZ": "Asia/Tokyo", "TERM": "xterm", "CAUSEWAY_CONFIG": "/nonexistent/causeway.yaml"}

Answer = subprocess.CompletedProcess[str]


def run(*arguments: str | Path, stdin: str | None = None, **environment: str) -> Answer:
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, timeout=60, check=False,
                          env={**ENVIRONMENT, **environment})


@pytest.fixture
def daemon() -> Iterator[StandIn]:
    standin = StandIn()
    yield standin
    standin.close()


@pytest.fixture
def ask(daemon: StandIn) -> Callable[..., Answer]:
    """causewayctl, asking the stand-in."""
    return lambda *arguments, **more: run("--socket", daemon.socket, *arguments, **more)


@pytest.fixture
def expected() -> Callable[[str, str], None]:
    """Compares a text with expected/NAME; CAUSEWAY_WRITE_EXPECTED=1 writes the files anew, to be read before they are kept."""

    def compare(name: str, text: str) -> None:
        path = HERE / "expected" / name
        if os.environ.get("CAUSEWAY_WRITE_EXPECTED"):
            path.write_text(text)
        assert text == path.read_text(), f"differs from {path}"

    return compare


def document(answer: Answer) -> Any:
    """The one JSON document on standard output."""
    return json.loads(answer.stdout)
