"""SageMaker as the gate adds it: names, states in time, rollbacks, what serves, and the events of all that."""

import datetime
import json

import pytest
from botocore.exceptions import ClientError
from gate.client import wait_for
from gate.fixtures import *  # noqa: F403
from gate.world import SAGEMAKER_BUCKET

IMAGE_REASON = "did not pass the ping health check"


class Account:
    """Prod's SageMaker in the words of these tests."""

    def __init__(self, world):
        self.world = world
        self.api = world.client("prod", "sagemaker")
        self.runtime = world.client("prod", "sagemaker-runtime")

    def model(self, name, key=None, image=None):
        url = self.world.put_model(key or f"{name}/model.tar.gz")["url"]
        container = {"Image": image or self.world.image(), "ModelDataUrl": url}
        return self.api.create_model(ModelName=name, PrimaryContainer=container, ExecutionRoleArn=self.world.execution_role_arn)

    def config(self, name, model=None, count=2):
        return self.api.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[{
            "VariantName": "main", "ModelName": model or name, "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": count}])

    def release(self, name, **model):
        self.model(name, **model)
        self.config(name)

    def describe(self, name="scorer"):
        return self.api.describe_endpoint(EndpointName=name)

    def settled(self, name="scorer"):
        return wait_for(lambda: (d := self.describe(name))["EndpointStatus"] not in ("Creating", "Updating") and d, f"{name} to settle")

    def endpoint(self, name="scorer", config="v1"):
        self.release(config)
        self.api.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return self.settled(name)

    def events(self):
        bodies = [json.loads(m["Body"]) for m in self.world.messages()]
        return [(e["detail"]["EndpointStatus"], e) for e in bodies]


@pytest.fixture
def prod(world, control):
    control.sagemaker(durations={"creating": 0.05, "updating": 0.05, "deleting": 0.05})
    return Account(world)


def refusal(call, **parameters):
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    error = caught.value.response["Error"]
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error["Code"], error["Message"]


def test_given_a_name_that_exists_when_it_is_created_again_then_it_is_refused(prod):
    prod.endpoint()
    arn = f"arn:aws:sagemaker:us-east-1:{prod.world.prod}"
    assert refusal(prod.model, name="v1") == ("ValidationException", f'Cannot create already existing model "{arn}:model/v1".')
    assert refusal(prod.config, name="v1") == (
        "ValidationException", f'Cannot create already existing endpoint configuration "{arn}:endpoint-config/v1".')
    assert refusal(prod.api.create_endpoint, EndpointName="scorer", EndpointConfigName="v1") == (
        "ValidationException", f'Cannot create already existing endpoint "{arn}:endpoint/scorer".')


@pytest.mark.parametrize(("call", "parameters", "noun"), [
    ("describe_model", {"ModelName": "none"}, "model"),
    ("describe_endpoint_config", {"EndpointConfigName": "none"}, "endpoint configuration"),
    ("describe_endpoint", {"EndpointName": "none"}, "endpoint"),
    ("delete_model", {"ModelName": "none"}, "model"),
    ("delete_endpoint_config", {"EndpointConfigName": "none"}, "endpoint configuration"),
    ("delete_endpoint", {"EndpointName": "none"}, "endpoint"),
    ("create_endpoint", {"EndpointName": "e", "EndpointConfigName": "none"}, "endpoint configuration"),
    ("update_endpoint", {"EndpointName": "none", "EndpointConfigName": "none"}, "endpoint"),
])
def test_given_nothing_of_that_name_when_it_is_used_then_it_could_not_be_found(prod, call, parameters, noun):
    code, message = refusal(getattr(prod.api, call), **parameters)
    assert code == "ValidationException" and message.startswith(f'Could not find {noun} "arn:aws:sagemaker:')


def test_given_a_missing_model_when_a_config_is_made_then_it_is_refused(prod):
    assert 'Could not find model "' in refusal(prod.config, name="v1", model="none")[1]


