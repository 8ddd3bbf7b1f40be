"""One request and its answer, as plain data."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass
class Request:
    method: str
    target: str  # as on the wire: path?query, still encoded
    headers: list[tuple[str, str]]
    body: bytes
    connection_open: Any = None  # () -> bool: is the caller still there
    # Filled in on the way:
    service: str = ""
    operation: str = ""
    account: str = ""
    principal: str = ""
    region: str = ""
    protocol: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    models: Any = None  # models.Operation
    scratch: dict[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    def query_pairs(self) -> list[tuple[str, str]]:
        return parse_qsl(self.query, keep_blank_values=True)

    def header(self, name: str) -> str | None:
        name = name.lower()
        values = [value for key, value in self.headers if key.lower() == name]
        return values[0] if values else None

    def still_connected(self) -> bool:
        return self.connection_open is None or self.connection_open()


@dataclass
class Response:
    status: int = 200
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    error_code: str = ""
    # What the socket does with it: {"kind": "reset" | "truncate" | "slow" | "huge", ...}
    wire: dict[str, Any] | None = None

    def header(self, name: str) -> str | None:
        name = name.lower()
        return next((value for key, value in self.headers if key.lower() == name), None)

    def set_header(self, name: str, value: str) -> None:
        self.headers = [(k, v) for k, v in self.headers if k.lower() != name.lower()]
        self.headers.append((name, value))


class AwsError(Exception):
    """An error that AWS would answer; `serialize.error` puts it into the service's protocol."""

    def __init__(self, code: str, message: str, status: int = 400, violation: str | None = None,
                 headers: dict[str, str] | None = None):
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.headers = headers or {}
        self.violation = violation  # why no correct client would have sent this; None if one could


def json_response(document: Any, status: int = 200) -> Response:
    body = json.dumps(document, default=str).encode()
    return Response(status, [("Content-Type", "application/json")], body)
