"""Rollouts by SageMaker's own guardrails: what it is asked, what is refused first, and what is kept of an endpoint."""

from typing import Any

import pytest
from causeway import ENDPOINT, publish
from gate.client import wait_for
from gate.world import REPOSITORY
from test_journey import described, invoked, serves
from test_rollback import ask

CANARY = {"type": "canary", "step": "50%", "bake": "10m", "alarms": ["fraud-5xx"],
          "watch": [{"metric": "Invocation5XXErrors", "above": "0", "periods": "2"}]}


def update(control: Any) -> dict[str, Any]:
    """What the last UpdateEndpoint asked for."""
    return control.calls(service="sagemaker", operation="UpdateEndpoint")[-1]["parameters"]


def first_served(daemon: Any, world: Any, control: Any) -> None:
    serves(control, one="0.1", two="0.2")
    publish(world, control, "deploy/one", time="2026-11-20T09:30:01Z")
    assert daemon.wait_ended(1)[0]["state"] == "succeeded"


@pytest.mark.parametrize(("rollout", "wanted"), [
    ({"type": "canary", "step": "50%", "bake": "10m"}, {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {
        "Type": "CANARY", "WaitIntervalInSeconds": 600, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}}}}),
    ({"type": "linear", "step": "1", "bake": "1m", "timeout": "1h"}, {"BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {"Type": "LINEAR", "WaitIntervalInSeconds": 60,
                                        "LinearStepSize": {"Type": "INSTANCE_COUNT", "Value": 1}},
        "MaximumExecutionTimeoutInSeconds": 3600}}),
    ({"type": "rolling", "step": "50%", "bake": "1m"}, {"RollingUpdatePolicy": {
        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50}, "WaitIntervalInSeconds": 60}}),
], ids=["canary", "linear", "rolling"])
def test_given_a_rollout_when_an_endpoint_serves_already_then_sagemaker_is_asked_for_it(make_daemon, world, control, rollout, wanted):
    daemon = make_daemon(deployment={"rollout": rollout}).start()
    first_served(daemon, world, control)
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"
    assert update(control)["DeploymentConfig"] == wanted
    assert invoked(world) == "0.2"


