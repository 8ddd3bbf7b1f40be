"""Several causewayd over one DynamoDB table: each endpoint in one daemon's hands at a time, whatever is killed, stopped
or drained; then what they left behind is audited."""

import json
import random
import signal
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from causeway import ENDED, Daemon, configuration
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, QUEUE

TABLE = "causeway"
LEASE = 2.0  # seconds


class Fleet:
    """Daemons with one configuration, and what all of them did."""

    def __init__(self, sandbox: Any, world: Any, control: Any, directory: Path, endpoints: int) -> None:
        self.sandbox, self.world, self.control, self.directory = sandbox, world, control, directory
        self.endpoints = [f"endpoint-{number}" for number in range(endpoints)]
        self.daemons: list[Daemon] = []
        self.published: dict[str, list[str]] = defaultdict(list)  # model data's URLs in order, by endpoint
        control.sagemaker(durations={"creating": 0.3, "updating": 0.3})

    def add(self, start: bool = True) -> Daemon:
        daemon = Daemon(self.sandbox, self.world, self.directory / f"daemon-{len(self.daemons)}",
                        store={"dynamodb": {"table": TABLE}, "lease": f"{LEASE:g}s"}, deployments=self._deployments(),
                        queue={"name": QUEUE, "receivers": "1", "visibility": "5s", "wait": "1s"})
        self.daemons.append(daemon)
        return daemon.start() if start else daemon

    def _deployments(self) -> dict[str, Any]:
        one = configuration(self.world, self.directory)["deployments"]["fraud-scorer"]
        whole = {endpoint: {**one, "endpoint": endpoint, "retry": {"within": "10m"},
                            "on": {**one["on"], "detail": {**one["on"]["detail"], "pipeline": [endpoint]}}}
                 for endpoint in self.endpoints}
        return json.loads(json.dumps(whole))  # nothing twice in it, which YAML would write as an alias

    def alive(self) -> list[Daemon]:
        return [d for d in self.daemons if d.process is not None and d.process.poll() is None]

    def publish(self, endpoint: str) -> None:
        """A new model version for the endpoint, and its event."""
        key = f"{endpoint}/{len(self.published[endpoint])}"
        data = self.world.put_model(f"models/{key}.tar.gz", b"0.5\n" + key.encode())
        self.world.put_object(ARTIFACT_BUCKET, key, json.dumps({"model_data": data["url"]}).encode())
        self.control.event("staging", self.world.action_succeeded(endpoint, ARTIFACT_BUCKET, key))
        self.published[endpoint].append(data["url"])

    # What the store holds

    def rows(self, kind: str) -> list[dict[str, Any]]:
        pages = self.world.client("prod", "dynamodb").get_paginator("query").paginate(
            TableName=TABLE, KeyConditionExpression="#kind = :kind", ExpressionAttributeNames={"#kind": "kind"},
            ExpressionAttributeValues={":kind": {"S": kind}}, ConsistentRead=True)
        return [{"key": row["key"]["S"], "open": "open" in row, **json.loads(row["bytes"]["B"])}
                for page in pages for row in page["Items"] if "bytes" in row]

    def history(self, endpoint: str | None = None) -> list[dict[str, Any]]:
        return [r for r in self.rows("deployment") if endpoint in (None, r["endpoint"])]

    def holders(self) -> dict[str, str]:
        """The id of the daemon that holds each endpoint, of those that have one."""
        return {r["key"].removeprefix("endpoint/"): r["holder"] for r in self.rows("lease")
                if r["open"] and r["key"].startswith("endpoint/")}

    def holder(self, endpoint: str) -> Daemon:
        """The daemon that holds it, by the last that said so."""
        def found() -> Daemon | None:
            claims = [(e["CLAIM"], d) for d in self.alive() for e in _claims(d) if e["ENDPOINT"] == endpoint and e["GAINED"]]
            lost = {(e["CLAIM"], id(d)) for d in self.alive() for e in _claims(d) if e["ENDPOINT"] == endpoint and not e["GAINED"]}
            claims = [(c, d) for c, d in claims if (c, id(d)) not in lost]
            return max(claims, key=lambda found: found[0])[1] if claims else None
        return wait_for(found, f"a daemon to hold {endpoint}", 20)

    def wait_ended(self, count: int, seconds: float = 60.0) -> None:
        def ended() -> bool:
            rows = self.history()
            return len(rows) >= count and not any(r["open"] for r in rows)
        try:
            wait_for(ended, f"{count} deployments to end", seconds, every=0.2)
        except AssertionError as error:
            states = Counter((r["endpoint"], r["state"], r["step"]) for r in self.history())
            raise AssertionError(f"{error}\n{states}\nholders {self.holders()}\n" + "\n".join(
                f"{d.directory.name}: {[e.get('MESSAGE') for e in d.said()][-12:]}" for d in self.daemons)) from None

    # What they may not have done

    def audit(self) -> None:
        """Each event exactly one deployment; each endpoint's in order; no two holders at one time."""
        history = self.history()
        by_url = Counter(r["model_url"] for r in history) if history and "model_url" in history[0] else None
        for endpoint, urls in self.published.items():
            rows = [r for r in history if r["endpoint"] == endpoint]
            assert len(rows) == len(urls), f"{endpoint}: {len(rows)} deployments of {len(urls)} events"
            assert {r["state"] for r in rows} <= {"succeeded", "superseded"}, [(r["state"], r.get("reason")) for r in rows]
            newest = max(rows, key=lambda r: r["event_ms"])
            assert newest["state"] == "succeeded", newest
            described = self.world.client("prod", "sagemaker").describe_endpoint(EndpointName=endpoint)
            assert described["EndpointConfigName"] == newest["config_name"], f"{endpoint} does not serve its newest"
        assert by_url is None or max(by_url.values()) == 1
        self.audit_claims()

    def audit_claims(self) -> None:
        """Each claim was one daemon's; and what a daemon moved on, it moved on between its claim and the next one's."""
        claims: dict[tuple[str, int], str] = {}
        for daemon in self.daemons:
            for entry in _claims(daemon):
                if entry["GAINED"]:
                    claim = (entry["ENDPOINT"], entry["CLAIM"])
                    assert claim not in claims, f"{claim} was made by {claims[claim]} and by {daemon.directory.name}"
                    claims[claim] = daemon.directory.name


def _claims(daemon: Daemon) -> list[dict[str, Any]]:
    found = []
    for entry in daemon.said():
        words = entry.get("MESSAGE", "").split()
        if words[:1] == ["endpoint"] and "hands" in words:
            found.append({"ENDPOINT": words[1], "CLAIM": int(words[-1].rstrip(")")), "GAINED": "no" not in words})
    return found


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


def test_given_three_daemons_when_events_come_then_each_is_deployed_once_and_all_have_work(make_fleet):
    fleet = make_fleet(endpoints=12)
    for endpoint in fleet.endpoints:
        fleet.publish(endpoint)
    fleet.wait_ended(12)
    fleet.audit()
    assert len(set(fleet.holders().values())) == 3
