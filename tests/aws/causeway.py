"""The real causewayd and causewayctl from a test's side: a configuration for the sandbox's world, start, ask, kill."""

import io
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

import yaml
from gate.client import Sandbox, wait_for
from gate.world import ARTIFACT_BUCKET, EXTERNAL_ID, MODEL_BUCKET, QUEUE, REPOSITORY, SAGEMAKER_BUCKET, World

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAUSEWAY_BUILD", ROOT / "build"))
ENDPOINT = "fraud-scorer"
PIPELINE = "fraud-scorer-deploy"
START_SECONDS = 30
ENDED = {"succeeded", "rolled_back", "failed", "superseded", "cancelled", "rejected"}


SHOWN_ENTRIES, SHOWN_BYTES = 40, 64 * 1024  # of a journal's end
SEEN_MESSAGES = ROOT / "build" / "log" / "messages"


def note_messages(journal: Path) -> None:
    """Which entries of the catalog a journal has: tests/check-messages looks, at the end of a test run, that none is missing."""
    if journal.exists():
        SEEN_MESSAGES.mkdir(parents=True, exist_ok=True)
        for identity in set(re.findall(r'"MESSAGE_ID": ?"([0-9a-f]{32})"', journal.read_text(errors="replace"))):
            (SEEN_MESSAGES / identity).touch()


def show_end(journal: Path, how: str) -> None:
    """What a daemon said last, as output of the test's end: pytest shows it below a test that failed."""
    print(f"{journal.parent.name}: causewayd {how}; it had said, at the end:")
    with journal.open("rb") if journal.exists() else io.BytesIO() as file:
        file.seek(max(0, file.seek(0, os.SEEK_END) - SHOWN_BYTES))
        for line in file.read().decode(errors="replace").splitlines()[-SHOWN_ENTRIES:]:
            said = re.search(r'"TIMESTAMP": ?"[^"T]*T([^"]*)".*"MESSAGE": ?"((?:[^"\\]|\\.)*)"', line)
            print("  ", *(said.groups() if said else [line]))


def configuration(world: World, directory: Path, **changes: Any) -> dict[str, Any]:
    """The configuration of the design's example, for the sandbox. `deployment=` changes its one deployment; any other
    key replaces a part of the whole."""
    deployment: dict[str, Any] = {
        "on": {
            "source": ["aws.codepipeline"], "detail-type": ["CodePipeline Action Execution State Change"],
            "detail": {"pipeline": [PIPELINE], "action": ["DeployStaging"], "state": ["SUCCEEDED"]},
        },
        "artifact": {"pipeline": "BuildArtifact", "form": "manifest"},
        "artifact_buckets": [ARTIFACT_BUCKET, SAGEMAKER_BUCKET], "repositories": [REPOSITORY],
        "endpoint": ENDPOINT, "execution_role": world.execution_role_arn, "model_bucket": MODEL_BUCKET,
        "container": {"image": world.image(), "environment": {"LOG": "info"}},
        "variant": {"name": "main", "instance_type": "ml.m5.xlarge", "count": "2"},
        "verify": [{"body": "1,2,3", "content_type": "text/csv", "expect": {"status": "200", "matches": "^[0-9.]+$"}}],
        "retry": {"within": "20s"}, "keep": "3",
    }
    deployment.update(changes.pop("deployment", {}))
    deployment = {name: value for name, value in deployment.items() if value is not None}
    whole: dict[str, Any] = {
        "version": "1", "home": "prod",
        "accounts": {
            "prod": {"id": world.prod, "region": world.region},
            "staging": {"id": world.staging, "region": world.region, "assume_role": world.staging_role_arn,
                        "external_id": EXTERNAL_ID},
        },
        "queue": {"name": QUEUE, "receivers": "2", "visibility": "60s"},
        "store": {"sqlite": str(directory / "causeway.db")},
        "listen": {"control": str(directory / "control.sock")},
        "deployments": {"fraud-scorer": deployment},
    }
    whole.update(changes)
    return whole


