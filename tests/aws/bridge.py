"""The bridge from a test's side: aws_bridge_pass over the sandbox, and two accounts as conf/bootstrap leaves them."""

import json
import os
import select
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml
from causeway import BUILD, PIPELINE, note_messages
from gate.client import Sandbox
from gate.world import (
    ARTIFACT_BUCKET, BUS, EXTERNAL_ID, INSTANCE_ROLE, MODEL_BUCKET, QUEUE, REPOSITORY, SAGEMAKER_BUCKET, STAGING_ROLE, World,
)

WRITES = ("Create", "Put", "Set", "Update", "Delete", "Remove", "Attach", "Detach", "Tag", "Untag")


def bootstrap(world: World) -> str:
    """What is there before the bridge: roles, buckets, a repository, and a key, whose ARN is returned."""
    def trust(principal: dict[str, str], **condition: Any) -> str:
        statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **condition}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    prod, staging = world.client("prod", "iam"), world.client("staging", "iam")
    prod.create_role(RoleName=INSTANCE_ROLE, AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    staging.create_role(RoleName=STAGING_ROLE, AssumeRolePolicyDocument=trust(
        {"AWS": f"arn:aws:iam::{world.prod}:root"}, Condition={"StringEquals": {"sts:ExternalId": EXTERNAL_ID}}))
    world.client("prod", "s3").create_bucket(Bucket=MODEL_BUCKET)
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET):
        world.client("staging", "s3").create_bucket(Bucket=name)
        world.client("staging", "s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    world.client("prod", "s3").put_bucket_versioning(Bucket=MODEL_BUCKET, VersioningConfiguration={"Status": "Enabled"})
    world.client("staging", "ecr").create_repository(repositoryName=REPOSITORY)
    return world.client("staging", "kms").create_key()["KeyMetadata"]["Arn"]


def short_form(key: str) -> dict[str, Any]:
    """The nine lines of the design."""
    return {
        "from": "staging", "to": "prod", "bus": BUS, "pipelines": [PIPELINE],
        "artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET], "model_bucket": MODEL_BUCKET,
        "repositories": [REPOSITORY], "kms_keys": [key], "privileges": "least",
    }


def cloudtrail(world: Any, account: str, source: str, call: str, **parameters: Any) -> dict[str, Any]:
    """As CloudTrail's events arrive through the queue."""
    return {
        "version": "0", "id": "1", "source": "aws." + source, "detail-type": "AWS API Call via CloudTrail",
        "account": getattr(world, account), "time": "2026-11-20T09:30:12Z", "region": world.region, "resources": [],
        "detail": {
            "eventSource": f"{source}.amazonaws.com", "eventName": call, "eventTime": "2026-11-20T09:30:12Z",
            "sourceIPAddress": "192.0.2.10", "userAgent": "console.amazonaws.com", "readOnly": False,
            "userIdentity": {"type": "IAMUser", "arn": f"arn:aws:iam::{getattr(world, account)}:user/mallory"},
            "requestParameters": parameters,
        },
    }


class Bridge:
    """One aws_bridge_pass process at a time, over one directory: configuration and store are kept between starts."""

    def __init__(self, sandbox: Sandbox, world: World, directory: Path, key: str) -> None:
        self.sandbox, self.world, self.directory, self.key = sandbox, world, directory, key
        self.config = directory / "causeway.yaml"
        self.journal = directory / "journal.jsonl"
        self.process: subprocess.Popen[str] | None = None
        self.environment = sandbox.environment("prod")
        self.configure()

    def configure(self, short: dict[str, Any] | None = None, **changes: Any) -> None:
        """The nine lines of the design; `short` changes some of them, None takes one away (bridge=None: all)."""
        world = self.world
        lines = {**short_form(self.key), **(short or {})}
        whole: dict[str, Any] = {
            "version": "1", "home": "prod",
            "accounts": {
                "prod": {"id": world.prod, "region": world.region},
                "staging": {"id": world.staging, "region": world.region, "assume_role": world.staging_role_arn,
                            "external_id": EXTERNAL_ID},
            },
            "queue": {"name": QUEUE}, "store": {"sqlite": str(self.directory / "causeway.db")},
            "bridge": {name: value for name, value in lines.items() if value is not None},
        }
        whole.update(changes)
        written = json.loads(json.dumps({k: v for k, v in whole.items() if v is not None}))  # so that YAML has no aliases
        self.config.write_text(yaml.safe_dump(written, sort_keys=False))

    def start(self) -> "Bridge":
        assert self.process is None
        with self.journal.open("ab") as journal:
            self.process = subprocess.Popen(
                [str(BUILD / "tests" / "aws_bridge_pass"), str(self.config)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=journal, text=True,
                env={k: v for k, v in os.environ.items() if not k.startswith("AWS_")} | self.environment)
        return self

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        if self.process is None:
            self.start()
        assert self.process and self.process.stdin and self.process.stdout
        self.process.stdin.write(json.dumps({"do": do, **arguments}) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        assert answer, f"the bridge ended: {self.journal.read_text()[-2000:]}"
        return json.loads(answer)

    def doctor(self) -> dict[str, Any]:
        """Asks for an examination, and carries the canary from the queue to the bridge, as the daemon's intake does."""
        if self.process is None:
            self.start()
        assert self.process and self.process.stdin and self.process.stdout
        self.process.stdin.write('{"do": "doctor"}\n')
        self.process.stdin.flush()
        deadline = time.monotonic() + 10
        while not select.select([self.process.stdout], [], [], 0.1)[0] and time.monotonic() < deadline:
            for event in self.events():
                self.process.stdin.write(json.dumps({"do": "event", "event": event}) + "\n")
                self.process.stdin.flush()
        while True:
            answer = json.loads(self.process.stdout.readline())
            if "taken" not in answer:
                return answer

    def events(self) -> list[dict[str, Any]]:
        """What is in the queue now."""
        return [json.loads(message["Body"]) for message in self.world.messages()]

    def carry(self) -> None:
        """Hands the events in the queue to the bridge, with when they came into it."""
        for message in self.world.messages():
            self.ask("event", event=json.loads(message["Body"]), sent_ms=int(message["Attributes"]["SentTimestamp"]))

    def converge(self, keep: bool = False) -> dict[str, Any]:
        """One pass that applies; nothing may fail. Kept running, the bridge looks again a second later."""
        answer = self.ask("reconcile")
        assert answer.get("failed") == 0, answer
        if not keep:
            self.stop()
        return answer

    def plan(self) -> dict[str, Any]:
        return self.ask("plan")

    def entries(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()]

    def stop(self) -> None:
        if self.process is not None:
            assert self.process.stdin
            self.process.stdin.close()
            assert self.process.wait(20) == 0, self.journal.read_text()[-3000:]
            note_messages(self.journal)
        self.process = None

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
        self.process = None


def writes(calls: list[dict[str, Any]]) -> list[str]:
    """The calls that change something; what is announced on a bus changes nothing."""
    return [f"{call['service']}:{call['operation']}" for call in calls
            if call["operation"].startswith(WRITES) and call["operation"] != "PutEvents"]
