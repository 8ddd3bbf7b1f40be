"""ECR: another account's registry, by `registryId`, under the repository's policy; digests and tags as ECR's.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policies.html
"""

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from .. import policy, upstream
from ..exchange import AwsError, Request, Response

if TYPE_CHECKING:
    from ..gate import Gate

_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?")


def repository(gate: "Gate", account: str, name: str) -> Any:
    with upstream.lock:
        return upstream.backends("ecr")[account][gate.region].repositories.get(name)


def let_in(gate: "Gate", request: Request) -> str:
    """The registry that the call is about, once the repository's policy let the caller in."""
    registry = request.parameters.get("registryId", request.account)
    if registry == request.account:
        return registry
    name = request.parameters["repositoryName"]
    found = repository(gate, registry, name)
    action = f"ecr:{request.operation}"
    if found is None or not policy.allows(found.policy, policy.Caller(request.account, request.principal),
                                          policy.Question(action, found.arn)):
        resource = f"arn:aws:ecr:{gate.region}:{registry}:repository/{name}"
        raise AwsError("AccessDeniedException", f"User: {request.principal} is not authorized to perform: {action} on "
                       f"resource: {resource} because no resource-based policy allows the {action} action", 400)
    return registry


def in_registry(gate: "Gate", request: Request) -> Response | None:
    """Calls moto as the registry's account."""
    registry = let_in(gate, request)
    return None if registry == request.account else upstream.call(request, account=registry)


def put_image(gate: "Gate", request: Request) -> Response:
    """The digest is the manifest's SHA-256, what it names is there, and an image that loses its tag stays under its digest.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/image-push.html (moto hashes the layers' names only, and
    deletes the image that had the tag before)
    """
    from . import ecr_layers

    wanted = request.parameters
    with upstream.lock:
        ecr_layers.check_image(gate, request)
        found = repository(gate, request.account, wanted["repositoryName"])
        tag = wanted.get("imageTag")
        before = [image for image in found.images if tag and tag in image.image_tags] if found else []
        digest = "sha256:" + hashlib.sha256(wanted["imageManifest"].encode()).hexdigest()
        if wanted.get("imageDigest", digest) != digest:
            raise AwsError("ImageDigestDoesNotMatchException", "The specified image digest does not match the digest that "
                           "Amazon ECR calculated for the image.")
        if any(image.get_image_digest() == digest and (not tag or tag in image.image_tags) for image in found.images):
            raise AwsError("ImageAlreadyExistsException", f"Image with digest '{digest}' and tag '{tag}' already exists in the "
                           f"repository with name '{wanted['repositoryName']}'")
        body = json.dumps({**json.loads(request.body), "imageDigest": digest}).encode()
        response = upstream.call(request, body=body)
        if found and response.status == 200:
            for image in before:
                if image not in found.images:
                    image.image_tag, image.image_tags = None, []
                    found.images.append(image)
    return response


def pull_problem(gate: "Gate", image: str, role_arn: str) -> tuple[str | None, str | None]:
    """Why this role can't pull the image (None: it can, or it is not in these accounts), and the image's digest."""
    match = _IMAGE.fullmatch(image)
    if not match or match[1] not in gate.accounts.values():
        return None, None
    account, _, name, tag, digest = match.groups()
    found = repository(gate, account, name)
    missing = ("Please make sure all images included in the model for the production variant exist, and that the "
               "execution role used to create the model has permissions to access them.")
    if found is None:
        return missing, None
    caller = policy.Caller(role_arn.split(":")[4], role_arn)
    if caller.account != account and not policy.allows(found.policy, caller, policy.Question("ecr:BatchGetImage", found.arn)):
        return f"The role '{role_arn}' does not have BatchGetImage permission for the image: '{image}'.", None
    for candidate in found.images:
        if candidate.get_image_digest() == digest or (digest is None and (tag or "latest") in candidate.image_tags):
            return None, candidate.get_image_digest()
    return missing, None


OPERATIONS = {
    name: in_registry
    for name in ("DescribeImages", "BatchGetImage", "ListImages", "GetRepositoryPolicy")
}
OPERATIONS["PutImage"] = put_image
