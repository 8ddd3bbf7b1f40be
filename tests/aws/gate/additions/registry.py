"""The model registry across accounts: packages by their ARNs, as a test gave them.

moto looks in the caller's own account only. Here a package whose group is shared may be described, listed and
deployed by others too, as a resource policy of its group would allow.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackage.html
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModelPackages.html
"""

from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from .. import policy, upstream
from ..exchange import AwsError, Request, Response
from ..serialize import json_result

if TYPE_CHECKING:
    from ..gate import Gate


class Registry:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.packages: dict[str, dict[str, Any]] = {}  # by ARN; {"account", "shared", ... as DescribeModelPackage shows}
        self.policies: dict[tuple[str, str], str] = {}  # of groups, by account and name

    def set(self, account: str, region: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """{"group", "version", "approval", "containers": [...], "shared"}: a package, new or changed; what describes it."""
        group, version = arguments["group"], arguments["version"]
        arn = f"arn:aws:sagemaker:{region}:{account}:model-package/{group}/{version}"
        now = datetime.now(timezone.utc)
        old = self.packages.get(arn, {})
        self.packages[arn] = {
            "account": account, "shared": arguments.get("shared", True),
            "ModelPackageName": group, "ModelPackageGroupName": group, "ModelPackageVersion": version,
            "ModelPackageArn": arn, "CreationTime": old.get("CreationTime", now), "LastModifiedTime": now,
            "InferenceSpecification": {
                "Containers": arguments.get("containers", old.get("InferenceSpecification", {}).get("Containers", [])),
                "SupportedContentTypes": ["text/csv"], "SupportedResponseMIMETypes": ["text/csv"],
            },
            "ModelPackageStatus": arguments.get("status", "Completed"), "ModelPackageStatusDetails": {"ValidationStatuses": []},
            "ModelApprovalStatus": arguments.get("approval", "PendingManualApproval"),
        }
        return {"arn": arn, "time": now.isoformat()}

    def find(self, request: Request, name: str) -> dict[str, Any]:
        found = self.packages.get(name)
        if found is None:
            raise AwsError("ValidationException", f"ModelPackage {name} does not exist.")
        if found["account"] != request.account and not found["shared"] and not self._allows(request, found):
            raise AwsError("AccessDeniedException", f"User: {request.principal} is not authorized to perform: "
                           f"sagemaker:DescribeModelPackage on resource: {name} because no resource-based policy allows "
                           "the sagemaker:DescribeModelPackage action", 400)
        return found

    def _allows(self, request: Request, package: dict[str, Any]) -> bool:
        text = self.policies.get((package["account"], package["ModelPackageGroupName"]))
        return policy.allows(text, policy.Caller(request.account, request.principal),
                             policy.Question("sagemaker:DescribeModelPackage", package["ModelPackageArn"]))

    def group(self, request: Request) -> tuple[str, str]:
        """The account and name of the caller's group that the request is about. SageMaker's texts, as recorded in public issues."""
        name = request.parameters["ModelPackageGroupName"]
        made = upstream.backends("sagemaker")[request.account][request.region].model_package_groups
        if name not in made and not any(
                p["account"] == request.account and p["ModelPackageGroupName"] == name for p in self.packages.values()):
            raise AwsError("ValidationException", f"Cannot find Model Package Group: {name}")
        return request.account, name

    def policy_of(self, request: Request) -> str:
        group = self.group(request)
        if group not in self.policies:
            raise AwsError("ValidationException", f"Cannot find resource policy for: {group[1]}")
        return self.policies[group]


def _shown(package: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in package.items() if key not in ("account", "shared")}


def describe_model_package(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        return json_result(request, _shown(gate.registry.find(request, request.parameters["ModelPackageName"])))


def list_model_packages(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters
    group = wanted.get("ModelPackageGroupName", "").rpartition("/")[2]
    keys = ("ModelPackageName", "ModelPackageGroupName", "ModelPackageVersion", "ModelPackageArn", "CreationTime",
            "ModelPackageStatus", "ModelApprovalStatus")
    with upstream.lock:
        found = [
            {key: package[key] for key in keys} for package in gate.registry.packages.values()
            if (package["account"] == request.account or package["shared"])
            and group in ("", package["ModelPackageGroupName"])
            and wanted.get("ModelApprovalStatus") in (None, package["ModelApprovalStatus"])
            and ("CreationTimeAfter" not in wanted or package["CreationTime"] > wanted["CreationTimeAfter"])
        ]
    found.sort(key=lambda package: package["CreationTime"], reverse=wanted.get("SortOrder") == "Descending")
    start = int(wanted.get("NextToken", 0))
    end = start + wanted.get("MaxResults", 10)
    more = {"NextToken": str(end)} if end < len(found) else {}
    return json_result(request, {"ModelPackageSummaryList": found[start:end], **more})


def get_policy(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        return json_result(request, {"ResourcePolicy": gate.registry.policy_of(request)})


def put_policy(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        group = gate.registry.group(request)
        gate.registry.policies[group] = request.parameters["ResourcePolicy"]
        arn = f"arn:aws:sagemaker:{request.region}:{request.account}:model-package-group/{group[1]}"
        return json_result(request, {"ModelPackageGroupArn": arn})


def delete_policy(gate: "Gate", request: Request) -> Response:
    with upstream.lock:
        gate.registry.policy_of(request)
        del gate.registry.policies[gate.registry.group(request)]
        return json_result(request, {})


OPERATIONS = {
    "GetModelPackageGroupPolicy": get_policy,
    "PutModelPackageGroupPolicy": put_policy,
    "DeleteModelPackageGroupPolicy": delete_policy,
    "DescribeModelPackage": describe_model_package,
    "ListModelPackages": list_model_packages,
}
