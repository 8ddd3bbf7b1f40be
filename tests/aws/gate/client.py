"""The sandbox from a test's side: start and stop it, speak to its control API, make boto3 clients for its accounts."""

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode, urlparse

import boto3
from botocore.config import Config

_START_SECONDS = 60  # bound on the start-up, which takes about two
Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], what: str, seconds: float = 10.0, every: float = 0.02) -> Value:
    """What the condition returned, once that was true; AssertionError if it never was."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= deadline:
            raise AssertionError(f"waited {seconds:g} s in vain for {what}; last: {value!r}")
        time.sleep(every)


class Sandbox:
    """A gate in a process of its own. `with Sandbox.start(directory) as sandbox: ...`"""

    def __init__(self, process: subprocess.Popen[bytes], described: dict[str, Any], directory: Path) -> None:
        self.process = process
        self.described = described
        self.directory = directory
        self.endpoint: str = described["endpoint"]
        self.accounts: dict[str, dict[str, Any]] = described["accounts"]
        self._clients: dict[Any, Any] = {}

    @classmethod
    def start(cls, directory: Path, *options: str, port: int = 0) -> "Sandbox":
        directory.mkdir(parents=True, exist_ok=True)
        package = Path(__file__).resolve().parents[1]
        path = directory / "sandbox.json"
        path.unlink(missing_ok=True)
        log = (directory / "sandbox.log").open("ab")
        process = subprocess.Popen(
            [os.environ.get("PYTHON", sys.executable), "-P", "-m", "gate", "--port", str(port), "--directory", str(directory), *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={**_without_aws(os.environ), "PYTHONPATH": os.pathsep.join(filter(None, [str(package), os.environ.get("PYTHONPATH")]))},
        )
        log.close()

        def ready() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"the sandbox ended at once: {(directory / 'sandbox.log').read_text()[-2000:]}")
            return path.exists()

        try:
            wait_for(ready, "the sandbox to be ready", _START_SECONDS)
        except BaseException:
            process.kill()
            raise
        return cls(process, json.loads(path.read_text()), directory)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(10)

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def client(self, account: str, service: str, **options: Any) -> Any:
        """A boto3 client of the account's admin; the same one for the same question."""
        key = (account, service, repr(sorted(options.items())))
        if key not in self._clients:
            self._clients[key] = client_for(self.described, account, service, **options)
        return self._clients[key]

    def environment(self, account: str = "prod", who: str = "daemon") -> dict[str, str]:
        """What a process needs to work here as that account's `daemon` or `admin`."""
        chosen = self.accounts[account]
        keys = chosen["daemon"] if who == "daemon" else chosen
        return {
            "AWS_ENDPOINT_URL": self.endpoint, "AWS_REGION": chosen["region"],
            "AWS_ACCESS_KEY_ID": keys["access_key_id"], "AWS_SECRET_ACCESS_KEY": keys["secret_access_key"],
        }


def _without_aws(environment: Any) -> dict[str, str]:
    return {k: v for k, v in environment.items() if not k.startswith(("AWS_", "MOTO_"))}


def client_for(described: dict[str, Any], account: str, service: str, **options: Any) -> Any:
    chosen = described["accounts"][account]
    settings: dict[str, Any] = {
        "retries": {"mode": "standard", "total_max_attempts": 1}, "s3": {"addressing_style": "path"},
        "read_timeout": 60, "connect_timeout": 5, "max_pool_connections": 32,
    }
    settings.update(options.pop("config", {}))
    return boto3.session.Session().client(
        service, region_name=chosen["region"], endpoint_url=described["endpoint"], config=Config(**settings),
        **{"aws_access_key_id": chosen["access_key_id"], "aws_secret_access_key": chosen["secret_access_key"], **options},
    )


