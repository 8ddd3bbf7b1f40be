"""Attacks on a daemon that may do more than those who speak to it: each test is one, from the attacker's side.

The attacker may put events on the staging bus, write what a pipeline's artifact holds, or send to the queue. What they
may not do is have the daemon read, run or change what the configuration does not name."""

import io
import json
import stat
import subprocess
import uuid
import zipfile
from typing import Any

import pytest
from bridge import Bridge, bootstrap
from causeway import BUILD, ENDPOINT, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, MODEL_BUCKET, SAGEMAKER_BUCKET
from test_project import PROJECT, TEMPLATE, project, publish_zip, zipped

OTHERS_BUCKET = "payroll-of-production"
OTHERS_REPOSITORY = "others-images"
NOBODY = 65534


def settled(daemon: Any, count: int = 1) -> dict[str, Any]:
    return daemon.wait_ended(count)[0]


def keys_read(control: Any) -> set[str]:
    """What the daemon has read from S3: BUCKET/KEY."""
    return {f"{c['parameters'].get('Bucket')}/{c['parameters'].get('Key')}" for c in control.calls(service="s3")
            if c["operation"] in ("GetObject", "HeadObject", "CopyObject") and "admin" not in c["principal"]}


def refused(daemon: Any, control: Any, part_of_reason: str) -> None:
    record = settled(daemon)
    assert record["state"] == "rejected", record.get("reason")
    assert part_of_reason in record["reason"]
    assert not control.calls(operation="CreateModel")
    assert not control.calls(operation="CreateEndpoint")


@pytest.fixture
def others(world: Any) -> Any:
    """A bucket and a repository that the daemon's role may read, and that are none of its business."""
    world.client("prod", "s3").create_bucket(Bucket=OTHERS_BUCKET)
    world.client("prod", "s3").put_object(Bucket=OTHERS_BUCKET, Key="salaries.tar.gz", Body=b"secret")
    world.client("staging", "ecr").create_repository(repositoryName=OTHERS_REPOSITORY)
    return world


# Events


def test_an_event_of_an_account_that_the_configuration_does_not_name_starts_nothing(daemon, world, control):
    event = {"version": "0", "id": str(uuid.uuid4()), "account": "999999999999", "region": "us-east-1", "time": "2026-11-20T11:00:00Z",
             **world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one")}
    world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=json.dumps(event))
    dead = wait_for(lambda: world.messages(world.dead_letter_url, wait=1), "the message to be dead-lettered")
    assert "999999999999" in dead[0]["MessageAttributes"]["causeway.reason"]["StringValue"]
    assert daemon.history() == [] and not keys_read(control)


def test_staging_cannot_speak_with_the_voice_of_an_aws_service(daemon, world):
    event = world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one")
    answer = world.client("staging", "events").put_events(Entries=[
        {"Source": "aws.codepipeline", "DetailType": event["detail-type"], "Detail": json.dumps(event["detail"])}])
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize("source", ["aws.codepipeline.evil", "AWS.codepipeline", "custom", " aws.codepipeline"])
def test_an_event_of_another_source_with_the_same_content_is_nobodys(daemon, world, source):
    event = world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one")
    body = {"version": "0", "id": str(uuid.uuid4()), "account": world.staging, "region": "us-east-1", "time": "2026-11-20T11:00:00Z",
            **event, "source": source}
    world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=json.dumps(body))
    wait_for(lambda: daemon.ask("status")["queue"]["ignored"] == 1, "the event to be ignored")
    assert daemon.history() == []


def test_a_rejection_that_is_not_the_registrys_rolls_nothing_back(daemon, world, control):
    publish(world, control)
    assert settled(daemon)["state"] == "succeeded"
    body = {"version": "0", "id": str(uuid.uuid4()), "account": world.staging, "region": "us-east-1", "time": "2026-11-20T11:00:00Z",
            "source": "custom.sagemaker", "detail-type": "SageMaker Model Package State Change", "resources": [],
            "detail": {"ModelPackageArn": f"arn:aws:sagemaker:us-east-1:{world.staging}:model-package/scorer/1", "ModelApprovalStatus": "Rejected"}}
    world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=json.dumps(body))
    wait_for(lambda: daemon.ask("status")["queue"]["ignored"] >= 1, "the event to be ignored")
    assert len(daemon.history()) == 1


