"""IAM: principals in policies, which moto never looks at; roles that are not yet known everywhere; AWS's own policies.

A policy that names a role or user that does not exist is refused, and the name of one that is deleted becomes its
unique id, for ever:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
A role that was just made is unknown to some for a while:
https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
An account is described in pages, which may be shorter than was asked for:
https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountAuthorizationDetails.html
"""

import json
import re
import xml.etree.ElementTree as xml
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .. import upstream
from ..exchange import AwsError, Request, Response
from ..policy import as_list

if TYPE_CHECKING:
    from ..gate import Gate

_ENTITY = re.compile(r"arn:aws:iam::(\d{12}):(role|user)/(?:.*/)?([^/]+)")

# The parameter that holds a policy with principals, and how each service refuses one.
_POLICIES = {
    ("iam", "CreateRole"): ("AssumeRolePolicyDocument", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{}"'),
    ("iam", "UpdateAssumeRolePolicy"): ("PolicyDocument", "MalformedPolicyDocument", 'Invalid principal in policy: "AWS":"{}"'),
    ("s3", "PutBucketPolicy"): ("Policy", "MalformedPolicy", "Invalid principal in policy"),
    ("kms", "PutKeyPolicy"): ("Policy", "MalformedPolicyDocumentException",
                              "Policy contains a statement with one or more invalid principals."),
    ("ecr", "SetRepositoryPolicy"): ("policyText", "InvalidParameterException",
                                     "Invalid parameter at 'PolicyText' failed to satisfy constraint: "
                                     "'Invalid repository policy provided'"),
}


class Iam:
    def __init__(self, gate: "Gate") -> None:
        self._gate = gate
        self.reset()

    def reset(self) -> None:
        self._unknown_uses = 0
        self._page = 1000
        self._unknown: dict[str, int] = {}  # ARN of a fresh role: refusals left

    def set(self, settings: dict[str, Any]) -> dict[str, Any]:
        """unknown_uses=N: the next roles that are made are unknown to the first N policies that name them.
        page=N: an account is described in pages of so many roles and policies at the most."""
        self._unknown_uses = int(settings.get("unknown_uses", self._unknown_uses))
        self._page = int(settings.get("page", self._page))
        return {"unknown_uses": self._unknown_uses, "page": self._page}

    def before(self, request: Request) -> None:
        """Refuses what IAM would; makes AWS's own policies as they are asked for."""
        if request.service == "iam" and request.operation == "AttachRolePolicy":
            _make_managed(request.account, request.parameters["PolicyArn"])
        row = _POLICIES.get((request.service, request.operation))
        if row is None:
            return
        parameter, code, message = row
        text = request.parameters.get(parameter) or (request.body if request.service == "s3" else "{}")
        for principal in _principals(text):
            if not self._is_known(principal):
                raise AwsError(code, message.format(principal), 400)

    def after(self, request: Request, response: Response, doomed: str | None) -> None:
        if request.service != "iam" or response.status != 200:
            return
        if request.operation == "GetAccountAuthorizationDetails":
            self._cut(request, response)
        if request.operation == "CreateRole" and self._unknown_uses:
            role = f"arn:aws:iam::{request.account}:role{request.parameters.get('Path', '/')}{request.parameters['RoleName']}"
            self._unknown[role] = self._unknown_uses
        if request.operation == "DeleteRole" and doomed:
            arn, unique_id = doomed.split(" ")
            self._decay(arn, unique_id)

    def _cut(self, request: Request, response: Response) -> None:
        """Leaves one page of what moto answers whole."""
        first = int(request.parameters.get("Marker", 0))
        last = first + min(self._page, int(request.parameters.get("MaxItems", 100)))
        answer = xml.fromstring(response.body)
        space = answer.tag[: answer.tag.index("}") + 1] if "}" in answer.tag else ""
        xml.register_namespace("", space.strip("{}"))
        result = answer[0]
        listed = [(found, item) for name in ("RoleDetailList", "Policies") for found in result.findall(space + name) for item in list(found)]
        for number, (found, item) in enumerate(listed):
            if not first <= number < last:
                found.remove(item)
        if last < len(listed):
            result.find(space + "IsTruncated").text = "true"
            xml.SubElement(result, space + "Marker").text = str(last)
        response.body = xml.tostring(answer, encoding="utf-8", xml_declaration=True)

    def doomed(self, request: Request) -> str | None:
        """ARN and unique id of the role that the request deletes."""
        if (request.service, request.operation) != ("iam", "DeleteRole"):
            return None
        role = _find(request.account, "role", request.parameters["RoleName"])
        return f"{role.arn} {role.id}" if role else None

    def _is_known(self, principal: str) -> bool:
        if re.fullmatch(r"A(ROA|IDA)[A-Z0-9]+", principal):
            return False
        match = _ENTITY.fullmatch(principal)
        if not match or match[1] not in self._gate.accounts.values():
            return True
        if self._unknown.get(principal, 0) > 0:
            self._unknown[principal] -= 1
            return False
        if match[2] == "user":
            return True  # the gate's own users are none of moto's
        found = _find(match[1], match[2], match[3])
        return found is not None and found.arn == principal

    def _decay(self, arn: str, unique_id: str) -> None:
        """The stored policies that name the role name its id from now on."""
        region, quoted, instead = self._gate.region, f'"{arn}"', f'"{unique_id}"'

        def decayed(text: Any) -> Any:
            if isinstance(text, bytes):
                return text.replace(quoted.encode(), instead.encode())
            return text.replace(quoted, instead) if isinstance(text, str) else text

        with upstream.lock:
            for account in self._gate.accounts.values():
                for role in upstream.backends("iam")[account]["aws"].roles.values():
                    role.assume_role_policy_document = decayed(role.assume_role_policy_document)
                for repository in upstream.backends("ecr")[account][region].repositories.values():
                    repository.policy = decayed(repository.policy)
                for bucket in upstream.backends("s3")[account]["aws"].buckets.values():
                    bucket.policy = decayed(bucket.policy)
                for key in upstream.backends("kms")[account][region].keys.values():
                    key.policy = decayed(key.policy)


def _principals(text: Any) -> list[str]:
    try:
        document = json.loads(text)
    except ValueError:
        try:
            document = json.loads(unquote(text if isinstance(text, str) else text.decode()))
        except ValueError:
            return []
    found: list[str] = []
    for statement in as_list(document.get("Statement")):
        principal = statement.get("Principal")
        if isinstance(principal, dict):
            found.extend(as_list(principal.get("AWS")))
    return found


def _find(account: str, kind: str, name: str) -> Any:
    with upstream.lock:
        backend = upstream.backends("iam")[account]["aws"]
        entities = backend.roles if kind == "role" else backend.users
        return next((e for e in entities.values() if e.name == name), None)


def _make_managed(account: str, arn: str) -> None:
    """moto has AWS's own policies only at the price of parsing all of them."""
    match = re.fullmatch(r"arn:aws:iam::aws:policy(/(?:.*/)?)([^/]+)", arn)
    if not match:
        return
    from moto.iam.models import AWSManagedPolicy

    with upstream.lock:
        backend = upstream.backends("iam")[account]["aws"]
        if arn not in backend.managed_policies:
            moment = datetime.now(timezone.utc).isoformat()
            made = AWSManagedPolicy.from_data(match[2], account, "aws", {
                "DefaultVersionId": "v1", "Path": match[1], "CreateDate": moment, "UpdateDate": moment,
                "Document": {"Version": "2012-10-17", "Statement": []},
            })
            backend.managed_policies[arn] = made
            backend.aws_managed_policies.append(made)
