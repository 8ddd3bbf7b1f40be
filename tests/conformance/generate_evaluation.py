"""Questions for the evaluator: a caller, a request, and the policies that have a say in it.

The parts are drawn from small sets, so that they often meet: what is allowed in one place is what is
asked for, or nearly so.
"""

from __future__ import annotations

from random import Random
from typing import Any, TypeVar

Json = dict[str, Any]
Thing = TypeVar("Thing")

HOME, AWAY, ELSEWHERE = "222222222222", "111111111111", "333333333333"
ORGANISATION = "o-a1b2c3d4e5"
SERVICE = "events.amazonaws.com"

RESOURCES: dict[str, list[str]] = {
    "s3:GetObject": [f"arn:aws:s3:::models-{HOME}/build/7/model.tar.gz"],
    "sqs:SendMessage": [f"arn:aws:sqs:eu-west-1:{HOME}:events"],
    "ecr:BatchGetImage": [f"arn:aws:ecr:eu-west-1:{HOME}:repository/models/churn"],
    "events:PutEvents": [f"arn:aws:events:eu-west-1:{HOME}:event-bus/mlops"],
    "kms:Decrypt": [f"arn:aws:kms:eu-west-1:{HOME}:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
    "sts:AssumeRole": [f"arn:aws:iam::{HOME}:role/deploy", f"arn:aws:iam::{HOME}:role/path/deploy"],
    "sagemaker:DescribeModelPackage": [f"arn:aws:sagemaker:eu-west-1:{HOME}:model-package/churn/3"],
}

# Each key with values that a request may have.
CONTEXT: dict[str, list[Any]] = {
    "aws:PrincipalOrgID": [ORGANISATION, "o-zzzzzzzzzz"],
    "aws:SourceIp": ["203.0.113.9", "10.1.2.3", "2001:db8::5"],
    "aws:SecureTransport": ["true", "false"],
    "aws:MultiFactorAuthPresent": ["true", "false"],
    "aws:MultiFactorAuthAge": ["300", "3600", "0"],
    "aws:CurrentTime": ["2026-11-20T09:30:00Z", "2027-01-01T00:00:00Z"],
    "aws:EpochTime": ["1795000000"],
    "aws:RequestedRegion": ["eu-west-1", "us-east-1"],
    "aws:username": ["anna", "bob"],
    "aws:PrincipalTag/team": ["mlops", "Data"],
    "aws:TagKeys": [["team"], ["team", "cost"], ["cost", "owner"], []],
    "aws:SourceArn": [
        f"arn:aws:events:eu-west-1:{HOME}:rule/mlops/failed",
        f"arn:aws:sns:us-east-1:{AWAY}:alerts",
    ],
    "aws:SourceAccount": [HOME, AWAY],
    "s3:prefix": ["home/anna/x", "home/bob/", "shared"],
}

# Each operator with a key that suits it and values that a policy may compare with.
TESTS: list[tuple[str, str, list[Any]]] = [
    ("StringEquals", "aws:PrincipalOrgID", [ORGANISATION, "o-other"]),
    ("StringNotEquals", "aws:RequestedRegion", ["eu-west-1", "us-east-1", "eu-central-1"]),
    ("StringEqualsIgnoreCase", "aws:PrincipalTag/team", ["MLOPS", "data", "other"]),
    ("StringNotEqualsIgnoreCase", "aws:PrincipalTag/team", ["MLOPS", "data", "other"]),
    ("StringLike", "s3:prefix", ["home/${aws:username}/*", "home/*", "sh?red", "${aws:PrincipalTag/team}"]),
    ("StringNotLike", "s3:prefix", ["home/*", "*", "s*d", "${aws:username}"]),
    ("StringEquals", "aws:username", ["anna", "${aws:username}", "${aws:PrincipalTag/team, 'anna'}"]),
    ("NumericEquals", "aws:MultiFactorAuthAge", ["300", "300.0", "0"]),
    ("NumericNotEquals", "aws:MultiFactorAuthAge", ["300", "3600"]),
    ("NumericLessThan", "aws:MultiFactorAuthAge", ["3600", "100"]),
    ("NumericLessThanEquals", "aws:MultiFactorAuthAge", ["300", "299"]),
    ("NumericGreaterThan", "aws:MultiFactorAuthAge", ["0", "300"]),
    ("NumericGreaterThanEquals", "aws:MultiFactorAuthAge", ["300", "3601"]),
    ("DateEquals", "aws:CurrentTime", ["2026-11-20T09:30:00Z", "2026-11-20T10:30:00+01:00"]),
    ("DateNotEquals", "aws:CurrentTime", ["2026-11-20T09:30:00Z", "2020-01-01T00:00:00Z"]),
    ("DateLessThan", "aws:CurrentTime", ["2027-01-01T00:00:00Z", "2026-01-01T00:00:00Z"]),
    ("DateLessThanEquals", "aws:CurrentTime", ["2027-01-01T00:00:00Z"]),
    ("DateGreaterThan", "aws:CurrentTime", ["2026-11-20T09:30:00Z", "2026-01-01T00:00:00Z"]),
    ("DateGreaterThanEquals", "aws:CurrentTime", ["2026-11-20T09:30:00Z", "2028-01-01T00:00:00Z"]),
    ("Bool", "aws:SecureTransport", ["true", "false"]),
    ("Bool", "aws:MultiFactorAuthPresent", ["true", "false"]),
    ("IpAddress", "aws:SourceIp", ["203.0.113.0/24", "10.0.0.0/8", "203.0.113.9", "2001:db8::/32"]),
    ("NotIpAddress", "aws:SourceIp", ["203.0.113.0/24", "10.0.0.0/8", "2001:db8::/32"]),
    ("ArnLike", "aws:SourceArn", [f"arn:aws:events:*:{HOME}:rule/*", f"arn:aws:s*:*:{AWAY}:al?rts"]),
    ("ArnEquals", "aws:SourceArn", [f"arn:aws:events:eu-west-1:{HOME}:rule/mlops/failed", "arn:aws:*:*:*:*"]),
    ("ArnNotLike", "aws:SourceArn", [f"arn:aws:events:*:{HOME}:rule/*", f"arn:aws:sns:*:{AWAY}:*"]),
    ("ArnNotEquals", "aws:SourceArn", [f"arn:aws:sns:us-east-1:{AWAY}:alerts"]),
    ("ArnLike", "aws:PrincipalArn", [f"arn:aws:iam::{AWAY}:role/*", f"arn:aws:iam::*:role/build"]),
    ("StringEquals", "aws:SourceAccount", [HOME, AWAY]),
    ("StringEquals", "aws:TagKeys", ["team", "cost"]),
    ("StringLike", "aws:TagKeys", ["te*", "c?st"]),
    ("StringNotEquals", "aws:TagKeys", ["owner", "cost"]),
    ("Null", "aws:TagKeys", ["true", "false"]),
    ("Null", "aws:MultiFactorAuthAge", ["true", "false"]),
]


def some(random: Random, things: list[Thing], most: int = 2) -> list[Thing]:
    return random.sample(things, random.randint(1, min(most, len(things))))


def one_or_list(random: Random, things: list[Any]) -> Any:
    return things[0] if len(things) == 1 and random.random() < 0.5 else things


def callers() -> list[str]:
    def of(account: str) -> list[str]:
        return [
            f"arn:aws:iam::{account}:role/build",
            f"arn:aws:iam::{account}:role/path/build",
            f"arn:aws:iam::{account}:user/anna",
            f"arn:aws:sts::{account}:assumed-role/build/run-1",
        ]

    return of(HOME) + of(AWAY) + [SERVICE]


def account_of(caller: str) -> str:
    return caller.split(":")[4] if caller.startswith("arn:") else ""


def role_of(caller: str) -> str:
    """The role behind a session; other callers as they are."""
    if ":assumed-role/" not in caller:
        return caller
    return f"arn:aws:iam::{account_of(caller)}:role/{caller.split('/')[1]}"


def context(random: Random, caller: str) -> Json:
    chosen = {key: random.choice(values) for key, values in CONTEXT.items() if random.random() < 0.6}
    if caller != SERVICE:
        chosen["aws:PrincipalArn"] = role_of(caller)
        chosen["aws:PrincipalAccount"] = account_of(caller)
    return chosen


def condition(random: Random) -> Json:
    operator, key, values = random.choice(TESTS)
    if operator != "Null" and random.random() < 0.25:
        operator += "IfExists"
    if key == "aws:TagKeys" and not operator.startswith("Null") and random.random() < 0.9:
        operator = random.choice(["ForAnyValue:", "ForAllValues:"]) + operator
    return {operator: {key: one_or_list(random, some(random, values))}}


def actions(random: Random, action: str) -> list[str]:
    service, name = action.split(":")
    return some(
        random,
        [action, action, action.upper(), f"{service}:*", "*", f"{service}:{name[:4]}*", f"{service}:?{name[1:]}",
         "ec2:*", "iam:PassRole"],
    )


def resources(random: Random, resource: str) -> list[str]:
    head, tail = resource.rsplit(":", 1)
    parts = resource.split(":")
    return some(
        random,
        [resource, resource, "*", f"{head}:*", f"{head}:{tail[:-2]}??", ":".join(parts[:3] + ["*", "*"] + parts[5:]),
         f"{head}:other", f"{head}:${{aws:username}}/*"],
    )


def principal(random: Random, caller: str) -> Any:
    account = account_of(caller) or HOME
    choice = random.choice(["*", "everyone", "account", "root", "role", "exact", "other", "service", "both"])
    return {
        "*": "*",
        "everyone": {"AWS": "*"},
        "account": {"AWS": account},
        "root": {"AWS": [f"arn:aws:iam::{account}:root", ELSEWHERE]},
        "role": {"AWS": role_of(caller) if caller != SERVICE else account},
        "exact": {"AWS": caller} if caller != SERVICE else {"Service": SERVICE},
        "other": {"AWS": [f"arn:aws:iam::{ELSEWHERE}:role/build", f"arn:aws:iam::{account}:user/zoe"]},
        "service": {"Service": [SERVICE, "sns.amazonaws.com"]},
        "both": {"AWS": account, "Service": SERVICE},
    }[choice]


def statement(random: Random, request: Json, kind: str) -> Json:
    action, resource = request["action"], request["resource"]["resource"]
    made: Json = {"Effect": "Deny" if random.random() < 0.15 else "Allow"}
    if kind in ("resource", "trust"):
        denies = made["Effect"] == "Deny"
        key = "NotPrincipal" if denies and random.random() < 0.3 else "Principal"
        made[key] = principal(random, request["principal"])
    if kind == "control":  # resource control policies know no other principal
        made["Principal"] = "*"
    made["NotAction" if random.random() < 0.15 else "Action"] = one_or_list(random, actions(random, action))
    if kind != "trust":
        made["NotResource" if random.random() < 0.1 else "Resource"] = one_or_list(
            random, resources(random, resource)
        )
    if random.random() < 0.4:
        made["Condition"] = condition(random)
        if random.random() < 0.2:
            made["Condition"] |= condition(random)
    return made


def policy(random: Random, request: Json, kind: str) -> Json:
    return {
        "Version": "2008-10-17" if random.random() < 0.05 else "2012-10-17",
        "Statement": [statement(random, request, kind) for _ in range(random.randint(1, 3))],
    }


def allow_all(**more: str) -> Json:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"} | more]}


def question(random: Random) -> Json:
    caller = random.choice(callers() if random.random() < 0.99 else [f"arn:aws:iam::{HOME}:root"])
    action = random.choice(list(RESOURCES))
    request: Json = {
        "action": action,
        "principal": caller,
        "resource": {"resource": random.choice(RESOURCES[action]), "accountId": HOME},
        "context": context(random, caller),
    }
    made: Json = {"request": request, "identityPolicies": []}
    is_session = ":assumed-role/" in caller
    has_policies = caller != SERVICE and not caller.endswith(":root")
    if has_policies:
        made["identityPolicies"] = [policy(random, request, "identity") for _ in range(random.randint(0, 2))]
    if random.random() < 0.75:
        made["resourcePolicy"] = policy(random, request, "trust" if action.startswith("sts:") else "resource")
    if has_policies and random.random() < 0.2:
        made["permissionBoundaries"] = [policy(random, request, "identity")]
    if is_session and random.random() < 0.4:
        made["sessionPolicy"] = policy(random, request, "identity")
    if caller != SERVICE and random.random() < 0.15:
        made["serviceControlPolicies"] = [
            {"orgIdentifier": "r-root", "policies": [allow_all()]},
            {"orgIdentifier": "ou-1", "policies": [policy(random, request, "identity")]},
        ]
    if random.random() < 0.1:
        limits = [allow_all(Principal="*"), policy(random, request, "control")]
        made["resourceControlPolicies"] = [{"orgIdentifier": "r-root", "policies": limits}]
    return made
