"""conf/bootstrap: the two templates that give the daemon its first permissions, and what it makes of them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bridge import Bridge
from causeway import BUILD, ROOT
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, EXTERNAL_ID, INSTANCE_ROLE, MODEL_BUCKET, REPOSITORY, SAGEMAKER_BUCKET, STAGING_ROLE
from privileges import questions
from test_bridge import furnish, make_pipeline

PLAIN_BUCKET, PACKAGE_GROUP = "models-without-versions", "scorer"
TEMPLATES = ROOT / "conf" / "bootstrap"


def create(world: Any, account: str, **parameters: str) -> dict[str, str]:
    """The stack's outputs."""
    client = world.client(account, "cloudformation")
    template = (TEMPLATES / ("production.yaml" if account == "prod" else "staging.yaml")).read_text()
    client.create_stack(StackName="causeway", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"], Parameters=[
        {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()])
    stack = wait_for(lambda: client.describe_stacks(StackName="causeway")["Stacks"][0], "the stack")
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def bootstrap(bare: Any, reads_everything: str = "no", table: str = "", table_account: str = "prod") -> str:
    """Both stacks, and what they are told of; the key's ARN."""
    tables = {table_account: table}
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET, PLAIN_BUCKET):
        bare.client("staging", "s3").create_bucket(Bucket=name)
    bare.client("prod", "s3").create_bucket(Bucket=MODEL_BUCKET)
    repository = bare.client("staging", "ecr").create_repository(repositoryName=REPOSITORY)["repository"]["repositoryArn"]
    key = bare.client("staging", "kms").create_key()["KeyMetadata"]["Arn"]
    group = bare.client("staging", "sagemaker").create_model_package_group(ModelPackageGroupName=PACKAGE_GROUP)["ModelPackageGroupArn"]
    staging = create(
        bare, "staging", ProductionAccountId=bare.prod, ExternalId=EXTERNAL_ID, RepositoryArns=repository, KeyArns=key,
        PackageGroupArns=group,
        BucketArns=f"arn:aws:s3:::{ARTIFACT_BUCKET},arn:aws:s3:::{SAGEMAKER_BUCKET},arn:aws:s3:::{PLAIN_BUCKET}",
        ReadEverything=reads_everything, TableName=tables.get("staging", ""))
    assert staging["DaemonRoleArn"] == bare.staging_role_arn
    production = create(
        bare, "prod", StagingRoleArn=staging["DaemonRoleArn"], ReadEverything=reads_everything, TableName=tables.get("prod", ""),
        MirrorRepositoryArns=f"arn:aws:ecr:{bare.region}:{bare.prod}:repository/{REPOSITORY}")
    assert production["InstanceRoleArn"].endswith(f":role/{INSTANCE_ROLE}")
    return key


@pytest.fixture
def bootstrapped(bare: Any) -> str:
    return bootstrap(bare)


@pytest.mark.parametrize("template", ["production.yaml", "staging.yaml"])
def test_given_a_template_when_cfn_lint_reads_it_then_it_has_nothing_to_say(template):
    said = subprocess.run([
        sys.executable, "-c", "import sys; from cfnlint.runner import main; sys.exit(main())", str(TEMPLATES / template)], capture_output=True, text=True)
    assert (said.returncode, said.stdout) == (0, ""), said.stdout + said.stderr


def documents(world: Any, account: str, role: str) -> list[dict[str, Any]]:
    """All policies of the role."""
    iam = world.client(account, "iam")
    found = [iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
             for name in iam.list_role_policies(RoleName=role)["PolicyNames"]]
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        version = iam.get_policy(PolicyArn=policy["PolicyArn"])["Policy"]["DefaultVersionId"]
        found.append(iam.get_policy_version(PolicyArn=policy["PolicyArn"], VersionId=version)["PolicyVersion"]["Document"])
    return found


def is_allowed(directory: Path, principal: str, policies: list[dict[str, Any]], key_policy: dict[str, Any], action: str,
               resource: str, context: dict[str, str]) -> bool:
    """A key's own policy has to say something too, also within one account."""
    request = directory / "request.json"
    request.write_text(json.dumps({
        "request": {"principal": principal, "action": action, "resource": {"resource": resource, "accountId": principal.split(":")[4]},
                    "context": context},
        "identityPolicies": policies, **({"resourcePolicy": key_policy} if action.startswith("kms:") else {}),
    }))
    asked = subprocess.run([str(BUILD / "causewayctl"), "policy", "can", "--request", str(request)], capture_output=True, text=True)
    assert asked.returncode in (0, 1), asked.stdout + asked.stderr
    return asked.returncode == 0


