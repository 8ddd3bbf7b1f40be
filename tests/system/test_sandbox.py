"""Every directive that shuts the service in is in force: what each forbids is tried from inside, in the daemon's place."""

import json
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).resolve().parent / "probe.py"
INSTEAD = """Type=oneshot
ExecStart=
ExecStart=/usr/bin/python3 -I /usr/local/lib/causeway-probe.py
Restart=no
WatchdogSec=0
"""


@pytest.fixture
def attempts(service: Any) -> dict[str, str]:
    """How each attempt of the probe went in the service's place."""
    service.machine.write("/usr/local/lib/causeway-probe.py", PROBE.read_text())
    service.machine.write("/tmp/of-somebody-else", "secret")
    service.drop_in("probe", INSTEAD)
    service.start()
    said = service.machine.wait(
        lambda: next((e["MESSAGE"] for e in service.machine.journal() if str(e.get("MESSAGE", "")).startswith("PROBE ")), None), "the probe's answer")
    return json.loads(said.removeprefix("PROBE "))


def test_what_each_directive_forbids_cannot_be_done(attempts, service):
    assert len(attempts) >= 20
    assert {name: how for name, how in attempts.items() if how == "done"} == {}
    assert service.machine.show("causewayd", "MemoryMax") == str(512 << 20)
    assert service.machine.show("causewayd", "TasksMax") == "64"


def test_outside_of_the_sandbox_most_of_it_can(machine):
    """So that the test above says something: as root, without the unit, these are done."""
    machine.write("/usr/local/lib/causeway-probe.py", PROBE.read_text().replace("/var/lib/causeway/probe", "/srv/probe"))
    machine.write("/tmp/of-somebody-else", "secret")
    said = machine.run("/usr/bin/python3", "-I", "/usr/local/lib/causeway-probe.py").stdout
    done = [name for name, how in json.loads(said.removeprefix("PROBE ")).items() if how == "done"]
    assert {"MemoryDenyWriteExecute", "RestrictAddressFamilies: netlink", "LockPersonality", "RestrictSUIDSGID", "ProcSubset", "PrivateTmp",
            "UMask", "DynamicUser"} <= set(done), done
