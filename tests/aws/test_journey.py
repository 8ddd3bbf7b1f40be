"""The main job over the local AWS: an event in staging becomes a serving endpoint in production."""

import json
import signal
import time
from typing import Any

import pytest
from causeway import ENDPOINT, PIPELINE, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, MODEL_BUCKET, QUEUE, REPOSITORY, SAGEMAKER_BUCKET

PING = "The primary container for production variant main did not pass the ping health check."


def described(world: Any, endpoint: str = ENDPOINT) -> dict[str, Any]:
    return world.client("prod", "sagemaker").describe_endpoint(EndpointName=endpoint)


def invoked(world: Any, endpoint: str = ENDPOINT) -> str:
    answer = world.client("prod", "sagemaker-runtime").invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Body=b"1,2,3")
    return answer["Body"].read().decode().strip()


def names(world: Any, kind: str) -> set[str]:
    """Models or endpoint configurations that exist in production."""
    client = world.client("prod", "sagemaker")
    if kind == "model":
        return {m["ModelName"] for m in client.list_models()["Models"]}
    return {c["EndpointConfigName"] for c in client.list_endpoint_configs()["EndpointConfigs"]}


def serves(control: Any, **answers: str) -> None:
    """What each model answers, by the name of its data: serves(control, one="0.5")."""
    control.sagemaker(invocations=[
        {"model_data_contains": f"/{name}.tar.gz", "body": body + "\n"} for name, body in answers.items()])


def test_fast_given_an_event_in_staging_when_it_arrives_then_its_model_serves_in_production(daemon, world, control):
    serves(control, one="0.5")
    event = publish(world, control, "deploy/one")
    record = daemon.wait_ended()[0]
    assert (record["state"], record["event_id"], record["asked_by"]) == ("succeeded", event["id"], "event")
    assert invoked(world) == "0.5"
    endpoint = described(world)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", record["config_name"])
    wait_for(lambda: world.queue_length() == 0, "the message to be deleted")
    whole = daemon.ask("status", record["id"])["deployment"]
    states = [entry["state"] for entry in whole["history"]]
    assert states == ["accepted", "resolving", "waiting", "copying", "modelling", "configuring", "releasing", "settling",
                      "verifying", "succeeded"]


def test_given_an_event_when_it_is_taken_then_everything_mutable_is_pinned(daemon, world, control):
    serves(control, one="0.5")
    publish(world, control, "deploy/one")
    record = daemon.wait_ended()[0]
    images = world.client("staging", "ecr").describe_images(repositoryName=REPOSITORY, imageIds=[{"imageTag": "latest"}])
    digest = images["imageDetails"][0]["imageDigest"]
    model = world.client("prod", "sagemaker").describe_model(ModelName=record["model_name"])["PrimaryContainer"]
    assert model["Image"].endswith("@" + digest)
    assert model["ModelDataUrl"].startswith(f"s3://{MODEL_BUCKET}/")
    assert model["Environment"] == {"LOG": "info"}
    assert record["artifact_version"] and record["model_version"] and len(record["artifact_sha256"]) == 64


def test_given_a_serving_endpoint_when_a_new_version_comes_then_it_is_updated_and_when_one_fails_to_start_the_second_still_serves(
        daemon, world, control):
    serves(control, one="0.5", two="0.7")
    control.sagemaker(rules=[{"model_data_contains": "/three.tar.gz", "reason": PING}])
    publish(world, control, "deploy/one")
    daemon.wait_ended(1)
    publish(world, control, "deploy/two")
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "succeeded" and invoked(world) == "0.7"
    publish(world, control, "deploy/three")
    third = daemon.wait_ended(3)[0]
    assert third["state"] == "rolled_back" and "ping health check" in third["reason"]
    assert described(world)["EndpointConfigName"] == second["config_name"] and invoked(world) == "0.7"
    assert third["model_name"] not in names(world, "model") and third["config_name"] not in names(world, "config")


def test_given_the_form_model_when_a_model_appears_then_all_else_comes_from_the_configuration(make_daemon, world, control):
    serves(control, one="0.5")
    daemon = make_daemon(deployment={
        "on": {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [SAGEMAKER_BUCKET]}}},
        "artifact": {"bucket": {"event": "/detail/bucket/name"}, "key": {"event": "/detail/object/key"}, "form": "model"},
    }).start()
    put = world.put_model("models/one.tar.gz", b"0.5\n")
    control.event("staging", {
        "source": "aws.s3", "detail-type": "Object Created", "resources": [f"arn:aws:s3:::{SAGEMAKER_BUCKET}"],
        "detail": {"version": "0", "bucket": {"name": SAGEMAKER_BUCKET},
                   "object": {"key": "models/one.tar.gz", "size": 100, "etag": put["etag"].strip('"'), "version-id": put["version_id"],
                              "sequencer": "0062E99A88DC407460"}, "reason": "PutObject"}}) if _forwards_s3(world) else None
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert invoked(world) == "0.5"


