"""The disk at its worst under the real store: every operation of a journey fails, stalls, is cut short, or is the last that
the process does. Nothing is acknowledged that is not kept; nothing that is kept is lost, or done twice."""

import contextlib
import os
import shutil
import socket
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest
from causeway import ENDPOINT, Daemon, publish
from gate.client import wait_for
from gate.world import QUEUE
from shim import SYNC, WRITE, Disk

THOROUGH = "CAUSEWAY_THOROUGH" in os.environ


@pytest.fixture
def daemon(make_daemon: Any, control: Any, disk: Disk) -> Daemon:
    control.sagemaker(durations={"creating": 0.05, "updating": 0.05})
    return make_daemon(deployment={"keep": "100", "verify": []})


class Story:
    """One deployment after another on one daemon, each a new model."""

    def __init__(self, daemon: Daemon, world: Any, control: Any) -> None:
        self.daemon, self.world, self.control = daemon, world, control
        self.count = 0

    def history(self) -> list[dict[str, Any]]:
        return self.daemon.ask("history", ENDPOINT, "--limit", "500")["deployments"]

    def publish(self) -> None:
        self.count += 1
        publish(self.world, self.control, f"deploy/{self.count}", model=f"{self.count}\n".encode())

    def ends_well(self) -> None:
        """Messages whose commit failed come again as soon as here: their visibility is not waited for."""
        deadline = time.monotonic() + 240
        while len(done := [r for r in self.history() if not r["open"]]) < self.count:
            assert time.monotonic() < deadline, "\n".join(e.get("MESSAGE", "")[:150] for e in self.daemon.said()[-25:])
            time.sleep(0.1)
            if self.daemon.said()[-1].get("MESSAGE", "").startswith("the store can be written again"):
                self.control.make_visible(QUEUE)
        record = done[0]
        assert record["state"] == "succeeded", record.get("reason")
        wait_for(lambda: self.world.queue_length() == 0, "the queue to be empty", 240)
        assert len(self.history()) == self.count
        endpoint = self.world.client("prod", "sagemaker").describe_endpoint(EndpointName="fraud-scorer")
        assert endpoint["EndpointConfigName"] == record["config_name"]


@pytest.fixture
def story(daemon: Daemon, world: Any, control: Any) -> Story:
    return Story(daemon, world, control)


def operations_of_a_journey(story: Story, disk: Disk, kinds: int) -> int:
    story.publish()
    story.ends_well()
    disk.set("count", kinds=kinds)
    story.publish()
    story.ends_well()
    return disk.seen


@pytest.mark.parametrize(("mode", "kinds", "step"), [("io error", SYNC, 1), ("io error", WRITE, 2), ("full", WRITE, 2), ("short", WRITE, 2)],
                         ids=["every sync fails", "every 2nd write fails", "every 2nd write finds no space", "every 2nd write is cut"])
def test_each_operation_of_a_journey_failing_once_loses_and_doubles_nothing(story, disk, mode, kinds, step, record_property):
    """Exhaustive with CAUSEWAY_THOROUGH=1: the nth, for every n that a journey has."""
    story.daemon.start(**disk.environment)
    count = operations_of_a_journey(story, disk, kinds)
    assert count > 10
    for nth in range(1, count + 1, 1 if THOROUGH else step):
        disk.set(mode, nth=nth, times=1, kinds=kinds)
        story.publish()
        story.ends_well()
        assert disk.struck == 1 or disk.seen < nth
    record_property("points", len(range(1, count + 1, 1 if THOROUGH else step)))
    assert story.daemon.stop() == 0


@pytest.mark.parametrize(("mode", "kinds", "step"), [("kill before", SYNC, 1), ("kill after", SYNC, 1), ("kill before", WRITE, 2), ("kill after", WRITE, 2)],
                         ids=["before each sync", "after each sync", "before each 2nd write", "after each 2nd write"])
