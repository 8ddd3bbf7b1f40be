"""EventBridge, SQS and CodePipeline as the gate adds to them: events cross the accounts whole, polls are long."""

import datetime
import hashlib
import json
import threading
import time
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError
from gate import upstream
from gate.additions.sqs import Queues, receive_message
from gate.client import wait_for
from gate.exchange import Request, Response
from gate.fixtures import *  # noqa: F403
from gate.world import ARTIFACT_BUCKET, BUS, MAX_RECEIVES


def put(world, account="staging", **entry):
    given = {"Source": "com.example.deploy", "DetailType": "Requested", "Detail": "{}", **entry}
    return world.client(account, "events").put_events(Entries=[given])["Entries"][0]


def bodies(world, wait=0):
    return [json.loads(message["Body"]) for message in world.messages(wait=wait)]


def test_given_an_event_in_staging_when_it_crosses_to_prods_queue_then_it_is_the_same_event(world):
    entry = put(world, Detail='{"a": [1]}', Resources=["arn:aws:x:::y"], Time=datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc))
    assert bodies(world, 5) == [{
        "version": "0", "id": entry["EventId"], "detail-type": "Requested", "source": "com.example.deploy",
        "account": world.staging, "time": "2026-01-02T03:04:05Z", "region": "us-east-1", "resources": ["arn:aws:x:::y"],
        "detail": {"a": [1]}}]


def test_given_a_pipelines_own_event_when_the_control_api_publishes_it_then_it_arrives_with_its_id_and_time(world, control):
    manifest = world.put_manifest("build/manifest.json", "s3://bucket/key", environment={"K": "V"})
    event = world.action_succeeded("fraud-scorer-deploy", ARTIFACT_BUCKET, manifest["key"],
                                   id="11111111-2222-3333-4444-555555555555", time="2026-05-06T07:08:09Z")
    control.event("staging", event)
    (arrived,) = bodies(world, 5)
    assert (arrived["id"], arrived["time"], arrived["account"]) == (event["id"], event["time"], world.staging)
    assert arrived["detail"] == event["detail"]


def test_given_a_user_when_it_puts_an_event_of_aws_then_the_entry_is_refused(world):
    assert put(world, Source="aws.codepipeline")["ErrorCode"] == "NotAuthorizedForSourceException"


@pytest.mark.parametrize(("entry", "code"), [({"Detail": "[1]"}, "MalformedDetail"), ({"Detail": "{"}, "MalformedDetail"),
                                             ({"Source": ""}, "InvalidArgument")])
def test_given_a_bad_entry_when_it_is_put_then_the_entry_fails_and_the_call_does_not(world, entry, code):
    assert put(world, **entry)["ErrorCode"] == code


def test_given_a_bus_that_is_not_there_when_an_event_is_put_on_it_then_it_is_lost_silently(world, control):
    assert "EventId" in put(world, EventBusName="none")
    assert control.dropped_events()[0]["code"] == "NO_RESOURCE"


def test_given_a_bus_policy_that_does_not_name_staging_when_it_forwards_then_the_event_is_dropped(world, control):
    world.client("prod", "events").remove_permission(EventBusName=BUS, StatementId="AllowStaging")
    put(world)
    assert bodies(world) == []
    assert [d["code"] for d in control.dropped_events()] == ["NO_PERMISSIONS"]


