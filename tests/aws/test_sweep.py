"""What EventBridge did not deliver is found by asking staging, and taken up once; what is history stays so."""

import time
import uuid
from typing import Any

from causeway import ENDPOINT, PIPELINE
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET
from test_events import GROUP, PACKAGE, package_changed, pipeline_succeeded, put_artifact, serving_package

SWEPT = {"sweep": "1s"}


def executed(world: Any, control: Any, *keys: str, at: float | None = None) -> list[str]:
    """Pipeline executions in staging of which no event is sent; their ids, in the order of the keys."""
    executions, actions = [], []
    for number, key in enumerate(keys):
        execution, when = str(uuid.uuid4()), (at or time.time()) + number
        executions.insert(0, {"pipelineExecutionId": execution, "status": "Succeeded", "lastUpdateTime": when, "startTime": when})
        actions.insert(0, {
            "pipelineExecutionId": execution, "actionExecutionId": str(uuid.uuid4()), "stageName": "Build", "actionName": "Build",
            "status": "Succeeded", "lastUpdateTime": when, "startTime": when,
            "output": {"outputArtifacts": [{"name": "BuildArtifact", "s3location": {"bucket": ARTIFACT_BUCKET, "key": key}}]}})
    control.codepipeline("staging", pipeline=PIPELINE, executions=executions, actions=actions)
    return [execution["pipelineExecutionId"] for execution in reversed(executions)]


def pipeline_on(detail_type: str) -> dict[str, Any]:
    return {"on": {"source": ["aws.codepipeline"], "detail-type": [f"CodePipeline {detail_type} Execution State Change"],
                   "detail": {"pipeline": [PIPELINE], "state": ["SUCCEEDED"]}}}


def swept(control: Any, times: int = 2) -> None:
    """Waits until the pipelines were asked so often again."""
    before = len(control.calls(service="codepipeline", operation="ListPipelineExecutions"))
    wait_for(lambda: len(control.calls(service="codepipeline", operation="ListPipelineExecutions")) >= before + times,
             "the next sweeps", 15)


def test_given_an_event_that_never_came_when_staging_is_asked_then_it_is_taken_up_once(make_daemon, world, control):
    daemon = make_daemon(deployment=pipeline_on("Pipeline"), **SWEPT).start()
    control.codepipeline("staging", pipeline=PIPELINE, executions=[], actions=[])
    swept(control, 1)
    execution = executed(world, control, put_artifact(world, "deploy/one"))[0]
    record = daemon.wait_ended()[0]
    assert (record["state"], record["execution"], record["asked_by"]) == ("succeeded", execution, "sweep")
    control.event("staging", pipeline_succeeded(execution))  # and here it comes, late
    swept(control)
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
    assert len(daemon.history()) == 1


def test_given_an_event_that_came_when_staging_is_asked_then_it_is_known(make_daemon, world, control):
    daemon = make_daemon(deployment=pipeline_on("Action"), **SWEPT).start()
    control.codepipeline("staging", pipeline=PIPELINE, executions=[], actions=[])
    swept(control, 1)
    execution = executed(world, control, put_artifact(world, "deploy/one"))[0]
    daemon.wait_ended()
    swept(control)
    daemon.stop()
    daemon.start()  # what was seen is forgotten, what was taken is not
    swept(control)
    assert [r["event_id"] for r in daemon.history()] == [f"found:{execution}"]


def test_given_what_happened_before_the_first_start_when_staging_is_asked_then_it_stays_history(make_daemon, world, control):
    executed(world, control, put_artifact(world, "deploy/old"), at=time.time() - 3600)
    daemon = make_daemon(deployment=pipeline_on("Pipeline"), **SWEPT).start()
    swept(control)
    assert daemon.history() == []


def test_given_two_missed_executions_when_they_are_found_then_the_newer_serves(make_daemon, world, control):
    daemon = make_daemon(deployment=pipeline_on("Stage"), **SWEPT).start()
    control.codepipeline("staging", pipeline=PIPELINE, executions=[], actions=[])
    swept(control, 1)
    executed(world, control, put_artifact(world, "deploy/one"), put_artifact(world, "deploy/two"))
    daemon.wait_ended(2)
    served = [r["artifact_key"] for r in daemon.history() if r["state"] == "succeeded"]
    assert served[0] == "deploy/two"


def test_given_an_approval_that_was_not_told_when_the_registry_is_asked_then_it_is_deployed_once(make_daemon, world, control):
    daemon = make_daemon(deployment=PACKAGE, **SWEPT).start()
    wait_for(lambda: control.calls(service="sagemaker", operation="ListModelPackages"), "the first sweep", 15)
    package = control.package("staging", GROUP, 1, approval="Approved")
    record = daemon.wait_ended()[0]
    assert (record["state"], record["model_package"]) == ("succeeded", package["arn"])
    assert serving_package(world) == package["arn"]
    control.event("staging", package_changed(package, "Approved"))
    before = len(control.calls(service="sagemaker", operation="ListModelPackages"))
    wait_for(lambda: len(control.calls(service="sagemaker", operation="ListModelPackages")) > before + 1, "two sweeps", 15)
    assert len(daemon.history(ENDPOINT)) == 1
