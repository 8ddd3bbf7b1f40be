"""The gate's strictness: signatures, operations, parameters, and whose key it is."""

import http.client
import json
import socket
import time
from urllib.parse import urlparse

import boto3
import pytest
from botocore import UNSIGNED
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from gate.fixtures import *  # noqa: F403
from gate.world import EXTERNAL_ID, INSTANCE_ROLE, MODEL_BUCKET, QUEUE, SAGEMAKER_BUCKET


def refused(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


def send(sandbox, service, target, body, *, account="prod", spoil=None, **headers):
    """A request signed by hand, so that it can be wrong; (status, headers, body)."""
    keys = sandbox.accounts[account]
    url = sandbox.endpoint + "/"
    request = AWSRequest("POST", url, data=body, headers={
        "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target, **headers})
    SigV4Auth(Credentials(keys["access_key_id"], keys["secret_access_key"]), service, "us-east-1").add_auth(request)
    prepared = dict(request.prepare().headers)
    if spoil:
        prepared = spoil(prepared)
    connection = http.client.HTTPConnection(urlparse(url).netloc)
    connection.request("POST", "/", body, prepared)
    answer = connection.getresponse()
    return answer.status, answer.headers, answer.read()


def test_given_two_accounts_when_each_asks_who_it_is_then_each_is_told_its_own(bare):
    for account, number in (("prod", bare.prod), ("staging", bare.staging)):
        assert bare.client(account, "sts").get_caller_identity()["Account"] == number


@pytest.mark.usefixtures("expects_violations")
def test_given_a_wrong_secret_when_a_call_is_made_then_the_signature_does_not_match_and_it_is_a_violation(sandbox, control):
    for service, code in (("sts", "SignatureDoesNotMatch"), ("s3", "SignatureDoesNotMatch"), ("sqs", "InvalidSignatureException")):
        client = boto3.client(service, region_name="us-east-1", endpoint_url=sandbox.endpoint,
                              aws_access_key_id=sandbox.accounts["prod"]["access_key_id"], aws_secret_access_key="wrong")
        call = {"sts": "get_caller_identity", "s3": "list_buckets", "sqs": "list_queues"}[service]
        answer = refused(getattr(client, call))
        assert answer["Error"]["Code"] == code
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert len(control.violations()) == 3


@pytest.mark.usefixtures("expects_violations")
def test_given_no_signature_when_a_call_is_made_then_the_token_is_missing(sandbox, control):
    def strip(headers):
        return {k: v for k, v in headers.items() if k != "Authorization"}

    status, _, body = send(sandbox, "sqs", "AmazonSQS.ListQueues", b"{}", spoil=strip)
    assert status == 403 and b"MissingAuthenticationToken" in body
    assert control.violations()


@pytest.mark.usefixtures("expects_violations")
@pytest.mark.parametrize("name", ["X-Amz-Security-Token", "X-Amz-Other"])
def test_given_an_amazon_header_that_was_not_signed_when_a_call_is_made_then_it_is_refused(sandbox, control, name):
    status, _, _ = send(sandbox, "sqs", "AmazonSQS.ListQueues", b"{}",
                        spoil=lambda headers: {**headers, name: "other"})
    assert status == 403 and control.violations()


@pytest.mark.usefixtures("expects_violations")
def test_given_a_body_that_was_changed_on_the_way_when_it_arrives_then_the_signature_does_not_match(sandbox, control):
    def longer(headers):
        return {**headers, "X-Amz-Content-SHA256": "0" * 64}

    status, _, _ = send(sandbox, "sqs", "AmazonSQS.ListQueues", b"{}", spoil=longer)
    assert status == 403 and control.violations()


@pytest.mark.usefixtures("expects_violations")
def test_given_an_unknown_key_when_a_call_is_made_then_the_client_is_unrecognized(sandbox, control):
    client = boto3.client("sagemaker", region_name="us-east-1", endpoint_url=sandbox.endpoint,
                          aws_access_key_id="AKIAUNKNOWN", aws_secret_access_key="x")
    assert refused(client.list_endpoints)["Error"]["Code"] == "UnrecognizedClientException"
    assert "unknown access key" in control.violations()[0]["reason"]


@pytest.mark.usefixtures("expects_violations")
def test_given_an_unknown_parameter_when_a_json_call_is_made_then_it_is_a_violation(sandbox, control):
    status, _, body = send(sandbox, "sqs", "AmazonSQS.ListQueues", b'{"Prefix": "x"}')
    assert status == 400 and b"unknown parameter Prefix" in body
    assert "unknown parameter Prefix" in control.violations()[0]["reason"]


@pytest.mark.usefixtures("expects_violations")
@pytest.mark.parametrize(("target", "body", "reason"), [
    ("AmazonSQS.NoSuchThing", b"{}", "no operation"),
    ("SageMaker.ListEndpoints", b"{}", "X-Amz-Target"),
    ("AmazonSQS.ListQueues", b"{", "not a JSON object"),
    ("AmazonSQS.ListQueues", b'{"MaxResults": "ten"}', "Invalid type"),
    ("AmazonSQS.GetQueueUrl", b"{}", "Missing required parameter"),
])
def test_given_a_request_outside_the_service_model_when_it_is_made_then_it_is_a_violation(sandbox, control, target, body, reason):
    status, _, _ = send(sandbox, "sqs", target, body)
    assert status in (400, 404)
    assert reason in control.violations()[0]["reason"]


@pytest.mark.usefixtures("expects_violations")
def test_given_a_name_that_breaks_the_models_pattern_when_it_is_used_then_it_is_a_violation(bare, control):
    answer = refused(bare.client("prod", "sagemaker").describe_endpoint, EndpointName="under_score")
    assert answer["Error"]["Code"] == "ValidationException"
    assert "regular expression" in control.violations()[0]["reason"]


@pytest.mark.usefixtures("expects_violations")
def test_given_an_unknown_query_parameter_when_an_s3_call_is_made_then_it_is_a_violation(world, control):
    s3 = world.client("prod", "s3")

    def add(request, **_):
        request.url += "?colour=red"

    s3.meta.events.register("before-sign.s3.HeadBucket", add)
    try:
        with pytest.raises(ClientError):
            s3.head_bucket(Bucket=MODEL_BUCKET)
    finally:
        s3.meta.events.unregister("before-sign.s3.HeadBucket", add)
    assert "colour" in control.violations()[0]["reason"]


def test_given_the_account_header_of_moto_when_a_client_sends_it_then_it_changes_nothing(sandbox, world):
    status, _, body = send(sandbox, "sqs", "AmazonSQS.ListQueues", b"{}", account="staging",
                           **{"x-moto-account-id": world.prod})
    assert status == 200 and QUEUE.encode() not in body


def test_given_a_trust_policy_with_an_external_id_when_a_role_is_assumed_then_only_with_both_is_it_allowed(world):
    sts = world.client("prod", "sts")
    role = {"RoleArn": world.staging_role_arn, "RoleSessionName": "test"}
    for wrong in ({}, {"ExternalId": "other"}):
        answer = refused(sts.assume_role, **role, **wrong)
        assert answer["Error"]["Code"] == "AccessDenied" and answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    answer = refused(world.client("staging", "sts").assume_role, **role, ExternalId=EXTERNAL_ID)
    assert answer["Error"]["Code"] == "AccessDenied"
    assert sts.assume_role(**role, ExternalId=EXTERNAL_ID)["AssumedRoleUser"]["Arn"] == (
        f"arn:aws:sts::{world.staging}:assumed-role/causeway-staging/test")


def test_given_a_web_identity_when_a_role_trusts_it_then_its_unsigned_call_is_answered(sandbox, world):
    trust = {"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::{world.prod}:oidc-provider/example"}}]}
    world.client("prod", "iam").create_role(RoleName="pod", AssumeRolePolicyDocument=json.dumps(trust))
    unsigned = boto3.client("sts", region_name="us-east-1", endpoint_url=sandbox.endpoint, config=Config(signature_version=UNSIGNED))
    wanted = {"RoleSessionName": "pod-1", "WebIdentityToken": "a.b.c"}
    given = unsigned.assume_role_with_web_identity(RoleArn=f"arn:aws:iam::{world.prod}:role/pod", **wanted)
    assert given["AssumedRoleUser"]["Arn"].endswith("assumed-role/pod/pod-1")
    answer = refused(unsigned.assume_role_with_web_identity, RoleArn=world.execution_role_arn, **wanted)
    assert answer["Error"]["Code"] == "AccessDenied"


