"""What the tests of faults share: those of tests/aws."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "aws"))

from daemons import *  # noqa: E402, F403
from gate.fixtures import *  # noqa: E402, F403
