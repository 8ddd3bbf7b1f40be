"""Completion in a real bash and a real zsh, of the program that is built."""

import json
import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAUSEWAY_BUILD", ROOT / "build"))
COMMANDS = json.loads(subprocess.run([BUILD / "causewayctl", "--json", "help"], capture_output=True, text=True, check=True).stdout)["commands"]
STATUS = """echo '{"accounts": [{"id": "361769565206"}], "open": [{"id": "churn-9f8e7d6c5b4a", "endpoint": "churn"}]}'"""


def bash(*words: str, path: str = "") -> set[str]:
    """What bash offers behind these words; the last one is being typed."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _causewayctl; '
              '[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\\n" "${COMPREPLY[@]}"')
    answer = subprocess.run(["bash", "--norc", "-c", script, "bash", BUILD / "conf" / "causewayctl.bash", "causewayctl", *words],
                            capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PATH": path + os.environ["PATH"]})
    assert answer.stderr == ""
    return set(answer.stdout.split())


@pytest.fixture
def answering(tmp_path: Path) -> str:
    """A PATH on which causewayctl answers as if a daemon ran."""
    program = tmp_path / "causewayctl"
    program.write_text(f"#!/bin/sh\n{STATUS}\n")
    program.chmod(0o755)
    return f"{tmp_path}:"


def test_every_command_is_offered() -> None:
    assert bash("") == {command["name"].split()[0] for command in COMMANDS}


@pytest.mark.parametrize("command", [c for c in COMMANDS if c["name"] != "help"], ids=lambda c: c["name"])
def test_every_option_of_a_command_is_offered(command: dict) -> None:
    wanted = {"--" + option["name"] for option in command["options"]} | {"--config", "--socket", "--json", "--help", "--version"}
    assert bash(*command["name"].split(), "--") == wanted


def test_words_are_completed_where_they_stand(answering: str) -> None:
    assert bash("hist") == {"history"}
    assert bash("--json", "hist") == {"history"}
    assert bash("event", "") == {"match", "route"}
    assert bash("policy", "diff", "--rule", "") == {"terraform", "aws"}
    assert bash("policy", "diff", "--rule", "=", "a") == {"aws"}
    assert bash("deploy", "-f", "LICEN") == {"LICENSE"}
    assert bash("event", "route", "LICEN") == {"LICENSE"}
    assert bash("help", "appr") == {"approve"}
    assert bash("history", "-n", "") == set()
    assert bash("status", "", path=answering) == {"churn", "churn-9f8e7d6c5b4a"}
    assert bash("approve", "", path=answering) == {"churn-9f8e7d6c5b4a"}
    assert bash("history", "", path=answering) == {"churn"}
    assert bash("approve", "churn-9f8e7d6c5b4a", "", path=answering) == set()


ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1= PROMPT= ; setopt no_always_last_prompt; fpath=($1 \$fpath); PATH=$2:\$PATH; autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' list-colors; LISTMAX=1000; stty columns 200 rows 200; echo READY''NOW"
zpty -r shell line '*READYNOW*'
zpty -w -n shell "$3"$'\t\t'
zpty -r -m shell line "$4" && print -r -- "$line"
zpty -d shell
"""


@pytest.mark.parametrize(("typed", "wanted"), [
    ("causewayctl hist", "*history *"), ("causewayctl event ro", "*route *"), ("causewayctl policy diff --ru", "*--rule=*"),
    ("causewayctl approve chu", "*churn-9f8e7d6c5b4a*"), ("causewayctl help appr", "*approve*"),
])
def test_zsh_completes_the_same(tmp_path: Path, answering: str, typed: str, wanted: str) -> None:
    (tmp_path / "_causewayctl").write_text((BUILD / "conf" / "causewayctl.zsh").read_text())
    answer = subprocess.run(["zsh", "-f", "-c", ZSH, "zsh", str(tmp_path), answering.rstrip(":"), typed, wanted],
                            capture_output=True, text=True, check=False, timeout=30, env={**os.environ, "TERM": "dumb", "HOME": str(tmp_path)})
    assert wanted.strip("*").strip() in answer.stdout
