"""What IAM asks of a recorded call: its actions and their resources, as the Service Authorization Reference has them."""

from typing import Any

REGION = "us-east-1"


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
    name = given.get("Rule") or given.get("Name") or given["EventBusName"]
    if "Bus" in operation or "Permission" in operation:
        return f"arn:aws:events:{REGION}:{account}:event-bus/{name}"
    return _rule(account, name, given.get("EventBusName", "default"))


def questions(call: dict[str, Any]) -> list[tuple[str, str, dict[str, str]]]:
    """(action, resource, context) for each permission that the call needs; none where it needs none."""
    service, operation, account, given = call["service"], call["operation"], call["account"], call["parameters"]
    context: dict[str, str] = {}
    if service == "sts":
        return [("sts:AssumeRole", given["RoleArn"], {})] if operation == "AssumeRole" else []
    if service == "iam":
        resource = _iam(account, operation, given)
    elif service == "events" and operation == "PutEvents":
        resource = f"arn:aws:events:{REGION}:{account}:event-bus/default"
        context = {"events:source": given["Entries"][0]["Source"]}
    elif service == "events":
        resource = _events(account, operation, given)
    elif service == "sqs":
        name = given.get("QueueName") or given["QueueUrl"].split("/")[-1]
        resource = f"arn:aws:sqs:{REGION}:{account}:{name}"
    elif service == "s3":
        resource = f"arn:aws:s3:::{given['Bucket']}"
    elif service == "ecr":
        resource = f"arn:aws:ecr:{REGION}:{account}:repository/{given['repositoryName']}"
    else:
        assert service == "kms", call
        resource = given["KeyId"]
    found = [(f"{service}:{operation}", resource, context)]
    tag = {"iam": "TagRole" if operation == "CreateRole" else "TagPolicy", "events": "TagResource", "sqs": "TagQueue"}
    if operation in ("CreateRole", "CreatePolicy", "CreateEventBus", "PutRule", "CreateQueue") and (given.get("Tags") or given.get("tags")):
        found.append((f"{service}:{tag[service]}", resource, {}))
    for target in given.get("Targets", []):
        if operation == "PutTargets" and "RoleArn" in target:
            found.append(("iam:PassRole", target["RoleArn"], {"iam:PassedToService": "events.amazonaws.com"}))
    return found
