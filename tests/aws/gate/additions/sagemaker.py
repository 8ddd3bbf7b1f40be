"""SageMaker: models, endpoint configs and endpoints as AWS keeps them; the rest is moto's.

moto accepts a name twice, has no UpdateEndpoint and an endpoint that serves at once, and its descriptions differ
from AWS's, so these three nouns are the gate's own. Texts of errors: aws-facts/03_sagemaker_api.md.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html (and beside it, one page an operation)
"""

from collections.abc import Callable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import policy, upstream
from ..exchange import AwsError, Request, Response
from ..serialize import json_result
from . import s3
from .endpoint import Endpoint
from .sts import find_role, trust_policy

if TYPE_CHECKING:
    from ..gate import Gate

_NOUNS = {"model": "model", "endpoint-config": "endpoint configuration", "endpoint": "endpoint"}

_DEFAULTS: dict[str, Any] = {
    "durations": {"creating": 0.3, "updating": 0.3, "deleting": 0.3, "rolling_back": 0.3},  # seconds
    "rollout": {},  # what is shown of a fleet that is being made: {"current": instances, "status", "message"}
    "stuck": [],  # of those phases: these last until released
    # What fails to start: [{"endpoint", "model_data_contains", "image_contains", "reason",
    #  "outcome": the state that an update then ends in (InService, with the old config), "rolling_back": true, if
    #  the endpoint is RollingBack for a while before}]
    "rules": [],
    "invocations": [],  # [{the same matches, "status", "body", "code", "delay_seconds", "content_type", "never"}]
    "events": {"send": True, "copies": 1},
}


