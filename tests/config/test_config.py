"""The configuration: what `causewayd --check` says of the files beside this one, and that editors, who have
conf/causeway.schema.json, are told the same.

good/*.yaml must load. bad/*.yaml begins with what must be said of it, a comment a line: `# LINE:COLUMN: message`, or
`# FILE:LINE:COLUMN: message` for a file that it includes. `# schema: cannot tell` marks those whose fault no JSON
Schema can see: what YAML itself forbids, the same thing twice, names and references that must exist.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("CAUSEWAY_BUILD", ROOT / "build"))
HERE = Path(__file__).resolve().parent
GOOD = sorted((HERE / "good").glob("*.yaml")) + [ROOT / "conf" / "causeway.yaml"]
BAD = sorted((HERE / "bad").glob("*.yaml"))
SCHEMA = json.loads((ROOT / "conf" / "causeway.schema.json").read_text())
CANNOT_TELL = "# schema: cannot tell"


class Core(yaml.SafeLoader):
    """YAML as editors read it: the core schema of YAML 1.2, in which NO and on are text."""

    yaml_implicit_resolvers: dict[str, Any] = {}


for tag, pattern in {
    "null": r"^(?:~|null|Null|NULL|)$", "bool": r"^(?:true|True|TRUE|false|False|FALSE)$",
    "int": r"^(?:[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+)$",
    "float": r"^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
}.items():
    Core.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), None)
Core.add_constructor("tag:yaml.org,2002:int",
                     lambda loader, node: int(node.value, 0 if node.value[1:2] in ("x", "o") else 10))
# A key is text, whatever it looks like.
Core.add_constructor("tag:yaml.org,2002:map", lambda loader, node: {
    key.value: loader.construct_object(value, deep=True) for key, value in node.value})


def check(path: Path) -> subprocess.CompletedProcess[str]:
    """causewayd --check, started in the file's own folder, so that messages name it as it is called there."""
    return subprocess.run([str(BUILD / "causewayd"), "--check", "--config", path.name], cwd=path.parent,
                          capture_output=True, text=True, timeout=30, check=False)


