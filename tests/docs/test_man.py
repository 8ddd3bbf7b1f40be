"""The manual pages: well formed, and whole, as they are made of the tables of the programs."""

import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAUSEWAY_BUILD", ROOT / "build"))
PAGES = ["causewayd.8", "causewayctl.1", "causeway.yaml.5"]


def source(page: str) -> str:
    return (BUILD / "conf" / page).read_text()


def shown(page: str) -> str:
    """As a person reads it, in one line."""
    text = subprocess.run(["mandoc", "-T", "utf8", "-O", "width=200", BUILD / "conf" / page], capture_output=True, text=True, check=True).stdout
    return " ".join(re.sub(r".\x08", "", text).split())


@pytest.mark.parametrize("page", PAGES)
def test_mandoc_finds_nothing_wrong(page: str) -> None:
    lint = subprocess.run(["mandoc", "-T", "lint", "-W", "style", BUILD / "conf" / page], capture_output=True, text=True, check=False)
    # The pages refer to each other, and are not installed here.
    found = [line for line in (lint.stdout + lint.stderr).splitlines() if "referenced manual not found: Xr causeway" not in line]
    assert found == []


def test_every_command_and_option_is_in_the_page_of_causewayctl() -> None:
    told = shown("causewayctl.1")
    listed = subprocess.run([BUILD / "causewayctl", "help"], capture_output=True, text=True, check=True).stdout
    for name in re.findall(r"^  (?:--)?([a-z]+(?: [a-z]+)?) ", listed, flags=re.MULTILINE):
        assert name in told


def test_every_option_of_causewayd_is_in_its_page() -> None:
    told = shown("causewayd.8")
    listed = subprocess.run([BUILD / "causewayd", "--help"], capture_output=True, text=True, check=True).stdout
    for option in set(re.findall(r"--[a-z-]+", listed)):
        assert option in told


def test_every_key_of_the_configuration_is_in_its_page() -> None:
    told = source("causeway.yaml.5")
    keys = re.findall(r'^(?:KEY2?|FIELD)\(\w+, "(\w+)"', (ROOT / "daemon/config/schema.def").read_text(), flags=re.MULTILINE)
    assert len(keys) > 100
    for key in keys:
        assert re.search(rf"\n\.It Cm (\\&)?{key}\n", told), key


def test_every_message_and_metric_is_in_the_page_of_causewayd() -> None:
    told = shown("causewayd.8")
    for identity in re.findall(r'"([0-9a-f]{32})"', (ROOT / "daemon/base/messages.def").read_text()):
        assert identity in told
    for name in re.findall(r'"(causeway_\w+)"', (ROOT / "daemon/base/metrics.def").read_text()):
        assert name in told


def test_the_page_of_the_configuration_has_an_example_that_is_good(tmp_path: Path) -> None:
    example = re.search(r"\.Sh EXAMPLES.*?\.Bd [^\n]*\n(.*?)\.Ed", source("causeway.yaml.5"), flags=re.DOTALL)
    assert example
    path = tmp_path / "causeway.yaml"
    path.write_text(example[1])
    check = subprocess.run([BUILD / "causewayctl", "--config", path, "check"], capture_output=True, text=True, check=False)
    assert (check.returncode, check.stderr) == (0, "")
