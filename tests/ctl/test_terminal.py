"""On a terminal: colours, widths, and watch."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from typing import Any

import answers
import pytest
from conftest import ENVIRONMENT, PROGRAM, run
from standin import StandIn

SECONDS = 20.0
COLOUR = re.compile(r"\x1b\[\d*m|\x1b\[\?7[hl]")


class Terminal:
    """causewayctl on a terminal of its own."""

    def __init__(self, daemon: StandIn, *arguments: str, columns: int = 100, lines: int = 40, **environment: str) -> None:
        self.shown = ""
        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = subprocess.Popen([PROGRAM, "--socket", str(daemon.socket), *arguments], stdin=theirs, stdout=theirs,
                                         stderr=theirs, env={**ENVIRONMENT, **environment}, start_new_session=True)
        os.close(theirs)

    def read_until(self, text: str, times: int = 1) -> str:
        deadline = time.monotonic() + SECONDS
        while self.shown.count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} was not shown in {self.shown[-1000:]!r}"
            assert self._read(), f"ended without {text!r}: {self.shown[-1000:]!r}"
        return self.shown

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], SECONDS)
        try:
            more = os.read(self._ours, 65536) if ready else b""
        except OSError:  # Linux: the other side is closed
            more = b""
        self.shown += more.decode(errors="replace").replace("\r\n", "\n")
        return bool(more)

    def type(self, text: str) -> None:
        os.write(self._ours, text.encode())

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self) -> int:
        """All that is shown to the end, in `shown`, and the exit status."""
        while self._read():
            pass
        return self._process.wait(SECONDS)

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait(SECONDS)
        os.close(self._ours)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_what_ends_a_deployment_is_asked_about_first(daemon: StandIn, terminals: list[Terminal]) -> None:
    daemon.answer("POST", f"/v1/deployments/{answers.THIRD}/cancel", {"action": "cancel", "id": answers.THIRD, "duplicate": False})
    for answer, code in (("n", 1), ("y", 0)):
        assert daemon.asked == []
        terminals.append(Terminal(daemon, "cancel", answers.THIRD))
        terminals[-1].read_until(f"Cancel the deployment {answers.THIRD}? [y/N] ")
        terminals[-1].type(answer + "\n")
        assert terminals[-1].end() == code
    assert "being cancelled" in terminals[-1].shown and len(daemon.asked) == 1


def show(daemon: StandIn, terminals: list[Terminal], *arguments: str, **more: int | str) -> str:
    terminals.append(Terminal(daemon, *arguments, **more))  # type: ignore[arg-type]
    assert terminals[-1].end() == 0
    return terminals[-1].shown


@pytest.fixture
def status(daemon: StandIn) -> StandIn:
    daemon.answer("GET", "/v1/status", answers.STATUS)
    return daemon


def test_a_terminal_gets_colours(status: StandIn, terminals: list[Terminal]) -> None:
    shown = show(status, terminals, "status")
    assert "\x1b[32mready\x1b[0m" in shown
    assert "\x1b[36msettling\x1b[0m" in shown
    assert "\x1b[33mrolled_back\x1b[0m" in shown
    assert "\x1b[32msucceeded\x1b[0m" in shown


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_no_color_and_a_dumb_terminal_are_heeded(status: StandIn, terminals: list[Terminal], environment: dict[str, str]) -> None:
    assert "\x1b" not in show(status, terminals, "status", **environment)


def test_an_empty_no_color_is_none(status: StandIn, terminals: list[Terminal]) -> None:
    assert "\x1b[32m" in show(status, terminals, "status", NO_COLOR="")


def test_what_is_piped_has_no_colour_and_whole_lines(status: StandIn) -> None:
    shown = run("--socket", status.socket, "status", COLUMNS="40").stdout
    assert "\x1b" not in shown
    assert answers.ROLLED_BACK["reason"] in shown


@pytest.mark.parametrize("columns", [150, 120, 100, 90, 80, 60, 50])
@pytest.mark.parametrize("content", [answers.STATUS, {**answers.ROLLOUT, "last": answers.STATUS["last"], "open": [answers.ROLLING, answers.AWAITING]}],
                         ids=["plain", "rollout"])
def test_lines_are_fitted_to_the_terminal(status: StandIn, terminals: list[Terminal], columns: int, content: dict[str, Any]) -> None:
    status.answer("GET", "/v1/status", content)
    plain = COLOUR.sub("", show(status, terminals, "status", columns=columns))
    assert max(map(len, plain.splitlines())) <= columns
    for deployment in (answers.THIRD, answers.SECOND, answers.CHURN):
        assert deployment in plain


def test_a_reason_that_has_no_room_beside_stands_below_in_full(status: StandIn, terminals: list[Terminal]) -> None:
    plain = COLOUR.sub("", show(status, terminals, "status", columns=80))
    assert answers.ROLLED_BACK["reason"] in " ".join(plain.split())


def test_a_line_that_is_cut_says_so(status: StandIn, terminals: list[Terminal]) -> None:
    assert "…" in show(status, terminals, "status", columns=120)
    ascii_only = show(status, terminals, "status", columns=120, LC_ALL="C")
    assert "..." in ascii_only
    assert "…" not in ascii_only


def test_json_is_the_same_on_a_terminal(status: StandIn, terminals: list[Terminal]) -> None:
    assert show(status, terminals, "--json", "status") == run("--socket", status.socket, "--json", "status").stdout


# Watch


def test_watch_renews_in_place_until_ctrl_c(status: StandIn, terminals: list[Terminal]) -> None:
    terminal = Terminal(status, "watch", "--every", "100ms")
    terminals.append(terminal)
    terminal.read_until("Ended last")
    status.answer("GET", "/v1/status", {**answers.STATUS, "open": [], "last": [answers.SUCCEEDED]})
    terminal.read_until(answers.FIRST)
    lines = COLOUR.sub("", terminal.shown).split("\x1b[J")[1].count("\n")
    assert f"\x1b[{lines}A\x1b[J" in terminal.shown
    terminal.signal(signal.SIGINT)
    assert terminal.end() == 0


def test_watch_shows_no_more_than_the_terminal_holds(status: StandIn, terminals: list[Terminal]) -> None:
    terminal = Terminal(status, "watch", "--every", "100ms", lines=8)
    terminals.append(terminal)
    terminal.read_until("\x1b[7A\x1b[J", times=2)
    terminal.signal(signal.SIGTERM)
    assert terminal.end() == 0
    assert "Ended last" not in terminal.shown


def test_watch_waits_for_a_daemon_that_went_away(status: StandIn, terminals: list[Terminal]) -> None:
    terminal = Terminal(status, "watch", "--every", "100ms")
    terminals.append(terminal)
    terminal.read_until("Ended last")
    away = status.socket.with_name("away.sock")
    status.socket.rename(away)
    terminal.read_until("cannot be reached")
    status.answer("GET", "/v1/status", answers.EMPTY)
    away.rename(status.socket)
    terminal.read_until("Nothing was deployed yet.")
    terminal.signal(signal.SIGINT)
    assert terminal.end() == 0


def test_watch_on_one_deployment_follows_it(daemon: StandIn, terminals: list[Terminal]) -> None:
    daemon.answer("GET", f"/v1/deployments/{answers.THIRD}", answers.OF_SETTLING)
    terminal = Terminal(daemon, "watch", answers.THIRD)
    terminals.append(terminal)
    terminal.read_until("waiting for SageMaker to finish")
    terminal.signal(signal.SIGINT)
    assert terminal.end() == 0


def test_watch_of_what_is_not_there_ends_with_1(daemon: StandIn) -> None:
    assert run("--socket", daemon.socket, "watch", "nobody").returncode == 1


@pytest.mark.parametrize("arguments", [("--every", "2"), ("--every", "1ms"), ("--every", "2d"), ("--every", ""), ("--json",)])
def test_watch_refuses_what_it_cannot_do(status: StandIn, arguments: tuple[str, ...]) -> None:
    assert run("--socket", status.socket, "watch", *arguments).returncode == 2
