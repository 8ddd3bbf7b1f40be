"""CloudFormation: stacks by change sets, as far as SageMaker's project templates need them; models, configurations and
endpoints are made in the gate's own SageMaker, everything else is only remembered.

https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html (and one page an operation)
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (statuses)
"""

import re
import uuid
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

import yaml

from .. import upstream
from ..exchange import AwsError, Request, Response
from . import s3
from .endpoint import Endpoint

if TYPE_CHECKING:
    from ..gate import Gate

_STEP_SECONDS = 0.1
_BODY_BYTES, _OBJECT_BYTES = 51200, 1_000_000  # "1 MB"


class _Loader(yaml.SafeLoader):
    """YAML in which every scalar is text, and !Ref and the like are their long forms."""


def _tagged(loader: _Loader, suffix: str, node: yaml.Node) -> Any:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _tagged)


class Stacks:
    def __init__(self, gate: "Gate") -> None:
        self.gate = gate
        self.reset()

    def reset(self) -> None:
        self.stacks: dict[tuple[str, str], dict[str, Any]] = {}
        self.failures: list[dict[str, Any]] = []

    def set(self, arguments: dict[str, Any]) -> None:
        """{"failures": [{"resource", "reason", "nested", "rollback_fails": times}]}: what the next executions come to."""
        self.failures = arguments["failures"]

    def find(self, request: Request) -> dict[str, Any]:
        name = request.parameters["StackName"]
        found = next((s for (account, _), s in self.stacks.items()
                      if account == request.account and name in (s["name"], s["id"])), None)
        if found is None or found["status"] == "DELETE_COMPLETE":
            raise AwsError("ValidationError", f"Stack with id {name} does not exist", 400)
        return found

    def become(self, stack: dict[str, Any], status: str, reason: str = "", resource: str = "", kind: str = "", physical: str = "") -> None:
        """A stack's (or a resource's) event; a stack's is its status, too."""
        if not resource:
            stack["status"], stack["reason"] = status, reason
        stack["events"].insert(0, {
            "id": str(uuid.uuid4()), "resource": resource or stack["name"], "kind": kind or "AWS::CloudFormation::Stack",
            "physical": physical or stack["id"], "status": status, "reason": reason, "time": _now()})
        if not resource:
            self.gate.events.publish(stack["account"], {
                "id": str(uuid.uuid4()), "source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change",
                "resources": [stack["id"]],
                "detail": {"stack-id": stack["id"], "status-details": {"status": status, "status-reason": reason}}})

    def later(self, action: Any, *arguments: Any) -> None:
        def locked() -> None:
            with upstream.lock:
                action(*arguments)
            self.gate.queues.changed()

        self.gate.scheduler.after(_STEP_SECONDS, locked)

    # A change and what comes of it

    def execute(self, stack: dict[str, Any], wanted: dict[str, Any]) -> None:
        verb = "UPDATE" if stack["template"] else "CREATE"
        self.become(stack, f"{verb}_IN_PROGRESS", "User Initiated")
        self.later(self._apply, stack, wanted, verb)

    def _apply(self, stack: dict[str, Any], wanted: dict[str, Any], verb: str) -> None:
        failure = self.failures.pop(0) if self.failures else None
        if failure is None:
            try:
                self._make(stack, wanted)
            except AwsError as problem:
                failure = {"resource": "Endpoint", "reason": str(problem)}
        if failure is not None:
            self._fail(stack, failure, verb)
        else:
            self.later(self._settle, stack, wanted, verb)

    def _fail(self, stack: dict[str, Any], failure: dict[str, Any], verb: str) -> None:
        if failure.get("nested"):
            nested = {**stack, "name": "nested", "id": stack["id"].replace("/" + stack["name"] + "/", "/nested/"), "events": []}
            self.stacks[stack["account"], "nested"] = nested
            self.become(nested, f"{verb}_FAILED", failure["reason"], failure["resource"], "AWS::SageMaker::Endpoint", "x")
            self.become(stack, f"{verb}_FAILED", "Embedded stack was not successfully updated", "Nested",
                        "AWS::CloudFormation::Stack", nested["id"])
        else:
            self.become(stack, f"{verb}_FAILED", failure["reason"], failure["resource"], "AWS::SageMaker::Endpoint", "x")
        back = "ROLLBACK" if verb == "CREATE" else "UPDATE_ROLLBACK"
        self.become(stack, f"{back}_IN_PROGRESS", "The following resource(s) failed")
        stack["rollback_fails"] = failure.get("rollback_fails", 0)
        self.later(self._rolled_back, stack, back)

    def _rolled_back(self, stack: dict[str, Any], back: str) -> None:
        if stack["rollback_fails"] > 0:
            stack["rollback_fails"] -= 1
            self.become(stack, f"{back}_FAILED", "The following resource(s) failed to update")
        else:
            self.become(stack, f"{back}_COMPLETE")

    def continue_rollback(self, stack: dict[str, Any]) -> None:
        self.become(stack, "UPDATE_ROLLBACK_IN_PROGRESS", "User Initiated")
        self.later(self._rolled_back, stack, "UPDATE_ROLLBACK")

    def _settle(self, stack: dict[str, Any], wanted: dict[str, Any], verb: str) -> None:
        endpoint = self.gate.sagemaker.store(stack["account"], "endpoint").get(stack["endpoint"])
        if endpoint is not None and endpoint.status in ("Creating", "Updating"):
            self.later(self._settle, stack, wanted, verb)
        elif endpoint is not None and endpoint.failure_reason:
            self._fail(stack, {"resource": "Endpoint", "reason": endpoint.failure_reason}, verb)
        else:
            stack.update(wanted)
            self.become(stack, f"{verb}_COMPLETE")

    def _make(self, stack: dict[str, Any], wanted: dict[str, Any]) -> None:
        held, account, unique = self.gate.sagemaker, stack["account"], uuid.uuid4().hex[:12]
        values = {"AWS::Region": self.gate.region, "AWS::AccountId": account, "AWS::Partition": "aws"}
        template = yaml.load(wanted["template"], Loader=_Loader)
        for name, parameter in template.get("Parameters", {}).items():
            values[name] = wanted["parameters"].get(name, parameter.get("Default"))
        model, config = f"{stack['name']}-model-{unique}", f"{stack['name']}-config-{unique}"
        for name, resource in template["Resources"].items():
            values[name] = {"Model": model, "EndpointConfig": config}.get(resource["Type"].rpartition("::")[2], name)
        made = {r["Type"].rpartition("::")[2]: _resolved(r.get("Properties", {}), values) for r in template["Resources"].values()}
        if "Endpoint" not in made:
            return
        held.store(account, "model")[model] = {**made["Model"], "ModelName": model, "Tags": [],
                                               "ModelArn": held.arn(account, "model", model), "CreationTime": _now()}
        variants = [{**v, "InitialInstanceCount": int(v.get("InitialInstanceCount", 1)), "InitialVariantWeight": 1.0}
                    for v in made["EndpointConfig"]["ProductionVariants"]]
        document = {"EndpointConfigName": config, "ProductionVariants": variants, "Tags": [], "CreationTime": _now(),
                    "EndpointConfigArn": held.arn(account, "endpoint-config", config),
                    **{name: made["EndpointConfig"][name] for name in ("AsyncInferenceConfig",) if name in made["EndpointConfig"]}}
        held.store(account, "endpoint-config")[config] = document
        stack["endpoint"] = made["Endpoint"]["EndpointName"]
        endpoints = held.store(account, "endpoint")
        if stack["endpoint"] in endpoints:
            endpoints[stack["endpoint"]].update(document, {})
        else:
            endpoints[stack["endpoint"]] = Endpoint(held, account, stack["endpoint"], [])
            endpoints[stack["endpoint"]].create(document, None)


