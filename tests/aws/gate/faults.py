"""Faults that tests ask for. A fault:

    {"match": {"account", "service", "operation", "principal", "user_agent"}, "nth": 1, "times": 1,
     "do": KIND, "when": "before" | "after", ...}

All keys of `match` are optional; account is an id or a name of the sandbox, principal and user_agent are parts
of the text, operation may be a list. The fault strikes on the nth matching call and on `times` calls from there
on (0: for ever). `when` says whether the call is carried out first. Kinds, with their own keys:

    throttle             (before)  the service's throttling error; headers
    error                (before)  status, code, message; headers, such as {"Retry-After": "2"}
    expired_credentials  (before)  the service's expired-token error
    clock_skew           seconds   the gate's clock is off by so much for these calls, Date header and tolerance
    reset                (before)  the connection is reset
    garbage              (before)  body, status: that is all the answer
    huge                 (before)  bytes: an answer of so many bytes
    truncate             (after)   the connection ends in the middle of the body
    slow                 (after)   bytes_per_second
    delay                (before)  seconds
    hold                 (before)  nothing is answered until it is released (see /_gate/held); a call held before it
                                   is carried out never is, if its caller has gone by then or the world was reset
    partial              (around)  indexes, code, message, sender_fault: these entries of a batch fail
"""

import itertools
import threading
import time
from typing import Any

from .exchange import AwsError, Request, Response
from .identity import expired_token

KINDS = {
    "throttle": "before", "error": "before", "expired_credentials": "before", "clock_skew": "before",
    "reset": "before", "garbage": "before", "huge": "before", "truncate": "after", "slow": "after",
    "delay": "before", "hold": "before", "partial": "before",
}

_THROTTLED = {  # https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
    "s3": ("SlowDown", "Please reduce your request rate.", 503),
    "sqs": ("RequestThrottled", "Request is throttled.", 400),
    "sts": ("Throttling", "Rate exceeded", 400),
    "iam": ("Throttling", "Rate exceeded", 400),
    "sagemaker-runtime": ("ThrottlingException", "Rate exceeded", 429),
}


class Faults:
    def __init__(self, accounts: dict[str, str]) -> None:
        self._accounts = accounts  # id by name
        self._changed = threading.Condition()
        self._faults: list[dict[str, Any]] = []
        self._held: dict[int, dict[str, Any]] = {}
        self._tickets = itertools.count(1)
        self._generation = 0
        self._forgotten = 0  # holds of an earlier generation belong to a world that is gone

    def add(self, faults: list[dict[str, Any]]) -> None:
        for fault in faults:
            if fault.get("do") not in KINDS:
                raise ValueError(f"no such fault: {fault.get('do')!r}; one of {', '.join(KINDS)}")
            unknown = set(fault.get("match", {})) - {"account", "service", "operation", "principal", "user_agent"}
            if unknown:
                raise ValueError(f"no such match: {', '.join(sorted(unknown))}")
        with self._changed:
            self._faults.extend({**fault, "seen": 0, "struck": 0} for fault in faults)

    def active(self) -> list[dict[str, Any]]:
        with self._changed:
            return [dict(fault) for fault in self._faults]

    def clear(self) -> None:
        with self._changed:
            self._faults.clear()
        self.release()

    def forget(self) -> None:
        """As clear, and the calls that are held are never carried out."""
        with self._changed:
            self._forgotten = self._generation + 1
        self.clear()

    def strike(self, request: Request) -> list[dict[str, Any]]:
        """The faults for this call. Counts it for all of them, so ask once a call."""
        with self._changed:
            struck = []
            for fault in self._faults:
                if not self._matches(fault.get("match", {}), request):
                    continue
                fault["seen"] += 1
                times = fault.get("times", 1)
                if fault["seen"] >= fault.get("nth", 1) and (times == 0 or fault["struck"] < times):
                    fault["struck"] += 1
                    struck.append({"when": KINDS[fault["do"]], **fault})
            return struck

    def _matches(self, match: dict[str, Any], request: Request) -> bool:
        account = match.get("account")
        operations = match.get("operation")
        operations = [operations] if isinstance(operations, str) else operations
        return (
            (account is None or self._accounts.get(account, account) == request.account)
            and match.get("service") in (None, request.service)
            and (operations is None or request.operation in operations)
            and match.get("principal", "") in request.principal
            and match.get("user_agent", "") in (request.header("user-agent") or "")
        )

    # Holding

    def hold(self, request: Request, when: str) -> bool:
        """Blocks the calling thread until the next release. False: there is nobody to go on for."""
        with self._changed:
            ticket, generation = next(self._tickets), self._generation
            self._held[ticket] = {
                "service": request.service, "operation": request.operation, "account": request.account,
                "principal": request.principal, "when": when, "sequence": request.scratch.get("sequence"),
            }
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._generation != generation)
            del self._held[ticket]
            return generation >= self._forgotten and request.still_connected()

    def held(self, wait_seconds: float) -> list[dict[str, Any]]:
        with self._changed:
            self._changed.wait_for(lambda: bool(self._held), wait_seconds)
            return list(self._held.values())

    def release(self) -> None:
        with self._changed:
            self._generation += 1
            self._changed.notify_all()


def before(faults: list[dict[str, Any]], holder: Faults, request: Request) -> Response | None:
    """What strikes instead of the call, or delays it. None: go on."""
    for fault in faults:
        if fault["when"] != "before":
            continue
        answer = _instead(fault, holder, request)
        if answer is not None:
            return answer
    return None


def _instead(fault: dict[str, Any], holder: Faults, request: Request) -> Response | None:
    kind = fault["do"]
    if kind == "throttle":
        raise AwsError(*_THROTTLED.get(request.service, ("ThrottlingException", "Rate exceeded", 400)),
                       headers=fault.get("headers"))
    if kind == "error":
        raise AwsError(fault.get("code", "InternalFailure"), fault.get("message", "asked for by the test"),
                       fault.get("status", 500), headers=fault.get("headers"))
    if kind == "expired_credentials":
        raise expired_token(request.service)
    if kind == "delay":
        time.sleep(fault["seconds"])
    elif kind == "hold":
        if not holder.hold(request, "before"):
            return Response(status=0, wire={"kind": "reset"})  # never carried out, never answered
    elif kind in ("reset", "garbage", "huge"):
        return _damaged(fault, Response(fault.get("status", 200)))
    return None


def after(faults: list[dict[str, Any]], holder: Faults, request: Request, response: Response) -> Response:
    """What strikes once the call has been carried out."""
    for fault in faults:
        if fault["when"] != "after":
            continue
        kind = fault["do"]
        if kind == "hold":
            holder.hold(request, "after")
        elif kind == "delay":
            time.sleep(fault["seconds"])
        elif kind in ("throttle", "error", "expired_credentials"):
            _instead(fault, holder, request)
        else:
            response = _damaged(fault, response)
    return response


def _damaged(fault: dict[str, Any], response: Response) -> Response:
    kind = fault["do"]
    if kind == "garbage":
        body = fault.get("body", "\x00\x01not what you asked for<{")
        return Response(fault.get("status", 200), [("Content-Type", "text/plain")], body.encode("utf-8", "surrogateescape"))
    if kind in ("reset", "truncate", "slow", "huge"):
        response.wire = {"kind": kind, **{k: fault[k] for k in ("bytes_per_second", "bytes") if k in fault}}
    return response


def skew(faults: list[dict[str, Any]]) -> float:
    return sum(fault["seconds"] for fault in faults if fault["do"] == "clock_skew")
