"""The short form: what can be counted on a busy machine. Instructions are callgrind's of the whole daemon, libraries and all.

More than 5 % above expected.json fails, as does more than 10 % below it: then the table is to be written anew
(scripts/bench --short --expect), so that what was gained is held."""

import json
import re
import signal
import time
from pathlib import Path

import benches
from world import ROOT, Server, daemon, directory, endpoint_event, event, wait_for

EXPECTED = ROOT / "tests" / "bench" / "expected.json"
ABOVE, BELOW = 1.05, 0.90
MESSAGES, OPEN, EVENTS = 500, 500, 60
CALLGRIND = ("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null")


def instructions(server: Server, folder: Path, work: object = None, waits: bool = False) -> int:
    """Of a whole life: start, the work, and a stop that was asked for."""
    server.tell("hold", operation="ListEndpoints")  # the first sweep is the last
    with daemon(server, folder, wrapper=CALLGRIND) as consumer:
        benches.polls(server, consumer)
        if waits:  # by then all were looked at
            wait_for(lambda: server.calls("ListEndpoints") >= 1, "the first sweep")
        if callable(work):
            work()
        wait_for(lambda: benches.quiet(consumer), "it to be quiet")  # those that were open are taken up by and by
        consumer.process.send_signal(signal.SIGTERM)
        consumer.process.wait(30)
        found = re.findall(r"Collected : (\d+)", (folder / "output").read_text())
        assert found, (folder / "output").read_text()[-2000:]
        return int(found[-1])


def starting(count: int) -> int:
    with directory() as name, Server() as server:
        benches.make_open(Path(name), count, server)
        return instructions(server, Path(name), waits=count > 0)


def draining() -> dict[str, float]:
    with directory() as name, Server() as server:
        server.tell("hold", operation="HeadObject")

        def drain() -> None:
            server.tell("messages", "\n".join(event(i) for i in range(MESSAGES)))
            benches.delete_all(server, MESSAGES)

        total = instructions(server, Path(name), drain)
        calls = server.counts()["operations"]
        rows = benches.stored(Path(name))
        return {"total": total, "receives": calls["ReceiveMessage"]["calls"], "deletes": calls["DeleteMessageBatch"]["calls"],
                "bytes": sum(map(len, rows)) / len(rows)}


def growing(count: int) -> int:
    with directory() as name, Server() as server:
        benches.make_open(Path(name), count, server)

        def news() -> None:
            for i in range(0, EVENTS, 10):
                server.tell("messages", "\n".join(endpoint_event(f"open-{(i + k) % 10}", i + k) for k in range(10)))
                benches.delete_all(server, i + 10)
                wait_for(lambda: server.calls("DescribeEndpoint") >= i + 10, "the looks")

        return instructions(server, Path(name), news, waits=True)


def waiting() -> dict[str, float]:
    with directory() as name, Server() as server:
        benches.make_open(Path(name), OPEN, server)
        with daemon(server, Path(name)) as consumer:
            benches.polls(server, consumer)
            wait_for(lambda: server.calls("ListEndpoints") >= 1, "a sweep")
            time.sleep(4)
            memory = consumer.memory()
            return {"looks": server.calls("DescribeEndpoint"), "rss": memory["rss"]}


def resting() -> dict[str, float]:
    with directory() as name, Server() as server, daemon(server, Path(name)) as consumer:
        benches.polls(server, consumer)
        time.sleep(1)
        return consumer.memory()


def measure() -> dict[str, float]:
    empty, some = starting(0), starting(OPEN)
    drained = draining()
    few, many = growing(10), growing(OPEN)
    rest, wait = resting(), waiting()
    return {
        "drain: instructions a message": (drained["total"] - empty) / MESSAGES,
        "drain: receives": drained["receives"],
        "drain: deletes": drained["deletes"],
        "drain: bytes stored a deployment": drained["bytes"],
        "idle: resident MB": rest["rss"],
        "idle: private dirty MB": rest["dirty"],
        "start: instructions": empty,
        "start: instructions a deployment taken up": (some - empty) / OPEN,
        "growth: instructions an event with 10 open": (few - empty) / EVENTS,
        "growth: instructions an event more with 500 open": max(0.0, (many - some) / EVENTS - (few - empty) / EVENTS),
        "waiting: DescribeEndpoint calls": wait["looks"],
        "waiting: resident KB a deployment": (wait["rss"] - rest["rss"]) * 1024 / OPEN,
    }


# What hangs on how commits happen to fall together, or on the allocator, has more room.
ROOM = {"growth: instructions an event more with 500 open": 100_000, "waiting: resident KB a deployment": 6, "drain: receives": 3,
        "drain: deletes": 40}


def compare(measured: dict[str, float], expected: dict[str, float]) -> int:
    failures = 0
    for name, value in measured.items():
        wanted = expected.get(name, 0.0)
        room = ROOM.get(name, 0)
        above, below = value > wanted * ABOVE + room, value < wanted * BELOW - room
        failures += above or below
        remark = "MORE than expected" if above else "less than expected: write the table anew" if below else "as expected"
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
