"""scripts/report makes the table of tests/README.md of what a run has left, and of nothing else."""

import importlib.machinery
import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
SUITE = """<testsuites><testsuite><testcase classname="{file}" name="test_{name}"><properties>{properties}</properties>{failure}</testcase>
</testsuite></testsuites>"""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("report", str(ROOT / "scripts" / "report"))
    spec = importlib.util.spec_from_loader("report", loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    loader.exec_module(module)
    monkeypatch.setattr(module, "README", tmp_path / "README.md")
    monkeypatch.setattr(module, "REPORT", tmp_path / "report")
    monkeypatch.setattr(module, "LOG", tmp_path / "log")
    for folder in ("report", "log"):
        (tmp_path / folder).mkdir()
    (tmp_path / "README.md").write_text(f"# Tests\n\n{module.BEGIN}\n{module.HEAD}| old | 1 tests | 0 | 2026-01-01 |\n{module.END}\nThe end.\n")
    monkeypatch.setattr("sys.argv", ["report"])
    return module


def left(report: ModuleType, name: str, file: str = "tests.torture.test_x", test: str = "a_day[seed 1]", failed: bool = False, **numbers: int) -> None:
    properties = "".join(f'<property name="{key}" value="{value}"/>' for key, value in numbers.items())
    (report.REPORT / f"{name}.xml").write_text(SUITE.format(file=file, name=test, properties=properties, failure="<failure/>" if failed else ""))


def lines(report: ModuleType) -> dict[str, list[str]]:
    assert report.main() == 0
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in report.README.read_text().splitlines() if line.startswith("| ")]
    return {row[0]: row[1:3] for row in rows}


def test_what_was_run_is_counted_over_all_stages_and_what_was_not_keeps_its_line(report):
    left(report, "one", faults=41)
    left(report, "two", test="another", failed=True)
    found = lines(report)
    assert found["tests/torture/test_x.py"] == ["2 tests", "1"]
    assert found["a day: seed 1"] == ["41 faults", "0"]
    assert found["old"] == ["1 tests", "0"]
    assert report.README.read_text().endswith("The end.\n")


@pytest.mark.parametrize(("log", "said", "row", "cells"), [
    ("unit-tests", "100% tests passed, 0 tests failed out of 100\n", "unit tests", ["100 programs", "0"]),
    ("unit-tests-under-valgrind", "ok: build/tests/unit_a\nFAILED: build/tests/unit_b\n", "unit tests under valgrind", ["2 programs", "1"]),
    ("simulation", "2000 seeds, 209331 deployments (10456 succeeded), 1 steps, 2 commits, 3 calls, 7459 crashes, 131807 faults: 0 failed\n",
     "simulation", ["2,000 seeds, 209,331 deployments, 7,459 crashes, 131,807 faults", "0"]),
    ("mutants", "41 mutants, 40 caught, 1 not caught, in 93 s\n", "deliberate faults in the decisions", ["41 mutants, 40 caught", "1"]),
    ("model", "holds                        0 errors, 123456 states: \nholds-with-x                 0 errors, 100 states: \nFORGET                       1 errors, 12 states: x\n",
     "model of the design", ["123,556 states of 2 variants, 1 faults of its own found", "0"]),
])
def test_what_a_stage_prints_at_its_end_is_understood(report, log, said, row, cells):
    (report.LOG / f"{log}.log").write_text(said)
    assert lines(report)[row] == cells


def test_fuzz_runs_are_told_for_each_target(report):
    (report.REPORT / "fuzz.tsv").write_text("config\t20000\nconfig by AFL++\t1234\n")
    found = lines(report)
    assert found["fuzz target config"] == ["20,000 inputs", "0"] and found["fuzz target config by AFL++"] == ["1,234 inputs", "0"]


def test_what_earlier_runs_left_is_forgotten_before_a_new_one(report, monkeypatch):
    left(report, "one")
    monkeypatch.setattr("sys.argv", ["report", "--clear"])
    assert report.main() == 0
    assert not list(report.REPORT.iterdir())