def session(sandbox, world, service):
    given = world.client("prod", "sts").assume_role(
        RoleArn=world.staging_role_arn, RoleSessionName="session", ExternalId=EXTERNAL_ID)["Credentials"]
    return boto3.client(service, region_name="us-east-1", endpoint_url=sandbox.endpoint,
                        aws_access_key_id=given["AccessKeyId"], aws_secret_access_key=given["SecretAccessKey"],
                        aws_session_token=given["SessionToken"])


def test_given_an_assumed_role_when_it_calls_then_it_acts_in_the_roles_account(sandbox, world):
    identity = session(sandbox, world, "sts").get_caller_identity()
    assert identity["Account"] == world.staging
    assert session(sandbox, world, "ecr").describe_repositories()["repositories"]


@pytest.mark.parametrize(("service", "call", "code"), [
    ("sts", "get_caller_identity", "ExpiredToken"), ("s3", "list_buckets", "ExpiredToken"),
    ("sagemaker", "list_endpoints", "ExpiredTokenException"),
])
def test_given_an_expired_session_when_it_calls_then_it_is_told_so_and_it_is_no_violation(sandbox, world, control, service, call, code):
    client = session(sandbox, world, service)
    getattr(client, call)()
    assert control.expire_sessions("causeway-staging") >= 1
    assert refused(getattr(client, call))["Error"]["Code"] == code


