"""kill -9 before and after every other call that a deployment can make: those of images, packages, jobs, alarms, scaling, answers
that come later, ways back and stacks. One deployment survives all the kills of its journey, one after another: see aws/test_kill.py
for the main one, where each has a deployment of its own. Together they are every effect of daemon/deploy/effects.def.

The daemon's clocks run faster (shim.c): after a call of which it does not know it waits for it, and there are many here."""

import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from causeway import ENDPOINT, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, MODEL_BUCKET, QUEUE, SAGEMAKER_BUCKET
from shim import preload
from test_cloudformation import NAME, STACK, large, package, publish_versions, served_by
from test_copy import MEBIBYTE, close_buckets, publish_large, publish_sparse
from test_events import (
    JOB_ON, PACKAGE, PIPELINE_ON, approve, forwarding, given_execution, job_event, pipeline_succeeded, put_artifact, put_event, serving_package)  # fmt: skip
from test_journey import described, serves
from test_kill import FIRST, ROLLBACK, UPDATE
from test_kill_more import CARRIED, STACKED, uploads
from test_mirror import MIRROR, layer, manifests, own_repository
from test_project import TEMPLATE, project, publish_zip
from test_rollback import verifying
from test_rollout import CANARY, first_served
from test_variants import ANSWERS, left_in_bucket

__all__ = ["forwarding"]  # a fixture
DAEMON = Path(__file__).resolve().parents[2] / "daemon"
# Operations that do not have AWS's own name in the daemon.
OTHER_NAMES = {"get_object_part": "GetObject"}


def effects() -> dict[str, str]:
    """Every effect, and the operation of AWS that it is."""
    found = re.findall(r"^EFFECT\(EFFECT_(\w+), [a-z0-9]+?_(\w+),", (DAEMON / "deploy" / "effects.def").read_text(), re.M)
    return {effect: OTHER_NAMES.get(operation, operation.title().replace("_", "")) for effect, operation in found}


EFFECTS = effects()

# Those whose operation is called in staging's name, too, for something else.
OF_HOME = ("FIND_MIRROR", "ASYNC_ANSWER", "ASYNC_FAILURE")

# An effect, whether it is killed before or after it is carried out, and how many-th of its operation it is since the last kill:
# what a kill interrupted is asked again first.
Point = tuple[str, str, int]


def each(*names: str) -> list[Point]:
    return [(name, when, 1) for name in names for when in ("before", "after")]


class Kills:
    """The kills of one journey."""

    def __init__(self, make_daemon: Any, control: Any, points: list[Point]) -> None:
        self.make_daemon, self.control, self.points = make_daemon, control, points

    def daemon(self, deployment: dict[str, Any] | None = None, **changes: Any) -> Any:
        daemon = self.make_daemon(deployment={"retry": {"within": "10m"}, **(deployment or {})}, **changes)
        daemon.environment = {**daemon.environment, **preload(SPEED="5", BOTH="1")}
        return daemon.start()

    def arm(self, point: Point | None = None) -> None:
        effect, when, nth = point or self.points[0]
        whose = {"principal": "user/causeway"} if effect in OF_HOME else {}
        self.control.fault("hold", {"operation": EFFECTS[effect], "user_agent": "causeway", **whose}, when=when, nth=nth)

    def strike(self, daemon: Any) -> None:
        """Kills it at the first point, which is armed, then at each of the others, and lets it go on at last."""
        for number, point in enumerate(self.points):
            if number > 0:
                self.arm(point)
                daemon.start(ready=False)
            assert self.control.held(wait=30), f"{point} did not happen: {[e.get('MESSAGE') for e in daemon.said()][-10:]}"
            daemon.kill()
            self.control.clear_faults()
            self.control.make_visible(QUEUE)
        daemon.start()


Journey = Callable[[Kills, Any, Any], None]
JOURNEYS: dict[str, tuple[list[Point], Journey]] = {}


def journey(points: list[Point]) -> Callable[[Journey], Journey]:
    def add(told: Journey) -> Journey:
        JOURNEYS[told.__name__] = (points, told)
        return told
    return add


def ended(daemon: Any, *states: str, endpoint: str = ENDPOINT) -> dict[str, Any]:
    """These deployments, newest first, and no other; the newest."""
    history = daemon.wait_ended(len(states), endpoint=endpoint)
    assert [r["state"] for r in history] == list(states), [r.get("reason") for r in history]
    return history[0]


def made(world: Any, kind: str) -> int:
    return len(getattr(world.client("prod", "sagemaker"), f"list_{kind}")()[{"models": "Models", "endpoint_configs": "EndpointConfigs"}[kind]])