def _resolved(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_resolved(item, values) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return values[value["Ref"]]
    if set(value) == {"Fn::GetAtt"}:
        return values[value["Fn::GetAtt"][0]]
    if set(value) == {"Fn::Sub"}:
        return re.sub(r"\$\{([^}]+)\}", lambda found: str(values[found[1]]), value["Fn::Sub"])
    return {key: _resolved(inner, values) for key, inner in value.items()}


def _now() -> datetime:
    return datetime.now(timezone.utc)


def _answer(request: Request, inner: str = "") -> Response:
    operation = request.operation
    body = (f'<{operation}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><{operation}Result>{inner}</{operation}Result>'
            f"<ResponseMetadata><RequestId>{request.scratch['request_id']}</RequestId></ResponseMetadata></{operation}Response>")
    return Response(200, [("Content-Type", "text/xml")], body.encode())


def _elements(values: dict[str, str | None]) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in values.items() if value)


def describe_stacks(gate: "Gate", request: Request) -> Response | None:
    """Stacks that CreateStack made are moto's."""
    with upstream.lock:
        moto = upstream.backends("cloudformation")[request.account][gate.region].stacks.values()
        if any(request.parameters.get("StackName") in (stack.name, stack.stack_id) for stack in moto):
            return None
        stack = gate.stacks.find(request)
        parameters = "".join("<member>" + _elements({"ParameterKey": k, "ParameterValue": v}) + "</member>"
                             for k, v in stack["parameters"].items())
        return _answer(request, "<Stacks><member>" + _elements({
            "StackId": stack["id"], "StackName": stack["name"], "StackStatus": stack["status"], "StackStatusReason": stack["reason"],
            "ChangeSetId": stack["change_set"], "CreationTime": stack["created"].isoformat(),
        }) + f"<Parameters>{parameters}</Parameters></member></Stacks>")


