"""Drift, told to those who ask and to the production bus: what differs, who did it, and whether it was repaired."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from bridge import Bridge, bootstrap, cloudtrail, writes
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, BUS, REPOSITORY

SCHEMA = json.loads((Path(__file__).resolve().parents[2] / "conf/events/drift.schema.json").read_text())
STRICT = json.loads(json.dumps(SCHEMA))
STRICT["properties"]["detail"]["additionalProperties"] = False
BUCKET = f"staging/s3_bucket_policy/{ARTIFACT_BUCKET}"


@pytest.fixture
def bridge(sandbox: Any, bare: Any, tmp_path: Path) -> Iterator[Bridge]:
    """A bridge that announces on production's bus, and has made everything that it keeps."""
    made = Bridge(sandbox, bare, tmp_path, bootstrap(bare))
    made.configure(results={"bus": BUS})
    made.converge(keep=True)
    wait_for(lambda: made.ask("statistics")["passes"] >= 2, "the passes that follow")
    yield made
    made.stop()


def told(control: Any) -> list[dict[str, Any]]:
    """The details of all drift events that the bus took, each held to the schema."""
    entries = [entry for call in control.calls(operation="PutEvents") if call["status"] == 200
               for entry in call["parameters"]["Entries"] if entry["DetailType"] == "Causeway Drift"]
    for entry in entries:
        jsonschema.validate({"source": entry["Source"], "detail-type": entry["DetailType"], "detail": json.loads(entry["Detail"])}, STRICT)
    assert {entry["EventBusName"] for entry in entries} <= {BUS}
    return [json.loads(entry["Detail"]) for entry in entries]


def delete_bucket_policy(world: Any) -> None:
    world.client("staging", "s3").delete_bucket_policy(Bucket=ARTIFACT_BUCKET)


def test_given_empty_accounts_when_the_bridge_is_made_then_nobody_is_told_of_drift(bridge, control):
    assert told(control) == [], json.dumps(told(control))
    assert bridge.ask("drift") == {"drift": []}


def test_given_an_edit_that_cloudtrail_tells_of_when_it_is_repaired_then_the_event_says_what_who_and_how_to_undo_it(bridge, bare, control):
    delete_bucket_policy(bare)
    bridge.ask("event", event=cloudtrail(bare, "staging", "s3", "DeleteBucketPolicy", bucketName=ARTIFACT_BUCKET))
    event = wait_for(lambda: told(control), "the event")[0]
    assert (event["resource"], event["state"], event["repaired"]) == (BUCKET, "repaired", True)
    assert "CausewayRead" in event["difference"]
    assert event["changed_by"] == {"who": f"arn:aws:iam::{bare.staging}:user/mallory", "from": "192.0.2.10",
                                   "call": "DeleteBucketPolicy", "time": "2026-11-20T09:30:12Z"}
    assert event["change"] in {change["id"] for change in bridge.ask("changes")}
    assert bridge.ask("drift") == {"drift": []}


def test_given_an_edit_that_was_repaired_already_when_cloudtrail_tells_of_it_then_the_journal_names_who_did_it(bridge, bare):
    delete_bucket_policy(bare)
    bridge.ask("reconcile")
    bridge.ask("event", event=cloudtrail(bare, "staging", "s3", "DeleteBucketPolicy", bucketName=ARTIFACT_BUCKET))
    said = wait_for(lambda: [e for e in bridge.entries() if "is as the file says; " in e["MESSAGE"]], "the remark")[0]
    assert said["CAUSEWAY_RESOURCE"] == BUCKET
    assert "user/mallory called DeleteBucketPolicy from 192.0.2.10 at 2026-11-20T09:30:12Z" in said["MESSAGE"]


def test_given_drift_that_nobody_told_of_when_an_operator_reconciles_then_the_event_names_no_author(bridge, bare, control):
    delete_bucket_policy(bare)
    bridge.ask("reconcile")
    event = wait_for(lambda: told(control), "the event")[0]
    assert event["state"] == "repaired" and "changed_by" not in event and event["cause"] == "asked for by test"