def test_a_process_that_ends_at_a_disk_operation_goes_on_where_it_was(story, disk, control, mode, kinds, step, record_property):
    story.daemon.start(**disk.environment)
    count = operations_of_a_journey(story, disk, kinds)
    for nth in range(1, count + 1, 1 if THOROUGH else step):
        disk.set(mode, nth=nth, times=1, kinds=kinds)
        story.publish()
        with contextlib.suppress(AssertionError):
            wait_for(lambda: has_ended(story.daemon) or ended(story), "the process to end", 240)
        try:
            begin_again(story, disk, control)
            story.ends_well()
        except AssertionError:
            if not has_ended(story.daemon):
                raise
            # The ledger is told a moment later that the deployment is over: then it ended at that.
            begin_again(story, disk, control)
            story.ends_well()
    record_property("points", len(range(1, count + 1, 1 if THOROUGH else step)))


def has_ended(daemon: Daemon) -> bool:
    return daemon.process.poll() is not None


def begin_again(story: Story, disk: Disk, control: Any) -> None:
    """Where it has ended."""
    if has_ended(story.daemon):
        control.make_visible(QUEUE)
        disk.set("count")
        story.daemon.start(**disk.environment)


def ended(story: Story) -> bool:
    with contextlib.suppress(AssertionError):
        return len([r for r in story.history() if not r["open"]]) == story.count
    return False


@pytest.mark.parametrize(("mode", "sentence"), [("io error", "disk I/O error"), ("full", "full")])
def test_while_the_disk_takes_nothing_nothing_is_acknowledged(story, disk, world, control, mode, sentence):
    story.daemon.start(**disk.environment)
    disk.set(mode)
    story.publish()
    entry = story.daemon.wait_said("the store cannot be written")
    assert sentence in entry["MESSAGE"]
    assert world.queue_length() == 1 and not control.calls(operation="DeleteMessageBatch")
    assert not control.calls(operation="GetObject") and story.daemon.ask("status")["store"]["healthy"] is False
    disk.set("count")
    story.daemon.wait_said("the store can be written again")
    control.make_visible(QUEUE)
    story.ends_well()


def test_while_a_sync_takes_seconds_the_daemon_answers_at_once(story, disk):
    story.daemon.start(**disk.environment)
    disk.set("delay", delay_ms=8000, kinds=SYNC, times=1)
    story.publish()
    wait_for(lambda: disk.struck > 0, "a sync to be slow")
    began = time.monotonic()
    with socket.socket(socket.AF_UNIX) as asking:
        asking.settimeout(10)
        asking.connect(str(story.daemon.socket))
        asking.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\n\r\n")
        assert asking.recv(4096).startswith(b"HTTP/1.1 200")
    assert time.monotonic() - began < 6.0
    story.ends_well()


def test_with_every_sync_slow_a_journey_ends_all_the_same(story, disk):
    story.daemon.start(**disk.environment)
    disk.set("delay", delay_ms=100, kinds=SYNC)
    story.publish()
    story.ends_well()


# The file itself


@pytest.mark.parametrize("fraction", [0.9999, 0.9, 0.75, 0.5, 0.25, 0.1, 0.02])
def test_a_store_that_was_cut_is_refused_with_what_to_do(story, fraction):
    daemon = story.daemon.start()
    for _ in range(2):
        story.publish()
        story.ends_well()
    assert daemon.stop() == 0
    path = daemon.directory / "causeway.db"
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm"):
        Path(str(path) + suffix).unlink(missing_ok=True)
    whole = path.read_bytes()
    path.write_bytes(whole[:int(len(whole) * fraction)])
    daemon.start(ready=False)
    assert daemon.process.wait(20) == 1
    last = daemon.said()[-1]["MESSAGE"]
    assert str(path) in last and "damaged" in last and "backup" in last
    shutil.copy(path, path.with_suffix(".bad"))
    path.write_bytes(whole)  # the backup is put in its place, as the sentence says
    daemon.start()
    assert len(daemon.history()) == 2
