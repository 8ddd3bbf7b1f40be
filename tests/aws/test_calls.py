"""Calls over the local AWS: what is tried again and how often, where keys come from and when they are renewed."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from calls import ACCOUNT, Caller
from gate.client import Gate, Sandbox
from gate.metadata import CONTAINER_PATH, ROLE
from gate.world import EXTERNAL_ID, MODEL_BUCKET, QUEUE, World

Start = Callable[..., Caller]


@pytest.fixture
def start(sandbox: Sandbox, control: Gate) -> Iterator[Start]:
    """start(environment, *accounts): a process that makes calls; it must end well with the test."""
    with ExitStack() as stack:
        def begin(environment: dict[str, str] | None = None, *accounts: str) -> Caller:
            return stack.enter_context(Caller(sandbox.environment("prod") if environment is None else environment, *accounts))
        yield begin


@pytest.fixture
def caller(start: Start) -> Caller:
    return start()


def without_keys(sandbox: Sandbox, **variables: str) -> dict[str, str]:
    """The sandbox's environment, but for the source of the keys, which the test chooses."""
    environment = {k: v for k, v in sandbox.environment("prod").items() if "KEY" not in k}
    return {**environment, "AWS_EC2_METADATA_DISABLED": "true", **variables}


def staging(world: World, external_id: str = EXTERNAL_ID) -> str:
    return f"staging={world.region},{world.staging_role_arn},{external_id}"


def tried(answer: dict[str, Any]) -> list[tuple[str, int]]:
    return [(attempt["operation"], attempt["status"]) for attempt in answer["attempts"]]


# What is tried again


@pytest.mark.parametrize(("operation", "arguments", "status"), [
    ("GetCallerIdentity", {}, 400), ("GetQueueUrl", {"QueueName": QUEUE}, 400), ("ListEndpoints", {}, 400),
    ("HeadObject", {"Bucket": MODEL_BUCKET, "Key": "k"}, 503),
])
def test_given_throttling_when_a_call_is_made_then_it_is_tried_again(world: World, caller: Caller, control: Gate, operation, arguments, status):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x")
    control.fault("throttle", {"operation": operation})
    answer = caller.call(operation, arguments)
    assert answer["ok"], answer
    assert tried(answer) == [(operation, status), (operation, 200)]
    assert answer["attempts"][0]["class"] == ("transient" if operation == "HeadObject" else "throttled")  # HEAD has no body to say more


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_given_a_failing_service_when_it_recovers_in_time_then_the_call_succeeds(bare, caller: Caller, control: Gate, status):
    control.fault("error", {"operation": "GetCallerIdentity"}, status=status, times=2)
    answer = caller.call("GetCallerIdentity")
    assert answer["ok"] and answer["tries"] == 3


def test_given_a_failing_service_when_three_attempts_failed_then_nobody_knows_whether_it_was_done(world: World, caller: Caller, control: Gate):
    control.fault("error", {"operation": "SendMessage"}, status=500, times=0)
    answer = caller.call("SendMessage", {"QueueUrl": world.queue_url, "MessageBody": "x"})
    assert (answer["ok"], answer["class"], answer["tries"], answer["uncertain"]) == (False, "transient", 3, True)
    assert answer["request_id"] == control.calls(operation="SendMessage")[-1]["request_id"]


def test_given_a_refusal_when_a_call_is_made_then_it_is_final(bare, caller: Caller, control: Gate):
    answer = caller.call("DescribeModel", {"ModelName": "absent"})
    assert (answer["class"], answer["tries"], answer["uncertain"]) == ("not-found", 1, False)
    assert "Could not find model" in answer["sentence"]


def test_given_a_caller_with_ideas_of_its_own_when_throttled_then_there_is_one_attempt(bare, caller: Caller, control: Gate):
    control.fault("throttle", {"operation": "GetCallerIdentity"})
    answer = caller.call("GetCallerIdentity", once=True)
    assert (answer["class"], answer["tries"]) == ("throttled", 1)


