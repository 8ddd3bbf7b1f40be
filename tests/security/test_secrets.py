"""Secrets are in memory while they are needed, and nowhere else.

Whole journeys at the highest log level, one for each source of keys; then everything that the daemon has said, kept or
shown is searched for every secret that it was ever given."""

import json
import re
import sys
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from causeway import ENDPOINT, PIPELINE, Daemon, publish
from fleet import TABLE
from gate.client import Sandbox, wait_for
from gate.metadata import CONTAINER_PATH
from gate.world import ARTIFACT_BUCKET, QUEUE
from test_cloudformation import NAME, STACK, publish_versions
from test_events import job_event, put_event
from test_mirror import MIRROR, layer, own_repository
from test_variants import ANSWERS

CONTAINER_TOKEN = "Bearer container-token-4f1c0f9e5d"
WEB_TOKEN = "eyJhbGciOiJub25lIn0.web-identity-token-77aa.c2ln"
JOB_SECRETS = ["AKIDSECRET", "KEYSECRET", "TOKENSECRET"]


def keys_of(sandbox: Sandbox) -> tuple[str, str]:
    daemon = sandbox.accounts["prod"]["daemon"]
    return daemon["access_key_id"], daemon["secret_access_key"]


def from_environment(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    identifier, secret = keys_of(sandbox)
    return {"AWS_ACCESS_KEY_ID": identifier, "AWS_SECRET_ACCESS_KEY": secret}


def from_profile(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    identifier, secret = keys_of(sandbox)
    (directory / "credentials").write_text(f"[default]\naws_access_key_id = {identifier}\naws_secret_access_key = {secret}\n")
    return {"AWS_SHARED_CREDENTIALS_FILE": str(directory / "credentials")}


def from_process(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    identifier, secret = keys_of(sandbox)
    keys = json.dumps({"Version": 1, "AccessKeyId": identifier, "SecretAccessKey": secret})
    helper = directory / "helper"
    helper.write_text(f"#!{sys.executable}\nprint('''{keys}''')\n")
    helper.chmod(0o755)
    (directory / "config").write_text(f"[default]\ncredential_process = {helper}\n")
    return {"AWS_CONFIG_FILE": str(directory / "config")}


def from_container(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    control.metadata(container_token=CONTAINER_TOKEN)
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": sandbox.endpoint + CONTAINER_PATH, "AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}


def from_instance(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    return {"AWS_EC2_METADATA_DISABLED": "false", "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}


def from_web_identity(sandbox: Sandbox, world: Any, control: Any, directory: Path) -> dict[str, str]:
    (directory / "token").write_text(WEB_TOKEN)
    trust = {"Effect": "Allow", "Principal": {"Federated": f"arn:aws:iam::{world.prod}:oidc-provider/issuer.example"},
             "Action": "sts:AssumeRoleWithWebIdentity"}
    role = world.client("prod", "iam").create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [trust]}))["Role"]["Arn"]
    return {"AWS_WEB_IDENTITY_TOKEN_FILE": str(directory / "token"), "AWS_ROLE_ARN": role, "AWS_ROLE_SESSION_NAME": "pod"}


SOURCES: dict[str, Callable[..., dict[str, str]]] = {
    "environment": from_environment, "profile": from_profile, "process": from_process, "container": from_container,
    "instance": from_instance, "web identity": from_web_identity,
}


def with_keys_from(daemon: Daemon, sandbox: Sandbox, source: dict[str, str]) -> Daemon:
    without = {k: v for k, v in sandbox.environment("prod").items() if "KEY" not in k}
    daemon.environment = {**without, "AWS_EC2_METADATA_DISABLED": "true", **source}
    return daemon.start()


def journey(daemon: Daemon, world: Any, control: Any) -> None:
    """One that serves, whose keys expire, and one that serves with new ones."""
    publish(world, control)
    daemon.wait_ended(1)
    control.expire_sessions("causeway-staging")
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "no/such/key"))
    daemon.wait_ended(2)


