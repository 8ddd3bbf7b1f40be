"""What an operator asks of the running daemon itself, from causewayctl to the journal."""

import json
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from typing import Any

import pytest
from causeway import Daemon, publish
from gate.client import wait_for


def send(world: Any, body: str) -> str:
    return world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=body)["MessageId"]


def refuse(daemon: Daemon, world: Any, *bodies: str) -> list[dict[str, Any]]:
    """Messages that end as dead letters; the list of them."""
    for body in bodies:
        send(world, body)
    return wait_for(lambda: (found := daemon.ask("redrive", "list")["letters"]) and len(found) == len(bodies) and found,
                    "the dead letters", 20)


def test_the_log_level_is_changed_while_it_runs_and_the_journal_says_who_did(daemon: Daemon) -> None:
    assert daemon.ask("log-level") == {"level": "debug", "before": "debug"}
    assert daemon.ctl("log-level", "notice").stdout == "notice, was debug\n"
    entry = daemon.wait_said("asked for the log level notice; it was debug")
    assert "(uid " in entry["MESSAGE"]
    assert daemon.ctl("log-level").stdout == "notice\n"
    before = len(daemon.said())
    daemon.ctl("log-level", "notice")
    daemon.ask("status")
    assert [e["PRIORITY"] for e in daemon.said()[before:] if e["PRIORITY"] > 5] == []
    wrong = daemon.ctl("log-level", "loud")
    assert (wrong.returncode, wrong.stderr) == (2, 'causewayctl: level is to be error, warning, notice, info or debug, not "loud"\n')


def test_a_flood_of_entries_is_cut_short_and_the_rest_is_counted(daemon: Daemon) -> None:
    """130 wishes of an operator, each of which is an entry, as fast as one connection carries them."""
    daemon.ctl("log-level", "info")
    before = len(daemon.said())
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(daemon.socket))
        body = b'{"level": "info"}'
        request = b"POST /v1/log-level HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
        answers = connection.makefile("rb")
        for _ in range(130):
            connection.sendall(request)
            assert b"200" in answers.readline()
            length = 0
            while line := answers.readline().strip():
                length = int(line.split()[-1]) if line.lower().startswith(b"content-length:") else length
            answers.read(length)
    daemon.wait_said("more entries of the kind MESSAGE_OPERATOR were left out", 40)

    def counted() -> tuple[int, int]:
        said = [e.get("MESSAGE", "") for e in daemon.said()[before:]]
        left_out = [int(text.split()[0]) for text in said if "more entries of the kind MESSAGE_OPERATOR" in text]
        return len([text for text in said if "asked for the log level info" in text]), sum(left_out)

    wait_for(lambda: sum(counted()) == 130, "all of them to be told or counted", 40)
    assert counted()[0] >= 100 and counted()[1] > 0


def test_a_draining_daemon_takes_nothing_new_and_finishes_what_runs(daemon: Daemon, world: Any, control: Any) -> None:
    control.sagemaker(stuck=["creating"], invocations=[{"model_data_contains": "one", "body": "0.5\n"}, {"model_data_contains": "two", "body": "0.7\n"}])
    publish(world, control, "deploy/one")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "the first to settle", 20)
    assert daemon.ctl("drain").returncode == 2, "without --yes there is nobody to ask"
    drained = daemon.ctl("drain", "--yes")
    assert drained.stdout == "draining: nothing new is taken in; 1 deployment is under way\n"
    assert "nothing new is taken in" in daemon.ctl("status").stdout
    publish(world, control, "deploy/two")
    control.sagemaker_release()
    assert daemon.wait_ended(1)[0]["state"] == "succeeded"
    assert len(daemon.history()) == 1 and world.queue_length() >= 1
    assert daemon.ctl("undrain").stdout == "the queue is read again\n"
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"
    who = [e["MESSAGE"] for e in daemon.said() if "asked to drain" in e["MESSAGE"] or "asked to undrain" in e["MESSAGE"]]
    assert len(who) == 2 and all("(uid " in said for said in who)


def test_dead_letters_are_listed_shown_sent_back_and_dropped(daemon: Daemon, world: Any, control: Any) -> None:
    letters = refuse(daemon, world, "no event", '{"id": "half"}')
    assert all("JSON" in letter["reason"] or '"' in letter["reason"] for letter in letters)
    first = next(letter for letter in letters if "half" not in letter["reason"] and letter["bytes"] == len("no event"))
    listed = daemon.ctl("redrive", "list").stdout
    assert first["id"] in listed and first["reason"][:20] in listed
    shown = daemon.ask("redrive", "show", first["id"])["letters"]
    assert [letter["body"] for letter in shown] == ["no event"]
    assert "no event" in daemon.ctl("redrive", "show", first["id"]).stdout

    refused_before = daemon.ask("status")["queue"]["refused"]
    assert daemon.ctl("redrive", "send", first["id"], "--yes").stdout == f"{first['id']}: back in the queue\n"
    wait_for(lambda: daemon.ask("status")["queue"]["refused"] == refused_before + 1, "it to be refused again")
    again = wait_for(lambda: (found := daemon.ask("redrive", "list")["letters"]) and len(found) == 2 and found, "it to be a dead letter again", 20)
    assert first["id"] not in {letter["id"] for letter in again}

    assert daemon.ctl("redrive", "drop", again[0]["id"]).returncode == 2
    assert daemon.ctl("redrive", "drop", again[0]["id"], "--yes").stdout == f"{again[0]['id']}: deleted\n"
    assert [letter["id"] for letter in daemon.ask("redrive", "list")["letters"]] == [again[1]["id"]]
    assert daemon.ctl("redrive", "show", again[0]["id"]).returncode == 1
    assert len(daemon.ask("redrive", "drop", "all", "--yes")["letters"]) == 1
    assert daemon.ctl("redrive", "list").stdout == "there are no dead letters\n"
    said = [e for e in daemon.said() if "dead letter" in e["MESSAGE"] and "asked to" in e["MESSAGE"]]
    assert len(said) == 3 and all(e["CAUSEWAY_MESSAGE"] and "(uid " in e["MESSAGE"] for e in said)


