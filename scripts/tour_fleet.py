"""The quickstart's tour of a fleet: three daemons over one DynamoDB table; one is killed in the middle of a rollout, another
finishes it. Everything is shown as it happens. Run by scripts/quickstart --fleet."""

import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from causeway import Daemon
from fleet import Fleet
from gate.client import Gate, Sandbox, wait_for
from gate.world import World

BEGAN = time.monotonic()
ENDPOINTS = 6
LEASE = 5.0


def say(text: str) -> None:
    print(f"{time.monotonic() - BEGAN:6.1f}s  {text}", flush=True)


def chapter(title: str) -> None:
    print(f"\n== {title}", flush=True)


class Journals:
    """What the daemons say, each line with whose it is."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet = fleet
        self.shown: dict[str, int] = {}

    def show(self) -> None:
        for daemon in self.fleet.daemons:
            name = daemon.directory.name
            entries = daemon.said()
            for entry in entries[self.shown.get(name, 0):]:
                if int(entry.get("PRIORITY", 7)) <= 6:
                    say(f"  {name}: " + entry.get("MESSAGE", "").split("\n")[0])
            self.shown[name] = len(entries)

    def until(self, condition, what: str) -> None:
        def shown() -> bool:
            self.show()
            return condition()
        wait_for(shown, what, 120, every=0.1)


def tour(directory: Path) -> None:
    chapter("a local AWS of two accounts, and three daemons over one DynamoDB table")
    with Sandbox.start(directory / "aws") as sandbox:
        world = World(sandbox).build()
        control = Gate(sandbox.endpoint)
        fleet = Fleet(sandbox, world, control, directory, ENDPOINTS, lease=LEASE)
        journals = Journals(fleet)
        try:
            for _ in range(3):
                daemon = fleet.add()
                say(f"{daemon.directory.name} runs as process {daemon.process.pid}")
            chapter("a model for each of six endpoints")
            for endpoint in fleet.endpoints:
                fleet.publish(endpoint)
            journals.until(lambda: len(fleet.history()) == ENDPOINTS and not any(r["open"] for r in fleet.history()), "all to be deployed")
            show_status(fleet.daemons[0])
            chapter("a second version, and its daemon is killed in the middle of the rollout")
            control.sagemaker(stuck=["updating"])
            fleet.publish("endpoint-0")
            journals.until(lambda: bool(control.calls(operation="UpdateEndpoint", status=200)), "the rollout")
            holder = fleet.holder("endpoint-0")
            say(f"kill -9 {holder.process.pid}: {holder.directory.name}, which holds endpoint-0, is gone")
            holder.kill()
            killed = time.monotonic()
            journals.until(lambda: fleet.holder("endpoint-0") is not holder, "another to take over")
            say(f"{fleet.holder('endpoint-0').directory.name} holds endpoint-0 after {time.monotonic() - killed:.1f} s; the lease is {LEASE:g} s")
            control.sagemaker_release()
            journals.until(lambda: len(fleet.history()) == ENDPOINTS + 1 and not any(r["open"] for r in fleet.history()), "it to be finished")
            show_status(fleet.holder("endpoint-0"))
            chapter("the audit")
            fleet.audit()
            say("each event has exactly one deployment, each endpoint's are in order, and none was carried out twice")
        finally:
            for daemon in fleet.daemons:
                daemon.close()


def show_status(daemon: Daemon) -> None:
    chapter(f"causewayctl status, asked of {daemon.directory.name}")
    print(daemon.ctl("status").stdout, end="", flush=True)


def main() -> int:
    directory = Path(tempfile.mkdtemp(prefix="causeway-fleet"))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        tour(directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print("\nthe tour is over; what it started is ended")
    return 0


if __name__ == "__main__":
    sys.exit(main())
