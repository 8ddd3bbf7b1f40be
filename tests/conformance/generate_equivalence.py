"""Pairs of policies: a policy, and the same again, rewritten in ways that change its meaning or not."""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any, Callable

Json = dict[str, Any]

ACCOUNT = "222222222222"
ACTIONS = ["s3:GetObject", "s3:PutObject", "s3:*", "sqs:SendMessage", "SQS:SendMessage", "kms:Decrypt"]
RESOURCES = ["*", "arn:aws:s3:::models/*", "arn:aws:s3:::models", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:events"]
PRINCIPALS = [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{ACCOUNT}:role/build", "*", "AROAEXAMPLEEXAMPLE12"]
SERVICES = ["events.amazonaws.com", "sns.amazonaws.com"]
CONDITIONS: list[tuple[str, str, list[Any]]] = [
    ("StringEquals", "aws:SourceAccount", [ACCOUNT, "111111111111"]),
    ("ArnLike", "aws:SourceArn", ["arn:aws:events:*:*:rule/*", "arn:aws:sns:*:*:a"]),
    ("Bool", "aws:SecureTransport", ["true", True, "false", False]),
    ("NumericLessThan", "s3:max-keys", ["10", 10, 10.5, "10.5"]),
]


def few(random: Random, things: list[Any], most: int = 3) -> Any:
    chosen = random.sample(things, random.randint(1, min(most, len(things))))
    return chosen[0] if len(chosen) == 1 and random.random() < 0.5 else chosen


def statement(random: Random) -> Json:
    made: Json = {"Effect": random.choice(["Allow", "Deny"])}
    if random.random() < 0.5:
        made["Sid"] = random.choice(["One", "Two", "Three"])
    if random.random() < 0.7:
        made["Principal"] = {}
        if random.random() < 0.8:
            made["Principal"]["AWS"] = few(random, PRINCIPALS)
        if random.random() < 0.4:
            made["Principal"]["Service"] = few(random, SERVICES)
    elif random.random() < 0.3:
        made["Principal"] = "*"
    made[random.choice(["Action", "Action", "Action", "NotAction"])] = few(random, ACTIONS)
    if random.random() < 0.8:
        made[random.choice(["Resource", "Resource", "NotResource"])] = few(random, RESOURCES)
    if random.random() < 0.4:
        operator, key, values = random.choice(CONDITIONS)
        made["Condition"] = {operator: {key: few(random, values)}}
    return made


def policy(random: Random) -> Json:
    made: Json = {"Version": random.choice(["2012-10-17", "2012-10-17", "2008-10-17"])}
    if random.random() < 0.2:
        made["Id"] = random.choice(["one", "two"])
    statements = [statement(random) for _ in range(random.randint(1, 3))]
    made["Statement"] = statements[0] if len(statements) == 1 and random.random() < 0.3 else statements
    return made


# ---- Rewriting ----


def statements_of(document: Json) -> list[Json]:
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def lists_in(document: Json) -> list[tuple[Json, str]]:
    """Every place that holds a value or a list of values."""
    places: list[tuple[Json, str]] = []
    for each in statements_of(document):
        places += [(each, key) for key in ("Action", "NotAction", "Resource", "NotResource") if key in each]
        if isinstance(each.get("Principal"), dict):
            places += [(each["Principal"], key) for key in each["Principal"]]
        for keys in each.get("Condition", {}).values():
            places += [(keys, key) for key in keys]
    return places


def change_list(random: Random, document: Json, change: Callable[[list[Any]], Any]) -> None:
    places = lists_in(document)
    if not places:
        return
    holder, key = random.choice(places)
    held = holder[key]
    holder[key] = change(list(held) if isinstance(held, list) else [held])


def swap_account(value: Any) -> Any:
    root = f"arn:aws:iam::{ACCOUNT}:root"
    return root if value == ACCOUNT else ACCOUNT if value == root else value


def rewrite(random: Random, document: Json) -> None:
    def shuffled(things: list[Any]) -> list[Any]:
        return random.sample(things, len(things))

    every = statements_of(document)
    one = random.choice(every) if every else {}
    choice = random.randrange(16)
    if choice == 0:
        document["Statement"] = shuffled(every)
    elif choice == 1:
        change_list(random, document, shuffled)
    elif choice == 2:
        change_list(random, document, lambda held: held[0] if len(held) == 1 else held)
    elif choice == 3:
        change_list(random, document, lambda held: held + [random.choice(held)] if held else held)
    elif choice == 4:
        change_list(random, document, lambda held: [swap_account(value) for value in held])
    elif choice == 5:
        change_list(random, document, lambda held: [str(value).lower() if isinstance(value, bool) else value for value in held])
    elif choice == 6:
        change_list(random, document, lambda held: held[1:])
    elif choice == 7:
        one["Effect"] = one.get("Effect", "Allow").lower()
    elif choice == 8:
        one["Effect"] = random.choice(["Allow", "Deny"])
    elif choice == 9:
        one["Sid"] = random.choice(["", "One", "Four"])
    elif choice == 10:
        change_list(random, document, lambda held: [value.swapcase() if isinstance(value, str) else value for value in held])
    elif choice == 11:
        document["Version"] = random.choice(["2012-10-17", "2008-10-17"])
    elif choice == 12 and isinstance(one.get("Principal"), dict):
        one["Principal"]["Federated"] = []
    elif choice == 13 and one:
        document["Statement"] = every + [copy.deepcopy(one)]
    elif choice == 14 and one.get("Principal") == "*":
        one["Principal"] = {"AWS": "*"}
    elif choice == 15:
        document.pop("Id", None)


def pair(random: Random) -> Json:
    first = policy(random)
    second = policy(random) if random.random() < 0.05 else copy.deepcopy(first)
    for _ in range(random.randint(1, 4)):
        rewrite(random, second)
    space = random.choice([None, 2])
    return {"a": json.dumps(first), "b": json.dumps(second, indent=space)}