@journey(each("FIND_MIRROR", "READ_MANIFEST", "FIND_LAYERS", "BEGIN_LAYER", "CARRY_LAYER", "COMPLETE_LAYER", "PUT_IMAGE"))
def image_mirrored(kills: Kills, world: Any, control: Any) -> None:
    ecr = own_repository(world)
    digest = world.put_layered_image("two", layer(1000))
    daemon = kills.daemon(MIRROR)
    kills.arm()
    publish(world, control, manifest={"image": world.image("two")})
    kills.strike(daemon)
    ended(daemon, "succeeded")
    assert manifests(ecr, digest)


@journey(each("ASYNC_PUT", "ASYNC_INVOKE", "ASYNC_ANSWER"))
def answer_that_comes_later(kills: Kills, world: Any, control: Any) -> None:
    control.sagemaker(invocations=[{"delay_seconds": 0.5}])
    daemon = kills.daemon({"async": ANSWERS})
    kills.arm()
    publish(world, control)
    kills.strike(daemon)
    record = ended(daemon, "succeeded")
    assert record["verified"] == 1
    assert record["copy_key"] in left_in_bucket(world)


@journey([("ASYNC_FAILURE", "before", 2), ("ASYNC_FAILURE", "after", 1), *each("DELETE_ENDPOINT")])
def answer_that_is_a_failure(kills: Kills, world: Any, control: Any) -> None:
    """And the first of its endpoint, which is removed with it."""
    control.sagemaker(invocations=[{"status": 500, "body": "no such column: amount"}])
    daemon = kills.daemon({"async": ANSWERS, "delete_failed_first": True})
    kills.arm()
    publish(world, control)
    kills.strike(daemon)
    record = ended(daemon, "failed")
    assert "no such column: amount" in record["reason"]
    wait_for(lambda: not world.client("prod", "sagemaker").list_endpoints()["Endpoints"], "the endpoint to be gone")


