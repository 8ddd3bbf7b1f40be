"""The benches. Each measures one round of one subject and returns numbers by name; run.py interleaves the rounds.

A subject is causewayd or a peer; `subjects()` says which a bench has. The bars are in bars.py."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles

import reconcile
from world import BUILD, ENDPOINT, HOME, TOOLS, Consumer, Server, beside_the_server, daemon, directory, endpoint_event, event, in_the_consumers_place, peers, start, wait_for

Numbers = dict[str, float]
OURS = "causewayd"
MANY = 10_000


def polls(server: Server, consumer: Consumer) -> None:
    wait_for(lambda: server.counts()["polls"] >= 1 or not consumer.alive(), "the first poll")
    assert consumer.alive(), (consumer.directory / "output").read_text()[-2000:]


def main_thread(consumer: Consumer) -> float:
    return next(iter(consumer.threads().values()))


def delete_all(server: Server, count: int, every: float = 0.02) -> dict[str, object]:
    wait_for(lambda: server.counts()["deleted"] >= count, f"{count} messages to be deleted", every=every)
    return server.counts()


# ---- 1: drain ----


def spent_so_far(consumer: Consumer) -> tuple[float, float, float, float]:
    """CPU, the kernel's part, the main thread's, and the kernel's part of that one's."""
    return consumer.cpu(), consumer.kernel(), main_thread(consumer), consumer.main_kernel()


def drain(subject: str, count: int = 20_000) -> Numbers:
    """Messages of 2.5 KB, from the first byte of the first one to the last delete. Each starts a deployment in ours,
    which is committed before the delete; its first call is never answered, so that it goes no further."""
    with directory() as name, Server() as server:
        server.tell("hold", operation="HeadObject")
        with start(subject, server, Path(name)) as consumer:
            polls(server, consumer)
            before = spent_so_far(consumer)
            server.tell("messages", "\n".join(event(i) for i in range(count)))
            counts = delete_all(server, count)
            spent, kernel, main, main_kernel = (now - then for now, then in zip(spent_so_far(consumer), before))
            seconds = (counts["last_deleted_us"] - counts["first_sent_us"]) / 1e6
            peak = consumer.memory()["peak"]
            assert counts["doubled"] == 0
            if subject == OURS:
                consumer.stop()
                assert len(stored(Path(name))) == count
            numbers = {"CPU us/message": spent / count * 1e6, "of it in the kernel": kernel / count * 1e6,
                       "messages/s": count / seconds, "peak RSS MB": peak}
            if subject == OURS:
                numbers |= {"of it the store's thread": (spent - main) / count * 1e6, "of the loop's in the kernel": main_kernel / count * 1e6}
            return numbers


# ---- 2: a lone event ----


def lone(subject: str, count: int = 300, apart_us: int = 20_000) -> Numbers:
    """From the server's write of a message to the next call that is not a poll. The server hands out one after the other
    by itself: whoever told it each time would be woken at the same moment as the consumer, and take its core for a while."""
    warm = 20
    with directory() as name, Server() as server, start(subject, server, Path(name)) as consumer, beside_the_server():
        server.tell("hold", operation="HeadObject")
        polls(server, consumer)
        server.tell("set", apart_us=apart_us)
        server.tell("messages", "\n".join(event(i) for i in range(warm)))
        skip = len(delete_all(server, warm)["latencies_us"])
        before, kernel = consumer.cpu(), consumer.kernel()
        server.tell("messages", "\n".join(event(i) for i in range(warm, warm + count)))
        taken = delete_all(server, warm + count, every=1)["latencies_us"][skip:]
        spent, kernel = consumer.cpu() - before, consumer.kernel() - kernel
        numbers = {"p50 us": median(taken), "p99 us": quantiles(taken, n=100)[98], "CPU us/event": spent / count * 1e6,
                   "of it in the kernel": kernel / count * 1e6}
        if subject != OURS:
            return numbers
        synced = bare_syncs(Path(name), count, apart_us)
        return {**numbers, "a bare write and sync, p50 us": median(synced), "a bare write and sync, p99 us": quantiles(synced, n=100)[98]}


def bare_syncs(folder: Path, count: int, apart_us: int, pages: int = 7) -> list[float]:
    """What the same disk takes on the same core, as far apart, to have a lone commit's pages on it, in one place over
    and over, us: nobody who commits is faster."""
    taken = []
    with open(folder / "bare", "wb", buffering=0) as file, in_the_consumers_place():
        piece = os.urandom(pages * 4120)
        for _ in range(count + 1):
            time.sleep(apart_us / 1e6)
            began = time.perf_counter()
            os.pwrite(file.fileno(), piece, 0)
            os.fdatasync(file.fileno())
            taken.append((time.perf_counter() - began) * 1e6)
    return taken[1:]  # the first one makes the file


# ---- 3: lanes ----


def lanes(subject: str, count: int = 6000, delay_us: int = 10_000) -> Numbers:
    """What one receiver gets at that round trip; with the two that are usual, one is always asking, also while no
    handler's call is answered. (All of ours are: each message's deployment waits for an answer that never comes.)

    The server is woken later than it asked for, how much is on the table: what is possible is 10 messages in each round
    trip as it was, not as it was asked for. It waits for nothing else, so the same lateness is in everybody's figures."""
    with directory() as name, Server() as server:
        server.tell("hold", operation="HeadObject")
        receivers = {"receivers": "2" if subject.endswith("2 receivers") else "1"}
        with start(subject.split(" with ")[0], server, Path(name), queue=receivers) as consumer, beside_the_server():
            polls(server, consumer)
            server.tell("set", delay_us=delay_us)
            server.tell("messages", "\n".join(event(i) for i in range(200)))
            delete_all(server, 200)  # what is needed for the first time costs more
            server.tell("reset")
            server.tell("messages", "\n".join(event(i) for i in range(200, 200 + count)))
            counts = delete_all(server, count, every=0.2)  # asking is work for the server
            seconds = (counts["last_deleted_us"] - counts["first_sent_us"]) / 1e6
            trip = (delay_us + counts["late_us"] / max(1, counts["delayed"])) / 1e6
            return {"messages/s": count / seconds, "of the possible %": 100 * count / seconds * trip / 10,
                    "of 10/RTT as asked %": 100 * count / seconds * delay_us / 1e7,
                    "poll outstanding %": 100 * (1 - counts["without_poll_us"] / (seconds * 1e6)),
                    "round trip ms": trip * 1000}


