"""Least privilege, measured: every call of the journeys is allowed by what the bridge and conf/bootstrap grant, and every action that
they grant was called. The journeys are the real causewayd's, which is the instance's role of conf/bootstrap and nobody else."""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from bridge import short_form
from causeway import ENDPOINT, PIPELINE, Daemon, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, BUS, EXECUTION_ROLE, INSTANCE_ROLE, MODEL_BUCKET, QUEUE, REPOSITORY, SAGEMAKER_BUCKET, STAGING_ROLE
from judges import Asked, Granted, ask_causeway, ask_simulator, asked_of, kind_of
from test_bootstrap import PLAIN_BUCKET, bootstrapped, documents  # noqa: F401
from test_bridge import POLICY, change_redrive, change_trust, delete_repository_policy
from test_cloudformation import NAME as STACK_ENDPOINT
from test_cloudformation import STACK
from test_copy import MEBIBYTE, publish_large
from test_events import GROUP, JOB_ON, PACKAGE, job_event, package_changed, put_artifact, put_event
from test_journey import PING, serves
from test_project import project
from test_rollback import ask
from test_rollout import CANARY
from test_sweep import executed, left_behind, pipeline_on

STACK_PIPELINE, FRESH_PIPELINE = "project-deploy", "fresh-deploy"
FRESH = "scorer-fresh"
MIRROR_PIPELINE, MIRRORED = "mirror-deploy", "mirrored"
PRUNE = {"prune": True, "max_deletes": "50"}
# What SageMaker does by the execution role, and where AWS says that it needs it.
ROLES = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
EXECUTION = {
    "s3:GetObject": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "s3:PutObject": "https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-create-endpoint-prerequisites.html",
    "ecr:GetAuthorizationToken": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "ecr:BatchGetImage": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "ecr:BatchCheckLayerAvailability": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "ecr:GetDownloadUrlForLayer": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "logs:CreateLogGroup": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "logs:CreateLogStream": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "logs:PutLogEvents": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "logs:DescribeLogStreams": f"{ROLES}#sagemaker-roles-createmodel-perms",
    "cloudwatch:PutMetricData": f"{ROLES}#sagemaker-roles-createmodel-perms",
}