@pytest.mark.parametrize("when", ["before", "after"])
def test_given_a_reset_connection_when_the_call_may_be_repeated_then_it_is(world: World, caller: Caller, control: Gate, when):
    control.fault("reset", {"operation": "PutObject"}, when=when)
    answer = caller.call("PutObject", {"Bucket": MODEL_BUCKET, "Key": "k", "Body": "x"})
    assert answer["ok"] and tried(answer)[0] == ("PutObject", 0)


def test_given_a_body_that_is_cut_when_it_is_read_then_the_call_is_tried_again(world: World, caller: Caller, control: Gate):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x" * 1000)
    control.fault("truncate", {"operation": "GetObject"})
    answer = caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"})
    assert answer["ok"] and answer["output"]["Body"] == "x" * 1000
    assert tried(answer) == [("GetObject", 0), ("GetObject", 200)]


def test_given_garbage_for_an_answer_when_it_is_read_then_the_call_is_tried_again(bare, caller: Caller, control: Gate):
    control.fault("garbage", {"operation": "GetCallerIdentity"}, body="<html>captive portal</html>")
    answer = caller.call("GetCallerIdentity")
    assert answer["ok"] and [a["class"] for a in answer["attempts"]] == ["transient", "none"]


def test_given_a_body_that_stalls_when_the_time_is_over_then_it_is_given_up_and_tried_again(world: World, caller: Caller, control: Gate):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x" * 100)
    control.fault("slow", {"operation": "GetObject"}, bytes_per_second=1)
    answer = caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"}, stall_ms=300)
    assert answer["ok"] and tried(answer) == [("GetObject", 0), ("GetObject", 200)]
    assert answer["attempts"][0]["elapsed_ms"] >= 300


def test_given_a_slow_body_when_it_never_stalls_then_it_is_read_to_its_end(world: World, caller: Caller, control: Gate):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x" * 2000)
    control.fault("slow", {"operation": "GetObject"}, bytes_per_second=4000)
    answer = caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"}, stall_ms=400)
    assert answer["ok"] and answer["tries"] == 1


def test_given_an_answer_that_is_too_large_when_it_is_read_then_it_is_a_limit(world: World, caller: Caller, control: Gate):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x" * 5000)
    answer = caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"}, maximum=4999)
    assert (answer["class"], answer["tries"]) == ("limit", 1)
    assert "larger than 4999 bytes" in answer["sentence"]
    assert caller.call("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"}, maximum=5000)["ok"]


def test_given_many_calls_at_once_when_some_are_throttled_then_all_succeed(bare, caller: Caller, control: Gate):
    control.fault("throttle", {"operation": "GetCallerIdentity"}, times=5)
    answer = caller.call("GetCallerIdentity", count=30)
    assert answer["answers"] == ["none"] * 30
    assert len(answer["attempts"]) == 35


# Clocks


@pytest.mark.parametrize("seconds", [-7200, 7200])
@pytest.mark.parametrize(("operation", "arguments"), [
    ("GetCallerIdentity", {}), ("GetQueueUrl", {"QueueName": QUEUE}), ("GetObject", {"Bucket": MODEL_BUCKET, "Key": "k"}),
])
def test_given_a_clock_that_is_off_when_a_call_is_refused_then_the_correction_holds_for_the_next(
        world: World, caller: Caller, control: Gate, seconds, operation, arguments):
    world.client("prod", "s3").put_object(Bucket=MODEL_BUCKET, Key="k", Body=b"x")
    control.clock(seconds)
    try:
        first, second = caller.call(operation, arguments), caller.call(operation, arguments)
    finally:
        control.clock(0)
    assert first["ok"] and tried(first) == [(operation, 403), (operation, 200)]
    assert second["ok"] and tried(second) == [(operation, 200)]


