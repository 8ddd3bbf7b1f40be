"""Calls through the daemon's own client, from a test's side: the programs of call.c and sign.c."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("CAUSEWAY_BUILD", ROOT / "build")) / "tests"
ACCOUNT = "prod=us-east-1"


class Caller:
    """A process that makes calls, with an environment of its own. `with Caller(environment) as caller: ...`"""

    def __init__(self, environment: dict[str, str], *accounts: str) -> None:
        """Accounts are NAME=REGION or NAME=REGION,ROLE,EXTERNAL_ID."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self._process = subprocess.Popen(
            [str(PROGRAMS / "aws_call"), *(accounts or (ACCOUNT,))], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**clean, "HOME": "/nonexistent", **environment}, text=True)

    def call(self, operation: str, arguments: dict[str, Any] | None = None, account: str = "prod", **options: Any) -> dict[str, Any]:
        """What came of it: ok, class, code, sentence, tries, uncertain, output, attempts, ..."""
        self.start(operation, arguments, account, **options)
        return self.finish()

    def start(self, operation: str, arguments: dict[str, Any] | None = None, account: str = "prod", **options: Any) -> None:
        asked = {"operation": operation, "account": account, "input": arguments or {}, **options}
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def finish(self) -> dict[str, Any]:
        line = self._process.stdout.readline()
        assert line, f"aws_call ended: {self._process.stderr.read()[-2000:]}"
        return json.loads(line)

    def refusal(self) -> str:
        """What a process said that would not start."""
        _, said = self._process.communicate(timeout=30)
        assert self._process.returncode == 1, said
        return said

    def __enter__(self) -> "Caller":
        return self

    def __exit__(self, *failed: object) -> None:
        if self._process.returncode is not None:
            return
        try:
            _, said = self._process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            raise
        if failed[0] is None:
            assert self._process.returncode == 0, said[-2000:]


def sign(requests: list[dict[str, Any]]) -> list[list[tuple[str, str]]]:
    """The headers of each request once it is signed."""
    lines = "".join(json.dumps(request) + "\n" for request in requests)
    done = subprocess.run([str(PROGRAMS / "aws_sign")], input=lines, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [[(name, value) for name, value in json.loads(line)] for line in done.stdout.splitlines()]
