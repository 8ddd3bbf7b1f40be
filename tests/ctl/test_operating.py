"""The commands about the daemon itself and the stories of deployments: what people see, and what is asked for before."""

import json
import os
import pty
import subprocess
from collections.abc import Callable
from pathlib import Path

import answers
import pytest
from conftest import ENVIRONMENT, PROGRAM, Answer, document, run
from standin import StandIn

Ask = Callable[..., Answer]
Compare = Callable[[str, str], None]

AWAITING = {**answers.NOW, "deployment": {**answers.AWAITING, "history": answers.way(("accepted", "09:00:02"), ("resolving", "09:00:02"),
                                                                                     ("awaiting_approval", "09:00:05"))}}
TROUBLED = {**answers.NOW, "deployment": {**answers.TROUBLED, "history": answers.way(("accepted", "11:58:01"), ("resolving", "11:58:01"))}}
ROLLED_BACK = {**answers.NOW, "deployment": {**answers.ROLLED_BACK, "advice": "look at the container's log in CloudWatch"}}
STORIES = {"explain-rolled-back": (answers.SECOND, ROLLED_BACK), "explain-awaiting": (answers.CHURN, AWAITING), "explain-troubled": (answers.CHURN, TROUBLED)}

ID = "0d5d6a0c-3a4f-4a52-9a6b-6f1c53c4a3d1"
LETTERS = {**answers.NOW, "more": True, "letters": [
    {"id": ID, "reason": "the message is not JSON", "receives": 1, **answers.times(sent="10:00:00"), "bytes": 12},
    {"id": "1d5d6a0c-3a4f-4a52-9a6b-6f1c53c4a3d1", "receives": 6, **answers.times(sent="10:05:00"), "bytes": 900},
]}
LETTER = {**answers.NOW, "more": False, "letters": [{**LETTERS["letters"][0], "body": '{"id":"half"}'}]}


@pytest.mark.parametrize("name", STORIES)
def test_a_story_is_told_as_expected(daemon: StandIn, ask: Ask, expected: Compare, name: str) -> None:
    id, content = STORIES[name]
    daemon.answer("GET", f"/v1/deployments/{id}", content)
    answer = ask("explain", id)
    assert (answer.returncode, answer.stderr) == (0, "")
    expected(f"{name}.txt", answer.stdout)


def test_a_story_for_programs_has_each_state_with_its_time(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", f"/v1/deployments/{answers.SECOND}", ROLLED_BACK)
    story = document(ask("--json", "explain", answers.SECOND))
    assert [entry["state"] for entry in story["story"]] == [step["state"] for step in answers.ROLLED_BACK["history"]]
    assert story["longest"] == {"state": "settling", "took_ms": 557000}
    assert story["total_ms"] == 630000
    assert story["advice"] == "look at the container's log in CloudWatch"
    assert "took_ms" not in story["story"][-1]


def test_apply_says_where_there_is_nothing_to_do_although_something_differs(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/plan", {"empty": False, "mode": "enforce", "actions": [], "resources": [], "withheld": 0, "calls": 3,
                                      "text": "~ prod/sqs_queue/watched (different)\n      reported only: its mode is observe\n"})
    answer = ask("apply", "--yes")
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == ("~ prod/sqs_queue/watched (different)\n      reported only: its mode is observe\n"
                             "there is nothing to do: what differs is left as it is, as told above\n")
    assert [asked[0] for asked in daemon.asked] == ["GET"]


def test_plan_says_where_the_daemon_does_nothing_by_itself(daemon: StandIn, ask: Ask) -> None:
    plan = {"empty": False, "mode": "observe", "actions": [{}], "resources": [], "withheld": 0, "calls": 3, "text": "1 call to make.\n"}
    daemon.answer("GET", "/v1/plan", plan)
    answer = ask("plan")
    assert answer.returncode == 1
    assert answer.stdout == "1 call to make.\nreconcile.mode is observe: the daemon only reports this; `causewayctl apply` does it\n"
    assert document(ask("--json", "plan")) == plan


def test_a_difference_is_shown_member_by_member(daemon: StandIn, ask: Ask, expected: Compare) -> None:
    first = {**answers.SUCCEEDED, "settings": {"variant": {"count": 1, "instance_type": "ml.m5.xlarge"}}, "environment": {"LOG": "info"}}
    second = {**answers.ROLLED_BACK, "settings": {"variant": {"count": 2, "instance_type": "ml.m5.xlarge"}, "keep": 3}, "environment": {"LOG": "info"},
              "image_digest": "sha256:" + "7f" * 32}
    daemon.answer("GET", f"/v1/deployments/{answers.FIRST}", {**answers.NOW, "deployment": first})
    daemon.answer("GET", f"/v1/deployments/{answers.SECOND}", {**answers.NOW, "deployment": second})
    answer = ask("diff", answers.FIRST, answers.SECOND)
    assert (answer.returncode, answer.stderr) == (1, "")
    expected("diff.txt", answer.stdout)
    told = document(ask("--json", "diff", answers.FIRST, answers.SECOND))
    assert {d["field"] for d in told["differences"]} == {"image_digest", "settings.variant.count", "settings.keep"}
    assert next(d for d in told["differences"] if d["field"] == "settings.keep") == {"field": "settings.keep", "b": 3}
    same = ask("diff", answers.FIRST, answers.FIRST)
    assert same.returncode == 0 and "deploy the same" in same.stdout
    assert ask("diff", answers.FIRST, "nobody").returncode == 1


