"""What would fail halfway is found before anything is made, and said with action, principal and resource."""

import json
from typing import Any

from causeway import publish
from gate.world import EXECUTION_ROLE, MODEL_BUCKET, REPOSITORY, SAGEMAKER_BUCKET

MAKES = ("CopyObject", "CreateMultipartUpload", "CreateModel", "CreateEndpointConfig", "CreateEndpoint")


def trust(world: Any, service: str) -> None:
    world.client("prod", "iam").update_assume_role_policy(RoleName=EXECUTION_ROLE, PolicyDocument=json.dumps({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}))


def failed(daemon: Any, world: Any, control: Any) -> dict[str, Any]:
    """The record of a deployment that made nothing."""
    start = control.last_sequence()
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed"
    assert not [c for c in control.calls(start) if c["operation"] in MAKES]
    return record


def test_given_a_role_that_sagemaker_may_not_assume_then_it_says_so_and_makes_nothing(daemon, world, control):
    trust(world, "lambda.amazonaws.com")
    record = failed(daemon, world, control)
    for word in ("sts:AssumeRole", "sagemaker.amazonaws.com", world.execution_role_arn):
        assert word in record["reason"]
    trust(world, "sagemaker.amazonaws.com")
    daemon.ask("retry", record["id"])
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"


def test_given_a_repository_that_does_not_let_the_role_pull_then_it_says_so_and_makes_nothing(daemon, world, control):
    ecr = world.client("staging", "ecr")
    ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{world.prod}:user/somebody"}, "Action": "ecr:BatchGetImage"}]}))
    record = failed(daemon, world, control)
    for word in ("ecr:BatchGetImage", world.execution_role_arn, f"repository/{REPOSITORY}"):
        assert word in record["reason"]


def test_given_a_repository_without_a_policy_then_it_says_so_and_makes_nothing(daemon, world, control):
    world.client("staging", "ecr").delete_repository_policy(repositoryName=REPOSITORY)
    assert "has no policy that would let" in failed(daemon, world, control)["reason"]


def test_given_a_model_bucket_that_is_not_there_then_it_says_so_and_makes_nothing(make_daemon, world, control):
    daemon = make_daemon(deployment={"model_bucket": "no-such-bucket-anywhere"}).start()
    assert "model bucket no-such-bucket-anywhere does not exist" in failed(daemon, world, control)["reason"]


def test_given_a_model_bucket_that_is_refused_then_it_says_so_and_makes_nothing(make_daemon, world, control):
    control.fault("error", {"operation": "HeadBucket"}, times=0, code="AccessDenied", status=403, message="Access Denied")
    daemon = make_daemon(deployment={"retry": {"within": "3s"}}).start()
    reason = failed(daemon, world, control)["reason"]
    assert f"model bucket {MODEL_BUCKET}" in reason and "s3:ListBucket" in reason


def encrypt_models(world: Any) -> None:
    key = world.client("staging", "kms").create_key()["KeyMetadata"]["Arn"]
    world.client("staging", "s3").put_bucket_encryption(Bucket=SAGEMAKER_BUCKET, ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}]})


def test_given_a_model_under_a_key_that_lets_nobody_read_it_then_it_says_so_and_makes_nothing(make_daemon, world, control):
    encrypt_models(world)
    # The artifact is the first to be read.
    control.fault("error", {"operation": "GetObject"}, nth=2, times=0, code="AccessDenied", status=403,
                  message="User: arn is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-east-1:1:key/k")
    daemon = make_daemon(deployment={"retry": {"within": "3s"}}).start()
    reason = failed(daemon, world, control)["reason"]
    assert "encrypted with a KMS key" in reason and f"s3://{SAGEMAKER_BUCKET}/" in reason and "kms:Decrypt" in reason


def test_given_a_model_under_a_key_that_lets_it_be_read_then_it_is_deployed(daemon, world, control):
    encrypt_models(world)
    publish(world, control)
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert [c for c in control.calls() if c["operation"] == "GetObject" and c["parameters"].get("Range") == "bytes=0-0"]