class Journeys:
    """Everything that a bridge is for, once, by one causewayd."""

    def __init__(self, sandbox: Any, world: Any, control: Any, key: str, directory: Path) -> None:
        self.world, self.control, self.key = world, control, key
        self.ended = 0
        self.followed: set[str] = set()
        self.daemon = Daemon(sandbox, world, directory)
        self.daemon.environment = {
            "AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": world.region, "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}
        self.configure()
        control.alarm("prod", "fraud-5xx")
        control.sagemaker(durations={"creating": 0.2, "updating": 0.2, "deleting": 0.1})
        for pipeline in (PIPELINE, STACK_PIPELINE, FRESH_PIPELINE, MIRROR_PIPELINE):
            control.codepipeline("staging", pipeline=pipeline, executions=[], actions=[])

    def configure(self, short: dict[str, Any] | None = None, without: str = "", **changes: Any) -> None:
        """Deployments of every kind, in one file; `short` changes the bridge's lines, `without` leaves a deployment out."""
        daemon = self.daemon
        lines = {**short_form(self.key), "pipelines": [PIPELINE, STACK_PIPELINE, FRESH_PIPELINE, MIRROR_PIPELINE],
                 "artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET, PLAIN_BUCKET], **(short or {})}
        daemon.configure(**{
            "sweep": "1s", "results": {"bus": "default"}, "bridge": lines,
            "deployment": {"execution_role": "${role.execution.arn}", "rollout": CANARY, "keep": "1", "delete_failed_first": True,
                           "artifact_buckets": lines["artifact_buckets"], **pipeline_on("Action")}, **changes})
        whole = yaml.safe_load(daemon.config.read_text())
        first = whole["deployments"]["fraud-scorer"]
        kinds: dict[str, dict[str, Any]] = {"jobs": JOB_ON, "packages": PACKAGE, MIRRORED: {
            "mirror": True, "container": {"image": self.world.image("layered")},
            "async": {"output": f"s3://{MODEL_BUCKET}/answers/", "failures": f"s3://{MODEL_BUCKET}/failed/"},
            "on": {"source": ["aws.codepipeline"], "detail": {"pipeline": [MIRROR_PIPELINE], "state": ["SUCCEEDED"]}}}}
        for name, pipeline in ((STACK_ENDPOINT, STACK_PIPELINE), (FRESH, FRESH_PIPELINE)):
            kinds[name] = {**STACK, "stack": name, "endpoint": name, "on": {
                "source": ["aws.codepipeline"], "detail": {"pipeline": [pipeline], "state": ["SUCCEEDED"]}}}
        kinds.pop(without, None)
        for name, kind in kinds.items():
            merged = {**first, "rollout": None, "endpoint": name, **kind}
            whole["deployments"][name] = {k: v for k, v in merged.items() if v is not None}
        daemon.config.write_text(yaml.safe_dump(json.loads(json.dumps(whole)), sort_keys=False))

    def ctl(self, *arguments: str) -> str:
        said = self.daemon.ctl(*arguments)
        assert said.returncode == 0, said.stdout + said.stderr
        return said.stdout

    def apply(self) -> None:
        """Until the bridge has nothing to do."""
        wait_for(lambda: self.daemon.ctl("apply", "--yes").returncode == 0 and self.daemon.ctl("plan").returncode == 0,
                 "the bridge to converge", 60)

    def reconfigure(self, **changes: Any) -> None:
        self.configure(**changes)
        self.ctl("reload")
        self.apply()

    # The bridge

    def converge(self) -> None:
        self.daemon.start()
        self.apply()

    def examine(self) -> None:
        self.ctl("doctor")

    def repair_drift(self) -> None:
        """Each kind of resource of the bridge, changed by hand."""
        world = self.world
        change_trust(world)
        change_redrive(world)
        self.ctl("reconcile", QUEUE)
        delete_repository_policy(world)
        self.apply()

    def keep_more(self) -> None:
        """What the file may name beside the short form, by names that conf/bootstrap lets the bridge have; then it leaves the file."""
        world = self.world
        events = f"arn:aws:events:{world.region}:{world.prod}"

        def extra(account: str, **changes: Any) -> list[dict[str, Any]]:
            policy = f"arn:aws:iam::{getattr(world, account)}:policy/causeway-extra"
            tags = {"tags": {"team": changes["team"]} if "team" in changes else {"team": "ml", "cost": "7"}}
            return [
                {"kind": "iam_policy", "account": account, "name": "causeway-extra", "policy": changes.get("policy", POLICY), **tags},
                {"kind": "iam_role", "account": account, "name": "causeway-extra", "description": changes.get("description", "a role"),
                 "trust": {"statements": [{"Effect": "Allow", "Principal": {"Service": changes.get("service", "ec2.amazonaws.com")},
                                           "Action": "sts:AssumeRole"}]},
                 "permissions_boundary": policy, "managed": changes.get("managed", [policy]),
                 "inline": changes.get("inline", {"a": POLICY}), **tags},
                {"kind": "event_rule", "account": account, "name": "causeway-extra", "pattern": {"source": ["extra"]},
                 "targets": changes.get("targets", []), **tags}]

        def own(description: str, tags: dict[str, str], **more: Any) -> list[dict[str, Any]]:
            return [
                {"kind": "sqs_queue", "account": "prod", "name": f"{QUEUE}-dlq", "retention": "14d", "tags": tags},
                {"kind": "event_bus", "account": "prod", "name": BUS, "description": description, "tags": tags, **more}]

        statement = {"Sid": "CausewayFromStaging", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{world.staging}:root"},
                     "Action": "events:PutEvents", "Resource": f"{events}:event-bus/{BUS}"}
        another = {"statements": [{**POLICY["statements"][0], "Action": ["s3:PutObject"]}]}
        queue = [{"id": "queue", "arn": world.queue_arn}]
        bus = [{"id": "bus", "arn": world.bus_arn, "role": f"arn:aws:iam::{world.staging}:role/causeway-forward"}]
        self.reconfigure(reconcile=PRUNE, resources=[
            *extra("prod", targets=queue), *extra("staging", targets=bus), *own("a bus", {"team": "ml", "cost": "7"}, policy={"statements": [statement]})])
        self.look_alone()
        for account in ("prod", "staging"):  # five versions: the oldest has to go for the next
            iam = world.client(account, "iam")
            for _ in range(4):
                iam.create_policy_version(PolicyArn=f"arn:aws:iam::{getattr(world, account)}:policy/causeway-extra",
                                          PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": another["statements"]}))
        changed: dict[str, Any] = {"policy": another, "description": "another", "service": "lambda.amazonaws.com", "managed": [],
                                   "inline": {"b": POLICY}, "team": "other"}
        self.reconfigure(reconcile=PRUNE, resources=[
            *extra("prod", **changed), *extra("staging", **changed), *own("another bus", {"team": "ml"})])
        self.reconfigure(reconcile=PRUNE, short={"artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET]}, without="packages", resources=[
            {"kind": "ecr_repository", "account": "staging", "name": REPOSITORY}])
        self.reconfigure()

    def look_alone(self) -> None:
        """The accounts are as if they were huge: what was learnt of their pages makes the next look read each by itself."""
        self.control.iam(page=1)
        for account in ("prod", "staging"):
            for number in range(40):
                self.world.client(account, "iam").create_role(RoleName=f"stranger-{number}", AssumeRolePolicyDocument=json.dumps(
                    {"Version": "2012-10-17", "Statement": [
                        {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}))
        before = self.control.last_sequence()
        wait_for(lambda: self.daemon.ctl("plan").returncode == 0 and {
            (c["account"], c["operation"]) for c in self.control.calls(before) if c["operation"] in ("GetPolicyVersion", "GetRolePolicy")
        } == {(a, o) for a in (self.world.prod, self.world.staging) for o in ("GetPolicyVersion", "GetRolePolicy")},
            "roles and policies of both accounts to be read by themselves", 60)
        self.control.iam(page=1000)

    def undo(self) -> None:
        """What the bridge made first is taken back, and made again."""
        changes = self.daemon.ask("changes")["changes"]
        for resource in (f"prod/sqs_queue/{QUEUE}-dlq", f"prod/event_bus/{BUS}"):
            first = [c for c in changes if c["resource"] == resource][-1]
            self.ctl("undo", first["id"], "--yes")

    # Deployments

    def publish(self, name: str, expected: str = "succeeded", **more: Any) -> dict[str, Any]:
        publish(self.world, self.control, f"deploy/{name}", **more)
        return self.follow(expected)

    def follow(self, expected: str, endpoint: str = ENDPOINT, count: int | None = None) -> dict[str, Any]:
        if count is None:
            self.ended += 1
            count = self.ended
        record = self.daemon.wait_ended(count, endpoint=endpoint)[0]
        assert record["state"] == expected, record.get("reason")
        assert record["id"] not in self.followed, "what was published is older than this"
        self.followed.add(record["id"])
        return record

    def deploy(self) -> None:
        """Versions of one model: one that does not start, three that do, one that is rolled back, and back to one before."""
        self.control.sagemaker(rules=[{"model_data_contains": "/broken", "reason": PING}])
        self.publish("broken", "failed")
        for name in ("one", "two", "three"):  # keep is 1: the first is deleted
            self.publish(name)
        self.publish("broken-again", "rolled_back")
        status, _ = ask(self.daemon, f"/v1/endpoints/{ENDPOINT}/rollback")
        assert status == 200
        self.follow("succeeded")
        asked = int(time.time())  # the time of an event has seconds, and an operator's word is newer than those of its second
        wait_for(lambda: int(time.time()) > asked, "the next second")

    def scale(self) -> None:
        """An endpoint that scales by itself is updated without it, and scales again."""
        self.world.client("prod", "application-autoscaling").register_scalable_target(
            ServiceNamespace="sagemaker", ResourceId=f"endpoint/{ENDPOINT}/variant/main",
            ScalableDimension="sagemaker:variant:DesiredInstanceCount", MinCapacity=2, MaxCapacity=9)
        self.publish("scaled")

    def carry(self) -> None:
        """Model data that only the role in staging may read goes through the daemon; a copy under way is cancelled."""
        self.ctl("suspend", "--why", "or it would repair this")
        self.world.client("staging", "s3").delete_bucket_policy(Bucket=SAGEMAKER_BUCKET)
        publish_large(self.world, self.control, b"x" * (20 * MEBIBYTE), "deploy/large")
        self.follow("succeeded")
        self.control.fault("hold", {"service": "s3", "operation": "UploadPart"}, nth=2)
        publish_large(self.world, self.control, b"y" * (20 * MEBIBYTE), "deploy/larger")
        assert self.control.held(wait=20)
        cancelling = threading.Thread(target=self.daemon.ctl, args=("cancel", "--yes", self.daemon.history()[0]["id"]))
        cancelling.start()
        self.control.wait_call(service="s3", operation="UploadPart")
        self.control.clear_faults()
        cancelling.join()
        self.follow("cancelled")
        self.ctl("resume")
        self.apply()

    def answer_jobs(self) -> None:
        """A pipeline that waits for its model is told, well or not; what is malformed is set aside, and sent again."""
        self.control.sagemaker(rules=[{"model_data_contains": "/bad", "reason": PING}])
        for count, (name, state) in enumerate((("job", "succeeded"), ("bad", "rolled_back")), 1):
            job = str(uuid.uuid4())
            self.control.codepipeline("staging", jobs=[job])
            put_event(self.world, job_event(put_artifact(self.world, f"deploy/{name}"), job))
            self.follow(state, "jobs", count)
        put_event(self.world, job_event("deploy/nothing", str(uuid.uuid4())))
        self.daemon.wait_ended(3, endpoint="jobs")
        put_event(self.world, job_event("", str(uuid.uuid4())))
        wait_for(lambda: self.world.queue_length(self.world.dead_letter_url) == 1, "a dead letter")
        self.ctl("redrive", "list")
        self.ctl("redrive", "send", "all", "--yes")
        wait_for(lambda: self.world.queue_length(self.world.dead_letter_url) == 1, "the same dead letter again")

    def mirror(self) -> None:
        """An image of layers goes into production's own repository, which the bridge has made; what it serves answers later."""
        self.world.put_layered_image("layered", b"a layer")
        key = put_artifact(self.world, "deploy/mirrored")
        self.control.event("staging", self.world.action_succeeded(MIRROR_PIPELINE, ARTIFACT_BUCKET, key))
        self.follow("succeeded", MIRRORED, 1)

    def approve_packages(self) -> None:
        package = self.control.package("staging", GROUP, 1, approval="Approved", shared=False)
        self.control.event("staging", package_changed(package, "Approved"))
        self.follow("succeeded", "packages", 1)

    def change_stacks(self) -> None:
        """All that may become of a stack."""
        ended: dict[str, int] = {}

        def change(version: int, expected: str, endpoint: str = STACK_ENDPOINT, pipeline: str = STACK_PIPELINE) -> None:
            ended[endpoint] = ended.get(endpoint, 0) + 1
            package, key = self.control.package("staging", "scorer", version, approval="Approved")["arn"], f"deploy/zip-{uuid.uuid4()}"
            self.world.put_object(ARTIFACT_BUCKET, key, project(package, StageName=endpoint.removeprefix("scorer-")))
            self.control.event("staging", self.world.action_succeeded(pipeline, ARTIFACT_BUCKET, key))
            self.follow(expected, endpoint, ended[endpoint])

        failure = {"resource": "Endpoint", "reason": "did not pass the ping health check"}
        change(11, "succeeded")
        change(11, "succeeded")  # an empty change set
        self.control.stacks(failures=[{**failure, "rollback_fails": 1}])
        change(12, "rolled_back")
        self.control.stacks(failures=[])
        self.control.sagemaker(invocations=[{"model_data_contains": "/13", "body": "NaN\n"}])
        change(13, "rolled_back")
        self.control.stacks(failures=[failure])
        change(14, "failed", FRESH, FRESH_PIPELINE)
        self.control.stacks(failures=[])

    def sweep(self) -> None:
        """An event that never came, and an endpoint that SageMaker tells nothing of; answers of its that are lost, and what a
        run left behind that nobody remembers."""
        orphan = f"{ENDPOINT}-0123456789ab"
        left_behind(self.world, orphan)
        self.control.sagemaker(events={"send": False})
        self.control.fault("truncate", {"operation": "CreateModel"})
        executed(self.world, self.control, put_artifact(self.world, "deploy/missed"))
        self.follow("succeeded")
        self.control.sagemaker(events={"send": True})
        wait_for(lambda: [call for call in self.control.calls(operation="DeleteModel") if call["parameters"]["ModelName"] == orphan],
                 "what was left behind to be removed", 90)

    def deploy_unversioned(self) -> None:
        data = self.world.client("staging", "s3").put_object(Bucket=PLAIN_BUCKET, Key="plain.tar.gz", Body=b"plain")
        assert "VersionId" not in data
        publish(self.world, self.control, "deploy/plain", manifest={"model_data": f"s3://{PLAIN_BUCKET}/plain.tar.gz"})
        self.follow("succeeded")


@pytest.fixture
def journeys(sandbox: Any, bare: Any, control: Any, bootstrapped: str, tmp_path: Path) -> Iterator[Journeys]:  # noqa: F811
    bare.put_image("latest")
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET):
        bare.client("staging", "s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    made = Journeys(sandbox, bare, control, bootstrapped, tmp_path / "causeway")
    yield made
    made.daemon.close()


def granted_now(world: Any, key: str) -> Granted:
    """Everything that somebody may do by what the bridge and conf/bootstrap have made."""
    granted = Granted()

    def role(account: str, name: str) -> str:
        return f"arn:aws:iam::{getattr(world, account)}:role/{name}"

    def parsed(document: Any) -> Any:
        return json.loads(document) if isinstance(document, str) else document

    for account, name in (("prod", INSTANCE_ROLE), ("staging", STAGING_ROLE), ("staging", "causeway-forward"), ("prod", "causeway-execution")):
        policies = documents(world, account, name)
        names = ["causeway", "causeway-bootstrap"]
        granted.identity[role(account, name)] = dict(zip(names, policies, strict=False))
        trust = world.client(account, "iam").get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
        granted.resource[role(account, name)] = parsed(trust)
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET, PLAIN_BUCKET):
        arn = f"arn:aws:s3:::{name}"
        granted.resource[arn] = parsed(world.client("staging", "s3").get_bucket_policy(Bucket=name)["Policy"])
        granted.accounts[arn] = world.staging
    granted.resource[key] = parsed(world.client("staging", "kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    granted.resource[world.bus_arn] = parsed(world.client("prod", "events").describe_event_bus(Name=BUS)["Policy"])
    attributes = world.client("prod", "sqs").get_queue_attributes(QueueUrl=world.queue_url, AttributeNames=["Policy"])["Attributes"]
    granted.resource[world.queue_arn] = parsed(attributes["Policy"])
    repository = f"arn:aws:ecr:{world.region}:{world.staging}:repository/{REPOSITORY}"
    registry = world.client("staging", "sagemaker").get_model_package_group_policy(ModelPackageGroupName=GROUP)["ResourcePolicy"]
    granted.resource[f"arn:aws:sagemaker:{world.region}:{world.staging}:model-package/{GROUP}"] = parsed(registry)
    granted.resource[repository] = parsed(
        world.client("staging", "ecr").get_repository_policy(repositoryName=REPOSITORY)["policyText"])
    return granted


def encrypted(asked: set[Asked], key: str) -> set[Asked]:
    """And the key of what is read in staging, which S3 uses in the reader's name: artifacts are encrypted by it."""
    region = key.split(":")[3]
    return asked | {Asked(one.principal, "kms:Decrypt", key, (("kms:ViaService", f"s3.{region}.amazonaws.com"),))
                    for one in asked if one.action.startswith("s3:GetObject") and f":s3:::{MODEL_BUCKET}/" not in one.resource}


def carried(control: Any, world: Any) -> set[Asked]:
    """What EventBridge needed for the events that it carried."""
    found = set()
    for hop in control.hops():
        if ":sqs:" in hop["target"]:
            found.add(Asked("events.amazonaws.com", "sqs:SendMessage", hop["target"], (("aws:SourceArn", hop["rule"]),)))
        else:
            found.add(Asked(f"arn:aws:iam::{world.staging}:role/causeway-forward", "events:PutEvents", hop["target"], ()))
    return found


def test_given_the_journeys_of_a_bridge_when_they_are_judged_then_nothing_is_missing_and_nothing_was_granted_in_vain(
        journeys: Journeys, bare: Any, control: Any, tmp_path: Path) -> None:
    journeys.converge()
    granted = granted_now(bare, journeys.key)
    for journey in (
            journeys.examine, journeys.repair_drift, journeys.deploy, journeys.scale, journeys.carry, journeys.mirror,
            journeys.answer_jobs, journeys.approve_packages, journeys.change_stacks, journeys.sweep, journeys.deploy_unversioned,
            journeys.keep_more, journeys.undo):
        journey()
    asked = sorted(encrypted(asked_of(control.calls()), journeys.key) | carried(control, bare), key=str)
    questions, missing, used = [], [], set()
    for one in asked:
        question, names = granted.question(one)
        questions.append(question)
        decision = ask_causeway(tmp_path, question)
        if decision["verdict"] != "Allowed":
            missing.append(one)
        for step in decision["statements"]:
            if step["applies"] and step["effect"] == "Allow":
                holder, name = names[step["policy"] - 1] if step["layer"] == "identity policy" else names[-1]
                used.add((kind_of(holder), name, step.get("sid") or str(step["statement"]), one.action))
    missing_to_others = [one for one, verdict in zip(asked, ask_simulator(questions), strict=True) if verdict != "Allowed"]
    given = granted.actions(
        [*((holder, name) for holder, policies in granted.identity.items() for name in policies), *((h, "") for h in granted.resource)])
    by_services = {one for one in given if EXECUTION_ROLE in one[0] or one[2] == "CausewayPull"}
    excess = sorted(given - by_services - used)
    print(f"{len(asked)} permissions asked for: {len(missing)} missing, {len(missing_to_others)} by iam-simulate; "
          f"{len(given) - len(by_services)} actions granted: {len(excess)} in excess; {len(by_services)} are SageMaker's")
    assert missing == [] and missing_to_others == []
    assert excess == []
    assert {action for *_, action in by_services} == set(EXECUTION), "what SageMaker does by the execution role, and no more"
    assert len(asked) > 200 and len(given) > 100
