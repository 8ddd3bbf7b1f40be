"""The table of limits in daemon/README.md: each row is tested below, at and above the limit. Most are in one table of
tests/unit/control/limits.c; the others are kept by something larger than a function, and their tests are named here."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
ELSEWHERE = {
    "messages in hand at once, with those that polls may bring": {
        "aws/test_bad_input.py": ["test_given_hundreds_of_large_messages_when_the_store_stalls_then_no_more_than_the_limit_are_in_hand"],
        "unit/intake/receive.c": ["nothing_is_asked_for_that_there_would_be_no_room_for"]},
    "an answer of AWS": {
        "unit/net/http.c": ["a_body_of_just_the_maximum_is_read", "a_head_of_just_the_maximum_is_read"], "torture/test_network.py": ["test_an_answer_of_a_gigabyte_is_not_kept_in_memory"],
        "unit/control/limits.c": ["answers_are_bounded_by_what_their_operations_say"]},
    "silence on a connection": {"torture/test_network.py": [
        "test_answers_of_a_byte_at_a_time_are_waited_for", "test_connections_that_are_taken_and_never_answered_are_given_up_and_tried_again",
        "test_a_server_that_says_one_byte_a_second_for_ever_is_given_up"]},
    "a model's answer to verification": {"unit/net/http.c": ["a_body_of_just_the_maximum_is_read"], "unit/control/limits.c": [
        "answers_are_bounded_by_what_their_operations_say"], "torture/test_network.py": ["test_an_answer_of_a_gigabyte_is_not_kept_in_memory"]},
    "what a `credential_process` prints": {"unit/net/process.c": ["output_may_reach_its_maximum_but_not_pass_it"]},
    "a row of the store": {"unit/store/contract.h": ["a_row_of_the_largest_size_is_kept_and_a_larger_one_refused"]},
    "a request on the control socket": {
        "unit/control/server.c": ["given_a_large_body_when_posted_then_it_arrives_whole", "given_a_body_said_to_be_too_long_when_posted_then_it_is_not_waited_for",
                                  "given_a_chunked_body_that_is_too_long_when_posted_then_it_is_refused",
                                  "given_requests_without_end_when_they_come_too_often_then_some_are_refused",
                                  "given_a_client_that_hangs_when_it_is_idle_too_long_then_it_is_put_out",
                                  "given_no_answer_when_it_takes_too_long_then_the_client_gets_503"],
        "security/test_control.py": ["test_a_request_that_is_said_to_be_too_long_is_refused_before_it_is_read"]},
    "clients of the control socket": {"security/test_control.py": [
        "test_clients_that_hang_take_no_place_from_those_that_do_not", "test_when_every_place_is_taken_by_a_client_that_hangs_they_are_put_out_in_time",
        "test_so_many_may_listen_and_one_more_may_when_one_of_them_has_left"],
        "unit/control/stream.c": ["given_a_listener_that_does_not_read_when_much_is_told_then_it_is_let_go"]},
}


def rows() -> dict[str, str]:
    """What comes from outside, and the tests that the table names for it."""
    section = (ROOT / "daemon" / "README.md").read_text().partition("## Limits on input")[2].partition("\n## ")[0]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line.startswith("| ")]
    return {row[0]: row[3] for row in cells if row[0] != "what comes from outside"}


def in_table() -> set[str]:
    return set(re.findall(r'^    \{"([^"]+)", LIMIT_', (TESTS / "unit" / "control" / "limits.c").read_text(), re.M))


def test_every_row_has_its_tests_and_no_test_is_of_a_row_that_is_gone() -> None:
    assert set(rows()) == in_table() | set(ELSEWHERE)


@pytest.mark.parametrize("row", ELSEWHERE)
def test_the_tests_that_are_named_are_there(row: str) -> None:
    for file, names in ELSEWHERE[row].items():
        text = (TESTS / file).read_text()
        for name in names:
            assert re.search(rf"\b{name}\(", text), f"{file} has no {name}"


@pytest.mark.parametrize("row", rows())
def test_the_files_that_the_table_names_are_there(row: str) -> None:
    named = re.findall(r"`([^`]+)`", rows()[row])
    assert named and all((TESTS / name).exists() for name in named)
