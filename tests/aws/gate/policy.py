"""Resource policies, evaluated as far as the gate's checks need: who, what, on what, a few conditions.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

import fnmatch
import json
import re
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Caller:
    account: str = ""
    arn: str = ""  # of the user, or of the role session
    service: str = ""  # events.amazonaws.com, when a service calls

    def names(self) -> set[str]:
        """Every way in which a policy may name this caller."""
        if not self.account:
            return {"*"}
        found = {"*", self.account, f"arn:aws:iam::{self.account}:root", self.arn}
        session = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+", self.arn)
        if session:
            found.add(f"arn:aws:iam::{session[1]}:role/{session[2]}")
        return found

    def context(self) -> dict[str, str]:
        """The keys that every request has: a session's principal is its role.
        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""
        if not self.account:
            return {}
        session = re.fullmatch(r"arn:aws:sts::(\d+):assumed-role/([^/]+)/.+", self.arn)
        principal = f"arn:aws:iam::{session[1]}:role/{session[2]}" if session else self.arn
        return {"aws:PrincipalArn": principal, "aws:PrincipalAccount": self.account}


@dataclass
class Question:
    action: str
    resource: str
    context: dict[str, str] = field(default_factory=dict)


def allows(policy: str | bytes | dict[str, Any] | None, caller: Caller, question: Question) -> bool:
    return _decide(policy, caller, question) is True


def denies(policy: str | bytes | dict[str, Any] | None, caller: Caller, question: Question) -> bool:
    return _decide(policy, caller, question) is False


def _decide(policy: Any, caller: Caller, question: Question) -> bool | None:
    """True: allowed, False: denied by name, None: nothing is said."""
    if not policy:
        return None
    document = policy if isinstance(policy, dict) else json.loads(policy)
    verdict: bool | None = None
    for statement in as_list(document.get("Statement")):
        if not _applies(statement, caller, question):
            continue
        if statement.get("Effect") == "Deny":
            return False
        verdict = True
    return verdict


def as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _applies(statement: dict[str, Any], caller: Caller, question: Question) -> bool:
    return (
        _principal(statement.get("Principal"), caller)
        and any(_glob(question.action.lower(), a.lower()) for a in as_list(statement.get("Action")))
        and (
            "Resource" not in statement
            or any(_glob(question.resource, r) for r in as_list(statement["Resource"]))
        )
        and _conditions(statement.get("Condition") or {}, {**caller.context(), **question.context})
    )


def _principal(principal: Any, caller: Caller) -> bool:
    if principal is None:
        return False
    if principal == "*":
        return True
    if caller.service:
        return caller.service in as_list(principal.get("Service"))
    return bool(caller.names() & set(as_list(principal.get("AWS"))))


def _glob(value: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(value, pattern.replace("[", "[[]"))


_OPERATORS = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": _glob,
    "ArnEquals": _glob,
    "ArnLike": _glob,
}


def _conditions(conditions: dict[str, Any], context: dict[str, str]) -> bool:
    lowered = {key.lower(): value for key, value in context.items()}
    for operator, keys in conditions.items():
        compare = _OPERATORS.get(operator)
        if compare is None:
            return False
        for key, wanted in keys.items():
            value = lowered.get(key.lower())
            if value is None or not any(compare(value, str(w)) for w in as_list(wanted)):
                return False
    return True