class Gate:
    """The control API. Everything that a test asks of the sandbox itself, rather than of AWS."""

    def __init__(self, endpoint: str) -> None:
        address = urlparse(endpoint)
        self._host, self._port = address.hostname or "127.0.0.1", address.port
        self._connection: http.client.HTTPConnection | None = None

    def health(self) -> dict[str, Any]:
        return self._ask("GET", "health")

    def reset(self) -> None:
        """An empty world: no resources, faults, violations, sessions; the users' keys stay."""
        self._ask("POST", "reset", {})

    # What was seen

    def calls(self, since: int = 0, **where: Any) -> list[dict[str, Any]]:
        """The calls after that sequence number, in the order in which they ended: calls(service="s3", operation="GetObject")."""
        found = self._ask("GET", f"calls?since={since}")
        return [call for call in found if all(call[k] == v for k, v in where.items())]

    def wait_call(self, seconds: float = 10.0, since: int = 0, **where: Any) -> dict[str, Any]:
        """The first such call, waited for."""
        return wait_for(lambda: self.calls(since, **where), f"a call {where}", seconds)[0]

    def last_sequence(self) -> int:
        return max((call["sequence"] for call in self.calls()), default=0)

    def violations(self) -> list[dict[str, Any]]:
        return self._ask("GET", "violations")

    def clear_violations(self) -> None:
        self._ask("DELETE", "violations")

    def dangers(self) -> list[dict[str, Any]]:
        return self._ask("GET", "dangers")

    def dropped_events(self) -> list[dict[str, Any]]:
        return self._ask("GET", "events/dropped")

    def delivered_events(self, event_id: str) -> list[dict[str, Any]]:
        """The hops that the event has made: {"id", "rule", "target"}, in order."""
        return [hop for hop in self.hops() if hop["id"] == event_id]

    def hops(self) -> list[dict[str, Any]]:
        """The hops that all events have made."""
        return self._ask("GET", "events/delivered")

    # What goes wrong

    def fault(self, do: str, match: dict[str, Any] | None = None, **options: Any) -> None:
        """One fault: fault("throttle", {"service": "sqs", "operation": "ReceiveMessage"}, nth=2). See faults.py."""
        self.faults([{"do": do, "match": match or {}, **options}])

    def faults(self, faults: list[dict[str, Any]]) -> None:
        self._ask("POST", "faults", faults)

    def fault_list(self) -> list[dict[str, Any]]:
        """The faults with how often each was seen and has struck."""
        return self._ask("GET", "faults")

    def clear_faults(self) -> None:
        """No more faults; what is held is released."""
        self._ask("DELETE", "faults")

    def held(self, wait: float = 0.0) -> list[dict[str, Any]]:
        """The calls that are held; waits until there is one, so long at most."""
        return self._ask("GET", "held?" + urlencode({"wait": wait}))

    def release(self) -> None:
        self._ask("POST", "release", {})

    def clock(self, skew_seconds: float) -> None:
        self._ask("POST", "clock", {"skew_seconds": skew_seconds})

    def expire_sessions(self, principal: str = "") -> int:
        """Ends the sessions whose ARN contains the text."""
        return self._ask("POST", "sessions/expire", {"principal": principal})["expired"]

    def secrets(self, principal: str = "") -> list[str]:
        """Secret keys and session tokens given out so far to principals whose ARN contains the text."""
        return self._ask("GET", "secrets?" + urlencode({"principal": principal}))

    def metadata(self, **settings: Any) -> None:
        """lifetime_seconds of the credentials given out from now on; container_token that Authorization must say."""
        self._ask("POST", "metadata", settings)

    # What the services do

    def sagemaker(self, **settings: Any) -> dict[str, Any]:
        """durations, stuck, rules, invocations, events: see additions/sagemaker.py."""
        return self._ask("POST", "sagemaker", settings)

    def sagemaker_release(self) -> int:
        return self._ask("POST", "sagemaker/release", {})["released"]

    def force_endpoint(self, account: str, name: str, status: str, failure_reason: str | None = None) -> None:
        """Puts an endpoint into a state that nothing here leads to, such as SystemUpdating."""
        self._ask("POST", "sagemaker/endpoint", {
            "account": account, "name": name, "status": status, "failure_reason": failure_reason})

    def iam(self, **settings: Any) -> dict[str, Any]:
        """unknown_uses=N: the roles made from now on are unknown to the first N policies that name them."""
        return self._ask("POST", "iam", settings)

    def sqs(self, **settings: Any) -> dict[str, Any]:
        """duplicates=N; late={"count": N, "seconds": S}."""
        return self._ask("POST", "sqs", settings)

    def make_visible(self, queue: str | None = None) -> int:
        """Ends the visibility timeouts, as waiting would."""
        return self._ask("POST", "sqs/visible", {"queue": queue})["messages"]

    def put_sparse(self, bucket: str, key: str, size: int) -> dict[str, Any]:
        """An object of so many bytes, of which there are none; {"url", "version_id"}."""
        return self._ask("POST", "sparse", {"bucket": bucket, "key": key, "bytes": size})

    def sparse(self) -> dict[str, int]:
        """"BUCKET/KEY" and size of those that there are."""
        return self._ask("GET", "sparse")

    def spoil_layers(self) -> None:
        """The bytes of every image's layers become others, under the same digests."""
        self._ask("POST", "layers/spoil", {})

    def event(self, account: str, event: dict[str, Any], bus: str = "default", times: int = 1) -> dict[str, Any]:
        """A service's own event (its source may begin with "aws."), with the id and time that it says; the envelope."""
        return self._ask("POST", "events", {"account": account, "event": event, "bus": bus, "times": times})

    def codepipeline(self, account: str, **given: Any) -> None:
        """jobs=[id]; pipeline=name with executions=[...] and actions=[...], as the API shows them."""
        self._ask("POST", "codepipeline", {"account": account, **given})

    def package(self, account: str, group: str, version: int, **given: Any) -> dict[str, Any]:
        """A model package, new or changed: approval=, containers=, shared=; {"arn", "time"}. No event is sent."""
        return self._ask("POST", "registry", {"account": account, "group": group, "version": version, **given})

    def stacks(self, **given: Any) -> None:
        """failures=[{"resource", "reason", "nested", "rollback_fails"}]: what the next executions of changes come to."""
        self._ask("POST", "stacks", given)

    def alarm(self, account: str, name: str, state: str = "OK") -> None:
        """An alarm of the operator's own, in that state."""
        self._ask("POST", "alarms", {"account": account, "name": name, "state": state})

    def alarms(self) -> list[dict[str, Any]]:
        return self._ask("GET", "alarms")

    def jobs(self) -> dict[str, dict[str, Any]]:
        return self._ask("GET", "codepipeline/jobs")

    def _ask(self, method: str, path: str, arguments: Any = None) -> Any:
        body = None if arguments is None else json.dumps(arguments)
        for attempt in (1, 2):
            if self._connection is None:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=120)
            try:
                self._connection.request(method, "/_gate/" + path, body)
                answer = self._connection.getresponse()
                text = answer.read()
                break
            except (http.client.HTTPException, OSError):
                self._connection.close()
                self._connection = None
                if attempt == 2:
                    raise
        document = json.loads(text)
        if answer.status != 200:
            raise ValueError(f"{method} /_gate/{path}: {document.get('error')}")
        return document