def metadata(sandbox, method, path, **headers):
    connection = http.client.HTTPConnection(urlparse(sandbox.endpoint).netloc)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()


def test_given_the_metadata_service_when_asked_in_its_order_then_its_keys_work_as_the_instances_role(sandbox, control):
    roles = "/latest/meta-data/iam/security-credentials/"
    assert metadata(sandbox, "GET", roles)[0] == 401
    _, token = metadata(sandbox, "PUT", "/latest/api/token", X_aws_ec2_metadata_token_ttl_seconds="60")
    assert metadata(sandbox, "GET", roles, X_aws_ec2_metadata_token=token) == (200, INSTANCE_ROLE)
    given = json.loads(metadata(sandbox, "GET", roles + INSTANCE_ROLE, X_aws_ec2_metadata_token=token)[1])
    assert given["Code"] == "Success"
    identity = boto3.client("sts", region_name="us-east-1", endpoint_url=sandbox.endpoint, aws_access_key_id=given["AccessKeyId"],
                            aws_secret_access_key=given["SecretAccessKey"], aws_session_token=given["Token"]).get_caller_identity()
    assert identity["Arn"].startswith(f"arn:aws:sts::{sandbox.accounts['prod']['id']}:assumed-role/{INSTANCE_ROLE}/")
    assert [c["operation"] for c in control.calls(service="imds")] == ["ListRoles", "PutToken", "ListRoles", "GetCredentials"]


def test_given_container_credentials_when_a_token_is_demanded_then_only_it_is_answered(sandbox, control):
    path = "/_gate/container-credentials"
    assert json.loads(metadata(sandbox, "GET", path)[1])["AccessKeyId"]
    control.metadata(container_token="secret", lifetime_seconds=5)
    assert metadata(sandbox, "GET", path)[0] == 401
    assert metadata(sandbox, "GET", path, Authorization="secret")[0] == 200


def test_given_another_accounts_bucket_when_its_policy_names_us_then_we_read_it_and_nothing_more(world):
    model = world.put_model("m/model.tar.gz")
    prod = world.client("prod", "s3")
    read = prod.get_object(Bucket=SAGEMAKER_BUCKET, Key=model["key"], VersionId=model["version_id"])
    assert read["ETag"] == model["etag"]
    answer = refused(prod.put_object, Bucket=SAGEMAKER_BUCKET, Key="x", Body=b"x")
    assert answer["Error"]["Code"] == "AccessDenied" and answer["ResponseMetadata"]["HTTPStatusCode"] == 403
    assert refused(world.client("staging", "s3").get_object, Bucket=MODEL_BUCKET, Key="x")["Error"]["Code"] == "AccessDenied"


