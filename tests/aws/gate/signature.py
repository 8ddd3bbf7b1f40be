"""Signature Version 4 of a received request, recomputed by botocore's own signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

import calendar
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from urllib.parse import quote, unquote

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from .exchange import AwsError, Request

TOLERANCE_SECONDS = 300  # how far a request's date may be off
S3_TOLERANCE_SECONDS = 900

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<credential>[^,\s]+),\s*"
    r"SignedHeaders=(?P<signed>[^,\s]+),\s*Signature=(?P<signature>[0-9a-f]{64})\s*"
)
_UNRESERVED = "-_.~"


@dataclass
class Claim:
    """What the Authorization header says."""

    access_key_id: str
    date: str
    region: str
    service: str
    signed_headers: list[str]
    signature: str


def read_claim(request: Request) -> Claim:
    header = request.header("authorization")
    if not header:
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", 403,
                       violation="no Authorization header")
    match = _AUTHORIZATION.fullmatch(header)
    scope = match["credential"].split("/") if match else []
    if len(scope) != 5 or scope[4] != "aws4_request":
        raise AwsError("IncompleteSignatureException",
                       "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders'.",
                       403, violation=f"malformed Authorization header: {header[:80]}")
    return Claim(scope[0], scope[1], scope[2], scope[3], match["signed"].split(";"), match["signature"])


class _Received:
    """Mixed into a signer: sign exactly the headers that the caller says it signed."""

    def headers_to_sign(self, request):
        return request.context["signed"]


class _Signer(_Received, SigV4Auth):
    pass


class _S3Signer(_Received, S3SigV4Auth):
    pass


def verify(request: Request, claim: Claim, secret: str, now: float, skew_injected: bool) -> None:
    mismatch = "SignatureDoesNotMatch" if request.protocol in ("query", "rest-xml") else "InvalidSignatureException"
    _check_signed_headers(request, claim, mismatch)
    timestamp = _check_date(request, claim, mismatch, now, skew_injected)
    _check_body(request)
    signer_class = _S3Signer if claim.service == "s3" else _Signer
    signer = signer_class(Credentials(claim.access_key_id, secret), claim.service, claim.region)
    received = _as_signed(request, claim, timestamp)
    canonical = signer.canonical_request(received)
    text = signer.string_to_sign(received, canonical)
    expected = signer.signature(text, received)
    if not hmac.compare_digest(expected, claim.signature):
        raise AwsError(
            mismatch,
            "The request signature we calculated does not match the signature you provided. Check your AWS "
            "Secret Access Key and signing method. Consult the service documentation for details.\n\n"
            f"The Canonical String for this request should have been\n'{canonical}'\n\n"
            f"The String-to-Sign should have been\n'{text}'\n",
            403,
            violation=f"signature does not match; canonical request:\n{canonical}",
        )


def _check_signed_headers(request: Request, claim: Claim, mismatch: str) -> None:
    if claim.signed_headers != sorted(claim.signed_headers):
        raise AwsError(mismatch, "Signed header names must be sorted.", 403, violation="unsorted signed headers")
    unsigned = sorted({
        name.lower() for name, _ in request.headers
        if name.lower().startswith("x-amz-") and name.lower() not in claim.signed_headers
    })
    if "host" not in claim.signed_headers:
        unsigned.append("host")
    if unsigned:
        raise AwsError("AccessDenied" if claim.service == "s3" else mismatch,
                       "There were headers present in the request which were not signed", 403,
                       violation=f"headers not signed: {', '.join(unsigned)}")


def _check_date(request: Request, claim: Claim, mismatch: str, now: float, skew_injected: bool) -> str:
    timestamp = request.header("x-amz-date") or ""
    try:
        moment = calendar.timegm(time.strptime(timestamp, "%Y%m%dT%H%M%SZ"))
    except ValueError:
        raise AwsError(mismatch, "Date in the X-Amz-Date header is missing or malformed.", 403,
                       violation=f"X-Amz-Date {timestamp!r}") from None
    if not timestamp.startswith(claim.date):
        raise AwsError(mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
                       "from HTTP", 403, violation="scope's date is not the request's")
    if abs(moment - now) > (S3_TOLERANCE_SECONDS if claim.service == "s3" else TOLERANCE_SECONDS):
        blame = None if skew_injected else f"date off by {moment - now:.0f} s"
        server = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        if claim.service == "s3":
            raise AwsError("RequestTimeTooSkewed",
                           "The difference between the request time and the current time is too large.", 403, blame)
        late = "expired" if moment < now else "not yet current"
        order = "earlier" if moment < now else "later"
        raise AwsError(mismatch, f"Signature {late}: {timestamp} is now {order} than {server} (5 min.)", 403, blame)
    return timestamp


def _check_body(request: Request) -> None:
    declared = request.header("x-amz-content-sha256")
    if declared is None:
        if request.service == "s3":
            raise AwsError("InvalidRequest", "Missing required header for this request: x-amz-content-sha256", 400,
                           violation="S3 request without x-amz-content-sha256")
        return
    if declared == "UNSIGNED-PAYLOAD" or declared.startswith("STREAMING-"):
        return
    actual = hashlib.sha256(request.body).hexdigest()
    if declared != actual:
        raise AwsError("XAmzContentSHA256Mismatch",
                       "The provided 'x-amz-content-sha256' header does not match what was computed.", 400,
                       violation="x-amz-content-sha256 is not the body's")


def _as_signed(request: Request, claim: Claim, timestamp: str) -> AWSRequest:
    signed = HTTPHeaders()
    present = AWSRequest(method=request.method, url="http://unused/").headers
    for name in claim.signed_headers:
        for key, value in request.headers:
            if key.lower() == name:
                signed[name] = value
    for key, value in request.headers:
        present[key] = value
    path, query = request.path, request.query
    if claim.service == "s3":
        path = quote(unquote(path), safe="/" + _UNRESERVED)
    received = AWSRequest(
        method=request.method,
        url=f"http://received{path}" + (f"?{_canonical_query(query)}" if query else ""),
        data=request.body,
    )
    for key, value in present.items():
        received.headers[key] = value
    received.context["signed"] = signed
    received.context["timestamp"] = timestamp
    return received


def _canonical_query(query: str) -> str:
    """Each name and value decoded and encoded again, as AWS does before it sorts them."""
    pairs = [part.partition("=") for part in query.split("&")]
    return "&".join(
        f"{quote(unquote(name), safe=_UNRESERVED)}={quote(unquote(value), safe=_UNRESERVED)}"
        for name, _, value in pairs
    )
