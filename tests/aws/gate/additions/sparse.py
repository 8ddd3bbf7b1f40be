"""Objects of S3 that have a size and no bytes, for copies that are too large to be made: in parts, by S3 itself.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html (5 MiB to 5 GiB a part, 10,000 parts)
https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html
"""

import hashlib
import re
import uuid
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from .. import upstream
from ..exchange import AwsError, Request, Response

if TYPE_CHECKING:
    from ..gate import Gate

_SMALLEST_PART, _LARGEST_PART, _WHOLE = 5 << 20, 5 << 30, 5_000_000_000


@dataclass
class Sparse:
    size: int
    etag: str
    version: str


class SparseObjects:
    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.objects: dict[tuple[str, str], Sparse] = {}
        self.parts: dict[str, dict[int, tuple[int, int]]] = {}  # by upload: first and last byte of each part
        self.completed: set[str] = set()  # uploads

    def put(self, bucket: str, key: str, size: int) -> dict[str, Any]:
        made = Sparse(size, '"' + hashlib.md5(f"{bucket}/{key}/{size}".encode()).hexdigest() + '"', uuid.uuid4().hex)  # noqa: S324
        self.objects[bucket, key] = made
        return {"url": f"s3://{bucket}/{key}", "version_id": made.version}


def answer(gate: "Gate", request: Request, source: tuple[str, str] | None) -> Response | None:
    """The answer where the call is about such an object; None where it is not."""
    held, wanted = gate.sparse, request.parameters
    if source in held.objects:
        if request.operation == "CopyObject" and held.objects[source].size > _WHOLE:
            raise AwsError("InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: 5368709120")
        if request.operation == "UploadPartCopy":
            return _copy_part(held, request, held.objects[source])
    if request.operation == "CompleteMultipartUpload" and wanted["UploadId"] in held.completed:
        raise AwsError("NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been completed", 404)
    if request.operation == "CompleteMultipartUpload" and wanted["UploadId"] in held.parts:
        return _complete(held, request)
    found = held.objects.get((wanted.get("Bucket", ""), wanted.get("Key", "")))
    if found is None:
        return None
    if request.operation == "DeleteObject":
        del held.objects[wanted["Bucket"], wanted["Key"]]
        return Response(204)
    if request.operation == "HeadObject":
        return Response(200, [("Content-Length", str(found.size)), ("ETag", found.etag), ("x-amz-version-id", found.version),
                              ("Content-Type", "binary/octet-stream"), ("Last-Modified", formatdate(usegmt=True))])
    return None


def _copy_part(held: SparseObjects, request: Request, source: Sparse) -> Response:
    wanted = request.parameters
    match = re.fullmatch(r"bytes=(\d+)-(\d+)", wanted["CopySourceRange"])
    if match is None or int(match[2]) >= source.size or not 0 <= int(match[2]) - int(match[1]) < _LARGEST_PART:
        raise AwsError("InvalidArgument", f"Range specified is not valid for source object of size: {source.size}", 400,
                       violation=f"copy source range {wanted['CopySourceRange']} of {source.size} bytes")
    held.parts.setdefault(wanted["UploadId"], {})[int(wanted["PartNumber"])] = int(match[1]), int(match[2])
    etag = hashlib.md5(wanted["CopySourceRange"].encode()).hexdigest()  # noqa: S324
    return Response(200, [("Content-Type", "application/xml")], f'<?xml version="1.0" encoding="UTF-8"?><CopyPartResult>'
                    f'<LastModified>2026-11-20T09:30:12.000Z</LastModified><ETag>"{etag}"</ETag></CopyPartResult>'.encode())


def _complete(held: SparseObjects, request: Request) -> Response:
    wanted = request.parameters
    parts, expected = held.parts.pop(wanted["UploadId"]), 0
    for index, part in enumerate(wanted["MultipartUpload"]["Parts"], 1):
        first, last = parts.get(int(part["PartNumber"]), (-1, -1))
        if first != expected or int(part["PartNumber"]) != index:
            raise AwsError("InvalidPart", f"part {index} begins at {first}, not at {expected}")
        if last - first + 1 < _SMALLEST_PART and index < len(parts):
            raise AwsError("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
        expected = last + 1
    held.completed.add(wanted["UploadId"])
    made = held.put(wanted["Bucket"], wanted["Key"], expected)
    with upstream.lock:  # moto knows of the upload, and of no part
        for backend in upstream.backends("s3").values():
            bucket = backend["aws"].buckets.get(wanted["Bucket"])
            if bucket is not None:
                bucket.multiparts.pop(wanted["UploadId"], None)
    return Response(200, [("Content-Type", "application/xml"), ("x-amz-version-id", made["version_id"])],
                    f'<?xml version="1.0" encoding="UTF-8"?><CompleteMultipartUploadResult><Bucket>{wanted["Bucket"]}</Bucket>'
                    f'<Key>{wanted["Key"]}</Key><ETag>"made-of-parts"</ETag></CompleteMultipartUploadResult>'.encode())
