"""What DynamoDB refuses and moto lets pass, or may: expressions, and sizes of items, keys and transactions.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.ExpressionAttributeNames.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html
Names stand for themselves only behind a '#': which words are reserved (there are hundreds) is nobody's to remember then.
"""

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

from ..exchange import AwsError, Request

EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression", "FilterExpression", "ProjectionExpression")
WORDS = {"set", "remove", "add", "delete", "and", "or", "not", "between", "in"}
FUNCTIONS = {"attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size", "if_not_exists", "list_append"}
CLAUSES = re.compile(r"\b(SET|REMOVE|ADD|DELETE)\b")
NUMBER = re.compile(r"-?[0-9]{1,38}(\.[0-9]{1,38})?")
ITEM_BYTES, TRANSACTION_BYTES, TRANSACTION_ITEMS, BATCH_KEYS = 400 * 1024, 4 * 1024 * 1024, 100, 100
PARTITION_KEY_BYTES, SORT_KEY_BYTES = 2048, 1024
KEYS, INDEXED = ("kind", "key"), ("open", "listed", "grouped")  # of our table and its indexes


def check(request: Request) -> None:
    """Raises what AWS would answer; it is a violation, too."""
    given = request.parameters
    for part in _parts(given):
        _check_part(part)
    written = [(part["TableName"], json.dumps(part.get("Key") or {k: part["Item"][k] for k in KEYS if k in part["Item"]}, sort_keys=True), part)
               for item in given.get("TransactItems", []) for part in item.values()]
    places = [place[:2] for place in written]
    if len(places) > TRANSACTION_ITEMS:
        _refuse(f"Member must have length less than or equal to {TRANSACTION_ITEMS}")
    if len(set(places)) < len(places):
        _refuse("Transaction request cannot include multiple operations on one item")
    if sum(_bytes_of(part) for _, _, part in written) > TRANSACTION_BYTES:
        _refuse("Collection size of the transaction exceeded: 4 MB")
    for asked in given.get("RequestItems", {}).values():
        keys = [json.dumps(key, sort_keys=True) for key in asked.get("Keys", [])] if isinstance(asked, dict) else []
        if len(keys) > BATCH_KEYS or len(set(keys)) < len(keys):
            _refuse("Provided list of item keys contains duplicates, or more than 100")


def _parts(given: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Whatever has expressions: the request itself, or each part of it."""
    yield given
    for item in given.get("TransactItems", []):
        yield from item.values()
    yield from (asked for asked in given.get("RequestItems", {}).values() if isinstance(asked, dict))


def _check_part(part: dict[str, Any]) -> None:
    expressions = {name: part[name] for name in EXPRESSIONS if name in part}
    names, values = part.get("ExpressionAttributeNames"), part.get("ExpressionAttributeValues")
    text = " ".join(expressions.values())
    for what, defined, used in (("Names", names, re.findall(r"#\w+", text)), ("Values", values, re.findall(r":\w+", text))):
        if defined is not None and not defined:
            _refuse(f"ExpressionAttribute{what} must not be empty")
        if defined and not expressions:
            _refuse(f"ExpressionAttribute{what} can only be specified when using expressions")
        if unused := set(defined or {}) - set(used):
            _refuse(f"Value provided in ExpressionAttribute{what} unused in expressions: keys: {sorted(unused)}")
        if missing := set(used) - set(defined or {}):
            _refuse(f"An expression attribute {what.lower()[:-1]} used in the document path is not defined; attribute: {sorted(missing)}")
    for name, expression in expressions.items():
        _check_words(name, expression)
    if "UpdateExpression" in part:
        _check_update(part["UpdateExpression"], names or {}, values or {})
    for key in ([part["Key"]] if "Key" in part else part.get("Keys", [])):
        _check_key(key)
    if "Item" in part:
        _check_key({name: part["Item"].get(name, {}) for name in KEYS})
    for value in (values or {}).values():
        _check_value(value)
    if _bytes_of(part) > ITEM_BYTES:
        _refuse("Item size has exceeded the maximum allowed size")


def _check_words(name: str, expression: str) -> None:
    if not expression.strip():
        _refuse(f"Invalid {name}: The expression can not be empty;")
    for word in re.findall(r"(?<![#:\w])[A-Za-z_]\w*", expression):
        if word.lower() not in WORDS and word not in FUNCTIONS:
            _refuse(f"Invalid {name}: Attribute name is a reserved keyword, or may be one; reserved keyword: {word}")


def _check_update(expression: str, names: dict[str, str], values: dict[str, Any]) -> None:
    clauses = CLAUSES.findall(expression)
    if not clauses or len(set(clauses)) < len(clauses):
        _refuse('Invalid UpdateExpression: The "SET" section can only be used once in an update expression;')
    written = []
    for clause, body in zip(clauses, CLAUSES.split(expression)[2::2]):
        for action in re.split(r",(?![^(]*\))", body):
            path = re.match(r"\s*(#\w+)", action)
            if not path or (clause == "SET") != ("=" in action):
                _refuse(f"Invalid UpdateExpression: Syntax error; near: {action.strip()!r}")
            written.append(names[path[1]])
            if clause == "SET" and names[path[1]] in INDEXED and (value := values.get(action.split("=")[1].strip())):
                _check_size(value, names[path[1]], SORT_KEY_BYTES)
    if len(set(written)) < len(written):
        _refuse("Invalid UpdateExpression: Two document paths overlap with each other")
    if touched := set(written) & set(KEYS):
        _refuse(f"Cannot update attribute {sorted(touched)}. This attribute is part of the key")


def _check_key(key: dict[str, Any]) -> None:
    if set(KEYS) & set(key) and set(key) != set(KEYS):
        _refuse("The provided key element does not match the schema")
    for name, most in zip(KEYS, (PARTITION_KEY_BYTES, SORT_KEY_BYTES)):
        if name in key:
            _check_size(key[name], name, most)


def _check_size(value: dict[str, Any], name: str, most: int) -> None:
    text = value.get("S")
    if not text:
        _refuse(f"One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: {name}")
    if len(text.encode()) > most:
        _refuse(f"One or more parameter values were invalid: Size of the key {name} has exceeded the maximum size limit of {most} bytes")


def _check_value(value: dict[str, Any]) -> None:
    if len(value) != 1:
        _refuse("Supplied AttributeValue must contain exactly one of the supported datatypes")
    if "N" in value and not NUMBER.fullmatch(value["N"]):
        _refuse(f"The parameter cannot be converted to a numeric value: {value['N']}")


def _bytes_of(part: dict[str, Any]) -> int:
    """What the item has of it, about: names and values, bytes unencoded."""
    whole = {**part.get("Key", {}), **part.get("ExpressionAttributeValues", {}), **part.get("Item", {})}
    return sum(len(name) + _length(value) for name, value in whole.items())


def _length(value: dict[str, Any]) -> int:
    if "B" in value:
        return len(value["B"] if isinstance(value["B"], bytes) else base64.b64decode(value["B"]))
    return sum(len(str(one).encode()) for one in value.values())


def _refuse(message: str) -> None:
    raise AwsError("ValidationException", message, 400, violation=f"dynamodb: {message}")