def get_template(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        return _answer(request, _elements({"TemplateBody": gate.stacks.find(request)["template"]}))


def _template(request: Request) -> str:
    """Up to 51,200 bytes in the request, or 1 MB in a bucket that the caller may read.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"""
    body, url = request.parameters.get("TemplateBody"), request.parameters.get("TemplateURL")
    if (body is None) == (url is None):
        raise AwsError("ValidationError", "Either TemplateBody or TemplateURL must be specified.", 400, violation="not one template")
    if url is None:
        if len(body) > _BODY_BYTES:
            raise AwsError("ValidationError", f"1 validation error detected: Value at 'templateBody' failed to satisfy constraint: "
                           f"Member must have length less than or equal to {_BODY_BYTES}", 400, violation="a large TemplateBody")
        return body
    place = re.fullmatch(r"https://s3\.[a-z0-9-]+\.amazonaws\.com/([^/]+)/(.+)", url)
    if not place:
        raise AwsError("ValidationError", "TemplateURL must be a supported URL.", 400, violation=f"TemplateURL {url!r}")
    bucket, key = place[1], unquote(place[2])
    owner = s3.owner_of(bucket)
    if owner is None or not s3.may(request.account, request.principal, "GetObject", bucket, key):
        raise AwsError("ValidationError", "S3 error: Access Denied", 400)
    with upstream.lock:
        found = upstream.backends("s3")[owner]["aws"].get_object(bucket, key)
    if found is None:
        raise AwsError("ValidationError", "S3 error: The specified key does not exist.", 400)
    if len(found.value) > _OBJECT_BYTES:
        raise AwsError("ValidationError", "Template may not exceed 1000000 bytes in size.", 400)
    return found.value.decode()


def _wanted(request: Request) -> dict[str, Any]:
    return {"template": _template(request),
            "parameters": {p["ParameterKey"]: p["ParameterValue"] for p in request.parameters.get("Parameters", [])}}


def create_change_set(gate: "Gate", request: Request) -> Response:
    wanted, account = request.parameters, request.account
    name, kind = wanted["StackName"], wanted.get("ChangeSetType", "UPDATE")
    declared = yaml.load(_template(request), Loader=_Loader).get("Parameters", {})
    unknown = [p["ParameterKey"] for p in wanted.get("Parameters", []) if p["ParameterKey"] not in declared]
    if unknown:
        raise AwsError("ValidationError", f"Parameters: [{', '.join(unknown)}] do not exist in the template", 400)
    if "AWS::IAM::" in _template(request) and not wanted.get("Capabilities"):
        raise AwsError("InsufficientCapabilitiesException", "Requires capabilities : [CAPABILITY_NAMED_IAM]", 400)
    with upstream.lock:
        if kind == "CREATE":
            if (account, name) not in gate.stacks.stacks:
                gate.stacks.stacks[account, name] = {
                    "account": account, "name": name, "template": "", "parameters": {}, "status": "REVIEW_IN_PROGRESS", "reason": "",
                    "id": f"arn:aws:cloudformation:{gate.region}:{account}:stack/{name}/{uuid.uuid4()}", "created": _now(),
                    "events": [], "changes": {}, "change_set": None, "endpoint": "", "tags": wanted.get("Tags", [])}
        stack = gate.stacks.find(request)
        if stack["status"].endswith("_IN_PROGRESS") and stack["status"] != "REVIEW_IN_PROGRESS":
            raise AwsError("ValidationError", f"Stack:{stack['id']} is in {stack['status']} state and can not be updated.", 400)
        if wanted["ChangeSetName"] in stack["changes"]:
            raise AwsError("AlreadyExistsException", f"ChangeSet {wanted['ChangeSetName']} already exists", 400)
        change = {**_wanted(request), "polls": 0}
        change["empty"] = stack["template"] == change["template"] and stack["parameters"] == change["parameters"]
        change["id"] = f"arn:aws:cloudformation:{gate.region}:{account}:changeSet/{wanted['ChangeSetName']}/{uuid.uuid4()}"
        stack["changes"][wanted["ChangeSetName"]] = change
    return _answer(request, _elements({"Id": change["id"], "StackId": stack["id"]}))


def _find_change(gate: "Gate", request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    stack = gate.stacks.find(request)
    change = stack["changes"].get(request.parameters["ChangeSetName"])
    if change is None:
        raise AwsError("ChangeSetNotFound", f"ChangeSet [{request.parameters['ChangeSetName']}] does not exist", 404)
    return stack, change


def describe_change_set(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        stack, change = _find_change(gate, request)
        change["polls"] += 1
        status, reason = ("CREATE_IN_PROGRESS" if change["polls"] == 1 else "CREATE_COMPLETE"), ""
        if change["empty"] and change["polls"] > 1:
            status, reason = "FAILED", ("The submitted information didn't contain changes. "
                                        "Submit different information to create a change set.")
        return _answer(request, _elements({"ChangeSetId": change["id"], "StackId": stack["id"], "Status": status, "StatusReason": reason,
                                           "ExecutionStatus": "AVAILABLE" if status == "CREATE_COMPLETE" else "UNAVAILABLE"}))


def execute_change_set(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        stack, change = _find_change(gate, request)
        stack["changes"].clear()  # executing one deletes the others, and itself
        stack["change_set"] = change["id"]
        gate.stacks.execute(stack, {"template": change["template"], "parameters": change["parameters"]})
    return _answer(request)


def delete_change_set(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        stack, _ = _find_change(gate, request)
        del stack["changes"][request.parameters["ChangeSetName"]]
    return _answer(request)


def update_stack(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        stack = gate.stacks.find(request)
        wanted = _wanted(request)
        if stack["template"] == wanted["template"] and stack["parameters"] == wanted["parameters"]:
            raise AwsError("ValidationError", "No updates are to be performed.", 400)
        gate.stacks.execute(stack, wanted)
    return _answer(request, _elements({"StackId": stack["id"]}))


def continue_update_rollback(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        gate.stacks.continue_rollback(gate.stacks.find(request))
    return _answer(request)


def delete_stack(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        gate.stacks.become(gate.stacks.find(request), "DELETE_COMPLETE")
    return _answer(request)


def describe_stack_events(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        stack = gate.stacks.find(request)
        events = "".join("<member>" + _elements({
            "StackId": stack["id"], "StackName": stack["name"], "EventId": e["id"], "LogicalResourceId": e["resource"],
            "PhysicalResourceId": e["physical"], "ResourceType": e["kind"], "ResourceStatus": e["status"],
            "ResourceStatusReason": e["reason"], "Timestamp": e["time"].isoformat(),
        }) + "</member>" for e in stack["events"])
        return _answer(request, f"<StackEvents>{events}</StackEvents>")


def _of_ours(operation: Any) -> Any:
    """Stacks that were made by CreateStack are moto's, which makes what is in their templates."""

    def answer(gate: "Gate", request: Request) -> Response | None:
        name = request.parameters.get("StackName", "")
        known = upstream.backends("cloudformation")[request.account][gate.region].stacks.values()
        if any(name in (stack.name, stack.stack_id) for stack in known):
            return None
        return operation(gate, request)

    return answer


OPERATIONS = {name: _of_ours(operation) for name, operation in {
    "DescribeStacks": describe_stacks,
    "GetTemplate": get_template,
    "CreateChangeSet": create_change_set,
    "DescribeChangeSet": describe_change_set,
    "ExecuteChangeSet": execute_change_set,
    "DeleteChangeSet": delete_change_set,
    "UpdateStack": update_stack,
    "ContinueUpdateRollback": continue_update_rollback,
    "DeleteStack": delete_stack,
    "DescribeStackEvents": describe_stack_events,
}.items()}