def test_given_model_data_or_a_role_that_is_missing_when_a_model_is_made_then_it_is_refused(prod):
    container = {"Image": prod.world.image(), "ModelDataUrl": f"s3://{SAGEMAKER_BUCKET}/none.tar.gz"}
    role = prod.world.execution_role_arn
    code, message = refusal(prod.api.create_model, ModelName="m", PrimaryContainer=container, ExecutionRoleArn=role)
    assert code == "ValidationException" and message.startswith(f"Could not access model data at s3://{SAGEMAKER_BUCKET}/none.tar.gz.")
    container["ModelDataUrl"] = prod.world.put_model("there.tar.gz")["url"]
    assert "Could not access" in refusal(
        prod.api.create_model, ModelName="m", PrimaryContainer=container, ExecutionRoleArn=role + "-none")[1]
    assert refusal(prod.api.create_model, ModelName="m", PrimaryContainer=container,
                   ExecutionRoleArn=prod.world.staging_role_arn)[0] == "AccessDeniedException"
    prod.api.create_model(ModelName="m", PrimaryContainer=container, ExecutionRoleArn=role)


def test_given_a_model_and_a_config_when_they_are_described_then_they_are_what_was_given_and_aws_s_defaults(prod):
    prod.release("v1")
    model = prod.api.describe_model(ModelName="v1")
    assert model["PrimaryContainer"]["Mode"] == "SingleModel" and model["PrimaryContainer"]["Environment"] == {}
    assert model["EnableNetworkIsolation"] is False and isinstance(model["CreationTime"], datetime.datetime)
    variant = prod.api.describe_endpoint_config(EndpointConfigName="v1")["ProductionVariants"][0]
    assert variant == {"VariantName": "main", "ModelName": "v1", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2,
                       "InitialVariantWeight": 1.0}


def test_given_a_new_endpoint_when_time_passes_then_it_is_created_and_serves_and_says_so(prod, control):
    control.sagemaker(stuck=["creating"])
    prod.release("v1")
    prod.api.create_endpoint(EndpointName="scorer", EndpointConfigName="v1", Tags=[{"Key": "a", "Value": "b"}])
    assert prod.describe()["EndpointStatus"] == "Creating"
    assert prod.describe()["PendingDeploymentSummary"]["EndpointConfigName"] == "v1"
    assert refusal(prod.runtime.invoke_endpoint, EndpointName="scorer", Body=b"1")[0] == "ValidationError"
    assert "Cannot update in-progress endpoint" in refusal(prod.api.delete_endpoint, EndpointName="scorer")[1]
    assert control.sagemaker_release() == 1
    shown = prod.describe()
    assert shown["EndpointStatus"] == "InService" and "PendingDeploymentSummary" not in shown
    variant = shown["ProductionVariants"][0]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (2, 2)
    image = variant["DeployedImages"][0]
    assert image["SpecifiedImage"] == prod.world.image()
    digest = prod.world.put_image("again", "latest")  # the same content, so the same digest
    assert image["ResolvedImage"] == prod.world.image().removesuffix(":latest") + "@" + digest
    answer = prod.runtime.invoke_endpoint(EndpointName="scorer", Body=b"1,2", ContentType="text/csv")
    assert answer["Body"].read() == b"0.5\n" and answer["InvokedProductionVariant"] == "main" and answer["ContentType"] == "text/csv"
    assert [status for status, _ in prod.events()] == ["CREATING", "IN_SERVICE"]


def test_given_an_endpoint_when_it_is_updated_then_the_old_config_serves_until_the_new_one_does(prod, control):
    prod.endpoint()
    before = prod.describe()["LastModifiedTime"]
    prod.release("v2")
    control.sagemaker(stuck=["updating"], invocations=[{"endpoint": "scorer", "body": "{config}"}])
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2", RetainAllVariantProperties=True, DeploymentConfig={
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}})
    shown = prod.describe()
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("Updating", "v1")
    assert shown["PendingDeploymentSummary"]["EndpointConfigName"] == "v2"
    for call in (prod.api.delete_endpoint, lambda **k: prod.api.update_endpoint(EndpointConfigName="v1", **k)):
        assert "Cannot update in-progress endpoint" in refusal(call, EndpointName="scorer")[1]
    assert prod.runtime.invoke_endpoint(EndpointName="scorer", Body=b"")["Body"].read() == b"v1"
    control.sagemaker_release()
    shown = prod.describe()
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", "v2")
    assert shown["LastModifiedTime"] > before and "LastDeploymentConfig" in shown
    assert prod.runtime.invoke_endpoint(EndpointName="scorer", Body=b"")["Body"].read() == b"v2"


