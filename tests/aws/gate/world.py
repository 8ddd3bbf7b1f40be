"""The accounts of Causeway's users, made with boto3 over the gate: what `causewayctl apply` will make one day.

    staging: buckets, image repository, default bus -> rule -> prod's bus; role causeway-staging
    prod:    cross-account-bus -> rule -> queue causeway-events (-> causeway-events-dlq); bucket prod-models;
             default bus -> rule (endpoint state changes) -> the same queue; role causeway-execution
"""

import hashlib
import io
import json
import tarfile
import uuid
from typing import Any

from .client import Sandbox, client_for

BUS = "cross-account-bus"
QUEUE = "causeway-events"
DEAD_LETTER_QUEUE = "causeway-events-dlq"
MODEL_BUCKET = "prod-models"
ARTIFACT_BUCKET = "axcess-devst-sagemaker"
SAGEMAKER_BUCKET = "sagemaker-us-east-1-345594592951"
REPOSITORY = "sagemaker-inference"
EXECUTION_ROLE = "causeway-execution"
INSTANCE_ROLE = "causeway-instance"
STAGING_ROLE = "causeway-staging"
EXTERNAL_ID = "causeway"
MAX_RECEIVES = 5
_IMAGE_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
_LIST_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json"


class World:
    """Made from a Sandbox, or from what sandbox.json says. Reuse one for many resets: its clients are kept."""

    def __init__(self, sandbox: Sandbox | dict[str, Any]) -> None:
        if isinstance(sandbox, Sandbox):
            described, self._client = sandbox.described, sandbox.client
        else:
            described, kept = sandbox, {}

            def client(account: str, service: str) -> Any:
                if (account, service) not in kept:
                    kept[account, service] = client_for(sandbox, account, service)
                return kept[account, service]

            self._client = client
        self.endpoint: str = described["endpoint"]
        self.prod: str = described["accounts"]["prod"]["id"]
        self.staging: str = described["accounts"]["staging"]["id"]
        self.region: str = described["accounts"]["prod"]["region"]

    def client(self, account: str, service: str) -> Any:
        return self._client(account, service)

    # Names

    @property
    def queue_url(self) -> str:
        return f"{self.endpoint}/{self.prod}/{QUEUE}"

    @property
    def dead_letter_url(self) -> str:
        return f"{self.endpoint}/{self.prod}/{DEAD_LETTER_QUEUE}"

    @property
    def queue_arn(self) -> str:
        return f"arn:aws:sqs:{self.region}:{self.prod}:{QUEUE}"

    @property
    def bus_arn(self) -> str:
        return f"arn:aws:events:{self.region}:{self.prod}:event-bus/{BUS}"

    @property
    def execution_role_arn(self) -> str:
        return f"arn:aws:iam::{self.prod}:role/{EXECUTION_ROLE}"

    @property
    def staging_role_arn(self) -> str:
        return f"arn:aws:iam::{self.staging}:role/{STAGING_ROLE}"

    def image(self, tag: str = "latest") -> str:
        return f"{self.staging}.dkr.ecr.{self.region}.amazonaws.com/{REPOSITORY}:{tag}"

    # Building

    def build(self) -> "World":
        self._build_roles()
        self._build_buckets()
        self._build_queues()
        self._build_buses()
        self._build_repository()
        return self

    def _build_roles(self) -> None:
        prod, staging = self.client("prod", "iam"), self.client("staging", "iam")
        service = {"Principal": {"Service": "sagemaker.amazonaws.com"}}
        _role(prod, EXECUTION_ROLE, service)
        _role(prod, INSTANCE_ROLE, {"Principal": {"Service": "ec2.amazonaws.com"}})
        _role(staging, STAGING_ROLE, {
            "Principal": {"AWS": f"arn:aws:iam::{self.prod}:root"},
            "Condition": {"StringEquals": {"sts:ExternalId": EXTERNAL_ID}},
        })
        _role(staging, "causeway-forward", {"Principal": {"Service": "events.amazonaws.com"}})

    def _build_buckets(self) -> None:
        prod, staging = self.client("prod", "s3"), self.client("staging", "s3")
        _bucket(prod, MODEL_BUCKET)
        for name in (ARTIFACT_BUCKET, SAGEMAKER_BUCKET):
            _bucket(staging, name)
            staging.put_bucket_policy(Bucket=name, Policy=_policy({
                "Sid": "CausewayRead", "Principal": {"AWS": f"arn:aws:iam::{self.prod}:root"},
                "Action": ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket", "s3:GetBucketVersioning"],
                "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
            }))

    def _build_queues(self) -> None:
        sqs = self.client("prod", "sqs")
        sqs.create_queue(QueueName=DEAD_LETTER_QUEUE)
        sqs.create_queue(QueueName=QUEUE, Attributes={
            "VisibilityTimeout": "60",
            "RedrivePolicy": json.dumps({
                "deadLetterTargetArn": f"arn:aws:sqs:{self.region}:{self.prod}:{DEAD_LETTER_QUEUE}",
                "maxReceiveCount": MAX_RECEIVES,
            }),
            "Policy": _policy({
                "Sid": "EventBridge", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": self.queue_arn,
                "Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:{self.region}:{self.prod}:rule/*"}},
            }),
        })

    def _build_buses(self) -> None:
        prod, staging = self.client("prod", "events"), self.client("staging", "events")
        prod.create_event_bus(Name=BUS)
        prod.put_permission(EventBusName=BUS, Policy=_policy({
            "Sid": "AllowStaging", "Principal": {"AWS": f"arn:aws:iam::{self.staging}:root"},
            "Action": "events:PutEvents", "Resource": self.bus_arn,
        }))
        _rule(prod, "causeway-from-staging", {"account": [self.staging]}, {"Arn": self.queue_arn}, BUS)
        _rule(prod, "causeway-endpoints", {
            "source": ["aws.sagemaker", "aws.cloudformation"],
            "detail-type": ["SageMaker Endpoint State Change", "CloudFormation Stack Status Change"],
        }, {"Arn": self.queue_arn})
        _rule(staging, "causeway-forward", {"source": ["aws.codepipeline", {"anything-but": {"prefix": "aws."}}]}, {
            "Arn": self.bus_arn, "RoleArn": f"arn:aws:iam::{self.staging}:role/causeway-forward",
        })

    def _build_repository(self) -> None:
        ecr = self.client("staging", "ecr")
        ecr.create_repository(repositoryName=REPOSITORY)
        ecr.set_repository_policy(repositoryName=REPOSITORY, policyText=_policy({
            "Sid": "CausewayPull", "Principal": {"AWS": f"arn:aws:iam::{self.prod}:root"},
            "Action": ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability", "ecr:DescribeImages"],
        }))
        self.put_image("latest")

    # Things that tests put there

    def put_image(self, tag: str, content: str = "") -> str:
        """An image in staging's repository under that tag; its digest. The same content, the same digest."""
        digest = "sha256:" + hashlib.sha256((content or tag).encode()).hexdigest()
        manifest = {
            "schemaVersion": 2, "mediaType": _IMAGE_TYPE,
            "config": {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 7023, "digest": digest},
            "layers": [],
        }
        answer = self.client("staging", "ecr").put_image(
            repositoryName=REPOSITORY, imageManifest=json.dumps(manifest), imageManifestMediaType=_IMAGE_TYPE, imageTag=tag)
        return answer["image"]["imageId"]["imageDigest"]

    def put_layered_image(self, tag: str, *layers: bytes, repository: str = REPOSITORY) -> str:
        """An image that is what it says: pushed to staging's repository as Docker does; its digest."""
        return self._push(repository, _IMAGE_TYPE, {
            "schemaVersion": 2, "mediaType": _IMAGE_TYPE,
            "config": self._push_layer(repository, json.dumps({"tag": tag}).encode(), "application/vnd.docker.container.image.v1+json"),
            "layers": [self._push_layer(repository, layer, "application/vnd.docker.image.rootfs.diff.tar.gzip") for layer in layers],
        }, tag)

    def put_image_list(self, tag: str, *digests: str, repository: str = REPOSITORY) -> str:
        """A list of images, as those for several platforms are; its digest."""
        found = self.client("staging", "ecr").batch_get_image(
            repositoryName=repository, imageIds=[{"imageDigest": digest} for digest in digests])["images"]
        sizes = {image["imageId"]["imageDigest"]: len(image["imageManifest"]) for image in found}
        return self._push(repository, _LIST_TYPE, {"schemaVersion": 2, "mediaType": _LIST_TYPE, "manifests": [
            {"mediaType": _IMAGE_TYPE, "digest": digest, "size": sizes[digest],
             "platform": {"architecture": architecture, "os": "linux"}}
            for digest, architecture in zip(digests, ("amd64", "arm64", "s390x"), strict=False)]}, tag)

    def _push(self, repository: str, media_type: str, manifest: dict[str, Any], tag: str) -> str:
        return self.client("staging", "ecr").put_image(
            repositoryName=repository, imageManifest=json.dumps(manifest, indent=3), imageManifestMediaType=media_type,
            imageTag=tag)["image"]["imageId"]["imageDigest"]

    def _push_layer(self, repository: str, content: bytes, media_type: str) -> dict[str, Any]:
        ecr = self.client("staging", "ecr")
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        said = {"mediaType": media_type, "size": len(content), "digest": digest}
        there = ecr.batch_check_layer_availability(repositoryName=repository, layerDigests=[digest])["layers"]
        if there[0]["layerAvailability"] == "AVAILABLE":
            return said
        upload = ecr.initiate_layer_upload(repositoryName=repository)
        for first in range(0, len(content), upload["partSize"]):
            part = content[first : first + upload["partSize"]]
            ecr.upload_layer_part(repositoryName=repository, uploadId=upload["uploadId"], partFirstByte=first,
                                  partLastByte=first + len(part) - 1, layerPartBlob=part)
        ecr.complete_layer_upload(repositoryName=repository, uploadId=upload["uploadId"], layerDigests=[digest])
        return said

    def put_model(self, key: str, content: bytes = b"0.5\n", bucket: str = SAGEMAKER_BUCKET, account: str = "staging") -> dict[str, str]:
        """A real model.tar.gz; {"url", "bucket", "key", "version_id", "etag", "sha256"}."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            member = tarfile.TarInfo("model.txt")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
        return self.put_object(bucket, key, packed.getvalue(), account)

    def put_manifest(self, key: str, model_data: str, image: str | None = None, environment: dict[str, str] | None = None,
                     bucket: str = ARTIFACT_BUCKET, account: str = "staging") -> dict[str, str]:
        """The small document that the artifact form `manifest` reads."""
        document: dict[str, Any] = {"model_data": model_data}
        if image is not None:
            document["image"] = image
        if environment is not None:
            document["environment"] = environment
        return self.put_object(bucket, key, json.dumps(document).encode(), account)

    def put_object(self, bucket: str, key: str, body: bytes, account: str = "staging") -> dict[str, str]:
        answer = self.client(account, "s3").put_object(Bucket=bucket, Key=key, Body=body)
        return {"url": f"s3://{bucket}/{key}", "bucket": bucket, "key": key, "version_id": answer["VersionId"],
                "etag": answer["ETag"], "sha256": hashlib.sha256(body).hexdigest()}

    def action_succeeded(self, pipeline: str, bucket: str, key: str, *, action: str = "DeployStaging",
                         artifact: str = "BuildArtifact", **envelope: Any) -> dict[str, Any]:
        """An event as CodePipeline sends it when an action has succeeded (its output is the artifact).
        `id`, `time` and so on go into the envelope. Publish it with `Gate.event("staging", ...)`.
        https://docs.aws.amazon.com/codepipeline/latest/userguide/detect-state-changes-cloudwatch-events.html"""
        return {
            "source": "aws.codepipeline", "detail-type": "CodePipeline Action Execution State Change",
            "resources": [f"arn:aws:codepipeline:{self.region}:{self.staging}:{pipeline}"],
            "detail": {
                "pipeline": pipeline, "execution-id": str(uuid.uuid4()), "action-execution-id": str(uuid.uuid4()),
                "stage": action, "action": action, "state": "SUCCEEDED", "region": self.region,
                "type": {"owner": "AWS", "provider": "CodeBuild", "category": "Build", "version": "1"},
                "output-artifacts": [{"name": artifact, "s3location": {"bucket": bucket, "key": key}}],
                "version": 1.0, "pipeline-execution-attempt": 1.0,
            },
            **envelope,
        }

    def messages(self, url: str | None = None, wait: int = 0) -> list[dict[str, Any]]:
        """Up to ten messages of the queue (or of another), received."""
        return self.client("prod", "sqs").receive_message(
            QueueUrl=url or self.queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait,
            MessageAttributeNames=["All"], MessageSystemAttributeNames=["All"]).get("Messages", [])

    def queue_length(self, url: str | None = None) -> int:
        """Messages in the queue, seen or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"]
        found = self.client("prod", "sqs").get_queue_attributes(QueueUrl=url or self.queue_url, AttributeNames=names)
        return sum(int(found["Attributes"][name]) for name in names)


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **s} for s in statements]})


def _role(iam: Any, name: str, trust: dict[str, Any]) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy({"Action": "sts:AssumeRole", **trust}))


def _bucket(s3: Any, name: str) -> None:
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _rule(events: Any, name: str, pattern: dict[str, Any], target: dict[str, Any], bus: str = "default") -> None:
    events.put_rule(Name=name, EventBusName=bus, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, EventBusName=bus, Targets=[{"Id": "causeway", **target}])
