"""What every bench needs: the fake server on one core, a consumer on the other, and how much it took."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Callable

import yaml

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / "build" / "bench"
BUILD = Path(os.environ.get("BENCH_DAEMON", HOME / "release"))  # where the daemon is,
TOOLS = Path(os.environ.get("BENCH_TOOLS", BUILD / "tests"))  # and what belongs to the benches
PEERS = ROOT / "tests" / "bench" / "peers"
PROD, STAGING = "361769565206", "345594592951"
QUEUE = "causeway-events"
URL = f"https://sqs.us-east-1.amazonaws.com/{PROD}/{QUEUE}"
ENDPOINT = "scorer"
TICK = os.sysconf("SC_CLK_TCK")
CORES = sorted(os.sched_getaffinity(0))
WAIT_SECONDS = 120


pinned = True  # counts, which do not hang on it, are taken side by side


def on_core(number: int) -> Callable[[], None] | None:
    """To be called in the child: the server on the last core, whoever is measured on the first."""
    return (lambda: os.sched_setaffinity(0, {CORES[number]})) if pinned else None


@contextmanager
def _staying_on(core: int) -> Iterator[None]:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def beside_the_server() -> AbstractContextManager[None]:
    """This process on the server's core, so that it takes nothing from who is measured: where asking is rare."""
    return _staying_on(CORES[-1])


def in_the_consumers_place() -> AbstractContextManager[None]:
    """This process on the core of who is measured, to see what that one can have of it."""
    return _staying_on(CORES[0])


def wait_for(what: Callable[[], Any], name: str, seconds: float = WAIT_SECONDS, every: float = 0.02) -> Any:
    end = time.monotonic() + seconds
    while not (found := what()):
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds} s for {name}")
        time.sleep(every)
    return found


class Server:
    def __init__(self) -> None:
        self.process = subprocess.Popen([str(TOOLS / "bench_server")], stdout=subprocess.PIPE, text=True, preexec_fn=on_core(-1))
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())
        self.url = f"http://127.0.0.1:{self.port}"

    def tell(self, what: str, body: str = "", **settings: Any) -> None:
        query = "&".join(f"{name}={value}" for name, value in settings.items())
        self._ask("POST", f"/_bench/{what}?{query}", body)

    def counts(self) -> dict[str, Any]:
        return json.loads(self._ask("GET", "/_bench/counts", ""))

    def calls(self, operation: str) -> int:
        return self.counts()["operations"].get(operation, {}).get("calls", 0)

    def _ask(self, method: str, path: str, body: str) -> bytes:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request(method, path, body.encode())
        answer = connection.getresponse().read()
        connection.close()
        return answer

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


class Consumer:
    """A process that is measured. All of its CPU counts: user and system, all threads."""

    def __init__(self, command: list[str], server: Server, directory: Path, **environment: str) -> None:
        self.directory = directory
        self.output = (directory / "output").open("ab")
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "NOTIFY_"))}
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=self.output, stderr=self.output, preexec_fn=on_core(0),
            env={**clean, "AWS_ENDPOINT_URL": server.url, "AWS_ACCESS_KEY_ID": "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
                 "AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "HOME": str(directory),
                 "AWS_EC2_METADATA_DISABLED": "true", "PEERS": str(HOME), **environment})

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text()

    def cpu(self) -> float:
        """Seconds, to the nanosecond as the scheduler counts them; threads that ended are in the ticks only."""
        return sum(self.threads().values())

    def kernel(self) -> float:
        """Seconds of it that were the kernel's, to a tick."""
        return self._kernel("stat")

    def main_kernel(self) -> float:
        """The main thread's seconds of those."""
        return self._kernel(f"task/{self.process.pid}/stat")

    def _kernel(self, name: str) -> float:
        return int(self._proc(name).rsplit(")", 1)[1].split()[12]) / TICK

    def threads(self) -> dict[str, float]:
        """Seconds by thread, the first one's being the main one's."""
        return {t: int(Path(f"/proc/{self.process.pid}/task/{t}/schedstat").read_text().split()[0]) / 1e9
                for t in sorted(os.listdir(f"/proc/{self.process.pid}/task"), key=int)}

    def memory(self) -> dict[str, float]:
        """Megabytes that are resident; own: without pages of the program and its libraries, which come and go."""
        status, rollup = self._proc("status"), self._proc("smaps_rollup")

        def kilobytes(name: str, text: str) -> float:
            found = re.search(rf"^{name}:\s+(\d+) kB", text, re.M)
            return int(found.group(1)) / 1024 if found else 0.0

        return {"rss": kilobytes("VmRSS", status), "own": kilobytes("RssAnon", status), "peak": kilobytes("VmHWM", status), "dirty": kilobytes("Private_Dirty", rollup)}

    def switches(self) -> int:
        """Times that a thread of it was woken up."""
        return sum(int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", Path(f"/proc/{self.process.pid}/task/{t}/status").read_text(), re.M).group(1))
                   for t in os.listdir(f"/proc/{self.process.pid}/task"))

    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self) -> None:
        if self.alive():
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.output.close()

    def __enter__(self) -> "Consumer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()