def test_given_a_container_that_does_not_start_when_it_is_deployed_then_an_update_rolls_back_silently_and_a_creation_fails(prod, control):
    prod.endpoint()
    prod.release("v2", key="broken/model.tar.gz")
    control.sagemaker(rules=[{"model_data_contains": "broken"}])
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2")
    shown = prod.settled()
    assert (shown["EndpointStatus"], shown["EndpointConfigName"]) == ("InService", "v1")
    assert IMAGE_REASON in shown["FailureReason"]
    prod.api.create_endpoint(EndpointName="other", EndpointConfigName="v2")
    shown = prod.settled("other")
    assert shown["EndpointStatus"] == "Failed" and IMAGE_REASON in shown["FailureReason"]
    assert "Failed" in refusal(prod.api.update_endpoint, EndpointName="other", EndpointConfigName="v1")[1]
    assert "FAILED" in [status for status, _ in prod.events()]


def test_given_an_image_that_is_missing_or_not_ours_when_it_is_deployed_then_the_endpoint_fails(prod):
    prod.release("v1", image=prod.world.image("none"))
    prod.api.create_endpoint(EndpointName="scorer", EndpointConfigName="v1")
    assert "Please make sure all images" in prod.settled()["FailureReason"]
    prod.world.client("staging", "ecr").delete_repository_policy(repositoryName="sagemaker-inference")
    prod.release("v2")
    prod.api.create_endpoint(EndpointName="other", EndpointConfigName="v2")
    assert "does not have BatchGetImage permission" in prod.settled("other")["FailureReason"]


def test_given_a_rule_that_asks_for_it_when_a_rollback_fails_then_the_endpoint_says_so(prod, control):
    prod.endpoint()
    prod.release("v2")
    control.sagemaker(rules=[{"endpoint": "scorer", "reason": "half", "outcome": "UpdateRollbackFailed"}])
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2")
    assert prod.settled()["EndpointStatus"] == "UpdateRollbackFailed"


def test_given_a_rule_that_asks_for_it_when_an_update_fails_then_the_endpoint_is_rolling_back_for_a_while(prod, control):
    prod.endpoint()
    prod.release("v2")
    control.sagemaker(rules=[{"endpoint": "scorer", "rolling_back": True}], stuck=["rolling_back"])
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2")
    wait_for(lambda: prod.describe()["EndpointStatus"] == "RollingBack", "the rollback")
    control.sagemaker_release()
    assert (prod.describe()["EndpointStatus"], prod.describe()["EndpointConfigName"]) == ("InService", "v1")


def test_given_an_endpoint_under_maintenance_when_it_is_updated_then_it_is_in_progress(prod, control):
    prod.endpoint()
    control.force_endpoint("prod", "scorer", "SystemUpdating")
    assert prod.describe()["EndpointStatus"] == "SystemUpdating"
    assert "Cannot update in-progress endpoint" in refusal(
        prod.api.update_endpoint, EndpointName="scorer", EndpointConfigName="v1")[1]


def test_given_a_previous_config_deleted_too_soon_when_an_update_ends_then_it_failed(prod, control):
    prod.endpoint()
    prod.release("v2")
    control.sagemaker(stuck=["updating"])
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2")
    prod.api.delete_endpoint_config(EndpointConfigName="v1")
    control.sagemaker_release()
    shown = prod.describe()
    assert shown["EndpointConfigName"] == "v1" and "Could not find endpoint configuration" in shown["FailureReason"]


