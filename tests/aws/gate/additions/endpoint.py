"""One SageMaker endpoint in time.

    Creating -> InService | Failed        InService -> Updating -> InService (new config)
    any settled state -> Deleting                               -> InService (old config, FailureReason): rolled back
                                                                -> UpdateRollbackFailed, if a rule asks for it

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..exchange import AwsError
from . import ecr

if TYPE_CHECKING:
    from .sagemaker import SageMaker

_IN_PROGRESS = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


@dataclass
class Deployment:
    """A config as it was when it was deployed: later deletions do not touch what serves."""

    endpoint: str
    config: dict[str, Any]
    models: dict[str, dict[str, Any]]  # by variant name
    counts: dict[str, int]
    weights: dict[str, float]
    deployed_at: datetime

    @property
    def variant(self) -> str:
        return self.config["ProductionVariants"][0]["VariantName"]

    def containers(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (variant, container)
            for variant, model in self.models.items()
            for container in model.get("Containers") or [model["PrimaryContainer"]]
        ]

    def facts(self) -> dict[str, str]:
        """What a rule can match and a body template can show."""
        container = self.containers()[0][1]
        model = next(iter(self.models.values()))
        return {
            "endpoint": self.endpoint, "config": self.config["EndpointConfigName"], "model": model["ModelName"],
            "model_data": container.get("ModelDataUrl", container.get("ModelPackageName", "")),
            "image": container.get("Image", ""),
        }

    def matches(self, rule: dict[str, Any]) -> bool:
        facts = self.facts()
        return (
            rule.get("endpoint") in (None, self.endpoint)
            and rule.get("model_data_contains", "") in facts["model_data"]
            and rule.get("image_contains", "") in facts["image"]
        )


class Endpoint:
    def __init__(self, held: "SageMaker", account: str, name: str, tags: list[dict[str, str]]) -> None:
        self._held = held
        self.account, self.name, self.tags = account, name, tags
        self.arn = held.arn(account, "endpoint", name)
        self.status = ""
        self.failure_reason: str | None = None
        self.deployed: Deployment | None = None
        self.pending: Deployment | None = None
        self.pending_since: datetime | None = None
        self.last_deployment_config: dict[str, Any] | None = None
        self.created_at = self.modified_at = datetime.now(timezone.utc)

    # What is asked of it

    def create(self, config: dict[str, Any], deployment_config: dict[str, Any] | None) -> None:
        self.last_deployment_config = deployment_config
        self._begin("Creating", self._deployment(config))
        self._held.later("creating", self._created)

    def update(self, config: dict[str, Any], wanted: dict[str, Any]) -> None:
        deployment = self._deployment(config)
        if wanted.get("RetainAllVariantProperties") and self.deployed:
            excluded = {p["VariantPropertyType"] for p in wanted.get("ExcludeRetainedVariantProperties", [])}
            if "DesiredInstanceCount" not in excluded:
                deployment.counts.update({k: v for k, v in self.deployed.counts.items() if k in deployment.counts})
            if "DesiredWeight" not in excluded:
                deployment.weights.update({k: v for k, v in self.deployed.weights.items() if k in deployment.weights})
        if not wanted.get("RetainDeploymentConfig"):
            self.last_deployment_config = wanted.get("DeploymentConfig")
        self._begin("Updating", deployment)
        self._held.later("updating", self._updated)

    def rescale(self, desired: list[dict[str, Any]]) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpointWeightsAndCapacities.html"""
        assert self.deployed
        for entry in desired:
            name = entry["VariantName"]
            if name not in self.deployed.counts:
                raise AwsError("ValidationException", f'Could not find variant "{name}" of endpoint "{self.arn}".')
            self.deployed.counts[name] = entry.get("DesiredInstanceCount", self.deployed.counts[name])
            self.deployed.weights[name] = entry.get("DesiredWeight", self.deployed.weights[name])
        self._become("Updating")
        self._held.later("updating", lambda: self._become("InService"))

    def delete(self) -> None:
        self._become("Deleting")
        self._held.later("deleting", self._deleted)

    def force(self, status: str, failure_reason: str | None) -> None:
        self.failure_reason = failure_reason
        self._become(status)

    def refuse_in_progress(self) -> None:
        if self.status in _IN_PROGRESS:
            raise AwsError("ValidationException", f'Cannot update in-progress endpoint "{self.arn}".')

    def refuse_failed(self) -> None:
        # DeleteEndpoint is all that a failed endpoint takes; the text of AWS's refusal is not known.
        if self.status == "Failed":
            raise AwsError("ValidationException", f'Cannot update endpoint "{self.arn}" in status Failed.')

    def uses_config(self, name: str) -> bool:
        return any(d and d.config["EndpointConfigName"] == name for d in (self.deployed, self.pending))

    def uses_model(self, name: str) -> bool:
        return any(d and name in {m["ModelName"] for m in d.models.values()} for d in (self.deployed, self.pending))

    # What comes of it

    def _created(self) -> None:
        problem, _ = self._start_problem()
        if problem is None:
            self._arrive()
        else:
            self.failure_reason = problem
            self.pending_since = None
            self._become("Failed")

    def _updated(self) -> None:
        assert self.deployed
        old = self.deployed.config
        problem, rule = self._start_problem()
        if problem is None and old["EndpointConfigName"] not in self._held.store(self.account, "endpoint-config"):
            # aws-facts/03_sagemaker_api.md: the previous config must live until the update is finished.
            problem = f'Could not find endpoint configuration "{old["EndpointConfigArn"]}".'
        if problem is None:
            self._arrive()
            return
        self.failure_reason, self.pending, self.pending_since = problem, None, None
        outcome = rule.get("outcome", "InService")
        if rule.get("rolling_back"):
            self._become("RollingBack")
            self._held.later("rolling_back", lambda: self._become(outcome))
        else:
            self._become(outcome)

    def _arrive(self) -> None:
        assert self.pending
        self.deployed, self.pending, self.pending_since, self.failure_reason = self.pending, None, None, None
        self.deployed.deployed_at = datetime.now(timezone.utc)
        self._become("InService")

    def _deleted(self) -> None:
        self._become("Deleted", event_only=True)
        self._held.store(self.account, "endpoint").pop(self.name, None)

    def _start_problem(self) -> tuple[str | None, dict[str, Any]]:
        """Why the pending deployment does not start, and the rule that says so, if one does."""
        assert self.pending
        for rule in self._held.settings["rules"]:
            if self.pending.matches(rule):
                reason = rule.get("reason", f"The primary container for production variant {self.pending.variant} did not "
                                            "pass the ping health check. Please check CloudWatch logs for this endpoint.")
                return reason, rule
        for variant, container in self.pending.containers():
            if "Image" in container:
                role = self.pending.models[variant].get("ExecutionRoleArn", "")
                problem, _ = ecr.pull_problem(self._held.gate, container["Image"], role)
                if problem:
                    return problem, {}
        return None, {}

    def _deployment(self, config: dict[str, Any]) -> Deployment:
        variants = config["ProductionVariants"] + config.get("ShadowProductionVariants", [])
        models = {v["VariantName"]: self._held.find(self.account, "model", v["ModelName"]) for v in variants if "ModelName" in v}
        return Deployment(
            self.name, config, models,
            {v["VariantName"]: v.get("InitialInstanceCount", 1) for v in variants},
            {v["VariantName"]: v.get("InitialVariantWeight", 1.0) for v in variants},
            datetime.now(timezone.utc),
        )

    def _begin(self, status: str, deployment: Deployment) -> None:
        self.pending, self.pending_since = deployment, datetime.now(timezone.utc)
        self._become(status)

    def _become(self, status: str, event_only: bool = False) -> None:
        if not event_only:
            self.status = status
        self.modified_at = datetime.now(timezone.utc)
        wanted = self._held.settings["events"]
        if wanted["send"]:
            for _ in range(wanted["copies"]):
                self._publish(status)

    # What is shown of it

    def describe(self) -> dict[str, Any]:
        current = self.deployed or self.pending
        shown: dict[str, Any] = {
            "EndpointName": self.name, "EndpointArn": self.arn, "EndpointStatus": self.status,
            "CreationTime": self.created_at, "LastModifiedTime": self.modified_at,
            "EndpointConfigName": current.config["EndpointConfigName"] if current else None,
        }
        if self.deployed:
            for kind in ("ProductionVariants", "ShadowProductionVariants"):
                if kind in self.deployed.config:
                    shown[kind] = [self._variant(self.deployed, v) for v in self.deployed.config[kind]]
        if self.failure_reason:
            shown["FailureReason"] = self.failure_reason
        if self.last_deployment_config:
            shown["LastDeploymentConfig"] = self.last_deployment_config
        if self.pending and self.pending_since:
            shown["PendingDeploymentSummary"] = {
                "EndpointConfigName": self.pending.config["EndpointConfigName"],
                "ProductionVariants": [self._pending_variant(v) for v in self.pending.config["ProductionVariants"]],
                "StartTime": self.pending_since,
            }
        return shown

    def _variant(self, deployment: Deployment, variant: dict[str, Any]) -> dict[str, Any]:
        name = variant["VariantName"]
        return {
            "VariantName": name,
            "DeployedImages": [
                self._image(container["Image"], deployment)
                for owner, container in deployment.containers() if owner == name and "Image" in container
            ],
            "CurrentWeight": deployment.weights[name], "DesiredWeight": deployment.weights[name],
            "CurrentInstanceCount": deployment.counts[name], "DesiredInstanceCount": deployment.counts[name],
        }

    def _pending_variant(self, variant: dict[str, Any]) -> dict[str, Any]:
        assert self.pending
        name, shown = variant["VariantName"], self._held.settings["rollout"]
        return {
            "VariantName": name, "DesiredInstanceCount": self.pending.counts[name], "CurrentInstanceCount": shown.get("current", 0),
            "DesiredWeight": self.pending.weights[name], "CurrentWeight": self.pending.weights[name] if shown.get("current") else 0.0,
            "VariantStatus": [{"Status": shown.get("status", "Creating"), "StartTime": self.pending_since,
                               **({"StatusMessage": shown["message"]} if "message" in shown else {})}],
            **({"InstanceType": variant["InstanceType"]} if "InstanceType" in variant else {}),
        }

    def _image(self, image: str, deployment: Deployment) -> dict[str, Any]:
        _, digest = ecr.pull_problem(self._held.gate, image, next(iter(deployment.models.values())).get("ExecutionRoleArn", ""))
        digest = digest or "sha256:" + hashlib.sha256(image.encode()).hexdigest()
        resolved = re.sub(r"(:[^/:@]+)?(@sha256:.*)?$", "", image) + "@" + digest
        return {"SpecifiedImage": image, "ResolvedImage": resolved, "DeploymentTime": deployment.deployed_at}

    def _publish(self, status: str) -> None:
        """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html"""
        upper = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()
        current = self.deployed or self.pending
        self._held.gate.events.publish(self.account, {
            "id": str(uuid.uuid4()), "source": "aws.sagemaker", "detail-type": "SageMaker Endpoint State Change",
            "resources": [self.arn],
            "detail": {
                "EndpointName": self.name, "EndpointArn": self.arn,
                "EndpointConfigName": current.config["EndpointConfigName"] if current else None,
                "EndpointStatus": upper, "FailureReason": self.failure_reason,
                "CreationTime": int(self.created_at.timestamp() * 1000),
                "LastModifiedTime": int(self.modified_at.timestamp() * 1000),
                "Tags": {tag["Key"]: tag["Value"] for tag in self.tags},
            },
        })
