"""The benches of the bridge: how many calls a pass makes, and what it costs, when nothing has changed."""

import json
import socket
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import Any

import accounts
import yaml
from accounts import ACK, TERRAFORM, Resource, calls_of, mixed, policy, repository, role
from world import BUILD, HOME, PEERS, PROD, STAGING, Consumer, Server, configuration, daemon, directory, wait_for

Numbers = dict[str, float]
OURS, TERRAFORM_IN_GO = "causewayd", "Terraform's calls in Go"
PASSES = 40
NEVER = "24h"  # no pass but those that are asked for
GUIDE, ROLES, MIXED, FEW = "the guide's set-up", "1,000 roles with a policy each", "2,000 mixed", "4 roles in an account of 3,004"


class Control(HTTPConnection):
    """The daemon's socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=600)
        self.socket_path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.socket_path))

    def ask(self, method: str, path: str) -> tuple[int, Any]:
        self.request(method, path, body="{}", headers={"Content-Type": "application/json"})
        answer = self.getresponse()
        return answer.status, json.loads(answer.read())

    def reconcile(self) -> dict[str, Any]:
        status, view = self.ask("POST", "/v1/reconcile")
        assert status == 200, view
        return view


def as_wanted(view: dict[str, Any], count: int) -> None:
    """Nothing is measured that was not right."""
    assert view["empty"] and view["text"].startswith(f"{count} of {count} "), view["text"][-3000:]


def bridging(server: Server, folder: Path, resources: list[Resource], **changes: Any) -> Consumer:
    """With the resources in a file of their own, as JSON: a configuration may have a megabyte."""
    if resources:
        text = json.dumps({"resources": resources}, separators=(",", ":")).replace('":', '": ')
        (folder / "resources.yaml").write_text(text)
        changes["include"] = ["resources.yaml"]
    return daemon(server, folder, reconcile={"mode": "enforce", "every": NEVER}, **changes)


def ready(server: Server, consumer: Consumer) -> Control:
    wait_for(lambda: server.counts()["polls"] >= 1 or not consumer.alive(), "the first poll")
    assert consumer.alive(), (consumer.directory / "output").read_text()[-3000:]
    return Control(consumer.directory / "s")


# ---- 6: calls ----


def guide() -> tuple[list[Resource], dict[str, Any]]:
    """What the short form stands for where it reproduces the guide, and the configuration that says so."""
    changes = {
        "accounts": {"prod": {"id": PROD, "region": "us-east-1"},
                     "staging": {"id": STAGING, "region": "us-east-1", "assume_role": f"arn:aws:iam::{STAGING}:role/causeway-staging"}},
        "bridge": {"from": "staging", "to": "prod", "bus": "cross-account-bus", "pipelines": ["fraud-scorer-deploy"],
                   "artifact_buckets": ["axcess-devst-sagemaker", f"sagemaker-us-east-1-{STAGING}"], "model_bucket": "prod-models",
                   "repositories": ["sagemaker-inference"],
                   "kms_keys": [f"arn:aws:kms:us-east-1:{STAGING}:key/1234abcd-12ab-34cd-56ef-1234567890ab"], "privileges": "guide"},
    }
    with directory() as name:
        config = Path(name) / "causeway.yaml"
        config.write_text(yaml.safe_dump(configuration(Path(name), **changes), sort_keys=False))
        said = subprocess.run([str(BUILD / "causewayctl"), "--config", str(config), "--json", "expand"], capture_output=True, text=True, check=True)
    ids = {name: account["id"] for name, account in changes["accounts"].items()}
    expanded = json.loads(said.stdout)
    resources = [{**r, "account_id": ids[r["account"]]} for r in (expanded["resources"] if isinstance(expanded, dict) else expanded)]
    return resources, changes


def calls(subject: str) -> Numbers:
    """A pass that changes nothing: the second one, since the first learns the queues' URLs."""
    made: dict[str, Any] = {}
    if subject == GUIDE:
        resources, changes = guide()
        made = changes
    elif subject == FEW:
        resources = [role(i) for i in range(4)]
    else:
        resources = [make(i) for make in (role, policy) for i in range(1000)] if subject == ROLES else mixed()
    with directory() as name, Server() as server:
        accounts.tell_all(server, resources)
        if subject == FEW:  # others come first in the pages
            accounts.tell_details(server, [role(i) for i in range(1000, 4000)] + resources)
            for each in resources:
                accounts.tell_role(server, each)
        with bridging(server, Path(name), [] if made else resources, **made) as consumer:
            control = ready(server, consumer)
            control.reconcile()
            view = control.reconcile()
            as_wanted(view, len(resources))
            return {"calls": view["calls"], "Terraform's calls": calls_of(TERRAFORM, resources), "ACK's calls": calls_of(ACK, resources)}


