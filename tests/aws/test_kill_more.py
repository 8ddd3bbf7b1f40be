"""kill -9 before and after every call of the journeys beside the main one: a model carried through the daemon in parts,
and a stack of CloudFormation. See test_kill.py."""

from typing import Any

import pytest
from gate.world import MODEL_BUCKET
from test_cloudformation import NAME, STACK, package, served_by
from test_copy import MEBIBYTE, close_buckets, copy_of, publish_large
from test_kill import hold, kill_at_the_held_call, named, points
from test_project import project, publish_zip

# What is the same as in the main journey is killed there.
CARRIED = ["CopyObject", "ListMultipartUploads", "CreateMultipartUpload", "GetObject", "GetObject", "UploadPart", "UploadPart", "CompleteMultipartUpload"]
STACKED = ["DescribeStacks", "CreateChangeSet", "DescribeChangeSet", "ExecuteChangeSet", "DescribeStacks"]


def uploads(world: Any) -> list[Any]:
    return world.client("prod", "s3").list_multipart_uploads(Bucket=MODEL_BUCKET).get("Uploads", [])


@pytest.mark.parametrize("point", points(CARRIED), ids=named)
def test_given_a_model_that_is_carried_when_the_daemon_is_killed_then_a_restart_finishes_it_and_no_upload_is_left(
        make_daemon, world, control, point):
    content = b"model" * (9 * MEBIBYTE // 5)
    close_buckets(world)
    hold(control, point)
    publish_large(world, control, content)
    daemon = make_daemon().start(ready=False)
    kill_at_the_held_call(daemon, control)
    daemon.start()
    record = daemon.wait_ended(1)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert copy_of(world, record) == content
    assert len(daemon.history()) == 1
    assert uploads(world) == []


@pytest.mark.parametrize("point", points(STACKED), ids=named)
def test_given_a_stack_when_the_daemon_is_killed_then_a_restart_finishes_it_once(make_daemon, world, control, point):
    daemon = make_daemon(deployment=STACK)
    hold(control, point)
    publish_zip(world, control, project(package(control, 1)), key="deploy/1", time="2026-11-20T09:30:01Z")
    daemon.start(ready=False)
    kill_at_the_held_call(daemon, control)
    daemon.start()
    record = daemon.wait_ended(1, endpoint=NAME)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert served_by(world).endswith("/1")
    done = [c for c in control.calls(service="cloudformation", operation="ExecuteChangeSet")
            if c["status"] == 200 and (point[2] == "after" or not c["faults"])]
    assert len(done) == 1


