"""Each fault, as the client that meets it sees it; and the sandbox as a process."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError
from botocore.parsers import ResponseParserError
from gate.client import Gate, Sandbox, wait_for
from gate.fixtures import *  # noqa: F403
from gate.world import SAGEMAKER_BUCKET, World

ROOT = Path(__file__).resolve().parents[2]


def error_of(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response


@pytest.mark.parametrize(("service", "call", "code", "status"), [
    ("sqs", "list_queues", "RequestThrottled", 400), ("s3", "list_buckets", "SlowDown", 503),
    ("sagemaker", "list_endpoints", "ThrottlingException", 400), ("sts", "get_caller_identity", "Throttling", 400),
])
def test_given_throttling_when_a_call_is_made_then_it_is_throttled_as_its_service_does(bare, control, service, call, code, status):
    control.fault("throttle", {"service": service})
    answer = error_of(getattr(bare.client("prod", service), call))
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    getattr(bare.client("prod", service), call)()


def test_given_the_nth_call_when_others_come_before_then_only_it_and_its_followers_are_struck(bare, control):
    control.fault("error", {"service": "sqs", "operation": "ListQueues", "account": "prod"}, nth=2, times=2,
                  status=503, code="ServiceUnavailable")
    sqs = bare.client("prod", "sqs")
    bare.client("staging", "sqs").list_queues()
    seen = []
    for _ in range(4):
        try:
            sqs.list_queues()
            seen.append(200)
        except ClientError as error:
            seen.append(error.response["ResponseMetadata"]["HTTPStatusCode"])
    assert seen == [200, 503, 503, 200]
    assert [c["faults"] for c in control.calls(account=bare.prod)] == [[], ["error"], ["error"], []]


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_given_a_reset_when_a_call_is_made_then_the_connection_breaks_before_or_after_its_effect(world, control, when, done):
    control.fault("reset", {"operation": "SendMessage"}, when=when)
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody="x")
    assert world.queue_length() == done


def test_given_a_truncated_body_when_it_is_read_then_it_ends_too_soon(world, control):
    world.put_object(SAGEMAKER_BUCKET, "k", b"x" * 1000)
    control.fault("truncate", {"operation": "GetObject"})
    body = world.client("staging", "s3").get_object(Bucket=SAGEMAKER_BUCKET, Key="k")["Body"]
    with pytest.raises(Exception, match="500 more|IncompleteRead|incomplete"):
        body.read()


def test_given_a_slow_body_when_it_is_read_then_it_takes_its_time(world, control):
    world.put_object(SAGEMAKER_BUCKET, "k", b"x" * 1000)
    control.fault("slow", {"operation": "GetObject"}, bytes_per_second=4000)
    started = time.monotonic()
    assert len(world.client("staging", "s3").get_object(Bucket=SAGEMAKER_BUCKET, Key="k")["Body"].read()) == 1000
    assert time.monotonic() - started > 0.2


@pytest.mark.usefixtures("expects_violations")
def test_given_a_fault_on_a_wrong_request_when_it_is_made_then_the_violation_is_seen_all_the_same(bare, control):
    control.fault("throttle")
    error_of(bare.client("prod", "sagemaker").describe_endpoint, EndpointName="under_score")
    assert control.violations() and control.calls()[0]["parameters"] == {"EndpointName": "under_score"}


def test_given_many_callers_at_once_when_they_use_every_service_then_all_are_answered(sandbox, world, control):
    def work(number):
        for _ in range(10):
            world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody=str(number))
            world.client("staging", "s3").put_object(Bucket=SAGEMAKER_BUCKET, Key=f"k{number}", Body=b"x")
            world.client("prod", "s3").head_object(Bucket=SAGEMAKER_BUCKET, Key=f"k{number}")
            world.client("prod", "sts").get_caller_identity()

    for service, account in (("s3", "staging"), ("s3", "prod"), ("sqs", "prod"), ("sts", "prod")):
        world.client(account, service)
    since = control.last_sequence()
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(work, range(16)))
    assert world.queue_length() == 160
    assert [c for c in control.calls(since) if c["status"] != 200] == []


def test_given_a_delay_when_a_call_is_made_then_it_waits(bare, control):
    control.fault("delay", {"service": "sts"}, seconds=0.3)
    started = time.monotonic()
    bare.client("prod", "sts").get_caller_identity()
    assert time.monotonic() - started >= 0.3


def test_given_garbage_or_a_huge_answer_when_it_is_read_then_it_is_what_was_asked_for(world, control):
    control.fault("garbage", {"service": "sts"}, body="<html>not what you")
    with pytest.raises(ResponseParserError):
        world.client("prod", "sts").get_caller_identity()
    control.fault("huge", {"operation": "GetObject"}, bytes=3_000_000)
    body = world.client("staging", "s3").get_object(Bucket=SAGEMAKER_BUCKET, Key="k")["Body"]
    assert len(body.read()) == 3_000_000


def test_given_expired_credentials_when_a_call_is_made_then_it_is_told_so(bare, control):
    control.fault("expired_credentials", {"principal": "user/admin"}, times=2)
    assert error_of(bare.client("prod", "s3").list_buckets)["Error"]["Code"] == "ExpiredToken"
    assert error_of(bare.client("prod", "sqs").list_queues)["Error"]["Code"] == "ExpiredTokenException"


def test_given_a_skewed_clock_when_a_call_is_made_then_the_date_shows_it_and_the_call_is_refused(bare, control):
    control.fault("clock_skew", times=2, seconds=3600)
    answer = error_of(bare.client("prod", "s3").list_buckets)
    assert answer["Error"]["Code"] == "RequestTimeTooSkewed"
    answer = error_of(bare.client("prod", "sqs").list_queues)
    assert answer["Error"]["Code"] == "InvalidSignatureException" and "Signature expired" in answer["Error"]["Message"]
    shown = time.mktime(time.strptime(answer["ResponseMetadata"]["HTTPHeaders"]["date"], "%a, %d %b %Y %H:%M:%S GMT"))
    assert abs(shown - time.mktime(time.gmtime()) - 3600) < 60
    control.clock(-3600)
    assert error_of(bare.client("prod", "sqs").list_queues)["Error"]["Code"] == "InvalidSignatureException"
    control.clock(0)
    bare.client("prod", "sqs").list_queues()


@pytest.mark.parametrize(("when", "done"), [("before", 0), ("after", 1)])
def test_given_a_hold_when_a_call_reaches_it_then_it_waits_there_until_released(world, control, when, done):
    control.fault("hold", {"operation": "SendMessage"}, when=when)
    sending = threading.Thread(target=lambda: world.client("prod", "sqs").send_message(QueueUrl=world.queue_url, MessageBody="x"))
    sending.start()
    (held,) = control.held(wait=5)
    assert (held["service"], held["operation"], held["when"]) == ("sqs", "SendMessage", when)
    assert world.queue_length() == done and sending.is_alive()
    control.release()
    sending.join(5)
    assert not sending.is_alive() and control.held() == [] and world.queue_length() == 1


def test_given_a_client_killed_while_held_when_it_is_released_then_the_gate_goes_on(sandbox, world, control):
    control.fault("hold", {"operation": "ListQueues"}, when="after")
    program = ("import boto3; boto3.client('sqs').list_queues()")
    child = subprocess.Popen([sys.executable, "-c", program], env={**os.environ, **sandbox.environment("prod"), "AWS_DEFAULT_REGION": "us-east-1"})
    assert control.held(wait=20)[0]["principal"].endswith("user/causeway")
    child.kill()
    child.wait(10)
    control.release()
    world.client("prod", "sqs").list_queues()


def test_given_a_caller_that_left_while_held_before_its_call_when_it_is_released_then_nothing_was_done(sandbox, world, control):
    control.fault("hold", {"operation": "SendMessage"})
    impatient = sandbox.client("prod", "sqs", config={"read_timeout": 0.3, "retries": {"total_max_attempts": 1}})
    with pytest.raises(HTTPClientError):
        impatient.send_message(QueueUrl=world.queue_url, MessageBody="x")
    assert len(control.held()) == 1
    control.release()
    control.wait_call(operation="SendMessage")
    assert world.queue_length() == 0


def test_given_a_held_call_when_the_world_is_reset_then_it_does_not_reach_the_next_one(sandbox, world, control):
    control.fault("hold", {"operation": "CreateQueue"})
    broken = []

    def create():
        try:
            world.client("prod", "sqs").create_queue(QueueName="late")
        except HTTPClientError as error:
            broken.append(error)

    creating = threading.Thread(target=create)
    creating.start()
    assert control.held(wait=5)
    control.reset()
    creating.join(5)
    assert broken and "QueueUrls" not in world.client("prod", "sqs").list_queues()
    assert control.calls(operation="CreateQueue") == []


def test_given_the_metadata_service_when_it_fails_then_faults_reach_it_too(sandbox, control):
    control.fault("error", {"service": "imds", "operation": "PutToken"}, status=503, headers={"Retry-After": "7"})
    connection = http.client.HTTPConnection(sandbox.endpoint.removeprefix("http://"))
    connection.request("PUT", "/latest/api/token", headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Retry-After"]) == (503, "7")


def test_given_a_fault_that_is_not_one_when_it_is_asked_for_then_the_gate_says_so(control):
    with pytest.raises(ValueError, match="no such fault"):
        control.fault("explode")
    with pytest.raises(ValueError, match="no such match"):
        control.fault("reset", {"verb": "GET"})


def test_given_a_world_when_it_is_reset_then_it_is_empty_quickly_and_the_keys_still_work(world, control):
    started = time.monotonic()
    control.reset()
    assert time.monotonic() - started < 1
    assert world.client("staging", "s3").list_buckets()["Buckets"] == []
    assert "QueueUrls" not in world.client("prod", "sqs").list_queues()


def test_given_the_script_when_it_starts_with_a_world_then_it_says_where_and_ends_on_sigterm(tmp_path):
    process = subprocess.Popen([str(ROOT / "scripts" / "sandbox"), "--directory", str(tmp_path), "--world"],
                               stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHON": sys.executable})
    try:
        path = tmp_path / "sandbox.json"
        wait_for(lambda: path.exists() or process.poll() is not None, "sandbox.json", 30)
        described = json.loads(path.read_text())
        assert described["pid"] == process.pid and path.stat().st_mode & 0o777 == 0o600
        assert f"export AWS_ENDPOINT_URL={described['endpoint']}" in process.stdout.readline() + process.stdout.readline()
        world = World(described)
        assert world.queue_length() == 0
        assert Gate(described["endpoint"]).violations() == []
        assert (tmp_path / "calls.jsonl").read_text().count("\n") > 20
    finally:
        started = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(5)
        process.stdout.close()
    assert time.monotonic() - started < 2


def test_given_two_sandboxes_when_they_start_then_their_keys_differ(sandbox, tmp_path):
    with Sandbox.start(tmp_path) as other:
        assert other.endpoint != sandbox.endpoint
        assert other.accounts["prod"]["access_key_id"] != sandbox.accounts["prod"]["access_key_id"]


def test_given_the_sandbox_when_it_listens_then_on_loopback_alone(sandbox):
    port = int(sandbox.endpoint.rsplit(":", 1)[1])
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)} - {"127.0.0.1"}
    for address in (a for a in others if not a.startswith("127.")):
        with pytest.raises(OSError):
            socket.create_connection((address, port), 1)
