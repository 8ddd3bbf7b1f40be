"""Each commit of a journey is the last thing that a process does: just before it, or just after it. The next process goes on,
until its own next commit; in the end all is as if nothing had been. (test_disk.py ends it at each single one of the main
journey, and test_kill.py at each call.)"""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from bridge import Bridge, bootstrap
from causeway import Daemon, publish
from gate.client import wait_for
from gate.world import QUEUE
from shim import SYNC, Disk, Leap
from test_cloudformation import NAME, STACK, package, served_by
from test_copy import MEBIBYTE, close_buckets, copy_of, publish_large
from test_kill import configure, first_serves, whole
from test_kill_more import uploads
from test_project import project, publish_zip

SECONDS = 240


@pytest.fixture(params=["before", "after"])
def when(request: Any) -> str:
    return request.param


def end_at_the_next_commit(disk: Disk, when: str, lives: int) -> None:
    """Before the first of a life, nothing of it would be kept, ever: so before the second, or a little later."""
    disk.set(f"kill {when}", nth=(2 if when == "before" else 1) + lives % 4, times=1, kinds=SYNC)


class Lives:
    """One process after the other over one store, each until its next commit."""

    def __init__(self, disk: Disk, leap: Leap, control: Any, when: str) -> None:
        self.disk, self.leap, self.control, self.when = disk, leap, control, when
        self.environment = {**disk.environment, **leap.environment}

    def go_on(self, daemon: Daemon, count: int, endpoint: str = "fraud-scorer") -> int:
        """Starts it again each time that it ends, until so many deployments have; how often it did."""
        lives = 0
        deadline = time.monotonic() + SECONDS
        make_store(daemon)
        while True:
            end_at_the_next_commit(self.disk, self.when, lives)
            daemon.start(ready=False, **self.environment)
            while daemon.process.poll() is None:
                assert time.monotonic() < deadline, [e.get("MESSAGE") for e in daemon.said()][-15:]
                if len(ended(daemon, endpoint)) == count:
                    self.disk.set("count")
                    return lives
                self.leap.on(5)  # one that does not know whether it was heard waits before it asks again
                time.sleep(0.2)
            assert daemon.process.returncode == -9, daemon.said()[-3:]
            lives += 1
            self.control.make_visible(QUEUE)


@pytest.fixture
def lives(disk: Disk, leap: Leap, control: Any, when: str) -> Lives:
    return Lives(disk, leap, control, when)


def make_store(daemon: Daemon) -> None:
    """A store is made in one go: a life that ends in it begins where it did."""
    if not (daemon.directory / "causeway.db").exists():
        daemon.start(ready=False, AWS_ENDPOINT_URL="http://127.0.0.1:9")
        wait_for(daemon.socket.exists, "the control socket")
        assert daemon.stop() == 0


def ended(daemon: Daemon, endpoint: str) -> list[dict[str, Any]]:
    answer = daemon.ctl("--json", "history", endpoint)
    if answer.returncode != 0:  # it has just ended, or just begun
        return []
    return [r for r in json.loads(answer.stdout)["deployments"] if not r["open"]]


def test_each_commit_of_a_first_deployment_ends_a_process(make_daemon, world, control, lives, record_property):
    configure(control)
    publish(world, control)
    daemon = make_daemon()
    commits = lives.go_on(daemon, 1)
    whole(daemon, world, control, "after", ["succeeded"])
    assert commits >= 8
    record_property("commits", commits)


def test_each_commit_of_a_rollback_ends_a_process(make_daemon, world, control, lives, record_property):
    daemon = first_serves(make_daemon, world, control)
    assert daemon.stop() == 0
    publish(world, control, "deploy/nonsense")
    commits = lives.go_on(daemon, 2)
    whole(daemon, world, control, "after", ["rolled_back", "succeeded"])
    assert commits >= 8
    record_property("commits", commits)


def test_each_commit_of_a_carried_model_ends_a_process(make_daemon, world, control, lives, record_property):
    content = b"model" * (9 * MEBIBYTE // 5)
    close_buckets(world)
    publish_large(world, control, content)
    daemon = make_daemon()
    commits = lives.go_on(daemon, 1)
    record = daemon.history()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert copy_of(world, record) == content and uploads(world) == [] and len(daemon.history()) == 1
    assert commits >= 8
    record_property("commits", commits)


def test_each_commit_of_a_stack_ends_a_process(make_daemon, world, control, lives, record_property):
    daemon = make_daemon(deployment=STACK)
    publish_zip(world, control, project(package(control, 1)), key="deploy/1", time="2026-11-20T09:30:01Z")
    commits = lives.go_on(daemon, 1, NAME)
    record = daemon.history(NAME)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert served_by(world).endswith("/1")
    assert len([c for c in control.calls(service="cloudformation", operation="ExecuteChangeSet") if c["status"] == 200]) == 1
    assert commits >= 6
    record_property("commits", commits)


def test_each_commit_of_an_apply_of_the_bridge_ends_a_process(sandbox, bare, control, disk, when, tmp_path, record_property):
    bridge = Bridge(sandbox, bare, tmp_path, bootstrap(bare))
    bridge.environment |= disk.environment
    bridge.start().stop()
    lives = 0
    deadline = time.monotonic() + SECONDS
    while True:
        assert time.monotonic() < deadline, bridge.journal.read_text()[-2000:]
        end_at_the_next_commit(disk, when, lives)
        bridge.start()
        answer = asked(bridge)
        if answer is not None:
            break
        bridge.kill()
        lives += 1
    disk.set("count")
    bridge.stop()
    bridge.converge()
    assert bridge.plan()["empty"]
    bridge.stop()
    record_property("commits", lives)


def asked(bridge: Bridge) -> Any:
    """The answer to a pass; None where the process ended instead."""
    try:
        return bridge.ask("reconcile")
    except (AssertionError, BrokenPipeError):
        return None
