"""What is wrong gets a sentence that names it, loses nothing, and holds up nobody else."""

import contextlib
import json
import os
import sqlite3
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from causeway import BUILD, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, QUEUE

GOOD = {
    "version": "0", "id": "e-1", "detail-type": "CodePipeline Action Execution State Change", "source": "aws.codepipeline",
    "account": "345594592951", "time": "2026-11-20T11:00:00Z", "region": "us-east-1", "resources": [], "detail": {},
}


def without(name: str) -> str:
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


MALFORMED = {
    "no JSON": ("this is no JSON", "not JSON"),
    "an array": ("[1, 2]", "not a JSON object"),
    "cut off": ('{"version": "0", "id"', "not JSON"),
    "bytes behind it": (json.dumps(GOOD) + " x", "not JSON"),
    "a name twice": ('{"id": "a", "id": "b"}', "not JSON"),
    "too deep": ('{"a":' * 500 + "1" + "}" * 500, "not JSON"),
    "no id": (without("id"), '"id"'),
    "no source": (without("source"), '"source"'),
    "no detail-type": (without("detail-type"), '"detail-type"'),
    "no account": (without("account"), '"account"'),
    "no time": (without("time"), '"time"'),
    "no detail": (without("detail"), '"detail"'),
    "an account of letters": (json.dumps({**GOOD, "account": "somebody"}), "12 digits"),
    "a time that is none": (json.dumps({**GOOD, "time": "yesterday"}), '"time"'),
    "a foreign account": (json.dumps({**GOOD, "account": "999999999999"}), "does not name"),
}


def send(world: Any, body: str) -> str:
    return world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=body)["MessageId"]


@pytest.mark.parametrize("kind", MALFORMED)
def test_given_a_malformed_or_foreign_message_when_it_comes_then_it_is_dead_lettered_with_the_reason(daemon, world, control, kind):
    body, part_of_reason = MALFORMED[kind]
    message_id = send(world, body)
    wait_for(lambda: world.queue_length() == 0, "the message to leave the queue")
    dead = world.messages(world.dead_letter_url, wait=5)
    assert [m["Body"] for m in dead] == [body]
    reason = dead[0]["MessageAttributes"]["causeway.reason"]["StringValue"]
    assert part_of_reason in reason
    entry = daemon.wait_said("is refused")
    assert message_id in entry["MESSAGE"] and part_of_reason in entry["MESSAGE"]
    publish(world, control)
    assert daemon.wait_ended()[0]["state"] == "succeeded"


def test_given_no_dead_letter_queue_when_a_message_is_malformed_then_it_is_left_and_never_looped_on(make_daemon, world, control):
    sqs = world.client("prod", "sqs")
    policy = sqs.get_queue_attributes(QueueUrl=world.queue_url, AttributeNames=["Policy"])["Attributes"]["Policy"]
    sqs.set_queue_attributes(QueueUrl=world.queue_url, Attributes={"RedrivePolicy": "", "Policy": policy})
    daemon = make_daemon().start()
    send(world, "this is no JSON")
    daemon.wait_said("left to the queue's redrive policy")
    assert world.queue_length() == 1
    publish(world, control)
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert len([e for e in daemon.said() if "is refused" in e.get("MESSAGE", "")]) == 1


def test_given_an_event_that_nobody_wants_when_it_comes_then_it_is_acknowledged_and_counted(daemon, world):
    send(world, json.dumps({**GOOD, "detail": {"pipeline": "somebody-elses"}}))
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
    assert world.queue_length(world.dead_letter_url) == 0
    assert daemon.ask("status")["queue"]["ignored"] == 1


def rejected(daemon: Any) -> dict[str, Any]:
    record = daemon.wait_ended()[0]
    assert record["state"] in ("failed", "rejected")
    return record


def test_given_an_artifact_that_does_not_exist_when_it_is_looked_for_then_the_reason_names_it(daemon, world, control):
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "no/such/key"))
    assert "no/such/key" in rejected(daemon)["reason"]


def test_given_a_bucket_that_does_not_exist_when_it_is_looked_for_then_the_reason_names_it(daemon, world, control):
    control.event("staging", world.action_succeeded(PIPELINE, "no-such-bucket-here", "key"))
    assert "no-such-bucket-here" in rejected(daemon)["reason"]


