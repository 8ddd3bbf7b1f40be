"""What IAM asks of a recorded call: its actions and their resources, as the Service Authorization Reference has them."""

from typing import Any

REGION = "us-east-1"
Question = tuple[str, str, dict[str, str]]


def _rule(account: str, name: str, bus: str) -> str:
    return f"arn:aws:events:{REGION}:{account}:rule/{name if bus == 'default' else f'{bus}/{name}'}"


def _iam(account: str, operation: str, given: dict[str, Any]) -> str:
    if operation == "GetAccountAuthorizationDetails":
        return "*"
    if "RoleName" in given:
        return f"arn:aws:iam::{account}:role/{given['RoleName']}"
    return given.get("PolicyArn") or f"arn:aws:iam::{account}:policy/{given['PolicyName']}"


def _events(account: str, operation: str, given: dict[str, Any]) -> str:
    if operation == "ListRules":
        return f"arn:aws:events:{REGION}:{account}:rule/*"
    if "ResourceARN" in given:
        return given["ResourceARN"]
    if operation == "ListEventBuses":
        return "*"
    name = given.get("Rule") or given.get("Name") or given["EventBusName"]
    if "Bus" in operation or "Permission" in operation:
        return f"arn:aws:events:{REGION}:{account}:event-bus/{name}"
    return _rule(account, name, given.get("EventBusName", "default"))


def _s3(call: dict[str, Any]) -> list[Question]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html"""
    operation, given = call["operation"], call["parameters"]
    if operation == "ListBuckets":
        return [("s3:ListAllMyBuckets", "*", {})]
    bucket = f"arn:aws:s3:::{given['Bucket']}"
    thing = f"{bucket}/{given['Key']}" if "Key" in given else bucket
    uploads = ("CopyObject", "PutObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload")
    found: list[Question] = []
    if operation in ("GetObject", "HeadObject"):
        found.append(("s3:GetObjectVersion" if given.get("VersionId") else "s3:GetObject", thing, {}))
        if call["status"] == 404:  # "If you have the s3:ListBucket permission, Amazon S3 returns 404; if you don't, 403"
            found.append(("s3:ListBucket", bucket, {}))
    elif operation == "HeadBucket":
        found.append(("s3:ListBucket", bucket, {}))
    elif operation == "ListMultipartUploads":
        found.append(("s3:ListBucketMultipartUploads", bucket, {}))
    elif operation in uploads:
        found.append(("s3:PutObject", thing, {}))
    else:
        found.append((f"s3:{operation}", thing, {}))
    if "CopySource" in given:
        source, _, version = given["CopySource"].partition("?versionId=")
        found.append(("s3:GetObjectVersion" if version else "s3:GetObject", f"arn:aws:s3:::{source}", {}))
    return found


def _sagemaker(account: str, operation: str, given: dict[str, Any]) -> list[Question]:
    """SageMaker's ARNs have names in lower case; a call that makes one thing of another needs both."""
    def arn(kind: str, name: str) -> str:
        return name if name.startswith("arn:") else f"arn:aws:sagemaker:{REGION}:{account}:{kind}/{name.lower()}"

    action = f"sagemaker:{operation}"
    if operation in ("ListEndpoints", "ListModels", "ListEndpointConfigs", "ListModelPackageGroups"):
        return [(action, "*", {})]
    if operation in ("ListTags", "AddTags"):
        return [(action, given["ResourceArn"], {})]
    if operation == "ListModelPackages" or "PackageGroupPolicy" in operation:
        return [(action, arn("model-package-group", given["ModelPackageGroupName"]), {})]
    if operation == "DescribeModelPackage":
        return [(action, arn("model-package", given["ModelPackageName"]), {})]
    if operation.endswith("Model"):
        found = [(action, arn("model", given["ModelName"]), {})]
    elif operation.endswith("EndpointConfig"):
        found = [(action, arn("endpoint-config", given["EndpointConfigName"]), {})]
    else:
        found = [(action, arn("endpoint", given["EndpointName"]), {})]
        if "EndpointConfigName" in given:
            found.append((action, arn("endpoint-config", given["EndpointConfigName"]), {}))
    if given.get("Tags"):
        found.append(("sagemaker:AddTags", found[0][1], {}))
    if "ExecutionRoleArn" in given:
        found.append(("iam:PassRole", given["ExecutionRoleArn"], {"iam:PassedToService": "sagemaker.amazonaws.com"}))
    for container in given.get("Containers", []):
        if "ModelPackageName" in container:
            found.append(("sagemaker:DescribeModelPackage", container["ModelPackageName"], {}))
    return found


