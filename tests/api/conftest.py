"""A running daemon, and its control socket as a port, for programs that speak HTTP over TCP only."""

import socket
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from causeway import Daemon  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403


@pytest.fixture
def make_daemon(sandbox: Any, world: Any, tmp_path: Path) -> Iterator[Callable[..., Daemon]]:
    made: list[Daemon] = []

    def make(**changes: Any) -> Daemon:
        made.append(Daemon(sandbox, world, tmp_path / f"causeway-{len(made)}", **changes))
        return made[-1].start()

    yield make
    for daemon in made:
        daemon.close()


@pytest.fixture
def daemon(make_daemon: Callable[..., Daemon]) -> Daemon:
    return make_daemon()


def pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass


@pytest.fixture
def bridged(daemon: Daemon) -> Iterator[str]:
    """The address of a port that leads to the control socket."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(str(daemon.socket))
            threading.Thread(target=pump, args=(client, behind), daemon=True).start()
            threading.Thread(target=pump, args=(behind, client), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    listener.close()
