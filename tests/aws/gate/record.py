"""What happened: every call as one JSON line, the violations, the dangers."""

import json
import threading
import time
from pathlib import Path
from typing import Any

_SHORT = 256  # bytes of a value that are kept


def shorten(value: Any) -> Any:
    if isinstance(value, bytes):
        text = value[:_SHORT].decode("utf-8", "replace")
        return text if len(value) <= _SHORT else f"{text}... ({len(value)} bytes)"
    if isinstance(value, str):
        return value if len(value) <= 4 * _SHORT else f"{value[:_SHORT]}... ({len(value)} characters)"
    if isinstance(value, dict):
        return {k: shorten(v) for k, v in value.items()}
    if isinstance(value, list):
        return [shorten(v) for v in value]
    return value


class Record:
    def __init__(self, path: Path | None) -> None:
        self._changed = threading.Condition()
        self._sequence = 0
        self._cleared_at = 0
        self._file = path.open("a", buffering=1) if path else None
        self.calls: list[dict[str, Any]] = []
        self.violations: list[dict[str, Any]] = []
        self.dangers: list[dict[str, Any]] = []

    def next_sequence(self) -> int:
        with self._changed:
            self._sequence += 1
            return self._sequence

    def add_call(self, call: dict[str, Any]) -> None:
        with self._changed:
            if self._is_of_before(call["sequence"]):
                return
            self.calls.append(call)
            if self._file:
                self._file.write(json.dumps(call, default=str) + "\n")
            self._changed.notify_all()

    def add_violation(self, reason: str, *, sequence: int, **about: Any) -> None:
        with self._changed:
            if self._is_of_before(sequence):
                return
            self.violations.append({"time": time.time(), "reason": reason, "sequence": sequence, **about})

    def add_danger(self, reason: str, **about: Any) -> None:
        """Something AWS allows and a careful client never does, such as deleting a config that serves."""
        with self._changed:
            self.dangers.append({"time": time.time(), "reason": reason, **about})

    def calls_since(self, sequence: int) -> list[dict[str, Any]]:
        with self._changed:
            return [call for call in self.calls if call["sequence"] > sequence]

    def _is_of_before(self, sequence: int) -> bool:
        """A call that was under way when the world was emptied: its caller is gone, and the next test is not to see it."""
        return sequence <= self._cleared_at

    def clear(self) -> None:
        with self._changed:
            self._cleared_at = self._sequence
            self.calls.clear()
            self.violations.clear()
            self.dangers.clear()
