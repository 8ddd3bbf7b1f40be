"""What the documents promise to be tried is tried: each attack of the threat model in daemon/README.md has its test, each fault that
the daemon must bear has one, and each input that others write has a fuzz target with seeds."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
Named = dict[str, list[str]]

DEPUTY, CONTROL, NETWORK = "security/test_deputy.py", "security/test_control.py", "torture/test_network.py"
# The first words of each row of the threat model, and the tests from the attacker's side.
ATTACKS: dict[str, Named] = {
    "events of an account": {DEPUTY: ["test_an_event_of_an_account_that_the_configuration_does_not_name_starts_nothing"]},
    "a source that only looks": {DEPUTY: [
        "test_an_event_of_another_source_with_the_same_content_is_nobodys", "test_staging_cannot_speak_with_the_voice_of_an_aws_service"]},
    "news of an endpoint": {DEPUTY: [
        "test_news_of_an_endpoint_from_staging_is_not_taken_for_productions", "test_a_rejection_that_is_not_the_registrys_rolls_nothing_back"]},
    "an artifact, model data": {DEPUTY: [
        "test_an_artifact_in_a_bucket_that_the_configuration_does_not_name_is_never_read",
        "test_a_manifest_cannot_have_others_objects_copied_to_where_they_are_served", "test_a_manifest_cannot_name_the_model_bucket_of_production",
        "test_a_package_of_a_foreign_registry_is_never_deployed"]},
    "an image of elsewhere": {DEPUTY: [
        "test_an_image_of_a_repository_that_the_configuration_does_not_name_is_never_run", "test_a_package_with_an_image_of_elsewhere_is_never_deployed"]},
    "`s3://` places": {DEPUTY: ["test_a_place_that_is_spelled_to_mislead_leads_nowhere", "test_a_key_is_never_read_as_a_path_out_of_its_bucket"]},
    "names in a zip": {
        DEPUTY: ["test_names_in_a_zip_are_no_paths"], "unit/deploy/zip.c": ["a_link_is_refused"],
        "aws/test_project.py": ["test_given_a_bad_zip_when_it_comes_then_it_is_rejected_with_the_reason"]},
    "images, packages and model data": {
        "aws/test_cloudformation.py": ["test_given_a_template_with_a_strangers_image_when_it_comes_then_no_stack_is_made"]},
    "stacks, modules and macros": {
        DEPUTY: ["test_a_template_cannot_bring_a_stack_that_nobody_looks_at"],
        "unit/deploy/project.c": ["a_stack_that_expands_needs_the_capability_for_it"]},
    "a template that chooses": {DEPUTY: ["test_a_template_cannot_choose_the_role_that_the_model_runs_with"]},
    "a template that makes": {DEPUTY: ["test_a_template_gets_no_capability_that_the_configuration_does_not_give"]},
    "a role in staging": {DEPUTY: [
        "test_without_the_external_id_the_role_in_staging_stays_closed", "test_every_role_is_assumed_with_the_external_id"]},
    "services that are made": {DEPUTY: ["test_a_rule_of_somebody_else_cannot_have_eventbridge_send_to_the_bridges_queue"]},
    "a user of the machine": {
        DEPUTY: ["test_a_user_who_is_not_in_the_group_cannot_operate_the_daemon"],
        "unit/control/peer.c": ["given_a_peer_when_judged_then_root_self_and_the_group_are_admitted"]},
    "requests that are too large": {CONTROL: [
        "test_a_request_that_is_said_to_be_too_long_is_refused_before_it_is_read", "test_a_head_without_end_is_cut_off",
        "test_clients_that_hang_take_no_place_from_those_that_do_not", "test_a_flood_of_requests_is_answered_and_leaves_nothing_behind"]},
    "secrets in logs": {"security/test_secrets.py": [
        "test_no_secret_is_said_kept_or_shown", "test_no_secret_is_said_kept_or_shown_on_any_other_journey",
        "test_a_daemon_leaves_no_core_and_cannot_be_traced_by_its_own_user", "test_a_secret_key_that_was_replaced_is_in_memory_no_more"]},
}
FAULTS: dict[str, Named] = {
    "kill -9 around every call": {
        "aws/test_kill.py": ["test_the_lists_are_what_happens"], "torture/test_kills.py": ["test_every_effect_is_killed_in_some_journey"]},
    "kill -9 around every commit": {"torture/test_commits.py": [
        "test_each_commit_of_a_first_deployment_ends_a_process", "test_each_commit_of_a_rollback_ends_a_process",
        "test_each_commit_of_a_carried_model_ends_a_process", "test_each_commit_of_a_stack_ends_a_process",
        "test_each_commit_of_an_apply_of_the_bridge_ends_a_process"]},
    "a full, broken or slow disk": {"torture/test_disk.py": [
        "test_while_the_disk_takes_nothing_nothing_is_acknowledged", "test_each_operation_of_a_journey_failing_once_loses_and_doubles_nothing",
        "test_with_every_sync_slow_a_journey_ends_all_the_same"]},
    "a store that is cut or newer": {
        "torture/test_disk.py": ["test_a_store_that_was_cut_is_refused_with_what_to_do"],
        "aws/test_bad_input.py": ["test_given_a_store_of_a_newer_version_when_the_daemon_starts_then_it_refuses_and_touches_nothing"]},
    "DNS and connections": {NETWORK: [
        "test_a_name_that_does_not_resolve_is_named_and_waited_for", "test_aws_that_is_down_at_the_start_is_waited_for",
        "test_connections_that_die_in_the_middle_without_a_word_are_given_up_and_made_anew"]},
    "TLS": {NETWORK: ["test_a_certificate_that_is_wrong_is_not_spoken_to"]},
    "one byte a second": {NETWORK: ["test_a_server_that_says_one_byte_a_second_for_ever_is_given_up"]},
    "a gigabyte": {NETWORK: ["test_an_answer_of_a_gigabyte_is_not_kept_in_memory"]},
    "broken JSON and XML at each byte": {
        "unit/aws/broken.c": ["an_answer_that_is_cut_at_any_byte_is_refused", "an_answer_with_any_byte_wrong_is_decoded_or_refused"],
        "torture/test_answers.py": ["test_an_answer_that_ends_anywhere_is_refused_and_asked_for_again"]},
    "a metadata service that is gone": {NETWORK: [
        "test_a_metadata_service_that_is_gone_is_no_end_of_a_daemon_that_has_keys",
        "test_without_a_metadata_service_at_the_start_the_daemon_waits_and_says_so"]},
    "keys that expire": {"aws/test_bad_input.py": [
        "test_given_credentials_that_expire_in_mid_flight_when_calls_are_refused_then_they_are_renewed"]},
    "a clock that is off": {NETWORK: ["test_a_clock_that_is_an_hour_off_is_corrected_by_what_aws_says"]},
    "a day of all of it": {"torture/test_day.py": ["test_a_day_of_random_faults_loses_doubles_and_leaves_nothing"]},
    "load and churn": {"torture/test_load.py": [
        "test_thousands_of_events_at_once", "test_an_hour_of_churn_leaves_memory_descriptors_timers_and_threads_where_they_were"]},
}
# What comes from outside, and the targets that are given it.
INPUTS = {
    "configuration": ["config"], "event to route": ["event_route"], "answers of AWS": ["aws_answer"],
    "IAM policy": ["policy_document", "policy_question"], "event pattern": ["event_pattern"], "artifact zip": ["artifact"],
    "records of the store": ["record"], "control API": ["control_request"], "template of a stack": ["template"], "times": ["times"],
}


def attacks() -> list[str]:
    section = (ROOT / "daemon" / "README.md").read_text().partition("## Threat model")[2].partition("\n## ")[0]
    return [line.strip("| ").split(" | ")[0] for line in section.splitlines() if line.startswith("| ") and not line.startswith("| attack |")]


def test_every_attack_of_the_threat_model_is_tried_and_no_other_is_listed() -> None:
    told = attacks()
    assert len(told) == len(ATTACKS)
    for attack in told:
        assert sum(attack.startswith(begin) for begin in ATTACKS) == 1, attack


@pytest.mark.parametrize(("what", "named"), [*ATTACKS.items(), *FAULTS.items()], ids=[*ATTACKS, *FAULTS])
def test_the_tests_of_an_attack_or_a_fault_are_there(what: str, named: Named) -> None:
    assert named, what
    for file, names in named.items():
        text = (TESTS / file).read_text()
        for name in names:
            assert re.search(rf"\b{name}\(", text), f"{file} has no {name}"


def test_everything_that_others_write_has_a_fuzz_target_with_seeds() -> None:
    targets = {path.stem for path in (TESTS / "fuzz").glob("*.c")}
    assert {target for named in INPUTS.values() for target in named} == targets
    for target in targets:
        assert any((TESTS / "fuzz" / "corpus" / target).iterdir()), target