def test_given_the_templates_and_what_the_bridge_granted_when_its_calls_are_judged_then_none_lacks_a_permission(
        sandbox: Any, bare: Any, control: Any, bootstrapped: str, tmp_path: Path):
    bridge = Bridge(sandbox, bare, tmp_path, bootstrapped)
    bridge.environment = {
        "AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": bare.region, "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}
    bridge.converge()
    bare.client("staging", "ecr").delete_repository_policy(repositoryName=REPOSITORY)
    bare.client("prod", "sqs").set_queue_attributes(QueueUrl=bare.queue_url, Attributes={"VisibilityTimeout": "5"})
    bridge.doctor()
    bridge.stop()
    bridge.converge()
    granted = {INSTANCE_ROLE: documents(bare, "prod", INSTANCE_ROLE), STAGING_ROLE: documents(bare, "staging", STAGING_ROLE)}
    key_policy = json.loads(bare.client("staging", "kms").get_key_policy(KeyId=bootstrapped, PolicyName="default")["Policy"])
    asked, missing = judged(tmp_path, control, granted, key_policy)
    print(f"{len(asked)} permissions asked for, {len(missing)} missing")
    assert missing == [] and len(asked) > 40


def judged(directory: Path, control: Any, granted: dict[str, list[dict[str, Any]]], key_policy: dict[str, Any]) -> tuple[set[Any], list[Any]]:
    """(role, action, resource) of all that the daemon's calls needed, and of what of that these policies do not allow."""
    asked, missing = set(), []
    for call in control.calls():
        if not (call["user_agent"] or "").startswith("causeway/"):
            continue
        role, account = call["principal"].split("/")[1], call["principal"].split(":")[4]
        for action, resource, context in questions(call):
            key = (role, action, resource)
            if key not in asked and not is_allowed(
                    directory, f"arn:aws:iam::{account}:role/{role}", granted[role], key_policy, action, resource, context):
                missing.append(key)
            asked.add(key)
    return asked, missing


def test_given_a_stack_that_may_read_everything_when_an_account_is_imported_then_nothing_is_missing_and_nothing_was_granted_in_vain(
        sandbox: Any, bare: Any, control: Any, tmp_path: Path):
    key = bootstrap(bare, reads_everything="yes")
    furnish(bare, key)
    make_pipeline(bare)
    bridge = Bridge(sandbox, bare, tmp_path, key)
    bridge.environment = {
        "AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": bare.region, "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}
    bridge.configure(bridge=None)
    bridge.ask("import", account="prod")
    assert len(bridge.ask("import", account="staging")["resources"]) > 10
    bridge.stop()
    granted = {INSTANCE_ROLE: documents(bare, "prod", INSTANCE_ROLE), STAGING_ROLE: documents(bare, "staging", STAGING_ROLE)}
    key_policy = json.loads(bare.client("staging", "kms").get_key_policy(KeyId=key, PolicyName="default")["Policy"])
    asked, missing = judged(tmp_path, control, granted, key_policy)
    assert missing == []
    reading = [next(d for d in policies if "ListQueues" in json.dumps(d)) for policies in granted.values()]
    assert reading[0] == reading[1], "the same in both accounts"
    given = {action for statement in reading[1]["Statement"] for action in statement["Action"]}
    assert given - {action for role, action, _ in asked if role == STAGING_ROLE} == set()


def test_given_the_two_stacks_when_the_daemon_runs_on_the_instances_role_then_the_bridge_converges_and_leaves_them_alone(
        sandbox: Any, bare: Any, control: Any, bootstrapped: str, tmp_path: Path):
    bridge = Bridge(sandbox, bare, tmp_path, bootstrapped)
    bridge.environment = {
        "AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": bare.region,
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint,
    }
    bridge.converge()
    assert bridge.plan()["empty"]
    bridge.stop()
    for account, role in (("prod", INSTANCE_ROLE), ("staging", STAGING_ROLE)):
        iam = bare.client(account, "iam")
        attached = [p["PolicyName"] for p in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]]
        assert attached == ["causeway-bootstrap"]
        assert iam.list_role_policies(RoleName=role)["PolicyNames"] == ["causeway"]
    calls = [c for c in control.calls() if (c["user_agent"] or "").startswith("causeway/") and c["service"] != "sts"]
    callers = {c["principal"].split("/")[1] for c in calls}
    assert callers == {INSTANCE_ROLE, STAGING_ROLE}