def _forwards_s3(world: Any) -> bool:
    """Staging's rule forwards pipelines only; for this test it forwards S3's events too."""
    world.client("staging", "events").put_rule(Name="causeway-forward", EventBusName="default", EventPattern=json.dumps(
        {"source": ["aws.codepipeline", "aws.s3"]}))
    return True


@pytest.mark.parametrize("deliveries", [2, 5])
def test_given_one_event_when_it_is_delivered_often_then_there_is_one_deployment(daemon, world, control, deliveries):
    serves(control, one="0.5")
    data = world.put_model("models/one.tar.gz")
    world.put_manifest("deploy/one", data["url"])
    event = world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one", id="11111111-2222-4333-8444-555555555555")
    control.event("staging", event, times=deliveries)
    daemon.wait_ended(1)
    wait_for(lambda: world.queue_length() == 0, "all messages to be deleted")
    assert [r["state"] for r in daemon.history()] == ["succeeded"]
    assert len(control.calls(operation="CreateEndpoint")) == 1
    assert daemon.ask("status")["queue"]["duplicates"] == deliveries - 1


def test_given_what_serves_when_the_same_inputs_come_again_then_nothing_is_made_and_it_succeeds_unchanged(daemon, world, control):
    serves(control, one="0.5")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    made = len(control.calls(service="sagemaker", operation="CreateModel"))
    world.client("prod", "sagemaker")
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one"))
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "succeeded" and second["unchanged"]
    assert second["config_name"] == first["config_name"]
    assert len(control.calls(service="sagemaker", operation="CreateModel")) == made


def test_given_sagemaker_that_returns_to_the_old_configuration_in_silence_then_it_is_no_success(daemon, world, control):
    serves(control, one="0.5", two="0.7")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    control.sagemaker(rules=[{"model_data_contains": "/two.tar.gz", "outcome": "InService", "reason": ""}])
    publish(world, control, "deploy/two")
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back" and "without our asking" in second["reason"]
    assert described(world)["EndpointConfigName"] == first["config_name"] and invoked(world) == "0.5"


def test_given_no_event_of_sagemaker_when_it_settles_then_the_sweep_finds_out(make_daemon, world, control):
    serves(control, one="0.5")
    control.sagemaker(events={"send": False})
    daemon = make_daemon().start()
    publish(world, control, "deploy/one")
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert control.calls(operation="ListEndpoints")


def test_given_a_verification_that_fails_when_it_serves_then_the_one_before_comes_back(daemon, world, control):
    serves(control, one="0.5", two="not a number")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    publish(world, control, "deploy/two")
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back" and "verification 1 of 1 failed" in second["reason"]
    wait_for(lambda: described(world)["EndpointStatus"] == "InService", "the endpoint to be back")
    assert described(world)["EndpointConfigName"] == first["config_name"]


def test_given_two_waiting_when_the_endpoint_is_busy_then_the_older_is_superseded_whatever_came_first(daemon, world, control):
    serves(control, one="0.5", two="0.7", three="0.9")
    control.sagemaker(stuck=["creating"])
    publish(world, control, "deploy/one")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "the first to settle")
    newest = publish(world, control, "deploy/three", time="2026-11-20T12:00:00Z")
    older = publish(world, control, "deploy/two", time="2026-11-20T11:00:00Z")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "superseded"], "the older one to be superseded")
    control.sagemaker_release()
    ended = {r["event_id"]: r for r in daemon.wait_ended(3)}
    assert ended[older["id"]]["state"] == "superseded"
    assert ended[newest["id"]]["state"] in ("succeeded", "superseded")


def test_given_manual_approval_when_an_operator_says_yes_then_it_goes_on_and_who_is_recorded(make_daemon, world, control):
    serves(control, one="0.5")
    daemon = make_daemon(deployment={"approval": "manual"}).start()
    publish(world, control, "deploy/one")
    waiting = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "awaiting_approval"), None), "it to wait for approval")
    assert not control.calls(operation="CreateModel")
    assert daemon.ctl("approve", waiting["id"]).returncode == 0
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded" and "uid" in record["approved_by"]


def test_given_manual_approval_when_an_operator_says_no_then_it_is_rejected(make_daemon, world, control):
    daemon = make_daemon(deployment={"approval": "manual"}).start()
    publish(world, control, "deploy/one")
    waiting = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "awaiting_approval"), None), "it to wait for approval")
    assert daemon.ctl("reject", "--yes", waiting["id"]).returncode == 0
    assert daemon.wait_ended()[0]["state"] == "rejected"
    late = daemon.ctl("approve", waiting["id"])
    assert late.returncode == 1 and "no open deployment" in late.stderr


