"""python3 -m gate: the local AWS in the foreground. scripts/sandbox starts it."""

import argparse
import json
import os
import signal
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from . import upstream
from .gate import DEFAULT_ACCOUNTS, Gate
from .server import Server


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sandbox", description="A local AWS of two accounts: moto behind a strict gate.")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0 (the default): any that is free")
    parser.add_argument("--directory", type=Path, help="where sandbox.json and calls.jsonl go (default: a new one)")
    parser.add_argument("--world", action="store_true", help="build the accounts' resources too, as Causeway's bridge would")
    parser.add_argument("--account", action="append", default=[], metavar="NAME=ID",
                        help="prod=... or staging=...: another id than " + ", ".join(DEFAULT_ACCOUNTS.values()))
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--quiet", action="store_true", help="print nothing once ready")
    return parser.parse_args()


def description(gate: Gate, port: int) -> dict[str, Any]:
    """What sandbox.json says. `daemon` is a second user, so that a test can tell the daemon's calls from its own."""

    def keys(principal: Any) -> dict[str, str]:
        return {"access_key_id": principal.access_key_id, "secret_access_key": principal.secret_access_key}

    return {
        "endpoint": f"http://127.0.0.1:{port}",
        "pid": os.getpid(),
        "accounts": {
            name: {"id": account, "region": gate.region, **keys(gate.users[name]), "daemon": keys(gate.daemons[name])}
            for name, account in gate.accounts.items()
        },
    }


def _write_atomically(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def _greet(path: Path, described: dict[str, Any]) -> None:
    print(f"# The local AWS is ready; {path} has all the keys. End it with Ctrl-C or kill {described['pid']}.")
    print(f"export AWS_ENDPOINT_URL={described['endpoint']}")
    for name, account in described["accounts"].items():
        print(f"# {name}, account {account['id']}:")
        comment = "" if name == "prod" else "# "
        print(f"{comment}export AWS_REGION={account['region']} AWS_ACCESS_KEY_ID={account['access_key_id']} "
              f"AWS_SECRET_ACCESS_KEY={account['secret_access_key']}")
    sys.stdout.flush()


def main() -> int:
    arguments = _arguments()
    directory = arguments.directory or Path(tempfile.mkdtemp(prefix="causeway-sandbox-"))
    directory.mkdir(parents=True, exist_ok=True)
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: os._exit(0))  # nothing here outlives the process
    upstream.start()
    accounts = {**DEFAULT_ACCOUNTS, **dict(pair.split("=", 1) for pair in arguments.account)}
    gate = Gate(directory, accounts, arguments.region)
    server = Server(arguments.port, gate.answer)
    gate.connections_accepted = lambda: server.connections_accepted
    threading.Thread(target=server.serve_forever, name="accept", daemon=True).start()
    described = description(gate, server.server_port)
    if arguments.world:
        from .world import World

        World(described).build()
    path = directory / "sandbox.json"
    _write_atomically(path, json.dumps(described, indent=2) + "\n")
    if not arguments.quiet:
        _greet(path, described)
    while True:
        signal.pause()


if __name__ == "__main__":
    sys.exit(main())
