"""Parameters against the service model: botocore's validator, and the constraints that it leaves to the service."""

import functools
import re
from typing import Any

from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from .exchange import AwsError, Request

_validator = ParamValidator()


def check(request: Request, operation: OperationModel, parameters: dict[str, Any], problems: list[str]) -> None:
    found = list(problems)
    if operation.input_shape:
        report = _validator.validate(parameters, operation.input_shape)
        if report.has_errors():
            found.extend(report.generate_report().splitlines())
        else:
            _constraints(parameters, operation.input_shape, "", found)
    if found:
        raise AwsError(
            _code(request), f"{len(found)} validation error{'s' if len(found) > 1 else ''} detected: " + "; ".join(found),
            400, violation="; ".join(found),
        )


def _code(request: Request) -> str:
    if request.service == "s3":
        return "InvalidArgument"
    return "ValidationError" if request.protocol in ("query", "ec2") else "ValidationException"


@functools.cache
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text)
    except re.error:  # the models' patterns are Java's; what Python cannot read is not checked
        return None


def _constraints(value: Any, shape: Shape, place: str, found: list[str]) -> None:
    kind, limits = shape.type_name, shape.metadata
    if kind == "structure":
        for name, member in shape.members.items():
            if name in value:
                _constraints(value[name], member, f"{place}.{name}" if place else name, found)
        return
    if kind == "list":
        for index, item in enumerate(value, 1):
            _constraints(item, shape.member, f"{place}.{index}.member", found)
    elif kind == "map":
        for key, item in value.items():
            _constraints(key, shape.key, f"{place}.key", found)
            _constraints(item, shape.value, f"{place}.{key}", found)
    size = len(value) if isinstance(value, str | bytes | list | dict) else value
    if "max" in limits and isinstance(size, int | float) and not isinstance(size, bool) and size > limits["max"]:
        what = "length" if isinstance(value, str | bytes | list | dict) else "value"
        found.append(f"Value at '{place}' failed to satisfy constraint: Member must have {what} less than or equal to {limits['max']}")
    if isinstance(value, str):
        if "enum" in limits and value not in limits["enum"]:
            found.append(f"Value '{value}' at '{place}' failed to satisfy constraint: Member must satisfy enum value set: {limits['enum']}")
        pattern = _pattern(limits["pattern"]) if "pattern" in limits else None
        if pattern and not pattern.fullmatch(value):
            found.append(f"Value '{value}' at '{place}' failed to satisfy constraint: Member must satisfy regular expression pattern: {limits['pattern']}")
