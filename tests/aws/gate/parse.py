"""A request's parameters, read with the operation's input shape: the reverse of botocore's serializers.

What the shape does not know is kept as a problem, since no correct client sends it.
"""

import base64
import re
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import OperationModel, Shape
from botocore.utils import parse_timestamp

from .exchange import AwsError, Request
from .models import parse_json, static_query_names

# Headers in Amazon's name space that belong to the transport, not to an operation.
_COMMON_HEADERS = re.compile(
    r"x-amz-(date|content-sha256|security-token|target|user-agent|te|trailer|decoded-content-length"
    r"|sdk-.*|checksum-.*|meta-.*)"
)


def parameters(request: Request, operation: OperationModel, uri: dict[str, str]) -> tuple[dict[str, Any], list[str]]:
    """The parameters and the problems found in reading them."""
    problems: list[str] = []
    shape = operation.input_shape
    if request.protocol == "json":
        try:
            document = parse_json(request.body)
        except ValueError as problem:
            raise AwsError("SerializationException", "Could not parse the request body", 400,
                           violation=f"body is not a JSON object: {problem}") from None
        return (_from_json(document, shape, problems, "") if shape else {}), problems
    if request.protocol in ("query", "ec2"):
        return _from_form(request, shape, problems), problems
    return _from_rest(request, operation, uri, problems), problems


# JSON


def _from_json(value: Any, shape: Shape, problems: list[str], place: str) -> Any:
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        if getattr(shape, "is_document_type", False):
            return value
        names = {m.serialization.get("name", n): n for n, m in shape.members.items()}
        result = {}
        for key, inner in value.items():
            if key not in names:
                problems.append(f"unknown parameter {place}{key}")
            elif inner is not None:
                name = names[key]
                result[name] = _from_json(inner, shape.members[name], problems, f"{place}{key}.")
        return result
    if kind == "list" and isinstance(value, list):
        return [_from_json(v, shape.member, problems, f"{place}{i}.") for i, v in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {k: _from_json(v, shape.value, problems, f"{place}{k}.") for k, v in value.items()}
    if kind == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError:
            problems.append(f"{place[:-1]} is not base64")
            return b""
    if kind == "timestamp":
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            problems.append(f"{place[:-1]} is not a timestamp")
            return datetime.now(timezone.utc)
        return parse_timestamp(value)
    return value


# Forms (query protocol)


def _from_form(request: Request, shape: Shape | None, problems: list[str]) -> dict[str, Any]:
    fields = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True) + request.query_pairs()
    form = dict(fields)
    used = {"Action", "Version"}
    result = _form_structure(form, shape, "", used, problems) if shape else {}
    problems.extend(f"unknown parameter {name}" for name in form if name not in used)
    return result


def _form_structure(form, shape, prefix, used, problems):
    result = {}
    for name, member in shape.members.items():
        key = prefix + member.serialization.get("name", name)
        if any(k == key or k.startswith(key + ".") for k in form):
            result[name] = _form_value(form, member, key, used, problems)
    return result


def _form_value(form, shape, key, used, problems):
    kind = shape.type_name
    if kind == "structure":
        return _form_structure(form, shape, key + ".", used, problems)
    if kind == "list":
        if form.get(key) == "":  # an empty list
            used.add(key)
            return []
        flat = shape.serialization.get("flattened")
        inner = key if flat else f"{key}.{shape.member.serialization.get('name', 'member')}"
        return [_form_value(form, shape.member, f"{inner}.{i}", used, problems) for i in _indices(form, inner)]
    if kind == "map":
        inner = key if shape.serialization.get("flattened") else key + ".entry"
        names = shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")
        return {
            _form_value(form, shape.key, f"{inner}.{i}.{names[0]}", used, problems):
                _form_value(form, shape.value, f"{inner}.{i}.{names[1]}", used, problems)
            for i in _indices(form, inner)
        }
    used.add(key)
    return _from_text(form.get(key, ""), shape, problems, key)


def _indices(form, key):
    pattern = re.compile(re.escape(key) + r"\.(\d+)(\..*)?")
    return sorted({int(m[1]) for m in map(pattern.fullmatch, form) if m})


# REST


