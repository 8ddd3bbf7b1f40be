"""The metrics of a running daemon, as Prometheus's own tools see them; and what is made of them in conf/."""

import json
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from causeway import Daemon, publish  # noqa: E402
from gate.client import wait_for  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403

RULES = ROOT / "conf" / "prometheus" / "causeway.rules.yaml"
DASHBOARD = ROOT / "conf" / "grafana" / "causeway.json"
OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def table() -> dict[str, str]:
    """Every metric of metrics.def, with its kind."""
    return dict(re.findall(r'"(causeway_\w+)", METRIC_(\w+)', (ROOT / "daemon/base/metrics.def").read_text()))


def samples() -> set[str]:
    """The names of all series that these metrics may have."""
    return {name + suffix for name, kind in table().items() for suffix in (("_bucket", "_sum", "_count") if kind == "HISTOGRAM" else ("",))}


@pytest.fixture
def metrics_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


@pytest.fixture
def daemon(sandbox: Any, world: Any, tmp_path: Path, metrics_address: str) -> Iterator[Daemon]:
    made = Daemon(sandbox, world, tmp_path / "causeway", listen={"http": metrics_address})
    yield made.start()
    made.close()


def scrape(address: str, accept: str = "*/*") -> tuple[str, str]:
    with urllib.request.urlopen(urllib.request.Request(f"http://{address}/metrics", headers={"Accept": accept})) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def value(text: str, series: str) -> float:
    found = re.search(rf"^{re.escape(series)} (\S+)$", text, flags=re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_promtool_finds_nothing_wrong_with_them(daemon: Daemon, world: Any, control: Any, metrics_address: str) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}])
    publish(world, control, "deploy/one")
    daemon.wait_ended()
    kind, text = scrape(metrics_address)
    assert kind.startswith("text/plain; version=0.0.4")
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    kind, text = scrape(metrics_address, OPENMETRICS)
    assert kind.startswith("application/openmetrics-text") and text.endswith("# EOF\n")


def test_every_metric_of_the_table_is_told_after_one_deployment(daemon: Daemon, world: Any, control: Any, metrics_address: str) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}])
    control.fault("error", {"service": "sagemaker", "operation": "CreateModel"}, code="ThrottlingException", status=400, times=1)
    publish(world, control, "deploy/one")
    daemon.wait_ended()
    wait_for(lambda: value(scrape(metrics_address)[1], "causeway_loop_lag_seconds_count") > 0, "the loop's lag to be told", 60)
    text = scrape(metrics_address)[1]
    told = set(re.findall(r"^# TYPE (\w+) ", text, flags=re.MULTILINE))
    assert told == set(table()) - {"causeway_bridge_healthy", "causeway_bridge_heartbeat_seconds"}, "those of a heartbeat, which is not asked for"
    for state in ("resolving", "copying", "modelling", "settling", "verifying"):
        assert value(text, f'causeway_deployment_state_seconds_count{{state="{state}"}}') == 1, state
    assert value(text, "causeway_queue_lag_seconds_count") >= 1
    assert value(text, "causeway_store_commit_seconds_count") == value(text, "causeway_store_commits_total") > 5
    assert value(text, 'causeway_deployments_ended_total{state="succeeded"}') == 1
    assert value(text, "causeway_queue_draining") == 0
    daemon.ask("drain", "--yes")
    assert value(scrape(metrics_address)[1], "causeway_queue_draining") == 1


def test_the_alert_rules_are_well_formed_and_fire_when_they_should() -> None:
    checked = subprocess.run(["promtool", "check", "rules", RULES], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    tried = subprocess.run(["promtool", "test", "rules", Path(__file__).with_name("causeway.rules.test.yaml")], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stdout + tried.stderr


def test_rules_and_dashboard_name_only_metrics_that_there_are() -> None:
    alerts = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    shown = [target["expr"] for panel in json.loads(DASHBOARD.read_text())["panels"] for target in panel["targets"]]
    for expression in alerts + shown:
        for name in re.findall(r"\bcauseway_\w+", expression):
            assert name in samples(), expression


def test_each_alert_that_could_fire_is_tried_in_the_tests() -> None:
    tried = {case["alertname"] for test in yaml.safe_load(Path(__file__).with_name("causeway.rules.test.yaml").read_text())["tests"]
             for case in test["alert_rule_test"]}
    assert tried == {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


def test_every_metric_has_its_place_on_the_dashboard_or_in_a_rule() -> None:
    text = RULES.read_text() + DASHBOARD.read_text()
    missing = {name for name in table() if name not in text} - {"causeway_bridge_last_pass_time_seconds", "causeway_build_info", "causeway_deployments_accepted_total",
                                                                "causeway_store_commits_total", "causeway_store_transactions_total"}
    assert missing == set()
