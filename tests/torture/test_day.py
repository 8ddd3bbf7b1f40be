"""A day of random faults on the real binary. Its clocks, and the local AWS's, leap from one to the next; what happens comes
from one seed. In the end nothing is lost, nothing doubled, nothing left behind, and the newest model serves."""

import contextlib
import os
import random
import signal
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from causeway import Daemon, publish
from gate.client import wait_for
from gate.world import MODEL_BUCKET, QUEUE
from shim import SYNC, Disk, Leap
from wire import Wire

DAY_SECONDS = 24 * 3600
SEEDS = range(1, 9 if "CAUSEWAY_THOROUGH" in os.environ else 2)
KEEP = 3
OPERATIONS = ["GetObject", "HeadObject", "DescribeImages", "CopyObject", "CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint",
              "DescribeEndpoint", "InvokeEndpoint", "ReceiveMessage", "DeleteMessageBatch", "AssumeRole", "DeleteModel", "DeleteEndpointConfig",
              "DeleteObject", "ListEndpoints", "GetRole", "HeadBucket", "GetRepositoryPolicy", "DescribeScalableTargets"]
# Their answers are whole whatever they say, as far as these protocols can tell.
OPAQUE = {"GetObject", "HeadObject", "InvokeEndpoint", "HeadBucket", "DeleteObject"}


class Day:
    """The daemon, its world, and all that can go wrong with either."""

    def __init__(self, daemon: Daemon, world: Any, control: Any, wire: Wire, disk: Disk, leap: Leap, seed: int) -> None:
        self.daemon, self.world, self.control, self.wire, self.disk, self.leap = daemon, world, control, wire, disk, leap
        self.chance = random.Random(seed)
        self.published = 0
        self.faults = 0
        self.over: list[Callable[[], None]] = []  # what ends with the present spell

    def start(self) -> None:
        self.daemon.start(ready=False, AWS_ENDPOINT_URL=self.wire.url, **{**self.disk.environment, **self.leap.environment})
        wait_for(self.daemon.socket.exists, "the control socket")

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.leap.seconds)

    # What may go wrong

    def calls_fail(self) -> None:
        kind = self.chance.choice(["throttle", "error", "reset", "truncate", "garbage", "expired_credentials"])
        for operation in self.chance.sample([o for o in OPERATIONS if kind != "garbage" or o not in OPAQUE], self.chance.randint(1, 4)):
            options = {"status": self.chance.choice([500, 503])} if kind == "error" else {}
            # What S3 answers to a HEAD has no words: twice in a row is not told from a request that is wrong.
            times = 1 if kind == "expired_credentials" else self.chance.randint(1, 3)
            self.control.fault(kind, {"operation": operation, "user_agent": "causeway"}, times=times, **options)

    def a_service_is_down(self) -> None:
        self.control.fault("error", {"service": self.chance.choice(["sqs", "sagemaker", "s3", "ecr", "sts"]), "user_agent": "causeway"}, times=0, status=503)
        self.over.append(self.control.clear_faults)

    def an_answer_never_comes(self) -> None:
        self.control.fault("hold", {"operation": self.chance.choice(OPERATIONS), "user_agent": "causeway"}, when=self.chance.choice(["before", "after"]))
        self.over.append(self.control.clear_faults)

    def the_cable_is_pulled(self) -> None:
        self.wire.cut()

    def nothing_answers(self) -> None:
        self.wire.mode = "half-open"
        self.over.append(self.the_wire_is_mended)

    def the_wire_is_mended(self) -> None:
        self.wire.mode = "through"
        self.wire.cut()

    def the_disk_fails(self) -> None:
        self.disk.set(self.chance.choice(["io error", "full", "short"]), nth=self.chance.randint(1, 20), times=self.chance.randint(1, 3))

    def the_disk_takes_nothing(self) -> None:
        self.disk.set(self.chance.choice(["io error", "full"]))
        self.over.append(lambda: self.disk.set("count"))

    def the_disk_is_slow(self) -> None:
        self.disk.set("delay", delay_ms=20, kinds=SYNC)
        self.over.append(lambda: self.disk.set("count"))

    def it_is_killed(self) -> None:
        self.daemon.kill()

    def it_is_killed_at_a_commit(self) -> None:
        self.disk.set(self.chance.choice(["kill before", "kill after"]), nth=self.chance.randint(1, 12), times=1)
        self.over.append(lambda: self.disk.set("count"))

    def it_is_stopped_and_started(self) -> None:
        assert self.daemon.stop(60) == 0, self.daemon.said()[-3:]

    def it_is_reloaded(self) -> None:
        self.daemon.signal(signal.SIGHUP)

    def it_is_suspended(self) -> None:
        self.daemon.signal(signal.SIGSTOP)
        self.leap.on(self.chance.uniform(1, 600))
        self.daemon.signal(signal.SIGCONT)

    def its_clock_is_wrong(self) -> None:
        self.leap.wall(self.chance.choice([-3600, -400, 400, 3600]))
        self.over.append(lambda: self.leap.wall(0))

    def its_sessions_end(self) -> None:
        self.control.expire_sessions("causeway")

    def messages_come_twice(self) -> None:
        self.control.sqs(duplicates=3)

    def messages_come_again(self) -> None:
        self.control.make_visible(QUEUE)

    def nothing_happens(self) -> None:
        pass

    FAULTS = (calls_fail, calls_fail, a_service_is_down, an_answer_never_comes, the_cable_is_pulled, nothing_answers, the_disk_fails,
              the_disk_takes_nothing, the_disk_is_slow, it_is_killed, it_is_killed_at_a_commit, it_is_stopped_and_started, it_is_reloaded,
              it_is_suspended, its_clock_is_wrong, its_sessions_end, messages_come_twice, messages_come_again, nothing_happens)

    # How it goes on

    def publish(self) -> None:
        self.published += 1
        publish(self.world, self.control, f"deploy/{self.published}", model=f"{self.published}\n".encode(), time=f"{self.now():%Y-%m-%dT%H:%M:%SZ}")

    def work(self) -> None:
        """Until no call is seen any more, but no longer than a moment."""
        seen = -1
        with contextlib.suppress(AssertionError):
            while seen != (seen := self.control.last_sequence()):
                wait_for(lambda seen=seen: self.control.last_sequence() > seen, "another call", 0.1)

    def later(self, seconds: float) -> None:
        self.leap.on(seconds)
        self.control.make_visible(QUEUE)  # as it would be by then
        if self.daemon.process.poll() is not None:
            assert self.daemon.process.returncode in (0, -signal.SIGKILL), self.daemon.said()[-5:]
            self.start()

    def spell(self) -> None:
        """One fault, the work under it, and some time."""
        fault = self.chance.choice(self.FAULTS)
        fault(self)
        self.faults += 1
        if self.chance.random() < 0.5:
            self.publish()
        self.work()
        self.later(self.chance.uniform(60, 3600))
        self.work()
        for end in self.over:
            end()
        self.over.clear()

    def history(self) -> list[dict[str, Any]]:
        return self.daemon.ask("history", "fraud-scorer", "--limit", "500")["deployments"]

    def evening(self) -> list[dict[str, Any]]:
        """Nothing goes wrong any more: what is open ends. The history, newest first."""
        self.control.clear_faults()
        self.disk.set("count")
        self.publish()
        for _ in range(100):
            self.work()
            with contextlib.suppress(AssertionError):  # the store may still be unwell
                history = self.history()
                if len(history) >= self.published and not any(r["open"] for r in history) and self.world.queue_length() == 0:
                    return history
            self.later(120)
        raise AssertionError("\n".join(e.get("MESSAGE", "")[:200] for e in self.daemon.said()[-25:]))


