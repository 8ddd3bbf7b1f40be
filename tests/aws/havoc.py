"""A fleet at work while its daemons are killed, stopped and cut off; for tests and for tests/fleet/withstand.py."""

import random
import signal
from collections.abc import Callable
from typing import Any

from fleet import LEASE, Fleet
from gate.client import wait_for
from namespaces import Namespace

PATIENCE = 120.0  # seconds in which something must move
TROUBLES = ("kill", "stop", "cut", "kill", "cut briefly")


class Havoc:
    """Daemons, each in a network of its own, and what is done to them."""

    def __init__(self, fleet: Fleet, daemons: int, seed: int, say: Callable[[str], None] = lambda _: None) -> None:
        self.fleet, self.draw, self.say = fleet, random.Random(seed), say
        self.networks: list[Namespace] = []
        self.stopped: list[Any] = []
        for _ in range(daemons):
            self.networks.append(Namespace(fleet.sandbox.endpoint))
            fleet.add(wrapper=self.networks[-1].wrapper)

    def close(self) -> None:
        for daemon in self.fleet.daemons:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.signal(signal.SIGCONT)
            daemon.close()
        for network in self.networks:
            network.close()

    def run(self, rounds: int) -> None:
        """Each round, a new version for every endpoint, and one daemon in trouble, at some call of theirs rather than after some
        time; then all that was published has ended."""
        for number in range(rounds):
            for endpoint in self.fleet.endpoints:
                self.fleet.publish(endpoint)
            self._wait_calls(self.draw.randrange(5, 60))
            place = self.draw.randrange(len(self.networks))
            self._trouble(TROUBLES[number % len(TROUBLES)], place)
            self._wait_open(len(self.fleet.endpoints))
            self.say(f"round {number + 1} of {rounds}: {len(self.fleet.history())} deployments")
        self._wait_open(0)
        self.fleet.wait_ended(sum(len(keys) for keys in self.fleet.published.values()))
        wait_for(lambda: self.fleet.world.queue_length() == 0, "the queue to be empty", 60)

    def _wait_open(self, most: int) -> None:
        """Until no more than so many are under way: else nearly all would be superseded. Patient while anything moves."""
        before: list[Any] = []

        def moved() -> bool:
            nonlocal before
            now = sorted((r["key"], r["state"], r["step"]) for r in self.fleet.history() if r["open"])
            was, before = before, now
            return len(now) <= most or now != was

        while moved() and len(before) > most:
            wait_for(moved, f"anything to move, of {before}", PATIENCE, every=0.5)

    def _wait_calls(self, count: int) -> None:
        since = self.fleet.control.last_sequence()
        wait_for(lambda: len(self.fleet.control.calls(since)) >= count, f"{count} calls", 30)

    def _trouble(self, kind: str, place: int) -> None:
        daemon, network = self.fleet.daemons[place], self.networks[place]
        self.say(f"  {kind} {daemon.directory.name}")
        if kind == "kill":
            daemon.kill()
            daemon.start(ready=False, wrapper=network.wrapper)
        elif kind == "stop":
            daemon.signal(signal.SIGSTOP)
            self._wait_missed(daemon)
            daemon.signal(signal.SIGCONT)
        elif kind == "cut":
            network.cut()
            self._wait_missed(daemon)
            network.mend()
        else:
            network.cut()
            self._wait_calls(self.draw.randrange(1, 20))
            network.mend()

    def _wait_missed(self, daemon: Any) -> None:
        """Until the others have taken it for dead."""
        wait_for(lambda: not any(f"({daemon.process.pid})" in d["name"] for d in self.fleet.rows("daemon")),
                 f"the others to miss {daemon.directory.name}", 20 * LEASE)
