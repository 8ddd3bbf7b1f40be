"""What staging accounts really send, and what comes of it: executions, jobs, packages, objects; each of them once."""

import json
import uuid
from typing import Any

import pytest
from causeway import ENDPOINT, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, MODEL_BUCKET, SAGEMAKER_BUCKET

GROUP = "scorer"


def any_of(*sources: str) -> dict[str, Any]:
    return {"source": list(sources)}


def put_artifact(world: Any, key: str, model: bytes = b"0.5\n") -> str:
    """A manifest in staging, and the model that it names; the key."""
    data = world.put_model(f"models/{key}.tar.gz", model)
    world.put_object(ARTIFACT_BUCKET, key, json.dumps({"model_data": data["url"]}).encode())
    return key


def given_execution(world: Any, control: Any, key: str, execution: str | None = None, action: str = "Build") -> str:
    """A pipeline execution in staging whose action put out the artifact; its id."""
    execution = execution or str(uuid.uuid4())
    control.codepipeline("staging", pipeline=PIPELINE, executions=[
        {"pipelineExecutionId": execution, "status": "Succeeded"},
    ], actions=[{
        "pipelineExecutionId": execution, "actionExecutionId": str(uuid.uuid4()), "stageName": action, "actionName": action,
        "status": "Succeeded", "output": {"outputArtifacts": [
            {"name": "BuildArtifact", "s3location": {"bucket": ARTIFACT_BUCKET, "key": key}}]},
    }])
    return execution


def pipeline_succeeded(execution: str, **detail: Any) -> dict[str, Any]:
    return {"source": "aws.codepipeline", "detail-type": "CodePipeline Pipeline Execution State Change", "detail": {
        "pipeline": PIPELINE, "execution-id": execution, "state": "SUCCEEDED", "version": 3.0, **detail}}


PIPELINE_ON = {"on": {"source": ["aws.codepipeline"], "detail": {"state": ["SUCCEEDED"]}}}


def test_given_an_event_without_artifacts_when_it_comes_then_its_execution_is_asked(make_daemon, world, control):
    daemon = make_daemon(deployment=PIPELINE_ON).start()
    execution = given_execution(world, control, put_artifact(world, "deploy/one"))
    control.event("staging", pipeline_succeeded(execution))
    record = daemon.wait_ended()[0]
    assert (record["state"], record["artifact_key"], record["execution"]) == ("succeeded", "deploy/one", execution)


def test_given_an_execution_without_the_artifact_when_it_is_asked_then_it_is_rejected_by_name(make_daemon, world, control):
    daemon = make_daemon(deployment=PIPELINE_ON).start()
    execution = str(uuid.uuid4())
    control.codepipeline("staging", pipeline=PIPELINE, executions=[], actions=[])
    control.event("staging", pipeline_succeeded(execution))
    record = daemon.wait_ended()[0]
    assert record["state"] == "rejected"
    assert "BuildArtifact" in record["reason"] and execution in record["reason"]


@pytest.mark.parametrize("times", [1, 2, 5])
def test_given_deliveries_of_one_thing_when_their_ids_differ_then_one_deployment_is_made(make_daemon, world, control, times):
    daemon = make_daemon(deployment=PIPELINE_ON).start()
    execution = given_execution(world, control, put_artifact(world, "deploy/one"))
    for number in range(times):
        control.event("staging", pipeline_succeeded(execution, **{"pipeline-execution-attempt": float(number)}))
    daemon.wait_ended()
    wait_for(lambda: world.queue_length() == 0, "the messages to be deleted")
    assert len(daemon.history()) == 1


def guide_event(world: Any, key: str, job: str) -> dict[str, Any]:
    return {"Source": "staging.sagemaker.deploy", "DetailType": "ModelDeployment", "Detail": json.dumps(
        {"pipeline": PIPELINE, "jobId": job, "s3path": f"s3://{ARTIFACT_BUCKET}/{key}"})}


def job_event(key: str, job: str) -> dict[str, Any]:
    return {"Source": "staging.lambda", "DetailType": "CodePipeline job", "Detail": json.dumps({"CodePipeline.job": {
        "id": job, "accountId": "345594592951", "data": {
            "actionConfiguration": {"configuration": {"FunctionName": "forward"}},
            "inputArtifacts": [{"name": "BuildArtifact", "revision": None, "location": {
                "type": "S3", "s3Location": {"bucketName": ARTIFACT_BUCKET, "objectKey": key}}}],
            "outputArtifacts": [],
            "artifactCredentials": {"accessKeyId": "AKIDSECRET", "secretAccessKey": "KEYSECRET", "sessionToken": "TOKENSECRET"},
        }}})}