def _from_rest(request: Request, operation: OperationModel, uri: dict[str, str], problems: list[str]) -> dict[str, Any]:
    shape = operation.input_shape
    known_query = static_query_names(request.service, operation.name) | {"x-id"}
    known_headers, open_prefixes = set(), []
    result: dict[str, Any] = {}
    query = request.query_pairs()
    members = shape.members if shape else {}
    for name, member in members.items():
        location, wire = member.serialization.get("location"), member.serialization.get("name", name)
        if location == "uri":
            result[name] = _from_text(uri.get(wire.replace("-", "_"), ""), member, problems, name)
        elif location == "querystring":
            known_query.add(wire)
            values = [v for k, v in query if k == wire]
            if values:
                result[name] = (
                    [_from_text(v, member.member, problems, wire) for v in values]
                    if member.type_name == "list" else _from_text(values[0], member, problems, wire)
                )
        elif location == "header":
            known_headers.add(wire.lower())
            value = request.header(wire)
            if value is not None:
                result[name] = (
                    [v.strip() for v in value.split(",")]
                    if member.type_name == "list" else _from_text(value, member, problems, wire, header=True)
                )
        elif location == "headers":
            open_prefixes.append(wire.lower())
            found = {k[len(wire):]: v for k, v in request.headers if k.lower().startswith(wire.lower())}
            if found:
                result[name] = found
    problems.extend(f"unknown query parameter {k}" for k, _ in query if k not in known_query)
    for key, _ in request.headers:
        lowered = key.lower()
        if (
            lowered.startswith("x-amz") and lowered not in known_headers
            and not _COMMON_HEADERS.fullmatch(lowered) and not lowered.startswith("x-amzn-trace")
            and not any(lowered.startswith(prefix) for prefix in open_prefixes)
        ):
            problems.append(f"unknown header {key}")
    if shape:
        _rest_body(request, shape, result, problems)
    return result


def _rest_body(request: Request, shape: Shape, result: dict[str, Any], problems: list[str]) -> None:
    payload = shape.serialization.get("payload")
    if payload:
        member = shape.members[payload]
        if member.type_name in ("blob", "string"):
            if request.body or payload in shape.required_members:
                result[payload] = request.body if member.type_name == "blob" else request.body.decode()
        elif request.body:
            result[payload] = _body_document(request, member, problems)
        return
    in_body = {n: m for n, m in shape.members.items() if "location" not in m.serialization}
    if in_body and request.body:
        document = _body_document(request, shape, problems)
        result.update({k: v for k, v in document.items() if k in in_body})
    elif request.body and not in_body:
        problems.append("a body, where the operation has none")


def _body_document(request: Request, shape: Shape, problems: list[str]) -> Any:
    try:
        if request.protocol == "rest-json":
            return _from_json(parse_json(request.body), shape, problems, "")
        return _from_xml(ElementTree.fromstring(request.body), shape, problems)
    except (ValueError, ElementTree.ParseError) as problem:
        code = "SerializationException" if request.protocol == "rest-json" else "MalformedXML"
        raise AwsError(code, "The body you provided was not well-formed or did not validate against our published "
                       "schema", 400, violation=f"body does not parse: {problem}") from None


def _from_xml(node: ElementTree.Element, shape: Shape, problems: list[str]) -> Any:
    kind = shape.type_name
    if kind == "structure":
        children: dict[str, list[ElementTree.Element]] = {}
        for child in node:
            children.setdefault(child.tag.rpartition("}")[2], []).append(child)
        result = {}
        for name, member in shape.members.items():
            if "location" in member.serialization:
                continue
            flat = member.type_name == "list" and member.serialization.get("flattened")
            wire = member.serialization.get("name", name)
            if flat and "name" in member.member.serialization:
                wire = member.member.serialization["name"]
            found = children.pop(wire, None)
            if found is None:
                continue
            result[name] = (
                [_from_xml(n, member.member, problems) for n in found] if flat else _from_xml(found[0], member, problems)
            )
        problems.extend(f"unknown element {name} in {shape.name}" for name in children)
        return result
    if kind == "list":
        return [_from_xml(child, shape.member, problems) for child in node]
    return _from_text(node.text or "", shape, problems, node.tag)


def _from_text(text: str, shape: Shape, problems: list[str], place: str, header: bool = False) -> Any:
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text.lower()]
        if kind == "timestamp":
            return parse_timestamp(text)
        if kind == "blob" and not header:
            return base64.b64decode(text)
    except (ValueError, KeyError):
        problems.append(f"{place}: {text!r} is no {kind}")
        return {"integer": 0, "long": 0, "float": 0.0, "double": 0.0, "boolean": False}.get(
            kind, datetime.now(timezone.utc))
    return text
