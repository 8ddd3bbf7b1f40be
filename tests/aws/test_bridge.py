"""The bridge over the local AWS: from empty accounts to what the file says, and back to it after any change by hand."""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from bridge import Bridge, bootstrap, cloudtrail, writes
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, BUS, QUEUE, REPOSITORY, SAGEMAKER_BUCKET, STAGING_ROLE

CALLS_OF_A_PASS = 20


@pytest.fixture
def bridge(sandbox: Any, bare: Any, tmp_path: Path) -> Iterator[Bridge]:
    """The design's example over accounts that have nothing but what conf/bootstrap makes."""
    made = Bridge(sandbox, bare, tmp_path, bootstrap(bare))
    yield made
    made.stop()


def document(text: str) -> dict[str, Any]:
    return json.loads(text)


def bucket_policy(world: Any, name: str = ARTIFACT_BUCKET) -> dict[str, Any]:
    return document(world.client("staging", "s3").get_bucket_policy(Bucket=name)["Policy"])


def sids(policy: dict[str, Any]) -> list[str]:
    return [statement.get("Sid", "") for statement in policy["Statement"]]


def orphans(answer: dict[str, Any]) -> list[str]:
    return [r["resource"] for r in answer["resources"] if r["verdict"] == "orphaned"]


# ---- from nothing to what the file says


def test_given_empty_accounts_when_a_plan_is_asked_for_then_it_is_readable_and_nothing_is_changed(bridge, control):
    answer = bridge.plan()
    assert "create the queue causeway-events in prod" in answer["text"]
    assert "create the role causeway-forward in staging" in answer["text"]
    assert not answer["empty"] and writes(control.calls()[-answer["calls"]:]) == []


def test_given_empty_accounts_when_a_pass_ends_then_an_event_in_staging_reaches_the_queue_in_production(bridge, bare, control):
    bridge.converge()
    control.event("staging", bare.action_succeeded("fraud-scorer-deploy", ARTIFACT_BUCKET, "some/key"))
    assert bare.queue_length() == 1 and control.dropped_events() == []
    control.event("staging", bare.action_succeeded("another-pipeline", ARTIFACT_BUCKET, "some/key"))
    assert bare.queue_length() == 1, "only the pipelines that the file names are carried"


@pytest.mark.parametrize("privileges", ["least", "guide"])
def test_given_a_converged_bridge_when_another_pass_is_made_then_it_writes_nothing_and_takes_at_most_twenty_calls(
        bridge, control, privileges):
    bridge.configure({"privileges": privileges})
    bridge.converge()
    before = control.last_sequence()
    answer = bridge.converge()
    calls = [c for c in control.calls(before) if c["service"] != "sts"]
    assert answer["empty"] and writes(calls) == []
    assert len(calls) <= CALLS_OF_A_PASS, [c["operation"] for c in calls]
    assert answer["calls"] <= CALLS_OF_A_PASS


def test_given_equal_accounts_when_two_plans_are_made_then_they_are_equal_byte_for_byte(bridge):
    assert json.dumps(bridge.plan()) == json.dumps(bridge.plan())


def test_given_the_guides_privileges_when_a_pass_ends_then_its_roles_and_policies_are_there(bridge, bare):
    bridge.configure({"privileges": "guide"})
    bridge.converge()
    iam = bare.client("prod", "iam")
    attached = {p["PolicyName"] for p in iam.list_attached_role_policies(
        RoleName="LambdaExecutionRole-prod-account")["AttachedPolicies"]}
    assert attached == {
        "AmazonEventBridgeFullAccess", "AmazonS3FullAccess", "AmazonSageMakerFullAccess", "AWSCloudFormationFullAccess",
        "cross-account-kms-decrypt-policy-1", "lambda_assume_cross_account_role_policy", "s3-cross-account-policy-1",
        "access_staging_private_ecr_policy"}
    policy = document(bare.client("staging", "ecr").get_repository_policy(repositoryName=REPOSITORY)["policyText"])
    assert sids(policy) == ["AllowProdLambdaPull"]


# ---- changed by hand


def change_queue(world: Any) -> None:
    world.client("prod", "sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"VisibilityTimeout": "5"})


def change_queue_policy(world: Any) -> None:
    world.client("prod", "sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"Policy": ""})


def change_redrive(world: Any) -> None:
    world.client("prod", "sqs").set_queue_attributes(QueueUrl=world.queue_url, Attributes={"RedrivePolicy": ""})


def change_trust(world: Any) -> None:
    iam = world.client("prod", "iam")
    trust = document(json.dumps(iam.get_role(RoleName="causeway-execution")["Role"]["AssumeRolePolicyDocument"]))
    trust["Statement"][0]["Principal"] = {"Service": "lambda.amazonaws.com"}
    iam.update_assume_role_policy(RoleName="causeway-execution", PolicyDocument=json.dumps(trust))


def change_inline(world: Any) -> None:
    world.client("staging", "iam").put_role_policy(RoleName="causeway-forward", PolicyName="causeway", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "events:*", "Resource": "*"}]}))


def add_inline(world: Any) -> None:
    world.client("staging", "iam").put_role_policy(RoleName="causeway-forward", PolicyName="extra", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}))