def put_event(world: Any, entry: dict[str, Any]) -> None:
    answer = world.client("staging", "events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0


JOB_ON = {"on": {"source": ["staging.sagemaker.deploy", "staging.lambda"]}}


@pytest.mark.parametrize("event", [guide_event, lambda world, key, job: job_event(key, job)], ids=["guide", "job"])
def test_given_a_job_when_its_model_serves_then_the_pipelines_stage_turns_green(make_daemon, world, control, event):
    daemon = make_daemon(deployment=JOB_ON).start()
    job = str(uuid.uuid4())
    control.codepipeline("staging", jobs=[job])
    put_event(world, event(world, put_artifact(world, "deploy/one"), job))
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert control.jobs()[job]["status"] == "Succeeded"


def test_given_a_job_when_its_model_does_not_come_to_serve_then_the_stage_turns_red_with_the_reason(make_daemon, world, control):
    daemon = make_daemon(deployment=JOB_ON).start()
    control.sagemaker(rules=[{"model_data_contains": "one", "reason": "did not pass the ping health check"}])
    job = str(uuid.uuid4())
    control.codepipeline("staging", jobs=[job])
    put_event(world, job_event(put_artifact(world, "deploy/one"), job))
    assert daemon.wait_ended()[0]["state"] == "failed"
    told = control.jobs()[job]
    assert told["status"] == "Failed"
    assert told["result"]["failureDetails"]["type"] == "JobFailed"
    assert "ping health check" in told["result"]["failureDetails"]["message"]


def test_given_a_job_with_live_keys_when_it_is_taken_then_they_are_kept_nowhere(make_daemon, world, control):
    daemon = make_daemon(deployment=JOB_ON).start()
    job = str(uuid.uuid4())
    control.codepipeline("staging", jobs=[job])
    put_event(world, job_event(put_artifact(world, "deploy/one"), job))
    broken = job_event("", str(uuid.uuid4()))  # no artifact: to the dead-letter queue
    put_event(world, broken)
    daemon.wait_ended()
    dead = wait_for(lambda: world.messages(world.dead_letter_url), "the broken one to be set aside")
    daemon.stop()
    kept = b"".join(path.read_bytes() for path in daemon.directory.iterdir() if path.is_file())
    assert b"SECRET" not in kept
    assert "SECRET" not in json.dumps(dead)


def package_changed(package: dict[str, Any], approval: str, **detail: Any) -> dict[str, Any]:
    return {"source": "aws.sagemaker", "detail-type": "SageMaker Model Package State Change", "resources": [package["arn"]],
            "detail": {"ModelPackageArn": package["arn"], "ModelPackageGroupName": GROUP, "ModelPackageStatus": "Completed",
                       "ModelApprovalStatus": approval, "LastModifiedTime": package["time"], **detail}}


PACKAGE = {
    "on": {"source": ["aws.sagemaker"], "detail-type": ["SageMaker Model Package State Change"],
           "detail": {"ModelPackageGroupName": [GROUP], "ModelApprovalStatus": ["Approved"]}},
    "artifact": {"form": "model-package"}, "container": None,
}


@pytest.fixture
def forwarding(world: Any) -> None:
    """Staging's own SageMaker and S3 events come to production too."""
    events = world.client("staging", "events")
    events.put_rule(Name="causeway-forward-more", EventPattern=json.dumps(any_of("aws.sagemaker", "aws.s3")), State="ENABLED")
    events.put_targets(Rule="causeway-forward-more", Targets=[{
        "Id": "bus", "Arn": world.bus_arn, "RoleArn": f"arn:aws:iam::{world.staging}:role/causeway-forward"}])


def approve(control: Any, version: int, approval: str = "Approved", times: int = 1) -> dict[str, Any]:
    package = control.package("staging", GROUP, version, approval=approval)
    for _ in range(times):
        control.event("staging", package_changed(package, approval))
    return package


def say_at(control: Any, version: int, approval: str, second: int) -> dict[str, Any]:
    """The registry's word at that second, and its event."""
    time = f"2026-11-20T09:30:{second:02}Z"
    package = control.package("staging", GROUP, version, approval=approval)
    control.event("staging", {**package_changed(package, approval, LastModifiedTime=time), "time": time})
    return package


def serving_package(world: Any) -> str:
    sagemaker = world.client("prod", "sagemaker")
    config = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    model = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"][0]["ModelName"]
    return sagemaker.describe_model(ModelName=model)["Containers"][0]["ModelPackageName"]


def test_given_an_approved_package_when_several_events_tell_then_it_serves_by_its_own_name_once(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    package = approve(control, 7, times=3)
    record = daemon.wait_ended()[0]
    assert (record["state"], record["model_package"]) == ("succeeded", package["arn"])
    assert serving_package(world) == package["arn"]
    wait_for(lambda: world.queue_length() == 0, "the messages to be deleted")
    assert len(daemon.history()) == 1


def test_given_two_approvals_close_together_when_both_are_taken_then_the_newer_serves(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    newer, _ = (say_at(control, version, "Approved", second=version) for version in (2, 1))
    daemon.wait_ended(2)
    assert serving_package(world) == newer["arn"]


def test_given_a_serving_package_when_it_is_rejected_then_the_one_before_it_serves_again(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    first = approve(control, 1)
    daemon.wait_ended(1)
    approve(control, 2)
    daemon.wait_ended(2)
    approve(control, 2, "Rejected", times=2)
    record = daemon.wait_ended(3)[0]
    assert (record["state"], record["model_package"]) == ("succeeded", first["arn"])
    assert "model registry" in record["asked_by"]
    assert serving_package(world) == first["arn"]
    wait_for(lambda: world.queue_length() == 0, "the messages to be deleted")
    assert len(daemon.history()) == 3


def test_given_a_rejection_that_was_answered_when_a_later_approval_comes_late_then_it_is_deployed(make_daemon, world, control, forwarding):
    """Both happened before the daemon heard of either. An approval is newer than what the registry has taken back."""
    daemon = make_daemon(deployment=PACKAGE).start()
    for ended, (version, approval) in enumerate([(1, "Approved"), (2, "Approved"), (2, "Rejected"), (3, "Approved")], 1):
        package = say_at(control, version, approval, ended)
        history = daemon.wait_ended(ended)
    assert [r["state"] for r in history if r["model_package"] == package["arn"]] == ["succeeded"]
    assert serving_package(world) == package["arn"]


def test_given_a_package_that_was_approved_again_when_the_rejection_before_comes_late_then_it_stays(make_daemon, world, control, forwarding):
    """SQS may hand out the later of two events first."""
    daemon = make_daemon(deployment=PACKAGE).start()
    for ended, (version, second) in enumerate([(1, 1), (2, 2), (2, 5)], 1):
        package = say_at(control, version, "Approved", second)
        daemon.wait_ended(ended)
    say_at(control, 2, "Rejected", 4)
    control.package("staging", GROUP, 2, approval="Approved")
    wait_for(lambda: world.queue_length() == 0, "the rejection to be taken in")
    assert [r["state"] for r in daemon.history()] == ["succeeded"] * 3
    assert serving_package(world) == package["arn"]


def test_given_a_package_that_is_being_deployed_again_when_the_rejection_before_comes_late_then_it_goes_on(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    control.fault("hold", {"operation": "CreateModel", "user_agent": "causeway"})
    package = say_at(control, 1, "Approved", 5)
    assert control.held(wait=20)
    say_at(control, 1, "Rejected", 4)
    control.package("staging", GROUP, 1, approval="Approved")
    wait_for(lambda: world.queue_length() == 0, "the rejection to be taken in")
    control.clear_faults()
    assert [r["state"] for r in daemon.wait_ended()] == ["succeeded"]
    assert serving_package(world) == package["arn"]


def test_given_a_package_rejected_before_it_is_looked_at_then_it_is_not_deployed(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    package = control.package("staging", GROUP, 1, approval="Rejected")
    control.event("staging", package_changed(package, "Approved"))
    record = daemon.wait_ended()[0]
    assert record["state"] == "rejected" and "is Rejected by now" in record["reason"]


def test_given_an_edit_of_an_approved_packages_remarks_when_it_comes_then_it_starts_nothing(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment=PACKAGE).start()
    package = control.package("staging", GROUP, 1, approval="Approved")
    control.event("staging", package_changed(package, "Approved", UpdatedModelPackageFields=["CustomerMetadataProperties"]))
    daemon.wait_said("is wanted by no deployment")
    assert daemon.history() == []


def test_given_an_object_created_when_there_is_no_pipeline_then_it_is_deployed_by_its_version(make_daemon, world, control, forwarding):
    daemon = make_daemon(deployment={
        "on": {"source": ["aws.s3"], "detail": {"object": {"key": [{"suffix": ".tar.gz"}]}}},
        "artifact": {"bucket": {"event": "/detail/bucket/name"}, "key": {"event": "/detail/object/key"},
                     "version": {"event": "/detail/object/version-id"}, "form": "model"}}).start()
    data = world.put_model("models/one.tar.gz")
    control.event("staging", {"source": "aws.s3", "detail-type": "Object Created", "detail": {
        "version": "0", "bucket": {"name": SAGEMAKER_BUCKET}, "reason": "PutObject",
        "object": {"key": "models/one.tar.gz", "size": 5, "version-id": data["version_id"], "sequencer": "61"}}})
    record = daemon.wait_ended()[0]
    assert (record["state"], record["model_version"]) == ("succeeded", data["version_id"])
    assert record["copy_bucket"] == MODEL_BUCKET
