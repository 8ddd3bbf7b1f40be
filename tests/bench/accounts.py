"""Accounts that are as their configuration says: the same resources as the file wants them, and as the fake server tells them.

Also what other tools would ask of AWS for them, as tables from their sources."""

import json
from typing import Any
from urllib.parse import quote

from world import PROD, Server

Resource = dict[str, Any]
PAGE = 100  # roles and policies a page: what IAM was seen to answer for MaxItems=1000 is less than that many
REGION = "us-east-1"
ASSUMED = "assumed:"  # what the fake server tells the account whose role is assumed

# What one resource costs in a pass that changes nothing, by kind: the calls, each once unless a number stands with it. A role has two
# inline policies and three attached ones, which are resources of their own in Terraform.
TERRAFORM = {  # hashicorp/terraform-provider-aws, internal/service/
    "iam_role": ["GetRole", "ListRolePolicies", "GetRolePolicy", "GetRolePolicy", "ListAttachedRolePolicies",  # iam/role.go
                 "GetRolePolicy", "GetRolePolicy",  # iam/role_policy.go
                 "ListAttachedRolePolicies", "ListAttachedRolePolicies", "ListAttachedRolePolicies"],  # iam/role_policy_attachment.go
    "iam_policy": ["GetPolicy", "GetPolicyVersion"],  # iam/policy.go
    "ecr_repository": ["GetRepositoryPolicy"],  # ecr/repository_policy.go
    "event_bus": ["DescribeEventBus", "ListTagsForResource", "DescribeEventBus"],  # events/bus.go, events/bus_policy.go
    "event_rule": ["DescribeRule", "ListTagsForResource", "ListTargetsByRule"],  # events/rule.go, events/target.go
    "sqs_queue": ["GetQueueAttributes", "ListQueueTags"],  # sqs/queue.go
    "s3_bucket_policy": ["GetBucketPolicy"],  # s3/bucket_policy.go
    "kms_key_policy": ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"],  # kms/key.go
    "codepipeline_stage": ["GetPipeline", "ListTagsForResource"],  # codepipeline/codepipeline.go
}
ACK = {  # aws-controllers-k8s/SERVICE-controller, pkg/resource/KIND/sdk.go and hooks.go
    "iam_role": ["GetRole", "ListAttachedRolePolicies", "ListRolePolicies", "GetRolePolicy", "GetRolePolicy", "ListRoleTags"],
    "iam_policy": ["GetPolicy", "GetPolicyVersion"],
    "ecr_repository": ["DescribeRepositories", "GetRepositoryPolicy", "GetLifecyclePolicy", "ListTagsForResource"],
    "event_bus": ["DescribeEventBus", "ListTagsForResource"],
    "event_rule": ["DescribeRule", "ListTargetsByRule", "ListTagsForResource"],
    "sqs_queue": ["GetQueueAttributes", "ListQueueTags"],
    "s3_bucket_policy": ["ListBuckets"] + ["GetBucket..."] * 21,  # addPutFieldsToSpec() reads each property of a bucket by itself
    "kms_key_policy": ["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus", "ListResourceTags"],
    "codepipeline_stage": [],  # there is no such controller
}


def calls_of(pattern: dict[str, list[str]], resources: list[Resource]) -> int:
    return sum(len(pattern[resource["kind"]]) for resource in resources)


# ---- resources ----


def document(*actions: str, principal: Any = None, resource: str = "*", sid: str = "") -> dict[str, Any]:
    statement: dict[str, Any] = {"Sid": sid} if sid else {}
    statement |= {"Effect": "Allow", "Action": list(actions)}
    statement |= {"Principal": principal} if principal else {}
    if resource:
        statement["Resource"] = resource
    return {"Version": "2012-10-17", "Statement": [statement]}


TRUST = document("sts:AssumeRole", principal={"Service": "sagemaker.amazonaws.com"}, resource="")


