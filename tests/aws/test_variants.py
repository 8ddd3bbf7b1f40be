"""Endpoints of several variants, with a shadow, answering later, or serving many models from one container."""

from typing import Any

from causeway import ENDPOINT, publish
from gate.world import MODEL_BUCKET
from test_journey import described, names, serves

TYPE = "ml.m5.xlarge"


def configured(world: Any, record: dict[str, Any]) -> dict[str, Any]:
    return world.client("prod", "sagemaker").describe_endpoint_config(EndpointConfigName=record["config_name"])


def deployed(make_daemon: Any, world: Any, control: Any, **deployment: Any) -> dict[str, Any]:
    daemon = make_daemon(deployment=deployment).start()
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record["reason"]
    return record


def test_given_two_variants_then_both_serve_by_their_weights_and_are_proved(make_daemon, world, control):
    record = deployed(make_daemon, world, control, variant=None, variants=[
        {"name": "large", "instance_type": TYPE, "count": "2", "weight": "9"},
        {"name": "small", "instance_type": "ml.m5.large", "weight": "1"}])
    variants = configured(world, record)["ProductionVariants"]
    assert [(v["VariantName"], v["InitialVariantWeight"], v["InitialInstanceCount"], v["ModelName"]) for v in variants] == [
        ("large", 9.0, 2, record["model_name"]), ("small", 1.0, 1, record["model_name"])]
    assert {v["VariantName"] for v in described(world)["ProductionVariants"]} == {"large", "small"}
    assert "2 of 2 variants" in record["proof"]


def test_given_a_shadow_then_it_runs_beside_the_variant_and_is_proved(make_daemon, world, control):
    record = deployed(make_daemon, world, control, shadow={"name": "shadow", "instance_type": TYPE})
    shadows = configured(world, record)["ShadowProductionVariants"]
    assert [(v["VariantName"], v["ModelName"]) for v in shadows] == [("shadow", record["model_name"])]
    assert "2 of 2 variants" in record["proof"]


def test_given_asynchronous_inference_then_answers_go_where_they_are_said_to(make_daemon, world, control):
    record = deployed(make_daemon, world, control, verify=None, **{"async": {
        "output": f"s3://{MODEL_BUCKET}/answers/", "failures": f"s3://{MODEL_BUCKET}/failed/", "concurrency": "4"}})
    assert configured(world, record)["AsyncInferenceConfig"] == {
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
        "OutputConfig": {"S3OutputPath": f"s3://{MODEL_BUCKET}/answers/", "S3FailurePath": f"s3://{MODEL_BUCKET}/failed/"}}


ANSWERS = {"output": f"s3://{MODEL_BUCKET}/answers/", "failures": f"s3://{MODEL_BUCKET}/failed/"}


def left_in_bucket(world: Any) -> set[str]:
    return {o["Key"] for o in world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET).get("Contents", [])}


def test_given_asynchronous_inference_when_it_is_verified_then_the_answer_is_awaited_and_nothing_of_it_is_left(make_daemon, world, control):
    control.sagemaker(invocations=[{"delay_seconds": 1}])
    record = deployed(make_daemon, world, control, **{"async": ANSWERS})
    asked = control.calls(service="sagemaker-runtime", operation="InvokeEndpointAsync")
    assert len(asked) == 1 and asked[0]["parameters"]["InputLocation"].startswith(f"s3://{MODEL_BUCKET}/causeway/{ENDPOINT}/verify/")
    assert record["verified"] == 1
    assert left_in_bucket(world) == {record["copy_key"]}


def test_given_asynchronous_inference_that_fails_when_it_is_verified_then_the_models_own_words_are_the_reason(make_daemon, world, control):
    control.sagemaker(invocations=[{"status": 500, "body": "no such column: amount"}])
    daemon = make_daemon(deployment={"async": ANSWERS, "delete_failed_first": True}).start()
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed" and "no such column: amount" in record["reason"]
    assert left_in_bucket(world) == set()


def test_given_asynchronous_inference_that_answers_nonsense_when_it_is_verified_then_what_served_before_is_put_back(make_daemon, world, control):
    control.sagemaker(invocations=[{"model_data_contains": "/nonsense", "body": "nonsense"}])
    daemon = make_daemon(deployment={"async": ANSWERS}).start()
    for number, (key, state) in enumerate((("deploy/good", "succeeded"), ("deploy/nonsense", "rolled_back")), 1):
        publish(world, control, key)
        assert daemon.wait_ended(number)[0]["state"] == state
    assert "does not match" in daemon.history()[0]["reason"]


def test_given_asynchronous_inference_that_never_answers_when_its_time_is_over_then_it_is_rolled_back(make_daemon, world, control):
    control.sagemaker(invocations=[{"never": True}])
    check = {"body": "1,2,3", "content_type": "text/csv", "expect": {"latency": "1s"}}
    daemon = make_daemon(deployment={"async": ANSWERS, "verify": [check], "delete_failed_first": True}).start()
    publish(world, control)
    record = daemon.wait_ended()[0]
    assert record["state"] == "failed" and f"no answer at s3://{MODEL_BUCKET}/answers/" in record["reason"]


def test_given_asynchronous_inference_under_way_when_the_daemon_is_killed_then_it_waits_on_and_does_not_ask_again(make_daemon, world, control):
    control.sagemaker(invocations=[{"delay_seconds": 3}])
    daemon = make_daemon(deployment={"async": ANSWERS}).start()
    publish(world, control)
    control.wait_call(service="s3", operation="GetObject", error="NoSuchKey")
    daemon.kill()
    daemon.start()
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record.get("reason")
    assert len(control.calls(service="sagemaker-runtime", operation="InvokeEndpointAsync")) == 1


def test_given_a_container_of_many_models_then_the_first_makes_the_endpoint_and_the_rest_are_copies(make_daemon, world, control):
    daemon = make_daemon(deployment={"container": {"image": world.image(), "multi_model": "true"}}).start()
    for number, key in enumerate(("deploy/one", "deploy/two", "deploy/three"), 1):
        publish(world, control, key)
        record = daemon.wait_ended(number)[0]
        assert record["state"] == "succeeded", record["reason"]
        asked = [c for c in control.calls() if c["operation"] == "InvokeEndpoint"][-1]
        assert record["copy_key"].endswith("/" + asked["parameters"]["TargetModel"])
    made = [c["operation"] for c in control.calls() if c["status"] == 200]
    assert [made.count(name) for name in ("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint")] == [1, 1, 1, 0]
    container = world.client("prod", "sagemaker").describe_model(ModelName=record["model_name"])["PrimaryContainer"]
    assert (container["Mode"], container["ModelDataUrl"]) == ("MultiModel", f"s3://{MODEL_BUCKET}/causeway/{ENDPOINT}/")
    copies = {o["Key"] for o in world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET)["Contents"]}
    assert copies == {r["copy_key"] for r in daemon.history()}


def test_given_a_model_that_answers_nonsense_then_its_copy_goes_and_the_others_stay(make_daemon, world, control):
    serves(control, one="0.5")
    daemon = make_daemon(deployment={"container": {"image": world.image(), "multi_model": "true"}}).start()
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    control.fault("garbage", {"operation": "InvokeEndpoint"}, body="nonsense", status=200)
    publish(world, control, "deploy/nonsense")
    record = daemon.wait_ended(2)[0]
    assert record["state"] == "failed" and "verification" in record["reason"]
    copies = {o["Key"] for o in world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET)["Contents"]}
    assert copies == {first["copy_key"]}
    assert names(world, "config") == {first["config_name"]}
    assert described(world)["EndpointConfigName"] == first["config_name"]