# ---- 7: CPU ----


def reconcile(subject: str, count: int = 1000) -> Numbers:
    """CPU for a role: of a first pass and of one that finds all as it was; of Terraform's calls for as many."""
    resources = [role(i) for i in range(count)]
    with directory() as name, Server() as server:
        accounts.tell_details(server, resources)
        if subject == TERRAFORM_IN_GO:
            return terraform(server, Path(name), resources)
        with bridging(server, Path(name), resources) as consumer:
            control = ready(server, consumer)
            view = control.reconcile()
            as_wanted(view, count)
            first = consumer.cpu()
            control.reconcile()
            return {"CPU us/role": again(consumer, control, count), "start and first passes, CPU us/role": first / count * 1e6,
                    "calls": view["calls"]}


def again(consumer: Consumer, control: Control, count: int, passes: int = 10) -> float:
    before = consumer.cpu()
    for _ in range(passes):
        as_wanted(control.reconcile(), count)
    return (consumer.cpu() - before) / passes / count * 1e6


def terraform(server: Server, folder: Path, resources: list[Resource]) -> Numbers:
    for resource in resources:
        accounts.tell_role(server, resource)
        accounts.tell_policy(server, {"name": f"{resource['name']}-own", "policy": resource["inline"]["read"]})
    with Consumer([str(HOME / "go" / "reconcile.bin"), *(r["name"] for r in resources)], server, folder) as consumer:
        consumer.process.wait(600)
    said = json.loads((folder / "output").read_text())
    return {"CPU us/role": said["ns"] / len(resources) / 1000, "start and first passes, CPU us/role": said["first_ns"] / len(resources) / 1000,
            "calls": said["calls"] / 2}


# ---- 10: growth ----


def growth(subject: str) -> Numbers:
    """CPU for a resource as there are more of them, and in passes for which one of them looks otherwise than before."""
    count = int(subject.split()[0].replace(",", ""))
    resources = mixed(count)
    with directory() as name, Server() as server:
        accounts.tell_all(server, resources)
        with bridging(server, Path(name), resources) as consumer:
            control = ready(server, consumer)
            control.reconcile()
            control.reconcile()
            same, changed = [], []
            for number in range(PASSES):
                accounts.tell_details(server, resources)  # as before: the same comes before a pass of either kind
                same.append(again(consumer, control, count, passes=max(1, 500 // count)))
                resources[0]["tags"] = {"round": str(number)}  # which the file does not ask about
                accounts.tell_details(server, resources)
                changed.append(again(consumer, control, count, passes=1))
            return {"CPU us/resource": median(same), "one changed, %": 100 * (median(changed) / median(same) - 1)}


# ---- 9: throttled ----

RATE, BURST, CALLS = 100, 50, 2000
STANDARD, ADAPTIVE = "botocore, standard", "botocore, adaptive"


def succeeded(server: Server, operation: str) -> int:
    found = server.counts()["operations"].get(operation, {"calls": 0, "throttled": 0})
    return found["calls"] - found["throttled"]


def throttled(subject: str) -> Numbers:
    """So many calls through a token bucket that nobody was told of, twelve at a time."""
    resources = [repository(i) for i in range(CALLS)]
    with directory() as name, Server() as server:
        for resource in resources:
            accounts.tell_other(server, resource, "")
        server.tell("throttle", operation="GetRepositoryPolicy", rate=RATE, burst=BURST)
        if subject == OURS:
            with bridging(server, Path(name), resources) as consumer:
                ready(server, consumer)  # its first pass is on its way
                wait_for(lambda: succeeded(server, "GetRepositoryPolicy") >= CALLS, "the last answer", every=0.2)
                lost = 0
        else:
            with Consumer([sys.executable, str(PEERS / "throttled.py"), subject.split()[-1], str(CALLS)], server, Path(name)) as consumer:
                consumer.process.wait(900)
            lost = json.loads((Path(name) / "output").read_text())["lost"]
        found = server.counts()["operations"]["GetRepositoryPolicy"]
        taken = (found["last_us"] - found["first_us"]) / 1e6
        # Of those that were carried out: whoever gives up soon is soon done.
        return {"of the least time": taken / ((CALLS - lost - BURST) / RATE), "throttled %": 100 * found["throttled"] / found["calls"],
                "lost": lost}
