"""Credentials without a signature: the instance metadata service (version 2 only) and container credentials.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

moto serves fixed keys under these paths; these here are keys that the gate knows.
"""

import json
import secrets
import time
from typing import TYPE_CHECKING

from .clock import iso
from .exchange import Request, Response

if TYPE_CHECKING:
    from .gate import Gate

ROLE = "causeway-instance"
CONTAINER_PATH = "/_gate/container-credentials"
_ROLES_PATH = "/latest/meta-data/iam/security-credentials/"


class Metadata:
    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.reset()

    def reset(self) -> None:
        self._tokens: dict[str, float] = {}
        self.lifetime_seconds = 6 * 3600.0
        self.container_token: str | None = None  # what Authorization must say, if anything

    def owns(self, request: Request) -> bool:
        """A signed request under /latest/ is for a bucket of that name."""
        if request.path == CONTAINER_PATH:
            request.service = "container-credentials"
        elif request.path.startswith("/latest/") and request.header("authorization") is None:
            request.service = "imds"
        else:
            return False
        request.protocol = "rest-json"
        request.account = self._gate.accounts["prod"]
        request.operation = {
            "/latest/api/token": "PutToken", _ROLES_PATH: "ListRoles", _ROLES_PATH.rstrip("/"): "ListRoles",
            _ROLES_PATH + ROLE: "GetCredentials", CONTAINER_PATH: "GetCredentials",
        }.get(request.path, "GetMetadata")
        return True

    def answer(self, request: Request) -> Response:
        if request.service == "container-credentials":
            return self._container(request)
        if request.operation == "PutToken":
            return self._token(request)
        token = request.header("x-aws-ec2-metadata-token") or ""
        if self._tokens.get(token, 0) < time.monotonic():
            return _text(401, "")
        if request.operation == "ListRoles":
            return _text(200, ROLE)
        if request.operation == "GetCredentials":
            return _text(200, json.dumps(self._credentials("i-0123456789abcdef0", with_code=True)))
        found = {"/latest/meta-data/placement/region": self._gate.region,
                 "/latest/meta-data/placement/availability-zone": self._gate.region + "a",
                 "/latest/meta-data/instance-id": "i-0123456789abcdef0"}.get(request.path)
        return _text(200, found) if found else _text(404, "")

    def _token(self, request: Request) -> Response:
        seconds = request.header("x-aws-ec2-metadata-token-ttl-seconds") or ""
        if request.method != "PUT":
            return _text(405, "")
        if not seconds.isdigit() or not 1 <= int(seconds) <= 21600 or request.header("x-forwarded-for"):
            return _text(400, "")
        token = secrets.token_urlsafe(40)
        self._tokens[token] = time.monotonic() + int(seconds)
        response = _text(200, token)
        response.headers.append(("x-aws-ec2-metadata-token-ttl-seconds", seconds))
        return response

    def _container(self, request: Request) -> Response:
        if self.container_token is not None and request.header("authorization") != self.container_token:
            return _text(401, json.dumps({"code": "AccessDenied", "message": "wrong token"}))
        return _text(200, json.dumps(self._credentials("container", with_code=False)), "application/json")

    def _credentials(self, session: str, with_code: bool) -> dict[str, str]:
        now = self._gate.clock.now()
        expires = now + self.lifetime_seconds
        principal = self._gate.keys.add_session(self._gate.accounts["prod"], ROLE, session, expires)
        document = {
            "AccessKeyId": principal.access_key_id,
            "SecretAccessKey": principal.secret_access_key,
            "Token": principal.session_token or "",
            "Expiration": iso(expires),
        }
        if with_code:
            document = {"Code": "Success", "LastUpdated": iso(now), "Type": "AWS-HMAC", **document}
        else:
            document["RoleArn"] = principal.role_arn or ""
        return document


def _text(status: int, body: str, kind: str = "text/plain") -> Response:
    return Response(status, [("Content-Type", kind)], body.encode())
