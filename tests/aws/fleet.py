"""Several real causewayd over one DynamoDB table, from a test's side: start, publish, ask the table, audit."""

import hashlib
import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from causeway import Daemon, configuration
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, QUEUE

TABLE = "causeway"
LEASE = 3.0  # seconds


def identity(daemon: Daemon) -> str:
    """What the others know it by."""
    return next(d["id"] for d in daemon.ask("status")["fleet"]["daemons"] if d["self"])


class Fleet:
    """Daemons with one configuration, and what all of them did."""

    def __init__(self, sandbox: Any, world: Any, control: Any, directory: Path, endpoints: int, lease: float = LEASE) -> None:
        self.lease = lease
        self.sandbox, self.world, self.control, self.directory = sandbox, world, control, directory
        self.endpoints = [f"endpoint-{number}" for number in range(endpoints)]
        self.daemons: list[Daemon] = []
        self.published: dict[str, list[str]] = defaultdict(list)  # the artifacts' keys in order, by endpoint
        control.sagemaker(durations={"creating": 0.3, "updating": 0.3})

    def add(self, start: bool = True, wrapper: tuple[str, ...] = ()) -> Daemon:
        daemon = Daemon(self.sandbox, self.world, self.directory / f"daemon-{len(self.daemons)}",
                        store={"dynamodb": {"table": TABLE}, "lease": f"{self.lease:g}s"}, deployments=self._deployments(),
                        queue={"name": QUEUE, "receivers": "1", "visibility": "5s", "wait": "1s"})
        self.daemons.append(daemon)
        return daemon.start(wrapper=wrapper) if start else daemon

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
        self.published[endpoint].append(key)

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

    def shares(self) -> dict[str, str]:
        """The id of the daemon that is to hold each endpoint, as all of them reckon (share_choose() in daemon/store/share.c)."""
        ids = [identity(daemon) for daemon in self.alive()]

        def score(who: str, endpoint: str) -> int:
            return int.from_bytes(hashlib.sha256(f"{who} endpoint/{endpoint}".encode()).digest()[:8], "little")

        return {endpoint: max(ids, key=lambda who: score(who, endpoint)) for endpoint in self.endpoints}

    def wait_shared(self) -> None:
        """Until each endpoint that has been deployed to is in the hands that it is to be in."""
        wait_for(lambda: self.holders() == self.shares(), "each endpoint to be where it is to be", 60)

    def holder(self, endpoint: str) -> Daemon:
        """The daemon that holds it, by the last that said so."""
        def found() -> Daemon | None:
            said = [(e["CLAIM"], e["GAINED"], d) for d in self.alive() for e in claims(d) if e["ENDPOINT"] == endpoint]
            lost = {(claim, id(d)) for claim, gained, d in said if not gained}
            held = [(claim, d) for claim, gained, d in said if gained and (claim, id(d)) not in lost]
            return max(held, key=lambda one: one[0])[1] if held else None
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
        """Each event exactly one deployment; each endpoint's in order, and carried out once; no two holders at one time."""
        history = self.history()
        calls = [c for c in self.control.calls(service="sagemaker") if c["operation"] in ("CreateEndpoint", "UpdateEndpoint")
                 and c["status"] == 200]
        for endpoint, keys in self.published.items():
            rows = [r for r in history if r["endpoint"] == endpoint and r["asked_by"] == "event"]
            assert sorted(r["artifact_key"] for r in rows) == sorted(keys), f"{endpoint}: not each event has one deployment"
            assert {r["state"] for r in rows} <= {"succeeded", "superseded"}, [(r["state"], r.get("reason")) for r in rows]
            served = sorted((r for r in history if r["endpoint"] == endpoint and r["state"] == "succeeded"), key=lambda r: r["ended_ms"])
            times = [r["event_ms"] for r in served if r["asked_by"] == "event"]
            assert times and times == sorted(times), f"{endpoint}: out of order"
            assert times[-1] == max(r["event_ms"] for r in rows), f"{endpoint}: the newest event is not what was deployed last"
            described = self.world.client("prod", "sagemaker").describe_endpoint(EndpointName=endpoint)
            assert described["EndpointConfigName"] == served[-1]["config_name"], f"{endpoint} does not serve its newest"
        assert len(calls) == sum(r["state"] == "succeeded" for r in history), "some were carried out twice"
        self.audit_claims()
        self.audit_commits()

    def audit_commits(self) -> None:
        """Each version of a record was written once, held to a claim of its endpoint, and none to one older than the version before."""
        written: dict[str, dict[int, int]] = defaultdict(dict)
        for call in self.control.calls(operation="TransactWriteItems", status=200):
            items = [(kind, part, part["Key"]["kind"]["S"], part["Key"]["key"]["S"])
                     for item in call["parameters"]["TransactItems"] for kind, part in item.items()]
            claims_checked = [int(part["ExpressionAttributeValues"][":expected"]["N"])
                              for kind, part, row, _ in items if kind == "ConditionCheck" and row == "lease"]
            for kind, part, row, key in items:
                expected = part.get("ExpressionAttributeValues", {}).get(":expected")
                if kind != "Update" or row != "deployment" or not expected:
                    continue  # taking an event in is any daemon's
                assert len(claims_checked) == 1, f"{key}: a commit that no claim fences"
                version = int(expected["N"])
                assert written[key].setdefault(version, claims_checked[0]) == claims_checked[0], f"{key}: version {version} was written by two"
        for key, versions in written.items():
            fences = [versions[version] for version in sorted(versions)]
            assert fences == sorted(fences), f"{key}: moved by a former holder: {versions}"

    def audit_claims(self) -> None:
        """Each claim was one daemon's; and what a daemon moved on, it moved on between its claim and the next one's."""
        made: dict[tuple[str, int], str] = {}
        for daemon in self.daemons:
            for entry in claims(daemon):
                if entry["GAINED"]:
                    claim = (entry["ENDPOINT"], entry["CLAIM"])
                    assert claim not in made, f"{claim} was made by {made[claim]} and by {daemon.directory.name}"
                    made[claim] = daemon.directory.name


def claims(daemon: Daemon) -> list[dict[str, Any]]:
    found = []
    for entry in daemon.said():
        words = entry.get("MESSAGE", "").split()
        if words[:1] == ["endpoint"] and "hands" in words:
            found.append({"ENDPOINT": words[1], "CLAIM": int(words[-1].rstrip(")")), "GAINED": "no" not in words})
    return found
