"""SQS: long polls that block nobody, late and duplicate messages, batches that fail in part, queues of others.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
"""

import copy
import json
import threading
import time
from typing import TYPE_CHECKING, Any

from .. import policy, upstream
from ..exchange import AwsError, Request, Response
from ..serialize import json_result

if TYPE_CHECKING:
    from ..gate import Gate

_LOOK_AGAIN_SECONDS = 0.25  # while polling: for messages whose visibility timeout ends, and for callers that left
_BATCHES = {
    "DeleteMessageBatch": "Entries", "ChangeMessageVisibilityBatch": "Entries", "SendMessageBatch": "Entries",
}


class Queues:
    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self._arrived = threading.Condition()
        self._generation = 0
        self._changes = 0
        self.reset()

    def reset(self) -> None:
        self.settings: dict[str, Any] = {"duplicates": 0, "late": {"count": 0, "seconds": 0.0}}
        self.changed(new_world=True)

    def set(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """{"duplicates": N}: the next N messages that arrive come twice, with one MessageId;
        {"late": {"count": N, "seconds": S}}: the next N are first seen after S seconds."""
        unknown = set(arguments) - set(self.settings)
        if unknown:
            raise ValueError(f"no such setting: {', '.join(unknown)}")
        self.settings.update(arguments)
        return self.settings

    def changed(self, new_world: bool = False) -> None:
        """Wakes the long polls."""
        with self._arrived:
            self._generation += new_world
            self._changes += 1
            self._arrived.notify_all()

    def send(self, account: str, name: str, body: str) -> None:
        """A message from a service, such as EventBridge."""
        with upstream.lock:
            backend = upstream.backends("sqs")[account][self._gate.region]
            known = len(backend.queues[name]._messages)
            backend.send_message(name, body)
            self.meddle(backend.queues[name], known)
        self.changed()

    def meddle(self, queue: Any, known: int) -> None:
        """Delays and doubles the messages after the first `known`, as the test asked."""
        for message in queue._messages[known:]:
            late = self.settings["late"]
            if late["count"] > 0:
                late["count"] -= 1
                message.visible_at = time.time() * 1000 + late["seconds"] * 1000
            if self.settings["duplicates"] > 0:
                self.settings["duplicates"] -= 1
                queue._messages.append(copy.deepcopy(message))

    def make_visible(self, name: str | None = None) -> dict[str, int]:
        """Ends every visibility timeout, as if a killed consumer's had run out. Late messages stay late."""
        count = 0
        with upstream.lock:
            for account in self._gate.accounts.values():
                for queue in upstream.backends("sqs")[account][self._gate.region].queues.values():
                    for message in queue._messages:
                        if name in (None, queue.name) and message.approximate_receive_count and not message.visible:
                            message.visible_at = 0
                            count += 1
        self.changed()
        return {"messages": count}

    def mark(self) -> tuple[int, int]:
        """Taken before a look at the queues, so that what changes during the look is not missed."""
        with self._arrived:
            return self._generation, self._changes

    def wait(self, seconds: float, mark: tuple[int, int]) -> None:
        """Until something changed since the mark, or the time is up."""
        with self._arrived:
            self._arrived.wait_for(lambda: (self._generation, self._changes) != mark, seconds)


def _owner(gate: "Gate", request: Request) -> str:
    """The account whose queue the URL names, once that queue's policy let the caller in."""
    parts = request.parameters.get("QueueUrl", "").split("/")
    owner = parts[-2] if len(parts) > 2 and parts[-2].isdigit() else request.account
    if owner == request.account:
        return owner
    queue = upstream.backends("sqs")[owner][gate.region].queues.get(parts[-1]) if owner in gate.accounts.values() else None
    action = "sqs:" + request.operation.removesuffix("Batch")
    caller = policy.Caller(request.account, request.principal)
    if queue is None or not policy.allows(queue.policy, caller, policy.Question(action, queue.queue_arn)):
        raise AwsError("AccessDenied", f"User: {request.principal} is not authorized to perform: {action.lower()} on "
                       f"resource: arn:aws:sqs:{gate.region}:{owner}:{parts[-1]}", 403)
    return owner


def forward(gate: "Gate", request: Request) -> Response:
    return upstream.call(request, _owner(gate, request))


def receive_message(gate: "Gate", request: Request) -> Response:
    owner = _owner(gate, request)
    wanted = json.loads(request.body)
    queue = _queue(gate, request, owner)
    wait = wanted.get("WaitTimeSeconds", queue.receive_message_wait_time_seconds if queue else 0)
    deadline = time.monotonic() + float(wait or 0)
    body = json.dumps({**wanted, "WaitTimeSeconds": 0}).encode()
    world = gate.queues.mark()[0]
    while True:
        mark = gate.queues.mark()
        # A message handed to nobody would stay hidden; AWS notices a connection that is gone. Looked and taken under one lock:
        # between the two a consumer could be killed, and make_visible() be called for it.
        with upstream.lock:
            if mark[0] != world or not request.still_connected():
                return json_result(request, {})
            last = time.monotonic() >= deadline
            if last or queue is None or any(m.visible and not m.delayed for m in queue._messages):
                response = upstream.call(request, owner, body)
                if last or response.status != 200 or b'"Messages"' in response.body:
                    return response
        gate.queues.wait(min(max(0.0, deadline - time.monotonic()), _LOOK_AGAIN_SECONDS), mark)


def _queue(gate: "Gate", request: Request, owner: str) -> Any:
    name = request.parameters["QueueUrl"].split("/")[-1]
    return upstream.backends("sqs")[owner][gate.region].queues.get(name)


def send(gate: "Gate", request: Request) -> Response:
    owner = _owner(gate, request)
    with upstream.lock:
        queue = _queue(gate, request, owner)
        known = len(queue._messages) if queue else 0
        response = batch(gate, request) if request.operation in _BATCHES else upstream.call(request, owner)
        if queue and response.status == 200:
            gate.queues.meddle(queue, known)
    return response


def batch(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessageBatch.html"""
    owner = _owner(gate, request)
    failing = next((f for f in request.scratch["faults"] if f["do"] == "partial"), None)
    if failing is None:
        return upstream.call(request, owner)
    wanted = json.loads(request.body)
    entries = wanted["Entries"]
    spared = [e for i, e in enumerate(entries) if i not in failing["indexes"]]
    failed = [
        {"Id": e["Id"], "SenderFault": failing.get("sender_fault", False), "Code": failing.get("code", "InternalError"),
         "Message": failing.get("message", "asked for by the test")}
        for i, e in enumerate(entries) if i in failing["indexes"]
    ]
    result: dict[str, Any] = {"Successful": []}
    if spared:
        response = upstream.call(request, owner, json.dumps({**wanted, "Entries": spared}).encode())
        if response.status != 200:
            return response
        result = json.loads(response.body)
    result["Failed"] = result.get("Failed", []) + failed
    return json_result(request, result)


def set_attributes(gate: "Gate", request: Request) -> Response:
    """Sets those given; moto takes the policy away where none is given.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html"""
    with upstream.lock:
        queue = _queue(gate, request, request.account)
        kept = queue.policy if queue is not None and "Policy" not in request.parameters.get("Attributes", {}) else None
        response = upstream.call(request)
        if kept and response.status == 200:
            queue.policy = kept
    return response


OPERATIONS = {
    "SetQueueAttributes": set_attributes,
    "ReceiveMessage": receive_message,
    "SendMessage": send,
    "SendMessageBatch": send,
    "DeleteMessageBatch": batch,
    "ChangeMessageVisibilityBatch": batch,
    "DeleteMessage": forward,
    "ChangeMessageVisibility": forward,
    "GetQueueAttributes": forward,
}