def attach(world: Any) -> None:
    world.client("prod", "iam").attach_role_policy(
        RoleName="causeway-execution", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")


def delete_role(world: Any) -> None:
    iam = world.client("prod", "iam")
    iam.delete_role_policy(RoleName="causeway-execution", PolicyName="causeway")
    iam.delete_role(RoleName="causeway-execution")


def disable_rule(world: Any) -> None:
    world.client("staging", "events").disable_rule(Name="causeway-forward")


def change_pattern(world: Any) -> None:
    world.client("prod", "events").put_rule(Name="causeway-from-staging", EventBusName=BUS, EventPattern='{"account": ["1"]}')


def remove_target(world: Any) -> None:
    world.client("staging", "events").remove_targets(Rule="causeway-forward", Ids=["causeway"])


def add_target(world: Any) -> None:
    world.client("prod", "events").put_targets(Rule="causeway-endpoints", Targets=[
        {"Id": "other", "Arn": f"arn:aws:sqs:{world.region}:{world.prod}:other"}])


def delete_rule(world: Any) -> None:
    remove_target(world)
    world.client("staging", "events").delete_rule(Name="causeway-forward")


def remove_bus_policy(world: Any) -> None:
    world.client("prod", "events").remove_permission(EventBusName=BUS, RemoveAllPermissions=True)


def delete_bucket_policy(world: Any) -> None:
    world.client("staging", "s3").delete_bucket_policy(Bucket=ARTIFACT_BUCKET)


def delete_repository_policy(world: Any) -> None:
    world.client("staging", "ecr").delete_repository_policy(repositoryName=REPOSITORY)


def delete_queue(world: Any) -> None:
    world.client("prod", "sqs").delete_queue(QueueUrl=world.queue_url)


HANDS: list[Callable[[Any], None]] = [
    change_queue, change_queue_policy, change_redrive, change_trust, change_inline, add_inline, attach, delete_role,
    disable_rule, change_pattern, remove_target, add_target, delete_rule, remove_bus_policy, delete_bucket_policy,
    delete_repository_policy, delete_queue,
]


@pytest.mark.parametrize("hand", HANDS, ids=lambda hand: hand.__name__)
def test_given_a_converged_bridge_when_something_is_changed_by_hand_then_it_is_found_and_repaired(bridge, bare, hand):
    bridge.converge()
    assert bridge.plan()["empty"]
    hand(bare)
    found = bridge.plan()
    assert not found["empty"] and len(found["resources"]) >= 1, found
    bridge.converge()
    after = bridge.plan()
    assert after["empty"], after["text"]


def test_given_a_key_policy_changed_by_hand_when_a_pass_is_made_then_only_our_statement_is_repaired(bridge, bare):
    bridge.converge()
    kms = bare.client("staging", "kms")
    policy = document(kms.get_key_policy(KeyId=bridge.key, PolicyName="default")["Policy"])
    others = [s for s in policy["Statement"] if s.get("Sid") != "CausewayDecrypt"]
    assert others, "the key's own statement is still there"
    kms.put_key_policy(KeyId=bridge.key, PolicyName="default", Policy=json.dumps({**policy, "Statement": others}))
    bridge.converge()
    repaired = document(kms.get_key_policy(KeyId=bridge.key, PolicyName="default")["Policy"])
    assert [s for s in repaired["Statement"] if s.get("Sid") != "CausewayDecrypt"] == others
    assert "CausewayDecrypt" in sids(repaired)


def test_given_a_role_that_was_made_anew_when_a_pass_is_made_then_policies_that_named_it_name_it_again(bridge, bare):
    bridge.converge()
    delete_role(bare)
    ecr = bare.client("staging", "ecr")
    assert "AROA" in ecr.get_repository_policy(repositoryName=REPOSITORY)["policyText"], "the principal has decayed"
    bridge.converge()
    assert "AROA" not in ecr.get_repository_policy(repositoryName=REPOSITORY)["policyText"]
    assert bridge.plan()["empty"]


def shared_policies(world: Any, key: str) -> dict[str, tuple[Callable[[], str | None], Callable[[str], Any], str, str]]:
    """Each document that the bridge shares with others: how it is read and written, and what a statement of theirs may name."""
    sqs, events = world.client("prod", "sqs"), world.client("prod", "events")
    s3, ecr, kms = (world.client("staging", service) for service in ("s3", "ecr", "kms"))
    return {
        "bucket": (lambda: s3.get_bucket_policy(Bucket=ARTIFACT_BUCKET)["Policy"],
                   lambda text: s3.put_bucket_policy(Bucket=ARTIFACT_BUCKET, Policy=text),
                   "s3:GetObject", f"arn:aws:s3:::{ARTIFACT_BUCKET}/theirs/*"),
        "key": (lambda: kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"],
                lambda text: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text), "kms:Encrypt", "*"),
        "repository": (lambda: ecr.get_repository_policy(repositoryName=REPOSITORY)["policyText"],
                       lambda text: ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=text), "ecr:PutImage", ""),
        "bus": (lambda: events.describe_event_bus(Name=BUS)["Policy"],
                lambda text: events.put_permission(EventBusName=BUS, Policy=text), "events:PutRule", world.bus_arn),
        "queue": (lambda: sqs.get_queue_attributes(QueueUrl=world.queue_url, AttributeNames=["Policy"])["Attributes"]["Policy"],
                  lambda text: sqs.set_queue_attributes(QueueUrl=world.queue_url, Attributes={"Policy": text}),
                  "sqs:SendMessage", world.queue_arn),
    }


def test_given_a_hundred_edits_of_shared_policies_when_passes_are_made_then_the_statements_of_others_stay(bridge, bare):
    bridge.converge()
    chance = random.Random(7)
    policies = shared_policies(bare, bridge.key)
    first = {name: document(policy[0]())["Statement"] for name, policy in policies.items()}
    others: dict[str, list[dict[str, Any]]] = {name: [s for s in there if not s.get("Sid", "").startswith("Causeway")]
                                               for name, there in first.items()}
    for edit in range(100):
        name = chance.choice(list(policies))
        read, write, action, about = policies[name]
        now, theirs = document(read()), others[name]
        ours = [s for s in now["Statement"] if s.get("Sid", "").startswith("Causeway")]
        if len(theirs) > 5:
            theirs.pop(chance.randrange(len(theirs)))
        else:
            theirs.append({"Sid": f"Other{edit}", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{bare.prod}:root"},
                           "Action": action, **({"Resource": about} if about else {})})
        mixed = theirs + chance.choice([ours, [], [{**s, "Effect": "Deny"} for s in ours]])
        chance.shuffle(mixed)
        others[name] = [s for s in mixed if s in theirs]
        write(json.dumps({**now, "Statement": mixed}))
        if edit % 10 == 9:
            bridge.converge()
            for kept, policy in policies.items():
                statements = document(policy[0]())["Statement"]
                assert [s for s in statements if not s.get("Sid", "").startswith("Causeway")] == others[kept], kept
                assert sids({"Statement": [s for s in statements if s.get("Sid", "").startswith("Causeway")]}) == [
                    s["Sid"] for s in first[kept] if s.get("Sid", "").startswith("Causeway")]


# ---- what leaves the file


def test_given_a_resource_that_left_the_file_when_passes_are_made_then_it_is_reported_and_deleted_only_with_prune(bridge, bare):
    extra = {"kind": "sqs_queue", "account": "prod", "name": "extra", "visibility": "30s"}
    bridge.configure(resources=[extra])
    bridge.converge()
    bridge.configure()
    left = bridge.converge()
    assert orphans(left) == ["prod/sqs_queue/extra"]
    assert bare.client("prod", "sqs").get_queue_url(QueueName="extra")
    bridge.stop()
    bridge.configure(reconcile={"prune": True})
    bridge.converge()
    assert "QueueUrls" not in bare.client("prod", "sqs").list_queues(QueueNamePrefix="extra")
    assert bridge.plan()["empty"]


def test_given_a_queue_that_others_made_when_it_leaves_the_file_then_it_stays_even_with_prune(bridge, bare):
    bare.client("prod", "sqs").create_queue(QueueName="theirs")
    bridge.configure(resources=[{"kind": "sqs_queue", "account": "prod", "name": "theirs", "visibility": "30s"}])
    bridge.converge()
    bridge.configure(reconcile={"prune": True})
    left = bridge.converge()
    assert orphans(left) == ["prod/sqs_queue/theirs"] and "stays" in left["text"]
    assert bare.client("prod", "sqs").get_queue_url(QueueName="theirs")


def test_given_a_statement_that_left_the_file_when_an_old_document_shows_it_again_then_it_is_not_kept_and_others_stay(bridge, bare):
    s3 = bare.client("staging", "s3")

    def ours(*sids: str) -> list[dict[str, Any]]:
        return [{"kind": "s3_bucket_policy", "account": "staging", "name": SAGEMAKER_BUCKET, "policy": {"statements": [
            {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{bare.prod}:root"}, "Action": "s3:GetObject",
             "Resource": f"arn:aws:s3:::{SAGEMAKER_BUCKET}/{sid}/*"} for sid in sids]}}]

    bridge.configure(bridge=None, resources=ours("One", "Two"))
    bridge.converge()
    before = bucket_policy(bare, SAGEMAKER_BUCKET)
    bridge.configure(bridge=None, resources=ours("One"))
    bridge.converge()
    bridge.converge()
    assert sids(bucket_policy(bare, SAGEMAKER_BUCKET)) == ["One"]
    before["Statement"].append({**before["Statement"][0], "Sid": "Other", "Resource": f"arn:aws:s3:::{SAGEMAKER_BUCKET}/other/*"})
    s3.put_bucket_policy(Bucket=SAGEMAKER_BUCKET, Policy=json.dumps(before))
    bridge.configure(bridge=None, resources=ours("One", "Three"))
    bridge.converge()
    assert sids(bucket_policy(bare, SAGEMAKER_BUCKET)) == ["One", "Other", "Three"]
    assert bridge.plan()["empty"]


def test_given_a_deletion_that_aws_refuses_when_passes_are_made_then_the_others_are_deleted_all_the_same(bridge, bare, control):
    rules = [{"kind": "event_rule", "account": "prod", "name": f"extra-{i}", "pattern": {"source": ["extra"]}} for i in range(2)]
    queue = {"kind": "sqs_queue", "account": "prod", "name": "extra", "visibility": "30s"}
    bridge.configure(resources=[*rules, queue])
    bridge.converge()
    bridge.configure(reconcile={"prune": True, "max_deletes": 1})
    control.fault("error", {"service": "events", "operation": "DeleteRule"}, code="AccessDeniedException", status=403, times=0)
    for _ in range(3):
        bridge.ask("reconcile")
    assert "QueueUrls" not in bare.client("prod", "sqs").list_queues(QueueNamePrefix="extra")
    assert len(bare.client("prod", "events").list_rules(NamePrefix="extra-")["Rules"]) == 2