@pytest.fixture
def day(make_daemon: Any, sandbox: Any, world: Any, control: Any, disk: Disk, leap: Leap, request: Any) -> Iterator[Day]:
    control.sagemaker(durations={"creating": 0.05, "updating": 0.05})
    daemon = make_daemon(deployment={"keep": str(KEEP), "retry": {"within": "24h"}})
    with Wire(sandbox.endpoint) as wire:
        yield Day(daemon, world, control, wire, disk, leap, request.param)
    control.clear_faults()


@pytest.mark.parametrize("day", SEEDS, indirect=True, ids=lambda seed: f"seed {seed}")
@pytest.mark.usefixtures("expects_violations")  # requests are signed by clocks that are wrong
def test_a_day_of_random_faults_loses_doubles_and_leaves_nothing(day, world, control, record_property):
    day.start()
    while day.leap.seconds < DAY_SECONDS:
        day.spell()
    history = day.evening()
    assert len(history) == day.published  # each event once
    assert {r["state"] for r in history} <= {"succeeded", "superseded"}, [(r["state"], r.get("reason")) for r in history]
    newest = history[0]
    assert newest["state"] == "succeeded"
    sagemaker = world.client("prod", "sagemaker")
    endpoint = sagemaker.describe_endpoint(EndpointName="fraud-scorer")
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", newest["config_name"])
    kept = [r for r in history if r["state"] == "succeeded"][:1 + KEEP]  # what serves, and what it can go back to
    assert {m["ModelName"] for m in sagemaker.list_models()["Models"]} == {r["model_name"] for r in kept}
    assert {c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]} == {r["config_name"] for r in kept}
    objects = world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET).get("Contents", [])
    assert {o["Key"] for o in objects} == {r["copy_key"] for r in kept}
    assert world.queue_length(world.dead_letter_url) == 0
    assert day.daemon.ask("audit")["whole"] is True
    assert day.daemon.stop(60) == 0
    with contextlib.closing(sqlite3.connect(day.daemon.directory / "causeway.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    record_property("virtual hours", round(day.leap.seconds / 3600))
    record_property("faults", day.faults)
    record_property("deployments", day.published)