def role(number: int) -> Resource:
    """With what the yardsticks' role has: two inline policies and three attached ones."""
    read = document("s3:GetObject", "s3:ListBucket", resource=f"arn:aws:s3:::artifacts-{number:04d}/*", sid="Read")
    deploy = document("sagemaker:CreateModel", "sagemaker:CreateEndpoint", resource=f"arn:aws:sagemaker:*:{PROD}:*/team-{number:04d}-*")
    return {
        "kind": "iam_role", "account": "prod", "name": f"team-{number:04d}",
        "trust": TRUST,
        "managed": [f"arn:aws:iam::{PROD}:policy/{name}" for name in (f"policy-{number:04d}", "logs", "network")],
        "inline": {"read": read, "deploy": deploy},
    }


def policy(number: int) -> Resource:
    return {"kind": "iam_policy", "account": "prod", "name": f"policy-{number:04d}",
            "policy": document("logs:CreateLogStream", "logs:PutLogEvents", resource=f"arn:aws:logs:*:{PROD}:log-group:/team-{number:04d}/*")}


def repository(number: int) -> Resource:
    return {"kind": "ecr_repository", "account": "prod", "name": f"image-{number:04d}",
            "policy": document("ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", principal={"AWS": f"arn:aws:iam::{PROD}:root"}, resource="",
                               sid="AllowPull")}


def queue(number: int) -> Resource:
    arn = f"arn:aws:sqs:{REGION}:{PROD}:queue-{number:04d}"
    return {"kind": "sqs_queue", "account": "prod", "name": f"queue-{number:04d}", "visibility": "60s", "retention": "14d",
            "policy": document("sqs:SendMessage", principal={"Service": "events.amazonaws.com"}, resource=arn, sid="AllowEvents")}


def bucket(number: int) -> Resource:
    return {"kind": "s3_bucket_policy", "account": "prod", "name": f"bucket-{number:04d}",
            "policy": document("s3:GetObject", principal={"AWS": f"arn:aws:iam::{PROD}:root"}, resource=f"arn:aws:s3:::bucket-{number:04d}/*",
                               sid="AllowRead")}


def key(number: int) -> Resource:
    return {"kind": "kms_key_policy", "account": "prod", "name": f"{number:08d}-0000-4000-8000-000000000000",
            "policy": document("kms:Decrypt", principal={"AWS": f"arn:aws:iam::{PROD}:root"}, sid="AllowDecrypt")}


def mixed(count: int = 2000) -> list[Resource]:
    """Half roles, a quarter policies, the rest what is read one by one."""
    parts = ((role, 0.5), (policy, 0.25), (repository, 0.1), (queue, 0.05), (bucket, 0.05), (key, 0.05))
    return [make(number) for make, part in parts for number in range(round(count * part))]


# ---- how AWS tells them ----


def encoded(value: Any) -> str:
    return quote(json.dumps(value, separators=(",", ":")), safe="")


def element(name: str, *content: str) -> str:
    return f"<{name}>{''.join(content)}</{name}>"


def tags_of(resource: Resource) -> str:
    return element("Tags", *(element("member", element("Key", k), element("Value", v)) for k, v in resource.get("tags", {}).items()))


def account_of(resource: Resource) -> str:
    return resource.get("account_id", PROD)


def role_detail(resource: Resource, used: str = "2026-11-25T09:00:00Z") -> str:
    name, arn = resource["name"], f"arn:aws:iam::{account_of(resource)}:role{resource.get('path', '/')}{resource['name']}"
    return element(
        "member", element("AssumeRolePolicyDocument", encoded(resource.get("trust", TRUST))), element("RoleId", "AROAEXAMPLEEXAMPLE000"),
        element("CreateDate", "2026-01-01T00:00:00Z"), element("RoleName", name), element("Path", resource.get("path", "/")), element("Arn", arn),
        element("InstanceProfileList"),
        element("RolePolicyList", *(element("member", element("PolicyName", n), element("PolicyDocument", encoded(d)))
                                    for n, d in resource.get("inline", {}).items())),
        element("AttachedManagedPolicies", *(element("member", element("PolicyName", a.rsplit("/", 1)[1]), element("PolicyArn", a))
                                             for a in resource.get("managed", []))),
        tags_of(resource), element("RoleLastUsed", element("LastUsedDate", used), element("Region", REGION)))


