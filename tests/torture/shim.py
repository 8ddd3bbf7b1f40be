"""The other side of shim.c: a disk that fails where a test says, clocks that run faster or wrong."""

import mmap
import os
import struct
from pathlib import Path

from causeway import BUILD

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