def journeys(daemon: Daemon, world: Any, control: Any) -> None:
    """One that serves, one that is rolled back, one of a job that carries keys of its own, one that cannot be read,
    one whose keys expire on the way, one that is denied; and what lies in the dead-letter queue."""
    control.sagemaker(invocations=[{"model_data_contains": "/nonsense.tar.gz", "body": "nonsense"}])
    publish(world, control)
    daemon.wait_ended(1)
    control.expire_sessions("causeway-staging")
    publish(world, control, "deploy/nonsense")
    assert daemon.wait_ended(2)[0]["state"] == "rolled_back"
    control.codepipeline("staging", jobs=[job := str(uuid.uuid4())])
    data = world.put_model("models/job.tar.gz", b"0.9\n")
    world.put_manifest("deploy/job", data["url"])
    put_event(world, job_event("deploy/job", job))
    daemon.wait_ended(3)
    put_event(world, job_event("", str(uuid.uuid4())))
    world.client("prod", "sqs").send_message(QueueUrl=world.dead_letter_url, MessageBody=json.dumps(  # as SQS's own redrive does
        {"source": "staging.lambda", "detail": json.loads(job_event("x", "y")["Detail"])}))
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "no/such/key"))
    daemon.wait_ended(4)
    control.fault("error", {"operation": "CreateModel"}, status=403, code="AccessDeniedException", message="no", times=1)
    publish(world, control, "deploy/denied")
    daemon.wait_ended(5)


def mirrored_and_answered_later(daemon: Daemon, world: Any, control: Any) -> None:
    """Layers and the model's answers go through the daemon."""
    own_repository(world)
    world.put_layered_image("two", layer(1000))
    publish(world, control, manifest={"image": world.image("two")})
    assert daemon.wait_ended(1)[0]["state"] == "succeeded"


def stacked(daemon: Daemon, world: Any, control: Any) -> None:
    publish_versions(daemon, world, control, 2)


def everything_shown(daemon: Daemon, address: str, endpoint: str = ENDPOINT) -> dict[str, bytes]:
    shown = {"ctl " + " ".join(arguments): (lambda r: (r.stdout + r.stderr).encode())(daemon.ctl(*arguments)) for arguments in (
        ("status",), ("--json", "status"), ("history", endpoint), ("--json", "history", endpoint), ("redrive", "list"), ("--json", "redrive", "list"))}
    for record in daemon.history(endpoint):
        for command in ("explain", "status"):
            shown[f"{command} {record['id']}"] = daemon.ctl("--json", command, record["id"]).stdout.encode()
    for message in daemon.ask("redrive", "list")["letters"]:
        shown[f"redrive show {message['id']}"] = daemon.ctl("--json", "redrive", "show", message["id"]).stdout.encode()
    for path in ("/", "/metrics", "/healthz", "/readyz", "/v1/status"):
        try:
            with urllib.request.urlopen(f"http://{address}{path}", timeout=10) as answer:
                shown[path] = answer.read()
        except urllib.error.HTTPError as error:
            shown[path] = error.read()
    process = Path(f"/proc/{daemon.process.pid}")
    shown["command line"] = (process / "cmdline").read_bytes()
    shown["name"] = (process / "comm").read_bytes()
    return shown


def everything_kept(daemon: Daemon) -> dict[str, bytes]:
    """The store, and the journal: every file of the daemon's own."""
    return {path.name: path.read_bytes() for path in daemon.directory.rglob("*") if path.is_file() and path != daemon.config}


