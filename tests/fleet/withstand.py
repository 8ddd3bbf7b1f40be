"""200 deployments by three real daemons over one table while they are killed, stopped and cut off; then what they left is audited.

    PYTHONPATH=tests/aws python3 tests/fleet/withstand.py [DEPLOYMENTS [SEED]]

Each daemon is in a network namespace of its own (so this needs root). The audit: each event has exactly one deployment, each
endpoint's history is in order and ends with its newest, nothing was carried out twice, each claim was one daemon's, each version
of a record was written once, by the holder of its endpoint, and the ledger's chain is whole. Ends with 1 where it is not so."""

import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from fleet import Fleet
from gate.client import Gate, Sandbox
from gate.world import World
from havoc import Havoc

ENDPOINTS = 5
DAEMONS = 3


def main() -> int:
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    began = time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what was started is ended
    with tempfile.TemporaryDirectory(prefix="causeway-havoc") as name:
        directory = Path(name)
        with Sandbox.start(directory / "aws") as sandbox:
            world, control = World(sandbox), Gate(sandbox.endpoint)
            world.build()
            havoc = Havoc(Fleet(sandbox, world, control, directory, ENDPOINTS), DAEMONS, seed,
                          say=lambda text: print(f"{time.monotonic() - began:6.1f} s  {text}", flush=True))
            try:
                havoc.run(rounds=-(-total // ENDPOINTS))
                havoc.fleet.audit()
                audited = havoc.fleet.daemons[0].ctl("audit")
                assert audited.returncode == 0, audited.stdout + audited.stderr
                history = havoc.fleet.history()
                states = Counter(row["state"] for row in history)
                print(f"{len(history)} deployments of {len(havoc.fleet.endpoints)} endpoints: {dict(states)}; "
                      f"{max(havoc.fleet.rows('lease'), key=lambda row: row['number'])['number']} claims of one endpoint at most; all as it is to be, "
                      f"after {time.monotonic() - began:.0f} s")
            except AssertionError as error:
                print(f"not as it is to be: {error}", file=sys.stderr)
                return 1
            finally:
                havoc.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