def test_given_versions_and_conditions_when_objects_are_read_and_copied_then_s3_keeps_to_them(world):
    first, second = world.put_model("k", b"1"), world.put_model("k", b"2")
    prod = world.client("prod", "s3")
    assert prod.head_object(Bucket=SAGEMAKER_BUCKET, Key="k", VersionId=first["version_id"])["ETag"] == first["etag"]
    assert prod.head_object(Bucket=SAGEMAKER_BUCKET, Key="k")["VersionId"] == second["version_id"]
    assert refused(prod.get_object, Bucket=SAGEMAKER_BUCKET, Key="k", IfMatch=first["etag"])["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert refused(prod.get_object, Bucket=SAGEMAKER_BUCKET, Key="none")["Error"]["Code"] == "NoSuchKey"
    source = {"Bucket": SAGEMAKER_BUCKET, "Key": "k", "VersionId": first["version_id"]}
    copied = prod.copy_object(Bucket=MODEL_BUCKET, Key="copy", CopySource=source, CopySourceIfMatch=first["etag"])
    assert copied["CopyObjectResult"]["ETag"] == first["etag"] and copied["VersionId"]
    assert refused(prod.copy_object, Bucket=MODEL_BUCKET, Key="copy", CopySource=source,
                   CopySourceIfMatch=second["etag"])["Error"]["Code"] == "PreconditionFailed"


def test_given_a_large_object_when_it_is_copied_in_parts_then_ranges_and_conditions_hold(world):
    body = bytes(range(256)) * 40960  # 10 MiB
    source = world.put_object(SAGEMAKER_BUCKET, "big object+1", body)
    prod = world.client("prod", "s3")
    upload = prod.create_multipart_upload(Bucket=MODEL_BUCKET, Key="big")["UploadId"]
    half = len(body) // 2
    parts = []
    for number, (start, end) in enumerate([(0, half - 1), (half, len(body) - 1)], 1):
        answer = prod.upload_part_copy(
            Bucket=MODEL_BUCKET, Key="big", UploadId=upload, PartNumber=number, CopySourceRange=f"bytes={start}-{end}",
            CopySource={"Bucket": source["bucket"], "Key": source["key"], "VersionId": source["version_id"]},
            CopySourceIfMatch=source["etag"])
        parts.append({"PartNumber": number, "ETag": answer["CopyPartResult"]["ETag"]})
    assert refused(prod.upload_part_copy, Bucket=MODEL_BUCKET, Key="big", UploadId=upload, PartNumber=3,
                   CopySource={"Bucket": source["bucket"], "Key": source["key"]},
                   CopySourceIfMatch='"other"')["Error"]["Code"] == "PreconditionFailed"
    done = prod.complete_multipart_upload(Bucket=MODEL_BUCKET, Key="big", UploadId=upload, MultipartUpload={"Parts": parts})
    assert done["ETag"].endswith('-2"')
    assert prod.get_object(Bucket=MODEL_BUCKET, Key="big")["Body"].read() == body


def test_given_staging_s_repository_when_prod_describes_its_image_then_it_gets_the_digest(world):
    ecr = world.client("prod", "ecr")

    def digest_of(**image):
        return ecr.describe_images(registryId=world.staging, repositoryName="sagemaker-inference",
                                   imageIds=[image])["imageDetails"][0]["imageDigest"]

    old = digest_of(imageTag="latest")
    new = world.put_image("latest", "another content")
    assert new != old and digest_of(imageTag="latest") == new
    assert digest_of(imageDigest=old) == old, "what lost its tag is still there"
    assert world.put_image("same", "another content") == new
    assert refused(ecr.describe_images, registryId=world.staging, repositoryName="sagemaker-inference",
                   imageIds=[{"imageTag": "none"}])["Error"]["Code"] == "ImageNotFoundException"
    assert refused(ecr.list_images, registryId=world.staging, repositoryName="sagemaker-inference")["Error"]["Code"] == "AccessDeniedException"


def test_given_one_connection_when_many_calls_are_made_then_it_is_kept_alive(sandbox, control):
    before = control.health()["connections"]
    connection = http.client.HTTPConnection(urlparse(sandbox.endpoint).netloc)
    connection.connect()
    local = connection.sock.getsockname()
    for _ in range(50):
        connection.request("GET", "/latest/meta-data/instance-id")
        assert connection.getresponse().read() == b""
    assert connection.sock.getsockname() == local
    assert control.health()["connections"] == before + 1


@pytest.mark.usefixtures("expects_violations")
def test_given_a_large_upload_when_the_client_expects_continue_then_it_is_told_to(sandbox, control):
    with socket.create_connection(urlparse(sandbox.endpoint).netloc.split(":"), 5) as raw:
        raw.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert raw.recv(100).startswith(b"HTTP/1.1 100 Continue")
        raw.sendall(b"{}")  # nobody signed it, which is seen before the next test
        assert raw.recv(1000).startswith(b"HTTP/1.1 403")


def test_given_any_call_when_it_is_answered_then_it_is_recorded_with_its_request_id(world, control):
    since = control.last_sequence()
    answer = world.client("prod", "sqs").list_queues()
    s3 = world.client("staging", "s3").list_buckets()
    seen = control.calls(since)
    assert [(c["service"], c["operation"], c["account"], c["status"]) for c in seen] == [
        ("sqs", "ListQueues", world.prod, 200), ("s3", "ListBuckets", world.staging, 200)]
    assert [c["request_id"] for c in seen] == [a["ResponseMetadata"]["RequestId"] for a in (answer, s3)]
    started = time.perf_counter()
    for _ in range(50):
        world.client("prod", "sqs").list_queues()
    assert time.perf_counter() - started < 5, "a call takes milliseconds"