def test_given_a_queue_policy_that_is_gone_when_an_event_arrives_then_it_is_dropped(world, control):
    world.client("prod", "sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"Policy": ""})
    put(world)
    assert bodies(world) == [] and control.dropped_events()[0]["code"] == "NO_PERMISSIONS"


@pytest.mark.parametrize(("pattern", "matches"), [
    ({"source": [{"prefix": "com."}]}, True), ({"source": [{"prefix": "org."}]}, False),
    ({"source": [{"anything-but": ["com.example.deploy"]}]}, False), ({"source": [{"anything-but": {"prefix": "aws."}}]}, True),
    ({"detail": {"n": [{"numeric": [">", 1, "<=", 3]}]}}, True), ({"detail": {"n": [{"numeric": [">", 3]}]}}, False),
    ({"detail": {"m": [{"exists": False}]}}, True), ({"detail": {"n": [{"exists": False}]}}, False),
    ({"detail": {"deep": {"er": ["x", "y"]}}}, True), ({"detail": {"list": ["b"]}}, True),
    ({"detail-type": [{"suffix": "sted"}]}, True), ({"detail-type": [{"equals-ignore-case": "REQUESTED"}]}, True),
    ({"source": [{"wildcard": "com.*.deploy"}]}, True), ({"$or": [{"source": ["no"]}, {"detail-type": ["Requested"]}]}, True),
])
def test_given_a_pattern_when_an_event_comes_then_motos_matcher_does_as_eventbridge(world, pattern, matches):
    world.client("staging", "events").put_rule(Name="causeway-forward", EventPattern=json.dumps(pattern))
    put(world, Detail='{"n": 2, "deep": {"er": "y"}, "list": ["a", "b"]}')
    assert len(bodies(world)) == int(matches)


def test_given_a_long_poll_when_a_message_arrives_then_it_returns_at_once_and_blocks_nobody(world):
    found = []
    poll = threading.Thread(target=lambda: found.append((bodies(world, 20), time.monotonic())))
    poll.start()
    for _ in range(20):
        world.client("prod", "sts").get_caller_identity()
    assert not found
    sent = time.monotonic()
    put(world)
    poll.join(10)
    assert len(found[0][0]) == 1 and found[0][1] - sent < 2


def test_given_a_message_when_it_is_received_too_often_then_it_goes_to_the_dead_letter_queue(world, control):
    put(world)
    for _ in range(MAX_RECEIVES):
        assert len(bodies(world)) == 1
        assert control.make_visible() == 1
    assert bodies(world) == []
    assert len(world.messages(world.dead_letter_url)) == 1


def test_given_a_message_when_it_is_received_then_its_digest_count_and_attributes_are_there(world):
    sqs = world.client("prod", "sqs")
    sent = sqs.send_message(QueueUrl=world.queue_url, MessageBody="text",
                            MessageAttributes={"causeway.reason": {"DataType": "String", "StringValue": "why"}})
    (message,) = world.messages()
    assert message["MD5OfBody"] == hashlib.md5(b"text").hexdigest() and message["MessageId"] == sent["MessageId"]
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert message["MessageAttributes"]["causeway.reason"]["StringValue"] == "why"
    assert "Messages" not in sqs.receive_message(QueueUrl=world.queue_url)


def test_given_duplicates_asked_for_when_a_message_arrives_then_it_comes_twice_under_one_id(world, control):
    control.sqs(duplicates=1)
    put(world)
    messages = world.messages()
    assert len(messages) == 2
    assert len({m["MessageId"] for m in messages}) == 1 and len({m["ReceiptHandle"] for m in messages}) == 2


def test_given_a_late_message_asked_for_when_it_is_sent_then_it_is_seen_later(world, control):
    control.sqs(late={"count": 1, "seconds": 0.5})
    started = time.monotonic()
    put(world)
    assert bodies(world) == []
    assert len(bodies(world, 5)) == 1 and time.monotonic() - started >= 0.5


def test_given_a_batch_that_fails_in_part_when_it_is_deleted_then_the_rest_is_gone(world, control):
    sqs = world.client("prod", "sqs")
    sqs.send_message_batch(QueueUrl=world.queue_url, Entries=[{"Id": str(i), "MessageBody": str(i)} for i in range(3)])
    received = world.messages()
    control.fault("partial", {"operation": "DeleteMessageBatch"}, indexes=[1])
    answer = sqs.delete_message_batch(QueueUrl=world.queue_url, Entries=[
        {"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(received)])
    assert [e["Id"] for e in answer["Successful"]] == ["0", "2"]
    assert [(e["Id"], e["Code"]) for e in answer["Failed"]] == [("1", "InternalError")]
    assert world.queue_length() == 1


def test_given_a_queue_that_is_not_there_when_it_is_used_then_the_error_has_the_old_code_too(world):
    with pytest.raises(ClientError) as caught:
        world.client("prod", "sqs").receive_message(QueueUrl=world.queue_url + "-none")
    response = caught.value.response
    assert response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-query-error"] == "AWS.SimpleQueueService.NonExistentQueue;Sender"
    assert response["Error"]["Code"] == "AWS.SimpleQueueService.NonExistentQueue"


def test_given_a_consumer_that_went_away_when_a_message_arrives_then_it_is_not_handed_to_nobody(sandbox, world):
    poll = sandbox.client("prod", "sqs", config={"read_timeout": 0.3})
    with pytest.raises(Exception, match="timed out|Timeout|timeout"):
        poll.receive_message(QueueUrl=world.queue_url, WaitTimeSeconds=20)
    put(world)
    wait_for(lambda: len(bodies(world)) == 1, "the message to be there for another")


def test_given_a_consumer_killed_just_as_it_is_handed_a_message_when_all_are_made_visible_then_that_one_is_too(monkeypatch):
    """In this process, with a queue of the test's own: the instant is between the gate's look at the socket and its taking."""
    message = SimpleNamespace(visible=True, delayed=False, approximate_receive_count=1)
    queue = SimpleNamespace(name="q", _messages=[message], receive_message_wait_time_seconds=0)
    gate = SimpleNamespace(region="r", accounts={"prod": "1"})
    gate.queues = Queues(gate)

    def take(*_):
        message.visible = False
        return Response(200, [], b'{"Messages": []}')

    monkeypatch.setattr(upstream, "backends", lambda service: {"1": {"r": SimpleNamespace(queues={"q": queue})}})
    monkeypatch.setattr(upstream, "call", take)
    after = threading.Thread(target=lambda: gate.queues.make_visible("q"))

    def is_killed_when_asked():
        after.start()
        after.join(0.2)  # it has to wait for the taking; if it does not, this is time enough
        return True

    receive_message(gate, Request("POST", "/", [], b"{}", is_killed_when_asked, account="1", parameters={"QueueUrl": "http://sqs/1/q"}))
    after.join(10)
    assert getattr(message, "visible_at", None) == 0


def test_given_a_job_when_its_result_is_put_then_it_is_recorded_once_and_unknown_jobs_are_refused(world, control):
    pipelines = world.client("staging", "codepipeline")
    jobs = ["11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-666666666666"]
    control.codepipeline("staging", jobs=jobs)
    pipelines.put_job_success_result(jobId=jobs[0], outputVariables={"endpoint": "scorer"})
    pipelines.put_job_failure_result(jobId=jobs[1], failureDetails={"type": "JobFailed", "message": "why"})
    seen = control.jobs()
    assert (seen[jobs[0]]["status"], seen[jobs[1]]["status"]) == ("Succeeded", "Failed")
    assert seen[jobs[1]]["result"]["failureDetails"]["message"] == "why"
    for client, job, code in ((pipelines, jobs[0], "InvalidJobStateException"),
                              (pipelines, jobs[0].replace("1", "7"), "JobNotFoundException"),
                              (world.client("prod", "codepipeline"), jobs[1], "JobNotFoundException")):
        with pytest.raises(ClientError) as caught:
            client.put_job_success_result(jobId=job)
        assert caught.value.response["Error"]["Code"] == code


def test_given_executions_when_they_are_asked_for_then_they_are_what_the_test_gave(world, control):
    identity = "11111111-2222-3333-4444-555555555555"
    control.codepipeline("staging", pipeline="deploy", executions=[{"pipelineExecutionId": identity, "status": "Succeeded"}],
                         actions=[{"pipelineExecutionId": identity, "actionName": "Build"}, {"pipelineExecutionId": "other"}])
    pipelines = world.client("staging", "codepipeline")
    assert pipelines.list_pipeline_executions(pipelineName="deploy")["pipelineExecutionSummaries"][0]["status"] == "Succeeded"
    assert pipelines.get_pipeline_execution(pipelineName="deploy", pipelineExecutionId=identity)["pipelineExecution"]["status"] == "Succeeded"
    actions = pipelines.list_action_executions(pipelineName="deploy", filter={"pipelineExecutionId": identity})
    assert [a["actionName"] for a in actions["actionExecutionDetails"]] == ["Build"]
    with pytest.raises(ClientError, match="PipelineNotFoundException"):
        pipelines.list_pipeline_executions(pipelineName="none")