@journey(each("JOB_SUCCESS", "ANNOUNCE"))
def job_that_succeeds_and_is_announced(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(JOB_ON, results={"bus": "cross-account-bus"})
    control.codepipeline("staging", jobs=[job := str(uuid.uuid4())])
    kills.arm()
    put_event(world, job_event(put_artifact(world, "deploy/one"), job))
    kills.strike(daemon)
    ended(daemon, "succeeded")
    assert control.jobs()[job]["status"] == "Succeeded"


@journey(each("JOB_FAILURE"))
def job_that_fails(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(JOB_ON)
    control.sagemaker(rules=[{"model_data_contains": "one", "reason": "did not pass the ping health check"}])
    control.codepipeline("staging", jobs=[job := str(uuid.uuid4())])
    kills.arm()
    put_event(world, job_event(put_artifact(world, "deploy/one"), job))
    kills.strike(daemon)
    ended(daemon, "failed")
    wait_for(lambda: control.jobs()[job]["status"] == "Failed", "the job to be told")


@journey(each("LIST_ACTIONS"))
def execution_that_is_asked_for(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(PIPELINE_ON)
    execution = given_execution(world, control, put_artifact(world, "deploy/one"))
    kills.arm()
    control.event("staging", pipeline_succeeded(execution))
    kills.strike(daemon)
    assert ended(daemon, "succeeded")["execution"] == execution


@journey(each("DESCRIBE_PACKAGE"))
def package_that_is_approved(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(PACKAGE)
    kills.arm()
    first = approve(control, 1)
    kills.strike(daemon)
    ended(daemon, "succeeded")
    assert serving_package(world) == first["arn"]


@journey(each("DESCRIBE_CONFIG", "UPDATE_ENDPOINT", "INVOKE"))
def package_that_is_taken_out_of_service(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(PACKAGE)
    first = approve(control, 1)
    daemon.wait_ended(1)
    approve(control, 2)
    daemon.wait_ended(2)
    kills.arm()
    approve(control, 2, "Rejected")
    kills.strike(daemon)
    ended(daemon, "succeeded", "succeeded", "succeeded")
    assert serving_package(world) == first["arn"]


@journey(each("DESCRIBE_CONFIG", "UPDATE_ENDPOINT", "INVOKE"))
def operator_who_rolls_back(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon()
    first_served(daemon, world, control)
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    first = daemon.wait_ended(2)[1]
    kills.arm()
    assert daemon.ctl("rollback", ENDPOINT).returncode == 0
    kills.strike(daemon)
    ended(daemon, "succeeded", "succeeded", "succeeded")
    assert described(world)["EndpointConfigName"] == first["config_name"]


@journey([("CREATE_MODEL", "after", 1), *each("DESCRIBE_MODEL"), ("CREATE_CONFIG", "after", 1), *each("DESCRIBE_CONFIG")])
def things_that_are_there_already(kills: Kills, world: Any, control: Any) -> None:
    """What was made without the daemon having heard of it is compared, and kept."""
    daemon = kills.daemon()
    kills.arm()
    publish(world, control)
    kills.strike(daemon)
    ended(daemon, "succeeded")
    assert made(world, "models") == made(world, "endpoint_configs") == 1


@journey([("READ_MODEL", "before", 2), ("READ_MODEL", "after", 1)])
def model_under_a_key(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon()
    key = world.client("staging", "kms").create_key()["KeyMetadata"]["Arn"]
    world.client("staging", "s3").put_object(Bucket=SAGEMAKER_BUCKET, Key="models/secret.tar.gz", Body=b"0.5\n",
                                             ServerSideEncryption="aws:kms", SSEKMSKeyId=key)
    world.put_object(ARTIFACT_BUCKET, "deploy/secret", json.dumps({"model_data": f"s3://{SAGEMAKER_BUCKET}/models/secret.tar.gz"}).encode())
    kills.arm()
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/secret"))
    kills.strike(daemon)
    ended(daemon, "succeeded")


@journey(each("FIND_UPLOAD", "BEGIN_UPLOAD", "COPY_PART", "COMPLETE_UPLOAD"))
def model_that_s3_copies_in_parts(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon()
    kills.arm()
    publish_sparse(world, control, 6_000_000_000)
    kills.strike(daemon)
    record = ended(daemon, "succeeded")
    assert control.sparse()[f"{MODEL_BUCKET}/{record['copy_key']}"] == 6_000_000_000
    assert uploads(world) == []


@journey(each("ABORT_UPLOAD"))
def copy_that_is_refused_half_way(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon({"retry": {"within": "5s"}})
    close_buckets(world)
    control.fault("error", {"operation": "UploadPart", "user_agent": "causeway"}, status=403, code="AccessDenied", message="no", times=0)
    kills.arm()
    publish_large(world, control, b"x" * (9 * MEBIBYTE))
    kills.strike(daemon)
    ended(daemon, "failed")
    wait_for(lambda: uploads(world) == [], "the upload to be aborted")


@journey(each("DESCRIBE_SERVING", "DESCRIBE_ALARMS", "PUT_ALARM", "DELETE_ALARMS"))
def rollout_that_is_watched(kills: Kills, world: Any, control: Any) -> None:
    control.alarm("prod", "fraud-5xx")
    daemon = kills.daemon({"rollout": CANARY})
    first_served(daemon, world, control)
    kills.arm()
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    kills.strike(daemon)
    ended(daemon, "succeeded", "succeeded")
    assert [a["AlarmName"] for a in control.alarms()] == ["fraud-5xx"]


@journey(each("REGISTER_SCALING"))
def endpoint_that_is_scaled(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon()
    first_served(daemon, world, control)
    scaling = world.client("prod", "application-autoscaling")
    scaling.register_scalable_target(ServiceNamespace="sagemaker", ResourceId=f"endpoint/{ENDPOINT}/variant/main",
                                     ScalableDimension="sagemaker:variant:DesiredInstanceCount", MinCapacity=2, MaxCapacity=9)
    kills.arm()
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    kills.strike(daemon)
    ended(daemon, "succeeded", "succeeded")
    kept = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert [(target["MinCapacity"], target["MaxCapacity"]) for target in kept] == [(2, 9)]


@journey(each("REMAKE_ENDPOINT"))
def endpoint_that_is_deleted_by_hand(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon()
    first = verifying(daemon, world, control)
    sagemaker = world.client("prod", "sagemaker")
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    wait_for(lambda: not sagemaker.list_endpoints()["Endpoints"], "the endpoint to be gone")
    kills.arm()
    control.release()
    wait_for(lambda: [held for held in control.held() if held["operation"] == EFFECTS["REMAKE_ENDPOINT"]], "the endpoint to be made again", 30)
    kills.strike(daemon)
    ended(daemon, "rolled_back", "succeeded")
    assert described(world)["EndpointConfigName"] == first["config_name"]


@journey([*each("GET_TEMPLATE", "KEEP_TEMPLATE"), ("PUT_TEMPLATE", "before", 2), ("PUT_TEMPLATE", "after", 1), *each("RESTORE_STACK")])
def stack_that_is_put_back(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(STACK)
    publish_zip(world, control, project(package(control, 1), large(TEMPLATE)), time="2026-11-20T09:30:01Z")
    ended(daemon, "succeeded", endpoint=NAME)
    control.sagemaker(invocations=[{"model_data_contains": "/2", "body": "NaN\n"}])
    changed = project(package(control, 2), large(TEMPLATE).replace("Note1:", "Other:"))
    kills.arm()
    publish_zip(world, control, changed, key="deploy/2", time="2026-11-20T09:31:00Z")
    kills.strike(daemon)
    ended(daemon, "rolled_back", "succeeded", endpoint=NAME)
    wait_for(lambda: described(world, NAME)["EndpointStatus"] == "InService", "the endpoint to settle")
    assert served_by(world).endswith("/1")
    wait_for(lambda: left_in_bucket(world) == set(), "the templates to be removed")


@journey(each("DELETE_CHANGE"))
def stack_that_needs_no_change(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(STACK)
    publish_versions(daemon, world, control, 1)
    same = project(package(control, 1))
    kills.arm()
    publish_zip(world, control, same, key="deploy/again", time="2026-11-20T09:31:00Z")
    kills.strike(daemon)
    assert ended(daemon, "succeeded", "succeeded", endpoint=NAME)["unchanged"] == 1


@journey(each("DESCRIBE_STACK_EVENTS", "CONTINUE_ROLLBACK"))
def stack_whose_own_way_back_fails(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon(STACK)
    publish_versions(daemon, world, control, 1)
    control.stacks(failures=[{"resource": "Endpoint", "reason": "no", "rollback_fails": 1}])
    second = project(package(control, 2))
    kills.arm()
    publish_zip(world, control, second, key="deploy/2", time="2026-11-20T09:31:00Z")
    kills.strike(daemon)
    ended(daemon, "rolled_back", "succeeded", endpoint=NAME)
    assert served_by(world).endswith("/1")


@journey(each("DELETE_STACK"))
def first_stack_that_fails(kills: Kills, world: Any, control: Any) -> None:
    daemon = kills.daemon({**STACK, "delete_failed_first": True})
    control.sagemaker(invocations=[{"model_data_contains": "/1", "body": "NaN\n"}])
    first = project(package(control, 1))
    kills.arm()
    publish_zip(world, control, first, time="2026-11-20T09:30:01Z")
    kills.strike(daemon)
    ended(daemon, "failed", endpoint=NAME)
    with pytest.raises(Exception, match="does not exist"):
        world.client("prod", "cloudformation").describe_stacks(StackName="scorer-prod")


@pytest.mark.parametrize("name", JOURNEYS)
@pytest.mark.usefixtures("forwarding")
def test_given_a_daemon_that_is_killed_again_and_again_when_it_is_started_then_each_journey_ends_as_it_should(
        make_daemon: Any, world: Any, control: Any, name: str, record_property: Any) -> None:
    control.sagemaker(durations={"creating": 0.2, "updating": 0.2})
    points, told = JOURNEYS[name]
    told(Kills(make_daemon, control, points), world, control)
    wait_for(lambda: world.queue_length() == 0, "the queue to be empty", 30)
    record_property("kills", len(points))


# What the other two files kill, each in a deployment of its own.
ALONE = {
    "GET_ARTIFACT": FIRST, "HEAD_MODEL": FIRST, "DESCRIBE_IMAGE": FIRST, "GET_REPOSITORY_POLICY": FIRST, "HEAD_BUCKET": FIRST, "HEAD_COPY": FIRST,
    "COPY_OBJECT": FIRST, "GET_ROLE": FIRST, "DESCRIBE_ENDPOINT": FIRST, "CREATE_MODEL": FIRST, "CREATE_CONFIG": FIRST, "CREATE_ENDPOINT": FIRST,
    "INVOKE": FIRST, "DESCRIBE_SCALING": UPDATE, "UPDATE_ENDPOINT": UPDATE, "RESTORE_ENDPOINT": ROLLBACK[len(UPDATE):], "DELETE_CONFIG": ROLLBACK,
    "DELETE_MODEL": ROLLBACK, "DELETE_COPY": ROLLBACK, "CARRY_PART": CARRIED, "DESCRIBE_STACK": STACKED, "CREATE_CHANGE": STACKED,
    "DESCRIBE_CHANGE": STACKED, "EXECUTE_CHANGE": STACKED,
}


def test_every_effect_is_killed_in_some_journey() -> None:
    here = {effect for points, _ in JOURNEYS.values() for effect, _, _ in points}
    assert here | set(ALONE) == set(EFFECTS)
    for effect, operations in ALONE.items():
        assert EFFECTS[effect] in operations, effect