def test_given_a_bucket_that_left_the_file_when_it_is_pruned_then_only_our_statement_goes(bridge, bare):
    s3 = bare.client("staging", "s3")
    other = {"Sid": "Other", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{bare.prod}:root"},
             "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{SAGEMAKER_BUCKET}/*"}
    s3.put_bucket_policy(Bucket=SAGEMAKER_BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [other]}))
    bridge.converge()
    bridge.configure({"artifact_buckets": [ARTIFACT_BUCKET]}, reconcile={"prune": True})
    bridge.converge()
    assert bucket_policy(bare, SAGEMAKER_BUCKET)["Statement"] == [other]
    bridge.plan()
    assert bridge.plan()["empty"]


def test_given_more_to_delete_than_a_pass_may_when_passes_are_made_then_each_deletes_at_most_that(bridge, bare):
    extras = [{"kind": "sqs_queue", "account": "prod", "name": f"extra-{i}", "visibility": "30s"} for i in range(5)]
    bridge.configure(resources=extras)
    bridge.converge()
    bridge.configure(reconcile={"prune": True, "max_deletes": 2})
    answer = bridge.converge()
    assert answer["withheld"] == 3
    assert len(bare.client("prod", "sqs").list_queues(QueueNamePrefix="extra-")["QueueUrls"]) == 3


# ---- what must not be


