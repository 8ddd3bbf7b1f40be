"""The other side of shim.c: a disk that fails where a test says, clocks that run faster, leap or are wrong."""

import mmap
import os
import struct
from collections.abc import Callable
from pathlib import Path

from causeway import BUILD

_LEAP = struct.Struct("=qq")  # struct leap
_LAYOUT = struct.Struct("=IIQQQQQ")  # struct torture
MODES = {name: number for number, name in enumerate(("count", "io error", "full", "delay", "short", "kill before", "kill after"))}
WRITE, SYNC, TRUNCATE = 1, 2, 4
ANY = WRITE | SYNC | TRUNCATE


def preload(**variables: str) -> dict[str, str]:
    """The environment of a process under the shim; the clocks' variables are SPEED and WALL."""
    return {
        "LD_PRELOAD": str(BUILD / "tests" / "libtorture.so"),
        "ASAN_OPTIONS": ":".join(filter(None, [os.environ.get("ASAN_OPTIONS"), "verify_asan_link_order=0"])),
        **{"CAUSEWAY_TORTURE_" + name: value for name, value in variables.items()},
    }


class Disk:
    """The disk under the files whose path contains `name`, as a process with `environment` sees it."""

    def __init__(self, directory: Path, name: str = "causeway.db") -> None:
        path = directory / "torture"
        path.write_bytes(bytes(_LAYOUT.size))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _LAYOUT.size)
        self.environment = preload(DISK=str(path), FILES=name)
        self.set("count")

    def set(self, mode: str, nth: int = 1, times: int = 0, kinds: int = ANY, delay_ms: int = 0) -> None:
        """From the nth operation from now on, for so many of them (0: for ever)."""
        self._shared[:] = _LAYOUT.pack(MODES[mode], kinds, nth, times, delay_ms, 0, 0)

    @property
    def seen(self) -> int:
        return int(_LAYOUT.unpack(self._shared[:])[5])

    @property
    def struck(self) -> int:
        return int(_LAYOUT.unpack(self._shared[:])[6])


class Leap:
    """The clocks of a process with `environment`, which a test moves while it runs; others are told by how much."""

    def __init__(self, directory: Path, others: Callable[[float], None] = lambda seconds: None) -> None:
        self._others = others
        path = directory / "leap"
        path.write_bytes(bytes(_LEAP.size))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), _LEAP.size)
        self.environment = preload(LEAP=str(path))
        self.seconds = 0.0
        self.wall_seconds = 0.0

    def on(self, seconds: float) -> None:
        """So much later."""
        self.seconds += seconds
        self._write()
        self._others(self.seconds)

    def wall(self, seconds: float) -> None:
        """The wall clock alone is off by so much from now on."""
        self.wall_seconds = seconds
        self._write()

    def _write(self) -> None:
        self._shared[:] = _LEAP.pack(int(self.seconds * 1000), int(self.wall_seconds * 1000))