def test_dead_letters_are_shown_as_expected(daemon: StandIn, ask: Ask, expected: Compare) -> None:
    daemon.answer("GET", "/v1/dead-letters", LETTERS)
    daemon.answer("GET", f"/v1/dead-letters/{ID}", LETTER)
    expected("redrive-list.txt", ask("redrive", "list").stdout)
    expected("redrive-show.txt", ask("redrive", "show", ID).stdout)
    assert document(ask("--json", "redrive", "list")) == LETTERS


@pytest.mark.parametrize(("command", "method_path", "said"), [
    (("drain",), "/v1/drain", "draining: nothing new is taken in; 1 deployment is under way\n"),
    (("redrive", "send", ID), f"/v1/dead-letters/{ID}/redrive", f"{ID}: back in the queue\n"),
    (("redrive", "drop", "all"), "/v1/dead-letters/all/drop", f"{ID}: deleted\n"),
])
def test_what_changes_much_is_asked_for_first(daemon: StandIn, ask: Ask, command: tuple[str, ...], method_path: str, said: str) -> None:
    daemon.answer("POST", method_path, {**LETTER, "open": 1, "draining": True})
    refused = ask(*command)
    assert refused.returncode == 2 and "wants --yes where nobody can be asked" in refused.stderr and daemon.asked == []
    assert at_terminal(daemon, "n\n", *command) == 1 and daemon.asked == []
    assert at_terminal(daemon, "\n", *command) == 1 and daemon.asked == []
    assert at_terminal(daemon, "y\n", *command) == 0 and len(daemon.asked) == 1
    assert ask(*command, "--yes").stdout == said


def at_terminal(daemon: StandIn, typed: str, *command: str) -> int:
    """The exit code, with a person at standard input."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, "--socket", daemon.socket, *command], stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        os.write(ours, typed.encode())
        code = process.wait(20)
    os.close(ours)
    os.close(theirs)
    return code


def test_the_log_level_is_sent_as_it_was_typed(daemon: StandIn, ask: Ask) -> None:
    daemon.answer("GET", "/v1/log-level", {"level": "info", "before": "info"})
    daemon.answer("POST", "/v1/log-level", {"level": "debug", "before": "info"})
    assert ask("log-level").stdout == "info\n"
    assert ask("log-level", "debug").stdout == "debug, was info\n"
    assert json.loads(daemon.asked[-1][2]) == {"level": "debug"}


FACTS = ("--prod-id", "361769565206", "--staging-id", "345594592951", "--artifact-bucket", "builds", "--model-bucket", "models",
         "--repository", "inference", "--pipeline", "churn-deploy")


def test_init_writes_a_file_that_passes_check(tmp_path: Path, expected: Compare) -> None:
    path = tmp_path / "causeway.yaml"
    made = run("init", "--output", path, *FACTS)
    assert (made.returncode, made.stderr) == (0, "")
    assert run("--config", path, "check").returncode == 0
    expected("init.yaml", path.read_text())
    again = run("init", "--output", path, *FACTS)
    assert again.returncode == 4 and "left alone" in again.stderr
    assert document(run("--json", "init", "--output", tmp_path / "other.yaml", *FACTS)) == {"file": str(tmp_path / "other.yaml")}


def test_init_names_what_is_missing_and_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    missing = run("init", "--output", path, *FACTS[2:])
    assert (missing.returncode, missing.stderr) == (2, "causewayctl: init wants --prod-id where nobody can be asked\n")
    wrong = run("init", "--output", path, *FACTS, "--region", "nowhere", "--endpoint", 'a"b\n- c')
    assert wrong.returncode == 2 and '"region" must be' in wrong.stderr and '"endpoint" must be' in wrong.stderr
    assert not path.exists()


def test_init_asks_a_person_and_proposes_what_it_can(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, "init", "--output", path], stdin=theirs, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=ENVIRONMENT) as process:
        os.write(ours, b"361769565206\n345594592951\n\n\n\n\n\nbuilds\nmodels\ninference\nchurn-deploy\n\n\n\n\n\n")
        assert process.wait(20) == 0
        assert process.stderr and b"The endpoint in production [churn]" in process.stderr.read()
    os.close(ours)
    os.close(theirs)
    assert run("--config", path, "check").returncode == 0
