"""Going back by request: to the one before, or to one by its id, with the same proof as going forward."""

import http.client
import json
import socket
from typing import Any

import pytest
from causeway import ENDPOINT, publish
from gate.client import wait_for
from test_journey import described, invoked, serves


def ask(daemon: Any, path: str, **body: Any) -> tuple[int, dict[str, Any]]:
    """POST over the control socket; status and answer."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.connect(str(daemon.socket))
    connection.request("POST", path, json.dumps(body) if body else None)
    answer = connection.getresponse()
    document = json.loads(answer.read())
    connection.close()
    return answer.status, document


def ask_rollback(daemon: Any, endpoint: str = ENDPOINT, **body: str) -> tuple[int, dict[str, Any]]:
    return ask(daemon, f"/v1/endpoints/{endpoint}/rollback", **body)


def deploy_two(daemon: Any, world: Any, control: Any) -> list[dict[str, Any]]:
    """Two versions served one after the other; their records, the older first."""
    serves(control, one="0.1", two="0.2")
    publish(world, control, "deploy/one", time="2026-11-20T09:30:01Z")
    daemon.wait_ended(1)
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    newer, older = daemon.wait_ended(2)
    assert invoked(world) == "0.2"
    return [older, newer]


def test_given_two_versions_when_an_operator_rolls_back_then_the_first_serves_again_with_proof(daemon, world, control):
    older, newer = deploy_two(daemon, world, control)
    status, answer = ask_rollback(daemon)
    assert status == 200
    record = next(r for r in daemon.wait_ended(3) if r["id"] == answer["id"])
    assert (record["state"], record["restores"], record["config_name"]) == ("succeeded", older["id"], older["config_name"])
    assert record["proof"] and "uid" in record["asked_by"] or "(" in record["asked_by"]
    assert invoked(world) == "0.1"
    assert described(world)["EndpointConfigName"] == older["config_name"]


def test_given_a_rollback_when_another_is_asked_for_then_it_goes_where_it_is_told_or_nowhere(daemon, world, control):
    _, newer = deploy_two(daemon, world, control)
    ask_rollback(daemon)
    daemon.wait_ended(3)
    status, answer = ask_rollback(daemon)  # the newer one was withdrawn: nothing is before what serves
    assert status in (404, 409), answer
    status, answer = ask_rollback(daemon, to=newer["id"])
    assert status == 200
    daemon.wait_ended(4)
    assert invoked(world) == "0.2"


def test_given_a_rollback_when_an_older_event_comes_late_then_it_is_superseded(daemon, world, control):
    deploy_two(daemon, world, control)
    ask_rollback(daemon)
    daemon.wait_ended(3)
    publish(world, control, "deploy/three", time="2026-11-20T09:30:03Z")
    late = next(r for r in daemon.wait_ended(4) if r["artifact_key"] == "deploy/three")
    assert late["state"] == "superseded"
    assert invoked(world) == "0.1"


def test_given_nothing_to_go_back_to_when_an_operator_rolls_back_then_he_is_told(daemon, world, control):
    status, answer = ask_rollback(daemon)
    assert status == 404 and ENDPOINT in answer["error"]["message"]
    status, answer = ask_rollback(daemon, to="no-such")
    assert status == 404


def test_given_a_rollback_under_way_when_the_daemon_is_killed_then_it_is_finished(make_daemon, world, control):
    daemon = make_daemon().start()
    older, _ = deploy_two(daemon, world, control)
    control.sagemaker(stuck=["updating"])
    ask_rollback(daemon)
    control.wait_call(service="sagemaker", operation="UpdateEndpoint", since=control.last_sequence() - 5)
    daemon.kill()
    daemon.start()
    control.sagemaker_release()
    daemon.wait_ended(3)
    assert invoked(world) == "0.1"
    assert described(world)["EndpointConfigName"] == older["config_name"]


# ---- SageMaker goes back by itself, and hands that are quicker


@pytest.mark.parametrize("rule, said", [
    ({"outcome": "InService", "rolling_back": True, "reason": "One or more alarms went into ALARM: fraud-5xx"}, "fraud-5xx"),
    ({"outcome": "UpdateRollbackFailed", "reason": "Request to service failed"}, "UpdateRollbackFailed"),
], ids=["by-an-alarm", "not-even-that"])
def test_given_an_update_that_sagemaker_takes_back_in_any_way_then_it_is_no_success_and_the_first_serves(daemon, world, control, rule, said):
    serves(control, one="0.5", two="0.7")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    control.sagemaker(rules=[{"model_data_contains": "/two.tar.gz", **rule}])
    publish(world, control, "deploy/two")
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back" and said in second["reason"], second["reason"]
    assert (described(world)["EndpointStatus"], described(world)["EndpointConfigName"]) == ("InService", first["config_name"])


def verifying(daemon: Any, world: Any, control: Any) -> dict[str, Any]:
    """A second version is on the endpoint, and its verification is held; the first."""
    serves(control, one="0.5", two="0.7")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    control.fault("hold", {"operation": "InvokeEndpoint"})
    publish(world, control, "deploy/two")
    assert control.held(wait=20)
    return first


def test_given_an_endpoint_put_back_by_hand_while_it_is_verified_then_it_is_no_success(daemon, world, control):
    first = verifying(daemon, world, control)
    sagemaker = world.client("prod", "sagemaker")
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=first["config_name"])
    wait_for(lambda: described(world)["EndpointStatus"] == "InService", "the change by hand")
    control.clear_faults()
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back", second["reason"]
    assert described(world)["EndpointConfigName"] == first["config_name"]


def test_given_an_endpoint_changed_by_hand_while_it_is_verified_then_it_is_said_and_left_to_that_hand(daemon, world, control):
    first = verifying(daemon, world, control)
    sagemaker = world.client("prod", "sagemaker")
    sagemaker.create_endpoint_config(EndpointConfigName="by-hand", ProductionVariants=[
        {"VariantName": "main", "ModelName": first["model_name"], "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}])
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName="by-hand")
    wait_for(lambda: described(world)["EndpointStatus"] == "InService", "the change by hand")
    control.clear_faults()
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "failed" and "someone else" in second["reason"], second["reason"]
    assert (described(world)["EndpointStatus"], described(world)["EndpointConfigName"]) == ("InService", "by-hand")


def test_given_an_endpoint_deleted_by_hand_while_it_is_verified_then_the_first_is_made_again(daemon, world, control):
    first = verifying(daemon, world, control)
    sagemaker = world.client("prod", "sagemaker")
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    wait_for(lambda: not sagemaker.list_endpoints()["Endpoints"], "the endpoint to be gone")
    control.clear_faults()
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back", second["reason"]
    assert described(world)["EndpointConfigName"] == first["config_name"]


@pytest.mark.parametrize("operation, newer", [("CopyObject", 2), ("InvokeEndpoint", 1)])  # all orders: tests/unit/deploy/orders.c
def test_given_one_under_way_when_another_comes_then_the_newer_serves_in_the_end(daemon, world, control, operation, newer):
    serves(control, one="0.5", two="0.7")
    control.fault("hold", {"operation": operation}, nth=1)
    for number, key in enumerate(("deploy/one", "deploy/two"), 1):
        publish(world, control, key, time=f"2026-11-20T09:3{1 if number == newer else 0}:00Z")
        assert control.held(wait=20)
        wait_for(lambda count=number: len(daemon.history()) == count, "the event to be taken up")
    control.clear_faults()
    states = {r["artifact_key"]: r for r in daemon.wait_ended(2)}
    last = states["deploy/one" if newer == 1 else "deploy/two"]
    assert last["state"] == "succeeded", last["reason"]
    assert described(world)["EndpointConfigName"] == last["config_name"]