def test_given_a_clock_that_is_hours_off_when_a_role_is_assumed_then_its_keys_are_used_as_long_as_they_last(
        world: World, start: Start, control: Gate):
    """By our clock the session would have ended before it began."""
    control.clock(-7200)
    try:
        caller = start(None, ACCOUNT, staging(world))
        first, second = caller.call("GetCallerIdentity", account="staging"), caller.call("GetCallerIdentity", account="staging")
    finally:
        control.clock(0)
    assert first["ok"], first
    assert second["ok"] and tried(second) == [("GetCallerIdentity", 200)]


# Keys


def test_given_refused_keys_when_the_source_has_them_again_then_the_call_is_made_with_those(bare, caller: Caller, control: Gate):
    control.fault("expired_credentials", {"operation": "GetCallerIdentity"})
    answer = caller.call("GetCallerIdentity")
    assert answer["ok"] and [a["class"] for a in answer["attempts"]] == ["expired-credentials", "none"]


def test_given_a_role_when_its_external_id_is_right_then_it_is_assumed_once_for_all_calls(world: World, start: Start, control: Gate):
    caller = start(None, ACCOUNT, staging(world))
    answer = caller.call("GetCallerIdentity", account="staging", count=20)
    assert answer["answers"] == ["none"] * 20
    assert answer["output"]["Arn"].endswith(":assumed-role/causeway-staging/causeway")
    assert answer["output"]["Account"] == world.staging
    assert answer["source"] == f"assumed role {world.staging_role_arn}" and answer["expiry_ms"] > 0
    assert len(control.calls(operation="AssumeRole")) == 1


def test_given_a_role_when_its_external_id_is_wrong_then_calls_say_that_it_was_denied(world: World, start: Start, control: Gate):
    caller = start(None, ACCOUNT, staging(world, "other"))
    answer = caller.call("GetCallerIdentity", account="staging")
    assert (answer["class"], answer["code"], answer["tries"], answer["uncertain"]) == ("denied", "AccessDenied", 0, False)
    assert "no credentials: assuming" in answer["sentence"] and "not authorized to perform: sts:AssumeRole" in answer["sentence"]


def test_given_a_session_that_was_ended_when_a_call_is_refused_then_the_role_is_assumed_anew(world: World, start: Start, control: Gate):
    caller = start(None, ACCOUNT, staging(world))
    assert caller.call("GetCallerIdentity", account="staging")["ok"]
    assert control.expire_sessions("causeway-staging") == 1
    answer = caller.call("GetCallerIdentity", account="staging")
    assert answer["ok"]
    assert tried(answer) == [("GetCallerIdentity", 403), ("AssumeRole", 200), ("GetCallerIdentity", 200)]


def test_given_sts_in_trouble_when_a_role_is_assumed_then_it_is_tried_again_like_any_call(world: World, start: Start, control: Gate):
    control.fault("reset", {"operation": "AssumeRole"})
    control.fault("throttle", {"operation": "AssumeRole"}, nth=2)
    caller = start(None, ACCOUNT, staging(world))
    answer = caller.call("GetCallerIdentity", account="staging")
    assert answer["ok"] and len(answer["attempts"]) == 4


# Where keys come from


def keys_of(sandbox: Sandbox) -> dict[str, str]:
    return sandbox.accounts["prod"]["daemon"]


def given_profiles(directory: Path, config: str, credentials: str = "") -> dict[str, str]:
    """The two files, and the variables that name them."""
    (directory / "config").write_text(config)
    (directory / "credentials").write_text(credentials)
    return {"AWS_CONFIG_FILE": str(directory / "config"), "AWS_SHARED_CREDENTIALS_FILE": str(directory / "credentials")}


def static_keys(sandbox: Sandbox) -> str:
    keys = keys_of(sandbox)
    return f"aws_access_key_id = {keys['access_key_id']}\naws_secret_access_key = {keys['secret_access_key']}\n"


