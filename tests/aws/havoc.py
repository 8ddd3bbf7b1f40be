"""A fleet at work while its daemons are killed, stopped and cut off; for tests and for tests/fleet/withstand.py."""

import random
import signal
from collections.abc import Callable
from typing import Any

from fleet import LEASE, TABLE, Fleet
from gate.client import wait_for
from namespaces import Namespace

PATIENCE = 120.0  # seconds in which something must move
TROUBLES = ("kill", "stop", "cut", "kill", "cut briefly")


class Havoc:
    """Daemons, each in a network of its own, and what is done to them."""

    def __init__(self, fleet: Fleet, daemons: int, seed: int, say: Callable[[str], None] = lambda _: None) -> None:
        self.fleet, self.draw, self.say = fleet, random.Random(seed), say
        self.networks: list[Namespace] = []
        self.seen = 0  # the last call of theirs
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
            self.say(f"round {number + 1} of {rounds}")
        self._wait_open(0)
        wait_for(lambda: self.fleet.world.queue_length() == 0, "the queue to be empty", PATIENCE)
        self._wait_open(0)
        self.fleet.wait_ended(sum(len(keys) for keys in self.fleet.published.values()))

    def _wait_open(self, most: int) -> None:
        """Until no more than so many are under way: else nearly all would be superseded. Patient while anything moves."""
        while len(now := self._open()) > most:
            wait_for(lambda: self._open() != now, f"anything to move, of {now}", PATIENCE, every=0.5)  # noqa: B023

    def _open(self) -> list[tuple[str, str]]:
        """What is under way, by the index, so that a long history costs nothing: keys and versions."""
        client = self.fleet.world.client("prod", "dynamodb")
        keys = [row["key"]["S"] for row in client.query(
            TableName=TABLE, IndexName="open", KeyConditionExpression="#kind = :kind", ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": "deployment"}}, ConsistentRead=True)["Items"]]
        rows = [client.get_item(TableName=TABLE, Key={"kind": {"S": "deployment"}, "key": {"S": key}}) for key in keys]
        return sorted((row["Item"]["key"]["S"], row["Item"]["version"]["N"]) for row in rows)

    def _wait_calls(self, count: int) -> None:
        """So many more calls of theirs; what was seen before is not asked for again."""
        def come() -> bool:
            return len(self.fleet.control.calls(self.seen)) >= count

        self.seen = max((c["sequence"] for c in self.fleet.control.calls(self.seen)), default=self.seen)
        wait_for(come, f"{count} calls", 60)

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
