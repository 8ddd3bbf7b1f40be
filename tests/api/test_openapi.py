"""conf/openapi.yaml is what the server does: every route is in it, and schemathesis finds no answer that is not."""

import re
import subprocess
import sys
from pathlib import Path

import yaml
from causeway import Daemon

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "conf" / "openapi.yaml"


def test_every_route_of_the_server_is_described_and_no_other() -> None:
    routes = {(method.lower(), path) for method, path in
              re.findall(r'ROUTE\(\w+, "(\w+)", "([^"]+)"', (ROOT / "daemon/control/api.def").read_text())}
    described = {(method, path) for path, operations in yaml.safe_load(DESCRIPTION.read_text())["paths"].items()
                 for method in operations if method in ("get", "post")}
    assert described == routes
    assert len(routes) > 20


def test_what_is_answered_over_the_loopback_port_too_is_said() -> None:
    anywhere = set(re.findall(r'ROUTE\(\w+, "\w+", "([^"]+)", API_ANYWHERE', (ROOT / "daemon/control/api.def").read_text()))
    said = {path for path, operations in yaml.safe_load(DESCRIPTION.read_text())["paths"].items()
            if "also over the loopback port" in operations.get("get", {}).get("summary", "")}
    assert said == anywhere


def test_no_request_gets_an_answer_that_is_not_described(daemon: Daemon, bridged: str) -> None:
    """The stream has no end, dead letters take a second each, and the doctor half a minute: they have tests of their own."""
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(DESCRIPTION), "--url", bridged, "--exclude-path", "/v1/events",
         "--exclude-path-regex", "^/v1/(dead-letters|doctor)", "--phases", "examples,coverage,fuzzing", "--max-examples", "12",
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method",
         "--generation-database", "none", "--seed", "1", "--no-color", "--request-timeout", "30"],
        capture_output=True, text=True, check=False, cwd=daemon.directory)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert daemon.ask("version")["daemon"]["program"] == "causewayd"
