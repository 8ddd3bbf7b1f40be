"""What the daemon answers, shown to people and to programs; and the exit code of every kind of answer."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import answers
import pytest
from conftest import Answer, document, run
from standin import StandIn

Ask = Callable[..., Answer]
Compare = Callable[[str, str], None]

CONFIGURATION = """
version: 1
home: prod
accounts: {{ prod: {{ id: "361769565206", region: us-east-1 }} }}
queue: {{ name: causeway-events }}
store: {{ sqlite: /var/lib/causeway/causeway.db }}
listen: {{ control: "{socket}" }}
"""

SHOWN: dict[str, tuple[tuple[str, ...], str, Any]] = {
    "status": (("status",), "/v1/status", answers.STATUS),
    "status-ill": (("status",), "/v1/status", answers.ILL),
    "status-brisk": (("status",), "/v1/status", answers.BRISK),
    "status-drift": (("status",), "/v1/status", answers.DRIFTED),
    "status-usual": (("status",), "/v1/status", answers.USUAL),
    "status-usual-one": (("status", answers.THIRD), f"/v1/deployments/{answers.THIRD}", answers.OF_USUAL),
    "status-rollout": (("status",), "/v1/status", answers.ROLLOUT),
    "status-rollout-one": (("status", answers.THIRD), f"/v1/deployments/{answers.THIRD}", answers.OF_ROLLOUT),
    "status-empty": (("status",), "/v1/status", answers.EMPTY),
    "status-endpoint": (("status", "fraud-scorer"), "/v1/status?endpoint=fraud-scorer", answers.OF_ENDPOINT),
    "status-settling": (("status", answers.THIRD), f"/v1/deployments/{answers.THIRD}", answers.OF_SETTLING),
    "status-rolled-back": (("status", answers.SECOND), f"/v1/deployments/{answers.SECOND}", answers.OF_ROLLED_BACK),
    "history": (("history", "fraud-scorer"), "/v1/history?endpoint=fraud-scorer", answers.HISTORY),
    "history-empty": (("history", "other"), "/v1/history?endpoint=other", {"endpoint": "other", "deployments": []}),
    "version": (("version",), "/v1/version", answers.VERSION),
}


@pytest.mark.parametrize("name", SHOWN)
def test_an_answer_is_shown_to_people_as_expected(daemon: StandIn, ask: Ask, expected: Compare, name: str) -> None:
    command, target, content = SHOWN[name]
    daemon.answer("GET", target, content)
    answer = ask(*command)
    assert (answer.returncode, answer.stderr) == (0, "")
    expected(f"{name}.txt", answer.stdout)


@pytest.mark.parametrize("name", [name for name in SHOWN if name != "version"])
def test_json_is_the_daemons_own_document(daemon: StandIn, ask: Ask, name: str) -> None:
    command, target, content = SHOWN[name]
    daemon.answer("GET", target, content)
    answer = ask("--json", *command)
    assert answer.returncode == 0
    assert document(answer) == content


def test_json_of_version_holds_both_versions(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/version", answers.VERSION)
    told = document(ask("version", "--json"))
    assert told["program"] == "causewayctl"
    assert told["version"] == answers.VERSION["version"]
    assert told["daemon"] == answers.VERSION


# Names


def test_a_name_that_looks_like_an_id_may_be_an_endpoints(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/status?endpoint=model-abcdefabcdef", {**answers.OF_ENDPOINT, "endpoint": "model-abcdefabcdef"})
    answer = ask("status", "model-abcdefabcdef")
    assert answer.returncode == 0
    assert answer.stdout.startswith("model-abcdefabcdef\n")


def test_a_name_that_nobody_has_is_the_answer_no(daemon: StandIn, ask: Ask) -> None:
    answer = ask("--json", "status", "nobody")
    assert answer.returncode == 1
    assert "no deployment and no endpoint called nobody" in answer.stderr
    assert document(answer)["error"]["class"] == "not-found"


def test_names_are_encoded(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/history?endpoint=a%26b%2Fc%20d&limit=5%261", {"endpoint": "a&b/c d", "deployments": []})
    assert ask("history", "a&b/c d", "--limit", "5&1").returncode == 0
    daemon.answer("POST", "/v1/deployments/a%2F..%3Fb/cancel", {"action": "cancel", "id": "a/..?b", "duplicate": False})
    assert ask("cancel", "--yes", "a/..?b").returncode == 0


# Wishes


@pytest.mark.parametrize(("verb", "outcome"), [
    ("cancel", "being cancelled"), ("approve", "approved"), ("reject", "rejected")])
def test_a_wish_is_sent_and_its_outcome_told(daemon: StandIn, ask: Ask, verb: str, outcome: str) -> None:
    content = {"action": verb, "id": answers.THIRD, "duplicate": False}
    daemon.answer("POST", f"/v1/deployments/{answers.THIRD}/{verb}", content)
    sure = () if verb == "approve" else ("--yes",)
    answer = ask(verb, answers.THIRD, *sure)
    assert (answer.returncode, answer.stdout) == (0, f"{answers.THIRD}: {outcome}\n")
    assert document(ask("--json", verb, answers.THIRD, *sure)) == content
    assert daemon.asked[0][0] == "POST"


@pytest.mark.parametrize("verb", ["cancel", "reject"])
def test_what_ends_a_deployment_wants_a_yes_where_nobody_can_be_asked(daemon: StandIn, ask: Ask, verb: str) -> None:
    answer = ask(verb, answers.THIRD)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr == f"causewayctl: {verb} wants --yes where nobody can be asked: {verb.capitalize()} the deployment {answers.THIRD}\n"
    assert daemon.asked == []


def test_a_retry_names_the_new_deployment_and_the_old(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("POST", f"/v1/deployments/{answers.SECOND}/retry",
                  {"action": "retry", "retry_of": answers.SECOND, "id": answers.THIRD, "duplicate": False})
    assert ask("retry", answers.SECOND).stdout == f"{answers.THIRD}: started, a new try of {answers.SECOND}\n"


def test_deploy_sends_the_event_as_it_is(daemon: StandIn, ask: Ask, tmp_path: Path) -> None:
    event = '{ "id": "1",\n "detail": {"n": 1.50} }\n'
    (tmp_path / "event.json").write_text(event)
    daemon.answer("POST", "/v1/deploy", {"action": "deploy", "deployment": "fraud-scorer", "endpoint": "fraud-scorer", "id": answers.FIRST, "duplicate": False})
    answer = ask("deploy", "-f", tmp_path / "event.json")
    assert (answer.returncode, answer.stdout) == (0, f"{answers.FIRST}: started, for the endpoint fraud-scorer\n")
    assert ask("deploy", "--file", "-", stdin=event).returncode == 0
    assert [body for _, _, body in daemon.asked] == [event, event]


def test_an_event_that_was_taken_before_starts_nothing_and_is_no_failure(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("POST", "/v1/deploy", {"action": "deploy", "endpoint": "fraud-scorer", "id": answers.FIRST, "duplicate": True})
    answer = ask("deploy", "-f", "-", stdin="{}")
    assert answer.returncode == 0
    assert "taken before" in answer.stdout


@pytest.mark.parametrize(("content", "reason"), [
    ("{", "standard input: line 1"), ("", "standard input: "), ('{"a": 1, "a": 2}', "standard input: line 1"), ('"\xff', "standard input: ")])
def test_a_malformed_event_is_bad_input_and_is_not_sent(daemon: StandIn, ask: Ask, content: str, reason: str) -> None:
    answer = ask("--json", "deploy", "-f", "-", stdin=content)
    assert answer.returncode == 2
    assert reason in answer.stderr
    assert document(answer)["error"]["class"] == "invalid"
    assert daemon.asked == []


def test_an_event_that_is_too_large_is_bad_input(daemon: StandIn, ask: Ask) -> None:
    answer = ask("deploy", "-f", "-", stdin='{"a": "' + "x" * 1_100_000 + '"}')
    assert answer.returncode == 2
    assert "1048576" in answer.stderr


def test_reload_tells_what_is_in_force(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("POST", "/v1/reload", {"action": "reload", "config": "/etc/causeway/causeway.yaml"})
    answer = ask("reload")
    assert (answer.returncode, answer.stdout) == (0, "/etc/causeway/causeway.yaml is in force\n")


def test_a_reload_that_is_refused_tells_every_error_however_many(daemon: StandIn, ask: Ask) -> None:
    lines = "\n".join(f"/etc/causeway/causeway.yaml:{line}:3: unknown key \"bukets\"; did you mean \"buckets\"?" for line in range(1, 41))
    daemon.refuse("POST", "/v1/reload", 400, "invalid", lines)
    answer = ask("reload")
    assert answer.returncode == 2
    assert lines in answer.stderr
    assert "stays in force" in answer.stderr
    assert document(ask("--json", "reload"))["error"]["message"] == lines


# Exit codes


@pytest.mark.parametrize(("status", "error_class", "code"), [
    (400, "invalid", 2), (403, "denied", 4), (404, "not-found", 1), (405, "invalid", 2), (409, "conflict", 4), (413, "limit", 2),
    (429, "throttled", 3), (500, "unknown", 3), (503, "storage", 3)])
def test_every_class_of_answer_has_its_exit_code(daemon: StandIn, ask: Ask, status: int, error_class: str, code: int) -> None:
    daemon.refuse("POST", "/v1/deployments/a/cancel", status, error_class, "a sentence of the daemon", "SomeCode")
    answer = ask("cancel", "a", "--yes")
    assert (answer.returncode, answer.stdout, answer.stderr) == (code, "", "causewayctl: a sentence of the daemon\n")
    told = ask("--json", "cancel", "a", "--yes")
    assert told.returncode == code
    assert told.stderr == answer.stderr
    assert document(told) == {"error": {"class": error_class, "message": "a sentence of the daemon", "code": "SomeCode"}}


@pytest.mark.parametrize("command", [
    ("status",), ("status", "a"), ("history", "a"), ("watch",), ("retry", "a"), ("cancel", "a", "-y"), ("approve", "a"), ("reject", "a", "-y"),
    ("reload",), ("version",), ("deploy", "-f", "-")])
def test_a_daemon_that_is_not_there_is_exit_code_3(tmp_path: Path, command: tuple[str, ...]) -> None:
    socket = tmp_path / "nobody.sock"
    answer = run("--socket", socket, *command, stdin="{}")
    assert answer.returncode == 3
    assert f"{socket}: No such file or directory" in answer.stderr
    assert "systemctl status causewayd" in answer.stderr


def test_an_unreachable_daemon_is_told_in_json_too(tmp_path: Path) -> None:
    answer = run("--json", "status", "--socket", tmp_path / "nobody.sock")
    assert answer.returncode == 3
    assert document(answer)["error"]["class"] == "transient"


def test_version_tells_its_own_where_the_daemon_is_not_there(tmp_path: Path) -> None:
    answer = run("version", "--socket", tmp_path / "nobody.sock")
    assert answer.returncode == 3
    assert answer.stdout.startswith("causewayctl ")


def test_a_socket_path_that_cannot_be_one_is_bad_input() -> None:
    answer = run("status", "--socket", "/" + "x" * 200)
    assert answer.returncode == 2


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{"])
def test_an_answer_that_is_not_the_daemons_is_exit_code_3(daemon: StandIn, ask: Ask, body: bytes) -> None:
    daemon.answer("GET", "/v1/status", body)
    answer = ask("status")
    assert answer.returncode == 3
    assert "not causewayd" in answer.stderr


def test_an_error_without_a_reason_is_told_by_its_status(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/status", b"oops", status=502)
    answer = ask("status")
    assert answer.returncode == 3
    assert "502" in answer.stderr


# Where the daemon is


def test_the_configuration_tells_where_the_daemon_listens(daemon: StandIn, tmp_path: Path) -> None:
    daemon.answer("GET", "/v1/version", answers.VERSION)
    config = tmp_path / "causeway.yaml"
    config.write_text(CONFIGURATION.format(socket=daemon.socket))
    answer = run("--config", config, "version")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert run("version", CAUSEWAY_CONFIG=str(config)).returncode == 0


def test_a_configuration_that_is_wrong_leaves_the_usual_socket_and_says_so(tmp_path: Path) -> None:
    config = tmp_path / "causeway.yaml"
    config.write_text("version: nonsense\n")
    answer = run("--config", config, "reload")
    assert answer.returncode == 3
    assert "/run/causeway/control.sock" in answer.stderr
    assert f"{config} cannot be used" in answer.stderr


def test_a_told_socket_needs_no_configuration(daemon: StandIn) -> None:
    daemon.answer("GET", "/v1/version", answers.VERSION)
    answer = run("--config", "/nonexistent", "--socket", daemon.socket, "version")
    assert (answer.returncode, answer.stderr) == (0, "")


# Whatever the answer holds


def test_control_characters_of_others_never_reach_the_terminal(daemon: StandIn, ask: Ask) -> None:
    evil = "red\x1b[31m bell\x07 c1\x9b32m two\nlines\ttab"
    content = {"endpoint": "a", "deployments": [{**answers.ROLLED_BACK, "reason": evil, "id": "a\x1bb", "state": "new\x1bstate"}]}
    daemon.answer("GET", "/v1/history?endpoint=a", content)
    shown = ask("history", "a").stdout
    assert "red?[31m bell? c1?32m two lines tab" in shown
    assert not any(character < " " and character != "\n" for character in shown)
    daemon.refuse("POST", "/v1/reload", 400, "invalid", evil)
    assert "\x1b" not in ask("reload").stderr


def test_an_answer_of_a_newer_daemon_is_shown_as_far_as_it_is_known(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/status", {"version": "9.0.0", "format": 9, "something": [1], "open": [{"state": "dancing", "id": "x-1"}], "last": [{}]})
    answer = ask("status")
    assert answer.returncode == 0
    assert "dancing" in answer.stdout
    assert "newer" in answer.stderr


@pytest.mark.parametrize("content", [
    {"deployment": {}}, {"deployment": []}, {"open": {"a": 1}}, {"open": [1, None, "x"], "last": 7}, {"endpoint": "a", "open": None},
    {"now_ms": 9e15, "open": [{"entered_ms": -9e15, "attempts": 9e15}], "last": [{"ended_ms": -9.2e18}, {"ended_ms": 9.2e18}]},
    {"deployment": {"accepted_ms": -9.2e18, "ended_ms": 9.2e18, "history": [{"at_ms": -9.2e18}, {"at_ms": 9.2e18}, {"at_ms": 1e300}]}},
    {"queue": [], "store": 1, "accounts": {"a": 1}, "deployments": "x", "now_ms": "soon"}])
def test_answers_of_other_shapes_are_borne(daemon: StandIn, ask: Ask, content: Any) -> None:
    daemon.answer("GET", "/v1/status", json.dumps(content).encode())
    assert ask("status").returncode == 0
