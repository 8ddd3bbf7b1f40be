"""botocore's service models: which operation a request is, and its shapes. Loaded once, on first use."""

import functools
import json
import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel

from .exchange import AwsError, Request

# Signing names that are not botocore's folder names.
_FOLDERS = {"monitoring": "cloudwatch", "states": "stepfunctions", "email": "ses", "tagging": "resourcegroupstaggingapi"}

_loader = Loader()


@functools.cache
def service_model(name: str) -> ServiceModel:
    return ServiceModel(_loader.load_service_model(name, "service-2"), name)


@functools.cache
def operation_model(service: str, operation: str) -> OperationModel:
    return service_model(service).operation_model(operation)


@functools.cache
def known_services() -> frozenset[str]:
    return frozenset(_loader.list_available_services("service-2"))


def service_for(signing_name: str, path: str) -> str:
    """botocore's name of the service whose credential scope is this, or an error as AWS answers it."""
    if signing_name == "sagemaker" and re.fullmatch(r"/endpoints/[^/]+/(async-)?invocations.*", path):
        return "sagemaker-runtime"
    name = _FOLDERS.get(signing_name, signing_name)
    if name not in known_services():
        raise AwsError("InvalidSignatureException", f"Credential should be scoped to correct service: '{signing_name}'.",
                       403, violation=f"no service signs as {signing_name!r}")
    return name


def protocol_of(service: str) -> str:
    return service_model(service).metadata["protocol"]


@dataclass
class _Route:
    operation: str
    method: str
    pattern: re.Pattern[str]
    static_query: dict[str, str]  # discriminators that stand in the model's URI
    needed_query: frozenset[str]
    needed_headers: frozenset[str]

    def weight(self) -> int:
        return 2 * len(self.static_query) + len(self.needed_query) + len(self.needed_headers)


@functools.cache
def _routes(service: str) -> list[_Route]:
    model = service_model(service)
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri, _, query = operation.http["requestUri"].partition("?")
        needed = {"querystring": set(), "header": set()}
        if operation.input_shape:
            for member in operation.input_shape.required_members:
                where = operation.input_shape.members[member].serialization
                if where.get("location") in needed:
                    needed[where["location"]].add(where["name"])
        found.append(_Route(
            name, operation.http["method"], _uri_pattern(uri), dict(parse_qsl(query, keep_blank_values=True)),
            frozenset(needed["querystring"]), frozenset(h.lower() for h in needed["header"]),
        ))
    return sorted(found, key=_Route.weight, reverse=True)


def _uri_pattern(uri: str) -> re.Pattern[str]:
    pieces = re.split(r"(\{[^}]+\})", uri)
    text = ""
    for piece in pieces:
        if piece.startswith("{"):
            greedy = piece.endswith("+}")
            name = piece.strip("{}+")
            text += f"(?P<{name.replace('-', '_')}>{'.+' if greedy else '[^/]+'})"
        else:
            text += re.escape(piece)
    return re.compile(text + "/?" if not text.endswith("/") else text)


def resolve(request: Request) -> tuple[str, dict[str, str]]:
    """The operation's name and, for REST, what its URI says."""
    service, protocol = request.service, request.protocol
    if protocol == "json":
        return _by_target(request, service), {}
    if protocol in ("query", "ec2"):
        fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)) | dict(request.query_pairs())
        return _known(service, fields.get("Action", ""), "InvalidAction", "Could not find operation"), {}
    return _by_route(request, service)


def _by_target(request: Request, service: str) -> str:
    target = request.header("x-amz-target") or ""
    prefix, _, name = target.rpartition(".")
    if prefix != service_model(service).metadata.get("targetPrefix"):
        raise AwsError("UnknownOperationException", "", 404, violation=f"X-Amz-Target {target!r}")
    wanted = "application/x-amz-json-" + service_model(service).metadata.get("jsonVersion", "1.0")
    if request.header("content-type") != wanted:
        raise AwsError("UnknownOperationException", "", 404,
                       violation=f"content type {request.header('content-type')!r}, not {wanted}")
    return _known(service, name, "UnknownOperationException", "")


def _known(service: str, name: str, code: str, message: str) -> str:
    if name not in service_model(service).operation_names:
        raise AwsError(code, f"{message} {name}".strip(), 404, violation=f"{service} has no operation {name!r}")
    return name


def _by_route(request: Request, service: str) -> tuple[str, dict[str, str]]:
    query = dict(request.query_pairs())
    headers = {name.lower() for name, _ in request.headers}
    candidates = []
    for route in _routes(service):
        if route.method != request.method:
            continue
        match = route.pattern.fullmatch(request.path)
        if (
            match
            and all(query.get(k) == v for k, v in route.static_query.items())
            and route.needed_query <= query.keys()
            and route.needed_headers <= headers
        ):
            candidates.append((route, match))
    if not candidates:
        raise AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", 405,
                       violation=f"no operation of {service} is {request.method} {request.target}")
    heaviest = candidates[0][0].weight()
    best = [c for c in candidates if c[0].weight() == heaviest]
    # ListBuckets and ListDirectoryBuckets are told apart by their host alone.
    route, match = next((c for c in best if c[0].operation in (query.get("x-id"), "ListBuckets")), best[0])
    return route.operation, {k: unquote(v) for k, v in match.groupdict().items()}


def static_query_names(service: str, operation: str) -> set[str]:
    route = next(r for r in _routes(service) if r.operation == operation)
    return set(route.static_query)


def parse_json(body: bytes) -> dict:
    document = json.loads(body or b"{}")
    if not isinstance(document, dict):
        raise ValueError("not an object")
    return document
