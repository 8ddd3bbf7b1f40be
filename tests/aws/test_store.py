"""The DynamoDB store over the sandbox's DynamoDB: the contract of all stores, and what the network does to it."""

import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from calls import PROGRAMS

STORE = str(PROGRAMS / "aws_store")
TABLE = "causeway"


class Player:
    """A process with the store open, that commits what it is told to."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.process = subprocess.Popen([STORE, TABLE, "play"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env={"PATH": "/usr/bin", **environment}, text=True)
        self.expect("open")

    def expect(self, *lines: str) -> None:
        assert [self.process.stdout.readline().strip() for _ in lines] == list(lines)

    def ask(self, key: str, expected: int, text: str) -> None:
        self.process.stdin.write(f"{key} {expected} {text}\n")
        self.process.stdin.flush()

    def close(self) -> None:
        _, said = self.process.communicate(timeout=30)
        assert self.process.returncode == 0, said


@pytest.fixture
def player(sandbox: Any, bare: Any) -> Iterator[Player]:
    player = Player(sandbox.environment())
    yield player
    player.close()


def test_the_contract_of_all_stores_holds_over_dynamodb(sandbox, bare):
    done = subprocess.run([STORE, TABLE], env={"PATH": "/usr/bin", **sandbox.environment()}, capture_output=True,
                          text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "[  PASSED  ]" in done.stderr + done.stdout


def test_given_no_table_when_the_store_is_opened_then_there_is_one_on_demand_with_time_to_live(player, bare):
    client = bare.client("prod", "dynamodb")
    table = client.describe_table(TableName=TABLE)["Table"]
    assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
    assert {k["AttributeName"] for k in table["KeySchema"]} == {"kind", "key"}
    assert {i["IndexName"]: i["Projection"]["ProjectionType"] for i in table["LocalSecondaryIndexes"]} == {
        "open": "KEYS_ONLY", "listed": "KEYS_ONLY", "grouped": "KEYS_ONLY"}
    ttl = client.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")


def test_given_a_lost_answer_when_a_commit_is_sent_again_then_it_is_not_taken_for_a_conflict(player, control, bare):
    control.fault("reset", {"operation": "TransactWriteItems"}, nth=1, when="after")
    player.ask("a", 0, "text")
    player.expect("committed")
    assert len(control.calls(operation="TransactWriteItems")) == 2, "it was not sent twice"
    assert _row(bare, "a")["version"] == {"N": "1"}
    player.ask("a", 0, "text")
    player.expect("conflict")


def test_given_throttling_when_a_commit_is_asked_for_then_it_waits_and_is_carried_out(player, control, bare):
    control.fault("throttle", {"operation": "TransactWriteItems"}, times=4)
    player.ask("a", 0, "text")
    player.expect("committed")
    assert len(control.calls(operation="TransactWriteItems")) == 5


def test_given_no_dynamodb_when_a_commit_is_asked_for_then_the_store_is_unhealthy_until_it_answers(player, control, bare):
    control.fault("error", {"service": "dynamodb"}, code="InternalServerError", status=500, times=5)
    player.ask("a", 0, "text")
    player.expect("unhealthy", "healthy", "committed")
    assert _row(bare, "a")["version"] == {"N": "1"}


def test_given_no_permission_when_a_commit_is_asked_for_then_it_fails_with_the_reason(player, control, bare):
    control.fault("error", {"operation": "TransactWriteItems"}, code="AccessDeniedException", status=400, times=1)
    player.ask("a", 0, "text")
    player.expect("unhealthy", "failed denied")
    player.ask("a", 0, "text")
    player.expect("healthy", "committed")


def _row(bare: Any, key: str) -> dict[str, Any]:
    return bare.client("prod", "dynamodb").get_item(TableName=TABLE, Key={"kind": {"S": "thing"}, "key": {"S": key}})["Item"]
