"""What the tests of attacks and secrets share: those of tests/aws."""

import socket
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "aws"))

from daemons import *  # noqa: E402, F403
from gate.fixtures import *  # noqa: E402, F403


@pytest.fixture
def free_address() -> str:
    """A loopback address on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"
