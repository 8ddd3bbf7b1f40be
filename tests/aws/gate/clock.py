"""The gate's clock (which a fault can set wrong) and one thread that runs what is due later."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from datetime import datetime, timezone


class Clock:
    def __init__(self) -> None:
        self.skew_seconds = 0.0

    def now(self) -> float:
        return time.time() + self.skew_seconds


def iso(moment: float) -> str:
    """EventBridge's form of a time: whole seconds, UTC."""
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Scheduler:
    """Runs actions at their time, in one thread; `clear` forgets them all."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        threading.Thread(target=self._run, name="scheduler", daemon=True).start()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        with self._wake:
            heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), action))
            self._wake.notify()

    def clear(self) -> None:
        with self._wake:
            self._heap.clear()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._heap or self._heap[0][0] > time.monotonic():
                    self._wake.wait(
                        self._heap[0][0] - time.monotonic() if self._heap else None
                    )
                action = heapq.heappop(self._heap)[2]
            action()
