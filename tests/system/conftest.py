"""The package, installed in a real systemd, beside the local AWS."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from causeway import configuration  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403
from machine import Machine  # noqa: E402

RELEASE = Path(os.environ.get("CAUSEWAY_RELEASE", ROOT / "build" / "release"))


def package() -> Path:
    """What cpack made; scripts/test does."""
    found = sorted(RELEASE.glob("causeway_*.deb"))
    assert found, f"there is no causeway_*.deb in {RELEASE}: cpack makes it"
    return found[-1]


class Service:
    """causewayd.service in the machine, and what a person at its console does."""

    def __init__(self, machine: Machine, sandbox: Any, world: Any) -> None:
        self.machine, self.sandbox, self.world = machine, sandbox, world

    def configure(self, **changes: Any) -> None:
        whole = configuration(self.world, Path("/var/lib/causeway"), **changes)
        whole["listen"] = {"control": "/run/causeway/control.sock"}
        self.machine.write("/etc/causeway/causeway.yaml", yaml.safe_dump(whole, sort_keys=False))

    def drop_in(self, name: str, text: str) -> None:
        self.machine.write(f"/etc/systemd/system/causewayd.service.d/{name}.conf", "[Service]\n" + text)
        self.machine.run("systemctl", "daemon-reload")

    def start(self) -> None:
        self.machine.run("systemctl", "reset-failed", "causewayd", check=False)
        self.machine.run("systemctl", "start", "causewayd")

    def pid(self) -> int:
        """As the machine counts."""
        return int(self.machine.show("causewayd", "MainPID"))

    def ctl(self, *arguments: str, user: str = "", check: bool = True) -> Any:
        as_user = ("runuser", "-u", user, "--") if user else ()
        return self.machine.run(*as_user, "causewayctl", *arguments, check=check)


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    with Machine() as booted:
        booted.install(package())
        yield booted


@pytest.fixture
def service(machine: Machine, sandbox: Any, world: Any) -> Iterator[Service]:
    """Configured for the sandbox, not started; its state is fresh."""
    made = Service(machine, sandbox, world)
    made.configure()
    machine.run("journalctl", "--rotate", "--vacuum-time=1s", check=False)
    environment = "".join(f'Environment="{k}={v}"\n' for k, v in sandbox.environment("prod").items())
    made.drop_in("aws", environment)
    yield made
    machine.run("systemctl", "stop", "causewayd", check=False)
    machine.run("rm", "-rf", "/etc/systemd/system/causewayd.service.d", "/var/lib/private/causeway")
    machine.run("systemctl", "daemon-reload")
    machine.run("systemctl", "reset-failed", "causewayd", check=False)