def test_news_of_an_endpoint_from_staging_is_not_taken_for_productions(daemon, world, control):
    """Whoever can fail an endpoint in staging could otherwise steer the daemon's looks at production's."""
    control.sagemaker(stuck=["creating"])
    publish(world, control)
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "it to settle")
    ignored = daemon.ask("status")["queue"]["ignored"]
    body = {"version": "0", "id": str(uuid.uuid4()), "account": world.staging, "region": "us-east-1", "time": "2026-11-20T11:00:00Z",
            "source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change", "resources": [],
            "detail": {"EndpointName": ENDPOINT, "EndpointStatus": "FAILED"}}
    world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=json.dumps(body))
    wait_for(lambda: daemon.ask("status")["queue"]["ignored"] > ignored, "the event to be ignored")
    control.sagemaker_release()
    assert settled(daemon)["state"] == "succeeded"


# Artifacts


def test_an_artifact_in_a_bucket_that_the_configuration_does_not_name_is_never_read(daemon, others, control):
    control.event("staging", others.action_succeeded(PIPELINE, OTHERS_BUCKET, "salaries.tar.gz"))
    refused(daemon, control, OTHERS_BUCKET)
    assert not [place for place in keys_read(control) if place.startswith(OTHERS_BUCKET)]


def test_a_manifest_cannot_have_others_objects_copied_to_where_they_are_served(daemon, others, control):
    others.put_manifest("deploy/one", f"s3://{OTHERS_BUCKET}/salaries.tar.gz")
    control.event("staging", others.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    refused(daemon, control, OTHERS_BUCKET)
    assert not [place for place in keys_read(control) if place.startswith(OTHERS_BUCKET)]


def test_a_manifest_cannot_name_the_model_bucket_of_production(daemon, world, control):
    world.put_object(MODEL_BUCKET, "anothers/model.tar.gz", b"x", account="prod")
    world.put_manifest("deploy/one", f"s3://{MODEL_BUCKET}/anothers/model.tar.gz")
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    refused(daemon, control, MODEL_BUCKET)


@pytest.mark.parametrize("uri", [
    f"s3://{SAGEMAKER_BUCKET}@{OTHERS_BUCKET}/salaries.tar.gz", f"s3://{SAGEMAKER_BUCKET}.{OTHERS_BUCKET}/salaries.tar.gz",
    f"s3://{SAGEMAKER_BUCKET}%2f..%2f{OTHERS_BUCKET}/salaries.tar.gz", f"s3://{SAGEMAKER_BUCKET.upper()}/salaries.tar.gz",
    f"s3://arn:aws:s3:us-east-1:361769565206:accesspoint/{OTHERS_BUCKET}/salaries.tar.gz", f"s3://../{OTHERS_BUCKET}/salaries.tar.gz",
    f"S3://{OTHERS_BUCKET}/salaries.tar.gz", f"https://{OTHERS_BUCKET}.s3.amazonaws.com/salaries.tar.gz", "file:///etc/passwd",
    "s3:///salaries.tar.gz", f"s3://{SAGEMAKER_BUCKET}", f"s3://{SAGEMAKER_BUCKET}/",
])
def test_a_place_that_is_spelled_to_mislead_leads_nowhere(daemon, others, control, uri):
    others.put_manifest("deploy/one", uri)
    control.event("staging", others.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    refused(daemon, control, "refused")
    assert keys_read(control) == {f"{ARTIFACT_BUCKET}/deploy/one"}


@pytest.mark.parametrize("key", [f"../{OTHERS_BUCKET}/salaries.tar.gz", f"x/../../{OTHERS_BUCKET}/salaries.tar.gz", f"..%2f{OTHERS_BUCKET}/salaries.tar.gz",
                                 f"?versionId=1&x=/{OTHERS_BUCKET}", "a\r\nHost: evil.example"])
def test_a_key_is_never_read_as_a_path_out_of_its_bucket(daemon, others, control, key):
    """The object is looked for under just that key, in the bucket that may be read, and is not there."""
    others.put_manifest("deploy/one", f"s3://{SAGEMAKER_BUCKET}/{key}")
    control.event("staging", others.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    record = settled(daemon)
    assert record["state"] in ("failed", "rejected")
    assert not control.calls(operation="CreateModel")
    assert not [place for place in keys_read(control) if place.startswith(OTHERS_BUCKET)]


@pytest.mark.parametrize("image", [
    f"345594592951.dkr.ecr.us-east-1.amazonaws.com/{OTHERS_REPOSITORY}:latest",
    f"345594592951.dkr.ecr.us-east-1.amazonaws.com/{OTHERS_REPOSITORY}@sha256:{'0' * 64}",
    "999999999999.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:latest", "docker.io/library/miner:latest", "evil.example/sagemaker-inference:latest",
    "345594592951.dkr.ecr.us-east-1.amazonaws.com.evil.example/sagemaker-inference:latest",
    "345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference/../others-images:latest",
])
def test_an_image_of_a_repository_that_the_configuration_does_not_name_is_never_run(daemon, others, control, image):
    data = others.put_model("models/one.tar.gz")
    others.put_manifest("deploy/one", data["url"], image=image)
    control.event("staging", others.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    refused(daemon, control, "image")


def test_a_package_of_a_foreign_registry_is_never_deployed(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    publish_zip(world, control, project("arn:aws:sagemaker:us-east-1:999999999999:model-package/scorer/7"))
    refused(daemon, control, "999999999999")


def test_a_package_with_an_image_of_elsewhere_is_never_deployed(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    package = control.package("staging", "scorer", 7, approval="Approved", containers=[
        {"Image": "999999999999.dkr.ecr.us-east-1.amazonaws.com/miner:1", "ModelDataUrl": f"s3://{SAGEMAKER_BUCKET}/m.tar.gz"}])
    publish_zip(world, control, project(package["arn"]))
    refused(daemon, control, "miner")


# What an artifact holds


def test_a_template_cannot_choose_the_role_that_the_model_runs_with(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    package = control.package("staging", "scorer", 7, approval="Approved")
    admin = f"arn:aws:iam::{world.prod}:role/administrator"
    template = TEMPLATE.replace("ExecutionRoleArn: !Ref ModelExecutionRoleArn", f"ExecutionRoleArn: '{admin}'")
    publish_zip(world, control, project(package["arn"], template, ModelExecutionRoleArn=admin))
    assert settled(daemon)["state"] == "succeeded"
    made = control.calls(operation="CreateModel")
    assert [c["parameters"]["ExecutionRoleArn"] for c in made] == [world.execution_role_arn]


def test_a_template_gets_no_capability_that_the_configuration_does_not_give(make_daemon, world, control):
    daemon = make_daemon(deployment={**PROJECT, "driver": "cloudformation", "stack": "scorer-prod", "endpoint": ENDPOINT}).start()
    package = control.package("staging", "scorer", 7, approval="Approved")
    template = TEMPLATE + """
  Backdoor:
    Type: AWS::IAM::Role
    Properties: {RoleName: backdoor, AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {AWS: '*'}, Action: 'sts:AssumeRole'}]}}
"""
    publish_zip(world, control, project(package["arn"], template))
    assert settled(daemon)["state"] == "failed"
    asked = control.calls(service="cloudformation", operation="CreateChangeSet")
    assert asked and all(not c["parameters"].get("Capabilities") for c in asked)
    assert not control.calls(service="cloudformation", operation="ExecuteChangeSet")


def test_a_template_cannot_bring_a_stack_that_nobody_looks_at(make_daemon, world, control):
    """The inner stack's own template would name any image; the bucket it comes from is the attacker's."""
    daemon = make_daemon(deployment={**PROJECT, "driver": "cloudformation", "stack": "scorer-prod", "endpoint": ENDPOINT}).start()
    package = control.package("staging", "scorer", 7, approval="Approved")
    template = TEMPLATE + """
  Inner:
    Type: AWS::CloudFormation::Stack
    Properties: {TemplateURL: 'https://attackers.s3.amazonaws.com/template.yml'}
"""
    publish_zip(world, control, project(package["arn"], template))
    record = settled(daemon)
    assert record["state"] == "rejected" and "Inner" in record["reason"] and "CAPABILITY_AUTO_EXPAND" in record["reason"]
    assert not control.calls(service="cloudformation", operation="CreateChangeSet")


def linked(target: str) -> bytes:
    """A zip whose template is a symbolic link."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("template-export.yml")
        entry.create_system = 3
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, target)
        archive.writestr("prod-config-export.json", "{}")
    return packed.getvalue()


@pytest.mark.parametrize("content", [
    zipped(**{"../../template-export.yml": TEMPLATE, "prod-config-export.json": "{}"}),
    zipped(**{"/template-export.yml": TEMPLATE, "prod-config-export.json": "{}"}),
    zipped(**{"x/../template-export.yml": TEMPLATE, "prod-config-export.json": "{}"}),
    linked("/etc/passwd"), linked("prod-config-export.json"),
], ids=["upwards", "absolute", "through a folder", "a link", "a link inside"])
def test_names_in_a_zip_are_no_paths(make_daemon, world, control, content):
    daemon = make_daemon(deployment=PROJECT).start()
    publish_zip(world, control, content)
    refused(daemon, control, "refused")


# Roles


def test_without_the_external_id_the_role_in_staging_stays_closed(make_daemon, world, control):
    accounts = {"prod": {"id": world.prod, "region": world.region},
                "staging": {"id": world.staging, "region": world.region, "assume_role": world.staging_role_arn}}
    daemon = make_daemon(accounts=accounts, deployment={"retry": {"within": "2s"}}).start()
    publish(world, control)
    record = settled(daemon)
    assert record["state"] == "failed" and "AssumeRole" in record["reason"]


def test_every_role_is_assumed_with_the_external_id(daemon, world, control):
    publish(world, control)
    assert settled(daemon)["state"] == "succeeded"
    asked = control.calls(service="sts", operation="AssumeRole")
    assert asked and all(c["parameters"].get("ExternalId") for c in asked)


# Beside the daemon


def test_a_user_who_is_not_in_the_group_cannot_operate_the_daemon(daemon):
    daemon.socket.parent.chmod(0o755)
    asking = [str(BUILD / "causewayctl"), "--config", str(daemon.config), "--socket", str(daemon.socket), "status"]
    closed = subprocess.run(asking, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, timeout=30, check=False)
    assert closed.returncode != 0
    daemon.socket.chmod(0o666)  # as an administrator's mistake would
    told = subprocess.run(asking, user=NOBODY, group=NOBODY, extra_groups=[], capture_output=True, text=True, timeout=30, check=False)
    assert told.returncode != 0 and "only root and members" in told.stderr
    assert daemon.ctl("status").returncode == 0


def test_a_rule_of_somebody_else_cannot_have_eventbridge_send_to_the_bridges_queue(sandbox, bare, control, tmp_path):
    """EventBridge may send to it, but in the name of the bridge's own rules only: `aws:SourceArn` in what the bridge writes."""
    bridge = Bridge(sandbox, bare, tmp_path, bootstrap(bare))
    bridge.converge()
    events = bare.client("prod", "events")
    events.put_rule(Name="attacker", EventPattern=json.dumps({"source": ["attacker"]}))
    events.put_targets(Rule="attacker", Targets=[{"Id": "queue", "Arn": bare.queue_arn}])
    events.put_events(Entries=[{"Source": "attacker", "DetailType": "anything", "Detail": "{}"}])
    wait_for(control.dropped_events, "the event to be dropped")
    assert bare.queue_length() == 0
    control.event("staging", bare.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "some/key"))
    wait_for(lambda: bare.queue_length() == 1, "what the bridge carries to arrive all the same")
