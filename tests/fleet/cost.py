"""What the shared store costs, counted: reads and writes for a deployment, before and after a long history, and for a day idle.

    PYTHONPATH=tests/aws python3 tests/fleet/cost.py [ROWS_OF_HISTORY]

Two daemons with the usual lease run over the sandbox; every call to DynamoDB is counted and weighed as AWS bills it: a
read unit is 4 KiB read consistently, a write unit 1 KiB written, two of them in a transaction. What a daemon does by the
clock (renewing its lease, looking around) is told from what a deployment needs by what is asked, so that no time is measured.
Prints a table; ends with 1 where a deployment costs more after the history than before it."""

import math
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from fleet import TABLE, Fleet
from gate.client import Gate, Sandbox, wait_for
from gate.world import World

LEASE = 15.0
LOOK = LEASE / 8  # store/lease.c
RENEWAL = LEASE / 5
BATCH = 5  # deployments that are counted together
IDLE_LOOKS = 6
NAMES_BYTES = 400  # of attributes, and the texts that name a row
DAY = 24 * 3600
COLUMNS = ("calls", "read", "write")
US = "\x1f"


def kinds_of(call: dict[str, Any]) -> set[str]:
    """The kinds of rows that a call is about."""
    parameters = call["parameters"]
    if call["operation"] == "TransactWriteItems":
        return {part["Key"]["kind"]["S"] for item in parameters["TransactItems"] for part in item.values()}
    if call["operation"] == "BatchGetItem":
        return {key["kind"]["S"] for table in parameters["RequestItems"].values() for key in table["Keys"]}
    if call["operation"] == "Query":
        return {parameters["ExpressionAttributeValues"][":kind"]["S"]}
    return {parameters["Key"]["kind"]["S"]} if "Key" in parameters else set()


def is_by_the_clock(call: dict[str, Any]) -> bool:
    """Looking around reads the open index; a lease is renewed by the daemon's own row."""
    return kinds_of(call) == {"daemon"} or (call["operation"] == "Query" and ":group" not in call["parameters"]["ExpressionAttributeValues"])


def weigh(calls: list[dict[str, Any]]) -> Counter[str]:
    """Calls, and read and write units of them."""
    found: Counter[str] = Counter()
    for call in calls:
        parameters = call["parameters"]
        found["calls"] += 1
        if call["operation"] == "TransactWriteItems":
            for item in parameters["TransactItems"]:
                found["write"] += 2 * _kibibytes(next(iter(item.values())))
        elif call["operation"] == "BatchGetItem":
            found["read"] += sum(2 * len(table["Keys"]) for table in parameters["RequestItems"].values())
        elif call["operation"] in ("Query", "GetItem"):
            found["read"] += 1
    return found


def _kibibytes(part: dict[str, Any]) -> int:
    """The size of what is written: a row's bytes, of which the record of the call may say the length only, and its names."""
    base64 = part.get("ExpressionAttributeValues", {}).get(":bytes", {}).get("B", "")
    cut = re.search(r"\.\.\. \((\d+) characters\)$", base64)
    return math.ceil(((int(cut[1]) if cut else len(base64)) * 3 / 4 + NAMES_BYTES) / 1024)


class Costs:
    """Two daemons, and what they ask of the table."""

    def __init__(self, fleet: Fleet) -> None:
        self.fleet, self.done = fleet, 0

    def _calls(self, since: int) -> list[dict[str, Any]]:
        return [c for c in self.fleet.control.calls(since, service="dynamodb", status=200) if "user/causeway" in c["principal"]]

    def _open(self) -> int:
        return self.fleet.world.client("prod", "dynamodb").query(
            TableName=TABLE, IndexName="open", KeyConditionExpression="#kind = :kind", ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": "deployment"}}, ConsistentRead=True)["Count"]

    def idle(self) -> dict[str, float]:
        """Of one daemon in a day: what one look and one renewal cost, as often as they are."""
        since = self.fleet.control.last_sequence()
        wait_for(lambda: sum(c["operation"] == "Query" and kinds_of(c) == {"lease"} for c in self._calls(since)) >= IDLE_LOOKS,
                 "some looks", 120, every=0.5)
        calls = [c for c in self._calls(since) if is_by_the_clock(c)]
        renewals = [c for c in calls if c["operation"] == "TransactWriteItems"]
        looks = sum(c["operation"] == "Query" and kinds_of(c) == {"daemon"} for c in calls)
        look, renewal = weigh([c for c in calls if c not in renewals]), weigh(renewals)
        return {n: look[n] / looks * DAY / LOOK + renewal[n] / max(1, len(renewals)) * DAY / RENEWAL for n in COLUMNS}

    def deployments(self) -> dict[str, float]:
        """Of one deployment, over some."""
        since = self.fleet.control.last_sequence()
        for count in range(BATCH):
            self.fleet.publish("endpoint-0")
            wait_for(lambda: len(self.fleet.control.calls(since, operation="InvokeEndpoint")) == count + 1 and not self._open(),  # noqa: B023
                     "a deployment to end", 240, every=0.5)
        found = weigh([c for c in self._calls(since) if not is_by_the_clock(c)])
        return {n: found[n] / BATCH for n in COLUMNS}

    def grow(self, rows: int) -> None:
        """Ended deployments of the endpoint, as many, as they lie in the table."""
        client = self.fleet.world.client("prod", "dynamodb")
        row = client.query(TableName=TABLE, KeyConditionExpression="#kind = :kind", ExpressionAttributeNames={"#kind": "kind"},
                           ExpressionAttributeValues={":kind": {"S": "deployment"}}, Limit=1)["Items"][0]
        group, order, _ = row["grouped"]["S"].split(US)
        keys = [f"endpoint-0-{number:012x}" for number in range(rows)]
        for place in range(0, rows, 25):
            client.batch_write_item(RequestItems={TABLE: [{"PutRequest": {"Item": {
                **row, "key": {"S": key}, "listed": {"S": US.join((order, key))}, "grouped": {"S": US.join((group, order, key))}}}}
                for key in keys[place:place + 25]]})


def main() -> int:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(prefix="causeway-cost") as directory:
        with Sandbox.start(Path(directory) / "aws") as sandbox:
            world = World(sandbox)
            world.build()
            fleet = Fleet(sandbox, world, Gate(sandbox.endpoint), Path(directory), 1, lease=LEASE)
            try:
                return _count(Costs(fleet), rows)
            finally:
                for daemon in fleet.daemons:
                    daemon.close()


def _show(what: str, cost: dict[str, float]) -> None:
    print(f"{what:42}" + "".join(f"{cost[name]:14,.0f}" for name in COLUMNS), flush=True)


def _count(costs: Costs, rows: int) -> int:
    costs.fleet.add()
    costs.fleet.add()
    wait_for(lambda: len(costs.fleet.rows("daemon")) == 2, "both to be there", 20)
    print(f"{'':42}{'calls':>14}{'read units':>14}{'write units':>14}")
    costs.deployments()  # the first of an endpoint take it up
    before = costs.deployments()
    _show("a deployment", before)
    costs.grow(rows)
    after = costs.deployments()
    _show(f"a deployment, after {rows:,} others", after)
    _show("a daemon, a day idle, lease: 15s", costs.idle())
    grows = [name for name in COLUMNS if after[name] > before[name] * 1.2 + 5]
    if grows:
        print(f"a deployment costs more after a long history: {', '.join(grows)}", file=sys.stderr)
    return 1 if grows else 0


if __name__ == "__main__":
    sys.exit(main())