def test_given_a_trust_policy_that_would_shut_the_daemon_out_when_it_is_planned_then_it_is_refused_with_the_reason(bridge, bare):
    shut = {"kind": "iam_role", "account": "staging", "name": STAGING_ROLE, "trust": {"statements": [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}
    bridge.configure(resources=[shut])
    answer = bridge.converge()
    refused = [r for r in answer["resources"] if r["verdict"] == "refused"]
    assert [r["resource"] for r in refused] == [f"staging/iam_role/{STAGING_ROLE}"]
    assert "could not assume this role any more" in refused[0]["note"]
    trust = bare.client("staging", "iam").get_role(RoleName=STAGING_ROLE)["Role"]["AssumeRolePolicyDocument"]
    assert "ec2.amazonaws.com" not in json.dumps(trust)


def test_given_a_missing_bucket_when_a_pass_is_made_then_that_is_said_and_the_rest_is_done(bridge, bare):
    bridge.configure({"artifact_buckets": [ARTIFACT_BUCKET, "nobody-has-this-bucket"]})
    answer = bridge.ask("reconcile")
    assert answer["failed"] == 0
    left = {r["resource"]: r for r in answer["resources"]}
    assert left["staging/s3_bucket_policy/nobody-has-this-bucket"]["verdict"] in ("refused", "unreadable")
    assert sids(bucket_policy(bare)) == ["CausewayRead"]


def test_given_a_resource_that_may_not_be_read_when_a_pass_is_made_then_that_is_told_and_the_rest_is_made(bridge, control):
    control.fault("error", {"service": "kms", "operation": "GetKeyPolicy"}, code="AccessDeniedException", status=400, times=0)
    answer = bridge.ask("reconcile")
    control.clear_faults()
    assert [one["verdict"] for one in answer["resources"] if "/kms_key_policy/" in one["resource"]] == ["unreadable"]
    assert answer["applied"] > 20 and answer["failed"] == 0
    said = [entry for entry in bridge.entries() if "kms_key_policy" in entry["MESSAGE"] and "is unreadable" in entry["MESSAGE"]]
    assert len(said) == 1 and said[0]["PRIORITY"] <= 4


def test_given_observe_mode_when_a_pass_is_made_then_differences_are_reported_and_nothing_is_written(bridge, control):
    bridge.configure(reconcile={"mode": "observe"})
    before = control.last_sequence()
    answer = bridge.ask("reconcile")
    assert answer["applied"] == 0 and not answer["empty"] and writes(control.calls(before)) == []


def test_given_observe_mode_when_an_operator_applies_then_the_plan_is_carried_out(bridge, bare):
    bridge.configure(reconcile={"mode": "observe"}, resources=[
        {"kind": "sqs_queue", "account": "prod", "name": "watched", "mode": "observe", "visibility": "30s"}])
    planned = bridge.plan()
    assert planned["mode"] == "observe" and len(planned["actions"]) > 10
    answer = bridge.ask("apply")
    assert answer["failed"] == 0 and answer["applied"] == len(planned["actions"])
    left = bridge.plan()
    assert [one["resource"] for one in left["resources"]] == ["prod/sqs_queue/watched"] and left["actions"] == []
    assert left["resources"][0]["note"] == "reported only: its mode is observe"


def test_given_a_suspended_bridge_when_passes_are_made_then_nothing_is_written_until_it_is_resumed(bridge, bare, control):
    bridge.converge()
    assert bridge.ask("suspend", why="an incident") == {}
    bridge.stop()
    change_queue(bare)
    before = control.last_sequence()
    bridge.ask("start")
    wait_for(lambda: bridge.ask("statistics")["passes"] >= 1, "a pass")
    assert bridge.ask("statistics")["suspended"] and writes(control.calls(before)) == []
    bridge.ask("resume")
    wait_for(lambda: "sqs:SetQueueAttributes" in writes(control.calls(before)), "the repair")


# ---- trouble on the way


def test_given_a_denied_call_when_a_pass_is_made_then_only_what_depends_on_it_is_left(bridge, control):
    control.fault("error", {"service": "iam", "operation": "CreateRole"}, code="AccessDenied", status=403, times=1)
    answer = bridge.ask("reconcile")
    assert answer["failed"] > 0 and answer["applied"] > 10
    control.clear_faults()
    bridge.converge()
    assert bridge.plan()["empty"]


def test_given_throttling_when_a_pass_is_made_then_it_takes_longer_and_does_not_fail(bridge, control):
    control.fault("throttle", {"service": "iam"}, every=3, times=6)
    bridge.converge()
    assert bridge.plan()["empty"]


def test_given_roles_that_are_not_yet_known_everywhere_when_a_pass_is_made_then_it_waits_and_reports_nothing(bridge, control):
    control.iam(unknown_uses=2)
    bridge.converge()
    assert [e for e in bridge.entries() if e["MESSAGE"].startswith("write the policy") and e["PRIORITY"] <= 3] == []
    assert bridge.plan()["empty"]


def test_given_kill_nine_at_any_call_of_an_apply_when_it_starts_again_then_the_next_pass_completes(bridge, bare, control):
    total = len(bridge.plan()["actions"])
    bridge.stop()
    for nth in range(1, total + 1):
        control.fault("hold", {"principal": "causeway"}, nth=nth)
        bridge.start()
        assert bridge.process and bridge.process.stdin
        bridge.process.stdin.write('{"do": "reconcile"}\n')
        bridge.process.stdin.flush()
        control.held(wait=5.0)
        bridge.kill()
        control.clear_faults()
    bridge.converge()
    assert bridge.plan()["empty"]


def test_given_kill_nine_after_each_call_of_an_apply_was_carried_out_when_it_starts_again_then_the_next_pass_completes(bridge, control):
    while actions := bridge.plan()["actions"]:
        done = actions[0]["operation"]
        for operation in {action["operation"] for action in actions}:
            control.fault("hold", {"principal": "causeway", "operation": operation}, when="after" if operation == done else "before", times=0)
        bridge.process.stdin.write('{"do": "reconcile"}\n')
        bridge.process.stdin.flush()
        wait_for(lambda: any(held["when"] == "after" for held in control.held()), f"{done} to be carried out")
        bridge.kill()
        control.clear_faults()
    bridge.converge()
    assert bridge.plan()["empty"]


def killed_at(bridge: Bridge, control: Any, operation: str, when: str, question: dict[str, Any]) -> None:
    """The bridge is asked, and killed around the first call of this kind."""
    control.fault("hold", {"principal": "causeway", "operation": operation}, when=when)
    if bridge.process is None:
        bridge.start()
    assert bridge.process and bridge.process.stdin
    bridge.process.stdin.write(json.dumps(question) + "\n")
    bridge.process.stdin.flush()
    assert control.held(wait=20), f"{operation} did not happen"
    bridge.kill()
    control.clear_faults()


def test_given_kill_nine_around_an_untagging_when_it_starts_again_then_the_tags_are_as_the_file_says(bridge, bare, control):
    def role(**tags: str) -> dict[str, Any]:
        return {"kind": "iam_role", "account": "prod", "name": "causeway-extra", "tags": tags, "trust": {"statements": [
            {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}

    bridge.configure(resources=[role(team="ml", cost="7")])
    bridge.converge()
    bridge.configure(resources=[role(team="ml")])
    for when in ("before", "after"):
        killed_at(bridge, control, "UntagRole", when, {"do": "reconcile"})
    bridge.converge()
    assert bridge.plan()["empty"]
    tags = {tag["Key"]: tag["Value"] for tag in bare.client("prod", "iam").list_role_tags(RoleName="causeway-extra")["Tags"]}
    assert tags["team"] == "ml" and "cost" not in tags


@pytest.mark.parametrize("when", ["before", "after"])
def test_given_kill_nine_around_an_undo_when_it_is_asked_for_again_then_the_resource_is_as_it_was_and_stays_so(bridge, bare, control, when):
    other = {"Sid": "Other", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{bare.prod}:root"},
             "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{ARTIFACT_BUCKET}/*"}
    bare.client("staging", "s3").put_bucket_policy(Bucket=ARTIFACT_BUCKET, Policy=json.dumps({"Version": "2012-10-17", "Statement": [other]}))
    answer = bridge.converge(keep=True)
    change = next(r["change"] for r in answer["results"] if ARTIFACT_BUCKET in r["sentence"])
    killed_at(bridge, control, "PutBucketPolicy", when, {"do": "undo", "change": change})
    assert other in bucket_policy(bare)["Statement"], "what is foreign was never touched"
    bridge.start()
    bridge.ask("undo", change=change)
    assert bucket_policy(bare)["Statement"] == [other]
    bridge.ask("reconcile")
    assert bucket_policy(bare)["Statement"] == [other]


# ---- who did it, and back again


def test_given_an_edit_that_cloudtrail_tells_of_when_it_arrives_then_it_is_repaired_at_once_and_its_author_named(
        bridge, bare, control):
    bridge.converge(keep=True)
    wait_for(lambda: bridge.ask("statistics")["passes"] >= 2, "the passes that follow")
    delete_bucket_policy(bare)
    before = control.last_sequence()
    event = cloudtrail(bare, "staging", "s3", "DeleteBucketPolicy", bucketName=ARTIFACT_BUCKET)
    assert bridge.ask("event", event=event) == {"taken": True}
    wait_for(lambda: "s3:PutBucketPolicy" in writes(control.calls(before)), "the repair")
    wait_for(lambda: any("mallory from 192.0.2.10" in e["MESSAGE"] for e in bridge.entries()), "the author in the journal")
    looked = [c["operation"] for c in control.calls(before)]
    assert looked.count("GetBucketPolicy") == 1 and "GetAccountAuthorizationDetails" not in looked


def test_given_an_edit_of_the_daemons_own_when_cloudtrail_tells_of_it_then_nothing_starts(bridge, bare):
    bridge.converge(keep=True)
    event = cloudtrail(bare, "staging", "s3", "PutBucketPolicy", bucketName=ARTIFACT_BUCKET)
    event["detail"]["userAgent"] = "causeway/0.1.0"
    event["detail"]["userIdentity"] = {"arn": f"arn:aws:sts::{bare.staging}:assumed-role/{STAGING_ROLE}/causeway",
                                       "sessionContext": {"sessionIssuer": {"arn": bare.staging_role_arn}}}
    bridge.ask("event", event=event)
    assert bridge.ask("statistics")["hints"] == 0


def test_given_a_change_that_added_tags_when_it_is_undone_then_those_are_gone_and_others_stay(bridge, bare):
    role = {"kind": "iam_role", "account": "prod", "name": "causeway-tagged",
            "trust": {"statements": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}
    iam = bare.client("prod", "iam")

    def tags() -> dict[str, str]:
        return {t["Key"]: t["Value"] for t in iam.list_role_tags(RoleName="causeway-tagged")["Tags"] if not t["Key"].startswith("causeway:")}

    bridge.configure(resources=[{**role, "tags": {"team": "ml"}}])
    bridge.converge()
    iam.tag_role(RoleName="causeway-tagged", Tags=[{"Key": "theirs", "Value": "1"}])
    bridge.configure(resources=[{**role, "tags": {"team": "other", "cost": "7"}}])
    bridge.converge()
    assert tags() == {"team": "other", "cost": "7", "theirs": "1"}
    newest = next(c for c in bridge.ask("changes") if c["resource"] == "prod/iam_role/causeway-tagged")
    bridge.ask("undo", change=newest["id"])
    assert tags() == {"team": "ml", "theirs": "1"}


def test_given_a_change_when_it_is_undone_then_the_resource_is_as_it_was_and_stays_so(bridge, bare):
    other = {"Sid": "Other", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{bare.prod}:root"},
             "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{ARTIFACT_BUCKET}/*"}
    before = {"Version": "2012-10-17", "Statement": [other]}
    bare.client("staging", "s3").put_bucket_policy(Bucket=ARTIFACT_BUCKET, Policy=json.dumps(before))
    answer = bridge.converge(keep=True)
    change = next(r["change"] for r in answer["results"] if ARTIFACT_BUCKET in r["sentence"])
    bridge.ask("undo", change=change)
    assert bucket_policy(bare)["Statement"] == [other]
    told = wait_for(lambda: bridge.ask("drift")["drift"], "it to be told that the bucket is not as the file says")
    assert "causewayctl undo" in told[0]["note"] and ARTIFACT_BUCKET in told[0]["resource"]
    bridge.ask("reconcile")
    assert bucket_policy(bare)["Statement"] == [other]
    assert [c["id"] for c in bridge.ask("undo", change="nonsense").get("changes", [])] == []
    bridge.stop()
    bridge.converge()
    assert bucket_policy(bare)["Statement"] == [other], "a restart does not end the hold"


@pytest.mark.parametrize("called", [f"prod/sqs_queue/{QUEUE}", QUEUE])
def test_given_two_resources_that_differ_when_one_is_reconciled_then_only_that_is_looked_at_and_repaired(bridge, bare, control, called):
    bridge.converge()
    bridge.ask("suspend", why="so that nothing is repaired by itself")
    change_queue(bare)
    delete_bucket_policy(bare)
    before = control.last_sequence()
    answer = bridge.ask("reconcile", resource=called)
    assert answer["applied"] == 1 and "0 of 1 resources" in answer["text"]
    assert answer["calls"] <= 2, "of the queue: its URL and its attributes"
    bridge.stop()
    assert writes(control.calls(before)) == ["sqs:SetQueueAttributes"]
    assert [r["resource"] for r in bridge.plan()["resources"]] == [f"staging/s3_bucket_policy/{ARTIFACT_BUCKET}"]


@pytest.mark.parametrize(("called", "said"), [
    ("prod/sqs_queue/none", "has no resource prod/sqs_queue/none"), ("causeway-drift", "causeway-drift may be")])
def test_given_a_name_of_none_or_of_two_when_it_is_reconciled_then_that_is_said_and_nothing_is_done(bridge, control, called, said):
    answer = bridge.ask("reconcile", resource=called)
    assert said in answer["error"]
    assert [c["service"] for c in control.calls() if c["user_agent"].startswith("causeway/")] == ["sts"]


def test_given_a_converged_bridge_when_it_is_imported_then_a_plan_on_what_was_imported_is_empty(bridge, bare):
    bridge.converge()
    imported = bridge.ask("import")["resources"]
    assert {r["kind"] for r in imported} >= {"iam_role", "sqs_queue", "event_bus", "event_rule", "ecr_repository"}
    bridge.stop()
    bridge.configure(bridge=None, resources=imported)
    after = bridge.plan()
    assert after["empty"], after["text"]


def test_given_a_bridge_that_left_the_file_when_it_is_pruned_then_the_daemons_own_queue_and_role_stay(bridge, bare):
    bridge.converge()
    bridge.configure(bridge=None, resources=[{"kind": "sqs_queue", "account": "prod", "name": "extra"}],
                     reconcile={"prune": True, "max_deletes": 100})
    refused = [r for r in bridge.ask("reconcile")["resources"] if r["verdict"] == "refused"]
    assert [r["resource"] for r in refused] == [f"prod/sqs_queue/{QUEUE}"]
    assert refused[0]["note"] == "the daemon receives from this queue"
    assert bare.client("prod", "sqs").get_queue_url(QueueName=QUEUE)
    assert bare.client("staging", "iam").get_role(RoleName=STAGING_ROLE)
    assert "causeway-execution" not in [r["RoleName"] for r in bare.client("prod", "iam").list_roles()["Roles"]]


# ---- every hop


def test_given_a_converged_bridge_when_the_doctor_walks_it_then_every_hop_is_well_and_the_canary_arrives(bridge):
    bridge.converge()
    report = bridge.doctor()
    assert report["healthy"] and "broken" not in report, report
    assert report["canary_ms"] >= 0
    walked = [hop["hop"] for hop in report["hops"]]
    assert walked == ["credentials", "role in staging", "rule in staging", "role of that rule", "bus in production",
                      "rules in production", "queue", "canary", "roles in staging", "buckets", "keys", "repositories",
                      "roles in production"]


@pytest.mark.parametrize(("hand", "hop", "missing"), [
    (delete_repository_policy, "repositories", "CausewayPull"),
    (delete_bucket_policy, "buckets", "CausewayRead"),
    (change_inline, "role of that rule", "events:PutEvents"),
])
def test_given_a_broken_hop_when_the_doctor_walks_the_bridge_then_it_is_named_with_what_is_missing(
        bridge, bare, hand, hop, missing):
    bridge.converge()
    hand(bare)
    report = bridge.doctor()
    assert (report["healthy"], report["broken"]) == (False, hop)
    assert missing in next(h for h in report["hops"] if not h["ok"])["difference"]


def test_given_a_heartbeat_when_a_hop_breaks_then_the_journal_names_it_and_when_it_is_mended_says_so(bridge, bare):
    bridge.converge()
    bridge.configure({"heartbeat": "10s"}, reconcile={"mode": "observe"})
    delete_repository_policy(bare)
    bridge.ask("start")

    def said(words: str) -> bool:
        bridge.carry()
        return any(words in entry["MESSAGE"] for entry in bridge.entries())

    wait_for(lambda: said('broken at its hop "repositories"'), "the broken hop", 20, 0.2)
    assert bridge.ask("statistics")["broken"]
    bare.client("staging", "ecr").set_repository_policy(repositoryName=REPOSITORY, policyText=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Sid": "CausewayPull", "Effect": "Allow", "Principal": {"AWS": bare.execution_role_arn},
            "Action": ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]}]}))
    wait_for(lambda: said("every hop of the bridge is well"), "the mended hop", 20, 0.2)



@pytest.mark.parametrize(("hand", "hop", "who", "action"), [
    (delete_repository_policy, "repositories", "role/causeway-execution", "ecr:BatchGetImage"),
    (remove_bus_policy, "bus in production", "role/causeway-forward", "events:PutEvents"),
    (change_queue_policy, "queue", "events.amazonaws.com", "sqs:SendMessage"),
    (delete_bucket_policy, "buckets", "the daemon", "s3:GetObject"),
    (change_trust, "roles in production", "sagemaker.amazonaws.com", "sts:AssumeRole"),
], ids=lambda value: getattr(value, "__name__", ""))
def test_given_a_statement_that_somebody_took_away_when_the_doctor_looks_then_it_names_who_may_not_do_what_and_the_statement(
        bridge, bare, hand, hop, who, action):
    bridge.converge()
    hand(bare)
    broken = next(h for h in bridge.doctor()["hops"] if h["hop"] == hop)
    said, *statements = broken["missing"].split("\n")
    assert f"may not {action} on " in said and (who in said or who == "the daemon")
    added = [json.loads(line.removeprefix("+ ")) for line in statements]
    assert added and all(action in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]]) for s in added)