def test_given_watches_when_a_rollout_runs_then_alarms_of_the_new_fleet_exist_for_as_long(make_daemon, world, control):
    control.alarm("prod", "fraud-5xx")
    daemon = make_daemon(deployment={"rollout": CANARY}).start()
    first_served(daemon, world, control)
    control.sagemaker(stuck=["updating"])
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    control.wait_call(service="sagemaker", operation="UpdateEndpoint")
    made = [a for a in control.alarms() if a["AlarmName"] != "fraud-5xx"]
    named = [a["AlarmName"] for a in update(control)["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]]
    assert named == ["fraud-5xx", made[0]["AlarmName"]]
    dimensions = {d["Name"]: d["Value"] for d in made[0]["Dimensions"]}
    assert dimensions["EndpointName"] == ENDPOINT and dimensions["EndpointConfigName"] == update(control)["EndpointConfigName"]
    control.sagemaker_release()
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"
    assert [a["AlarmName"] for a in control.alarms()] == ["fraud-5xx"]


def test_given_an_alarm_that_trips_already_when_an_event_comes_then_nothing_is_made(make_daemon, world, control):
    control.alarm("prod", "fraud-5xx")
    daemon = make_daemon(deployment={"rollout": CANARY, "retry": {"within": "1s"}}).start()
    first_served(daemon, world, control)
    before = control.last_sequence()
    control.alarm("prod", "fraud-5xx", "ALARM")
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    record = daemon.wait_ended(2)[0]
    assert record["state"] == "failed" and "fraud-5xx is in ALARM" in record["reason"]
    made = {c["operation"] for c in control.calls(since=before)} & {"CopyObject", "CreateModel", "CreateEndpointConfig", "UpdateEndpoint"}
    assert made == set()
    assert invoked(world) == "0.1"


def test_given_another_variants_name_when_a_canary_is_asked_for_then_it_is_refused_before_anything_is_made(make_daemon, world, control):
    control.alarm("prod", "fraud-5xx")
    daemon = make_daemon(deployment={"rollout": CANARY}).start()
    first_served(daemon, world, control)
    daemon.stop()
    daemon.configure(deployment={"rollout": CANARY, "variant": {"name": "other", "instance_type": "ml.m5.xlarge", "count": "2"}})
    daemon.start()
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    record = daemon.wait_ended(2)[0]
    assert record["state"] == "failed" and "all traffic at once" in record["reason"]
    assert invoked(world) == "0.1"


def test_given_an_autoscaled_endpoint_when_it_is_updated_then_it_keeps_its_instances_and_its_scaling(make_daemon, world, control):
    daemon = make_daemon().start()
    first_served(daemon, world, control)
    scaling = world.client("prod", "application-autoscaling")
    target = {"ServiceNamespace": "sagemaker", "ResourceId": f"endpoint/{ENDPOINT}/variant/main",
              "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"}
    scaling.register_scalable_target(**target, MinCapacity=2, MaxCapacity=9)
    sagemaker = world.client("prod", "sagemaker")
    sagemaker.update_endpoint_weights_and_capacities(EndpointName=ENDPOINT, DesiredWeightsAndCapacities=[
        {"VariantName": "main", "DesiredInstanceCount": 7}])
    wait_for(lambda: described(world)["EndpointStatus"] == "InService", "the endpoint to be scaled")
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    assert daemon.wait_ended(2)[0]["state"] == "succeeded"
    assert update(control)["RetainAllVariantProperties"] is True
    assert described(world)["ProductionVariants"][0]["CurrentInstanceCount"] == 7
    kept = scaling.describe_scalable_targets(ServiceNamespace="sagemaker", ResourceIds=[target["ResourceId"]])["ScalableTargets"]
    assert (kept[0]["MinCapacity"], kept[0]["MaxCapacity"]) == (2, 9)


def test_given_a_serverless_variant_when_an_event_comes_then_it_serves_without_instances(make_daemon, world, control):
    world.client("prod", "ecr").create_repository(repositoryName=REPOSITORY)
    world.put_layered_image("latest", b"a layer")
    daemon = make_daemon(deployment={"mirror": True, "repositories": [REPOSITORY],
                                     "variant": {"name": "main", "serverless": {"memory": "3072", "concurrency": "5"}}}).start()
    first_served(daemon, world, control)
    config = world.client("prod", "sagemaker").describe_endpoint_config(EndpointConfigName=described(world)["EndpointConfigName"])
    assert config["ProductionVariants"][0]["ServerlessConfig"] == {"MemorySizeInMB": 3072, "MaxConcurrency": 5}


def test_given_fields_of_awss_own_when_an_event_comes_then_they_are_passed_through(make_daemon, world, control):
    capture = {"EnableCapture": True, "InitialSamplingPercentage": 50, "DestinationS3Uri": "s3://prod-models/capture",
               "CaptureOptions": [{"CaptureMode": "Input"}]}
    network = {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]}
    asynchronous = {"OutputConfig": {"S3OutputPath": "s3://prod-models/out"}}
    daemon = make_daemon(deployment={"overlay": {
        "model": {"VpcConfig": network}, "endpoint_config": {"DataCaptureConfig": capture, "AsyncInferenceConfig": asynchronous}}}).start()
    first_served(daemon, world, control)
    sagemaker = world.client("prod", "sagemaker")
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described(world)["EndpointConfigName"])
    assert config["DataCaptureConfig"] == capture and config["AsyncInferenceConfig"] == asynchronous
    assert sagemaker.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])["VpcConfig"] == network


def test_given_a_freeze_when_an_event_comes_then_it_waits_until_an_operator_lets_it_pass(make_daemon, world, control):
    daemon = make_daemon(deployment={"freeze": [{"at": "* * * * *", "for": "1h", "why": "stocktaking"}]}).start()
    serves(control, one="0.1")
    publish(world, control, "deploy/one")
    held = wait_for(lambda: next((r for r in daemon.history() if "stocktaking" in r.get("reason", "")), None), "the freeze to hold it")
    assert held["state"] == "waiting"
    status, answer = ask(daemon, f"/v1/deployments/{held['id']}/approve")
    assert status == 409
    status, answer = ask(daemon, f"/v1/deployments/{held['id']}/approve", now=True, why="urgent fix")
    assert status == 200
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded" and "urgent fix" in record["passed_by"]