def policy_detail(resource: Resource) -> str:
    return element(
        "member", element("PolicyName", resource["name"]), element("PolicyId", "ANPAEXAMPLEEXAMPLE000"),
        element("Arn", f"arn:aws:iam::{account_of(resource)}:policy{resource.get('path', '/')}{resource['name']}"),
        element("Path", resource.get("path", "/")), element("DefaultVersionId", "v1"), element("AttachmentCount", "1"),
        element("PolicyVersionList", element("member", element("Document", encoded(resource["policy"])), element("VersionId", "v1"),
                                             element("IsDefaultVersion", "true"), element("CreateDate", "2026-01-01T00:00:00Z"))))


def answer(operation: str, *content: str) -> str:
    return (f'<{operation}Response xmlns="https://iam.amazonaws.com/doc/2010-05-08/">' + element(f"{operation}Result", *content)
            + "<ResponseMetadata><RequestId>7a62c49f-347e-4fc4-9331-6e8eEXAMPLE</RequestId></ResponseMetadata>"
            + f"</{operation}Response>")


def tell_details(server: Server, resources: list[Resource], page: int = PAGE, prefix: str = "", used: str = "2026-11-25T09:00:00Z") -> None:
    """GetAccountAuthorizationDetails, in pages."""
    details = [r for r in resources if r["kind"] == "iam_role"] + [r for r in resources if r["kind"] == "iam_policy"]
    pages = [details[i:i + page] for i in range(0, len(details), page)] or [[]]
    for number, some in enumerate(pages):
        more = number + 1 < len(pages)
        body = answer(
            "GetAccountAuthorizationDetails", element("IsTruncated", "true" if more else "false"),
            element("Marker", f"page-{number + 1}") if more else "", element("UserDetailList"), element("GroupDetailList"),
            element("RoleDetailList", *(role_detail(r, used) for r in some if r["kind"] == "iam_role")),
            element("Policies", *(policy_detail(r) for r in some if r["kind"] == "iam_policy")))
        server.tell("can", body, operation="GetAccountAuthorizationDetails", value=prefix + (f"page-{number}" if number else ""))


def tell_role(server: Server, resource: Resource) -> None:
    """One by one."""
    name, inline = resource["name"], resource.get("inline", {})
    arn = f"arn:aws:iam::{account_of(resource)}:role/{name}"

    def tell(operation: str, *content: str, value: str = name) -> None:
        server.tell("can", answer(operation, *content), operation=operation, value=value)

    tell("GetRole", element("Role", element("RoleName", name), element("Arn", arn), element("Path", "/"), element("RoleId", "AROAEXAMPLEEXAMPLE000"),
                            element("CreateDate", "2026-01-01T00:00:00Z"), element("AssumeRolePolicyDocument", encoded(resource["trust"])),
                            element("MaxSessionDuration", "3600"), tags_of(resource)))
    tell("ListRolePolicies", element("PolicyNames", *(element("member", n) for n in inline)), element("IsTruncated", "false"))
    for policy_name, value in inline.items():
        tell("GetRolePolicy", element("RoleName", name), element("PolicyName", policy_name), element("PolicyDocument", encoded(value)),
             value=f"{name}/{policy_name}")
    tell("ListAttachedRolePolicies", element("AttachedPolicies", *(
        element("member", element("PolicyName", a.rsplit("/", 1)[1]), element("PolicyArn", a)) for a in resource.get("managed", []))),
        element("IsTruncated", "false"))


def tell_policy(server: Server, resource: Resource) -> None:
    arn = f"arn:aws:iam::{account_of(resource)}:policy{resource.get('path', '/')}{resource['name']}"
    version = element("PolicyVersion", element("Document", encoded(resource["policy"])), element("VersionId", "v1"),
                      element("IsDefaultVersion", "true"), element("CreateDate", "2026-01-01T00:00:00Z"))
    server.tell("can", answer("GetPolicy", element("Policy", element("PolicyName", resource["name"]), element("Arn", arn), element("Path", "/"),
                                                   element("DefaultVersionId", "v1"), tags_of(resource))), operation="GetPolicy", value=arn)
    server.tell("can", answer("GetPolicyVersion", version), operation="GetPolicyVersion", value=arn)


def seconds(text: str) -> str:
    return str(int(text[:-1]) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[text[-1]])