def test_given_a_deployment_before_its_release_when_it_is_cancelled_then_nothing_that_serves_is_touched(make_daemon, world, control):
    daemon = make_daemon(deployment={"approval": "manual"}).start()
    publish(world, control, "deploy/one")
    waiting = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "awaiting_approval"), None), "it to wait")
    assert daemon.ctl("cancel", "--yes", waiting["id"]).returncode == 0
    record = daemon.wait_ended()[0]
    assert record["state"] == "cancelled" and "uid" in record["cancelled_by"]
    assert not control.calls(operation="CreateEndpoint")


def test_given_a_deployment_that_settles_when_it_is_cancelled_then_the_one_before_is_put_back(daemon, world, control):
    serves(control, one="0.5", two="0.7")
    publish(world, control, "deploy/one")
    first = daemon.wait_ended(1)[0]
    control.sagemaker(stuck=["updating"])
    publish(world, control, "deploy/two")
    settling = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "settling"), None), "the second to settle")
    assert daemon.ctl("cancel", "--yes", settling["id"]).returncode == 0
    control.sagemaker_release()
    second = daemon.wait_ended(2)[0]
    assert second["state"] == "rolled_back" and "cancelled by" in second["reason"]
    wait_for(lambda: described(world)["EndpointConfigName"] == first["config_name"], "the first to serve again")


def test_given_a_failed_deployment_when_its_cause_is_mended_then_retry_deploys_the_same_thing(daemon, world, control):
    serves(control, one="0.5")
    control.sagemaker(rules=[{"model_data_contains": "/one.tar.gz", "reason": PING}])
    publish(world, control, "deploy/one")
    failed = daemon.wait_ended(1)[0]
    assert failed["state"] == "failed"
    world.client("prod", "sagemaker").delete_endpoint(EndpointName=ENDPOINT)
    control.sagemaker(rules=[])
    answer = daemon.ask("retry", failed["id"])
    again = daemon.wait_ended(2)[0]
    assert (again["id"], again["state"], again["retry_of"]) == (answer["id"], "succeeded", failed["id"])
    assert again["artifact_version"] == failed["artifact_version"]


def test_given_an_event_in_a_file_when_an_operator_deploys_it_then_the_operator_is_named(daemon, world, control, tmp_path):
    serves(control, one="0.5")
    data = world.put_model("models/one.tar.gz")
    world.put_manifest("deploy/one", data["url"])
    event = {"version": "0", "id": "e-1", "account": world.staging, "time": "2026-11-20T11:00:00Z", "region": world.region,
             **world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, "deploy/one")}
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    assert daemon.ctl("event", "route", str(path)).returncode == 0
    daemon.ask("deploy", "-f", str(path))
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded" and "uid" in record["asked_by"]


def test_given_many_versions_when_they_have_succeeded_then_only_keep_predecessors_are_left(make_daemon, world, control):
    daemon = make_daemon(deployment={"keep": "1"}).start()
    for count, name in enumerate(["one", "two", "three", "four"], 1):
        serves(control, one="0.1", two="0.2", three="0.3", four="0.4")
        publish(world, control, f"deploy/{name}")
        assert daemon.wait_ended(count)[0]["state"] == "succeeded"
    kept = {r["model_name"] for r in daemon.history()[:2]}
    assert names(world, "model") == kept
    objects = world.client("prod", "s3").list_objects_v2(Bucket=MODEL_BUCKET).get("Contents", [])
    assert len(objects) == 2


# The daemon as systemd and its operators see it


def test_given_a_running_daemon_when_it_is_terminated_then_it_ends_within_seconds_and_goes_on_at_the_next_start(daemon, world, control):
    serves(control, one="0.5")
    control.sagemaker(stuck=["creating"])
    publish(world, control, "deploy/one")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "it to settle")
    assert daemon.stop() == 0
    assert any("STOPPING=1" in text for text in daemon.notifications())
    control.sagemaker_release()
    daemon.start()
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert len(control.calls(operation="CreateEndpoint")) == 1


def test_given_a_changed_file_when_the_daemon_is_reloaded_then_the_new_one_is_in_force(daemon, world, control):
    serves(control, one="0.5")
    daemon.configure(deployment={"endpoint": "another"})
    daemon.signal(signal.SIGHUP)
    daemon.wait_said("was reloaded")
    publish(world, control, "deploy/one")
    assert daemon.wait_ended(endpoint="another")[0]["state"] == "succeeded"
    assert any(text.startswith("RELOADING=1") for text in daemon.notifications())


