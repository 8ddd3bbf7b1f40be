"""The package over its life: installed, upgraded in place, removed."""

import json
import subprocess
from typing import Any

import pytest
from causeway import publish
from conftest import RELEASE, package
from machine import Machine


def test_given_the_package_when_it_is_installed_then_everything_of_it_is_in_place(machine):
    for path in ("/usr/sbin/causewayd", "/usr/bin/causewayctl", "/usr/lib/systemd/system/causewayd.service",
                 "/usr/lib/sysusers.d/causeway.conf", "/usr/lib/systemd/catalog/causeway.catalog", "/etc/causeway",
                 "/usr/share/man/man8/causewayd.8", "/usr/share/man/man5/causeway.yaml.5", "/usr/share/man/man1/causewayctl.1",
                 "/usr/share/bash-completion/completions/causewayctl", "/usr/share/zsh/vendor-completions/_causewayctl",
                 "/usr/share/causeway/causeway.schema.json", *(f"/usr/share/doc/causeway/{name}" for name in (
                     "examples/causeway.yaml", "bootstrap/production.yaml", "bootstrap/staging.yaml", "events/notify.yaml",
                     "prometheus/causeway.rules.yaml", "grafana/causeway.json", "openapi.yaml"))):
        assert machine.run("test", "-e", path, check=False).returncode == 0, path
    assert machine.run("getent", "group", "causeway", check=False).returncode == 0
    assert machine.run("systemctl", "is-enabled", "causewayd").stdout.strip() == "enabled"
    assert machine.run("causewayd", "--version").stdout.startswith("causewayd ")


def test_given_the_example_when_it_is_checked_then_it_is_good(machine):
    assert machine.run("causewayctl", "--config", "/usr/share/doc/causeway/examples/causeway.yaml", "check").returncode == 0


def test_given_deployments_under_way_when_the_package_is_upgraded_in_place_then_every_one_goes_on(service, world, control):
    """One that waits for SageMaker, and one that waits for its turn."""
    control.sagemaker(stuck=["creating"], invocations=[{"model_data_contains": "one", "body": "0.5\n"}, {"model_data_contains": "two", "body": "0.7\n"}])
    service.start()
    publish(world, control, "deploy/one", time="2026-11-20T09:30:01Z")

    def history() -> list[dict[str, Any]]:
        answer = service.ctl("--json", "history", "fraud-scorer", check=False)
        return json.loads(answer.stdout)["deployments"] if answer.returncode == 0 else []

    service.machine.wait(lambda: [r for r in history() if r["state"] == "settling"], "the first to settle")
    publish(world, control, "deploy/two", time="2026-11-20T09:30:02Z")
    service.machine.wait(lambda: [r for r in history() if r["state"] == "waiting"], "the second to wait for its turn")
    before = service.pid()
    service.machine.install(package())
    service.machine.wait(lambda: service.pid() not in (0, before), "the new one to run")
    control.sagemaker_release()
    service.machine.wait(lambda: len([r for r in history() if r["state"] == "succeeded"]) == 2, "both deployments to end")
    assert len(control.calls(operation="CreateEndpoint")) == 1 and len(control.calls(operation="UpdateEndpoint")) == 1


@pytest.fixture
def another_machine():
    with Machine() as booted:
        booted.install(package())
        yield booted


def test_given_a_running_service_when_the_package_is_removed_then_it_stops_and_its_state_stays_until_it_is_purged(another_machine):
    machine = another_machine
    machine.write("/etc/causeway/causeway.yaml", "version: 1\nhome: prod\naccounts: { prod: { id: \"361769565206\", region: us-east-1 } }\n"
                  "queue: { name: causeway-events }\nstore: { sqlite: /var/lib/causeway/causeway.db }\n"
                  "listen: { control: /run/causeway/control.sock }\n")
    machine.write("/etc/systemd/system/causewayd.service.d/aws.conf",
                  "[Service]\nEnvironment=AWS_EC2_METADATA_DISABLED=true\n")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "start", "causewayd")
    machine.run("dpkg", "--remove", "causeway")
    assert machine.run("pgrep", "causewayd", check=False).returncode != 0
    assert machine.run("test", "-e", "/var/lib/private/causeway/causeway.db", check=False).returncode == 0
    machine.run("dpkg", "--purge", "causeway")
    assert machine.run("test", "-e", "/var/lib/private/causeway", check=False).returncode != 0
    assert machine.run("test", "-e", "/etc/causeway", check=False).returncode != 0


def test_the_rpm_holds_what_the_deb_holds():
    deb = subprocess.run(["dpkg-deb", "--contents", str(package())], capture_output=True, text=True, check=True).stdout
    rpm = sorted(RELEASE.glob("causeway-*.rpm"))
    listed = subprocess.run(["rpm", "--query", "--list", "--package", str(rpm[-1])], capture_output=True, text=True, check=True).stdout
    in_deb = {line.split()[5].lstrip(".") for line in deb.splitlines() if not line.startswith("d")}
    in_rpm = set(listed.splitlines())
    assert in_deb <= in_rpm, in_deb - in_rpm
