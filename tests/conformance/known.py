"""Where we and another implementation disagree, and why: each cause with the document that decides.

A cause explains a disagreement only if both sides agree once it is taken out of the case.
"""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, Callable, Iterator

from judging import our_verdicts

Json = dict[str, Any]


@dataclass(frozen=True)
class Known:
    kind: str
    name: str
    document: str
    """The document that decides, and for whom."""
    applies: Callable[[Json], bool]
    remove: Callable[[Json], Json]
    """The case without the cause."""
    verdicts: tuple[str | None, str | None] = (None, None)
    """What we and the other say where it shows; None for any."""

    def may_cause(self, case: Json, ours: str, theirs: str) -> bool:
        return self.verdicts[0] in (None, ours) and self.verdicts[1] in (None, theirs) and self.applies(case)


def policies_of(case: Json) -> list[Json]:
    found = list(case.get("identityPolicies", [])) + list(case.get("permissionBoundaries", []))
    found += [case[name] for name in ("resourcePolicy", "sessionPolicy") if case.get(name)]
    for level in case.get("serviceControlPolicies", []) + case.get("resourceControlPolicies", []):
        found += level["policies"]
    return found


def has_variables_of_2008(case: Json) -> bool:
    return any(policy["Version"] != "2012-10-17" and "${" in json.dumps(policy) for policy in policies_of(case))


def in_2012(case: Json) -> Json:
    made = copy.deepcopy(case)
    for policy in policies_of(made):
        policy["Version"] = "2012-10-17"
    return made


def has_session_policy(case: Json) -> bool:
    account = case["request"]["principal"].split(":")[4:5]
    return "sessionPolicy" in case and account == [case["request"]["resource"]["accountId"]]


def without_session_policy(case: Json) -> Json:
    return {name: value for name, value in case.items() if name != "sessionPolicy"}


def is_bare_root(case: Json) -> bool:
    return case["request"]["principal"].endswith(":root") and not case["identityPolicies"]


def with_administrator(case: Json) -> Json:
    everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    return case | {"identityPolicies": [everything]}


def has_variable_without_value(case: Json) -> bool:
    named = any("${" in json.dumps(s.get("NotResource", "")) for p in policies_of(case) for s in p["Statement"])
    return named and "aws:username" not in case["request"]["context"]


def with_user_name(case: Json) -> Json:
    made = copy.deepcopy(case)
    made["request"]["context"]["aws:username"] = "nobody-of-that-name"
    return made


def has_empty_key(case: Json) -> bool:
    return [] in case["request"]["context"].values()


def without_empty_keys(case: Json) -> Json:
    made = copy.deepcopy(case)
    made["request"]["context"] = {key: v for key, v in made["request"]["context"].items() if v != []}
    return made


def has_text_principal(case: Json) -> bool:
    return '"Principal": "' in case["a"] + case["b"]


def without_text_principal(case: Json) -> Json:
    return {side: case[side].replace('"Principal": "*"', '"Principal": {"AWS": "*"}') for side in ("a", "b")}


# ---- Patterns ----


def change_tests(pattern: Json, change: Callable[[list[Any]], list[Any]]) -> Json:
    """The pattern with each field's list of tests changed."""
    made: Json = {}
    for name, held in pattern.items():
        if isinstance(held, dict):
            made[name] = change_tests(held, change)
        elif name == "$or":
            made[name] = [change_tests(each, change) for each in held]
        else:
            made[name] = change(held)
    return made


def changed(case: Json, change: Callable[[list[Any]], list[Any]]) -> Json:
    return case | {"pattern": json.dumps(change_tests(json.loads(case["pattern"]), change), ensure_ascii=False)}


def without_wide_block(tests: list[Any]) -> list[Any]:
    return [{"cidr": "10.0.0.0/30"} if test == {"cidr": "0.0.0.0/0"} else test for test in tests]


def without_unwanted_wildcards(tests: list[Any]) -> list[Any]:
    def is_one(test: Any) -> bool:
        return isinstance(test, dict) and "wildcard" in json.dumps(test.get("anything-but", ""))

    return ["none" if is_one(test) else test for test in tests]