def _dynamodb(account: str, operation: str, given: dict[str, Any]) -> list[Question]:
    """A transaction needs what each of its parts needs; a query, the index that it reads."""
    def table(name: str) -> str:
        return f"arn:aws:dynamodb:{REGION}:{account}:table/{name}"

    parts = {"Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem", "Put": "PutItem"}
    if operation == "TransactWriteItems":
        return [(f"dynamodb:{parts[kind]}", table(part["TableName"]), {}) for item in given["TransactItems"] for kind, part in item.items()]
    if operation == "BatchGetItem":
        return [("dynamodb:BatchGetItem", table(name), {}) for name in given["RequestItems"]]
    if "ResourceArn" in given:
        return [(f"dynamodb:{operation}", given["ResourceArn"], {})]
    whole = table(given["TableName"])
    found: list[Question] = [(f"dynamodb:{operation}", f"{whole}/index/{given['IndexName']}" if "IndexName" in given else whole, {})]
    if operation == "CreateTable" and given.get("Tags"):
        found.append(("dynamodb:TagResource", whole, {}))
    return found


def _others(account: str, service: str, operation: str, given: dict[str, Any]) -> list[Question]:
    """What the daemon uses to watch, scale and tell."""
    if service == "cloudformation":
        name = given["StackName"]
        stack = name if name.startswith("arn:") else f"arn:aws:cloudformation:{REGION}:{account}:stack/{name}/1"
        passed = [("iam:PassRole", given["RoleARN"], {"iam:PassedToService": "cloudformation.amazonaws.com"})] if "RoleARN" in given else []
        return [(f"cloudformation:{operation}", stack, {}), *passed]
    if service == "cloudwatch":
        names = given.get("AlarmNames") or [given["AlarmName"]]
        return [(f"cloudwatch:{operation}", f"arn:aws:cloudwatch:{REGION}:{account}:alarm:{name}", {}) for name in names]
    if service == "codepipeline":
        pipeline = given.get("pipelineName") or given.get("name")
        return [(f"codepipeline:{operation}", f"arn:aws:codepipeline:{REGION}:{account}:{pipeline}" if pipeline else "*", {})]
    assert service == "application-autoscaling", service
    return [(f"{service}:{operation}", "*", {"application-autoscaling:service-namespace": given["ServiceNamespace"]})]


def questions(call: dict[str, Any]) -> list[Question]:
    """(action, resource, context) for each permission that the call needs; none where it needs none."""
    service, operation, account, given = call["service"], call["operation"], call["account"], call["parameters"]
    context: dict[str, str] = {}
    if service == "sts":
        asked = {"sts:ExternalId": given["ExternalId"]} if "ExternalId" in given else {}
        return [("sts:AssumeRole", given["RoleArn"], asked)] if operation == "AssumeRole" else []
    if service == "s3":
        return _s3(call)
    if service in ("sagemaker", "sagemaker-runtime"):
        return _sagemaker(account, operation, given)
    if operation in ("ListQueues", "DescribeRepositories", "ListKeys", "ListTables"):
        return [(f"{service}:{operation}", "*", {})]
    if service == "dynamodb":
        return _dynamodb(account, operation, given)
    if service == "iam":
        resource = _iam(account, operation, given)
    elif service == "events" and operation == "PutEvents":
        entry = given["Entries"][0]
        resource = f"arn:aws:events:{REGION}:{account}:event-bus/{entry.get('EventBusName', 'default')}"
        context = {"events:source": entry["Source"]}
    elif service == "events":
        resource = _events(account, operation, given)
    elif service == "sqs":
        operation = operation.removesuffix("Batch")  # the actions of single messages are asked for
        name = given.get("QueueName") or given["QueueUrl"].split("/")[-1]
        resource = f"arn:aws:sqs:{REGION}:{account}:{name}"
    elif service == "ecr":
        resource = given.get("resourceArn") or f"arn:aws:ecr:{REGION}:{account}:repository/{given['repositoryName']}"
    elif service == "kms":
        resource = given["KeyId"]
    else:
        return _others(account, service, operation, given)
    found = [(f"{service}:{operation}", resource, context)]
    if operation == "CreateRepository" and given.get("tags"):
        found.append(("ecr:TagResource", resource, {}))
    tag = {"iam": "TagRole" if operation == "CreateRole" else "TagPolicy", "events": "TagResource", "sqs": "TagQueue"}
    if operation in ("CreateRole", "CreatePolicy", "CreateEventBus", "PutRule", "CreateQueue") and (given.get("Tags") or given.get("tags")):
        found.append((f"{service}:{tag[service]}", resource, {}))
    if operation == "CreateRole" and "PermissionsBoundary" in given:
        found.append(("iam:PutRolePermissionsBoundary", resource, {}))
    for target in given.get("Targets", []):
        if operation == "PutTargets" and "RoleArn" in target:
            found.append(("iam:PassRole", target["RoleArn"], {"iam:PassedToService": "events.amazonaws.com"}))
    return found