def test_given_model_data_that_does_not_exist_when_it_is_looked_for_then_the_reason_names_it(daemon, world, control):
    world.put_manifest("deploy/one", "s3://sagemaker-us-east-1-345594592951/none.tar.gz")
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    assert "none.tar.gz" in rejected(daemon)["reason"]


def test_given_an_image_that_does_not_exist_when_it_is_looked_for_then_the_reason_names_it(make_daemon, world, control):
    daemon = make_daemon(deployment={"container": {"image": world.image("no-such-tag")}}).start()
    publish(world, control)
    assert "no-such-tag" in rejected(daemon)["reason"]


@pytest.mark.parametrize("manifest", ["{", "[]", '{"model_data": 7}', '{"model_data": "http://x/y"}', '{"unknown": 1}'])
def test_given_a_manifest_that_is_wrong_when_it_is_read_then_it_is_rejected_with_the_reason(daemon, world, control, manifest):
    world.put_object(ARTIFACT_BUCKET, "deploy/one", manifest.encode())
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    record = rejected(daemon)
    assert record["state"] == "rejected" and record["reason"]
    assert not control.calls(operation="CreateModel")


def test_given_access_denied_when_it_lasts_then_the_deployment_fails_and_names_what_was_denied(make_daemon, world, control):
    daemon = make_daemon(deployment={"retry": {"within": "3s"}}).start()
    control.fault("error", {"operation": "CreateModel"}, times=0, code="AccessDeniedException", status=400,
                  message="User: arn:aws:sts::1:assumed-role/x is not authorized to perform: sagemaker:CreateModel on resource: r")
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed" and "sagemaker:CreateModel" in record["reason"]
    assert record["error_class"] == "denied" and record["request_id"]


def test_given_access_denied_when_it_passes_then_the_deployment_succeeds(daemon, world, control):
    control.fault("error", {"operation": "CreateModel"}, times=1, code="AccessDeniedException", status=400, message="not yet")
    publish(world, control)
    assert daemon.wait_ended()[0]["state"] == "succeeded"


# Its own disk


def test_given_a_store_of_a_newer_version_when_the_daemon_starts_then_it_refuses_and_touches_nothing(make_daemon):
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    path = daemon.directory / "causeway.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        version = database.execute("PRAGMA user_version").fetchone()[0]
        database.execute(f"PRAGMA user_version = {version + 1}")
    before = path.read_bytes()
    daemon.start(ready=False)
    assert daemon.process.wait(20) != 0
    assert "newer" in daemon.said()[-1]["MESSAGE"]
    assert path.read_bytes() == before


def test_given_a_second_daemon_when_it_opens_the_same_store_then_it_is_refused(make_daemon):
    first = make_daemon().start()
    second = make_daemon(store={"sqlite": str(first.directory / "causeway.db")})
    second.start(ready=False)
    assert second.process.wait(20) != 0
    assert str(first.directory / "causeway.db") in second.said()[-1]["MESSAGE"]
    assert first.ctl("status").returncode == 0


def test_given_a_record_in_a_state_that_is_not_known_when_the_daemon_starts_then_it_is_left_alone_and_the_others_go_on(
        daemon, world, control):
    control.sagemaker(stuck=["creating"])
    publish(world, control)
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "it to settle")
    assert daemon.stop() == 0
    path = daemon.directory / "causeway.db"
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        changed = database.execute(
            "UPDATE record SET bytes = CAST(replace(CAST(bytes AS TEXT), '\"settling\"', '\"dreaming\"') AS BLOB)"
            " WHERE kind = 'deployment'").rowcount
        assert changed == 1
    daemon.start()
    entry = daemon.wait_said("cannot be read")
    assert "dreaming" in entry["MESSAGE"]
    control.sagemaker_release()
    assert daemon.ctl("status").returncode == 0