# ---- every field that the file may give

POLICY = {"statements": [{"Sid": "One", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": ["arn:aws:s3:::b/*"]}]}
TAGS = {"team": "ml", "cost": "7"}


def everything(world: Any, key: str) -> list[dict[str, Any]]:
    """One resource of each kind with all of its fields."""
    prod, region = world.prod, world.region

    def shared(action: str, resource: str | None = None) -> dict[str, Any]:
        statement = {"Sid": "Ours", "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{world.prod}:root"}, "Action": action}
        return {"statements": [statement | ({"Resource": resource} if resource else {})]}

    queue = f"arn:aws:sqs:{region}:{prod}:whole"
    return [
        {"kind": "iam_policy", "account": "prod", "name": "whole", "path": "/made/", "description": "a policy", "policy": POLICY,
         "tags": TAGS},
        {"kind": "iam_role", "account": "prod", "name": "whole", "path": "/made/", "description": "a role", "max_session": "2h",
         "permissions_boundary": f"arn:aws:iam::{prod}:policy/made/whole",
         "trust": {"statements": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
         "managed": [f"arn:aws:iam::{prod}:policy/made/whole", "arn:aws:iam::aws:policy/ReadOnlyAccess"],
         "inline": {"a": POLICY, "b": POLICY}, "tags": TAGS},
        {"kind": "ecr_repository", "account": "staging", "name": "whole", "create": True,
         "policy": shared("ecr:BatchGetImage"), "tags": TAGS},
        {"kind": "event_bus", "account": "prod", "name": "whole-bus",
         "policy": shared("events:PutEvents", f"arn:aws:events:{region}:{prod}:event-bus/whole-bus"), "tags": TAGS},
        {"kind": "sqs_queue", "account": "prod", "name": "whole-dlq", "retention": "14d"},
        {"kind": "sqs_queue", "account": "prod", "name": "whole", "visibility": "45s", "retention": "2d", "delay": "3s",
         "receive_wait": "20s", "maximum_message_size": "65536", "kms_key": key, "kms_reuse": "10m",
         "redrive": {"dead_letter": f"{queue}-dlq", "max_receives": "7"}, "policy": shared("sqs:SendMessage", queue), "tags": TAGS},
        {"kind": "event_rule", "account": "prod", "name": "whole", "bus": "whole-bus", "state": "disabled", "description": "a rule",
         "pattern": {"source": ["a.b"], "detail": {"n": [{"numeric": [">", 1]}]}}, "tags": TAGS,
         "targets": [
             {"id": "plain", "arn": queue, "input_path": "$.detail", "dead_letter_queue": f"{queue}-dlq",
              "retry": {"attempts": "3", "age": "1h"}},
             {"id": "changed", "arn": queue, "input_transformer": {"paths": {"n": "$.detail.n"}, "template": '{"n": <n>}'}}]},
        {"kind": "event_rule", "account": "prod", "name": "clock", "schedule": "rate(5 minutes)",
         "targets": [{"id": "queue", "arn": queue, "input": '{"tick": true}'}]},
        {"kind": "dynamodb_table", "account": "prod", "name": "whole", "partition_key": "kind", "sort_key": "key",
         "local_indexes": ["newest", "first"],
         "deletion_protection": True, "time_to_live": "until", "tags": TAGS},
        {"kind": "s3_bucket_policy", "account": "staging", "name": ARTIFACT_BUCKET,
         "policy": shared("s3:ListBucket", f"arn:aws:s3:::{ARTIFACT_BUCKET}")},
        {"kind": "kms_key_policy", "account": "staging", "name": key, "policy": shared("kms:Decrypt", "*")},
        {"kind": "model_package_group_policy", "account": "staging", "name": "whole",
         "policy": shared("sagemaker:DescribeModelPackage", f"arn:aws:sagemaker:{region}:{world.staging}:model-package/whole/*")},
    ]


@pytest.fixture
def whole(bridge: Bridge, bare: Any) -> Bridge:
    bare.client("staging", "sagemaker").create_model_package_group(ModelPackageGroupName="whole")
    bridge.configure(bridge=None, resources=everything(bare, bridge.key))
    return bridge


def test_given_every_field_of_every_kind_when_a_pass_is_made_then_the_next_finds_nothing_to_do(whole, control):
    whole.converge()
    before = control.last_sequence()
    answer = whole.converge()
    assert answer["empty"], answer["text"]
    assert writes(control.calls(before)) == []


def test_given_every_field_of_every_kind_when_one_is_changed_in_the_file_then_that_is_changed_and_nothing_else(whole, bare):
    whole.converge()
    changes: list[tuple[str, dict[str, Any]]] = [
        ("iam_role", {"description": "another"}), ("iam_role", {"max_session": "3h"}), ("iam_role", {"tags": {"team": "x"}}),
        ("iam_role", {"permissions_boundary": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        ("iam_role", {"managed": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]}), ("iam_role", {"inline": {"a": POLICY}}),
        ("iam_policy", {"tags": {"team": "y"}}), ("event_bus", {"tags": {"team": "z"}, "name": "whole-bus"}),
        ("ecr_repository", {"tags": {"team": "w"}}), ("event_rule", {"state": "enabled"}),
        ("event_rule", {"description": "another"}), ("event_rule", {"targets": []}),
        ("sqs_queue", {"visibility": "50s", "name": "whole"}), ("sqs_queue", {"delay": "0", "name": "whole"}),
        ("sqs_queue", {"tags": {"team": "v"}, "name": "whole"}),
        ("dynamodb_table", {"deletion_protection": False}), ("dynamodb_table", {"tags": {"team": "u"}}),
    ]
    for kind, change in changes:
        resources = everything(bare, whole.key)
        name = change.get("name", "whole")
        changed = next(r for r in resources if r["kind"] == kind and r["name"] == name)
        changed.update(change)
        whole.configure(bridge=None, resources=resources)
        answer = whole.plan()
        assert [r["verdict"] for r in answer["resources"]] == ["different"], (kind, change, answer["text"])
        whole.converge()
        left = whole.plan()
        assert left["empty"], (kind, change, left["text"])
        whole.stop()
        whole.configure(bridge=None, resources=everything(bare, whole.key))
        whole.converge()


def by_hand(world: Any, key: str) -> dict[str, list[Callable[[], Any]]]:
    """For each field of everything(), by resource, what somebody does in the console to change it. IAM has no way to change
    a path, a rule's bus or a policy's description; `clock` is the rule that has a schedule."""
    iam, events, sqs = (world.client("prod", service) for service in ("iam", "events", "sqs"))
    ecr, s3, kms, registry = (world.client("staging", service) for service in ("ecr", "s3", "kms", "sagemaker"))
    policy, region = f"arn:aws:iam::{world.prod}:policy/made/whole", world.region
    queue = sqs.get_queue_url(QueueName="whole")["QueueUrl"]
    bus = f"arn:aws:events:{region}:{world.prod}:event-bus/whole-bus"

    def text(action: str, resource: str | None = None, sid: str = "Ours") -> str:
        statement = {"Sid": sid, "Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{world.prod}:root"}, "Action": action}
        return json.dumps({"Version": "2012-10-17", "Statement": [{**statement, **({"Resource": resource} if resource else {})}]})

    identity = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    trust = json.dumps({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})

    def attribute(name: str, value: str) -> Callable[[], Any]:
        return lambda: sqs.set_queue_attributes(QueueUrl=queue, Attributes={name: value})

    return {
        "prod/iam_policy/whole": [
            lambda: iam.create_policy_version(PolicyArn=policy, PolicyDocument=identity, SetAsDefault=True),
            lambda: iam.tag_policy(PolicyArn=policy, Tags=[{"Key": "team", "Value": "hand"}])],
        "prod/iam_role/whole": [
            lambda: iam.update_assume_role_policy(RoleName="whole", PolicyDocument=trust),
            lambda: iam.update_role(RoleName="whole", Description="hand", MaxSessionDuration=7200),
            lambda: iam.update_role(RoleName="whole", Description="a role", MaxSessionDuration=3600),
            lambda: iam.put_role_permissions_boundary(RoleName="whole", PermissionsBoundary="arn:aws:iam::aws:policy/ReadOnlyAccess"),
            lambda: iam.detach_role_policy(RoleName="whole", PolicyArn=policy),
            lambda: iam.put_role_policy(RoleName="whole", PolicyName="a", PolicyDocument=identity),
            lambda: iam.delete_role_policy(RoleName="whole", PolicyName="b"),
            lambda: iam.untag_role(RoleName="whole", TagKeys=["team"])],
        "staging/ecr_repository/whole": [
            lambda: ecr.set_repository_policy(repositoryName="whole", policyText=text("ecr:PutImage")),
            lambda: ecr.untag_resource(resourceArn=f"arn:aws:ecr:{region}:{world.staging}:repository/whole", tagKeys=["cost"])],
        "prod/event_bus/whole-bus": [
            lambda: events.put_permission(EventBusName="whole-bus", Policy=text("events:PutEvents", bus, "Theirs")),
            lambda: events.untag_resource(ResourceARN=bus, TagKeys=["team"])],
        "prod/sqs_queue/whole": [
            attribute("VisibilityTimeout", "1"), attribute("MessageRetentionPeriod", "60"), attribute("DelaySeconds", "0"),
            attribute("ReceiveMessageWaitTimeSeconds", "0"), attribute("MaximumMessageSize", "1024"),
            attribute("KmsMasterKeyId", "alias/aws/sqs"), attribute("KmsDataKeyReusePeriodSeconds", "60"),
            attribute("RedrivePolicy", ""), attribute("Policy", text("sqs:ReceiveMessage", queue_arn(world, "whole"))),
            lambda: sqs.untag_queue(QueueUrl=queue, TagKeys=["team"])],
        "prod/event_rule/whole-bus/whole": [
            lambda: events.put_rule(Name="whole", EventBusName="whole-bus", EventPattern='{"source": ["hand"]}', State="DISABLED",
                                    Description="a rule"),
            lambda: events.enable_rule(Name="whole", EventBusName="whole-bus"),
            lambda: events.put_rule(Name="whole", EventBusName="whole-bus", State="DISABLED", Description="hand",
                                    EventPattern='{"source": ["a.b"], "detail": {"n": [{"numeric": [">", 1]}]}}'),
            lambda: events.put_targets(Rule="whole", EventBusName="whole-bus", Targets=[
                {"Id": "plain", "Arn": queue_arn(world, "whole"), "InputPath": "$.other"}]),
            lambda: events.remove_targets(Rule="whole", EventBusName="whole-bus", Ids=["changed"]),
            lambda: events.untag_resource(ResourceARN=f"arn:aws:events:{region}:{world.prod}:rule/whole-bus/whole", TagKeys=["cost"])],
        "prod/event_rule/default/clock": [lambda: events.put_rule(Name="clock", ScheduleExpression="rate(7 minutes)")],
        f"staging/s3_bucket_policy/{ARTIFACT_BUCKET}": [
            lambda: s3.put_bucket_policy(Bucket=ARTIFACT_BUCKET, Policy=text("s3:*", f"arn:aws:s3:::{ARTIFACT_BUCKET}"))],
        f"staging/kms_key_policy/{key}": [
            lambda: kms.put_key_policy(KeyId=key, PolicyName="default", Policy=text("kms:*", "*", "Theirs"))],
        "staging/model_package_group_policy/whole": [
            lambda: registry.put_model_package_group_policy(ModelPackageGroupName="whole", ResourcePolicy=text("sagemaker:*", "*")),
            lambda: registry.delete_model_package_group_policy(ModelPackageGroupName="whole")],
    }


def queue_arn(world: Any, name: str) -> str:
    return f"arn:aws:sqs:{world.region}:{world.prod}:{name}"


def test_given_every_field_of_every_kind_when_each_is_changed_by_hand_then_each_is_found_and_repaired(whole, bare):
    whole.converge()
    hands = by_hand(bare, whole.key)
    while any(hands.values()):  # of each resource one at a time, so that none hides another
        changed = [key for key, steps in hands.items() if steps]
        for key in changed:
            hands[key].pop(0)()
        found = whole.plan()
        assert sorted(r["resource"] for r in found["resources"]) == sorted(changed), found["text"]
        assert all(r["verdict"] == "different" for r in found["resources"])
        whole.converge()
        after = whole.plan()
        assert after["empty"], after["text"]
        whole.stop()  # it would repair the next by itself, a second after it has repaired something


def test_given_every_kind_made_by_the_bridge_when_all_leaves_the_file_and_is_pruned_then_nothing_is_left_of_it(whole, bare):
    whole.converge()
    whole.configure(bridge=None, resources=[], reconcile={"prune": True, "max_deletes": 50})
    whole.converge()
    left = whole.plan()
    assert left["empty"], left["text"]
    iam, events = bare.client("prod", "iam"), bare.client("prod", "events")
    assert "whole" not in {r["RoleName"] for r in iam.list_roles()["Roles"]}
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert "whole-bus" not in {b["Name"] for b in events.list_event_buses()["EventBuses"]} and events.list_rules()["Rules"] == []
    assert "QueueUrls" not in bare.client("prod", "sqs").list_queues()
    assert {r["repositoryName"] for r in bare.client("staging", "ecr").describe_repositories()["repositories"]} == {REPOSITORY}
    policies = shared_policies(bare, whole.key)
    assert "Ours" not in sids(document(policies["key"][0]()))
    with pytest.raises(bare.client("staging", "s3").exceptions.ClientError, match="NoSuchBucketPolicy"):
        policies["bucket"][0]()
    with pytest.raises(bare.client("staging", "sagemaker").exceptions.ClientError, match="Cannot find resource policy"):
        bare.client("staging", "sagemaker").get_model_package_group_policy(ModelPackageGroupName="whole")


def tags_now(world: Any) -> dict[str, dict[str, str]]:
    """The tags of each kind's whole resource, without the one that says whose it is."""
    prod, events = world.client("prod", "iam"), world.client("prod", "events")
    arn = f"arn:aws:events:{world.region}:{world.prod}"
    lists = {
        "iam_role": prod.list_role_tags(RoleName="whole")["Tags"],
        "iam_policy": prod.get_policy(PolicyArn=f"arn:aws:iam::{world.prod}:policy/made/whole")["Policy"]["Tags"],
        "event_bus": events.list_tags_for_resource(ResourceARN=f"{arn}:event-bus/whole-bus")["Tags"],
        "event_rule": events.list_tags_for_resource(ResourceARN=f"{arn}:rule/whole-bus/whole")["Tags"],
        "ecr_repository": world.client("staging", "ecr").list_tags_for_resource(
            resourceArn=f"arn:aws:ecr:{world.region}:{world.staging}:repository/whole")["tags"],
    }
    url = world.client("prod", "sqs").get_queue_url(QueueName="whole")["QueueUrl"]
    found = {kind: {tag["Key"]: tag["Value"] for tag in tags} for kind, tags in lists.items()}
    found["sqs_queue"] = world.client("prod", "sqs").list_queue_tags(QueueUrl=url)["Tags"]
    return {kind: {k: v for k, v in tags.items() if k != "causeway:owner"} for kind, tags in found.items()}


def tag_by_hand(world: Any) -> None:
    """Somebody else's tag on each of them."""
    prod, events = world.client("prod", "iam"), world.client("prod", "events")
    arn = f"arn:aws:events:{world.region}:{world.prod}"
    tags = [{"Key": "theirs", "Value": "1"}]
    prod.tag_role(RoleName="whole", Tags=tags)
    prod.tag_policy(PolicyArn=f"arn:aws:iam::{world.prod}:policy/made/whole", Tags=tags)
    events.tag_resource(ResourceARN=f"{arn}:event-bus/whole-bus", Tags=tags)
    events.tag_resource(ResourceARN=f"{arn}:rule/whole-bus/whole", Tags=tags)
    world.client("staging", "ecr").tag_resource(
        resourceArn=f"arn:aws:ecr:{world.region}:{world.staging}:repository/whole", tags=tags)
    world.client("prod", "sqs").tag_queue(
        QueueUrl=world.client("prod", "sqs").get_queue_url(QueueName="whole")["QueueUrl"], Tags={"theirs": "1"})


@pytest.mark.parametrize("left", [{"team": "ml"}, None], ids=["one tag", "all tags"])
def test_given_tags_that_left_the_file_when_a_pass_is_made_then_they_are_gone_and_the_tags_of_others_stay(whole, bare, left):
    whole.converge()
    tag_by_hand(bare)
    fewer = [{k: v for k, v in {**r, "tags": left}.items() if v} if "tags" in r else r for r in everything(bare, whole.key)]
    whole.configure(bridge=None, resources=fewer)
    answer = whole.plan()
    assert "cost: 7 -> nothing" in answer["text"]
    whole.converge()
    assert tags_now(bare) == {kind: {**(left or {}), "theirs": "1"} for kind in tags_now(bare)}
    assert whole.plan()["empty"]


# ---- a whole account, as somebody had it before


def furnish(world: Any, key: str) -> None:
    """What the file of nobody names, among it what belongs to AWS."""
    def document(**statement: Any) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **statement}]})

    iam, events, sqs = (world.client("staging", service) for service in ("iam", "events", "sqs"))
    trust = document(Principal={"Service": "lambda.amazonaws.com"}, Action="sts:AssumeRole")
    policy = iam.create_policy(PolicyName="theirs", Path="/team/", PolicyDocument=document(Action="s3:*", Resource="*"),
                               Tags=[{"Key": "team", "Value": "ml"}])["Policy"]["Arn"]
    iam.create_role(RoleName="Theirs", Path="/team/", AssumeRolePolicyDocument=trust, Description="of somebody", MaxSessionDuration=7200,
                    Tags=[{"Key": "aws:cloudformation:stack-name", "Value": "x"}, {"Key": "team", "Value": "ml"}])
    iam.attach_role_policy(RoleName="Theirs", PolicyArn=policy)
    iam.put_role_policy(RoleName="Theirs", PolicyName="own", PolicyDocument=document(Action=["s3:GetObject"], Resource="*"))
    iam.create_role(RoleName="AWSServiceRoleForX", Path="/aws-service-role/x.amazonaws.com/", AssumeRolePolicyDocument=trust)
    url = sqs.create_queue(QueueName="theirs", Attributes={"VisibilityTimeout": "77", "KmsMasterKeyId": "alias/aws/sqs"}, tags={"a": "b"})
    arn = sqs.get_queue_attributes(QueueUrl=url["QueueUrl"], AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.create_event_bus(Name="their-bus")
    events.put_rule(Name="theirs", EventBusName="their-bus", EventPattern='{"source": ["a"]}', Description="a rule")
    events.put_targets(Rule="theirs", EventBusName="their-bus", Targets=[{"Id": "q", "Arn": arn}])
    events.put_rule(Name="clock", ScheduleExpression="rate(1 hour)", State="DISABLED")
    events.put_rule(Name="fifo", EventPattern='{"source": ["a"]}')
    events.put_targets(Rule="fifo", Targets=[{"Id": "q", "Arn": arn, "SqsParameters": {"MessageGroupId": "g"}}])
    repository = world.client("staging", "ecr").create_repository(repositoryName="team/theirs")["repository"]["repositoryName"]
    world.client("staging", "ecr").set_repository_policy(repositoryName=repository, policyText=document(
        Principal={"AWS": f"arn:aws:iam::{world.prod}:root"}, Action="ecr:BatchGetImage"))
    world.client("staging", "s3").put_bucket_policy(Bucket=ARTIFACT_BUCKET, Policy=document(
        Principal={"AWS": f"arn:aws:iam::{world.prod}:root"}, Action="s3:GetObject", Resource=f"arn:aws:s3:::{ARTIFACT_BUCKET}/*"))
    for name in ("theirs", "bare"):
        world.client("staging", "sagemaker").create_model_package_group(ModelPackageGroupName=name)
    world.client("staging", "sagemaker").put_model_package_group_policy(ModelPackageGroupName="theirs", ResourcePolicy=document(
        Sid="Theirs", Principal={"AWS": f"arn:aws:iam::{world.prod}:root"}, Action="sagemaker:DescribeModelPackage", Resource="*"))
    for name, more in (("theirs", {"BillingMode": "PAY_PER_REQUEST"}), ("paid", {
            "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}})):
        world.client("staging", "dynamodb").create_table(
            TableName=name, KeySchema=[{"AttributeName": "a", "KeyType": "HASH"}], Tags=[{"Key": "team", "Value": "ml"}],
            AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}], **more)
    world.client("staging", "kms").schedule_key_deletion(KeyId=world.client("staging", "kms").create_key()["KeyMetadata"]["KeyId"])


def test_given_an_account_that_no_file_names_when_it_is_imported_then_all_of_it_is_there_and_a_plan_on_that_is_empty(
        bridge, bare, control, pipeline):
    furnish(bare, bridge.key)
    bridge.configure(bridge=None)
    before = control.last_sequence()
    imported = bridge.ask("import", account="staging")
    assert writes(control.calls(before)) == []
    found = {(r["kind"], r["name"]) for r in imported["resources"]}
    assert found == {
        ("iam_role", "Theirs"), ("iam_role", STAGING_ROLE), ("iam_role", "pipeline"), ("iam_policy", "theirs"), ("sqs_queue", "theirs"),
        ("event_bus", "their-bus"), ("event_rule", "theirs"), ("event_rule", "clock"), ("ecr_repository", "team/theirs"),
        ("ecr_repository", REPOSITORY), ("s3_bucket_policy", ARTIFACT_BUCKET), ("kms_key_policy", bridge.key),
        ("codepipeline_stage", "fraud-scorer-deploy-Source"), ("codepipeline_stage", "fraud-scorer-deploy-Deploy"),
        ("dynamodb_table", "theirs"), ("model_package_group_policy", "theirs")}
    assert [left["what"] for left in imported["left_out"]] == ["staging/event_rule/default/fifo", "staging/dynamodb_table/paid"]
    role = next(r for r in imported["resources"] if r["name"] == "Theirs")
    assert (role["path"], role["max_session"], role["tags"]) == ("/team/", "7200s", {"team": "ml"})
    bridge.stop()
    bridge.configure(bridge=None, resources=imported["resources"])
    after = bridge.plan()
    assert after["empty"], after["text"]
    assert bridge.ask("import", account="staging", named=True)["resources"] == imported["resources"], "and all of that is named now"


def test_given_a_list_that_is_denied_when_an_account_is_imported_then_it_is_named_and_the_rest_is_there(bridge, bare, control):
    bridge.converge()
    control.fault("error", {"service": "sqs", "operation": "ListQueues"}, code="AccessDeniedException", status=403, times=0)
    imported = bridge.ask("import", account="prod")
    assert [left["what"] for left in imported["left_out"]] == ["sqs ListQueues in prod"]
    assert {r["kind"] for r in imported["resources"]} == {"iam_role", "event_bus", "event_rule"}


# ---- a stage of somebody's pipeline


@pytest.fixture
def pipeline(bare: Any) -> Any:
    """A pipeline in staging; asks for it anew."""
    return make_pipeline(bare)


def make_pipeline(bare: Any) -> Any:
    """Of two stages, as people make them."""
    role = bare.client("staging", "iam").create_role(RoleName="pipeline", AssumeRolePolicyDocument=json.dumps({
        "Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"},
                                                "Action": "sts:AssumeRole"}]}))["Role"]["Arn"]
    client = bare.client("staging", "codepipeline")
    client.create_pipeline(pipeline={
        "name": "fraud-scorer-deploy", "roleArn": role, "version": 1, "artifactStore": {"type": "S3", "location": ARTIFACT_BUCKET},
        "stages": [
            {"name": "Source", "actions": [{
                "name": "Source", "runOrder": 1, "configuration": {"S3Bucket": ARTIFACT_BUCKET, "S3ObjectKey": "source.zip"},
                "actionTypeId": {"category": "Source", "owner": "AWS", "provider": "S3", "version": "1"},
                "inputArtifacts": [], "outputArtifacts": [{"name": "SourceArtifact"}]}]},
            {"name": "Deploy", "actions": [{
                "name": "Forward", "runOrder": 1, "configuration": {"FunctionName": "old"},
                "actionTypeId": {"category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1"},
                "inputArtifacts": [{"name": "SourceArtifact"}], "outputArtifacts": []}]}]})
    return lambda: client.get_pipeline(name="fraud-scorer-deploy")["pipeline"]


def stage(**more: Any) -> dict[str, Any]:
    return {"kind": "codepipeline_stage", "account": "staging", "name": "forwarding", "pipeline": "fraud-scorer-deploy", "stage": "Deploy",
            "actions": [{"name": "Forward", "category": "Invoke", "owner": "AWS", "provider": "Lambda", "version": "1", "run_order": "1",
                         "configuration": {"FunctionName": "new"}, "inputs": ["SourceArtifact"]}], **more}


def test_given_a_stage_that_differs_when_passes_are_made_then_it_is_reported_and_changed_only_where_the_file_says_so(
        bridge, bare, control, pipeline):
    before = pipeline()
    bridge.configure(bridge=None, resources=[stage()])
    found = bridge.plan()
    assert "FunctionName" in found["text"] and "does not say change: true" in found["text"]
    bridge.ask("reconcile")
    assert pipeline() == before
    bridge.stop()
    bridge.configure(bridge=None, resources=[stage(change=True)])
    bridge.converge()
    after = pipeline()
    assert after["stages"][1]["actions"][0]["configuration"] == {"FunctionName": "new"}
    assert after["stages"][0] == before["stages"][0], "only the stage that the file names is changed"
    assert bridge.plan()["empty"]


def test_given_a_stage_as_the_file_says_or_none_of_that_name_when_a_plan_is_made_then_there_is_nothing_to_do(bridge, pipeline):
    as_it_is = stage()
    as_it_is["actions"][0]["configuration"] = {"FunctionName": "old"}
    bridge.configure(bridge=None, resources=[as_it_is])
    assert bridge.plan()["empty"]
    bridge.stop()
    bridge.configure(bridge=None, resources=[stage(stage="Nowhere", change=True)])
    assert "has no such stage" in bridge.plan()["text"]
