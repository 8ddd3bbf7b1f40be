"""conf/openapi.yaml is what the server does: every route is in it, and schemathesis finds no answer that is not."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import yaml
from causeway import Daemon, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, BUS, MODEL_BUCKET, SAGEMAKER_BUCKET

ROOT = Path(__file__).resolve().parents[2]
DESCRIPTION = ROOT / "conf" / "openapi.yaml"


class Strictly(yaml.SafeLoader):
    """YAML in which no name stands twice in a mapping, which the plain loader does not mind."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        assert sorted(names) == sorted(set(names)), f"{node.start_mark}: a name twice of {names}"
        return super().construct_mapping(node, deep)


def record_members() -> set[str]:
    """The fields of the deployment's record, which the description names by examples only."""
    return set(re.findall(r"^    X\((\w+)\)", (ROOT / "daemon/deploy/record.h").read_text(), flags=re.MULTILINE))


def strict() -> dict[str, Any]:
    """The description, in which an answer may have no member that it does not name. What is promised to clients is less:
    members may be added."""
    whole = yaml.load(DESCRIPTION.read_text(), Strictly)
    for name in record_members():
        whole["components"]["schemas"]["Deployment"]["properties"].setdefault(name, {})

    def close(part: Any) -> None:
        for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
            close(inner)
        if isinstance(part, dict) and isinstance(part.get("properties"), dict):
            part.setdefault("additionalProperties", False)

    close(whole)
    return whole


def test_every_route_of_the_server_is_described_and_no_other() -> None:
    routes = {(method.lower(), path) for method, path in
              re.findall(r'ROUTE\(\w+, "(\w+)", "([^"]+)"', (ROOT / "daemon/control/api.def").read_text())}
    described = {(method, path) for path, operations in yaml.safe_load(DESCRIPTION.read_text())["paths"].items()
                 for method in operations if method in ("get", "post")}
    assert described == routes
    assert len(routes) > 20


def test_what_is_answered_over_the_loopback_port_too_is_said() -> None:
    anywhere = set(re.findall(r'ROUTE\(\w+, "\w+", "([^"]+)", API_ANYWHERE', (ROOT / "daemon/control/api.def").read_text()))
    said = {path for path, operations in yaml.safe_load(DESCRIPTION.read_text())["paths"].items()
            if "also over the loopback port" in operations.get("get", {}).get("summary", "")}
    assert said == anywhere


def test_no_name_stands_twice_in_the_description() -> None:
    yaml.load(DESCRIPTION.read_text(), Strictly)


def test_no_request_gets_an_answer_that_is_not_described(daemon: Daemon, bridged: str) -> None:
    """The stream has no end, dead letters take a second each, and the doctor half a minute: they have tests of their own."""
    description = daemon.directory / "openapi.json"
    description.write_text(json.dumps(strict()))
    run = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", str(description), "--url", bridged, "--exclude-path", "/v1/events",
         "--exclude-path-regex", "^/v1/(dead-letters|doctor)", "--phases", "examples,coverage,fuzzing", "--max-examples", "12",
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,unsupported_method",
         "--generation-database", "none", "--seed", "1", "--no-color", "--request-timeout", "30"],
        capture_output=True, text=True, check=False, cwd=daemon.directory)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert daemon.ask("version")["daemon"]["program"] == "causewayd"


def test_a_daemon_with_a_history_answers_as_it_is_described(make_daemon: Callable[..., Daemon], world: Any, control: Any) -> None:
    """With deployments that ended well and badly, one whose rollout is under way, a bridge that differs and is suspended."""
    daemon = make_daemon(reconcile={"mode": "observe"}, bridge={
        "from": "staging", "to": "prod", "bus": BUS, "model_bucket": MODEL_BUCKET, "artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET]})
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}, {"model_data_contains": "two", "body": "0.7\n"}],
                      durations={"creating": 1.1})
    publish(world, control, "deploy/one")
    served = daemon.wait_ended(1)[0]
    publish(world, control, "deploy/none", manifest={"model_data": "s3://elsewhere/model.tar.gz"})
    ended_badly = daemon.wait_ended(2)[0]
    control.sagemaker(stuck=["updating"], rollout={"current": 1, "status": "Baking", "message": "Baking for 600 seconds."})
    publish(world, control, "deploy/two")
    settling = wait_for(lambda: next((r for r in daemon.history() if r["state"] == "settling"), None), "the second to settle", 60)
    wait_for(lambda: "rollout" in daemon.ask("status", settling["id"])["deployment"], "the endpoint to be seen", 60)
    assert daemon.ctl("suspend", "--why", "maintenance", "--for", "1h").returncode == 0
    assert "until" in next(line for line in daemon.ctl("status").stdout.splitlines() if "suspended" in line)

    description = strict()
    fields = {"/v1/status": "", f"/v1/deployments/{served['id']}": "", f"/v1/deployments/{ended_badly['id']}": "",
              f"/v1/deployments/{settling['id']}": "rollout usual_ms usual_state_ms", "/v1/status?endpoint=fraud-scorer": "",
              "/v1/history?endpoint=fraud-scorer": "", "/v1/plan": "", "/v1/changes": "", "/v1/import": "", "/v1/audit": "", "/v1/version": ""}
    for target, expected in fields.items():
        asked = subprocess.run(["curl", "--silent", "--unix-socket", daemon.socket, "http://localhost" + target], capture_output=True, text=True, check=True)
        answer = json.loads(asked.stdout)
        path = re.sub(r"^/v1/deployments/.*", "/v1/deployments/{id}", target.partition("?")[0]).replace("/", "~1")
        jsonschema.Draft202012Validator({**description, "$ref": f"#/paths/{path}/get/responses/200/content/application~1json/schema"}).validate(answer)
        for name in expected.split():
            assert name in answer["deployment"], (target, name)
    control.sagemaker_release()
