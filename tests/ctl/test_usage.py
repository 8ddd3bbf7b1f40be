"""The command line: what is refused, what is suggested, and --help from the table of commands."""

import json
import re
import subprocess
from pathlib import Path

import answers
import pytest
from conftest import ENVIRONMENT, PROGRAM, document, run
from standin import StandIn

COMMANDS = {command["name"]: command for command in json.loads(
    subprocess.run([PROGRAM, "--json", "help"], capture_output=True, text=True, check=True, env=ENVIRONMENT).stdout)["commands"]}


@pytest.mark.parametrize(("arguments", "sentence"), [
    ((), "a command is wanted; `causewayctl help` lists them"),
    (("statsu",), 'there is no command "statsu"; did you mean status?'),
    (("event", "mach"), 'there is no command "event mach"; there is: event match, event route'),
    (("event",), 'there is no command "event"; there is: event match, event route'),
    (("event", "--help"), 'there is no command "event"; there is: event match, event route'),
    (("xyzzy",), 'there is no command "xyzzy"; `causewayctl help` lists them'),
    (("help", "xyzzy"), 'there is no command "xyzzy"; `causewayctl help` lists them'),
    (("help", "status", "more"), 'there is no command "status more"'),
    (("history",), "history wants ENDPOINT"),
    (("cancel", "a", "b"), 'cancel does not take "b"'),
    (("reload", "now"), 'reload does not take "now"'),
    (("status", "--nope"), "status has no option --nope; see `causewayctl status --help`"),
    (("status", "-z"), "status has no option -z; see `causewayctl status --help`"),
    (("--nope", "status"), "causewayctl has no option --nope; see `causewayctl --help`"),
    (("status", "--limit", "3"), "status has no option --limit; see `causewayctl status --help`"),
    (("history", "a", "--limit"), "--limit wants a value"),
    (("deploy", "-f"), "-f wants a value"),
    (("--config",), "--config wants a value"),
    (("--json=yes", "status"), "--json=yes takes no value"),
    (("deploy",), "deploy wants --file FILE"),
    (("event", "match", "--event", "e.json"), "event match wants --pattern FILE"),
    (("status", "") + ("--json",) * 40, "more than 32 options"),
])
def test_a_wrong_command_line_is_exit_code_2_and_told_in_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    answer = run(*arguments)
    assert answer.returncode == 2
    assert answer.stderr == f"causewayctl: {sentence}\n"


def test_the_first_thing_wrong_is_told_as_json_wherever_json_stands() -> None:
    answer = run("status", "--nope", "--neither", "--json")
    assert answer.returncode == 2
    assert document(answer)["error"] == {"class": "invalid", "message": "status has no option --nope; see `causewayctl status --help`", "code": ""}


def test_options_may_stand_before_and_behind_the_command(daemon: StandIn) -> None:
    daemon.answer("GET", "/v1/history?endpoint=a&limit=7", {"endpoint": "a", "deployments": []})
    for arguments in (("--socket", daemon.socket, "history", "-n", "7", "a"), ("history", "a", f"--socket={daemon.socket}", "-n7"),
                      ("--socket", "/nonexistent", "history", "--limit=7", "a", "--socket", daemon.socket)):
        assert run(*arguments).returncode == 0, arguments


def test_a_double_dash_ends_the_options(daemon: StandIn) -> None:
    daemon.answer("GET", "/v1/history?endpoint=-a", {"endpoint": "-a", "deployments": []})
    assert run("--socket", daemon.socket, "history", "--", "-a").returncode == 0


# Help


def test_help_lists_every_command() -> None:
    listed = run("help")
    assert listed.returncode == 0
    assert listed.stdout == run("--help").stdout == run("-h").stdout
    for name, command in COMMANDS.items():
        assert f"  {name}" in listed.stdout
        assert command["summary"] in " ".join(listed.stdout.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_tells_its_options_and_exit_codes(name: str) -> None:
    command = COMMANDS[name]
    shown = run(*name.split(), "--help")
    assert shown.returncode == 0
    assert shown.stdout == run("help", *name.split()).stdout
    assert f"usage: causewayctl {name}" in shown.stdout
    flat = " ".join(shown.stdout.split())
    assert command["description"] in flat
    for option in command["options"]:
        assert f"--{option['name']}" in flat
        assert option["help"] in flat
    for code in command["exits"]:
        assert f"{code['code']} {code['meaning']}" in flat
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_help_of_the_first_word_of_several_commands_lists_them() -> None:
    listed = run("help", "redrive")
    assert listed.returncode == 0
    assert re.findall(r"^  (redrive [a-z]+)", listed.stdout, flags=re.MULTILINE) == ["redrive list", "redrive show", "redrive send", "redrive drop"]


def test_help_wins_over_what_is_missing() -> None:
    assert run("history", "--help").returncode == 0
    assert run("deploy", "-h").returncode == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_the_table_is_complete(name: str) -> None:
    command = COMMANDS[name]
    assert command["exits"][0]["code"] == 0
    if command["online"]:
        assert 3 in {code["code"] for code in command["exits"]}


def test_the_list_of_commands_is_as_expected(expected) -> None:  # type: ignore[no-untyped-def]
    expected("help.txt", run("help").stdout)


# Its own version, and standard output


def test_its_own_version_needs_no_daemon() -> None:
    answer = run("--version")
    assert answer.returncode == 0
    assert answer.stdout.startswith("causewayctl ")
    assert document(run("--version", "--json"))["program"] == "causewayctl"


def test_output_that_cannot_be_written_is_told(daemon: StandIn) -> None:
    daemon.answer("GET", "/v1/status", answers.STATUS)
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run([PROGRAM, "--socket", str(daemon.socket), "status"], stdout=full, stderr=subprocess.PIPE, text=True,
                                check=False, env=ENVIRONMENT)
    assert answer.returncode == 3
    assert "No space left on device" in answer.stderr
