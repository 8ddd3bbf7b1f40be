"""The driver cloudformation: a stack made of the artifact's own template, by change sets."""

from typing import Any

from gate.client import wait_for
from gate.world import MODEL_BUCKET
from test_journey import described
from test_project import TEMPLATE, project, publish_zip

STACK = {"artifact": {"pipeline": "BuildArtifact", "form": "sagemaker-project"}, "container": None, "variant": None,
         "driver": "cloudformation", "stack": "scorer-prod", "endpoint": "scorer-prod"}
NAME = "scorer-prod"


def package(control: Any, version: int) -> str:
    return control.package("staging", "scorer", version, approval="Approved")["arn"]


def served_by(world: Any) -> str:
    sagemaker = world.client("prod", "sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described(world, NAME)["EndpointConfigName"])
    return sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])["Containers"][0]["ModelPackageName"]


def publish_versions(daemon: Any, world: Any, control: Any, count: int) -> None:
    for number in range(1, count + 1):
        publish_zip(world, control, project(package(control, number)), key=f"deploy/{number}", time=f"2026-11-20T09:30:0{number}Z")
        record = daemon.wait_ended(number, endpoint=NAME)[0]
        assert record["state"] == "succeeded", record.get("reason")


def test_given_a_template_when_it_comes_twice_then_a_stack_is_made_and_changed(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 2)
    kinds = [c["parameters"]["ChangeSetType"] for c in control.calls(service="cloudformation", operation="CreateChangeSet")]
    assert kinds == ["CREATE", "UPDATE"]
    assert served_by(world).endswith("/2")
    made = control.calls(service="cloudformation", operation="CreateChangeSet")[-1]["parameters"]
    parameters = {p["ParameterKey"]: p["ParameterValue"] for p in made["Parameters"]}
    assert parameters["ModelExecutionRoleArn"] == world.execution_role_arn
    assert {t["Key"] for t in made["Tags"]} == {"causeway:owner", "sagemaker:project-name"}