def test_given_a_damaged_store_when_the_daemon_starts_then_it_refuses_and_says_what_to_do(make_daemon):
    daemon = make_daemon().start()
    assert daemon.stop() == 0
    path = daemon.directory / "causeway.db"
    for name in ("causeway.db-wal", "causeway.db-shm"):
        (daemon.directory / name).unlink(missing_ok=True)
    path.write_bytes(b"SQLite format 3\0" + os.urandom(8192))
    daemon.start(ready=False)
    assert daemon.process.wait(20) != 0
    assert str(path) in daemon.said()[-1]["MESSAGE"]


@pytest.fixture
def small_disk(tmp_path: Path):
    """A file system of eight megabytes."""
    place = tmp_path / "small"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "causeway-test", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(path: Path) -> None:
    """Until the file system is full."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(descriptor, b"\0" * 4096)
    os.close(descriptor)


def test_given_a_full_disk_when_events_come_then_nothing_is_acknowledged_and_it_goes_on_when_there_is_space(
        make_daemon, world, control, small_disk):
    daemon = make_daemon(store={"sqlite": str(small_disk / "causeway.db")}).start()
    filler = small_disk / "filler"
    fill(filler)
    publish(world, control)
    daemon.wait_said("the store cannot be written")
    assert world.queue_length() == 1
    assert not control.calls(operation="DeleteMessageBatch")
    assert daemon.ask("status")["store"]["healthy"] is False
    filler.unlink()
    daemon.wait_said("the store can be written again")
    control.make_visible(QUEUE)
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")


# AWS when it is not well


@pytest.mark.parametrize(("fault", "options"), [
    ("throttle", {}), ("error", {"status": 500}), ("error", {"status": 503, "code": "ServiceUnavailable"}), ("reset", {}),
    ("garbage", {}), ("truncate", {}),
])
def test_given_every_call_failing_once_when_an_event_comes_then_it_still_serves(daemon, world, control, fault, options):
    for operation in ("GetObject", "HeadObject", "DescribeImages", "CopyObject", "CreateModel", "CreateEndpointConfig",
                      "CreateEndpoint", "DescribeEndpoint", "InvokeEndpoint", "DeleteMessageBatch"):
        if fault == "garbage" and operation in ("GetObject", "HeadObject", "InvokeEndpoint"):
            continue  # a whole answer, as far as these protocols can tell
        control.fault(fault, {"operation": operation, "principal": "user/causeway"}, **options)
        control.fault(fault, {"operation": operation, "principal": "assumed-role"}, **options)
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record["reason"]
    made = [c for c in control.calls(operation="CreateEndpoint") if c["status"] == 200 and not {"reset", "garbage"} & set(c["faults"])]
    assert len(made) == 1


def test_given_part_of_a_delete_failing_when_it_is_tried_again_then_no_message_is_left(daemon, world, control):
    control.fault("partial", {"operation": "DeleteMessageBatch"}, indexes=[0], code="InternalError", message="try again", sender_fault=False)
    publish(world, control)
    daemon.wait_ended()
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
    assert len(control.calls(operation="DeleteMessageBatch")) >= 2


def test_given_credentials_that_expire_in_mid_flight_when_calls_are_refused_then_they_are_renewed(daemon, world, control):
    control.sagemaker(stuck=["creating"])
    publish(world, control)
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "it to settle")
    control.expire_sessions("causeway-staging")
    control.sagemaker_release()
    daemon.wait_ended(1)
    publish(world, control, "deploy/two")
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"


def test_given_hundreds_of_large_messages_when_the_store_stalls_then_no_more_than_the_limit_are_in_hand(make_daemon, world, control, small_disk):
    daemon = make_daemon(store={"sqlite": str(small_disk / "causeway.db")}).start()
    filler = small_disk / "filler"
    fill(filler)
    body = json.dumps({**GOOD, "detail": {"padding": "x" * 100_000}})
    sqs = world.client("prod", "sqs")
    threads = [threading.Thread(target=lambda: [sqs.send_message(QueueUrl=world.queue_url, MessageBody=body) for _ in range(80)])
               for _ in range(6)]
    for thread in threads:
        thread.start()
    publish(world, control)
    for thread in threads:
        thread.join()
    daemon.wait_said("the store cannot be written")
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    resident = int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
    assert daemon.ask("status")["queue"]["in_hand"] <= 400
    if BUILD.name != "sanitize":
        assert resident < 60_000
    filler.unlink()

