"""The installed package under a real systemd: what the unit promises, tried."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from causeway import publish
from gate.client import wait_for

ROOT = Path(__file__).resolve().parents[2]
ENDED = {"succeeded", "rolled_back", "failed"}


def history(service: Any) -> list[dict[str, Any]]:
    return json.loads(service.ctl("--json", "history", "fraud-scorer").stdout)["deployments"]


def wait_ended(service: Any) -> dict[str, Any]:
    return service.machine.wait(
        lambda: next((r for r in history(service) if r["state"] in ENDED and not r["open"]), None), "a deployment to end")


def test_given_the_package_when_the_service_starts_then_it_is_ready_and_says_how_it_is(service):
    service.start()
    assert service.machine.show("causewayd", "ActiveState") == "active"
    assert "0 deployments open" in service.machine.show("causewayd", "StatusText")


def test_given_no_queue_when_the_service_starts_then_it_is_ready_in_the_end_and_the_status_says_why(service, world):
    world.client("prod", "sqs").delete_queue(QueueUrl=world.queue_url)
    service.start()
    assert "The queue cannot be read" in service.machine.show("causewayd", "StatusText")


def test_given_a_wrong_file_when_the_service_starts_then_the_start_fails_and_the_journal_names_the_place(service):
    service.machine.write("/etc/causeway/causeway.yaml", "version: 1\nhmoe: prod\n")
    assert service.machine.run("systemctl", "start", "causewayd", check=False).returncode != 0
    said = " ".join(entry["MESSAGE"] for entry in service.machine.journal())
    assert "causeway.yaml:2:1" in said and "home" in said


def test_given_a_good_file_when_systemctl_reloads_then_it_is_in_force_and_with_a_bad_one_the_command_fails(service, world, control):
    service.start()
    pid = service.pid()
    service.configure(deployment={"endpoint": "another"})
    service.machine.run("systemctl", "reload", "causewayd")
    service.machine.write("/etc/causeway/causeway.yaml", "version: 1\nhmoe: prod\n")
    assert service.machine.run("systemctl", "reload", "causewayd", check=False).returncode != 0
    assert service.machine.show("causewayd", "ActiveState") == "active" and service.pid() == pid
    publish(world, control)
    found = service.machine.wait(lambda: json.loads(service.ctl("--json", "--socket", "/run/causeway/control.sock", "history", "another").stdout)["deployments"], "a deployment")
    assert found[0]["endpoint"] == "another"


def test_given_a_loop_that_hangs_when_the_watchdog_expires_then_systemd_restarts_it(service):
    service.drop_in("watchdog", "WatchdogSec=2s\nWatchdogSignal=SIGKILL\nRestartSec=100ms\n")
    service.start()
    pid = service.pid()
    service.machine.run("kill", "-STOP", str(pid))
    service.machine.wait(lambda: service.pid() not in (0, pid) and service.machine.show("causewayd", "ActiveState") == "active",
                         "a new process")
    assert int(service.machine.show("causewayd", "NRestarts")) == 1


def test_given_a_deployment_under_way_when_it_is_killed_then_systemd_restarts_it_and_the_deployment_goes_on(service, world, control):
    service.drop_in("restart", "RestartSec=100ms\n")
    control.sagemaker(stuck=["creating"])
    service.start()
    publish(world, control)
    service.machine.wait(lambda: [r for r in history(service) if r["state"] == "settling"], "it to settle")
    service.machine.run("kill", "-KILL", str(service.pid()))
    service.machine.wait(lambda: service.machine.show("causewayd", "NRestarts") == "1", "a restart")
    control.sagemaker_release()
    service.machine.wait(lambda: service.ctl("status", check=False).returncode == 0, "the daemon to answer again")
    assert wait_ended(service)["state"] == "succeeded"
    assert len(control.calls(operation="CreateEndpoint")) == 1


def test_given_a_running_service_when_it_is_stopped_then_it_ends_by_itself_within_seconds(service):
    service.start()
    service.machine.run("systemctl", "stop", "causewayd", seconds=15)
    assert service.machine.show("causewayd", "Result") == "success"


def test_given_a_deployment_when_it_ends_then_the_journal_has_its_fields_and_a_catalog_text(service, world, control):
    service.start()
    publish(world, control)
    record = wait_ended(service)
    entries = service.machine.wait(lambda: service.machine.journal(CAUSEWAY_DEPLOYMENT=record["id"], CAUSEWAY_STATE="succeeded"), "the entry")
    entry = entries[-1]
    assert entry["CAUSEWAY_ENDPOINT"] == "fraud-scorer" and entry["CAUSEWAY_EVENT"] == record["event_id"] and len(entry["MESSAGE_ID"]) == 32
    explained = service.machine.run("journalctl", "-x", "--no-pager", f"MESSAGE_ID={entry['MESSAGE_ID']}").stdout
    assert "exactly the configuration that was asked for" in " ".join(explained.split())


def test_every_kind_of_entry_has_a_text_in_the_catalog(service):
    catalog = service.machine.run("journalctl", "--list-catalog").stdout
    listed = {line.split()[0] for line in catalog.splitlines() if line.strip()}
    kinds = set(re.findall(r'^MESSAGE\(\w+, "([0-9a-f]{32})"', (ROOT / "daemon/base/messages.def").read_text(), flags=re.MULTILINE))
    assert len(kinds) > 30 and kinds <= listed, kinds - listed


@pytest.fixture
def people(service):
    service.machine.run("useradd", "--create-home", "ada", check=False)
    service.machine.run("usermod", "--append", "--groups", "causeway", "ada")
    service.machine.run("useradd", "--create-home", "eve", check=False)
    return service


def test_given_the_group_when_its_members_ask_then_they_are_answered_and_others_are_not(people):
    people.start()
    mode = people.machine.run("stat", "--format", "%a %G", "/run/causeway/control.sock").stdout.split()
    assert mode == ["660", "causeway"]
    assert people.ctl("--socket", "/run/causeway/control.sock", "status", user="ada").returncode == 0
    assert people.ctl("--socket", "/run/causeway/control.sock", "status", user="eve", check=False).returncode == 3


# The sandbox of the unit, tried


def inside(service: Any, *command: str) -> Any:
    """A command in the namespaces of the daemon, with its user, groups and no capability."""
    pid = str(service.pid())
    status = service.machine.run("cat", f"/proc/{pid}/status").stdout
    uid = next(line.split()[1] for line in status.splitlines() if line.startswith("Uid:"))
    return service.machine.run("nsenter", "-t", pid, "-m", "setpriv", "--reuid", uid, "--clear-groups", "--bounding-set=-all", *command, check=False)


def test_given_the_running_service_then_it_has_no_capability_and_can_get_none(service):
    service.start()
    status = dict(line.split(":\t", 1) for line in service.machine.run("cat", f"/proc/{service.pid()}/status").stdout.splitlines() if ":\t" in line)
    assert {status[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert status["NoNewPrivs"] == "1" and status["Seccomp"] == "2"
    assert int(status["Uid"].split()[1]) != 0


@pytest.mark.parametrize("path", ["/etc/causeway/x", "/usr/x", "/var/lib/x", "/home/x", str(Path("~root/x").expanduser()), "/boot/x", "/x"])
def test_given_the_running_service_when_it_writes_elsewhere_than_into_its_state_then_it_cannot(service, path):
    service.start()
    assert inside(service, "touch", path).returncode != 0


def test_given_the_running_service_when_it_writes_its_state_then_it_can(service):
    service.start()
    assert inside(service, "touch", "/var/lib/causeway/x").returncode == 0


def test_given_the_running_service_when_it_looks_around_then_devices_and_homes_are_not_there(service):
    service.start()
    assert inside(service, "ls", "/dev/mem").returncode != 0
    assert inside(service, "ls", "/root").returncode != 0


def test_the_unit_is_as_closed_as_systemd_can_tell(service):
    report = service.machine.run("systemd-analyze", "security", "--no-pager", "causewayd.service").stdout
    overall = next(line for line in report.splitlines() if "Overall exposure level" in line)
    assert float(overall.split(":")[1].split()[0]) <= 1.5, report