def test_given_an_endpoint_when_it_is_deleted_then_it_goes_after_a_while(prod):
    prod.endpoint()
    prod.api.delete_endpoint(EndpointName="scorer")
    assert prod.describe()["EndpointStatus"] == "Deleting"
    wait_for(lambda: not prod.api.list_endpoints()["Endpoints"], "the endpoint to go")
    assert [status for status, _ in prod.events()][-1] == "DELETED"


def test_given_a_config_that_serves_when_it_is_deleted_then_aws_lets_it_and_it_is_a_danger(prod, control):
    prod.endpoint()
    prod.release("v2")
    prod.api.delete_endpoint_config(EndpointConfigName="v2")
    assert control.dangers() == []
    prod.api.delete_endpoint_config(EndpointConfigName="v1")
    assert "v1" in control.dangers()[0]["reason"]


def test_given_many_endpoints_when_they_are_listed_then_filters_order_and_pages_hold(prod):
    prod.release("v1")
    for name in ("b-one", "a-two", "c-one"):
        prod.api.create_endpoint(EndpointName=name, EndpointConfigName="v1")
    wait_for(lambda: len(prod.api.list_endpoints(StatusEquals="InService")["Endpoints"]) == 3, "all three")
    names = [e["EndpointName"] for e in prod.api.list_endpoints(SortBy="Name", SortOrder="Ascending")["Endpoints"]]
    assert names == ["a-two", "b-one", "c-one"]
    assert {e["EndpointName"] for e in prod.api.list_endpoints(NameContains="one")["Endpoints"]} == {"b-one", "c-one"}
    first = prod.api.list_endpoints(MaxResults=2)
    second = prod.api.list_endpoints(MaxResults=2, NextToken=first["NextToken"])
    assert len(first["Endpoints"]) == 2 and len(second["Endpoints"]) == 1 and "NextToken" not in second
    assert prod.api.list_endpoints(StatusEquals="Failed")["Endpoints"] == []


def test_given_duplicate_or_absent_events_when_they_are_asked_for_then_they_come_so(prod, control):
    control.sagemaker(events={"copies": 2})
    prod.endpoint()
    twice = prod.events()
    assert [status for status, _ in twice] == ["CREATING", "CREATING", "IN_SERVICE", "IN_SERVICE"]
    assert len({event["id"] for _, event in twice}) == 4
    control.sagemaker(events={"send": False})
    prod.api.delete_endpoint(EndpointName="scorer")
    wait_for(lambda: not prod.api.list_endpoints()["Endpoints"], "the endpoint to go")
    assert prod.events() == []


def test_given_rules_for_invocations_when_an_endpoint_is_invoked_then_it_answers_by_them(prod, control):
    prod.endpoint()
    control.sagemaker(invocations=[{"model_data_contains": "v1/", "status": 500, "code": "ModelError", "body": "boom"}])
    with pytest.raises(ClientError) as caught:
        prod.runtime.invoke_endpoint(EndpointName="scorer", Body=b"1")
    assert caught.value.response["Error"]["Code"] == "ModelError"


def test_given_tags_when_they_are_listed_then_they_are_what_was_given_and_added(prod):
    prod.endpoint()
    arn = prod.describe()["EndpointArn"]
    prod.api.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert prod.api.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_given_weights_and_capacities_when_they_change_then_an_update_can_keep_them(prod):
    prod.endpoint()
    prod.api.update_endpoint_weights_and_capacities(
        EndpointName="scorer", DesiredWeightsAndCapacities=[{"VariantName": "main", "DesiredInstanceCount": 7}])
    assert prod.settled()["ProductionVariants"][0]["CurrentInstanceCount"] == 7
    prod.release("v2")
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v2", RetainAllVariantProperties=True)
    assert prod.settled()["ProductionVariants"][0]["DesiredInstanceCount"] == 7
    prod.api.update_endpoint(EndpointName="scorer", EndpointConfigName="v1")
    assert prod.settled()["ProductionVariants"][0]["DesiredInstanceCount"] == 2
