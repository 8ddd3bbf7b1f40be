"""The control socket from an enemy's side, on the real daemon: what is too large, too many or too slow hurts nobody else."""

import contextlib
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from causeway import Daemon
from gate.client import wait_for

LIMIT = 2 * 1048576
CLIENTS = 64
LISTENERS = 16


@contextlib.contextmanager
def connected(daemon: Daemon) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(daemon.socket))
        yield client


def answer(client: socket.socket) -> bytes:
    with contextlib.suppress(ConnectionError):
        return client.recv(65536)
    return b""


def test_a_request_that_is_said_to_be_too_long_is_refused_before_it_is_read(daemon):
    with connected(daemon) as client:
        client.sendall(f"POST /v1/deploy HTTP/1.1\r\nHost: x\r\nContent-Length: {LIMIT + 1}\r\n\r\n".encode())
        assert b" 413 " in answer(client)
    assert daemon.ctl("status").returncode == 0


@pytest.mark.parametrize("request_head", [
    b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"".join([b"GET / HTTP/1.1\r\n", *(b"X-%d: y\r\n" % n for n in range(20_000)), b"\r\n"]),
], ids=["path", "header", "headers"])
def test_a_head_without_end_is_cut_off(daemon, request_head):
    before = resident(daemon)
    with connected(daemon) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(request_head)
        assert b" 200 " not in answer(client)
    assert daemon.ctl("status").returncode == 0
    assert resident(daemon) < before + 8_000


def resident(daemon: Daemon) -> int:
    lines = Path(f"/proc/{daemon.process.pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def test_clients_that_hang_take_no_place_from_those_that_do_not(daemon):
    with contextlib.ExitStack() as stack:
        for number in range(CLIENTS - 4):
            client = stack.enter_context(connected(daemon))
            client.sendall(b"POST /v1/deploy HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{" if number % 2 else b"GET /v1/st")
        began = time.monotonic()
        assert daemon.ctl("status").returncode == 0
        assert time.monotonic() - began < 8  # which is less than it takes to put them out


def test_when_every_place_is_taken_by_a_client_that_hangs_they_are_put_out_in_time(daemon):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(daemon)) for _ in range(CLIENTS + 16)]
        for client in clients:
            client.sendall(b"GET /v1/st")
        assert daemon.ctl("status").returncode == 0  # it waits until the first are put out


def begins_to_listen(client: socket.socket) -> bool:
    client.sendall(b"GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
    return b" 200 " in answer(client).partition(b"\r\n")[0]


def test_so_many_may_listen_and_one_more_may_when_one_of_them_has_left(daemon):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connected(daemon)) for _ in range(LISTENERS)]
        assert all(begins_to_listen(client) for client in clients)
        with connected(daemon) as client:
            assert not begins_to_listen(client)
        assert daemon.ctl("status").returncode == 0
        clients[0].close()

        def has_room() -> bool:
            with connected(daemon) as client:
                return begins_to_listen(client)

        wait_for(has_room, "the place of the one that left")


def test_a_flood_of_requests_is_answered_and_leaves_nothing_behind(daemon):
    descriptors = len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))
    for _ in range(500):
        with connected(daemon) as client:
            client.sendall(b"GET /v1/version HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            assert b" 200 " in answer(client)
    wait_for(lambda: len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir())) <= descriptors + 2, "the connections to be closed")
