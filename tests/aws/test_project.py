"""SageMaker projects' artifacts: the zip of template and parameters, as the deploy pipeline builds it."""

import io
import json
import zipfile
from typing import Any

import pytest
from causeway import ENDPOINT, PIPELINE
from gate.world import ARTIFACT_BUCKET
from test_journey import described

TEMPLATE = """
Parameters:
  SageMakerProjectName: {Type: String}
  StageName: {Type: String}
  ModelExecutionRoleArn: {Type: String}
  ModelPackageName: {Type: String}
  EndpointInstanceCount: {Type: Number, MinValue: 1}
  EndpointInstanceType: {Type: String}
Resources:
  Model:
    Type: AWS::SageMaker::Model
    Properties:
      Containers: [{ModelPackageName: !Ref ModelPackageName}]
      ExecutionRoleArn: !Ref ModelExecutionRoleArn
  EndpointConfig:
    Type: AWS::SageMaker::EndpointConfig
    Properties:
      ProductionVariants:
      - {InitialInstanceCount: !Ref EndpointInstanceCount, InitialVariantWeight: 1.0, InstanceType: !Ref EndpointInstanceType,
         ModelName: !GetAtt Model.ModelName, VariantName: AllTraffic}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties:
      EndpointName: !Sub '${SageMakerProjectName}-${StageName}'
      EndpointConfigName: !GetAtt EndpointConfig.EndpointConfigName
"""

PROJECT = {"artifact": {"pipeline": "BuildArtifact", "form": "sagemaker-project"}, "container": None, "variant": None}


