"""STS: roles with their trust policies, which moto does not enforce.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
"""

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .. import policy, upstream
from ..clock import iso
from ..exchange import AwsError, Request, Response
from ..serialize import query_result

if TYPE_CHECKING:
    from ..gate import Gate

_DEFAULT_SECONDS = 3600
_ROLE = re.compile(r"arn:aws:iam::(\d{12}):role/(.+)")


def is_web_identity(request: Request) -> bool:
    """AssumeRoleWithWebIdentity is the one call that nobody signs."""
    return (
        request.header("authorization") is None and request.method == "POST"
        and b"Action=AssumeRoleWithWebIdentity" in request.body
    )


def find_role(arn: str) -> Any:
    """moto's role, or None. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html"""
    match = _ROLE.fullmatch(arn)
    if not match:
        return None
    with upstream.lock:
        roles = upstream.backends("iam")[match[1]]["aws"].roles.values()
        return next((role for role in roles if role.arn == arn), None)


def trust_policy(role: Any) -> dict[str, Any]:
    document = role.assume_role_policy_document
    return json.loads(unquote(document)) if isinstance(document, str) else document


def assume_role(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters
    role = find_role(wanted["RoleArn"])
    context = {"sts:ExternalId": wanted["ExternalId"]} if "ExternalId" in wanted else {}
    caller = policy.Caller(request.account, request.principal)
    question = policy.Question("sts:AssumeRole", wanted["RoleArn"], context)
    if role is None or not policy.allows(trust_policy(role), caller, question):
        raise AwsError("AccessDenied", f"User: {request.principal} is not authorized to perform: sts:AssumeRole on "
                       f"resource: {wanted['RoleArn']}", 403)
    return _session(gate, request, role)


def assume_role_with_web_identity(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html

    The token's own signature is not checked; the role must trust a federated principal with this action.
    """
    wanted = request.parameters
    role = find_role(wanted["RoleArn"])
    trusted = role is not None and any(
        "Federated" in (s.get("Principal") or {}) and "sts:AssumeRoleWithWebIdentity" in policy.as_list(s.get("Action"))
        for s in policy.as_list(trust_policy(role).get("Statement"))
    )
    if not trusted:
        raise AwsError("AccessDenied", "Not authorized to perform sts:AssumeRoleWithWebIdentity", 403)
    return _session(gate, request, role)


def _session(gate: "Gate", request: Request, role: Any) -> Response:
    wanted = request.parameters
    account = wanted["RoleArn"].split(":")[4]
    expires = gate.clock.now() + wanted.get("DurationSeconds", _DEFAULT_SECONDS)
    session = gate.keys.add_session(account, role.name, wanted["RoleSessionName"], expires)
    return query_result(request, {
        "Credentials": {
            "AccessKeyId": session.access_key_id, "SecretAccessKey": session.secret_access_key,
            "SessionToken": session.session_token, "Expiration": iso(expires),
        },
        "AssumedRoleUser": {"AssumedRoleId": session.user_id, "Arn": session.arn},
    }, request.scratch["request_id"])


def get_caller_identity(gate: "Gate", request: Request) -> Response:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
    principal = request.scratch["principal"]
    return query_result(request, {"Arn": principal.arn, "UserId": principal.user_id, "Account": principal.account},
                        request.scratch["request_id"])


OPERATIONS = {
    "AssumeRole": assume_role,
    "AssumeRoleWithWebIdentity": assume_role_with_web_identity,
    "GetCallerIdentity": get_caller_identity,
}
