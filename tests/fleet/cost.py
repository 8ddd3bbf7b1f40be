"""What the shared store costs, counted: reads and writes for a deployment, while the history grows, and for a day idle.

    PYTHONPATH=tests/aws python3 tests/fleet/cost.py [DEPLOYMENTS]

Two daemons with the usual lease run over the sandbox; every call to DynamoDB is counted and weighed as AWS bills it: a
read unit is 4 KiB read consistently, a write unit 1 KiB written, two of them in a transaction. Prints a table; ends with
1 where a deployment costs more at the end of the history than at its beginning."""

import math
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from fleet import Fleet
from gate.client import Gate, Sandbox, wait_for
from gate.world import World

LEASE = 15.0
BATCH = 5  # deployments that are counted together
IDLE_RENEWALS = 10
NAMES_BYTES = 400  # of attributes, and the texts that name a row
DAY = 24 * 3600


def weigh(calls: list[dict[str, Any]]) -> Counter[str]:
    """Calls, and read and write units of them."""
    found: Counter[str] = Counter()
    for call in calls:
        if call["service"] != "dynamodb" or call["status"] != 200:
            continue
        found["calls"] += 1
        parameters = call["parameters"]
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


def main() -> int:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory(prefix="causeway-cost") as directory:
        with Sandbox.start(Path(directory) / "aws") as sandbox:
            control, world = Gate(sandbox.endpoint), World(sandbox)
            world.build()
            fleet = Fleet(sandbox, world, control, Path(directory), 1, lease=LEASE)
            try:
                return _count(fleet, control, total)
            finally:
                for daemon in fleet.daemons:
                    daemon.close()


def _count(fleet: Fleet, control: Any, total: int) -> int:
    fleet.add()
    fleet.add()
    wait_for(lambda: len(fleet.rows("daemon")) == 2, "both to be there", 20)
    idle = _idle(control)
    per_second = {name: idle[name] / idle["seconds"] for name in ("calls", "read", "write")}
    print(f"{'':34}{'calls':>12}{'read units':>14}{'write units':>14}")
    costs = []
    for done in range(0, total, BATCH):
        since, began = control.last_sequence(), _now(control)
        for count in range(BATCH):
            fleet.publish("endpoint-0")
            fleet.wait_ended(done + count + 1)
        seconds = _now(control) - began
        found = weigh([c for c in control.calls(since) if "user/causeway" in c["principal"]])
        cost = {name: (found[name] - per_second[name] * seconds) / BATCH for name in ("calls", "read", "write")}
        costs.append(cost)
        print(f"a deployment, after {done:<6} others   " + "".join(f"{max(0, cost[n]):{w}.0f}" for n, w in (("calls", 12), ("read", 14), ("write", 14))))
    print(f"{'a daemon, a day idle':<34}" + "".join(f"{per_second[n] / 2 * DAY:{w},.0f}" for n, w in (("calls", 12), ("read", 14), ("write", 14))))
    grows = costs[-1]["write"] > costs[0]["write"] * 1.2 + 5
    if grows:
        print("a deployment costs more than it did at the beginning", file=sys.stderr)
    return 1 if grows else 0


def _now(control: Any) -> float:
    return max((c["time"] for c in control.calls()), default=0.0)


def _idle(control: Any) -> dict[str, float]:
    """Over some looks around of both daemons, when nothing is to be done."""
    since, began = control.last_sequence(), _now(control)
    wait_for(lambda: sum(c["operation"] == "TransactWriteItems" for c in control.calls(since)) >= IDLE_RENEWALS, "renewals", 120)
    found = weigh(control.calls(since))
    return {**found, "seconds": _now(control) - began}


if __name__ == "__main__":
    sys.exit(main())