def expected(path: Path) -> list[str]:
    """The lines that must be said."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("# "):
            break
        if line != CANNOT_TELL:
            lines.append(line[2:] if re.match(r"# [^ ]+\.yaml:\d+:\d+: ", line) else f"{path.name}:{line[2:]}")
    return lines


def schema_accepts(path: Path, loader: type[yaml.SafeLoader]) -> bool:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    except yaml.YAMLError:
        return False
    return jsonschema.Draft7Validator(SCHEMA).is_valid(document)


def name(path: Path) -> str:
    return path.stem


@pytest.mark.parametrize("path", GOOD, ids=name)
def test_a_good_file_is_accepted_without_a_word(path: Path) -> None:
    result = check(path)
    assert (result.returncode, result.stderr, result.stdout) == (0, "", "")


@pytest.mark.parametrize("path", BAD, ids=name)
def test_a_bad_file_is_refused_with_every_error_and_its_place(path: Path) -> None:
    result = check(path)
    assert expected(path), "the file does not say what is wrong with it"
    assert result.stderr.splitlines() == expected(path)
    assert (result.returncode, result.stdout) == (2, "")


def test_there_are_at_least_a_hundred_ways_to_be_wrong() -> None:
    assert len(BAD) >= 100


@pytest.mark.parametrize("path", GOOD, ids=name)
@pytest.mark.parametrize("loader", [yaml.BaseLoader, Core], ids=["as-text", "as-editors-type-it"])
def test_the_schema_accepts_what_the_daemon_accepts(path: Path, loader: type[yaml.SafeLoader]) -> None:
    document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    jsonschema.Draft7Validator(SCHEMA).validate(document)


@pytest.mark.parametrize("path", [p for p in BAD if CANNOT_TELL not in p.read_text().splitlines()], ids=name)
def test_the_schema_refuses_what_the_daemon_refuses(path: Path) -> None:
    assert not schema_accepts(path, yaml.BaseLoader)


@pytest.mark.parametrize("path", [p for p in BAD if CANNOT_TELL in p.read_text().splitlines()], ids=name)
def test_where_the_schema_is_said_to_see_nothing_it_sees_nothing(path: Path) -> None:
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
    except yaml.YAMLError:
        return
    if not path.stem.startswith("yaml-"):
        jsonschema.Draft7Validator(SCHEMA).validate(document)


def test_the_committed_schema_is_what_the_table_makes() -> None:
    made = subprocess.run([sys.executable, str(ROOT / "scripts" / "make-schema")], capture_output=True, text=True,
                          timeout=60, check=True)
    assert json.loads(made.stdout) == SCHEMA, "run: scripts/make-schema >conf/causeway.schema.json"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_every_key_says_what_it_is() -> None:
    for title, section in SCHEMA["definitions"].items():
        for key, value in section.get("properties", {}).items():
            if not title.startswith("resource_") or key != "kind":
                assert value.get("description"), f"{title}: {key}"


# Whole files that are wrong


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    result = check(tmp_path / "nothing.yaml")
    assert result.returncode == 2
    assert result.stderr == 'nothing.yaml:1:1: "nothing.yaml" cannot be read: No such file or directory\n'


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "causeway.yaml").mkdir()
    assert "Is a directory" in check(tmp_path / "causeway.yaml").stderr


@pytest.mark.parametrize(("content", "message"), [
    (b"version: 1\nhome: \xff\n", "2:7: the file is not UTF-8 text"),
    (b"version: 1\nhome: \xc3\xa9\xc3\n", "2:8: the file is not UTF-8 text"),
    (b"version: 1\n\0", "2:1: the file is not UTF-8 text"),
    ("version: 1\n".encode("utf-16"), "1:1: the file is not UTF-8 text"),
    (b"version: 1\nhome: \x07\n", "2:7: this is not YAML: control characters are not allowed"),
    (b'version: "1\\0"\n', "1:10: there is a U+0000 in the text"),
], ids=["latin-1", "cut-character", "nul", "utf-16", "control-character", "escaped-nul"])
def test_what_is_no_text_is_refused_at_its_place(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_bytes(content)
    result = check(path)
    assert result.returncode == 2
    assert f"causeway.yaml:{message}" in result.stderr.splitlines()


def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + (HERE / "good" / "minimal.yaml").read_bytes())
    assert check(path).returncode == 0


def test_windows_line_ends_change_nothing(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_bytes((HERE / "good" / "deployments.yaml").read_bytes().replace(b"\n", b"\r\n"))
    assert check(path).returncode == 0


def test_a_file_beyond_the_limit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text((HERE / "good" / "minimal.yaml").read_text() + "# " + "x" * (1 << 20))
    result = check(path)
    assert result.returncode == 2
    assert "File too large" in result.stderr


def test_too_many_values_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text("a: [" + "x, " * 100_001 + "]\n")
    assert "more than 100000 values in one configuration" in check(path).stderr


def test_errors_beyond_fifty_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text((HERE / "good" / "minimal.yaml").read_text() + "".join(f"wrong{i}: x\n" for i in range(75)))
    lines = check(path).stderr.splitlines()
    assert len(lines) == 51
    assert lines[0].startswith("causeway.yaml:7:1: ")
    assert lines[-1] == "and 25 more"


def test_errors_are_in_the_order_of_their_places(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text("zebra: 1\n" + "".join(f"wrong{i}: x\n" for i in range(30)))
    places = [tuple(map(int, line.split(":")[1:3])) for line in check(path).stderr.splitlines()]
    assert places == sorted(places)
    assert len(places) > 30


def test_a_message_never_carries_a_control_character(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text((HERE / "good" / "minimal.yaml").read_text().replace("home: prod", 'home: "a\\e[31m\\nb"'))
    said = check(path).stderr
    assert 'not "a [31m b"' in said
    assert "\x1b" not in said


def test_a_large_file_of_references_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    accounts = "".join(f'  a{i}: {{ id: "{100000000000 + i}", region: "${{a0.region}}" }}\n' for i in range(1, 10_000))
    path.write_text("version: 1\nhome: a0\naccounts:\n  a0: { id: \"100000000000\", region: us-east-1 }\n"
                    + accounts + "queue: { name: q }\n")
    result = subprocess.run([str(BUILD / "causewayd"), "--check", "--config", str(path)], capture_output=True,
                            timeout=10, check=False)
    assert result.returncode == 0


def test_a_text_of_many_references_is_read_at_once(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    path.write_text((HERE / "good" / "minimal.yaml").read_text() + "store: { sqlite: \"" + "${prod.id}" * 90_000 + "\" }\n")
    result = subprocess.run([str(BUILD / "causewayd"), "--check", "--config", str(path)], capture_output=True, text=True,
                            timeout=10, check=False)
    assert "may have at most 4095 bytes" in result.stderr


def test_references_cannot_grow_without_bound(tmp_path: Path) -> None:
    path = tmp_path / "causeway.yaml"
    doubling = "".join(f'  a{i}: {{ id: "{100000000000 + i}", region: "{f"${{a{i + 1}.region}}" * 40}" }}\n' for i in range(12))
    path.write_text("version: 1\nhome: a0\naccounts:\n" + doubling
                    + '  a12: { id: "100000000012", region: us-east-1 }\nqueue: { name: q }\n')
    assert "references make more than 4194304 bytes of text in all" in check(path).stderr
