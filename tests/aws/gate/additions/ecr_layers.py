"""ECR's layers, of which moto has none: uploaded in parts, asked for by URL, named by images.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_UploadLayerPart.html and its neighbours
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..exchange import AwsError, Request, Response, json_response
from . import ecr

if TYPE_CHECKING:
    from ..gate import Gate

PART_BYTES = 10 << 20  # what ECR was seen to ask for
_SMALLEST_PART, _LARGEST_PART = 5 << 20, 20 << 20
_PATH = "/_layers/"  # ECR gives URLs of S3, signed for an hour
_URL_SECONDS = 3600


@dataclass
class Upload:
    registry: str
    repository: str
    content: bytearray = field(default_factory=bytearray)
    parts: list[int] = field(default_factory=list)


class Layers:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.of: dict[tuple[str, str], dict[str, bytes]] = {}  # registry and repository: digest: content
        self.uploads: dict[str, Upload] = {}
        self.urls: dict[str, tuple[str, bytes, float]] = {}  # token: reader, content, end

    def spoil(self) -> None:
        """Every layer's bytes become others, as many, under the same digest."""
        for layers in self.of.values():
            layers.update({digest: bytes(len(content)) for digest, content in layers.items()})

    def there(self, registry: str, repository: str) -> dict[str, bytes]:
        return self.of.setdefault((registry, repository), {})


def _where(gate: "Gate", request: Request) -> dict[str, bytes]:
    """The layers of the repository that the call is about, which must be there and let the caller in."""
    registry = ecr.let_in(gate, request)
    name = request.parameters["repositoryName"]
    if ecr.repository(gate, registry, name) is None:
        raise AwsError("RepositoryNotFoundException",
                       f"The repository with name '{name}' does not exist in the registry with id '{registry}'")
    return gate.layers.there(registry, name)


def check_availability(gate: "Gate", request: Request) -> Response:
    there = _where(gate, request)
    wanted = request.parameters["layerDigests"]
    return json_response({"failures": [], "layers": [
        {"layerDigest": digest, "layerAvailability": "AVAILABLE", "layerSize": len(there[digest])} if digest in there
        else {"layerDigest": digest, "layerAvailability": "UNAVAILABLE"} for digest in wanted]})


def download_url(gate: "Gate", request: Request) -> Response:
    there = _where(gate, request)
    digest = request.parameters["layerDigest"]
    if digest not in there:
        raise AwsError("LayersNotFoundException", f"The layer with digest '{digest}' does not exist")
    token = uuid.uuid4().hex
    gate.layers.urls[token] = request.account, there[digest], gate.clock.now() + _URL_SECONDS
    host = request.header("host")
    return json_response({"layerDigest": digest, "downloadUrl": f"http://{host}{_PATH}{token}?X-Amz-Signature=0"})


def is_download(request: Request) -> bool:
    return request.path.startswith(_PATH)


def download(gate: "Gate", request: Request) -> Response:
    """As S3 answers to a signed URL; https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html"""
    _, content, end = gate.layers.urls.get(request.path.removeprefix(_PATH), ("", b"", 0.0))
    if request.header("authorization"):
        raise AwsError("InvalidArgument", "Only one auth mechanism allowed", 400, violation="a signature for a signed URL")
    if gate.clock.now() > end:
        raise AwsError("AccessDenied", "Request has expired", 403)
    wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", request.header("range") or "")
    if not wanted:
        return Response(200, [("Content-Type", "application/octet-stream")], content)
    first, last = int(wanted[1]), min(int(wanted[2]), len(content) - 1)
    if first >= len(content):
        raise AwsError("InvalidRange", "The requested range is not satisfiable", 416)
    return Response(206, [("Content-Type", "application/octet-stream"),
                          ("Content-Range", f"bytes {first}-{last}/{len(content)}")], content[first : last + 1])


def begin(gate: "Gate", request: Request) -> Response:
    _where(gate, request)
    name = str(uuid.uuid4())
    gate.layers.uploads[name] = Upload(request.account, request.parameters["repositoryName"])
    return json_response({"uploadId": name, "partSize": PART_BYTES})


def _upload(gate: "Gate", request: Request) -> Upload:
    wanted = request.parameters
    found = gate.layers.uploads.get(wanted["uploadId"])
    if found is None or (found.registry, found.repository) != (request.account, wanted["repositoryName"]):
        raise AwsError("UploadNotFoundException", f"The upload '{wanted['uploadId']}' could not be found")
    return found


def part(gate: "Gate", request: Request) -> Response:
    wanted, found = request.parameters, _upload(gate, request)
    first, last, blob = wanted["partFirstByte"], wanted["partLastByte"], wanted["layerPartBlob"]
    if first != len(found.content) or len(blob) != last - first + 1 or len(blob) > _LARGEST_PART:
        raise AwsError("InvalidLayerPartException", "The layer part size is not valid, or the first byte specified is not "
                       "consecutive to the last byte of a previous layer part upload.")
    found.content += blob
    found.parts.append(len(blob))
    return json_response({"registryId": request.account, "repositoryName": wanted["repositoryName"],
                          "uploadId": wanted["uploadId"], "lastByteReceived": last})


def complete(gate: "Gate", request: Request) -> Response:
    wanted, found = request.parameters, _upload(gate, request)
    there, digest = _where(gate, request), "sha256:" + hashlib.sha256(found.content).hexdigest()
    if not found.parts:
        raise AwsError("EmptyUploadException", "The specified layer upload does not contain any layer parts.")
    if any(size < _SMALLEST_PART for size in found.parts[:-1]):
        raise AwsError("LayerPartTooSmallException", "Layer parts must be at least 5 MiB in size.")
    if digest not in wanted["layerDigests"]:
        raise AwsError("InvalidLayerException", "The layer digest calculation performed by Amazon ECR upon receipt of the "
                       "image layer does not match the digest specified.")
    del gate.layers.uploads[wanted["uploadId"]]
    if digest in there:
        raise AwsError("LayerAlreadyExistsException", f"The layer with digest '{digest}' already exists")
    there[digest] = bytes(found.content)
    return json_response({"registryId": request.account, "repositoryName": wanted["repositoryName"],
                          "uploadId": wanted["uploadId"], "layerDigest": digest})


def check_image(gate: "Gate", request: Request) -> None:
    """What an image names must be there before it. Images without layers, of tests that are not about them, name nothing."""
    there, name = _where(gate, request), request.parameters["repositoryName"]
    manifest: dict[str, Any] = json.loads(request.parameters["imageManifest"])
    layers = manifest.get("layers", [])
    wanted = [layer["digest"] for layer in [manifest["config"], *layers] if not layer.get("urls")] if layers else []
    missing = [digest for digest in wanted if digest not in there]
    if missing:
        raise AwsError("LayersNotFoundException", f"Layers with digests '{missing}' required for pushing image into "
                       f"repository with name '{name}' in the registry with id '{request.account}' do not exist")
    images = {image.get_image_digest() for image in ecr.repository(gate, request.account, name).images}
    unknown = [entry["digest"] for entry in manifest.get("manifests", []) if entry["digest"] not in images]
    if unknown:
        raise AwsError("ReferencedImagesNotFoundException", f"The manifest list references images that are not there: {unknown}")


OPERATIONS = {
    "BatchCheckLayerAvailability": check_availability, "GetDownloadUrlForLayer": download_url,
    "InitiateLayerUpload": begin, "UploadLayerPart": part, "CompleteLayerUpload": complete,
}
