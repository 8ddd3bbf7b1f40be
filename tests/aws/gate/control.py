"""The tests' own door: everything under /_gate/, unsigned, JSON in and out. `client.Gate` is its other side."""

import json
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import upstream
from .exchange import Request, Response, json_response

if TYPE_CHECKING:
    from .gate import Gate


class Control:
    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("GET", "health"): self._health,
            ("POST", "reset"): self._reset,
            ("GET", "calls"): lambda q: self._gate.record.calls_since(int(q.get("since", 0))),
            ("GET", "violations"): lambda q: self._gate.record.violations,
            ("DELETE", "violations"): lambda q: self._gate.record.violations.clear(),
            ("GET", "dangers"): lambda q: self._gate.record.dangers,
            ("GET", "faults"): lambda q: self._gate.faults.active(),
            ("POST", "faults"): self._add_faults,
            ("DELETE", "faults"): lambda q: self._gate.faults.clear(),
            ("GET", "held"): lambda q: self._gate.faults.held(float(q.get("wait", 0))),
            ("POST", "release"): lambda q: self._gate.faults.release(),
            ("POST", "clock"): self._clock,
            ("POST", "sessions/expire"): self._expire,
            ("GET", "secrets"): lambda q: self._gate.keys.secrets(q.get("principal", "")),
            ("POST", "metadata"): self._metadata,
            ("POST", "events"): self._events,
            ("GET", "events/dropped"): lambda q: self._gate.events.dropped,
            ("GET", "events/delivered"): lambda q: self._gate.events.delivered,
            ("GET", "sagemaker"): lambda q: self._gate.sagemaker.settings,
            ("POST", "sagemaker"): lambda q: self._gate.sagemaker.set(q),
            ("POST", "sagemaker/release"): lambda q: self._gate.sagemaker.release(),
            ("POST", "sagemaker/endpoint"): lambda q: self._gate.sagemaker.force(
                self._account(q), q["name"], q["status"], q.get("failure_reason")),
            ("POST", "iam"): lambda q: self._gate.iam.set(q),
            ("POST", "sqs"): lambda q: self._gate.queues.set(q),
            ("POST", "sqs/visible"): lambda q: self._gate.queues.make_visible(q.get("queue")),
            ("POST", "codepipeline"): self._pipelines,
            ("POST", "stacks"): lambda q: self._gate.stacks.set(q),
            ("GET", "alarms"): lambda q: self._gate.alarms.shown(),
            ("POST", "alarms"): lambda q: self._gate.alarms.set(self._account(q), q),
            ("POST", "sparse"): lambda q: self._gate.sparse.put(q["bucket"], q["key"], int(q["bytes"])),
            ("GET", "sparse"): lambda q: {f"{bucket}/{key}": made.size for (bucket, key), made in self._gate.sparse.objects.items()},
            ("POST", "layers/spoil"): lambda q: self._gate.layers.spoil(),
            ("POST", "registry"): lambda q: self._gate.registry.set(self._account(q), self._gate.region, q),
            ("GET", "codepipeline/jobs"): lambda q: self._gate.pipelines.jobs,
        }

    def answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/_gate/").strip("/")
        route = self._routes.get((request.method, name))
        if route is None:
            return json_response({"error": f"no {request.method} /_gate/{name}"}, 404)
        try:
            arguments = json.loads(request.body) if request.body else dict(request.query_pairs())
            return json_response(route(arguments))
        except (ValueError, KeyError, TypeError) as problem:
            return json_response({"error": f"{type(problem).__name__}: {problem}"}, 400)

    def _account(self, arguments: dict[str, Any]) -> str:
        name = arguments["account"]
        return self._gate.accounts.get(name, name)

    def _health(self, arguments: dict[str, Any]) -> Any:
        return {"ok": True, "connections": self._gate.connections_accepted(), "threads": threading.active_count()}

    def _reset(self, arguments: dict[str, Any]) -> Any:
        self._gate.reset()

    def _add_faults(self, arguments: Any) -> Any:
        self._gate.faults.add(arguments if isinstance(arguments, list) else [arguments])

    def _clock(self, arguments: dict[str, Any]) -> Any:
        self._gate.clock.skew_seconds = float(arguments["skew_seconds"])

    def _expire(self, arguments: dict[str, Any]) -> Any:
        return {"expired": self._gate.keys.expire_sessions(self._gate.clock.now(), arguments.get("principal", ""))}

    def _metadata(self, arguments: dict[str, Any]) -> Any:
        if "lifetime_seconds" in arguments:
            self._gate.metadata.lifetime_seconds = float(arguments["lifetime_seconds"])
        if "container_token" in arguments:
            self._gate.metadata.container_token = arguments["container_token"]

    def _events(self, arguments: dict[str, Any]) -> Any:
        """A service's own event, on the account's default bus (or another)."""
        with upstream.lock:
            envelope = self._gate.events.publish(
                self._account(arguments), arguments["event"], arguments.get("bus", "default"),
                arguments.get("times", 1),
            )
        self._gate.queues.changed()
        return envelope

    def _pipelines(self, arguments: dict[str, Any]) -> Any:
        self._gate.pipelines.set(self._account(arguments), arguments)
