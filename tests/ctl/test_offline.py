"""Commands on files: no daemon, no AWS."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import Answer, document, run

EVENT: dict[str, Any] = {
    "version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "source": "aws.codepipeline", "account": "345594592951",
    "detail-type": "CodePipeline Action Execution State Change", "time": "2026-11-20T09:30:12Z", "region": "us-east-1", "resources": [],
    "detail": {"pipeline": "fraud-scorer-deploy", "execution-id": "01234567-0123", "action": "DeployStaging", "state": "SUCCEEDED",
               "output-artifacts": [{"name": "BuildArtifact", "s3location": {"bucket": "axcess-devst-sagemaker", "key": "fraud/BuildArti/aB3dE"}}]},
}
PATTERN = {"source": ["aws.codepipeline"], "detail": {"pipeline": ["fraud-scorer-deploy"], "state": ["SUCCEEDED", {"prefix": "STOP"}]}}
CONFIGURATION: dict[str, Any] = {
    "version": "1", "home": "prod",
    "accounts": {
        "prod": {"id": "361769565206", "region": "us-east-1"},
        "staging": {"id": "345594592951", "region": "us-east-1", "assume_role": "arn:aws:iam::345594592951:role/causeway-staging", "external_id": "causeway"},
    },
    "queue": {"name": "causeway-events"}, "store": {"sqlite": "/var/lib/causeway/causeway.db"},
    "deployments": {"fraud-scorer": {
        "on": PATTERN, "artifact": {"pipeline": "BuildArtifact", "form": "manifest"}, "endpoint": "fraud-scorer",
        "execution_role": "arn:aws:iam::361769565206:role/sagemaker", "model_bucket": "prod-models",
        "container": {"image": "345594592951.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:latest"},
        "variant": {"name": "main", "instance_type": "ml.m5.xlarge", "count": "2"},
    }},
}

Files = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Files:
    """A file that holds this text, or this as JSON."""

    def make(name: str, content: Any) -> Path:
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content))
        return path

    return make


@pytest.fixture
def configuration(tmp_path: Path) -> Files:
    """The configuration, with parts of it or of its deployment changed."""

    def make(deployment: dict[str, Any] | None = None, **changes: Any) -> Path:
        whole = {**CONFIGURATION, **changes}
        if deployment:
            whole["deployments"] = {"fraud-scorer": {**CONFIGURATION["deployments"]["fraud-scorer"], **deployment}}
        path = tmp_path / "causeway.yaml"
        path.write_text(yaml.safe_dump(whole, sort_keys=False))
        return path

    return make


def event(**changes: Any) -> dict[str, Any]:
    return {**EVENT, **changes}


# check


def test_a_good_configuration_is_told_in_one_line(configuration: Files) -> None:
    path = configuration()
    answer = run("check", "--config", path)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout == f"{path}: good, 2 accounts, 1 deployment, 0 resources\n"
    assert document(run("--json", "check", "--config", path)) == {"file": str(path), "valid": True, "errors": [], "dropped": 0}


def test_the_environment_names_the_configuration_too(configuration: Files) -> None:
    assert run("check", CAUSEWAY_CONFIG=str(configuration())).returncode == 0


def test_every_error_of_a_configuration_is_a_line_with_its_place(write: Files) -> None:
    path = write("bad.yaml", 'version: 1\nhome: nowhere\nqueu: { name: a }\n')
    answer = run("check", "--config", path)
    assert (answer.returncode, answer.stdout) == (2, "")
    lines = answer.stderr.splitlines()
    assert len(lines) > 1
    assert all(line.startswith(f"{path}:") for line in lines)
    assert any(line.startswith(f"{path}:3:1: ") and "queu" in line for line in lines)


def test_the_errors_of_a_configuration_are_a_document_too(write: Files) -> None:
    path = write("bad.yaml", 'version: 1\nhome: nowhere\nqueu: { name: a }\n')
    answer = run("--json", "check", "--config", path)
    told = document(answer)
    assert answer.returncode == 2
    assert told["valid"] is False
    assert {"file", "line", "column", "message"} == set(told["errors"][0])
    assert [f"{e['file']}:{e['line']}:{e['column']}: {e['message']}" for e in told["errors"]] == answer.stderr.splitlines()


def test_a_configuration_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    answer = run("check", "--config", tmp_path / "none.yaml")
    assert answer.returncode == 2
    assert "none.yaml" in answer.stderr
    assert "No such file or directory" in answer.stderr


# event match


@pytest.mark.parametrize(("change", "code", "told"), [
    ({}, 0, "match\n"),
    ({"detail": {**EVENT["detail"], "state": "STOPPING"}}, 0, "match\n"),
    ({"detail": {**EVENT["detail"], "state": "FAILED"}}, 1, "no match: detail.state\n"),
    ({"source": "aws.s3"}, 1, "no match: source\n"),
])
def test_a_pattern_is_held_against_an_event(write: Files, change: dict[str, Any], code: int, told: str) -> None:
    answer = run("event", "match", "--pattern", write("p.json", PATTERN), "--event", write("e.json", event(**change)))
    assert (answer.returncode, answer.stdout, answer.stderr) == (code, told, "")


def test_the_verdict_of_a_match_is_a_document_too(write: Files) -> None:
    arguments = ("--json", "event", "match", "--pattern", write("p.json", PATTERN), "--event", "-")
    assert document(run(*arguments, stdin=json.dumps(EVENT))) == {"match": True}
    assert document(run(*arguments, stdin=json.dumps(event(source="x")))) == {"match": False, "differs_at": "source"}


@pytest.mark.parametrize(("pattern", "content", "reason"), [
    ("{", "{}", "p.json: "), ("[]", "{}", "p.json: "), ('{"a": "text"}', "{}", "p.json: "), ('{"a": [{"prefixx": "b"}]}', "{}", "p.json: "),
    ('{"a": ["b"]}', "{", "e.json: "), ('{"a": ["b"]}', "[1]", "e.json: "), ('{"a": ["b"]}', "", "e.json: "), ('{"a": ["b"]}', '"a"', "e.json: "),
])
def test_a_malformed_pattern_or_event_is_bad_input(write: Files, pattern: str, content: str, reason: str) -> None:
    answer = run("--json", "event", "match", "--pattern", write("p.json", pattern), "--event", write("e.json", content))
    assert answer.returncode == 2
    assert reason in answer.stderr
    assert document(answer)["error"]["class"] == "invalid"


def test_a_part_of_an_event_is_matched_with_a_warning_and_refused_when_strict(write: Files) -> None:
    arguments = ("event", "match", "--pattern", write("p.json", {"a": [1]}), "--event", write("e.json", {"a": 1}))
    answer = run(*arguments)
    assert (answer.returncode, answer.stdout) == (0, "match\n")
    assert "as it stands" in answer.stderr
    assert run(*arguments, "--strict").returncode == 2


def test_a_file_that_is_not_there_is_bad_input(tmp_path: Path) -> None:
    answer = run("event", "match", "--pattern", tmp_path / "none.json", "--event", "-", stdin="{}")
    assert answer.returncode == 2
    assert "none.json: No such file or directory" in answer.stderr


def test_only_one_of_two_files_can_be_standard_input() -> None:
    assert run("event", "match", "--pattern", "-", "--event", "-", stdin="{}").returncode == 2
    assert run("policy", "diff", "-", "-", stdin="{}").returncode == 2


# event route


def route(config: Path, content: Any, *arguments: str) -> Answer:
    return run("--config", config, *arguments, "event", "route", "-", stdin=content if isinstance(content, str) else json.dumps(content))


def test_an_event_that_a_deployment_takes_is_told_with_what(configuration: Files, expected: Callable[[str, str], None]) -> None:
    answer = route(configuration(), EVENT)
    assert (answer.returncode, answer.stderr) == (0, "")
    expected("event-route.txt", answer.stdout)
    told = document(route(configuration(), EVENT, "--json"))
    assert (told["route"], told["deployment"], told["endpoint"]) == ("deployment", "fraud-scorer", "fraud-scorer")
    assert (told["artifact_bucket"], told["artifact_key"]) == ("axcess-devst-sagemaker", "fraud/BuildArti/aB3dE")
    assert told["settings"]["variant"] == {"name": "main", "instance_type": "ml.m5.xlarge", "count": 2}


def test_a_file_of_the_event_may_be_named(configuration: Files, write: Files) -> None:
    assert run("--config", configuration(), "event", "route", write("e.json", EVENT)).returncode == 0


def test_an_event_that_nobody_takes_is_told_with_the_field_that_differs(configuration: Files) -> None:
    wrong = event(detail={**EVENT["detail"], "state": "FAILED"})
    answer = route(configuration(), wrong)
    assert answer.returncode == 1
    assert answer.stdout == "no deployment takes this event\n  fraud-scorer    differs at detail.state\n"
    told = document(route(configuration(), wrong, "--json"))
    assert told == {"route": "none", "why": [{"deployment": "fraud-scorer", "differs_at": "detail.state"}]}


def test_news_of_an_endpoint_starts_nothing(configuration: Files) -> None:
    news = event(source="aws.sagemaker", account="361769565206", detail={"EndpointName": "fraud-scorer", "EndpointStatus": "IN_SERVICE"},
                 **{"detail-type": "SageMaker Endpoint State Change"})
    answer = route(configuration(), news)
    assert answer.returncode == 1
    assert "news of the endpoint fraud-scorer" in answer.stdout
    assert document(route(configuration(), news, "--json"))["route"] == "endpoint"


def test_an_event_of_a_foreign_account_is_refused(configuration: Files) -> None:
    answer = route(configuration(), event(account="111122223333"))
    assert answer.returncode == 4
    assert "111122223333" in answer.stderr


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({**EVENT, "time": "yesterday"}), json.dumps({**EVENT, "account": "12"}),
                                     json.dumps({key: value for key, value in EVENT.items() if key != "id"})])
def test_a_malformed_event_cannot_be_routed(configuration: Files, content: str) -> None:
    answer = route(configuration(), content)
    assert answer.returncode == 2
    assert answer.stderr.startswith("causewayctl: standard input: ")


def test_an_event_without_the_artifact_cannot_be_deployed(configuration: Files) -> None:
    answer = route(configuration(), event(detail={**EVENT["detail"], "output-artifacts": []}))
    assert answer.returncode == 2
    assert "BuildArtifact" in answer.stderr


def test_a_bad_configuration_routes_nothing_and_says_why(write: Files) -> None:
    answer = route(write("bad.yaml", "version: 1\n"), EVENT)
    assert answer.returncode == 2
    assert "bad.yaml:1:1: " in answer.stderr


# policy


def policy(**more: Any) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*", **more}]}


@pytest.mark.parametrize(("other", "rule", "code"), [
    (policy(Action=["s3:PutObject", "s3:GetObject"]), (), 0),
    (policy(Action=["s3:PutObject"]), (), 1),
    (policy(Action=["S3:PutObject", "s3:getobject"]), (), 1),
    (policy(Action=["S3:PutObject", "s3:getobject"]), ("--rule", "aws"), 0),
    (policy(Action=["S3:PutObject", "s3:getobject"]), ("--rule=terraform",), 1),
    ("{", (), 2),
    (policy(), ("--rule", "azure"), 2),
])
def test_policies_are_compared_by_meaning(write: Files, other: Any, rule: tuple[str, ...], code: int) -> None:
    arguments = ("policy", "diff", write("a.json", policy()), write("b.json", other), *rule)
    assert run(*arguments).returncode == code
    answer = run("--json", *arguments)
    assert answer.returncode == code
    assert document(answer)["equal"] == (code == 0) if code < 2 else "error" in document(answer)


def test_what_differs_is_told_by_statement(write: Files) -> None:
    files = write("a.json", policy(Sid="Reads")), write("b.json", policy(Sid="Reads", Action="s3:GetObject"))
    answer = run("policy", "diff", *files)
    assert answer.stdout.splitlines() == ["different in meaning", '~ statement "Reads"', "    - Action: s3:PutObject"]
    assert document(run("--json", "policy", "diff", *files))["statements"] == [{
        "change": "changed", "sid": "Reads", "pointer": "/Statement/0",
        "elements": [{"change": "removed", "element": "Action", "value": "s3:PutObject"}],
    }]


def question(**more: Any) -> dict[str, Any]:
    return {"request": {"principal": "arn:aws:iam::361769565206:role/causeway", "action": "s3:GetObject", "context": {},
                        "resource": {"resource": "arn:aws:s3:::prod-models/a", "accountId": "361769565206"}}, **more}


@pytest.mark.parametrize(("content", "code", "verdict"), [
    (question(identityPolicies=[policy()]), 0, "Allowed"),
    (question(identityPolicies=[]), 1, "ImplicitlyDenied"),
    (question(identityPolicies=[policy(), policy(Effect="Deny")]), 1, "ExplicitlyDenied"),
])
def test_a_request_is_decided_by_its_policies(content: Any, code: int, verdict: str) -> None:
    answer = run("policy", "can", "--request", "-", stdin=json.dumps(content))
    assert answer.returncode == code
    assert answer.stdout.startswith(f"{verdict}: ")
    assert document(run("--json", "policy", "can", "--request", "-", stdin=json.dumps(content)))["verdict"] == verdict


@pytest.mark.parametrize("content", ["{", "{}", '{"request": {}}', '{"request": 1}'])
def test_a_malformed_request_is_bad_input(content: str) -> None:
    answer = run("policy", "can", "--request", "-", stdin=content)
    assert answer.returncode == 2
    assert answer.stderr.startswith("causewayctl: standard input: ")


# policy can, of what the configuration wants

EXAMPLE = Path(__file__).resolve().parents[2] / "conf" / "causeway.yaml"
INSTANCE, EXECUTION = ("arn:aws:iam::361769565206:role/" + name for name in ("causeway-instance", "causeway-execution"))
STAGING, FORWARD = ("arn:aws:iam::345594592951:role/" + name for name in ("causeway-staging", "causeway-forward"))
BUS = "arn:aws:events:us-east-1:361769565206:event-bus/cross-account-bus"
IMAGES = "arn:aws:ecr:us-east-1:345594592951:repository/sagemaker-inference"


def can(principal: str, action: str, resource: str, *context: str) -> Any:
    told = [part for pair in context for part in ("--context", pair)]
    return run("--json", "--config", EXAMPLE, "policy", "can", "--principal", principal, "--action", action, "--resource", resource, *told)


@pytest.mark.parametrize(("asked", "code", "missing"), [
    ((INSTANCE, "sts:AssumeRole", STAGING, "sts:ExternalId=causeway"), 0, None),
    ((INSTANCE, "sts:AssumeRole", STAGING, "sts:ExternalId=another"), 1, "resource policy"),
    ((INSTANCE, "sts:AssumeRole", STAGING), 1, "resource policy"),
    (("arn:aws:sts::361769565206:assumed-role/causeway-instance/i-1", "s3:GetObject", "arn:aws:s3:::axcess-devst-sagemaker/a"), 0, None),
    ((INSTANCE, "s3:PutObject", "arn:aws:s3:::axcess-devst-sagemaker/a"), 1, "resource policy"),
    ((FORWARD, "events:PutEvents", BUS), 0, None),
    ((STAGING, "events:PutEvents", BUS), 1, "resource policy"),
    ((EXECUTION, "ecr:BatchGetImage", IMAGES), 0, None),
    ((INSTANCE, "ecr:BatchGetImage", IMAGES), 1, "resource policy"),
    ((INSTANCE, "sagemaker:DeleteEndpoint", "arn:aws:sagemaker:us-east-1:361769565206:endpoint/somebody-elses"), 1, "identity policy"),
    (("events.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:us-east-1:361769565206:causeway-events",
      "aws:SourceArn=arn:aws:events:us-east-1:361769565206:rule/causeway-drift"), 0, None),
    (("events.amazonaws.com", "sqs:SendMessage", "arn:aws:sqs:us-east-1:361769565206:causeway-events"), 1, "resource policy"),
])
def test_what_the_configuration_wants_decides_a_request_of_options(asked: tuple[str, ...], code: int, missing: str | None) -> None:
    answer = can(*asked)
    said = document(answer)
    assert (answer.returncode, said.get("missing")) == (code, missing), said


def test_what_has_a_say_and_is_not_in_the_configuration_is_named() -> None:
    somebody = "arn:aws:iam::361769565206:role/somebody"
    said = document(can(somebody, "sqs:SendMessage", "arn:aws:sqs:us-east-1:361769565206:causeway-events"))
    assert said["unknown"] == [somebody]


@pytest.mark.parametrize("options", [
    (), ("--principal", INSTANCE), ("--principal", INSTANCE, "--action", "s3:GetObject"), ("--request", "-", "--principal", INSTANCE),
    ("--principal", INSTANCE, "--action", "s3:GetObject", "--resource", "*", "--context", "nothing"),
])
def test_half_a_request_is_bad_input(options: tuple[str, ...]) -> None:
    answer = run("--config", EXAMPLE, "policy", "can", *options, stdin="{}")
    assert answer.returncode == 2 and "--" in answer.stderr, answer.stderr
