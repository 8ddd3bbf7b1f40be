"""What EventBridge did not deliver is found by asking staging, and taken up once; what is history stays so."""

import time
import uuid
from typing import Any

from causeway import ENDPOINT, PIPELINE, publish
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


def registry_swept(control: Any, times: int = 2) -> None:
    """Waits until the registry has been asked so often, from now on: for the approved, and for the rejected."""
    calls = {"service": "sagemaker", "operation": "ListModelPackages"}
    before = len(control.calls(**calls))
    wait_for(lambda: len(control.calls(**calls)) >= before + 2 * times, f"{times} sweeps", 15)


def approved(daemon: Any, control: Any, versions: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """So many, one after the other, of which nobody is told: the last one, and its deployment."""
    for version in range(1, versions + 1):
        package = control.package("staging", GROUP, version, approval="Approved")
        record = daemon.wait_ended(version)[0]
    return package, record


def nothing_follows(daemon: Any, world: Any, control: Any, package: str, deployments: int) -> None:
    """However often the registry is asked, there are only so many, and the package serves."""
    registry_swept(control)
    assert len(daemon.history(ENDPOINT)) == deployments
    assert serving_package(world) == package


def test_given_an_approval_that_was_not_told_when_the_registry_is_asked_then_it_is_deployed_once(make_daemon, world, control):
    daemon = make_daemon(deployment=PACKAGE, **SWEPT).start()
    registry_swept(control, 1)
    package = control.package("staging", GROUP, 1, approval="Approved")
    record = daemon.wait_ended()[0]
    assert (record["state"], record["model_package"]) == ("succeeded", package["arn"])
    assert serving_package(world) == package["arn"]
    control.event("staging", package_changed(package, "Approved"))
    nothing_follows(daemon, world, control, package["arn"], 1)


def test_given_a_rejection_that_was_not_told_when_the_registry_is_asked_then_the_one_before_serves_again(make_daemon, world, control):
    daemon = make_daemon(deployment=PACKAGE, **SWEPT).start()
    registry_swept(control, 1)
    second, _ = approved(daemon, control, 2)
    assert serving_package(world) == second["arn"]
    control.package("staging", GROUP, 2, approval="Rejected")
    record = daemon.wait_ended(3)[0]
    first = f"{second['arn'][:-1]}1"
    assert (record["state"], record["model_package"]) == ("succeeded", first)
    assert record["asked_by"] == f"the model registry of account {world.staging}, found by a sweep"
    nothing_follows(daemon, world, control, first, 3)


def test_given_a_second_approval_that_was_not_told_when_the_registry_is_asked_then_it_is_deployed_again(make_daemon, world, control):
    daemon = make_daemon(deployment=PACKAGE, **SWEPT).start()
    registry_swept(control, 1)
    package, _ = approved(daemon, control, 2)
    rejected = control.package("staging", GROUP, 2, approval="Rejected")
    control.event("staging", package_changed(rejected, "Rejected"))
    daemon.wait_ended(3)
    daemon.stop()
    control.package("staging", GROUP, 2, approval="Approved")
    daemon.start()
    daemon.wait_ended(4)
    nothing_follows(daemon, world, control, package["arn"], 4)


def test_given_an_operator_who_wants_a_rejected_package_back_when_the_registry_is_asked_again_then_it_stays(make_daemon, world, control):
    daemon = make_daemon(deployment=PACKAGE, **SWEPT).start()
    registry_swept(control, 1)
    package, last = approved(daemon, control, 3)
    control.package("staging", GROUP, 3, approval="Rejected")
    rejected = int(time.time())
    daemon.wait_ended(4)
    wait_for(lambda: int(time.time()) > rejected, "the next second")  # what is asked for in the same one might be before it
    assert daemon.ctl("rollback", ENDPOINT, "--to", last["id"]).returncode == 0
    daemon.wait_ended(5)
    assert serving_package(world) == package["arn"]
    daemon.stop()
    before = len(control.calls(service="sagemaker", operation="DescribeModelPackage"))
    daemon.start()  # what was seen is forgotten
    wait_for(lambda: len(control.calls(service="sagemaker", operation="DescribeModelPackage")) >= before + 3, "all to be asked for", 15)
    nothing_follows(daemon, world, control, package["arn"], 5)


def left_behind(world: Any, name: str, *, tagged: bool = True) -> None:
    """A model and a configuration as a run that nobody remembers would have left them."""
    sagemaker = world.client("prod", "sagemaker")
    tags = [{"Key": "causeway:owner", "Value": "fraud-scorer"}] if tagged else []
    config = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    variant = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]
    container = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
    sagemaker.create_model(ModelName=name, ExecutionRoleArn=world.execution_role_arn, Tags=tags,
                           PrimaryContainer={"Image": container["Image"], "ModelDataUrl": container["ModelDataUrl"]})
    sagemaker.create_endpoint_config(EndpointConfigName=name, Tags=tags, ProductionVariants=[{**variant, "ModelName": name}])


def configs(world: Any) -> set[str]:
    return {c["EndpointConfigName"] for c in world.client("prod", "sagemaker").list_endpoint_configs()["EndpointConfigs"]}


def models(world: Any) -> set[str]:
    return {m["ModelName"] for m in world.client("prod", "sagemaker").list_models()["Models"]}


def test_given_what_a_crashed_run_left_behind_when_it_is_ten_sweeps_old_then_it_is_removed_and_nothing_else(make_daemon, world, control):
    daemon = make_daemon(**SWEPT).start()
    for number in (1, 2):
        publish(world, control, f"deploy/{number}", time=f"2026-11-20T09:30:0{number}Z")
        assert daemon.wait_ended(number)[0]["state"] == "succeeded"
    kept = {record["config_name"] for record in daemon.history()}
    ours, others = f"{ENDPOINT}-0123456789ab", {f"{ENDPOINT}-by-hand", f"{ENDPOINT}-ba9876543210"}
    left_behind(world, ours)
    for name in others:
        left_behind(world, name, tagged=False)
    wait_for(lambda: ours not in configs(world) | models(world), "the orphan to be removed", 40)
    assert configs(world) == kept | others and models(world) == kept | others
    assert [e["MESSAGE"].split()[1] for e in daemon.said() if "was left behind" in e.get("MESSAGE", "")]