def zipped(**files: str | bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def project(package: str, template: str = TEMPLATE, **parameters: str) -> bytes:
    configuration = {"Parameters": {
        "SageMakerProjectName": "scorer", "StageName": "prod", "ModelPackageName": package, "EndpointInstanceCount": "1",
        "EndpointInstanceType": "ml.m5.large", "ModelExecutionRoleArn": "arn:aws:iam::345594592951:role/staging-only", **parameters,
    }, "Tags": {"sagemaker:project-name": "scorer"}}
    return zipped(**{"template-export.yml": template, "prod-config-export.json": json.dumps(configuration),
                     "staging-config-export.json": "{}"})


def publish_zip(world: Any, control: Any, content: bytes, key: str = "deploy/zip", **envelope: Any) -> None:
    world.put_object(ARTIFACT_BUCKET, key, content)
    control.event("staging", world.action_succeeded(PIPELINE, ARTIFACT_BUCKET, key, **envelope))


def test_given_a_projects_zip_when_it_comes_then_its_package_serves_as_the_template_says(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    package = control.package("staging", "scorer", 7, approval="Approved")
    publish_zip(world, control, project(package["arn"]))
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record["reason"]
    sagemaker = world.client("prod", "sagemaker")
    model = sagemaker.describe_model(ModelName=record["model_name"])
    config = sagemaker.describe_endpoint_config(EndpointConfigName=described(world)["EndpointConfigName"])
    variant = config["ProductionVariants"][0]
    assert model["Containers"][0]["ModelPackageName"] == package["arn"]
    assert model["ExecutionRoleArn"] == world.execution_role_arn
    assert (variant["VariantName"], variant["InstanceType"], variant["InitialInstanceCount"]) == ("AllTraffic", "ml.m5.large", 1)
    tags = {t["Key"]: t["Value"] for t in sagemaker.list_tags(ResourceArn=model["ModelArn"])["Tags"]}
    assert tags["sagemaker:project-name"] == "scorer"


def test_given_parameters_in_the_configuration_when_a_zip_comes_then_they_stand_above_its_own(make_daemon, world, control):
    daemon = make_daemon(deployment={**PROJECT, "parameters": {"EndpointInstanceCount": "3"}}).start()
    package = control.package("staging", "scorer", 7, approval="Approved")
    publish_zip(world, control, project(package["arn"]))
    assert daemon.wait_ended()[0]["state"] == "succeeded"
    assert described(world)["ProductionVariants"][0]["CurrentInstanceCount"] == 3


def test_given_containers_with_model_data_when_a_zip_comes_then_all_of_it_is_copied_and_pinned(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    digest = world.put_image("v1")
    one, two = world.put_model("models/one.tar.gz"), world.put_model("models/two.tar.gz", b"2\n")
    template = TEMPLATE.replace("Containers: [{ModelPackageName: !Ref ModelPackageName}]", "Containers:\n" + "".join(
        f"      - {{Image: '{world.image('v1')}', ModelDataUrl: '{data['url']}'}}\n" for data in (one, two)))
    publish_zip(world, control, project("unused", template))
    record = daemon.wait_ended()[0]
    assert record["state"] == "succeeded", record["reason"]
    containers = world.client("prod", "sagemaker").describe_model(ModelName=record["model_name"])["Containers"]
    assert [c["ModelDataUrl"].rpartition("/")[2] for c in containers] == ["one.tar.gz", "two.tar.gz"]
    assert all(c["ModelDataUrl"].startswith("s3://prod-models/") and c["Image"].endswith(digest) for c in containers)


def bomb() -> bytes:
    return zipped(**{"template-export.yml": b"\0" * 900_000, "prod-config-export.json": "{}"})


def lying() -> bytes:
    """A zip whose directory says that an entry is smaller than it is."""
    content = bytearray(project("x"))
    at = content.rindex(b"PK\x01\x02")
    content[at + 24:at + 28] = (1).to_bytes(4, "little")
    return bytes(content)


def encrypted() -> bytes:
    """A zip whose entries say that they are encrypted."""
    content = bytearray(project("x"))
    at = 0
    while (at := content.find(b"PK\x01\x02", at)) >= 0:
        content[at + 8] |= 1
        at += 4
    return bytes(content)


@pytest.mark.parametrize(("content", "why"), [
    (b"PK\x03\x04 not really", "zip"),
    (b"{}", "not a zip"),
    (zipped(**{"other.txt": "x"}), "template-export.yml"),
    (zipped(**{"../template-export.yml": "x"}), "leads out"),
    (bomb(), "would unpack"),
    (lying(), ""),
    (encrypted(), "encrypted"),
    (project("x")[:-30], "zip"),
    (project("x", "Resources: {A: !ImportValue x}"), "AWS::SageMaker::Endpoint"),
    (project("x", TEMPLATE.replace("!Ref EndpointInstanceType", "!Ref Nowhere")), "Nowhere"),
], ids=["nonsense", "json", "no template", "leads out", "bomb", "lying", "encrypted", "truncated", "no endpoint", "unresolved"])
def test_given_a_bad_zip_when_it_comes_then_it_is_rejected_with_the_reason(make_daemon, world, control, content, why):
    daemon = make_daemon(deployment=PROJECT).start()
    publish_zip(world, control, content)
    record = daemon.wait_ended()[0]
    assert record["state"] == "rejected"
    assert why in record["reason"]
    assert world.client("prod", "sagemaker").list_endpoints()["Endpoints"] == []


WATCHED = TEMPLATE + """
      DeploymentConfig:
        BlueGreenUpdatePolicy: {TrafficRoutingConfiguration: {Type: ALL_AT_ONCE, WaitIntervalInSeconds: 0}}
        AutoRollbackConfiguration: {Alarms: [{AlarmName: !Ref Errors}]}
  Errors:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/SageMaker
      MetricName: Invocation5XXErrors
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 5
      ComparisonOperator: GreaterThanThreshold
      Dimensions:
      - {Name: EndpointName, Value: !GetAtt Endpoint.EndpointName}
      - {Name: VariantName, Value: AllTraffic}
"""


def test_given_a_template_with_an_alarm_when_it_is_updated_then_the_alarm_watches_the_rollout_and_goes_after_it(make_daemon, world, control):
    daemon = make_daemon(deployment=PROJECT).start()
    for number in (1, 2):
        package = control.package("staging", "scorer", number, approval="Approved")["arn"]
        publish_zip(world, control, project(package, WATCHED), key=f"deploy/{number}", time=f"2026-11-20T09:30:0{number}Z")
        record = daemon.wait_ended(number)[0]
        assert record["state"] == "succeeded", record.get("reason")
    made = control.calls(service="cloudwatch", operation="PutMetricAlarm")[-1]["parameters"]
    assert (made["MetricName"], made["Threshold"], made["ActionsEnabled"]) == ("Invocation5XXErrors", 5, False)
    assert made["Dimensions"][0] == {"Name": "EndpointName", "Value": ENDPOINT}
    update = control.calls(service="sagemaker", operation="UpdateEndpoint")[-1]["parameters"]
    assert update["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"] == [{"AlarmName": made["AlarmName"]}]
    assert control.calls(service="cloudwatch", operation="DeleteAlarms")[-1]["parameters"]["AlarmNames"] == [made["AlarmName"]]
