"""A real systemd and journald, booted for a test in a container over this machine's root: see boot."""

import json
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

BOOT = Path(__file__).resolve().parent / "boot"
BOOT_SECONDS = 60


class Machine:
    """`with Machine() as machine: machine.run("systemctl", "status")`"""

    def __init__(self) -> None:
        self.name = "causeway-" + secrets.token_hex(4)
        self.place = Path(tempfile.mkdtemp(prefix="causeway-system-"))
        self.console = self.place.with_suffix(".console")
        self.nspawn: subprocess.Popen[bytes] | None = None
        self.init = 0

    def __enter__(self) -> "Machine":
        with self.console.open("wb") as console:
            self.nspawn = subprocess.Popen(
                ["unshare", "--mount", "--cgroup", str(BOOT), self.name, str(self.place)],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True)
        try:
            self._wait_booted()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait_booted(self) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < deadline:
            assert self.nspawn and self.nspawn.poll() is None, f"the boot failed: {self.console.read_text(errors='replace')[-3000:]}"
            self.init = self.init or self._find_init()
            if self.init:
                state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
                if state in ("running", "degraded"):
                    return
            time.sleep(0.1)
        raise AssertionError(f"systemd did not come up: {self.console.read_text(errors='replace')[-3000:]}")

    def _find_init(self) -> int:
        """The container's PID 1: nspawn's child that is called systemd."""
        assert self.nspawn
        todo, seen = [self.nspawn.pid], set()
        while todo:
            pid = todo.pop()
            seen.add(pid)
            try:
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
                comm = Path(f"/proc/{pid}/comm").read_text().strip()
            except OSError:
                continue
            if comm == "systemd":
                return pid
            todo += [int(child) for child in children if int(child) not in seen]
        return 0

    def _inside(self, *command: str) -> list[str]:
        return ["nsenter", "-t", str(self.init), "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *command]

    def run(self, *command: str, check: bool = True, stdin: str | None = None, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """A command inside, as root."""
        done = subprocess.run(
            self._inside(*command),
            input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds, check=False)
        if check and done.returncode:
            raise AssertionError(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def write(self, path: str, text: str, mode: str = "0644") -> None:
        self.run("install", "-D", "-m", mode, "/dev/stdin", path, stdin=text)

    def install(self, package: Path) -> None:
        """From a copy, as systemd's own /tmp hides what lies below this machine's."""
        copy = f"/var/tmp/{package.name}"
        subprocess.run(self._inside("install", "-D", "/dev/stdin", copy), input=package.read_bytes(), check=True, timeout=60)
        self.run("dpkg", "--install", copy)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", unit, "--property", name, "--value").stdout.strip()

    def journal(self, unit: str = "causewayd.service", **where: str) -> list[dict[str, Any]]:
        """The unit's journal entries with all their fields, oldest first."""
        self.run("journalctl", "--sync", check=False)
        out = self.run("journalctl", "--unit", unit, "--output", "json", "--no-pager", *(f"{k}={v}" for k, v in where.items())).stdout
        return [json.loads(line) for line in out.splitlines() if line.strip()]

    def wait(self, condition: Any, what: str, seconds: float = 30.0) -> Any:
        deadline = time.monotonic() + seconds
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > deadline:
                raise AssertionError(f"waited {seconds:g} s in vain for {what}\n{self.run('systemctl', 'status', '--no-pager', '--full', 'causewayd', check=False).stdout}")
            time.sleep(0.05)

    def close(self) -> None:
        """Powers it off; what does not end by that is killed: only processes that were started here."""
        if self.nspawn and self.nspawn.poll() is None:
            if self.init:
                try:
                    self.run("poweroff", check=False, seconds=20)
                    self.nspawn.wait(30)
                except (subprocess.TimeoutExpired, AssertionError):
                    pass
            if self.nspawn.poll() is None:
                os.killpg(self.nspawn.pid, signal.SIGKILL)
                self.nspawn.wait(10)
        shutil.rmtree(self.place, ignore_errors=True)
        self.console.unlink(missing_ok=True)