def test_given_a_suspended_bridge_when_something_is_changed_then_it_is_shown_and_told_once_with_the_reason(bridge, bare, control):
    passes = bridge.ask("statistics")["passes"]
    bridge.ask("suspend", why="a repair by hand")
    wait_for(lambda: bridge.ask("statistics")["passes"] > passes, "the look that a suspension begins with")
    delete_bucket_policy(bare)
    cloud = cloudtrail(bare, "staging", "s3", "DeleteBucketPolicy", bucketName=ARTIFACT_BUCKET)
    bridge.ask("event", event=cloud)
    wait_for(lambda: told(control), "the event")
    before = control.last_sequence()
    found = bridge.ask("drift")["drift"]
    assert control.calls(before) == [], "what is known is shown without another look"
    assert [f["resource"] for f in found] == [BUCKET]
    assert "CausewayRead" in found[0]["difference"] and found[0]["changed_by"]["who"].endswith("user/mallory")

    passes = bridge.ask("statistics")["passes"]
    bridge.ask("event", event=cloud)
    wait_for(lambda: bridge.ask("statistics")["passes"] > passes, "another look")
    assert [(e["state"], e["repaired"], e["why"]) for e in told(control)] == [("left", False, "the bridge is suspended")]

    bridge.ask("resume")
    wait_for(lambda: [e["state"] for e in told(control)] == ["left", "repaired"], "the repair")
    assert "s3:PutBucketPolicy" in writes(control.calls(before))


def test_given_observe_mode_when_somebody_puts_it_back_by_hand_then_its_end_is_told(bridge, bare, control):
    ecr = bare.client("staging", "ecr")
    policy = ecr.get_repository_policy(repositoryName=REPOSITORY)["policyText"]
    bridge.stop()
    bridge.configure(results={"bus": BUS}, reconcile={"mode": "observe"})
    ecr.delete_repository_policy(repositoryName=REPOSITORY)
    bridge.ask("reconcile")
    wait_for(lambda: [e["state"] for e in told(control)] == ["left"], "the first event")
    assert told(control)[0]["why"] == "reported only: its mode is observe"
    ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=policy)
    bridge.ask("reconcile")
    wait_for(lambda: [(e["state"], e["verdict"]) for e in told(control)] == [("left", "different"), ("ended", "same")], "its end")
    assert bridge.ask("drift") == {"drift": []}


def test_given_a_bus_that_takes_nothing_when_it_does_again_then_the_event_arrives_with_the_next_pass(bridge, bare, control):
    control.fault("error", {"service": "events", "operation": "PutEvents"}, code="AccessDeniedException", status=400, times=1)
    delete_bucket_policy(bare)
    bridge.ask("reconcile")
    wait_for(lambda: any("was not told of drift" in e["MESSAGE"] for e in bridge.entries()), "the complaint")
    bridge.ask("reconcile")
    wait_for(lambda: [e["state"] for e in told(control)][-1:] == ["repaired"], "the event")


def test_given_no_results_in_the_file_when_something_differs_then_the_bridges_own_bus_is_told(bridge, bare, control):
    bridge.stop()
    bridge.configure()
    delete_bucket_policy(bare)
    bridge.converge(keep=True)
    event = wait_for(lambda: told(control), "the event")[0]
    assert (event["resource"], event["state"]) == (BUCKET, "repaired")


def test_given_neither_bridge_nor_results_bus_when_something_differs_then_it_is_repaired_and_nobody_is_told(bridge, bare, control):
    queue = {"kind": "sqs_queue", "account": "prod", "name": "other", "visibility": "30s"}
    bridge.stop()
    bridge.configure(bridge=None, resources=[queue])
    bridge.converge()
    sqs, since = bare.client("prod", "sqs"), control.last_sequence()
    url = sqs.get_queue_url(QueueName="other")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "31"})
    bridge.converge(keep=True)
    wait_for(lambda: bridge.ask("statistics")["passes"] >= 2, "the pass after the repair, when an event would be on its way")
    assert "sqs:SetQueueAttributes" in writes(control.calls(since))
    assert control.calls(operation="PutEvents") == []


def test_given_a_heartbeat_when_it_has_gone_round_then_each_hop_that_was_waited_for_has_its_time(bridge):
    bridge.stop()
    bridge.configure({"heartbeat": "10s"})
    bridge.ask("start")

    def beaten() -> dict[str, Any] | None:
        bridge.carry()
        return bridge.ask("heartbeat").get("heartbeat")

    beat = wait_for(beaten, "the heartbeat", 30, 0.2)
    assert beat["healthy"]
    times = {time["hop"]: time["took_ms"] for time in beat["times"]}
    assert set(times) == {"role in staging", "bus in staging", "staging to queue", "queue to causewayd"}
    assert 0 <= times["bus in staging"] <= times["staging to queue"] + times["queue to causewayd"]
    assert min(times.values()) >= 0
