"""The events that are announced, held to their schemas in conf/events; and the example rule, to what EventBridge would do."""

import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from causeway import Daemon, publish  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403

SCHEMA = json.loads((ROOT / "conf/events/deployment-state-change.schema.json").read_text())


class Template(yaml.SafeLoader):
    """CloudFormation's short forms, as the text behind them."""


Template.add_multi_constructor("!", lambda loader, suffix, node: loader.construct_scalar(node))


@pytest.fixture
def daemon(sandbox: Any, world: Any, tmp_path: Path) -> Any:
    made = Daemon(sandbox, world, tmp_path / "causeway", results={"bus": "cross-account-bus"})
    yield made.start()
    made.close()


def example_pattern(directory: Path, rule: str) -> Path:
    template = yaml.load((ROOT / "conf/events/notify.yaml").read_text(), Template)
    path = directory / "pattern.json"
    path.write_text(json.dumps(template["Resources"][rule]["Properties"]["EventPattern"]))
    return path


@pytest.mark.parametrize(("state", "code"), [("repaired", 0), ("left", 0), ("ended", 1)])
def test_the_example_rule_takes_drift_that_people_should_know_of(daemon: Daemon, tmp_path: Path, state: str, code: int) -> None:
    """What the bridge really sends is held to the same schema in tests/aws/test_drift.py."""
    event = {"source": "causeway", "detail-type": "Causeway Drift", "detail": {
        "resource": "staging/iam_role/causeway-forward", "kind": "iam_role", "name": "causeway-forward", "account": "staging",
        "account_id": "345594592951", "verdict": "different", "state": state, "repaired": state == "repaired", "cause": "interval"}}
    jsonschema.validate(event, json.loads((ROOT / "conf/events/drift.schema.json").read_text()))
    path = tmp_path / "event.json"
    path.write_text(json.dumps(event))
    assert daemon.ctl("event", "match", "--pattern", str(example_pattern(tmp_path, "DriftRule")), "--event", str(path)).returncode == code


def test_every_announcement_is_as_its_schema_says_and_the_example_rule_takes_the_bad_ones(daemon: Daemon, world: Any, control: Any, tmp_path: Path) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}],
                      rules=[{"model_data_contains": "/two.tar.gz", "reason": "did not pass the ping health check"}])
    publish(world, control, "deploy/one")
    daemon.wait_ended(1)
    publish(world, control, "deploy/two")
    daemon.wait_ended(2)
    entries = [entry for call in control.calls(operation="PutEvents") for entry in call["parameters"]["Entries"]
               if entry.get("Source") == "causeway" and "State Change" in entry["DetailType"]]
    events = [{"source": e["Source"], "detail-type": e["DetailType"], "detail": json.loads(e["Detail"])} for e in entries]
    assert [event["detail"]["state"] for event in events] == ["succeeded", "rolled_back"]
    strict = json.loads(json.dumps(SCHEMA))
    strict["properties"]["detail"]["additionalProperties"] = False
    for event in events:
        jsonschema.validate(event, strict)

    pattern = example_pattern(tmp_path, "Rule")
    for event, code in zip(events, (1, 0), strict=True):
        path = tmp_path / "event.json"
        path.write_text(json.dumps(event))
        assert daemon.ctl("event", "match", "--pattern", str(pattern), "--event", str(path)).returncode == code
