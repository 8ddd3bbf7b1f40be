"""Several causewayd over one DynamoDB table: each endpoint in one daemon's hands at a time, whatever is killed, stopped
or drained; then what they left behind is audited."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from causeway import BUILD, Daemon, publish
from fleet import LEASE, Fleet, claims, identity
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET
from havoc import Havoc
from test_cloudformation import NAME, STACK
from test_project import project


@pytest.fixture
def make_fleet(sandbox: Any, world: Any, control: Any, tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    made: list[Fleet] = []

    def make(daemons: int = 3, endpoints: int = 6) -> Fleet:
        fleet = Fleet(sandbox, world, control, tmp_path, endpoints)
        made.append(fleet)
        for _ in range(daemons):
            fleet.add()
        return fleet

    yield make
    for fleet in made:
        for daemon in fleet.daemons:
            if daemon.process is not None and daemon.process.poll() is None:
                daemon.signal(signal.SIGCONT)
            daemon.close()


def test_given_three_daemons_when_events_come_then_each_is_deployed_once_and_each_daemon_has_its_share(make_fleet):
    fleet = make_fleet(endpoints=12)
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    fleet.wait_ended(12)
    fleet.wait_shared()
    fleet.audit()


def test_given_a_rollout_under_way_when_its_daemon_is_killed_then_another_finishes_it_within_the_lease(make_fleet, control):
    fleet = make_fleet(endpoints=1)
    control.sagemaker(stuck=["creating"])
    fleet.publish("endpoint-0")
    control.wait_call(20, operation="CreateEndpoint")
    holder = fleet.holder("endpoint-0")
    holder.kill()
    killed = time.monotonic()
    wait_for(lambda: fleet.holders().get("endpoint-0") and fleet.holder("endpoint-0") is not holder, "another daemon to hold it", 20)
    assert time.monotonic() - killed < LEASE + 1
    assert control.sagemaker_release() == 1
    fleet.wait_ended(1)
    fleet.audit()
    assert len([c for c in control.calls(operation="CreateEndpoint") if c["status"] == 200]) == 1


def test_given_a_daemon_that_stands_still_longer_than_its_lease_when_it_goes_on_then_it_does_nothing_twice(make_fleet, control):
    fleet = make_fleet(endpoints=1)
    control.fault("hold", {"operation": "CreateModel"}, nth=1, when="before")
    fleet.publish("endpoint-0")
    assert control.held(wait=20)
    holder = fleet.holder("endpoint-0")
    holder.signal(signal.SIGSTOP)
    others = [d for d in fleet.daemons if d is not holder]
    wait_for(lambda: any(e["ENDPOINT"] == "endpoint-0" and e["GAINED"] for d in others for e in claims(d)), "another daemon to hold it", 20)
    control.clear_faults()
    fleet.wait_ended(1)
    since = control.last_sequence()
    holder.signal(signal.SIGCONT)
    holder.wait_said("did not renew its lease in time")
    fleet.publish("endpoint-0")
    fleet.wait_ended(2)
    fleet.audit()
    assert len([c for c in control.calls(operation="CreateEndpoint") if c["status"] == 200]) == 1
    assert len([c for c in control.calls(since=since, operation="UpdateEndpoint") if c["status"] == 200]) == 1


def test_given_a_daemon_that_is_told_to_stop_when_it_holds_endpoints_then_others_have_them_at_once(make_fleet):
    fleet = make_fleet(endpoints=6)
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    fleet.wait_ended(6)
    before = fleet.holders()
    leaving = fleet.holder("endpoint-0")
    asked = time.monotonic()
    assert leaving.stop() == 0
    wait_for(lambda: set(fleet.holders()) == set(before) and fleet.holders()["endpoint-0"] != before["endpoint-0"], "the endpoints to be held", 10)
    assert time.monotonic() - asked < LEASE, "they waited for the lease's end"
    fleet.publish("endpoint-0")
    fleet.wait_ended(7)
    fleet.audit()


def test_given_a_daemon_that_comes_when_others_hold_all_then_it_gets_its_part_and_no_more(make_fleet):
    fleet = make_fleet(daemons=2, endpoints=16)
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    fleet.wait_ended(16)
    before = fleet.holders()
    assert len(before) == 16
    newcomer = fleet.add()
    wait_for(lambda: len(set(fleet.holders().values())) == 3, "the newcomer to hold something", 20)
    settled = wait_for(lambda: _stays(fleet), "the endpoints to stay where they are", 30)
    moved = [e for e in before if settled[e] != before[e]]
    assert {settled[e] for e in moved} == {settled[moved[0]]}, "some moved between the two that were there"
    assert {e["ENDPOINT"] for e in claims(newcomer) if e["GAINED"]} == set(moved)
    fleet.audit()


def _stays(fleet: Fleet) -> dict[str, str] | None:
    """The holders, if they are the same over ten looks around."""
    first = fleet.holders()
    deadline = time.monotonic() + 10 * LEASE / 8
    while time.monotonic() < deadline:
        if fleet.holders() != first or len(first) < len(fleet.endpoints):
            return None
        time.sleep(0.1)
    return first


@pytest.fixture
def havoc(sandbox: Any, world: Any, control: Any, tmp_path: Path) -> Iterator[Havoc]:
    made = Havoc(Fleet(sandbox, world, control, tmp_path, 5), daemons=3, seed=8)
    yield made
    made.close()


def test_given_daemons_that_are_killed_stopped_and_cut_off_when_many_are_deployed_then_nothing_is_lost_or_doubled(havoc):
    """The bounded form of tests/fleet/withstand.py."""
    havoc.run(rounds=5)
    havoc.fleet.audit()
    assert havoc.fleet.daemons[0].ctl("audit").returncode == 0, "the ledger's chain is broken"


def test_given_work_for_one_daemon_alone_when_three_run_then_one_does_it(make_fleet):
    fleet = make_fleet(endpoints=1)

    def tasks() -> dict[str, str]:
        return {r["key"]: r["holder"] for r in fleet.rows("lease") if r["key"].startswith("task/") and r["open"]}

    wait_for(lambda: set(tasks()) == {"task/bridge", "task/search"}, "the tasks to be held", 10)


def test_given_a_bridge_in_another_daemons_hands_when_it_is_suspended_then_it_is_said_whom_to_ask_and_it_stays_so_when_it_comes_back(make_fleet):
    fleet = make_fleet(daemons=2, endpoints=1)

    def holder() -> Daemon | None:
        """Asked each time who is who: a daemon that was too busy to renew its lease begins anew, by another id."""
        ids = {d["id"]: daemon for daemon in fleet.daemons for d in daemon.ask("status")["fleet"]["daemons"] if d["self"]}
        return next((ids.get(r["holder"]) for r in fleet.rows("lease") if r["key"] == "task/bridge" and r["open"]), None)

    first = wait_for(holder, "the bridge to be held", 10)
    other = next(d for d in fleet.daemons if d is not first)
    for command in (("suspend", "--why", "to see"), ("reconcile",), ("plan",)):
        refused = other.ctl(*command)
        assert refused.returncode == 4 and "in the hands of another daemon" in refused.stderr, (command, refused.stdout, refused.stderr)
    assert first.ctl("drain", "--yes").returncode == 0
    wait_for(lambda: holder() is other, "the other to hold the bridge", 20)
    wait_for(lambda: other.ctl("suspend", "--why", "to see").returncode == 0, "the bridge to be suspended", 10)
    assert first.ctl("undrain").returncode == 0
    assert other.ctl("drain", "--yes").returncode == 0
    wait_for(lambda: holder() is first, "the first to hold it again", 20)
    wait_for(lambda: "to see" in json.dumps(first.ask("status")), "the first to know that it is suspended", 10)
    assert first.ctl("resume").returncode == 0


def test_given_a_daemon_that_does_not_hold_it_when_it_is_told_to_cancel_a_deployment_then_the_holder_does(make_fleet, control):
    fleet = make_fleet(endpoints=1)
    control.fault("error", {"operation": "CreateModel"}, code="ThrottlingException", status=400, times=0)
    fleet.publish("endpoint-0")
    control.wait_call(20, operation="CreateModel")
    other = next(d for d in fleet.alive() if d is not fleet.holder("endpoint-0"))
    done = other.ctl("cancel", "--yes", fleet.history()[0]["id"])
    assert done.returncode == 0, done.stderr
    wait_for(lambda: [r["state"] for r in fleet.history()] == ["cancelled"], "it to be cancelled", 20)
    assert other.ctl("cancel", "--yes", "endpoint-0-000000000000").returncode == 1


def test_given_a_daemon_that_does_not_hold_it_when_a_rollback_is_asked_for_then_the_holder_starts_it(make_fleet):
    fleet = make_fleet(endpoints=1)
    for count in (1, 2):
        fleet.publish("endpoint-0")
        fleet.wait_ended(count)
    other = next(d for d in fleet.alive() if d is not fleet.holder("endpoint-0"))
    done = other.ctl("rollback", "endpoint-0")
    assert done.returncode == 0, done.stderr
    fleet.wait_ended(3)
    configs = [r["config_name"] for r in sorted(fleet.history(), key=lambda r: r["accepted_ms"] if "accepted_ms" in r else r["event_ms"])]
    assert fleet.world.client("prod", "sagemaker").describe_endpoint(EndpointName="endpoint-0")["EndpointConfigName"] == configs[0]


def test_given_a_stack_when_its_news_reach_a_daemon_that_does_not_hold_it_then_the_holder_is_told(make_fleet, world, control):
    fleet = make_fleet(daemons=0, endpoints=1)
    for daemon in (fleet.add(start=False), fleet.add(start=False)):
        whole = yaml.safe_load(daemon.config.read_text())
        one = whole["deployments"]["endpoint-0"]
        one.update({name: value for name, value in STACK.items() if value is not None})
        for name in ("container", "variant"):
            del one[name]
        daemon.config.write_text(yaml.safe_dump(whole, sort_keys=False))
        daemon.start()
    package = control.package("staging", "scorer", 1, approval="Approved")
    world.put_object(ARTIFACT_BUCKET, "deploy/1", project(package["arn"]))
    control.event("staging", world.action_succeeded("endpoint-0", ARTIFACT_BUCKET, "deploy/1"))
    fleet.wait_ended(1)
    assert [r["state"] for r in fleet.history()] == ["succeeded"]
    wait_for(lambda: fleet.world.queue_length() == 0, "the news of the endpoint to be taken", 20)
    since = control.last_sequence()
    news = {"source": "aws.cloudformation", "detail-type": "CloudFormation Stack Status Change", "detail": {
        "stack-id": f"arn:aws:cloudformation:{world.region}:{world.prod}:stack/{NAME}/1", "status-details": {"status": "UPDATE_COMPLETE"}}}

    def passed_on() -> bool:
        control.event("prod", news)  # whoever of the two receives it
        return any(i["Update"]["Key"]["kind"]["S"] == "note" for c in control.calls(since, operation="TransactWriteItems")
                   for i in c["parameters"]["TransactItems"] if "Update" in i)

    wait_for(passed_on, "news to be passed on", 30, every=0.2)
    wait_for(lambda: not any(r["open"] for r in fleet.rows("note")), "the holder to have heard it", 20)


def test_given_three_daemons_when_any_is_asked_then_it_shows_who_holds_what_and_what_all_have_under_way(make_fleet, control):
    fleet = make_fleet(endpoints=4)
    control.sagemaker(stuck=["creating"])
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    wait_for(lambda: len(fleet.holders()) == 4 and len(control.calls(operation="CreateEndpoint")) == 4, "all to be under way", 20)
    for daemon in fleet.daemons:
        def all_seen() -> Any:
            status = daemon.ask("status")
            seen = {l["name"].removeprefix("endpoint/"): l["holder"] for l in status["fleet"]["leases"]}
            return status if {e: seen.get(e) for e in fleet.endpoints} == fleet.holders() else None

        status = wait_for(all_seen, "the holders to be seen", 10)
        assert len(status["fleet"]["daemons"]) == 3
        assert [d["self"] for d in status["fleet"]["daemons"]].count(True) == 1
        assert all(l["since_ms"] > 0 for l in status["fleet"]["leases"] if l["holder"])
        assert {r["endpoint"] for r in status["open"]} == set(fleet.endpoints)
        said = daemon.ctl("status").stdout
        assert f"({daemon.process.pid}), this one" in said and "HELD" in said


def test_given_a_daemon_that_drains_when_it_is_asked_to_then_others_hold_all_and_it_gets_its_part_back(make_fleet):
    fleet = make_fleet(endpoints=6)
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    fleet.wait_ended(6)
    fleet.wait_shared()
    own = fleet.holders()["endpoint-0"]
    drained = next(daemon for daemon in fleet.alive() if identity(daemon) == own)
    assert drained.ctl("drain", "--yes").returncode == 0
    wait_for(lambda: own not in fleet.holders().values() and len(fleet.holders()) == 6, "the others to hold all", 10)
    assert drained.ctl("undrain").returncode == 0
    fleet.wait_shared()
    fleet.audit()


def test_a_store_is_copied_into_dynamodb_and_back_and_no_daemon_may_be_at_work(make_daemon, world, control, tmp_path):
    alone = make_daemon().start()
    for count, key in ((1, "deploy/one"), (2, "deploy/two")):
        publish(world, control, key)
        alone.wait_ended(count)
    history = alone.deployments()
    path = str(alone.directory / "causeway.db")
    assert _copy(alone, path, "dynamodb:causeway").returncode != 0, "a daemon is at work on the file"
    assert alone.stop() == 0
    done = _copy(alone, path, "dynamodb:causeway")
    assert done.returncode == 0, done.stderr
    assert "are the same in both" in done.stdout
    alone.configure(store={"dynamodb": {"table": "causeway"}, "lease": "2s"})
    alone.start()
    assert alone.deployments() == history
    refused = _copy(alone, "dynamodb:causeway", str(tmp_path / "back.db"))
    assert refused.returncode == 1 or refused.returncode == 4, refused.stderr
    assert "a daemon is at work" in refused.stderr
    alone.kill()
    done = _copy(alone, "dynamodb:causeway", str(tmp_path / "back.db"))
    assert done.returncode == 0, done.stderr
    alone.configure(store={"sqlite": str(tmp_path / "back.db")})
    alone.start()
    assert alone.deployments() == history
    assert alone.ctl("audit").returncode == 0


def _copy(daemon: Daemon, source: str, target: str) -> Any:
    return subprocess.run([str(BUILD / "causewayctl"), "--config", str(daemon.config), "store", "copy", source, target],
                          env={"PATH": "/usr/bin", **daemon.environment}, capture_output=True, text=True, timeout=60, check=False)
