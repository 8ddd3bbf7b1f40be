"""Bringing model data into production's bucket: by S3, or through the daemon where nobody may do both; once; and never half."""

import json
import threading
import time
from pathlib import Path
from typing import Any

import yaml
from causeway import BUILD, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, MODEL_BUCKET, SAGEMAKER_BUCKET

MEBIBYTE = 1 << 20


def close_buckets(world: Any) -> None:
    """Production may read nothing of staging's model bucket as itself; staging's role may."""
    world.client("staging", "s3").delete_bucket_policy(Bucket=SAGEMAKER_BUCKET)


def publish_large(world: Any, control: Any, content: bytes, key: str = "deploy/large") -> None:
    """An event whose model data is these bytes."""
    data = world.put_object(SAGEMAKER_BUCKET, "models/large.tar.gz", content)
    world.put_object(ARTIFACT_BUCKET, key, json.dumps({"model_data": data["url"]}).encode())
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, key))


def peak_bytes(daemon: Any) -> int:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) * 1024


def copy_of(world: Any, record: dict[str, Any]) -> bytes:
    return world.client("prod", "s3").get_object(Bucket=MODEL_BUCKET, Key=record["copy_key"])["Body"].read()


def test_given_a_bucket_that_production_may_not_read_when_an_event_comes_then_its_model_is_carried_through(daemon, world, control):
    close_buckets(world)
    content = bytes(range(256)) * (20 * MEBIBYTE // 256) + b"the end"
    publish_large(world, control, content)
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert copy_of(world, record) == content
    assert len(control.calls(service="s3", operation="UploadPart")) == 3


def test_given_a_large_model_when_it_is_carried_then_memory_is_bounded_by_its_parts(daemon, world, control):
    close_buckets(world)
    publish(world, control, "deploy/small", time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    before = peak_bytes(daemon)
    publish_large(world, control, b"x" * (96 * MEBIBYTE))
    record = daemon.wait_ended(2, seconds=60)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert len(control.calls(service="s3", operation="UploadPart")) >= 12
    if BUILD.name != "sanitize":  # which keeps what was freed
        assert peak_bytes(daemon) - before < 48 * MEBIBYTE


def test_given_an_equal_object_in_production_when_it_is_deployed_again_then_it_is_not_copied_again(make_daemon, world, control):
    daemon = make_daemon().start()
    data = world.put_model("models/one.tar.gz")
    for number, log in enumerate(("info", "debug")):
        world.put_object(ARTIFACT_BUCKET, f"deploy/{number}", json.dumps(
            {"model_data": data["url"], "environment": {"LOG": log}}).encode())
        control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, f"deploy/{number}",
                                                        time=f"2026-11-20T09:30:0{number}Z"))
        assert daemon.wait_ended(number + 1)[0]["state"] == "succeeded"
    assert len(control.calls(service="s3", operation="CopyObject")) == 1


def test_given_a_copy_under_way_when_it_is_cancelled_then_it_is_aborted_and_nothing_is_left(daemon, world, control):
    close_buckets(world)
    control.fault("hold", {"service": "s3", "operation": "UploadPart"}, nth=2)
    publish_large(world, control, b"x" * (20 * MEBIBYTE))
    assert control.held(wait=20)
    record = daemon.history()[0]
    asking = threading.Thread(target=daemon.ctl, args=("cancel", "--yes", record["id"]))  # answered when the part is done
    asking.start()
    time.sleep(0.3)  # whether it is heard before the part is done or after: both must end well
    control.clear_faults()
    asking.join()
    assert daemon.wait_ended()[0]["state"] == "cancelled"
    s3 = world.client("prod", "s3")
    wait_for(lambda: not s3.list_multipart_uploads(Bucket=MODEL_BUCKET).get("Uploads"), "the upload to be aborted")
    assert s3.list_objects_v2(Bucket=MODEL_BUCKET).get("KeyCount") == 0