def test_given_profiles_when_one_is_a_role_on_another_then_its_keys_sign_for_the_role(
        world: World, sandbox: Sandbox, start: Start, tmp_path: Path):
    files = given_profiles(
        tmp_path,
        f"[profile staging]\nrole_arn = {world.staging_role_arn}\nsource_profile = base\nexternal_id = {EXTERNAL_ID}\n"
        "role_session_name = from-profile\n", f"[base]\n{static_keys(sandbox)}")
    answer = start(without_keys(sandbox, AWS_PROFILE="staging", **files)).call("GetCallerIdentity")
    assert answer["ok"] and answer["output"]["Arn"].endswith("/causeway-staging/from-profile")
    answer = start(without_keys(sandbox, AWS_PROFILE="base", **files)).call("GetCallerIdentity")
    assert answer["output"]["Arn"].endswith(":user/causeway") and answer["source"] == "profile base"


def test_given_a_profile_with_an_endpoint_when_the_environment_has_none_then_it_is_asked(
        bare, sandbox: Sandbox, start: Start, tmp_path: Path):
    files = given_profiles(tmp_path, f"[default]\nendpoint_url = {sandbox.endpoint}\n{static_keys(sandbox)}")
    environment = without_keys(sandbox, **files)
    del environment["AWS_ENDPOINT_URL"]
    assert start(environment).call("GetCallerIdentity")["ok"]


def test_given_a_program_when_it_prints_keys_then_calls_are_made_with_them(bare, sandbox: Sandbox, start: Start, tmp_path: Path):
    program = tmp_path / "print keys"
    keys = keys_of(sandbox)
    program.write_text("#!/bin/sh\ncat <<'END'\n" + json.dumps({
        "Version": 1, "AccessKeyId": keys["access_key_id"], "SecretAccessKey": keys["secret_access_key"]}) + "\nEND\n")
    program.chmod(0o700)
    files = given_profiles(tmp_path, f'[default]\ncredential_process = "{program}" --for causeway\n')
    answer = start(without_keys(sandbox, **files)).call("GetCallerIdentity")
    assert answer["ok"] and answer["output"]["Arn"].endswith(":user/causeway")


def test_given_a_program_when_it_fails_then_calls_say_so(bare, sandbox: Sandbox, start: Start, tmp_path: Path):
    files = given_profiles(tmp_path, "[default]\ncredential_process = /bin/false\n")
    answer = start(without_keys(sandbox, **files)).call("GetCallerIdentity")
    assert not answer["ok"] and answer["tries"] == 0 and "/bin/false" in answer["sentence"]


def instance(sandbox: Sandbox) -> dict[str, str]:
    return without_keys(sandbox, AWS_EC2_METADATA_DISABLED="false", AWS_EC2_METADATA_SERVICE_ENDPOINT=sandbox.endpoint)


def test_given_an_instance_when_it_has_a_role_then_its_keys_are_got_by_token(world: World, sandbox: Sandbox, start: Start, control: Gate):
    caller = start(instance(sandbox))
    answer = caller.call("GetCallerIdentity")
    assert answer["ok"] and f":assumed-role/{ROLE}/" in answer["output"]["Arn"]
    assert answer["source"] == "instance" and answer["expiry_ms"] > 0
    assert [c["operation"] for c in control.calls(service="imds")] == ["PutToken", "ListRoles", "GetCredentials"]
    assert caller.call("GetCallerIdentity")["ok"]
    assert len(control.calls(service="imds")) == 3


def test_given_an_instance_whose_session_ended_when_a_call_is_refused_then_new_keys_are_got(
        world: World, sandbox: Sandbox, start: Start, control: Gate):
    caller = start(instance(sandbox))
    assert caller.call("GetCallerIdentity")["ok"]
    control.expire_sessions(ROLE)
    answer = caller.call("GetCallerIdentity")
    assert answer["ok"] and answer["tries"] == 2
    assert len(control.calls(service="imds", operation="GetCredentials")) == 2


def test_given_an_instance_s_role_when_another_is_assumed_on_it_then_both_are_got_once(
        world: World, sandbox: Sandbox, start: Start, control: Gate):
    caller = start(instance(sandbox), ACCOUNT, staging(world))
    answer = caller.call("GetCallerIdentity", account="staging", count=10)
    assert answer["answers"] == ["none"] * 10 and answer["output"]["Account"] == world.staging
    assert len(control.calls(service="imds")) == 3 and len(control.calls(operation="AssumeRole")) == 1


