"""Load and churn, over the fast fake of SQS, S3, ECR and SageMaker that the benches have (tests/bench/server): it knows what
the daemon asks of them and answers at once. The local AWS of the other tests would take hours for this."""

import contextlib
import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from causeway import BUILD
from gate.client import wait_for
from shim import preload

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))

import world as bench  # noqa: E402

bench.BUILD, bench.TOOLS = BUILD, BUILD / "tests"

EVENTS = int(os.environ.get("CAUSEWAY_LOAD_EVENTS", "50000" if "CAUSEWAY_THOROUGH" in os.environ else "10000"))
# SageMaker's quotas, which the daemon keeps to, and its pauses pass twenty times as fast; long polls do not, so they are short.
FAST = preload(SPEED="20", BOTH="1")
ENDPOINTS = int(os.environ.get("CAUSEWAY_LOAD_ENDPOINTS", "1000" if "CAUSEWAY_THOROUGH" in os.environ else "200"))


@pytest.fixture
def server() -> Iterator[Any]:
    with bench.Server() as started:
        yield started


class Process:
    """causewayd over the fake, without the benches' own core for each."""

    def __init__(self, server: Any, directory: Path, endpoints: int, **environment: str) -> None:
        self.directory = directory
        whole = bench.configuration(directory)
        template = whole["deployments"].pop("scorer")
        whole["deployments"] = {f"d{n}": {**template, "on": {"source": ["bench"], "detail": {"endpoint": [f"e{n}"]}}, "endpoint": f"e{n}"}
                                for n in range(endpoints)}
        whole["queue"].update(receivers="4", wait="1s")
        (directory / "causeway.yaml").write_text(json.dumps(whole))
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": str(directory), **environment}
        self.start()

    def start(self) -> None:
        with (self.directory / "journal").open("ab") as journal:
            self.process = subprocess.Popen(
                [str(BUILD / "causewayd"), "--config", str(self.directory / "causeway.yaml"), "--log-format", "plain", "--log-level", "notice"],
                stdin=subprocess.DEVNULL, stdout=journal, stderr=journal, env=self.environment)

    def status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+)", text, re.M).group(1))

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def records(self) -> list[dict[str, Any]]:
        """Of a daemon that has stopped: while it runs, its store is its own."""
        with sqlite3.connect(self.directory / "causeway.db") as database:
            return [json.loads(row[0]) for row in database.execute("SELECT bytes FROM whole WHERE kind = 'deployment'")]

    def open(self) -> int:
        """Deployments that are open; -1 while it is not told. `status` would have each of thousands of records read for it."""
        found = self.metrics()
        return -1 if found is None else sum(int(value) for name, value in found if name.startswith("causeway_deployments_open{"))

    def timers(self) -> int:
        """That run; what is asked once more where it is not told."""
        return wait_for(lambda: next((int(value) for name, value in self.metrics() or [] if name == "causeway_loop_timers"), None), "the timers")

    def metrics(self) -> list[tuple[str, float]] | None:
        """None while they are not told: the daemon's own limit of time for an answer, here so many times shorter, may pass while
        it is busy."""
        assert self.process.poll() is None
        with contextlib.suppress(OSError), contextlib.closing(socket.socket(socket.AF_UNIX)) as asking:
            asking.settimeout(60)
            asking.connect(str(self.directory / "s"))
            asking.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = b"".join(iter(lambda: asking.recv(65536), b"")).decode()
            if said.startswith("HTTP/1.1 200"):
                return [(name, float(value)) for name, value in re.findall(r"^(causeway_\S+) (\S+)$", said, re.M)]
        return None

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A Unix socket's path is short, and pytest's directories are deep."""
    short = Path(f"/tmp/cwl{os.getpid()}")
    short.unlink(missing_ok=True)
    short.symlink_to(tmp_path)
    yield short
    short.unlink()


def event(number: int, endpoints: int, endpoint: int | None = None) -> str:
    """The number-th, a second after the one before; for the endpoints in turn, or for one."""
    whole = json.loads(bench.event(number, 0, endpoint=f"e{number % endpoints if endpoint is None else endpoint}"))
    whole["time"] = f"2026-11-25T{5 + number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
    return json.dumps(whole, separators=(",", ":"))


def test_thousands_of_events_at_once(server, directory, record_property):
    """Memory is bounded, order is kept at each endpoint, and none starves. 10,000 for 200 endpoints; with
    CAUSEWAY_THOROUGH=1, 50,000 for 1,000, which SageMaker's quotas, kept here too, make long. A tenth of them are for one
    endpoint, and come before all others."""
    began = time.monotonic()
    flood = EVENTS // 10
    server.tell("set", settle_us=1000, visibility_us=20_000_000)
    server.tell("messages", "\n".join(event(n, ENDPOINTS, 0 if n < flood else None) for n in range(EVENTS)))
    daemon = Process(server, directory, ENDPOINTS, **FAST)
    try:
        wait_for(lambda: server.counts()["deleted"] >= EVENTS, "every message to be committed and deleted", 600, every=0.5)
        wait_for(lambda: daemon.open() == 0, "every deployment to end", 900, every=1.0)
        peak = daemon.status("VmHWM")
        assert daemon.stop() == 0
        records = daemon.records()
        assert len(records) == EVENTS  # nothing lost, nothing doubled
        assert set(record["state"] for record in records) <= {"succeeded", "superseded"}
        by_endpoint = defaultdict(list)
        for record in records:
            by_endpoint[record["endpoint"]].append(record)
        assert len(by_endpoint) == ENDPOINTS
        served = {}
        for endpoint, mine in by_endpoint.items():
            mine.sort(key=lambda r: r["event_ms"])
            assert mine[-1]["state"] == "succeeded"  # the newest is what serves
            served[endpoint] = [r["ended_ms"] for r in mine if r["state"] == "succeeded"]
            assert served[endpoint] == sorted(served[endpoint])  # and it came last: order is kept
        # Nobody starved: until the last one had a model that serves, most of what was done was first ones.
        all_serve = max(ended[0] for ended in served.values())
        before = sum(ms <= all_serve for ended in served.values() for ms in ended)
        assert before <= 2 * ENDPOINTS
        record_property("events", EVENTS)
        record_property("endpoints", ENDPOINTS)
        record_property("seconds", round(time.monotonic() - began))
        record_property("peak MB", peak // 1024)
        record_property("deployments until all endpoints served", before)
        if BUILD.name != "sanitize":  # some 6 KB for each that waits
            assert peak < 120_000 + EVENTS * 8
    finally:
        daemon.stop()


def test_an_hour_of_churn_leaves_memory_descriptors_timers_and_threads_where_they_were(server, directory, record_property):
    """Time-compressed: thousands of deployments come and go; after the first rounds nothing grows any more."""
    server.tell("set", settle_us=1000, visibility_us=20_000_000)
    daemon = Process(server, directory, 20, **FAST)
    rounds, each, number = 12, 200, 0
    seen = []
    try:
        for _ in range(rounds):
            server.tell("messages", "\n".join(event(n, 20) for n in range(number, number + each)))
            number += each
            wait_for(lambda: server.counts()["deleted"] >= number, "the messages to be deleted", 600, every=0.1)
            wait_for(lambda: daemon.open() == 0, "the deployments to end", 600, every=0.1)
            seen.append((daemon.status("VmRSS"), daemon.descriptors(), daemon.status("Threads"), daemon.timers()))
        middle, last = seen[rounds // 2], seen[-1]
        if BUILD.name != "sanitize":  # which keeps what is freed
            assert last[0] <= middle[0] * 1.05 + 1024, seen
        assert last[1] <= max(one[1] for one in seen[:rounds // 2]) + 2, seen  # connections are kept, and closed
        assert last[2] == middle[2], seen
        # One a deployment that was left behind would be two hundred more a round; those of connections come and go.
        assert last[3] <= max(one[3] for one in seen[:rounds // 2]) + 20, seen
        assert daemon.stop() == 0
        record_property("deployments", number)
    finally:
        daemon.stop()