def attributes_of(resource: Resource) -> dict[str, str]:
    names = {"visibility": "VisibilityTimeout", "retention": "MessageRetentionPeriod", "delay": "DelaySeconds",
             "receive_wait": "ReceiveMessageWaitTimeSeconds"}
    found = {aws: seconds(resource[ours]) for ours, aws in names.items() if ours in resource}
    if "policy" in resource:
        found["Policy"] = json.dumps(resource["policy"])
    if "sse" in resource:
        found["SqsManagedSseEnabled"] = str(resource["sse"]).lower()
    if "redrive" in resource:
        found["RedrivePolicy"] = json.dumps({"deadLetterTargetArn": resource["redrive"]["dead_letter"],
                                             "maxReceiveCount": int(resource["redrive"]["max_receives"])})
    return found


def aws_target(target: dict[str, Any]) -> dict[str, Any]:
    names = {"id": "Id", "arn": "Arn", "role": "RoleArn"}
    found: dict[str, Any] = {aws: target[ours] for ours, aws in names.items() if ours in target}
    if "dead_letter_queue" in target:
        found["DeadLetterConfig"] = {"Arn": target["dead_letter_queue"]}
    if "retry" in target:
        retry = target["retry"]
        found["RetryPolicy"] = ({"MaximumRetryAttempts": int(retry["attempts"])} if "attempts" in retry else {}) | (
            {"MaximumEventAgeInSeconds": int(seconds(retry["age"]))} if "age" in retry else {})
    return found


def tell_other(server: Server, resource: Resource, prefix: str) -> None:
    """What is read one by one anyway."""
    name, kind = resource["name"], resource["kind"]

    def tell(operation: str, value: str, **body: Any) -> None:
        server.tell("can", json.dumps(body), operation=operation, value=prefix + value)

    tags = [{"Key": k, "Value": v} for k, v in resource.get("tags", {}).items()]
    if kind == "ecr_repository":
        tell("GetRepositoryPolicy", name, policyText=json.dumps(resource["policy"]))
    elif kind == "sqs_queue":
        url = f"https://sqs.{REGION}.amazonaws.com/361769565206/{name}"  # as the fake says
        tell("GetQueueAttributes", url, Attributes=attributes_of(resource))
        tell("ListQueueTags", url, Tags=resource.get("tags", {}))
    elif kind == "s3_bucket_policy":
        server.tell("can", json.dumps(resource["policy"]), operation="GetBucketPolicy", value=f"{prefix}/{name}")
    elif kind == "kms_key_policy":
        tell("GetKeyPolicy", name, Policy=json.dumps(resource["policy"]))
    elif kind == "event_bus":
        tell("DescribeEventBus", name, Name=name, Policy=json.dumps(resource["policy"]) if "policy" in resource else "")
        tell("ListTagsForResource", f"arn:aws:events:{REGION}:{account_of(resource)}:event-bus/{name}", Tags=tags)
    elif kind == "event_rule":
        tell("ListTargetsByRule", name, Targets=[aws_target(target) for target in resource.get("targets", [])])
        bus = resource.get("bus", "default")
        on = "" if bus == "default" else f"{bus}/"
        tell("ListTagsForResource", f"arn:aws:events:{REGION}:{account_of(resource)}:rule/{on}{name}", Tags=tags)


def tell_rules(server: Server, resources: list[Resource], prefix: str) -> None:
    rules = [{"Name": r["name"], "EventPattern": json.dumps(r["pattern"]), "State": r.get("state", "enabled").upper(),
              "Description": r.get("description", "")} for r in resources if r["kind"] == "event_rule"]
    server.tell("can", json.dumps({"Rules": rules}), operation="ListRules", value=f"{prefix}*")


def tell_all(server: Server, resources: list[Resource], page: int = PAGE) -> None:
    """The home account, and the one whose role is assumed."""
    for account, prefix in (("prod", ""), ("staging", ASSUMED)):
        those = [resource for resource in resources if resource["account"] == account]
        tell_details(server, those, page, prefix)
        tell_rules(server, those, prefix)
        for resource in those:
            if resource["kind"] not in ("iam_role", "iam_policy"):
                tell_other(server, resource, prefix)