def test_given_a_wrong_file_when_the_daemon_is_reloaded_then_it_says_where_and_keeps_the_old_one(daemon, world, control):
    serves(control, one="0.5")
    good = daemon.config.read_text()
    daemon.config.write_text(good.replace("endpoint:", "endpiont:"))
    answer = daemon.ctl("reload")
    assert answer.returncode == 2 and "endpiont" in answer.stderr and f"{daemon.config}:" in answer.stderr
    daemon.wait_said("the old one stays in force")
    publish(world, control, "deploy/one")
    assert daemon.wait_ended()[0]["state"] == "succeeded"


def test_given_a_change_that_needs_a_restart_when_the_daemon_is_reloaded_then_it_refuses(daemon):
    daemon.config.write_text(daemon.config.read_text().replace(f"name: {QUEUE}", "name: another-queue"))
    answer = daemon.ctl("reload")
    assert answer.returncode == 4 and "queue" in answer.stderr


def test_given_the_watchdog_when_loop_and_store_answer_then_it_is_fed(make_daemon):
    daemon = make_daemon().start(WATCHDOG_USEC="600000")
    wait_for(lambda: sum("WATCHDOG=1" in text for text in daemon.notifications()) >= 3, "the watchdog to be fed")


def test_given_a_stopped_loop_when_the_watchdog_waits_then_it_is_not_fed(make_daemon):
    daemon = make_daemon().start(WATCHDOG_USEC="600000")
    wait_for(lambda: any("WATCHDOG=1" in text for text in daemon.notifications()), "the watchdog to be fed")
    daemon.signal(signal.SIGSTOP)
    daemon.notifications()
    seen = len(daemon.notified)
    # A bound on an absence: two of its periods.
    time.sleep(0.6)
    assert len(daemon.notifications()) == seen
    daemon.signal(signal.SIGCONT)


def test_given_no_queue_when_the_daemon_starts_then_it_is_ready_after_a_bounded_wait_and_says_why(make_daemon, world):
    world.client("prod", "sqs").delete_queue(QueueUrl=world.queue_url)
    daemon = make_daemon().start()
    assert any("The queue cannot be read" in text for text in daemon.notifications())
    assert daemon.ask("status")["queue"]["reachable"] is False


def test_given_a_running_daemon_when_it_is_asked_then_status_names_every_deployment_and_the_queue(daemon, world, control):
    serves(control, one="0.5")
    control.sagemaker(stuck=["creating"])
    publish(world, control, "deploy/one")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "settling"], "it to settle")
    text = daemon.ctl("status").stdout
    assert "settling" in text and ENDPOINT in text
    status = daemon.ask("status")
    assert [d["state"] for d in status["open"]] == ["settling"]
    assert daemon.ctl("version").returncode == 0
    control.sagemaker_release()
    daemon.wait_ended()
    assert "succeeded" in daemon.ctl("history", ENDPOINT).stdout


def test_given_a_result_bus_when_a_deployment_ends_then_it_is_announced(make_daemon, world, control):
    serves(control, one="0.5")
    daemon = make_daemon(results={"bus": "cross-account-bus"}).start()
    publish(world, control, "deploy/one")
    record = daemon.wait_ended()[0]
    put = control.wait_call(operation="PutEvents")
    entry = put["parameters"]["Entries"][0]
    detail = json.loads(entry["Detail"])
    assert entry["DetailType"] == "Causeway Deployment State Change" and detail["id"] == record["id"]
    assert detail["state"] == "succeeded" and detail["image_digest"].startswith("sha256:")


def test_given_other_deployments_when_one_is_refused_by_aws_then_the_others_go_on(make_daemon, world, control):
    serves(control, one="0.5", two="0.7")
    daemon = make_daemon()
    text = daemon.config.read_text()
    import yaml

    whole = yaml.safe_load(text)
    other = json.loads(json.dumps(whole["deployments"]["fraud-scorer"]))
    other["endpoint"] = "other"
    other["on"]["detail"]["pipeline"] = ["other-deploy"]
    whole["deployments"]["other"] = other
    daemon.config.write_text(yaml.safe_dump(whole, sort_keys=False))
    daemon.start()
    control.fault("error", {"operation": "CreateModel"}, times=0, code="AccessDeniedException", status=400,
                  message="User is not authorized to perform: sagemaker:CreateModel")
    publish(world, control, "deploy/one")
    wait_for(lambda: [r for r in daemon.history() if r["state"] == "modelling"], "the first to be refused")
    control.clear_faults()
    data = world.put_model("models/two.tar.gz")
    world.put_manifest("deploy/two", data["url"])
    control.event("staging", world.action_succeeded("other-deploy", ARTIFACT_BUCKET, "deploy/two"))
    assert daemon.wait_ended(endpoint="other")[0]["state"] == "succeeded"
    assert daemon.wait_ended()[0]["state"] == "succeeded"


