"""Our signatures against botocore's, over random requests; and odd names and bodies through the gate, which verifies
each request with botocore's signer."""

import base64
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from calls import Caller, sign
from gate.client import Gate, Sandbox
from gate.world import MODEL_BUCKET, World

SEED = 20261120
ODD = " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aZ09äß€日本🚀\u0301"
SERVICES = ["s3", "sqs", "sagemaker", "sts", "execute-api"]


def odd_text(chance: random.Random, longest: int, alphabet: str = ODD) -> str:
    return "".join(chance.choice(alphabet) for _ in range(chance.randint(0, longest)))


def random_path(chance: random.Random) -> str:
    segments = [chance.choice(["", ".", "..", "a", quote(odd_text(chance, 12), safe="")]) for _ in range(chance.randint(0, 5))]
    return "/" + "/".join(segments)


def random_query(chance: random.Random) -> str:
    """Names may repeat, values may be empty; all of it is encoded, as our codecs do."""
    names = ["a", "A", "a-b", "ab", "", "X-Amz-Thing", quote(odd_text(chance, 6), safe="")]
    pairs = [(chance.choice(names), quote(odd_text(chance, 10), safe="")) for _ in range(chance.randint(0, 6))]
    return "&".join(name + "=" + value for name, value in pairs)


def random_headers(chance: random.Random) -> list[list[str]]:
    """Upper and lower case, inner and outer white space, empty values; among them some that nobody signs."""
    names = ["Content-Type", "x-amz-meta-a", "X-Amz-Meta-B", "x-amz-copy-source", "x-amz-copy-source-range", "zeta", "User-Agent", "Accept"]
    visible = "".join(chr(c) for c in range(33, 127))
    chance.shuffle(names)
    return [[name, chance.choice(["", "a  b   c", "  edge ", odd_text(chance, 20, visible + "  ")])] for name in names[: chance.randint(0, 6)]]


def random_request(chance: random.Random) -> dict[str, Any]:
    return {
        "method": chance.choice(["GET", "PUT", "POST", "DELETE", "HEAD"]),
        "host": chance.choice(["sqs.us-east-1.amazonaws.com", "127.0.0.1:4566", "[::1]:8080"]),
        "path": random_path(chance), "query": random_query(chance), "headers": random_headers(chance),
        "body": base64.b64encode(chance.randbytes(chance.choice([0, 1, 64, 5000]))).decode(),
        "service": chance.choice(SERVICES), "region": chance.choice(["us-east-1", "eu-west-1", "cn-north-1"]),
        "now_ms": chance.randint(0, 4_000_000_000) * 1000,
        "access_key_id": "AKID" + str(chance.randint(0, 9)), "secret_access_key": odd_text(chance, 40, "abcXYZ019/+=") or "s",
        **({"session_token": "token/+=" * chance.randint(1, 40)} if chance.random() < 0.5 else {}),
    }


def botocore_authorization(request: dict[str, Any], headers: list[tuple[str, str]]) -> str:
    """What botocore says of the request with the headers that we send, but for the signature's own."""
    path = request["path"]
    signer_class = S3SigV4Auth if request["service"] == "s3" else SigV4Auth
    credentials = Credentials(request["access_key_id"], request["secret_access_key"], request.get("session_token"))
    signer = signer_class(credentials, request["service"], request["region"])
    url = f"https://{request['host']}{path}" + (f"?{request['query']}" if request["query"] else "")
    theirs = AWSRequest(request["method"], url, data=base64.b64decode(request["body"]))
    sent = dict(headers)
    for name, value in headers:
        if name != "authorization":
            theirs.headers[name] = value
    theirs.context["timestamp"] = sent["x-amz-date"]
    signed = ";".join(sorted(name.lower() for name in signer.headers_to_sign(theirs)))
    text = signer.string_to_sign(theirs, signer.canonical_request(theirs))
    return (f"AWS4-HMAC-SHA256 Credential={signer.scope(theirs)}, SignedHeaders={signed}, "
            f"Signature={signer.signature(text, theirs)}")


def test_given_a_thousand_random_requests_when_signed_then_botocore_signs_them_so_too() -> None:
    chance = random.Random(SEED)
    requests = [random_request(chance) for _ in range(1000)]
    for number, (request, headers) in enumerate(zip(requests, sign(requests), strict=True)):
        assert dict(headers)["authorization"] == botocore_authorization(request, headers), f"request {number}: {request}"


def test_given_a_session_when_signed_then_its_token_is_sent_and_signed() -> None:
    chance = random.Random(SEED)
    request = {**random_request(chance), "session_token": "the token"}
    headers = dict(sign([request])[0])
    assert headers["x-amz-security-token"] == "the token"
    assert ";x-amz-security-token" in headers["authorization"]


@pytest.fixture
def caller(sandbox: Sandbox) -> Iterator[Caller]:
    with Caller(sandbox.environment("prod")) as started:
        yield started


def odd_keys() -> list[str]:
    chance = random.Random(SEED)
    letters = ODD.replace("\\", "")
    fixed = ["a b", "a+b", "a%20b", "ä/ö/ü", "日本/🚀", "a?b#c", "a&b=c", "trailing/", "dots/.hidden/..x", "'quoted' (so)", "*!~", "k" * 1000]
    return fixed + [f"random/{n}/" + odd_text(chance, 30, letters).strip("/") + "x" for n in range(120)]


def test_given_keys_with_every_kind_of_letter_when_put_and_got_then_each_is_its_own_object(
        world: World, caller: Caller, control: Gate) -> None:
    keys = odd_keys()
    for number, key in enumerate(keys):
        assert caller.call("PutObject", {"Bucket": MODEL_BUCKET, "Key": key, "Body": str(number)})["ok"], key
    for number, key in enumerate(keys):
        answer = caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": key})
        assert answer["ok"] and answer["output"]["Body"] == str(number), key
    pages = world.client("prod", "s3").get_paginator("list_objects_v2").paginate(Bucket=MODEL_BUCKET)
    assert {item["Key"] for page in pages for item in page["Contents"]} == set(keys)


def test_given_messages_of_every_kind_of_letter_when_sent_then_they_arrive_as_they_are(world: World, caller: Caller, control: Gate) -> None:
    chance = random.Random(SEED)
    texts = {f"{n} " + odd_text(chance, 200, ODD + "\n\t") for n in range(60)}
    for text in texts:
        assert caller.call("SendMessage", {"QueueUrl": world.queue_url, "MessageBody": text})["ok"], text
    received = set()
    while len(received) < len(texts):
        answer = caller.call("ReceiveMessage", {"QueueUrl": world.queue_url, "MaxNumberOfMessages": 10})
        received |= {message["Body"] for message in answer["output"]["Messages"]}
    assert received == texts
