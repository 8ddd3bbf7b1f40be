"""What the tests of faults share: those of tests/aws, and time that a test moves."""

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import botocore.auth
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "aws"))

from daemons import *  # noqa: E402, F403
from gate.fixtures import *  # noqa: E402, F403
from shim import Disk, Leap  # noqa: E402


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path)


@pytest.fixture
def leap(control: Any, tmp_path: Path, monkeypatch: Any) -> Iterator[Leap]:
    """The clocks of a process with its environment, of the local AWS, and of the test's own requests: all leap together."""
    leap = Leap(tmp_path, control.clock)
    signed = botocore.auth.get_current_datetime
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *a, **k: signed(*a, **k) + timedelta(seconds=leap.seconds))
    yield leap
    control.clock(0)
