"""The README, followed as written by somebody new: from init to a deployment, and the day after."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "aws"))

from bridge import bootstrap  # noqa: E402
from causeway import BUILD, publish  # noqa: E402
from gate.client import wait_for  # noqa: E402
from gate.fixtures import *  # noqa: E402, F403

README = (ROOT / "README.md").read_text()


def blocks() -> list[tuple[str, str]]:
    """The blocks that are to be run, each with what is to have happened before."""
    return [(before or "", text) for before, text in re.findall(r"<!-- run(?:: ([^>]*))? -->\n```sh\n(.*?)```", README, flags=re.DOTALL)]


class Reader:
    """One shell, in which the blocks are typed one after the other."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = str(probe.getsockname()[1])
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CAUSEWAY_"))}
        self.shell = subprocess.Popen(
            ["bash", "--norc"], cwd=directory, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True, env={**clean, **environment, "PATH": f"{BUILD}:{os.environ['PATH']}", "HOME": str(directory)})

    def type(self, text: str) -> str:
        """What was printed. Each line's command must end well; `watch` ends by Ctrl-C, as for a person."""
        assert self.shell.stdin and self.shell.stdout
        text = re.sub(r"^causewayctl watch (\S+)$", r"timeout --preserve-status -s INT 2 causewayctl watch \1", text, flags=re.MULTILINE)
        self.shell.stdin.write(f"set -e; {{ :; }}\n{text}\nset +e; echo @@done\n")
        self.shell.stdin.flush()
        printed = ""
        for line in self.shell.stdout:
            if line == "@@done\n":
                return printed
            printed += line
        raise AssertionError(f"the shell has ended in:\n{text}\nafter:\n{printed}")

    def close(self) -> None:
        os.killpg(self.shell.pid, signal.SIGTERM)
        self.shell.wait(20)


@pytest.fixture
def reader(sandbox: Any, bare: Any) -> Any:
    """In front of two accounts with what the templates of conf/bootstrap make, buckets and an image: no queue, no bus, no rule."""
    import tempfile
    # A Unix socket's path has at most 107 bytes, and pytest's directories are deep.
    bootstrap(bare)
    bare.put_image("latest")
    with tempfile.TemporaryDirectory(prefix="cw") as short:
        made = Reader(Path(short), sandbox.environment("prod"))
        yield made
        made.close()


def test_a_new_user_gets_from_init_to_a_deployment_by_the_readme_alone(reader: Reader, bare: Any, control: Any) -> None:
    control.sagemaker(invocations=[{"model_data_contains": "one", "body": "0.5\n"}])
    told = []
    for before, text in blocks():
        if "has built a model" in before:
            publish(bare, control, "deploy/one")
            wait_for(lambda: "awaiting_approval" in reader.type("causewayctl history fraud-scorer"), "the deployment to wait", 30)
        elif "has ended" in before:
            wait_for(lambda: "succeeded" in reader.type("causewayctl history fraud-scorer"), "the deployment to succeed", 30)
        told.append(reader.type(text.replace("9464", reader.port)))
        if "init" in text:
            reader.type(f"sed -i s/9464/{reader.port}/ causeway.yaml")
    assert "causeway.yaml: good, 2 accounts, 1 deployment" in told[0]
    assert "cannot be read" in told[1] and "create the queue causeway-events in prod" in told[1] and "nothing was changed" in told[1]
    assert " done, 0 failed" in told[2] and "0 calls to make" in told[2] and "the whole bridge is well" in told[2]
    assert "awaiting_approval" in told[3] and "approved" in told[3]
    assert "succeeded" in told[4] and "pinned the artifact s3://axcess-devst-sagemaker/" in told[4]
    assert told[5].endswith("ok\n")


def test_every_command_in_the_readme_is_one_that_there_is() -> None:
    named = set(re.findall(r"causewayctl ([a-z-]+(?: (?:list|show|send|drop|match|route|diff|can)\b)?)", README))
    for name in named - {"cannot"}:
        words = name.split() if name.split()[0] in ("redrive", "event", "policy") else name.split()[:1]
        asked = subprocess.run([BUILD / "causewayctl", "help", *words], capture_output=True, text=True, check=False)
        assert asked.returncode == 0, name


def test_every_file_that_the_readme_names_is_there() -> None:
    for path in set(re.findall(r"\b((?:conf|scripts|daemon|systemd|tests)/[\w./-]*\w)", README)):
        assert (ROOT / path).exists(), path