@pytest.mark.parametrize("source", SOURCES)
def test_no_secret_is_said_kept_or_shown(make_daemon, sandbox, world, control, tmp_path, free_address, source):
    on = {"source": ["aws.codepipeline", "staging.lambda"]}
    daemon = make_daemon(deployment={"on": on, "retry": {"within": "2s"}}, listen={"http": free_address})
    with_keys_from(daemon, sandbox, SOURCES[source](sandbox, world, control, tmp_path))
    (journeys if source == "environment" else journey)(daemon, world, control)
    shown = everything_shown(daemon, free_address)
    assert daemon.stop() == 0
    secrets = [*control.secrets("user/causeway"), *control.secrets("assumed-role"), *JOB_SECRETS, CONTAINER_TOKEN, WEB_TOKEN]
    assert len(secrets) > len(JOB_SECRETS) + 4
    found = [(secret, place) for place, content in {**shown, **everything_kept(daemon)}.items() for secret in secrets
             if secret.encode() in content]
    assert not found
    if source == "environment":
        assert [place for place in shown if place.startswith("redrive show")]
    assert b"succeeded" in shown[f"ctl --json history {ENDPOINT}"] and b"causeway_" in shown["/metrics"]


STORE = {"dynamodb": {"table": TABLE}, "lease": "5s"}
OTHERS: dict[str, tuple[dict[str, Any], Callable[..., None], str]] = {
    "mirrored and answered later": ({"deployment": {**MIRROR, "async": ANSWERS}}, mirrored_and_answered_later, ENDPOINT),
    "a stack": ({"deployment": STACK}, stacked, NAME),
    "a shared store": ({"store": STORE, "queue": {"name": QUEUE, "receivers": "1", "visibility": "5s", "wait": "1s"}}, journey, ENDPOINT),
}


@pytest.mark.parametrize("name", OTHERS)
def test_no_secret_is_said_kept_or_shown_on_any_other_journey(make_daemon, sandbox, world, control, tmp_path, free_address, name):
    changes, told, endpoint = OTHERS[name]
    daemon = make_daemon(listen={"http": free_address}, **changes)
    with_keys_from(daemon, sandbox, from_environment(sandbox, world, control, tmp_path))
    told(daemon, world, control)
    shown = everything_shown(daemon, free_address, endpoint)
    assert daemon.stop() == 0
    kept = everything_kept(daemon)
    if "store" in changes:
        kept["table"] = repr([page["Items"] for page in world.client("prod", "dynamodb").get_paginator("scan").paginate(TableName=TABLE)]).encode()
        assert ENDPOINT.encode() in kept["table"]
    secrets = [*control.secrets("user/causeway"), *control.secrets("assumed-role")]
    assert len(secrets) > 2
    assert not [(secret, place) for place, content in {**shown, **kept}.items() for secret in secrets if secret.encode() in content]
    assert b"succeeded" in shown[f"ctl --json history {endpoint}"]


def test_a_daemon_leaves_no_core_and_cannot_be_traced_by_its_own_user(daemon):
    """PR_SET_DUMPABLE is 0: the files of the process below /proc are root's, whoever it runs as."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    assert re.search(r"^CoreDumping:\s+0$", status, re.M)
    daemon.process.send_signal(11)
    assert daemon.process.wait(10) == -11  # and not "core dumped"
    assert not list(daemon.directory.glob("core*")) and not list(Path.cwd().glob("core*"))


def memory_of(pid: int) -> bytes:
    parts = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            span, permissions = line.split()[:2]
            if not permissions.startswith("rw") or "[v" in line:
                continue
            start, end = (int(part, 16) for part in span.split("-"))
            memory.seek(start)
            parts.append(memory.read(end - start))
    return b"\0".join(parts)


def test_a_secret_key_that_was_replaced_is_in_memory_no_more(daemon, world, control):
    publish(world, control)
    daemon.wait_ended(1)
    old = control.secrets("assumed-role")[0]
    assert old.encode() in memory_of(daemon.process.pid), "the search itself must be able to find a key"
    control.expire_sessions("causeway-staging")
    publish(world, control, "deploy/two")
    daemon.wait_ended(2)
    assert len(control.secrets("assumed-role")) > 2
    wait_for(lambda: old.encode() not in memory_of(daemon.process.pid), "the old key to be wiped", 5, every=0.5)