def test_given_a_template_whose_endpoint_answers_later_when_it_is_verified_then_it_is_asked_so(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    later = TEMPLATE.replace("      ProductionVariants:\n", "      AsyncInferenceConfig: {OutputConfig: {S3OutputPath: !Sub 's3://"
                             + MODEL_BUCKET + "/answers/${StageName}'}}\n      ProductionVariants:\n")
    assert later != TEMPLATE
    publish_zip(world, control, project(package(control, 1), later), key="deploy/1")
    record = daemon.wait_ended(1, endpoint=NAME)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert control.calls(operation="InvokeEndpointAsync", status=202) and not control.calls(operation="InvokeEndpoint")


def test_given_the_same_template_again_when_it_comes_then_an_empty_change_set_is_success(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    publish_zip(world, control, project(package(control, 1)), key="deploy/again", time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert (record["state"], record["unchanged"]) == ("succeeded", 1)
    assert len(control.calls(service="cloudformation", operation="ExecuteChangeSet")) == 1
    assert len(control.calls(service="cloudformation", operation="DeleteChangeSet")) == 1


def test_given_a_change_that_fails_when_cloudformation_goes_back_then_the_reason_is_the_resources_own(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    control.stacks(failures=[{"resource": "Endpoint", "reason": "did not pass the ping health check"}])
    publish_zip(world, control, project(package(control, 2)), key="deploy/2", time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert record["state"] == "rolled_back"
    assert "Endpoint" in record["reason"] and "ping health check" in record["reason"]
    assert record["failure"] == "health-check"
    assert served_by(world).endswith("/1")


def test_given_a_nested_stack_that_fails_when_it_is_explained_then_its_own_events_tell(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    control.stacks(failures=[{"resource": "Inner", "reason": "ResourceLimitExceeded: the account-level service limit", "nested": True}])
    publish_zip(world, control, project(package(control, 2)), key="deploy/2", time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert record["state"] == "rolled_back" and "Inner" in record["reason"] and record["failure"] == "quota"


def test_given_a_rollback_that_fails_once_when_it_is_continued_then_it_is_rolled_back(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    control.stacks(failures=[{"resource": "Endpoint", "reason": "no", "rollback_fails": 1}])
    publish_zip(world, control, project(package(control, 2)), key="deploy/2", time="2026-11-20T09:31:00Z")
    assert daemon.wait_ended(2, endpoint=NAME)[0]["state"] == "rolled_back"
    assert len(control.calls(service="cloudformation", operation="ContinueUpdateRollback")) == 1


def test_given_a_rollback_that_fails_twice_when_it_was_continued_once_then_what_to_do_is_said(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    control.stacks(failures=[{"resource": "Endpoint", "reason": "no", "rollback_fails": 2}])
    publish_zip(world, control, project(package(control, 2)), key="deploy/2", time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert record["state"] == "failed" and "UPDATE_ROLLBACK_FAILED" in record["reason"]
    assert "continue the rollback" in record["advice"]
    assert len(control.calls(service="cloudformation", operation="ContinueUpdateRollback")) == 1


def test_given_a_change_that_does_not_verify_when_it_was_made_then_the_template_of_before_is_put_back(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_versions(daemon, world, control, 1)
    control.sagemaker(invocations=[{"model_data_contains": "/2", "body": "NaN\n"}])
    publish_zip(world, control, project(package(control, 2)), key="deploy/2", time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert record["state"] == "rolled_back" and "does not match" in record["reason"]
    wait_for(lambda: described(world, NAME)["EndpointStatus"] == "InService", "the endpoint to settle")
    assert served_by(world).endswith("/1")


def large(template: str) -> str:
    """60 KB, no two lines alike: more than CloudFormation takes in a request."""
    return template + "Metadata:\n" + "".join(f"  Note{number}: {hash((number, 'note')) & 0xFFFFFFFF:x}\n" for number in range(3500))


def test_given_a_large_template_when_it_comes_then_it_goes_by_the_bucket_and_does_not_stay_there(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    publish_zip(world, control, project(package(control, 1), large(TEMPLATE)), time="2026-11-20T09:30:01Z")
    record = daemon.wait_ended(1, endpoint=NAME)[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert served_by(world).endswith("/1")
    control.sagemaker(invocations=[{"model_data_contains": "/2", "body": "NaN\n"}])  # and back to what was as large
    publish_zip(world, control, project(package(control, 2), large(TEMPLATE).replace("Note1:", "Other:")), key="deploy/2",
                time="2026-11-20T09:31:00Z")
    record = daemon.wait_ended(2, endpoint=NAME)[0]
    assert record["state"] == "rolled_back", record.get("reason")
    wait_for(lambda: described(world, NAME)["EndpointStatus"] == "InService", "the endpoint to settle")
    assert served_by(world).endswith("/1")
    assert "TemplateURL" in control.calls(service="cloudformation", operation="UpdateStack")[-1]["parameters"]
    assert world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET).get("KeyCount") == 0


def test_given_a_template_with_a_strangers_image_when_it_comes_then_no_stack_is_made(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    stranger = f"999999999999.dkr.ecr.{world.region}.amazonaws.com/miner:latest"
    publish_zip(world, control, project(package(control, 1), TEMPLATE.replace(
        "{ModelPackageName: !Ref ModelPackageName}", f"{{Image: '{stranger}'}}")))
    record = daemon.wait_ended(endpoint=NAME)[0]
    assert record["state"] == "rejected" and "999999999999" in record["reason"], record.get("reason")
    assert not control.calls(service="cloudformation")


def test_given_roles_in_a_template_when_capabilities_are_not_allowed_then_it_fails_before_anything_is_made(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    template = TEMPLATE.replace("Resources:", "Resources:\n  Role: {Type: 'AWS::IAM::Role'}")
    publish_zip(world, control, project(package(control, 1), template))
    record = daemon.wait_ended(endpoint=NAME)[0]
    assert record["state"] == "failed" and "capabilities" in record["reason"]
    daemon.stop()
    daemon.configure(deployment={**STACK, "capabilities": ["CAPABILITY_NAMED_IAM"]})
    daemon.start()
    publish_zip(world, control, project(package(control, 1), template), key="deploy/2", time="2027-11-20T09:31:00Z")
    assert daemon.wait_ended(2, endpoint=NAME)[0]["state"] == "succeeded"


def test_given_a_change_under_way_when_the_daemon_is_killed_then_it_is_finished_and_not_made_twice(make_daemon, world, control):
    daemon = make_daemon(deployment=STACK).start()
    control.sagemaker(stuck=["creating"])
    publish_zip(world, control, project(package(control, 1)))
    control.wait_call(service="cloudformation", operation="ExecuteChangeSet")
    daemon.kill()
    control.sagemaker_release()
    daemon.start()
    assert daemon.wait_ended(endpoint=NAME)[0]["state"] == "succeeded"
    assert len(control.calls(service="cloudformation", operation="ExecuteChangeSet")) <= 2
    assert served_by(world).endswith("/1")
