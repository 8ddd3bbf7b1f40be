"""EventBridge: delivery. moto keeps buses, rules and targets and matches patterns; events travel here.

moto gives a forwarded event a new id and time, drops its account and resources, and asks no policy. AWS keeps
them all (aws-facts/01_events.md, 1d) and checks the receiving bus's and queue's policies:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

import copy
import json
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .. import policy, upstream
from ..clock import iso
from ..exchange import AwsError, Request, Response
from ..serialize import json_result
from .sts import find_role, trust_policy

if TYPE_CHECKING:
    from ..gate import Gate

_MAX_BYTES = 1 << 20  # of one PutEvents call, all entries together


class EventBridge:
    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.reset()

    def reset(self) -> None:
        self.dropped: list[dict[str, Any]] = []  # what a policy, a missing target or a second hop stopped
        self.delivered: list[dict[str, Any]] = []  # what a rule handed to a bus or a queue

    def publish(self, account: str, event: dict[str, Any], bus: str = "default", times: int = 1) -> dict[str, Any]:
        """Puts an event on a bus as the service itself would; what is left out is filled in."""
        envelope = {
            "version": "0", "id": str(uuid.uuid4()), "detail-type": "", "source": "", "account": account,
            "time": iso(self._gate.clock.now()), "region": self._gate.region, "resources": [], "detail": {}, **event,
        }
        for _ in range(times):
            self._on_bus(account, bus, envelope, hops=0)
        return envelope

    def _on_bus(self, account: str, bus_name: str, envelope: dict[str, Any], hops: int) -> None:
        bus = upstream.backends("events")[account][self._gate.region].event_buses.get(bus_name)
        if bus is None:
            self._drop("NO_RESOURCE", envelope, f"event-bus/{bus_name} of {account}")
            return
        for rule in list(bus.rules.values()):
            if rule.state != "DISABLED" and rule.event_pattern.get_pattern() and rule.event_pattern.matches_event(envelope):
                for target in list(rule.targets):
                    self._to_target(rule, target, envelope, hops)

    def _to_target(self, rule: Any, target: dict[str, Any], envelope: dict[str, Any], hops: int) -> None:
        service, account, resource = target["Arn"].split(":")[2], target["Arn"].split(":")[4], target["Arn"].split(":", 5)[5]
        if service == "events" and resource.startswith("event-bus/"):
            self._to_bus(rule, target, account, resource.removeprefix("event-bus/"), envelope, hops)
        elif service == "sqs":
            self._to_queue(rule, target, account, resource, envelope)
        else:
            rule.send_to_targets(copy.deepcopy(envelope))

    def _to_bus(self, rule: Any, target: dict[str, Any], account: str, bus_name: str, envelope: dict[str, Any], hops: int) -> None:
        if hops and account != rule.account_id:
            self._drop("THIRD_ACCOUNT_HOP_DETECTED", envelope, target["Arn"])
            return
        bus = upstream.backends("events")[account][self._gate.region].event_buses.get(bus_name)
        if bus is None:
            self._drop("NO_RESOURCE", envelope, target["Arn"])
            return
        if account != rule.account_id:
            refusal = self._refusal(rule, target, bus, envelope)
            if refusal:
                self._drop(refusal, envelope, target["Arn"])
                return
        self._deliver(rule, envelope, target["Arn"])
        self._on_bus(account, bus_name, envelope, hops + 1)

    def _refusal(self, rule: Any, target: dict[str, Any], bus: Any, envelope: dict[str, Any]) -> str | None:
        role_arn = target.get("RoleArn")
        if not role_arn:
            return "NO_PERMISSIONS"  # needed for buses of other accounts since 2023-03-02
        role = find_role(role_arn)
        service = policy.Caller(service="events.amazonaws.com")
        if role is None or not policy.allows(trust_policy(role), service, policy.Question("sts:AssumeRole", role_arn, {
            "aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account_id})):
            return "FAILED_TO_ASSUME_ROLE"
        question = policy.Question("events:PutEvents", bus.arn, {
            "events:source": envelope["source"], "events:detail-type": envelope["detail-type"], "aws:SourceArn": rule.arn,
        })
        return None if policy.allows(bus.policy, policy.Caller(rule.account_id, role_arn), question) else "NO_PERMISSIONS"

    def _to_queue(self, rule: Any, target: dict[str, Any], account: str, name: str, envelope: dict[str, Any]) -> None:
        queue = upstream.backends("sqs")[account][self._gate.region].queues.get(name)
        if queue is None:
            self._drop("NO_RESOURCE", envelope, target["Arn"])
            return
        question = policy.Question("sqs:SendMessage", queue.queue_arn, {"aws:SourceArn": rule.arn, "aws:SourceAccount": rule.account_id})
        if not policy.allows(queue.policy, policy.Caller(service="events.amazonaws.com"), question):
            self._drop("NO_PERMISSIONS", envelope, target["Arn"])
            return
        self._gate.queues.send(account, name, _body(target, envelope))
        self._deliver(rule, envelope, target["Arn"])

    def _deliver(self, rule: Any, envelope: dict[str, Any], target: str) -> None:
        self.delivered.append({"id": envelope["id"], "rule": rule.arn, "target": target})

    def _drop(self, code: str, envelope: dict[str, Any], target: str) -> None:
        self.dropped.append({"code": code, "id": envelope["id"], "source": envelope["source"], "target": target})


def _body(target: dict[str, Any], envelope: dict[str, Any]) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html"""
    if "Input" in target:
        return target["Input"]
    value: Any = envelope
    for step in target.get("InputPath", "$").split(".")[1:]:
        value = value.get(step) if isinstance(value, dict) else None
    return json.dumps(value)


