"""The short form: what can be counted on a busy machine. Instructions are callgrind's of the whole daemon, libraries and all.

More than 5 % above expected.json fails. What is more than 5 % below is said: the table is to be written anew then
(scripts/bench --short --expect), so that what was gained is held."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import benches
import reconcile
import world
from accounts import role, tell_all
from world import CORES, ROOT, TOOLS, Server, daemon, directory, endpoint_event, event, wait_for

EXPECTED = ROOT / "tests" / "bench" / "expected.json"
ABOVE, BELOW = 1.05, 0.95
MESSAGES, OPEN, ROLES, PAIRS, EVENTS = 500, 500, 200, 200, 200
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")
# So that every processor counts the same: the C library's plain functions, and libcrypto's.
PLAIN = {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-AVX,-AVX_Fast_Unaligned_Load,-ERMS,-FSRM,-BMI2,-SSE4_2,-SSE4_1,-SSSE3,-Fast_Unaligned_Copy",
         "OPENSSL_ia32cap": "0:0"}


def collected(output: str) -> int:
    found = re.findall(r"Collected : (\d+)", output)
    assert found, output[-2000:]
    return int(found[-1])


def instructions(server: Server, folder: Path, work: Callable[[], None] | None = None) -> int:
    """Of a whole life: start, the work, and a stop that was asked for."""
    server.tell("hold", operation="ListEndpoints")  # the first sweep is the last
    with daemon(server, folder, wrapper=CALLGRIND, environment=PLAIN) as consumer:
        benches.polls(server, consumer)
        if work:
            work()
        time.sleep(1)  # what follows the last delete is a millisecond's work
        consumer.process.send_signal(signal.SIGTERM)
        consumer.process.wait(60)
        return collected((folder / "output").read_text())


def starting() -> int:
    with directory() as name, Server() as server:
        return instructions(server, Path(name))


def draining() -> dict[str, float]:
    with directory() as name, Server() as server:
        server.tell("hold", operation="HeadObject")

        def drain() -> None:
            server.tell("messages", "\n".join(event(i) for i in range(MESSAGES)))
            benches.delete_all(server, MESSAGES)

        total = instructions(server, Path(name), drain)
        calls = server.counts()["operations"]
        with contextlib.closing(sqlite3.connect(Path(name) / "causeway.db")) as database:
            lengths = [row[0] for row in database.execute("SELECT length(bytes) FROM record WHERE kind = 'deployment'"
                                                          " UNION ALL SELECT length(bytes) FROM common")]
        return {"total": total, "receives": calls["ReceiveMessage"]["calls"], "deletes": calls["DeleteMessageBatch"]["calls"],
                "bytes": sum(lengths) / MESSAGES}


def waiting() -> dict[str, float]:
    with directory() as name, Server() as server:
        benches.make_open(Path(name), OPEN, server)
        with daemon(server, Path(name)) as consumer:
            benches.polls(server, consumer)
            wait_for(lambda: server.calls("ListEndpoints") >= 1, "a sweep")
            time.sleep(4)
            memory = consumer.memory()
            return {"looks": server.calls("DescribeEndpoint"), "own": memory["own"]}


def with_open(events: int) -> int:
    """Of a start with so many that wait for their endpoints, and of so many events of these."""
    with directory() as name, Server() as server:
        benches.make_open(Path(name), OPEN, server)

        def tell() -> None:
            if not events:
                return
            server.tell("messages", "\n".join(endpoint_event(f"open-{i}", i) for i in range(events)))
            benches.delete_all(server, events)
            wait_for(lambda: server.calls("DescribeEndpoint") >= events, "the looks")

        return instructions(server, Path(name), tell)


def counted(_: str) -> benches.Numbers:
    """What a bench shows of it. Exact but for how commits fall together."""
    empty, waiting_ones = starting(), with_open(0)
    return {"a start": empty, "a drained message": (draining()["total"] - empty) / MESSAGES,
            "a deployment taken up after a start": (waiting_ones - empty) / OPEN,
            "an event of a waiting one, with its look": (with_open(EVENTS) - waiting_ones) / EVENTS}


def resting() -> dict[str, float]:
    with directory() as name, Server() as server, daemon(server, Path(name)) as consumer:
        benches.polls(server, consumer)
        time.sleep(1)
        return consumer.memory()


# ---- the bridge ----


def reconciling(passes: int) -> int:
    """Of so many passes over roles that are as the file says, the start with its own."""
    resources = [role(i) for i in range(ROLES)]
    with directory() as name, Server() as server:
        tell_all(server, resources)
        with reconcile.bridging(server, Path(name), resources, wrapper=CALLGRIND, environment=PLAIN) as consumer:
            control = reconcile.ready(server, consumer)
            for _ in range(passes):
                reconcile.as_wanted(control.reconcile(), ROLES)
            consumer.process.send_signal(signal.SIGTERM)
            consumer.process.wait(60)
        return collected((Path(name) / "output").read_text())


def comparing() -> float:
    """Policies in pairs, the same one in two spellings."""
    pairs = "".join(json.dumps({"a": json.dumps(role(i)["inline"]["read"]), "b": json.dumps(role(i)["inline"]["read"], indent=1)}) + "\n"
                    for i in range(PAIRS))

    def compared(rounds: int) -> int:
        done = subprocess.run([*CALLGRIND, str(TOOLS / "bench_policies"), str(rounds)], input=pairs, capture_output=True, text=True,
                              check=True, env={**os.environ, **PLAIN})
        return collected(done.stderr)

    return (compared(3) - compared(1)) / 2 / PAIRS


def measure() -> dict[str, float]:
    world.pinned = False
    with directory() as name, Server() as server:  # what several of them copy is made first
        benches.make_open(Path(name), 1, server)
    work: dict[str, Callable[[], Any]] = {
        "drained": draining, "many": lambda: reconciling(12), "few": lambda: reconciling(2),
        "empty": starting, "wait": waiting, "rest": resting, "compared": comparing,
        **{name: (lambda name=name: reconcile.calls(name)["calls"]) for name in (reconcile.MIXED, reconcile.ROLES, reconcile.GUIDE, reconcile.FEW)},
    }
    with ThreadPoolExecutor(len(CORES)) as pool:  # the longest first
        found = dict(zip(work, pool.map(lambda each: each(), work.values())))
    drained, rest = found["drained"], found["rest"]
    return {
        "drain: instructions a message": (drained["total"] - found["empty"]) / MESSAGES,
        "drain: receives": drained["receives"],
        "drain: deletes": drained["deletes"],
        "drain: bytes stored a deployment": drained["bytes"],
        "idle: private dirty MB": rest["dirty"],
        "start: instructions": found["empty"],
        "calls: the guide's set-up": found[reconcile.GUIDE],
        "calls: 1,000 roles": found[reconcile.ROLES],
        "calls: 2,000 mixed": found[reconcile.MIXED],
        "calls: 4 roles in an account of 3,004": found[reconcile.FEW],
        "reconcile: instructions a role": (found["many"] - found["few"]) / 10 / ROLES,
        "policies: instructions a pair": found["compared"],
        "waiting: DescribeEndpoint calls": found["wait"]["looks"],
        "waiting: resident KB a deployment": (found["wait"]["own"] - rest["own"]) * 1024 / OPEN,
    }


# What hangs on how commits happen to fall together, or on the allocator, has more room.
ROOM = {"waiting: resident KB a deployment": 8, "idle: private dirty MB": 0.7, "drain: receives": 3, "drain: deletes": 3}


def compare(measured: dict[str, float], expected: dict[str, float]) -> int:
    failures = 0
    for name, value in measured.items():
        wanted = expected[name]
        room = ROOM.get(name, 0)
        exact = name.startswith("calls:")  # of the cheapest plan, and no one more
        above = value > wanted * (1 if exact else ABOVE) + room
        below = value < wanted * (1 if exact else BELOW) - room
        failures += above or (exact and below)
        remark = "MORE than expected" if above else "less than expected: scripts/bench --short --expect holds that" if below else "as expected"
        print(f"{name:55} {value:14,.1f}   expected {wanted:14,.1f}   {remark}")
    print(f"{len(measured) - failures} passed, {failures} failed")
    return failures


def run(expect: bool) -> int:
    measured = measure()
    if expect:
        EXPECTED.write_text(json.dumps({name: round(value, 1) for name, value in measured.items()}, indent=1) + "\n")
        print(f"{EXPECTED} written")
        return 0
    return 1 if compare(measured, json.loads(EXPECTED.read_text())) else 0
