"""kill -9 before and after every call of a journey, then a restart: nothing is lost, nothing happens twice.

A call is held by the gate before it is carried out, or after that and before it is answered; then the daemon is
killed. What is held before is never carried out, as when a connection breaks. Between two calls lies the commit of
the first one's result, so every commit too has a kill on either side of it."""

from typing import Any

import pytest
from causeway import ENDPOINT, Daemon, publish
from gate.client import wait_for
from gate.world import MODEL_BUCKET, QUEUE

PING = "The primary container for production variant main did not pass the ping health check."

# The calls that the daemon makes in each journey, in order; test_the_lists_are_what_happens holds them to that.
FIRST = [
    "GetQueueUrl", "GetQueueAttributes", "GetQueueUrl", "ReceiveMessage", "DeleteMessageBatch", "AssumeRole", "GetObject",
    "HeadObject", "DescribeImages", "DescribeEndpoint", "GetRole", "HeadBucket", "GetRepositoryPolicy",
    "HeadObject", "CopyObject", "CreateModel", "CreateEndpointConfig", "DescribeEndpoint", "CreateEndpoint",
    "DescribeEndpoint", "InvokeEndpoint", "DescribeEndpoint",
]
# From the event on, with one that serves already.
UPDATE = [
    "DeleteMessageBatch", "GetObject", "HeadObject", "DescribeImages", "DescribeEndpoint", "HeadObject", "CopyObject",
    "CreateModel", "CreateEndpointConfig", "DescribeScalableTargets", "DescribeEndpoint", "UpdateEndpoint", "DescribeEndpoint",
    "InvokeEndpoint", "DescribeEndpoint",
]
# The second answers nonsense: verification fails, the first one is put back, what the second made is removed.
ROLLBACK = [
    *UPDATE[:-1], "DescribeEndpoint", "UpdateEndpoint", "DescribeEndpoint", "DeleteEndpointConfig", "DeleteModel", "DeleteObject",
]


# Polls, the deletes of SageMaker's own events, and looks: as many as there is time and news for.
UNCOUNTED = ("ReceiveMessage", "DeleteMessageBatch", "DescribeEndpoint")


def points(calls: list[str]) -> list[tuple[str, int, str]]:
    """(operation, how many-th of its kind, before or after) for every call."""
    found = []
    for index, operation in enumerate(calls):
        nth = calls[: index + 1].count(operation)
        found += [(operation, nth, "before"), (operation, nth, "after")]
    return found


def named(point: tuple[str, int, str]) -> str:
    return f"{point[2]}-{point[0]}-{point[1]}"


def hold(control: Any, point: tuple[str, int, str]) -> None:
    operation, nth, when = point
    control.fault("hold", {"operation": operation}, nth=nth, when=when)


def kill_at_the_held_call(daemon: Daemon, control: Any) -> None:
    assert control.held(wait=20), f"nothing was held; journal: {[e.get('MESSAGE') for e in daemon.said()][-10:]}"
    daemon.kill()
    control.clear_faults()
    control.make_visible(QUEUE)


def whole(daemon: Daemon, world: Any, control: Any, when: str, states: list[str]) -> list[dict[str, Any]]:
    """What has to hold in the end: these deployments, newest first, and no message, model, configuration or object
    beyond those of the deployments that succeeded."""
    daemon.wait_ended(len(states))
    wait_for(lambda: world.queue_length() == 0, "the queue to be empty")
    history = daemon.history()
    assert [r["state"] for r in history] == states, [r.get("reason") for r in history]
    good = [r for r in history if r["state"] == "succeeded"]
    sagemaker = world.client("prod", "sagemaker")
    assert {m["ModelName"] for m in sagemaker.list_models()["Models"]} == {r["model_name"] for r in good}
    assert {c["EndpointConfigName"] for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]} == {r["config_name"] for r in good}
    objects = world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET).get("Contents", [])
    assert {o["Key"] for o in objects} == {r["copy_key"] for r in good}
    endpoint = sagemaker.describe_endpoint(EndpointName=ENDPOINT)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", good[0]["config_name"])
    done = [c for c in control.calls() if c["operation"] in ("CreateEndpoint", "UpdateEndpoint") and c["status"] == 200
            and (when == "after" or not c["faults"])]
    assert len(done) == len(states) + states.count("rolled_back")
    return history


def configure(control: Any) -> None:
    control.sagemaker(durations={"creating": 0.2, "updating": 0.2}, invocations=[
        {"model_data_contains": "/two.tar.gz", "body": "0.7\n"}, {"model_data_contains": "/nonsense.tar.gz", "body": "nonsense"}])


@pytest.mark.parametrize("point", points(FIRST), ids=named)
def test_given_a_first_deployment_when_the_daemon_is_killed_then_a_restart_finishes_it(make_daemon, world, control, point):
    configure(control)
    hold(control, point)
    publish(world, control)
    daemon = make_daemon().start(ready=False)
    kill_at_the_held_call(daemon, control)
    daemon.start()
    whole(daemon, world, control, point[2], ["succeeded"])


def first_serves(make_daemon: Any, world: Any, control: Any) -> Daemon:
    configure(control)
    daemon = make_daemon().start()
    publish(world, control)
    daemon.wait_ended(1)
    wait_for(lambda: world.queue_length() == 0, "the first message to be deleted")
    return daemon


@pytest.mark.parametrize("point", points(UPDATE), ids=named)
def test_given_an_update_when_the_daemon_is_killed_then_a_restart_finishes_it(make_daemon, world, control, point):
    daemon = first_serves(make_daemon, world, control)
    hold(control, point)
    publish(world, control, "deploy/two")
    kill_at_the_held_call(daemon, control)
    daemon.start()
    whole(daemon, world, control, point[2], ["succeeded", "succeeded"])


@pytest.mark.parametrize("point", points(ROLLBACK)[2 * UPDATE.index("InvokeEndpoint"):], ids=named)
def test_given_a_rollback_when_the_daemon_is_killed_then_a_restart_finishes_it(make_daemon, world, control, point):
    daemon = first_serves(make_daemon, world, control)
    hold(control, point)
    publish(world, control, "deploy/nonsense")
    kill_at_the_held_call(daemon, control)
    daemon.start()
    whole(daemon, world, control, point[2], ["rolled_back", "succeeded"])


def test_the_lists_are_what_happens(make_daemon, world, control):
    """Each kind of call that is killed is made so often, and no other is."""

    def seen(since: int) -> list[str]:
        return sorted(c["operation"] for c in control.calls(since) if _is_daemons(c))

    def expected(calls: list[str]) -> list[str]:
        return sorted(c for c in calls if c not in UNCOUNTED)

    configure(control)
    publish(world, control)
    start = control.last_sequence()
    daemon = make_daemon(queue={"name": QUEUE, "receivers": "1", "visibility": "60s"}).start()
    daemon.wait_ended(1)
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
    assert seen(start) == expected(FIRST)
    for key, calls in (("deploy/two", UPDATE), ("deploy/nonsense", ROLLBACK)):
        since = control.last_sequence()
        publish(world, control, key)
        daemon.wait_ended(2 if calls is UPDATE else 3)
        wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
        assert seen(since) == expected(calls)


def _is_daemons(call: dict[str, Any]) -> bool:
    return call["operation"] not in UNCOUNTED and ("user/causeway" in call["principal"] or "assumed-role" in call["principal"])
