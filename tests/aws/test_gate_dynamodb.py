"""The gate's strictness where moto is not: what DynamoDB says of expressions, keys, items and transactions."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from gate.fixtures import *  # noqa: F403

KEY = {"kind": {"S": "deployment"}, "key": {"S": "one"}}
NAMES, VALUES = {"#version": "version"}, {":one": {"N": "1"}}


def update(key: dict[str, Any] = KEY, **changes: Any) -> dict[str, Any]:
    whole = {"TableName": "causeway", "Key": key, "UpdateExpression": "SET #version = :one", "ExpressionAttributeNames": NAMES,
             "ExpressionAttributeValues": VALUES, **changes}
    return {"Update": {name: value for name, value in whole.items() if value is not None}}


def other(number: int) -> dict[str, Any]:
    return {**KEY, "key": {"S": str(number)}}


def place(text: str) -> dict[str, Any]:
    """The index's key is made of this."""
    return update(UpdateExpression="SET #open = :one", ExpressionAttributeNames={"#open": "open"}, ExpressionAttributeValues={":one": {"S": text}})


def body(size: int) -> dict[str, Any]:
    return update(ExpressionAttributeValues={":one": {"B": b"x" * size}})


def ask(bare: Any, items: list[dict[str, Any]]) -> str:
    """The code of the answer; there is no such table."""
    with pytest.raises(ClientError) as caught:
        bare.client("prod", "dynamodb").transact_write_items(TransactItems=items)
    return caught.value.response["Error"]["Code"]


GOOD = {
    "an update": [update()],
    "what only removes": [update(UpdateExpression="REMOVE #version", ExpressionAttributeValues=None)],
    "both": [update(UpdateExpression="SET #a = if_not_exists(#a, :one) REMOVE #version", ExpressionAttributeNames={**NAMES, "#a": "a"})],
    "a hundred items": [update(other(i)) for i in range(100)],
    "an index's key as long as it may be": [place("x" * 1024)],
    "a key as long as it may be": [update({**KEY, "key": {"S": "x" * 1024}})],
    "an item as large as it may be": [body(400 * 1024 - 100)],
}
BAD = {
    "a name that nothing uses": [update(ExpressionAttributeNames={**NAMES, "#more": "more"})],
    "a value that nothing uses": [update(ExpressionAttributeValues={**VALUES, ":two": {"N": "2"}})],
    "a name that is not defined": [update(ExpressionAttributeNames={"#other": "other"})],
    "a value that is not defined": [update(UpdateExpression="SET #version = :two")],
    "names that are none": [update(ExpressionAttributeNames={})],
    "a word that may be reserved": [update(UpdateExpression="SET version = :one", ExpressionAttributeNames=None)],
    "an attribute twice": [update(UpdateExpression="SET #version = :one, #again = :one",
                                  ExpressionAttributeNames={**NAMES, "#again": "version"})],
    "a clause twice": [update(UpdateExpression="SET #version = :one SET #b = :one", ExpressionAttributeNames={**NAMES, "#b": "b"})],
    "a key's attribute": [update(ExpressionAttributeNames={"#version": "key"})],
    "half a key": [update({"kind": {"S": "deployment"}})],
    "an empty key": [update({**KEY, "key": {"S": ""}})],
    "a key that is too long": [update({**KEY, "key": {"S": "x" * 1025}})],
    "an index's key that is empty": [place("")],
    "an index's key that is too long": [place("x" * 1025)],
    "an item that is too large": [body(400 * 1024 + 1)],
    "a number that is none": [update(ExpressionAttributeValues={":one": {"N": "one"}})],
    "an item twice": [update(), update()],
    "more than a hundred items": [update(other(i)) for i in range(101)],
    "more than four megabytes": [{**update(other(i), ExpressionAttributeValues={":one": {"B": b"x" * 399_000}})} for i in range(11)],
}


@pytest.mark.parametrize("name", GOOD)
def test_given_a_transaction_that_dynamodb_takes_when_it_is_asked_for_then_only_the_table_is_missing(bare, name):
    assert ask(bare, GOOD[name]) == "ResourceNotFoundException"


@pytest.mark.parametrize("name", BAD)
@pytest.mark.usefixtures("expects_violations")
def test_given_a_transaction_that_dynamodb_refuses_when_it_is_asked_for_then_it_is_refused_and_a_violation(bare, control, name):
    assert ask(bare, BAD[name]) == "ValidationException"
    assert [v["operation"] for v in control.violations()] == ["TransactWriteItems"]
