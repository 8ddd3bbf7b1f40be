"""S3: who may use whose bucket, and where moto is looser than S3.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/example-walkthroughs-managing-access-example2.html
"""

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from .. import policy, upstream
from ..exchange import AwsError, Request, Response
from . import sparse

if TYPE_CHECKING:
    from ..gate import Gate

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
_ACTIONS = {
    "HeadObject": "GetObject", "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket",
    "CopyObject": "PutObject", "CreateMultipartUpload": "PutObject", "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject", "CompleteMultipartUpload": "PutObject", "ListObjectVersions": "ListBucketVersions",
    "DeleteObjects": "DeleteObject", "ListParts": "ListMultipartUploadParts",
}


def owner_of(bucket: str) -> str | None:
    with upstream.lock:
        found = upstream.backends("s3").bucket_accounts.get(bucket)
        return found[1] if found else None


def _bucket_policy(bucket: str, owner: str) -> bytes | None:
    with upstream.lock:
        return upstream.backends("s3")[owner]["aws"].buckets[bucket].policy


def may(account: str, arn: str, action: str, bucket: str, key: str | None = None) -> bool:
    owner = owner_of(bucket)
    if owner is None:
        return True  # moto says that there is no such bucket
    text = _bucket_policy(bucket, owner)
    resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "")
    caller, question = policy.Caller(account, arn), policy.Question(f"s3:{action}", resource)
    if owner == account:
        return not policy.denies(text, caller, question)
    return policy.allows(text, caller, question)


def forward(gate: "Gate", request: Request) -> Response:
    wanted = request.parameters
    bucket, key = wanted.get("Bucket"), wanted.get("Key")
    if bucket:
        action = _ACTIONS.get(request.operation, request.operation)
        if action == "GetObject" and wanted.get("VersionId"):
            action = "GetObjectVersion"
        _require(request, action, bucket, key)
    if "CopySource" in wanted:
        _check_copy_source(request)
    source = _copy_source(request) if "CopySource" in wanted else None
    response = sparse.answer(gate, request, source[:2] if source else None)
    if response is not None:
        return response
    response = upstream.call(request)
    if request.operation == "CompleteMultipartUpload":
        # moto names the root otherwise: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
        response.body = response.body.replace(b"CompleteMultipartUploadResponse", b"CompleteMultipartUploadResult")
    if response.status == 404 and key is not None and not may(request.account, request.principal, "ListBucket", bucket):
        # Without s3:ListBucket a missing key is denied, not missing:
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
        raise _denied(request, "ListBucket", bucket, None)
    return response


def _require(request: Request, action: str, bucket: str, key: str | None) -> None:
    if not may(request.account, request.principal, action, bucket, key):
        raise _denied(request, action, bucket, key)


def _denied(request: Request, action: str, bucket: str, key: str | None) -> AwsError:
    resource = f"arn:aws:s3:::{bucket}" + (f"/{key}" if key is not None else "")
    return AwsError("AccessDenied", f"User: {request.principal} is not authorized to perform: s3:{action} on resource: "
                    f'"{resource}" because no resource-based policy allows the s3:{action} action', 403)


def _check_copy_source(request: Request) -> None:
    source = _copy_source(request)
    if source is None:
        raise AwsError("InvalidArgument", "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
                       400, violation=f"x-amz-copy-source {request.parameters['CopySource']!r}")
    bucket, key, version = source
    _require(request, "GetObjectVersion" if version else "GetObject", bucket, key)
    wanted = request.parameters.get("CopySourceIfMatch")
    owner = owner_of(bucket)
    if wanted is None or owner is None:
        return
    # https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html (moto ignores the condition)
    with upstream.lock:
        found = upstream.backends("s3")[owner]["aws"].get_object(bucket, key, version_id=version)
    if found is not None and wanted.strip('"') != found.etag.strip('"'):
        raise AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", 412)


def _copy_source(request: Request) -> tuple[str, str, str | None] | None:
    path, _, query = request.parameters["CopySource"].partition("?")
    match = re.fullmatch(r"/?([^/]+)/(.+)", unquote(path))
    version = query.removeprefix("versionId=") if query.startswith("versionId=") else None
    return (match[1], match[2], version) if match else None


def object_exists(gate: "Gate", account: str, role_arn: str, url: str) -> bool:
    """Can this role read what `s3://bucket/key` names?"""
    match = re.fullmatch(r"s3://([^/]+)/(.+)", url)
    if not match:
        return False
    bucket, key = match.groups()
    owner = owner_of(bucket)
    if owner is None or not may(account, role_arn, "GetObject", bucket, key):
        return False
    if (bucket, key) in gate.sparse.objects:
        return True
    with upstream.lock:
        backend = upstream.backends("s3")[owner]["aws"]
        if key.endswith("/"):
            return any(name.startswith(key) for name in backend.buckets[bucket].keys)
        return backend.get_object(bucket, key) is not None


OPERATIONS = {}