def test_given_metadata_in_trouble_when_keys_are_got_then_it_is_asked_again(world: World, sandbox: Sandbox, start: Start, control: Gate):
    control.fault("error", {"service": "imds", "operation": "GetCredentials"}, status=500)
    assert start(instance(sandbox)).call("GetCallerIdentity")["ok"]


def test_given_a_container_when_it_wants_a_token_then_the_file_s_is_sent(
        world: World, sandbox: Sandbox, start: Start, control: Gate, tmp_path: Path):
    (tmp_path / "token").write_text("Bearer of-the-file\n")
    control.metadata(container_token="Bearer of-the-file")
    environment = without_keys(sandbox, AWS_CONTAINER_CREDENTIALS_FULL_URI=sandbox.endpoint + CONTAINER_PATH)
    refused = start(environment).call("GetCallerIdentity")
    assert (refused["class"], refused["code"], refused["tries"]) == ("denied", "401", 0)
    environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] = str(tmp_path / "token")
    answer = start(environment).call("GetCallerIdentity")
    assert answer["ok"] and answer["output"]["Arn"].endswith(f":assumed-role/{ROLE}/container") and answer["source"] == "container"


def test_given_a_web_identity_when_a_role_trusts_it_then_it_is_assumed_unsigned(
        world: World, sandbox: Sandbox, start: Start, control: Gate, tmp_path: Path):
    (tmp_path / "token").write_text("eyJhbGciOiJub25lIn0.e30.c2ln")
    provider = f"arn:aws:iam::{world.prod}:oidc-provider/issuer.example"
    role = world.client("prod", "iam").create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Federated": provider}, "Action": "sts:AssumeRoleWithWebIdentity"}]}))["Role"]["Arn"]
    environment = without_keys(sandbox, AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"), AWS_ROLE_ARN=role, AWS_ROLE_SESSION_NAME="pod")
    answer = start(environment).call("GetCallerIdentity")
    assert answer["ok"] and answer["output"]["Arn"].endswith(":assumed-role/web/pod")
    environment["AWS_ROLE_ARN"] = world.execution_role_arn
    refused = start(environment).call("GetCallerIdentity")
    assert (refused["class"], refused["code"]) == ("denied", "AccessDenied")


def test_given_no_source_when_a_call_is_made_then_it_says_so(bare, sandbox: Sandbox, start: Start):
    answer = start(without_keys(sandbox)).call("GetCallerIdentity")
    assert not answer["ok"] and answer["tries"] == 0 and "no source of credentials" in answer["sentence"]


@pytest.mark.parametrize(("variables", "words"), [
    ({"AWS_PROFILE": "absent"}, 'no profile "absent"'),
    ({"AWS_ACCESS_KEY_ID": "A"}, "only one of"),
    ({"AWS_CONFIG_FILE": "/proc/self/mem"}, "/proc/self/mem"),
])
def test_given_settings_that_cannot_be_when_started_then_the_reason_is_told(bare, sandbox: Sandbox, start: Start, variables, words):
    assert words in start(without_keys(sandbox, **variables)).refusal()


def test_given_fips_and_an_endpoint_when_a_call_is_made_then_it_is_refused_unsent(bare, sandbox: Sandbox, start: Start):
    answer = start({**sandbox.environment("prod"), "AWS_USE_FIPS_ENDPOINT": "true"}).call("GetCallerIdentity")
    assert (answer["class"], answer["tries"]) == ("invalid", 0) and "exclude each other" in answer["sentence"]


def test_given_an_account_that_nobody_configured_when_a_call_is_made_then_it_is_an_error(bare, caller: Caller):
    answer = caller.call("GetCallerIdentity", account="elsewhere")
    assert answer["class"] == "invalid" and '"elsewhere"' in answer["sentence"]
