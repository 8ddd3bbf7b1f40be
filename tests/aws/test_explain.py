"""The whole story of a deployment, and the proof that nobody changed it afterwards."""

import sqlite3
from contextlib import closing
from typing import Any

from causeway import publish
from test_journey import invoked, serves


def test_given_a_deployment_when_it_is_explained_then_its_event_and_every_request_are_told(daemon, world, control):
    serves(control, one="0.5")
    event = publish(world, control, "deploy/one")
    record = daemon.wait_ended()[0]
    story = daemon.ctl("explain", record["id"])
    assert story.returncode == 0
    assert event["id"] in story.stdout
    made = control.calls(service="sagemaker", operation="CreateEndpoint")[0]
    assert made["request_id"] in story.stdout
    calls = [call["operation"] for call in daemon.ask("explain", record["id"])["calls"]]
    assert calls.index("GetObject") < calls.index("CreateModel") < calls.index("CreateEndpoint") < calls.index("InvokeEndpoint")


def test_given_no_such_deployment_when_it_is_explained_then_the_answer_is_no(daemon):
    assert daemon.ctl("explain", "no-such-000000000000").returncode == 1


def meddle(daemon: Any, sql: str) -> None:
    """What somebody does to the store while the daemon is away."""
    with closing(sqlite3.connect(daemon.directory / "causeway.db")) as connection:
        connection.execute(sql)
        connection.commit()


def test_given_deployments_when_they_are_audited_then_all_is_whole_until_someone_changes_one(make_daemon, world, control):
    daemon = make_daemon().start()
    serves(control, one="0.5", two="0.6")
    publish(world, control, "deploy/one", time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    daemon.kill()  # at some instant: what was not told yet is told at the next start
    daemon.start()
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    daemon.wait_ended(2)
    verdict = daemon.ask("audit")
    assert (verdict["whole"], verdict["checked"]) == (True, 2)
    daemon.stop()
    meddle(daemon, "UPDATE record SET bytes = CAST(replace(CAST(bytes AS TEXT), 'deploy/one', 'deploy/eno') AS BLOB)"
                   " WHERE kind = 'deployment'")
    daemon.start()
    answer = daemon.ctl("audit")
    assert answer.returncode == 1 and "was changed after it had ended" in answer.stdout


def test_given_a_removed_deployment_when_it_is_audited_then_it_is_named(make_daemon, world, control):
    daemon = make_daemon().start()
    serves(control, one="0.5")
    publish(world, control, "deploy/one")
    record = daemon.wait_ended(1)[0]
    daemon.stop()
    meddle(daemon, "DELETE FROM record WHERE kind = 'deployment'")
    daemon.start()
    answer = daemon.ctl("audit")
    assert answer.returncode == 1 and record["id"] in answer.stdout and "removed" in answer.stdout


def test_given_two_versions_when_the_operators_tool_rolls_back_then_it_says_so_and_does_it(daemon, world, control):
    serves(control, one="0.1", two="0.2")
    publish(world, control, "deploy/one", time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    daemon.wait_ended(2)
    answer = daemon.ctl("rollback", "fraud-scorer")
    assert answer.returncode == 0 and "the way back" in answer.stdout
    daemon.wait_ended(3)
    assert invoked(world) == "0.1"
    assert daemon.ctl("rollback", "fraud-scorer").returncode == 1
    assert daemon.ctl("rollback", "nowhere").returncode == 1