def alternatives(pattern: Json) -> Iterator[Json]:
    """Every pattern of which this is the disjunction: one test a field, one branch of each $or."""
    names = [name for name in pattern if name != "$or"]
    choices: list[list[Any]] = [
        list(alternatives(pattern[name])) if isinstance(pattern[name], dict) else [[test] for test in pattern[name]]
        for name in names
    ]
    branches = [each for branch in pattern.get("$or", []) for each in alternatives(branch)] or [{}]
    for chosen in product(*choices, branches):
        yield dict(zip(names, chosen[:-1])) | chosen[-1]


def witness(case: Json) -> Json:
    """The one alternative that, as we say, makes the pattern match."""
    singles = [
        case | {"pattern": json.dumps(each, ensure_ascii=False)}
        for each in islice(alternatives(json.loads(case["pattern"])), 2000)
    ]
    verdicts = our_verdicts("pattern", singles)
    return next((single for single, verdict in zip(singles, verdicts) if verdict == "match"), case)


KNOWN = [
    Known(
        "evaluation",
        "variables in a policy of 2008",
        "IAM User Guide, 'IAM JSON policy elements: Version': with 2008-10-17, variables such as"
        " ${aws:username} are treated as literal strings. For us.",
        has_variables_of_2008,
        in_2012,
    ),
    Known(
        "evaluation",
        "a grant by name that a session policy leaves out",
        "IAM User Guide, 'Policy evaluation for requests within a single account', IAM role session: permissions"
        " granted directly to a session are not limited by an implicit deny in a session policy. For us.",
        has_session_policy,
        without_session_policy,
    ),
    Known(
        "evaluation",
        "the root user, without policies",
        "IAM User Guide, 'AWS account root user': complete access to all services and resources in the account;"
        " no identity policy can be attached to it. For us.",
        is_bare_root,
        with_administrator,
    ),
    Known(
        "evaluation",
        "NotResource with a variable that has no value",
        "IAM User Guide, 'Variables and tags': if AWS can't resolve a variable, the entire statement might be"
        " invalid. iam-simulate does so for some resources and not for others; we do for all.",
        has_variable_without_value,
        with_user_name,
    ),
    Known(
        "evaluation",
        "Null on a key that has no values",
        "IAM User Guide, 'Condition operators', Null: false means that the key exists and its value is not null; a"
        " set without members is what ForAllValues there calls a null data set. For us.",
        has_empty_key,
        without_empty_keys,
    ),
    Known(
        "equivalence",
        "Principal \"*\" and a missing one",
        "IAM User Guide, 'Principal': \"*\" is everyone. awspolicyequivalence compares principals written as text"
        " as if they were empty. For us.",
        has_text_principal,
        without_text_principal,
    ),
    Known(
        "pattern",
        "a number in a block of addresses",
        "EventBridge User Guide, 'Comparison operators', IP address matching: for IPv4 and IPv6 addresses. event-ruler"
        " compares a number's own spelling with the block's ends. For us.",
        lambda case: "0.0.0.0/0" in case["pattern"],
        lambda case: changed(case, without_wide_block),
        ("no match", "match"),
    ),
    Known(
        "pattern",
        "several values of one field in event-ruler's automaton",
        "EventBridge User Guide, 'Creating event patterns': a field matches if any of the values in its array does,"
        " and 'Comparison operators', $or: if any of its fields does. event-ruler says of one of the alternatives by"
        " itself that it matches, and of all together that they do not; from run to run it may say otherwise. For us.",
        lambda case: True,
        witness,
        ("match", "no match"),
    ),
    Known(
        "pattern",
        "wildcards that EventBridge finds too complex",
        "EventBridge User Guide, 'Comparison operators', wildcard: rules may be refused as too complex. AWS's recorded"
        " answers refuse a complexity of 11; event-ruler leaves the limit to its caller. For us.",
        lambda case: changed(case, without_unwanted_wildcards) != case,
        lambda case: changed(case, without_unwanted_wildcards),
        ("error", None),
    ),
]