def test_given_a_copy_under_way_when_the_daemon_is_killed_then_it_goes_on_where_it_was(daemon, world, control):
    close_buckets(world)
    control.fault("hold", {"service": "s3", "operation": "UploadPart"}, nth=2)
    content = b"y" * (20 * MEBIBYTE)
    publish_large(world, control, content)
    assert control.held(wait=20)
    daemon.kill()
    control.clear_faults()
    daemon.start()
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded"
    assert copy_of(world, record) == content
    assert len(control.calls(service="s3", operation="CreateMultipartUpload")) == 1


def publish_sparse(world: Any, control: Any, size: int) -> None:
    data = control.put_sparse(SAGEMAKER_BUCKET, "models/sparse.tar.gz", size)
    world.put_object(ARTIFACT_BUCKET, "deploy/sparse", json.dumps({"model_data": data["url"]}).encode())
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/sparse", time="2026-11-20T09:30:02Z"))


def test_given_twenty_gigabytes_when_they_are_copied_then_it_is_by_s3_in_parts_and_memory_is_bounded(daemon, world, control):
    publish(world, control, "deploy/small", time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    before = peak_bytes(daemon)
    publish_sparse(world, control, 20_000_000_001)
    record = daemon.wait_ended(2)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert control.sparse()[f"{MODEL_BUCKET}/{record['copy_key']}"] == 20_000_000_001
    assert len(control.calls(service="s3", operation="UploadPartCopy")) == 19  # of 1 GiB each
    assert not control.calls(service="s3", operation="UploadPart")
    if BUILD.name != "sanitize":
        assert peak_bytes(daemon) - before < 8 * MEBIBYTE


def test_given_twenty_gigabytes_under_way_when_the_daemon_is_killed_then_no_part_that_was_done_is_copied_again(daemon, world, control):
    control.fault("hold", {"service": "s3", "operation": "UploadPartCopy"}, nth=10)
    publish_sparse(world, control, 20_000_000_000)
    assert control.held(wait=20)
    daemon.kill()
    control.clear_faults()
    wait_for(lambda: len(control.calls(service="s3", operation="UploadPartCopy")) == 10, "the held call to be over")
    since = control.last_sequence()
    daemon.start()
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    again = [int(c["parameters"]["PartNumber"]) for c in control.calls(since, service="s3", operation="UploadPartCopy")]
    assert min(again) >= 10 and control.sparse()[f"{MODEL_BUCKET}/{record['copy_key']}"] == 20_000_000_000


def at_once(calls: list[dict[str, Any]]) -> int:
    """How many of the calls were under way at one time, at most."""
    moments = sorted([(c["time"], 1) for c in calls] + [(c["time"] + c["seconds"], -1) for c in calls])
    return max(sum(change for _, change in moments[: index + 1]) for index in range(len(moments)))


def test_given_many_models_to_be_carried_when_they_come_at_once_then_few_parts_are_in_hand_at_a_time(make_daemon, world, control):
    close_buckets(world)
    daemon = make_daemon()
    whole = yaml.safe_load(daemon.config.read_text())
    first = whole["deployments"].pop("fraud-scorer")
    names = [f"scorer-{number}" for number in range(8)]
    for name in names:
        whole["deployments"][name] = {**first, "endpoint": name, "on": {
            "source": ["aws.codepipeline"], "detail": {"pipeline": [name], "state": ["SUCCEEDED"]}}}
    daemon.config.write_text(yaml.safe_dump(json.loads(json.dumps(whole))))
    daemon.start()
    control.fault("delay", {"service": "s3", "operation": "UploadPart"}, seconds=0.5, times=8)
    data = world.put_object(SAGEMAKER_BUCKET, "models/many.tar.gz", b"x" * MEBIBYTE)
    world.put_object(ARTIFACT_BUCKET, "deploy/many", json.dumps({"model_data": data["url"]}).encode())
    for name in names:
        control.event("staging", world.action_succeeded(name, ARTIFACT_BUCKET, "deploy/many"))
    assert {daemon.wait_ended(1, endpoint=name)[0]["state"] for name in names} == {"succeeded"}
    parts = control.calls(service="s3", operation="UploadPart")
    assert len(parts) == 8 and 2 <= at_once(parts) <= 4
