"""pytest fixtures of the real daemon over the sandbox: `from daemons import *` beside `from gate.fixtures import *`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from causeway import Daemon

__all__ = ["daemon", "make_daemon"]


@pytest.fixture
def make_daemon(sandbox: Any, world: Any, tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    """make_daemon(**configuration): a daemon that is configured, not started; it is ended with the test."""
    made: list[Daemon] = []

    def make(**changes: Any) -> Daemon:
        made.append(Daemon(sandbox, world, tmp_path / f"causeway-{len(made)}", **changes))
        return made[-1]

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def daemon(make_daemon: Callable[..., Daemon]) -> Daemon:
    """A daemon over the design's example, running and ready."""
    return make_daemon().start()