def put_events(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""
    entries = request.parameters["Entries"]
    if sum(_size(entry) for entry in entries) > _MAX_BYTES:
        raise AwsError("ValidationException", "Total size of the entries in the request is over the limit.")
    failing = next((f for f in request.scratch["faults"] if f["do"] == "partial"), None)
    results = []
    with upstream.lock:
        for index, entry in enumerate(entries):
            if failing and index in failing["indexes"]:
                results.append({"ErrorCode": failing.get("code", "InternalFailure"),
                                "ErrorMessage": failing.get("message", "asked for by the test")})
                continue
            problem = _entry_problem(entry)
            if problem:
                results.append({"ErrorCode": problem[0], "ErrorMessage": problem[1]})
                continue
            bus = entry.get("EventBusName", "default")
            account = bus.split(":")[4] if bus.startswith("arn:") else request.account
            moment = entry.get("Time")
            event = {
                "id": str(uuid.uuid4()), "detail-type": entry["DetailType"], "source": entry["Source"],
                "account": request.account, "time": iso(moment.timestamp() if isinstance(moment, datetime) else gate.clock.now()),
                "resources": entry.get("Resources", []), "detail": json.loads(entry["Detail"]),
            }
            gate.events.publish(account, event, bus.split("/")[-1])
            results.append({"EventId": event["id"]})
    failed = sum("ErrorCode" in result for result in results)
    return json_result(request, {"FailedEntryCount": failed, "Entries": results})


def _size(entry: dict[str, Any]) -> int:
    text = [entry.get("Source", ""), entry.get("DetailType", ""), entry.get("Detail", ""), *entry.get("Resources", [])]
    return 14 * ("Time" in entry) + sum(len(part.encode()) for part in text)


def _entry_problem(entry: dict[str, Any]) -> tuple[str, str] | None:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        detail = None
    return None if isinstance(detail, dict) else ("MalformedDetail", "Detail is malformed.")


def update_event_bus(gate: "Gate", request: Request) -> Response:
    """moto has no such call. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html"""
    name = request.parameters.get("Name", "default")
    bus = upstream.backends("events")[request.account][gate.region].event_buses.get(name)
    if bus is None:
        raise AwsError("ResourceNotFoundException", f"Event bus {name} does not exist.")
    bus.description = request.parameters.get("Description") or bus.description
    return json_result(request, {"Arn": bus.arn, "Name": bus.name, **({"Description": bus.description} if bus.description else {})})


OPERATIONS = {"PutEvents": put_events, "UpdateEventBus": update_event_bus}
