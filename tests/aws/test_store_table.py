"""The table that several daemons share: made by the first of them, kept by the bridge, and allowed for what they do and no more."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from bridge import short_form
from causeway import Daemon, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, INSTANCE_ROLE, QUEUE, SAGEMAKER_BUCKET, STAGING_ROLE
from judges import Asked, Granted, ask_causeway, asked_of
from test_bootstrap import bootstrap, documents

TABLE = "causeway"
STORE = {"dynamodb": {"table": TABLE}, "lease": "2s"}


@pytest.fixture
def account() -> str:
    """The table's."""
    return "prod"


@pytest.fixture
def shared(sandbox: Any, bare: Any, tmp_path: Path, account: str) -> Any:
    """A daemon over a table that is not there yet, as the instance's role of conf/bootstrap."""
    key = bootstrap(bare, table=TABLE, table_account=account)
    daemon = Daemon(sandbox, bare, tmp_path / "causeway")
    daemon.key = key
    daemon.store = STORE if account == "prod" else {**STORE, "dynamodb": {"table": TABLE, "account": account}}
    configure(daemon)
    daemon.environment = {"AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": bare.region, "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}
    yield daemon
    daemon.close()


def configure(daemon: Any, **changes: Any) -> None:
    daemon.configure(store=daemon.store, bridge=short_form(daemon.key), reconcile={"every": "10m", "prune": True},
                     deployment={"execution_role": "${role.execution.arn}"}, **changes)
    if daemon.process:
        assert daemon.ctl("reload").returncode == 0


def converge(daemon: Daemon) -> None:
    wait_for(lambda: daemon.ctl("apply", "--yes").returncode == 0 and daemon.ctl("plan").returncode == 0, "the bridge to converge", 60)


def table_of(world: Any, account: str = "prod") -> dict[str, Any]:
    client = world.client(account, "dynamodb")
    table = client.describe_table(TableName=TABLE)["Table"]
    return {
        "billing": table["BillingModeSummary"]["BillingMode"], "protected": table["DeletionProtectionEnabled"],
        "expires": client.describe_time_to_live(TableName=TABLE)["TimeToLiveDescription"].get("AttributeName"),
        "tags": {t["Key"]: t["Value"] for t in client.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]},
    }


def test_given_no_table_when_a_daemon_starts_then_it_makes_it_and_the_bridge_finds_it_as_it_is_to_be(shared, bare, control):
    shared.start()
    made = {"billing": "PAY_PER_REQUEST", "protected": True, "expires": "expires", "tags": {"causeway:owner": f"{bare.prod}/{QUEUE}"}}
    assert table_of(bare) == made
    converge(shared)
    seen = next(r for r in shared.ask("import", "--account", "prod")["resources"] if r["kind"] == "dynamodb_table")
    assert (seen["name"], seen["partition_key"], seen["sort_key"]) == (TABLE, "kind", "key")
    assert seen["local_indexes"] == ["grouped", "listed", "open"]
    assert [c["operation"] for c in control.calls(service="dynamodb") if c["operation"].startswith("Create")] == ["CreateTable"]
    assert table_of(bare) == made


def repeat_until(condition: Callable[[], bool], daemon: Daemon) -> None:
    def repaired() -> bool:
        daemon.ctl("apply", "--yes")
        return condition()
    wait_for(repaired, "the table to be mended", 30)


def test_given_a_table_that_somebody_changed_when_passes_are_made_then_it_is_as_it_was_and_it_is_never_deleted(shared, bare):
    shared.start()
    converge(shared)
    before = table_of(bare)
    client = bare.client("prod", "dynamodb")
    client.update_table(TableName=TABLE, BillingMode="PROVISIONED", ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 5},
                        DeletionProtectionEnabled=False)
    client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
    repeat_until(lambda: table_of(bare) == before, shared)
    extra = {"kind": "dynamodb_table", "account": "prod", "name": "causeway-extra", "partition_key": "a"}
    configure(shared, resources=[extra])
    repeat_until(lambda: "causeway-extra" in client.list_tables()["TableNames"], shared)
    configure(shared)
    shared.ctl("apply", "--yes")
    assert set(client.list_tables()["TableNames"]) == {TABLE, "causeway-extra"}


@pytest.mark.parametrize("account", ["prod", "staging"])
def test_given_a_fleets_journey_when_it_is_judged_then_the_table_needs_what_was_granted_and_no_more(
        shared, bare, control, tmp_path, account):
    bare.put_image("latest")
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET):
        bare.client("staging", "s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    shared.start()
    converge(shared)
    control.sagemaker(durations={"creating": 0.2, "updating": 0.2})
    publish(bare, control)
    assert shared.wait_ended()[0]["state"] == "succeeded"
    client = bare.client(account, "dynamodb")
    client.update_time_to_live(TableName=TABLE, TimeToLiveSpecification={"Enabled": False, "AttributeName": "expires"})
    client.update_table(TableName=TABLE, DeletionProtectionEnabled=False)
    repeat_until(lambda: table_of(bare, account)["protected"] and table_of(bare, account)["expires"] == "expires", shared)
    kept = {"kind": "dynamodb_table", "account": account, "name": TABLE, "partition_key": "kind", "sort_key": "key"}
    configure(shared, resources=[{**kept, "tags": {"team": "ml", "cost": "7"}}])
    repeat_until(lambda: table_of(bare, account)["tags"].get("team") == "ml", shared)
    configure(shared, resources=[{**kept, "tags": {"team": "ml"}}])
    repeat_until(lambda: "cost" not in table_of(bare, account)["tags"], shared)
    assert shared.stop() == 0
    granted = Granted()
    name = {"prod": INSTANCE_ROLE, "staging": STAGING_ROLE}[account]
    role = f"arn:aws:iam::{getattr(bare, account)}:role/{name}"
    inline, *managed = documents(bare, account, name)
    granted.identity[role] = {"causeway": inline} | {f"managed-{place}": document for place, document in enumerate(managed)}
    asked = sorted({Asked(role, one.action, one.resource, one.context) for one in asked_of(control.calls())
                    if one.action.startswith("dynamodb:")}, key=str)
    used, missing = set(), []
    for one in asked:
        question, names = granted.question(one)
        decision = ask_causeway(tmp_path, question)
        if decision["verdict"] != "Allowed":
            missing.append(one)
        used |= {(names[s["policy"] - 1][1], one.action) for s in decision["statements"] if s["applies"] and s["effect"] == "Allow"}
    given = {(policy, action) for _, policy, _, action in granted.actions([(role, name) for name in granted.identity[role]])
             if action.startswith("dynamodb:")}
    assert missing == []
    assert sorted(given - used) == [], "granted in vain"
    assert {action for policy, action in given if policy == "causeway"} == {
        f"dynamodb:{name}" for name in (
            "DescribeTable", "GetItem", "BatchGetItem", "Query", "UpdateItem", "DeleteItem", "ConditionCheckItem")}