def configuration(directory: Path, **changes: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "version": "1", "home": "prod",
        "accounts": {"prod": {"id": PROD, "region": "us-east-1"}},
        "queue": {"name": QUEUE, "url": URL, "receivers": "1", "visibility": "60s"},
        "store": {"sqlite": str(directory / "causeway.db")},
        "listen": {"control": str(directory / "s")},
        "deployments": {"scorer": {
            "on": {"source": ["bench"]},
            "artifact": {"bucket": "artifacts", "key": {"event": "/detail/key"}, "form": "model"},
            "endpoint": ENDPOINT, "execution_role": f"arn:aws:iam::{PROD}:role/execution", "model_bucket": "prod-models",
            "container": {"image": f"{PROD}.dkr.ecr.us-east-1.amazonaws.com/scorer:latest"},
            "variant": {"name": "main", "instance_type": "ml.m5.xlarge", "count": "2"},
        }},
    }
    for name, value in changes.items():
        whole[name] = {**whole[name], **value} if isinstance(whole.get(name), dict) and name in ("queue", "accounts") else value
    return whole


def event(number: int, size: int = 2500, **detail: Any) -> str:
    """An event that the configuration's deployment takes, of so many bytes."""
    whole = {
        "version": "0", "id": f"6f87d04b-9f74-4f04-a780-{number:012d}", "detail-type": "Bench", "source": "bench", "account": PROD,
        "time": "2026-11-25T09:30:12Z", "region": "us-east-1", "resources": [],
        "detail": {"key": f"models/{number}.tar.gz", **detail, "padding": ""},
    }
    text = json.dumps(whole, separators=(",", ":"))
    whole["detail"]["padding"] = "x" * max(0, size - len(text))
    return json.dumps(whole, separators=(",", ":"))


def endpoint_event(name: str, number: int) -> str:
    return json.dumps({
        "version": "0", "id": f"6f87d04b-9f74-4f04-a781-{number:012d}", "detail-type": "SageMaker Endpoint State Change",
        "source": "aws.sagemaker", "account": PROD, "time": "2026-11-25T09:30:12Z", "region": "us-east-1", "resources": [],
        "detail": {"EndpointName": name, "EndpointStatus": "IN_SERVICE"}}, separators=(",", ":"))


def daemon(server: Server, directory: Path, wrapper: tuple[str, ...] = (), environment: dict[str, str] | None = None,
           **changes: Any) -> Consumer:
    config = directory / "causeway.yaml"
    config.write_text(yaml.safe_dump(configuration(directory, **changes), sort_keys=False))
    return Consumer([*wrapper, str(BUILD / "causewayd"), "--config", str(config), "--log-format", "plain", "--log-level", "notice"],
                    server, directory, **(environment or {}))


def peer(name: str, server: Server, directory: Path) -> Consumer:
    commands = {
        "sqs-consumer": ["node", str(PEERS / "consumer.mjs"), URL],
        "boto3 + SQLite": [sys.executable, str(PEERS / "consumer.py"), URL, str(directory / "messages.db")],
        "aws-sdk-go-v2": [str(HOME / "go" / "consumer.bin"), URL],
    }
    return Consumer(commands[name], server, directory)


def peers() -> list[str]:
    """Those that are installed; the table says which are left out."""
    found = ["sqs-consumer", "boto3 + SQLite"]
    return found + (["aws-sdk-go-v2"] if (HOME / "go" / "consumer.bin").exists() else [])


def start(name: str, server: Server, directory: Path, **changes: Any) -> Consumer:
    return daemon(server, directory, **changes) if name == "causewayd" else peer(name, server, directory)


def directory() -> tempfile.TemporaryDirectory[str]:
    """On the disk of the build folder: a commit costs what it costs there."""
    HOME.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix="r", dir=HOME)
