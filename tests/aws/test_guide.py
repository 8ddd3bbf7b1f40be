"""privileges: guide, to the end: from two accounts as conf/bootstrap leaves them to a model that serves by the guide's own roles."""

import json
import uuid
from pathlib import Path
from typing import Any

from bridge import short_form
from causeway import ENDPOINT, Daemon, publish
from gate.client import wait_for
from gate.world import ARTIFACT_BUCKET, INSTANCE_ROLE, REPOSITORY, SAGEMAKER_BUCKET, STAGING_ROLE
from test_bootstrap import bootstrapped, documents, judged  # noqa: F401
from test_events import guide_event, put_artifact, put_event
from test_journey import described

EXECUTION = "AmazonSageMakerServiceCatalogProductsUseRoleMultiModelTB"
ON = {"on": {"$or": [
    {"source": ["aws.codepipeline"], "detail-type": ["CodePipeline Action Execution State Change"], "detail": {"state": ["SUCCEEDED"]}},
    {"source": ["staging.sagemaker.deploy"]}]}}


def test_given_the_guides_privileges_when_a_pipeline_and_the_guides_function_announce_models_then_both_serve(
        sandbox: Any, bare: Any, control: Any, bootstrapped: str, tmp_path: Path) -> None:  # noqa: F811
    bare.put_image("latest")
    for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET):
        bare.client("staging", "s3").put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    control.sagemaker(durations={"creating": 0.2, "updating": 0.2})
    daemon = Daemon(sandbox, bare, tmp_path / "causeway")
    daemon.environment = {
        "AWS_ENDPOINT_URL": sandbox.endpoint, "AWS_REGION": bare.region, "AWS_EC2_METADATA_SERVICE_ENDPOINT": sandbox.endpoint}
    daemon.configure(bridge={**short_form(bootstrapped), "privileges": "guide"},
                     deployment={"execution_role": "${role.execution.arn}", **ON})
    try:
        daemon.start()
        wait_for(lambda: daemon.ctl("apply", "--yes").returncode == 0 and daemon.ctl("plan").returncode == 0, "the bridge", 60)
        publish(bare, control, "deploy/one")
        first = daemon.wait_ended()[0]
        assert first["state"] == "succeeded", first.get("reason")
        model = bare.client("prod", "sagemaker").describe_model(ModelName=first["model_name"])
        assert model["ExecutionRoleArn"] == f"arn:aws:iam::{bare.prod}:role/{EXECUTION}"
        policy = bare.client("staging", "ecr").get_repository_policy(repositoryName=REPOSITORY)["policyText"]
        assert model["ExecutionRoleArn"] in json.loads(policy)["Statement"][0]["Principal"]["AWS"]

        job = str(uuid.uuid4())
        control.codepipeline("staging", jobs=[job])
        put_event(bare, guide_event(bare, put_artifact(bare, "deploy/two"), job))
        second = daemon.wait_ended(2)[0]
        assert second["state"] == "succeeded", second.get("reason")
        assert described(bare, ENDPOINT)["EndpointConfigName"] == second["config_name"] != first["config_name"]
        assert control.jobs()[job]["status"] == "Succeeded"
    finally:
        daemon.close()
    granted = {INSTANCE_ROLE: documents(bare, "prod", INSTANCE_ROLE), STAGING_ROLE: documents(bare, "staging", STAGING_ROLE)}
    key_policy = json.loads(bare.client("staging", "kms").get_key_policy(KeyId=bootstrapped, PolicyName="default")["Policy"])
    asked, missing = judged(tmp_path, control, granted, key_policy)
    assert missing == [] and len(asked) > 60