# ---- 4: idle ----


def idle(subject: str, seconds: float = 40.0) -> Numbers:
    with directory() as name, Server() as server, start(subject, server, Path(name)) as consumer:
        polls(server, consumer)
        time.sleep(3)
        cpu, switches, called = consumer.cpu(), consumer.switches(), server.calls("ReceiveMessage")
        time.sleep(seconds)
        spent, woken = consumer.cpu() - cpu, consumer.switches() - switches
        polled = server.calls("ReceiveMessage") - called
        memory = consumer.memory()
        return {"RSS MB": memory["rss"], "private dirty MB": memory["dirty"], "CPU ms/minute": spent * 1000 * 60 / seconds,
                "polls/minute": polled * 60 / seconds, "wake-ups/minute beyond": (woken - polled) * 60 / seconds}


# ---- open deployments: a store with many of them ----


def make_open(folder: Path, count: int, server: Server) -> None:
    """A store that holds so many deployments which wait for their endpoints: one is taken there by the daemon itself, the
    others are its row under other names."""
    template = HOME / "open.db"
    if not template.exists() or template.stat().st_mtime < (BUILD / "causewayd").stat().st_mtime:
        with directory() as name, Server() as other, daemon(other, Path(name)) as consumer:
            polls(other, consumer)
            other.tell("messages", event(0))
            wait_for(lambda: other.calls("CreateEndpoint") == 1, "an endpoint to be created")
            wait_for(lambda: quiet(consumer), "the deployment to wait for it")
            consumer.stop()
            assert '"step":"settle"' in stored(Path(name))[0]
            shutil.copy(Path(name) / "causeway.db", template)
    shutil.copy(template, folder / "causeway.db")
    database = sqlite3.connect(folder / "causeway.db")
    columns = [row[1] for row in database.execute("PRAGMA table_info(record)")]
    one = dict(zip(columns, database.execute("SELECT * FROM record WHERE kind = 'deployment'").fetchone()))
    record = json.loads(database.execute("SELECT bytes FROM whole WHERE kind = 'deployment'").fetchone()[0])
    old = record["id"]
    config = record["config_name"]
    age = int(time.time() * 1000) - record["entered_ms"] - 60_000  # nothing of what it asked for is in doubt any more
    record.update({name: record[name] + age for name in ("accepted_ms", "entered_ms", "wake_ms", "unsure_until_ms")})
    database.execute("DELETE FROM record")
    for i in range(count):
        key = f"scorer-{hashlib.sha256(str(i).encode()).hexdigest()[:12]}"
        text = json.dumps(record, separators=(",", ":")).replace(f'"endpoint":"{ENDPOINT}"', f'"endpoint":"open-{i}"').replace(old, key)
        before, common, behind = text.partition(json.dumps(record["settings"], separators=(",", ":")))
        assert common, "the settings in the record"
        row = {**one, "key": key, "group_key": f"open-{i}", "bytes": (before + behind).encode(), "common_at": len(before.encode()),
               "place": place(f"deployment/{key}")}
        row.pop("id", None)
        names = ", ".join(f'"{column}"' for column in row)
        database.execute(f"INSERT INTO record ({names}) VALUES ({', '.join('?' * len(row))})", list(row.values()))
    database.commit()
    database.close()
    server.tell("seed", count=count, prefix="open-", config=config)