class SageMaker:
    """What is stored, by account, kind and name; and what the test asked for."""

    def __init__(self, gate: "Gate") -> None:
        self.gate = gate
        self.reset()

    def reset(self) -> None:
        self.settings = {key: value.copy() for key, value in _DEFAULTS.items()}
        self._stored: dict[tuple[str, str], dict[str, Any]] = {}
        self._waiting: list[Callable[[], None]] = []

    def set(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Changes settings; durations and events are merged, the lists replaced."""
        unknown = set(arguments) - set(self.settings)
        if unknown:
            raise ValueError(f"no such setting: {', '.join(sorted(unknown))}")
        for key, value in arguments.items():
            self.settings[key] = {**self.settings[key], **value} if isinstance(value, dict) else value
        return self.settings

    def force(self, account: str, name: str, status: str, failure_reason: str | None = None) -> None:
        """Puts an endpoint into a state, such as SystemUpdating or OutOfService."""
        with upstream.lock:
            self.store(account, "endpoint")[name].force(status, failure_reason)

    def later(self, phase: str, action: Callable[[], None]) -> None:
        """Runs the action when the phase has lasted as long as it should, or at the release."""

        world = self._stored

        def locked() -> None:
            with upstream.lock:
                if self._stored is world:  # else: a reset came in between
                    action()

        if phase in self.settings["stuck"]:
            self._waiting.append(locked)
        else:
            self.gate.scheduler.after(self.settings["durations"][phase], locked)

    def release(self) -> dict[str, int]:
        waiting, self._waiting = self._waiting, []
        self.settings["stuck"] = []
        for action in waiting:
            action()
        return {"released": len(waiting)}

    def store(self, account: str, kind: str) -> dict[str, Any]:
        return self._stored.setdefault((account, kind), {})

    def arn(self, account: str, kind: str, name: str) -> str:
        # Names are lower-cased in ARNs (aws-facts/01_events.md).
        return f"arn:aws:sagemaker:{self.gate.region}:{account}:{kind}/{name.lower()}"

    def find(self, account: str, kind: str, name: str) -> Any:
        found = self.store(account, kind).get(name)
        if found is None:
            raise AwsError("ValidationException", f'Could not find {_NOUNS[kind]} "{self.arn(account, kind, name)}".')
        return found

    def refuse_existing(self, account: str, kind: str, name: str) -> None:
        if name in self.store(account, kind):
            raise AwsError("ValidationException",
                           f'Cannot create already existing {_NOUNS[kind]} "{self.arn(account, kind, name)}".')

    def serving(self, account: str, name: str) -> Any:
        endpoint = self.store(account, "endpoint").get(name)
        return endpoint.deployed if endpoint and endpoint.status not in ("Deleting", "Failed", "Creating") else None


def _now() -> datetime:
    return datetime.now(timezone.utc)


def create_model(gate: "Gate", request: Request) -> Response:
    held, wanted, account = gate.sagemaker, request.parameters, request.account
    with upstream.lock:
        held.refuse_existing(account, "model", wanted["ModelName"])
        containers = wanted.get("Containers") or ([wanted["PrimaryContainer"]] if "PrimaryContainer" in wanted else [])
        if not containers:
            raise AwsError("ValidationException", "Either PrimaryContainer or Containers must be given.")
        _check_role(gate, request)
        for container in containers:
            _check_model_data(gate, request, container)
            _check_package(gate, request, container)
        stored = {k: v for k, v in wanted.items() if k != "Tags"}
        if "PrimaryContainer" in stored:
            stored["PrimaryContainer"] = _filled(stored["PrimaryContainer"])
        if "Containers" in stored:
            stored["Containers"] = [_filled(c) for c in stored["Containers"]]
        arn = held.arn(account, "model", wanted["ModelName"])
        held.store(account, "model")[wanted["ModelName"]] = {
            "EnableNetworkIsolation": False, **stored, "CreationTime": _now(), "ModelArn": arn,
            "Tags": wanted.get("Tags", []),
        }
    return json_result(request, {"ModelArn": arn})


def _filled(container: dict[str, Any]) -> dict[str, Any]:
    """A container as DescribeModel shows it: with the defaults that nobody gave."""
    filled = {"Mode": "SingleModel", "Environment": {}, **container}
    if container.get("ModelDataUrl", "").startswith("s3://") and "ModelDataSource" not in container:
        filled["ModelDataSource"] = {"S3DataSource": {
            "S3Uri": container["ModelDataUrl"], "S3DataType": "S3Object", "CompressionType": "Gzip"}}
    return filled


def _check_role(gate: "Gate", request: Request) -> None:
    arn = request.parameters.get("ExecutionRoleArn", "")
    if arn and arn.split(":")[4] != request.account:
        raise AwsError("AccessDeniedException", f"User: {request.principal} is not authorized to perform: iam:PassRole "
                       f"on resource: {arn} because cross-account pass role is not allowed.", 400)


def _check_model_data(gate: "Gate", request: Request, container: dict[str, Any]) -> None:
    url = container.get("ModelDataUrl")
    if url is None:
        return
    arn = request.parameters.get("ExecutionRoleArn", "")
    role = find_role(arn)
    service = policy.Caller(service="sagemaker.amazonaws.com")
    # https://docs.aws.amazon.com/sagemaker/latest/dg/security-confused-deputy-prevention.html
    question = policy.Question("sts:AssumeRole", arn, {
        "aws:SourceAccount": request.account, "aws:SourceArn": f"arn:aws:sagemaker:{gate.region}:{request.account}:*"})
    trusted = role is not None and policy.allows(trust_policy(role), service, question)
    if not trusted or not s3.object_exists(gate, request.account, arn, url):
        raise AwsError(
            "ValidationException",
            f'Could not access model data at {url}. Please ensure that the role "{arn}" exists and that its trust '
            'relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com". '
            'Also ensure that the role has "s3:GetObject" permissions and that the object is located in '
            f"{gate.region}.",
        )


def _check_package(gate: "Gate", request: Request, container: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-deploy.html"""
    if "ModelPackageName" not in container:
        return
    package = gate.registry.find(request, container["ModelPackageName"])
    if package["ModelApprovalStatus"] != "Approved":
        raise AwsError("ValidationException", f"Model package {package['ModelPackageArn']} is not approved.")


def create_endpoint_config(gate: "Gate", request: Request) -> Response:
    held, wanted, account = gate.sagemaker, request.parameters, request.account
    name = wanted["EndpointConfigName"]
    with upstream.lock:
        held.refuse_existing(account, "endpoint-config", name)
        shadows = wanted.get("ShadowProductionVariants", [])
        if shadows and (len(shadows) > 1 or len(wanted["ProductionVariants"]) > 1):
            raise AwsError("ValidationException", "You can only specify one variant for ProductionVariants and one variant for "
                                                  "ShadowProductionVariants.", 400)
        for variant in wanted["ProductionVariants"] + shadows:
            if "ModelName" in variant:
                held.find(account, "model", variant["ModelName"])
        variants = [{"InitialVariantWeight": 1.0, **variant} for variant in wanted["ProductionVariants"]]
        arn = held.arn(account, "endpoint-config", name)
        held.store(account, "endpoint-config")[name] = {
            **wanted, "ProductionVariants": variants, "EndpointConfigArn": arn, "CreationTime": _now(),
            "Tags": wanted.get("Tags", []),
        }
    return json_result(request, {"EndpointConfigArn": arn})


def _describe(kind: str, key: str) -> Callable[["Gate", Request], Response]:
    def operation(gate: "Gate", request: Request) -> Response:
        with upstream.lock:
            found = gate.sagemaker.find(request.account, kind, request.parameters[key])
            shown = found.describe() if kind == "endpoint" else {k: v for k, v in found.items() if k != "Tags"}
        return json_result(request, shown)

    return operation


def delete_model(gate: "Gate", request: Request) -> Response:
    held, name = gate.sagemaker, request.parameters["ModelName"]
    with upstream.lock:
        held.find(request.account, "model", name)
        del held.store(request.account, "model")[name]
        for endpoint in held.store(request.account, "endpoint").values():
            if endpoint.uses_model(name):
                gate.record.add_danger(f"model {name} deleted, which endpoint {endpoint.name} uses",
                                       account=request.account, endpoint=endpoint.name, model=name)
    return json_result(request, None)


def delete_endpoint_config(gate: "Gate", request: Request) -> Response:
    """AWS lets a config that serves be deleted: aws-facts/03_sagemaker_api.md, "Objects and immutability"."""
    held, name = gate.sagemaker, request.parameters["EndpointConfigName"]
    with upstream.lock:
        held.find(request.account, "endpoint-config", name)
        del held.store(request.account, "endpoint-config")[name]
        for endpoint in held.store(request.account, "endpoint").values():
            if endpoint.uses_config(name):
                gate.record.add_danger(f"endpoint config {name} deleted, which endpoint {endpoint.name} uses",
                                       account=request.account, endpoint=endpoint.name, config=name)
    return json_result(request, None)


def create_endpoint(gate: "Gate", request: Request) -> Response:
    held, wanted, account = gate.sagemaker, request.parameters, request.account
    name = wanted["EndpointName"]
    with upstream.lock:
        held.refuse_existing(account, "endpoint", name)
        config = held.find(account, "endpoint-config", wanted["EndpointConfigName"])
        endpoint = Endpoint(held, account, name, wanted.get("Tags", []))
        held.store(account, "endpoint")[name] = endpoint
        endpoint.create(config, wanted.get("DeploymentConfig"))
    return json_result(request, {"EndpointArn": endpoint.arn})


def update_endpoint(gate: "Gate", request: Request) -> Response:
    held, wanted, account = gate.sagemaker, request.parameters, request.account
    with upstream.lock:
        endpoint = held.find(account, "endpoint", wanted["EndpointName"])
        endpoint.refuse_in_progress()
        endpoint.refuse_failed()
        config = held.find(account, "endpoint-config", wanted["EndpointConfigName"])
        endpoint.update(config, wanted)
    return json_result(request, {"EndpointArn": endpoint.arn})


def update_weights(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        endpoint = gate.sagemaker.find(request.account, "endpoint", request.parameters["EndpointName"])
        endpoint.refuse_in_progress()
        endpoint.refuse_failed()
        endpoint.rescale(request.parameters["DesiredWeightsAndCapacities"])
    return json_result(request, {"EndpointArn": endpoint.arn})


def delete_endpoint(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        endpoint = gate.sagemaker.find(request.account, "endpoint", request.parameters["EndpointName"])
        endpoint.refuse_in_progress()
        endpoint.delete()
    return json_result(request, None)


_LISTS = {  # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html
    "ListModels": ("model", "Models", ("ModelName", "ModelArn", "CreationTime")),
    "ListEndpointConfigs": ("endpoint-config", "EndpointConfigs", ("EndpointConfigName", "EndpointConfigArn", "CreationTime")),
    "ListEndpoints": ("endpoint", "Endpoints",
                      ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")),
}


def list_things(gate: "Gate", request: Request) -> Response:
    kind, key, shown = _LISTS[request.operation]
    wanted = request.parameters
    with upstream.lock:
        stored = gate.sagemaker.store(request.account, kind).values()
        found = [thing.describe() if kind == "endpoint" else thing for thing in stored]
    found = [{name: thing[name] for name in shown} for thing in found]
    found = [thing for thing in found if _wanted(thing, shown[0], wanted)]
    sort_key = {"Name": shown[0], "Status": "EndpointStatus"}.get(wanted.get("SortBy", ""), wanted.get("SortBy", "CreationTime"))
    found.sort(key=lambda thing: thing[sort_key], reverse=wanted.get("SortOrder", "Descending") == "Descending")
    start = int(wanted.get("NextToken", 0))
    end = start + wanted.get("MaxResults", 10)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return json_result(request, {key: found[start:end], **more})


def _wanted(thing: dict[str, Any], name_key: str, wanted: dict[str, Any]) -> bool:
    return (
        wanted.get("NameContains", "").lower() in thing[name_key].lower()
        and wanted.get("StatusEquals") in (None, thing.get("EndpointStatus"))
        and all(
            compare(thing[field], wanted[f"{field}{word}"])
            for field in ("CreationTime", "LastModifiedTime")
            for word, compare in (("After", datetime.__gt__), ("Before", datetime.__lt__))
            if f"{field}{word}" in wanted
        )
    )


def list_tags(gate: "Gate", request: Request) -> Response | None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListTags.html"""
    found = _tagged(gate, request)
    return None if found is None else json_result(request, {"Tags": found})


def add_tags(gate: "Gate", request: Request) -> Response | None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_AddTags.html"""
    found = _tagged(gate, request)
    if found is None:
        return None
    new = {tag["Key"] for tag in request.parameters["Tags"]}
    found[:] = [tag for tag in found if tag["Key"] not in new] + request.parameters["Tags"]
    return json_result(request, {"Tags": found})


def _tagged(gate: "Gate", request: Request) -> list[dict[str, str]] | None:
    kind, _, name = request.parameters["ResourceArn"].split(":")[5].partition("/")
    if kind not in _NOUNS:
        return None
    with upstream.lock:
        stored = gate.sagemaker.store(request.account, kind)
        found = next((thing for key, thing in stored.items() if key.lower() == name), None)
    if found is None:
        raise AwsError("ValidationException", f"Could not find {request.parameters['ResourceArn']}.")
    return found.tags if kind == "endpoint" else found["Tags"]


OPERATIONS = {
    "CreateModel": create_model,
    "DescribeModel": _describe("model", "ModelName"),
    "DeleteModel": delete_model,
    "ListModels": list_things,
    "CreateEndpointConfig": create_endpoint_config,
    "DescribeEndpointConfig": _describe("endpoint-config", "EndpointConfigName"),
    "DeleteEndpointConfig": delete_endpoint_config,
    "ListEndpointConfigs": list_things,
    "CreateEndpoint": create_endpoint,
    "DescribeEndpoint": _describe("endpoint", "EndpointName"),
    "UpdateEndpoint": update_endpoint,
    "UpdateEndpointWeightsAndCapacities": update_weights,
    "DeleteEndpoint": delete_endpoint,
    "ListEndpoints": list_things,
    "ListTags": list_tags,
    "AddTags": add_tags,
}
