"""Event patterns and events that they may match."""

from __future__ import annotations

import json
from random import Random
from typing import Any

Json = dict[str, Any]

TEXTS = ["SUCCEEDED", "succeeded", "FAILED", "prod-models", "prod", "models-7", "", "a*b", "été", "arn:aws:sns:x:1:t"]
NUMBERS: list[Any] = [0, 1, -1, 3.5, 300, 1e3, 123456789, 5.0]
ADDRESSES = ["10.0.0.1", "10.0.0.255", "192.168.1.1", "2001:db8::1", "2001:0db8:0:0:0:0:0:1"]
FIELDS = ["source", "detail-type", "state", "pipeline", "count", "address", "tags"]


def value(random: Random) -> Any:
    return random.choice([random.choice(TEXTS), random.choice(NUMBERS), random.choice(ADDRESSES), True, False, None])


def event_object(random: Random, depth: int) -> Json:
    made: Json = {}
    for field in random.sample(FIELDS, random.randint(0, 4)):
        made[field] = event_value(random, depth)
    return made


def event_value(random: Random, depth: int) -> Any:
    choice = random.random()
    if depth > 0 and choice < 0.2:
        return event_object(random, depth - 1)
    if choice < 0.35:
        inner = event_object if depth > 0 and random.random() < 0.5 else None
        return [inner(random, depth - 1) if inner else value(random) for _ in range(random.randint(0, 3))]
    return value(random)


def part(random: Random, text: str) -> str:
    start = random.randrange(len(text)) if text else 0
    return text[start : start + random.randint(1, 4)]


def numeric(random: Random) -> list[Any]:
    low, high = sorted(random.sample([-1, 0, 1, 3.5, 300, 1000], 2))
    return random.choice(
        [["=", random.choice(NUMBERS)], [">", low], ["<=", high], [">=", low, "<", high], [">", low, "<=", high]]
    )


def anything_but(random: Random, text: str) -> Any:
    return random.choice(
        [
            text,
            [text, random.choice(TEXTS)],
            random.choice(NUMBERS),
            [300, 0],
            {"prefix": text[:2] or "x"},
            {"suffix": text[-2:] or "x"},
            {"prefix": ["pro", text[:2] or "x"]},
            {"suffix": ["ED", "ls"]},
            {"wildcard": "*od*"},
            {"wildcard": ["*od*", "S*D"]},
            {"equals-ignore-case": text},
            {"equals-ignore-case": [text, "failed"]},
        ]
    )


def test(random: Random) -> Any:
    text = random.choice(TEXTS)
    return random.choice(
        [
            text,
            random.choice(TEXTS),
            random.choice(NUMBERS),
            random.choice([True, False, None]),
            random.choice(ADDRESSES),
            {"prefix": part(random, text) or "p"},
            {"suffix": part(random, text) or "d"},
            {"prefix": {"equals-ignore-case": text[:3] or "S"}},
            {"suffix": {"equals-ignore-case": text[-3:] or "D"}},
            {"equals-ignore-case": text},
            {"wildcard": random.choice(["*", "prod*", "*od*ls", "S*D", "*:sns:*", "*ED", "a\\*b"])},
            {"anything-but": anything_but(random, text)},
            {"numeric": numeric(random)},
            {"exists": random.choice([True, False])},
            {"cidr": random.choice(["10.0.0.0/24", "10.0.0.0/30", "192.168.0.0/16", "2001:db8::/32", "0.0.0.0/0"])},
        ]
    )


def pattern_object(random: Random, depth: int) -> Json:
    made: Json = {}
    for field in random.sample(FIELDS, random.randint(1, 2)):
        if depth > 0 and random.random() < 0.3:
            made[field] = pattern_object(random, depth - 1)
        else:
            made[field] = [test(random) for _ in range(random.randint(1, 3))]
    if random.random() < 0.12:
        made["$or"] = [pattern_object(random, 0) for _ in range(random.randint(2, 3))]
    return made


def aim(random: Random, pattern: Json, event: Json) -> None:
    """Puts what the pattern asks for into the event, here and there, so that some match."""
    for field, wanted in pattern.items():
        if isinstance(wanted, dict):
            inner = event.setdefault(field, {})
            if isinstance(inner, dict):
                aim(random, wanted, inner)
        elif field == "$or":
            aim(random, random.choice(wanted), event)
        elif random.random() < 0.8:
            chosen = random.choice(wanted)
            event[field] = hit(random, chosen)


def hit(random: Random, wanted: Any) -> Any:
    if not isinstance(wanted, dict):
        return [wanted, value(random)] if random.random() < 0.2 else wanted
    operator, operand = next(iter(wanted.items()))
    if operator == "prefix":
        return operand + "tail" if isinstance(operand, str) else operand["equals-ignore-case"].lower() + "tail"
    if operator == "suffix":
        return "head" + operand if isinstance(operand, str) else "head" + operand["equals-ignore-case"].upper()
    if operator == "equals-ignore-case":
        return operand.swapcase()
    if operator == "wildcard":
        return operand.replace("\\*", "*").replace("*", random.choice(["", "x"]))
    if operator == "numeric":
        return random.choice([operand[1], operand[1] + 1, operand[-1] - 1])
    if operator == "cidr":
        return random.choice(ADDRESSES)
    return value(random)


def pair(random: Random) -> Json:
    pattern = pattern_object(random, 2)
    event = event_object(random, 2)
    if random.random() < 0.8:
        aim(random, pattern, event)
    return {"pattern": json.dumps(pattern, ensure_ascii=False), "event": json.dumps(event, ensure_ascii=False)}