def place(name: str) -> int:
    """Where the daemon looks for a row of that name (rows_place() in daemon/store/sqlite_rows.c)."""
    found = 2166136261
    for byte in name.encode():
        found = (found ^ byte) * 16777619 & 0xFFFFFFFF
    return found - (found >> 31 << 32)


def stored(folder: Path) -> list[str]:
    """The deployments in the store of a daemon that was killed."""
    with sqlite3.connect(folder / "causeway.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found = [row[0].decode() for row in database.execute("SELECT bytes FROM whole WHERE kind = 'deployment'")]
    database.close()
    return found


# ---- 5: start ----


CRASHED = f"{OURS} with 10,000 open after a crash"


def starting(subject: str) -> Numbers:
    """After a close, as a service is restarted, unless it is said that it was killed: then the whole store is checked."""
    count = MANY if "10,000 open" in subject else 0
    with directory() as name, Server() as server:
        program = subject.split(" with ")[0]
        if count:
            make_open(Path(name), count, server)
        with start(program, server, Path(name)) as consumer:  # its files are read once, its store is made
            polls(server, consumer)
            if count:
                wait_for(lambda: quiet(consumer), "it to be quiet")
            if subject == CRASHED:
                consumer.process.kill()
            else:
                consumer.process.terminate()
            consumer.process.wait(60)
        server.tell("reset")
        began = server.counts()["now_us"]
        with start(program, server, Path(name)) as consumer:
            first = wait_for(lambda: server.counts()["first_poll_us"], "the first poll", every=0.002)
            spent = consumer.cpu()
            time.sleep(0.3)
            return {"ms to first receive": (first - began) / 1000, "CPU ms to first receive": spent * 1000,
                    "RSS MB": consumer.memory()["rss"]}


# ---- 8: waiting ----


def waiting(subject: str, seconds: float = 20.0) -> Numbers:
    """So many endpoints being created, while nothing changes; then one serves, and its event comes."""
    with directory() as name, Server() as server:
        make_open(Path(name), MANY, server)
        with daemon(server, Path(name)) as consumer:
            polls(server, consumer)
            time.sleep(15)
            before = server.counts()["operations"]
            time.sleep(seconds)
            after = server.counts()["operations"]

            def calls(operation: str) -> int:
                return after.get(operation, {}).get("calls", 0) - before.get(operation, {}).get("calls", 0)

            listed, described = calls("ListEndpoints"), calls("DescribeEndpoint")
            lags = []
            for i in range(20):
                server.tell("settle", first=i, count=1)
                called = server.calls("DescribeEndpoint")
                began = time.monotonic()
                server.tell("messages", endpoint_event(f"open-{i}", i))
                wait_for(lambda: server.calls("DescribeEndpoint") > called, "a look", every=0.001)
                lags.append((time.monotonic() - began) * 1000)
            assert consumer.alive()
            return {"DescribeEndpoint/minute": described * 60 / seconds, "ListEndpoints/minute": listed * 60 / seconds,
                    "lag with events ms": median(lags)}


# ---- 10: growth ----


def growth(subject: str, events: int = 300) -> Numbers:
    """Events of endpoints whose deployments wait: each is a step, a look and a step back. CPU for one."""
    count = int(subject.split()[0].replace(",", ""))
    few = resident_with_few()
    with directory() as name, Server() as server:
        make_open(Path(name), count, server)
        with daemon(server, Path(name)) as consumer:
            polls(server, consumer)
            wait_for(lambda: quiet(consumer), "the start to be over")
            kilobytes = (consumer.memory()["own"] - few) * 1024 / count
            sent = 0
            cpu = consumer.cpu()
            looked = server.calls("DescribeEndpoint")
            for i in range(0, events, 10):
                server.tell("messages", "\n".join(endpoint_event(f"open-{(i + k) % count}", i + k) for k in range(10)))
                sent += 10
                delete_all(server, sent)
                wait_for(lambda: server.calls("DescribeEndpoint") >= looked + sent, "the looks", seconds=10, every=0.001)
            wait_for(lambda: quiet(consumer), "it to be quiet")
            spent = consumer.cpu() - cpu
            wait_for(lambda: swept(server), "the first sweep, at two pages a second, to be over", every=0.1)
            cpu = consumer.cpu()
            time.sleep(20)
            return {"CPU us/event": spent / events * 1e6, "resident KB/deployment": kilobytes, "idle CPU ms/minute": (consumer.cpu() - cpu) * 3000}


def resident_with_few() -> float:
    with directory() as name, Server() as server:
        make_open(Path(name), 10, server)
        with daemon(server, Path(name)) as consumer:
            polls(server, consumer)
            wait_for(lambda: quiet(consumer), "the start to be over")
            return consumer.memory()["own"]


def swept(server: Server) -> bool:
    before = server.calls("ListEndpoints")
    time.sleep(4)
    return server.calls("ListEndpoints") - before <= 1


def quiet(consumer: Consumer) -> bool:
    before = consumer.cpu()
    time.sleep(0.5)
    return consumer.cpu() - before < 0.002


# ---- 11: store ----


def store(subject: str, count: int = 400) -> Numbers:
    """fdatasyncs for deployments that are accepted one at a time, and how many bytes are written for one."""
    with directory() as name, Server() as server:
        server.tell("hold", operation="HeadObject")
        with daemon(server, Path(name)) as consumer:
            polls(server, consumer)
            written = _written(consumer)
            trace = subprocess.Popen(["strace", "-f", "-c", "-e", "trace=fdatasync,fsync", "-p", str(consumer.process.pid)],
                                     stderr=subprocess.PIPE, text=True)
            time.sleep(1)
            for i in range(count):
                server.tell("messages", event(i))
                delete_all(server, i + 1)
            trace.send_signal(2)
            report = trace.communicate()[1]
            syncs = sum(int(n) for n in re.findall(r"\s(\d+)\s+(?:fdatasync|fsync)$", report, re.M))
            return {"fdatasync/deployment": syncs / count, "bytes written/deployment": (_written(consumer) - written) / count}


def _written(consumer: Consumer) -> int:
    return int(re.search(r"^wchar: (\d+)", Path(f"/proc/{consumer.process.pid}/io").read_text(), re.M).group(1))


# ---- 7: policies ----


def policies(subject: str) -> Numbers:
    pairs = HOME / "pairs.jsonl"
    command = {OURS: [str(TOOLS / "bench_policies"), "20"], "awspolicyequivalence": [str(HOME / "go" / "policies.bin"), "20"]}
    done = subprocess.run(command[subject], stdin=pairs.open(), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    return {"CPU us/pair": answer["ns"] / 1000, "found equal": answer["equal"]}


def in_go(program: str, name: str) -> list[str]:
    """A peer that is there where Go is."""
    return [name] if (HOME / "go" / f"{program}.bin").exists() else []


# What is a count is the same each time.
ROUNDS_AT_MOST = {"calls": 1, "instructions": 1}

BENCHES: dict[str, tuple[Callable[..., Numbers], Callable[[], list[str]]]] = {
    "drain": (drain, lambda: [OURS, *peers()]),
    "lone": (lone, lambda: [OURS, *peers()]),
    "lanes": (lanes, lambda: [OURS, f"{OURS} with 2 receivers", *peers()]),
    "start": (starting, lambda: [OURS, f"{OURS} with 10,000 open", CRASHED, *peers()]),
    "store": (store, lambda: [OURS]),
    "policies": (policies, lambda: [OURS, *in_go("policies", "awspolicyequivalence")]),
    "calls": (reconcile.calls, lambda: [reconcile.GUIDE, reconcile.ROLES, reconcile.MIXED, reconcile.FEW]),
    "reconcile": (reconcile.reconcile, lambda: [OURS, *in_go("reconcile", reconcile.TERRAFORM_IN_GO)]),
    "resources": (reconcile.growth, lambda: ["100 resources", "2,000 resources"]),
    "throttled": (reconcile.throttled, lambda: [OURS, reconcile.STANDARD, reconcile.ADAPTIVE]),
    "idle": (idle, lambda: [OURS, "sqs-consumer"]),
    "waiting": (waiting, lambda: [OURS]),
    "growth": (growth, lambda: ["10 open", "10,000 open"]),
}