def test_a_dead_letter_that_has_become_good_is_deployed_when_it_is_sent_back(
        make_daemon: Callable[..., Daemon], world: Any, control: Any) -> None:
    daemon = make_daemon(accounts={"prod": {"id": world.prod, "region": world.region}})
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}])
    publish(world, control, "deploy/one")
    letter = wait_for(lambda: daemon.ask("redrive", "list")["letters"], "the event to be refused", 20)[0]
    assert "does not name" in letter["reason"]
    daemon.configure()
    assert daemon.ctl("reload").returncode == 0
    daemon.ask("redrive", "send", letter["id"], "--yes")
    assert daemon.wait_ended(1)[0]["state"] == "succeeded"


def test_a_story_tells_what_was_waited_for_and_a_difference_what_changed(daemon: Daemon, world: Any, control: Any) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}],
                      rules=[{"model_data_contains": "/two.tar.gz", "reason": "did not pass the ping health check"}])
    publish(world, control, "deploy/one")
    daemon.wait_ended(1)
    publish(world, control, "deploy/two")
    two, one = daemon.wait_ended(2)
    story = daemon.ask("explain", two["id"])
    told = {entry["state"]: entry for entry in story["story"]}
    assert "pinned the artifact s3://" in told["resolving"]["sentence"]
    assert "ping health check" in told["rolling_back"]["sentence"]
    assert told["rolled_back"]["sentence"] == f"the endpoint serves {one['config_name']} again"
    assert told["settling"]["took_ms"] >= 0 and story["longest"]["state"] in told and story["advice"]
    text = daemon.ctl("explain", two["id"]).stdout
    assert "What to do:" in text and "for endpoint fraud-scorer: rolled_back" in text
    difference = daemon.ctl("diff", one["id"], two["id"])
    assert difference.returncode == 1 and "artifact_key\n  - deploy/one\n  + deploy/two\n" in difference.stdout
    assert daemon.ctl("diff", one["id"], one["id"]).returncode == 0
    assert daemon.ctl("explain", "nobody-000000000000").returncode == 1


def test_a_rollout_is_shown_with_its_instances_and_aws_is_not_asked_each_time(
        daemon: Daemon, world: Any, control: Any) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}, {"model_data_contains": "two", "body": "0.7\n"}])
    publish(world, control, "deploy/one")
    daemon.wait_ended(1)
    control.sagemaker(stuck=["updating"], rollout={"current": 1, "status": "Baking", "message": "Baking for 600 seconds."})
    publish(world, control, "deploy/two")
    settling = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "settling"), None), "the second to settle", 60)

    def looks() -> int:
        return len(control.calls(service="sagemaker", operation="DescribeEndpoint"))

    seen = wait_for(lambda: daemon.ask("status")["open"][0].get("rollout"), "the endpoint to be seen", 60)
    assert seen["status"] == "Updating" and seen["seen_ms"] > 0
    variant = seen["variants"][0]
    assert (variant["name"], variant["current"], variant["desired"], variant["before"]) == ("main", 1, 2, 2)
    assert (variant["phase"], variant["message"], variant["weight"]) == ("Baking", "Baking for 600 seconds.", 1)
    assert "[#####.....] 1 of 2 instances, baking" in daemon.ctl("status").stdout
    one = " ".join(daemon.ctl("status", settling["id"]).stdout.split())  # lines break where a terminal's would
    assert "main: 1 of 2 new instances beside 2 old; baking" in one and ": Baking for 600 seconds." in one
    before = looks()
    for _ in range(20):
        daemon.ask("status")
    assert looks() < before + 20, "an answer that is young enough serves everybody"
    control.sagemaker_release()
    assert "rollout" not in daemon.wait_ended(2)[0]


@pytest.mark.parametrize("path", ["/v1/history", "/v1/deployments/x", "/v1/dead-letters", "/v1/log-level", "/v1/version"])
def test_the_loopback_port_tells_no_more_than_everybody_may_know(make_daemon: Callable[..., Daemon], path: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    make_daemon(listen={"http": address})
    answer = subprocess.run(["curl", "-s", "-w", "\n%{http_code}", f"http://{address}{path}"], capture_output=True, text=True, check=True).stdout
    body, status = answer.rsplit("\n", 1)
    assert status == "403" and json.loads(body)["error"]["class"] == "denied"


def test_the_store_is_whole_after_all_of_it(daemon: Daemon) -> None:
    assert daemon.stop() == 0
    with sqlite3.connect(daemon.directory / "causeway.db") as store:
        assert store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