class Daemon:
    """One causewayd process at a time over one directory: configuration, store, socket and journal are kept between
    starts. What it says goes to `journal.jsonl`."""

    def __init__(self, sandbox: Sandbox, world: World, directory: Path, **changes: Any) -> None:
        self.sandbox, self.world, self.directory = sandbox, world, directory
        directory.mkdir(parents=True, exist_ok=True)
        self.config = directory / "causeway.yaml"
        self.journal = directory / "journal.jsonl"
        # A Unix socket's path has at most 107 bytes, and pytest's directories are deep.
        self._short = tempfile.TemporaryDirectory(prefix="cw")
        self.socket = Path(self._short.name) / "control.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.environment = sandbox.environment("prod")
        self.configure(**changes)

    def configure(self, **changes: Any) -> None:
        whole = configuration(self.world, self.directory, **changes)
        whole["listen"] = {**whole["listen"], "control": str(self.socket)}
        self.config.write_text(yaml.safe_dump(whole, sort_keys=False))

    def start(self, ready: bool = True, wrapper: tuple[str, ...] = (), **environment: str) -> "Daemon":
        """Starts it as systemd would, and waits for READY=1."""
        assert self.process is None or self.process.poll() is not None
        notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = Path(self._short.name) / "notify"
        path.unlink(missing_ok=True)
        notify.bind(str(path))
        notify.settimeout(0.05)
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        # LeakSanitizer cannot look at a process that a test kills; those that end by themselves are looked at.
        with self.journal.open("ab") as journal:
            self.process = subprocess.Popen(
                [*wrapper, str(BUILD / "causewayd"), "--config", str(self.config), "--log-format", "json", "--log-level", "debug"],
                stdin=subprocess.DEVNULL, stdout=journal, stderr=journal,
                env={**clean, **self.environment, "NOTIFY_SOCKET": str(path), "HOME": str(self.directory), **environment},
            )
        self.notified: list[str] = []
        threading.Thread(target=self._listen, args=(notify, self.process, self.notified), daemon=True).start()
        if ready:
            wait_for(self._is_ready, "causewayd to be ready", START_SECONDS)
        return self

    def _is_ready(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(f"causewayd ended with {self.process.returncode}: {self.said()[-3:]}")
        return any("READY=1" in text.split("\n") for text in self.notifications())

    def notifications(self) -> list[str]:
        """All that was said to systemd so far."""
        return self.notified

    @staticmethod
    def _listen(notify: socket.socket, process: subprocess.Popen[bytes], notified: list[str]) -> None:
        """Reads on as systemd does: a process that says more than the socket holds would wait for its reader."""
        with notify:
            while True:
                try:
                    notified.append(notify.recv(4096).decode())
                except TimeoutError:
                    if process.poll() is not None:
                        return

    def kill(self) -> None:
        """kill -9, as at any instant."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self, seconds: float = 15.0) -> int:
        """SIGTERM; the exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def close(self) -> None:
        status = self.process.poll() if self.process is not None else "was not started"
        if self.process is not None and status is None:
            self.kill()
        note_messages(self.journal)
        show_end(self.journal, f"had ended with {status}" if isinstance(status, int) else status or "ran still")
        self._short.cleanup()

    # Asking

    def ctl(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        clean = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        return subprocess.run(
            [str(BUILD / "causewayctl"), "--config", str(self.config), "--socket", str(self.socket), *arguments],
            input=stdin, capture_output=True, text=True, timeout=120, check=False, env={**clean, **self.environment})

    def ask(self, *arguments: str) -> Any:
        answer = self.ctl("--json", *arguments)
        assert answer.returncode == 0, answer.stderr or answer.stdout
        return json.loads(answer.stdout)

    def said(self, **where: Any) -> list[dict[str, Any]]:
        """The journal's entries, those that have these fields: said(CAUSEWAY_STATE="failed")."""
        found = []
        for line in self.journal.read_text(errors="replace").splitlines():
            try:
                entry = json.loads(line)
            except json.JSONDecodeError:
                entry = {"MESSAGE": line}
            if all(entry.get(name) == value for name, value in where.items()):
                found.append(entry)
        return found

    def wait_said(self, text: str, seconds: float = 20.0) -> dict[str, Any]:
        return wait_for(lambda: next((e for e in self.said() if text in e.get("MESSAGE", "")), None), f"the journal to say {text!r}", seconds)

    def history(self, endpoint: str = ENDPOINT) -> list[dict[str, Any]]:
        return self.ask("history", endpoint)["deployments"]

    def deployments(self) -> dict[str, dict[str, Any]]:
        return {record["id"]: record for record in self.history()}

    def wait_ended(self, count: int = 1, endpoint: str = ENDPOINT, seconds: float = 60.0) -> list[dict[str, Any]]:
        """Waits until so many deployments of the endpoint have ended, tidied up and all; newest first."""

        def ended() -> list[dict[str, Any]]:
            if self.process.poll() is not None:
                raise AssertionError(f"causewayd ended with {self.process.returncode}: {self.said()[-3:]}")
            done = [r for r in self.history(endpoint) if r["state"] in ENDED and not r["open"]]
            return done if len(done) >= count else []

        try:
            return wait_for(ended, f"{count} deployments to end", seconds, every=0.05)
        except AssertionError as error:
            raise AssertionError(f"{error}\nhistory: {json.dumps(self.history(endpoint), indent=1)[-3000:]}\n"
                                 f"journal: {[e.get('MESSAGE') for e in self.said()][-25:]}") from None


def publish(world: World, gate: Any, key: str = "fraud-scorer-deploy/BuildArti/one", *, model: bytes = b"0.5\n",
            manifest: dict[str, Any] | None = None, **envelope: Any) -> dict[str, Any]:
    """A new model version in staging, and the event of the pipeline that built it; the envelope."""
    data = world.put_model(f"models/{key}.tar.gz", model)
    document = {"model_data": data["url"], **(manifest or {})}
    world.put_object(ARTIFACT_BUCKET, key, json.dumps(document).encode())
    return gate.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, key, **envelope))
