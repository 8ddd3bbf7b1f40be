"""What two accounts grant, what was asked of them, and two judges of it: our own engine and @cloud-copilot/iam-simulate."""

import fcntl
import json
import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from causeway import BUILD, ROOT
from privileges import questions

Document = dict[str, Any]
# The version that scripts/conformance has.
_SIMULATOR = next(line.partition("=")[2].strip() for line in (ROOT / "scripts" / "conformance").read_text().splitlines()
                  if line.startswith("iam_simulate="))


@dataclass(frozen=True)
class Asked:
    """One permission that somebody needed."""
    principal: str
    action: str
    resource: str
    context: tuple[tuple[str, str], ...]


@dataclass
class Granted:
    """Documents by what they are attached to: a role's ARN has its identity policies, other ARNs their own."""
    identity: dict[str, dict[str, Document]] = field(default_factory=dict)
    resource: dict[str, Document] = field(default_factory=dict)
    accounts: dict[str, str] = field(default_factory=dict)  # of resources whose ARN names none

    def question(self, asked: Asked) -> tuple[Document, list[tuple[str, str]]]:
        """As `policy can --request` takes it, and what its policies are called: (attached to, name)."""
        policies = self.identity.get(asked.principal, {})
        holder = next((arn for arn in self.resource if asked.resource == arn or asked.resource.startswith(arn + "/") and _holds_others(arn)), None)
        account = self.accounts.get(holder or "") or asked.resource.split(":")[4] if asked.resource != "*" else ""
        context = dict(asked.context)
        if asked.principal.startswith("arn:"):
            context.setdefault("aws:PrincipalArn", asked.principal)
        document: Document = {
            "request": {"principal": asked.principal, "action": asked.action, "context": context,
                        "resource": {"resource": asked.resource, "accountId": account or asked.principal.split(":")[4]}},
            "identityPolicies": list(policies.values()),
        }
        if holder:
            document["resourcePolicy"] = self.resource[holder]
        return document, [*((asked.principal, name) for name in policies), *([(holder, "")] if holder else [])]

    def actions(self, holders: Iterable[tuple[str, str]]) -> set[tuple[str, str, str, str]]:
        """(attached to, policy, statement, action) of all that these documents allow."""
        found = set()
        for holder, name in holders:
            document = self.identity[holder][name] if name else self.resource[holder]
            for place, statement in enumerate(as_list(document["Statement"]), 1):
                if statement["Effect"] == "Allow" and (name or statement.get("Sid", "").startswith("Causeway")):
                    found |= {(kind_of(holder), name, statement.get("Sid") or str(place), action) for action in as_list(statement["Action"])}
        return found


def _holds_others(arn: str) -> bool:
    """A bucket's policy is about its objects, a package group's about its packages."""
    return ":s3:" in arn or ":model-package/" in arn


def kind_of(holder: str) -> str:
    """Buckets share one row of the bridge's table."""
    return "the buckets" if ":s3:::" in holder else holder


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def asked_of(calls: list[dict[str, Any]], user_agent: str = "causeway/") -> set[Asked]:
    """What the daemon's calls needed."""
    found = set()
    for call in calls:
        if not (call["user_agent"] or "").startswith(user_agent):
            continue
        if not call["principal"]:  # not signed: a layer by the URL that ECR gave for it, which is asked for by itself
            continue
        role, account = call["principal"].split("/")[1], call["principal"].split(":")[4]
        for action, resource, context in questions(call):
            found.add(Asked(f"arn:aws:iam::{account}:role/{role}", action, resource, tuple(sorted(context.items()))))
    return found


def ask_causeway(directory: Path, question: Document) -> Document:
    """The decision of `causewayctl policy can`, with its trace."""
    request = directory / "request.json"
    request.write_text(json.dumps(question))
    said = subprocess.run([str(BUILD / "causewayctl"), "--json", "policy", "can", "--request", str(request)], capture_output=True, text=True)
    assert said.returncode in (0, 1), said.stdout + said.stderr
    return json.loads(said.stdout)


def simulator() -> Path:
    """@cloud-copilot/iam-simulate, installed where scripts/conformance has it."""
    home = ROOT / "build" / "conformance"
    mark = home / f"iam-simulate-{_SIMULATOR}.installed"
    home.mkdir(parents=True, exist_ok=True)
    with (home / "iam-simulate.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not mark.exists():
            folder = home / "npm"
            folder.mkdir(exist_ok=True)
            (folder / "package.json").write_text('{"private": true}\n')
            subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
                            f"@cloud-copilot/iam-simulate@{_SIMULATOR}"], cwd=folder, check=True)
            mark.touch()
    return home / "npm" / "node_modules" / "@cloud-copilot" / "iam-simulate"


def ask_simulator(cases: list[Document]) -> list[str]:
    """Its verdict on each."""
    said = subprocess.run(
        ["node", str(ROOT / "tests" / "conformance" / "evaluation.mjs")], input="".join(json.dumps(c) + "\n" for c in cases),
        capture_output=True, text=True, check=True, env={**os.environ, "IAM_SIMULATE": str(simulator())})
    return said.stdout.splitlines()
